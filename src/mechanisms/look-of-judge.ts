import { canonical } from '../digest.ts';
import type { Bench, JudgedFleets } from '../metrics/judge-fleets.ts';
import type { JudgedUpdate } from '../release/record.ts';
import type { StepVerdict } from '../rollout/event.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Turn } from './turn.ts';

/** One look of the judge, and the release as it stands after it. */
export interface LookOfJudge {
  readonly seeing: Turn;
  /** Set when the traffic has to go back. */
  readonly convicts?: StepVerdict;
}

/**
 * One look of the judge at an update that AWS carries out by its own timer: nothing but a stop can follow. The evidence enters the journal.
 * @param judge undefined before there is anything to compare
 */
export const lookOfJudge = async (
  turn: Turn,
  judged: JudgedUpdate,
  judge: (bench: Bench) => Promise<JudgedFleets | undefined>,
): Promise<LookOfJudge> => {
  const { blindSince, countsRead } = turn.release.witnessed;
  const ruling = await judge({ ...judged, ...withoutUndefined({ blindSince, countsRead }) });
  if (ruling === undefined) return { seeing: turn };
  const { verdict, evidence } = ruling;
  turn.witness(evidence);
  const seeing = await noteRead(turn, verdict);
  return verdict.decision === 'rollback' ? { seeing, convicts: verdict } : { seeing };
};

/** Since when CloudWatch cannot be read, and the counts that the next look compares its own with. */
const noteRead = async (turn: Turn, { blind, countsRead }: StepVerdict): Promise<Turn> => {
  const { blindSince, countsRead: before, ...witnessed } = turn.release.witnessed;
  if ((blind === true) === (blindSince !== undefined) && canonical(before ?? []) === canonical(countsRead ?? []))
    return turn;
  const since = blind ? (blindSince ?? turn.world.clock.now()) : undefined;
  return turn.save({ witnessed: { ...witnessed, ...withoutUndefined({ blindSince: since, countsRead }) } });
};
