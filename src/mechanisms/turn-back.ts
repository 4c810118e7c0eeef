import { mayBecome } from '../endpoint/kind.ts';
import { alone } from '../endpoint/variants.ts';
import type { Configuration, Release } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Turn, TurnResult } from './turn.ts';

/** The configuration to which a finished update can be taken back; undefined after a first deployment. */
const homeOf = ({ baseline, candidate, submission }: Release): Configuration | undefined => {
  if (submission.kind !== 'update' || baseline === undefined) return undefined;
  return mayBecome(candidate, baseline) ? alone(baseline) : undefined;
};

/** Turns the release around, which ends with `reason` once it is back, or with `approval-withdrawn`; undefined when there is no way back. */
export const turnBack = async (
  turn: Turn,
  because: string,
  { reason, figures }: Pick<NonNullable<Release['takenBack']>, 'reason' | 'figures'> = {},
): Promise<TurnResult | undefined> => {
  const baseline = homeOf(turn.release);
  if (baseline === undefined) return undefined;
  // The facts recorded about the first update do not apply to the second. Those about the registry's stage are of the whole release.
  const { stageRefused, stagesWritten } = turn.release.witnessed;
  await turn.save({
    phase: 'preparing',
    baseline,
    takenBack: { because, ...withoutUndefined({ reason, figures }) },
    witnessed: withoutUndefined({ stageRefused, stagesWritten }),
  });
  return { because: `taking ${turn.release.version} back: ${because}`, percent: 88 };
};
