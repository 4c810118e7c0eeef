import { Refusal } from '../operation.ts';
import type { ReasonCode } from '../reason-codes.ts';
import { contentMark } from './attempt.ts';
import { endWithoutVerdict, type RegressionTestMemory, type Turn } from './progress.ts';
import type { Standing } from './standing.ts';

/** Refusals that ask for another time: after the beginning of a test they show that its answers belong to no version. */
const disturbances: ReadonlySet<ReasonCode> = new Set(['endpoint-unusable', 'held-by-another-release']);

export const unlessDisturbed = async <Answer>(
  memory: RegressionTestMemory | undefined,
  looking: Promise<Answer>,
): Promise<Answer> => {
  try {
    return await looking;
  } catch (error) {
    if (memory?.attempt === undefined || !(error instanceof Refusal) || !disturbances.has(error.reason)) throw error;
    throw new Refusal('regression-disturbed', `while the test ran: ${error.message}`);
  }
};

/** Ends a test that has become one of another subject. */
export const subjectChanged = async (
  { world, id }: Standing,
  memory: RegressionTestMemory | undefined,
): Promise<Turn | undefined> =>
  memory === undefined || memory.of === id
    ? undefined
    : endWithoutVerdict(world, memory, {
        reason: 'regression-disturbed',
        because: 'the version that serves, the package, the golden set or the rules changed while the test ran',
      });

/** Ends a test whose candidate is not the one that answered before. */
export const candidateChanged = async ({ world, memory, candidate }: Standing): Promise<Turn | undefined> =>
  memory.candidate === undefined || memory.candidate === contentMark(candidate)
    ? undefined
    : endWithoutVerdict(world, memory, {
        reason: 'regression-disturbed',
        because: `${candidate?.name ?? 'the candidate'} changed while the test ran`,
      });
