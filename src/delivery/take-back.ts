import { swapSeconds } from '../mechanisms/replacement/plan.ts';
import type { Turn } from '../mechanisms/turn.ts';
import { type ReasonCode, reasonCodes } from '../reason-codes.ts';
import type { ReleasePatch } from '../release/lifecycle.ts';
import type { Configuration, Release } from '../release/record.ts';
import { conclude } from './conclude.ts';
import { followChange, submitChange } from './mechanism-tasks.ts';
import { candidateIsOurs } from './provenance.ts';
import type { Task, Tasks } from './task.ts';

/**
 * An update that is over cannot be stopped by an alarm. A version that lost its approval on the way is taken back by a second update,
 * to the configuration that served before, within the same release: submitted and supervised like a rollback.
 */
export const tasksToTakeBack = ({ takenBack }: Release, tasks: Tasks): Tasks => {
  if (takenBack === undefined) return tasks;
  const { submitting, supervising } = followChange();
  return {
    ...tasks,
    preparing: [candidateIsOurs, submitChange()].map(wayBack),
    submitting: submitting.map(wayBack),
    supervising: supervising.map(wayBack),
  };
};

/** The task sees a release that goes back; the record keeps the one that was asked for. */
const wayBack =
  (task: Task): Task =>
  async (turn) => {
    let ending: string | undefined;
    const step = await task(seenFromBehind(turn, (because) => (ending = because)));
    return step && ending !== undefined ? { ...step, because: ending } : step;
  };

const seenFromBehind = (turn: Turn, ends: (because: string) => void): Turn => {
  const { release } = turn;
  const { baseline, candidate, submission } = release;
  if (baseline === undefined) throw new Error(`release ${release.id} has nothing to go back to`);
  const seen: Turn = {
    ...turn,
    release: {
      ...release,
      operation: 'rollback',
      baseline: candidate,
      candidate: baseline,
      submission: {
        mechanism: 'replacement',
        kind: 'update',
        variant: submission.canonical ?? submission.variant,
        exclude: [],
        expectedSeconds: swapSeconds,
      },
      // What was said about the delivery is not about the way back.
      commands: [],
    },
    save: async (patch) => {
      const said = asTakenBack(release, patch);
      if (said.because !== undefined && said.outcome !== undefined) ends(`${said.outcome}: ${said.because}`);
      return seenFromBehind(await turn.save(said), ends);
    },
    conclude: (why, because) => conclude(seen, why, because),
  };
  return seen;
};

/** How a rollback ends, as this release ends by it. */
const asTakenBack = (release: Release, patch: ReleasePatch): ReleasePatch => {
  const { reason, because = '' } = patch;
  if (reason === undefined) return patch;
  const end = endOfWayBack(release, reason, because);
  return { ...patch, outcome: reasonCodes[end.reason].outcome, ...end };
};

/**
 * @param reason of the way back, as a rollback would end by it
 * @returns what the release ends by: whatever kept the version from being taken back, that it lost its approval is said first
 */
export const endOfWayBack = (
  { takenBack, baseline, version }: Release,
  reason: ReasonCode,
  because: string,
): { readonly reason: ReasonCode; readonly because: string } => {
  const why = takenBack?.because ?? '';
  if (reason === 'restored')
    return { reason: 'approval-withdrawn', because: `${why}; ${nameOf(baseline)} serves again, verified` };
  if (elsewhere.has(reason)) return { reason, because: `${why}; while it was taken back, ${because}` };
  return {
    reason: 'withdrawn-too-late',
    because: `${why}; ${version} serves all the same, since taking it back did not go through: ${because}`,
  };
};

/** The way back ended, and it is not the version that was left which serves, or not it alone. */
const elsewhere: ReadonlySet<ReasonCode> = new Set([
  'changed-by-others',
  'endpoint-unusable',
  'rollback-failed',
  'verification-mismatch',
]);

const nameOf = (configuration: Configuration | undefined): string =>
  configuration?.version ?? configuration?.endpointConfig ?? '';
