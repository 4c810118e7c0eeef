import { isPath } from '../../answers/selector.ts';
import type { Check } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import type { ContractSpec } from '../../manifest/asking.ts';
import type { Constraints } from '../../regression/contract/constraints.ts';
import {
  answersCheck,
  type CheckedRows,
  type Contract,
  contractCheck,
  type Output,
  rowsCheck,
} from '../../regression/contract/contract.ts';
import { openCheck } from '../../regression/open-check.ts';
import { readRecords } from '../../regression/scoring/records.ts';
import { InputError } from '../../schema.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { answeringOf } from '../answering.ts';
import { answersOf } from '../decide.ts';
import { type GoldenRows, hasColumn } from '../golden-set.ts';
import { selected } from '../request.ts';
import type { Standing } from '../standing.ts';
import { constraintsIn } from './read-report.ts';

/** The columns of the golden rows and the answers against Model Monitor's constraints. */
export const contract = {
  name: 'contract',
  isDue: ({ regression }: Standing): boolean => regression.asking.contract !== undefined,
  /** A file that the manifest names can be mended there; one that a package names cannot. */
  refuse: ({ regression, reports: { constraints: pair } }: Standing): void => {
    if (pair === undefined || regression.asking.contract?.constraints === 'registered') return;
    const read = constraintsIn(pair.candidate);
    if (typeof read === 'string') throw new InputError(`regression.contract.constraints: ${read}`);
  },
  notes: async ({ reports: { constraints: pair } }: Standing): Promise<readonly string[]> => {
    if (pair === undefined) return [];
    const read = constraintsIn(pair.candidate);
    return [
      typeof read === 'string'
        ? `contract cannot be compared: ${read}`
        : `contract: ${counted(read.columns.length, 'column')} of ${pair.candidate.is === 'file' ? pair.candidate.name : ''}`,
    ];
  },
  run: async (at: Standing): Promise<Check> => {
    const { contract: spec } = at.regression.asking;
    const pair = at.reports.constraints;
    if (spec === undefined || pair === undefined) throw new Error('there is no contract to check');
    const constraints = constraintsIn(pair.candidate);
    if (typeof constraints === 'string') return openCheck('contract', spec.level, constraints);
    const requests = await requestsOf(at, constraints, spec);
    if (typeof requests === 'string') return openCheck('contract', spec.level, requests);
    const serving = pair.baseline && constraintsIn(pair.baseline);
    return contractCheck({
      level: spec.level,
      constraints,
      ...requests,
      ...(typeof serving === 'string' ? { notServing: serving } : withoutUndefined({ serving })),
      ...withoutUndefined({ output: await outputOf(at, constraints, spec) }),
    });
  },
} as const;

type Requests = Pick<Contract, 'columns' | 'rows' | 'written'>;

/** The columns as the requests have them, or why they have none. */
const requestsOf = async (
  { golden, regression }: Standing,
  constraints: Constraints,
  { constraints: from }: ContractSpec,
): Promise<Requests | string> => {
  const { request } = regression.asking;
  if (request === undefined || golden === undefined)
    return `there are no golden rows to compare with ${from === 'registered' ? 'the registered constraints' : from}`;
  const written = request.contentType === 'text/csv' ? ('csv' as const) : ('json' as const);
  const { input } = request;
  if (typeof input === 'string') return mappings(golden, constraints, input, written);
  // The name of a column in a path is the last part of it, by which no column of the constraints can be told.
  for (const path of input.filter(isPath))
    if (!(await hasColumn(golden, path)))
      return `${path} of request.input is a path and has no name of a column: give the golden rows a column for it, with the name that it has in the constraints`;
  const check = rowsCheck({ constraints, columns: input, written });
  for await (const rows of golden.batches())
    for (const { id, row } of rows)
      check.take(
        id,
        input.map((name) => row[name]),
      );
  return { columns: input, written, rows: check.checked() };
};

/** The columns of an input that is one mapping a row. */
const mappings = async (
  golden: GoldenRows,
  constraints: Constraints,
  input: string,
  written: 'csv' | 'json',
): Promise<Requests | string> => {
  const names = new Set<string>();
  for await (const rows of golden.batches())
    for (const { row } of rows) {
      const value = selected(row, input);
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return `request.input is the one value ${input}, which is no mapping of columns: name the columns in a list, or put them into a mapping`;
      for (const name of Object.keys(value)) names.add(name);
    }
  const columns = [...names];
  const check = rowsCheck({ constraints, columns, written });
  for await (const rows of golden.batches())
    for (const { id, row } of rows) {
      const value = selected(row, input) as Readonly<Record<string, unknown>>;
      check.take(
        id,
        columns.map((name) => value[name]),
      );
    }
  return { columns, written, rows: check.checked() };
};

const outputOf = async (
  at: Standing,
  constraints: Constraints,
  { output }: ContractSpec,
): Promise<Output | undefined> => {
  if (output === undefined) return undefined;
  return {
    column: output,
    candidate: await predictions(at, 'candidate', answersCheck(constraints, output)),
    baseline: await predictions(at, 'baseline', answersCheck(constraints, output)),
  };
};

/** An error is no prediction: metrics count it. */
const predictions = async (
  at: Standing,
  side: 'candidate' | 'baseline',
  { take, checked }: ReturnType<typeof answersCheck>,
): Promise<CheckedRows> => {
  const answering = answeringOf(at);
  const { [side]: site } = answering;
  if (site === undefined) return checked();
  for (const part of at.parts) {
    await readRecords(await answersOf(at.world, answering, side, site, part), (row) => {
      if (!('error' in row)) take(String(row['id']), [row['prediction']]);
    });
  }
  return checked();
};
