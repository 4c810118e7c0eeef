import type { Check, CheckName } from '../../findings/regression.ts';
import { loadCheck } from '../load/load-check.ts';
import type { Turn } from '../progress.ts';
import type { Standing } from '../standing.ts';
import { attribution } from './attribution.ts';
import { bestOf } from './best-of.ts';
import { bias } from './bias.ts';
import { command } from './command.ts';
import { contract } from './contract.ts';
import { keepCheck, readCheck } from './kept.ts';
import { leftOutNotes } from './left-out.ts';

/** A check beside the rows. Its files are part of the subject, as its keys in the manifest are. */
export interface TestCheck {
  readonly name: CheckName;
  /** Whether the manifest wants it. */
  readonly isDue: (at: Standing) => boolean;
  /** @throws what makes it impossible here, before anything is made */
  readonly refuse?: (at: Standing) => void;
  /** Sentences for the plan: requests, cost, programs. */
  readonly notes: (at: Standing) => Promise<readonly string[]>;
  /** One turn of it, while the candidate is up: its result, or the turn after which it goes on. */
  readonly run: (at: Standing) => Promise<Check | Turn>;
}

/** In the order in which they run. */
export const testChecks: readonly TestCheck[] = [contract, bias, attribution, bestOf, loadCheck, command];

const dueChecks = (at: Standing): readonly TestCheck[] => testChecks.filter(({ isDue }) => isDue(at));

export const notesOfChecks = async (at: Standing): Promise<readonly string[]> => [
  ...(await Promise.all(dueChecks(at).map(({ notes }) => notes(at)))).flat(),
  ...leftOutNotes(at),
];

export const requireChecks = (at: Standing): void => {
  for (const { refuse } of dueChecks(at)) refuse?.(at);
};

/** Runs the checks one after the other, until the result of each is kept. */
export const checked = async (at: Standing): Promise<Turn | undefined> => {
  const { world, folder, memory } = at;
  const { attempt = 1 } = memory;
  for (const check of dueChecks(at)) {
    if ((await readCheck(world, folder, attempt, check.name)) !== undefined) continue;
    const result = await check.run(at);
    if ('is' in result) return result;
    await keepCheck(world, folder, attempt, result);
  }
  return undefined;
};

/** The results of the attempt. */
export const keptChecks = async (at: Standing): Promise<readonly Check[]> => {
  const { world, folder, memory } = at;
  const { attempt = 1 } = memory;
  const found = await Promise.all(dueChecks(at).map(({ name }) => readCheck(world, folder, attempt, name)));
  return found.filter((check) => check !== undefined);
};
