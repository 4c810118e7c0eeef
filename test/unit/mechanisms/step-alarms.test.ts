import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import type { Stepping } from '../../../src/release/record.ts';
import { nine, statesWithTraffic } from '../../support/stepping.ts';
import { failing, walking } from '../../support/walking.ts';

describe('alarms', () => {
  const quiet = { ours: 'OK', theirs: 'OK' };
  const watched: Partial<Stepping> = { alarms: ['ours', 'theirs'] };
  const under = (alarms: Readonly<Record<string, string>> | Error, more: Parameters<typeof walking>[0] = {}) =>
    walking({ ...more, alarms, stepping: { ...watched, ...more.stepping } });
  test('that are quiet stand beside the proof of health', async () => {
    const one = under(quiet);
    await one.look();
    expect(one.sent).toEqual([0.5]);
  });

  test.each(statesWithTraffic)('are obeyed in every state with candidate traffic: %j', async (state) => {
    const share = 'index' in state ? ([0.1, 0.5, 1][state.index] ?? 1) : 0;
    const one = under({ ...quiet, theirs: 'ALARM' }, { far: { share }, stepping: { state } });
    await one.look();
    expect(one.state()).toEqual({ is: 'returning', why: 'alarm', because: 'alarm theirs went off' });
    expect(one.sent).toEqual([0]);
    expect(one.release().witnessed.alarms).toEqual(['theirs']);
    await one.look({ share: 0, modifiedAt: nine + minutes(13) }, seconds(60));
    expect(one.release().phase).toBe('stepping');
    await one.look({}, minutes(3));
    expect(one.release()).toMatchObject({ phase: 'settling', outcome: 'rolled-back', reason: 'alarm' });
  });

  test('that were red while no run looked, and are quiet again, are obeyed all the same', async () => {
    const one = under(quiet, { wereRed: ['ours'] });
    await one.look();
    expect(one.state()).toMatchObject({ is: 'returning', why: 'alarm', because: 'alarm ours went off' });
  });

  test.each([
    ['without data', { ...quiet, theirs: 'INSUFFICIENT_DATA' }, 'alarm theirs is INSUFFICIENT_DATA'],
    ['that were deleted', { ours: 'OK' }, 'alarm theirs does not exist any more'],
    ['that cannot be read', new Error('CloudWatch is down'), 'the alarms cannot be read'],
  ])('%s freeze the weight, and in the end send the traffic back; a conviction is heard', async (_, alarms, words) => {
    const one = under(alarms);
    await one.look();
    expect(one.sent).toEqual([]);
    expect(one.state()?.is).toBe('baking');
    expect(one.release().stepping?.verdict).toMatchObject({
      decision: 'hold',
      because: expect.stringContaining(words),
    });
    await one.look({}, minutes(60));
    expect(one.state()).toMatchObject({ is: 'returning', why: 'unproven-health' });
    expect(one.sent).toEqual([0]);
    const worse = under(alarms, { did: failing });
    await worse.look();
    expect(worse.state()).toMatchObject({ is: 'returning', why: 'convicted' });
  });

  test('that are unknown hold the last step open', async () => {
    const stepping: Partial<Stepping> = {
      state: { is: 'baking', index: 2, since: nine + minutes(1) },
      moves: [{ from: nine, until: nine + minutes(1), share: 1 }],
    };
    const one = under({ ours: 'OK' }, { far: { share: 1 }, stepping });
    await one.look();
    expect(one.sent).toEqual([]);
  });

  test('of the release’s own that were deleted are made again before a share rises', async () => {
    const ours = { AlarmName: 'ours', AlarmDescription: 'errors' };
    const one = under({ theirs: 'OK' }, { armed: [ours] });
    await one.look();
    expect(one.sent).toEqual(['ours']);
    const raising = under(
      { theirs: 'OK' },
      { armed: [ours], far: { share: 0 }, stepping: { state: { is: 'raising', index: 0, from: 0 } } },
    );
    await raising.look({ modifiedAt: nine + minutes(11) });
    expect(raising.sent).toEqual(['ours']);
    expect(raising.release().stepping?.moves).toHaveLength(1);
    const worse = under({ theirs: 'OK' }, { armed: [ours], did: failing });
    await worse.look();
    expect(worse.sent).toEqual([0]);
  });

  test.each([
    ['red', { ...quiet, theirs: 'ALARM' }, 'alarm theirs went off'],
    ['deleted', { ours: 'OK' }, 'alarm theirs does not exist any more'],
  ])('%s before the first raise are refused: nothing is shifted', async (_, alarms, words) => {
    const one = under(alarms, { far: { share: 0 }, stepping: { ...watched, state: { is: 'dark' }, moves: [] } });
    await one.look();
    expect(one.sent).toEqual([]);
    expect(one.release()).toMatchObject({ phase: 'settling', outcome: 'failed', reason: 'alarm-not-ready' });
    expect(one.release().because).toContain(words);
  });

  test('that cannot be read before the first raise are waited for; without data there may be none before it', async () => {
    const dark = { far: { share: 0 }, stepping: { ...watched, state: { is: 'dark' as const }, moves: [] } };
    const blind = under(new Error('CloudWatch is down'), dark);
    expect((await blind.look()).because).toContain('the alarms cannot be read');
    expect(blind.sent).toEqual([]);
    expect(blind.release().phase).toBe('stepping');
    const fresh = under({ ours: 'INSUFFICIENT_DATA', theirs: 'INSUFFICIENT_DATA' }, dark);
    await fresh.look();
    expect(fresh.sent).toEqual([0.1]);
  });
});
