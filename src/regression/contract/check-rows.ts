import { withoutUndefined } from '../../without-undefined.ts';
import { isAbsent, isNegative, isOfType, type Written } from './cell.ts';
import type { Column } from './constraints.ts';

/** One constraint of a column, and the rows that break it. */
export interface Finding {
  readonly column: string;
  /** For people: `type Integral`, `completeness`. Without a value of a row. */
  readonly constraint: string;
  /** 0–1: least share of rows that must keep it. */
  readonly least: number;
  readonly kept: number;
  /** Rows that it is about. */
  readonly rows: number;
  /** Ids of the first rows that break it. */
  readonly ids: readonly string[];
}

export interface Cell {
  readonly id: string;
  readonly value: unknown;
}

/** Ids that a report names of each constraint. */
export const mostIds = 10;

/** The check of a column, cell by cell. */
export interface ColumnCheck {
  readonly take: (cell: Cell) => void;
  /** One per constraint that the column has, broken or not. Without a row that it is about there is none. */
  readonly findings: () => readonly Finding[];
}

export const columnCheck = (column: Column, written: Written): ColumnCheck => {
  if (!column.isEnabled) return { take: () => undefined, findings: () => [] };
  const { name, type, typeShare, completeness, isNonNegative, domain, domainShare } = column;
  const values = domain && new Set(domain);
  const tallies = {
    completeness: completeness === undefined ? undefined : tally('completeness', completeness),
    type: type === 'Unknown' ? undefined : tally(`type ${type}`, typeShare),
    sign: isNonNegative ? tally('not negative', 1) : undefined,
    domain: values === undefined ? undefined : tally(`one of ${values.size} values`, domainShare),
  };
  return {
    take: ({ id, value }) => {
      const absent = isAbsent(value, written);
      tallies.completeness?.count(id, !absent);
      if (absent) return;
      tallies.type?.count(id, isOfType(value, type, written));
      tallies.sign?.count(id, !isNegative(value, written));
      tallies.domain?.count(id, values?.has(String(value)) ?? true);
    },
    findings: () => Object.values(withoutUndefined(tallies)).flatMap((one) => one?.finding(name) ?? []),
  };
};

const tally = (constraint: string, least: number) => {
  const ids: string[] = [];
  let kept = 0;
  let rows = 0;
  return {
    count: (id: string, keeps: boolean): void => {
      rows++;
      if (keeps) kept++;
      else if (ids.length < mostIds) ids.push(id);
    },
    finding: (column: string): readonly Finding[] =>
      rows === 0 ? [] : [{ column, constraint, least, kept, rows, ids }],
  };
};

/** Room for the rounding of a threshold that a job computed itself, such as a completeness of 149/150. */
const rounding = 1e-9;

export const isBroken = ({ kept, rows, least }: Finding): boolean => kept / rows < least - rounding;
