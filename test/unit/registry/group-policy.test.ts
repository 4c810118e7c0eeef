import { describe, expect, test } from '@jest/globals';
import { Refusal } from '../../../src/operation.ts';
import { refuseClosedGroup } from '../../../src/registry/group-policy.ts';
import type { World } from '../../../src/world.ts';

const own = { partition: 'aws', region: 'eu-west-1', id: '111122223333' };
const caller = 'arn:aws:iam::111122223333:role/model-deployer';

const world = (answer: () => Promise<unknown>, registry: object = {}): World =>
  ({
    account: own,
    registry: {
      account: { ...own, id: '999988887777' },
      role: 'registry-reader',
      readers: { caller },
      read: { sagemaker: { getModelPackageGroupPolicy: answer } },
      ...registry,
    },
  }) as unknown as World;
const policy = (statement: object) => async () => ({ ResourcePolicy: JSON.stringify({ Statement: [statement] }) });
const allows = { Effect: 'Allow', Principal: { AWS: caller }, Action: 'sagemaker:CreateModel' };
const awsError = (name: string, message: string) => async () => {
  throw Object.assign(new Error(message), { name, $metadata: {} });
};

describe('whether a group lets the delivering account make a model', () => {
  test.each([
    ['by the role', allows],
    ['by the account', { ...allows, Principal: { AWS: '111122223333' } }],
    [
      'by its root, among others',
      { ...allows, Principal: { AWS: ['222233334444', 'arn:aws:iam::111122223333:root'] } },
    ],
    ['to all, under a condition that is not read here', { ...allows, Principal: '*', Condition: { StringEquals: {} } }],
    ['by a pattern of actions', { ...allows, Action: ['sagemaker:Describe*', 'SageMaker:Create*'] }],
    ['by exclusion of other actions', { Effect: 'Allow', Principal: '*', NotAction: 'sagemaker:Delete*' }],
  ])('allowed %s: nothing is said', async (_how, statement) => {
    expect(await refuseClosedGroup(world(policy(statement)), 'churn')).toEqual([]);
  });

  test.each([
    ['there is no policy', awsError('ValidationException', 'Cannot find resource policy for: arn')],
    ['it names another account', policy({ ...allows, Principal: { AWS: '222233334444' } })],
    ['it has other actions', policy({ ...allows, Action: ['sagemaker:CreateModelPackage', 'sagemaker:List*'] })],
    ['it denies', policy({ ...allows, Effect: 'Deny' })],
  ])('refused when %s, with the statement', async (_why, answer) => {
    await expect(refuseClosedGroup(world(answer), 'churn')).rejects.toThrow(
      expect.objectContaining({
        reason: 'access-denied',
        message: expect.stringContaining(
          `it needs {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::<account-3333>:role/model-deployer"},"Action":["sagemaker:CreateModel","sagemaker:DescribeModelPackage"],"Resource":"arn:aws:sagemaker:eu-west-1:<account-7777>:model-package/churn/*"} (<account-3333> stands for the id of the account ending in 3333, <account-7777> stands for the id of the account ending in 7777)`,
        ),
      }),
    );
  });

  test.each([
    [
      'the policy may not be read',
      world(awsError('AccessDeniedException', 'no')),
      /the role registry-reader may not read the policy/,
    ],
    ['it cannot be read as a policy', world(async () => ({ ResourcePolicy: '{' })), /^not known: /],
    ['no role of that account is there to read it', world(policy(allows), { role: undefined }), /^not known: /],
  ])('not known when %s', async (_why, given, said) => {
    const notes = await refuseClosedGroup(given, 'churn');
    expect(notes).toEqual([expect.stringMatching(said)]);
  });

  test('other failures of AWS pass; a registry in another region is refused', async () => {
    await expect(refuseClosedGroup(world(awsError('ThrottlingException', 'Rate exceeded')), 'churn')).rejects.toThrow(
      'Rate exceeded',
    );
    const elsewhere = world(policy(allows), { account: { ...own, id: '999988887777', region: 'us-east-1' } });
    await expect(refuseClosedGroup(elsewhere, 'churn')).rejects.toThrow(Refusal);
    expect(await refuseClosedGroup({ account: own } as World, 'churn')).toEqual([]);
  });
});
