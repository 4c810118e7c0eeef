import { describe, expect, it } from '@jest/globals';
import { AnswerLost, Throttled } from '../../../src/aws/retry.ts';
import { iso, seconds } from '../../../src/clock.ts';
import { abortToEnd } from '../../../src/hosts/drive.ts';
import { type Host, startRun } from '../../../src/hosts/operation-run.ts';
import { wallClock } from '../../../src/hosts/wall-clock.ts';
import type { OpenSession } from '../../../src/session/session.ts';
import type { World } from '../../../src/world.ts';
import { countingOperation, type FakeEndpoint } from '../../support/fake-operation.ts';
import { fakeSession, fakeWorld } from '../../support/fake-world.ts';
import { type TestClock, virtualClock } from '../../support/virtual-clock.ts';

type Behaviour = Parameters<typeof countingOperation>[1];

const scene = (
  given: Readonly<Record<string, string>> = {},
  open: (clock: TestClock) => OpenSession = () => fakeSession(),
  behaviour: Behaviour = {},
) => {
  const fakeEndpoint: FakeEndpoint = { count: 0, mutations: [] };
  const reported: string[] = [];
  const clock = virtualClock();
  const host: Host = {
    env: {},
    run: { host: 'command-line', holder: 'test' },
    written: (name) => ({ subject: 'sheep', ...given })[name],
    signal: new AbortController().signal,
    observer: {
      inputs: () => {},
      started: () => {},
      plan: () => {},
      progress: ({ because }) => reported.push(because),
      keep: () => {},
      printed: () => {},
      defect: (stack) => reported.push(stack),
    },
    seams: { clock, openSession: open(clock) },
  };
  const run = async () => (await startRun(countingOperation(fakeEndpoint, behaviour), host).ended).result;
  return { run, fakeEndpoint, reported, clock };
};

const throttled = (clock: World['clock']) =>
  new Throttled(
    clock.now() + seconds(30),
    Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', call: 'sts:GetCallerIdentity' }),
  );
const unreachable = (clock: World['clock']) =>
  new Throttled(
    clock.now() + seconds(30),
    Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:3128'), {
      code: 'ECONNREFUSED',
      call: 'sts:GetCallerIdentity',
    }),
  );

/** Fails with what `fail` makes for as long as `until` says; the time it was asked at is kept. */
const failing =
  (fail: (clock: TestClock) => Error, times: number) =>
  (clock: TestClock): OpenSession => {
    let left = times;
    return async (request) => {
      if (left-- > 0) throw fail(clock);
      return fakeSession()(request);
    };
  };

describe('throttling before the first turn', () => {
  it('is waited out, and the log says why nothing happens', async () => {
    const { run, fakeEndpoint, reported } = scene({}, failing(throttled, 40));
    expect(await run()).toMatchObject({ outcome: 'succeeded', endedAt: '2026-01-05T09:23:00Z' });
    expect(fakeEndpoint.mutations).toHaveLength(3);
    expect(reported[0]).toMatch(
      /could not reach AWS: sts:GetCallerIdentity failed: .*Rate exceeded; goes on at .*09:00:30Z/,
    );
  });

  it('ends at the deadline, with what was waited for', async () => {
    const { run, fakeEndpoint } = scene({ timeout: '10m' }, failing(throttled, 10_000));
    expect(await run()).toMatchObject({
      outcome: 'timed-out',
      reason: 'deadline-passed',
      endedAt: '2026-01-05T09:10:00Z',
      because: expect.stringContaining('Rate exceeded'),
    });
    expect(fakeEndpoint.mutations).toEqual([]);
  });

  it('ends with what was waited for also where the deadline cuts the last call off', async () => {
    let tried = 0;
    const open = (clock: TestClock): OpenSession => {
      return async ({ signal }) => {
        if (++tried < 3) throw throttled(clock);
        await clock.sleepUntil(clock.now() + seconds(3600), signal);
        throw Object.assign(new Error('sts:AssumeRole was cut off: the run is ending'), { name: 'AbortError' });
      };
    };
    const result = await scene({ timeout: '10m' }, open).run();
    expect(result).toMatchObject({ outcome: 'timed-out', endedAt: '2026-01-05T09:10:00Z' });
    expect(result.because).toMatch(/Rate exceeded/);
    expect(result.because).not.toMatch(/^nothing was begun: Throttled/);
  });

  it('is waited out in the planning turn and when the credentials’ length is asked for', async () => {
    let requested = 0;
    const open = (clock: TestClock) =>
      fakeSession({
        refuseShortCredentials: async () => {
          if (++requested < 4) throw throttled(clock);
        },
      });
    const { run } = scene({}, open, {
      before: (turn, world) => {
        if (turn < 20) throw throttled(world.clock);
      },
    });
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(requested).toBe(4);
  });

  it('is not the same as no way to AWS, which ends the run after five minutes with its cause', async () => {
    const start = scene({}, failing(unreachable, 10_000));
    expect(await start.run()).toMatchObject({
      outcome: 'failed',
      endedAt: '2026-01-05T09:05:00Z',
      because: expect.stringContaining('ECONNREFUSED'),
    });
    const planning = scene({}, undefined, {
      before: (_turn, world) => {
        throw unreachable(world.clock);
      },
    });
    expect(await planning.run()).toMatchObject({ outcome: 'failed', endedAt: '2026-01-05T09:05:00Z' });
    expect(planning.fakeEndpoint.mutations).toEqual([]);
  });

  it('no way to AWS is sat out once something is begun', async () => {
    const { run, clock } = scene({}, undefined, {
      before: (turn, world) => {
        if (turn > 2 && turn < 100) throw unreachable(world.clock);
      },
    });
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(clock.now()).toBeGreaterThan(Date.parse('2026-01-05T09:40:00Z'));
  });
});

/** An answer of which a byte comes every ten seconds, until the run stops reading. */
const drip = async (world: World): Promise<never> => {
  for (let byte = 0; byte < 100_000; byte++) {
    if (world.signal.aborted) throw Object.assign(new Error('s3:GetObject was cut off'), { name: 'AbortError' });
    await world.clock.sleepUntil(world.clock.now() + seconds(10), world.signal);
  }
  throw new Error('a week has passed');
};

describe('the deadline inside a turn', () => {
  const dripping = (at: number) => (operation: ReturnType<typeof countingOperation>) => {
    let turn = 0;
    return {
      ...operation,
      advance: (...args: Parameters<typeof operation.advance>) =>
        ++turn === at ? drip(args[2]) : operation.advance(...args),
    };
  };

  it.each([1, 2, 3])('ends an answer that never ends, in turn %d', async (at) => {
    const fakeEndpoint: FakeEndpoint = { count: 0, mutations: [] };
    const { clock } = scene();
    const host: Host = {
      env: {},
      run: { host: 'command-line', holder: 'test' },
      written: (name) => ({ subject: 'sheep', timeout: '20m' })[name],
      signal: new AbortController().signal,
      observer: {
        inputs: () => {},
        started: () => {},
        plan: () => {},
        progress: () => {},
        keep: () => {},
        printed: () => {},
        defect: () => {},
      },
      seams: { clock, openSession: fakeSession() },
    };
    const { result } = await startRun(dripping(at)(countingOperation(fakeEndpoint)), host).ended;
    expect(result).toMatchObject({ outcome: 'timed-out', reason: 'deadline-passed', endedAt: '2026-01-05T09:20:00Z' });
    expect(fakeEndpoint.mutations.at(-1)).toBe('stop: timed-out');
  });

  it('ends one before the first turn', async () => {
    const { run } = scene(
      { timeout: '20m' },
      (clock) =>
        ({ signal }) =>
          drip({ ...fakeWorld(clock), signal }),
    );
    expect(await run()).toMatchObject({ outcome: 'timed-out', endedAt: '2026-01-05T09:20:00Z' });
  });

  it('ends one while the release is settled', async () => {
    const clock = virtualClock();
    const operation = {
      ...countingOperation({ count: 0, mutations: [] }),
      abort: (...args: readonly unknown[]) => drip(args[3] as World),
    };
    const end = await abortToEnd(
      operation,
      { subject: 'sheep', pace: 'slow', loud: false, note: undefined },
      undefined,
      'timed-out',
      (signal) => fakeWorld(clock, signal),
      false,
    );
    expect(end).toMatchObject({ outcome: 'timed-out', unsettled: true });
    expect(iso(clock.now())).toBe('2026-01-05T09:05:00Z');
  });

  it('says what the last look met when it never got through', async () => {
    const { run } = scene({ timeout: '20m' }, undefined, {
      before: (turn, world) => {
        if (turn > 1)
          throw new AnswerLost('sagemaker:UpdateEndpoint', new Error(`socket hang up ${world.clock.now()}`));
      },
    });
    expect(await run()).toMatchObject({ outcome: 'timed-out', endedAt: '2026-01-05T09:20:00Z' });
  });
});

describe('the wall clock’s alarm', () => {
  it('rings at its time, and not when it was taken back', async () => {
    const rung: string[] = [];
    wallClock.alarm?.(wallClock.now() + 5, () => rung.push('kept'));
    wallClock.alarm?.(wallClock.now() + 5, () => rung.push('taken back'))();
    await wallClock.sleepUntil(wallClock.now() + 30);
    expect(rung).toEqual(['kept']);
  });
});
