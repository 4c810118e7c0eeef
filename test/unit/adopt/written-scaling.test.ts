import { describe, expect, test } from '@jest/globals';
import { compareWith } from '../../../src/adopt/compared.ts';
import type { Found } from '../../../src/adopt/found.ts';
import { isSpec, tried } from '../../../src/adopt/trial.ts';
import { writtenScaling } from '../../../src/adopt/written-scaling.ts';
import { basisOf } from '../../../src/adopt/written-settings.ts';
import type { ScalingSnapshot } from '../../../src/release/record.ts';
import { account, foundWith } from '../../support/found.ts';

const snapshot = (more: Partial<ScalingSnapshot>): ScalingSnapshot => ({
  resourceId: 'endpoint/churn/variant/main',
  minCapacity: 2,
  maxCapacity: 8,
  suspended: { scaleIn: false, scaleOut: false, scheduled: false },
  policies: [],
  scheduledActions: [],
  ...more,
});
const tracking = (PolicyName: string, configuration: object) => ({
  PolicyName,
  PolicyType: 'TargetTrackingScaling',
  TargetTrackingScalingPolicyConfiguration: configuration,
});
const invocations = {
  PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
};

/** The keys, the remarks, and the differences that a plan of these keys has. */
const written = (scaling: Partial<ScalingSnapshot>, more: Partial<Found> = {}, made = {}) => {
  const found = foundWith(made, { scaling: snapshot(scaling), ...more });
  const against = { account, found, model: 'churn' };
  const { keys, remarks } = writtenScaling(against, basisOf(found, account));
  const spec = tried(keys);
  if (!isSpec(spec)) throw new Error(spec.because);
  const lines = compareWith(against, spec).lines.filter((line) => !line.startsWith('execution role'));
  return { autoscaling: keys['autoscaling'], remarks, lines };
};

describe('scaling of an adopted endpoint', () => {
  test('a policy under any name is the target of the manifest, with its cooldowns', () => {
    const policy = tracking('evening-load', {
      ...invocations,
      TargetValue: 650,
      ScaleInCooldown: 600,
      ScaleOutCooldown: 0,
    });
    expect(written({ policies: [policy] })).toEqual({
      autoscaling: {
        min: 2,
        max: 8,
        'invocations-per-instance': 650,
        'scale-in-cooldown': '600s',
        'scale-out-cooldown': '0s',
      },
      remarks: [],
      lines: [],
    });
  });

  test.each([
    ['a fraction', { ...invocations, TargetValue: 0.5 }],
    [
      'a metric of its own',
      {
        TargetValue: 60,
        CustomizedMetricSpecification: {
          Namespace: 'AWS/SageMaker',
          MetricName: 'CPUUtilization',
          Statistic: 'Average',
        },
      },
    ],
  ])('a target that the manifest cannot have stays, and is a remark: %s', (_case, configuration) => {
    const { autoscaling, remarks, lines } = written({ policies: [tracking('load', configuration)] });
    expect([autoscaling, lines]).toEqual([undefined, []]);
    expect(remarks[0]).toContain('autoscaling: policy load stays, and is not in this manifest: ');
    expect(remarks).toContainEqual(expect.stringContaining('autoscaling stays as it is: 2 to 8 (instances)'));
  });

  test('two policies on one metric would be in the way of each other: neither is written', () => {
    const policies = [
      tracking('one', { ...invocations, TargetValue: 5 }),
      tracking('two', { ...invocations, TargetValue: 6 }),
    ];
    const { autoscaling, lines, remarks } = written({ policies });
    expect([autoscaling, lines, remarks.filter((line) => line.includes('not in this manifest'))]).toEqual([
      undefined,
      [],
      [expect.stringContaining('policy one'), expect.stringContaining('policy two')],
    ]);
  });

  const step = {
    PolicyName: 'wake',
    PolicyType: 'StepScaling',
    StepScalingPolicyConfiguration: {
      AdjustmentType: 'ExactCapacity',
      StepAdjustments: [
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 3 },
        { MetricIntervalLowerBound: 10, ScalingAdjustment: 5 },
      ],
      Cooldown: 120,
      MetricAggregationType: 'Maximum',
    },
  };
  const arn = 'arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1:resource/x:policyName/wake';

  test('a step policy has the alarm that starts it', () => {
    const alarms = [{ AlarmName: 'backlog', AlarmActions: [arn] }];
    const { autoscaling, lines } = written({ policies: [step], arns: { wake: arn } }, { alarms });
    expect(lines).toEqual([]);
    expect(autoscaling).toEqual({
      min: 2,
      max: 8,
      step: [
        {
          name: 'wake',
          alarm: 'backlog',
          adjustment: 'exact',
          steps: [
            { from: 0, to: 10, by: 3 },
            { from: 10, by: 5 },
          ],
          cooldown: '120s',
          aggregation: 'maximum',
        },
      ],
    });
  });

  test.each([
    ['no alarm starts it', []],
    ['more than one alarm starts it', ['one', 'two'].map((AlarmName) => ({ AlarmName, AlarmActions: [arn] }))],
  ])('a step policy stays when %s', (reason, alarms) => {
    const { autoscaling, remarks } = written({ policies: [step], arns: { wake: arn } }, { alarms });
    expect(autoscaling).toBeUndefined();
    expect(remarks[0]).toContain(`policy wake stays, and is not in this manifest: ${reason}`);
  });

  test('scheduled actions are kept with their limits, and the present limits with them', () => {
    const scheduledActions = [
      {
        ScheduledActionName: 'morning',
        Schedule: 'cron(0 6 ? * MON-FRI *)',
        Timezone: 'Europe/Berlin',
        ScalableTargetAction: { MinCapacity: 4 },
      },
      {
        ScheduledActionName: 'evening',
        Schedule: 'cron(0 20 ? * * *)',
        ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 8 },
      },
    ];
    const { autoscaling, lines } = written({ scheduledActions });
    expect(lines).toEqual([]);
    expect(autoscaling).toMatchObject({
      min: 2,
      max: 8,
      schedule: [
        { name: 'morning', at: 'cron(0 6 ? * MON-FRI *)', timezone: 'Europe/Berlin', min: 4 },
        { name: 'evening', at: 'cron(0 20 ? * * *)', min: 2, max: 8 },
      ],
    });
  });

  test('a config that begins outside of the limits would change: the scaling stays, and is not written', () => {
    const made = { variant: { InstanceType: 'ml.m5.large', InitialInstanceCount: 1 } };
    const policies = [tracking('load', { ...invocations, TargetValue: 650 })];
    const { autoscaling, remarks, lines } = written({ policies }, {}, made);
    expect([autoscaling, lines]).toEqual([undefined, []]);
    expect(remarks[0]).toContain('it would change the endpoint (instances at the start: 1 → 2');
  });
});
