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

/** One alarm of a release, as PutMetricAlarm takes it. The description says what it watches, and when it had to be shortened. */
export type AlarmSpec = PutMetricAlarmInput & {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
};

const periodSeconds = 60;
const delaySeconds = metricDelay / seconds(1);
/** One minute of data, and the minutes until it can be read: in a shorter bake no alarm on the candidate can go off. */
export const shortestAlarmedBakeSeconds = periodSeconds + delaySeconds;

/** The metric that stops a release: nothing else does, there is no call that aborts an update (reference/sagemaker.md §3.3). */
export const abortMetric = (endpoint: string, endpointConfig: string) => ({
  namespace: 'ModelDelivery',
  metric: 'Abort',
  dimensions: dimensionsOf({ endpoint, endpointConfig }),
});

/** What alarms are asked for, of a candidate that bakes this long at least. */
interface AskedAlarms {
  readonly alarms: Alarms;
  /** The shortest bake of the rollout. */
  readonly bakeSeconds: number;
}

/**
 * What the manifest asks for, on the candidate alone. SageMaker publishes the dimensions of its fleet from the fleet's first request on
 * (AWS: deployment guardrails, "Auto-rollback configuration"); without the config both fleets are in one metric (rule 6). A candidate
 * that is a variant of its own is alone in the metrics of its variant; the config's dimension is documented for guardrail deployments
 * only. Two bad minutes of three; one bad minute where the bake is too short for two to be
 * read before it ends.
 * @param prefix of their names: the configuration the release publishes
 */
export const candidateAlarms = (
  arm: CountedFleet | CountedVariant,
  prefix: string,
  { alarms, bakeSeconds }: AskedAlarms,
): readonly AlarmSpec[] => {
  const short = bakeSeconds < 2 * periodSeconds + delaySeconds;
  const [m, n] = short ? [1, 1] : [2, 3];
  const why = short ? ` (1 of 1 instead of 2 of 3: the bake is only ${duration(seconds(bakeSeconds))})` : '';
  const evaluation = {
    EvaluationPeriods: n,
    DatapointsToAlarm: m,
    // No traffic is no guilt; that a bake without traffic proves nothing is rule 5's business.
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
 * The alarms of one guardrail deployment: the candidate's, and the suite's own abort alarm. Without a bake there is no abort alarm: nobody
 * would look at it.
 */
export const releaseAlarms = (request: CountedFleet & AskedAlarms): readonly AlarmSpec[] => {
  const { endpoint, endpointConfig, bakeSeconds } = request;
  const abort = abortMetric(endpoint, endpointConfig);
  return [
    ...candidateAlarms(request, endpointConfig, request),
    ...(bakeSeconds === 0
      ? []
      : [
          named(endpointConfig, 'abort', {
            AlarmDescription: 'the release was told to stop',
            Namespace: abort.namespace,
            MetricName: abort.metric,
            Dimensions: abort.dimensions,
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

/** 1 per answer with a 5xx, else 0: the average is the rate, and never above 1. */
const serverErrors = { MetricName: 'Invocation5XXErrors', Statistic: 'Average' } as const;

/**
 * Rule 20: failures by the model's fault, as a share of the requests. InvocationModelErrors contains 4xx, so those are taken off. Where the
 * two series do not fit together (one of them arrived first), only the 5xx are certainly the model's. A minute without requests has
 * no value: nothing is filled in there.
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

/** More than any endpoint answers in a minute. */
const neverReached = 1_000_000_000;

/** Content-addressed (rule 8): another threshold is another alarm. At most 63 + 21 of the 255 characters CloudWatch allows. */
const named = (endpointConfig: string, what: string, spec: Omit<AlarmSpec, 'AlarmName'>): AlarmSpec =>
  ({ ...spec, AlarmName: `${endpointConfig}-${what}-${digest(spec).slice(0, 8)}` }) as AlarmSpec;

/** What AWS lets a deployment watch (AWS: AutoRollbackConfiguration). */
const mostAlarms = 10;

/**
 * Everything about a rollout's alarms together: too many, missing, composite, and each by itself (`lintAlarm`).
 * @param named names the manifest gives
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
  // Of a candidate that is a variant of its own this suite reads the states itself: as many alarms as people name, of either kind.
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
 * Whether one alarm can protect this release: rule 6. Whether its actions are enabled does not matter, SageMaker reads the state.
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

/** An expression may compare a candidate that is a variant of its own with the variant beside it: that one is not the wrong one then. */
const comparedWith = (
  watched: readonly WatchedMetric[],
  { endpoint, variant, endpointConfig }: AlarmFacts,
): readonly WatchedMetric[] => {
  const own = watched.filter(
    ({ dimensions }) => dimensions['EndpointName'] === endpoint && dimensions['VariantName'] === variant,
  );
  return endpointConfig === undefined && own.length > 0 ? own : watched;
};

const isAbort = ({ namespace, metric }: WatchedMetric): boolean => {
  const abort = abortMetric('', '');
  return namespace === abort.namespace && metric === abort.metric;
};
