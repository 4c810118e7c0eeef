import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { aimedBets, type Bets, gridOf, type Limits, unaimed } from '../../../src/judge/bets.ts';
import type { Bucket, Counts } from '../../../src/judge/bucket.ts';
import {
  type Excess,
  excessInterval,
  logEvidenceBelow,
  noExcess,
  observeHealth,
  stakesOf,
} from '../../../src/judge/health.ts';
import { judge } from '../../../src/judge/judge.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import { requestsToProof } from '../../../src/judge/time-to-proof.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { fc } from '../../support/properties.ts';

const evidence = (limits: Limits & { readonly bets: Bets }, buckets: readonly Counts[]): number => {
  const grid = gridOf(limits);
  const seen = buckets.reduce<Excess>(
    (excess, counts) => observeHealth(excess, counts, stakesOf(counts, grid)),
    noExcess,
  );
  return logEvidenceBelow(seen, limits.excessBelow ?? 0, grid);
};
const of = (limits: Limits, usual: number | undefined = undefined) => ({ ...limits, bets: aimedBets(limits, usual) });

const binomial = (n: number, k: number, p: number): number => {
  let mass = (1 - p) ** n;
  for (let index = 1; index <= k; index += 1) mass *= ((n - index + 1) / index) * (p / (1 - p));
  return mass;
};

/** E[evidence] over two buckets of independent requests: [rate of the baseline, rate of the candidate, share] of each. */
const expected = (
  limits: Limits & { readonly bets: Bets },
  buckets: readonly (readonly [base: number, candidate: number, candidates: number])[],
): number => {
  const grid = gridOf(limits);
  let outcomes: readonly (readonly [Excess, number])[] = [[noExcess, 1]];
  for (const [base, rate, candidate] of buckets)
    outcomes = outcomes.flatMap(([so, probability]) => {
      const baseline = 15 - candidate;
      const next: (readonly [Excess, number])[] = [];
      for (let x = 0; x <= candidate; x += 1)
        for (let y = 0; y <= baseline; y += 1) {
          const counts = { candidate, baseline, candidateBad: x, baselineBad: y, perBucket: false };
          const chance = binomial(candidate, x, rate) * binomial(baseline, y, base);
          next.push([observeHealth(so, counts, stakesOf(counts, grid)), probability * chance]);
        }
      return next;
    });
  return outcomes.reduce(
    (sum, [excess, chance]) => sum + chance * Math.exp(logEvidenceBelow(excess, limits.excessBelow ?? 0, grid)),
    0,
  );
};

describe('the bets on a ratio', () => {
  test.each([
    ['the limit in both buckets', [[0.1, 0.15, 6] as const, [0.3, 0.45, 6] as const]],
    ['beyond the limit', [[0.1, 0.2, 6] as const, [0.3, 0.5, 6] as const]],
    ['another share in each bucket', [[0.1, 0.15, 3] as const, [0.2, 0.3, 9] as const]],
    // 0.1 + 0.5 bad ones where the baseline's rates would give 0.1 + 0.3: the mean ratio is 1.5.
    ['below it in one bucket and beyond it in the other', [[0.1, 0.1, 6] as const, [0.3, 0.5, 6] as const]],
    ['high rates', [[0.6, 0.9, 6] as const, [0.5, 0.75, 6] as const]],
  ])('are fair while the candidate is at the limit, by enumeration: %s', (_, buckets) => {
    expect(expected(of({ atMost: 1.5 }), buckets)).toBeLessThanOrEqual(1 + 1e-9);
    // They are not empty: against a limit far beyond the candidate they gain.
    expect(expected(of({ atMost: 6 }), buckets)).toBeGreaterThan(1.05);
  });

  test.each([
    [0.05, 0.3],
    [0.2, 0.32],
    [0.4, 0.62],
  ])('beside bets on the excess: a candidate beyond both limits makes them fair (%d, %d)', (base, rate) => {
    const both = of({ excessBelow: 0.1, atMost: 1.5 }, base);
    expect(rate - base).toBeGreaterThanOrEqual(0.1);
    expect(rate / base).toBeGreaterThanOrEqual(1.5);
    expect(
      expected(both, [
        [base, rate, 6],
        [base, rate, 6],
      ]),
    ).toBeLessThanOrEqual(1 + 1e-9);
  });

  test('convict a share of at most 5 % of candidates at the limit, at any look, over many minutes', () => {
    const limits = of({ atMost: 1.5 });
    const grid = gridOf(limits);
    let proven = 0;
    const runs = 400;
    for (let run = 0; run < runs; run += 1) {
      const random = randomFrom(`ratio ${run}`);
      let seen: Excess = noExcess;
      for (let minute = 0; minute < 60; minute += 1) {
        // The share doubles half way, and the rate drifts: the bound needs neither to stay.
        const candidate = minute < 30 ? 60 : 120;
        const rate = 0.03 + 0.02 * Math.sin(minute / 9);
        const counts = {
          candidate,
          candidateBad: random.binomial(candidate, 1.5 * rate),
          baseline: 600 - candidate,
          baselineBad: random.binomial(600 - candidate, rate),
          perBucket: false,
        };
        seen = observeHealth(seen, counts, stakesOf(counts, grid));
        if (logEvidenceBelow(seen, 0, grid) >= Math.log(20)) {
          proven += 1;
          break;
        }
      }
    }
    expect(proven / runs).toBeLessThanOrEqual(0.05);
    expect(proven / runs).toBeGreaterThan(0.005);
  });

  test('need errors of the baseline: a model without any proves no ratio', () => {
    const clean = { candidate: 3e5, candidateBad: 0, baseline: 27e5, baselineBad: 0, perBucket: false };
    expect(evidence(of({ atMost: 1.5 }), [clean])).toBeLessThan(0.01);
    expect(evidence(of({ excessBelow: 0.005, atMost: 1.5 }), [clean])).toBeGreaterThan(3);
  });

  test('an incident of the baseline excuses, and proves nothing', () => {
    const limits = of({ atMost: 1.5 });
    const grid = gridOf(limits);
    const proven = (incident: boolean): number => {
      const ill = { candidate: 300, candidateBad: 3, baseline: 2700, baselineBad: 1080, perBucket: false };
      return logEvidenceBelow(observeHealth(noExcess, ill, stakesOf(ill, grid), undefined, incident), 0, grid);
    };
    expect(proven(false)).toBeGreaterThan(30);
    expect(proven(true)).toBeLessThan(1e-9);
  });
});

describe('aimed bets', () => {
  test('never put more than the whole prior down, whatever the limits and the usual rate', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            excessBelow: fc.double({ min: 1e-4, max: 1, noNaN: true }),
            atMost: fc.double({ min: 1.01, max: 99, noNaN: true }),
          },
          { requiredKeys: [] },
        ),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
        (limits, usual) => {
          const { excess, ratio = [], ratioPart = 0 } = aimedBets(limits, usual);
          for (const bets of [excess, ratio]) {
            expect(bets.reduce((sum, [, prior]) => sum + prior, 0)).toBeLessThanOrEqual(1);
            for (const [stake, prior] of bets) {
              expect(stake).toBeGreaterThanOrEqual(0);
              expect(stake).toBeLessThanOrEqual(1);
              expect(prior).toBeGreaterThan(0);
            }
          }
          expect(ratioPart).toBe(
            limits.atMost === undefined
              ? 0
              : limits.excessBelow === undefined
                ? 1
                : usual === undefined
                  ? 0.5
                  : ratioPart,
          );
        },
      ),
    );
  });

  test('are rounded downwards, also where the usual rate is one of a few errors', () => {
    for (let rate = 0.0001; rate < 0.01; rate += 0.0001) {
      const { excess } = aimedBets({ excessBelow: 0.005 }, rate);
      expect(excess.reduce((sum, [, prior]) => sum + prior, 0)).toBeLessThanOrEqual(1);
    }
  });

  test('on a ratio leave the interval of the excess as it is', () => {
    const both = gridOf(of({ excessBelow: 0.005, atMost: 1.5 }, 0.01));
    const alone = gridOf(of({ excessBelow: 0.005 }, 0.01));
    const counts = { candidate: 3000, candidateBad: 31, baseline: 27_000, baselineBad: 260, perBucket: false };
    const interval = (grid: typeof both) =>
      excessInterval(observeHealth(noExcess, counts, stakesOf(counts, grid)), 0.95, grid);
    expect(interval(both)).toEqual(interval(alone));
  });

  test('are the same for every rate without a day before', () => {
    expect(aimedBets({ excessBelow: 0.005 }, undefined)).toEqual({ excess: unaimed });
  });

  test('shorten the proof at the usual rate, and are not much longer where the rate is another one', () => {
    const limits = { excessBelow: 0.005 };
    const needed = (usual: number | undefined, rate: number): number =>
      requestsToProof(usual === undefined ? limits : of(limits, usual), 0.95, rate, 0.1);
    for (const [rate, atMost] of [
      [0, 1],
      [0.001, 0.85],
      [0.01, 0.65],
      [0.05, 0.45],
    ] as const)
      expect(needed(rate, rate) / needed(undefined, rate)).toBeLessThanOrEqual(atMost);
    for (const [usual, rate] of [
      [0.001, 0.002],
      [0.002, 0.001],
      [0.01, 0.02],
      [0.01, 0.005],
    ] as const)
      expect(needed(usual, rate) / needed(undefined, rate)).toBeLessThanOrEqual(1);
    // A day of ten times the errors costs a quiet rollout some requests, and no more.
    expect(needed(0.01, 0) / needed(undefined, 0)).toBeLessThan(2);
  });

  test('are on the limit that is proven sooner at the usual rate; either proves', () => {
    const limits = { excessBelow: 0.005, atMost: 1.5 };
    expect(aimedBets(limits, 0.001).ratioPart).toBeCloseTo(0.1, 12);
    expect(aimedBets(limits, 0.05).ratioPart).toBe(0.9);
    const needed = (rate: number): number => requestsToProof(of(limits, rate), 0.95, rate, 0.1);
    expect(needed(0.05)).toBeLessThan(900);
    expect(needed(0.001)).toBeLessThan(1300);
    // Bets on the wrong one cost time: ln 10 of the evidence.
    expect(requestsToProof(of(limits, 0.001), 0.95, 0.05, 0.1)).toBeLessThan(1600);
  });

  test('the policy freezes them, and the judge promotes by the ratio alone', () => {
    const policy = policyOf(
      { convict: { worseThan: 1.2, falseRollback: 0.01 }, healthy: { atMost: 1.5, confidence: 0.95 } },
      { usual: { errors: 0.05 } },
    );
    expect(policy.metrics[0]).toMatchObject({ atMost: 1.5, bets: { ratioPart: 1 } });
    expect(policy.metrics[0]).not.toHaveProperty('excessBelow');
    const bucketAt = (index: number): Bucket => ({
      t: 60 * index,
      seconds: 60,
      candidate: { requests: 300, bad: { errors: 15 } },
      baseline: { requests: 2700, bad: { errors: 135 } },
    });
    const buckets = [0, 1, 2, 3].map(bucketAt);
    expect(judge(policy, buckets.slice(0, 1)).reason).toBe('insufficient-evidence');
    const verdict = judge(policy, buckets);
    expect(verdict).toMatchObject({
      decision: 'promote',
      evidence: { errors: { healthThreshold: expect.closeTo(Math.log(20), 9) } },
    });
    // A ratio says nothing about a bucket without bad requests.
    const quiet = {
      ...bucketAt(4),
      candidate: { requests: 3, bad: { errors: 0 } },
      baseline: { requests: 27, bad: { errors: 0 } },
    };
    expect(judge(policy, [...buckets, quiet]).decision).toBe('promote');
    // A bucket that is far beyond the limit is no time to promote.
    const beyond = {
      t: 240,
      seconds: 60,
      candidate: { requests: 300, bad: { errors: 24 } },
      baseline: { requests: 2700, bad: { errors: 135 } },
    };
    expect(judge(policy, [...buckets, beyond]).decision).toBe('continue');
  });
});

test('docs/judge.md has the requests that proofs take', () => {
  const rows = readFileSync('docs/judge.md', 'utf8').matchAll(
    /^\| ([\d.]+)(?: %)? \| about ([\d,]+) \| \d+ min \| about ([\d,]+) \| \d+ min \|$/gm,
  );
  const written = (text = ''): number => Number(text.replaceAll(',', ''));
  let count = 0;
  for (const [, rate, excess, ratio] of rows) {
    const usual = Number(rate) / 100;
    const needed = (limits: Limits): number => requestsToProof(of(limits, usual), 0.95, usual, 0.1);
    expect(written(excess) / needed({ excessBelow: 0.005 })).toBeCloseTo(1, 2);
    expect(written(ratio) / needed({ excessBelow: 0.005, atMost: 1.5 })).toBeCloseTo(1, 2);
    count += 1;
  }
  expect(count).toBe(6);
});
