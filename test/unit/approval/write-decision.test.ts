import { describe, expect, test } from '@jest/globals';
import type { Decided } from '../../../src/approval/decision.ts';
import { descriptionOf, stateOf, writeDecision } from '../../../src/approval/write-decision.ts';
import type { PolicyRule } from '../../../src/manifest/approval-policy.ts';
import { approveGate } from '../../../src/operations/approve-gate.ts';
import { registerModel } from '../../../src/operations/register-model.ts';
import { requireRequested } from '../../../src/registry/packages.ts';
import { registeredVersion } from '../../support/registered.ts';
import { account, inputs, manifest } from '../../support/registration.ts';
import type { Around, StoredPackage } from '../../support/registry-aws.ts';
import { runTurns } from '../../support/run-turns.ts';

const decision: Decided = { is: 'approve', by: ['alice', 'bob'], because: 'recall holds' };

const registered = async () => {
  const aws = account();
  await runTurns(registerModel, inputs(), aws.world());
  const version = await requireRequested(aws.world(), 'churn', '1.4.0');
  const [stored] = aws.packages;
  if (stored === undefined) throw new Error('nothing is registered');
  aws.calls.length = 0;
  return { aws, version, stored };
};

/** Acts before the call of that number of an operation. */
const actBefore = (operation: string, number: number, act: () => unknown): Around => {
  let calls = 0;
  return async (called, carryOut) => {
    if (called === operation && ++calls === number) act();
    return carryOut();
  };
};

const updates = (calls: readonly { readonly operation: string; readonly input: unknown }[]) =>
  calls.filter(({ operation }) => operation === 'UpdateModelPackage').map(({ input }) => input);

describe('the write of a decision', () => {
  test('sends the decision alone, and reads the state of the registry back', async () => {
    const { aws, version } = await registered();
    const { written, now } = await writeDecision(aws.world(), 'churn', version, decision);
    expect(written).toBe(true);
    expect(now).toMatchObject({ approval: 'Approved', approvalDescription: 'alice, bob: recall holds' });
    expect(updates(aws.calls)).toEqual([
      {
        ModelPackageArn: version.arn,
        ModelApprovalStatus: 'Approved',
        ApprovalDescription: 'alice, bob: recall holds',
      },
    ]);
    expect(aws.writes()).toEqual(['UpdateModelPackage']);
  });

  test.each([
    ['was approved by another', (one: StoredPackage) => Object.assign(one, { approval: 'Approved' })],
    ['was rejected by another', (one: StoredPackage) => Object.assign(one, { approval: 'Rejected' })],
    ['has another content', (one: StoredPackage) => Object.assign(one, edited(one))],
  ])('writes nothing when the version %s since', async (_name, change) => {
    const { aws, version, stored } = await registered();
    change(stored);
    const { written, now } = await writeDecision(aws.world(), 'churn', version, decision);
    expect(written).toBe(false);
    expect(now?.arn).toBe(version.arn);
    expect(aws.writes()).toEqual([]);
  });

  test('writes nothing when the version was deleted', async () => {
    const { aws, version } = await registered();
    aws.packages.length = 0;
    expect(await writeDecision(aws.world(), 'churn', version, decision)).toEqual({ written: false, now: undefined });
    expect(aws.writes()).toEqual([]);
  });

  test('after it reports the write of another run: the registry decides', async () => {
    const { aws, version, stored } = await registered();
    const contested = actBefore('DescribeModelPackage', 2, () => {
      Object.assign(stored, { approval: 'Rejected', approvalDescription: 'carol: biased' });
    });
    const { written, now } = await writeDecision(aws.world({ around: contested }), 'churn', version, decision);
    expect(written).toBe(true);
    expect(now).toMatchObject({ approval: 'Rejected', approvalDescription: 'carol: biased' });
  });
});

describe('the state that a decision is about', () => {
  const version = registeredVersion({ approval: 'PendingManualApproval', lastModified: { at: 1000, by: 'alice' } });

  test.each([
    ['approval', { approval: 'Approved' }],
    ['time of the last change', { lastModified: { at: 2000, by: 'alice' } }],
    ['content', { contentDigestNow: 'c1'.repeat(32) }],
    ['package', { arn: `${version.arn}1` }],
  ] as const)('is another one with another %s', (_name, change) => {
    expect(stateOf({ ...version, ...change })).not.toBe(stateOf(version));
  });

  test('is the same for the same package', () => {
    expect(stateOf({ ...version })).toBe(stateOf(version));
  });
});

describe('the description of a decision', () => {
  test('is one line, of at most 1,024 characters, whose link is never cut', () => {
    const link = `https://github.com/acme/churn/actions/runs/${'7'.repeat(300)}`;
    const text = descriptionOf({
      is: 'approve',
      by: ['alice'],
      because: `recall\nholds \u202e${'a'.repeat(2000)}`,
      link,
    });
    expect(text).toHaveLength(1024);
    expect(text.endsWith(`…; ${link}`)).toBe(true);
    expect(text.startsWith('alice: recall\\nholds \\u202ea')).toBe(true);
  });

  test('without people begins with its reason', () => {
    expect(descriptionOf({ is: 'reject', by: [], because: 'recall fell' })).toBe('recall fell');
  });
});

describe('the gate in mode policy, whose turns plan, look again and write', () => {
  const policy = (rules: readonly PolicyRule[]): typeof manifest => ({
    ...manifest,
    environments: Object.fromEntries(
      Object.entries(manifest.environments).map(([name, one]) => [name, { ...one, approval: { policy: rules } }]),
    ),
  });
  const atLeast = (limit: number): PolicyRule => ({
    is: 'metric',
    from: 'metadata',
    path: ['f1'],
    bound: { is: 'at-least', limit },
  });

  const gate = async (
    { limit = 0.9, stored: changes = {} }: { readonly limit?: number; readonly stored?: Partial<StoredPackage> } = {},
    around?: (stored: StoredPackage, packages: StoredPackage[]) => Around,
  ) => {
    const aws = account();
    await runTurns(registerModel, inputs({ metadata: { f1: '0.95' } }), aws.world());
    const [stored] = aws.packages;
    if (stored === undefined) throw new Error('nothing is registered');
    Object.assign(stored, changes);
    aws.calls.length = 0;
    const requested = {
      manifest: policy([atLeast(limit)]),
      environment: 'staging',
      version: '1.4.0',
      mode: 'policy',
    } as const;
    const world = aws.world(around === undefined ? {} : { around: around(stored, aws.packages) });
    return { ...(await runTurns(approveGate, requested, world)), sent: updates(aws.calls), writes: aws.writes() };
  };

  test.each([
    [0.9, 'Approved', 'approved'],
    [0.96, 'Rejected', 'approval-rejected'],
  ])('with a limit of %s the version is %s', async (limit, status, reason) => {
    const { end, sent, plan, turns } = await gate({ limit });
    expect(end.reason).toBe(reason);
    expect(sent).toEqual([expect.objectContaining({ ModelApprovalStatus: status })]);
    expect(plan?.changes).toHaveLength(1);
    expect(turns).toBe(2);
  });

  test('an approved version is not judged again', async () => {
    const { end, writes } = await gate({ limit: 0.96, stored: { approval: 'Approved' } });
    expect(end.reason).toBe('approved');
    expect(writes).toEqual([]);
  });

  test.each([
    ['Failed', 'registration-failed'],
    ['Pending', 'approval-pending'],
  ])('a package that is %s gets no decision', async (status, reason) => {
    const { end, writes } = await gate({ stored: { status } });
    expect(end.reason).toBe(reason);
    expect(writes).toEqual([]);
  });

  test('a package that was edited gets no decision', async () => {
    const { end, writes } = await gate({}, (stored) =>
      actBefore('DescribeModelPackage', 1, () => Object.assign(stored, edited(stored))),
    );
    expect(end.reason).toBe('content-changed');
    expect(writes).toEqual([]);
  });

  test('another decides between the plan and the write: it stands', async () => {
    const { end, writes } = await gate({}, (stored) =>
      actBefore('DescribeModelPackage', 2, () => Object.assign(stored, { approval: 'Rejected' })),
    );
    expect(end.reason).toBe('approval-rejected');
    expect(writes).toEqual([]);
  });

  test('another decides directly before the write: nothing is written, and the version is looked at again', async () => {
    const { end, writes } = await gate({}, (stored) =>
      actBefore('DescribeModelPackage', 3, () => Object.assign(stored, { approval: 'Rejected' })),
    );
    expect(end.reason).toBe('approval-rejected');
    expect(writes).toEqual([]);
  });

  test('another decides directly after the write: the registry has the last word', async () => {
    const { end, sent } = await gate({}, (stored) =>
      actBefore('DescribeModelPackage', 4, () => Object.assign(stored, { approval: 'Rejected' })),
    );
    expect(end).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(sent).toHaveLength(1);
  });

  test('its metric is edited between the plan and the write: the new one decides, by a plan of its own', async () => {
    const { end, sent, turns } = await gate({}, (stored) =>
      actBefore('DescribeModelPackage', 2, () =>
        Object.assign(stored, {
          input: {
            ...stored.input,
            CustomerMetadataProperties: {
              ...(stored.input['CustomerMetadataProperties'] as object),
              f1: '0.1',
            },
          },
        }),
      ),
    );
    expect(end.reason).toBe('approval-rejected');
    expect(sent).toEqual([expect.objectContaining({ ModelApprovalStatus: 'Rejected' })]);
    expect(turns).toBe(3);
  });

  test('it is deleted directly before the write', async () => {
    const { end, writes } = await gate({}, (_stored, packages) =>
      actBefore('DescribeModelPackage', 3, () => packages.splice(0)),
    );
    expect(end).toMatchObject({ outcome: 'failed', reason: 'unknown-version' });
    expect(end.because).toContain('was deleted before its decision was written');
    expect(writes).toEqual([]);
  });
});

const edited = (stored: StoredPackage) => ({
  input: { ...stored.input, InferenceSpecification: { Containers: [{ Image: 'another' }] } },
});
