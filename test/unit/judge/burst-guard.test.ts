import { describe, expect, test } from '@jest/globals';
import { alternatives } from '../../../src/judge/alternatives.ts';
import { allowanceCaps, guardCaps, needsBurstGuard, setAside } from '../../../src/judge/burst-guard.ts';
import { startPrior } from '../../../src/judge/conviction.ts';
import { type Block, independent } from '../../../src/judge/dispersion.ts';
import { judge } from '../../../src/judge/judge.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { confident, judgeWith } from '../../support/own-metrics.ts';

const minutes = 1440;
const past = (seed: string, of: (minute: number, random: ReturnType<typeof randomFrom>) => Block): readonly Block[] => {
  const random = randomFrom(seed);
  return Array.from({ length: minutes }, (_, minute) => of(minute, random));
};
const served = (requests: number, rate: (minute: number) => number) => (seed: string) =>
  past(seed, (minute, random) => ({ requests, bad: random.binomial(requests, rate(minute)) }));
const share = (history: (seed: string) => readonly Block[], runs: number): number =>
  Array.from({ length: runs }, (_, run) => needsBurstGuard(history(`day ${run}`)).needed).filter(Boolean).length / runs;

describe('the burst guard', () => {
  test.each([
    ['steady', served(3000, () => 0.001)],
    ['a rate that drifts over the day', served(3000, (minute) => 0.001 * 8 ** (minute / minutes))],
    ['many errors', served(3000, () => 0.05)],
    ['little traffic', served(60, () => 0.001)],
    ['no errors at all', served(3000, () => 0)],
  ])('is off after a day of independent errors: %s', (_, history) => {
    expect(share(history, 100)).toBeLessThanOrEqual(0.01);
  });

  test('a daily swing of the load is no burst', () => {
    const swinging = (seed: string): readonly Block[] =>
      past(seed, (minute, random) => {
        const requests = random.poisson(3000 * (1 + 0.8 * Math.sin((2 * Math.PI * minute) / minutes)));
        return { requests, bad: random.binomial(requests, 0.001) };
      });
    expect(share(swinging, 100)).toBeLessThanOrEqual(0.01);
  });

  test.each([60, 300, 3000])(
    'is on after a day with bursts of twenty in 3 %% of the minutes, %d requests a minute',
    (n) => {
      const bursty = (seed: string): readonly Block[] =>
        past(seed, (_, random) => {
          const storm = random.next() < 0.03 ? 20 : 0;
          return { requests: n + storm, bad: random.binomial(n, 0.001) + storm };
        });
      expect(share(bursty, 50)).toBe(1);
    },
  );

  test('is on after one large burst, which the average would hide, and says which', () => {
    const calm = served(3000, () => 0.001)('calm');
    const stormy = calm.map((minute, index) => (index === 700 ? { requests: 3000, bad: 60 } : minute));
    expect(needsBurstGuard(calm).needed).toBe(false);
    expect(needsBurstGuard(stormy)).toMatchObject({
      needed: true,
      because: expect.stringMatching(/^60 errors in one/),
    });
  });

  test('without a history nobody knows: on', () => {
    expect(needsBurstGuard([])).toEqual({
      needed: true,
      because: 'only 0 buckets of history have requests: too few to see bursts of errors',
    });
  });

  test('three full buckets could convict, two never; a small bucket may say less, a small factor too', () => {
    const caps = (requests: number): readonly number[] => guardCaps(0.01, alternatives, requests);
    expect(Math.max(...caps(1e9)) * 2).toBeLessThan(Math.log(100));
    expect(Math.max(...caps(1e9)) * 3).toBeCloseTo(Math.log(100), 6);
    expect(Math.max(...caps(26))).toBeLessThan(Math.max(...caps(300)));
    expect([...caps(300)].sort((a, b) => a - b)).toEqual(caps(300));
    expect(caps(0).every((cap) => cap > 0)).toBe(true);
  });
});

describe('the part of the evidence that is set aside', () => {
  const caps = allowanceCaps(0.01, alternatives, 300, 60);
  const most = Math.max(...caps);

  test('keeps a bet on one burst fair, which is the candidate’s as often as its share of the requests says', () => {
    for (let share = 0.01; share < 1; share += 0.01) {
      const aside = setAside(caps, share, 300);
      expect(aside).toBeGreaterThanOrEqual(0);
      expect(aside).toBeLessThanOrEqual(0.3);
      if (aside > 0) expect(share * Math.exp(most) + (1 - share) * aside).toBeLessThanOrEqual(1);
    }
    // Without the requests' factor nine tenths of the whole are left; this is just fair.
    const edge = (1 - 0.12 * Math.exp(most)) / 0.88;
    expect(edge).toBeLessThan(0.3);
    expect(setAside(caps, 0.12, 300)).toBeCloseTo(0.9 * edge, 12);
  });

  test.each([
    ['a small share: at most three tenths', 0.01, 3000, 0.297],
    ['a share from which on no amount is fair', 0.2, 3000, 0],
    ['the half', 0.5, 3000, 0],
    ['all requests', 1, 3000, 0],
    ['so few requests that one caller is most of them', 0.01, 30, 0],
    ['fewer than that, and no amount fair either', 0.5, 3, 0],
    ['no requests', 0, 0, 0],
  ])('is what the share and the requests allow: %s', (_, share, requests, aside) => {
    expect(setAside(caps, share, requests)).toBeCloseTo(aside, 12);
  });

  const manifest = {
    convict: { worseThan: 1.2, falseRollback: 0.01 },
    healthy: { excessBelow: 0.005, confidence: 0.95 },
  } as const;
  const guarded = policyOf(manifest, { burstGuard: true, usual: {}, dispersion: { errors: independent } });
  /** After one bucket in which all requests of the baseline fail, and no other. */
  const leftBeside = (policy: Policy, seconds = 60): number => {
    const [candidate, baseline] = [5 * seconds, 45 * seconds];
    return judge(policy, [
      {
        t: 0,
        seconds,
        candidate: { requests: candidate, bad: { errors: 0 } },
        baseline: { requests: baseline, bad: { errors: baseline } },
      },
    ]).logEvidence;
  };

  test('is what one bucket of the baseline leaves, however long the buckets are', () => {
    const left = Math.log(startPrior(1, guarded.restartSeconds) * setAside(caps, 0.1, 300));
    expect(leftBeside(guarded)).toBeCloseTo(left, 6);
    expect(leftBeside(guarded, 10)).toBeCloseTo(left, 2);
  });

  test('is nothing without the guard, in older policies, and where no dispersion is known', () => {
    const { setAside: _, ...older } = guarded;
    const unknown = { ...guarded, metrics: guarded.metrics.map(({ dispersion: __, ...metric }) => metric) };
    for (const policy of [older, unknown, { ...guarded, burstGuard: false }])
      expect(leftBeside(policy)).toBeLessThan(-20);
  });

  test('is that of each metric: one without a dispersion has none beside one that learns it', () => {
    const [errors] = policyOf(manifest, { burstGuard: true, usual: {}, dispersion: {} }).metrics;
    if (!errors) throw new Error('a policy without errors');
    const { dispersion: _, ...other } = errors;
    const policy = { ...guarded, metrics: [errors, { ...other, name: 'other' }] };
    const arm = (requests: number, bad: number) => ({ requests, bad: { errors: bad, other: bad } });
    const { evidence } = judge(policy, [{ t: 0, seconds: 60, candidate: arm(300, 0), baseline: arm(2700, 2700) }]);
    expect(evidence['errors']?.logEvidence).toBeGreaterThan(-3);
    expect(evidence['other']?.logEvidence).toBeLessThan(-20);
  });

  test('of too few good events follows the share of the baseline, whose burst would convict', () => {
    const policy = policyOf(
      { ...judgeWith(confident), burstGuard: 'on' },
      {
        own: { confident: { burstGuard: true } },
        dispersion: { confident: independent },
      },
    );
    const arm = (requests: number, good: number) => ({ requests, bad: { errors: 0, confident: good } });
    const { evidence } = judge(policy, [{ t: 0, seconds: 60, candidate: arm(300, 300), baseline: arm(2700, 0) }]);
    expect(policy.metrics[1]).toMatchObject({ guarded: true, good: true });
    expect(evidence['confident']?.logEvidence).toBeLessThan(-5);
  });
});
