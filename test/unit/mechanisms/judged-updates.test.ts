import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes, seconds } from '../../../src/clock.ts';
import type { Did } from '../../support/metrics.ts';
import { secondSwap } from '../../support/release.ts';
import { nine, policy } from '../../support/stepping.ts';
import { newConfig, updating } from '../../support/updating.ts';

type Update = Parameters<typeof updating>[0];

const bake = { stage: 'canary', startedAt: nine + minutes(1), endsAt: nine + minutes(60) } as const;
const seen = { submittedAt: nine, updatingAt: nine, bakes: [bake] } as const;
/** 300 of 3000 requests a minute go to the candidate, whose dimension of the metrics is its configuration. */
const traffic =
  (bad: number) =>
  (fleet: string): Did =>
    fleet.endsWith(newConfig) ? { requests: 300, errors: bad } : { requests: 3000, errors: bad + 3 };

const judged = (given: Update, witnessed: object = {}) =>
  updating({
    shows: { status: 'Updating', pending: newConfig },
    now: nine + minutes(12),
    submission: { judged: { policy } },
    ...given,
    record: { witnessed: { ...seen, ...witnessed }, ...given.record },
  });

describe('the judge of two fleets under guardrails', () => {
  test('stops an update whose candidate fails more often, and keeps the evidence', async () => {
    const one = judged({ did: traffic(30) });
    const { because } = await one.supervise();
    expect(because).toMatch(/^stopping the update: /);
    expect(one.sent).toEqual(['the order to stop']);
    const { abort } = one.release().witnessed;
    expect(abort).toMatchObject({
      why: 'convicted',
      published: true,
      figures: { candidateRequests: expect.any(Number) },
    });
    expect(because).toBe(`stopping the update: ${abort?.because}`);
    expect(one.evidence).toEqual([expect.objectContaining({ at: nine + minutes(12) })]);
  });

  test('stops by a minute that is still young only when two looks read it alike', async () => {
    const young = (fleet: string, at: Instant) => traffic(at === nine + minutes(9) ? 60 : 0)(fleet);
    const one = judged({ did: young });
    await one.supervise();
    expect(one.sent).toEqual([]);
    const { countsRead } = one.release().witnessed;
    expect(countsRead?.map(({ since }) => since)).toContain(nine + minutes(12));
    const again = judged({ did: young, now: nine + minutes(12) + seconds(30) }, { countsRead });
    await again.supervise();
    expect(again.sent).toEqual(['the order to stop']);
    const revised = judged({ did: traffic(0), now: nine + minutes(12) + seconds(30) }, { countsRead });
    await revised.supervise();
    expect(revised.sent).toEqual([]);
    expect(revised.release().witnessed).not.toHaveProperty('countsRead');
  });

  test('lets a candidate go on that does not, and writes its evidence all the same', async () => {
    const one = judged({ did: traffic(0) });
    await one.supervise();
    expect(one.sent).toEqual([]);
    expect(one.evidence).toHaveLength(1);
    expect(one.release().witnessed).not.toHaveProperty('blindSince');
  });

  test.each<[string, Update, object]>([
    ['before the first bake', {}, { bakes: [] }],
    ['without a judge in the manifest', { submission: {} }, {}],
    ['once the update is being stopped', {}, { abort: { at: nine + minutes(11), why: 'convicted', published: true } }],
    ['where no alarm could stop the update', { submission: { ...secondSwap, mechanism: 'replacement' } }, {}],
  ])('is not heard %s', async (_when, given, witnessed) => {
    const one = judged({ did: traffic(30), ...given }, witnessed);
    await one.supervise();
    expect(one.evidence).toEqual([]);
    expect(one.sent).toEqual([]);
  });

  test('remembers since when it reads no metrics, and forgets it with the first reading', async () => {
    const one = judged({ blind: new Error('CloudWatch is down') });
    await one.supervise();
    expect(one.release().witnessed.blindSince).toBe(nine + minutes(12));
    expect(one.sent).toEqual([]);
    const { length } = one.saved;
    await one.supervise();
    expect(one.saved).toHaveLength(length);
    const sees = judged({ did: traffic(0) }, { blindSince: nine + minutes(11) });
    await sees.supervise();
    expect(sees.release().witnessed).not.toHaveProperty('blindSince');
  });

  test.each([
    [seconds(policy.maxBlindSeconds) - 1, undefined],
    [seconds(policy.maxBlindSeconds), 'metrics-blind'],
  ])('takes the update back after its longest blind time: %d ms', async (after, why) => {
    const since = nine + minutes(2);
    const one = judged({ blind: new Error('CloudWatch is down'), now: since + after }, { blindSince: since });
    await one.supervise();
    expect(one.release().witnessed.abort?.why).toBe(why);
  });
});
