import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { endpointKey } from '../../src/endpoint/key.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import type { ReasonCode } from '../../src/reason-codes.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { withRegression } from '../support/golden-set.ts';
import { rowsOf } from '../support/operation-rows.ts';

type Inputs = Readonly<Record<string, string>>;

interface Row {
  readonly stage: (account: TestAccount) => Promise<Inputs>;
  readonly ends: ReasonCode;
}

const dry = { 'dry-run': 'true' };
const key = endpointKey({ partition: 'aws', region: team.region, id: team.account }, team.endpoint);

const dark = async (account: TestAccount): Promise<Inputs> => {
  await account.inProduction('1.0.0');
  account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
  await account.prepare('1.1.0');
  await account.run(deployEndpoint, { version: '1.1.0' });
  return { version: '1.1.0' };
};

/** Each has something to do. */
const rows = rowsOf<Row>({
  'register-model': [{ stage: async (account) => account.registration('1.0.0'), ends: 'planned' }],
  // A gate changes nothing, dry or not.
  'approve-gate': [
    {
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0' };
      },
      ends: 'approved',
    },
  ],
  'regression-test': [
    {
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.prepare('1.1.0');
        withRegression(account);
        return { version: '1.1.0' };
      },
      ends: 'planned',
    },
  ],
  'deploy-endpoint': [
    {
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0' };
      },
      ends: 'planned',
    },
  ],
  'shift-traffic': [{ stage: dark, ends: 'planned' }],
  rollback: [
    {
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.inProduction('1.1.0');
        return {};
      },
      ends: 'planned',
    },
  ],
});

test.each(rows)('a dry run of $operation.name writes nothing and ends $ends', async ({ operation, stage, ends }) => {
  const account = await openAccount();
  try {
    const inputs = await stage(account);
    const seen = account.watch();
    const report = await account.run(operation, { ...inputs, ...dry });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: ends });
    expect(report?.wouldChange).toBe(ends === 'planned');
    // A request to a model changes nothing, and takes capacity of what serves users.
    expect(seen().filter(({ mutation, operation: call }) => mutation || call === 'InvokeEndpoint')).toEqual([]);
  } finally {
    await account.close();
  }
});

/** What `deliver.yml` decides by after its planning job. */
describe('a dry run', () => {
  let account: TestAccount;
  beforeEach(async () => {
    account = await openAccount();
  });
  afterEach(() => account.close());

  it('of a registration says that there is something to do, until it is done', async () => {
    const inputs = account.registration('1.0.0');
    const wrote = account.watch();
    expect(await account.run(registerModel, { ...inputs, ...dry })).toMatchObject({
      result: { reason: 'planned' },
      wouldChange: true,
      endpointKey: key,
    });
    expect(wrote().filter(({ mutation }) => mutation)).toEqual([]);
    await account.run(registerModel, inputs);
    expect(await account.run(registerModel, { ...inputs, ...dry })).toMatchObject({
      result: { reason: 'already-registered' },
      wouldChange: false,
    });
  });

  it('shows an approver the plan of a version that is not approved yet, and nobody one that was rejected', async () => {
    await account.run(registerModel, account.registration('1.0.0'));
    const version = { version: '1.0.0' };
    const planned = await account.run(deployEndpoint, { ...version, ...dry });
    expect(planned).toMatchObject({ result: { reason: 'planned' }, wouldChange: true, endpointKey: key });
    expect(planned?.result.plan?.notes.join()).toContain('waits for approval');
    expect(await account.run(deployEndpoint, version)).toMatchObject({ result: { reason: 'not-approved' } });

    const ModelPackageArn = `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/1`;
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn,
      ModelApprovalStatus: 'Rejected',
    });
    const refused = await account.run(deployEndpoint, { ...version, ...dry });
    expect(refused?.result).toMatchObject({ outcome: 'rejected', reason: 'not-approved' });
    expect(refused).not.toHaveProperty('wouldChange');
  });

  it('of what serves already finds nothing to do', async () => {
    await account.inProduction('1.0.0');
    expect(await account.run(deployEndpoint, { version: '1.0.0', ...dry })).toMatchObject({
      result: { reason: 'already-delivered', outputs: { 'serving-version': '1.0.0', 'previous-version': '1.0.0' } },
      wouldChange: false,
    });
    expect(await account.run(approveGate, { version: '1.0.0' })).not.toHaveProperty('wouldChange');
  });

  it('queues up behind a release that is live, where the real run would be refused', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await account.prepare('1.3.0');
    await account.run(
      deployEndpoint,
      { version: '1.1.0' },
      { runId: '1', death: { atCall: 'sagemaker.updateEndpoint', received: true } },
    );
    const version = { version: '1.3.0' };
    const behind = await account.run(deployEndpoint, { ...version, ...dry }, { runId: '2' });
    expect(behind).toMatchObject({ result: { outcome: 'succeeded', reason: 'planned' }, wouldChange: true });
    expect(behind?.result.because).toContain('1.1.0');
    expect(await account.run(deployEndpoint, version, { runId: '2' })).toMatchObject({
      result: { reason: 'held-by-another-release' },
    });
    // A rollback does not wait: it would stop the release first.
    expect(await account.run(rollback, dry, { runId: '2' })).toMatchObject({
      result: { reason: 'planned' },
      wouldChange: true,
    });
  });
});
