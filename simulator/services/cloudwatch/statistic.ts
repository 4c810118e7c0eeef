import { AwsError } from '../../contracts.ts';
import type { Statistic } from './summary.ts';
import { trimmedStatistic } from './trimmed.ts';

const simple: Readonly<Record<string, Statistic>> = {
  SampleCount: (summary) => summary.count,
  Average: (summary) => summary.sum / summary.count,
  Sum: (summary) => summary.sum,
  Minimum: (summary) => summary.min,
  Maximum: (summary) => summary.max,
};

/** 0.99 for `p99`, 0.999 for `p99.9`; undefined when `name` is not a percentile. */
export const percentileOf = (name: string): number | undefined => {
  const match = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/.exec(name);
  return match ? Number(match[1]) / 100 : undefined;
};

/** Nearest rank: the smallest value that at least the fraction `p` of the observations does not exceed. */
const percentile =
  (p: number): Statistic =>
  (summary) => {
    if (summary.opaque || summary.count === 0) return undefined;
    // 0.99 × 100 is 99.00000000000001 or 98.99999999999999 in floating point; the rank is 99.
    const rank = Math.max(1, Math.ceil(summary.count * p - 1e-9));
    let seen = 0;
    for (const [value, times] of [...summary.values].sort(([a], [b]) => a - b)) {
      seen += times;
      if (seen >= rank) return value;
    }
    return summary.max;
  };

/**
 * @param name `Average`, …, `p99`, or a trimmed statistic: `TC(0:250000)`
 * @throws {AwsError} ValidationError for an unknown statistic
 */
export const statistic = (name: string): Statistic => {
  const found = simple[name];
  if (found) return found;
  const p = percentileOf(name);
  if (p !== undefined) return percentile(p);
  const trimmed = trimmedStatistic(name);
  if (trimmed) return trimmed;
  throw new AwsError('ValidationError', `The value ${name} for parameter Stat is not supported`);
};
