import { expect, it } from '@jest/globals';
import { loadRegression } from '../../../src/manifest/load.ts';

const read = (...lines: readonly string[]) =>
  loadRegression(
    ['task: multiclass-classification', 'request: { content-type: text/csv, input: [a] }', ...lines].join('\n'),
    'p.yml',
  );

it('best-of is a number of versions', () => {
  expect(read('metrics: [accuracy]', 'best-of: 5')).toMatchObject({ asking: { bestOf: 5 } });
  expect(read('metrics: [accuracy]')).not.toHaveProperty('asking.bestOf');
  for (const wrong of ['0', '21', '1.5', 'five'])
    expect(() => read('metrics: [accuracy]', `best-of: ${wrong}`)).toThrow(/best-of: /);
});

it.each([
  '{ metric: accuracy, floor: 0.9 }',
  '{ metric: error-rate, ceiling: 0.1 }',
  '{ metric: latency-p95, non-inferior: 5 }',
  '{ metric: accuracy, non-inferior: 0.1, level: warn }',
  '{ metric: accuracy, non-inferior: 0.1, slice: "a = b" }',
])('best-of needs a rule that can say which version is best, and %s cannot', (rule) => {
  expect(() => read(`rules: [${rule}]`, 'slices: ["a = b"]', 'best-of: 5')).toThrow(
    /best-of: needs a rule of level fail/,
  );
  expect(() =>
    read(`rules: [${rule}, { metric: kappa, max-drop: 0.1 }]`, 'slices: ["a = b"]', 'best-of: 5'),
  ).not.toThrow();
});
