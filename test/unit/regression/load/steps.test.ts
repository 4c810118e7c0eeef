import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../../../src/regression/load/outcome.ts';
import {
  type Course,
  type DoneStep,
  foreseen,
  type LoadStep,
  nextStep,
} from '../../../../src/regression/load/steps.ts';

const outcome = (good: number, seconds: number, more: Partial<Outcome> = {}): Outcome => ({
  ...{ good, seconds, latencies: [[10, good]], modelErrors: 0, refused: 0, lost: 0, unsent: 0, lag: [[0, good]] },
  ...more,
});

/** A candidate that answers each request in a tenth of a second, `places` at a time, and breaks above `most` a second. */
const walk = (course: Course, { places, most }: { readonly places: number; readonly most: number }) => {
  const done: DoneStep[] = [];
  const breaks = ({ good, seconds }: Outcome): boolean => good / seconds > most;
  for (let step = nextStep(course, done, breaks); step !== undefined; step = nextStep(course, done, breaks)) {
    const good =
      step.is === 'closed' ? Math.min(step.concurrency, places) * 10 * step.seconds : step.rate * step.seconds;
    done.push({ step, outcome: outcome(good, step.seconds) });
    if (done.length > 100) throw new Error('it never ends');
  }
  return done;
};
const text = (step: LoadStep): string =>
  step.is === 'closed'
    ? `${step.concurrency} callers`
    : `${step.at} ${Number(step.rate.toPrecision(4))}/s ${step.seconds}s`;
const course: Course = { target: 10, durationSeconds: 70 };

describe('the steps of a load test', () => {
  test('begin with callers, until more of them get no more answers; then comes the target rate, in parts', () => {
    expect(walk(course, { places: 2, most: 99 }).map(({ step }) => text(step))).toEqual([
      '1 callers',
      '2 callers',
      '4 callers',
      ...Array(3).fill(`target 10/s ${70 / 3}s`),
    ]);
  });

  test('go up by a quarter to the end, where nothing breaks', () => {
    const steps = walk({ ...course, upTo: 22 }, { places: 99, most: 99 }).map(({ step }) => text(step));
    expect(steps.slice(0, 5)).toEqual(['1 callers', '2 callers', '4 callers', '8 callers', '16 callers']);
    expect(steps.slice(8)).toEqual(['above 12.5/s 30s', 'above 15.63/s 30s', 'above 19.53/s 30s', 'above 22/s 30s']);
  });

  test('end at the first rate that breaks it', () => {
    const steps = walk({ ...course, upTo: 100 }, { places: 99, most: 16 });
    expect(steps.at(-1)?.step).toMatchObject({ rate: 19.53125, at: 'above' });
  });

  test('go down by halves where the target rate breaks it, to one that is held', () => {
    const steps = walk({ ...course, upTo: 100 }, { places: 99, most: 3 }).map(({ step }) => text(step));
    expect(steps.slice(8)).toEqual(['below 5/s 30s', 'below 2.5/s 30s']);
  });

  test('go down five times at most', () => {
    const steps = walk(course, { places: 99, most: 0 }).map(({ step }) => text(step));
    expect(steps.slice(8)).toHaveLength(5);
  });

  test('do not go on with a measurement that was stopped', () => {
    const steps = walk({ ...course, durationSeconds: 600 }, { places: 1, most: 99 });
    const [first, second] = steps;
    const begun = [first, second].filter((step) => step !== undefined);
    const stopped = outcome(3, 1, { stopped: 'unanswered', unsent: 500 });
    const done = [...begun, { step: { is: 'open', rate: 10, seconds: 30, at: 'target' } as const, outcome: stopped }];
    expect(nextStep(course, done, () => true)).toMatchObject({ at: 'below', rate: 5 });
    // The sender's own lag says nothing about higher rates either.
    const late = { ...stopped, stopped: 'lag' as const };
    const up = { step: { is: 'open', rate: 12.5, seconds: 30, at: 'above' } as const, outcome: late };
    const target = { step: { is: 'open', rate: 10, seconds: 70, at: 'target' } as const, outcome: outcome(700, 70) };
    expect(
      nextStep({ target: 10, upTo: 99, durationSeconds: 30 }, [...begun, target, up], () => false),
    ).toBeUndefined();
  });

  test('are foreseen: no course has more requests in its open loops, or takes longer while answers come', () => {
    for (const upTo of [undefined, 11, 40]) {
      const planned = { ...course, ...(upTo === undefined ? {} : { upTo }) };
      const open = walk(planned, { places: 99, most: 1e9 }).filter(({ step }) => step.is === 'open');
      const sum = (of: (one: DoneStep) => number): number => open.reduce((total, one) => total + of(one), 0);
      const { requests, seconds } = foreseen(planned);
      expect(requests - 5 * 300).toBe(Math.ceil(sum((one) => one.outcome.good)));
      expect(seconds - 5 * 5).toBe(Math.ceil(sum(({ step }) => step.seconds)));
    }
  });
});
