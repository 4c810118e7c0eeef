import type { Instant, Kernel, Metrics, Service } from '../../contracts.ts';
import type { AlarmDefinition } from './alarm-definition.ts';
import { alarmOperations } from './alarm-operations.ts';
import { createAlarms } from './alarms.ts';
import { dataOperations } from './data.ts';
import { statistic } from './statistic.ts';
import { createStore, type Dimension, type Selector } from './store.ts';

/** Further needs of Application Auto Scaling: alarms of its own, and the metric it tracks. */
export interface AlarmedMetrics extends Metrics {
  putAlarm(definition: AlarmDefinition): void;
  /** Unknown names are skipped. */
  deleteAlarms(names: readonly string[]): number;
  /** The alarms with this action, and how far the newest readable value lies above the threshold of those in ALARM. */
  naming(action: string): readonly { readonly name: string; readonly above?: number }[];
  /** The newest readable whole period before now, looking back `periods`; undefined without data. */
  latest(selector: Selector, stat: string, periodMs: number, periods: number): number | undefined;
}

/** SageMaker publishes its latencies in microseconds and everything else without a unit (§4.4); Lambda counts, and has milliseconds. */
const unitOf = (namespace: string, metric: string): string => {
  if (namespace === 'AWS/Lambda') return metric === 'Duration' ? 'Milliseconds' : 'Count';
  if (namespace === 'AWS/ApplicationELB') return 'Count';
  return metric.endsWith('Latency') ? 'Microseconds' : 'None';
};

type Named = Readonly<Record<string, string>>;

/** The same list for the same object: the store knows a list again, and background traffic records every second. */
const createLists = (): ((dimensions: Named) => readonly Dimension[]) => {
  const known = new WeakMap<Named, readonly Dimension[]>();
  return (dimensions) => {
    const list = known.get(dimensions) ?? Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    known.set(dimensions, list);
    return list;
  };
};

/** CloudWatch metrics and alarms of one account and region. */
export const createCloudwatch = (kernel: Kernel): { readonly service: Service; readonly metrics: AlarmedMetrics } => {
  const { clock, settings } = kernel;
  const store = createStore(clock.now);
  const engine = createAlarms(kernel, store);

  const listOf = createLists();

  /** The first part of a minute, up to nine tenths of it, by the metric's dimensions. */
  const isLate = (dimensions: Named, at: Instant): boolean => {
    const minute = Math.floor(at / 60_000);
    const part = 0.9 * kernel.random(`late/${Object.values(dimensions).join('/')}/${minute}`)();
    return at / 60_000 - minute < part;
  };

  const recordMany: AlarmedMetrics['recordMany'] = (namespace, metric, dimensions, values, counts, at) => {
    const late = metric === 'Invocations' && settings.lateInvocationsMs > 0 && isLate(dimensions, at);
    const visibleAt = at + settings.metricDelayMs + (late ? settings.lateInvocationsMs : 0);
    const untrimmed = /(Latency|Duration)$/.test(metric) && !settings.latencyTrimmedStatistics;
    store.add(
      { namespace, metric, dimensions: listOf(dimensions), unit: unitOf(namespace, metric) },
      values.map((value, index) => {
        const times = counts[index] ?? 1;
        return { at, visibleAt, resolutionMs: 60_000, untrimmed, value, times };
      }),
    );
  };

  const latest: AlarmedMetrics['latest'] = (selector, stat, periodMs, periods) => {
    const to = Math.floor(clock.now() / periodMs) * periodMs;
    const point = store.read(selector, to - periods * periodMs, to, periodMs).at(-1);
    return point && statistic(stat)(point.summary);
  };

  return {
    service: { operations: { ...dataOperations(kernel, store), ...alarmOperations(kernel, engine) } },
    metrics: {
      record: (namespace, metric, dimensions, value, at) => recordMany(namespace, metric, dimensions, [value], [1], at),
      recordMany,
      alarmState: (name) => engine.get(name)?.state,
      putAlarm: engine.put,
      deleteAlarms: engine.remove,
      latest,
      naming: (action) =>
        engine
          .all()
          .filter(({ definition: { AlarmActions = [] } }) => AlarmActions.includes(action))
          .map(({ state, definition }) => {
            if (state !== 'ALARM' || definition.ActionsEnabled === false) return { name: definition.AlarmName };
            const { AlarmName: name, Namespace, MetricName, Dimensions: dimensions = [], Period = 60 } = definition;
            const stat = definition.Statistic ?? definition.ExtendedStatistic;
            const value =
              Namespace === undefined || MetricName === undefined || stat === undefined
                ? undefined
                : latest({ namespace: Namespace, metric: MetricName, dimensions }, stat, Period * 1000, 5);
            // An alarm on metric math, or on missing data, lies at its threshold.
            return { name, above: value === undefined ? 0 : value - (definition.Threshold ?? 0) };
          }),
    },
  };
};
