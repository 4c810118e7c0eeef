import { describe, expect, test } from '@jest/globals';
import { asWeighted, logTiltEvidence, observeSplit } from '../../../src/judge/sample-ratio.ts';
import { randomFrom } from '../../benchmarks/random.ts';

const arm = (requests: number) => ({ requests, bad: {} });
const evidence = (split: readonly (readonly [candidate: number, baseline: number])[], share: number): number =>
  logTiltEvidence(
    split.reduce(
      (ratio, [candidate, baseline]) => observeSplit(ratio, arm(candidate), arm(baseline), share),
      asWeighted,
    ),
  );

describe('the sample-ratio check', () => {
  test.each([0.05, 0.5, 0.9])(
    'a split as weighted, or a quarter off in its odds, says nothing at share %d',
    (share) => {
      const random = randomFrom(`split ${share}`);
      for (const odds of [0.8, 1, 1.25]) {
        const tilted = (share * odds) / (1 - share + share * odds);
        const split = Array.from({ length: 200 }, () => {
          const candidate = random.binomial(300, tilted);
          return [candidate, 300 - candidate] as const;
        });
        expect(evidence(split, share)).toBeLessThan(Math.log(20));
      }
    },
  );

  test.each([
    ['a candidate without traffic', [0, 300]],
    ['twice its share', [60, 240]],
    ['a third of it', [10, 290]],
  ] as const)('%s is found within minutes, in either direction', (_, split) => {
    expect(evidence([split, split, split], 0.1)).toBeGreaterThan(Math.log(20));
    const [candidate, baseline] = split;
    expect(
      evidence(
        [
          [baseline, candidate],
          [baseline, candidate],
          [baseline, candidate],
        ],
        0.9,
      ),
    ).toBeGreaterThan(Math.log(20));
  });

  test('no traffic says nothing', () => {
    expect(evidence([[0, 0]], 0.1)).toBeCloseTo(0, 12);
  });
});
