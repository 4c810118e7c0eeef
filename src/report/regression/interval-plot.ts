import type { Cell, Ruling } from '../../findings/comparison.ts';
import { groupBy } from '../../group-by.ts';
import { differenceText, inUnit, ruleText } from '../../regression/units.ts';
import { escapeXml } from '../xml.ts';
import { cellText, decisionText, foremost } from './cell-text.ts';
import { limitsOf } from './limits.ts';
import { plotFigure, units } from './plot.ts';
import { leftOut } from './summary.ts';

/** Rows of one plot that a reader can compare. */
const mostRows = 24;

/** One plot for each metric, since each has a unit of its own; a distance to a floor or a ceiling is another quantity than a difference. */
export const intervalPlots = (cells: readonly Cell[]): string =>
  [...groupBy(cells, quantity)].map(([title, group]) => intervalPlot(title, group)).join('\n');

const isLimit = ({ rule }: Cell): boolean => rule.criterion.is === 'floor' || rule.criterion.is === 'ceiling';

const quantity = (cell: Cell): string => {
  const { metric, rule } = cell;
  return isLimit(cell)
    ? `${metric}: distance to the ${ruleText(rule)}${inUnit(rule.metric.metric)}`
    : `${metric}: difference${inUnit(rule.metric.metric)}`;
};

const intervalPlot = (title: string, all: readonly Cell[]): string => {
  const { kept, left } = foremost(all, mostRows);
  const drawn = kept.filter(({ difference }) => difference !== null);
  const [first] = drawn;
  if (first === undefined) return `<p class="quiet">${escapeXml(title)}: undefined for every slice.</p>`;
  const { metric } = first.rule.metric;
  const several = new Set(kept.map(({ rule }) => ruleText(rule))).size > 1;
  const furthest = reach(drawn);
  const shown = (value: number): number => Math.min(Math.max(value, -furthest), furthest);
  return plotFigure({
    title: left.length === 0 ? title : `${title} (${leftOut(left)})`,
    values: [0, ...drawn.flatMap((cell) => [...(cell.interval ?? []), cell.difference ?? 0, ...limitsOf(cell)])].map(
      shown,
    ),
    tick: (value) => differenceText(metric, value, 'bare'),
    lines: [{ at: 0, label: isLimit(first) ? 'broken ← | → kept' : 'worse ← | → better', style: 'zero' }],
    rows: kept.map((cell) => ({
      label: several ? `${cellText(cell).slice}, ${ruleText(cell.rule)}` : cellText(cell).slice,
      remark: `${differenceText(metric, cell.difference)} · ${decisionText(cell)}`,
      draw: (x, y) => draw(cell, x, y, furthest),
    })),
  });
};

/** A small slice may have an interval so wide that all others would shrink to dots: it is drawn up to here, and an arrow says so. */
const reach = (cells: readonly Cell[]): number => {
  const points = cells.flatMap((cell) => [cell.difference ?? 0, ...limitsOf(cell)]).map(Math.abs);
  const widths = cells
    .flatMap(({ interval }) => (interval === null ? [] : [interval[1] - interval[0]]))
    .filter(Number.isFinite)
    .sort((one, other) => one - other);
  const median = widths[Math.floor(widths.length / 2)] ?? 0;
  return Math.max(...points) + 2 * median || 1;
};

const draw = (cell: Cell, x: (value: number) => number, y: number, furthest: number): string => {
  const limits = limitsOf(cell).map(
    (limit) =>
      `<line class="limit" x1="${units(x(limit))}" x2="${units(x(limit))}" y1="${units(y - 10)}" y2="${units(y + 10)}"/>`,
  );
  if (cell.difference === null) return limits.join('');
  const whisker = cell.interval === null ? '' : whiskerOf(cell.interval, cell.decision, x, y, furthest);
  return `${limits.join('')}${whisker}${markOf[cell.decision](units(x(cell.difference)), units(y))}`;
};

const whiskerOf = (
  [lower, upper]: readonly [number, number],
  decision: Ruling,
  x: (value: number) => number,
  y: number,
  furthest: number,
): string => {
  const [from, to] = [x(Math.max(lower, -furthest)), x(Math.min(upper, furthest))];
  const end = (at: number, cut: boolean, towards: 1 | -1): string =>
    cut
      ? `M${units(at - towards * 5)} ${units(y - 4)}L${units(at)} ${units(y)}L${units(at - towards * 5)} ${units(y + 4)}`
      : `M${units(at)} ${units(y - 4)}V${units(y + 4)}`;
  return `<path class="whisker ${decision}" d="M${units(from)} ${units(y)}H${units(to)}${end(from, lower < -furthest, -1)}${end(to, upper > furthest, 1)}"/>`;
};

/** A shape for each decision: colour alone says nothing to some readers. */
const markOf: Readonly<Record<Ruling, (x: string, y: string) => string>> = {
  pass: (x, y) => `<circle class="point pass" cx="${x}" cy="${y}" r="5"/>`,
  fail: (x, y) => `<path class="point fail" d="M${x} ${Number(y) - 6}l6 6l-6 6l-6 -6Z"/>`,
  inconclusive: (x, y) => `<circle class="point inconclusive" cx="${x}" cy="${y}" r="4.5"/>`,
};

export const intervalLegend = `<p class="legend">${(['pass', 'fail', 'inconclusive'] as const)
  .map(
    (decision) =>
      `<svg class="sign" viewBox="0 0 14 14" aria-hidden="true">${markOf[decision]('7', '7')}</svg><span>${decision}</span>`,
  )
  .join(
    '',
  )}<svg class="sign" viewBox="0 0 14 14" aria-hidden="true"><line class="limit" x1="7" x2="7" y1="0" y2="14"/></svg><span>limit of the rule</span></p>`;
