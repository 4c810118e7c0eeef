import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes, seconds } from '../../../src/clock.ts';
import { nine } from '../../support/stepping.ts';
import { newConfig, updating } from '../../support/updating.ts';
import { walking } from '../../support/walking.ts';

/** Seconds until the next look, without its jitter of up to a fifth. */
const paceOf = (now: Instant, notBefore: Instant | undefined): number => {
  const ms = (notBefore ?? now) - now;
  return [60, 30].find((pace) => ms >= seconds(pace) && ms <= seconds(pace * 1.2)) ?? ms / 1000;
};

describe('the next look at a share that bakes', () => {
  const look = async (given: Parameters<typeof walking>[0]) => {
    const one = walking({ stepping: { plan: { ...plan, bakeSeconds: 7200 } }, ...given });
    const { notBefore } = await one.look();
    return paceOf(given.now ?? nine + minutes(12), notBefore);
  };
  const plan = { steps: [0.1, 0.5, 1], maxStepSeconds: 9000, minimumRequests: 100 };

  test('is each minute, as CloudWatch has new points', async () => {
    expect(await look({})).toBe(60);
  });

  test('is sooner while an endpoint update is running', async () => {
    expect(await look({ far: { status: 'Updating' } })).toBe(30);
  });
});

describe('the next look at an update under guardrails', () => {
  const look = async (given: Parameters<typeof updating>[0]) => {
    const now = given?.now ?? nine + minutes(12);
    const { notBefore } = await updating({
      shows: { status: 'Updating', pending: newConfig },
      ...given,
      now,
    }).supervise();
    return paceOf(now, notBefore);
  };

  test('is each minute', async () => {
    expect(await look({})).toBe(60);
  });

  test('misses no bake: of a short one there are two looks at least', async () => {
    expect(await look({ submission: { bakeSeconds: 60, finalBakeSeconds: 100 } })).toBe(30);
  });

  test('is no sooner than a poll when the last minutes of a bake begin', async () => {
    const now = nine + minutes(12);
    const bakes = [{ stage: 'canary', startedAt: nine, endsAt: now + minutes(5) + seconds(2) }] as const;
    const record = { witnessed: { submittedAt: nine, updatingAt: nine, bakes } };
    expect(await look({ now, record, submission: { bakeSeconds: 1022 } })).toBe(30);
    const later = [{ ...bakes[0], endsAt: now + minutes(9) }];
    expect(await look({ now, record: { witnessed: { ...record.witnessed, bakes: later } } })).toBe(60);
  });

  test('is half a minute away while the update is stopped', async () => {
    const abort = { at: nine + minutes(9), why: 'aborted-by-hand', published: true } as const;
    expect(await look({ record: { witnessed: { submittedAt: nine, updatingAt: nine, abort } } })).toBe(30);
  });
});
