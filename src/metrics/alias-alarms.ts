import type { MetricAlarm } from '../aws/cloudwatch.ts';
import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';
import { type AlarmProblem, ownedByAutoscaling, tooSlow, type WatchedMetric, watchedMetrics } from './alarm-lint.ts';
import type { JudgedVersions } from './alias-arms.ts';

/** The shift of an alias, and the alarms that stop it. */
export interface WatchedShift {
  readonly versions: JudgedVersions;
  /** From the first shift to the last: CodeDeploy obeys no alarm after it. */
  readonly shiftSeconds: number;
  /** Seconds before the next shift; the same for a canary. */
  readonly stepSeconds: number;
  /** Of the deployment group, and of the manifest alone. */
  readonly ofGroup: readonly string[];
  readonly ofManifest: readonly string[];
}

/**
 * Rule 6 for an alias: each alarm can go off before the last shift. With all requests at once there is no such time: the alarms of the
 * group are there for other deployments then, and only those that the manifest names for this one are refused.
 * @returns notes
 * @throws {Refusal} `alarm-cannot-fire`
 */
export const refuseSlowAlarms = async (world: World, shift: WatchedShift): Promise<readonly string[]> => {
  const { ofGroup, ofManifest, shiftSeconds, stepSeconds } = shift;
  const names = [...ofGroup, ...ofManifest];
  if (names.length === 0) return [];
  if (shiftSeconds === 0) {
    if (ofManifest.length > 0)
      throw new Refusal(
        'alarm-cannot-fire',
        `all-at-once leaves ${ofManifest.join(', ')} no time to go off: use canary or linear, or take it out of \`alarms\``,
      );
    return [`all-at-once leaves ${ofGroup.join(', ')} no time to go off`];
  }
  // A composite alarm has no period of its own.
  const { MetricAlarms = [] } = await world.read.cloudwatch.describeAlarms({ AlarmNames: names });
  const lint = (seconds: number) => MetricAlarms.flatMap((alarm) => lintAlarm(alarm, seconds, shift, world));
  const problems = lint(shiftSeconds);
  const refused = problems.filter(({ kind }) => kind === 'cannot-fire');
  if (refused.length > 0) throw new Refusal('alarm-cannot-fire', refused.map(({ sentence }) => sentence).join('; '));
  const inLaterSteps = lint(stepSeconds).some(({ kind }) => kind === 'cannot-fire');
  return [
    ...problems.map(({ sentence }) => sentence),
    ...(inLaterSteps
      ? [
          `an alarm needs longer than the ${stepSeconds / 60} minutes of one step: it goes off when more requests have moved`,
        ]
      : []),
  ];
};

const lintAlarm = (
  alarm: MetricAlarm,
  seconds: number,
  { versions }: WatchedShift,
  { clock }: World,
): readonly AlarmProblem[] => {
  const name = alarm.AlarmName ?? '';
  const watched = watchedMetrics(alarm);
  return [
    ...ownedByAutoscaling(name),
    ...otherVersions(name, watched, versions),
    ...tooSlow(name, alarm, watched, seconds, { now: clock.now() }, false, 'shift'),
  ];
};

/** An alarm on one version sees no other, and one on another alias none of this alias's requests. */
const otherVersions = (
  name: string,
  watched: readonly WatchedMetric[],
  { function: own, alias, to }: JudgedVersions,
): readonly AlarmProblem[] => {
  const ofOwn = watched.filter(
    ({ namespace, dimensions }) => namespace === 'AWS/Lambda' && dimensions['FunctionName'] === own,
  );
  const sees = ({ dimensions }: WatchedMetric): boolean =>
    [undefined, own, `${own}:${alias}`, `${own}:${to}`].includes(dimensions['Resource']) &&
    [undefined, to].includes(dimensions['ExecutedVersion']);
  if (ofOwn.length === 0 || ofOwn.some(sees)) return [];
  const { Resource = own, ExecutedVersion } = ofOwn[0]?.dimensions ?? {};
  return [
    {
      kind: 'cannot-fire',
      sentence: `alarm ${name} watches ${Resource}${ExecutedVersion === undefined ? '' : ` on version ${ExecutedVersion}`}, and this deployment is ${own}:${alias} to version ${to}: it would not see the candidate; leave ExecutedVersion out and use Resource ${own}:${alias}`,
    },
  ];
};
