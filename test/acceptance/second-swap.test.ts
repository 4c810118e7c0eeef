import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
  await account.prepare('1.1.0');
  await account.run(deployEndpoint, { version: '1.1.0' });
});
afterEach(() => account.close());

const weights = async (): Promise<readonly number[]> => {
  const { ProductionVariants } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: team.endpoint,
  });
  return (ProductionVariants as { readonly CurrentWeight: number }[]).map(({ CurrentWeight }) => CurrentWeight);
};

const dies = (atCall: string, received = false) =>
  account.run(shiftTraffic, { version: '1.1.0' }, { death: { atCall, received } });

describe('the update that publishes never arrived, and the run that found this out died', () => {
  beforeEach(async () => {
    await dies('sagemaker.updateEndpoint');
    // The first call after the release went back to the phase before its submission.
    await dies('sagemaker.describeModel');
    expect(await weights()).toEqual([0, 1]);
  });

  test('a re-run publishes', async () => {
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result.reason).toBe('delivered');
    expect(await weights()).toEqual([1]);
  });

  test('rejected meanwhile, the version keeps no traffic', async () => {
    const { ModelPackageSummaryList } = await account.simulator.call('sagemaker', 'ListModelPackages', {
      ModelPackageGroupName: team.model,
      SortOrder: 'Descending',
    });
    const [{ ModelPackageArn = '' } = {}] = ModelPackageSummaryList as { readonly ModelPackageArn?: string }[];
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn,
      ModelApprovalStatus: 'Rejected',
    });
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
    expect(await weights()).toEqual([1, 0]);
  });

  test('a record that names another config meanwhile publishes nothing: the candidate keeps no traffic', async () => {
    const record = account.record();
    const other = record?.history.find(({ version }) => version === '1.0.0')?.endpointConfig;
    if (record?.live === undefined || other === undefined) throw new Error('nothing is live, or nothing served before');
    const { live } = record;
    account.forge({ ...record, live: { ...live, candidate: { ...live.candidate, endpointConfig: other } } });
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'foreign-config' });
    expect(await weights()).toEqual([1, 0]);
  });

  test('the watchdog leaves no traffic that nobody supervises', async () => {
    await account.pass(minutes(11));
    await account.run(rollback, { 'only-expired': 'true' }, { runId: '9' });
    expect(account.record()?.ended[0]).toMatchObject({ reason: 'abandoned' });
    expect(await weights()).toEqual([1, 0]);
  });
});
