import { columnOf } from '../confusion.ts';
import type { ConfusionTable, Shape } from '../measure.ts';
import type { AnsweredRows, Answers } from '../rows.ts';
import type { Resampled } from '../statistics/bootstrap.ts';
import { type Asked, answerTo } from './question.ts';
import type { Units } from './units.ts';

type Table = Extract<Shape, { readonly is: 'table' }>;

/** Cells of label × candidate's answer × baseline's answer that have rows, or might: two numbers, the places in the two models' tables. */
interface Cells {
  readonly count: number;
  readonly candidate: Int32Array;
  readonly baseline: Int32Array;
  /** Cell of each row. */
  readonly of: Int32Array;
}

/**
 * A function of the confusion matrix. Rows of one cell are alike, so the numbers of rows in the cells are drawn, in place of the rows: exact
 * at every size. Clusters are drawn as wholes.
 *
 * Each class has one row more that the candidate alone has right, and one that the baseline alone has right. Without them a set in which no
 * row of a rare class differs would prove that none ever does. (Bonett and Price, Statistics in Medicine 31, 2012, for two proportions.)
 */
export const resampledTable = (asked: Asked, units: Units, shape: Table): Resampled => {
  const { rows } = asked;
  const cells = cellsOf(rows);
  const value = valueOfCells(asked, shape, cells);
  if (rows.clusters === undefined) {
    const counts = countsOf(rows, cells);
    return { counts, value, influences: derivatives(value, counts, workOf(rows)), hasUnseen: true };
  }
  return clustered(value, cells, partsOf(rows, cells, units.of, units.count), units.count, workOf(rows));
};

const cellsOf = (rows: AnsweredRows): Cells => {
  const classes = rows.classes.length;
  const columns = classes + 1;
  const numbers = new Map<number, number>();
  const candidate: number[] = [];
  const baseline: number[] = [];
  const cellOf = (label: number, candidateColumn: number, baselineColumn: number): number => {
    const key = (label * columns + candidateColumn) * columns + baselineColumn;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const cell = candidate.length;
    numbers.set(key, cell);
    candidate.push(label * columns + candidateColumn);
    baseline.push(label * columns + baselineColumn);
    return cell;
  };
  // The value of one model alone never looks at the second table.
  const models = { candidate: rows.candidate, baseline: rows.baseline ?? rows.candidate };
  const columnIn = ({ predictions }: Answers, row: number): number => columnOf(predictions[row] ?? Number.NaN, classes);
  const wrong = commonestErrors(rows, [models.candidate, models.baseline]);
  // The cells of a swapped pair have the same numbers, and so the same draws: its interval is the mirror image. Hence one model is the first
  // whichever is the candidate: the one with the smaller column in the first row in which they differ.
  const differing = rows.labels.findIndex(
    (_, row) => columnIn(models.candidate, row) !== columnIn(models.baseline, row),
  );
  const isFirst = columnIn(models.candidate, differing) < columnIn(models.baseline, differing);
  for (let label = 0; label < classes; label++) {
    const other = wrong[label] ?? classes;
    const alone = [[label, other] as const, [other, label] as const];
    for (const [ofCandidate, ofBaseline] of isFirst ? alone : alone.reverse()) cellOf(label, ofCandidate, ofBaseline);
  }
  const of = new Int32Array(rows.size);
  for (let row = 0; row < rows.size; row++)
    of[row] = cellOf(rows.labels[row] ?? 0, columnIn(models.candidate, row), columnIn(models.baseline, row));
  return { count: candidate.length, candidate: Int32Array.from(candidate), baseline: Int32Array.from(baseline), of };
};

/** For each class the wrong answer that its rows get most often, of either model. */
const commonestErrors = ({ classes, size, labels }: AnsweredRows, models: readonly Answers[]): Int32Array => {
  const columns = classes.length + 1;
  const seen = new Float64Array(classes.length * columns);
  for (const { predictions } of models)
    for (let row = 0; row < size; row++) {
      const place = (labels[row] ?? 0) * columns + columnOf(predictions[row] ?? Number.NaN, classes.length);
      seen[place] = (seen[place] ?? 0) + 1;
    }
  return Int32Array.from(classes, (_, label) => {
    let commonest = classes.length === 1 ? 1 : (label + 1) % classes.length;
    for (let column = 0; column < columns; column++)
      if (column !== label && (seen[label * columns + column] ?? 0) > (seen[label * columns + commonest] ?? 0))
        commonest = column;
    return commonest;
  });
};

/** Rows of each cell, by weights as so many rows of equal weight, and the one more of each class and direction. */
const countsOf = (rows: AnsweredRows, cells: Cells): Float64Array => {
  const counts = new Float64Array(cells.count);
  let all = 0;
  let squares = 0;
  for (let row = 0; row < rows.size; row++) {
    const weight = rows.weights?.[row] ?? 1;
    const cell = cells.of[row] ?? 0;
    counts[cell] = (counts[cell] ?? 0) + weight;
    all += weight;
    squares += weight * weight;
  }
  const present = presentClasses(rows);
  return counts.map((count, cell) => (count * all) / squares + extraOf(cell, present));
};

/** The first cells are the two of each class; a class without rows has none. */
const extraOf = (cell: number, present: Uint8Array): number => present[cell >> 1] ?? 0;

const presentClasses = ({ classes, size, labels }: AnsweredRows): Uint8Array => {
  const present = new Uint8Array(classes.length);
  for (let row = 0; row < size; row++) present[labels[row] ?? 0] = 1;
  return present;
};

const valueOfCells = (asked: Asked, shape: Table, cells: Cells): ((counts: Float64Array) => number | null) => {
  const { classes, positive } = asked.rows;
  const tableOf = (): ConfusionTable => ({
    classes: classes.length,
    ...(positive === undefined ? {} : { positive }),
    cells: new Float64Array(classes.length * (classes.length + 1)),
  });
  const candidate = tableOf();
  const baseline = tableOf();
  const metricOf = (table: ConfusionTable, places: Int32Array, counts: Float64Array): number | null => {
    // The places alone: with many classes most of the table stays empty.
    for (const place of places) table.cells[place] = 0;
    for (let cell = 0; cell < places.length; cell++) {
      const place = places[cell] ?? 0;
      table.cells[place] = (table.cells[place] ?? 0) + (counts[cell] ?? 0);
    }
    const value = shape.of(table);
    return value !== null && Number.isFinite(value) ? value : null;
  };
  return (counts) =>
    answerTo(asked, metricOf(candidate, cells.candidate, counts), () => metricOf(baseline, cells.baseline, counts));
};

/** Relative to all rows. */
const step = 1e-6;

/** Entries of the two tables, which every value walks through. */
const workOf = ({ classes }: AnsweredRows): number => 2 * classes.length * (classes.length + 1);

/**
 * With some hundreds of classes the derivatives would take longer than all drawn sets. Without them the interval is corrected for bias alone,
 * as each cell then matters little.
 */
const mostWork = 1e9;

const derivatives = (
  value: (counts: Float64Array) => number | null,
  counts: Float64Array,
  work: number,
): Float64Array => {
  if (counts.length * work > mostWork) return new Float64Array(counts.length);
  const width = step * counts.reduce((sum, count) => sum + count, 0);
  const moved = counts.slice();
  return counts.map((count, cell) => {
    moved[cell] = count + width;
    const up = value(moved);
    moved[cell] = Math.max(0, count - width);
    const down = value(moved);
    moved[cell] = count;
    return up === null || down === null ? 0 : (up - down) / (width + Math.min(count, width));
  });
};

/** The weight that each unit has in each cell, as a list: most units have rows in few cells. */
interface Parts {
  readonly unit: Int32Array;
  readonly cell: Int32Array;
  readonly weight: Float64Array;
}

const partsOf = (rows: AnsweredRows, cells: Cells, unitOf: Int32Array, units: number): Parts => {
  const places = new Map<number, number>();
  const unit: number[] = [];
  const cell: number[] = [];
  const weight: number[] = [];
  const add = (ofUnit: number, ofCell: number, amount: number): void => {
    const key = ofUnit * cells.count + ofCell;
    const place = places.get(key) ?? unit.length;
    if (place === unit.length) {
      places.set(key, place);
      unit.push(ofUnit);
      cell.push(ofCell);
      weight.push(0);
    }
    weight[place] = (weight[place] ?? 0) + amount;
  };
  let all = 0;
  for (let row = 0; row < rows.size; row++) {
    add(unitOf[row] ?? 0, cells.of[row] ?? 0, rows.weights?.[row] ?? 1);
    all += rows.weights?.[row] ?? 1;
  }
  // One more unit for each class and direction, of the mean weight of a row.
  const present = presentClasses(rows);
  for (let extra = 0; extra < 2 * present.length; extra++)
    if (extraOf(extra, present) > 0) add(units + extra, extra, all / rows.size);
  return { unit: Int32Array.from(unit), cell: Int32Array.from(cell), weight: Float64Array.from(weight) };
};

const clustered = (
  value: (counts: Float64Array) => number | null,
  cells: Cells,
  { unit, cell, weight }: Parts,
  clusters: number,
  work: number,
): Resampled => {
  const units = unit.reduce((largest, one) => Math.max(largest, one + 1), clusters);
  const once = new Float64Array(units).fill(1);
  const inCells = new Float64Array(cells.count);
  const countsFor = (multiplicities: Float64Array): Float64Array => {
    inCells.fill(0);
    for (let part = 0; part < weight.length; part++) {
      const place = cell[part] ?? 0;
      inCells[place] = (inCells[place] ?? 0) + (multiplicities[unit[part] ?? 0] ?? 0) * (weight[part] ?? 0);
    }
    return inCells;
  };
  const byCell = derivatives(value, countsFor(once).slice(), work);
  const influences = new Float64Array(units);
  for (let part = 0; part < weight.length; part++)
    influences[unit[part] ?? 0] =
      (influences[unit[part] ?? 0] ?? 0) + (weight[part] ?? 0) * (byCell[cell[part] ?? 0] ?? 0);
  return { counts: once, value: (multiplicities) => value(countsFor(multiplicities)), influences, hasUnseen: true };
};
