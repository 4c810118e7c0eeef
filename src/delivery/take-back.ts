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
 * No alarm can stop a finished update. A version that lost its approval on the way, that failed its smoke test, or that the judge convicted
 * too late for a stop, is taken back by a second update within the same release. That update goes to the configuration that served before;
 * it is submitted and supervised like a rollback.
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

/** The task sees a release that goes back; the record keeps the requested release. */
const wayBack =
  (task: Task): Task =>
  async (turn) => {
    let ending: string | undefined;
    const step = await task(reversed(turn, (because) => (ending = because)));
    return step && ending !== undefined ? { ...step, because: ending } : step;
  };

const reversed = (turn: Turn, ends: (because: string) => void): Turn => {
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
      // A command for the delivery does not apply to the way back.
      commands: [],
    },
    save: async (patch) => {
      const own = asTakenBack(release, patch);
      if (own.because !== undefined && own.outcome !== undefined) ends(`${own.outcome}: ${own.because}`);
      return reversed(await turn.save(own), ends);
    },
    conclude: (why, because) => conclude(seen, why, because),
  };
  return seen;
};

/** Translates the end of a rollback into the end of this release. */
const asTakenBack = (release: Release, patch: ReleasePatch): ReleasePatch => {
  const { reason, because = '' } = patch;
  if (reason === undefined) return patch;
  const end = endOfWayBack(release, reason, because);
  return { ...patch, outcome: reasonCodes[end.reason].outcome, ...end };
};

/**
 * @param reason of the way back: the reason code with which a rollback would end
 * @returns the end of the release: the lost approval, the failed check, or the judge's conviction comes first, then any obstacle on the way
 *   back
 */
export const endOfWayBack = (
  { takenBack, baseline, version }: Release,
  reason: ReasonCode,
  because: string,
): { readonly reason: ReasonCode; readonly because: string } => {
  const why = takenBack?.because ?? '';
  const isDark = takenBack?.reason === 'dark-checks-failed';
  if (reason === 'restored')
    return {
      reason: takenBack?.reason ?? 'approval-withdrawn',
      because: isDark
        ? `${why}; the candidate is gone, and ${nameOf(baseline)} serves as before, verified`
        : `${why}; ${nameOf(baseline)} serves again, verified`,
    };
  if (elsewhere.has(reason)) return { reason, because: `${why}; while it was taken back, ${because}` };
  // It has no traffic: what failed is its check, and only its removal is left.
  if (isDark)
    return {
      reason: 'dark-checks-failed',
      because: `${why}; it is still up without traffic, because it could not be removed: ${because}`,
    };
  return {
    reason: takenBack?.reason === undefined ? 'withdrawn-too-late' : 'convicted-too-late',
    because: `${why}; ${version} still serves, because it could not be taken back: ${because}`,
  };
};

/** The way back ended, but the withdrawn version does not serve, or does not serve alone. */
const elsewhere: ReadonlySet<ReasonCode> = new Set([
  'changed-by-others',
  'endpoint-unusable',
  'rollback-failed',
  'verification-mismatch',
]);

const nameOf = (configuration: Configuration | undefined): string =>
  configuration?.version ?? configuration?.endpointConfig ?? '';
