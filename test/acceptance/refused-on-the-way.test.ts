import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { house as team } from '../../src/rehearsal/manifest.ts';
import { atRest } from '../support/at-rest.ts';
import { type House, openHouse } from '../support/house.ts';

/** What the role may do but for `denied`; more can be permitted later. */
const permitAllBut = (...denied: readonly string[]): void =>
  house.simulator.permit(
    'model-deployer',
    [
      's3:*',
      'iam:PassRole',
      'ecr:*',
      'application-autoscaling:*',
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

let house: House;
beforeEach(async () => {
  house = await openHouse();
  await house.inProduction('1.0.0');
  await house.prepare('1.1.0');
});
afterEach(() => house.close());

describe('refused after the new version was verified', () => {
  test('tags and alarms are told as left behind, and the delivery is one', async () => {
    permitAllBut('sagemaker:AddTags', 'cloudwatch:DeleteAlarms');
    await house.simulator.call('sagemaker', 'DeleteTags', {
      ResourceArn: `arn:aws:sagemaker:${team.region}:${team.account}:endpoint/${team.endpoint}`,
      TagKeys: ['model-delivery:releases'],
    });
    const report = await house.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ reason: 'delivered' });
    const told = report?.remarks.join('\n') ?? '';
    expect(told).toMatch(/tags of iris .*grant sagemaker:AddTags/);
    expect(told).toMatch(/left behind: the alarms iris-.*grant cloudwatch:DeleteAlarms/);
    expect(house.record()?.live).toBeUndefined();
    for (const name of (await atRest(house))['alarms'] as string[]) expect(told).toContain(name);
  });
});
