import type { Instant, Kernel, Metrics, Service } from '../../contracts.ts';
import type { InvokePolicy } from './alarm-actions.ts';
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
  /** The alarms with this action in any state. */
  naming(action: string): readonly string[];
  /** From now on the alarms' actions on scaling policies are invoked there. */
  onScaling(invoke: InvokePolicy): void;
  /** The newest readable whole period before now, looking back `periods`; undefined without data. */
  latest(selector: Selector, stat: string, periodMs: number, periods: number): number | undefined;
}

/** SageMaker publishes its latencies in microseconds and everything else without a unit (§4.4); Lambda counts, and has milliseconds. */
const unitOf = (namespace: string, metric: string): string => {
  if (namespace === 'AWS/Lambda') return metric === 'Duration' ? 'Milliseconds' : 'Count';
  if (namespace === 'AWS/ApplicationELB') return 'Count';
  // Of queues (AWS: "Monitor asynchronous endpoint").
  if (/^(ApproximateBacklogSize|HasBacklog)/.test(metric)) return 'Count';
  if (metric === 'ApproximateAgeOfOldestRequest') return 'Seconds';
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
      alarmState: (name) => engine.get(name)?.state ?? engine.composites.get(name)?.state,
      isComposite: (name) => engine.composites.get(name) !== undefined,
      putAlarm: engine.put,
      deleteAlarms: engine.remove,
      latest,
      naming: (action) =>
        engine
          .all()
          .map(({ definition }) => definition)
          .filter(({ AlarmActions = [], OKActions = [], InsufficientDataActions = [] }) =>
            [...AlarmActions, ...OKActions, ...InsufficientDataActions].includes(action),
          )
          .map(({ AlarmName }) => AlarmName),
      onScaling: engine.onScaling,
    },
  };
};
