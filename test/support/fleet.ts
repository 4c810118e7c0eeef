import { expect } from '@jest/globals';
import { createRandom } from '../../simulator/random.ts';
import { type Json, type Machine, readDefinition } from '../../simulator/services/stepfunctions/definition.ts';
import { type ExecutionEnd, playExecution, StatesError } from '../../simulator/services/stepfunctions/play.ts';
import { runThreads, type Thread } from '../../simulator/services/stepfunctions/threads.ts';
import type { SimulatorOptions } from '../../simulator/simulator.ts';
import type { Env } from '../../src/env.ts';
import { type FleetWorker, openFleetWorker } from '../../src/hosts/step-functions/answer-fleet.ts';
import { isFleetEvent, readFleetEvent } from '../../src/hosts/step-functions/fleet-event.ts';
import type { FleetReport } from '../../src/hosts/step-functions/fleet-store.ts';
import { operations } from '../../src/operations/all.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from './account.ts';
import { propertiesOf, resourcesOf } from './cloudformation.ts';

const bucket = 'fleet-files';
export const machine = 'iris-fleet';
export const workerArn = `arn:aws:lambda:${team.region}:${team.account}:function:delivery-worker`;
export const fleetResources = () => resourcesOf('fleet', { Name: machine, WorkerArn: workerArn, FleetBucket: bucket });

/** The definition in the committed template, as CloudFormation hands it to Step Functions. */
export const committedDefinition = (): Machine => {
  const { Definition, DefinitionSubstitutions } = propertiesOf(fleetResources(), 'Fleet');
  const text = JSON.stringify(Definition).replace(
    /\$\{(\w+)\}/g,
    (written, name: string) => DefinitionSubstitutions[name] ?? written,
  );
  return readDefinition(JSON.parse(text));
};

export interface Rolled {
  readonly end: ExecutionEnd;
  readonly report: FleetReport | undefined;
  readonly log: readonly string[];
}

/** The rehearsed team with many endpoints that serve 1.0.0, and the state machine of the committed template. */
export interface FleetStage {
  readonly account: TestAccount;
  /** Writes `fleet.yml`, and the manifest beside it. */
  write(fleet: string, manifest?: string): void;
  /** One execution, by default of version 1.1.0, from its beginning to its end. */
  roll(
    name: string,
    options?: {
      readonly version?: string;
      readonly isStopped?: () => boolean;
      readonly input?: Json;
      readonly variables?: Env;
    },
  ): Promise<Rolled>;
  /** The configuration that each endpoint serves, by endpoint. */
  serving(): Promise<ReadonlyMap<string, string>>;
}

const small = ['instance: { type: ml.m5.large, count: 1 }'];
export const fleetManifest = (rollout: string): string =>
  manifestText({ endpoint: small }).replace(/ {4}rollout: .*/, `    rollout: { ${rollout} }`);

export const openFleet = async (
  endpoints: readonly string[],
  rollout: string,
  options: SimulatorOptions = {},
): Promise<FleetStage> => {
  const { controlPlaneRate = 0, ...settings } = options.settings ?? {};
  const account = await openAccount({
    ...options,
    settings: { endpointInstanceQuota: 10_000, controlPlaneRate, ...settings },
  });
  const { simulator } = account;
  const manifest = fleetManifest(rollout);
  account.writeManifest(() => manifest);
  await account.prepare('1.0.0');
  await account.prepare('1.1.0');
  const first = await account.run(deployEndpoint, { version: '1.0.0' });
  expect(first?.result.reason).toBe('delivered');
  const { EndpointConfigName } = await simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: team.endpoint });
  for (const EndpointName of endpoints)
    await simulator.call('sagemaker', 'CreateEndpoint', { EndpointName, EndpointConfigName });
  await account.pass(20 * 60_000);

  const put = (key: string, text: string): void => simulator.objects.put(bucket, key, Buffer.from(text));
  const definition = committedDefinition();
  const now = (): number => simulator.clock.now();
  /** A process of the function: it takes one event after the other. */
  interface Container {
    readonly work: FleetWorker;
    thread: Thread | undefined;
  }
  const openContainer = async (log: string[], variables: Env): Promise<Container> => {
    const container: { work?: FleetWorker; thread: Thread | undefined } = { thread: undefined };
    const work = await openFleetWorker({ ...account.environment, ...variables }, Object.values(operations), {
      clock: { now, sleepUntil: async (until, signal) => container.thread?.sleepUntil(until, signal) },
      say: (line) => void log.push(line),
    });
    return Object.assign(container, { work });
  };
  return {
    account,
    write: (fleet, text = manifest) => {
      put('fleets/fleet.yml', fleet);
      put('fleets/delivery.yml', text);
    },
    roll: async (name, { version = '1.1.0', isStopped, input, variables = {} } = {}) => {
      const log: string[] = [];
      // The SDK's default credential chain reads the process's environment, not the run's.
      Object.assign(process.env, variables);
      const idle: Container[] = [];
      const end = await runThreads({ now, pass: (until) => simulator.driver.sleepUntil(until) }, (main) =>
        playExecution(
          {
            arn: `arn:aws:states:${team.region}:${team.account}:execution:${machine}:${name}`,
            definition,
            input: input ?? { fleet: `s3://${bucket}/fleets/fleet.yml`, version },
            now,
            random: createRandom(1, 'retries'),
            ...(isStopped === undefined ? {} : { isStopped }),
            invoke: async (functionArn, payload, thread) => {
              expect(functionArn).toBe(workerArn);
              if (!isFleetEvent(payload)) throw new Error('the function got no turn of a fleet');
              const free = idle.pop() ?? (await openContainer(log, variables));
              free.thread = thread;
              try {
                return JSON.parse(JSON.stringify(await free.work(readFleetEvent(payload))));
              } catch (error) {
                // As Lambda's runtime reports a rejection of the handler.
                throw error instanceof Error ? new StatesError(error.name, error.message) : error;
              } finally {
                idle.push(free);
              }
            },
          },
          main,
        ),
      );
      const found = simulator.objects.get(bucket, `fleets/fleet.yml.rolls/${name}/report.json`);
      return { end, log, report: found && JSON.parse(found.body.toString()) };
    },
    serving: async () =>
      new Map(
        await Promise.all(
          endpoints.map(async (EndpointName) => {
            const found = await simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName });
            return [EndpointName, String(found['EndpointConfigName'])] as const;
          }),
        ),
      ),
  };
};
