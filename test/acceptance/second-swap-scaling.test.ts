import { expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { scalingByHand, trackingInvocations } from '../../src/rehearsal/scaling-by-hand.ts';
import { openAccount } from '../support/account.ts';

test('the second swap changes the instance type of a variant under autoscaling, which is restored', async () => {
  const account = await openAccount();
  try {
    await account.inProduction('1.0.0');
    const scaling = scalingByHand(account.simulator);
    await scaling('RegisterScalableTarget', { MinCapacity: 2, MaxCapacity: 8 });
    await scaling('PutScheduledAction', {
      ScheduledActionName: 'fair',
      Schedule: 'cron(0 6 24 12 ? *)',
      ScalableTargetAction: { MinCapacity: 6 },
    });
    const endpoint = ['instance: { type: ml.c5.large, count: 4 }'];
    account.writeManifest(() => manifestText({ rollout: rollouts.steps, endpoint }));
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
    expect((await account.run(shiftTraffic, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    expect((await scaling('DescribeScheduledActions'))['ScheduledActions']).toEqual([
      expect.objectContaining({ ScheduledActionName: 'fair' }),
    ]);
  } finally {
    await account.close();
  }
});

test.each(['ml.m5.large', 'ml.c5.large'])(
  'autoscaling that others change during the steps stays as they made it: to %s',
  async (type) => {
    const account = await openAccount();
    try {
      await account.inProduction('1.0.0');
      const scaling = scalingByHand(account.simulator);
      await scaling('RegisterScalableTarget', { MinCapacity: 2, MaxCapacity: 8 });
      await scaling('PutScalingPolicy', { PolicyName: 'visitors', ...trackingInvocations(9000) });
      const endpoint = [`instance: { type: ${type}, count: 4 }`];
      account.writeManifest(() => manifestText({ rollout: rollouts.steps, endpoint }));
      await account.prepare('1.1.0');
      expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
      // Scale-in is suspended by now.
      account.simulator.faults.add({
        service: 'sagemaker',
        operation: 'UpdateEndpointWeightsAndCapacities',
        times: 1,
        kind: 'call',
        action: async () => {
          await scaling('RegisterScalableTarget', { SuspendedState: { ScheduledScalingSuspended: true } });
          await scaling('PutScalingPolicy', { PolicyName: 'visitors', ...trackingInvocations(7000) });
          await scaling('PutScheduledAction', {
            ScheduledActionName: 'fair',
            Schedule: 'cron(0 6 24 12 ? *)',
            ScalableTargetAction: { MinCapacity: 6 },
          });
        },
      });
      expect((await account.run(shiftTraffic, { version: '1.1.0' }))?.result.reason).toBe('delivered');
      expect((await scaling('DescribeScalingPolicies'))['ScalingPolicies']).toEqual([
        expect.objectContaining({ PolicyName: 'visitors', ...trackingInvocations(7000) }),
      ]);
      expect((await scaling('DescribeScheduledActions'))['ScheduledActions']).toEqual([
        expect.objectContaining({ ScheduledActionName: 'fair' }),
      ]);
      const { ScalableTargets } = await scaling('DescribeScalableTargets', { ResourceId: undefined });
      expect(ScalableTargets).toEqual([
        expect.objectContaining({
          SuspendedState: {
            DynamicScalingInSuspended: false,
            DynamicScalingOutSuspended: false,
            ScheduledScalingSuspended: true,
          },
        }),
      ]);
    } finally {
      await account.close();
    }
  },
);
