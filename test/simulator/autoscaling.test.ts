import { describe, expect, test } from '@jest/globals';
import type { FleetVariantFacts, Hosting, Settings } from '../../simulator/contracts.ts';
import { createAutoscaling } from '../../simulator/services/autoscaling.ts';
import { parseSchedule } from '../../simulator/services/schedule.ts';
import { call, cloudwatch, minute, refusal } from './support/cloudwatch.ts';

const subject = {
  ServiceNamespace: 'sagemaker',
  ResourceId: 'endpoint/churn/variant/AllTraffic',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
};
const tracking = {
  ...subject,
  PolicyName: 'keep-70',
  PolicyType: 'TargetTrackingScaling',
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: 70,
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
  },
};

/** One endpoint with one variant, which scales at once unless it is being updated. */
const autoscaling = (
  instanceType = 'ml.c5.xlarge',
  facts: Partial<FleetVariantFacts> = {},
  settings: Partial<Settings> = {},
) => {
  const sim = cloudwatch(settings);
  const fleet = { count: 2, updating: false, concurrency: facts.provisionedConcurrency };
  const unreachable = (): never => {
    throw new Error('autoscaling does not route requests');
  };
  const hosting: Hosting = {
    scale: (_endpoint, _variant, count) => {
      if (fleet.updating) return false;
      fleet.count = count;
      return true;
    },
    variant: (endpoint, variant) =>
      endpoint === 'churn' && variant === 'AllTraffic'
        ? {
            current: fleet.count,
            desired: fleet.count,
            instanceType,
            ...facts,
            ...(fleet.concurrency === undefined ? {} : { provisionedConcurrency: fleet.concurrency }),
          }
        : undefined,
    provision: (_endpoint, _variant, concurrency) => {
      fleet.concurrency = concurrency;
      return true;
    },
    invoke: unreachable,
    enqueue: unreachable,
  };
  const { service, scaling } = createAutoscaling(sim.kernel, { metrics: sim.metrics, hosting: () => hosting });
  return {
    ...sim,
    fleet,
    scaling,
    ask: (operation: string, input: object = {}) =>
      call('application-autoscaling', service, operation, { ...subject, ...input }),
    refused: (operation: string, input: object = {}) =>
      refusal(() => call('application-autoscaling', service, operation, { ...subject, ...input })),
    /** So many requests a minute, spread over the instances that run, for so many minutes. */
    serve: (requestsPerMinute: number, minutes: number) => {
      for (let n = 0; n < minutes; n++) {
        const dimensions = { EndpointName: 'churn', VariantName: 'AllTraffic' };
        sim.metrics.recordMany(
          'AWS/SageMaker',
          'InvocationsPerInstance',
          dimensions,
          [1 / fleet.count],
          [requestsPerMinute],
          sim.kernel.clock.now(),
        );
        sim.advance(minute);
      }
    },
  };
};
const registered = (settings: Partial<Settings> = {}) => {
  const sim = autoscaling('ml.c5.xlarge', {}, settings);
  sim.ask('RegisterScalableTarget', { MinCapacity: 2, MaxCapacity: 10 });
  return sim;
};
const tracked = () => {
  const sim = registered();
  sim.ask('PutScalingPolicy', tracking);
  return sim;
};

describe('target tracking', () => {
  test('scales out when the oldest of the breaching minutes is three minutes old, and in again after fifteen below nine tenths of it', () => {
    const sim = tracked();
    sim.serve(400, 2);
    expect(sim.fleet.count).toBe(2);
    // The third minute is not readable yet, and missing data never holds an alarm back for longer than its M periods.
    sim.serve(400, 1);
    expect(sim.fleet.count).toBe(6);
    sim.serve(100, 30);
    expect(sim.fleet.count).toBe(2);
    const { ScalingActivities } = sim.ask('DescribeScalingActivities') as {
      ScalingActivities: { Description: string; StatusCode: string; Cause: string }[];
    };
    expect(ScalingActivities.map(({ Description, StatusCode }) => [Description, StatusCode])).toEqual([
      ['Setting desired instance count to 2.', 'Successful'],
      ['Setting desired instance count to 6.', 'Successful'],
    ]);
    expect(ScalingActivities[0]?.Cause).toContain('AlarmLow');
  });

  test('stays within the maximum', () => {
    const sim = tracked();
    sim.serve(5000, 10);
    expect(sim.fleet.count).toBe(10);
  });

  test('is blocked while the endpoint is updated, and acts afterwards', () => {
    const sim = tracked();
    sim.fleet.updating = true;
    sim.serve(400, 10);
    expect(sim.fleet.count).toBe(2);
    const { ScalingActivities } = sim.ask('DescribeScalingActivities') as {
      ScalingActivities: { StatusCode: string }[];
    };
    expect(ScalingActivities[0]?.StatusCode).toBe('Failed');
    sim.fleet.updating = false;
    sim.serve(400, 1);
    expect(sim.fleet.count).toBe(6);
  });

  test.each([
    ['DynamicScalingOutSuspended', 400, 2, 2],
    ['DynamicScalingInSuspended', 20, 6, 6],
  ])('%s', (member, requests, before, after) => {
    const sim = tracked();
    sim.fleet.count = before;
    sim.ask('RegisterScalableTarget', { SuspendedState: { [member]: true } });
    sim.serve(requests, 25);
    expect(sim.fleet.count).toBe(after);
    sim.ask('RegisterScalableTarget', { SuspendedState: { [member]: false } });
    sim.serve(requests, 2);
    expect(sim.fleet.count).not.toBe(after);
  });

  test('does not scale in twice within the cooldown', () => {
    const sim = tracked();
    sim.ask('PutScalingPolicy', {
      ...tracking,
      TargetTrackingScalingPolicyConfiguration: {
        ...tracking.TargetTrackingScalingPolicyConfiguration,
        ScaleOutCooldown: 3600,
      },
    });
    sim.serve(400, 8);
    expect(sim.fleet.count).toBe(6);
    sim.serve(4000, 10);
    expect(sim.fleet.count).toBe(6);
  });

  test('an activity that somebody else overtook does not hold up the next', () => {
    const sim = tracked();
    sim.serve(400, 3);
    sim.fleet.count = 3;
    sim.serve(400, 10);
    const { ScalingActivities } = sim.ask('DescribeScalingActivities') as {
      ScalingActivities: { StatusCode: string }[];
    };
    expect(ScalingActivities.at(-1)?.StatusCode).toBe('Overridden');
    expect(sim.fleet.count).toBe(6);
  });

  test('its alarms are alarms of CloudWatch, replaced and deleted with the policy', () => {
    const sim = tracked();
    const names = () =>
      (
        sim.call('DescribeAlarms', { AlarmNamePrefix: 'TargetTracking-' })['MetricAlarms'] as { AlarmName: string }[]
      ).map(({ AlarmName }) => AlarmName);
    const first = names();
    expect(first).toEqual([
      expect.stringMatching(/^TargetTracking-endpoint\/churn\/variant\/AllTraffic-AlarmHigh-[0-9a-f-]{36}$/),
      expect.stringMatching(/^TargetTracking-endpoint\/churn\/variant\/AllTraffic-AlarmLow-[0-9a-f-]{36}$/),
    ]);
    sim.ask('PutScalingPolicy', tracking);
    expect(names()).toHaveLength(2);
    sim.ask('DeleteScalingPolicy', { PolicyName: 'keep-70' });
    expect(names()).toEqual([]);
  });
});

describe('registration', () => {
  test('is an upsert: what is not sent stays', () => {
    const sim = registered();
    sim.ask('RegisterScalableTarget', { SuspendedState: { DynamicScalingInSuspended: true } });
    sim.ask('RegisterScalableTarget', { MaxCapacity: 4 });
    expect(sim.ask('DescribeScalableTargets')['ScalableTargets']).toEqual([
      expect.objectContaining({
        ResourceId: subject.ResourceId,
        MinCapacity: 2,
        MaxCapacity: 4,
        SuspendedState: {
          DynamicScalingInSuspended: true,
          DynamicScalingOutSuspended: false,
          ScheduledScalingSuspended: false,
        },
      }),
    ]);
  });

  test('deregistering takes policies, their alarms and scheduled actions with it', () => {
    const sim = tracked();
    sim.ask('PutScheduledAction', {
      ScheduledActionName: 'night',
      Schedule: 'cron(0 22 * * ? *)',
      ScalableTargetAction: { MinCapacity: 1 },
    });
    sim.ask('DeregisterScalableTarget');
    expect(sim.scaling.isRegistered('churn', 'AllTraffic')).toBe(false);
    sim.ask('RegisterScalableTarget', { MinCapacity: 2, MaxCapacity: 10 });
    expect(sim.ask('DescribeScalingPolicies')['ScalingPolicies']).toEqual([]);
    expect(sim.ask('DescribeScheduledActions')['ScheduledActions']).toEqual([]);
    expect(sim.call('DescribeAlarms', {})['MetricAlarms']).toEqual([]);
  });

  test("hosting's face", () => {
    const sim = registered();
    expect(sim.scaling.isRegistered('churn', 'AllTraffic')).toBe(true);
    sim.scaling.deregister('churn', 'AllTraffic');
    expect(sim.ask('DescribeScalableTargets')['ScalableTargets']).toEqual([]);
  });

  test.each([
    ['an unknown endpoint', { ResourceId: 'endpoint/none/variant/AllTraffic', MinCapacity: 1, MaxCapacity: 2 }],
    ['an unknown variant', { ResourceId: 'endpoint/churn/variant/none', MinCapacity: 1, MaxCapacity: 2 }],
    ['a malformed resource', { ResourceId: 'churn', MinCapacity: 1, MaxCapacity: 2 }],
    ['no capacity at first', {}],
    ['no instances', { MinCapacity: 0, MaxCapacity: 2 }],
    ['a minimum above the maximum', { MinCapacity: 3, MaxCapacity: 2 }],
    [
      'another dimension',
      { ScalableDimension: 'sagemaker:variant:DesiredProvisionedConcurrency', MinCapacity: 1, MaxCapacity: 2 },
    ],
  ])('refuses %s', (_what, input) => {
    expect(autoscaling().refused('RegisterScalableTarget', input)?.code).toBe('ValidationException');
  });
  test.each([
    [{ ServiceNamespace: 'ecs' }, 'ServiceNamespace ecs'],
    [
      { ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount', ResourceId: 'inference-component/a' },
      'ScalableDimension sagemaker:inference-component:DesiredCopyCount',
    ],
  ])('does not blame AWS for its own limits: %j', (input, what) => {
    expect(autoscaling().refused('RegisterScalableTarget', { ...input, MinCapacity: 0, MaxCapacity: 2 })?.message).toBe(
      `not simulated: application-autoscaling, ${what}`,
    );
  });
  test('refuses burstable instances', () => {
    expect(
      autoscaling('ml.t2.medium').refused('RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 2 })?.code,
    ).toBe('ValidationException');
  });
});

test.each([
  ['DeregisterScalableTarget', {}],
  ['PutScalingPolicy', tracking],
  ['DeleteScalingPolicy', { PolicyName: 'none' }],
  ['PutScheduledAction', { ScheduledActionName: 'night', Schedule: 'rate(1 day)' }],
  ['DeleteScheduledAction', { ScheduledActionName: 'none' }],
])('%s of what does not exist', (operation, input) => {
  expect(autoscaling().refused(operation, input)?.code).toBe('ObjectNotFoundException');
});

describe('policies', () => {
  test('are described as they were put', () => {
    const sim = registered();
    const step = {
      PolicyName: 'wake',
      PolicyType: 'StepScaling',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        StepAdjustments: [{ ScalingAdjustment: 1 }],
      },
    };
    sim.ask('PutScalingPolicy', step);
    sim.ask('PutScalingPolicy', tracking);
    const first = sim.ask('DescribeScalingPolicies', { MaxResults: 1 });
    expect(first['ScalingPolicies']).toEqual([expect.objectContaining({ ...subject, ...step, Alarms: [] })]);
    const second = sim.ask('DescribeScalingPolicies', { MaxResults: 1, NextToken: first['NextToken'] });
    expect(second['ScalingPolicies']).toEqual([expect.objectContaining(tracking)]);
  });
  test.each([
    ['no configuration', { TargetTrackingScalingPolicyConfiguration: undefined }],
    [
      'a target of zero',
      {
        TargetTrackingScalingPolicyConfiguration: {
          ...tracking.TargetTrackingScalingPolicyConfiguration,
          TargetValue: 0,
        },
      },
    ],
    [
      'a metric of another kind',
      {
        TargetTrackingScalingPolicyConfiguration: {
          TargetValue: 1,
          PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
        },
      },
    ],
    ['another type', { PolicyType: 'PredictiveScaling' }],
  ])('refuses %s', (_what, change) => {
    expect(registered().refused('PutScalingPolicy', { ...tracking, ...change })?.code).toBe('ValidationException');
  });
});

describe('two policies on one metric', () => {
  const policyOn = (PolicyName: string, tracked: object) => ({
    PolicyName,
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: { TargetValue: 5, ...tracked },
  });
  const invocations = {
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
  };
  const custom = (MetricName: string, Statistic = 'Average') => ({
    CustomizedMetricSpecification: {
      Namespace: 'AWS/SageMaker',
      MetricName,
      Statistic,
      Dimensions: [
        { Name: 'EndpointName', Value: 'churn' },
        { Name: 'VariantName', Value: 'AllTraffic' },
      ],
    },
  });
  const math = (Metrics: readonly object[]) => ({ CustomizedMetricSpecification: { Metrics } });
  const stat = (MetricName: string) => ({
    Id: 'm1',
    MetricStat: {
      Metric: custom(MetricName).CustomizedMetricSpecification,
      Stat: 'Average',
    },
  });

  test.each([
    ['predefined', invocations, invocations],
    ['customised', custom('CPUUtilization'), custom('CPUUtilization')],
    ['customised, written in two ways', custom('CPUUtilization'), math([stat('CPUUtilization')])],
    [
      'the same math',
      math([{ Id: 'e1', Expression: 'm1*2' }, stat('a')]),
      math([{ Id: 'e1', Expression: 'm1*2' }, stat('a')]),
    ],
  ])('are refused: %s', (_how, first, second) => {
    const sim = registered();
    sim.ask('PutScalingPolicy', policyOn('first', first));
    expect(sim.refused('PutScalingPolicy', policyOn('second', second))).toMatchObject({
      code: 'ValidationException',
      message: 'Only one TargetTrackingScaling policy for a given metric specification is allowed.',
    });
    // The same policy may be put again.
    expect(sim.refused('PutScalingPolicy', policyOn('first', second))).toBeUndefined();
  });
  test.each([
    ['another metric', invocations, custom('CPUUtilization')],
    ['another statistic', custom('CPUUtilization'), custom('CPUUtilization', 'Maximum')],
    [
      'another formula',
      math([{ Id: 'e1', Expression: 'm1*2' }, stat('a')]),
      math([{ Id: 'e1', Expression: 'm1*3' }, stat('a')]),
    ],
  ])('are accepted on %s', (_how, first, second) => {
    const sim = registered();
    sim.ask('PutScalingPolicy', policyOn('first', first));
    sim.ask('PutScalingPolicy', policyOn('second', second));
    expect(sim.ask('DescribeScalingPolicies')['ScalingPolicies']).toHaveLength(2);
  });
  test('a predefined metric and the same one customised: as the setting says', () => {
    const same = custom('InvocationsPerInstance', 'Sum');
    for (const trackedTwice of ['by-specification', 'by-metric'] as const) {
      const sim = registered({ trackedTwice });
      sim.ask('PutScalingPolicy', policyOn('first', invocations));
      const refused = sim.refused('PutScalingPolicy', policyOn('second', same))?.code;
      expect(refused).toBe(trackedTwice === 'by-metric' ? 'ValidationException' : undefined);
      expect(sim.refused('PutScalingPolicy', policyOn('third', custom('InvocationsPerInstance')))).toBeUndefined();
    }
  });
  test('one of two metric specifications is needed', () => {
    expect(registered().refused('PutScalingPolicy', policyOn('none', {}))?.code).toBe('ValidationException');
    const both = { ...invocations, ...custom('CPUUtilization') };
    expect(registered().refused('PutScalingPolicy', policyOn('both', both))?.code).toBe('ValidationException');
  });
});

describe('step scaling', () => {
  const waking = (StepAdjustments: readonly object[], more: object = {}) => ({
    PolicyName: 'wake',
    PolicyType: 'StepScaling',
    StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity', StepAdjustments, ...more },
  });
  const arnOf = (sim: ReturnType<typeof autoscaling>): string =>
    (sim.ask('DescribeScalingPolicies')['ScalingPolicies'] as { PolicyARN: string }[])[0]?.PolicyARN ?? '';
  const queue = {
    AlarmName: 'queue',
    Namespace: 'Acme',
    MetricName: 'Queue',
    Statistic: 'Maximum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 10,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
  };
  const waiting = (sim: ReturnType<typeof autoscaling>, value: number, minutes: number) => {
    for (let n = 0; n < minutes; n++) {
      sim.metrics.record('Acme', 'Queue', {}, value, sim.kernel.clock.now());
      sim.advance(minute);
    }
  };

  test('acts by the step above the threshold while an alarm names the policy, and waits for its cooldown', () => {
    const sim = registered();
    sim.ask(
      'PutScalingPolicy',
      waking([
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 20, ScalingAdjustment: 3 },
      ]),
    );
    waiting(sim, 40, 5);
    expect(sim.fleet.count).toBe(2);
    sim.call('PutMetricAlarm', { ...queue, AlarmActions: [arnOf(sim)] });
    expect(sim.ask('DescribeScalingPolicies')['ScalingPolicies']).toEqual([
      expect.objectContaining({ Alarms: [expect.objectContaining({ AlarmName: 'queue' })] }),
    ]);
    waiting(sim, 40, 3);
    expect(sim.fleet.count).toBe(5);
    waiting(sim, 15, 2);
    expect(sim.fleet.count).toBe(5);
    waiting(sim, 15, 4);
    expect(sim.fleet.count).toBe(6);
  });
  // AWS: "Alarm actions", Auto Scaling actions; SetAlarmState, StateReasonData.
  test('acts on each state that names it, again each minute of the state, and not at all while actions are disabled', () => {
    const down = registered();
    down.ask('PutScalingPolicy', waking([{ MetricIntervalUpperBound: 0, ScalingAdjustment: -1 }], { Cooldown: 0 }));
    down.fleet.count = 6;
    down.call('PutMetricAlarm', { ...queue, OKActions: [arnOf(down)], ActionsEnabled: false });
    waiting(down, 1, 4);
    expect(down.fleet.count).toBe(6);
    down.call('PutMetricAlarm', { ...queue, OKActions: [arnOf(down)] });
    waiting(down, 1, 3);
    expect(down.fleet.count).toBe(3);
    expect(down.ask('DescribeScalingPolicies')['ScalingPolicies']).toEqual([
      expect.objectContaining({ Alarms: [expect.objectContaining({ AlarmName: 'queue' })] }),
    ]);
  });
  test('acts at once when SetAlarmState says so, by the value in its reason data', () => {
    const sim = registered();
    sim.ask(
      'PutScalingPolicy',
      waking([
        { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 20, ScalingAdjustment: 3 },
      ]),
    );
    sim.call('PutMetricAlarm', { ...queue, AlarmActions: [arnOf(sim)] });
    sim.advance(minute);
    sim.call('SetAlarmState', {
      AlarmName: 'queue',
      StateValue: 'ALARM',
      StateReason: 'a test',
      StateReasonData: JSON.stringify({ recentDatapoints: [35] }),
    });
    expect(sim.fleet.count).toBe(5);
    const { AlarmHistoryItems } = sim.call('DescribeAlarmHistory', { HistoryItemType: 'Action' }) as {
      AlarmHistoryItems: { HistorySummary: string }[];
    };
    expect(AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary)).toEqual([
      `Successfully executed action ${arnOf(sim)}`,
    ]);
  });
  test('an alarm with the ARN of a deregistered policy starts nothing: put again, it has another one', () => {
    const sim = registered();
    sim.ask('PutScalingPolicy', waking([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]));
    const former = arnOf(sim);
    sim.call('PutMetricAlarm', { ...queue, AlarmActions: [former] });
    sim.ask('DeregisterScalableTarget');
    sim.ask('RegisterScalableTarget', { MinCapacity: 2, MaxCapacity: 10 });
    sim.ask('PutScalingPolicy', waking([{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }]));
    expect(arnOf(sim)).not.toBe(former);
    waiting(sim, 40, 5);
    expect(sim.fleet.count).toBe(2);
  });
  test.each([
    ['ExactCapacity', 7, 7],
    ['PercentChangeInCapacity', 100, 4],
    ['PercentChangeInCapacity', 10, 3],
  ])('%s by %d', (AdjustmentType, ScalingAdjustment, count) => {
    const sim = registered();
    sim.ask('PutScalingPolicy', waking([{ MetricIntervalLowerBound: 0, ScalingAdjustment }], { AdjustmentType }));
    sim.call('PutMetricAlarm', { ...queue, AlarmActions: [arnOf(sim)] });
    waiting(sim, 40, 3);
    expect(sim.fleet.count).toBe(count);
  });
  test.each([
    ['no steps', []],
    [
      'a gap',
      [
        { MetricIntervalUpperBound: 1, ScalingAdjustment: 1 },
        { MetricIntervalLowerBound: 2, ScalingAdjustment: 2 },
      ],
    ],
    ['an overlap', [{ ScalingAdjustment: 1 }, { MetricIntervalLowerBound: 2, ScalingAdjustment: 2 }]],
    ['an empty step', [{ MetricIntervalLowerBound: 2, MetricIntervalUpperBound: 2, ScalingAdjustment: 2 }]],
  ])('refuses %s', (_what, steps) => {
    expect(registered().refused('PutScalingPolicy', waking(steps))?.code).toBe('ValidationException');
  });
});

describe('other kinds of endpoints', () => {
  const concurrency = 'sagemaker:variant:DesiredProvisionedConcurrency';
  test('an asynchronous one may go down to no instance', () => {
    const sim = autoscaling('ml.c5.xlarge', { asynchronous: true });
    sim.ask('RegisterScalableTarget', { MinCapacity: 0, MaxCapacity: 2 });
    expect(sim.refused('RegisterScalableTarget', { MinCapacity: -1 })?.code).toBe('ValidationException');
  });
  test('a serverless one scales its provisioned concurrency, in a dimension of its own', () => {
    const sim = autoscaling('serverless', { provisionedConcurrency: 2 });
    expect(sim.refused('RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 4 })?.code).toBe('ValidationException');
    const of = { ScalableDimension: concurrency };
    expect(sim.refused('RegisterScalableTarget', { ...of, MinCapacity: 0, MaxCapacity: 4 })?.code).toBe(
      'ValidationException',
    );
    sim.ask('RegisterScalableTarget', { ...of, MinCapacity: 1, MaxCapacity: 4 });
    const policy = (PredefinedMetricType: string) => ({
      ...of,
      PolicyName: 'use',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 0.7,
        PredefinedMetricSpecification: { PredefinedMetricType },
      },
    });
    expect(sim.refused('PutScalingPolicy', policy('SageMakerVariantInvocationsPerInstance'))?.code).toBe(
      'ValidationException',
    );
    sim.ask('PutScalingPolicy', policy('SageMakerVariantProvisionedConcurrencyUtilization'));
    sim.ask('PutScheduledAction', {
      ...of,
      ScheduledActionName: 'morning',
      Schedule: 'rate(5 minutes)',
      ScalableTargetAction: { MinCapacity: 3 },
    });
    sim.advance(6 * minute);
    expect(sim.fleet).toMatchObject({ count: 2, concurrency: 3 });
    expect(sim.ask('DescribeScalableTargets')['ScalableTargets']).toEqual([]);
    expect(sim.ask('DescribeScalableTargets', of)['ScalableTargets']).toHaveLength(1);
    expect(sim.scaling.isRegistered('churn', 'AllTraffic')).toBe(true);
  });
});

describe('scheduled actions', () => {
  test('change the limits, and the count when it lies outside', () => {
    const sim = registered();
    sim.ask('PutScheduledAction', {
      ScheduledActionName: 'morning',
      Schedule: 'at(2026-01-05T09:10:00)',
      ScalableTargetAction: { MinCapacity: 5, MaxCapacity: 8 },
    });
    sim.advance(9 * minute);
    expect(sim.fleet.count).toBe(2);
    sim.advance(1 * minute);
    expect(sim.fleet.count).toBe(5);
    expect(sim.ask('DescribeScalableTargets')['ScalableTargets']).toEqual([
      expect.objectContaining({ MinCapacity: 5, MaxCapacity: 8 }),
    ]);
  });
  test('do nothing while suspended', () => {
    const sim = registered();
    sim.ask('RegisterScalableTarget', { SuspendedState: { ScheduledScalingSuspended: true } });
    sim.ask('PutScheduledAction', {
      ScheduledActionName: 'often',
      Schedule: 'rate(5 minutes)',
      ScalableTargetAction: { MinCapacity: 5 },
    });
    sim.advance(20 * minute);
    expect(sim.fleet.count).toBe(2);
  });
  test('refuse a schedule that cannot be read', () => {
    const input = { ScheduledActionName: 'x', Schedule: 'cron(0 25 * * ? *)' };
    expect(registered().refused('PutScheduledAction', input)?.code).toBe('ValidationException');
  });
});

describe('schedules', () => {
  const monday = Date.UTC(2026, 0, 5, 9, 30);
  test.each([
    ['at(2026-01-05T09:30:00)', 'UTC', true],
    ['at(2026-01-05T09:30:00)', 'Europe/Berlin', false],
    ['at(2026-01-05T10:30:00)', 'Europe/Berlin', true],
    ['rate(10 minutes)', 'UTC', true],
    ['rate(7 minutes)', 'UTC', false],
    ['cron(30 9 * * ? *)', 'UTC', true],
    ['cron(0/15 9-17 ? * MON-FRI *)', 'UTC', true],
    ['cron(30 9 ? * SAT,SUN *)', 'UTC', false],
    ['cron(30 9 5 JAN ? 2026)', 'UTC', true],
    ['cron(30 10 * * ? *)', 'Europe/Berlin', true],
    ['cron(31 9 * * ? *)', 'UTC', false],
  ])('%s in %s', (text, timezone, due) => {
    expect(parseSchedule(text, timezone, Date.UTC(2026, 0, 5, 9, 0))?.isDue(monday)).toBe(due);
  });
  test.each([
    ['at(tomorrow)', 'UTC'],
    ['rate(0 minutes)', 'UTC'],
    ['cron(60 9 * * ? *)', 'UTC'],
    ['cron(30 9 * *)', 'UTC'],
    ['cron(*/0 9 * * ? *)', 'UTC'],
    ['every day', 'UTC'],
    ['rate(1 day)', 'Mars/Olympus'],
  ])('%s in %s cannot be read', (text, timezone) => {
    expect(parseSchedule(text, timezone, 0)).toBeUndefined();
  });
});
