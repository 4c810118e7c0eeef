import { describe, isRefused } from '../aws/errors.ts';
import type { Instant } from '../clock.ts';
import type { Policy } from '../judge/policy.ts';
import { type Compared, type Comparison, compareArms } from '../metrics/compare-arms.ts';
import { watchOf } from '../metrics/watched.ts';
import type { Release } from '../release/record.ts';
import type { Turn } from './turn.ts';

/** The time in which the candidate had traffic. */
export interface Exposure {
  readonly from: Instant;
  /** The traffic was back. */
  readonly to: Instant;
}

/**
 * An alarm is absolute, so it also goes off when everything is ill that both versions depend on. After alarms took the traffic back, the
 * numbers of both versions in the same minutes decide whether that convicts the new one. It is excused when the old version had the same
 * trouble by every alarm that went off. Unknown numbers excuse nothing.
 * @param names the alarms that went off; without any, failed requests are compared, by the limit of an outage
 * @param arms how to read both versions' metrics
 */
export const compareAfterAlarms = async (
  turn: Turn,
  names: readonly string[],
  { from, to }: Exposure,
  arms: Pick<Compared, 'arms' | 'apart'>,
): Promise<Comparison> => {
  const { world, release } = turn;
  const so: Compared = {
    ...arms,
    candidate: release.version,
    baseline: release.baseline?.version ?? release.baseline?.endpointConfig ?? 'the old version',
    convict: convictOf(release),
  };
  try {
    if (names.length === 0) return await compareArms(watchOf(undefined), so, from, to);
    const { MetricAlarms = [] } = await world.read.cloudwatch.describeAlarms({
      AlarmNames: [...names],
      AlarmTypes: ['MetricAlarm'],
    });
    const found = await Promise.all(
      names.map(async (name) => {
        const watch = watchOf(MetricAlarms.find(({ AlarmName }) => AlarmName === name));
        const comparison = await compareArms(watch, so, from, to);
        // The release's own alarms are named for their metric.
        return release.alarms.includes(name)
          ? comparison
          : { ...comparison, because: `${name} watches ${watch.watched}: ${comparison.because}` };
      }),
    );
    const because = found.map((one) => one.because).join('; ');
    return { is: verdicts.find((is) => found.some((one) => one.is === is)) ?? 'unknown', because };
  } catch (error) {
    if (!isRefused(error)) throw error;
    return {
      is: 'unknown',
      because: `the numbers of both versions in these minutes cannot be read: ${describe(error)}`,
    };
  }
};

/** The first that applies to any alarm applies to all of them. */
const verdicts: readonly Comparison['is'][] = ['unsettled', 'not-shared', 'unknown', 'shared'];

/** The judge's own policy, where the rollout has one; else the documented example of it (docs/judge.md). */
const convictOf = ({ stepping, submission }: Release): Policy['convict'] =>
  stepping?.policy.convict ??
  (submission.mechanism === 'guardrail' ? submission.judged?.policy.convict : undefined) ?? {
    worseThan: 1.2,
    falseRollback: 0.01,
  };

/** The end of the reason, when the comparison excuses the version. */
export const excuse = (version: string): string => `the cause is shared, so ${version} is not convicted`;
