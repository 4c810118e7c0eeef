import { type Instant, minutes, seconds } from '../clock.ts';
import { kinds } from '../endpoint/kind.ts';
import type { EndpointKind, Release } from '../release/record.ts';
import type { World } from '../world.ts';
import { dimensionsOf } from './dimensions.ts';
import { type CountedMetric, type MinuteCount, sumsByMinute } from './sums-by-minute.ts';

/** Metrics of the last minutes are not complete, so no decision uses them (reference/sagemaker.md §5.3: 2–3 minutes). */
export const metricDelay = minutes(3);

export interface CountedFleet {
  readonly endpoint: string;
  readonly variant: string;
  /** The dimension of one fleet: SageMaker publishes metrics per configuration. */
  readonly endpointConfig: string;
  /** Selects the metrics that show its requests; absent for an endpoint on instances. */
  readonly kind?: EndpointKind;
}

/** The new fleet of a release. */
export const candidateFleet = ({
  endpoint,
  release,
}: {
  readonly endpoint: string;
  readonly release: Release;
}): CountedFleet => ({
  endpoint,
  variant: release.submission.variant,
  endpointConfig: release.candidate.endpointConfig,
  ...(release.submission.mechanism === 'guardrail' ? { kind: release.submission.endpointKind } : {}),
});

/** Requests one fleet received in [from, to). Minutes without a data point had no requests. */
export const requestsSeen = async (
  world: World,
  arm: CountedFleet | CountedVariant,
  from: Instant,
  to: Instant,
): Promise<number> => requestsIn(world, metricOf(arm), from, to);

/** `requestsSeen` by the metric that counts the requests. */
export const requestsIn = async (world: World, metric: CountedMetric, from: Instant, to: Instant): Promise<number> =>
  (await countsByMinute(world, metric, from, to)).reduce((sum, { requests }) => sum + requests, 0);

/** The minute of a fleet's first request since `from`; undefined until CloudWatch shows it. */
export const firstRequestAt = async (world: World, arm: CountedFleet, from: Instant): Promise<Instant | undefined> =>
  (await countsByMinute(world, metricOf(arm), from, world.clock.now())).find(({ requests }) => requests > 0)?.minute;

/** All fleets of a variant together. Metrics per configuration are documented for fleets under deployment guardrails only. */
export type CountedVariant = Omit<CountedFleet, 'endpointConfig'>;

/**
 * An endpoint's usual requests per second: the higher rate of the last 15 and the last 60 complete minutes. Each is counted from the
 * first request on, so that the time before a new endpoint existed does not lower its rate.
 */
export const usualRate = (world: World, fleets: CountedVariant): Promise<number> =>
  usualRateOf(world, metricOf(fleets));

/** `usualRate` by the metric that counts the requests. */
export const usualRateOf = async (world: World, metric: CountedMetric): Promise<number> => {
  const until = floor(world.clock.now()) - metricDelay;
  const hour = await countsByMinute(world, metric, until - minutes(60), until);
  const rate = (from: Instant): number => {
    const seen = hour.filter(({ minute }) => minute >= from);
    const first = seen[0];
    if (first === undefined) return 0;
    return seen.reduce((sum, { requests }) => sum + requests, 0) / ((until - first.minute) / seconds(1));
  };
  return Math.max(rate(until - minutes(15)), rate(until - minutes(60)));
};

const floor = (instant: Instant): Instant => instant - (instant % minutes(1));

const metricOf = (arm: CountedFleet | CountedVariant): CountedMetric => {
  const { metric: name, statistic } = kinds[arm.kind ?? 'instances'].requests;
  return { name, statistic, dimensions: dimensionsOf(arm) };
};

const countsByMinute = async (
  world: World,
  metric: CountedMetric,
  from: Instant,
  to: Instant,
): Promise<readonly MinuteCount[]> =>
  to <= from ? [] : (await sumsByMinute(world, { requests: metric }, floor(from), to)).requests;
