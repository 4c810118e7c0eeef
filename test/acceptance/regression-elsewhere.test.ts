import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { defaultRoles } from '../../simulator/simulator.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { policyFor } from '../../src/permissions.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { accounts, byRole, share, sharedManifest, sharedRoles } from '../../src/rehearsal/two-accounts.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asJsonl, goldenRows, regressionText, testRecords } from '../support/golden-set.ts';
import { hosts } from '../support/hosts.ts';
import { place } from '../support/policy-place.ts';
import { registerInTooling } from '../support/shared-registry.ts';

/** The endpoint of staging, which lies in an account of its own, is asked by a run of production. */
const tester = `arn:aws:iam::${accounts.staging}:role/model-tester`;
const releases = `model-delivery-${accounts.production}-${team.region}`;

/** Of the policy of `regression-test`, the statements that docs/accounts.md names for the role. */
const ofTester = [
  'ReadTheEndpoint',
  'ReadWhatItServes',
  'ReadItsModels',
  'FindItsExperiment',
  'ReadTheExperiment',
  'AskTheModels',
];

const allow = (Action: string, Resource: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: [Action], Resource: [Resource] }],
});

const before = { ...process.env };
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount({ roles: [...defaultRoles, ...sharedRoles, tester] });
  const { simulator } = account;
  await share(simulator);
  const ofStaging = policyFor('regression-test', { ...place, account: accounts.staging });
  simulator.attachPolicy(tester, {
    ...ofStaging,
    Statement: ofStaging.Statement.filter(({ Sid }) => ofTester.includes(Sid)),
  });
  simulator.attachPolicy('model-deployer', policyFor('regression-test', place));
  simulator.attachPolicy('model-deployer', allow('s3:GetObject', `arn:aws:s3:::${releases}/golden.jsonl`));
  simulator.attachPolicy('model-deployer', allow('sts:AssumeRole', tester));
  simulator.trust(tester, {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: [`arn:aws:iam::${accounts.production}:role/model-deployer`] },
        Action: ['sts:AssumeRole'],
      },
    ],
  });
  await registerInTooling(account, '1.0.0', true);
  manifest();
  const delivered = await account.run(deployEndpoint, { environment: 'staging', version: '1.0.0' });
  expect(delivered?.result.reason).toBe('delivered');
  simulator.objects.put(releases, 'golden.jsonl', Buffer.from(asJsonl(goldenRows)));
});
afterEach(async () => {
  await account.close();
  process.env = { ...before };
});

const manifest = (candidate?: string, ...keys: readonly string[]): void =>
  account.writeManifest(() =>
    [
      sharedManifest({ staging: byRole, production: byRole }),
      ...(candidate === undefined
        ? []
        : [
            regressionText({
              dataset: `s3://${releases}/golden.jsonl`,
              rules: ['{ metric: accuracy, floor: 0.8 }'],
              keys: [`candidate: ${candidate}`, ...keys],
            }),
          ]),
    ].join(''),
  );

const tested = (more = {}) => account.run(regressionTest, { environment: 'production', version: '1.0.0', ...more });

const askedIn = (seen: readonly LoggedRequest[]): readonly string[] => [
  ...new Set(
    seen.flatMap(({ operation, principal, status }) =>
      operation === 'InvokeEndpoint' && status === 200 ? [principal.replace(/\/[^/]+$/, '')] : [],
    ),
  ),
];

const sessionOf = (role: string): string => role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/');

describe('the candidate on an endpoint of another account', () => {
  test.each([
    ['a name', 'model-tester'],
    ['an ARN', tester],
  ])('is asked by the role that the manifest names by %s', async (_name, role) => {
    manifest(`{ environment: staging, role: "${role}" }`);
    const seen = account.watch();
    const report = await tested();
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { rows: '150' } });
    expect(report?.result.plan?.notes).toContain(`candidate: endpoint ${team.endpoint} of staging`);
    expect(askedIn(seen())).toEqual([sessionOf(tester)]);
    expect(JSON.stringify(report?.result)).not.toContain(accounts.staging);
  });

  test('by CodePipeline, too', async () => {
    manifest('{ environment: staging, role: model-tester }');
    // The pipeline's own bucket: the registration left it to the registry's account.
    account.simulator.objects.drop(team.bucket);
    account.simulator.objects.create(team.bucket, accounts.production);
    const seen = account.watch();
    const report = await hosts.codepipeline(account, regressionTest, {
      manifest: account.manifest,
      environment: 'production',
      version: '1.0.0',
    });
    expect(report).toMatchObject({ reason: 'regression-passed' });
    expect(askedIn(seen())).toEqual([sessionOf(tester)]);
  });

  test('a test program has a session of that role', async () => {
    manifest(
      '{ environment: staging, role: model-tester }',
      `command: { run: ["${process.execPath}", -e, "process.exitCode = process.env.AWS_ACCESS_KEY_ID.startsWith('ASIA') && process.env.MODEL_DELIVERY_ENDPOINT === 'iris' ? 0 : 1"] }`,
    );
    const seen = account.watch();
    expect((await tested())?.result.reason).toBe('regression-passed');
    const policies = seen().flatMap(({ operation, input }) => {
      const { RoleArn, Policy } = input as { readonly RoleArn?: string; readonly Policy?: string };
      return operation === 'AssumeRole' && Policy !== undefined ? [[RoleArn, Policy]] : [];
    });
    expect(policies).toEqual([
      [tester, expect.stringContaining(`arn:aws:sagemaker:${team.region}:${accounts.staging}:endpoint/iris`)],
    ]);
  });

  test('is refused without a role, with the way out, before anything is begun', async () => {
    manifest('{ environment: staging }');
    const report = await tested();
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toMatch(
      /^regression\.candidate: environment staging is another account: name a role of it that this run may assume, candidate: \{ environment: staging, role: … \}; or use temporary/,
    );
    expect(testRecords(account)).toEqual([]);
  });

  test('a role that does not trust the run is named', async () => {
    account.simulator.trust(tester, { Version: '2012-10-17', Statement: [] });
    manifest('{ environment: staging, role: model-tester }');
    const report = await tested();
    expect(report?.result.outcome).toBe('failed');
    expect(report?.result.because).toMatch(/role model-tester could not be assumed/);
  });

  test('a role of an account that is not the environment’s is refused', async () => {
    manifest(`{ environment: staging, role: "arn:aws:iam::${accounts.tooling}:role/model-tester" }`);
    expect((await tested())?.result).toMatchObject({
      reason: 'invalid-input',
      because: `regression.candidate.role: the role is in the account ending in ${accounts.tooling.slice(-4)}, and environment staging in the one ending in ${accounts.staging.slice(-4)}`,
    });
  });
});
