import { expect, test } from '@jest/globals';
import type { RegressionTestMemory } from '../../../src/scoring/progress.ts';
import { recalled } from '../../../src/scoring/recalled.ts';
import { temporaryName } from '../../../src/scoring/temporary.ts';

const of = '0123456789abcdef';
const temporary = temporaryName('churn', { of, attempt: 1 });
const memory: RegressionTestMemory = {
  v: 1,
  of,
  test: 'ba9876543210',
  attempt: 2,
  temporary,
  candidate: '0123456789ab',
};
const endsWith = (reason: string): object => ({ ends: { reason, because: 'x' } });

test.each<object>([
  {},
  { jobs: [temporary] },
  { silence: { since: 1, because: 'x' } },
  endsWith('creation-failed'),
  endsWith('regression-disturbed'),
])('memory that a turn wrote is taken: %j', (more) => {
  expect(recalled({ ...memory, ...more }, 'churn')).toEqual({ ...memory, ...more });
});

test.each<object>([
  { of: undefined },
  { of: '../../x' },
  { test: undefined },
  { attempt: '2' },
  { attempt: 0 },
  { attempt: 1.5 },
  { temporary: 'churn' },
  { temporary: 'churn-1-4-0-0a1b2c3d' },
  { temporary: temporaryName('fraud', {}) },
  { temporary: `${temporary}x` },
  { jobs: 'all' },
  { jobs: ['nightly'] },
  { candidate: 7 },
  { silence: 'long' },
  { silence: { since: 8.65e15, because: 'x' } },
  { silence: { since: 1 } },
  { ends: 'well' },
  { ends: { reason: 'creation-failed' } },
  endsWith('toString'),
  endsWith('regression-passed'),
  endsWith('delivered'),
])('memory of another writer is none: %j', (change) => {
  expect(recalled({ ...memory, ...change } as RegressionTestMemory, 'churn')).toBeUndefined();
});
