import { EventEmitter } from 'node:events';
import type { LiveStream } from '../../src/hosts/live-line.ts';

const introducer = '\u001b';
const sequence = new RegExp(`^${introducer}\\[(\\d*)([A-Za-z])$`);
const parts = new RegExp(`${introducer}\\[\\d*[A-Za-z]|[\r\n]|[^${introducer}\r\n]+`, 'g');

/**
 * A terminal that understands the few sequences that this suite writes, and refuses all others: carriage return, erase below, cursor up,
 * SGR. Rows wrap at the width, and a resize wraps them again from their beginning, as common terminals do.
 */
export const fakeScreen = (columns: number) => {
  const events = new EventEmitter();
  /** Whole lines as written; the last one holds the cursor, at the row `up` rows above its end. */
  const lines = [''];
  let up = 0;
  let atStart = false;
  const stream = { isTTY: true, columns } as { isTTY: true; columns: number };
  const rowsOf = (line: string): string[] => {
    return Array.from({ length: Math.max(1, Math.ceil(line.length / stream.columns)) }, (_, row) =>
      line.slice(row * stream.columns, (row + 1) * stream.columns),
    );
  };
  const put = (text: string): void => {
    if (atStart) throw new Error(`${JSON.stringify(text)} is written over another text`);
    lines.push((lines.pop() ?? '') + text);
  };
  const erase = (): void => {
    const last = lines.pop() ?? '';
    lines.push(
      atStart
        ? rowsOf(last)
            .slice(0, -1 - up)
            .join('')
        : last,
    );
    [up, atStart] = [0, false];
  };
  const write = (text: string): boolean => {
    for (const [part] of text.matchAll(parts)) {
      const [, count, command] = sequence.exec(part) ?? [];
      if (part === '\n') {
        lines.push('');
        atStart = false;
      } else if (part === '\r') atStart = true;
      else if (command === 'J') erase();
      else if (command === 'A') up = Number(count);
      else if (part.startsWith(introducer) && command !== 'm')
        throw new Error(`unknown sequence ${JSON.stringify(part)}`);
      else if (command === undefined) put(part);
    }
    return true;
  };
  return {
    stream: Object.assign(stream, { write, on: events.on.bind(events) }) as unknown as LiveStream,
    write,
    /** The rows from the top, without an empty last one. */
    rows: (): readonly string[] => {
      const rows = lines.flatMap(rowsOf);
      return rows.at(-1) === '' ? rows.slice(0, -1) : rows;
    },
    resize: (to: number): void => {
      stream.columns = to;
      events.emit('resize');
    },
  };
};
