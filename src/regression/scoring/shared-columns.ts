import type { Label, Slice } from '../../manifest/regression.ts';
import { sliceOfValue } from '../../manifest/slices.ts';
import { suggest } from '../../manifest/suggest.ts';
import { keyOf, quoted } from '../../secrets.ts';
import type { Codes, SliceRows } from '../rows.ts';
import { byValue } from './class-table.ts';
import { column } from './column.ts';
import { holds, memberOf, truthOf, unknown } from './condition.ts';
import { type Row, RowProblem, type Written } from './row.ts';
import { RowsError } from './rows-error.ts';
import { textTable } from './text-table.ts';

/** A fact of the rows themselves, not of a model: both files must agree where both have it. */
export interface SharedColumn<Ordered> {
  /** @throws {RowProblem} */
  readonly take: (at: number, row: Row, written: Written) => void;
  readonly ordered: (order: Uint32Array) => Ordered;
}

const unset = -1;

/** The column of clusters, or of queries: a code for each of its values; every row has one. */
export const codeColumn = (
  name: string,
  key: 'cluster' | 'group',
  placeOf: (row: number) => string,
): SharedColumn<Codes> => {
  const values = textTable();
  const codes = column('codes', unset);
  return {
    take: (at, row, written) => {
      const value = memberOf(row, name, written);
      if (value === undefined) return;
      const [code, before] = [values.add(String(value)), codes.at(at)];
      if (before !== unset && before !== code) throw differs(name);
      codes.set(at, code);
    },
    ordered: (order) => {
      const of = codes.orderedCodes(order);
      const without = of.indexOf(unset);
      if (without >= 0)
        throw new RowsError(
          'policy',
          `${placeOf(order[without] ?? 0)}: ${keyOf(name)}: is missing; the policy's \`${key}\` needs it in every row`,
        );
      return { of, count: values.size() };
    },
  };
};

/** Without the values: a customer's number, say, belongs into no log. */
const differs = (name: string): RowProblem =>
  new RowProblem(`${keyOf(name)}: differs from the row with the same id in the other file`);

/** The slices of one entry of the policy. */
export const sliceColumn = (slice: Slice, keysOfFirst: () => readonly string[]): SharedColumn<readonly SliceRows[]> =>
  slice.is === 'column' ? valueSlices(slice.column, keysOfFirst) : conditionSlice(slice, keysOfFirst);

/** More slices than this are more than a report shows. */
const mostValues = 100;

const valueSlices = (name: string, keysOfFirst: () => readonly string[]): SharedColumn<readonly SliceRows[]> => {
  const codes = column('codes', unset);
  const known = new Map<Label, number>();
  return {
    take: (at, row, written) => {
      const value = memberOf(row, name, written);
      if (value === undefined) return;
      let code = known.get(value);
      if (code === undefined) {
        code = known.size;
        if (code >= mostValues)
          throw new RowProblem(
            `${keyOf(name)}: has more than ${mostValues} values; write conditions instead of a slice for each`,
          );
        known.set(value, code);
      }
      const before = codes.at(at);
      if (before !== unset && before !== code) throw differs(name);
      codes.set(at, code);
    },
    ordered: (order) => {
      if (known.size === 0) throw noRowHas([name], keysOfFirst());
      const of = codes.orderedCodes(order);
      return [...known]
        .sort(([one], [other]) => byValue(one, other))
        .map(([value, code]) => ({ name: sliceOfValue(name, value), rows: rowsWhere(of, code) }));
    },
  };
};

const conditionSlice = (
  { condition, text }: Extract<Slice, { readonly is: 'condition' }>,
  keysOfFirst: () => readonly string[],
): SharedColumn<readonly SliceRows[]> => {
  const truths = column('flags', unknown);
  let someKnown = false;
  return {
    take: (at, row, written) => {
      const truth = truthOf(condition, row, written);
      if (truth === unknown) return;
      someKnown = true;
      const before = truths.at(at);
      if (before !== unknown && before !== truth) throw new RowProblem(`${text}: holds in one file only`);
      truths.set(at, truth);
    },
    ordered: (order) => {
      if (!someKnown) throw noRowHas([text], keysOfFirst());
      return [{ name: text, rows: rowsWhere(truths.orderedCodes(order), holds) }];
    },
  };
};

const rowsWhere = (codes: Int32Array, code: number): Int32Array => {
  let count = 0;
  for (const one of codes) if (one === code) count++;
  const rows = new Int32Array(count);
  let at = 0;
  for (let row = 0; row < codes.length; row++) if (codes[row] === code) rows[at++] = row;
  return rows;
};

const noRowHas = ([name = '']: readonly string[], keys: readonly string[]): RowsError => {
  const nearest = suggest(name, keys);
  return new RowsError(
    'policy',
    `slices: no row has what ${quoted(name)} needs; ${nearest === undefined ? `rows have ${keys.slice(0, 20).map(keyOf).join(', ')}` : `is ${keyOf(nearest)} meant?`}`,
  );
};
