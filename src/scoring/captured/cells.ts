import { type Cells, csvLines } from '../../regression/scoring/csv.ts';

/** The lines of a body in CSV, without a header; undefined where it is no CSV. */
export const linesOf = (text: string): readonly Cells[] | undefined => {
  const lines: Cells[] = [];
  try {
    csvLines((cells) => lines.push(cells), refuse)(text, true);
    return lines;
  } catch (error) {
    if (error instanceof NotCsv) return undefined;
    throw error;
  }
};

/** Without the sentence: it would name a line of the body, and the body is one line of a file. */
class NotCsv extends Error {}

const refuse = () => (): never => {
  throw new NotCsv();
};

/**
 * The number that a text writes, if it keeps its value: `5.10` is 5.1. Undefined for `007`, which is a code, and for integers beyond 2^53,
 * which would become others.
 */
export const numberOf = (text: string): number | undefined => {
  const [written, fraction] = /^\s*-?(?:0|[1-9]\d*)((?:\.\d+)?(?:[eE][+-]?\d+)?)\s*$/.exec(text) ?? [];
  if (written === undefined) return undefined;
  const value = Number(written);
  return Number.isFinite(value) && (fraction !== '' || Number.isSafeInteger(value)) ? value : undefined;
};
