import type { CommandLine } from '../hosts/command-line/command-line.ts';
import type { Terminal } from '../hosts/terminal.ts';
import type { Example } from '../offers.ts';
import type { Schema } from '../schema.ts';

/** A command of the command line. The list of commands, its help and `docs/command-line.md` are made from this one declaration. */
export interface Command {
  /** One sentence; Markdown allowed. */
  readonly does: string;
  /** Words between the command and its options: `list|create`. */
  readonly words?: string;
  /** A program behind the options and `--`: `<program> <argument>…`. */
  readonly program?: string;
  readonly options: Schema<object>;
  /** Facts that belong to no option. */
  readonly notes?: readonly string[];
  readonly examples: readonly Example[];
  readonly exits: Exits;
  /** @param host created on demand: once it listens, Ctrl-C no longer ends the process by itself */
  readonly run: (args: readonly string[], host: () => CommandLine, terminal: Terminal) => Promise<number> | number;
}

/** Exit code → meaning. */
export type Exits = Readonly<Partial<Record<0 | 1 | 2 | 3, string>>>;

/** The exit of every command for an unusable command line, manifest or file. */
export const wrongRequest = 'the request was wrong: an option, the manifest or a file; nothing was written';
