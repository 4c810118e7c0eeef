import { type ReasonCode, reasonCodes } from '../reason-codes.ts';
import { InputError } from '../schema.ts';
import { type RegressionTestMemory, testOf } from './progress.ts';
import { isTemporaryName } from './temporary.ts';

/**
 * The memory of the last turn. A token is text of any writer: memory that no turn of this test has written is none, and none of it ends a
 * test as a success.
 */
export const recalled = (
  memory: RegressionTestMemory | undefined,
  endpoint: string,
): RegressionTestMemory | undefined => {
  if (memory === undefined) return undefined;
  const { of, test, attempt, temporary, jobs, candidate, silence, ends } = memory;
  const isOwn = (name: unknown): boolean => typeof name === 'string' && isTemporaryName(endpoint, name);
  const isWritten =
    isHex(of, 16) &&
    isHex(test, 12) &&
    isCount(attempt) &&
    (temporary === undefined || isOwn(temporary)) &&
    (jobs === undefined || (Array.isArray(jobs) && jobs.every(isOwn))) &&
    (candidate === undefined || isHex(candidate, 12)) &&
    (silence === undefined || isSilence(silence)) &&
    (ends === undefined || isFailure(ends));
  return isWritten ? memory : undefined;
};

/** A token of another test would end this one, or name things of the other to be removed. @throws {InputError} */
export const requireOwn = (memory: RegressionTestMemory | undefined, given: Parameters<typeof testOf>[0]): void => {
  if (memory !== undefined && isHex(memory.test, 12) && memory.test !== testOf(given))
    throw new InputError(
      'resume-token: is of the test of another version or environment; leave it out: the run finds its test by its inputs',
    );
};

const isHex = (value: unknown, length: number): boolean =>
  typeof value === 'string' && value.length === length && /^[0-9a-f]+$/.test(value);

const isCount = (value: unknown): boolean => value === undefined || (Number.isSafeInteger(value) && Number(value) > 0);

const isSilence = (silence: unknown): boolean => {
  if (typeof silence !== 'object' || silence === null) return false;
  const { since, because } = silence as Readonly<Record<string, unknown>>;
  return Number.isSafeInteger(since) && Number(since) > 0 && Number(since) <= latest && typeof because === 'string';
};

/** The last time that a date can have. */
const latest = 8.64e15;

const isFailure = (ends: unknown): boolean => {
  if (typeof ends !== 'object' || ends === null) return false;
  const { reason: code, because } = ends as Readonly<Record<string, unknown>>;
  return (
    typeof because === 'string' &&
    typeof code === 'string' &&
    Object.hasOwn(reasonCodes, code) &&
    reasonCodes[code as ReasonCode].outcome !== 'succeeded'
  );
};
