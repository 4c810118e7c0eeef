import type { Clock } from '../clock.ts';
import { openRehearsalClock, refuseUnlessLoopback } from './rehearsal-clock.ts';
import { wallClock } from './wall-clock.ts';

/**
 * The wall clock, or a rehearsal's virtual clock when `MODEL_DELIVERY_CLOCK` names one.
 * @throws {InputError} when calls under a virtual clock would leave this machine
 */
export const chooseClock = async (env: Readonly<Record<string, string | undefined>>): Promise<Clock> => {
  const participant = env['MODEL_DELIVERY_CLOCK'];
  if (!participant) return wallClock;
  refuseUnlessLoopback(env);
  return openRehearsalClock(participant);
};
