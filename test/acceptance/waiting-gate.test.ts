import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '../../src/clock.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { type Attempt, openAccount, type TestAccount } from '../support/account.ts';
import { packageOf } from '../support/approval-policy.ts';
import { hosts } from '../support/hosts.ts';

/** The mode `wait`, through every host. */

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.register('1.0.0');
});
afterEach(() => account.close());

const ModelPackageArn = packageOf(1);
const decideAfter = (milliseconds: number, ModelApprovalStatus: 'Approved' | 'Rejected'): void => {
  const { clock } = account.simulator;
  clock.at(clock.now() + milliseconds, 'a person decides', () => {
    void account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn,
      ModelApprovalStatus,
      ApprovalDescription: 'by hand',
    });
  });
};
const inputs = { manifest: '', environment: team.environment, version: '1.0.0', mode: 'wait' };

describe.each(['github-actions', 'command-line', 'codepipeline'] as const)('on %s', (name) => {
  const run = (more: Readonly<Record<string, string>> = {}) =>
    hosts[name](account, approveGate, { ...inputs, manifest: account.manifest, ...more });
  const writes = () => account.simulator.requests.filter(({ operation }) => operation === 'UpdateModelPackage');

  test.each([
    ['Approved', 'succeeded/approved'],
    ['Rejected', 'rejected/approval-rejected'],
  ] as const)('the run goes on until the version is %s', async (status, end) => {
    const from = account.simulator.clock.now();
    decideAfter(minutes(10), status);
    const { outcome, reason } = await run();
    expect(`${outcome}/${reason}`).toBe(end);
    expect(account.simulator.clock.now() - from).toBeGreaterThanOrEqual(minutes(10));
    expect(account.simulator.clock.now() - from).toBeLessThan(minutes(13));
    expect(writes()).toEqual([]);
  });

  test('looks no more often than every thirty seconds', async () => {
    decideAfter(minutes(20), 'Approved');
    const seen = account.watch();
    await run();
    const looks = seen().filter(({ operation }) => operation === 'DescribeModelPackage');
    const gaps = looks.slice(1).map(({ at }, index) => at - (looks[index]?.at ?? 0));
    expect(looks.length).toBeGreaterThan(10);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(seconds(30));
  });

  test('past its deadline it is pending, and nothing was written', async () => {
    const { outcome, reason } = await run({ timeout: '5m' });
    expect(`${outcome}/${reason}`).toBe('pending/approval-pending');
    expect(writes()).toEqual([]);
  });
});

describe('in a pipeline', () => {
  const run = (more: Readonly<Record<string, string>> = {}) =>
    hosts.codepipeline(account, approveGate, { ...inputs, manifest: account.manifest, ...more });
  /** The summaries that the action showed, in order. */
  const summaries = (): readonly string[] =>
    account.simulator.requests.flatMap(({ operation, input }) => {
      if (operation !== 'PutJobSuccessResult') return [];
      const { executionDetails } = input as { readonly executionDetails?: { readonly summary: string } };
      return executionDetails === undefined ? [] : [executionDetails.summary];
    });
  const evidence =
    /^iris_v1\.0\.0 \(package 1\) waits for approval\. One person has to approve; .* Nothing serves at iris yet: .* Metrics: multiclass_classification_metrics\.accuracy 0\.9; .* Deployment: .*deploy iris 1\.0\.0 .* Lineage: commit c0ffee.* Whole evidence: model-delivery approve-gate --environment production --version iris_v1\.0\.0 --html evidence\.html$/;

  test.each(['wait', 'check'])('mode %s shows the evidence as long as it waits', async (mode) => {
    decideAfter(minutes(10), 'Approved');
    expect((await run({ mode })).reason).toBe('approved');
    const shown = summaries();
    expect(shown.length).toBeGreaterThan(5);
    for (const summary of shown.slice(0, -1)) {
      expect(summary).toMatch(evidence);
      expect(summary.length).toBeLessThanOrEqual(2048);
      expect(summary).not.toContain(team.account);
    }
    expect(shown.at(-1)).not.toContain('Whole evidence');
  });

  test('mode wait reads it once for each state of the version', async () => {
    const seen = account.watch();
    decideAfter(minutes(20), 'Approved');
    await run();
    expect(seen().filter(({ operation }) => operation === 'DescribeEndpoint').length).toBeLessThanOrEqual(2);
    expect(seen().filter(({ operation }) => operation === 'ListModelPackages').length).toBeGreaterThan(10);
  });

  test.each(['wait', 'check'])('mode %s ends with it at its deadline', async (mode) => {
    await run({ mode, timeout: '5m' });
    const failures = account.simulator.requests.filter(({ operation }) => operation === 'PutJobFailureResult');
    expect(JSON.stringify(failures.map(({ input }) => input))).toMatch(
      /pending\/approval-pending: .*Nothing serves at iris yet.*--html evidence\.html/,
    );
  });

  test('the command at its end shows the whole', async () => {
    const report = await account.run(approveGate, { version: 'iris_v1.0.0', environment: 'production' });
    expect(report?.result.findings).toMatchObject({ is: 'evidence', tag: 'iris_v1.0.0' });
  });

  test.each(['record', 'comment'])('mode %s is refused, with the ways that there are', async (mode) => {
    await run({ mode });
    const failures = account.simulator.requests.filter(({ operation }) => operation === 'PutJobFailureResult');
    expect(failures.map(({ input }) => input)).toMatchObject([
      {
        failureDetails: {
          type: 'ConfigurationError',
          message: expect.stringContaining(
            `mode: ${mode} reads GitHub, and a job of CodePipeline has no token for it; give this action mode: wait, and let people decide by mode: ${mode} in a workflow at GitHub or in the registry itself; or decide by rules, with mode: policy`,
          ),
        },
      },
    ]);
    expect(account.simulator.requests.filter(({ operation }) => operation === 'UpdateModelPackage')).toEqual([]);
  });
});

describe('the cost of the wait', () => {
  const run = (attempt: Attempt = {}, more: Readonly<Record<string, string>> = {}) =>
    account.run(approveGate, { version: '1.0.0', mode: 'wait', ...more }, attempt);

  test('is printed first on a runner of GitHub’s, and at the end with the minutes', async () => {
    decideAfter(minutes(10), 'Approved');
    const report = await run();
    const line =
      'each minute of waiting keeps this runner busy: $0.006 a minute, $0.36 an hour, where the repository is private and its plan has no minutes left';
    expect(report?.timeline[0]?.because).toBe(`iris_v1.0.0 (package 1) waits for approval; ${line}`);
    expect(report?.result.plan?.notes).toContain(line);
    expect(report?.remarks).toEqual([
      expect.stringMatching(/^waited (10|11|12) minutes, about \$0\.0[67] of runner time$/),
    ]);
  });

  test('at its deadline too', async () => {
    const report = await run({}, { timeout: '30m', 'price-per-minute': '0.5' });
    expect(report?.result).toMatchObject({ outcome: 'pending', reason: 'approval-pending' });
    expect(report?.remarks).toEqual(['waited 30 minutes, about $15.00 of runner time']);
  });

  test.each<readonly [string, Attempt, Readonly<Record<string, string>>]>([
    ['a self-hosted runner', { environment: { RUNNER_ENVIRONMENT: 'self-hosted' } }, {}],
    ['a system without a public price', { environment: { RUNNER_OS: 'Plan9' } }, {}],
    ['a price of nothing', {}, { 'price-per-minute': '0' }],
  ])('is none on %s', async (_name, attempt, more) => {
    decideAfter(minutes(3), 'Approved');
    const report = await run(attempt, more);
    expect(JSON.stringify(report)).not.toContain('$');
    expect(report?.result.reason).toBe('approved');
  });

  test('is that of the system', async () => {
    const report = await run({ environment: { RUNNER_OS: 'macOS' } }, { timeout: '2m' });
    expect(report?.timeline[0]?.because).toContain('$0.062 a minute, $3.72 an hour');
  });

  test('is no input of another mode, and is a price', async () => {
    const seen = account.watch();
    const refused = await run({}, { mode: 'check', 'price-per-minute': '1' });
    expect(refused?.result.because).toBe('price-per-minute: mode: check has no such input; it belongs to mode: wait');
    expect((await run({}, { 'price-per-minute': 'much' }))?.result.because).toContain('"much" is not a price');
    expect(seen().filter(({ service }) => service === 'sagemaker')).toEqual([]);
  });
});

test('with wait: false the run ends at once, and a decided version is decided', async () => {
  const ends = async (): Promise<unknown> =>
    (await account.run(approveGate, { version: '1.0.0', mode: 'wait', wait: 'false' }))?.result.reason;
  expect(await ends()).toBe('in-progress');
  await account.approve();
  expect(await ends()).toBe('approved');
});

test('the evidence is in the report, however the wait ends', async () => {
  const run = (more: Readonly<Record<string, string>> = {}) =>
    account.run(approveGate, { version: '1.0.0', mode: 'wait', ...more });
  expect((await run({ timeout: '5m' }))?.result.findings).toMatchObject({ is: 'evidence', tag: 'iris_v1.0.0' });
  decideAfter(minutes(5), 'Approved');
  expect((await run())?.result).toMatchObject({ reason: 'approved', findings: { is: 'evidence' } });
  // No decision is awaited any more.
  expect((await run())?.result.findings).toBeUndefined();
});

test('a dry run looks once', async () => {
  const report = await account.run(approveGate, { version: '1.0.0', mode: 'wait', 'dry-run': 'true' });
  expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'planned', plan: { changes: [] } });
});

test('a cancelled wait is cancelled', async () => {
  const controller = new AbortController();
  const { clock } = account.simulator;
  clock.at(clock.now() + minutes(5), 'cancels', () => controller.abort());
  const report = await account.run(approveGate, { version: '1.0.0', mode: 'wait' }, { signal: controller.signal });
  expect(report?.result.reason).toBe('cancelled');
});
