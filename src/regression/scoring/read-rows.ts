import { createHash } from 'node:crypto';
import type { Label, RegressionPolicy } from '../../manifest/regression.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Dataset } from '../comparison.ts';
import type { SliceRows } from '../rows.ts';
import type { ScoredRows } from '../scored-rows.ts';
import { answerColumns, missingKey, numberOf, textOf, type Values } from './answers.ts';
import { classTable } from './class-table.ts';
import { column } from './column.ts';
import { readRecords } from './records.ts';
import { type Row, RowProblem, type Written } from './row.ts';
import { codeColumn, sliceColumn } from './shared-columns.ts';
import { type TextTable, textTable } from './text-table.ts';

export interface PredictionFiles {
  readonly candidate: string;
  readonly baseline: string;
  /** Golden rows on this machine; their ids, labels and weights must be those of the predictions. */
  readonly dataset?: string;
}

/**
 * Two files of predictions, joined by `id`. Each row that cannot be used is named by file and line.
 * @throws {InputError} the first ten problems, one a line
 */
export const readRows = (policy: RegressionPolicy, files: PredictionFiles): ScoredRows => {
  const { task } = policy;
  const values: Values = {
    task,
    classes: classTable(policy.positive),
    texts: textTable(),
    normalization: policy.normalization,
  };
  const ids = textTable();
  const sides = { candidate: answerColumns(values), baseline: answerColumns(values) };
  const lines = { candidate: column('codes', 0), baseline: column('codes', 0), dataset: column('codes', 0) };
  const labels = column('numbers', Number.NaN);
  const weights = weightColumn();
  let keys: readonly string[] = [];
  /** Where a row was first seen. */
  const placeOf = (row: number): string => {
    const side = lines.candidate.at(row) > 0 ? 'candidate' : 'baseline';
    return `${files[side]}:${lines[side].at(row)}`;
  };
  const { cluster, group } = policy;
  const clusters = cluster === undefined ? undefined : codeColumn(cluster, 'cluster', placeOf);
  const groups = group === undefined ? undefined : codeColumn(group, 'group', placeOf);
  const slices = policy.slices.map((slice) => sliceColumn(slice, () => keys));
  const shared = [...slices, ...[clusters, groups].flatMap((one) => one ?? [])];

  const labelOf = (row: Row, written: Written): number => {
    const { label } = row;
    if (label === undefined || label === null) throw missingKey('label', row);
    if (task === 'text') return values.texts.add(textOf(label, 'label'));
    if (task === 'regression') return numberOf(label, 'label', written);
    if (task !== 'ranking') return values.classes.codeOf(label, 'label');
    const relevance = numberOf(label, 'label', written);
    if (relevance < 0) throw new RowProblem(`label: ${relevance} is below 0; a ranking's label is a relevance`);
    return relevance;
  };

  const takeRow = (of: keyof typeof lines, row: Row, line: number, written: Written): void => {
    const before = ids.size();
    const id = idOf(row);
    const at = ids.add(id);
    const former = lines[of].at(at);
    if (former > 0) throw new RowProblem(`id: ${quoted(id)} is there twice, also at line ${former}`);
    const label = labelOf(row, written);
    const weight = weights.of(row, written);
    if (at === before) {
      if (of === 'dataset') throw new RowProblem(`id: ${quoted(id)} is a row without predictions in both files`);
      labels.set(at, label);
      weights.set(at, weight);
      if (keys.length === 0) keys = Object.keys(row);
    } else {
      if (labels.at(at) !== label)
        throw new RowProblem(
          `label: ${quoted(row['label'])} differs from the one at ${placeOf(at)}, which has the same id ${quoted(id)}`,
        );
      if (weights.at(at) !== weight)
        throw new RowProblem(
          `weight: ${weight} differs from ${weights.at(at)} at ${placeOf(at)}, which has the same id ${quoted(id)}`,
        );
    }
    lines[of].set(at, line);
    if (of === 'dataset') return;
    for (const one of shared) one.take(at, row, written);
    sides[of].take(at, row, label, written);
  };

  const problems: string[] = [];
  for (const kind of ['candidate', 'baseline', 'dataset'] as const) {
    const path = files[kind];
    if (path === undefined) continue;
    readRecords(path, (row, line, written) => {
      try {
        takeRow(kind, row, line, written);
      } catch (error) {
        if (!(error instanceof RowProblem)) throw error;
        problems.push(`${path}:${line}: ${error.message}`);
        if (problems.length >= mostProblems) throw new InputError(problems.join('\n'));
      }
    });
  }
  if (problems.length > 0) throw new InputError(problems.join('\n'));
  const order = orderOf(ids);
  if (files.dataset !== undefined) refuseOthers(order, (row) => lines.dataset.at(row) > 0, placeOf, files.dataset);
  const { classes, codes } = values.classes.sorted();
  const isClass = task === 'binary-classification' || task === 'multiclass-classification';
  const orderedLabels = labels.ordered(order);
  if (isClass) for (let i = 0; i < orderedLabels.length; i++) orderedLabels[i] = codes[orderedLabels[i] ?? 0] ?? 0;
  const orderedWeights = weights.ordered(order);
  const valueAt = (number: number): Label =>
    isClass ? (classes[number] ?? '') : task === 'text' ? values.texts.at(number) : number;
  const dataset = datasetOf(ids, order, (row) => valueAt(orderedLabels[row] ?? 0), orderedWeights);
  const [candidate, baseline] = [sides.candidate.ordered(order, codes), sides.baseline.ordered(order, codes)];
  const rows = {
    task,
    size: order.length,
    classes: isClass ? classes.map(String) : [],
    labels: task === 'text' ? new Float64Array(order.length) : orderedLabels,
    candidate,
    baseline,
    slices: withNamed(
      slices.flatMap((one) => one.ordered(order)),
      policy,
    ),
    ...withoutUndefined({
      positive: policy.positive === undefined ? undefined : classes.indexOf(policy.positive),
      weights: orderedWeights,
      clusters: clusters?.ordered(order),
      groups: groups?.ordered(order),
    }),
  };
  return {
    rows,
    dataset,
    texts: {
      id: (row) => ids.at(order[row] ?? 0),
      label: (row) => String(valueAt(orderedLabels[row] ?? 0)),
      prediction: (row, of) => {
        const value = rows[of].predictions[row] ?? Number.NaN;
        return Number.isNaN(value) ? undefined : String(valueAt(value));
      },
    },
  };
};

const mostProblems = 10;

/** @throws {RowProblem} */
const idOf = (row: Row): string => {
  const { id } = row;
  if (id === undefined || id === null) throw missingKey('id', row);
  if (typeof id === 'string' && id !== '') return id;
  if (typeof id === 'number' && Number.isSafeInteger(id)) return String(id);
  throw new RowProblem(
    typeof id === 'number'
      ? `id: ${id} is not exact as a number; write it in quotes`
      : `id: ${quoted(id)} is not an id; expected text or a whole number`,
  );
};

/** Weights of rows: 1 where no row has one; all rows of both files have one, or none. */
const weightColumn = () => {
  const weights = column('numbers', 1);
  let [some, all] = [false, true];
  return {
    /** @throws {RowProblem} */
    of: (row: Row, written: Written): number => {
      const { weight } = row;
      const has = weight !== undefined && weight !== null;
      if (has ? !all : some)
        throw new RowProblem(`weight: ${has ? 'is new here' : 'is missing'}; either every row has one, or none`);
      some ||= has;
      all &&= has;
      if (!has) return 1;
      const number = numberOf(weight, 'weight', written);
      if (number <= 0) throw new RowProblem(`weight: ${number} is not above 0`);
      return number;
    },
    at: weights.at,
    set: weights.set,
    ordered: (order: Uint32Array): Float64Array | undefined => (some ? weights.ordered(order) : undefined),
  };
};

/** Row numbers in the order of their ids. */
const orderOf = (ids: TextTable): Uint32Array => {
  const order = Uint32Array.from({ length: ids.size() }, (_, row) => row);
  for (let row = 1; row < order.length; row++) if (ids.order(row - 1, row) > 0) return order.sort(ids.order);
  return order;
};

const refuseOthers = (
  order: Uint32Array,
  isKnown: (row: number) => boolean,
  placeOf: (row: number) => string,
  path: string,
): void => {
  const others = order.filter((row) => !isKnown(row));
  const [first] = others;
  if (first !== undefined)
    throw new InputError(
      `${placeOf(first)}: is a row that ${path} does not have${others.length > 1 ? `; ${others.length - 1} more are such` : ''}`,
    );
};

const rowsOfPiece = 4096;

/** SHA-256 of `["id",label,weight]` and a line feed for each row. */
const datasetOf = (
  ids: TextTable,
  order: Uint32Array,
  labelOf: (row: number) => Label,
  weights: Float64Array | undefined,
): Dataset => {
  const hash = createHash('sha256');
  let piece = '';
  for (let row = 0; row < order.length; row++) {
    piece += `[${JSON.stringify(ids.at(order[row] ?? 0))},${JSON.stringify(labelOf(row))},${weights?.[row] ?? 1}]\n`;
    if (row % rowsOfPiece !== rowsOfPiece - 1) continue;
    hash.update(piece);
    piece = '';
  }
  return { digest: `sha256:${hash.update(piece).digest('hex')}`, rows: order.length };
};

/** A slice that a rule names and no row has stays in sight, without rows. */
const withNamed = (slices: readonly SliceRows[], { rules }: RegressionPolicy): readonly SliceRows[] => {
  const known = new Set(slices.map(({ name }) => name));
  const missing = new Set(rules.flatMap(({ slice }) => (slice === undefined || known.has(slice) ? [] : [slice])));
  return [...slices, ...[...missing].map((name) => ({ name, rows: new Int32Array(0) }))];
};
