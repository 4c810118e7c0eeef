import { counted } from '../../judge/amounts.ts';
import type { Column, ColumnType, Constraints } from './constraints.ts';

/** A difference of two versions' constraints that a caller of the one that serves notices. */
export interface Difference {
  readonly column: string;
  /** A clause about the column, without a value: `is of type String, was Integral`. */
  readonly is: string;
}

export interface Reading {
  /** The column of the model's answers: callers read it, so that more values break them instead of fewer. */
  readonly output?: string | undefined;
  /** Columns go by their places. */
  readonly ordered: boolean;
}

/** The differences by which callers of the version that serves break with the candidate, in the order of the candidate's file. */
export const compareConstraints = (
  candidate: Constraints,
  serving: Constraints,
  { output, ordered }: Reading,
): readonly Difference[] => {
  const before = new Map(serving.columns.map((column) => [column.name, column]));
  const now = new Set(candidate.columns.map(({ name }) => name));
  const inputs = ({ columns }: Constraints): readonly string[] =>
    columns.map(({ name }) => name).filter((name) => name !== output);
  return [
    ...candidate.columns.flatMap((column) => {
      const was = before.get(column.name);
      if (was === undefined)
        return column.name === output
          ? []
          : [{ column: column.name, is: 'is a column that callers of the version that serves do not send' }];
      return column.name === output ? answered(column, was) : sent(column, was);
    }),
    ...serving.columns
      .filter(({ name }) => !now.has(name))
      .map(({ name }) => ({
        column: name,
        is: name === output ? 'is gone from the answers' : 'is gone, and callers of the version that serves send it',
      })),
    ...(ordered ? movedColumns(inputs(candidate), inputs(serving)) : []),
  ];
};

/** Of a request. */
const sent = (now: Column, was: Column): readonly Difference[] => [
  ...(takesEvery(now.type, was.type) ? [] : [typeChange(now, was)]),
  ...(now.isNonNegative && !was.isNonNegative && !isText(was.type)
    ? [{ column: now.name, is: 'takes no negative number any more' }]
    : []),
  ...lost(now, now.domain, was.domain, 'takes'),
];

/** Of an answer. */
const answered = (now: Column, was: Column): readonly Difference[] => [
  ...(takesEvery(was.type, now.type) ? [] : [typeChange(now, was)]),
  ...lost(now, was.domain, now.domain, 'answers with'),
];

const isText = (type: ColumnType): boolean => type === 'String';

/** Whether a column of the one type takes every value of the other. */
const takesEvery = (one: ColumnType, other: ColumnType): boolean =>
  one === other || one === 'Unknown' || (one === 'Fractional' && other === 'Integral');

const typeChange = ({ name, type }: Column, was: Column): Difference => ({
  column: name,
  is: `is of type ${type}, was ${was.type}`,
});

/** The values of `all` that `of` has not; nothing is known where `of` has no domain. */
const lost = (
  { name }: Column,
  of: readonly string[] | undefined,
  all: readonly string[] | undefined,
  verb: 'takes' | 'answers with',
): readonly Difference[] => {
  if (of === undefined) return [];
  if (all === undefined)
    return [
      {
        column: name,
        is:
          verb === 'takes'
            ? `takes only ${counted(of.length, 'value')}, and took any`
            : `answers with any value, and answered with one of ${of.length}`,
      },
    ];
  const known = new Set(of);
  const gone = all.filter((value) => !known.has(value)).length;
  if (gone === 0) return [];
  return [
    {
      column: name,
      is:
        verb === 'takes'
          ? `does not take ${gone} of the ${all.length} values that it took`
          : `answers with ${counted(gone, 'value')} that ${gone === 1 ? 'was' : 'were'} none of its answers before`,
    },
  ];
};

/** Of columns that both have, the first in another place. */
export const movedColumns = (now: readonly string[], was: readonly string[]): readonly Difference[] => {
  const both = (one: readonly string[], other: readonly string[]): readonly string[] => {
    const known = new Set(other);
    return one.filter((name) => known.has(name));
  };
  const [after, before] = [both(now, was), both(was, now)];
  const at = after.findIndex((name, place) => name !== before[place]);
  const column = after[at];
  return column === undefined ? [] : [{ column, is: 'is in another place, and the columns of CSV go by their places' }];
};
