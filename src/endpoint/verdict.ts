import { type ReasonCode, reasonCodes } from '../reason-codes.ts';
import type { Step, Turn } from './turn.ts';

/**
 * The outcome is decided and written down; settling (scaling restored, alarms removed, tags) follows and cannot change it.
 * `percent` 92: what is left takes seconds.
 */
export const concluded = async (turn: Turn, reason: ReasonCode, because: string): Promise<Step> => {
  await turn.save({ phase: 'settling', outcome: reasonCodes[reason].outcome, reason, because });
  return { because: `${reasonCodes[reason].outcome}: ${because}`, percent: 92 };
};
