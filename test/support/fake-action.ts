/**
 * An action around the counting operation. The tests of the GitHub host run it as a process of its own. FAKE_BEHAVIOUR chooses the
 * behaviour of its counter; the action prints a line when it is ready for a signal.
 */
import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import { wallClock } from '../../src/hosts/wall-clock.ts';
import { countingOperation } from './fake-operation.ts';
import { fakeSession } from './fake-world.ts';
import { virtualClock } from './virtual-clock.ts';

const behaviour = process.env['FAKE_BEHAVIOUR'] ?? 'succeeds';
const minute = 60_000;
const clock = virtualClock();
const never = (): Promise<never> => wallClock.sleepUntil(wallClock.now() + 10 * minute).then(() => Promise.reject());

/** Waits for a signal like a real clock: only the signal ends the sleep. */
const sleepsUntilSignalled = {
  ...clock,
  sleepUntil: async (instant: number, signal?: AbortSignal) => {
    console.log('SLEEPING');
    await wallClock.sleepUntil(wallClock.now() + 10 * minute, signal);
    if (!signal?.aborted) await clock.sleepUntil(instant);
  },
};

const counting = countingOperation(
  { count: 0, mutations: [] },
  {
    before: (turn) => {
      if (behaviour === 'defect' && turn === 2) throw new TypeError('x is not a function');
    },
    abort: (why, memory) => console.log(`ABORT ${why} ${JSON.stringify(memory)}`),
  },
);
const stuck: typeof counting = {
  ...counting,
  advance: async (inputs, memory, world) => {
    if (memory === undefined) return counting.advance(inputs, memory, world);
    console.log('SLEEPING');
    return never();
  },
};

void runAction(behaviour === 'stuck' ? stuck : counting, {
  openSession: fakeSession(),
  clock: behaviour === 'sleeps' ? sleepsUntilSignalled : clock,
});
