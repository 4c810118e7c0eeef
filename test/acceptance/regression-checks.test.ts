import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Check, Regression } from '../../src/findings/regression.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { policyFor } from '../../src/permissions.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { columns, regress, temporaries, testObjects, withRegression } from '../support/golden-set.ts';
import { place } from '../support/policy-place.ts';
import {
  analysisReport,
  irisConstraints,
  prepareWith,
  type RegisteredReports,
  trainingRows,
} from '../support/reports.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const contract = 'contract: { constraints: registered, output: species }';

/** No bake waits for requests: the test alone decides. */
const atOnce = (): string => manifestText({ rollout: rollouts.unguarded, unwatched: true });

/** Version 1.1.0 serves and 1.0.0 is approved, each with its reports, and the manifest has these keys. */
const standing = async (
  keys: readonly string[],
  candidate: RegisteredReports,
  serving: RegisteredReports = {},
): Promise<void> => {
  account.writeManifest(atOnce);
  await prepareWith(account, '1.1.0', serving);
  const first = await account.run(deployEndpoint, { version: '1.1.0' });
  if (first?.result.reason !== 'delivered') throw new Error(first?.result.because);
  await prepareWith(account, '1.0.0', candidate);
  withRegression(account, { keys }, atOnce);
};

const endOf = (report: Report | undefined): string => `${report?.result.outcome}/${report?.result.reason}`;

const checksOf = (report: Report | undefined): readonly Check[] => {
  const findings = report?.result.findings as Partial<Regression> | undefined;
  return findings?.checks ?? [];
};

const notesOf = (report: Report | undefined): string => (report?.result.plan?.notes ?? []).join('\n');

const deploy = () => account.run(deployEndpoint, { version: '1.0.0' }, { runId: 'deliver' });

describe('the contract of a version', () => {
  test('that is kept passes with the rows, and the version is delivered', async () => {
    await standing([contract], { 'data-constraints': irisConstraints() }, { 'data-constraints': irisConstraints() });
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('succeeded/regression-passed');
    expect(report?.result.because).toMatch(/; contract passes too$/);
    expect(checksOf(report)).toMatchObject([
      {
        name: 'contract',
        level: 'fail',
        verdict: 'pass',
        because:
          '5 columns in 150 golden rows keep the constraints, and callers of the version that serves do not break',
        table: {
          rows: expect.arrayContaining([
            ['petal_length', 'golden rows', 'type Fractional', '150 of 150', '100 %', ''],
            ['species', 'answers', 'one of 3 values', '150 of 150', '100 %', ''],
            ['species', 'answers of the version that serves', 'one of 3 values', '150 of 150', '100 %', ''],
          ]),
        },
      },
    ]);
    expect([...testObjects(account).keys()].filter((key) => key.includes('/checks/'))).toHaveLength(1);
    expect(await temporaries(account)).toEqual([]);
    expect(endOf(await deploy())).toBe('succeeded/delivered');
  });

  test('that another column breaks is named, and the version is refused', async () => {
    const renamed = columns.map((name) => (name === 'petal_width' ? 'petal_breadth' : name));
    await standing([contract], { 'data-constraints': irisConstraints(['species', ...renamed]) });
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('rejected/regression-failed');
    expect(report?.result.because).toBe(
      'contract: column petal_breadth is a column of the constraints, and no request has it; 1 more constraint is broken; its callers are not compared: package iris/1 names no such report (ModelMetrics.ModelDataQuality.Constraints, DriftCheckBaselines.ModelDataQuality.Constraints)',
    );
    expect(await temporaries(account)).toEqual([]);
    expect(endOf(await deploy())).toBe('rejected/regression-missing');
  });

  test('that only warns is shown and decides nothing', async () => {
    await standing(['contract: { constraints: registered, level: warn }'], {
      'data-constraints': irisConstraints(columns.slice(1)),
    });
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('succeeded/regression-passed');
    expect(checksOf(report)).toMatchObject([{ verdict: 'fail', level: 'warn' }]);
  });

  test('names the rows of a breach by id, and no value of them', async () => {
    const long = trainingRows.filter(({ petal_width: width }) => Number(width) < 2.5);
    const whole = long.map((row) => ({ ...row, petal_width: Math.round(Number(row['petal_width'])) }));
    await standing([contract], { 'data-constraints': irisConstraints(undefined, whole) });
    const report = await regress(account, '1.0.0');
    const [check] = checksOf(report);
    expect(check).toMatchObject({
      verdict: 'fail',
      because: expect.stringMatching(
        /^column petal_width breaks the constraint type Integral in 13\d of 150 golden rows/,
      ),
      cases: expect.arrayContaining([
        expect.objectContaining({
          name: 'column petal_width',
          because: expect.stringMatching(/rows flower-1, flower-2/),
        }),
      ]),
    });
    expect(JSON.stringify(check)).not.toMatch(/[:,"]\s*(0\.2|1\.4|2\.3)\b/);
  });

  test('without a file is inconclusive and says so in the plan; it is compared with one of S3 on request', async () => {
    await standing([contract], {});
    const why =
      'iris_v1.0.0 names no such report (ModelMetrics.ModelDataQuality.Constraints, DriftCheckBaselines.ModelDataQuality.Constraints)';
    expect(notesOf(await regress(account, '1.0.0', { 'dry-run': 'true' }))).toContain(
      `contract cannot be compared: ${why}`,
    );
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('inconclusive/regression-inconclusive');
    expect(report?.result.because).toBe(`contract: ${why}`);

    const key = 'contracts/iris.json';
    account.simulator.objects.put(team.bucket, key, Buffer.from(irisConstraints()));
    withRegression(
      account,
      { keys: [`contract: { constraints: "s3://${team.bucket}/${key}", output: species }`] },
      atOnce,
    );
    expect(endOf(await regress(account, '1.0.0'))).toBe('succeeded/regression-passed');
    // Another content of it is another contract, about which there is no verdict.
    account.simulator.objects.put(team.bucket, key, Buffer.from(`${irisConstraints()} `));
    const refused = await deploy();
    expect(endOf(refused)).toBe('rejected/regression-missing');
    expect(refused?.result.because).toMatch(/^regression-test has not run/);
  });

  test('that the manifest names and that cannot be read ends the test by its place, before anything is made', async () => {
    const file = `s3://${team.bucket}/contracts/iris.json`;
    await standing([`contract: { constraints: "${file}" }`], {});
    account.simulator.objects.put(team.bucket, 'contracts/iris.json', Buffer.from('{"features": [{"name": "a", }]}'));
    const seen = account.watch();
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('failed/invalid-input');
    expect(report?.result.because).toMatch(
      /^regression\.contract\.constraints: s3:\/\/.*iris\.json: not JSON: it ends, or breaks, at /,
    );
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('whose file was overwritten after the registration is inconclusive', async () => {
    await standing([contract], { 'data-constraints': irisConstraints() });
    for (const { bucket, key } of account.simulator.objects
      .under('model-delivery-111122223333-eu-west-1', '')
      .map(({ key: name }) => ({ bucket: 'model-delivery-111122223333-eu-west-1', key: name }))
      .filter(({ key: name }) => name.includes('evaluations/')))
      account.simulator.objects.put(bucket, key, Buffer.from(irisConstraints(columns)));
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('inconclusive/regression-inconclusive');
    expect(report?.result.because).toMatch(/was overwritten after iris_v1\.0\.0 was registered/);
  });

  test('that takes fewer values than the version that serves breaks its callers', async () => {
    // `site` is a column of both models' training data that the golden rows of this test do not need.
    const at = (sites: readonly string[]) =>
      irisConstraints(
        ['species', ...columns],
        trainingRows.map((row, index) => ({ ...row, sepal_width: sites[index % sites.length] ?? null })),
      );
    await standing(
      ['contract: { constraints: registered, output: species, level: fail }'],
      { 'data-constraints': at(['3', '3.5']) },
      { 'data-constraints': at(['3', '3.5', '4']) },
    );
    const [check] = checksOf(await regress(account, '1.0.0'));
    expect(check?.table?.rows).toContainEqual([
      'sepal_width',
      'callers',
      'does not take 1 of the 3 values that it took',
      'no',
      '',
      '',
    ]);
  });
});

describe('bias and attribution by the reports of Clarify', () => {
  const bias = 'bias: [{ metric: DPPL, facet: garden, limit: 0.3, max-worsening: 0.05 }]';
  const attribution = 'attribution: {}';

  test('that are kept pass', async () => {
    await standing(
      [bias, attribution],
      { 'bias-report': analysisReport([0.5, 0.4]), 'explainability-report': analysisReport([0.5, 0.4]) },
      { 'bias-report': analysisReport([0.5, 0.42]), 'explainability-report': analysisReport([0.5, 0.42]) },
    );
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('succeeded/regression-passed');
    expect(report?.result.because).toMatch(/; bias, attribution pass too$/);
    expect(checksOf(report)).toMatchObject([
      {
        name: 'bias',
        verdict: 'pass',
        table: {
          rows: [
            ['DPPL', 'garden', '0', '-0.08', '-0.1', '0.1', '0.3', '0.05', 'pass'],
            ['DPPL', 'garden', '1', '0.08', '0.1', '0.1', '0.3', '0.05', 'pass'],
          ],
        },
      },
      { name: 'attribution', verdict: 'pass', because: 'the order of 4 features agrees with nDCG 1, at least 0.9' },
    ]);
  });

  test('that are broken fail, each by its own rule', async () => {
    const other = { petal_length: 0.01, petal_width: 0.05, sepal_length: 0.3, sepal_width: 0.4 };
    await standing(
      [bias, attribution],
      { 'bias-report': analysisReport([0.9, 0.3]), 'explainability-report': analysisReport([0.9, 0.3], other) },
      { 'bias-report': analysisReport([0.5, 0.42]), 'explainability-report': analysisReport([0.5, 0.42]) },
    );
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('rejected/regression-failed');
    expect(checksOf(report)).toMatchObject([
      {
        name: 'bias',
        verdict: 'fail',
        because: expect.stringMatching(/^DPPL of garden = 0 is -0\.6: 0\.6 away from 0/),
      },
      { name: 'attribution', verdict: 'fail', because: expect.stringMatching(/nDCG 0\.\d+, at least 0\.9$/) },
    ]);
  });

  test('that are one file are read once in a turn', async () => {
    const report = analysisReport([0.5, 0.4]);
    await standing([bias, attribution], { 'bias-report': report, 'explainability-report': report });
    const seen = account.watch();
    await regress(account, '1.0.0', { 'dry-run': 'true' });
    const read = seen().filter(
      ({ operation, resource }) => operation === 'GetObject' && resource.includes('/evaluations/'),
    );
    expect(read).toHaveLength(1);
  });

  test('that are not there decide nothing', async () => {
    await standing([bias, attribution], {});
    const report = await regress(account, '1.0.0');
    expect(endOf(report)).toBe('inconclusive/regression-inconclusive');
    expect(checksOf(report)).toMatchObject([
      { name: 'bias', verdict: 'inconclusive', because: expect.stringContaining('names no such report') },
      { name: 'attribution', verdict: 'inconclusive' },
    ]);
  });

  test('of a first version: a limit decides, and nothing else is compared', async () => {
    await prepareWith(account, '1.0.0', { 'bias-report': analysisReport([0.9, 0.3]) });
    withRegression(account, { rules: ['{ metric: accuracy, floor: 0.5 }'], keys: [bias, attribution] });
    const dry = await regress(account, '1.0.0', { 'dry-run': 'true' });
    expect(notesOf(dry)).toContain('bias: max-worsening decides nothing, since nothing serves yet');
    expect(notesOf(dry)).toContain('attribution is not checked, since nothing serves yet');
    expect(checksOf(await regress(account, '1.0.0'))).toMatchObject([{ name: 'bias', verdict: 'fail' }]);
  });
});

test('a report that may not be read ends the test with the grant, before anything is made', async () => {
  await standing([contract], { 'data-constraints': irisConstraints() });
  const { Version, Statement } = policyFor('regression-test', place);
  account.simulator.attachPolicy('model-deployer', {
    Version,
    Statement: Statement.filter(({ Sid }) => Sid !== 'ReadTheReports'),
  });
  const seen = account.watch();
  const report = await regress(account, '1.0.0');
  expect(report?.result.reason).toBe('access-denied');
  expect(report?.result.because).toMatch(/a report of iris_v1\.0\.0, cannot be read: grant s3:GetObject on it/);
  expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
});
