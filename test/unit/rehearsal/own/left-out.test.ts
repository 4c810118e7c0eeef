import { expect, test } from '@jest/globals';
import { withoutKeys, withoutOwnMetrics } from '../../../../src/rehearsal/own/left-out.ts';

test('a key goes with a sentence, and the others stay', () => {
  const leftOut: string[] = [];
  const part = { smoke: 1, constructor: 2, rollout: 3 };
  expect(withoutKeys(part, { smoke: 'it asks your model' }, 'production.', leftOut)).toEqual({
    constructor: 2,
    rollout: 3,
  });
  expect(leftOut).toEqual(['`production.smoke`: it asks your model']);
});

test("the judge keeps its questions, and loses the user's own metrics", () => {
  const leftOut: string[] = [];
  const judge = { convict: {}, metrics: [{ name: 'empty-answers' }] };
  expect(withoutOwnMetrics({ strategy: 'steps', judge }, 'staging.', leftOut)).toEqual({
    strategy: 'steps',
    judge: { convict: {} },
  });
  expect(leftOut).toEqual(['`staging.rollout.judge.metrics`: your model publishes them, and a stand-in serves here']);
});

test.each([{ strategy: 'canary' }, { strategy: 'steps', judge: { convict: {} } }])('%j loses nothing', (rollout) => {
  const leftOut: string[] = [];
  expect(withoutOwnMetrics(rollout, '', leftOut)).toEqual(rollout);
  expect(leftOut).toEqual([]);
});
