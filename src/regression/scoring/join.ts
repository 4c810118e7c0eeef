import type { RegressionPolicy } from '../../manifest/regression.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import type { Codes, SliceRows } from '../rows.ts';
import { type AnswerColumns, answerColumns, missingKey, numberOf, textOf, type Values } from './answers.ts';
import { classTable } from './class-table.ts';
import { type Column, column } from './column.ts';
import { readRecords } from './records.ts';
import { type Row, RowProblem, type Written } from './row.ts';
import { RowsError } from './rows-error.ts';
import { codeColumn, type SharedColumn, sliceColumn } from './shared-columns.ts';
import { type TextTable, textTable } from './text-table.ts';

export interface PredictionFiles {
  readonly candidate: string;
  readonly baseline: string;
  /** Golden rows on this machine; their ids, labels and weights must be those of the predictions. */
  readonly dataset?: string;
}

/** The columns of both files; a row's number is that of its id. */
export interface Joined {
  readonly values: Values;
  readonly ids: TextTable;
  readonly candidate: AnswerColumns;
  readonly baseline: AnswerColumns;
  readonly labels: Column;
  readonly weights: Weights;
  readonly clusters: SharedColumn<Codes> | undefined;
  readonly groups: SharedColumn<Codes> | undefined;
  /** One for each entry of the policy. */
  readonly slices: readonly SharedColumn<readonly SliceRows[]>[];
  /** File and line where a row was first seen. */
  readonly placeOf: (row: number) => string;
  readonly isInDataset: (row: number) => boolean;
  /** Frees everything that only error messages need. */
  readonly forgetPlaces: () => void;
}

const kinds = ['candidate', 'baseline', 'dataset'] as const;
type Kind = (typeof kinds)[number];
const mostProblems = 10;

/** @throws {RowsError} the first ten rows of a file that cannot be used, one a line */
export const joinFiles = (policy: RegressionPolicy, files: PredictionFiles): Joined => {
  const { joined, take } = joining(policy, files);
  for (const kind of kinds) {
    const path = files[kind];
    if (path !== undefined) readFile(kind, path, take);
  }
  return joined;
};

const readFile = (kind: Kind, path: string, take: Take): void => {
  const problems: string[] = [];
  try {
    readRecords(path, (row, line, written) => {
      try {
        take(kind, row, line, written);
      } catch (error) {
        if (!(error instanceof RowProblem)) throw error;
        problems.push(`${path}:${line}: ${error.message}`);
        if (problems.length >= mostProblems) throw new InputError('');
      }
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Rows before the broken one have problems of their own.
    throw new RowsError(kind, [...problems, error.message].filter((line) => line !== '').join('\n'));
  }
  if (problems.length > 0) throw new RowsError(kind, problems.join('\n'));
};

type Take = (kind: Kind, row: Row, line: number, written: Written) => void;

const joining = (
  { task, positive, normalization, cluster, group, ...policy }: RegressionPolicy,
  files: PredictionFiles,
): { readonly joined: Joined; readonly take: Take } => {
  const values: Values = { task, classes: classTable(positive), texts: textTable(), normalization };
  const ids = textTable();
  const [candidate, baseline] = [answerColumns(values), answerColumns(values)];
  const lines = { candidate: column('codes', 0), baseline: column('codes', 0), dataset: column('codes', 0) };
  const labels = column('numbers', Number.NaN);
  const weights = weightColumn();
  let keys: readonly string[] = [];
  const placeOf = (row: number): string => {
    const side = lines.candidate.at(row) > 0 ? 'candidate' : 'baseline';
    return `${files[side]}:${lines[side].at(row)}`;
  };
  const clusters = cluster === undefined ? undefined : codeColumn(cluster, 'cluster', placeOf);
  const groups = group === undefined ? undefined : codeColumn(group, 'group', placeOf);
  const slices = policy.slices.map((slice) => sliceColumn(slice, () => keys));
  const shared = [...slices, ...[clusters, groups].flatMap((one) => one ?? [])];

  /** Compares what both files say of the row itself, or keeps it. */
  const keepLabel = (at: number, isNew: boolean, id: string, row: Row, written: Written): number => {
    const label = labelOf(values, row, written);
    const weight = weights.of(row, written);
    if (isNew) {
      labels.set(at, label);
      weights.set(at, weight);
      return label;
    }
    const same = (): string => `at ${placeOf(at)}, which has the same id ${quoted(id)}`;
    if (labels.at(at) !== label)
      throw new RowProblem(`label: ${task === 'text' ? 'it' : quoted(row['label'])} differs from the one ${same()}`);
    if (weights.at(at) !== weight) throw new RowProblem(`weight: ${weight} differs from ${weights.at(at)} ${same()}`);
    return label;
  };

  return {
    joined: {
      ...{ values, ids, candidate, baseline, labels, weights, clusters, groups, slices, placeOf },
      isInDataset: (row) => lines.dataset.at(row) > 0,
      forgetPlaces: () => {
        for (const kind of kinds) lines[kind].free();
      },
    },
    take: (kind, row, line, written) => {
      const size = ids.size();
      const id = idOf(row);
      const at = ids.add(id);
      const isNew = at === size;
      const former = lines[kind].at(at);
      if (former > 0) throw new RowProblem(`id: ${quoted(id)} is there twice, also at line ${former}`);
      if (isNew && kind === 'dataset') throw new RowProblem(`id: ${quoted(id)} has no prediction in either file`);
      if (keys.length === 0) keys = Object.keys(row);
      const label = keepLabel(at, isNew, id, row, written);
      lines[kind].set(at, line);
      if (kind === 'dataset') return;
      for (const one of shared) one.take(at, row, written);
      (kind === 'candidate' ? candidate : baseline).take(at, row, label, written);
    },
  };
};

/** @throws {RowProblem} */
const labelOf = ({ task, texts, classes }: Values, row: Row, written: Written): number => {
  const { label } = row;
  if (label === undefined || label === null) throw missingKey('label', row);
  if (task === 'text') return texts.add(textOf(label, 'label'));
  if (task === 'regression') return numberOf(label, 'label', written);
  if (task !== 'ranking') return classes.codeOf(label, 'label');
  const relevance = numberOf(label, 'label', written);
  if (relevance < 0) throw new RowProblem(`label: ${relevance} is below 0; the label of a ranking is a relevance`);
  return relevance;
};

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

interface Weights {
  /** @throws {RowProblem} */
  readonly of: (row: Row, written: Written) => number;
  readonly at: (row: number) => number;
  readonly set: (row: number, weight: number) => void;
  /** Undefined where no row has a weight. */
  readonly ordered: (order: Uint32Array) => Float64Array | undefined;
}

/** 1 where no row has a weight; every row of both files has one, or none. */
const weightColumn = (): Weights => {
  const weights = column('numbers', 1);
  let [some, none] = [false, false];
  return {
    of: (row, written) => {
      const { weight } = row;
      const has = weight !== undefined && weight !== null;
      if (has ? none : some)
        throw new RowProblem(
          has ? 'weight: the rows before this one have none' : 'weight: is missing; the rows before this one have one',
        );
      if (has) some = true;
      else none = true;
      if (!has) return 1;
      const number = numberOf(weight, 'weight', written);
      if (number <= 0) throw new RowProblem(`weight: ${number} is not above 0`);
      return number;
    },
    at: weights.at,
    set: (row, weight) => {
      if (some) weights.set(row, weight);
    },
    ordered: (order) => (some ? weights.ordered(order) : undefined),
  };
};
