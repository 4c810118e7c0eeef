import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import { openRehearsalClock, refuseUnlessLoopback } from './rehearsal-clock.ts';
import { wallClock } from './wall-clock.ts';

/**
 * The wall clock, or a rehearsal's virtual clock when `MODEL_DELIVERY_CLOCK` names one.
 * @throws {InputError} when calls under a virtual clock would leave this machine
 */
export const chooseClock = async (env: Env): Promise<Clock> => {
  const participant = env['MODEL_DELIVERY_CLOCK'];
  if (!participant) return wallClock;
  refuseUnlessLoopback(env);
  return openRehearsalClock(participant);
};

/** The clock of a host: that of its test, or as `chooseClock`. @throws {InputError} as `chooseClock` */
export const clockOf = async ({
  env,
  seams,
}: {
  readonly env: Env;
  readonly seams?: { readonly clock?: Clock; readonly openClock?: () => Promise<Clock> };
}): Promise<Clock> => seams?.clock ?? (await seams?.openClock?.()) ?? (await chooseClock(env));
