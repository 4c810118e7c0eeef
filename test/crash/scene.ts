import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Settings, Simulator } from '../../simulator/contracts.ts';
import { minutes, seconds } from '../../src/clock.ts';
import { actionTypeId, actionTypeOf } from '../../src/hosts/codepipeline/action-types.ts';
import type { OperationName } from '../../src/operation.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { operations } from '../../src/operations/all.ts';
import { createDriver, type Driver } from '../../src/rehearsal/driver.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { zipOf } from '../../src/rehearsal/zip.ts';
import type { HostName } from '../../src/world.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asConfiguration } from '../support/job-configuration.ts';
import { pipelineOf } from '../support/pipeline.ts';
import { openStage } from './stage.ts';

/**
 * One account and one endpoint on a virtual clock, and the processes that work on them: the bundles as they are committed. What leads up
 * to the run that is tested goes through the same operations in this process, which is quicker.
 */
export interface Scene {
  readonly account: TestAccount;
  readonly simulator: Simulator;
  readonly driver: Driver;
  start(order: Order): Run;
  /** Background requests to the endpoint, for so long that its usual traffic is known. */
  startTraffic(requestsPerSecond: number): Promise<void>;
  close(): Promise<void>;
}

/** Which operation, on which host, by which run of it. */
export interface Order {
  readonly host: HostName;
  readonly operation: OperationName;
  readonly inputs: Readonly<Record<string, string>>;
  /** The workflow run or the pipeline; the command line is always the same person's. */
  readonly runId: string;
}

/** A process that carries an order out. */
export interface Run {
  readonly order: Order;
  /** The request log's `participant`; a post step has another one. */
  readonly participant: string;
  readonly log: readonly { readonly text: string }[];
  kill(): void;
  /** SIGINT, and nothing more: what the runner does next is `ended`'s or `cancelled`'s. */
  interrupt(): void;
  /** Time passes until it has ended by itself. */
  ended(): Promise<Ended>;
  /** As the runner ends a job that was cancelled: SIGINT, SIGTERM, SIGKILL, then the post step. */
  cancelled(): Promise<Ended>;
}

/** How it said that it ended; without an outcome when it did not live to say so. */
export interface Ended {
  readonly outcome: string | undefined;
  readonly reason: string | undefined;
  readonly because: string;
  readonly endpointConfig: string | undefined;
  readonly participants: readonly string[];
}

const root = resolve(import.meta.dirname, '../..');
/** The command line as `npm run build` emits it. */
export const commandLineScript = join(root, 'build/src/main.js');
const workerScript = join(root, 'codebuild/job-worker/dist/index.cjs');

/** Nothing of a machine's own times: what AWS leaves open is short, so that a run has few looks and all of its kinds of requests. */
const quick: Partial<Settings> = { provisionMs: 40_000, containerStartMs: 5_000, terminateMs: 20_000 };

export const openScene = async (): Promise<Scene> => {
  const stage = await openStage((wire) => openAccount({ settings: quick, wire }));
  const { account } = stage;
  const { simulator } = account;
  const workspace = dirname(account.manifest);
  const driver = createDriver({
    simulator,
    actions: join(root, 'actions'),
    workspace,
    temp: join(workspace, 'runner'),
    // Most of these processes have ended before their code would be compiled to their profit: an eighth of the time.
    environment: { NODE_COMPILE_CACHE: join(root, '.cache/compiled'), NODE_OPTIONS: '--jitless' },
  });
  let traffic: { stop(): void } | undefined;
  let started = 0;
  const place = { account, driver, workspace, next: () => ++started };
  return {
    account,
    simulator,
    driver,
    start: (order) => {
      stage.isSet();
      return hosts[order.host](place, order);
    },
    startTraffic: async (requestsPerSecond) => {
      traffic = simulator.traffic({ endpoint: team.endpoint, requestsPerSecond, seed: 20_260_105 });
      await account.pass(minutes(8));
    },
    close: async () => {
      traffic?.stop();
      driver.close();
      await account.close();
    },
  };
};

interface Place {
  readonly account: TestAccount;
  readonly driver: Driver;
  readonly workspace: string;
  next(): number;
}

const action = ({ driver }: Place, order: Order): Run => {
  const { operation, inputs, runId } = order;
  const running = driver.start({
    action: operation,
    inputs: { environment: team.environment, ...inputs },
    job: { runId, attempt: 1, job: 'deliver', actor: 'mina', commit: 'c0ffee' },
  });
  const reported = async (end: ReturnType<Driver['finish']>): Promise<Ended> => {
    const { outputs, participants } = await end;
    return { ...outcomeOf(outputs), because: becauseOf(outputs['result']), participants };
  };
  return {
    order,
    participant: running.process.id,
    log: running.log,
    kill: () => driver.destroy(running),
    interrupt: () => driver.interrupt(running),
    ended: () => reported(driver.finish(running)),
    cancelled: () => reported(driver.cancel(running)),
  };
};

const commandLine = ({ driver, workspace, next }: Place, order: Order): Run => {
  const { operation, inputs } = order;
  const variables = join(workspace, `variables-${next()}`);
  const given = { environment: team.environment, ...inputs, 'exported-variables': variables };
  const launched = driver.launch(operation, commandLineScript, { PATH: process.env['PATH'] ?? '', HOME: workspace }, [
    operation,
    ...Object.entries(given).map(([name, value]) => `--${name}=${value}`),
  ]);
  const ended = async (): Promise<Ended> => {
    await launched.ended();
    return { ...outcomeOf(variablesIn(variables)), because: lastLines(launched.log), participants: [launched.id] };
  };
  return {
    order,
    participant: launched.id,
    log: launched.log,
    kill: () => launched.kill('SIGKILL'),
    interrupt: () => launched.kill('SIGINT'),
    ended,
    cancelled: () => {
      launched.kill('SIGINT');
      return ended();
    },
  };
};

/** A pipeline of one action, and a job worker that ends with it. */
const codepipeline = ({ account, driver, workspace, next }: Place, order: Order): Run => {
  const { operation, inputs, runId } = order;
  const { simulator } = account;
  const call = (name: string, input: object) => simulator.call('codepipeline', name, input);
  const { files, configuration } = asConfiguration(operations[operation] as AnyOperation, {
    environment: team.environment,
    ...inputs,
  });
  const pipelineName = `${operation}-${runId}-${next()}`;
  const begun = (async () => {
    simulator.objects.put(
      team.bucket,
      `${pipelineName}.zip`,
      zipOf({ ...files, 'delivery.yml': readFileSync(account.manifest, 'utf8') }),
    );
    await call('CreateCustomActionType', actionTypeOf(operations[operation])).catch(() => {
      // An earlier run made it.
    });
    await call('CreatePipeline', {
      pipeline: pipelineOf(
        { name: pipelineName },
        { name: 'Work', actionTypeId: actionTypeId(operation), configuration },
      ),
    });
  })();
  const worker = driver.launch('job worker', workerScript, {
    PATH: process.env['PATH'] ?? '',
    HOME: workspace,
    MODEL_DELIVERY_JOBS_AT_ONCE: '1',
    MODEL_DELIVERY_OPERATIONS: operation,
  });
  const ended = async (): Promise<Ended> => {
    await begun;
    for (;;) {
      const { actionExecutionDetails } = await call('ListActionExecutions', { pipelineName });
      const [latest] = actionExecutionDetails as readonly ActionExecution[];
      if (latest !== undefined && latest.status !== 'InProgress') {
        worker.kill('SIGKILL');
        await worker.ended();
        return { ...outcomeOfAction(latest), participants: [worker.id] };
      }
      if (worker.exit !== undefined)
        return {
          outcome: undefined,
          reason: undefined,
          because: '',
          endpointConfig: undefined,
          participants: [worker.id],
        };
      await driver.until(driver.now() + seconds(15));
    }
  };
  return {
    order,
    participant: worker.id,
    log: worker.log,
    kill: () => worker.kill('SIGKILL'),
    interrupt: () => worker.kill('SIGINT'),
    ended,
    cancelled: () => {
      worker.kill('SIGINT');
      return ended();
    },
  };
};

const hosts: Readonly<Record<HostName, (place: Place, order: Order) => Run>> = {
  'github-actions': action,
  'command-line': commandLine,
  codepipeline,
};
export const hostNames = Object.keys(hosts) as readonly HostName[];

interface ActionExecution {
  readonly status: string;
  readonly output: {
    readonly outputVariables: Readonly<Record<string, string>>;
    readonly executionResult: { readonly errorDetails?: { readonly code: string; readonly message: string } };
  };
}

const outcomeOfAction = ({
  output: { outputVariables, executionResult },
}: ActionExecution): Omit<Ended, 'participants'> => {
  const { errorDetails } = executionResult;
  if (errorDetails === undefined)
    return { ...outcomeOf(outputVariables), because: becauseOf(outputVariables['result']) };
  const [outcome, reason] = errorDetails.message.split(':')[0]?.split('/') ?? [];
  return { outcome, reason, because: errorDetails.message, endpointConfig: undefined };
};

const outcomeOf = (
  outputs: Readonly<Record<string, string>>,
): Pick<Ended, 'outcome' | 'reason' | 'endpointConfig'> => ({
  outcome: outputs['outcome'],
  reason: outputs['reason-code'],
  endpointConfig: outputs['endpoint-config'],
});

const becauseOf = (result: string | undefined): string =>
  result === undefined ? '' : String((JSON.parse(result) as { readonly because?: unknown }).because);

const lastLines = (log: readonly { readonly text: string }[]): string =>
  log
    .slice(-3)
    .map(({ text }) => text.trim())
    .join(' | ');

/** `NAME='value'` lines, under their wire names; none when the process died before it wrote them. */
const variablesIn = (path: string): Record<string, string> => {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  return Object.fromEntries(
    [...text.matchAll(/^([A-Z_]+)='(.*)'$/gm)].map(([, name = '', value = '']) => [
      name.toLowerCase().replaceAll('_', '-'),
      value,
    ]),
  );
};

/** For processes that are compiled once and started thousands of times. */
export const prepareCache = (): void => void mkdirSync(join(root, '.cache/compiled'), { recursive: true });
