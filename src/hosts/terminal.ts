import type { Env } from '../env.ts';
import { withoutCommands } from '../plain-text.ts';
import { failureOf } from '../report/failure.ts';
import { redacted, withoutKnownSecrets } from '../secrets.ts';
import { hasLiveLine, liveLine } from './live-line.ts';
import { wallClock } from './wall-clock.ts';

/** The output streams: results go to `out`. All other text goes to `err` when `out` must stay parseable. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Characters in a line of `out`; undefined when no terminal shows it. */
  width?(): number | undefined;
  /** A part of the line that shows where a run is now (`LiveLine.show`); absent where no terminal shows it. */
  live?(owner: string, text: (() => string) | undefined): void;
  /** The error that kept `out` from being complete; undefined when all of it was written. */
  outFault?(): Promise<Error | undefined>;
}

/** The error of the first failed write. */
let broken: Error | undefined;

/**
 * All printing of the other hosts: the process's own standard output and standard error. A command line also runs in steps of workflows,
 * so foreign text must never be a command to the runner (DESIGN §7 rule 22). No escape sequence reaches a terminal. JSON from
 * `jsonText` passes unchanged: its texts were redacted one by one.
 */
export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(`${coloured(withoutKnownSecrets(text))}\n`),
  err: (text) => void process.stderr.write(`${withoutCommands(redacted(text))}\n`),
  width: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
  // A stream reports an error after the write has returned, and its writes in order.
  outFault: () =>
    new Promise((resolve) => {
      process.stdout.write('', (error) => resolve(broken ?? error ?? undefined));
    }),
};

/** `processTerminal`, and a line that shows where a run is now, where a person watches one. However the process ends, the line goes with it. */
export const liveTerminal = (env: Env): Terminal => {
  const { stderr } = process;
  if (!hasLiveLine(stderr, env)) return processTerminal;
  const line = liveLine(stderr, wallClock, (text) => style('gray', text, stderr));
  process.once('exit', line.close);
  return {
    ...processTerminal,
    out: (text) => line.around(() => processTerminal.out(text)),
    err: (text) => line.around(() => processTerminal.err(text)),
    live: line.show,
  };
};

/**
 * Only these escape sequences pass, and only where the terminal has colours: a style can neither hide text nor move the cursor.
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
// `hasColors` respects NO_COLOR, FORCE_COLOR and TERM=dumb.
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
 * A pipe may be closed (`| head`), and a disk may be full. Text that cannot be written does not fail a delivery (DESIGN §7 rule 13). The
 * error is remembered, for output that another command reads.
 */
export const outliveClosedPipes = (): void => {
  process.stdout.on('error', (error) => {
    broken ??= error;
  });
  // No third stream is left to report that standard error is closed.
  process.stderr.on('error', () => {});
};

/** Prints an error that has no other report: its sentence, and the stack for a bug report. */
export const printDefect = (error: unknown, { err }: Pick<Terminal, 'err'> = processTerminal): void => {
  const { outcome, reason, because } = failureOf(error);
  err(`${outcome}/${reason}: ${because}`);
  if (reason === 'internal-error' && error instanceof Error) err(error.stack ?? '');
};
