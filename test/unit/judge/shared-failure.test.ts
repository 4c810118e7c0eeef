import { describe, expect, test } from '@jest/globals';
import { excuses, type SharedFailure, sharedFailure } from '../../../src/judge/shared-failure.ts';
import { fc } from '../../support/properties.ts';

const convict = { worseThan: 1.2, falseRollback: 0.01 };
const found = (candidateBad: number, candidate: number, baselineBad: number, baseline: number): SharedFailure =>
  sharedFailure({ candidate, candidateBad, baseline, baselineBad }, convict);

describe('the old version beside the new one', () => {
  // The probabilities are sums of exact binomial terms, worked out apart from the code.
  test.each([
    ['both alike', [36, 120, 108, 360], 'as-often'],
    ['the old one more often', [36, 120, 180, 360], 'as-often'],
    ['the margin itself', [360, 1000, 900, 3000], 'as-often'],
    ['6.86 % beside 3.96 % of a hundred requests each', [7, 102, 4, 101], 'within-chance'],
    ['6.86 % beside 3.96 % of hundreds', [24, 350, 42, 1060], 'within-chance'],
    ['6.86 % beside 3.96 % of thousands', [240, 3500, 420, 10600], 'beyond-chance'],
    ['the old one half as often, on few requests', [6, 20, 3, 20], 'within-chance'],
    ['a little less than half as often', [6, 20, 14, 94], 'no-comparison'],
    ['a chance of 1.2 % at the margin', [59, 120, 100, 360], 'within-chance'],
    ['a chance of 0.9 %', [60, 120, 100, 360], 'beyond-chance'],
    ['the new one twice as often, on many requests', [600, 1000, 900, 3000], 'beyond-chance'],
    ['the new one alone', [36, 120, 0, 360], 'no-comparison'],
    ['nineteen requests to the old one prove nothing', [36, 120, 19, 19], 'no-comparison'],
    ['twenty do', [36, 120, 20, 20], 'as-often'],
    ['no request to the new one', [0, 0, 108, 360], 'no-comparison'],
    ['no failure of the new one', [0, 120, 108, 360], 'no-comparison'],
  ] as const)('%s', (_, [candidateBad, candidate, baselineBad, baseline], is) => {
    expect(found(candidateBad, candidate, baselineBad, baseline)).toBe(is);
  });

  test('is not excused by numbers that convict at a smaller bound, and a million failures are compared, too', () => {
    const counts = { candidate: 120, candidateBad: 60, baseline: 360, baselineBad: 100 };
    expect(sharedFailure(counts, convict)).toBe('beyond-chance');
    expect(sharedFailure(counts, { ...convict, falseRollback: 0.001 })).toBe('within-chance');
    expect(found(300_000, 1_000_000, 700_000, 3_000_000)).toBe('beyond-chance');
  });

  test('more failures of the old version never convict the new one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }).chain((requests) => fc.tuple(fc.constant(requests), fc.nat(requests))),
        fc.integer({ min: 20, max: 2000 }).chain((requests) => fc.tuple(fc.constant(requests), fc.nat(requests - 1))),
        ([candidate, candidateBad], [baseline, baselineBad]) => {
          if (excuses(found(candidateBad, candidate, baselineBad, baseline)))
            expect(excuses(found(candidateBad, candidate, baselineBad + 1, baseline))).toBe(true);
        },
      ),
    );
  });
});
