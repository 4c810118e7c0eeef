import type { MetricAlarm, PutMetricAlarmInput } from '../aws/cloudwatch.ts';
import { duration, type Instant, minutes, seconds } from '../clock.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type CountedVariant, metricDelay } from './traffic.ts';

/**
 * A problem of an alarm. `cannot-fire` and `not-ready` refuse the release before the first write (reason codes `alarm-cannot-fire`,
 * `alarm-not-ready`); the plan prints a `warning`.
 */
export interface AlarmProblem {
  readonly kind: 'cannot-fire' | 'not-ready' | 'warning';
  /** One sentence with the alarm, the problem and its remedy. */
  readonly sentence: string;
}

/** The candidate's fleet, and further facts for the lint. */
export interface AlarmFacts extends CountedVariant {
  /** Absent for a candidate that is a variant of its own, beside the serving one. */
  readonly endpointConfig?: string;
  /** Decides whether an existing alarm's warm-up is over; without it the lint expects the whole warm-up. */
  readonly now?: Instant;
  /** Expected in the candidate's smallest bake: decides whether a percentile will have enough samples. */
  readonly candidateRequestsPerSecond?: number;
}

export type Linted = Omit<PutMetricAlarmInput, 'AlarmName'> &
  Pick<MetricAlarm, 'AlarmName' | 'StateValue' | 'StateReason' | 'AlarmConfigurationUpdatedTimestamp'>;

export interface WatchedMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly periodSeconds: number;
  readonly unit?: string;
}

export const watchedMetrics = (alarm: Linted): readonly WatchedMetric[] => {
  const single = {
    Metric: { Namespace: alarm.Namespace, MetricName: alarm.MetricName, Dimensions: alarm.Dimensions },
    Period: alarm.Period,
    Unit: alarm.Unit,
  };
  const stats = alarm.Metrics?.length ? alarm.Metrics.flatMap(({ MetricStat }) => MetricStat ?? []) : [single];
  return stats.map(({ Metric, Period, Unit }) => ({
    namespace: Metric?.Namespace ?? '',
    metric: Metric?.MetricName ?? '',
    dimensions: Object.fromEntries((Metric?.Dimensions ?? []).map(({ Name = '', Value = '' }) => [Name, Value])),
    periodSeconds: Period ?? 60,
    ...withoutUndefined({ unit: Unit }),
  }));
};

/** SageMaker's metrics per variant (AWS: "Amazon SageMaker AI metrics in Amazon CloudWatch"): unit and range of one observation. */
const variantMetrics: Readonly<Record<string, { readonly unit: string; readonly largest: number }>> = {
  Invocations: { unit: 'None', largest: 1 },
  InvocationsPerInstance: { unit: 'None', largest: 1 },
  Invocation4XXErrors: { unit: 'None', largest: 1 },
  Invocation5XXErrors: { unit: 'None', largest: 1 },
  InvocationModelErrors: { unit: 'None', largest: 1 },
  MidStreamErrors: { unit: 'None', largest: 1 },
  // A container has sixty seconds to answer (AWS: InvokeEndpoint).
  ModelLatency: { unit: 'Microseconds', largest: 60_000_000 },
  OverheadLatency: { unit: 'Microseconds', largest: Number.POSITIVE_INFINITY },
};
const variantMetric = ({ namespace, metric }: WatchedMetric) =>
  namespace === 'AWS/SageMaker' ? variantMetrics[metric] : undefined;

export const ownedByAutoscaling = (name: string): readonly AlarmProblem[] =>
  name.startsWith('TargetTracking-')
    ? [
        {
          kind: 'cannot-fire',
          sentence: `alarm ${name} belongs to Application Auto Scaling: it shows load and not health, and the service may replace it at any time; name an alarm of your own`,
        },
      ]
    : [];

export const redState = (
  name: string,
  state: string | undefined,
  reason: string | undefined,
): readonly AlarmProblem[] =>
  state === 'ALARM'
    ? [
        {
          kind: 'not-ready',
          sentence: `alarm ${name} is already in ALARM${reason ? ` (${reason})` : ''}, so it would take back any release: wait until it is OK`,
        },
      ]
    : [];

export const wrongFleet = (name: string, watched: WatchedMetric, facts: AlarmFacts): readonly AlarmProblem[] => {
  if (!/^(AWS|\/aws)\/[sS]age[mM]aker/.test(watched.namespace)) return [];
  const { EndpointName: endpoint, VariantName: variant, EndpointConfigName: config } = watched.dimensions;
  const other = (kind: string, theirs: string, ours: string): readonly AlarmProblem[] => [
    {
      kind: 'cannot-fire',
      sentence: `alarm ${name} watches ${kind} ${theirs} and this release is ${kind} ${ours}: it would not see the candidate`,
    },
  ];
  if (endpoint !== undefined && endpoint !== facts.endpoint) return other('endpoint', endpoint, facts.endpoint);
  if (variant !== undefined && variant !== facts.variant) return other('variant', variant, facts.variant);
  if (config !== undefined && config !== facts.endpointConfig)
    return other('endpoint config', config, facts.endpointConfig ?? `variant ${facts.variant}`);
  if (!variantMetric(watched)) return [];
  if (endpoint === undefined || variant === undefined)
    return [
      {
        kind: 'cannot-fire',
        sentence: `alarm ${name} lacks the dimension ${endpoint === undefined ? 'EndpointName' : 'VariantName'}, and ${watched.metric} is published only per endpoint and variant: it has no data`,
      },
    ];
  if (config === undefined && facts.endpointConfig !== undefined)
    return [
      {
        kind: 'warning',
        sentence: `alarm ${name} mixes the old and the new fleet: a bad candidate is diluted, and a bad old fleet takes back a good candidate; alarms under \`errors\` and \`latency-p99\` see the candidate alone`,
      },
    ];
  return [];
};

export const wrongUnit = (name: string, watched: WatchedMetric): readonly AlarmProblem[] => {
  if (watched.unit === undefined) return [];
  const stored = variantMetric(watched)?.unit;
  if (stored === undefined)
    return [
      {
        kind: 'warning',
        sentence: `alarm ${name} sets Unit ${watched.unit}: if ${watched.metric} is stored with another unit it has no data`,
      },
    ];
  return stored === watched.unit
    ? []
    : [
        {
          kind: 'cannot-fire',
          sentence: `alarm ${name} sets Unit ${watched.unit} and ${watched.metric} is stored as ${stored}: it has no data, so leave Unit out`,
        },
      ];
};

/** Rule 20: InvocationModelErrors are all answers other than 2xx. An expression may subtract the 4xx. */
export const callersMistakes = (
  name: string,
  alarm: Linted,
  [watched]: readonly WatchedMetric[],
): readonly AlarmProblem[] => {
  if (alarm.Metrics?.length || watched?.namespace !== 'AWS/SageMaker') return [];
  if (watched.metric !== 'InvocationModelErrors' && watched.metric !== 'Invocation4XXErrors') return [];
  return [
    {
      kind: 'warning',
      sentence: `alarm ${name} counts 4xx answers, which are callers' mistakes: they would take back a good candidate; \`errors\` in the manifest leaves them out, and Invocation5XXErrors has none`,
    },
  ];
};

/**
 * Sums, counts and percentages have no upper limit; every other statistic lies in the range of a single observation. `tc90` and
 * `TC(…)` count, `ts90` and `TS(…)` add up, `PR(…)` is a percentage (CloudWatch user guide, "Statistics definitions").
 */
const isTotal = (statistic: string): boolean =>
  ['sum', 'samplecount', 'tc', 'ts', 'pr'].some((start) => statistic.toLowerCase().startsWith(start));

export const outOfRange = (
  name: string,
  alarm: Linted,
  [watched]: readonly WatchedMetric[],
): readonly AlarmProblem[] => {
  const known = watched && variantMetric(watched);
  const { Threshold: threshold, ComparisonOperator: comparison } = alarm;
  const statistic = alarm.Statistic ?? alarm.ExtendedStatistic;
  if (alarm.Metrics?.length || !watched || !known || threshold === undefined || statistic === undefined) return [];
  const total = isTotal(statistic);
  const largest = total ? Number.POSITIVE_INFINITY : known.largest;
  const unit = known.unit === 'Microseconds' ? ' microseconds' : '';
  const values = `${statistic} of ${watched.metric} is ${Number.isFinite(largest) ? `between 0 and ${largest}${unit}` : 'never below 0'}`;
  const never = {
    GreaterThanThreshold: threshold >= largest,
    GreaterThanOrEqualToThreshold: threshold > largest,
    LessThanThreshold: threshold <= 0,
    LessThanOrEqualToThreshold: threshold < 0,
  }[String(comparison)];
  if (never)
    return [
      { kind: 'cannot-fire', sentence: `alarm ${name} cannot go off: ${values}, and the threshold is ${threshold}` },
    ];
  const always = {
    GreaterThanThreshold: threshold < 0,
    GreaterThanOrEqualToThreshold: threshold <= 0,
    LessThanThreshold: threshold > largest,
    LessThanOrEqualToThreshold: threshold >= largest,
  }[String(comparison)];
  if (always)
    return [
      {
        kind: 'warning',
        sentence: `alarm ${name} goes off for any candidate: ${values}, and the threshold is ${threshold}`,
      },
    ];
  if (unit !== '' && String(comparison).startsWith('Greater') && threshold < 1000 && !total)
    return [
      {
        kind: 'warning',
        sentence: `alarm ${name} goes off above ${threshold} microseconds of ${watched.metric}: for milliseconds the threshold is ${threshold * 1000}`,
      },
    ];
  return [];
};

/**
 * @param heldAhead the suite publishes its points ahead, to the end of the update
 * @param during the time in which the alarm can take the candidate back
 */
export const tooSlow = (
  name: string,
  alarm: Linted,
  watched: readonly WatchedMetric[],
  bakeSeconds: number,
  facts: Pick<AlarmFacts, 'now'>,
  heldAhead = false,
  during: 'bake' | 'shift' = 'bake',
): readonly AlarmProblem[] => {
  const period = Math.max(...watched.map((metric) => metric.periodSeconds));
  const m = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods ?? 1;
  const warmUp = warmUpSeconds(alarm, facts);
  const needed = warmUp + period * m + metricDelay / seconds(1);
  const problems: AlarmProblem[] = [];
  if (period < 60 && watched.some((metric) => metric.namespace.startsWith('AWS/')))
    problems.push({
      kind: 'warning',
      sentence: `alarm ${name} has a period of ${period} s and AWS publishes its metric once a minute: most periods have no data`,
    });
  if (needed <= bakeSeconds) return problems;
  const [bake, needs] = [duration(seconds(bakeSeconds)), duration(seconds(needed))];
  // Points published ahead hold it red to the end of the update, so it stops this bake if it can, and otherwise a later one.
  if (heldAhead)
    return [
      {
        kind: 'warning',
        sentence: `the bake of ${bake} is shorter than the ${needs} alarm ${name} may need: a release that is stopped during this bake may go on to the next`,
      },
    ];
  const parts = [
    ...(warmUp > 0 ? [`${duration(seconds(warmUp))} of warm-up`] : []),
    `${m} × ${duration(seconds(period))} of data`,
    `${duration(metricDelay)} until the data can be read`,
  ];
  problems.push({
    kind: 'cannot-fire',
    sentence: `alarm ${name} cannot go off within the ${during} of ${bake}: it needs ${needs} (${parts.join(', ')}); lengthen the bake or shorten the alarm`,
  });
  return problems;
};

/** The remaining warm-up: an old alarm has none. */
const warmUpSeconds = (alarm: Linted, { now }: Pick<AlarmFacts, 'now'>): number => {
  const length = minutes(alarm.WarmUpConfiguration?.WarmUpPeriodDurationInMinutes ?? 0);
  const since = alarm.AlarmConfigurationUpdatedTimestamp?.getTime();
  const left = since === undefined || now === undefined ? length : Math.max(0, since + length - now);
  return left / seconds(1);
};

export const missingData = (
  name: string,
  alarm: Linted,
  watched: readonly WatchedMetric[],
  facts: AlarmFacts,
): readonly AlarmProblem[] => {
  const [dimension, value] =
    facts.endpointConfig === undefined ? ['VariantName', facts.variant] : ['EndpointConfigName', facts.endpointConfig];
  const candidate = watched.some(({ dimensions }) => dimensions[dimension] === value);
  const sageMaker = watched.some((metric) => variantMetric(metric) !== undefined);
  const treatment = alarm.TreatMissingData ?? 'missing';
  if (treatment === 'breaching' && candidate)
    return [
      {
        kind: 'not-ready',
        sentence: `alarm ${name} treats missing data as breaching and the candidate has none before its first request: it would be in ALARM from the start; use notBreaching`,
      },
    ];
  if (treatment === 'breaching' && sageMaker)
    return [
      {
        kind: 'warning',
        sentence: `alarm ${name} treats missing data as breaching: a minute without traffic takes the release back`,
      },
    ];
  if (!candidate && !sageMaker) return [];
  if (treatment === 'missing')
    return [
      {
        kind: 'warning',
        sentence: `alarm ${name} treats missing data as missing: with little traffic a single bad period can count as all of them; use notBreaching`,
      },
    ];
  if (treatment === 'ignore')
    return [
      {
        kind: 'warning',
        sentence: `alarm ${name} ignores missing data: with little traffic it keeps its last state; use notBreaching`,
      },
    ];
  return [];
};

/** AWS: "Percentile-based CloudWatch alarms and low data samples": with fewer than ten samples beyond the percentile, CloudWatch freezes the state. */
export const fewSamples = (
  name: string,
  alarm: Linted,
  { candidateRequestsPerSecond: rate }: AlarmFacts,
): readonly AlarmProblem[] => {
  const percentile = Number(/^p(\d+(?:\.\d+)?)$/.exec(alarm.ExtendedStatistic ?? '')?.[1]) / 100;
  if (alarm.EvaluateLowSampleCountPercentile !== 'ignore' || Number.isNaN(percentile)) return [];
  const needed = Math.ceil(10 / Math.min(1 - percentile, percentile) - 1e-6);
  const period = alarm.Period ?? 60;
  const expected = rate === undefined ? undefined : Math.floor(rate * period);
  const sentence = `alarm ${name} ignores periods with few samples, and ${alarm.ExtendedStatistic} needs ${needed} requests per ${duration(seconds(period))}`;
  return expected !== undefined && expected < needed
    ? [
        {
          kind: 'cannot-fire',
          sentence: `${sentence} while about ${expected} are expected: set EvaluateLowSampleCountPercentile to evaluate`,
        },
      ]
    : [{ kind: 'warning', sentence: `${sentence}: set EvaluateLowSampleCountPercentile to evaluate` }];
};
