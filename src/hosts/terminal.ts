import { withoutCommands } from '../plain-text.ts';
import { redacted, withoutKnownSecrets } from '../secrets.ts';
import { failureOf } from './failure.ts';

/** Where text goes: results to `out`, everything on the way to them to `err` when `out` must stay parseable. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}

/**
 * The room of the other hosts' printing: the process's own standard output and standard error. A command line runs in steps of
 * workflows too, so nothing foreign is a command of the runner's (DESIGN §7 rule 22), and no escape sequence reaches a terminal. What
 * may be JSON was redacted text by text; made by `jsonText` it passes as it is.
 */
export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(`${withoutCommands(withoutKnownSecrets(text))}\n`),
  err: (text) => void process.stderr.write(`${withoutCommands(redacted(text))}\n`),
};

/** Where nothing else is left to say it: the sentence, and the stack for whoever reports the defect. */
export const printDefect = (error: unknown): void => {
  const { outcome, reason, because } = failureOf(error);
  processTerminal.err(`${outcome}/${reason}: ${because}`);
  if (reason === 'internal-error' && error instanceof Error) processTerminal.err(error.stack ?? '');
};
