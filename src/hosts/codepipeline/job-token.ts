import type { Instant } from '../../clock.ts';
import { readMemory } from '../../memory.ts';
import { withoutUndefined } from '../../without-undefined.ts';

/**
 * The state that a job leaves for the next job of the same action, as CodePipeline's continuation token: the operation's memory and the
 * host's own members. All of it is a hint: a job with an unreadable token begins anew and finds the release record.
 */
export interface JobToken {
  /** A job that comes back earlier is returned unchanged. */
  readonly notBefore: Instant;
  /** The start of the action's first job; the deadline is counted from it. */
  readonly startedAt: Instant;
  /** The operation answered `pending`: it is run again, and there is nothing to settle. */
  readonly isPending: boolean;
  /** Never falls within an action. */
  readonly percent: number;
  /** As `writeMemory` made it. */
  readonly memory?: string;
  /** The evidence that the action shows while it waits for people, on one line. Only the turn that reads it has it. */
  readonly evidence?: string;
}

/** The last instant that a date can represent (ECMA-262, Time Values). */
const latest: Instant = 8.64e15;

/** CodePipeline API, ContinuationToken. */
export const longestToken = 2048;

/**
 * `1.<not before>.<started>.<p|w><percent>.<memory>`, instants in base 36: about 30 characters beside the memory. Evidence stands on a
 * second line, as far as there is room: memory comes first.
 */
export const writeToken = ({ notBefore, startedAt, isPending, percent, memory = '', evidence }: JobToken): string => {
  const first = `1.${Math.ceil(notBefore).toString(36)}.${Math.floor(startedAt).toString(36)}.${isPending ? 'p' : 'w'}${percent}.${memory}`;
  const text = evidence && first.length + 1 + evidence.length <= longestToken ? `${first}\n${evidence}` : first;
  if (text.length > longestToken)
    throw new Error(`the continuation token is ${text.length} characters: ${text.slice(0, 200)}…`);
  return text;
};

/** Undefined when this version did not write it: an older or a newer worker may have had the action before. */
export const readToken = (text: string | undefined): JobToken | undefined => {
  if (text !== undefined && text.length > longestToken) return undefined;
  // The JSON of memory is one line.
  const parts = /^1\.([0-9a-z]+)\.([0-9a-z]+)\.([pw])(\d{1,3})\.(.*?)(?:\n(.+))?$/s.exec(text ?? '');
  if (parts === null) return undefined;
  const [, notBefore = '', startedAt = '', state, percent, memory = '', evidence] = parts;
  if (memory !== '' && !isMemory(memory)) return undefined;
  const [due, began] = [Number.parseInt(notBefore, 36), Number.parseInt(startedAt, 36)];
  if (due > latest || began > latest || Number(percent) > 100) return undefined;
  return {
    notBefore: due,
    startedAt: began,
    isPending: state === 'p',
    percent: Number(percent),
    ...(memory === '' ? {} : { memory }),
    ...withoutUndefined({ evidence }),
  };
};

const isMemory = (text: string): boolean => {
  try {
    readMemory(text, 'continuation token');
    return true;
  } catch {
    return false;
  }
};
