import { expect, test } from '@jest/globals';
import { loadRegression } from '../../../../src/manifest/load.ts';
import { measureOf } from '../../../../src/regression/metrics/measure-of.ts';
import { requireFit } from '../../../../src/regression/scoring/fitting.ts';
import { type AnswerColumns, pairedRows } from '../../../support/paired-rows.ts';

const names = { candidate: 'a.jsonl', baseline: 'b.jsonl' };
const full: AnswerColumns = { predictions: [0, 1], scores: [0.1, 0.9], latencyMs: [1, 2], bytes: [3, 4] };
const { scores: _s, ...withoutScores } = full;
const { latencyMs: _l, ...withoutLatencies } = full;
const { bytes: _b, ...withoutBytes } = full;

const misfit = (rules: string, candidate: AnswerColumns, baseline: AnswerColumns = full): string => {
  const policy = loadRegression(`task: binary-classification\npositive: "1"\nrules: [${rules}]\n`, 'p.yml');
  const rows = pairedRows({ task: 'binary-classification', labels: [0, 1] }, candidate, baseline);
  try {
    requireFit(policy, rows, names, measureOf);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

test.each([
  ['roc-auc', withoutScores, 'score'],
  ['latency-p95', withoutLatencies, 'latency-ms'],
  ['payload-bytes', withoutBytes, 'bytes'],
])('%s needs its own column, of each model that answers, and no other', (metric, without, key) => {
  const rule = `{ metric: ${metric}, superior: {} }`;
  expect(misfit(rule, full)).toBe('');
  expect(misfit(rule, without)).toBe(`a.jsonl: no row has ${key}, and ${metric} is computed from it`);
  expect(misfit(rule, full, without)).toBe(`b.jsonl: no row has ${key}, and ${metric} is computed from it`);
  const others = [withoutScores, withoutLatencies, withoutBytes].filter((columns) => columns !== without);
  for (const columns of others) expect(misfit(rule, columns)).toBe('');
  // Where every answer is an error, no row has a column, and the rows are well formed.
  expect(misfit(rule, { predictions: [null, null] })).toBe('');
});

test('a limit is within the range of its metric', () => {
  expect(misfit('{ metric: accuracy, floor: 1 }, { metric: log-loss, ceiling: 3 }', full)).toBe('');
  expect(misfit('{ metric: accuracy, floor: 90 }', full)).toBe('accuracy: the floor 90 is outside its range, 0 to 1');
  expect(misfit('{ metric: log-loss, ceiling: -1 }', full)).toBe(
    'log-loss: the ceiling -1 is outside its range, 0 or more',
  );
  expect(misfit('{ metric: accuracy, max-drop: 2 }', full)).toBe(
    'accuracy: the margin 2 of max-drop is larger than its range, 0 to 1',
  );
  expect(misfit('{ metric: accuracy, max-drop: 200% of baseline }, { metric: log-loss, max-drop: 2 }', full)).toBe('');
});

test('a candidate alone is asked for its own columns', () => {
  const policy = loadRegression('task: binary-classification\npositive: "1"\nmetrics: [roc-auc]\n', 'p.yml');
  const { baseline: _, ...alone } = pairedRows({ task: 'binary-classification', labels: [0, 1] }, withoutScores);
  expect(() => requireFit(policy, alone, { candidate: 'a.jsonl' }, measureOf)).toThrow('a.jsonl: no row has score');
});
