import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { releasesOf } from '../../src/release/location.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import {
  asJsonl,
  type GoldenRow,
  goldenRows,
  putGoldenSet,
  regress,
  regressionText,
  testObjects,
} from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.1.0');
  await account.prepare('1.0.0');
  golden(goldenRows);
  write();
});
afterEach(() => account.close());

const write = (...keys: readonly string[]): void =>
  account.writeManifest((text) => `${text}${regressionText({ keys })}`);
const golden = (rows: readonly object[]): void => putGoldenSet(account, rows);
const older = (rows: readonly object[]): void =>
  account.simulator.objects.put(team.bucket, 'spring.jsonl', Buffer.from(asJsonl(rows)));
const also = (name = 'spring'): string => `also: [{ name: ${name}, dataset: "s3://${team.bucket}/spring.jsonl" }]`;

/** The first rows have another label. */
const relabelled = (count: number): readonly GoldenRow[] =>
  goldenRows.map((row, at) =>
    at < count ? { ...row, label: row['label'] === 'setosa' ? 'virginica' : 'setosa' } : row,
  );

const passed = async (version: string): Promise<Report | undefined> => {
  const report = await regress(account, version);
  expect(report?.result.reason).toBe('regression-passed');
  return report;
};
const notesOf = (report: Report | undefined): string => (report?.result.plan?.notes ?? []).join('\n');

const { bucket } = releasesOf({}, { partition: 'aws', region: team.region, id: team.account });
const remove = (Key: string) => account.simulator.call('s3', 'DeleteObject', { Bucket: bucket, Key });

/** The test of a new version is refused before a request or a write. */
const refused = async (because: RegExp, inputs: Readonly<Record<string, string>> = {}): Promise<void> => {
  const seen = account.watch();
  const report = await regress(account, '1.0.0', inputs);
  expect(report?.result).toMatchObject({ outcome: 'rejected', reason: 'labels-changed' });
  expect(report?.result.because).toMatch(because);
  expect(seen().filter(({ mutation, operation }) => mutation || operation === 'InvokeEndpoint')).toEqual([]);
};

describe('labels that change together with the model', () => {
  test('are refused, until the version that serves was tested with them', async () => {
    await passed('1.1.0');
    golden(relabelled(2));
    await refused(
      /^the golden set would change together with the model, since iris_v1\.1\.0, which serves, was tested at 2026-01-05T\S+: the label or weight of 2 rows differs \(flower-1, flower-2\)\. Run regression-test for 1\.1\.0 with the new rows first/,
    );
    await refused(/flower-1/, { 'dry-run': 'true' });
    // The model stays, the labels change.
    expect(notesOf(await passed('1.1.0'))).not.toContain('golden rows');
    // Then the model changes, and the labels stay.
    expect(notesOf(await passed('1.0.0'))).not.toContain('golden rows');
  });

  test('are refused after a delivery, which makes the tested version the one that serves', async () => {
    await passed('1.0.0');
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    golden(relabelled(1));
    const report = await regress(account, '1.1.0');
    expect(report?.result.because).toMatch(/since iris_v1\.0\.0, which serves, was tested/);
    expect(report?.result.reason).toBe('labels-changed');
    write('labels: { changed-with-model: allow }');
    expect(notesOf(await passed('1.1.0'))).toMatch(
      /^golden rows change together with the model, which changed-with-model allows, since iris_v1\.0\.0, .*: the label or weight of 1 row differs \(flower-1\)$/m,
    );
  });

  test('are compared with a test that counted: a version that failed with other labels before its delivery has none of them', async () => {
    const floor = 'rules: [{ metric: accuracy, floor: 0.9 }]';
    write(floor);
    await passed('1.0.0');
    write(floor, 'labels: { changed-with-model: allow }');
    golden(relabelled(60));
    expect((await regress(account, '1.0.0'))?.result.reason).toBe('regression-failed');
    write(floor);
    golden(goldenRows);
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    expect(notesOf(await passed('1.1.0'))).not.toContain('golden rows');
  });

  test('are refused in an older golden set, and when that set goes under another name', async () => {
    older(goldenRows);
    write(also());
    await passed('1.1.0');
    older(relabelled(7));
    await refused(/: golden set spring: the label or weight of 7 rows differs \(flower-1, .*flower-5, …\)\./);
    write(also('winter'));
    await refused(/: golden set winter: 150 rows are new; golden set spring: 150 of 150 rows are gone\./);
  });

  test('are refused to a token that claims that a plan was made', async () => {
    await passed('1.1.0');
    golden(relabelled(1));
    const kept = testObjects(account);
    for (const key of kept.keys()) await remove(key);
    // Without the objects nothing is known of earlier labels: so the test begins, and its folder has the subject's id.
    await regress(account, '1.0.0', { wait: 'false' });
    const [of] = [...testObjects(account).keys()].flatMap(
      (key) => /\/([0-9a-f]{16})\/test\.json$/.exec(key)?.[1] ?? [],
    );
    for (const key of testObjects(account).keys()) await remove(key);
    for (const [key, text] of kept) account.simulator.objects.put(bucket, key, Buffer.from(text));
    await refused(/1 row differs/, { 'resume-token': JSON.stringify({ v: 1, of }) });
  });
});

describe('rows that come and go', () => {
  test('are in the plan, and a tenth of them may go', async () => {
    await passed('1.1.0');
    golden([...goldenRows.slice(15), { ...goldenRows[0], id: 'new-1' }]);
    expect(notesOf(await passed('1.0.0'))).toMatch(
      /^golden rows since iris_v1\.1\.0, which serves, was tested at \S+: 15 of 150 rows are gone, 1 row is new$/m,
    );
  });

  test('are another golden set when more than a tenth is gone', async () => {
    await passed('1.1.0');
    golden(goldenRows.slice(16));
    await refused(/: 16 of 150 rows are gone\. Run/);
    golden(goldenRows.map((row) => ({ ...row, id: `${row['id']}-again` })));
    await refused(/: 150 of 150 rows are gone, 150 rows are new\. Run/);
  });

  test('say nothing when the file is only written in another way', async () => {
    await passed('1.1.0');
    golden([...goldenRows].reverse());
    expect(notesOf(await passed('1.0.0'))).not.toContain('golden rows');
  });
});

describe('a lock that has nothing to compare', () => {
  test('says that the version that serves was never tested', async () => {
    expect(notesOf(await passed('1.0.0'))).toContain('no test of the version that serves is kept');
  });

  test.each(['labels.json', '/ended/'])('says that the labels are gone without %s', async (part) => {
    await passed('1.1.0');
    golden(relabelled(1));
    for (const key of testObjects(account).keys()) if (key.includes(part)) await remove(key);
    expect(notesOf(await passed('1.0.0'))).toMatch(/is not known$/m);
  });

  test('ends the test where the labels are those of another writer', async () => {
    await passed('1.1.0');
    for (const key of testObjects(account).keys())
      if (key.endsWith('labels.json')) account.simulator.objects.put(bucket, key, Buffer.from('{"schemaVersion":1}'));
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'record-unavailable' });
    expect(report?.result.because).toMatch(/labels\.json is no list of labels of a regression test; delete it/);
  });
});
