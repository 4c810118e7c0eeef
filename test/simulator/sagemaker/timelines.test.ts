import { describe, expect, test } from '@jest/globals';
import { blueGreen, canary, linear, simulatedAws } from '../support/simulated-aws.ts';

/** AWS: "Use canary / linear traffic shifting", "All at once", "Use rolling deployments"; reference/sagemaker.md §3.2. */
const update = (far: ReturnType<typeof simulatedAws>, DeploymentConfig?: object, more: object = {}) =>
  far.call('UpdateEndpoint', {
    EndpointName: 'iris',
    EndpointConfigName: 'next',
    ...(DeploymentConfig ? { DeploymentConfig } : {}),
    ...more,
  });

const ready = (settings = {}, version: '1.1.0' | '1.5.0' = '1.1.0') => {
  const far = simulatedAws(settings);
  far.serving();
  far.ship(version, { name: 'next' });
  far.after(40);
  return { far, from: far.clock.now() };
};

describe('a deployment runs through the steps AWS documents, at exact instants', () => {
  test('canary: one instance, bake, the rest, final bake, blue terminated', () => {
    const { far, from } = ready();
    update(far, blueGreen(canary));
    far.after(3600);
    expect(far.timeline(from)).toEqual([
      '00:00:00 updating',
      '00:03:30 canary-activated',
      '00:13:40 full-activated',
      '00:19:40 in-service',
    ]);
  });

  test('linear by 25 %: four slices, the last one bakes only TerminationWait', () => {
    const { far, from } = ready();
    update(far, blueGreen({ ...linear, WaitIntervalInSeconds: 300 }));
    far.after(3600);
    expect(far.timeline(from)).toEqual([
      '00:00:00 updating',
      '00:03:30 step-activated',
      '00:08:40 step-activated',
      '00:13:50 step-activated',
      '00:19:00 full-activated',
      '00:25:00 in-service',
    ]);
  });

  test('the last step also waits its interval when the setting says so', () => {
    const { far, from } = ready({ lastStepWaits: true });
    update(far, blueGreen(canary));
    far.after(3600);
    expect(far.timeline(from).at(-1)).toBe('00:29:40 in-service');
  });

  test('all at once with a final bake, and without a policy with none', () => {
    const { far, from } = ready();
    update(far, blueGreen({ Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 }));
    far.after(3600);
    expect(far.timeline(from)).toEqual(['00:00:00 updating', '00:03:30 full-activated', '00:09:30 in-service']);

    const bare = ready();
    update(bare.far);
    bare.far.after(3600);
    expect(bare.far.timeline(bare.from).at(-1)).toBe('00:04:30 in-service');
  });

  test('rolling: a batch comes up, bakes, then as much of blue leaves', () => {
    const { far, from } = ready();
    update(far, {
      RollingUpdatePolicy: { MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 50 }, WaitIntervalInSeconds: 120 },
    });
    far.after(220);
    expect(far.describe().ProductionVariants[0].CurrentInstanceCount).toBe(4);
    far.after(3600);
    expect(far.timeline(from)).toEqual([
      '00:00:00 updating',
      '00:03:30 batch-activated',
      '00:10:00 batch-activated',
      '00:13:00 in-service',
    ]);
    expect(far.describe()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'next' });
  });

  // AWS's notebooks of deployment guardrails (aws/amazon-sagemaker-examples): "33% * 3 = 1 instance", in each reading.
  test.each(['nearest', 'up', 'down'] as const)('33 %% of three instances is one, rounded %s', (percentRounding) => {
    const thirds = { Type: 'CAPACITY_PERCENT', Value: 33 };
    const steps = (config: object): readonly string[] => {
      const far = simulatedAws({ percentRounding });
      far.serving(3);
      far.ship('1.1.0', { name: 'next', instances: 3 });
      update(far, config);
      far.after(7200);
      return far.events.filter(({ what }) => what.endsWith('-activated')).map(({ detail }) => detail);
    };
    const each = ['1 of 3 instances of next', '2 of 3 instances of next', '3 of 3 instances of next'];
    expect(steps(blueGreen({ Type: 'LINEAR', LinearStepSize: thirds }))).toEqual(each);
    expect(steps({ RollingUpdatePolicy: { MaximumBatchSize: thirds, WaitIntervalInSeconds: 180 } })).toEqual(each);
  });

  test.each([
    ['nearest', 50, 3, 2],
    ['up', 50, 3, 2],
    ['down', 50, 3, 1],
    ['nearest', 30, 4, 1],
    ['up', 30, 4, 2],
    ['nearest', 10, 2, 1],
    ['down', 10, 2, 1],
  ] as const)('rounded %s, a canary of %d %% of %d instances has %d', (percentRounding, Value, instances, active) => {
    const far = simulatedAws({ percentRounding });
    far.serving(instances);
    far.ship('1.1.0', { name: 'next', instances });
    update(far, blueGreen({ Type: 'CANARY', CanarySize: { Type: 'CAPACITY_PERCENT', Value } }));
    far.after(300);
    expect(far.describe().PendingDeploymentSummary.ProductionVariants[0].CurrentInstanceCount).toBe(active);
  });
});

describe('DescribeEndpoint during a deployment', () => {
  test('the top level is blue, the pending summary green with its phase; at the end green is the top level', () => {
    const { far, from } = ready();
    update(far, blueGreen(canary));
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'Updating',
      EndpointConfigName: 'iris-1-0-0',
      PendingDeploymentSummary: {
        EndpointConfigName: 'next',
        StartTime: from / 1000,
        ProductionVariants: [
          {
            CurrentInstanceCount: 0,
            DesiredInstanceCount: 4,
            VariantStatus: [{ Status: 'Creating', StatusMessage: 'Launching 4 instance(s).' }],
          },
        ],
      },
    });
    far.after(205);
    expect(far.describe().PendingDeploymentSummary.ProductionVariants[0].VariantStatus[0]).toEqual({
      Status: 'ActivatingTraffic',
      StatusMessage: 'Activating traffic on canary capacity of 1 instance(s).',
      StartTime: from / 1000 + 200,
    });
    far.after(5);
    expect(far.describe()).toMatchObject({
      ProductionVariants: [{ CurrentInstanceCount: 4, DesiredInstanceCount: 4 }],
      PendingDeploymentSummary: {
        ProductionVariants: [
          {
            InstanceType: 'ml.m5.large',
            CurrentInstanceCount: 1,
            DesiredInstanceCount: 4,
            VariantStatus: [
              {
                Status: 'Baking',
                StatusMessage:
                  'Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s).',
              },
            ],
          },
        ],
      },
    });
    far.after(3600);
    const after = far.describe();
    expect(after).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: 'next',
      LastDeploymentConfig: blueGreen(canary),
    });
    expect(after).not.toHaveProperty('PendingDeploymentSummary');
    expect(after).not.toHaveProperty('FailureReason');
    expect(after.ProductionVariants[0]).not.toHaveProperty('VariantStatus');
  });

  test('right after UpdateEndpoint it may still show the state before', () => {
    const { far } = ready({ staleDescribeMs: 30_000 });
    update(far, blueGreen(canary));
    expect(far.describe()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'iris-1-0-0' });
    far.after(30);
    expect(far.describe().EndpointStatus).toBe('Updating');
  });
});

describe('a deployment that fails ends InService on the OLD config (reference/sagemaker.md §2.7)', () => {
  const oldServes = { EndpointStatus: 'InService', EndpointConfigName: 'iris-1-0-0' };

  test('an alarm that trips in the canary bake sends all traffic back at once', () => {
    const { far, from } = ready();
    far.alarms.set('errors', 'OK');
    update(far, blueGreen(canary, { alarms: ['errors'] }));
    far.after(300);
    far.alarms.set('errors', 'ALARM');
    far.after(10);
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'Updating',
      PendingDeploymentSummary: {
        ProductionVariants: [{ CurrentInstanceCount: 0, VariantStatus: [{ Status: 'Deleting' }] }],
      },
    });
    far.after(60);
    expect(far.timeline(from)).toEqual([
      '00:00:00 updating',
      '00:03:30 canary-activated',
      '00:05:10 alarm-tripped',
      '00:06:10 rolled-back',
    ]);
    expect(far.describe()).toMatchObject({ ...oldServes, FailureReason: expect.stringContaining('errors') });
  });

  test('a composite alarm is watched as any other, or the update is refused, as the setting says', () => {
    for (const compositeAlarmAtUpdate of ['watched', 'refused'] as const) {
      const far = simulatedAws({ compositeAlarmAtUpdate });
      far.serving();
      far.composites.add('either');
      far.alarms.set('either', 'OK');
      far.ship('1.1.0', { name: 'next' });
      const asked = {
        EndpointName: 'iris',
        EndpointConfigName: 'next',
        DeploymentConfig: blueGreen(canary, { alarms: ['either'] }),
      };
      const answer = far.refusal('UpdateEndpoint', asked);
      if (compositeAlarmAtUpdate === 'refused') {
        expect(answer).toBe('ValidationException: Alarm "either" is a composite alarm.');
        continue;
      }
      far.after(300);
      far.alarms.set('either', 'ALARM');
      far.after(100);
      expect(far.describe()).toMatchObject({ ...oldServes, FailureReason: expect.stringContaining('either') });
    }
  });

  test('an alarm is not looked at while instances are provisioned', () => {
    const { far, from } = ready();
    far.alarms.set('errors', 'OK');
    update(far, blueGreen(canary, { alarms: ['errors'] }));
    far.after(10);
    far.alarms.set('errors', 'ALARM');
    far.after(100);
    far.alarms.set('errors', 'OK');
    far.after(3600);
    expect(far.timeline(from).at(-1)).toBe('00:19:40 in-service');
  });

  test('an alarm already red trips at the start of the first bake, or the update is refused, as the setting says', () => {
    const { far, from } = ready();
    far.alarms.set('errors', 'ALARM');
    update(far, blueGreen(canary, { alarms: ['errors'] }));
    far.after(3600);
    expect(far.timeline(from)).toContain('00:03:30 alarm-tripped');
    const strict = ready({ redAlarmAtUpdate: 'refused' }).far;
    strict.alarms.set('errors', 'ALARM');
    expect(() => update(strict, blueGreen(canary, { alarms: ['errors'] }))).toThrow('ALARM');
  });

  test('INSUFFICIENT_DATA trips only when the setting says so', () => {
    const last = (insufficientDataTrips: boolean) => {
      const { far } = ready({ insufficientDataTrips });
      far.alarms.set('errors', 'INSUFFICIENT_DATA');
      update(far, blueGreen(canary, { alarms: ['errors'] }));
      far.after(3600);
      return far.describe().EndpointConfigName;
    };
    expect(last(false)).toBe('next');
    expect(last(true)).toBe('iris-1-0-0');
  });

  test('a green that fails its health check', () => {
    const { far, from } = ready({}, '1.5.0');
    update(far, blueGreen(canary));
    far.after(3600);
    expect(far.timeline(from)).toEqual(['00:00:00 updating', '00:13:00 health-check-failed', '00:14:00 rolled-back']);
    expect(far.describe()).toMatchObject({
      ...oldServes,
      FailureReason:
        'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
    });
  });

  test('no capacity, no artifact, a broken artifact, no image: each with its own reason', () => {
    const reason = (hurt: (far: ReturnType<typeof simulatedAws>) => void): string => {
      const { far } = ready();
      hurt(far);
      update(far, blueGreen(canary));
      far.after(3600);
      expect(far.describe()).toMatchObject(oldServes);
      return far.describe().FailureReason;
    };
    expect(reason((far) => far.sagemaker.harm.failCapacity(1))).toMatch(
      /^Unable to provision requested ML compute capacity/,
    );
    expect(reason((far) => far.objects.delete('models/next.tar.gz'))).toMatch(
      /^Failed to download model data .*s3:\/\/models\/next\.tar\.gz/,
    );
    expect(reason((far) => far.objects.set('models/next.tar.gz', Buffer.from('no archive')))).toMatch(
      /^Failed to extract model data/,
    );
    expect(reason((far) => far.images.clear())).toMatch(/^Please make sure all images included in the model/);
  });

  test('MaximumExecutionTimeoutInSeconds ends it', () => {
    const { far, from } = ready({ provisionMs: 500_000 });
    update(far, blueGreen({ ...canary, WaitIntervalInSeconds: 300 }, { timeout: 700 }));
    far.after(3600);
    expect(far.timeline(from)).toEqual([
      '00:00:00 updating',
      '00:08:50 canary-activated',
      '00:11:40 deployment-timed-out',
      '00:12:40 rolled-back',
    ]);
    expect(far.describe()).toMatchObject(oldServes);
  });

  test('a silent rollback gives no reason', () => {
    const { far } = ready();
    far.sagemaker.harm.silentRollback('iris');
    update(far, blueGreen(canary));
    far.after(3600);
    expect(far.describe()).toMatchObject(oldServes);
    expect(far.describe()).not.toHaveProperty('FailureReason');
    update(far, blueGreen(canary));
    far.after(3600);
    expect(far.describe().EndpointConfigName).toBe('next');
  });

  test('FailureReason may vanish later, and an old one goes when the setting says', () => {
    const { far } = ready({ eraseFailureReasonAfterMs: 120_000 }, '1.5.0');
    update(far, blueGreen(canary));
    far.after(14 * 60);
    expect(far.describe()).toHaveProperty('FailureReason');
    far.after(120);
    expect(far.describe()).not.toHaveProperty('FailureReason');

    const kept = (failureReasonClearedBy: 'next-update' | 'next-success') => {
      const { far: other } = ready({ failureReasonClearedBy });
      other.sagemaker.harm.failCapacity(1);
      update(other);
      other.after(3600);
      update(other);
      const during = 'FailureReason' in other.describe();
      other.after(3600);
      return [during, 'FailureReason' in other.describe()];
    };
    expect(kept('next-update')).toEqual([false, false]);
    expect(kept('next-success')).toEqual([true, false]);
  });

  test('rolling: the old fleet comes back; when that fails too, both serve until the next update', () => {
    const policy = {
      RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 2 }, WaitIntervalInSeconds: 120 },
    };
    const tripInSecondBatch = (capacityFailures: number) => {
      const { far, from } = ready();
      far.alarms.set('errors', 'OK');
      update(far, { ...policy, AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'errors' }] } });
      far.after(610);
      far.alarms.set('errors', 'ALARM');
      far.sagemaker.harm.failCapacity(capacityFailures);
      far.after(3600);
      return { far, from };
    };
    const { far } = tripInSecondBatch(0);
    expect(far.describe()).toMatchObject({
      ...oldServes,
      ProductionVariants: [{ CurrentInstanceCount: 4, DesiredInstanceCount: 4 }],
    });

    const { far: stuck } = tripInSecondBatch(1);
    expect(stuck.describe()).toMatchObject({
      EndpointStatus: 'UpdateRollbackFailed',
      EndpointConfigName: 'iris-1-0-0',
    });
    stuck.alarms.clear();
    update(stuck);
    stuck.after(3600);
    expect(stuck.describe()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'next' });
  });
});
