import { hours, type Instant } from '../../clock.ts';
import type { RegressionPolicy } from '../../manifest/regression.ts';

/**
 * The reason that golden rows decide nothing after their last day, which ends at midnight UTC; undefined until then. The world that they show
 * has changed.
 * @param now needed where the policy has a last day: the gate has no clock
 */
export const expiredBecause = (
  { datasetExpires }: Pick<RegressionPolicy, 'datasetExpires'>,
  now: Instant | undefined,
): string | undefined => {
  if (datasetExpires === undefined) return undefined;
  if (now === undefined) throw new Error('the policy has a last day of its golden set, and the gate was given no time');
  return now < endOfDay(datasetExpires)
    ? undefined
    : `the golden set expired on ${datasetExpires}; review it and move the date`;
};

/** Midnight UTC after a day, e.g. `2026-12-31`. */
export const endOfDay = (day: string): Instant => Date.parse(`${day}T00:00:00Z`) + hours(24);
