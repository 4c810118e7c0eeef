import { type Clock, createClock } from './clock.ts';
import type { Instant, Kernel, Serve, Settings, SimulatedEvent, StandIn } from './contracts.ts';
import { createRandom } from './random.ts';
import { defaultSettings } from './settings.ts';

export interface KernelOptions {
  readonly seed?: number;
  readonly startAt?: Instant;
  readonly settings?: Partial<Settings>;
  readonly region?: string;
  readonly accountId?: string;
  /** Serves in place of the models of endpoints and transform jobs: of a user whose model cannot run here. */
  readonly standIn?: StandIn;
  /** Servers of the user's own, for all models of endpoints and transform jobs apart from multi-model ones. */
  readonly serve?: Serve;
}

/** A Monday morning. */
export const defaultStart: Instant = Date.UTC(2026, 0, 5, 9);

interface Core {
  readonly kernel: Kernel;
  /** The kernel of another account or region: the same time and settings, chance of its own. */
  kernelOf(accountId: string, region: string): Kernel;
  readonly clock: Clock;
  readonly events: readonly SimulatedEvent[];
  /** When each setting last made a difference, or could have: the services read a setting only where it matters. */
  readonly settingsRead: ReadonlyMap<string, Instant>;
}

/** The shared parts of all services: time, settings, identity, randomness by name. Service tests use it without HTTP. */
export const createKernel = (options: KernelOptions = {}): Core => {
  const clock = createClock(options.startAt ?? defaultStart);
  const { seed = 1, region = 'eu-west-1', accountId = '111122223333' } = options;
  const events: SimulatedEvent[] = [];
  const settingsRead = new Map<string, Instant>();
  const settings = new Proxy<Settings>(
    { ...defaultSettings, ...options.settings },
    {
      get: (values, name: string) => {
        settingsRead.set(name, clock.now());
        return Reflect.get(values, name);
      },
    },
  );
  const kernelIn = (accountId: string, region: string, stream: string): Kernel => ({
    clock,
    ...(options.standIn === undefined ? {} : { standIn: options.standIn }),
    ...(options.serve === undefined ? {} : { serve: options.serve }),
    settings,
    region,
    accountId,
    random: (name) => createRandom(seed, stream + name),
    arn: (service, resource) => `arn:aws:${service}:${region}:${accountId}:${resource}`,
    note: (event) => {
      events.push({ at: clock.now(), ...event });
    },
  });
  const kernel = kernelIn(accountId, region, '');
  return {
    kernel,
    kernelOf: (id, place) => (id === accountId && place === region ? kernel : kernelIn(id, place, `${id}/${place}/`)),
    clock,
    events,
    settingsRead,
  };
};
