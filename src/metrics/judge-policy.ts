import { type Instant, minutes } from '../clock.ts';
import { type GuardDecision, needsBurstGuard } from '../judge/burst-guard.ts';
import { dispersionOf } from '../judge/dispersion.ts';
import { hoursAbove, usualErrorRate, usualOf } from '../judge/incident.ts';
import { type Latency, type LatencyPlan, latencyPlan, watchedLatency } from '../judge/latency.ts';
import { clientErrorsMetric, errorsMetric, type Policy, policyOf } from '../judge/policy.ts';
import type { JudgePolicy } from '../manifest/manifest.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type Fleet, inMetric, readSeries, type Series, seriesOfFleet } from './fleet-metrics.ts';
import { type NamedArms, ownReads } from './own-metrics.ts';
import { type OwnPast, ownPast } from './own-past.ts';

/** The judge's policy from before the first candidate request, and the observations behind it. */
export interface FrozenPolicy {
  readonly policy: Policy;
  readonly latency?: LatencyPlan;
  readonly guard: GuardDecision;
  /** Of the day before, by metric: the share of bad requests. */
  readonly rates: Readonly<Record<string, number>>;
  /** The user's own metrics. */
  readonly own?: OwnPast;
}

interface Judged {
  readonly minimumRequests: number;
  /** Two fleets of one variant: the old one's metrics are a difference, and only counts and sums can be subtracted. */
  readonly byDifference?: boolean;
  /** For the user's own metrics. */
  readonly names?: NamedArms;
  /** Something else had these metrics before. */
  readonly since?: Instant;
}

const hour = minutes(60);
const day = 24 * hour;

/** Of the day, in UTC. */
const hourOf = (at: Instant): number => Math.floor(at / hour) % 24;

/**
 * Freezes the policy (DESIGN §6): whether errors come in bursts, and the latencies at which requests are counted. Its source is the
 * day before the rollout, never the candidate.
 * @param now when the rollout begins
 */
export const freezePolicy = (
  world: World,
  fleet: Fleet,
  judge: JudgePolicy,
  judged: Judged,
  now = world.clock.now(),
): Promise<FrozenPolicy> => freezePolicyOf(world, seriesOfFleet(fleet), judge, judged, now);

/** `freezePolicy` of the series of the version that serves. */
export const freezePolicyOf = async (
  world: World,
  series: Series,
  judge: JudgePolicy,
  { minimumRequests, byDifference = false, names, since = 0 }: Judged,
  now = world.clock.now(),
): Promise<FrozenPolicy> => {
  const from = now - (now % minutes(1)) - day;
  const minute = await readSeries(world, series, undefined, from, now);
  const starts = Array.from({ length: day / minutes(1) }, (_, index) => from + index * minutes(1)).filter(
    (at) => at >= since,
  );
  const history = starts.flatMap((at) => {
    const seen = minute(at);
    return seen !== undefined && seen !== 'unsettled' && seen.requests > 0
      ? [{ hour: hourOf(at), requests: seen.requests, bad: seen.errors, clientErrors: seen.clientErrors }]
      : [];
  });
  const share = (of: (past: (typeof history)[number]) => number): number =>
    history.reduce((sum, past) => sum + of(past), 0) /
    Math.max(
      1,
      history.reduce((sum, { requests }) => sum + requests, 0),
    );
  const guard = needsBurstGuard(history);
  const { latency, slow, usual, higherAt } = await latencyOf(world, series, from, now, byDifference);
  const requestsAt = (at: Instant): number => {
    const seen = minute(at);
    return typeof seen === 'object' ? seen.requests : 0;
  };
  const own = judge.metrics && names && (await ownPast(world, ownReads(judge, names), from, now, requestsAt));
  const usually = (of: (past: (typeof history)[number]) => number) =>
    usualErrorRate(history.map((past) => ({ requests: past.requests, bad: of(past) })));
  const [usualErrors, usualClientErrors] = [usually(({ bad }) => bad), usually(({ clientErrors }) => clientErrors)];
  const dispersed = (of: (past: (typeof history)[number]) => number) =>
    dispersionOf(history.map((past) => ({ requests: past.requests, bad: of(past) })));
  const policy = policyOf(judge, {
    clientErrors: series.clientErrors,
    ...withoutUndefined({ latency: latency && watchedLatency(latency) }),
    burstGuard: guard.needed,
    minimumRequests,
    ...withoutUndefined({ own: own?.watched }),
    usual: {
      ...withoutUndefined({ [errorsMetric]: usualErrors, [clientErrorsMetric]: usualClientErrors }),
      ...usual,
    },
    dispersion: {
      ...withoutUndefined({
        [errorsMetric]: dispersed(({ bad }) => bad),
        [clientErrorsMetric]: dispersed(({ clientErrors }) => clientErrors),
      }),
      ...own?.dispersion,
    },
    higherAt: {
      ...(usualErrors === undefined ? {} : { [errorsMetric]: hoursAbove(history, usualErrors) }),
      ...(usualClientErrors === undefined
        ? {}
        : {
            [clientErrorsMetric]: hoursAbove(
              history.map(({ hour, requests, clientErrors }) => ({ hour, requests, bad: clientErrors })),
              usualClientErrors,
            ),
          }),
      ...higherAt,
    },
  });
  const rates = {
    [errorsMetric]: share(({ bad }) => bad),
    [clientErrorsMetric]: share(({ clientErrors }) => clientErrors),
    ...slow,
    ...own?.rates,
  };
  return { policy, guard, rates, ...withoutUndefined({ latency, own }) };
};

/** Counts every sample, if CloudWatch counts by latency at all (reference/progressive-delivery.md §3.3: probe, do not assume). */
const everything = 'TC(:1000000000000000)';

interface PastLatency {
  readonly latency?: LatencyPlan;
  /** By metric: the share of the baseline's own requests that were so slow. */
  readonly slow: Readonly<Record<string, number>>;
  /** By metric: the usual share, from hour to hour. */
  readonly usual: Readonly<Record<string, number>>;
  /** By metric: the hours with more. */
  readonly higherAt: Readonly<Record<string, ReturnType<typeof hoursAbove>>>;
}

const latencyOf = async (
  world: World,
  series: Series,
  from: Instant,
  to: Instant,
  byDifference: boolean,
): Promise<PastLatency> => {
  const quantiles = ['p50', 'p90', 'p99'] as const;
  const { perMillisecond } = series.latency;
  const countedUpTo = (milliseconds: number): string => `TC(:${inMetric(milliseconds, perMillisecond)})`;
  const past = await pastLatency(world, series, from, to, [...quantiles, 'SampleCount', everything]);
  const samples = total(past('SampleCount'));
  if (samples === 0) return { slow: {}, usual: {}, higherAt: {} };
  // A day of 24 hours spans two calendar days; the one with more requests is the usual one.
  const [usual] = [...past('SampleCount')].sort(([, one], [, other]) => other - one)[0] ?? [];
  const quantile = (stat: (typeof quantiles)[number]) => (usual === undefined ? undefined : past(stat).get(usual));
  const edges = [
    ...new Set(quantiles.flatMap((stat) => quantile(stat) ?? []).map((at) => Math.ceil(at / perMillisecond))),
  ];
  if (edges.length > 0 && total(past(everything)) === samples) {
    const upTo = await pastLatency(world, series, from, to, edges.map(countedUpTo));
    const hourly = await pastLatency(world, series, from, to, ['SampleCount', ...edges.map(countedUpTo)], hour);
    const hours = (edge: number) =>
      [...hourly('SampleCount')].map(([at, requests]) => ({
        hour: hourOf(at),
        requests,
        bad: Math.max(0, requests - (hourly(countedUpTo(edge)).get(at) ?? 0)),
      }));
    const byMetric = <Value>(of: (edge: number) => Value) =>
      edges.map((edge, index) => [`latency-${index + 1}`, of(edge)] as const);
    return {
      ...planned({ cells: [...edges, 0].map(() => 0) }, edges),
      slow: Object.fromEntries(byMetric((edge) => Math.max(0, 1 - total(upTo(countedUpTo(edge))) / samples))),
      usual: Object.fromEntries(byMetric((edge) => usualOf(hours(edge)) ?? 0)),
      higherAt: Object.fromEntries(byMetric((edge) => hoursAbove(hours(edge), usualOf(hours(edge)) ?? 0))),
    };
  }
  const percentile = byDifference ? undefined : quantile('p99');
  const coarse = percentile === undefined ? { sum: 0 } : { percentile: percentile / perMillisecond };
  return { ...planned(coarse, []), slow: {}, usual: {}, higherAt: {} };
};

const planned = (baseline: Latency, edges: readonly number[]): Pick<PastLatency, 'latency'> => {
  const latency = latencyPlan(baseline, edges);
  return latency ? { latency } : {};
};

const total = (values: ReadonlyMap<Instant, number>): number =>
  [...values.values()].reduce((sum, value) => sum + value, 0);

/** By statistic and start of the day, or the hour, of the calendar. */
const pastLatency = async (
  world: World,
  { namespace, dimensions, latency }: Series,
  from: Instant,
  to: Instant,
  stats: readonly string[],
  length = day,
): Promise<(stat: string) => ReadonlyMap<Instant, number>> => {
  const { MetricDataResults = [] } = await world.read.cloudwatch.getMetricData({
    StartTime: new Date(from),
    EndTime: new Date(to),
    MetricDataQueries: stats.map((Stat, index) => ({
      Id: `l${index}`,
      MetricStat: {
        Metric: { Namespace: namespace, MetricName: latency.metric, Dimensions: [...dimensions] },
        Period: length / 1000,
        Stat,
      },
    })),
  });
  return (stat) => {
    const found = MetricDataResults.find(({ Id }) => Id === `l${stats.indexOf(stat)}`);
    return new Map(found?.Timestamps?.map((at, index) => [at.getTime(), found.Values?.[index] ?? 0] as const));
  };
};
