import type { Memory } from './operation.ts';
import { InputError } from './schema.ts';
import { withoutSecrets } from './secrets.ts';

/** A CodePipeline continuation token holds 2,048 characters, and the host needs a few for itself. So no host gets more. */
const longestMemory = 2000;

/**
 * The text form of memory between turns, on every host, so that no operation depends on more than its JSON.
 * @param account id of the account the run works in; other numbers of twelve digits are parts of names
 * @throws {Error} when an operation's memory is too long, or has a value that must not leave the run: a defect of the operation
 */
export const writeMemory = (memory: Memory, account?: string): string => {
  const text = JSON.stringify(withoutSecrets(memory));
  if (text.length > longestMemory)
    throw new Error(`memory is ${text.length} characters, ${longestMemory} are allowed: ${text.slice(0, 200)}…`);
  if (/\barn:aws/.test(text) || (account !== undefined && text.includes(account)))
    throw new Error('memory contains an ARN or an account id');
  return text;
};

/** @throws {InputError} when `text` is not memory that this version wrote */
export const readMemory = <M extends Memory>(text: string, source: string): M => {
  const refuse = (): never => {
    throw new InputError(
      `${source}: not a token that this version wrote; leave it out: the run finds the release record without it`,
    );
  };
  if (text.length > longestMemory) return refuse();
  try {
    const memory: unknown = JSON.parse(text);
    return typeof memory === 'object' && memory !== null && 'v' in memory && memory.v === 1 ? (memory as M) : refuse();
  } catch {
    return refuse();
  }
};
