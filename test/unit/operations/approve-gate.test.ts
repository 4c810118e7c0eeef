import { describe, expect, test } from '@jest/globals';
import { approveGate } from '../../../src/operations/approve-gate.ts';
import { registerModel } from '../../../src/operations/register-model.ts';
import { account, inputs, manifest } from '../../support/registration.ts';
import type { StoredPackage } from '../../support/registry-aws.ts';
import { runTurns } from '../../support/run-turns.ts';

const requested = { manifest, environment: 'staging', version: '1.4.0', mode: 'check' as const };

const registered = async (changes: Partial<StoredPackage>, versions: readonly string[] = ['1.4.0']) => {
  const aws = account();
  for (const version of versions) await runTurns(registerModel, inputs({ version }), aws.world());
  Object.assign(aws.packages[0] ?? {}, changes);
  aws.calls.length = 0;
  return aws;
};
const check = async (changes: Partial<StoredPackage>) => {
  const aws = await registered(changes);
  const { end } = await runTurns(approveGate, requested, aws.world({ dryRun: true }));
  return end;
};

describe('the gate', () => {
  test('opens for an approved version and says who changed it last, by name', async () => {
    const end = await check({
      approval: 'Approved',
      approvalDescription: 'recall holds',
      lastModifiedBy: { IamIdentity: { Arn: 'arn:aws:sts::111122223333:assumed-role/approver/alice' } },
    });
    expect(end).toEqual({
      is: 'done',
      outcome: 'succeeded',
      reason: 'approved',
      because:
        'churn_v1.4.0 (package 1) is approved; last changed by approver/alice at 2026-01-05T10:00:00Z: recall holds',
      outputs: {
        version: '1.4.0',
        tag: 'churn_v1.4.0',
        'model-package-version': '1',
        'approval-status': 'Approved',
        'approval-description': 'recall holds',
        'last-modified-by': 'approver/alice',
        'last-modified-at': '2026-01-05T10:00:00Z',
      },
    });
  });

  test.each(['Endorsed', 'approved', 'Approved ', ''])(
    'stays shut at a word that is not known: %j',
    async (approval) => {
      expect(await check({ approval })).toMatchObject({ outcome: 'pending', reason: 'approval-pending' });
    },
  );

  test.each([
    [{ IamIdentity: { Arn: 'arn:aws:iam::111122223333:user/ops/bob' } }, 'bob'],
    [
      { UserProfileName: 'carol', IamIdentity: { Arn: 'arn:aws:sts::111122223333:assumed-role/studio/SageMaker' } },
      'carol',
    ],
    [{ IamIdentity: { Arn: 'arn:aws:iam::111122223333:root' } }, undefined],
    [undefined, undefined],
  ])('knows the modifier %j as %s', async (lastModifiedBy, name) => {
    const end = await check({ approval: 'Approved', ...(lastModifiedBy && { lastModifiedBy }) });
    expect(end.outputs['last-modified-by']).toBe(name);
    expect(JSON.stringify(end)).not.toContain('111122223333');
  });

  test.each([
    [{ approval: 'PendingManualApproval' }, 'pending', 'approval-pending', 'waits for approval'],
    [{ approval: 'Rejected', approvalDescription: 'biased' }, 'rejected', 'approval-rejected', ': biased'],
    [
      { approval: 'Approved', status: 'Failed', failureReason: 'no image' },
      'failed',
      'registration-failed',
      'validation: no image',
    ],
    [{ approval: 'Approved', status: 'Pending' }, 'pending', 'approval-pending', 'approved, but still Pending'],
  ])('on %j says %s', async (changes, outcome, reason, because) => {
    expect(await check(changes)).toMatchObject({ outcome, reason, because: expect.stringContaining(because) });
  });

  test('asks about the owner of the version, whatever a later package claims', async () => {
    const aws = await registered({ approval: 'Rejected' });
    const [owner] = aws.packages;
    if (!owner) throw new Error('nothing is registered');
    aws.packages.push({ ...owner, number: 2, arn: owner.arn.replace('/1', '/2'), approval: 'Approved' });
    expect((await runTurns(approveGate, requested, aws.world())).end.reason).toBe('approval-rejected');
  });

  test('refuses a version nobody registered and names the nearest', async () => {
    const aws = await registered({}, ['1.3.0', '1.5.0', '2.0.0-rc.1']);
    await expect(runTurns(approveGate, requested, aws.world())).rejects.toMatchObject({
      reason: 'unknown-version',
      message: 'churn_v1.4.0 is not registered; nearest: churn_v1.3.0, churn_v1.5.0, churn_v2.0.0-rc.1',
    });
    await expect(runTurns(approveGate, requested, account().world())).rejects.toThrow(
      'churn_v1.4.0 is not registered; nothing is registered for churn in eu-west-1: register it there first, or correct `region`',
    );
    expect(aws.writes()).toEqual([]);
  });

  test('refuses an environment the manifest does not have', async () => {
    const aws = await registered({});
    await expect(runTurns(approveGate, { ...requested, environment: 'prod' }, aws.world())).rejects.toThrow('"prod"');
  });

  test('has nothing to bring to rest', async () => {
    const aws = account();
    expect(await approveGate.abort(requested, undefined, 'cancelled', aws.world())).toMatchObject({
      reason: 'cancelled',
    });
    expect(await approveGate.abort(requested, undefined, 'timed-out', aws.world())).toMatchObject({
      reason: 'deadline-passed',
    });
    expect(aws.calls).toEqual([]);
  });
});
