import { describe, expect, test } from '@jest/globals';
import { failedAsOften } from '../../../src/judge/shared-failure.ts';
import { fc } from '../../support/properties.ts';

const convict = { worseThan: 1.2, falseRollback: 0.01 };
const asOften = (candidateBad: number, candidate: number, baselineBad: number, baseline: number): boolean =>
  failedAsOften({ candidate, candidateBad, baseline, baselineBad }, convict);

describe('the old version failed as often', () => {
  test.each([
    ['both alike', [36, 120, 108, 360], true],
    ['the old one more often', [36, 120, 180, 360], true],
    ['the old one half as often, on few requests', [6, 20, 3, 20], true],
    ['a little less than half as often', [6, 20, 14, 94], false],
    ['the new one alone', [36, 120, 0, 360], false],
    ['the new one twice as often, on many requests', [600, 1000, 900, 3000], false],
    ['the margin itself convicts nobody', [360, 1000, 900, 3000], true],
    ['nineteen requests to the old one prove nothing', [36, 120, 19, 19], false],
    ['twenty do', [36, 120, 20, 20], true],
    ['no request to the new one', [0, 0, 108, 360], false],
    ['no failure of the new one', [0, 120, 108, 360], false],
  ] as const)('%s', (_, [candidateBad, candidate, baselineBad, baseline], is) => {
    expect(asOften(candidateBad, candidate, baselineBad, baseline)).toBe(is);
  });

  test('more failures of the old version never convict the new one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }).chain((requests) => fc.tuple(fc.constant(requests), fc.nat(requests))),
        fc.integer({ min: 20, max: 2000 }).chain((requests) => fc.tuple(fc.constant(requests), fc.nat(requests - 1))),
        ([candidate, candidateBad], [baseline, baselineBad]) => {
          if (asOften(candidateBad, candidate, baselineBad, baseline))
            expect(asOften(candidateBad, candidate, baselineBad + 1, baseline)).toBe(true);
        },
      ),
    );
  });
});
