import type { MetricAlarm, PutMetricAlarmInput } from '../aws/cloudwatch.ts';
import { duration, seconds } from '../clock.ts';
import { digest } from '../digest.ts';
import { kinds } from '../endpoint/kind.ts';
import { percent } from '../judge/amounts.ts';
import type { Alarms } from '../manifest/manifest.ts';
import {
  type AlarmFacts,
  type AlarmProblem,
  callersMistakes,
  fewSamples,
  type Linted,
  missingData,
  outOfRange,
  ownedByAutoscaling,
  redState,
  tooSlow,
  type WatchedMetric,
  watchedMetrics,
  wrongFleet,
  wrongUnit,
} from './alarm-lint.ts';
import { dimensionsOf } from './dimensions.ts';
import { type CountedFleet, type CountedVariant, metricDelay } from './traffic.ts';

/** One alarm of a release, as PutMetricAlarm takes it. The description names the watched quantity, and the reason for a shortened evaluation. */
export type AlarmSpec = PutMetricAlarmInput & {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
};

const periodSeconds = 60;
const delaySeconds = metricDelay / seconds(1);
/** One minute of data, and the minutes until it can be read: no alarm on the candidate can go off in a shorter bake. */
export const shortestAlarmedBakeSeconds = periodSeconds + delaySeconds;

const abort = { namespace: 'ModelDelivery', metric: 'Abort' } as const;

/** The metric that stops a release. It is the only way: no call aborts an update (reference/sagemaker.md §3.3). */
export const abortMetric = (endpoint: string, endpointConfig: string) => ({
  ...abort,
  dimensions: dimensionsOf({ endpoint, endpointConfig }),
});

/** The manifest's alarms for a candidate, and the time that it bakes at least. */
interface AlarmRequest {
  readonly alarms: Alarms;
  /** The shortest bake of the rollout. */
  readonly bakeSeconds: number;
}

/**
 * The manifest's alarms, on the candidate alone. SageMaker publishes the dimensions of its fleet from the fleet's first request on
 * (AWS: deployment guardrails, "Auto-rollback configuration"). Without the config's dimension one metric has both fleets (rule 6).
 * A candidate that is a variant of its own is alone in its variant's metrics; the config's dimension is documented for guardrail
 * deployments only. An alarm needs two bad minutes of three; it needs one where the bake ends before two can be read.
 * @param prefix of the alarms' names: the configuration that the release publishes
 */
export const candidateAlarms = (
  arm: CountedFleet | CountedVariant,
  prefix: string,
  { alarms, bakeSeconds }: AlarmRequest,
): readonly AlarmSpec[] => {
  const short = bakeSeconds < 2 * periodSeconds + delaySeconds;
  const [m, n] = short ? [1, 1] : [2, 3];
  const why = short ? ` (1 of 1 instead of 2 of 3: the bake is only ${duration(seconds(bakeSeconds))})` : '';
  const evaluation = {
    EvaluationPeriods: n,
    DatapointsToAlarm: m,
    // A candidate without traffic is not guilty. Rule 5 handles a bake without traffic, which proves nothing.
    TreatMissingData: 'notBreaching',
  } as const;
  const fleet = {
    Namespace: 'AWS/SageMaker',
    Dimensions: dimensionsOf(arm),
    Period: periodSeconds,
    ...evaluation,
  } as const;
  const { errors, latencyP99Milliseconds: latency } = alarms;
  return [
    ...(errors === undefined
      ? []
      : [
          named(prefix, 'errors', {
            ...(kinds[arm.kind ?? 'instances'].failures === 'server-errors'
              ? { ...fleet, ...serverErrors }
              : { ...evaluation, Metrics: errorRate(arm) }),
            AlarmDescription: `more than ${percent(errors, 6)} of the candidate's requests fail, callers' mistakes (4xx) not counted${why}`,
            Threshold: errors,
            ComparisonOperator: errors < 1 ? 'GreaterThanThreshold' : 'GreaterThanOrEqualToThreshold',
          }),
        ]),
    ...(latency === undefined
      ? []
      : [
          named(prefix, 'latency-p99', {
            ...fleet,
            AlarmDescription: `the candidate's p99 latency is above ${latency} ms${why}`,
            MetricName: 'ModelLatency',
            ExtendedStatistic: 'p99',
            // `ignore` would freeze the state below 1,000 requests a minute (reference/sagemaker.md §5.1).
            EvaluateLowSampleCountPercentile: 'evaluate',
            // ModelLatency is in microseconds.
            Threshold: latency * 1000,
            ComparisonOperator: 'GreaterThanThreshold',
          }),
        ]),
  ];
};

/**
 * The alarms of one guardrail deployment: the candidate's, and the suite's own abort alarm. A deployment without a bake has no abort
 * alarm: SageMaker would never read it.
 */
export const releaseAlarms = (request: CountedFleet & AlarmRequest): readonly AlarmSpec[] => {
  const { endpoint, endpointConfig, bakeSeconds } = request;
  const { namespace, metric, dimensions } = abortMetric(endpoint, endpointConfig);
  return [
    ...candidateAlarms(request, endpointConfig, request),
    ...(bakeSeconds === 0
      ? []
      : [
          named(endpointConfig, 'abort', {
            AlarmDescription: 'the release was told to stop',
            Namespace: namespace,
            MetricName: metric,
            Dimensions: dimensions,
            Statistic: 'Maximum',
            Threshold: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            Period: periodSeconds,
            EvaluationPeriods: 1,
            DatapointsToAlarm: 1,
            TreatMissingData: 'notBreaching',
          }),
        ]),
  ];
};

/** Each answer counts 1 with a 5xx and 0 otherwise: the average is the rate, and never exceeds 1. */
const serverErrors = { MetricName: 'Invocation5XXErrors', Statistic: 'Average' } as const;

/**
 * Rule 20: the model's own failures, as a share of the requests. InvocationModelErrors contains the 4xx, so the expression subtracts
 * them. Where the two series do not fit together (one of them arrived first), only the 5xx are certainly the model's. A minute without
 * requests keeps no value.
 */
const errorRate = (arm: CountedFleet | CountedVariant): NonNullable<PutMetricAlarmInput['Metrics']> => [
  {
    Id: 'rate',
    Label: "failed requests, callers' mistakes not counted",
    Expression: `IF(FILL(answers, 0) >= FILL(callers, ${neverReached}), FILL(answers, 0) - FILL(callers, 0), FILL(server, 0)) / requests`,
    ReturnData: true,
  },
  ...(
    [
      ['requests', 'Invocations'],
      ['answers', 'InvocationModelErrors'],
      ['callers', 'Invocation4XXErrors'],
      ['server', 'Invocation5XXErrors'],
    ] as const
  ).map(([Id, MetricName]) => ({
    Id,
    MetricStat: {
      Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions: dimensionsOf(arm) },
      Period: periodSeconds,
      Stat: 'Sum',
    },
    ReturnData: false,
  })),
];

/** No endpoint gives so many answers in a minute. */
const neverReached = 1_000_000_000;

/** Content-addressed (rule 8): another threshold is another alarm. At most 63 + 21 of the 255 characters CloudWatch allows. */
const named = (endpointConfig: string, purpose: string, spec: Omit<AlarmSpec, 'AlarmName'>): AlarmSpec =>
  ({ ...spec, AlarmName: `${endpointConfig}-${purpose}-${digest(spec).slice(0, 8)}` }) as AlarmSpec;

/** AWS's limit on the alarms of a deployment (AWS: AutoRollbackConfiguration). */
const mostAlarms = 10;

/**
 * Checks all alarms of a rollout: too many, missing, composite, and each by itself (`lintAlarm`).
 * @param named names in the manifest
 * @param described what DescribeAlarms (AlarmTypes MetricAlarm and CompositeAlarm) returned for them
 */
export const lintAlarms = (
  own: readonly AlarmSpec[],
  named: readonly string[],
  described: {
    readonly metric: readonly MetricAlarm[];
    readonly composite: readonly {
      readonly AlarmName?: string | undefined;
      readonly StateValue?: string | undefined;
    }[];
  },
  bakeSeconds: number,
  facts: AlarmFacts,
): readonly AlarmProblem[] => {
  const total = own.length + named.length;
  const problems: AlarmProblem[] = [];
  // Where the candidate is a variant of its own, this suite reads the states itself: any number of alarms, of either kind.
  const bySageMaker = facts.endpointConfig !== undefined;
  if (bySageMaker && total > mostAlarms)
    problems.push({
      kind: 'cannot-fire',
      sentence: `SageMaker watches at most ${mostAlarms} alarms and this rollout has ${total}, ${own.length} of them the suite's own: name at most ${mostAlarms - own.length}`,
    });
  for (const spec of own) problems.push(...lintAlarm(spec, bakeSeconds, facts));
  for (const name of named) {
    const metric = described.metric.find(({ AlarmName }) => AlarmName === name);
    const composite = described.composite.find(({ AlarmName }) => AlarmName === name);
    if (metric) problems.push(...lintAlarm(metric, bakeSeconds, facts));
    else if (composite) {
      if (bySageMaker)
        problems.push({
          kind: 'warning',
          sentence: `alarm ${name} is a composite alarm; whether SageMaker watches those is not documented, so name its metric alarms instead`,
        });
      problems.push(...redState(name, composite.StateValue, undefined));
    } else
      problems.push({
        kind: 'not-ready',
        sentence: `alarm ${name} does not exist in this account and region: create it, or take it out of the manifest`,
      });
  }
  return problems;
};

/**
 * Checks that one alarm can protect this release: rule 6. Disabled actions do not matter: SageMaker reads the state.
 * @param alarm as DescribeAlarms returns it, or as PutMetricAlarm takes it
 * @param bakeSeconds the shortest bake
 */
export const lintAlarm = (alarm: Linted, bakeSeconds: number, facts: AlarmFacts): readonly AlarmProblem[] => {
  const name = alarm.AlarmName ?? '';
  const watched = watchedMetrics(alarm);
  return [
    ...ownedByAutoscaling(name),
    ...redState(name, alarm.StateValue, alarm.StateReason),
    ...comparedWith(watched, facts).flatMap((metric) => wrongFleet(name, metric, facts)),
    ...watched.flatMap((metric) => wrongUnit(name, metric)),
    ...callersMistakes(name, alarm, watched),
    ...outOfRange(name, alarm, watched),
    ...tooSlow(name, alarm, watched, bakeSeconds, facts, watched.some(isAbort)),
    ...missingData(name, alarm, watched, facts),
    ...fewSamples(name, alarm, facts),
  ];
};

/** An expression may compare a candidate variant with the variant beside it: the latter is not a wrong fleet then. */
const comparedWith = (
  watched: readonly WatchedMetric[],
  { endpoint, variant, endpointConfig }: AlarmFacts,
): readonly WatchedMetric[] => {
  const own = watched.filter(
    ({ dimensions }) => dimensions['EndpointName'] === endpoint && dimensions['VariantName'] === variant,
  );
  return endpointConfig === undefined && own.length > 0 ? own : watched;
};

const isAbort = ({ namespace, metric }: WatchedMetric): boolean =>
  namespace === abort.namespace && metric === abort.metric;
