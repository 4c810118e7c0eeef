import type { Part } from '../../findings/comparison.ts';
import type { AnsweredRows } from '../rows.ts';

/** More classes make no table that is read. */
const mostClasses = 12;

/** Rows of each class, over all rows and in each slice; those without an answer too. */
export const partsOf = (rows: AnsweredRows): readonly Part[] => [
  { rows: rows.size, ...classesOf(rows, rows.labels) },
  ...rows.slices.map(({ name, rows: indexes }) => ({
    slice: name,
    rows: indexes.length,
    ...classesOf(
      rows,
      Float64Array.from(indexes, (row) => rows.labels[row] ?? 0),
    ),
  })),
];

const classesOf = ({ classes }: AnsweredRows, labels: Float64Array): Pick<Part, 'classes'> => {
  if (classes.length === 0 || classes.length > mostClasses) return {};
  const counts = new Float64Array(classes.length);
  // By index: an iterator makes an object for each of a million rows.
  for (let row = 0; row < labels.length; row++) counts[labels[row] ?? 0] = (counts[labels[row] ?? 0] ?? 0) + 1;
  return { classes: classes.map((name, code) => ({ name, rows: counts[code] ?? 0 })) };
};
