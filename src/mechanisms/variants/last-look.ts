import { Refusal } from '../../operation.ts';
import type { WantedRelease } from '../mechanism.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { abortSteps } from './walk.ts';

/**
 * Checks the configuration that is published next once more, when the candidate has all traffic: another writer may have changed the
 * record meanwhile. A candidate that must not be published keeps no traffic: the traffic goes back.
 */
export const lastLook = async (turn: Turn, wanted: WantedRelease | undefined): Promise<TurnResult | undefined> => {
  const { stepping, commands } = turn.release;
  if (stepping === undefined || commands.some(({ command }) => command === 'abort')) return undefined;
  const { state, plan } = stepping;
  if (!('index' in state) || state.index < plan.steps.length - 1) return undefined;
  try {
    await wanted?.unchanged?.(turn);
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return abortSteps(turn, error.reason, error.message);
  }
};
