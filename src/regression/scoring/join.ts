import { counted } from '../../judge/amounts.ts';
import type { Label, RegressionPolicy } from '../../manifest/regression.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Codes, SliceRows } from '../rows.ts';
import { type AnswerColumns, answerColumns, missingKey, numberOf, textOf, type Values } from './answers.ts';
import { classTable } from './class-table.ts';
import { type Column, column } from './column.ts';
import { columnsOfPolicy } from './columns-of-policy.ts';
import { type GoldenInputs, goldenInputs } from './golden-inputs.ts';
import { readRecords } from './records.ts';
import { type Row, RowProblem, type Written } from './row.ts';
import { RowsError } from './rows-error.ts';
import { codeColumn, type SharedColumn, sliceColumn } from './shared-columns.ts';
import type { Source, Sources } from './source.ts';
import { type TextTable, textTable } from './text-table.ts';

/** The columns of all sources; a row's number is that of its id. */
export interface Joined {
  readonly values: Values;
  readonly ids: TextTable;
  readonly candidate: AnswerColumns;
  /** Absent where the candidate is judged alone. */
  readonly baseline: AnswerColumns | undefined;
  readonly labels: Column;
  readonly weights: Weights;
  readonly clusters: SharedColumn<Codes> | undefined;
  readonly groups: SharedColumn<Codes> | undefined;
  /** One for each entry of the policy. */
  readonly slices: readonly SharedColumn<readonly SliceRows[]>[];
  /** Where a row was first seen: file and line, or source and id. */
  readonly placeOf: (row: number) => string;
  /** Absent without golden rows. */
  readonly inputs: GoldenInputs | undefined;
  /** Frees everything that only error messages need. */
  readonly forgetPlaces: () => void;
}

const kinds = ['golden', 'candidate', 'baseline'] as const;
type Kind = (typeof kinds)[number];
const mostProblems = 10;

/**
 * Golden rows are read first: they have the labels of the answers.
 * @throws {RowsError} the first ten problems of a source's rows, one a line
 */
export const joinSources = async (policy: RegressionPolicy, sources: Sources): Promise<Joined> => {
  const { joined, take } = joining(policy, sources);
  for (const kind of kinds) {
    const source = sources[kind];
    if (source !== undefined) await readSource(kind, source, take);
  }
  return joined;
};

const readSource = async (kind: Kind, source: Source, take: TakeOf): Promise<void> => {
  const problems = problemList();
  const input = kind === 'golden' ? 'dataset' : kind;
  try {
    await readRecords(source, (row, line, written) => {
      try {
        take(kind, row, line, written);
      } catch (error) {
        if (!(error instanceof RowProblem)) throw error;
        problems.add(error.message, placeIn(source, row['id'], line), row['id']);
        if (problems.isFull()) throw new InputError('');
      }
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Rows before the broken one have problems of their own.
    throw new RowsError(input, [...problems.lines(), error.message].filter((line) => line !== '').join('\n'));
  }
  const lines = problems.lines();
  if (lines.length > 0) throw new RowsError(input, lines.join('\n'));
};

/** The problems of rows. The same one in many rows is one mistake, usually of the file or of the policy, and one line. */
const problemList = () => {
  const found = new Map<string, { readonly place: string; rows: number; id?: unknown }>();
  return {
    add: (message: string, place: string, id: unknown): void => {
      const known = found.get(message);
      if (known === undefined) found.set(message, { place, rows: 1 });
      else if (known.rows++ === 1) known.id = id;
    },
    isFull: (): boolean => found.size >= mostProblems,
    lines: (): readonly string[] =>
      [...found].map(([message, { place, rows, id }]) => {
        const more = rows === 1 ? '' : `; the same in ${counted(rows - 1, 'more row')}`;
        const example = typeof id === 'string' || typeof id === 'number' ? `, such as ${quoted(String(id))}` : '';
        return `${place}: ${message}${more}${example}`;
      }),
  };
};

/** A row of a file has a line to look at; one in memory has its id alone. */
const placeIn = (source: Source | undefined, id: unknown, line: number): string =>
  source !== undefined && 'rows' in source && (typeof id === 'string' || typeof id === 'number')
    ? `${source.name}: row ${quoted(String(id))}`
    : `${source?.name}:${line}`;

type TakeOf = (kind: Kind, row: Row, line: number, written: Written) => void;

const joining = (
  { task, positive, normalization, cluster, group, ...policy }: RegressionPolicy,
  sources: Sources,
): { readonly joined: Joined; readonly take: TakeOf } => {
  const values: Values = { task, classes: classTable(positive), texts: textTable(), normalization };
  const ids = textTable();
  const candidate = answerColumns(values);
  const baseline = sources.baseline && answerColumns(values);
  const lines = { golden: column('codes', 0), candidate: column('codes', 0), baseline: column('codes', 0) };
  const labels = column('numbers', Number.NaN);
  const weights = weightColumn();
  let keys: readonly string[] = [];
  let goldenWritten: Written | undefined;
  const placeOf = (row: number): string => {
    const kind = kinds.find((one) => lines[one].at(row) > 0) ?? 'candidate';
    return placeIn(sources[kind], ids.at(row), lines[kind].at(row));
  };
  const clusters = cluster === undefined ? undefined : codeColumn(cluster, 'cluster', placeOf);
  const groups = group === undefined ? undefined : codeColumn(group, 'group', placeOf);
  const slices = policy.slices.map((slice) => sliceColumn(slice, () => keys));
  const inputs =
    sources.golden &&
    goldenInputs(sources.inputs, columnsOfPolicy({ ...withoutUndefined({ cluster, group }), slices: policy.slices }));
  const shared = [...slices, ...[clusters, groups].flatMap((one) => one ?? [])];

  /** Keeps the facts of a row that is new, and compares them with those of the row with the same id. */
  const keepLabel = (at: number, isNew: boolean, id: string, row: Row, written: Written): number => {
    const isGolden = !isNew && lines.golden.at(at) > 0;
    if (!isGolden && written === 'csv') refuseTyped(row['label'], positive);
    const label = isGolden && isUnset(row['label']) ? labels.at(at) : labelOf(values, row, written);
    const weight = isGolden && isUnset(row['weight']) ? weights.at(at) : weights.of(row, written);
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
      ...{ values, ids, candidate, baseline, labels, weights, clusters, groups, slices, inputs, placeOf },
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
      if (former > 0) {
        const isFile = 'bytes' in (sources[kind] ?? {});
        throw new RowProblem(`id: ${quoted(id)} is there twice${isFile ? `, also at line ${former}` : ''}`);
      }
      if (kind !== 'golden' && sources.golden !== undefined && lines.golden.at(at) === 0)
        throw new RowProblem(`id: ${quoted(id)} is not in ${sources.golden.name}`);
      if (keys.length === 0) keys = Object.keys(row);
      const label = keepLabel(at, isNew, id, row, written);
      lines[kind].set(at, line);
      for (const one of shared) one.take(at, row, written);
      if (kind === 'golden') {
        goldenWritten = written;
        inputs?.take(at, row);
        return;
      }
      const ofText = goldenWritten !== undefined && (written === 'csv' || goldenWritten === 'csv');
      (kind === 'candidate' ? candidate : baseline)?.take(at, row, label, written, ofText);
    },
  };
};

const isUnset = (value: unknown): boolean => value === undefined || value === null;

/** No cell of CSV is a number or a boolean, so that the policy is the mistake. @throws {RowProblem} */
const refuseTyped = (label: unknown, positive: Label | undefined): void => {
  if (typeof positive !== 'string' && label === String(positive))
    throw new RowProblem(
      `label: a cell of CSV is text, and \`positive\` is the ${typeof positive} ${positive}; write \`positive: "${positive}"\``,
    );
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
