import { AwsError, type Instant, type Kernel } from '../../contracts.ts';
import type { FleetVariant } from './fleets.ts';

/** One instance: when each of its places is free again, and when its waiting requests begin. */
interface Instance {
  readonly free: Instant[];
  begins: Instant[];
}

/** The wait of a request, and its place on an instance, which it takes for the time of the model. */
export interface Place {
  readonly waitMs: number;
  take(latencyMs: number): void;
}

/** The Runtime's code for an endpoint without room (AWS: InvokeEndpoint, ServiceUnavailable); the words are ours. */
const noRoom = (): AwsError => new AwsError('ServiceUnavailable', 'The request cannot be served now. Try again.', 503);

/** "Rate exceeded" is AWS's word for throttling; a serverless endpoint has no queue (reference/sagemaker.md §7.1). */
const throttled = (): AwsError => new AwsError('ThrottlingException', 'Rate exceeded', 400);

/**
 * An instance answers so many requests at a time; others wait in the order of their arrival, up to a number of them. Nothing really waits:
 * time stands still while a caller runs, so that the wait becomes part of the answer's virtual time.
 */
export const createCapacity = ({ settings, clock, random }: Kernel) => {
  const instances = new WeakMap<FleetVariant, Instance[]>();
  const choice = random('instances of a variant');

  const instancesOf = (variant: FleetVariant): readonly Instance[] => {
    const serverless = variant.settings.ServerlessConfig;
    const wanted = serverless ? 1 : Math.max(1, Math.floor(variant.active));
    const places = serverless ? serverless.MaxConcurrency : settings.requestsPerInstance;
    const known = instances.get(variant) ?? [];
    instances.set(variant, known);
    while (known.length < wanted)
      known.push({ free: Array<Instant>(places).fill(Number.NEGATIVE_INFINITY), begins: [] });
    return known.slice(0, wanted);
  };

  /** Requests of an instance that wait or are answered. */
  const outstanding = ({ free, begins }: Instance, now: Instant): number =>
    free.filter((at) => at > now).length + begins.filter((at) => at > now).length;

  const chosen = (variant: FleetVariant, now: Instant): Instance => {
    const all = instancesOf(variant);
    const [first, ...others] = all;
    if (first === undefined) throw new Error(`variant ${variant.name} has no instance`);
    // "RANDOM: … routes each request to a randomly chosen instance" is the default (AWS: ProductionVariantRoutingConfig).
    if (variant.settings.RoutingConfig?.RoutingStrategy !== 'LEAST_OUTSTANDING_REQUESTS')
      return all[Math.floor(choice() * all.length)] ?? first;
    return others.reduce((one, other) => (outstanding(other, now) < outstanding(one, now) ? other : one), first);
  };

  /** @throws AwsError when the instance has no room for another request */
  const enter = (variant: FleetVariant): Place => {
    if (settings.requestsPerInstance === 0) return { waitMs: 0, take: () => {} };
    const now = clock.now();
    const instance = chosen(variant, now);
    instance.begins = instance.begins.filter((at) => at > now);
    const begins = Math.max(now, Math.min(...instance.free));
    const waits = begins > now;
    if (waits && variant.settings.ServerlessConfig !== undefined) throw throttled();
    if (waits && instance.begins.length >= settings.queuedPerInstance) throw noRoom();
    return {
      waitMs: begins - now,
      take: (latencyMs) => {
        instance.free[instance.free.indexOf(Math.min(...instance.free))] = begins + latencyMs;
        if (waits) instance.begins.push(begins);
      },
    };
  };

  return { enter };
};
