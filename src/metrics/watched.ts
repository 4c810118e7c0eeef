import type { MetricAlarm } from '../aws/cloudwatch.ts';
import { counted } from '../judge/amounts.ts';
import { watchedMetrics } from './alarm-lint.ts';

/** The events that an alarm counts, as far as they can be counted for two versions side by side. */
export interface Watch {
  /** `AWS/SageMaker Invocation5XXErrors`: for the alarms of others. */
  readonly watched: string;
  /** `errors`: failures of the model (rule 20); `failures`: these and 4xx; `other`: a metric that no version has for itself. */
  readonly by: 'errors' | 'client-errors' | 'failures' | 'latency' | 'other';
  /** A minute with a larger share of such requests can set the alarm off. */
  readonly limit: number;
  /** Of `latency`, in milliseconds. */
  readonly slowerThan?: number;
}

/** In an outage that sets off an alarm on something else, at least this share fails: the judge's own absolute limit. */
const outage = 0.2;

const errorMetrics: Readonly<Record<string, Watch['by']>> = {
  Invocation5XXErrors: 'errors',
  Invocation4XXErrors: 'client-errors',
  InvocationModelErrors: 'failures',
};

/** @param alarm undefined for a composite alarm, and for one that was deleted meanwhile */
export const watchOf = (alarm: MetricAlarm | undefined): Watch => {
  if (alarm === undefined) return { watched: 'other alarms', by: 'other', limit: outage };
  const metrics = watchedMetrics(alarm);
  const [first, ...others] = [...new Set(metrics.map(({ namespace, metric }) => `${namespace} ${metric}`))];
  const watched = `${first}${others.length > 0 ? ` and ${counted(others.length, 'other metric')}` : ''}`;
  const sageMaker = metrics.every(({ namespace }) => namespace === 'AWS/SageMaker');
  const names = metrics.map(({ metric }) => metric);
  const { Threshold: threshold = 0 } = alarm;
  const [only] = names;
  const isExpression = (alarm.Metrics ?? []).length > 0;
  if (sageMaker && !isExpression && only === 'ModelLatency')
    return {
      watched,
      by: 'latency',
      limit: beyond(alarm.ExtendedStatistic),
      slowerThan: threshold / 1000,
    };
  const isRate = (isExpression || alarm.Statistic === 'Average') && threshold < 1;
  const limit = isRate ? Math.max(0, threshold) : 0;
  if (sageMaker && names.every((metric) => metric === 'Invocations' || errorMetrics[metric] !== undefined))
    if (names.some((metric) => errorMetrics[metric] !== undefined))
      // An expression over several error metrics is this suite's kind: the failures without the 4xx.
      return { watched, by: (!isExpression && errorMetrics[only ?? '']) || 'errors', limit };
  return { watched, by: 'other', limit: outage };
};

/** `p99` → 0.01: the percentile exceeds the limit when a larger share of the requests does. */
const beyond = (statistic: string | undefined): number => {
  const percentile = Number(/^p(\d+(?:\.\d+)?)$/.exec(statistic ?? '')?.[1] ?? 100);
  return Math.max(0, 1 - percentile / 100);
};
