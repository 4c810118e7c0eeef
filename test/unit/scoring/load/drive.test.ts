import { describe, expect, test } from '@jest/globals';
import { mostUnanswered } from '../../../../src/aws/most-unanswered.ts';
import { Throttled } from '../../../../src/aws/retry.ts';
import { countOf, quantileIn } from '../../../../src/regression/load/histogram.ts';
import { keptSchedule, latencyIn, type Outcome, requestsIn } from '../../../../src/regression/load/outcome.ts';
import type { LoadStep } from '../../../../src/regression/load/steps.ts';
import { drive } from '../../../../src/scoring/load/drive.ts';
import type { World } from '../../../../src/world.ts';
import { fc } from '../../../support/properties.ts';
import { type WaitingClock, waitingClock } from '../../../support/waiting-clock.ts';

interface Input {
  readonly EndpointName: string;
  readonly TargetVariant?: string;
  readonly Body: Buffer;
}
type Answer = (input: Input, number: number) => Promise<void>;

const controllerOf = (): AbortController => new AbortController();

/** An endpoint that answers as `answer` does, and says how long that took. */
const worldOf = (clock: WaitingClock, answer: Answer, signal: AbortSignal = controllerOf().signal): World => {
  let number = 0;
  const invokeEndpointOnce = async (input: Input): Promise<object> => {
    const began = clock.now();
    await answer(input, number++);
    return { durationMs: clock.now() - began };
  };
  return { clock, signal, write: { runtime: { invokeEndpointOnce } } } as unknown as World;
};

const requests = {
  to: { is: 'endpoint', name: 'it', endpoint: 'it', content: 'c0' },
  form: { contentType: 'text/csv', input: ['x'] },
  body: (number: number) => Buffer.from(String(number)),
} as const;
const open = (rate: number, seconds: number): LoadStep => ({ is: 'open', rate, seconds, at: 'target' });
const closed = (concurrency: number, seconds: number, mostRequests = 10_000): LoadStep => ({
  is: 'closed',
  concurrency,
  seconds,
  mostRequests,
});

/** One instance that answers one request after the other, each in the time of its number. */
const queue = (clock: WaitingClock, serviceMs: (number: number) => number): Answer => {
  let free = clock.now();
  return async (_input, number) => {
    free = Math.max(free, clock.now()) + serviceMs(number);
    await clock.sleepUntil(free);
  };
};

const measured = (clock: WaitingClock, step: LoadStep, answer: Answer): Promise<Outcome> =>
  clock.run(drive(worldOf(clock, answer), step, requests));

const percentiles = (outcome: Outcome): readonly (number | undefined)[] =>
  [0.5, 0.95, 0.99, 1].map((level) => latencyIn(outcome, level, 0.95)?.value);

describe('an open loop', () => {
  test('sends each request at its time, however long the answers take', async () => {
    const clock = waitingClock();
    const began = clock.now();
    const sent: number[] = [];
    const outcome = await measured(clock, open(4, 2), async () => {
      sent.push(clock.now() - began);
      await clock.sleepUntil(clock.now() + 700);
    });
    expect(sent).toEqual([0, 250, 500, 750, 1000, 1250, 1500, 1750]);
    expect(outcome).toMatchObject({ good: 8, latencies: [[700, 8]], lag: [[0, 8]], seconds: 2.45 });
  });

  test('sends the bodies in order, to the variant of the candidate', async () => {
    const clock = waitingClock();
    const seen: Input[] = [];
    const world = worldOf(clock, async (input) => void seen.push(input));
    const to = { ...requests.to, variant: 'AllTraffic-next' };
    await clock.run(drive(world, open(3, 1), { ...requests, to }));
    expect(seen.map(({ Body }) => String(Body))).toEqual(['0', '1', '2']);
    expect(seen[0]).toMatchObject({ EndpointName: 'it', TargetVariant: 'AllTraffic-next' });
  });

  // One answer of two seconds: a sender that waits for it sends nothing meanwhile, and sees one slow request.
  test('counts what waited behind a slow answer, which a closed loop omits', async () => {
    const slowOnce = (number: number): number => (number === 10 ? 2000 : 10);
    const clock = waitingClock();
    const free = await measured(clock, open(20, 5), queue(clock, slowOnce));
    const waits = waitingClock();
    const coordinated = await measured(waits, closed(1, 5), queue(waits, slowOnce));
    const slow = ({ latencies }: Outcome): number => countOf(latencies.filter(([latency]) => latency > 100));
    expect(slow(coordinated)).toBe(1);
    // Every request of the two seconds and of the catching up, 20 a second.
    expect(slow(free)).toBeGreaterThan(45);
    expect(latencyIn(free, 0.95, 0.95)?.value).toBeGreaterThan(1500);
    expect(latencyIn(coordinated, 0.95, 0.95)?.value).toBe(10);
  });

  test('shows a rate above the capacity by a queue that grows', async () => {
    const clock = waitingClock();
    const outcome = await measured(
      clock,
      open(20, 10),
      queue(clock, () => 100),
    );
    // 200 requests of 100 ms each, due within 10 seconds: the last one waits for half of that.
    expect(outcome.seconds).toBeCloseTo(20, 0);
    expect(latencyIn(outcome, 0.99, 0.95)?.value).toBeGreaterThan(9500);
  });

  test('says by how much it was late: its latencies are then those of the sender', async () => {
    const clock = waitingClock();
    const outcome = await measured(clock, open(10, 3), async (_input, number) => {
      if (number === 4) clock.busy(400);
    });
    expect(outcome.stopped).toBeUndefined();
    // Of number 5 (due after 500 ms), 6, 7, 8: the process was busy until 800 ms.
    expect(outcome.lag.filter(([late]) => late > 0)).toEqual([
      [100, 1],
      [200, 1],
      [300, 1],
    ]);
    expect(keptSchedule(outcome)).toBe(false);
    // Each from the time at which it was due, though its answer came at once; number 4 itself took 400 ms.
    expect(outcome.latencies.filter(([latency]) => latency > 0)).toEqual([
      [100, 1],
      [200, 1],
      [300, 1],
      [400, 1],
    ]);
  });

  test('ends when the sender has lost its schedule', async () => {
    const clock = waitingClock();
    const outcome = await measured(clock, open(10, 60), async (_input, number) => {
      if (number === 3) clock.busy(1500);
    });
    expect(outcome.stopped).toBe('lag');
    expect(requestsIn(outcome)).toBeLessThan(10);
    expect(outcome.unsent).toBe(0);
    expect(keptSchedule(outcome)).toBe(false);
  });

  test('ends when too many requests have no answer; those that were due then count as failed', async () => {
    const clock = waitingClock();
    const outcome = await measured(clock, open(100, 30), async () => clock.sleepUntil(clock.now() + 60_000));
    expect(outcome).toMatchObject({ stopped: 'unanswered', good: mostUnanswered, unsent: 3000 - mostUnanswered });
  });

  test('stops at once when the run ends, and has no result', async () => {
    const clock = waitingClock();
    const controller = controllerOf();
    let sent = 0;
    const world = worldOf(
      clock,
      async () => {
        if (++sent === 3) controller.abort();
      },
      controller.signal,
    );
    await expect(clock.run(drive(world, open(10, 60), requests))).rejects.toThrow(/abort/i);
    expect(sent).toBe(3);
    expect(clock.now()).toBe(waitingClock().now() + 200);
  });
});

describe('a closed loop', () => {
  test('has as many requests under way as it has callers, one after the other', async () => {
    const clock = waitingClock();
    let underWay = 0;
    let most = 0;
    const outcome = await measured(clock, closed(4, 2), async () => {
      most = Math.max(most, ++underWay);
      await clock.sleepUntil(clock.now() + 100);
      underWay--;
    });
    expect(most).toBe(4);
    expect(outcome).toMatchObject({ good: 80, latencies: [[100, 80]], seconds: 2 });
  });

  test('ends after its requests', async () => {
    const clock = waitingClock();
    expect(await measured(clock, closed(2, 60, 9), async () => {})).toMatchObject({ good: 9, seconds: 0 });
  });

  test('ends with an error that says nothing about load', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const clock = waitingClock();
    const refused = measured(clock, closed(1, 5), async () => {
      throw denied;
    });
    await expect(refused).rejects.toBe(denied);
  });
});

describe('requests without a good answer', () => {
  const named = (name: string, more: object = {}): Error => Object.assign(new Error(name), { name, ...more });
  const lost = named('TimeoutError');

  test('are counted by their reason, and are slower than any other', async () => {
    const errors = [
      named('ModelError', { OriginalStatusCode: 500 }),
      named('ThrottlingException'),
      named('ServiceUnavailable'),
      named('ModelNotReadyException'),
      named('Error', { code: 'ECONNRESET' }),
    ];
    const clock = waitingClock();
    const outcome = await measured(clock, open(10, 1), async (_input, number) => {
      const error = errors[number];
      if (error) throw error;
    });
    expect(outcome).toMatchObject({ good: 5, modelErrors: 1, refused: 3, lost: 1, unsent: 0 });
    expect(percentiles(outcome)).toEqual([Number.POSITIVE_INFINITY, ...Array(3).fill(Number.POSITIVE_INFINITY)]);
  });

  test('and without any answer at all are no result: AWS is out of reach, and the turn waits', async () => {
    const clock = waitingClock();
    const nothing = measured(clock, open(10, 1), async () => {
      throw lost;
    });
    await expect(nothing).rejects.toThrow(Throttled);
  });
});

test('a clock that stands still while a request is under way gives the same result', async () => {
  const serviceMs = (number: number): number => 20 + (number % 7) * 15;
  const real = waitingClock();
  const rehearsed = waitingClock();
  let free = rehearsed.now();
  const { alarm: _, ...standing } = rehearsed;
  const invokeEndpointOnce = async (input: Input): Promise<object> => {
    const at = standing.now();
    free = Math.max(free, at) + serviceMs(Number(String(input.Body)));
    return { durationMs: free - at };
  };
  const world = {
    clock: standing,
    signal: controllerOf().signal,
    write: { runtime: { invokeEndpointOnce } },
  } as unknown as World;
  for (const step of [open(16, 4), closed(3, 2)])
    expect(await rehearsed.run(drive(world, step, requests))).toEqual(
      await measured(real, step, queue(real, serviceMs)),
    );
});

test('no percentile of an open loop is below that of the service times', async () => {
  const times = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 1, max: 40 }), async (services, rate) => {
      const serviceMs = (number: number): number => services[number % services.length] ?? 1;
      const clock = waitingClock();
      const loaded = await measured(clock, open(rate, 2), queue(clock, serviceMs));
      const calm = waitingClock();
      const alone = await measured(calm, closed(1, 10_000, requestsIn(loaded)), queue(calm, serviceMs));
      expect(requestsIn(alone)).toBe(requestsIn(loaded));
      for (const level of [0.01, 0.5, 0.95, 0.99, 1]) {
        const [one, other] = [loaded, alone].map(({ latencies }) => quantileIn(latencies, 0, level, 0.95)?.value ?? 0);
        expect(one).toBeGreaterThanOrEqual(other ?? 0);
      }
    }),
    { numRuns: 40 },
  );
});
