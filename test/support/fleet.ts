import { StatesError } from '../../simulator/services/stepfunctions/play.ts';
import type { Thread } from '../../simulator/services/stepfunctions/threads.ts';
import type { SimulatorOptions } from '../../simulator/simulator.ts';
import { minutes } from '../../src/clock.ts';
import type { Env } from '../../src/env.ts';
import { type FleetWorker, openFleetWorker } from '../../src/hosts/step-functions/answer-fleet.ts';
import { isFleetEvent, readFleetEvent } from '../../src/hosts/step-functions/fleet-event.ts';
import { operations } from '../../src/operations/all.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { addEndpoints, openFleet, type Rolled, type RollOptions } from '../../src/rehearsal/fleet.ts';
import { manifestText } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from './account.ts';

/** The state machine of the committed template over the function's turns in this process. */
export interface FleetOfAccount {
  readonly account: TestAccount;
  /** Writes `fleet.yml`, and the manifest beside it. */
  write(fleet: string, manifest?: string): void;
  /** One execution, from its beginning to its end. @param options `variables`: further ones of the function */
  roll(
    name: string,
    options?: RollOptions & { readonly variables?: Env },
  ): Promise<Rolled & { readonly log: readonly string[] }>;
}

/** The rehearsed team with many endpoints that serve 1.0.0. */
export interface FleetStage extends FleetOfAccount {
  /** The configuration that each endpoint serves, by endpoint. */
  serving(): Promise<ReadonlyMap<string, string>>;
}

const endpoint = ['instance: { type: ml.m5.large, count: 1 }'];

/** @param rollout without a minimum of requests: nobody calls the endpoints */
export const openFleetStage = async (
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
  const manifest = manifestText({ endpoint, rollout, unwatched: true });
  account.writeManifest(() => manifest);
  await account.prepare('1.0.0');
  await account.prepare('1.1.0');
  const first = await account.run(deployEndpoint, { version: '1.0.0' });
  if (first?.result.reason !== 'delivered') throw new Error(`the stage could not be set: ${first?.result.because}`);
  await addEndpoints(simulator, endpoints);
  await account.pass(minutes(20));
  return {
    ...fleetOf(account, manifest),
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

/** @param manifest where none is written beside the fleet's file */
export const fleetOf = (account: TestAccount, manifest: string): FleetOfAccount => {
  const { simulator } = account;
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
  let idle: Container[] = [];
  let log: string[] = [];
  let variables: Env = {};
  const fleet = openFleet(
    simulator,
    { now, pass: (until) => simulator.driver.sleepUntil(until) },
    async (payload, thread) => {
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
  );
  return {
    account,
    write: (text, own = manifest) => fleet.write(text, own),
    roll: async (name, { variables: given = {}, ...options } = {}) => {
      // The SDK's default credential chain reads the process's environment, not the run's.
      Object.assign(process.env, given);
      idle = [];
      log = [];
      variables = given;
      const rolled = await fleet.roll(name, options);
      return { ...rolled, log };
    },
  };
};
