import { describe, expect, test } from '@jest/globals';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import type { Rollout } from '../../../src/manifest/manifest.ts';
import {
  dispersionNotes,
  healthyNotes,
  limitNotes,
  longestStepSeconds,
  proofNotes,
  proofTimes,
  refuseUnprovable,
  walkSeconds,
} from '../../../src/metrics/proof.ts';
import { Refusal } from '../../../src/operation.ts';
import { frozen, judgePolicy } from '../../support/stepping.ts';

type Steps = Extract<Rollout, { strategy: 'steps' }>;
const rollout = {
  strategy: 'steps',
  steps: [0.1, 0.5, 1],
  bakeSeconds: 300,
  minimumRequests: 0,
  judge: judgePolicy,
} as unknown as Steps;
const at = (
  rate: number,
  rates: Readonly<Record<string, number>> = frozen.rates,
  requested: Steps = rollout,
  policy = frozen.policy,
) => proofTimes(requested, { ...frozen, rates, policy }, rate);

describe('the time to proof', () => {
  test('is what a clean candidate takes at each share but the last', () => {
    const proof = at(50);
    expect(proof.map(({ share }) => share)).toEqual([0.1, 0.5]);
    // About 600 clean requests for 0.5 % with 95 % confidence (DESIGN §6).
    expect(proof[0]?.seconds).toBeGreaterThan(600 / 5);
    expect(proof[0]?.seconds).toBeLessThan(700 / 5);
    expect(proof[1]?.seconds).toBeLessThan(700 / 25);
  });

  test('is that of the metric that takes longest, at the rate it has anyway', () => {
    const [clean] = at(50);
    const often = { errors: 0, 'client-errors': 0.01 };
    const judged = policyOf({ ...judgePolicy, clientErrors: 'judge' }, { clientErrors: true });
    const [usual] = at(50, often, rollout, judged);
    expect(usual?.says).toBe('4xx answers');
    expect(usual?.seconds).toBeGreaterThan(5 * (clean?.seconds ?? 0));
    // What is only reported is not waited for.
    expect(at(50, often)).toEqual(at(50));
  });

  test('is not below what minimum-requests takes', () => {
    const [step] = at(50, frozen.rates, { ...rollout, minimumRequests: 5000 });
    expect(step).toEqual({ share: 0.1, says: 'requests', seconds: 1000 });
  });

  test('never ends without requests, also where there is nothing to prove', () => {
    const nothing = { ...frozen.policy, metrics: [] };
    expect(at(0).map(({ seconds }) => seconds)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(at(0, frozen.rates, rollout, nothing)[0]?.seconds).toBe(Number.POSITIVE_INFINITY);
    expect(at(50, frozen.rates, rollout, nothing)[0]).toEqual({ share: 0.1, says: 'requests', seconds: 0 });
  });

  test('of a metric without a known rate is that of one that never happens', () => {
    expect(at(50, {})).toEqual(at(50, { errors: 0, 'client-errors': 0 }));
  });

  test('is printed, and adds up to the time the walk takes', () => {
    expect(proofNotes(at(50), 3600)[0]).toMatch(
      /^at 10 % a version as good as this one is proven after about 2m \d+s \(/,
    );
    // The second step is proven within its bake.
    expect(walkSeconds(rollout, at(2))).toBe((at(2)[0]?.seconds ?? 0) + 180 + (at(2)[1]?.seconds ?? 0) + 180 + 300);
    expect(walkSeconds(rollout, at(5000))).toBe(900);
  });
});

test('the plan warns where one good version in ten is not proven within max-step', () => {
  const proof = [{ share: 0.1, seconds: 3600, says: 'errors' }];
  expect(proofNotes(proof, 7200)).toHaveLength(1);
  expect(proofNotes(proof, 7199)[1]).toBe(
    'at 10 % one good version in ten is not proven after 2h, and max-step is 1h 59m 59s: it would be taken back unproven',
  );
  expect(proofNotes([{ share: 0.1, seconds: Number.POSITIVE_INFINITY, says: 'errors' }], 60)).toHaveLength(1);
});

test('the plan names the limits of health, and where there are two the one that is proven sooner', () => {
  const of = (healthy: Policy['healthy'], usual?: number): readonly string[] =>
    healthyNotes(policyOf({ ...judgePolicy, healthy }, usual === undefined ? {} : { usual: { errors: usual } }));
  const confidence = 0.95;
  expect(of({ excessBelow: 0.005, confidence })).toEqual([
    'healthy when its excess is below 0.5 % of requests, with 95 % confidence',
  ]);
  expect(of({ atMost: 1.5, confidence })).toEqual([
    "healthy when its rate is below 1.5 times the old version's, with 95 % confidence",
  ]);
  const both = { excessBelow: 0.005, atMost: 1.5, confidence };
  expect(of(both, 0.05)).toEqual([
    "healthy when its excess is below 0.5 % of requests, or its rate is below 1.5 times the old version's, with 95 % confidence",
    'errors: 90 % of the proof is put on the ratio, which is proven sooner at the usual 5 %',
  ]);
  expect(of(both, 0.001)[1]).toBe(
    'errors: 90 % of the proof is put on the excess, which is proven sooner at the usual 0.1 %',
  );
  expect(of(both)[1]).toBe('errors: 50 % of the proof is put on each of the two: their usual rate is not known');
});

test('the plan names the limit of an incident for each metric that is proven and whose usual share is known', () => {
  const [errors] = frozen.policy.metrics;
  if (errors === undefined) throw new Error('the policy has errors');
  const { excessBelow: _, ...watched } = errors;
  expect(
    limitNotes({
      metrics: [
        { ...errors, usual: 0.02 },
        { ...errors, usual: 'unknown' },
        errors,
        { ...watched, usual: 0.02 },
        { ...errors, says: 'requests slower than 42 ms', usual: 0 },
      ],
    }),
  ).toEqual([
    expect.stringMatching(/^minutes in which the old version has errors on clearly more than .* \(usual: 2 %\)/),
    expect.stringMatching(/^minutes in which the old version has requests slower than 42 ms .* \(usual: 0 %\)/),
  ]);
});

describe('errors that come in bursts', () => {
  const withDispersion = (dispersion: Policy['metrics'][number]['dispersion']): Policy => ({
    ...frozen.policy,
    metrics: frozen.policy.metrics.map(({ dispersion: _, ...metric }) => ({
      ...metric,
      ...(dispersion && metric.name === 'errors' ? { dispersion } : {}),
    })),
  });
  const bursts = { against: 20, health: 20, burstSeconds: 60 };

  test('take as many times as long to prove, and the plan says so', () => {
    const seconds = (policy: Policy): number => at(50, frozen.rates, rollout, policy)[0]?.seconds ?? 0;
    expect(seconds(withDispersion(bursts)) / seconds(withDispersion(undefined))).toBeCloseTo(20, 0);
    expect(dispersionNotes(withDispersion(bursts))).toEqual([
      'errors: in the day before they came in bursts and varied 20 times as much as single ones, so a proof of health needs 20 times as many requests as for errors that come singly, and a conviction more evidence',
    ]);
    expect(dispersionNotes(withDispersion({ ...bursts, against: 1, health: 2.9 }))).toEqual([
      'errors: the day before had too few to see whether they come in bursts, or only rare bursts, so a proof of health needs 2.9 times as many requests as for errors that come singly',
    ]);
    expect(dispersionNotes(withDispersion('learned'))).toEqual([
      "errors: no day before shows whether they come in bursts, so a proof of health needs 2.9 times as many requests as for errors that come singly until the old version's own minutes show more; burst-guard: off says that they come singly",
    ]);
    expect(dispersionNotes(withDispersion({ ...bursts, against: 1, health: 1.2 }))).toEqual([]);
    expect(dispersionNotes(withDispersion(undefined))).toEqual([]);
  });

  test('and the refusal names the setting that says otherwise', () => {
    const refusal = (policy: Policy): string => {
      try {
        refuseUnprovable(rollout, at(1, frozen.rates, rollout, policy), 1, 'churn');
        return '';
      } catch (error) {
        return String(error);
      }
    };
    expect(refusal(withDispersion(bursts))).toMatch(/ \(errors\), .*, or say burst-guard: off if they come singly$/);
    expect(refusal(withDispersion(undefined))).not.toContain('burst-guard');
  });
});

describe('what cannot be proven', () => {
  const refused = (rate: number): string => {
    try {
      refuseUnprovable(rollout, at(rate), rate, 'churn');
      return 'accepted';
    } catch (error) {
      return error instanceof Refusal ? `${error.reason}: ${error.message}` : String(error);
    }
  };

  test('within the longest stay on a step is refused', () => {
    expect(refused(50)).toBe('accepted');
    expect(refused(1)).toMatch(/^too-little-traffic: churn sees about 1 requests per second.* at 10 % takes about 1h/);
    expect(refused(0)).toContain('takes for ever');
    expect(refused(0.123)).toContain('sees about 0.12 requests per second');
  });

  test('is accepted when it takes exactly the longest stay', () => {
    const proof = [{ share: 0.1, seconds: 3600, says: 'errors' }];
    expect(() => refuseUnprovable(rollout, proof, 1, 'churn')).not.toThrow();
    const longer = [{ share: 0.1, seconds: 3601, says: 'errors' }];
    expect(() => refuseUnprovable(rollout, longer, 1, 'churn')).toThrow('takes about 1h 1s (errors)');
  });

  test('a step that cannot be proven takes its bake in the estimate: nothing better is known', () => {
    expect(walkSeconds(rollout, at(0))).toBe(900);
    expect(walkSeconds(rollout, [])).toBe(900);
  });

  test('the longest stay is an hour or four bakes, unless it is said', () => {
    expect(longestStepSeconds(rollout)).toBe(3600);
    expect(longestStepSeconds({ ...rollout, bakeSeconds: 1800 })).toBe(7200);
    expect(longestStepSeconds({ ...rollout, maxStepSeconds: 60 })).toBe(60);
  });
});
