import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import {
  approved,
  asCsv,
  asJsonl,
  columns,
  goldenRows,
  putGoldenSet,
  regress,
  temporaries,
  withRegression,
} from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

describe('the rows and the requests', () => {
  const forms: Readonly<Record<string, readonly string[]>> = {
    'CSV lines': [],
    JSON: [
      `request: { content-type: application/json, input: [${columns.join(', ')}], body: { instances: [{ features: $row }] } }`,
      'response: { prediction: "$.predictions[0].predicted_label", score: "$.predictions[0].scores" }',
    ],
    'JSON, the class of the greatest score': [
      `request: { content-type: application/json, input: [${columns.join(', ')}], body: { instances: [$row] } }`,
      'response: { score: "$.predictions[0].scores" }',
    ],
    'JSON Lines': [
      `request: { content-type: application/jsonlines, input: [${columns.join(', ')}], body: { features: $row } }`,
      'response: { prediction: $.predicted_label, score: $.scores }',
    ],
  };
  const files = { JSONL: asJsonl(goldenRows), CSV: asCsv(goldenRows), JSON: JSON.stringify(goldenRows) };
  test.each(
    Object.keys(forms).flatMap((form) =>
      Object.keys(files).map((file) => ({ form, file: file as keyof typeof files })),
    ),
  )('$form of a golden set in $file', async ({ form, file }) => {
    await approved(account, '1.0.0');
    const name = `rows.${file.toLowerCase()}`;
    account.simulator.objects.put(team.bucket, name, Buffer.from(files[file]));
    withRegression(account, { dataset: `s3://${team.bucket}/${name}`, keys: forms[form] ?? [] });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { rows: '150' } });
    expect(report?.result.findings).toMatchObject({
      cells: expect.arrayContaining([
        expect.objectContaining({ metric: 'accuracy', candidate: 145 / 150, baseline: 146 / 150 }),
      ]),
    });
  });

  test('a selector that finds nothing in any answer is the mistake of the manifest, and nothing is left behind', async () => {
    await approved(account, '1.0.0');
    withRegression(account, {
      keys: [...(forms['JSON'] ?? []).slice(0, 1), 'response: { prediction: "$.predictions[0].label" }'],
    });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toMatch(
      /^regression\.response: no answer of the candidate .*"prediction":"\$\.predictions\[0\]\.label"/,
    );
    expect(await temporaries(account)).toEqual([]);
  });

  test.each([
    ['response.prediction', 'response: { prediction: "$.predictions[" }'],
    ['response.score', 'response: { prediction: 0, score: "scores" }'],
    ['request.input', 'request: { content-type: text/csv, input: "$.[" }'],
  ])('%s that is no JSONPath is refused before anything is made', async (key, line) => {
    await approved(account, '1.0.0');
    withRegression(account, { keys: [line] });
    const seen = account.watch();
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toContain(`regression.${key}: `);
    expect(report?.result.because).toContain('is no JSONPath');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test.each([
    ['a row without a label', { ...goldenRows[0], id: 'odd', label: undefined }, /:151: label: is missing/],
    ['a label that is null', { ...goldenRows[0], id: 'odd', label: null }, /:151: label: is null/],
    ['a row without the column', { id: 'odd', label: 'setosa' }, /row "odd" has no column "sepal_length"/],
    ['a row without an id', { ...goldenRows[0], id: undefined }, /:151: id: is missing/],
    ['an id that stands twice', { ...goldenRows[0] }, /"flower-1"/],
  ])('%s is refused before anything is made', async (_name, row, because) => {
    await approved(account, '1.0.0');
    withRegression(account);
    putGoldenSet(account, [...goldenRows, row]);
    const seen = account.watch();
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({
      outcome: 'failed',
      reason: 'invalid-input',
      because: expect.stringMatching(because),
    });
    expect(seen().filter(({ mutation, operation }) => mutation || operation === 'InvokeEndpoint')).toEqual([]);
  });

  test('a golden set of another account needs its owner in the manifest, which the refusal says', async () => {
    await approved(account, '1.0.0');
    const { objects } = account.simulator;
    const theirs = '444455556666';
    objects.put('golden-of-others', 'rows.jsonl', Buffer.from(asJsonl(goldenRows)));
    objects.lend('golden-of-others', theirs);
    const options = { dataset: 's3://golden-of-others/rows.jsonl' };
    withRegression(account, options);
    const refused = await regress(account, '1.0.0');
    expect(refused?.result).toMatchObject({ reason: 'access-denied' });
    expect(refused?.result.because).toMatch(
      /; or the bucket belongs to another account: name it under `bucket-owners`$/,
    );
    withRegression(account, options, (text) =>
      text.replace('    endpoint:\n', `    bucket-owners: { golden-of-others: "${theirs}" }\n    endpoint:\n`),
    );
    expect((await regress(account, '1.0.0'))?.result).toMatchObject({ reason: 'regression-passed' });
  });

  test('a golden set that is not there is named', async () => {
    await approved(account, '1.0.0');
    withRegression(account, { dataset: `s3://${team.bucket}/nowhere.jsonl` });
    const seen = account.watch();
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toContain(`s3://${team.bucket}/nowhere.jsonl`);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});
