import type { Check, CheckCase } from '../../findings/regression.ts';
import { groupBy } from '../../group-by.ts';
import { counted, percent } from '../../judge/amounts.ts';
import type { CheckLevel } from '../../manifest/asking.ts';
import { named, shownName } from '../named.ts';
import { openCheck } from '../open-check.ts';
import type { Written } from './cell.ts';
import { columnCheck, type Finding, isBroken } from './check-rows.ts';
import { compareConstraints, type Difference, movedColumns } from './compare-constraints.ts';
import { type Constraints, isUnnamed } from './constraints.ts';

/** Everything that the check of a contract is made of. */
export interface Contract {
  readonly level: CheckLevel;
  readonly constraints: Constraints;
  /** Of the version that serves; absent where it has none. */
  readonly serving?: Constraints;
  /** Why there are none, as a clause; absent where nothing serves. */
  readonly notServing?: string;
  /** Columns of the requests, in their order. */
  readonly columns: readonly string[];
  readonly written: Written;
  readonly rows: CheckedRows;
  /** The column of the predictions, and the answers that are no errors. */
  readonly output?: Output;
}

/** Rows, checked by column. */
export interface CheckedRows {
  readonly count: number;
  /** Of the columns that are sent, by name. */
  readonly findings: ReadonlyMap<string, readonly Finding[]>;
}

/** Answers were read already: a number may stand as text in one kind of answer and as a number in another. */
export const answersCheck = (constraints: Constraints, column: string) =>
  rowsCheck({ constraints, columns: [column], written: 'csv' });

/** Checks rows one by one: there may be more than the memory holds. */
export const rowsCheck = ({ constraints, columns, written }: Pick<Contract, 'constraints' | 'columns' | 'written'>) => {
  const places = new Map(columns.map((name, at) => [name, at]));
  const checks = constraints.columns.flatMap((column) => {
    const at = places.get(column.name);
    return at === undefined ? [] : [{ at, name: column.name, ...columnCheck(column, written) }];
  });
  let count = 0;
  return {
    /** @param values in the order of the columns */
    take: (id: string, values: readonly unknown[]): void => {
      count++;
      for (const { at, take } of checks) take({ id, value: values[at] });
    },
    checked: (): CheckedRows => ({ count, findings: new Map(checks.map(({ name, findings }) => [name, findings()])) }),
  };
};

export interface Output {
  readonly column: string;
  readonly candidate: CheckedRows;
  readonly baseline: CheckedRows;
}

/** A part of the contract that is broken or kept, for the table. */
interface Part {
  readonly column: string;
  readonly of: string;
  readonly constraint: string;
  readonly kept: string;
  readonly least: string;
  readonly isKept: boolean;
  /** A clause about the column. */
  readonly is: string;
  readonly ids: readonly string[];
}

/** The columns of the golden rows, the answers, and the callers of the version that serves against the candidate's constraints. */
export const contractCheck = (contract: Contract): Check => {
  const { level, constraints, columns, output, written } = contract;
  const open = reasonNotToCompare(contract);
  if (open !== undefined) return openCheck('contract', level, open);
  const inputs = constraints.columns.filter(({ name }) => name !== output?.column);
  const names = inputs.map(({ name }) => name);
  const known = new Set(names);
  const sent = new Set(columns);
  const parts = [
    ...inputs.filter(({ name, isEnabled }) => isEnabled && !sent.has(name)).map(({ name }) => missing(name)),
    ...columns.filter((name) => !known.has(name)).map(additional),
    ...(written === 'csv' ? movedColumns(columns, names).map(misplaced) : []),
    ...names.flatMap((name) =>
      (contract.rows.findings.get(name) ?? []).map((finding) => ofRows(finding, 'golden rows')),
    ),
    ...answers(contract),
    ...callers(contract).map(ofCallers),
  ];
  const broken = parts.filter(({ isKept }) => !isKept);
  // A model that answers with errors alone keeps no promise about its answers.
  if (broken.length === 0 && output?.candidate.count === 0)
    return openCheck(
      'contract',
      level,
      `the candidate has no answer without an error, so that column ${shownName(output.column)} is not checked`,
    );
  return {
    name: 'contract',
    level,
    verdict: broken.length > 0 ? 'fail' : 'pass',
    because: sentence(contract, broken),
    table: {
      heads: ['column', 'checked', 'constraint', 'kept', 'at least', 'rows'],
      rows: [...broken, ...parts.filter(({ isKept }) => isKept)].map((part) => [
        shownName(part.column),
        part.of,
        part.constraint,
        part.kept,
        part.least,
        part.ids.join(', '),
      ]),
    },
    cases: casesOf(parts),
  };
};

const reasonNotToCompare = ({ constraints, columns, output }: Contract): string | undefined => {
  if (constraints.columns.every(({ isEnabled }) => !isEnabled))
    return 'the constraints are switched off: evaluate_constraints is Disabled for every column';
  if (!constraints.isEnabled)
    return 'the constraints are switched off: evaluate_constraints is Disabled in their monitoring_config';
  const names = constraints.columns.map(({ name }) => name);
  if (output !== undefined && !names.includes(output.column))
    return `the constraints have no column ${shownName(output.column)}, which contract.output names; they have ${named(names)}`;
  const unnamed = names.filter((name) => isUnnamed(name) && name !== output?.column && !columns.includes(name));
  if (unnamed.length > 0)
    return `the constraints have columns without names (${named(unnamed)}), as of CSV without a header: run the baseline job on a file with a header, or write the names of request.input into the constraints`;
  return undefined;
};

const structural = (column: string, constraint: string, is: string): Part => ({
  ...{ column, constraint, is, of: 'request', kept: 'no', least: '', isKept: false, ids: [] },
});

const missing = (column: string): Part =>
  structural(column, 'is sent', 'is a column of the constraints, and no request has it');

const additional = (column: string): Part =>
  structural(column, 'is known', 'is sent in requests, and the constraints do not have it');

/** A column that is left out moves none: the file may have switched it off because the model does not take it. */
const misplaced = ({ column }: Difference): Part =>
  structural(
    column,
    'is in its place',
    'is sent in another place than the constraints have it, and the columns of CSV go by their places',
  );

const ofRows = (finding: Finding, of: string): Part => {
  const { column, constraint, least, kept, rows, ids } = finding;
  const isKept = !isBroken(finding);
  return {
    ...{ column, of, constraint, isKept, ids },
    kept: `${kept} of ${rows}`,
    least: percent(least),
    is: `breaks the constraint ${constraint} in ${rows - kept} of ${rows} ${of}`,
  };
};

/** The candidate's answers decide; those of the version that serves stand beside them. */
const answers = ({ constraints, output }: Contract): readonly Part[] => {
  const column = output && constraints.columns.find(({ name }) => name === output.column);
  if (output === undefined || column === undefined) return [];
  return [
    ...(output.candidate.findings.get(column.name) ?? []).map((finding) => ofRows(finding, 'answers')),
    ...(output.baseline.findings.get(column.name) ?? []).map((finding) => ({
      ...ofRows(finding, 'answers of the version that serves'),
      isKept: true,
    })),
  ];
};

const callers = ({ constraints, serving, output, written }: Contract): readonly Difference[] =>
  serving === undefined
    ? []
    : compareConstraints(constraints, serving, { output: output?.column, ordered: written === 'csv' });

const ofCallers = ({ column, is }: Difference): Part => ({
  ...{ column, is, of: 'callers', constraint: is, kept: 'no', least: '', isKept: false, ids: [] },
});

const sentence = ({ constraints, rows, serving, notServing }: Contract, broken: readonly Part[]): string => {
  const [first, ...more] = broken;
  if (first !== undefined)
    return `column ${shownName(first.column)} ${first.is}${more.length > 0 ? `; ${counted(more.length, 'more constraint')} ${more.length === 1 ? 'is' : 'are'} broken` : ''}${callersNote(serving, notServing)}`;
  return `${counted(constraints.columns.length, 'column')} in ${counted(rows.count, 'golden row')} keep the constraints${serving === undefined ? '' : ', and callers of the version that serves do not break'}${callersNote(serving, notServing)}`;
};

const callersNote = (serving: Constraints | undefined, notServing: string | undefined): string =>
  serving !== undefined || notServing === undefined ? '' : `; its callers are not compared: ${notServing}`;

/** One case a column. */
const casesOf = (parts: readonly Part[]): readonly CheckCase[] => {
  return [...groupBy(parts, (part) => part.column)].map(([column, all]): CheckCase => {
    const broken = all.filter(({ isKept }) => !isKept);
    const name = `column ${shownName(column)}`;
    if (broken.length === 0) return { name, verdict: 'pass' };
    const ids = [...new Set(broken.flatMap((part) => part.ids))];
    return {
      name,
      verdict: 'fail',
      because: `${broken.map(({ is }) => is).join('; ')}${ids.length > 0 ? `: rows ${ids.join(', ')}` : ''}`,
    };
  });
};
