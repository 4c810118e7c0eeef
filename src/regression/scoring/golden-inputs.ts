import { createHash } from 'node:crypto';
import type { Duplicates } from '../../findings/comparison.ts';
import { column } from './column.ts';
import type { Row } from './row.ts';
import { textTable } from './text-table.ts';

/** What the golden rows ask a model: rows that ask the same are duplicates, and in conflict where their labels differ. */
export interface GoldenInputs {
  readonly take: (at: number, row: Row) => void;
  /** Undefined where no row has an input. @param order rows in the order of ids */
  readonly duplicates: (
    order: Uint32Array,
    labelOf: (row: number) => number,
    idOf: (row: number) => string,
  ) => Duplicates | undefined;
}

/** Facts of a row. */
const facts: ReadonlySet<string> = new Set(['id', 'label', 'weight']);
/** A row that has one is a prediction, and its columns are those of slices. */
const answers = ['prediction', 'score', 'error'];
const noInput = -1;
const mostExamples = 5;
const mostIds = 5;

/**
 * @param columns those that the model gets; all others than the facts of the row, where they are not known
 * @param ofPolicy columns of slices, clusters and queries: rows that have no others do not show what the model gets
 */
export const goldenInputs = (columns: readonly string[] | undefined, ofPolicy: ReadonlySet<string>): GoldenInputs => {
  // A digest in place of the input: a million long rows would not fit in memory.
  const inputs = textTable();
  const codes = column('codes', noInput);
  return {
    take: (at, row) => {
      const names = columns ?? columnsOf(row, ofPolicy);
      if (names.length === 0) return;
      const values = [...names].sort().map((name) => [name, row[name] ?? null]);
      codes.set(at, inputs.add(createHash('sha256').update(JSON.stringify(values)).digest().toString('latin1', 0, 16)));
    },
    duplicates: (order, labelOf, idOf) => {
      if (inputs.size() === 0) return undefined;
      const count = new Uint32Array(inputs.size());
      const first = new Float64Array(inputs.size());
      const conflicts = new Uint8Array(inputs.size());
      for (const row of order) {
        const code = codes.at(row);
        if (code === noInput) continue;
        const before = count[code] ?? 0;
        if (before === 0) first[code] = labelOf(row);
        else if (first[code] !== labelOf(row)) conflicts[code] = 1;
        count[code] = before + 1;
      }
      const found = { rows: 0, inputs: 0, conflicts: 0 };
      for (const [code, times] of count.entries()) {
        if (times < 2) continue;
        found.rows += times;
        found.inputs++;
        if (conflicts[code] === 1) found.conflicts++;
      }
      return { ...found, examples: found.inputs === 0 ? [] : examples(order, codes.at, count, conflicts, idOf) };
    },
  };
};

const columnsOf = (row: Row, ofPolicy: ReadonlySet<string>): readonly string[] => {
  const names = Object.keys(row).filter((name) => !facts.has(name));
  return answers.some((name) => name in row) || names.every((name) => ofPolicy.has(name)) ? [] : names;
};

/** Conflicts first. */
const examples = (
  order: Uint32Array,
  codeOf: (row: number) => number,
  count: Uint32Array,
  conflicts: Uint8Array,
  idOf: (row: number) => string,
): readonly (readonly string[])[] => {
  const ids = new Map<number, string[]>();
  for (const wanted of [1, 0])
    for (const row of order) {
      const code = codeOf(row);
      if (code === noInput || (count[code] ?? 0) < 2 || conflicts[code] !== wanted) continue;
      const known = ids.get(code) ?? [];
      if (known.length === 0 && ids.size >= mostExamples) continue;
      if (known.length < mostIds) known.push(idOf(row));
      ids.set(code, known);
    }
  return [...ids.values()];
};
