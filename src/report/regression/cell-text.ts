import type { Cell } from '../../findings/comparison.ts';
import { counted, percent } from '../../judge/amounts.ts';
import type { Rule } from '../../manifest/regression.ts';
import { amountText, countedUnits, differenceText, intervalText, ruleText, valueText } from '../../regression/units.ts';

/** One metric × slice × rule in words. Plain text: slices and classes are foreign, and each report escapes them. */
export interface CellText {
  readonly metric: string;
  readonly slice: string;
  readonly rule: string;
  /** Absent where the candidate is judged alone. */
  readonly baseline?: string;
  readonly candidate: string;
  /** `−2.1 points (−3.5 to −0.7)`. */
  readonly difference: string;
  /** `fail`, `warning: fail`. */
  readonly decision: string;
  /** Why it is inconclusive, and the rows that would suffice; empty otherwise. */
  readonly note: string;
}

export const cellText = (cell: Cell): CellText => ({
  metric: cell.metric,
  slice: cell.slice ?? 'all rows',
  rule: [ruleText(cell.rule), ...remarks(cell.rule)].join(' '),
  ...(cell.baseline === undefined ? {} : { baseline: valueText(cell.rule.metric.metric, cell.baseline) }),
  candidate: valueText(cell.rule.metric.metric, cell.candidate),
  difference: differenceAndInterval(cell),
  decision: decisionText(cell),
  note: noteOf(cell),
});

const remarks = ({ byDefault, level }: Rule): readonly string[] => [
  ...(byDefault ? ['(default)'] : []),
  ...(level === 'warn' ? ['(warns only)'] : []),
];

/** A warning never decides, and its word says so. */
export const decisionText = ({ rule, decision }: Cell): string =>
  rule.level === 'warn' && decision !== 'pass' ? `warning: ${decision}` : decision;

const differenceAndInterval = ({ rule, difference, interval }: Cell): string => {
  const { metric } = rule.metric;
  if (difference === null) return 'undefined';
  return interval === null
    ? differenceText(metric, difference)
    : `${differenceText(metric, difference)} (${intervalText(metric, interval, 'bare')})`;
};

const noteOf = (cell: Cell): string => {
  const { decision, because = '', rowsNeeded, statistic } = cell;
  if (decision !== 'inconclusive') return because;
  const needed =
    rowsNeeded !== null
      ? `needs about ${countedUnits(rowsNeeded, cell)}`
      : statistic === 'none'
        ? ''
        : `needs more than ${countedUnits(1_000_000, cell).replace('1000000', 'a million')}`;
  return [because, needed].filter((part) => part !== '').join('; ');
};

/** The statistics behind a cell, for a reader who opens it. */
export const cellDetails = (cell: Cell): string => {
  const { rows, clusters, queries, statistic, p, adjustedP, mcnemarP, resolvableMargin, rule } = cell;
  const { metric } = rule.metric;
  return [
    `${counted(rows, 'row')}${clusters === undefined && queries === undefined ? '' : ` in ${countedUnits(clusters ?? queries ?? 0, cell)}`}`,
    `confidence ${percent(rule.confidence, 6)} at each end`,
    ...(statistic === 'none' ? [] : [`interval by ${names[statistic]}`]),
    ...(p === null ? [] : [`p of a kept rule ${shortP(p)}`]),
    ...(adjustedP === null ? [] : [`${shortP(adjustedP)} after Holm's correction`]),
    ...(mcnemarP === undefined ? [] : [`McNemar's p ${shortP(mcnemarP)}`]),
    ...(resolvableMargin === null
      ? []
      : [`the smallest margin that these rows can resolve is ${amountText(metric, resolvableMargin)}`]),
  ].join(', ');
};

const names: Readonly<Record<Exclude<Cell['statistic'], 'none'>, string>> = {
  tango: "Tango's score",
  wilson: "Wilson's score",
  delong: 'DeLong',
  bootstrap: 'the bootstrap',
};

const shortP = (p: number): string => (p < 0.0001 ? 'below 0.0001' : String(Number(p.toPrecision(2))));

/**
 * At most `most` cells, in their order: the ones that decide come before the ones that pass.
 * @returns the cells, and the others that are left out
 */
export const foremost = (
  cells: readonly Cell[],
  most: number,
): { readonly kept: readonly Cell[]; readonly left: readonly Cell[] } => {
  const ranked = [...cells.entries()].sort(([at, one], [after, other]) => rank(one) - rank(other) || at - after);
  const inOrder = (chosen: typeof ranked): readonly Cell[] =>
    chosen.toSorted(([at], [after]) => at - after).map(([, cell]) => cell);
  return { kept: inOrder(ranked.slice(0, most)), left: inOrder(ranked.slice(most)) };
};

const rank = ({ decision, rule }: Cell): number => {
  if (decision === 'pass') return 4;
  return (decision === 'fail' ? 0 : 1) + (rule.level === 'warn' ? 2 : 0);
};
