import { describe, expect, test } from '@jest/globals';
import type { Bucket, Counts } from '../../../src/judge/bucket.ts';
import { logEvidenceBelow, noExcess, observeHealth, stakesOf } from '../../../src/judge/health.ts';
import { noTrouble, toleratedRate, usualErrorRate, watchBaseline } from '../../../src/judge/incident.ts';
import { beginJudging, type Judging, judge, observeBucket, verdictOf } from '../../../src/judge/judge.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { fc } from '../../support/properties.ts';

const manifest = {
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
};
const usual = 0.001;
// The newest requests have a test of their own.
const { healthOfNow: _, ...capped } = policyOf(manifest, { usual: { errors: usual } });
/** As policies were before anything was capped. */
const uncapped: Policy = { ...capped, metrics: capped.metrics.map(({ usual: _, ...metric }) => metric) };

const minute = (
  index: number,
  candidate: Counts['candidate'],
  candidateBad: number,
  baseline: number,
  baselineBad: number,
): Bucket => ({
  t: index * 60,
  seconds: 60,
  candidate: { requests: candidate, bad: { errors: candidateBad } },
  baseline: { requests: baseline, bad: { errors: baselineBad } },
});
const played = (policy: Policy, buckets: readonly Bucket[]): readonly Judging[] => {
  let judging = beginJudging(policy);
  return buckets.map((bucket) => {
    judging = observeBucket(judging, bucket);
    return judging;
  });
};
const decisions = (policy: Policy, buckets: readonly Bucket[]): readonly string[] =>
  played(policy, buckets).map(({ ruling }) => ruling.decision);

/** Minutes of which `bad` says the errors of both arms. */
const hour = (
  bad: (index: number) => readonly [candidate: number, baseline: number],
  minutes = 60,
  share = 0.1,
): readonly Bucket[] =>
  Array.from({ length: minutes }, (_, index) => {
    const [candidateBad, baselineBad] = bad(index);
    return minute(index, 3000 * share, candidateBad, 3000 * (1 - share), baselineBad);
  });

describe('an incident of the old fleet', () => {
  /** The candidate fails on 3 % all along; the baseline is ill for half an hour, on a fifth of its requests, and sound before and after. */
  const ill = hour((index) => [9, index < 30 ? 540 : 3]);

  test('proves no candidate healthy, as it did when nothing was capped', () => {
    expect(decisions(uncapped, ill.slice(0, 30))).toContain('promote');
    expect(decisions(capped, ill)).not.toContain('promote');
  });

  test('is told as what it is', () => {
    const verdict = judge(capped, ill.slice(0, 10));
    expect(verdict).toMatchObject({ decision: 'continue', reason: 'baseline-in-incident' });
    expect(verdict.because).toBe(
      'the baseline itself fails far more often than it usually does (errors: usually 0.1 %): beside it any candidate looks healthy, so the share stays until this is over',
    );
  });

  test('convicts nobody, and excuses a bad candidate no longer than it lasts', () => {
    expect(decisions(capped, ill.slice(0, 30))).not.toContain('rollback');
    expect(decisions(capped, ill).indexOf('rollback')).toBeLessThanOrEqual(32);
    // A short one in the middle of evidence: a fresh bet begins when it is over, not when its turn comes.
    const short = hour((index) => [3, index >= 1 && index < 4 ? 540 : 3], 20);
    const convicted = (policy: Policy): number => decisions(policy, short).indexOf('rollback');
    const seldom = { restartSeconds: 600 };
    expect(convicted({ ...capped, ...seldom })).toBeGreaterThan(3);
    expect(convicted({ ...capped, ...seldom })).toBeLessThan(convicted({ ...uncapped, ...seldom }));
  });

  test('does not hold a good candidate once it is over', () => {
    const good = hour((index) => [0, index < 10 ? 540 : 3], 20);
    expect(decisions(capped, good).slice(0, 10)).not.toContain('promote');
    expect(decisions(capped, good).indexOf('promote')).toBeLessThanOrEqual(15);
  });

  test('that both arms share harms no proof: what the candidate fails in it is excused', () => {
    const shared = hour((index) => (index < 2 ? [15, 135] : [0, 3]));
    expect(decisions(capped, shared)).not.toContain('rollback');
    const proven = (policy: Policy): number => decisions(policy, shared).indexOf('promote');
    expect(proven(uncapped)).toBeGreaterThan(0);
    expect(proven(capped) - proven(uncapped)).toBeLessThanOrEqual(2);
  });

  test('is noticed on an endpoint with little traffic too, by its minutes together', () => {
    const random = randomFrom('slow');
    const slow = Array.from({ length: 60 }, (_, index) => minute(index, 5, 0, 45, random.binomial(45, 0.1)));
    const healthAfter = (policy: Policy): number =>
      verdictOf(played(policy, slow).at(-1) ?? beginJudging(policy)).evidence['errors']?.logHealth ?? 0;
    expect(healthAfter(uncapped)).toBeGreaterThan(Math.log(20));
    expect(healthAfter(capped)).toBeLessThan(1);
  });

  test('ends with the first quiet minute, however large it was, and is none where there is no baseline', () => {
    const counts = (baseline: number, baselineBad: number): Counts => ({
      candidate: 300,
      candidateBad: 0,
      baseline,
      baselineBad,
      perBucket: false,
    });
    const { trouble, incident } = watchBaseline(noTrouble, counts(2700, 2700), usual);
    expect(incident).toBe(true);
    expect(watchBaseline(trouble, counts(2700, 3), usual).incident).toBe(false);
    expect(watchBaseline(trouble, counts(0, 0), usual).incident).toBe(false);
  });

  test('cannot be told without a day before: then no minute excuses more than a guarded one', () => {
    const unknown = policyOf(manifest, { usual: {} });
    const evidence = (policy: Policy): number => judge(policy, ill.slice(0, 1)).evidence['errors']?.logHealth ?? 0;
    expect(evidence(uncapped)).toBeGreaterThan(3);
    expect(evidence(unknown)).toBeLessThan(1);
  });
});

describe('the cap', () => {
  const bucket = fc.record({
    candidate: fc.integer({ min: 0, max: 400 }),
    baseline: fc.integer({ min: 1, max: 4000 }),
    candidateShare: fc.double({ min: 0, max: 1, noNaN: true }),
    baselineShare: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const countsOf = (
    {
      candidate,
      baseline,
      candidateShare,
      baselineShare,
    }: typeof bucket extends fc.Arbitrary<infer Value> ? Value : never,
    scale = 1,
  ): Counts => ({
    candidate,
    candidateBad: Math.floor(candidate * candidateShare * scale),
    baseline,
    baselineBad: Math.floor(baseline * baselineShare * scale),
    perBucket: false,
  });

  test('in an incident the evidence of health never rises, whatever either arm does, for any bound', () => {
    fc.assert(
      fc.property(
        fc.array(bucket, { maxLength: 6 }),
        bucket,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (before, last, bound) => {
          const so = before
            .map((one) => countsOf(one, 0.01))
            .reduce((excess, counts) => observeHealth(excess, counts, stakesOf(counts)), noExcess);
          const counts = countsOf(last);
          const after = observeHealth(so, counts, stakesOf(counts), undefined, true);
          expect(logEvidenceBelow(after, bound)).toBeLessThanOrEqual(logEvidenceBelow(so, bound) + 1e-9);
        },
      ),
    );
  });

  test('without an incident nothing changes, to the last bit', () => {
    fc.assert(
      fc.property(fc.array(bucket, { minLength: 1, maxLength: 30 }), (all) => {
        const buckets = all.map((one, index) => {
          const { candidate, candidateBad, baseline } = countsOf(one, 0.05);
          // Up to twice the usual is no incident.
          return minute(index, candidate, candidateBad, baseline, Math.floor(2 * usual * baseline * one.baselineShare));
        });
        expect(judge(capped, buckets)).toEqual(judge(uncapped, buckets));
      }),
    );
  });

  test('a rise that is small beside the excess to be excluded is no incident, on however quiet a day before', () => {
    const buckets = hour((index) => [0, 5 + (index % 3)]);
    const quiet = { ...capped, metrics: capped.metrics.map((metric) => ({ ...metric, usual: 1e-6 })) };
    expect(judge(quiet, buckets)).toEqual(judge(uncapped, buckets));
    expect(toleratedRate(1e-6, 0.005)).toBe(0.0025);
    expect(toleratedRate(0.01, 0.005)).toBe(0.02);
  });

  test('a steady baseline at its usual rate has none in a hundred hours', () => {
    for (const [requests, rate] of [
      [2700, 0.001],
      [270, 0.001],
      [45, 0.001],
      [2700, 0.02],
      [45, 0.02],
    ] as const) {
      const random = randomFrom(`steady ${requests} ${rate}`);
      let trouble = noTrouble;
      let incidents = 0;
      for (let index = 0; index < 6000; index += 1) {
        const counts = {
          candidate: 0,
          candidateBad: 0,
          baseline: requests,
          baselineBad: random.binomial(requests, rate),
          perBucket: false,
        };
        const watch = watchBaseline(trouble, counts, toleratedRate(rate, 0));
        trouble = watch.trouble;
        incidents += watch.incident ? 1 : 0;
      }
      expect(incidents).toBe(0);
    }
  });

  const binomial = (n: number, k: number, p: number): number => {
    let mass = (1 - p) ** n;
    for (let index = 1; index <= k; index += 1) mass *= ((n - index + 1) / index) * (p / (1 - p));
    return mass;
  };

  test.each([
    [0.3, 0.6],
    [0.6, 0.05],
    [0.05, 0.4],
    [0.5, 0.5],
  ])(
    'a fair bet whatever the baseline does, by enumeration: rates %d and %d, incidents declared on the way',
    (...rates) => {
      const [candidate, baseline, excess] = [6, 9, 0.05];
      let outcomes: readonly (readonly [typeof noExcess, typeof noTrouble, number])[] = [[noExcess, noTrouble, 1]];
      let declared = 0;
      for (const rate of rates)
        outcomes = outcomes.flatMap(([so, trouble, probability]) => {
          const next: (readonly [typeof noExcess, typeof noTrouble, number])[] = [];
          for (let x = 0; x <= candidate; x += 1)
            for (let y = 0; y <= baseline; y += 1) {
              const counts = { candidate, candidateBad: x, baseline, baselineBad: y, perBucket: false };
              const chance = probability * binomial(candidate, x, rate + excess) * binomial(baseline, y, rate);
              const watch = watchBaseline(trouble, counts, usual);
              declared += watch.incident ? chance : 0;
              next.push([
                observeHealth(so, counts, stakesOf(counts), undefined, watch.incident),
                watch.trouble,
                chance,
              ]);
            }
          return next;
        });
      const expected = outcomes.reduce(
        (sum, [so, , chance]) => sum + chance * Math.exp(logEvidenceBelow(so, excess)),
        0,
      );
      expect(declared).toBeGreaterThan(0.1);
      expect(declared).toBeLessThan(1.999);
      expect(expected).toBeLessThanOrEqual(1 + 1e-9);
    },
  );
});

describe('usual', () => {
  const day = (rate: (hour: number) => number, requests = (_hour: number): number => 100) =>
    Array.from({ length: 1440 }, (_, index) => {
      const at = Math.floor(index / 60);
      return { requests: requests(at), bad: requests(at) * rate(at) };
    });

  test('is what nine tenths of the requests lived with: busy hours count, an incident of two hours does not', () => {
    expect(usualErrorRate(day(() => 0.01))).toBeCloseTo(0.01, 9);
    expect(usualErrorRate(day((at) => (at < 2 ? 0.5 : 0.01)))).toBeCloseTo(0.01, 9);
    expect(usualErrorRate(day((at) => (at < 6 ? 0.03 : 0.01)))).toBeCloseTo(0.03, 9);
    // By requests, not by hours: a night of few requests says little.
    expect(
      usualErrorRate(
        day(
          (at) => (at < 8 ? 0.2 : 0.01),
          (at) => (at < 8 ? 1 : 100),
        ),
      ),
    ).toBeCloseTo(0.01, 9);
  });

  test('of a day without errors is one in all of it, and of no day nothing', () => {
    expect(usualErrorRate(day(() => 0))).toBe(1 / 144_000);
    expect(usualErrorRate([])).toBeUndefined();
    expect(
      usualErrorRate(
        day(
          () => 0,
          () => 0,
        ),
      ),
    ).toBeUndefined();
  });
});
