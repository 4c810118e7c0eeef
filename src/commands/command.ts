import type { CommandLine } from '../hosts/command-line/command-line.ts';
import type { Terminal } from '../hosts/terminal.ts';
import type { Example } from '../offers.ts';
import type { Schema } from '../schema.ts';

/** A command of the command line, declared once: the list of commands, its own help and `docs/command-line.md` are made of this. */
export interface Command {
  /** One sentence; Markdown allowed. */
  readonly does: string;
  /** Words between the command and its options: `list|create`. */
  readonly words?: string;
  readonly options: Schema<object>;
  /** Facts that no option has room for. */
  readonly notes?: readonly string[];
  readonly examples: readonly Example[];
  readonly exits: Exits;
  /** @param host made on demand: once it listens, Ctrl-C no longer ends the process by itself */
  readonly run: (args: readonly string[], host: () => CommandLine, terminal: Terminal) => Promise<number> | number;
}

/** Exit code → meaning. */
export type Exits = Readonly<Partial<Record<0 | 1 | 2 | 3, string>>>;

/** Of every command: a command line, a manifest or a file that cannot be used. */
export const wrongRequest = 'the request was wrong: an option, the manifest or a file; nothing was written';
