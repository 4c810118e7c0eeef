import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { keepVerdict, putGolden, regression } from '../support/regression-verdicts.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

/** Registers a version with a card, and approves it. */
const prepareWith = async (version: '1.0.0' | '1.1.0', risk_rating: string): Promise<void> => {
  const card = join(dirname(account.manifest), 'card.json');
  writeFileSync(card, JSON.stringify({ intended_uses: { risk_rating, purpose_of_model: 'name a flower' } }, null, 2));
  const report = await account.run(registerModel, { ...account.registration(version), 'model-card': card });
  expect(report?.result.reason).toBe('registered');
  await account.approve();
};

const write = (more: { readonly top?: string; readonly own?: string; readonly rollout?: string } = {}): void =>
  account.writeManifest(() => {
    const { top = '', own = '', rollout = rollouts.unguarded } = more;
    const steps = rollout.includes('strategy: steps');
    const text = manifestText({ rollout, unwatched: !steps }).replace(/^( {4}endpoint:)/m, `${own}$1`);
    return `${text}${top}`;
  });
const own = (risk: string): string => `    risk: ${risk}\n`;

const deploy = (version: string, more = {}) => account.run(deployEndpoint, { version, ...more });
const refused = { outcome: 'failed', reason: 'risk-high' };

describe('a high risk requires more of a delivery', () => {
  test.each([
    ['the model card', 'High', {}, 'by the model card, which rates the risk as High'],
    ['the manifest', 'Low', { top: 'risk: high\n' }, 'by `risk: high` of the manifest'],
    ['the environment', 'Unknown', { own: own('high') }, 'by `risk: high` of the environment'],
  ] as const)('by %s: without its safeguards nothing is written', async (_name, rating, more, origin) => {
    await prepareWith('1.0.0', rating);
    write(more);
    const seen = account.watch();
    const report = await deploy('1.0.0');
    expect(report?.result).toMatchObject(refused);
    expect(report?.result.because).toContain(`the risk is high ${origin}; production needs \`regression:\``);
    expect(report?.result.because).toContain('; and `strategy: steps` instead of `all-at-once`');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    // The plan has the same.
    expect((await deploy('1.0.0', { 'dry-run': 'true' }))?.result).toMatchObject(refused);
  });

  test('only the missing safeguard is named', async () => {
    await prepareWith('1.0.0', 'High');
    write({ rollout: rollouts.steps });
    const report = await deploy('1.0.0');
    expect(report?.result).toMatchObject(refused);
    expect(report?.result.because).not.toContain('strategy: steps');
  });

  test.each(['Low', 'Medium', 'Unknown'])('the rating %s requires nothing', async (rating) => {
    await prepareWith('1.0.0', rating);
    write();
    expect((await deploy('1.0.0'))?.result.reason).toBe('delivered');
  });

  test('an environment lowers it, and its plan shows that', async () => {
    await prepareWith('1.0.0', 'High');
    write({ top: 'risk: high\n', own: own('normal') });
    const report = await deploy('1.0.0');
    expect(report?.result.reason).toBe('delivered');
    expect(report?.result.plan?.notes.join('\n')).toContain('but this environment has `risk: normal`');
  });

  test('`risk: normal` of the manifest does not lower that of a card', async () => {
    await prepareWith('1.0.0', 'High');
    write({ top: 'risk: normal\n' });
    expect((await deploy('1.0.0'))?.result).toMatchObject(refused);
  });

  test('with regression: and steps it needs a passing verdict, as every version does; the plan has the reason', async () => {
    putGolden(account);
    await prepareWith('1.0.0', 'High');
    write({ top: regression(), rollout: rollouts.steps });
    expect((await deploy('1.0.0'))?.result).toMatchObject({ outcome: 'rejected', reason: 'regression-missing' });
    await keepVerdict(account, '1.0.0');
    const report = await deploy('1.0.0', { 'dry-run': 'true' });
    expect(report?.result.reason).toBe('planned');
    expect(report?.result.plan?.notes).toContainEqual(
      'the risk is high by the model card, which rates the risk as High: so a passing regression test and strategy: steps are required here, and approve-gate requires two people',
    );
  });

  test('a dark candidate gets no traffic without them', async () => {
    write({ rollout: rollouts.steps.replace('bake: 5m', 'bake: 5m, max-step: 1h') });
    await account.inProduction('1.0.0');
    await prepareWith('1.1.0', 'Low');
    expect((await deploy('1.1.0'))?.result.reason).toBe('candidate-dark');
    write({ rollout: rollouts.steps, top: 'risk: high\n' });
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result).toMatchObject(refused);
  });
});

test('the gate shows the card and the risk beside the metrics', async () => {
  await prepareWith('1.0.0', 'High');
  const { ModelPackageSummaryList } = await account.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: 'iris',
  });
  const [{ ModelPackageArn } = { ModelPackageArn: '' }] = ModelPackageSummaryList as { ModelPackageArn: string }[];
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn,
    ModelApprovalStatus: 'PendingManualApproval',
  });
  write();
  const report = await account.run(approveGate, { version: '1.0.0' });
  expect(report?.result).toMatchObject({
    reason: 'approval-pending',
    findings: {
      is: 'evidence',
      card: { status: 'Draft', riskRating: 'High', sections: { purpose: 'name a flower' } },
      rules: [
        '2 different people have to approve; the manifest names no reviewers.',
        'The risk is high by the model card, which rates the risk as High: two people have to approve, and a delivery needs a passing regression test and strategy: steps.',
      ],
      changes: { is: 'unknown', because: expect.stringContaining('production needs `regression:`') },
      serves: { is: 'known', value: { endpoint: 'iris' } },
    },
  });
});
