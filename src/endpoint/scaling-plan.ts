import type { Autoscaling, EndpointSpec, ScheduledScaling, StepScaling } from '../manifest/manifest.ts';
import type { ScalingSnapshot } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Dimension, dimensionOf, subjectOf, targetOf } from './scaling.ts';
import { compareMetrics, metricText, type Target, type Tracking, targetIn } from './scaling-metric.ts';
import { spellings } from './spellings.ts';

type Item = ScalingSnapshot['policies'][number];
interface StepConfiguration {
  readonly AdjustmentType?: string;
  readonly StepAdjustments?: readonly Band[];
  readonly Cooldown?: number;
  readonly MetricAggregationType?: string;
}
interface Band {
  readonly MetricIntervalLowerBound?: number;
  readonly MetricIntervalUpperBound?: number;
  readonly ScalingAdjustment?: number;
}

/** The way from the live scalable target to the manifest's. */
export interface ScalingPlan {
  /** The target as it will be, and those of its policies and actions that change. */
  readonly put: ScalingSnapshot;
  /** One line a difference: `policy evening-load: target 650 → 400 invocations per instance`. Empty: nothing is put. */
  readonly lines: readonly string[];
  /** Live settings that the manifest does not have, and that stay. */
  readonly kept: readonly string[];
  /** Policies beside which Application Auto Scaling refuses the manifest's policies, or which would contend with them. */
  readonly inTheWay: readonly string[];
}

interface Subject {
  readonly endpoint: string;
  readonly variant: string;
}

/** Compares the manifest's `autoscaling` with the live target. It decides by the metric which policy is the manifest's, not by a name. */
export const planOfScaling = (
  spec: Pick<EndpointSpec, 'name' | 'serverless'>,
  scaling: Autoscaling,
  variant: string,
  existing: ScalingSnapshot | undefined,
): ScalingPlan => {
  const dimension = dimensionOf(spec);
  const about = targetOf(spec.name, variant, dimension);
  const limits = limitsOf(scaling, existing);
  const tracking = planTracking({ endpoint: spec.name, variant }, scaling, about, existing);
  const steps = (scaling.step ?? []).map((step) => planStep(step, about, existing));
  const actions = (scaling.schedule ?? []).map((action) => planAction(action, about, existing));
  const parts = [tracking, ...steps, ...actions];
  return {
    put: {
      ...about,
      ...limits,
      suspended: existing?.suspended ?? { scaleIn: false, scaleOut: false, scheduled: false },
      policies: [tracking, ...steps].flatMap(({ item }) => (item === undefined ? [] : [item])),
      scheduledActions: actions.flatMap(({ item }) => (item === undefined ? [] : [item])),
    },
    lines: [...limitLines(limits, existing, dimension), ...parts.flatMap(({ lines }) => lines)],
    kept: [
      ...keptLimits(scaling, limits, existing),
      ...parts.flatMap(({ kept }) => kept ?? []),
      ...keptBeside(
        existing,
        parts.flatMap(({ name }) => name ?? []),
      ),
    ],
    inTheWay: [
      ...parts.flatMap(({ inTheWay }) => inTheWay ?? []),
      ...steps.flatMap(({ name = '', inTheWay = [] }) =>
        name === tracking.name && inTheWay.length === 0
          ? [`policy ${name} tracks the target of the manifest: name the step policy otherwise`]
          : [],
      ),
    ],
  };
};

/** The unit of capacity, for a reader. */
const unitOf = (dimension: Dimension): string =>
  dimension === 'sagemaker:variant:DesiredInstanceCount' ? 'instances' : 'provisioned concurrency';

type Limits = Pick<ScalingSnapshot, 'minCapacity' | 'maxCapacity'>;

/**
 * The manifest's min and max. A scheduled action changes the limits of the live target, so a limit that an action has set stays until
 * the next action. The last action holds in all of its limits. Where none does, others have set a limit since, and the manifest decides.
 * An action counts if it goes on setting this limit.
 */
export const limitsOf = ({ min, max, schedule = [] }: Autoscaling, existing: ScalingSnapshot | undefined): Limits => {
  const manifest = { minCapacity: min, maxCapacity: max };
  if (existing === undefined || !existing.scheduledActions.some((action) => holds(action, existing))) return manifest;
  const actions = existing.scheduledActions.map((action) => {
    const change = changeOf(action);
    const ours = schedule.find(({ name }) => name === action['ScheduledActionName']);
    return {
      min: ours === undefined || ours.min === change.MinCapacity ? change.MinCapacity : undefined,
      max: ours === undefined || ours.max === change.MaxCapacity ? change.MaxCapacity : undefined,
    };
  });
  const minCapacity = actions.some((action) => action.min === existing.minCapacity) ? existing.minCapacity : min;
  const maxCapacity = actions.some((action) => action.max === existing.maxCapacity) ? existing.maxCapacity : max;
  // Both limits of the target as the last action left them, or neither: half of each may contradict itself.
  return minCapacity > maxCapacity
    ? { minCapacity: existing.minCapacity, maxCapacity: existing.maxCapacity }
    : { minCapacity, maxCapacity };
};

interface LimitChange {
  readonly MinCapacity?: number;
  readonly MaxCapacity?: number;
}
const changeOf = (action: Item): LimitChange => (action['ScalableTargetAction'] ?? {}) as LimitChange;

const holds = (action: Item, { minCapacity, maxCapacity }: Limits): boolean => {
  const { MinCapacity = minCapacity, MaxCapacity = maxCapacity } = changeOf(action);
  return MinCapacity === minCapacity && MaxCapacity === maxCapacity;
};

const limitLines = (
  { minCapacity, maxCapacity }: Limits,
  existing: ScalingSnapshot | undefined,
  dimension: Dimension,
): readonly string[] => {
  if (existing === undefined) return [`none → ${minCapacity} to ${maxCapacity} (${unitOf(dimension)})`];
  return [
    ...(existing.minCapacity === minCapacity ? [] : [`min: ${existing.minCapacity} → ${minCapacity}`]),
    ...(existing.maxCapacity === maxCapacity ? [] : [`max: ${existing.maxCapacity} → ${maxCapacity}`]),
  ];
};

const keptLimits = (
  { min, max }: Autoscaling,
  { minCapacity, maxCapacity }: Limits,
  existing: ScalingSnapshot | undefined,
): readonly string[] =>
  existing === undefined
    ? []
    : [
        ...(minCapacity === min ? [] : [`min ${minCapacity}, which a scheduled action has set (manifest: ${min})`]),
        ...(maxCapacity === max ? [] : [`max ${maxCapacity}, which a scheduled action has set (manifest: ${max})`]),
      ];

/** One policy or action of the manifest against the live ones. */
interface Part {
  /** Of the live policy or action that the manifest's is, or will be. */
  readonly name?: string;
  readonly item?: Item;
  readonly lines: readonly string[];
  readonly kept?: readonly string[];
  readonly inTheWay?: readonly string[];
}

const nameOf = (policy: Item): string => String(policy['PolicyName']);
const trackingOf = (policy: Item): Tracking | undefined =>
  policy['TargetTrackingScalingPolicyConfiguration'] as Tracking | undefined;

type About = Pick<ScalingSnapshot, 'resourceId' | 'dimension'>;

const planTracking = (
  subject: Subject,
  scaling: Autoscaling,
  about: About,
  existing: ScalingSnapshot | undefined,
): Part => {
  const target = targetIn(subject.endpoint, scaling);
  if (target === undefined) return { lines: [] };
  const all = (existing?.policies ?? []).flatMap((policy) => {
    const tracking = trackingOf(policy);
    return tracking === undefined
      ? []
      : [{ policy, tracking, metric: compareMetrics(target.specification, tracking, subject) }];
  });
  const [found, ...doubles] = all.filter(({ metric }) => metric === 'same');
  const ours = `model-delivery-${subject.variant}`;
  const taken = existing?.policies.find((policy) => nameOf(policy) === ours);
  const inTheWay = [
    ...[...doubles, ...all.filter(({ metric }) => metric === 'like')].map(
      ({ policy, tracking }) =>
        `policy ${nameOf(policy)} tracks ${metricText(tracking)} too, with target ${tracking.TargetValue}: delete it, or change its metric`,
    ),
    ...(found === undefined && taken !== undefined && trackingOf(taken) === undefined
      ? [`policy ${ours} has type ${taken['PolicyType']}, and the type of a policy cannot be changed: delete it`]
      : []),
  ];
  const before = found?.policy ?? (taken && trackingOf(taken) ? taken : undefined);
  const name = before === undefined ? ours : nameOf(before);
  const { tracking, lines, kept } = trackedAs(name, target, scaling, before && trackingOf(before), found !== undefined);
  return {
    name,
    lines,
    kept,
    inTheWay,
    ...(lines.length > 0
      ? {
          item: {
            ...subjectOf(about),
            PolicyName: name,
            PolicyType: 'TargetTrackingScaling',
            TargetTrackingScalingPolicyConfiguration: tracking,
          },
        }
      : {}),
  };
};

const seconds = (value: number | undefined): string => (value === undefined ? "AWS's default" : `${value} s`);

/** The policy's configuration: of the live one everything that the manifest does not have. */
const trackedAs = (
  name: string,
  { value, unit, specification }: Target,
  { scaleInCooldownSeconds, scaleOutCooldownSeconds }: Autoscaling,
  before: Tracking | undefined,
  sameMetric: boolean,
): { readonly tracking: Tracking; readonly lines: readonly string[]; readonly kept: readonly string[] } => {
  const cooldown = (label: string, wanted: number | undefined, now: number | undefined): readonly string[] =>
    wanted === undefined || wanted === now
      ? []
      : [`policy ${name}: ${label} ${before === undefined ? '' : `${seconds(now)} → `}${seconds(wanted)}`];
  const { PredefinedMetricSpecification, CustomizedMetricSpecification, ...rest } = before ?? {};
  const metric = sameMetric
    ? withoutUndefined({ PredefinedMetricSpecification, CustomizedMetricSpecification })
    : specification;
  return {
    tracking: {
      ...rest,
      ...metric,
      TargetValue: value,
      ...withoutUndefined({ ScaleInCooldown: scaleInCooldownSeconds, ScaleOutCooldown: scaleOutCooldownSeconds }),
    },
    lines: [
      ...(before === undefined ? [`policy ${name}: none → target ${value} ${unit}`] : []),
      ...(before !== undefined && !sameMetric
        ? [`policy ${name}: target ${before.TargetValue} of ${metricText(before)} → ${value} ${unit}`]
        : []),
      ...(before !== undefined && sameMetric && before.TargetValue !== value
        ? [`policy ${name}: target ${before.TargetValue} → ${value} ${unit}`]
        : []),
      ...cooldown('scale-in cooldown', scaleInCooldownSeconds, before?.ScaleInCooldown),
      ...cooldown('scale-out cooldown', scaleOutCooldownSeconds, before?.ScaleOutCooldown),
    ],
    kept: [
      ...(before?.DisableScaleIn ? [`policy ${name} does not scale in`] : []),
      ...(scaleInCooldownSeconds === undefined && before?.ScaleInCooldown !== undefined
        ? [`scale-in cooldown ${before.ScaleInCooldown} s of policy ${name}`]
        : []),
      ...(scaleOutCooldownSeconds === undefined && before?.ScaleOutCooldown !== undefined
        ? [`scale-out cooldown ${before.ScaleOutCooldown} s of policy ${name}`]
        : []),
    ],
  };
};

const planStep = (step: StepScaling, about: About, existing: ScalingSnapshot | undefined): Part => {
  const { name } = step;
  const live = existing?.policies.find((policy) => nameOf(policy) === name);
  const before = live?.['StepScalingPolicyConfiguration'] as StepConfiguration | undefined;
  if (live !== undefined && before === undefined)
    return {
      name,
      lines: [],
      inTheWay: [
        `policy ${name} has type ${live['PolicyType']}, and the type of a policy cannot be changed: delete it, or name the step policy otherwise`,
      ],
    };
  const wanted: StepConfiguration = {
    AdjustmentType: spellings.adjustment[step.adjustment ?? 'change'],
    StepAdjustments: step.steps.map(({ from, to, by }) => ({
      ...withoutUndefined({ MetricIntervalLowerBound: from, MetricIntervalUpperBound: to }),
      ScalingAdjustment: by,
    })),
    ...withoutUndefined({
      Cooldown: step.cooldownSeconds,
      MetricAggregationType: step.aggregation && spellings.aggregation[step.aggregation],
    }),
  };
  const differ = <Key extends keyof StepConfiguration>(key: Key, text: (value: StepConfiguration) => string) =>
    wanted[key] === undefined || (before !== undefined && text(before) === text(wanted))
      ? []
      : [`policy ${name}: ${before === undefined ? 'none' : text(before)} → ${text(wanted)}`];
  const lines = [
    ...differ('AdjustmentType', ({ AdjustmentType }) => `${AdjustmentType}`),
    ...differ('StepAdjustments', ({ StepAdjustments = [] }) => bandsText(StepAdjustments)),
    ...differ('Cooldown', ({ Cooldown }) => `cooldown ${seconds(Cooldown)}`),
    ...differ('MetricAggregationType', (one) => `${one.MetricAggregationType ?? 'Average'} of the metric`),
  ];
  return {
    name,
    lines,
    ...(lines.length > 0
      ? {
          item: {
            ...subjectOf(about),
            PolicyName: name,
            PolicyType: 'StepScaling',
            StepScalingPolicyConfiguration: { ...before, ...wanted },
          },
        }
      : {}),
  };
};

const bandsText = (bands: readonly Band[]): string =>
  bands
    .map(({ MetricIntervalLowerBound: from, MetricIntervalUpperBound: to, ScalingAdjustment: by = 0 }) => ({
      from: from ?? Number.NEGATIVE_INFINITY,
      text: `${by > 0 ? '+' : ''}${by}${from === undefined ? '' : ` from ${from}`}${to === undefined ? '' : ` to ${to}`}`,
    }))
    .toSorted((one, other) => one.from - other.from)
    .map(({ text }) => text)
    .join(', ');

const planAction = (action: ScheduledScaling, about: About, existing: ScalingSnapshot | undefined): Part => {
  const { name, at, timezone, min, max } = action;
  const live = existing?.scheduledActions.find((other) => other['ScheduledActionName'] === name);
  const before = live && textOf(live, timezone !== undefined);
  const item: Item = {
    ...live,
    ...subjectOf(about),
    ScheduledActionName: name,
    Schedule: at,
    ...withoutUndefined({ Timezone: timezone }),
    ScalableTargetAction: withoutUndefined({ MinCapacity: min, MaxCapacity: max }),
  };
  const after = textOf(item, timezone !== undefined);
  const period = live && ['StartTime', 'EndTime'].filter((key) => live[key] !== undefined);
  return {
    name: `action ${name}`,
    lines: before === after ? [] : [`scheduled action ${name}: ${before ?? 'none'} → ${after}`],
    kept: period?.map((key) => `${key} of scheduled action ${name}`) ?? [],
    ...(before === after ? {} : { item }),
  };
};

const textOf = (action: Item, zoned: boolean): string => {
  const change = changeOf(action);
  return [
    `${action['Schedule']}${zoned || action['Timezone'] !== undefined ? ` ${action['Timezone'] ?? 'UTC'}` : ''}`,
    ...(change.MinCapacity === undefined ? [] : [`min ${change.MinCapacity}`]),
    ...(change.MaxCapacity === undefined ? [] : [`max ${change.MaxCapacity}`]),
  ].join(', ');
};

/** Policies and actions of others, and suspensions, which the manifest cannot express. */
const keptBeside = (existing: ScalingSnapshot | undefined, mine: readonly string[]): readonly string[] => {
  if (existing === undefined) return [];
  const { policies, scheduledActions, suspended } = existing;
  return [
    ...policies.filter((policy) => !mine.includes(nameOf(policy))).map(policyText),
    ...scheduledActions
      .filter((action) => !mine.includes(`action ${action['ScheduledActionName']}`))
      .map((action) => `scheduled action ${action['ScheduledActionName']} (${textOf(action, false)})`),
    ...(suspended.scaleIn ? ['scale-in is suspended'] : []),
    ...(suspended.scaleOut ? ['scale-out is suspended'] : []),
    ...(suspended.scheduled ? ['scheduled scaling is suspended'] : []),
  ];
};

const policyText = (policy: Item): string => {
  const tracking = trackingOf(policy);
  const what =
    tracking === undefined ? String(policy['PolicyType']) : `target ${tracking.TargetValue} of ${metricText(tracking)}`;
  return `policy ${nameOf(policy)} (${what})`;
};

/** The whole live target, for a manifest without `autoscaling`. */
export const keptScaling = (existing: ScalingSnapshot): readonly string[] => [
  `${existing.minCapacity} to ${existing.maxCapacity} (${unitOf(subjectOf(existing).ScalableDimension)})`,
  ...keptBeside(existing, []),
];
