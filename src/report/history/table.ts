import { oneLine } from '../../plain-text.ts';

/** One row, and the sentences below it. Foreign text: it is shown on lines of its own. */
export interface Row {
  readonly cells: readonly string[];
  readonly below: readonly string[];
}

const indent = '  ';

/**
 * A table as lines; none without rows. Where it is wider than the terminal each cell gets a line of its own. Sentences are wrapped between words.
 * @param width undefined: no limit
 */
export const table = (heads: readonly string[], rows: readonly Row[], width?: number): readonly string[] => {
  if (rows.length === 0) return [];
  const shown = rows.map(({ cells, below }) => ({ cells: cells.map(oneLine), below: below.map(oneLine) }));
  const widths = heads.map((head, column) =>
    Math.max(lengthOf(head), ...shown.map(({ cells }) => lengthOf(cells[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    `${indent}${cells.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell))).join(indent)}`.trimEnd();
  const total = widths.reduce((sum, one) => sum + indent.length + one, 0);
  const sentences = (below: readonly string[]): readonly string[] =>
    below.flatMap((sentence) => wrapped(sentence, indent.repeat(2), width));
  return width !== undefined && total > width
    ? shown.flatMap(({ cells, below }) => [
        ...cells.flatMap((cell, column) =>
          cell === ''
            ? []
            : wrapped(
                `${heads[column] ? `${heads[column]}: ` : ''}${cell}`,
                column === 0 ? indent : indent.repeat(2),
                width,
              ),
        ),
        ...sentences(below),
      ])
    : [line(heads), ...shown.flatMap(({ cells, below }) => [line(cells), ...sentences(below)])];
};

/** A word that is longer than the line stays whole: a link can be followed. */
const wrapped = (text: string, margin: string, width: number | undefined): readonly string[] => {
  if (width === undefined) return [margin + text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && lengthOf(margin + longer) > width) {
      lines.push(margin + line);
      line = word;
    } else line = longer;
  }
  return [...lines, margin + line];
};

const lengthOf = (text: string): number => [...text].length;
