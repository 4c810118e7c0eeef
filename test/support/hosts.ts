import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { seconds } from '../../src/clock.ts';
import { actionTypeId, actionTypeOf } from '../../src/hosts/codepipeline/action-types.ts';
import { createWorker } from '../../src/hosts/codepipeline/answer-jobs.ts';
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

const commandLine: Host = async ({ simulator }, operation, inputs) => {
  const printed: string[] = [];
  const code = await runCommand(
    operation.name,
    operation,
    [...Object.entries(inputs).map(([name, value]) => `--${name}=${value}`), '--json'],
    {
      env: simulator.environment(),
      terminal: { out: (text) => printed.push(text), err: () => {} },
      cancellation: { signal: new AbortController().signal, outOfTime: new Promise(() => {}) },
      seams: { clock: simulator.driver },
    },
  );
  const { outcome, reason, outputs } = JSON.parse(printed.join('\n')) as Result;
  return { outcome, reason, outputs, end: code };
};

/** A pipeline of one action; its worker sweeps until the action has an answer. */
const codepipeline: Host = async (account, operation, inputs) => {
  const { simulator, pass } = account;
  const call = (name: string, input: object) => simulator.call('codepipeline', name, input);
  const pipelineName = `pipeline-${simulator.requests.length}`;
  const { configuration, files } = asConfiguration(operation, inputs);
  simulator.objects.put(team.bucket, `${pipelineName}.zip`, zipOf(files));
  await call('CreateCustomActionType', actionTypeOf(operation));
  await call('CreatePipeline', {
    pipeline: pipelineOf(
      { name: pipelineName },
      { name: 'Work', actionTypeId: actionTypeId(operation.name), configuration },
    ),
  });
  const worker = createWorker({
    env: simulator.environment(),
    clock: simulator.driver,
    operations: [operation],
    jobsAtOnce: 1,
    say: () => {},
  });
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    await worker.sweep();
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

export const hosts: Readonly<Record<HostName, Host>> = {
  'github-actions': githubActions,
  'command-line': commandLine,
  codepipeline,
};
