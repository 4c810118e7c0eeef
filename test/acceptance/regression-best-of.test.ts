import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Check } from '../../src/findings/regression.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { releasesOf } from '../../src/release/location.ts';
import type { Report } from '../../src/report/result.ts';
import { rowsRepeated } from '../../src/scoring/ask-piece.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import {
  type GoldenRow,
  goldenRows,
  putGoldenSet,
  regress,
  regressionText,
  testObjects,
} from '../support/golden-set.ts';

let account: TestAccount;
/** A stump serves; a forest passed and was not delivered; the candidate is the forest that fails on 5 % of the requests. */
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.2.0');
  await account.prepare('1.1.0');
  await account.prepare('1.4.0');
  putGoldenSet(account);
  write('best-of: 3');
});
afterEach(() => account.close());

const write = (...keys: readonly string[]): void =>
  account.writeManifest(
    (text) => `${text}${regressionText({ rules: ['{ metric: accuracy, non-inferior: 0.005 }'], keys })}`,
  );

const checkOf = (report: Report | undefined): Check | undefined =>
  (report?.result.findings as { readonly checks?: readonly Check[] } | undefined)?.checks?.find(
    ({ name }) => name === 'best-of',
  );
const endOf = (report: Report | undefined): string => `${report?.result.outcome}/${report?.result.reason}`;
const passed = async (version: string): Promise<Report | undefined> => {
  const report = await regress(account, version);
  expect(endOf(report)).toBe('succeeded/regression-passed');
  return report;
};

const { bucket } = releasesOf({}, { partition: 'aws', region: team.region, id: team.account });
const removeAll = async (part: string): Promise<void> => {
  for (const Key of testObjects(account).keys())
    if (Key.includes(part)) await account.simulator.call('s3', 'DeleteObject', { Bucket: bucket, Key });
};

test('a version that is better than the one that serves, and worse than the best of the last ones, fails without a request', async () => {
  expect(checkOf(await passed('1.1.0'))).toEqual({
    ...{ name: 'best-of', level: 'warn', verdict: 'inconclusive', cases: [] },
    because: 'no other version has passed a test of this endpoint, so that there is nothing to compare with',
  });
  const seen = account.watch();
  const report = await regress(account, '1.4.0');
  expect(endOf(report)).toBe('rejected/regression-failed');
  expect(report?.result.because).toMatch(
    /^best-of: beside iris_v1\.1\.0, best by accuracy of the last version that passed: accuracy is 93\.3 % beside 97\.3 %: −4 points \(/,
  );
  expect(report?.result.findings).toMatchObject({ cells: [{ decision: 'pass' }] });
  expect(checkOf(report)).toMatchObject({
    ...{ level: 'fail', verdict: 'fail' },
    table: { heads: expect.arrayContaining(['iris_v1.1.0']), rows: [expect.arrayContaining(['accuracy', '97.3 %'])] },
    cases: [{ name: expect.stringMatching(/^accuracy: non-inferior/), verdict: 'fail' }],
  });
  const asked = seen().filter(({ operation, status }) => operation === 'InvokeEndpoint' && status === 200);
  // Both models, the candidate's errors aside.
  expect(asked.length).toBeLessThanOrEqual(2 * (goldenRows.length + rowsRepeated));
  // Failed versions are no measure for later ones.
  write('best-of: 1');
  expect(checkOf(await passed('1.1.0'))?.because).toMatch(/^no other version has passed/);
});

test('where the version that serves is the best, the rules compare with it already', async () => {
  await passed('1.2.0');
  expect(checkOf(await passed('1.1.0'))).toMatchObject({
    ...{ level: 'fail', verdict: 'pass' },
    because:
      'iris_v1.2.0, which serves, is the best by accuracy of the last version that passed, and the rules compare with it',
  });
});

test.each<[string, () => Promise<void> | void, RegExp]>([
  ['the answers of the best version are gone', () => removeAll('/rows/'), /the same rows without their answers/],
  [
    'the golden set is another one',
    () => putGoldenSet(account, [...goldenRows, { ...(goldenRows[0] as GoldenRow), id: 'new' }]),
    /another golden set/,
  ],
])('where %s, its metric is compared, which only warns', async (_, change, because) => {
  await passed('1.1.0');
  await change();
  const report = await passed('1.4.0');
  expect(checkOf(report)).toMatchObject({ level: 'warn', verdict: 'fail', cases: [] });
  expect(checkOf(report)?.because).toMatch(/^accuracy is 93\.\d* % beside 97\.3 % of iris_v1\.1\.0, best by accuracy/);
  expect(checkOf(report)?.because).toMatch(because);
});

test('a metric of another golden set that is no better is no pass', async () => {
  await passed('1.2.0');
  putGoldenSet(account, goldenRows.slice(0, 140));
  write('best-of: 1', 'labels: { changed-with-model: allow }');
  expect(checkOf(await passed('1.1.0'))).toMatchObject({ level: 'warn', verdict: 'inconclusive' });
});

test('where nothing but the index is left, nothing is compared', async () => {
  await passed('1.1.0');
  await removeAll('evaluation.json');
  expect(checkOf(await passed('1.4.0'))).toMatchObject({
    ...{ level: 'warn', verdict: 'inconclusive' },
    because: 'the metrics of 1 earlier version are not kept, so that there is nothing to compare with',
  });
});

test('files of predictions without golden rows are compared by the metric, and a class that no label names is a mistake', async () => {
  const file = (wrong: number): string =>
    goldenRows
      .map(({ id, label }, at) => `${JSON.stringify({ id, label, prediction: at < wrong ? 'none' : label })}\n`)
      .join('');
  for (const [version, wrong] of [
    ['1.1.0', 5],
    ['1.2.0', 60],
    ['1.4.0', 12],
  ] as const)
    account.simulator.objects.put(team.bucket, `${version}.jsonl`, Buffer.from(file(wrong)));
  const of = (metric: string): void =>
    account.writeManifest(
      (text) =>
        `${text}regression:\n  task: multiclass-classification\n  rules: [{ metric: "${metric}", non-inferior: 0.005 }]\n  best-of: 2\n  candidate: { predictions: "s3://${team.bucket}/{version}.jsonl" }\n  baseline: { predictions: "s3://${team.bucket}/{version}.jsonl" }\n`,
    );
  of('accuracy');
  await passed('1.1.0');
  const report = await passed('1.4.0');
  expect(checkOf(report)).toMatchObject({
    ...{ level: 'warn', verdict: 'fail' },
    because: expect.stringMatching(/^accuracy is 92 % beside 96\.7 % of iris_v1\.1\.0, .*, of another golden set,/),
  });
  of('recall[daisy]');
  expect((await regress(account, '1.4.0'))?.result).toMatchObject({
    reason: 'invalid-input',
    because: expect.stringContaining('daisy'),
  });
});
