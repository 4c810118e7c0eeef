import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import { type ReasonCode, reasonCodes } from '../reason-codes.ts';

/** `Turn.conclude`. `percent` is 92: the remaining tasks take seconds. */
export const conclude = async (
  { save, world }: Pick<Turn, 'save' | 'world'>,
  reason: ReasonCode,
  because: string,
): Promise<TurnResult> => {
  const { outcome } = reasonCodes[reason];
  await save({ phase: 'settling', outcome, reason, because, concludedAt: world.clock.now() });
  return { because: `${outcome}: ${because}`, percent: 92 };
};
