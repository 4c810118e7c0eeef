import type { Instant } from '../clock.ts';
import type { World } from '../world.ts';
import { dimensionsOf } from './dimensions.ts';
import { type MinuteCount, sumsByMinute } from './sums-by-minute.ts';

/** Requests per second in the busiest minute of a variant. */
export interface BusiestMinute {
  readonly minute: Instant;
  /** To one instance; absent where SageMaker publishes no such metric, as for an endpoint without instances. */
  readonly perInstance?: number;
  /** To all instances; not necessarily in the same minute, since a fleet grows. */
  readonly peak: number;
}

/**
 * `InvocationsPerInstance` has one statistic, the sum: each request adds 1 ÷ instances (AWS: "Amazon SageMaker AI metrics in Amazon
 * CloudWatch"). CloudWatch keeps data points of one minute for 15 days.
 * @param isExcluded minutes whose requests were no users'
 * @returns undefined when no request is recorded
 */
export const busiestMinute = async (
  world: World,
  fleet: { readonly endpoint: string; readonly variant: string },
  from: Instant,
  to: Instant,
  isExcluded: (minute: Instant) => boolean,
): Promise<BusiestMinute | undefined> => {
  const metric = (name: string) => ({ name, statistic: 'Sum', dimensions: dimensionsOf(fleet) });
  const counts = await sumsByMinute(
    world,
    { all: metric('Invocations'), each: metric('InvocationsPerInstance') },
    from,
    to,
  );
  const most = (minutes: readonly MinuteCount[]): MinuteCount | undefined =>
    minutes.reduce<MinuteCount | undefined>(
      (busiest, one) => (one.requests > (busiest?.requests ?? 0) && !isExcluded(one.minute) ? one : busiest),
      undefined,
    );
  const [all, each] = [most(counts.all), most(counts.each)];
  if (all === undefined) return undefined;
  return {
    minute: (each ?? all).minute,
    peak: all.requests / 60,
    ...(each === undefined ? {} : { perInstance: each.requests / 60 }),
  };
};
