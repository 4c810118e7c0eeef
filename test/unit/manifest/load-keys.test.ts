import { describe, expect, test } from '@jest/globals';
import { loadRegression } from '../../../src/manifest/load.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';
import { cannotLoad } from '../../../src/manifest/regression-load.ts';

const asked = (...lines: readonly string[]) =>
  (
    loadRegression(
      ['task: regression', 'metrics: [mae]', 'request: { content-type: text/csv, input: [a] }', ...lines].join('\n'),
      'p.yml',
    ) as RegressionSpec
  ).asking;

describe('load', () => {
  test('is absent unless the manifest has it, so that no verdict without it is about another policy', () => {
    expect(asked()).not.toHaveProperty('load');
  });

  test('has three minutes, an error rate of 1 % and no other limit by default', () => {
    expect(asked('load: { factor: 2 }').load).toEqual({
      ...{ by: 'factor', target: 2, durationSeconds: 180, level: 'fail' },
      limits: { errorRate: 0.01 },
    });
  });

  test('takes a rate, an end, limits and a level', () => {
    const written =
      'load: { rate: 40, up-to: 160, duration: 10m, level: warn, limits: { p95: 200ms, p99: 2s, error-rate: 0.1% } }';
    expect(asked(written, 'candidate: dark-variant').load).toEqual({
      ...{ by: 'rate', target: 40, upTo: 160, durationSeconds: 600, level: 'warn' },
      limits: { p95: 200, p99: 2000, errorRate: 0.001 },
    });
  });

  test.each([
    ['load: {}', /load: needs either factor or rate/],
    ['load: { factor: 2, rate: 3 }', /load: needs either factor or rate/],
    ['load: { rate: 3, limits: { error-rate: 100% } }', /load\.limits\.error-rate: could never fail/],
    ['load: { factor: 0 }', /load\.factor: 0 is not a factor; expected a number above 0/],
    ['load: { rate: 9000 }', /load\.rate: 9000 is not a rate; expected a number above 0 and up to 5000/],
    ['load: { factor: 2, up-to: 2 }', /load\.up-to: must be above factor, which is 2/],
    ['load: { rate: 20, up-to: 4 }', /load\.up-to: must be above rate, which is 20/],
    ['load: { factor: 2, duration: 10s }', /load\.duration: must be 30s to 60m/],
    ['load: { factor: 2, limits: { p50: 10ms } }', /load\.limits\.p50: unknown key/],
    ['candidate: { transform: { instance: ml.m5.large } }\nload: { factor: 2 }', /load: needs `candidate: temporary`/],
    ['candidate: { environment: staging }\nload: { factor: 2 }', /load: needs `candidate: temporary`/],
    ['candidate: { predictions: a.jsonl }\nload: { factor: 2 }', /load: needs `candidate: temporary`/],
  ])('%s is refused', (written, message) => {
    expect(() => asked(...written.split('\n'))).toThrow(message);
  });

  test('is not for an asynchronous endpoint', () => {
    expect(cannotLoad({ name: 'churn' })).toBeUndefined();
    expect(cannotLoad({ name: 'churn', async: {} })).toMatch(/endpoint churn is asynchronous/);
  });
});
