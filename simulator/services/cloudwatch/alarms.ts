import { AwsError, type Instant, type Kernel } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { createAlarmActions, type InvokePolicy } from './alarm-actions.ts';
import {
  type AlarmDefinition,
  checkAlarm,
  comparisons,
  periodSeconds,
  samplesForPercentile,
} from './alarm-definition.ts';
import { type CompositeAlarms, createCompositeAlarms } from './composite-alarms.ts';
import { type AlarmState, decide } from './missing-data.ts';
import { runQueries } from './queries.ts';
import { statistic } from './statistic.ts';
import type { Store } from './store.ts';

/** AWS: CloudWatch quotas, alarms per Region (adjustable). */
const alarmQuota = 5000;

export interface Alarm {
  readonly definition: AlarmDefinition;
  readonly configuredAt: Instant;
  readonly state: AlarmState;
  readonly reason: string;
  readonly reasonData?: string;
  readonly updatedAt: Instant;
  readonly transitionedAt: Instant;
}

export interface HistoryItem {
  readonly alarm: string;
  readonly kind: 'MetricAlarm' | 'CompositeAlarm';
  readonly at: Instant;
  readonly type: 'StateUpdate' | 'ConfigurationUpdate' | 'Action';
  readonly summary: string;
  readonly data: string;
}

export interface AlarmEngine {
  put(definition: AlarmDefinition): void;
  get(name: string): Alarm | undefined;
  /** By name. */
  all(): readonly Alarm[];
  /** Unknown names are skipped. @returns how many were there */
  remove(names: readonly string[]): number;
  setState(name: string, state: AlarmState, reason: string, reasonData: string | undefined): void;
  /** Oldest first; kept after the alarm is deleted. */
  history(): readonly HistoryItem[];
  /** From now on the alarms' actions on scaling policies are invoked there. */
  onScaling(invoke: InvokePolicy): void;
  readonly composites: CompositeAlarms;
}

interface DataPoint {
  readonly timestamp: Instant;
  readonly value: number;
  readonly samples?: number;
}

/**
 * Alarms and their evaluation. When: a period of a minute or more, on every full minute, over the whole minutes before it (AWS:
 * "Evaluating an alarm": a five-minute alarm looks at minutes 1–5, then 2–6); shorter periods, every ten seconds; ranges longer than
 * a day, hourly. Besides, settings.alarmSettleMs after PutMetricAlarm and SetAlarmState. Which data: N + 2 periods back (the range of
 * AWS's missing-data tables), as far as it is readable now; a wall-clock window has exactly N and no more.
 */
export const createAlarms = (kernel: Kernel, store: Store): AlarmEngine => {
  const { clock, settings } = kernel;
  const alarms = new Map<string, Alarm>();
  const history: HistoryItem[] = [];

  const recordOf =
    (kind: HistoryItem['kind']) =>
    (alarm: string, type: HistoryItem['type'], summary: string, data: object): void => {
      history.push({ alarm, kind, at: clock.now(), type, summary, data: JSON.stringify({ version: '1.0', ...data }) });
    };
  const record = recordOf('MetricAlarm');
  const composites = createCompositeAlarms(kernel, {
    metricAlarm: (name) => alarms.get(name),
    record: recordOf('CompositeAlarm'),
  });

  // Their words and data as callers have seen them in DescribeAlarmHistory; a message is published to topics only.
  const actions = createAlarmActions(kernel, (alarm, arn) =>
    record(alarm, 'Action', `Successfully executed action ${arn}`, {
      actionState: 'Succeeded',
      stateUpdateTimestamp: clock.now(),
      notificationResource: arn,
    }),
  );

  const enter = (alarm: Alarm, state: AlarmState, reason: string, reasonData: string | undefined): void => {
    const { AlarmName: name } = alarm.definition;
    const changed = state !== alarm.state;
    const { reasonData: _before, ...rest } = alarm;
    alarms.set(name, {
      ...rest,
      state,
      reason,
      ...(reasonData === undefined ? {} : { reasonData }),
      updatedAt: clock.now(),
      transitionedAt: changed ? clock.now() : alarm.transitionedAt,
    });
    if (!changed) return;
    record(name, 'StateUpdate', `Alarm updated from ${alarm.state} to ${state}`, {
      oldState: { stateValue: alarm.state, stateReason: alarm.reason },
      newState: { stateValue: state, stateReason: reason },
    });
    kernel.note({ source: 'alarm', object: name, what: state, detail: reason });
    actions.changed(alarm.definition, state, () => ({
      alarm: name,
      state,
      above: above(alarm.definition, lastDataPoint(reasonData) ?? newest(alarm.definition)),
    }));
    composites.changed(name);
  };

  const dataPoints = (definition: AlarmDefinition, from: Instant, to: Instant): readonly DataPoint[] => {
    const { Metrics, Namespace = '', MetricName = '', Dimensions = [], Unit } = definition;
    if (Metrics) {
      const watched = Metrics.find(({ ReturnData }) => ReturnData !== false);
      return [...(runQueries(store, Metrics, from, to).get(watched?.Id ?? '') ?? [])].map(([timestamp, value]) => ({
        timestamp,
        value,
      }));
    }
    const compute = statistic(definition.Statistic ?? definition.ExtendedStatistic ?? '');
    // A unit that differs from the stored one finds no data (AWS: PutMetricAlarm, Unit).
    const selector = {
      namespace: Namespace,
      metric: MetricName,
      dimensions: Dimensions,
      ...(Unit === undefined ? {} : { unit: Unit }),
    };
    return store.read(selector, from, to, periodSeconds(definition) * 1000).flatMap(({ timestamp, summary }) => {
      const value = compute(summary);
      return value === undefined ? [] : [{ timestamp, value, samples: summary.count }];
    });
  };

  /** The newest readable value of the last whole periods. */
  const newest = (definition: AlarmDefinition): number | undefined => {
    const periodMs = periodSeconds(definition) * 1000;
    const to = Math.floor(clock.now() / periodMs) * periodMs;
    return dataPoints(definition, to - 5 * periodMs, to).at(-1)?.value;
  };

  const evaluate = (alarm: Alarm): void => {
    const { definition, configuredAt } = alarm;
    const warmUp = definition.WarmUpConfiguration;
    if (warmUp && clock.now() < configuredAt + warmUp.WarmUpPeriodDurationInMinutes * 60_000) {
      if (alarm.state !== 'INSUFFICIENT_DATA')
        enter(alarm, 'INSUFFICIENT_DATA', 'Insufficient Data: the alarm is in its warm-up period.', undefined);
      return;
    }
    const n = definition.EvaluationPeriods ?? 1;
    const m = definition.DatapointsToAlarm ?? n;
    const periodMs = periodSeconds(definition) * 1000;
    const wallClock = definition.EvaluationWindow?.WallClockWindow !== undefined;
    const step = wallClock ? periodMs : Math.min(periodMs, 60_000);
    const to = Math.floor(clock.now() / step) * step;
    const length = wallClock ? n : n + 2;
    const from = to - length * periodMs;
    const found = dataPoints(definition, from, to);
    const breaches = comparisons[definition.ComparisonOperator ?? ''];
    const threshold = definition.Threshold ?? 0;

    // Percentiles of too few samples leave the state unchanged when the alarm is set that way (§5.1).
    const needed = samplesForPercentile(definition.ExtendedStatistic ?? '');
    if (definition.EvaluateLowSampleCountPercentile === 'ignore' && found.some(({ samples = 0 }) => samples < needed))
      return;

    const points = Array.from({ length }, (_, index) => {
      const point = found.find(({ timestamp }) => timestamp === from + index * periodMs);
      return point && breaches ? breaches(point.value, threshold) : undefined;
    });
    const state = decide({
      points,
      evaluationPeriods: n,
      datapointsToAlarm: m,
      treatMissingData: definition.TreatMissingData ?? 'missing',
    });
    if (state === 'keep' || state === alarm.state) return;
    const deciding = found.slice(-n);
    enter(
      alarm,
      state,
      explain(definition, alarm.state, state, deciding),
      explainData(definition, deciding, from, clock.now()),
    );
  };

  const evaluateWhere = (wanted: (alarm: Alarm) => boolean): void => {
    for (const alarm of [...alarms.values()]) if (wanted(alarm)) evaluate(alarm);
  };
  const rhythmMs = ({ definition }: Alarm): number => {
    const period = periodSeconds(definition);
    if (period < 60) return 10_000;
    return period * (definition.EvaluationPeriods ?? 1) > 86_400 ? 3_600_000 : 60_000;
  };
  for (const every of [10_000, 60_000, 3_600_000])
    clock.every(every, 'alarm evaluation', () => evaluateWhere((alarm) => rhythmMs(alarm) === every));
  clock.every(60_000, 'alarm actions', () => {
    for (const { definition, state, transitionedAt } of alarms.values())
      if (transitionedAt < clock.now())
        actions.remains(definition, state, () => ({
          alarm: definition.AlarmName,
          state,
          above: above(definition, newest(definition)),
        }));
  });

  const evaluateSoon = (name: string): void => {
    clock.at(clock.now() + settings.alarmSettleMs, 'alarm evaluation', () => {
      const alarm = alarms.get(name);
      if (alarm) evaluate(alarm);
    });
  };

  return {
    put: (definition) => {
      if (definition.Tags !== undefined) throw notSimulated('cloudwatch PutMetricAlarm, member Tags');
      checkAlarm(definition);
      const name = definition.AlarmName;
      if (composites.get(name)) throw new AwsError('ValidationError', `The alarm ${name} is a composite alarm`);
      const before = alarms.get(name);
      if (!before && alarms.size >= alarmQuota)
        throw new AwsError('LimitExceededFault', 'The quota for alarms for this customer has been reached.');
      const now = clock.now();
      alarms.set(name, {
        state: 'INSUFFICIENT_DATA',
        reason: 'Unchecked: Initial alarm creation',
        updatedAt: now,
        transitionedAt: now,
        ...before,
        definition,
        configuredAt: now,
      });
      record(name, 'ConfigurationUpdate', `Alarm "${name}" ${before ? 'updated' : 'created'}`, {
        type: before ? 'Update' : 'Create',
      });
      evaluateSoon(name);
    },
    get: (name) => alarms.get(name),
    all: () => [...alarms.values()].sort((a, b) => (a.definition.AlarmName < b.definition.AlarmName ? -1 : 1)),
    remove: (names) => {
      // CloudWatch API reference, DeleteAlarms: "the alarms you specify with correct names are still deleted".
      const there = names.filter((name) => alarms.has(name));
      for (const name of there) {
        alarms.delete(name);
        record(name, 'ConfigurationUpdate', `Alarm "${name}" deleted`, { type: 'Delete' });
      }
      return there.length;
    },
    setState: (name, state, reason, reasonData) => {
      const alarm = alarms.get(name);
      if (!alarm) throw notFound();
      enter(alarm, state, reason, reasonData);
      // A metric alarm returns to its real state, "often within seconds" (AWS: SetAlarmState docs).
      evaluateSoon(name);
    },
    history: () => history,
    onScaling: actions.onScaling,
    composites,
  };
};

const above = ({ Threshold = 0 }: AlarmDefinition, value: number | undefined): number =>
  value === undefined ? 0 : value - Threshold;

/**
 * StateReasonData has the values that decided. "If an alarm triggers … Application Auto Scaling policies, you must include information in
 * the StateReasonData parameter" (AWS: SetAlarmState).
 */
const lastDataPoint = (reasonData: string | undefined): number | undefined => {
  const data = JSON.parse(reasonData ?? 'null') as { readonly recentDatapoints?: unknown } | null;
  const values = data?.recentDatapoints;
  const last: unknown = Array.isArray(values) ? values.at(-1) : undefined;
  return typeof last === 'number' ? last : undefined;
};
/** CloudWatch's has no message. */
export const notFound = (): AwsError => new AwsError('ResourceNotFound', '', 404);

const words: Readonly<Record<string, string>> = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
};

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

const explain = (
  definition: AlarmDefinition,
  before: AlarmState,
  state: AlarmState,
  deciding: readonly DataPoint[],
): string => {
  const n = definition.EvaluationPeriods ?? 1;
  const m = definition.DatapointsToAlarm ?? n;
  const treatment = definition.TreatMissingData ?? 'missing';
  if (state === 'INSUFFICIENT_DATA')
    return `Insufficient Data: ${count(n, 'datapoint')} ${n === 1 ? 'was' : 'were'} unknown.`;
  const missing = n - deciding.length;
  const filled = treatment === 'breaching' || treatment === 'notBreaching' ? treatment : undefined;
  const name = filled && (filled === 'breaching' ? 'Breaching' : 'NonBreaching');
  if (deciding.length === 0)
    return `Threshold Crossed: no datapoints were received for ${count(n, 'period')} and ${count(missing, 'missing datapoint')} ${missing === 1 ? 'was' : 'were'} treated as [${name}].`;
  const breaches = comparisons[definition.ComparisonOperator ?? ''];
  const shown = deciding.filter(({ value }) => breaches?.(value, definition.Threshold ?? 0) === (state === 'ALARM'));
  const list = shown.map(({ value, timestamp }) => `${value} (${new Date(timestamp).toISOString()})`).join(', ');
  return (
    `Threshold Crossed: ${shown.length} out of the last ${count(n, 'datapoint')} [${list}] ` +
    `${shown.length === 1 ? 'was' : 'were'} ${state === 'ALARM' ? '' : 'not '}${words[definition.ComparisonOperator ?? '']} the threshold (${definition.Threshold}) ` +
    `(minimum ${count(state === 'ALARM' ? m : n - m + 1, 'datapoint')} for ${before} -> ${state} transition).`
  );
};

const explainData = (
  definition: AlarmDefinition,
  deciding: readonly DataPoint[],
  from: Instant,
  now: Instant,
): string =>
  JSON.stringify({
    version: '1.0',
    queryDate: new Date(now).toISOString(),
    startDate: new Date(from).toISOString(),
    ...(definition.Statistic === undefined ? {} : { statistic: definition.Statistic }),
    period: periodSeconds(definition),
    recentDatapoints: deciding.map(({ value }) => value),
    threshold: definition.Threshold,
    evaluatedDatapoints: deciding.slice(-20).map(({ timestamp, value, samples }) => ({
      timestamp: new Date(timestamp).toISOString(),
      ...(samples === undefined ? {} : { sampleCount: samples }),
      value,
    })),
  });
