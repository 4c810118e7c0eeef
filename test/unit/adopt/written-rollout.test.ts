import { expect, test } from '@jest/globals';
import type { Found } from '../../../src/adopt/found.ts';
import { isSpec, tried } from '../../../src/adopt/trial.ts';
import { writtenRollout } from '../../../src/adopt/written-rollout.ts';
import { basisOf } from '../../../src/adopt/written-settings.ts';
import { account, foundWith } from '../../support/found.ts';

const rolloutOf = (found: Found) => {
  const spec = tried(basisOf(found, account));
  if (!isSpec(spec)) throw new Error(spec.because);
  return writtenRollout(found, spec);
};
const values = (found: Found) => Object.fromEntries(rolloutOf(found).entries.map(({ key, value }) => [key, value]));
const fleet = (InitialInstanceCount: number, InstanceType = 'ml.m5.large') => ({
  variant: { InstanceType, InitialInstanceCount },
});

test('a canary with half of the requests that its smallest bake sees, under the judge', () => {
  expect(values(foundWith(fleet(4), { rate: 8 }))).toMatchObject({
    strategy: 'canary',
    size: '25%',
    bake: '10m',
    'final-bake': '10m',
    'minimum-requests': 600,
    judge: {},
  });
});

test('a small fleet begins with one instance', () => {
  expect(values(foundWith(fleet(3), { rate: 1 }))).toMatchObject({ size: '1 instance', 'minimum-requests': 100 });
});

test('one instance moves at once, under alarms and a bake', () => {
  const found = foundWith(fleet(1), { rate: 1 });
  expect(values(found)).toMatchObject({ strategy: 'all-at-once', 'final-bake': '10m', 'minimum-requests': 300 });
  expect(rolloutOf(found).guarded).toEqual({ bakeSeconds: 600, rate: 1 });
});

test('without traffic no request is needed, and the judge has nothing to compare', () => {
  expect(values(foundWith(fleet(4)))).toEqual({
    strategy: 'canary',
    size: '25%',
    bake: '10m',
    'final-bake': '10m',
    'minimum-requests': 0,
  });
});

test.each([
  ['serverless', { variant: { ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 20 } } }],
  ['ml.inf1', fleet(4, 'ml.inf1.xlarge')],
])('%s has no guardrails', (_case, made) => {
  const found = foundWith(made, { rate: 8 });
  expect(values(found)).toEqual({ strategy: 'all-at-once', 'final-bake': '0s', 'minimum-requests': 0 });
  expect(rolloutOf(found).guarded).toBeUndefined();
});

test('an asynchronous endpoint has no judge', () => {
  const config = { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://ml-answers/churn' } } };
  const found = foundWith({ ...fleet(4), config }, { rate: 8 });
  expect(found.kind).toBe('asynchronous');
  expect(values(found)).not.toHaveProperty('judge');
});
