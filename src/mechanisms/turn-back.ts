import { mayBecome } from '../endpoint/kind.ts';
import { alone } from '../endpoint/variants.ts';
import type { Configuration, Release } from '../release/record.ts';
import type { Turn, TurnResult } from './turn.ts';

/** The configuration to which a finished update can be taken back; undefined after a first deployment. */
const homeOf = ({ baseline, candidate, submission }: Release): Configuration | undefined => {
  if (submission.kind !== 'update' || baseline === undefined) return undefined;
  return mayBecome(candidate, baseline) ? alone(baseline) : undefined;
};

/** Turns the release around; undefined when there is no way back. */
export const turnBack = async (turn: Turn, because: string): Promise<TurnResult | undefined> => {
  const baseline = homeOf(turn.release);
  if (baseline === undefined) return undefined;
  // The facts recorded about the first update do not apply to the second.
  await turn.save({ phase: 'preparing', baseline, takenBack: { because }, witnessed: {} });
  return { because: `taking ${turn.release.version} back: ${because}`, percent: 88 };
};
