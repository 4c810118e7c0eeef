import type { MetricAlarm, PutMetricAlarmInput } from '../aws/cloudwatch.ts';
import { allPages } from '../aws/pages.ts';
import type { StepScaling } from '../manifest/manifest.ts';
import { type World, writesOf } from '../world.ts';

/**
 * CloudWatch alarms that start step scaling policies. An alarm names a policy by its ARN, and a policy that is put again after
 * DeregisterScalableTarget has another ARN (reference/breadth.md §6): the alarm would then start nothing.
 */

/** The alarms that name this policy's ARN as an action. */
const alarmsNaming = async (world: World, policyArn: string): Promise<readonly MetricAlarm[]> => {
  const pages = await allPages('cloudwatch:DescribeAlarms', (NextToken) =>
    world.read.cloudwatch.describeAlarms({ ActionPrefix: policyArn, AlarmTypes: ['MetricAlarm'], NextToken }),
  );
  return pages.flatMap(({ MetricAlarms = [] }) => MetricAlarms);
};

/** An alarm that AWS did not let this role change. */
export type OnRefusedAlarm = (alarm: string, error: unknown) => void;

/** Replaces a policy's former ARN by its present one, in every alarm that names it. */
export const repointAlarms = async (
  world: World,
  former: string,
  present: string,
  onRefusal: OnRefusedAlarm,
): Promise<void> => {
  const replaced = (actions: readonly string[] | undefined): string[] => [
    ...new Set((actions ?? []).map((action) => (action === former ? present : action))),
  ];
  for (const alarm of await alarmsNaming(world, former))
    await writesOf(world)
      .cloudwatch.putMetricAlarm({
        ...definitionOf(alarm),
        AlarmActions: replaced(alarm.AlarmActions),
        OKActions: replaced(alarm.OKActions),
        InsufficientDataActions: replaced(alarm.InsufficientDataActions),
      })
      .catch((error: unknown) => onRefusal(alarm.AlarmName ?? '', error));
};

/** The input of PutMetricAlarm, which replaces the whole definition; the other members of the answer are the alarm's state. */
const definitionOf = ({
  AlarmArn: _arn,
  AlarmConfigurationUpdatedTimestamp: _configured,
  StateValue: _state,
  StateReason: _reason,
  StateReasonData: _data,
  StateUpdatedTimestamp: _updated,
  StateTransitionedTimestamp: _transitioned,
  EvaluationState: _evaluation,
  Dimensions,
  ...definition
}: MetricAlarm): PutMetricAlarmInput => ({
  ...definition,
  AlarmName: definition.AlarmName ?? '',
  // Metric math and a metric's dimensions exclude each other.
  ...(definition.Metrics === undefined || definition.Metrics.length === 0 ? { Dimensions: Dimensions ?? [] } : {}),
});

/** A manifest's step policy whose alarm does not start it yet. */
interface Unwired {
  readonly policy: string;
  readonly alarm: string;
  /** Undefined: there is no such alarm. */
  readonly found: MetricAlarm | undefined;
}

/** The step policies that their alarms do not start. @param arns of the live policies, by name */
export const unwiredIn = async (
  world: World,
  steps: readonly StepScaling[],
  arns: Readonly<Record<string, string>>,
): Promise<readonly Unwired[]> => {
  const names = [...new Set(steps.map(({ alarm }) => alarm))];
  if (names.length === 0) return [];
  const { MetricAlarms = [] } = await world.read.cloudwatch.describeAlarms({
    AlarmNames: names,
    AlarmTypes: ['MetricAlarm'],
  });
  return steps.flatMap(({ name, alarm }) => {
    const found = MetricAlarms.find(({ AlarmName }) => AlarmName === alarm);
    const policyArn = arns[name];
    const starts = policyArn !== undefined && found?.AlarmActions?.includes(policyArn) === true;
    return starts ? [] : [{ policy: name, alarm, found }];
  });
};

/** Adds the policy to the alarm's actions; a former ARN of the same policy goes. */
export const wire = async (world: World, alarm: MetricAlarm, policyArn: string): Promise<void> => {
  const suffix = policyArn.slice(policyArn.indexOf(':resource/'));
  const others = (alarm.AlarmActions ?? []).filter((action) => !action.endsWith(suffix));
  await writesOf(world).cloudwatch.putMetricAlarm({ ...definitionOf(alarm), AlarmActions: [...others, policyArn] });
};
