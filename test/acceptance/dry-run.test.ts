import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { endpointKey } from '../../src/endpoint/key.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import type { ReasonCode } from '../../src/reason-codes.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { rowsOf } from '../support/operation-rows.ts';

type Inputs = Readonly<Record<string, string>>;

interface Row {
  readonly stage: (house: TestAccount) => Promise<Inputs>;
  readonly ends: ReasonCode;
}

const dry = { 'dry-run': 'true' };
const key = endpointKey({ partition: 'aws', region: team.region, id: team.account }, team.endpoint);

const dark = async (house: TestAccount): Promise<Inputs> => {
  await house.inProduction('1.0.0');
  house.writeManifest(() => manifestText({ rollout: rollouts.steps }));
  await house.prepare('1.1.0');
  await house.run(deployEndpoint, { version: '1.1.0' });
  return { version: '1.1.0' };
};

/** Each has something to do. */
const rows = rowsOf<Row>({
  'register-model': [{ stage: async (house) => house.registration('1.0.0'), ends: 'planned' }],
  // A gate changes nothing, dry or not.
  'approve-gate': [
    {
      stage: async (house) => {
        await house.prepare('1.0.0');
        return { version: '1.0.0' };
      },
      ends: 'approved',
    },
  ],
  'deploy-endpoint': [
    {
      stage: async (house) => {
        await house.prepare('1.0.0');
        return { version: '1.0.0' };
      },
      ends: 'planned',
    },
  ],
  'shift-traffic': [{ stage: dark, ends: 'planned' }],
  rollback: [
    {
      stage: async (house) => {
        await house.inProduction('1.0.0');
        await house.inProduction('1.1.0');
        return {};
      },
      ends: 'planned',
    },
  ],
});

test.each(rows)('a dry run of $operation.name writes nothing and ends $ends', async ({ operation, stage, ends }) => {
  const house = await openAccount();
  try {
    const inputs = await stage(house);
    const seen = house.watch();
    const report = await house.run(operation, { ...inputs, ...dry });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: ends });
    expect(report?.wouldChange).toBe(ends === 'planned');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  } finally {
    await house.close();
  }
});

/** What `deliver.yml` decides by after its planning job. */
describe('a dry run', () => {
  let house: TestAccount;
  beforeEach(async () => {
    house = await openAccount();
  });
  afterEach(() => house.close());

  it('of a registration says that there is something to do, until it is done', async () => {
    const inputs = house.registration('1.0.0');
    const wrote = house.watch();
    expect(await house.run(registerModel, { ...inputs, ...dry })).toMatchObject({
      result: { reason: 'planned' },
      wouldChange: true,
      endpointKey: key,
    });
    expect(wrote().filter(({ mutation }) => mutation)).toEqual([]);
    await house.run(registerModel, inputs);
    expect(await house.run(registerModel, { ...inputs, ...dry })).toMatchObject({
      result: { reason: 'already-registered' },
      wouldChange: false,
    });
  });

  it('shows an approver the plan of a version that is not approved yet, and nobody one that was rejected', async () => {
    await house.run(registerModel, house.registration('1.0.0'));
    const version = { version: '1.0.0' };
    const planned = await house.run(deployEndpoint, { ...version, ...dry });
    expect(planned).toMatchObject({ result: { reason: 'planned' }, wouldChange: true, endpointKey: key });
    expect(planned?.result.plan?.notes.join()).toContain('waits for approval');
    expect(await house.run(deployEndpoint, version)).toMatchObject({ result: { reason: 'not-approved' } });

    const ModelPackageArn = `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/1`;
    await house.simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Rejected' });
    const refused = await house.run(deployEndpoint, { ...version, ...dry });
    expect(refused?.result).toMatchObject({ outcome: 'rejected', reason: 'not-approved' });
    expect(refused).not.toHaveProperty('wouldChange');
  });

  it('of what serves already finds nothing to do', async () => {
    await house.inProduction('1.0.0');
    expect(await house.run(deployEndpoint, { version: '1.0.0', ...dry })).toMatchObject({
      result: { reason: 'already-delivered', outputs: { 'serving-version': '1.0.0', 'previous-version': '1.0.0' } },
      wouldChange: false,
    });
    expect(await house.run(approveGate, { version: '1.0.0' })).not.toHaveProperty('wouldChange');
  });

  it('queues up behind a release that is live, where the real run would be refused', async () => {
    await house.inProduction('1.0.0');
    await house.prepare('1.1.0');
    await house.prepare('1.3.0');
    await house.run(
      deployEndpoint,
      { version: '1.1.0' },
      { runId: '1', death: { atCall: 'sagemaker.updateEndpoint', heard: true } },
    );
    const version = { version: '1.3.0' };
    const behind = await house.run(deployEndpoint, { ...version, ...dry }, { runId: '2' });
    expect(behind).toMatchObject({ result: { outcome: 'succeeded', reason: 'planned' }, wouldChange: true });
    expect(behind?.result.because).toContain('1.1.0');
    expect(await house.run(deployEndpoint, version, { runId: '2' })).toMatchObject({
      result: { reason: 'held-by-another-release' },
    });
    // A rollback does not wait: it would stop the release first.
    expect(await house.run(rollback, dry, { runId: '2' })).toMatchObject({
      result: { reason: 'planned' },
      wouldChange: true,
    });
  });
});
