import { describe, expect, test } from '@jest/globals';
import { loadRegression } from '../../../src/manifest/load.ts';
import { compare } from '../../../src/regression/compare.ts';
import { measureOf } from '../../../src/regression/metrics/measure-of.ts';
import { scoredRows } from '../../../src/regression/scoring/scored-rows.ts';

const rows = Array.from({ length: 200 }, (_, i) => ({
  id: `r${i}`,
  label: i % 4 === 0 ? 'b' : 'a',
  prediction: i % 50 === 0 ? 'c' : i % 4 === 0 ? 'b' : 'a',
  part: i < 80 ? 'one' : 'two',
}));

const judged = async (dataset: string, now?: number, answers: readonly object[] = rows) => {
  const policy = loadRegression(
    `task: multiclass-classification\nrules: [{ metric: accuracy, max-drop: 0.1 }]\nslices: [part]\n${dataset}`,
    'p.yml',
  );
  const scored = await scoredRows(policy, {
    golden: { name: 'golden', rows: rows.map(({ id, label, part }) => ({ id, label, part })) },
    candidate: { name: 'a', rows: answers },
    baseline: { name: 'b', rows },
  });
  return compare(policy, scored, measureOf, now);
};
const expires = 'dataset: { path: golden.jsonl, version: 2026-a, expires: 2026-06-30 }\n';

describe('a golden set with a last day', () => {
  test('decides until that day has ended, and then nothing: not even a failure', async () => {
    const at = (time: string) => judged(expires, Date.parse(time));
    expect((await at('2026-06-30T23:59:59Z')).verdict).toBe('pass');
    const late = await at('2026-07-01T00:00:00Z');
    expect([late.verdict, late.because]).toEqual([
      'inconclusive',
      'the golden set expired on 2026-06-30; review it and move the date',
    ]);
    expect(late.cells.map(({ decision }) => decision)).toEqual(['pass', 'pass', 'pass']);
    const wrong = rows.map((row) => ({ ...row, prediction: 'c' }));
    expect((await judged(expires, Date.parse('2026-06-01T00:00:00Z'), wrong)).verdict).toBe('fail');
    expect((await judged(expires, Date.parse('2026-08-01T00:00:00Z'), wrong)).verdict).toBe('inconclusive');
  });

  test('needs a time, which the gate does not have; others need none', async () => {
    await expect(judged(expires)).rejects.toThrow('was given no time');
    expect((await judged('')).verdict).toBe('pass');
  });
});

test('the dataset has its name, its last day, and the rows of each slice and class', async () => {
  const { dataset } = await judged(expires, 0);
  expect(dataset).toMatchObject({ rows: 200, version: '2026-a', expires: '2026-06-30' });
  const classes = (a: number, b: number) => [
    { name: 'a', rows: a },
    { name: 'b', rows: b },
    { name: 'c', rows: 0 },
  ];
  expect(dataset.parts).toEqual([
    { rows: 200, classes: classes(150, 50) },
    { slice: 'part = one', rows: 80, classes: classes(60, 20) },
    { slice: 'part = two', rows: 120, classes: classes(90, 30) },
  ]);
  const bare = (await judged('')).dataset;
  expect(bare).not.toHaveProperty('version');
  expect(bare).not.toHaveProperty('expires');
});
