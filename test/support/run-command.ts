import type { Command } from '../../src/commands/command.ts';
import type { CommandLine } from '../../src/hosts/command-line/command-line.ts';

export interface CommandRun {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Runs one command in this process. @param at the host that it may create; without it the command must not create one */
export const runCommand = async (
  command: Command,
  args: readonly string[],
  at?: Pick<CommandLine, 'env' | 'seams'> & { readonly width?: number },
): Promise<CommandRun> => {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    width: () => at?.width,
  };
  const host = (): CommandLine => {
    if (at === undefined) throw new Error('this command needs no host');
    const cancellation = { signal: new AbortController().signal, outOfTime: new Promise<void>(() => {}) };
    return { ...at, terminal, cancellation };
  };
  return { code: await command.run(args, host, terminal), out, err };
};
