import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import { InputError } from '../schema.ts';
import { isFollowed } from './followed.ts';
import { openRehearsalClock, refuseUnlessLoopback } from './rehearsal-clock.ts';
import { wallClock } from './wall-clock.ts';

/**
 * The wall clock, or a rehearsal's virtual clock when `MODEL_DELIVERY_CLOCK` names one.
 * @throws {InputError} when calls under a virtual clock would leave this machine, and for the clock of a simulator that is run by hand
 */
export const chooseClock = async (env: Env): Promise<Clock> => {
  const participant = env['MODEL_DELIVERY_CLOCK'];
  if (!participant) return wallClock;
  if (isFollowed(participant))
    throw new InputError(
      'MODEL_DELIVERY_CLOCK: only the command line follows the time of a simulator; for the actions start it without --speed',
    );
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
