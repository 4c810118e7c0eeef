import { withoutCommands } from '../plain-text.ts';
import { redacted, withoutKnownSecrets } from '../secrets.ts';
import { failureOf } from './failure.ts';

/** Where text goes: results to `out`, everything on the way to them to `err` when `out` must stay parseable. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Why not all of `out` could be written; undefined when it was. */
  outFault?(): Promise<Error | undefined>;
}

/** What the first write that failed was told. */
let broken: Error | undefined;

/**
 * The room of the other hosts' printing: the process's own standard output and standard error. A command line runs in steps of
 * workflows too, so nothing foreign is a command of the runner's (DESIGN §7 rule 22), and no escape sequence reaches a terminal. What
 * may be JSON was redacted text by text; made by `jsonText` it passes as it is.
 */
export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(`${coloured(withoutKnownSecrets(text))}\n`),
  err: (text) => void process.stderr.write(`${withoutCommands(redacted(text))}\n`),
  // A stream reports an error after the write has returned, and its writes in order.
  outFault: () =>
    new Promise((resolve) => {
      process.stdout.write('', (error) => resolve(broken ?? error ?? undefined));
    }),
};

/**
 * Of the escape sequences only these pass, and only where the terminal has colours: a style can neither hide text nor move the cursor.
 * SGR numbers are those of ECMA-48 §8.3.117.
 */
const codes = {
  bold: [1, 22],
  red: [31, 39],
  green: [32, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  gray: [90, 39],
} as const;
export type Style = keyof typeof codes;
const styleCode = new RegExp(`(\\u001b\\[(?:${[...new Set(Object.values(codes).flat())].join('|')})m)`);

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>;
// `hasColors` knows NO_COLOR, FORCE_COLOR and TERM=dumb.
const hasColours = (stream: Stream): boolean => stream.isTTY && stream.hasColors();

/** Styled on a terminal that has colours and nowhere else. `styleText` of Node 20 writes its codes into files as well. */
export const style = (how: Style, text: string, stream: Stream = process.stdout): string => {
  const [on, off] = codes[how];
  return hasColours(stream) ? `\u001b[${on}m${text}\u001b[${off}m` : text;
};

/** Foreign text is plain; the styles around it stay. */
export const coloured = (text: string, stream: Stream = process.stdout): string =>
  hasColours(stream)
    ? text
        .split(styleCode)
        .map((part, index) => (index % 2 === 1 ? part : withoutCommands(part)))
        .join('')
    : withoutCommands(text);

/**
 * `| head` closes the pipe when it has read enough, and a disk is full. Text that cannot be written fails no delivery (DESIGN §7 rule
 * 13); that it could not is remembered, for output that another command reads.
 */
export const outliveClosedPipes = (): void => {
  process.stdout.on('error', (error) => {
    broken ??= error;
  });
  // There is no third place to say that the second one is gone.
  process.stderr.on('error', () => {});
};

/** Where nothing else is left to say it: the sentence, and the stack for whoever reports the defect. */
export const printDefect = (error: unknown): void => {
  const { outcome, reason, because } = failureOf(error);
  processTerminal.err(`${outcome}/${reason}: ${because}`);
  if (reason === 'internal-error' && error instanceof Error) processTerminal.err(error.stack ?? '');
};
