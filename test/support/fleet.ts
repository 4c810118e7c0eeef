import type { SimulatorOptions } from '../../simulator/simulator.ts';
import { minutes } from '../../src/clock.ts';
import type { Env } from '../../src/env.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { addEndpoints, openFleet, type Rolled, type RollOptions } from '../../src/rehearsal/fleet.ts';
import { manifestText } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from './account.ts';
import { fleetFunction } from './fleet-function.ts';

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
  let invoke: ReturnType<typeof fleetFunction>;
  const fleet = openFleet(simulator, { now, pass: (until) => simulator.driver.sleepUntil(until) }, (payload, thread) =>
    invoke(payload, thread),
  );
  return {
    account,
    write: (text, own = manifest) => fleet.write(text, own),
    roll: async (name, { variables: given = {}, ...options } = {}) => {
      // The SDK's default credential chain reads the process's environment, not the run's.
      Object.assign(process.env, given);
      const log: string[] = [];
      invoke = fleetFunction({ ...account.environment, ...given }, now, (line) => void log.push(line));
      const rolled = await fleet.roll(name, options);
      return { ...rolled, log };
    },
  };
};
