import type { Confusion } from '../findings/regression.ts';
import { comparedRows } from './compared.ts';
import { confusionTable } from './confusion.ts';
import type { ConfusionTable } from './measure.ts';
import type { AnsweredRows } from './rows.ts';

/** As many classes as a matrix on a page can have. */
const mostClasses = 12;

/** The confusion matrices over the rows that each model answered; undefined where there are no classes. */
export const confusionsOf = (rows: AnsweredRows): Confusion | undefined => {
  const { classes } = rows;
  if (classes.length === 0) return undefined;
  const compared = comparedRows(rows);
  const candidate = confusionTable(compared, compared.candidate);
  const baseline = compared.baseline && confusionTable(compared, compared.baseline);
  const kept = mostChanged(candidate, baseline);
  const others = classes.length - kept.length;
  const group = new Int32Array(classes.length).fill(kept.length);
  for (const [index, code] of kept.entries()) group[code] = index;
  const size = kept.length + (others > 0 ? 1 : 0);
  return {
    classes: [...kept.map((code) => classes[code] ?? ''), ...(others > 0 ? [`${others} others`] : [])],
    candidate: folded(candidate, group, size),
    ...(baseline && { baseline: folded(baseline, group, size) }),
  };
};

/**
 * Codes of the classes to show, rising: all, or those whose rows and columns differ most between the models. Of a candidate alone, those with
 * most wrong answers.
 */
const mostChanged = (candidate: ConfusionTable, baseline: ConfusionTable | undefined): readonly number[] => {
  const { classes } = candidate;
  const codes = Array.from({ length: classes }, (_, code) => code);
  if (classes <= mostClasses) return codes;
  const columns = classes + 1;
  const changes = new Float64Array(columns);
  for (const [cell, count] of candidate.cells.entries()) {
    const [label, prediction] = [Math.floor(cell / columns), cell % columns];
    const wrong = label === prediction ? 0 : count;
    const change = baseline === undefined ? wrong : Math.abs(count - (baseline.cells[cell] ?? 0));
    for (const code of [label, prediction]) changes[code] = (changes[code] ?? 0) + change;
  }
  return codes
    .toSorted((one, other) => (changes[other] ?? 0) - (changes[one] ?? 0))
    .slice(0, mostClasses - 1)
    .sort((one, other) => one - other);
};

/** @param group the class shown for each class */
const folded = (
  { classes, cells }: ConfusionTable,
  group: Int32Array,
  size: number,
): readonly (readonly number[])[] => {
  const table = Array.from({ length: size }, () => new Array<number>(size + 1).fill(0));
  for (const [cell, count] of cells.entries()) {
    const prediction = cell % (classes + 1);
    const line = table[group[Math.floor(cell / (classes + 1))] ?? 0];
    const column = prediction === classes ? size : (group[prediction] ?? 0);
    if (line) line[column] = (line[column] ?? 0) + count;
  }
  return table;
};
