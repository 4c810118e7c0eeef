import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { scalingByHand } from '../../src/rehearsal/scaling-by-hand.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';

/** What the role may do but for `denied`; more can be permitted later. */
const permitAllBut = (...denied: readonly string[]): void =>
  account.simulator.permit(
    'model-deployer',
    [
      's3:*',
      'iam:PassRole',
      'ecr:*',
      'application-autoscaling:Describe*',
      'application-autoscaling:DeregisterScalableTarget',
      'application-autoscaling:RegisterScalableTarget',
      'sagemaker:Describe*',
      'sagemaker:List*',
      'sagemaker:CreateModel',
      'sagemaker:CreateEndpointConfig',
      'sagemaker:UpdateEndpoint',
      'sagemaker:AddTags',
      'cloudwatch:Get*',
      'cloudwatch:DescribeAlarms',
      'cloudwatch:DescribeAlarmHistory',
      'cloudwatch:PutMetricAlarm',
      'cloudwatch:DeleteAlarms',
    ].filter((action) => !denied.includes(action)),
  );

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
});
afterEach(() => account.close());

describe('refused after the new version was verified', () => {
  test('tags and alarms are told as left behind, and the delivery is one', async () => {
    permitAllBut('sagemaker:AddTags', 'cloudwatch:DeleteAlarms');
    await account.simulator.call('sagemaker', 'DeleteTags', {
      ResourceArn: `arn:aws:sagemaker:${team.region}:${team.account}:endpoint/${team.endpoint}`,
      TagKeys: ['model-delivery:releases'],
    });
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ reason: 'delivered' });
    const reported = report?.remarks.join('\n') ?? '';
    expect(reported).toMatch(/tags of iris .*grant sagemaker:AddTags/);
    expect(reported).toMatch(/left behind: the alarms iris-.*grant cloudwatch:DeleteAlarms/);
    expect(account.record()?.live).toBeUndefined();
    for (const name of (await atRest(account))['alarms'] as string[]) expect(reported).toContain(name);
  });
});

describe('refused before anything was submitted', () => {
  test.each(['sagemaker:CreateModel', 'cloudwatch:PutMetricAlarm'])(
    '%s: nothing is left behind, and the next release begins at once',
    async (denied) => {
      permitAllBut(denied);
      const start = await atRest(account);
      const report = await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7' });
      expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'access-denied' });
      expect(report?.result.because).toContain(`grant ${denied}`);
      const { ended: _, ...end } = await atRest(account);
      expect(start).toMatchObject(end);
      account.simulator.permit('model-deployer', [denied]);
      expect((await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '8' }))?.result.reason).toBe(
        'delivered',
      );
    },
  );

  test('autoscaling that was about to be set aside is as it was', async () => {
    await scalingByHand(account.simulator)('RegisterScalableTarget', { MinCapacity: 4, MaxCapacity: 6 });
    account.writeManifest((text) => text.replace('ml.m5.large', 'ml.c5.large'));
    const { scaling } = await atRest(account);
    permitAllBut('application-autoscaling:DeregisterScalableTarget');
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result.reason).toBe('access-denied');
    expect(await atRest(account)).toMatchObject({ scaling, alarms: [], live: undefined });
  });
});
