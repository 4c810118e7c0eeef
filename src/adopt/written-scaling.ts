import type { MetricAlarm } from '../aws/cloudwatch.ts';
import { compareMetrics, metricText, type Tracking, targetIn } from '../endpoint/scaling-metric.ts';
import { keptScaling } from '../endpoint/scaling-plan.ts';
import { spellings, wordFor } from '../endpoint/spellings.ts';
import type { ScalingSnapshot } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Against } from './compared.ts';
import type { Written } from './trial.ts';
import type { Part } from './written-settings.ts';
import { whyNot } from './written-settings.ts';

type Item = ScalingSnapshot['policies'][number];

/** One policy or action, as keys of `autoscaling`. */
interface Piece {
  readonly name: string;
  readonly keys?: Written;
  /** Why the manifest cannot have it. */
  readonly because?: string;
}

/** `autoscaling`, with each policy and action that the manifest can have. The others stay as they are: deliveries keep them. */
export const writtenScaling = (against: Against, before: Written): Part => {
  const { found } = against;
  const { scaling } = found;
  if (scaling === undefined) return { keys: before, remarks: [] };
  const limits = { min: scaling.minCapacity, max: scaling.maxCapacity };
  const remarks: string[] = [];
  let own: Written = {};
  for (const { name, keys, because } of piecesOf(against, scaling)) {
    const next = keys === undefined ? undefined : joined(own, keys);
    const reason =
      next === undefined ? because : whyNot(against, before, { ...before, autoscaling: { ...limits, ...next } });
    if (next !== undefined && reason === undefined) own = next;
    else remarks.push(`autoscaling: ${name} stays, and is not in this manifest: ${reason}`);
  }
  if (Object.keys(own).length === 0)
    return {
      keys: before,
      remarks: [...remarks, ...keptScaling(scaling).map((line) => `autoscaling stays as it is: ${line}`)],
    };
  const byActions = scaling.scheduledActions.length > 0;
  return {
    keys: { ...before, autoscaling: { ...limits, ...own } },
    remarks: [
      ...remarks,
      ...(byActions ? ['autoscaling: min and max are those of now; a scheduled action may have set them'] : []),
    ],
  };
};

/** Lists grow, other keys are added. */
const joined = (own: Written, more: Written): Written => ({
  ...own,
  ...Object.fromEntries(
    Object.entries(more).map(([key, value]) => [
      key,
      Array.isArray(value) ? [...((own[key] as readonly unknown[] | undefined) ?? []), ...value] : value,
    ]),
  ),
});

const piecesOf = (against: Against, { policies, scheduledActions, arns = {} }: ScalingSnapshot): readonly Piece[] => [
  ...policies.map((policy) => {
    const name = `policy ${policy['PolicyName']}`;
    const tracking = policy['TargetTrackingScalingPolicyConfiguration'] as Tracking | undefined;
    if (tracking !== undefined) return { name, ...trackingPiece(against, tracking) };
    const arn = arns[String(policy['PolicyName'])];
    return { name, ...stepPiece(policy, arn, against.found.alarms) };
  }),
  ...scheduledActions.map(actionPiece),
];

/** The targets that a manifest can have, each with some value. */
const targets = [
  ['invocations-per-instance', { invocationsPerInstance: 1 }],
  ['backlog-per-instance', { backlogPerInstance: 1 }],
  ['concurrency-utilization', { concurrencyUtilization: 1 }],
] as const;

const trackingPiece = ({ found: { endpoint, variant } }: Against, tracking: Tracking): Omit<Piece, 'name'> => {
  const key = targets.find(([, target]) => {
    const wanted = targetIn(endpoint, { min: 1, max: 1, ...target });
    return wanted && compareMetrics(wanted.specification, tracking, { endpoint, variant }) === 'same';
  })?.[0];
  if (key === undefined) return { because: `it tracks ${metricText(tracking)}, which is no target of a manifest` };
  return {
    keys: withoutUndefined({
      [key]: tracking.TargetValue,
      'scale-in-cooldown': inSeconds(tracking.ScaleInCooldown),
      'scale-out-cooldown': inSeconds(tracking.ScaleOutCooldown),
    }),
  };
};

const inSeconds = (value: number | undefined): string | undefined => (value === undefined ? undefined : `${value}s`);

const stepPiece = (policy: Item, arn: string | undefined, alarms: readonly MetricAlarm[]): Omit<Piece, 'name'> => {
  const step = policy['StepScalingPolicyConfiguration'] as
    | {
        readonly AdjustmentType?: string;
        readonly StepAdjustments?: readonly {
          readonly MetricIntervalLowerBound?: number;
          readonly MetricIntervalUpperBound?: number;
          readonly ScalingAdjustment?: number;
        }[];
        readonly Cooldown?: number;
        readonly MetricAggregationType?: string;
      }
    | undefined;
  if (step === undefined) return { because: `its type is ${policy['PolicyType']}` };
  const starting = arn === undefined ? [] : alarms.filter(({ AlarmActions }) => AlarmActions?.includes(arn));
  const [alarm, ...others] = starting;
  if (alarm === undefined || others.length > 0)
    return { because: alarm === undefined ? 'no alarm starts it' : 'more than one alarm starts it' };
  return {
    keys: {
      step: [
        withoutUndefined({
          name: policy['PolicyName'],
          alarm: alarm.AlarmName,
          // `change` is the default.
          adjustment:
            step.AdjustmentType === spellings.adjustment.change
              ? undefined
              : wordFor('adjustment', step.AdjustmentType),
          steps: (step.StepAdjustments ?? []).map((band) =>
            withoutUndefined({
              from: band.MetricIntervalLowerBound,
              to: band.MetricIntervalUpperBound,
              by: band.ScalingAdjustment,
            }),
          ),
          cooldown: inSeconds(step.Cooldown),
          aggregation: wordFor('aggregation', step.MetricAggregationType),
        }),
      ],
    },
  };
};

const actionPiece = (action: Item): Piece => {
  const change = (action['ScalableTargetAction'] ?? {}) as {
    readonly MinCapacity?: number;
    readonly MaxCapacity?: number;
  };
  return {
    name: `scheduled action ${action['ScheduledActionName']}`,
    keys: {
      schedule: [
        withoutUndefined({
          name: action['ScheduledActionName'],
          at: action['Schedule'],
          timezone: action['Timezone'],
          min: change.MinCapacity,
          max: change.MaxCapacity,
        }),
      ],
    },
  };
};
