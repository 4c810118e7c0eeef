import { expect, test } from '@jest/globals';
import { recordedJournal } from '../../../src/commands/recorded-metrics.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import type { OwnMetric } from '../../../src/manifest/manifest.ts';
import { judgePolicy } from '../../support/stepping.ts';

test('another policy is played with all that a release knew of the day before', () => {
  const dayBefore = {
    clientErrors: true,
    usual: { errors: 0.001 },
    dispersion: { errors: { against: 3, health: 4, burstSeconds: 60 } },
    higherAt: { errors: [[4, 0.02]] as const },
  };
  const then = policyOf(judgePolicy, dayBefore);
  expect(then.metrics[0]).toHaveProperty('higherAt');
  const tighter = { ...judgePolicy, healthy: { ...judgePolicy.healthy, excessBelow: 0.002 } };
  expect(recordedJournal({ policy: then, looks: [] }, tighter).policy).toEqual(policyOf(tighter, dayBefore));
});

test('a metric that held only, and convicts by the other policy, has the guard of the release', () => {
  const own = (verdict: 'hold' | 'convict'): OwnMetric => ({
    name: 'empty',
    counts: 'bad',
    verdict,
    absent: 'zero',
    candidate: { events: [] },
    baseline: { events: [] },
  });
  const judged = { ...judgePolicy, burstGuard: 'auto' } as const;
  const guardOf = (burstGuard: boolean): boolean | undefined => {
    const policy = policyOf(
      { ...judged, metrics: [own('hold')] },
      { burstGuard, own: { empty: { burstGuard: false } } },
    );
    const played = recordedJournal({ policy, looks: [] }, { ...judged, metrics: [own('convict')] });
    return played.policy.metrics.find(({ name }) => name === 'empty')?.guarded;
  };
  expect([guardOf(true), guardOf(false)]).toEqual([true, false]);
});
