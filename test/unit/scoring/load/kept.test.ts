import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seconds } from '../../../../src/clock.ts';
import type { DoneStep } from '../../../../src/regression/load/steps.ts';
import { claimStep, keepStep, keptSteps, rateOnce } from '../../../../src/scoring/load/kept.ts';
import { type World, writesOf } from '../../../../src/world.ts';
import { openSimulatedWorld, type SimulatedWorld } from '../../../support/simulated-world.ts';

// What a load test keeps in S3, against the simulator's S3.

const at = { bucket: 'ml-releases', prefix: 'churn/regression/0123456789abcdef/' };
const open = { is: 'open', rate: 12.5, seconds: 30, at: 'above' } as const;
const done: DoneStep = {
  step: open,
  outcome: {
    ...{ seconds: 30.2, good: 370, modelErrors: 1, refused: 3, lost: 0, unsent: 0 },
    latencies: [
      [12, 300],
      [13.4, 70],
    ],
    lag: [[0, 374]],
  },
};

let opened: SimulatedWorld;
let simulator: SimulatedWorld['simulator'];
let world: World;
beforeAll(async () => {
  opened = await openSimulatedWorld();
  ({ simulator, world } = opened);
  simulator.objects.put(at.bucket, 'made', Buffer.from(''));
});
afterAll(() => opened.close());
const by = (holder: string): World => ({ ...world, run: { ...world.run, holder } });
const pass = (milliseconds: number): Promise<void> =>
  simulator.driver.sleepUntil(simulator.driver.now() + milliseconds);

describe('the steps of an attempt', () => {
  test('are read as they were kept, in order, up to the first that is missing', async () => {
    expect(await keptSteps(world, at, 1)).toEqual([]);
    await keepStep(world, at, 1, 0, done);
    const second: DoneStep = { ...done, step: { is: 'closed', concurrency: 2, seconds: 5, mostRequests: 300 } };
    await keepStep(world, at, 1, 1, second);
    await keepStep(world, at, 1, 3, done);
    expect(await keptSteps(world, at, 1)).toEqual([done, second]);
    expect(await keptSteps(world, at, 2)).toEqual([]);
  });

  test('are never replaced: the first run that measured one is as good', async () => {
    await keepStep(world, at, 1, 0, { ...done, outcome: { ...done.outcome, good: 1 } });
    expect((await keptSteps(world, at, 1))[0]).toEqual(done);
  });

  test.each(['no JSON', '{}', '{"step":{"is":"open"}}'])('that are none end the test: %s', async (text) => {
    simulator.objects.put(at.bucket, `${at.prefix}9/load/001.json`, Buffer.from(text));
    await expect(keptSteps(world, at, 9)).rejects.toMatchObject({ reason: 'record-unavailable' });
  });
});

describe('a step', () => {
  test('is measured by one run at a time: another one waits until its time is over', async () => {
    const began = simulator.driver.now();
    expect(await claimStep(by('a'), at, 3, 0, open)).toBeUndefined();
    const busyUntil = await claimStep(by('b'), at, 3, 0, open);
    // 30 seconds, and the time for the last answers.
    expect(busyUntil).toBe(began + seconds(30 + 150));
    await pass(seconds(179));
    expect(await claimStep(by('b'), at, 3, 0, open)).toBe(busyUntil);
    await pass(seconds(1));
    // The first run was killed: its claim is over.
    expect(await claimStep(by('b'), at, 3, 0, open)).toBeUndefined();
    expect(await claimStep(by('a'), at, 3, 0, open)).toBeGreaterThan(simulator.driver.now());
  });

  test('goes on at once in a re-run of the same job, whose former process is gone', async () => {
    expect(await claimStep(by('a'), at, 4, 0, open)).toBeUndefined();
    await pass(seconds(2));
    expect(await claimStep(by('a'), at, 4, 0, open)).toBeUndefined();
  });

  test('that two runs claim at the same moment belongs to one of them', async () => {
    const claims = await Promise.all(['a', 'b', 'c'].map((holder) => claimStep(by(holder), at, 5, 0, open)));
    expect(claims.filter((busyUntil) => busyUntil === undefined)).toHaveLength(1);
  });

  test('is claimed when the answer to the claim was lost, and its retry refused', async () => {
    const a = by('a');
    const { s3, ...others } = writesOf(a);
    const putObject: typeof s3.putObject = async (input) => {
      await s3.putObject(input);
      return s3.putObject(input);
    };
    const losing = { ...a, write: { ...others, s3: { ...s3, putObject } } };
    expect(await claimStep(losing, at, 7, 0, open)).toBeUndefined();
    expect(await claimStep(by('b'), at, 7, 0, open)).toBeGreaterThan(simulator.driver.now());
  });

  test('is claimed for itself: the next one is free', async () => {
    await claimStep(by('a'), at, 6, 0, open);
    expect(await claimStep(by('b'), at, 6, 1, open)).toBeUndefined();
  });
});

test('the recorded rate is read once for an attempt, however it changes meanwhile', async () => {
  let read = 0;
  const rate = (perInstance: number) => async () => {
    read++;
    return { perInstance, peak: 4 * perInstance, minute: 1000 };
  };
  expect(await rateOnce(world, at, 1, rate(2))).toEqual({ perInstance: 2, peak: 8, minute: 1000 });
  expect(await rateOnce(world, at, 1, rate(5))).toEqual({ perInstance: 2, peak: 8, minute: 1000 });
  expect(read).toBe(1);
  expect(await rateOnce(world, at, 2, async () => ({}))).toEqual({});
});
