import { describe, expect, test } from '@jest/globals';
import { alternatives } from '../../../src/judge/alternatives.ts';
import type { Bucket, Counts } from '../../../src/judge/bucket.ts';
import { allowanceCaps, allowedIn, leftOf, needsBurstGuard } from '../../../src/judge/burst-guard.ts';
import {
  convictionShareOf,
  gainsOf,
  logEvidence,
  noEvidence,
  ratioTerms,
  startAnew,
  startPrior,
  weigh,
} from '../../../src/judge/conviction.ts';
import {
  type Dispersion,
  dispersionOf,
  independent,
  type Learned,
  learn,
  learnedDispersion,
  nothingLearned,
} from '../../../src/judge/dispersion.ts';
import { logEvidenceBelow, noExcess, observeHealth, stakesOf } from '../../../src/judge/health.ts';
import { usualErrorRate } from '../../../src/judge/incident.ts';
import { beginJudging, judge, observeBucket, verdictOf } from '../../../src/judge/judge.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import { requestsToProof } from '../../../src/judge/time-to-proof.ts';
import {
  drifting,
  type ErrorLaw,
  inSessions,
  independent as singly,
  withBursts,
  withStorms,
} from '../../benchmarks/error-laws.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { fc } from '../../support/properties.ts';

interface Past {
  readonly requests: number;
  readonly bad: number;
}

/** A day of one fleet. */
const dayOf = (law: ErrorLaw, rate: (minute: number) => number, seed: string, perSecond = 50): readonly Past[] => {
  const random = randomFrom(seed);
  const draw = law.begin();
  return Array.from({ length: 1440 }, (_, minute) =>
    draw({ traffic: 60 * perSecond, share: 1, seconds: 60, rate: rate(minute), usual: rate(minute) }, random),
  );
};
const of = (law: ErrorLaw, rate: number, perSecond = 50): readonly Dispersion[] =>
  Array.from({ length: 20 }, (_, run) => found(dayOf(law, () => rate, `day ${run}`, perSecond)));
const found = (history: readonly Past[]): Dispersion => {
  const dispersion = dispersionOf(history);
  if (dispersion === undefined) throw new Error('too short');
  return dispersion;
};
const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

describe('the dispersion of a day', () => {
  test.each([
    ['0.1 %', 0.001, 50],
    ['2 %', 0.02, 50],
    ['0.1 %, little traffic', 0.001, 5],
  ])('of single errors is 1: %s', (_, rate, perSecond) => {
    for (const { against, health, burstSeconds } of of(singly, rate, perSecond)) {
      expect(against).toBe(1);
      expect(health).toBeLessThan(1.25);
      expect(burstSeconds).toBe(60);
    }
  });

  test.each([
    [5, 0.003, 50],
    [20, 0.003, 50],
    [50, 0.003, 50],
    [20, 0.003, 5],
  ])(
    'of sessions of %d failing requests, %d of the requests at %d a second, is about their size',
    (size, rate, perSecond) => {
      const days = of(inSessions(size), rate, perSecond);
      expect(median(days.map(({ health }) => health)) / size).toBeGreaterThan(0.8);
      expect(median(days.map(({ health }) => health)) / size).toBeLessThan(1.4);
      expect(days.every(({ burstSeconds }) => burstSeconds === 60)).toBe(true);
    },
  );

  test('of sessions that are spread over minutes shows in the longer blocks', () => {
    expect(median(of(inSessions(20, 180), 0.003).map(({ health }) => health))).toBeGreaterThan(8);
  });

  test('of rare sessions is a proof’s business; the guard lets each count once', () => {
    const days = of(inSessions(20), 0.0001);
    expect(median(days.map(({ health }) => health))).toBeGreaterThan(15);
    expect(days.every(({ against }) => against === 1)).toBe(true);
  });

  test('of single errors with rare bursts is that of the single errors', () => {
    for (const { against, health } of of(withBursts(0.03, 20), 0.001)) {
      expect(against).toBe(1);
      expect(health).toBeLessThan(1.5);
    }
  });

  test.each([
    ['storms of five minutes', withStorms({ perHour: 3, minutes: 5, ofTraffic: 0.007 }), 0.001],
    ['a drift with a memory of ten minutes', drifting(0.4, 10), 0.005],
    ['a drift with a memory of an hour', drifting(0.3, 60), 0.005],
  ])('shows that a burst lasts: %s', (_, law, rate) => {
    const days = of(law, rate);
    expect(days.filter(({ burstSeconds }) => burstSeconds === 300).length).toBeGreaterThan(18);
    expect(days.every(({ against }) => against < 6)).toBe(true);
    expect(needsBurstGuard(dayOf(law, () => rate, 'day 0')).needed).toBe(true);
  });

  test.each([
    ['one incident of an hour', (minute: number) => (minute >= 600 && minute < 660 ? 0.2 : 0.001)],
    ['a busy day', (minute: number) => 0.001 * (1 + 0.8 * Math.sin((2 * Math.PI * minute) / 1440))],
    ['a rate that doubles over the day', (minute: number) => 0.001 * 2 ** (minute / 1440)],
  ])('does not see bursts in %s', (_, rate) => {
    const { against, health } = found(dayOf(singly, rate, 'day'));
    expect(against).toBe(1);
    expect(health).toBeLessThan(1.5);
  });

  test('of few errors is no evidence of single ones: the fewer, the larger the bound for a proof', () => {
    const withSingles = (count: number): number =>
      found(
        Array.from({ length: 1440 }, (_, minute) => ({
          requests: 300,
          bad: minute % 7 === 0 && minute < 7 * count ? 1 : 0,
        })),
      ).health;
    const bounds = [0, 3, 20, 150].map(withSingles);
    expect(bounds[0]).toBeCloseTo(2.9, 6);
    expect([...bounds].sort((one, other) => other - one)).toEqual(bounds);
    expect(bounds[3]).toBeLessThan(1.2);
    const one = Array.from({ length: 1440 }, (_, minute) => ({ requests: 300, bad: minute === 700 ? 20 : 0 }));
    expect(found(one).health).toBeGreaterThan(4);
  });

  test('of less than an hour is not known', () => {
    expect(dispersionOf(dayOf(singly, () => 0.001, 'x').slice(0, 59))).toBeUndefined();
    expect(dispersionOf(Array.from({ length: 600 }, () => ({ requests: 0, bad: 0 })))).toBeUndefined();
  });
});

describe('a dispersion learned from the baseline’s own minutes', () => {
  const learnedOf = (minutes: readonly Past[], seconds = 60): Dispersion =>
    learnedDispersion(minutes.reduce((so: Learned, counts) => learn(so, counts, seconds), nothingLearned));

  test('begins without one: no history is no bursts', () => {
    expect(learnedOf([])).toMatchObject({ against: 1, burstSeconds: 60 });
    expect(learnedOf([]).health).toBeCloseTo(2.9, 6);
  });

  test('of sessions is found within minutes, and of single errors stays near 1', () => {
    const sessions = learnedOf(dayOf(inSessions(5), () => 0.003, 'a').slice(0, 15));
    expect(sessions.against).toBeGreaterThan(2);
    expect(sessions.health).toBeGreaterThan(2.9);
    const singles = learnedOf(dayOf(singly, () => 0.003, 'b').slice(0, 120));
    expect(singles.against).toBeLessThan(1.5);
    expect(singles.health).toBeLessThan(1.5);
  });

  test('of sessions that last for minutes shows in the longer blocks, and a storm counts once in four minutes, as it always did', () => {
    const half = (law: ErrorLaw, rate: number, seed: string): Dispersion =>
      learnedOf(dayOf(law, () => rate, seed).slice(0, 30));
    const seeds = Array.from({ length: 20 }, (_, seed) => `half an hour ${seed}`);
    const sessions = seeds.map((seed) => half(inSessions(20, 300), 0.003, seed));
    expect(median(sessions.map(({ against }) => against))).toBeGreaterThan(5);
    const storms = seeds.map((seed) => half(withStorms({ perHour: 4, minutes: 8, ofTraffic: 0.01 }), 0.001, seed));
    expect(storms.filter(({ burstSeconds }) => burstSeconds === 240).length).toBeGreaterThan(12);
    const brief = seeds.map((seed) => half(inSessions(20), 0.003, seed));
    expect(brief.filter(({ burstSeconds }) => burstSeconds > 60).length).toBeLessThan(3);
    const singles = seeds.map((seed) => half(singly, 0.003, seed));
    expect(singles.every(({ burstSeconds }) => burstSeconds === 60)).toBe(true);
  });

  test('does not take an incident for the way in which errors come', () => {
    const calm = [3, 2, 4, 3, 3, 2, 3, 4, 2, 3].map((bad) => ({ requests: 2700, bad }));
    const incident = [...calm, { requests: 2700, bad: 1080 }, { requests: 2700, bad: 1080 }, ...calm];
    expect(learnedOf(incident).against).toBeLessThan(2);
    expect(learnedOf(incident).burstSeconds).toBe(60);
    expect(learnedOf(incident).health).toBeLessThan(3);
    // A storm is a smaller part of the requests, and it may come again.
    const storm = [...calm, { requests: 2700, bad: 80 }, { requests: 2700, bad: 80 }, ...calm];
    expect(learnedOf(storm).against).toBeGreaterThan(4);
  });

  test('is about minutes, however long a bucket is', () => {
    const minutes = dayOf(inSessions(5), () => 0.003, 'c').slice(0, 20);
    const halves = minutes.flatMap(({ requests, bad }) => [
      { requests: requests / 2, bad: Math.floor(bad / 2) },
      { requests: requests / 2, bad: Math.ceil(bad / 2) },
    ]);
    expect(learnedOf(halves, 30)).toEqual(learnedOf(minutes));
  });

  const counts = fc.record({ n: fc.integer({ min: 0, max: 400 }), bad: fc.integer({ min: 0, max: 12 }) });
  const policy = policyOf(
    { convict: { worseThan: 1.2, falseRollback: 0.01 }, healthy: { excessBelow: 0.005, confidence: 0.95 } },
    { burstGuard: true, usual: {}, dispersion: {} },
  );
  const bucketsOf = (candidates: readonly Counted[], baselines: readonly Counted[]): readonly Bucket[] =>
    baselines.map((baseline, index) => ({
      t: 60 * index,
      seconds: 60,
      candidate: armOf(candidates[index] ?? { n: 0, bad: 0 }),
      baseline: armOf(baseline),
    }));
  interface Counted {
    readonly n: number;
    readonly bad: number;
  }
  const armOf = ({ n, bad }: Counted) => ({ requests: n + bad, bad: { errors: bad } });

  test('depends on the baseline alone, and never on the bucket that it is used in', () => {
    expect(policy.metrics[0]?.dispersion).toBe('learned');
    fc.assert(
      fc.property(
        fc.array(counts, { minLength: 3, maxLength: 20 }),
        fc.array(counts, { minLength: 20, maxLength: 20 }),
        fc.array(counts, { minLength: 20, maxLength: 20 }),
        (baselines, some, others) => {
          const learnedAfter = (candidates: readonly Counted[]) =>
            bucketsOf(candidates, baselines).reduce(observeBucket, beginJudging(policy)).observations.metrics[0]
              ?.learned;
          expect(learnedAfter(some)).toEqual(learnedAfter(others));
          // The evidence of a first bucket with errors is divided by what is known without it.
          const first = baselines.slice(0, 1);
          const evidence = (buckets: readonly Bucket[]) =>
            verdictOf(buckets.reduce(observeBucket, beginJudging(policy))).evidence['errors']?.logHealth;
          const frozen: Policy = {
            ...policy,
            metrics: policy.metrics.map((metric) => ({ ...metric, dispersion: learnedDispersion(nothingLearned) })),
          };
          expect(evidence(bucketsOf(some, first))).toBe(
            verdictOf(bucketsOf(some, first).reduce(observeBucket, beginJudging(frozen))).evidence['errors']?.logHealth,
          );
        },
      ),
    );
  });
});

const binomial = (n: number, k: number, p: number): number => {
  let mass = (1 - p) ** n;
  for (let index = 1; index <= k; index += 1) mass *= ((n - index + 1) / index) * (p / (1 - p));
  return mass;
};

describe('a bet to the power 1/D', () => {
  const outcomes = (
    rate: number,
    candidateRate: number,
    candidate = 5,
    baseline = 8,
  ): readonly (readonly [Counts, number])[] =>
    Array.from({ length: (candidate + 1) * (baseline + 1) }, (_, index) => {
      const [candidateBad, baselineBad] = [index % (candidate + 1), Math.floor(index / (candidate + 1))];
      return [
        { candidate, candidateBad, baseline, baselineBad, perBucket: false },
        binomial(candidate, candidateBad, candidateRate) * binomial(baseline, baselineBad, rate),
      ];
    });

  test.each([
    [1, 0],
    [1.3, 0],
    [5, 0],
    [20, 0],
    [1, 0.3],
    [5, 0.4],
  ])('is fair at the limits of both questions, by enumeration: D = %d, %d set aside', (dispersion, aside) => {
    for (const rate of [0.02, 0.2, 0.6]) {
      let [worse, healthy] = [0, 0];
      for (const [counts, chance] of outcomes(rate, Math.min(1, 1.2 * rate))) {
        const gains = gainsOf(
          counts,
          ratioTerms(convictionShareOf(counts) ?? 0, 1.2, alternatives),
          undefined,
          dispersion,
          aside,
        );
        worse += chance * Math.exp(logEvidence(weigh(startAnew(noEvidence(alternatives), alternatives, 1), gains)));
      }
      for (const [counts, chance] of outcomes(rate, rate + 0.05))
        healthy +=
          chance *
          Math.exp(
            logEvidenceBelow(observeHealth(noExcess, counts, stakesOf(counts), undefined, false, dispersion), 0.05),
          );
      expect(worse).toBeLessThanOrEqual(1 + 1e-9);
      expect(healthy).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  test('is fair over buckets whose D is learned and whose allowance is spent on the way, by enumeration', () => {
    const policy = policyOf(
      { convict: { worseThan: 1.2, falseRollback: 0.01 }, healthy: { excessBelow: 0.05, confidence: 0.95 } },
      { burstGuard: true, dispersion: {} },
    );
    const rate = 0.3;
    let states = [{ judging: beginJudging(policy), chance: 1 }];
    for (let t = 0; t < 3; t += 1)
      states = states.flatMap(({ judging, chance }) =>
        [...outcomes(rate, 1.2 * rate, 3, 4)].map(([counts, probability]) => ({
          chance: chance * probability,
          judging: observeBucket(judging, {
            t: 60 * t,
            seconds: 60,
            candidate: { requests: 3, bad: { errors: counts.candidateBad } },
            baseline: { requests: 4, bad: { errors: counts.baselineBad } },
          }),
        })),
      );
    // Starts so far have a part of the prior; the rest of the stake is kept.
    const stake = [1, 2].reduce((sum, start) => sum + startPrior(start, policy.restartSeconds), 0);
    const expected = states.reduce(
      (sum, { judging, chance }) => sum + chance * Math.exp(judging.ruling.logEvidence),
      0,
    );
    expect(states.length).toBe(20 ** 3);
    expect(expected).toBeLessThanOrEqual(stake + 1e-9);
  });
});

describe('the allowance of the burst guard', () => {
  const caps = allowanceCaps(0.01, alternatives, 300, 60);

  test('lets a minute of ten-second buckets gain no more than one bucket of a minute, and what bursts take back is given back', () => {
    const gainedBy = (buckets: number, seconds: number, burst: number): number => {
      let allowance: readonly number[] | undefined;
      let sum = 0;
      for (let index = 0; index < buckets; index += 1) {
        const allowed = allowedIn(allowance, caps, seconds / 60);
        const gains = allowed.map((most) => Math.min(most, burst));
        allowance = leftOf(allowed, gains);
        sum += Math.max(...gains);
      }
      return sum;
    };
    const most = Math.max(...caps);
    expect(gainedBy(1, 60, 40)).toBeCloseTo(most, 9);
    expect(gainedBy(6, 10, 40)).toBeLessThanOrEqual(most * (1 + 5 / 6) + 1e-9);
    // The guard is the same for a quarter of an hour, in whatever buckets it is counted.
    expect(Math.abs(gainedBy(90, 10, 40) - gainedBy(15, 60, 40))).toBeLessThanOrEqual(most);
    // Losses free the same amount again.
    expect(
      leftOf(
        caps,
        caps.map((cap) => -cap),
      ).every((left, index) => left === 2 * (caps[index] ?? 0)),
    ).toBe(true);
    expect(
      allowedIn(
        leftOf(
          caps,
          caps.map(() => -9),
        ),
        caps,
        1,
      ),
    ).toEqual(caps);
  });

  test('three bursts convict a candidate of a quiet endpoint, two never; where storms last, four', () => {
    const weights = alternatives.weights.reduce(
      (sum, weight, index) => sum + ((alternatives.factors[index] ?? 0) >= 4 ? weight : 0),
      0,
    );
    const needed = (burstSeconds: number): number =>
      Math.ceil(
        (Math.log(100) - Math.log(startPrior(1, 120) * weights)) /
          Math.max(...allowanceCaps(0.01, alternatives, 300, burstSeconds)),
      );
    expect(needed(60)).toBe(3);
    expect(needed(300)).toBe(4);
  });
});

describe('old policies', () => {
  const policy = (burstGuard: boolean, usual?: number | 'unknown'): Policy => ({
    convict: { worseThan: 1.2, falseRollback: 0.01 },
    healthy: { excessBelow: 0.005, confidence: 0.95 },
    metrics: [
      {
        name: 'errors',
        weight: 1,
        worseThan: 1.2,
        excessBelow: 0.005,
        says: 'errors',
        ...(usual === undefined ? {} : { usual }),
      },
    ],
    burstGuard,
    maxBlindSeconds: 600,
    coverage: 0.8,
    minimumRequests: 0,
    safetyNet: { metric: 'errors', above: 0.2, buckets: 3, requests: 20 },
  });
  /** By the judge of the last release before the dispersion. */
  test.each([
    [policy(false), [-0.32956476483408675, 3.162511639287871, 0.0000635734422793787, 0.004957475622608191]],
    [policy(true), [-3.497542326309124, 1.0711586904953343, 0.0000635734422793787, 0.005542839178157304]],
    [policy(true, 0.002), [-3.3541590588734893, 0.2065398825135336, 0.0000635734422793787, 0.005809693966784644]],
    [policy(false, 'unknown'), [-0.32956476483408675, 1.0711586904953343, 0.0000635734422793787, 0.005542839178157304]],
  ])('are judged as before, to the last bit (%#)', (old, expected) => {
    const random = randomFrom('version 1');
    const buckets = Array.from({ length: 40 }, (_, index): Bucket => {
      const [candidate, baseline] = [random.poisson(300), random.poisson(2700)];
      return {
        t: 60 * index,
        seconds: 60,
        candidate: {
          requests: candidate,
          bad: { errors: random.binomial(candidate, 0.004) + (index % 9 === 4 ? 6 : 0) },
        },
        baseline: { requests: baseline, bad: { errors: random.binomial(baseline, 0.003) + (index === 20 ? 90 : 0) } },
      };
    });
    const { evidence } = judge(old, buckets);
    const { logEvidence: worse, logHealth, interval } = evidence['errors'] ?? { interval: [] };
    expect([worse, logHealth, ...interval]).toEqual(expected);
  });
});

describe('the judge after a day of bursts', () => {
  const manifest = {
    convict: { worseThan: 1.2, falseRollback: 0.01 },
    healthy: { excessBelow: 0.005, confidence: 0.95 },
  };
  const policyAfter = (history: readonly Past[]): Policy => {
    const [usual, dispersion] = [usualErrorRate(history), dispersionOf(history)];
    return policyOf(manifest, {
      burstGuard: needsBurstGuard(history).needed,
      usual: usual === undefined ? {} : { errors: usual },
      dispersion: dispersion === undefined ? {} : { errors: dispersion },
    });
  };
  const played = (law: ErrorLaw, usual: number, rate: number, run: number) => {
    const random = randomFrom(`after ${run}`);
    const [candidate, baseline] = [law.begin(), law.begin()];
    let judging = beginJudging(policyAfter(dayOf(law, () => usual, `before ${run}`)));
    let healthy = false;
    for (let index = 0; index < 60; index += 1) {
      const inMinute = { traffic: 3000, seconds: 60, usual };
      const [one, other] = [
        candidate({ ...inMinute, share: 0.1, rate }, random),
        baseline({ ...inMinute, share: 0.9, rate: usual }, random),
      ];
      judging = observeBucket(judging, {
        t: 60 * index,
        seconds: 60,
        share: 0.1,
        candidate: { requests: one.requests, bad: { errors: one.bad } },
        baseline: { requests: other.requests, bad: { errors: other.bad } },
      });
      healthy ||= judging.ruling.decision === 'promote';
    }
    return { healthy, convicted: judging.rolledBack !== undefined };
  };
  const share = (law: ErrorLaw, usual: number, rate: number, what: 'healthy' | 'convicted'): number =>
    Array.from({ length: 40 }, (_, run) => played(law, usual, rate, run)[what]).filter(Boolean).length / 40;

  test('calls a candidate that fails in sessions healthy in almost no run, and finds most of them within the hour', () => {
    expect(share(inSessions(20), 0.0001, 0.0101, 'healthy')).toBeLessThanOrEqual(0.05);
    expect(share(inSessions(20), 0.0001, 0.0101, 'convicted')).toBeGreaterThan(0.6);
    expect(share(inSessions(5), 0.003, 0.012, 'healthy')).toBeLessThanOrEqual(0.05);
    expect(share(inSessions(5), 0.003, 0.012, 'convicted')).toBeGreaterThan(0.6);
  });

  test.each([
    ['sessions', inSessions(20), 0.003],
    ['storms', withStorms({ perHour: 3, minutes: 5, ofTraffic: 0.007 }), 0.001],
    ['drifting arms', drifting(0.4, 10), 0.005],
  ])('convicts almost no healthy one: %s', (_, law, rate) => {
    expect(share(law, rate, rate, 'convicted')).toBeLessThanOrEqual(0.025);
  });

  const minute = (t: number, candidateBad: number, baselineBad: number): Bucket => ({
    t: 60 * t,
    seconds: 60,
    candidate: { requests: 300, bad: { errors: candidateBad } },
    baseline: { requests: 2700, bad: { errors: baselineBad } },
  });
  test.each([
    ['with a day before', policyAfter(dayOf(singly, () => 0.001, 'usual'))],
    ['without', policyOf(manifest, { burstGuard: true, usual: {}, dispersion: {} })],
  ])('promotes nothing beside a baseline that was ill a minute ago, %s', (_, policy) => {
    expect(judge(policy, [minute(0, 3, 1080), minute(1, 0, 3)]).decision).toBe('continue');
    const before = policyOf(manifest);
    expect(judge({ ...before, healthOfNow: true }, [minute(0, 3, 1080), minute(1, 0, 3)]).decision).toBe('promote');
  });

  test('4 % beside none is found in three minutes without a day before', () => {
    const policy = policyOf(manifest, { burstGuard: true, usual: {}, dispersion: {} });
    const found = (by: Policy): number =>
      [1, 2, 3, 4, 5, 6].find(
        (minutes) =>
          judge(
            by,
            Array.from({ length: minutes }, (_, t) => minute(t, 12, 0)),
          ).decision === 'rollback',
      ) ?? 7;
    expect(found(policy)).toBe(3);
    const { metrics, restartSeconds: _, ...version1 } = policy;
    expect(found({ ...version1, metrics: metrics.map(({ dispersion: __, ...metric }) => metric) })).toBe(4);
  });
});

test('a proof takes as many times the requests as the dispersion says', () => {
  const metric = { excessBelow: 0.005, dispersion: { ...independent, health: 20 } };
  expect(requestsToProof(metric, 0.95, 0, 0.1) / requestsToProof({ excessBelow: 0.005 }, 0.95, 0, 0.1)).toBeCloseTo(
    20,
    1,
  );
  // No rollout is refused for bursts that nothing has shown.
  expect(requestsToProof({ excessBelow: 0.005, dispersion: 'learned' }, 0.95, 0, 0.1)).toBe(
    requestsToProof({ excessBelow: 0.005 }, 0.95, 0, 0.1),
  );
});

test('the prior of starts every two minutes sums to 1, and half an hour later weighs about as much as at once', () => {
  let sum = 0;
  for (let start = 1; start <= 1_000_000; start += 1) sum += startPrior(start, 120);
  expect(sum).toBeLessThanOrEqual(1 + 1e-9);
  expect(sum).toBeGreaterThan(0.9999);
  expect(startPrior(2, 120) / startPrior(16, 120)).toBeLessThan(5);
  expect(startPrior(2) / startPrior(16)).toBe(120);
});
