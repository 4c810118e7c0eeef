import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { seconds } from '../../src/clock.ts';
import { actionTypeId, actionTypeOf, furtherInputs } from '../../src/hosts/codepipeline/action-types.ts';
import { createWorker, type Worker } from '../../src/hosts/codepipeline/answer-jobs.ts';
import { invokedJob } from '../../src/hosts/codepipeline/invoked-job.ts';
import { runCommand } from '../../src/hosts/command-line/command-line.ts';
import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import {
  inputVariables,
  parseFileCommands,
  readActionFile,
  runnerEnvironment,
  stepFiles,
} from '../../src/rehearsal/process.ts';
import { zipOf } from '../../src/rehearsal/zip.ts';
import type { Result } from '../../src/report/result.ts';
import type { HostName } from '../../src/world.ts';
import type { TestAccount } from './account.ts';
import { asConfiguration } from './job-configuration.ts';
import { pipelineOf } from './pipeline.ts';

type Inputs = Readonly<Record<string, string>>;

/** A host's report of the end of a run. */
export interface HostReport {
  readonly outcome: string;
  readonly reason: string;
  /** By wire name; a CodePipeline action that failed has none. */
  readonly outputs?: Inputs;
  /** The process's exit code, or CodePipeline's status. */
  readonly end: number | string;
}

/** Runs one operation in the rehearsed team's account to its end, through a whole host. */
export type Host = (account: TestAccount, operation: AnyOperation, inputs: Inputs) => Promise<HostReport>;

/** A step of a job: its inputs, its environment, and the files the runner reads afterwards. */
const githubActions: Host = async ({ simulator }, operation, inputs) => {
  const folder = mkdtempSync(join(tmpdir(), 'step-'));
  const files = stepFiles(folder);
  const before = { ...process.env };
  const exit = jest.spyOn(process, 'exit').mockImplementation((() => {}) as typeof process.exit);
  const log = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const events: NodeJS.EventEmitter = process;
  const listening = listened.map((name) => events.listeners(name));
  try {
    Object.assign(process.env, {
      ...runnerEnvironment(
        { runId: '7', attempt: 1, job: 'deliver', actor: 'mina', commit: 'c0ffee' },
        folder,
        join(folder, 'runner'),
      ),
      ...files.variables,
      ...simulator.environment(),
      ...inputVariables(readActionFile(`actions/${operation.name}`), inputs),
    });
    await runAction(operation, { clock: simulator.driver });
    const { 'reason-code': reason = '', outcome = '', result = '' } = parseFileCommands(files.read('GITHUB_OUTPUT'));
    const { outputs } = JSON.parse(result) as Result;
    return { outcome, reason, outputs, end: Number(exit.mock.calls[0]?.[0]) };
  } finally {
    exit.mockRestore();
    log.mockRestore();
    // The step ends its process, and with it its listeners; this process stays.
    for (const [index, name] of listened.entries())
      for (const listener of events.listeners(name))
        if (!listening[index]?.includes(listener)) events.off(name, listener as () => void);
    process.env = before;
    rmSync(folder, { recursive: true });
  }
};
const listened = ['SIGINT', 'SIGHUP', 'SIGTERM', 'uncaughtException', 'unhandledRejection'] as const;

/** @param more arguments, beside the inputs */
const runOnTerminal = async (
  { simulator }: TestAccount,
  operation: AnyOperation,
  inputs: Inputs,
  more: readonly string[],
  variables: Inputs = {},
): Promise<{ readonly code: number; readonly printed: string }> => {
  const printed: string[] = [];
  const code = await runCommand(
    operation.name,
    operation,
    [...Object.entries(inputs).map(([name, value]) => `--${name}=${value}`), ...more],
    {
      env: { ...simulator.environment(), ...variables },
      terminal: { out: (text) => printed.push(text), err: () => {} },
      cancellation: { signal: new AbortController().signal, outOfTime: new Promise(() => {}) },
      seams: { clock: simulator.driver },
    },
  );
  return { code, printed: printed.join('\n') };
};

const commandLine: Host = async (account, operation, inputs) => {
  const { code, printed } = await runOnTerminal(account, operation, inputs, ['--json']);
  const { outcome, reason, outputs } = JSON.parse(printed) as Result;
  return { outcome, reason, outputs, end: code };
};

/** A command of a buildspec: what it ended with is in the variables that the build exports. */
const codebuild: Host = async (account, operation, inputs) => {
  const folder = mkdtempSync(join(tmpdir(), 'build-'));
  try {
    const file = join(folder, 'outputs.env');
    const { code } = await runOnTerminal(account, operation, inputs, [`--exported-variables=${file}`], {
      CODEBUILD_BUILD_ID: 'deliver:8d5e2f0a-6f1a-4f0f-9f56-0a3f3e7f1c11',
      CODEBUILD_INITIATOR: 'codepipeline/churn',
    });
    const [outcome = '', reason = ''] = ['OUTCOME', 'REASON_CODE'].map(
      (name) => new RegExp(`^${name}='?([^'\\n]*)`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? '',
    );
    return { outcome, reason, end: code };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** A pipeline of one custom action; its worker sweeps until the action has an answer. */
const codepipeline: Host = async (account, operation, inputs) => {
  await account.simulator.call('codepipeline', 'CreateCustomActionType', actionTypeOf(operation));
  const { configuration, files } = asConfiguration(operation, inputs);
  return throughPipeline(
    account,
    operation,
    files,
    (worker) => worker.sweep(),
    () => ({
      actionTypeId: actionTypeId(operation.name),
      configuration,
    }),
  );
};

/** A pipeline of one Lambda invoke action; this process is the function. */
const lambdaInvoke: Host = async (account, operation, inputs) => {
  const events: object[] = [];
  account.simulator.functions.define('delivery', async (event) => void events.push(event));
  const { configuration, files } = asConfiguration(operation, inputs);
  const { [furtherInputs]: further = '{}', ...keyed } = configuration;
  const answer = async (worker: Worker): Promise<void> => {
    const job = invokedJob(events.shift());
    if (job !== undefined) await worker.answer(job);
  };
  return throughPipeline(account, operation, files, answer, (pipeline) => ({
    actionTypeId: { category: 'Invoke', owner: 'AWS', provider: 'Lambda', version: '1' },
    configuration: {
      FunctionName: 'delivery',
      UserParameters: JSON.stringify({
        operation: operation.name,
        pipeline,
        execution: '#{codepipeline.PipelineExecutionId}',
        ...keyed,
        ...JSON.parse(further),
      }),
    },
  }));
};

/** @param work what happens every thirty seconds */
const throughPipeline = async (
  { simulator, pass }: TestAccount,
  operation: AnyOperation,
  files: Inputs,
  work: (worker: Worker) => Promise<void>,
  action: (pipelineName: string) => object,
): Promise<HostReport> => {
  const call = (name: string, input: object) => simulator.call('codepipeline', name, input);
  const pipelineName = `pipeline-${simulator.requests.length}`;
  simulator.objects.put(team.bucket, `${pipelineName}.zip`, zipOf(files));
  await call('CreatePipeline', {
    pipeline: pipelineOf({ name: pipelineName }, { name: 'Work', ...action(pipelineName) }),
  });
  const worker = createWorker({
    env: simulator.environment(),
    clock: simulator.driver,
    operations: [operation],
    jobsAtOnce: 1,
    say: () => {},
  });
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    await pass(0);
    await work(worker);
    const { actionExecutionDetails } = await call('ListActionExecutions', { pipelineName });
    const [action] = actionExecutionDetails as readonly ActionExecution[];
    if (action !== undefined && action.status !== 'InProgress') return reportOf(action);
    await pass(seconds(30));
  }
  throw new Error(`the action had no answer after ${mostSweeps} sweeps`);
};
const mostSweeps = 300;

interface ActionExecution {
  readonly status: string;
  readonly output: {
    readonly outputVariables: Inputs;
    readonly executionResult: { readonly errorDetails?: { readonly code: string; readonly message: string } };
  };
}

const reportOf = ({ status, output: { outputVariables, executionResult } }: ActionExecution): HostReport => {
  const { errorDetails } = executionResult;
  if (errorDetails !== undefined) {
    const [outcome = '', reason = ''] = errorDetails.message.split(':')[0]?.split('/') ?? [];
    return { outcome, reason, end: errorDetails.code };
  }
  const { outcome = '', 'reason-code': reason = '', result = '{}' } = outputVariables;
  return { outcome, reason, outputs: (JSON.parse(result) as Result).outputs, end: status };
};

/** CodePipeline and the command line have two faces each. */
export type FaceName = HostName | 'codebuild' | 'lambda-invoke';

export const hosts: Readonly<Record<FaceName, Host>> = {
  'github-actions': githubActions,
  'command-line': commandLine,
  codebuild,
  codepipeline,
  'lambda-invoke': lambdaInvoke,
};
