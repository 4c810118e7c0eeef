import { isPath } from '../../answers/selector.ts';
import type { Check } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import type { ContractSpec } from '../../manifest/asking.ts';
import type { Cell } from '../../regression/contract/check-rows.ts';
import { contractCheck, type GoldenValues, type Output } from '../../regression/contract/contract.ts';
import { openCheck } from '../../regression/open-check.ts';
import { readRecords } from '../../regression/scoring/records.ts';
import { InputError } from '../../schema.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { answeringOf } from '../answering.ts';
import { answersOf } from '../decide.ts';
import type { GoldenRow } from '../golden-set.ts';
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
    const requests = requestsOf(at, spec);
    if (typeof requests === 'string') return openCheck('contract', spec.level, requests);
    const serving = pair.baseline && constraintsIn(pair.baseline);
    return contractCheck({
      level: spec.level,
      constraints,
      ...requests,
      ...(typeof serving === 'string' ? { notServing: serving } : withoutUndefined({ serving })),
      ...withoutUndefined({ output: await outputOf(at, spec) }),
    });
  },
} as const;

interface Requests {
  readonly columns: readonly string[];
  readonly rows: readonly GoldenValues[];
  readonly written: 'csv' | 'json';
}

/** The columns as the requests have them, or why they have none. */
const requestsOf = ({ golden, regression }: Standing, { constraints }: ContractSpec): Requests | string => {
  const { request } = regression.asking;
  if (request === undefined || golden === undefined)
    return `there are no golden rows to compare with ${constraints === 'registered' ? 'the registered constraints' : constraints}`;
  const written = request.contentType === 'text/csv' ? ('csv' as const) : ('json' as const);
  const { input } = request;
  if (typeof input === 'string') return mappings(golden.rows, input, written);
  // The name of a column in a path is the last part of it, by which no column of the constraints can be told.
  const path = input.find((name) => isPath(name) && !golden.rows.some(({ row }) => Object.hasOwn(row, name)));
  if (path !== undefined)
    return `${path} of request.input is a path and has no name of a column: give the golden rows a column for it, with the name that it has in the constraints`;
  return {
    columns: input,
    written,
    rows: golden.rows.map(({ id, row }) => ({ id, values: input.map((name) => row[name]) })),
  };
};

/** The columns of an input that is one mapping a row. */
const mappings = (rows: readonly GoldenRow[], input: string, written: 'csv' | 'json'): Requests | string => {
  const values = rows.map(({ id, row }) => ({ id, value: selected(row, input) }));
  const columns = new Set<string>();
  for (const { value } of values) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `request.input is the one value ${input}, which is no mapping of columns: name the columns in a list, or put them into a mapping`;
    for (const name of Object.keys(value)) columns.add(name);
  }
  const names = [...columns];
  return {
    columns: names,
    written,
    rows: values.map(({ id, value }) => ({
      id,
      values: names.map((name) => (value as Readonly<Record<string, unknown>>)[name]),
    })),
  };
};

const outputOf = async (at: Standing, { output }: ContractSpec): Promise<Output | undefined> => {
  if (output === undefined) return undefined;
  return {
    column: output,
    candidate: await predictions(at, 'candidate'),
    baseline: await predictions(at, 'baseline'),
  };
};

/** An error is no prediction: metrics count it. */
const predictions = async (at: Standing, side: 'candidate' | 'baseline'): Promise<readonly Cell[]> => {
  const answering = answeringOf(at);
  const { [side]: site } = answering;
  if (site === undefined) return [];
  const cells: Cell[] = [];
  for (const part of at.parts) {
    await readRecords(await answersOf(at.world, answering, side, site, part), (row) => {
      if (!('error' in row)) cells.push({ id: String(row['id']), value: row['prediction'] });
    });
  }
  return cells;
};
