import type { Ruling } from '../../findings/comparison.ts';
import { percent } from '../../judge/amounts.ts';
import type { Load, LoadLimits } from '../../manifest/asking.ts';
import { usualConfidence } from '../../manifest/regression.ts';
import { normalQuantile } from '../statistics/normal.ts';
import { wilsonBound } from '../statistics/wilson.ts';
import { rounded } from './histogram.ts';
import { failedIn, latencyIn, type Outcome, requestsIn } from './outcome.ts';
import type { Breaks } from './steps.ts';

/** A limit of `load`, beside the value at the target rate. Latencies are milliseconds, the error rate is a share. */
export interface JudgedLimit {
  readonly name: 'p95' | 'p99' | 'error-rate';
  readonly limit: number;
  readonly value: number;
  /** Between which the true value lies, each with 95 % confidence. */
  readonly low: number;
  readonly high: number;
  readonly decision: Ruling;
}

const decided = (limit: number, low: number, high: number): Ruling => {
  if (high <= limit) return 'pass';
  return low > limit ? 'fail' : 'inconclusive';
};

const levels = { p95: 0.95, p99: 0.99 } as const;

/**
 * The bound decides, as everywhere in the gate. Requests that were lost for an unknown reason count against a pass, and never for a failure:
 * the network of the machine that asks may have lost them.
 */
export const judgedLimits = (outcome: Outcome, limits: LoadLimits): readonly JudgedLimit[] => {
  const requests = requestsIn(outcome);
  if (requests === 0) return [];
  const known = { ...outcome, lost: 0 };
  const z = normalQuantile(usualConfidence);
  const [low, high] = [wilsonBound(failedIn(known), requests, z), wilsonBound(failedIn(outcome), requests, -z)];
  const errors: JudgedLimit = {
    name: 'error-rate',
    limit: limits.errorRate,
    value: failedIn(outcome) / requests,
    low,
    high,
    decision: decided(limits.errorRate, low, high),
  };
  const latencies = (['p95', 'p99'] as const).flatMap((name): readonly JudgedLimit[] => {
    const limit = limits[name];
    const all = latencyIn(outcome, levels[name], usualConfidence);
    if (limit === undefined || all === undefined) return [];
    const least = latencyIn(known, levels[name], usualConfidence)?.low ?? 0;
    // A latency in the histogram is rounded up: so is the limit, so that none is above it by its rounding.
    return [
      { name, limit, value: all.value, low: least, high: all.high, decision: decided(rounded(limit), least, all.high) },
    ];
  });
  return [errors, ...latencies];
};

/** So many requests, all of them good and fast, are the fewest that keep a limit with confidence. */
const requestsNeeded = ({ errorRate, p95, p99 }: LoadLimits): number => {
  const z = normalQuantile(usualConfidence);
  const byErrors = errorRate > 0 ? (z * z * (1 - errorRate)) / errorRate : Number.POSITIVE_INFINITY;
  const byLatency = (level: number): number => Math.log(1 - usualConfidence) / Math.log(level);
  return Math.ceil(
    Math.max(byErrors, p95 === undefined ? 0 : byLatency(levels.p95), p99 === undefined ? 0 : byLatency(levels.p99)),
  );
};

/** The sentence about a measurement that could not pass; undefined when it can. @param rate of all requests, per second */
export const tooFewRequests = (
  rate: number,
  { durationSeconds, limits }: Pick<Load, 'durationSeconds' | 'limits'>,
): string | undefined => {
  const needed = requestsNeeded(limits);
  const sent = Math.ceil(rate * durationSeconds);
  if (sent >= needed) return undefined;
  return Number.isFinite(needed)
    ? `${sent} requests at the target rate cannot show that the limits are kept, which takes ${needed} or more: set duration to ${Math.ceil(needed / rate)}s or longer`
    : 'no number of requests shows that an error rate is 0: give error-rate a limit above it';
};

/** More than five times the latency without a queue is a queue; a tenth of a second more than it may be chance. */
const queueFactor = 5;
const queueMs = 100;

/**
 * A candidate breaks at a rate when it breaks a limit there, when its requests queue up, or when too many of them have no answer.
 * @param calm 99th percentile with one caller; undefined: not known
 */
export const breaksAt =
  (limits: LoadLimits, calm: number | undefined): Breaks =>
  (outcome) => {
    if (outcome.stopped === 'unanswered') return true;
    if (judgedLimits(outcome, limits).some(({ decision }) => decision === 'fail')) return true;
    const { low = 0 } = latencyIn({ ...outcome, lost: 0 }, levels.p99, usualConfidence) ?? {};
    return calm !== undefined && low > Math.max(queueFactor * calm, calm + queueMs);
  };

/** `240 ms`; `none` where so many requests had no good answer that there is no such time. */
export const milliseconds = (value: number): string =>
  Number.isFinite(value) ? `${Number(value.toPrecision(3)).toLocaleString('en-US')} ms` : 'none';

export const limitText = ({ name, value, limit }: JudgedLimit): string => {
  const text = name === 'error-rate' ? percent : milliseconds;
  return `${name} is ${text(value)} beside a limit of ${text(limit)}`;
};
