import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import { oneLine, withoutCommands } from '../plain-text.ts';
import { redacted } from '../secrets.ts';

/** The stream that may show the line, and its size. */
export type LiveStream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write' | 'on'>;

/** The last line of a terminal, which shows where a run is now. It is cleared before any other line and drawn again behind it. */
export interface LiveLine {
  /** @param text read again every second; undefined: this owner has nothing to show any more. @param owner of one part of the line */
  show(owner: string, text: (() => string) | undefined): void;
  /** Other lines: the line is not there while they are written. */
  around(write: () => void): void;
  /** No line comes any more. */
  close(): void;
}

/** Where lines are kept, a line that is rewritten would be a new one each second. */
export const hasLiveLine = (stream: Pick<LiveStream, 'isTTY'>, env: Env): boolean =>
  stream.isTTY && !(env['CI'] && env['CI'] !== 'false') && env['TERM'] !== 'dumb';

/**
 * @param clock rings each second; without an alarm the line changes only with its text
 * @param paint adds colours, which use no columns
 */
export const liveLine = (
  stream: LiveStream,
  clock: Pick<Clock, 'now' | 'alarm'>,
  paint: (text: string) => string = (text) => text,
): LiveLine => {
  const parts = new Map<string, () => string>();
  let drawn = '';
  // A terminal without a size reports zero.
  const width = (): number => stream.columns || 80;
  let closed = false;
  let silence: (() => void) | undefined;

  const clear = (): void => {
    if (drawn === '') return;
    // A terminal that became narrower has wrapped the line.
    const above = Math.ceil(columnsOf(drawn) / width()) - 1;
    stream.write(`${above > 0 ? `\u001b[${above}A` : ''}\r\u001b[J`);
    drawn = '';
  };
  const draw = (): void => {
    const whole = [...parts.values()]
      .map((text) => withoutCommands(redacted(oneLine(text()))).replace(/\t/g, ' '))
      .join(' | ');
    // In the last column a terminal would begin a new line.
    drawn = fitted(whole, width() - 1);
    if (drawn !== '') stream.write(paint(drawn));
  };
  const again = (): void => {
    silence?.();
    silence = undefined;
    clear();
    if (closed || parts.size === 0) return;
    draw();
    silence = clock.alarm?.(clock.now() + 1000, again);
  };
  stream.on('resize', again);
  return {
    show: (owner, text) => {
      if (text === undefined) parts.delete(owner);
      else parts.set(owner, text);
      again();
    },
    around: (write) => {
      clear();
      write();
      if (!closed && parts.size > 0) draw();
    },
    close: () => {
      closed = true;
      again();
    },
  };
};

/** At most as many columns; a line that is cut ends with `…`. */
const fitted = (text: string, columns: number): string => {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns) break;
    kept += character;
  }
  return columns < 1 ? '' : `${kept}…`;
};

/** From Hangul on a terminal may use two columns: a line that is too short does no harm. */
const columnsOf = (text: string): number =>
  [...text].reduce(
    (sum, character) => sum + ((character.codePointAt(0) ?? 0) >= 0x1100 && !isMark(character) ? 2 : 1),
    0,
  );

/** General punctuation and arrows: `…`, `→`. */
const isMark = (character: string): boolean => /[\u2000-\u2bff]/u.test(character);
