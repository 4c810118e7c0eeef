import { type Instant, minutes } from '../clock.ts';
import type { Rollout } from '../manifest/manifest.ts';
import type { Configuration, Submission } from '../release/record.ts';
import { writesOf } from '../world.ts';
import { type AlarmSpec, abortMetric, releaseAlarms } from './alarms.ts';
import type { Step, Turn } from './turn.ts';

/** The alarms of a release's own: fitted to the shortest bake, on the candidate's fleet alone. */
export const alarmsOf = (
  endpoint: string,
  candidate: Pick<Configuration, 'endpointConfig'>,
  submission: Pick<Submission, 'variant' | 'bakeSeconds' | 'finalBakeSeconds'>,
  { alarms }: Pick<Rollout, 'alarms'>,
): readonly AlarmSpec[] => {
  const bakes = [submission.bakeSeconds, submission.finalBakeSeconds].filter((bake) => bake > 0);
  const { variant } = submission;
  return releaseAlarms({
    endpoint,
    variant,
    endpointConfig: candidate.endpointConfig,
    alarms,
    bakeSeconds: bakes.length === 0 ? 0 : Math.min(...bakes),
  });
};

/** Creates this release's alarms before the first request moves, unless they stand already. */
export const armAlarms = async (turn: Turn, rollout: Rollout): Promise<Step | undefined> => {
  const { world, release, endpoint } = turn;
  if (release.submission.kind !== 'update') return undefined;
  const specs = alarmsOf(endpoint, release.candidate, release.submission, rollout);
  if (specs.length === 0) return undefined;
  const names = specs.map(({ AlarmName }) => AlarmName);
  const { MetricAlarms = [] } = await world.read.cloudwatch.describeAlarms({ AlarmNames: [...names] });
  const missing = specs.filter(({ AlarmName }) => !MetricAlarms.some((alarm) => alarm.AlarmName === AlarmName));
  if (missing.length === 0) return undefined;
  if (release.alarms.length === 0) await turn.save({ alarms: names });
  for (const spec of missing) await writesOf(world).cloudwatch.putMetricAlarm(spec);
  return { because: `made ${missing.length} alarms for this release`, percent: 8 };
};

/** Removes what `armAlarms` made. Their history stays readable in CloudWatch. */
export const disarmAlarms = async (turn: Turn): Promise<Step | undefined> => {
  const { world, release } = turn;
  if (release.alarms.length === 0) return undefined;
  await writesOf(world).cloudwatch.deleteAlarms({ AlarmNames: [...release.alarms] });
  await turn.save({ alarms: [] });
  return { because: `removed the ${release.alarms.length} alarms of this release`, percent: 95 };
};

/** The alarms that roll this deployment back: the release's own and those the manifest names. */
export const watchedAlarms = ({ release }: Turn): readonly string[] => {
  const rollback = release.submission.deployment?.['AutoRollbackConfiguration'] as
    | { readonly Alarms?: readonly { readonly AlarmName: string }[] }
    | undefined;
  return (rollback?.Alarms ?? []).map(({ AlarmName }) => AlarmName);
};

export const redAlarms = async (turn: Turn): Promise<readonly string[]> => {
  const names = watchedAlarms(turn);
  if (names.length === 0) return [];
  const { MetricAlarms = [], CompositeAlarms = [] } = await turn.world.read.cloudwatch.describeAlarms({
    AlarmNames: [...names],
    // Composites are left out unless asked for (AWS: DescribeAlarms).
    AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
  });
  return [...MetricAlarms, ...CompositeAlarms].flatMap(({ AlarmName, StateValue }) =>
    StateValue === 'ALARM' && AlarmName !== undefined ? [AlarmName] : [],
  );
};

/** Alarms that are in ALARM or went there since `from`: an alarm may be OK again once the traffic has gone back. */
export const wentRed = async (turn: Turn, from: Instant): Promise<readonly string[]> => {
  const red = await redAlarms(turn);
  if (red.length > 0) return red;
  const histories = await Promise.all(
    watchedAlarms(turn).map(async (AlarmName) => {
      const { AlarmHistoryItems = [] } = await turn.world.read.cloudwatch.describeAlarmHistory({
        AlarmName,
        HistoryItemType: 'StateUpdate',
        StartDate: new Date(from),
        EndDate: new Date(turn.world.clock.now() + minutes(1)),
        MaxRecords: 100,
      });
      return AlarmHistoryItems.some(({ HistoryData }) => becameAlarm(HistoryData)) ? [AlarmName] : [];
    }),
  );
  return histories.flat();
};

/** HistoryData is JSON: `{"newState":{"stateValue":"ALARM",…},…}`. */
const becameAlarm = (data: string | undefined): boolean => {
  try {
    return (JSON.parse(data ?? '{}') as { newState?: { stateValue?: string } }).newState?.stateValue === 'ALARM';
  } catch {
    return false;
  }
};

/** How long the abort alarm is held red: the longest an update may still take before it settles, within PutMetricData's 2 h. */
const heldMinutes = 60;

/**
 * Turns the release's own alarm red with one call: a 1 for each of the coming minutes, so that it holds when nobody is left to
 * repeat it. SetAlarmState would not do: CloudWatch sets a metric alarm back within seconds (reference/sagemaker.md §3.3).
 */
export const publishAbort = async ({ world, endpoint, release }: Turn): Promise<void> => {
  const now = world.clock.now();
  const { namespace, metric, dimensions } = abortMetric(endpoint, release.candidate.endpointConfig);
  await writesOf(world).cloudwatch.putMetricData({
    Namespace: namespace,
    MetricData: Array.from({ length: heldMinutes }, (_, index) => ({
      MetricName: metric,
      Dimensions: [...dimensions],
      Timestamp: new Date(now + minutes(index)),
      Value: 1,
    })),
  });
};
