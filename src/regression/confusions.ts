import type { Confusion } from '../findings/regression.ts';
import { type Answers, absent, type PairedRows } from './rows.ts';

/** As many classes as a matrix on a page can have. */
const mostClasses = 12;

/** Both confusion matrices over the rows that both models answered, if with an error; undefined where there are no classes. */
export const confusionsOf = (rows: PairedRows): Confusion | undefined => {
  const { classes } = rows;
  if (classes.length === 0) return undefined;
  const whole = { candidate: countsOf(rows, rows.candidate), baseline: countsOf(rows, rows.baseline) };
  const kept = mostChanged(whole, classes.length);
  const others = kept.length < classes.length;
  const group = Int32Array.from({ length: classes.length }, () => kept.length);
  for (const [index, code] of kept.entries()) group[code] = index;
  const size = kept.length + (others ? 1 : 0);
  return {
    classes: [
      ...kept.map((code) => classes[code] ?? ''),
      ...(others ? [`${classes.length - kept.length} others`] : []),
    ],
    candidate: folded(whole.candidate, classes.length, group, size),
    baseline: folded(whole.baseline, classes.length, group, size),
  };
};

/** Sums of weights, `label × (classes + 1) + prediction`; the last column is no class. */
export const countsOf = (
  { size, classes, labels, weights, candidate, baseline }: PairedRows,
  answers: Answers,
): Float64Array => {
  const columns = classes.length + 1;
  const counts = new Float64Array(classes.length * columns);
  for (let row = 0; row < size; row++) {
    if (candidate.states[row] === absent || baseline.states[row] === absent) continue;
    const prediction = answers.predictions[row] ?? Number.NaN;
    const column = prediction >= 0 && prediction < classes.length ? prediction : classes.length;
    const cell = (labels[row] ?? 0) * columns + column;
    counts[cell] = (counts[cell] ?? 0) + (weights?.[row] ?? 1);
  }
  return counts;
};

/** Codes of the classes to show, rising: all, or those whose rows and columns differ most between the models. */
const mostChanged = (
  whole: { readonly candidate: Float64Array; readonly baseline: Float64Array },
  classes: number,
): number[] => {
  const codes = Array.from({ length: classes }, (_, code) => code);
  if (classes <= mostClasses) return codes;
  const columns = classes + 1;
  const changes = new Float64Array(columns);
  for (let cell = 0; cell < whole.candidate.length; cell++) {
    const change = Math.abs((whole.candidate[cell] ?? 0) - (whole.baseline[cell] ?? 0));
    for (const code of [Math.floor(cell / columns), cell % columns]) changes[code] = (changes[code] ?? 0) + change;
  }
  return codes
    .sort((one, other) => (changes[other] ?? 0) - (changes[one] ?? 0) || one - other)
    .slice(0, mostClasses - 1)
    .sort((one, other) => one - other);
};

const folded = (counts: Float64Array, classes: number, group: Int32Array, size: number): number[][] => {
  const table = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (let cell = 0; cell < counts.length; cell++) {
    const column = cell % (classes + 1);
    const line = table[group[Math.floor(cell / (classes + 1))] ?? 0];
    const at = column === classes ? size : (group[column] ?? 0);
    if (line) line[at] = (line[at] ?? 0) + (counts[cell] ?? 0);
  }
  return table.map((line) => [...line]);
};
