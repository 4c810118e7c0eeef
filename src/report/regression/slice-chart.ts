import type { Cell } from '../../findings/comparison.ts';
import { groupBy } from '../../group-by.ts';
import { counted } from '../../judge/amounts.ts';
import { valueText } from '../../regression/units.ts';
import { cellText } from './cell-text.ts';
import { type PlotRow, plotFigure, units } from './plot.ts';

/** Slices of one chart; the table has all. */
const mostRows = 24;

/** Both models' values by slice, one chart for each metric that has slices; empty without any. */
export const sliceCharts = (cells: readonly Cell[]): string =>
  [...groupBy(cells, ({ metric }) => metric).values()]
    .filter((group) => group.some(({ slice }) => slice !== undefined))
    .map(sliceChart)
    .join('\n');

const sliceChart = (group: readonly Cell[]): string => {
  // Several rules of a metric have the same values.
  const slices = [...groupBy(group, ({ slice }) => slice).values()].flatMap(([first]) => (first ? [first] : []));
  const shown = worstFirst(slices).slice(0, mostRows);
  const values = shown.flatMap(({ candidate, baseline }) =>
    [candidate, baseline ?? null].filter((value) => value !== null),
  );
  const [{ metric, rule } = { metric: '', rule: undefined }] = group;
  if (rule === undefined || values.length === 0) return '';
  const left = slices.length - shown.length;
  return plotFigure({
    title: `${metric}, by slice${left === 0 ? '' : ` (${counted(left, 'more slice')} in the table)`}`,
    values,
    tick: (value) => valueText(rule.metric.metric, tidy(value)),
    lines: [],
    rows: shown.map(rowOf),
  });
};

/** All rows first, then the slices by the candidate's loss. */
const worstFirst = (slices: readonly Cell[]): readonly Cell[] =>
  slices.toSorted(
    (one, other) => Number(one.slice !== undefined) - Number(other.slice !== undefined) || loss(other) - loss(one),
  );

/** Of a candidate alone, how far its value is from the best ones. */
const loss = ({ candidate, baseline, better }: Cell): number => {
  if (candidate === null || baseline === null) return Number.NEGATIVE_INFINITY;
  if (better === 'higher') return (baseline ?? 0) - candidate;
  if (better === 'lower') return candidate - (baseline ?? 0);
  return Math.abs(candidate - better.near) - (baseline === undefined ? 0 : Math.abs(baseline - better.near));
};

const rowOf = (cell: Cell): PlotRow => {
  const { baseline, candidate, slice } = cellText(cell);
  return {
    label: `${slice} (${counted(cell.rows, 'row')})`,
    remark: baseline === undefined ? candidate : `${baseline} → ${candidate}`,
    draw: (x, y) => {
      const mark = (value: number | null | undefined, style: string, radius: number): string =>
        value == null ? '' : `<circle class="point ${style}" cx="${units(x(value))}" cy="${units(y)}" r="${radius}"/>`;
      const change =
        cell.baseline == null || cell.candidate === null
          ? ''
          : `<line class="change" x1="${units(x(cell.baseline))}" x2="${units(x(cell.candidate))}" y1="${units(y)}" y2="${units(y)}"/>`;
      return `${change}${mark(cell.baseline, 'baseline', 5)}${mark(cell.candidate, 'candidate', 4)}`;
    },
  };
};

/** A tick is a multiple of its step; the product has noise in its last digits. */
const tidy = (value: number): number => Number(value.toPrecision(10));

export const sliceLegend = (alone: boolean): string =>
  `<p class="legend">${alone ? '' : baselineSign}<svg class="sign" viewBox="0 0 14 14" aria-hidden="true"><circle class="point candidate" cx="7" cy="7" r="4"/></svg><span>candidate</span></p>`;

const baselineSign =
  '<svg class="sign" viewBox="0 0 14 14" aria-hidden="true"><circle class="point baseline" cx="7" cy="7" r="5"/></svg><span>baseline</span>';
