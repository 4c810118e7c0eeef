import type { Memory } from './operation.ts';
import { InputError } from './schema.ts';
import { withoutSecrets } from './secrets.ts';

/** A CodePipeline continuation token holds 2,048 characters, and the host needs a few for itself. So no host gets more. */
const longestMemory = 2000;

/** In the place of the account's id, which a team may have in the name of an endpoint or a model. No name in AWS has such letters. */
const ownAccount = '<account>';

/**
 * The text form of memory between turns, on every host, so that no operation depends on more than its JSON. It has no account id: GitHub drops an
 * output that contains a masked one.
 * @param account id of the account the run works in; other numbers of twelve digits are parts of names
 * @throws {Error} when an operation's memory is too long, or has a value that must not leave the run: a defect of the operation
 */
export const writeMemory = (memory: Memory, account?: string): string => {
  const whole = JSON.stringify(withoutSecrets(memory));
  const text = account === undefined ? whole : whole.replaceAll(account, ownAccount);
  if (text.length > longestMemory)
    throw new Error(`memory is ${text.length} characters, ${longestMemory} are allowed: ${text.slice(0, 200)}…`);
  if (/\barn:aws/.test(text)) throw new Error('memory contains an ARN');
  return text;
};

/**
 * @param account as it was written with; without it the memory can be checked, and not be used
 * @throws {InputError} when `text` is not memory that this version wrote
 */
export const readMemory = <M extends Memory>(text: string, source: string, account?: string): M => {
  const refuse = (): never => {
    throw new InputError(
      `${source}: not a token that this version wrote; leave it out: the run finds the release record without it`,
    );
  };
  if (text.length > longestMemory) return refuse();
  try {
    const memory: unknown = JSON.parse(account === undefined ? text : text.replaceAll(ownAccount, account));
    return typeof memory === 'object' && memory !== null && 'v' in memory && memory.v === 1 ? (memory as M) : refuse();
  } catch {
    return refuse();
  }
};
