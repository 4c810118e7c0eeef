import { describe, expect, it } from '@jest/globals';
import { AnswerLost, Throttled } from '../../../src/aws/retry.ts';
import { iso, minutes, seconds } from '../../../src/clock.ts';
import { type DriveOptions, drive } from '../../../src/hosts/drive.ts';
import { Refusal } from '../../../src/operation.ts';
import { InputError } from '../../../src/schema.ts';
import type { World } from '../../../src/world.ts';
import { countingOperation, countingPlan, type FakeEndpoint } from '../../support/fake-operation.ts';
import { fakeWorld } from '../../support/fake-world.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const inputs = { subject: 'sheep', pace: 'slow', loud: false, note: undefined } as const;

const scene = (behaviour: Parameters<typeof countingOperation>[1] = {}, options: Partial<DriveOptions> = {}) => {
  const fakeEndpoint: FakeEndpoint = { count: 0, mutations: [] };
  const clock = virtualClock();
  const start = clock.now();
  const cancel = new AbortController();
  const lines: string[] = [];
  const operation = countingOperation(fakeEndpoint, behaviour);
  const loaded: number[] = [];
  const worldFor = (signal: AbortSignal) => ({
    ...fakeWorld(clock, signal, options.dryRun),
    loadRest: () => void loaded.push(clock.now() - start),
  });
  const run = (more: Partial<DriveOptions> = {}) =>
    drive(operation, inputs, worldFor, {
      deadline: start + minutes(60),
      dryRun: false,
      wait: true,
      signal: cancel.signal,
      onProgress: ({ because }) => lines.push(because),
      ...options,
      ...more,
    });
  return { fakeEndpoint, clock, start, cancel, lines, loaded, run };
};

describe('drive', () => {
  it('takes turns, each when it is due, until the operation is done, and keeps the plan', async () => {
    const { run, fakeEndpoint, clock, start, lines } = scene();
    const end = await run();
    expect(end).toMatchObject({
      outcome: 'succeeded',
      reason: 'delivered',
      plan: countingPlan,
      outputs: { counted: '3' },
    });
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'count 2', 'count 3']);
    expect(clock.now() - start).toBe(minutes(3));
    expect(lines).toEqual(['planned to count sheep', 'counted 1 sheep', 'counted 2 sheep', 'counted 3 sheep']);
  });

  it.each([
    [{ deadline: 179 }, ['it takes about 3m, and the run ends in 2m 59s, before it: raise `timeout`']],
    [{ deadline: 180 }, []],
    [{ deadline: 179, wait: false }, []],
    [{ deadline: 179, dryRun: true }, ['it takes about 3m, and the run ends in 2m 59s, before it: raise `timeout`']],
  ])('says when its time is shorter than its plan: %j', async ({ deadline, ...options }, remarks) => {
    const { run, start } = scene();
    expect((await run({ ...options, deadline: start + seconds(deadline) })).remarks).toEqual(remarks);
  });

  it('expects no run that leaves its change to last as long as the change', async () => {
    const { run, start } = scene({ plan: { ...countingPlan, unfollowed: true } });
    expect((await run({ deadline: start + seconds(179) })).remarks).toEqual([]);
  });

  it('has all of its code before it waits, and loads nothing for a run that never does', async () => {
    const waiting = scene();
    await waiting.run();
    expect(waiting.loaded[0]).toBe(0);
    const handedOver = scene({}, { wait: false });
    await handedOver.run();
    expect(handedOver.loaded).toEqual([]);
  });

  it('ends a dry run after the planning turn', async () => {
    const { run, fakeEndpoint } = scene({}, { dryRun: true });
    expect(await run()).toMatchObject({ outcome: 'succeeded', reason: 'planned', plan: countingPlan });
    expect(fakeEndpoint.mutations).toEqual([]);
  });

  it('gives a dry run no memory, so that it plans', async () => {
    const { run } = scene({}, { dryRun: true, token: '{"v":1,"seen":2}' });
    expect(await run()).toMatchObject({ reason: 'planned' });
  });

  it('without waiting ends at the first turn that would wait, and goes on from its token', async () => {
    const first = scene({}, { wait: false });
    const end = await first.run();
    expect(end).toMatchObject({ outcome: 'pending', reason: 'in-progress', token: '{"v":1,"seen":1}' });
    expect(end.because).toBe('counted 1 sheep; goes on at 2026-01-05T09:01:00Z');
    // Whoever goes on need not wait for this run's lease to run out.
    expect(first.fakeEndpoint.mutations).toEqual(['count 1', 'stop: handed-over']);
  });

  it('keeps the minutes and the verdict of the last look of a judge, through turns without one', async () => {
    const { clock, start } = scene();
    const judged = { minutes: [{ at: start, candidate: { requests: 60, errors: 1 } }], verdict: 'continue: too early' };
    const courses = [{ ...judged, phase: 'stepping' }, { phase: 'settling' }, undefined];
    const operation = {
      ...countingOperation({ count: 0, mutations: [] }),
      advance: async () => {
        const [course] = courses.splice(0, 1);
        const next = { percent: 1, because: 'looks', ...(course && { course: { ...course, shares: [] } }) } as const;
        return courses.length === 0
          ? ({ is: 'done', outcome: 'succeeded', reason: 'delivered', outputs: {}, ...next } as const)
          : ({ is: 'waiting', memory: { v: 1, seen: 0 }, notBefore: clock.now(), ...next } as const);
      },
    };
    const shown: unknown[] = [];
    const end = await drive(operation, inputs, (signal) => fakeWorld(clock, signal), {
      deadline: start + minutes(60),
      dryRun: false,
      wait: true,
      signal: new AbortController().signal,
      onProgress: ({ course }) => shown.push(course),
    });
    expect(shown.at(-1)).toEqual({ ...judged, phase: 'settling', shares: [] });
    expect(end.course).toEqual({ ...judged, phase: 'settling', shares: [] });
  });

  it('never says that it has come less far than it said before', async () => {
    const { clock, start } = scene();
    const reported = [40, 1, 60];
    const operation = {
      ...countingOperation({ count: 0, mutations: [] }),
      advance: async () => {
        const percent = reported.shift();
        return percent === undefined
          ? ({ is: 'done', outcome: 'succeeded', reason: 'delivered', outputs: {}, because: 'ok' } as const)
          : ({ is: 'waiting', memory: { v: 1, seen: 0 }, notBefore: clock.now(), percent, because: 'looks' } as const);
      },
    };
    const shown: number[] = [];
    await drive(operation, inputs, (signal) => fakeWorld(clock, signal), {
      deadline: start + minutes(60),
      dryRun: false,
      wait: true,
      signal: new AbortController().signal,
      onProgress: ({ percent }) => shown.push(percent),
    });
    expect(shown).toEqual([40, 40, 60]);
  });

  it('settles the release at the deadline', async () => {
    const { run, fakeEndpoint, clock, start } = scene({}, { deadline: Date.parse('2026-01-05T09:01:30Z') });
    const end = await run();
    expect(end).toMatchObject({ outcome: 'timed-out', reason: 'deadline-passed', outputs: { counted: '2' } });
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'count 2', 'stop: timed-out']);
    expect(clock.now() - start).toBe(seconds(90));
  });

  it('answers a cancellation in the middle of a wait, with a World whose signal is not aborted', async () => {
    const aborted: boolean[] = [];
    const { run, fakeEndpoint, cancel, clock, start } = scene({
      abort: (_why, _memory, world) => aborted.push(world.signal.aborted),
    });
    clock.at(start + seconds(75), () => cancel.abort());
    expect(await run()).toMatchObject({ outcome: 'cancelled', reason: 'cancelled' });
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'count 2', 'stop: cancelled']);
    expect(aborted).toEqual([false]);
    expect(clock.now() - start).toBe(seconds(75));
  });

  it('takes what a cancelled turn throws for the cancellation', async () => {
    const { run, fakeEndpoint, cancel } = scene({
      before: (turn) => {
        if (turn !== 3) return;
        cancel.abort();
        throw new Error('socket hang up');
      },
    });
    expect(await run()).toMatchObject({ outcome: 'cancelled' });
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'stop: cancelled']);
  });

  it('says so when the release could not be settled', async () => {
    const { run, cancel } = scene({
      before: () => cancel.abort(),
      abort: () => {
        throw Object.assign(new Error('User: x is not authorized to perform: sagemaker:UpdateEndpoint'), {
          name: 'AccessDeniedException',
          $metadata: {},
        });
      },
    });
    const end = await run();
    expect(end).toMatchObject({ outcome: 'cancelled', unsettled: true });
    expect(end.because).toContain('grant sagemaker:UpdateEndpoint');
  });

  const throttled = (world: Pick<World, 'clock'>) =>
    new Throttled(world.clock.now() + seconds(30), new Error('Rate exceeded'));
  it.each<[string, (world: Pick<World, 'clock'>) => Error]>([
    ['throttles', throttled],
    ['gives no answer', () => new AnswerLost('sagemaker:UpdateEndpoint', new Error('socket hang up'))],
  ])('settles the release a little later when AWS %s at the deadline', async (_what, thrown) => {
    let tried = 0;
    const { run, fakeEndpoint, clock, start } = scene(
      {
        abort: (_why, _memory, world) => {
          if (++tried < 3) throw thrown(world);
        },
      },
      { deadline: Date.parse('2026-01-05T09:01:30Z') },
    );
    const end = await run();
    expect(end).toMatchObject({ outcome: 'timed-out', reason: 'deadline-passed' });
    expect(end).not.toHaveProperty('unsettled');
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'count 2', 'stop: timed-out']);
    expect(clock.now() - start).toBe(seconds(150));
  });

  it('leaves a release unsettled that AWS throttles for five minutes after the deadline', async () => {
    const { run, clock, start } = scene(
      {
        abort: (_why, _memory, world) => {
          throw throttled(world);
        },
      },
      { deadline: Date.parse('2026-01-05T09:01:30Z') },
    );
    const end = await run();
    expect(end).toMatchObject({ outcome: 'timed-out', unsettled: true });
    expect(end.because).toContain('Rate exceeded');
    expect(clock.now() - start).toBe(minutes(6) + seconds(30));
  });

  it('does not wait for AWS when it was cancelled', async () => {
    const { run, cancel, clock, start } = scene({
      before: () => cancel.abort(),
      abort: (_why, _memory, world) => {
        throw throttled(world);
      },
    });
    expect(await run()).toMatchObject({ outcome: 'cancelled', unsettled: true });
    expect(clock.now()).toBe(start);
  });

  it('waits out throttling and looks again after a lost answer', async () => {
    const { run, fakeEndpoint, clock, start } = scene({
      before: (turn, world) => {
        if (turn === 2) throw new Throttled(world.clock.now() + seconds(30), new Error('Rate exceeded'));
        if (turn === 4) throw new AnswerLost('sagemaker:UpdateEndpoint', new Error('socket hang up'));
      },
    });
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(fakeEndpoint.mutations).toHaveLength(3);
    expect(clock.now() - start).toBe(minutes(4));
  });

  it.each([
    { thrown: new Refusal('not-approved', 'churn 1.4.0 is not approved'), outcome: 'rejected', reason: 'not-approved' },
    { thrown: new InputError('size: "x" is not allowed'), outcome: 'failed', reason: 'invalid-input' },
    {
      thrown: Object.assign(new Error('boom'), { name: 'AccessDenied', $metadata: {} }),
      outcome: 'failed',
      reason: 'access-denied',
    },
    {
      thrown: Object.assign(new Error('old'), { name: 'ExpiredToken', $metadata: {} }),
      outcome: 'failed',
      reason: 'credentials-unavailable',
    },
    {
      thrown: Object.assign(new Error('odd'), { name: 'Strange', $metadata: { httpStatusCode: 400 } }),
      outcome: 'failed',
      reason: 'aws-error',
    },
    { thrown: new TypeError('x is not a function'), outcome: 'failed', reason: 'internal-error' },
  ])('turns what a turn throws into $outcome/$reason', async ({ thrown, outcome, reason }) => {
    const { run } = scene({
      before: () => {
        throw thrown;
      },
    });
    expect(await run()).toMatchObject({ is: 'done', outcome, reason });
  });

  it('lets the host refuse a plan before anything is written', async () => {
    const { run, fakeEndpoint } = scene(
      {},
      {
        onPlan: () => {
          throw new Refusal('credentials-too-short', 'they end at noon');
        },
      },
    );
    expect(await run()).toMatchObject({ outcome: 'failed', reason: 'credentials-too-short', plan: countingPlan });
    expect(fakeEndpoint.mutations).toEqual([]);
  });

  it('shows a sign of life every five minutes of a long wait', async () => {
    const { clock, start } = scene();
    const operation = {
      ...countingOperation({ count: 0, mutations: [] }),
      advance: async (_inputs: unknown, memory: unknown) =>
        memory === undefined
          ? ({
              is: 'waiting',
              memory: { v: 1, seen: 0 },
              notBefore: start + minutes(12),
              percent: 0,
              because: 'waits',
            } as const)
          : ({ is: 'done', outcome: 'succeeded', reason: 'delivered', outputs: {}, because: 'ok' } as const),
    };
    const at: string[] = [];
    await drive(operation, inputs, (signal) => fakeWorld(clock, signal), {
      deadline: start + minutes(60),
      dryRun: false,
      wait: true,
      signal: new AbortController().signal,
      onProgress: () => at.push(iso(clock.now()).slice(11, 16)),
    });
    expect(at).toEqual(['09:00', '09:05', '09:10']);
  });

  it('calls memory that is too long, or that has an ARN, a defect', async () => {
    for (const note of ['x'.repeat(2048), 'arn:aws:iam::111122223333:role/x']) {
      const { clock, start } = scene();
      const operation = {
        ...countingOperation({ count: 0, mutations: [] }),
        advance: async () =>
          ({ is: 'waiting', memory: { v: 1, seen: 0, note }, notBefore: start, percent: 0, because: 'waits' }) as const,
      };
      const end = await drive(operation, inputs, (signal) => fakeWorld(clock, signal), {
        deadline: start + minutes(60),
        dryRun: false,
        wait: true,
        signal: new AbortController().signal,
      });
      expect(end).toMatchObject({ outcome: 'failed', reason: 'internal-error' });
    }
  });
});
