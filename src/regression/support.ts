import { counted, percent } from '../judge/amounts.ts';
import type { RegressionPolicy } from '../manifest/regression.ts';
import { present } from './evidence/units.ts';
import type { Measure } from './measure.ts';
import type { AnsweredRows } from './rows.ts';
import { countedUnits } from './units.ts';

/** The rows that a cell rests on. */
export interface Support {
  readonly rows: number;
  readonly clusters?: number;
  /** Of a ranking without clusters, where the measure draws queries. */
  readonly queries?: number;
  /** Rows of the rarest class that the measure needs; all rows, where it needs none. */
  readonly rarest: number;
  /** Too few for a decision: the reason, and the rows (clusters, queries) that would be enough; null where rows of this kind are not seen at all. */
  readonly lacking?: { readonly because: string; readonly needed: number | null };
}

/**
 * @param rows that the measure can compare
 * @param before rows of the whole or the slice, with those that lack an answer
 */
export const supportOf = (
  { minimumSupport, missing }: Pick<RegressionPolicy, 'minimumSupport' | 'missing'>,
  measure: Measure,
  rows: AnsweredRows,
  before: number,
): Support => {
  const clusters = rows.clusters && present(rows.clusters).count;
  const classes = measure.classes.map((code) => ({ code, count: countOf(rows.labels, code) }));
  const rarest = classes.reduce((least, { count }) => Math.min(least, count), rows.size);
  const short = classes.find(({ count }) => count < minimumSupport.rowsOfClass);
  const queries = clusters === undefined ? queriesOf(measure, rows) : undefined;
  const drawn = { ...(clusters === undefined ? {} : { clusters }), ...(queries === undefined ? {} : { queries }) };
  const units = clusters ?? queries ?? rows.size;
  const times = (enough: number, count: number): number | null =>
    count === 0 ? null : Math.ceil((units * enough) / count);
  const share = (before - rows.size) / before;
  const reasons = [
    before === 0 && { because: 'no row', needed: null },
    before > 0 &&
      share > missing && {
        because: `${counted(before - rows.size, 'row')} of ${before} without an answer${rows.baseline === undefined ? '' : ' of both models'} (${percent(share)}), tolerated: ${percent(missing)}`,
        needed: null,
      },
    rows.size < minimumSupport.rows && {
      because: `${counted(rows.size, 'row')}, at least ${minimumSupport.rows}`,
      needed: times(minimumSupport.rows, rows.size),
    },
    short && {
      because: `${counted(short.count, 'row')} of class ${rows.classes[short.code]}, at least ${minimumSupport.rowsOfClass}`,
      needed: times(minimumSupport.rowsOfClass, short.count),
    },
    // What is drawn must be as many as rows must be: the spread of a few clusters is a guess, however many rows they have.
    units < minimumSupport.rows && {
      because: `${countedUnits(units, drawn)}, at least ${minimumSupport.rows}`,
      needed: minimumSupport.rows,
    },
  ];
  const lacking = reasons.find((reason) => typeof reason === 'object');
  return {
    rows: rows.size,
    rarest,
    ...drawn,
    ...(lacking && { lacking }),
  };
};

/** A proportion of rows counts each row of a query. */
const queriesOf = ({ shape }: Measure, { groups }: AnsweredRows): number | undefined =>
  groups === undefined || shape.is === 'proportion' ? undefined : present(groups).count;

const countOf = (labels: Float64Array, code: number): number => {
  let count = 0;
  // By index: an iterator makes an object for each of a million rows.
  for (let row = 0; row < labels.length; row++) if (labels[row] === code) count++;
  return count;
};
