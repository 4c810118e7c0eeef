import { cleared } from './ask-rows.ts';
import { counts, isTooLate } from './attempt.ts';
import { told } from './conclude.ts';
import { noMemory, type RegressionTestMemory, type Turn, waiting } from './progress.ts';
import type { Standing } from './standing.ts';

/** Ends the run with the verdict that is there, when it counts; undefined when there is none. */
export const verdictFound = async (
  at: Standing,
  memory: RegressionTestMemory | undefined,
): Promise<Turn | undefined> => {
  const { world, given, id, stored } = at;
  const verdict = stored?.record.verdict;
  if (verdict === undefined) return undefined;
  if (isTooLate(verdict, memory, world)) {
    const fresh = { world, memory: noMemory(given, id) };
    return (await cleared(at)) ?? waiting(fresh, { percent: 1, because: 'the verdict of this run has expired' });
  }
  return counts(verdict, memory, given.again, world) ? ((await cleared(at)) ?? told(at, verdict)) : undefined;
};
