import type { Clock } from '../clock.ts';
import { InputError } from '../schema.ts';
import { refuseUnlessLoopback } from './rehearsal-clock.ts';
import { wallClock } from './wall-clock.ts';

/**
 * The time of a simulator that follows the wall clock at a speed of its own. Nothing holds that time: it passes while this process
 * works, too. It is asked again after each wait, since it stands still while other processes hold it.
 * @throws {InputError} when calls could leave this machine, when no simulator answers, or when its time stands still
 */
export const openFollowingClock = async (
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Clock> => {
  refuseUnlessLoopback(env);
  const ask = async (): Promise<{ readonly now: number; readonly speed: number; readonly at: number }> => {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status !== 200) throw new InputError(`MODEL_DELIVERY_CLOCK: no simulator answers at ${url}`);
    return { ...((await answer.json()) as { readonly now: number; readonly speed: number }), at: wallClock.now() };
  };
  let known = await ask();
  if (known.speed === 0)
    throw new InputError('MODEL_DELIVERY_CLOCK: the simulator was started with --speed 0, and its time stands still');
  const now = (): number => Math.floor(known.now + (wallClock.now() - known.at) * known.speed);
  return {
    now,
    sleepUntil: async (instant, signal) => {
      while (now() < instant && signal?.aborted !== true) {
        await wallClock.sleepUntil(known.at + (instant - known.now) / known.speed, signal);
        // Without its simulator the rest of the wait is the wall clock's.
        known = await ask().catch(() => known);
      }
    },
    alarm: (instant, ring) => wallClock.alarm?.(known.at + (instant - known.now) / known.speed, ring) ?? (() => {}),
  };
};
