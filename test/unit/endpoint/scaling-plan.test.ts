import { describe, expect, test } from '@jest/globals';
import { limitsOf, planOfScaling } from '../../../src/endpoint/scaling-plan.ts';
import type { Autoscaling } from '../../../src/manifest/manifest.ts';
import type { ScalingSnapshot } from '../../../src/release/record.ts';

const about = {
  ServiceNamespace: 'sagemaker',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  ResourceId: 'endpoint/churn/variant/main',
};
const predefined = {
  PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
};
const custom = (MetricName: string, Statistic: string, names = ['EndpointName', 'VariantName']) => ({
  CustomizedMetricSpecification: {
    MetricName,
    Namespace: 'AWS/SageMaker',
    Statistic,
    Dimensions: names.map((Name) => ({ Name, Value: Name === 'EndpointName' ? 'churn' : 'main' })),
  },
});
const tracking = (PolicyName: string, TargetValue: number, more: object = predefined) => ({
  ...about,
  PolicyName,
  PolicyType: 'TargetTrackingScaling',
  TargetTrackingScalingPolicyConfiguration: { TargetValue, ...more },
});
const stepping = (PolicyName: string, configuration: object) => ({
  ...about,
  PolicyName,
  PolicyType: 'StepScaling',
  StepScalingPolicyConfiguration: configuration,
});
const action = (ScheduledActionName: string, Schedule: string, change: object, more: object = {}) => ({
  ...about,
  ScheduledActionName,
  Schedule,
  ScalableTargetAction: change,
  ...more,
});
const live = (more: Partial<ScalingSnapshot> = {}): ScalingSnapshot => ({
  resourceId: about.ResourceId,
  minCapacity: 2,
  maxCapacity: 6,
  suspended: { scaleIn: false, scaleOut: false, scheduled: false },
  policies: [],
  scheduledActions: [],
  ...more,
});
const invocations: Autoscaling = { min: 2, max: 6, invocationsPerInstance: 400 };
const plan = (scaling: Autoscaling, existing?: ScalingSnapshot, spec: object = {}) =>
  planOfScaling({ name: 'churn', ...spec }, scaling, 'main', existing);

describe('target tracking', () => {
  test('nothing there yet: the target and a policy of our name', () => {
    const { put, lines, kept, inTheWay } = plan({ ...invocations, scaleInCooldownSeconds: 60 });
    expect(lines).toEqual([
      'none → 2 to 6 (instances)',
      'policy model-delivery-main: none → target 400 invocations per instance',
      'policy model-delivery-main: scale-in cooldown 60 s',
    ]);
    expect(put).toEqual(
      live({ policies: [tracking('model-delivery-main', 400, { ...predefined, ScaleInCooldown: 60 })] }),
    );
    expect([kept, inTheWay]).toEqual([[], []]);
  });
  test('a policy on the metric under another name is brought to the target; its name and its other settings stay', () => {
    const theirs = { ...predefined, ScaleInCooldown: 120, ScaleOutCooldown: 30, DisableScaleIn: true };
    const { put, lines, kept } = plan(
      { ...invocations, max: 8, scaleOutCooldownSeconds: 90 },
      live({ policies: [tracking('evening', 650, theirs)] }),
    );
    expect(lines).toEqual([
      'max: 6 → 8',
      'policy evening: target 650 → 400 invocations per instance',
      'policy evening: scale-out cooldown 30 s → 90 s',
    ]);
    expect(put.policies).toEqual([tracking('evening', 400, { ...theirs, ScaleOutCooldown: 90 })]);
    expect(kept).toEqual(['policy evening does not scale in', 'scale-in cooldown 120 s of policy evening']);
  });
  test('the same metric in a customised specification is the same policy', () => {
    const theirs = custom('InvocationsPerInstance', 'Sum');
    const { put, lines } = plan(invocations, live({ policies: [tracking('terraform', 650, theirs)] }));
    expect(lines).toEqual(['policy terraform: target 650 → 400 invocations per instance']);
    expect(put.policies).toEqual([tracking('terraform', 400, theirs)]);
  });
  test('as wanted: nothing is put', () => {
    const existing = live({ policies: [tracking('evening', 400)] });
    expect(plan(invocations, existing)).toEqual({ put: live(), lines: [], kept: [], inTheWay: [] });
  });
  test('our policy follows the manifest to another metric', () => {
    const { put, lines } = plan(
      { min: 2, max: 6, backlogPerInstance: 5 },
      live({ policies: [tracking('model-delivery-main', 400)] }),
    );
    expect(lines).toEqual([
      'policy model-delivery-main: target 400 of SageMakerVariantInvocationsPerInstance → 5 queued requests per instance',
    ]);
    expect(put.policies).toEqual([
      tracking('model-delivery-main', 5, custom('ApproximateBacklogSizePerInstance', 'Average', ['EndpointName'])),
    ]);
  });
  test('provisioned concurrency is a dimension of its own', () => {
    const { put } = plan({ min: 1, max: 4, concurrencyUtilization: 0.7 }, undefined, { serverless: {} });
    const ScalableDimension = 'sagemaker:variant:DesiredProvisionedConcurrency';
    expect(put.dimension).toBe(ScalableDimension);
    expect(put.policies).toEqual([
      {
        ...tracking('model-delivery-main', 0.7, {
          PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantProvisionedConcurrencyUtilization' },
        }),
        ScalableDimension,
      },
    ]);
  });
});

test('a policy on the use of provisioned concurrency, under another name', () => {
  const use = {
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantProvisionedConcurrencyUtilization' },
  };
  const existing = live({
    dimension: 'sagemaker:variant:DesiredProvisionedConcurrency',
    policies: [tracking('warm', 0.5, use)],
  });
  expect(plan({ min: 2, max: 6, concurrencyUtilization: 0.7 }, existing, { serverless: {} }).lines).toEqual([
    'policy warm: target 0.5 → 0.7 utilization of the provisioned concurrency',
  ]);
});

describe('in the way', () => {
  test.each([
    [
      'the metric by another statistic',
      [tracking('average', 3, custom('InvocationsPerInstance', 'Average'))],
      'policy average tracks Average of AWS/SageMaker/InvocationsPerInstance too, with target 3: delete it, or change its metric',
    ],
    [
      'a second policy with the same numbers',
      [tracking('first', 400), tracking('second', 9, custom('InvocationsPerInstance', 'Sum'))],
      'policy second tracks Sum of AWS/SageMaker/InvocationsPerInstance too, with target 9: delete it, or change its metric',
    ],
    [
      'our name, taken by a step policy',
      [stepping('model-delivery-main', { AdjustmentType: 'ChangeInCapacity', StepAdjustments: [] })],
      'policy model-delivery-main has type StepScaling, and the type of a policy cannot be changed: delete it',
    ],
  ])('%s', (_what, policies, sentence) => {
    expect(plan(invocations, live({ policies })).inTheWay).toEqual([sentence]);
  });
  test('the name of a step policy, taken by target tracking', () => {
    const step = [{ name: 'wake', alarm: 'queue', steps: [{ by: 1 }] }];
    const existing = live({
      policies: [tracking('evening', 400), tracking('wake', 3, custom('CPUUtilization', 'Average'))],
    });
    expect(plan({ ...invocations, step }, existing).inTheWay).toEqual([
      'policy wake has type TargetTrackingScaling, and the type of a policy cannot be changed: delete it, or name the step policy otherwise',
    ]);
  });
  test('the name of a step policy, which is that of our policy', () => {
    const step = [{ name: 'model-delivery-main', alarm: 'queue', steps: [{ by: 1 }] }];
    expect(plan({ ...invocations, step }).inTheWay).toEqual([
      'policy model-delivery-main tracks the target of the manifest: name the step policy otherwise',
    ]);
  });
  test.each([
    ['another metric', custom('CPUUtilization', 'Average')],
    ['the metric of another variant', custom('InvocationsPerInstance', 'Sum', ['EndpointName'])],
    ['metric math', { CustomizedMetricSpecification: { Metrics: [{ Id: 'a', Expression: 'b/2' }, { Id: 'b' }] } }],
    [
      'another predefined metric',
      {
        PredefinedMetricSpecification: {
          PredefinedMetricType: 'SageMakerVariantConcurrentRequestsPerModelHighResolution',
        },
      },
    ],
  ])('%s is not: it stays beside ours', (_what, theirs) => {
    const { inTheWay, kept, put } = plan(invocations, live({ policies: [tracking('theirs', 60, theirs)] }));
    expect(inTheWay).toEqual([]);
    expect(kept).toEqual([expect.stringMatching(/^policy theirs \(target 60 of /)]);
    expect(put.policies.map(({ PolicyName }) => PolicyName)).toEqual(['model-delivery-main']);
  });
});

describe('step policies', () => {
  const step = {
    name: 'wake',
    alarm: 'queue',
    adjustment: 'exact' as const,
    steps: [
      { from: 0, to: 20, by: 1 },
      { from: 20, by: 4 },
    ],
    cooldownSeconds: 60,
    aggregation: 'maximum' as const,
  };
  const scaling: Autoscaling = { min: 2, max: 6, step: [step] };
  const wanted = {
    AdjustmentType: 'ExactCapacity',
    StepAdjustments: [
      { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 1 },
      { MetricIntervalLowerBound: 20, ScalingAdjustment: 4 },
    ],
    Cooldown: 60,
    MetricAggregationType: 'Maximum',
  };
  test('put as the manifest has it', () => {
    expect(plan(scaling, live()).put.policies).toEqual([stepping('wake', wanted)]);
    const existing = live({
      policies: [stepping('wake', { ...wanted, StepAdjustments: wanted.StepAdjustments.toReversed() })],
    });
    expect(plan(scaling, existing)).toMatchObject({ lines: [], put: { policies: [] } });
  });
  test('every difference is a line, and what the manifest does not have stays', () => {
    const theirs = {
      AdjustmentType: 'ChangeInCapacity',
      StepAdjustments: [{ ScalingAdjustment: -1 }],
      MinAdjustmentMagnitude: 2,
    };
    const { lines, put } = plan(scaling, live({ policies: [stepping('wake', theirs)] }));
    expect(lines).toEqual([
      'policy wake: ChangeInCapacity → ExactCapacity',
      'policy wake: -1 → +1 from 0 to 20, +4 from 20',
      "policy wake: cooldown AWS's default → cooldown 60 s",
      'policy wake: Average of the metric → Maximum of the metric',
    ]);
    expect(put.policies).toEqual([stepping('wake', { ...theirs, ...wanted })]);
  });
});

describe('scheduled actions, and the limits that they set', () => {
  const schedule = [{ name: 'morning', at: 'cron(0 6 * * ? *)', timezone: 'Europe/Berlin', min: 4 }];
  test('old and new are one line', () => {
    const existing = live({
      scheduledActions: [action('morning', 'cron(0 7 * * ? *)', { MinCapacity: 3 }, { EndTime: 'x' })],
    });
    const { lines, put, kept } = plan({ min: 2, max: 6, schedule }, existing);
    expect(lines).toEqual([
      'scheduled action morning: cron(0 7 * * ? *) UTC, min 3 → cron(0 6 * * ? *) Europe/Berlin, min 4',
    ]);
    expect(put.scheduledActions).toEqual([
      action('morning', 'cron(0 6 * * ? *)', { MinCapacity: 4 }, { Timezone: 'Europe/Berlin', EndTime: 'x' }),
    ]);
    expect(kept).toEqual(['EndTime of scheduled action morning']);
    const done = live({ scheduledActions: put.scheduledActions });
    expect(plan({ min: 2, max: 6, schedule }, done).lines).toEqual([]);
  });
  test('a limit that an action has set stays until the next action', () => {
    const night = [action('night', 'cron(0 22 * * ? *)', { MinCapacity: 1, MaxCapacity: 3 })];
    const existing = live({
      minCapacity: 1,
      maxCapacity: 3,
      scheduledActions: night,
      policies: [tracking('evening', 400)],
    });
    const { lines, kept, put } = plan(invocations, existing);
    expect(lines).toEqual([]);
    expect([put.minCapacity, put.maxCapacity]).toEqual([1, 3]);
    expect(kept).toEqual([
      'min 1, which a scheduled action has set (manifest: 2)',
      'max 3, which a scheduled action has set (manifest: 6)',
      'scheduled action night (cron(0 22 * * ? *), min 1, max 3)',
    ]);
  });
  test('limits that no action has set are those of the manifest', () => {
    const night = [action('night', 'cron(0 22 * * ? *)', { MinCapacity: 1 })];
    expect(limitsOf(invocations, live({ minCapacity: 3, maxCapacity: 9, scheduledActions: night }))).toEqual({
      minCapacity: 2,
      maxCapacity: 6,
    });
  });
  test('a limit that others have set to the value of an action is the manifest’s again', () => {
    const night = [action('night', 'cron(0 22 * * ? *)', { MinCapacity: 1, MaxCapacity: 3 })];
    expect(limitsOf(invocations, live({ minCapacity: 1, maxCapacity: 9, scheduledActions: night }))).toEqual({
      minCapacity: 2,
      maxCapacity: 6,
    });
  });
  test('a limit of an earlier action stays under a later one that leaves it alone', () => {
    const scheduledActions = [
      action('night', 'cron(0 22 * * ? *)', { MinCapacity: 1, MaxCapacity: 3 }),
      action('dawn', 'cron(0 4 * * ? *)', { MinCapacity: 3 }),
    ];
    expect(limitsOf(invocations, live({ minCapacity: 3, maxCapacity: 3, scheduledActions }))).toEqual({
      minCapacity: 3,
      maxCapacity: 3,
    });
  });
  test('an action that the manifest changes no longer holds the limit that it has set', () => {
    const rush = [action('rush', 'rate(1 day)', { MinCapacity: 4, MaxCapacity: 9 })];
    const existing = live({ minCapacity: 4, maxCapacity: 9, scheduledActions: rush });
    const schedule = [{ name: 'rush', at: 'rate(1 day)', min: 4, max: 8 }];
    expect(limitsOf({ ...invocations, schedule }, existing)).toEqual({ minCapacity: 4, maxCapacity: 6 });
  });
  test('half of a schedule never contradicts the manifest', () => {
    const rush = [action('rush', 'rate(1 day)', { MinCapacity: 8 })];
    expect(limitsOf(invocations, live({ minCapacity: 8, maxCapacity: 9, scheduledActions: rush }))).toEqual({
      minCapacity: 8,
      maxCapacity: 9,
    });
  });
});

test('what is suspended stays suspended, and is said', () => {
  const suspended = { scaleIn: true, scaleOut: true, scheduled: true };
  const { put, kept } = plan({ ...invocations, min: 3 }, live({ suspended, policies: [tracking('evening', 400)] }));
  expect(put.suspended).toEqual(suspended);
  expect(kept).toEqual(['scale-in is suspended', 'scale-out is suspended', 'scheduled scaling is suspended']);
});
