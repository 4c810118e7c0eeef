import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createClock } from '../../simulator/clock.ts';
import type { Simulator } from '../../simulator/contracts.ts';
import { createParticipants } from '../../simulator/participants.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { createWatchdog, followWallClock } from '../../simulator/wall-time.ts';
import { fc } from '../support/properties.ts';

describe('timers', () => {
  test('each runs at its own instant, the same instant in the order scheduled, also those scheduled on the way', () => {
    const clock = createClock(0);
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name}@${clock.now()}`);
    clock.at(20, 'late', note('late'));
    clock.at(10, 'first', () => {
      note('first')();
      clock.at(15, 'added', note('added'));
      clock.at(5, 'overdue', note('overdue'));
    });
    clock.at(10, 'second', note('second'));
    clock.at(12, 'cancelled', note('cancelled')).cancel();
    clock.advanceTo(30);
    expect(ran).toEqual(['first@10', 'second@10', 'overdue@10', 'added@15', 'late@20']);
    expect(clock.now()).toBe(30);
  });

  test('every runs on multiples of its period until it is cancelled, also by itself', () => {
    const clock = createClock(90_500);
    const ran: number[] = [];
    const timer = clock.every(60_000, 'minute', () => {
      ran.push(clock.now());
      if (ran.length === 3) timer.cancel();
    });
    clock.advanceTo(600_000);
    expect(ran).toEqual([120_000, 180_000, 240_000]);
  });

  test('whatever is scheduled, time never goes back and nothing runs early or out of order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { maxLength: 60 }), (plans) => {
        const clock = createClock(0);
        const ran: { due: number; order: number; at: number }[] = [];
        let scheduled = 0;
        const plan = (due: number, then: number | undefined): void => {
          const order = scheduled++;
          const from = clock.now();
          clock.at(due, 'plan', () => {
            ran.push({ due: Math.max(due, from), order, at: clock.now() });
            if (then !== undefined) plan(then, undefined);
          });
        };
        for (const [due, then] of plans) plan(due, then);
        clock.advanceTo(200);
        expect(ran).toHaveLength(plans.length * 2);
        for (const { due, at } of ran) expect(at).toBe(due);
        expect(ran.map(({ at }) => at)).toEqual(ran.map(({ at }) => at).toSorted((a, b) => a - b));
        // Those known before time moved run strictly by instant, then by order of scheduling.
        const known = ran.filter(({ order }) => order < plans.length);
        expect(known).toEqual(known.toSorted((a, b) => a.due - b.due || a.order - b.order));
      }),
    );
  });
});

describe('participants', () => {
  test('wake one at a time in order of registration, after the timers of that instant', () => {
    const clock = createClock(0);
    const participants = createParticipants(clock);
    const [a, b] = [participants.register('a'), participants.register('b')];
    const log: string[] = [];
    clock.at(10, 'timer', () => log.push('timer'));
    participants.sleep(b, 10, () => log.push('b'));
    expect(clock.now()).toBe(0);
    participants.sleep(a, 10, () => log.push('a'));
    expect(log).toEqual(['timer', 'a']);
    participants.sleep(a, 10, () => log.push('a again'));
    // The same participant due at the same instant once more still comes before one registered later.
    expect(log).toEqual(['timer', 'a', 'a again']);
    participants.sleep(a, 20, () => log.push('a at 20'));
    expect(log).toEqual(['timer', 'a', 'a again', 'b']);
    expect(clock.now()).toBe(10);
    participants.remove(b);
    expect(log.at(-1)).toBe('a at 20');
    expect(clock.now()).toBe(20);
  });

  test('a sleep without end lets the others run on, and nobody moves time when all sleep so', () => {
    const clock = createClock(0);
    const participants = createParticipants(clock);
    const [a, b] = [participants.register('a'), participants.register('b')];
    const endless = participants.sleep(a, Number.POSITIVE_INFINITY, () => expect('never').toBe('woken'));
    let woken = 0;
    participants.sleep(b, 50, () => woken++);
    expect([clock.now(), woken]).toEqual([50, 1]);
    participants.sleep(b, Number.POSITIVE_INFINITY, () => woken++);
    expect([clock.now(), woken]).toEqual([50, 1]);
    endless.end();
    expect(participants.running().map(({ id }) => id)).toEqual([a]);
  });

  test('a roused participant counts as running, and its old sleep ends nothing any more', () => {
    const clock = createClock(0);
    const participants = createParticipants(clock);
    const [a, b] = [participants.register('a'), participants.register('b')];
    const old = participants.sleep(a, 100, () => expect('the old sleep').toBe('unanswered'));
    participants.rouse(a);
    participants.sleep(b, 10, () => {});
    expect(clock.now()).toBe(0);
    participants.sleep(a, 30, () => {});
    expect(clock.now()).toBe(10);
    old.end();
    expect(participants.running().map(({ id }) => id)).toEqual([b]);
  });

  test('processes spawned side by side take their first turns in order of registration, whoever starts faster', () => {
    const clock = createClock(0);
    const participants = createParticipants(clock);
    const driver = participants.register('driver', 'driver');
    const [a, b] = [participants.register('a'), participants.register('b')];
    const log: string[] = [];
    participants.start(b, () => log.push('b'));
    expect(log).toEqual([]);
    participants.start(a, () => log.push('a'));
    expect(log).toEqual(['a']);
    participants.sleep(driver, Number.POSITIVE_INFINITY, () => {});
    participants.sleep(a, 10, () => log.push('a at 10'));
    expect(log).toEqual(['a', 'b']);
    participants.sleep(b, 5, () => log.push('b at 5'));
    expect(log).toEqual(['a', 'b', 'b at 5']);
  });

  test('whatever they do, time never goes back, never moves while one runs, and nobody sleeps past its instant', () => {
    const sleeps = fc.array(fc.oneof(fc.nat(50), fc.constant(Number.POSITIVE_INFINITY)), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(sleeps, { minLength: 1, maxLength: 5 }), (plans) => {
        const clock = createClock(0);
        const participants = createParticipants(clock);
        const ids = plans.map((_, i) => participants.register(String(i)));
        const wakes: { at: number; who: number }[] = [];
        const next = plans.map(() => 0);
        let seen = 0;
        const turn = (who: number): void => {
          expect(clock.now()).toBeGreaterThanOrEqual(seen);
          seen = clock.now();
          const duration = plans[who]?.[next[who] ?? 0];
          next[who] = (next[who] ?? 0) + 1;
          const id = ids[who] ?? '';
          if (duration === undefined) {
            participants.remove(id);
            return;
          }
          const until = clock.now() + duration;
          participants.sleep(id, until, () => {
            expect(clock.now()).toBe(until);
            // Exactly one runs after a wake-up: this one.
            expect(participants.running().map((running) => running.id)).toEqual([id]);
            wakes.push({ at: clock.now(), who });
            turn(who);
          });
        };
        for (const who of plans.keys()) {
          // Everybody registered but not yet asleep keeps time where it is.
          expect(clock.now()).toBe(0);
          turn(who);
        }
        expect(wakes.map(({ at }) => at)).toEqual(wakes.map(({ at }) => at).toSorted((a, b) => a - b));
        const finite = plans.map((plan) => plan.findIndex((duration) => !Number.isFinite(duration)));
        const expected = plans.map((plan, who) => (finite[who] === -1 ? plan.length : (finite[who] ?? 0)));
        expect(plans.map((_, who) => wakes.filter((wake) => wake.who === who).length)).toEqual(expected);
      }),
    );
  });
});

describe('wall time', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const openWatched = () => {
    const stuck: string[] = [];
    const clock = createClock(0);
    const participants = createParticipants(clock, () => watchdog.look());
    const watchdog = createWatchdog(
      () => participants,
      (reason) => stuck.push(reason),
    );
    const driver = participants.register('driver', 'driver');
    return { stuck, clock, participants, watchdog, driver };
  };

  test('a participant that runs for five minutes is named; one that sleeps in between is not, nor a driver on its own', () => {
    const { stuck, clock, participants, watchdog, driver } = openWatched();
    jest.advanceTimersByTime(600_000);
    const runner = participants.register('runner');
    participants.start(runner, () => {});
    participants.sleep(driver, Number.POSITIVE_INFINITY, () => {});
    jest.advanceTimersByTime(299_000);
    participants.sleep(runner, 1000, () => {});
    expect(clock.now()).toBe(1000);
    jest.advanceTimersByTime(299_000);
    expect(stuck).toEqual([]);
    jest.advanceTimersByTime(1000);
    expect(stuck).toEqual(['clock participant runner has been running for 5 min without sleeping or asking']);
    watchdog.stop();
  });

  test('two hundred processes that start one after the other, a minute each, are not stuck, nor is one that asks', () => {
    const { stuck, participants, watchdog, driver } = openWatched();
    const runners = Array.from({ length: 200 }, (_, at) => participants.register(`runner-${at}`));
    participants.sleep(driver, Number.POSITIVE_INFINITY, () => {});
    for (const runner of runners) {
      jest.advanceTimersByTime(60_000);
      participants.start(runner, () => {});
      participants.sleep(runner, Number.POSITIVE_INFINITY, () => {});
    }
    const last = participants.register('last');
    participants.start(last, () => {});
    for (let minute = 0; minute < 60; minute++) {
      jest.advanceTimersByTime(60_000);
      watchdog.asked();
    }
    expect(stuck).toEqual([]);
    jest.advanceTimersByTime(300_000);
    expect(stuck).toEqual(['clock participant last has been running for 5 min without sleeping or asking']);
    watchdog.stop();
  });

  test('a participant that asks without end is named', () => {
    const { stuck, participants, watchdog } = openWatched();
    participants.start(participants.register('runner'), () => {});
    for (let request = 0; request < 1_000_000; request++) watchdog.asked();
    expect(stuck).toEqual(['clock participant runner has sent 1,000,000 requests without sleeping']);
    watchdog.stop();
  });

  test('without participants time follows the wall clock at the given speed, and waits while there are some', () => {
    const clock = createClock(0);
    const participants = createParticipants(clock);
    const wall = followWallClock(clock, participants, 60);
    jest.advanceTimersByTime(1000);
    expect(clock.now()).toBe(60_000);
    const runner = participants.register('runner');
    jest.advanceTimersByTime(1000);
    expect(clock.now()).toBe(60_000);
    participants.sleep(runner, 90_000, () => {});
    participants.remove(runner);
    jest.advanceTimersByTime(1000);
    expect(clock.now()).toBe(150_000);
    wall.stop();
  });
});

describe('the clock over HTTP', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  const minute = 60_000;
  const ask = async (method: string, url: string, body?: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: answer.status, ...JSON.parse(await answer.text()) };
  };

  test('starts on Monday, 5 January 2026, 09:00 UTC, unless told', async () => {
    expect(new Date(simulator.clock.now()).toISOString()).toBe('2026-01-05T09:00:00.000Z');
    const other = await startSimulator({ startAt: 5_000 });
    expect(other.driver.now()).toBe(5_000);
    await other.close();
  });

  test('a process sleeps and wakes with the driver between its sleeps', async () => {
    const start = simulator.driver.now();
    const { url } = await ask('POST', `${simulator.url}/clock/participants`, { name: 'runner' });
    const participant = String(url);
    expect(await ask('GET', participant)).toEqual({ status: 200, now: start });
    const order: string[] = [];
    const process = (async () => {
      for (const minutes of [1, 3]) {
        const { now } = await ask('POST', `${participant}/sleep`, { until: start + minutes * minute });
        order.push(`runner ${(Number(now) - start) / minute}`);
      }
      await ask('DELETE', participant);
    })();
    await simulator.driver.sleepUntil(start + 2 * minute);
    order.push(`driver ${(simulator.driver.now() - start) / minute}`);
    await simulator.driver.sleepUntil(start + 4 * minute);
    order.push(`driver ${(simulator.driver.now() - start) / minute}`);
    await process;
    expect(order).toEqual(['runner 1', 'driver 2', 'runner 3', 'driver 4']);
  });

  test('time stands still for a registered process that has not slept yet, until it is removed', async () => {
    const start = simulator.driver.now();
    const { id } = simulator.register('runner');
    let driverWoke = false;
    const slept = simulator.driver.sleepUntil(start + minute).then(() => {
      driverWoke = true;
    });
    await ask('GET', simulator.url.concat(`/clock/participants/${id}`));
    expect([driverWoke, simulator.clock.now()]).toEqual([false, start]);
    simulator.remove(id);
    await slept;
    expect(simulator.clock.now()).toBe(start + minute);
  });

  test('a closed connection ends the sleep: the participant runs, at the same instant', async () => {
    const start = simulator.driver.now();
    const { id, url } = simulator.register('runner');
    await ask('GET', url);
    const sleeping = request(`${url}/sleep`, { method: 'POST' });
    sleeping.on('error', () => {});
    sleeping.end(JSON.stringify({ until: start + 60 * minute }));
    // The driver is due first, so its waking proves that the process is asleep.
    await simulator.driver.sleepUntil(start + minute);
    simulator.rouse(id);
    const driver = simulator.driver.sleepUntil(start + 2 * minute);
    sleeping.destroy();
    expect(await ask('GET', url)).toEqual({ status: 200, now: start + minute });
    await ask('DELETE', url);
    await driver;
    expect(simulator.clock.now()).toBe(start + 2 * minute);
  });

  test('aborting the signal ends the driver’s sleep', async () => {
    const aborted = new AbortController();
    const slept = simulator.driver.sleepUntil(Number.POSITIVE_INFINITY, aborted.signal);
    aborted.abort();
    await slept;
    await simulator.driver.sleepUntil(simulator.driver.now() + minute, AbortSignal.abort());
    expect(simulator.driver.now()).toBe(simulator.clock.now());
  });

  test('what is wrong is said: an unknown participant, an instant that is none, two sleeps at once', async () => {
    const { url } = simulator.register('runner');
    expect(await ask('GET', `${simulator.url}/clock/participants/p99`)).toMatchObject({ status: 404 });
    expect(await ask('POST', `${url}/sleep`, { until: 'soon' })).toMatchObject({ status: 400 });
    expect(await ask('PATCH', url)).toMatchObject({ status: 405 });
    const first = ask('POST', `${url}/sleep`, { until: null });
    const second = ask('POST', `${url}/sleep`, { until: null });
    expect(await Promise.race([first, second])).toMatchObject({ status: 409, message: 'runner already sleeps' });
    await simulator.close();
    await Promise.allSettled([first, second]);
    simulator = await startSimulator();
  });

  test('a timer that fails ends the run by its own error', async () => {
    simulator.clock.at(simulator.clock.now() + 1, 'broken', () => {
      throw new Error('the fleet is gone');
    });
    await expect(simulator.driver.sleepUntil(simulator.clock.now() + minute)).rejects.toThrow('the fleet is gone');
    await expect(simulator.stuck).rejects.toThrow('the fleet is gone');
  });
});
