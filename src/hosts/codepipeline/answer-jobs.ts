import { type Codepipeline, codepipeline, codepipelineClient, type Job } from '../../aws/codepipeline.ts';
import { clientSettings } from '../../aws/connection.ts';
import { base } from '../../aws/credentials.ts';
import { classify, describe } from '../../aws/errors.ts';
import { retrying, Throttled } from '../../aws/retry.ts';
import { sender } from '../../aws/sender.ts';
import { type Clock, type Instant, iso, minutes } from '../../clock.ts';
import type { Env } from '../../env.ts';
import type { AnyOperation } from '../../operations/all.ts';
import { failureOf } from '../../report/failure.ts';
import { connectionFrom, type OpenSession } from '../../session/session.ts';
import { actionTypeId } from './action-types.ts';
import { type InvokedJob, readInvokedJob } from './invoked-job.ts';
import { failed, type JobAnswer } from './job-answer.ts';
import { answerJob } from './job-turn.ts';

export interface WorkerOptions {
  readonly env: Env;
  readonly clock: Clock;
  /** The operations of this worker: one action type each. */
  readonly operations: readonly AnyOperation[];
  /** Number of jobs that run side by side. */
  readonly jobsAtOnce: number;
  /** Logs one line; never a job's data, which holds credentials (DESIGN §7 rule 16). */
  readonly say: (line: string) => void;
  readonly openSession?: OpenSession;
}

export interface Worker {
  /** Polls every action type once. Every job that it gets has one turn and one answer. Never rejects. */
  sweep(): Promise<void>;
  /**
   * One turn and one answer for the job of a Lambda invoke action.
   * @throws when CodePipeline did not take the answer in time: Lambda then invokes the function with the same job again
   */
  answer(job: InvokedJob): Promise<void>;
}

/** How long an answer is retried: an action whose answer never arrives hangs for 24 hours. */
export const answerPatience = minutes(5);
/** A job from the poll or the event to its answer. A Lambda function ends after 15 minutes (AWS: Lambda quotas). */
export const longestJob = minutes(14);

/** @throws {InputError} when no region is known */
export const createWorker = (options: WorkerOptions): Worker => {
  const { clock, operations, jobsAtOnce } = options;
  const calls = connectCodepipeline(options.env, clock);
  const say = (name: string, line: string): void => options.say(`${iso(clock.now())}  ${name}  ${line}`);
  let sweeps = 0;

  const poll = async (operation: AnyOperation, most: number): Promise<readonly Job[]> => {
    try {
      const { jobs } = await calls.pollForJobs({ actionTypeId: actionTypeId(operation.name), maxBatchSize: most });
      return jobs ?? [];
    } catch (error) {
      // The next sweep polls again. A missing action type must not keep the others waiting.
      say(operation.name, `no jobs: ${describe(error)}`);
      return [];
    }
  };

  /** @param turn gives no answer for a job that is another worker's, or that has its answer */
  const finish = async (
    jobId: string,
    began: Instant,
    log: (line: string) => void,
    turn: () => Promise<JobAnswer | undefined>,
  ): Promise<void> => {
    const answer = await turn();
    if (answer === undefined) return;
    log(lineOf(answer));
    try {
      await deliver(calls, clock, jobId, answer, Math.min(clock.now() + answerPatience, began + longestJob));
    } catch (error) {
      if (classify(error) !== 'conflict' && classify(error) !== 'not-found') throw error;
      log(alreadyAnswered);
    }
  };

  const work = async (
    operation: AnyOperation,
    { id = '', nonce = '', data = {} }: Job,
    began: Instant,
  ): Promise<void> => {
    const log = (line: string): void => say(operation.name, `job ${id}  ${line}`);
    try {
      // An answer follows an acknowledgement only, so no job of another worker is touched.
      await finish(id, began, log, async () =>
        (await acknowledged(calls, id, nonce, log)) ? answerJob(operation, data, { ...options, calls }) : undefined,
      );
    } catch (error) {
      log(`could not be answered: ${describe(error)}`);
    }
  };

  /** The job is the function's alone, so nothing is acknowledged. */
  const workInvoked = (job: InvokedJob): Promise<void> => {
    let name = 'invoke';
    const log = (line: string): void => say(name, `job ${job.id}  ${line}`);
    return finish(job.id, clock.now(), log, async () => {
      try {
        const { operation, data, confirm } = readInvokedJob(job, operations, options.env);
        name = operation.name;
        const answer = await answerJob(operation, data, { ...options, calls, confirm: () => confirm(calls, clock) });
        if (answer === undefined) log(alreadyAnswered);
        return answer;
      } catch (error) {
        return failed(failureOf(error), undefined);
      }
    });
  };

  return {
    sweep: async () => {
      // Another one begins each time, so that a busy action type cannot starve the others.
      const first = sweeps++ % Math.max(1, operations.length);
      const began = clock.now();
      const taken: (() => Promise<void>)[] = [];
      for (const operation of [...operations.slice(first), ...operations.slice(0, first)]) {
        const free = jobsAtOnce - taken.length;
        if (free <= 0) break;
        for (const job of await poll(operation, free)) taken.push(() => work(operation, job, began));
      }
      await Promise.all(taken.map((job) => job()));
    },
    answer: workInvoked,
  };
};

/**
 * CodePipeline with the worker's own credentials; an environment's role is for the operation's calls.
 * @throws {InputError} when no region is known
 */
export const connectCodepipeline = (env: Env, clock: Clock): Codepipeline => {
  const connection = connectionFrom(env);
  const credentials = base({ ...connection, clock });
  const client = codepipelineClient({ ...clientSettings(connection), credentials: credentials.provide });
  const retry = retrying({ clock, forgetCredentials: credentials.forget });
  return codepipeline(sender(client, 'codepipeline', { retry }));
};

/** Whether the job is ours. Nothing is done before that: no other call of the protocol checks the owner of a job. */
const acknowledged = async (
  calls: Codepipeline,
  jobId: string,
  nonce: string,
  log: (line: string) => void,
): Promise<boolean> => {
  try {
    const { status } = await calls.acknowledgeJob({ jobId, nonce });
    if (status === 'InProgress') return true;
    log(`is ${status}: left alone`);
  } catch (error) {
    // InvalidNonceException: another worker was faster. That is no failure of the job.
    log(
      classify(error) === 'conflict' ? 'another worker has it' : `not acknowledged, so left alone: ${describe(error)}`,
    );
  }
  return false;
};

const alreadyAnswered = 'needs no answer any more: the action was stopped, or has its answer';

const deliver = async (
  calls: Codepipeline,
  clock: Clock,
  jobId: string,
  answer: JobAnswer,
  limit: Instant,
): Promise<void> => {
  for (;;) {
    try {
      if (answer.is === 'success') await calls.putJobSuccessResult({ jobId, ...answer.result });
      else await calls.putJobFailureResult({ jobId, ...answer.result });
      return;
    } catch (error) {
      if (!(error instanceof Throttled) || error.notBefore > limit) throw error;
      await clock.sleepUntil(error.notBefore);
    }
  }
};

const lineOf = (answer: JobAnswer): string => {
  if (answer.is === 'failure') return answer.result.failureDetails?.message?.split('\n')[0] ?? 'failed';
  const { continuationToken, executionDetails } = answer.result;
  if (executionDetails === undefined) return 'is not due yet: returned';
  const { summary, percentComplete } = executionDetails;
  return `${percentComplete === undefined ? '' : `${percentComplete} % `}${answer.state ?? summary}${continuationToken === undefined ? ': succeeded' : ''}`;
};
