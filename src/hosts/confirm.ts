import { createInterface } from 'node:readline';
import { InputError } from '../schema.ts';
import type { Terminal } from './terminal.ts';

/**
 * Asks the person at the terminal. The answer `yes` agrees; every other answer, and the end of the input, declines.
 * @throws {InputError} when nobody is there
 */
export const confirm = async (
  question: string,
  terminal: Terminal,
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
): Promise<boolean> => {
  if (!input.isTTY) throw new InputError('nobody can be asked here: agree beforehand with --yes');
  terminal.out(`${question} Type yes to go on:`);
  const lines = createInterface({ input });
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'yes';
    return false;
  } finally {
    lines.close();
  }
};
