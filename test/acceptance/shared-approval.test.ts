import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import type { Result } from '../../src/report/result.ts';
import { type FakeGitHub, startFakeGitHub } from '../github/fake-github.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { packageOf } from '../support/approval-policy.ts';
import { twoEnvironments } from '../support/two-environments.ts';

/** The registry has one approval of a version for all environments: the gate of the one without users approves for the other too. */

let account: TestAccount;
let github: FakeGitHub;
beforeEach(async () => {
  account = await openAccount();
  await account.run(registerModel, account.registration('1.0.0'));
  await account.pass(minutes(1));
  github = await startFakeGitHub({
    now: () => account.simulator.clock.now(),
    state: {
      commits: [{ sha: 'c0ffee', author: { login: 'mina', type: 'User' }, committer: { login: 'mina', type: 'User' } }],
      pullRequests: [
        { number: 7, head: 'c0ffee', state: 'open', author: { login: 'mina', type: 'User' }, commits: ['c0ffee'] },
      ],
      runs: [
        {
          id: 200,
          sha: 'c0ffee',
          actor: { login: 'omar', type: 'User' },
          triggeringActor: { login: 'omar', type: 'User' },
          approvals: [],
        },
      ],
      permissions: { alice: 'write', bob: 'write' },
    },
  });
});
afterEach(async () => {
  await account.close();
  await github.close();
});

const gateOf = async (environment: string): Promise<Result | undefined> => {
  const report = await account.run(
    approveGate,
    { version: '1.0.0', mode: 'comment', 'pull-request': '7', environment },
    { runId: '200', github },
  );
  return report?.result;
};
const status = async (): Promise<unknown> => {
  const ModelPackageName = packageOf(1);
  const found = await account.simulator.call('sagemaker', 'DescribeModelPackage', { ModelPackageName });
  return found['ModelApprovalStatus'];
};

test.each([
  ['of the manifest', { top: 'risk: high' }],
  ['of production', { production: 'risk: high' }],
])('one person does not approve a version of high risk %s through the gate of staging', async (origin, lines) => {
  account.writeManifest(() => twoEnvironments({ staging: 'risk: normal', ...lines }));
  github.comment(7, 'alice', '/approve 1.0.0');
  const result = await gateOf('staging');
  expect(result).toMatchObject({ outcome: 'pending', reason: 'approvals-missing' });
  const name = origin === 'of production' ? 'of the environment' : origin;
  const because = `isk is high by \`risk: high\` ${name} in production, which has the same registry, and so the same approval: two people have to approve, and a delivery to production needs`;
  expect(result?.findings).toMatchObject({
    rules: [expect.stringContaining('2 different people'), expect.stringContaining(because)],
  });
  expect(await status()).toBe('PendingManualApproval');
  expect((await gateOf('production'))?.reason).toBe('approvals-missing');

  github.comment(7, 'bob', '/approve 1.0.0');
  expect((await gateOf('staging'))?.reason).toBe('approved');
  expect((await gateOf('production'))?.reason).toBe('approved');
});

test('risk: normal of staging lowers the deliveries to it alone', async () => {
  account.writeManifest(() => twoEnvironments({ staging: 'risk: normal', top: 'risk: high' }));
  for (const person of ['alice', 'bob']) github.comment(7, person, '/approve 1.0.0');
  expect((await gateOf('staging'))?.reason).toBe('approved');
  const planned = async (environment: string) =>
    (await account.run(deployEndpoint, { version: '1.0.0', environment, 'dry-run': 'true' }))?.result;
  const staging = await planned('staging');
  expect(staging?.reason).toBe('planned');
  expect(staging?.plan?.notes.join()).toContain('but this environment has `risk: normal`');
  expect(await planned('production')).toMatchObject({ outcome: 'failed', reason: 'risk-high' });
});

test('weaker reviewers of staging are refused before the registry is read', async () => {
  account.writeManifest(() =>
    twoEnvironments({
      staging: 'approval: { reviewers: { of: [noor] } }',
      top: 'approval: { reviewers: { at-least: 2, of: [alice, bob] } }',
    }),
  );
  github.comment(7, 'noor', '/approve 1.0.0');
  const result = await gateOf('staging');
  expect(result).toMatchObject({ outcome: 'failed', reason: 'invalid-manifest' });
  expect(result?.because).toContain('environments.staging.approval: the registry has one approval of a version');
  expect(await status()).toBe('PendingManualApproval');
});
