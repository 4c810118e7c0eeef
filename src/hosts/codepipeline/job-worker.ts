import { seconds } from '../../clock.ts';
import type { Env } from '../../env.ts';
import type { AnyOperation } from '../../operations/all.ts';
import { oneLine } from '../../plain-text.ts';
import { failureOf } from '../../report/failure.ts';
import { InputError } from '../../schema.ts';
import { keepSecretsOf, quoted, redacted } from '../../secrets.ts';
import { chooseClock } from '../clock.ts';
import { printDefect, processTerminal } from '../terminal.ts';
import { connectCodepipeline, createWorker, type Worker } from './answer-jobs.ts';
import { type InvokedJob, invokedJob } from './invoked-job.ts';
import { failed } from './job-answer.ts';

/** AWS documents no lower bound for polling. Its own sample worker polls every thirty seconds (aws-codepipeline-custom-job-worker). */
const pollPause = seconds(30);

/**
 * A worker as the environment wants it: `MODEL_DELIVERY_OPERATIONS` (comma-separated; all without it) and
 * `MODEL_DELIVERY_JOBS_AT_ONCE` (4 without it).
 * @throws {InputError}
 */
export const openWorker = async (env: Env, offered: readonly AnyOperation[]): Promise<Worker> =>
  (await configured(env, offered)).worker;

const configured = async (env: Env, offered: readonly AnyOperation[]) => {
  keepSecretsOf(env);
  const names = env['MODEL_DELIVERY_OPERATIONS']?.split(',').map((name) => name.trim());
  const unknown = names?.find((name) => !offered.some((operation) => operation.name === name));
  if (unknown !== undefined)
    throw new InputError(
      `MODEL_DELIVERY_OPERATIONS: ${quoted(unknown)} is not an operation; expected some of ${offered.map(({ name }) => name).join(', ')}`,
    );
  const atOnce = env['MODEL_DELIVERY_JOBS_AT_ONCE'] || '4';
  if (!/^[1-9]\d?$/.test(atOnce))
    throw new InputError(`MODEL_DELIVERY_JOBS_AT_ONCE: ${quoted(atOnce)} is not a number from 1 to 99`);
  const clock = await chooseClock(env);
  const operations = offered.filter(({ name }) => names?.includes(name) ?? true);
  // One message is one line, so that each event in CloudWatch Logs is a message of this worker.
  const say = (line: string): void => processTerminal.out(oneLine(redacted(line)));
  const worker = createWorker({ env, clock, operations, jobsAtOnce: Number(atOnce), say });
  return { worker, clock, operations, say };
};

/**
 * What the Lambda function does with an event: one turn for the job of a Lambda invoke action, one sweep for any other event, whose content counts for
 * nothing: continuation jobs announce themselves by no event, so a lost or a doubled one does no harm.
 * @param open the worker of the function, opened at its first event
 * @throws {InputError} without a job, for wrong variables of the function
 * @throws when CodePipeline did not take the answer to a job: Lambda invokes the function with it again
 */
export const answerEvent = async (event: unknown, env: Env, open: () => Promise<Worker>): Promise<void> => {
  const job = invokedJob(event);
  if (job === undefined) return (await open()).sweep();
  let worker: Worker;
  try {
    worker = await open();
  } catch (error) {
    return refuse(job, error, env);
  }
  return worker.answer(job);
};

/** An action without an answer hangs. After an answer the function returns: Lambda would invoke a failed one again. */
const refuse = async ({ id: jobId }: InvokedJob, cause: unknown, env: Env): Promise<void> => {
  const answer = failed(failureOf(cause), undefined);
  if (answer.is === 'failure')
    await connectCodepipeline(env, await chooseClock(env)).putJobFailureResult({ jobId, ...answer.result });
};

/**
 * Polls until `stop` aborts, then finishes and answers its open jobs.
 * @returns the process's exit code
 */
export const runWorker = async (env: Env, offered: readonly AnyOperation[], stop: AbortSignal): Promise<0 | 1 | 2> => {
  try {
    const { worker, clock, operations, say } = await configured(env, offered);
    say(`works on ${operations.map(({ name }) => name).join(', ')}`);
    while (!stop.aborted) {
      const began = clock.now();
      await worker.sweep();
      await clock.sleepUntil(began + pollPause, stop);
    }
    say('stopped; every job is answered');
    return 0;
  } catch (error) {
    if (error instanceof InputError) processTerminal.err(`job-worker: ${error.message}`);
    else printDefect(error);
    return error instanceof InputError ? 2 : 1;
  }
};
