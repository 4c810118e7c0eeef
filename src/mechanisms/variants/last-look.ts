import { Refusal } from '../../operation.ts';
import type { WantedRelease } from '../mechanism.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { abortSteps } from './walk.ts';

/**
 * With all traffic on the candidate the configuration that is published next is looked at once more, whoever wrote the record meanwhile. A
 * candidate that may not be published gets no traffic either: it goes back.
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
