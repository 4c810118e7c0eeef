import { AwsError } from '../../contracts.ts';
import type { TreatMissingData } from './missing-data.ts';
import { checkQueries, isPeriod, type MetricDataQuery, periodOf } from './queries.ts';
import { percentileOf, statistic } from './statistic.ts';
import type { Dimension } from './store.ts';

/** The input of PutMetricAlarm. Members that are not sent are lost: each call replaces the whole definition. */
export interface AlarmDefinition {
  readonly AlarmName: string;
  readonly AlarmDescription?: string;
  readonly ActionsEnabled?: boolean;
  readonly OKActions?: readonly string[];
  readonly AlarmActions?: readonly string[];
  readonly InsufficientDataActions?: readonly string[];
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Period?: number;
  readonly Unit?: string;
  readonly EvaluationPeriods?: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold?: number;
  readonly ComparisonOperator?: string;
  readonly TreatMissingData?: TreatMissingData;
  readonly EvaluateLowSampleCountPercentile?: 'evaluate' | 'ignore';
  readonly Metrics?: readonly MetricDataQuery[];
  readonly EvaluationWindow?: { readonly WallClockWindow?: object; readonly SlidingWindow?: object };
  readonly WarmUpConfiguration?: {
    readonly WarmUpPeriodDurationInMinutes: number;
    readonly OnlyStartEvaluatingAfterWarmUpPeriodEnds?: boolean;
  };
  readonly EvaluationCriteria?: unknown;
  readonly Tags?: unknown;
}

export const comparisons: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export const periodSeconds = ({ Period, Metrics }: AlarmDefinition): number => Period ?? periodOf(Metrics ?? []);

/** Below this many samples a percentile has no meaning (AWS: "Percentile-based CloudWatch alarms and low data samples"). */
export const samplesForPercentile = (name: string): number => {
  const p = percentileOf(name) ?? 0;
  return p >= 0.5 ? 10 / (1 - p) : 10 / p;
};

const invalid = (message: string): AwsError => new AwsError('ValidationError', message);

const checkMetric = (alarm: AlarmDefinition): void => {
  const { Namespace, MetricName, Statistic, ExtendedStatistic, Period, Dimensions = [] } = alarm;
  if (!Namespace || !MetricName) throw invalid('The parameters MetricName and Namespace must be specified together');
  if (Namespace.startsWith(':')) throw invalid(`The value ${Namespace} for parameter Namespace is invalid`);
  if ((Statistic === undefined) === (ExtendedStatistic === undefined))
    throw invalid('Exactly one of the parameters Statistic and ExtendedStatistic must be specified');
  statistic(Statistic ?? ExtendedStatistic ?? '');
  if (Period === undefined) throw invalid('The parameter Period is required');
  if (!isPeriod(Period))
    throw invalid(`The value ${Period} for parameter Period is invalid: 10, 20, 30 or a multiple of 60`);
  if (new Set(Dimensions.map(({ Name }) => Name)).size < Dimensions.length)
    throw invalid('The parameter Dimensions must not contain duplicate names');
};

const checkMath = (alarm: AlarmDefinition): void => {
  const mixed = (
    ['Namespace', 'MetricName', 'Dimensions', 'Period', 'Unit', 'Statistic', 'ExtendedStatistic'] as const
  ).find((name) => alarm[name] !== undefined && !(Array.isArray(alarm[name]) && alarm[name].length === 0));
  if (mixed) throw invalid(`The parameters Metrics and ${mixed} must not be specified together`);
  checkQueries(alarm.Metrics ?? []);
  if (alarm.Metrics?.filter(({ ReturnData }) => ReturnData !== false).length !== 1)
    throw invalid('Exactly one element of the Metrics list must have ReturnData set to true');
};

/** @throws {AwsError} ValidationError: AWS's PutMetricAlarm docs, reference/sagemaker.md §5.1; LimitExceeded is the caller's */
export const checkAlarm = (alarm: AlarmDefinition): void => {
  if (alarm.EvaluationCriteria !== undefined) throw invalid('Alarms on PromQL queries are not supported here');
  if (alarm.Metrics) checkMath(alarm);
  else checkMetric(alarm);
  const { EvaluationPeriods: n, DatapointsToAlarm: m } = alarm;
  if (n === undefined || !Number.isInteger(n) || n < 1)
    throw invalid('The parameter EvaluationPeriods must be at least 1');
  if (m !== undefined && (!Number.isInteger(m) || m < 1 || m > n))
    throw invalid(`The value ${m} for parameter DatapointsToAlarm must be between 1 and EvaluationPeriods (${n})`);
  if (alarm.Threshold === undefined) throw invalid('The parameter Threshold is required');
  if (!comparisons[alarm.ComparisonOperator ?? ''])
    throw invalid(`The value ${alarm.ComparisonOperator} for parameter ComparisonOperator is not supported`);
  const period = periodSeconds(alarm);
  const longest = period < 3600 ? 86_400 : 604_800;
  if (period * n > longest)
    throw invalid(
      `Metrics cannot be checked across more than ${longest === 86_400 ? 'a day' : 'seven days'} (EvaluationPeriods * Period must be <= ${longest})`,
    );
  if (!['breaching', 'notBreaching', 'ignore', 'missing', undefined].includes(alarm.TreatMissingData))
    throw invalid(`Option ${alarm.TreatMissingData} is not supported for TreatMissingData`);
  const low = alarm.EvaluateLowSampleCountPercentile;
  if (!['evaluate', 'ignore', undefined].includes(low))
    throw invalid(
      `Option ${low} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.`,
    );
  if (low !== undefined && percentileOf(alarm.ExtendedStatistic ?? '') === undefined)
    throw invalid('EvaluateLowSampleCountPercentile is used only for alarms based on percentiles');
};
