import { expect, test } from '@jest/globals';
import type { Look } from '../../../src/endpoint/look.ts';
import { unrejectedWayBack } from '../../../src/operations/rejected-target.ts';
import type { RollbackInputs } from '../../../src/operations/rollback-inputs.ts';
import type { Decided } from '../../../src/registry/decision.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { World } from '../../../src/world.ts';
import { configuration } from '../../support/release.ts';

const account = { id: '111122223333', region: 'eu-west-1', partition: 'aws' };

test('a package of another region says nothing about the one of the same number here', async () => {
  const world = {
    account,
    read: {
      sagemaker: {
        describeModel: async () => ({
          PrimaryContainer: {
            ModelPackageName: `arn:aws:sagemaker:us-west-2:${account.id}:model-package/churn/1`,
          },
        }),
        describeModelPackage: async () => ({ ModelApprovalStatus: 'Approved' }),
      },
    },
  } as unknown as World;
  const left = { ...configuration('1.0.0'), from: 0, until: 1, good: true, ended: 'rejected' as const };
  const serves = { ...configuration('1.1.0'), from: 1, good: true };
  const record = {
    ...newRecord({ endpoint: 'churn', account: account.id, region: account.region }),
    history: [serves, left],
  };
  const look = {
    live: { status: 'InService', endpointConfig: serves.endpointConfig, variants: [] },
  } as unknown as Look;
  const given = { manifest: { model: 'churn' } } as unknown as RollbackInputs;
  const decided: Decided = {
    packageVersion: 2,
    version: '1.1.0',
    tag: 'churn_v1.1.0',
    arn: `arn:aws:sagemaker:${account.region}:${account.id}:model-package/churn/2`,
    approval: 'Rejected',
  };
  await expect(unrejectedWayBack(world, given, record, look, decided)).rejects.toThrow(
    '1.0.0 was left because it was rejected, and its package does not exist any more',
  );
});
