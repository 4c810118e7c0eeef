import type { MetricAlarm } from '../aws/cloudwatch.ts';
import { type Instant, minutes } from '../clock.ts';
import { counted } from '../judge/amounts.ts';
import type { Rollout } from '../manifest/manifest.ts';
import { type AlarmSpec, abortMetric, releaseAlarms } from '../metrics/alarms.ts';
import type { Configuration, GuardedUpdate } from '../release/record.ts';
import { type World, writesOf } from '../world.ts';
import type { Turn, TurnResult } from './turn.ts';

/** A release's own alarms: fitted to the shortest bake, on the candidate's fleet alone. */
export const alarmsOf = (
  endpoint: string,
  candidate: Pick<Configuration, 'endpointConfig'>,
  submission: Pick<GuardedUpdate, 'variant' | 'bakeSeconds' | 'finalBakeSeconds' | 'endpointKind'>,
  { alarms }: Pick<Rollout, 'alarms'>,
): readonly AlarmSpec[] => {
  const bakes = [submission.bakeSeconds, submission.finalBakeSeconds].filter((bake) => bake > 0);
  const { variant, endpointKind: kind } = submission;
  return releaseAlarms({
    endpoint,
    variant,
    kind,
    endpointConfig: candidate.endpointConfig,
    alarms,
    bakeSeconds: bakes.length === 0 ? 0 : Math.min(...bakes),
  });
};

/** The alarms that a live release created, or will create, for itself. */
export const releaseAlarmsOf = ({ endpoint, release }: Turn, rollout: Rollout | undefined): readonly AlarmSpec[] =>
  rollout !== undefined && release.submission.mechanism === 'guardrail'
    ? alarmsOf(endpoint, release.candidate, release.submission, rollout)
    : [];

/** Creates a release's alarms before the first request moves, unless they exist already. */
export const createReleaseAlarms = async (turn: Turn, specs: readonly AlarmSpec[]): Promise<TurnResult | undefined> => {
  const { world, release } = turn;
  if (specs.length === 0) return undefined;
  const names = specs.map(({ AlarmName }) => AlarmName);
  // The same call as the submission's: the one that follows needs no other.
  const { gone } = await statesOf(world, [...new Set([...watchedAlarms(turn), ...names])]);
  const missing = specs.filter(({ AlarmName }) => gone.includes(AlarmName));
  if (missing.length === 0) return undefined;
  if (release.alarms.length === 0) await turn.save({ alarms: names });
  await putAlarms(turn, missing);
  return { because: `created ${counted(missing.length, 'alarm')} for this release`, percent: 8 };
};

/**
 * Removes the alarms of `createReleaseAlarms` that exist. A run may have died before it created them, or after it removed them, and
 * DeleteAlarms refuses a name that does not exist. Their history stays readable in CloudWatch.
 */
export const deleteReleaseAlarms = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  if (release.alarms.length === 0) return undefined;
  const { MetricAlarms = [] } = await world.read.cloudwatch.describeAlarms({ AlarmNames: [...release.alarms] });
  const AlarmNames = MetricAlarms.filter((alarm) => watches(alarm, endpoint)).flatMap(
    ({ AlarmName }) => AlarmName ?? [],
  );
  if (AlarmNames.length > 0) await writesOf(world).cloudwatch.deleteAlarms({ AlarmNames });
  await turn.save({ alarms: [] });
  return { because: `removed ${counted(release.alarms.length, 'alarm')} of this release`, percent: 95 };
};

/** Rule 21: the name in the record is a hint, and another endpoint's name may begin with this one's. The alarm's dimensions decide. */
const watches = ({ Dimensions = [], Metrics = [] }: MetricAlarm, endpoint: string): boolean =>
  [...Dimensions, ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric?.Dimensions ?? [])].some(
    ({ Name, Value }) => Name === 'EndpointName' && Value?.toLowerCase() === endpoint.toLowerCase(),
  );

/** The alarms that roll this deployment back: the release's own, and the alarms that the manifest names. */
export const watchedAlarms = ({ release }: Turn): readonly string[] => {
  if (release.submission.mechanism !== 'guardrail') return [];
  const rollback = release.submission.deployment['AutoRollbackConfiguration'] as
    | { readonly Alarms?: readonly { readonly AlarmName: string }[] }
    | undefined;
  return (rollback?.Alarms ?? []).map(({ AlarmName }) => AlarmName);
};

export interface AlarmStates {
  /** In ALARM. */
  readonly red: readonly string[];
  /** Deleted. */
  readonly gone: readonly string[];
  /** INSUFFICIENT_DATA: neither red nor quiet. */
  readonly undecided: readonly string[];
  /** Quiet now, and changed its state after `since`. */
  readonly changed: readonly string[];
}

/** The alarms of this deployment that are not simply OK. */
export const alarmStates = (turn: Turn): Promise<AlarmStates> => statesOf(turn.world, watchedAlarms(turn));

export const statesOf = async (
  world: World,
  names: readonly string[],
  since: Instant = Number.POSITIVE_INFINITY,
): Promise<AlarmStates> => {
  if (names.length === 0) return { red: [], gone: [], undecided: [], changed: [] };
  const { MetricAlarms = [], CompositeAlarms = [] } = await world.read.cloudwatch.describeAlarms({
    AlarmNames: [...names],
    // Composite alarms are left out unless the request names their type (AWS: DescribeAlarms).
    AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
  });
  const found = new Map([...MetricAlarms, ...CompositeAlarms].map((alarm) => [alarm.AlarmName, alarm]));
  const inState = (state: string) => (name: string) => found.get(name)?.StateValue === state;
  return {
    red: names.filter(inState('ALARM')),
    gone: names.filter((name) => !found.has(name)),
    undecided: names.filter(inState('INSUFFICIENT_DATA')),
    changed: names.filter((name) => {
      const { StateTransitionedTimestamp, StateUpdatedTimestamp } = found.get(name) ?? {};
      const at = (StateTransitionedTimestamp ?? StateUpdatedTimestamp)?.getTime();
      return inState('OK')(name) && (at === undefined || at > since);
    }),
  };
};

export const putAlarms = async ({ world }: Turn, specs: readonly AlarmSpec[]): Promise<void> => {
  for (const spec of specs) await writesOf(world).cloudwatch.putMetricAlarm(spec);
};

/** The alarms that are in ALARM, or were since `from`: an alarm may be OK again once the traffic has gone back. */
export const wentRed = async (turn: Turn, from: Instant): Promise<readonly string[]> => {
  const { red } = await alarmStates(turn);
  return red.length > 0 ? red : wereRed(turn.world, watchedAlarms(turn), from);
};

/** The alarms that were in ALARM since `from`, by their history. */
export const wereRed = async (world: World, names: readonly string[], from: Instant): Promise<readonly string[]> => {
  const histories = await Promise.all(
    names.map(async (AlarmName) => {
      const { AlarmHistoryItems = [] } = await world.read.cloudwatch.describeAlarmHistory({
        AlarmName,
        // As above: without it the history of a composite alarm is empty (AWS: DescribeAlarmHistory).
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        HistoryItemType: 'StateUpdate',
        StartDate: new Date(from),
        EndDate: new Date(world.clock.now() + minutes(1)),
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

/** How long one call holds the abort alarm red. PutMetricData takes at most 2 h ahead, and the supervising run repeats the call. */
const heldMinutes = 60;
export const abortHeldMs = minutes(heldMinutes);

/**
 * Turns the release's own alarm red with one call: a 1 for each of the coming minutes, so that it holds when no run is left to repeat
 * it. SetAlarmState does not suffice: CloudWatch sets a metric alarm back within seconds (reference/sagemaker.md §3.3).
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
