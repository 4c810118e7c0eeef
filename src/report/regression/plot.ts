import { shortened } from '../../plain-text.ts';
import { escapeXml } from '../xml.ts';
import { type Axis, axisOver } from './axis.ts';

/** Rows of marks over one axis of values: the frame of the interval plot and of the slice chart. */
export interface Plot {
  readonly title: string;
  /** All values that must be visible. */
  readonly values: readonly number[];
  readonly tick: (value: number) => string;
  readonly rows: readonly PlotRow[];
  /** Vertical lines through all rows, with a label above. */
  readonly lines: readonly { readonly at: number; readonly label: string; readonly style: string }[];
}

export interface PlotRow {
  readonly label: string;
  readonly remark: string;
  /** SVG around the middle of the row. */
  readonly draw: (x: (value: number) => number, y: number) => string;
}

/** User units with one decimal: enough, and the same text on every machine. */
export const units = (value: number): string => String(Math.round(value * 10) / 10);

const characterWidth = 6.3;

/** Twice, for a desk and for a phone: scaling one drawing would shrink its text. */
export const plotFigure = (plot: Plot): string =>
  `<figure><figcaption>${escapeXml(plot.title)}</figcaption><div class="wide">${drawPlot(plot, 860, 'beside')}</div><div class="narrow">${drawPlot(plot, 350, 'above')}</div></figure>`;

/** @param labels stand beside the marks, or in a line of their own above them */
const drawPlot = (plot: Plot, width: number, labels: 'beside' | 'above'): string => {
  const left = labels === 'beside' ? 230 : 12;
  const right = width - (labels === 'beside' ? 190 : 12);
  const rowHeight = labels === 'beside' ? 24 : 42;
  const top = plot.lines.length === 0 ? 6 : 20;
  const bottom = top + plot.rows.length * rowHeight;
  const axis = axisOver(plot.values, (right - left) / 70);
  const x = (value: number): number =>
    left + ((Math.min(Math.max(value, axis.from), axis.to) - axis.from) / (axis.to - axis.from)) * (right - left);
  const rows = plot.rows.map((row, index) => {
    const y = top + index * rowHeight + (labels === 'beside' ? rowHeight / 2 : 30);
    return `${texts(row, labels, { left, right, width, y })}${row.draw(x, y)}`;
  });
  return `<svg viewBox="0 0 ${width} ${bottom + 24}" role="img" aria-label="${escapeXml(plot.title)}">${[
    ...grid(axis, plot, x, { top, bottom, width }),
    ...rows,
  ].join('')}</svg>`;
};

const texts = (
  { label, remark }: PlotRow,
  labels: 'beside' | 'above',
  {
    left,
    right,
    width,
    y,
  }: { readonly left: number; readonly right: number; readonly width: number; readonly y: number },
): string => {
  const beside = labels === 'beside';
  const room = beside ? left - 20 : width - 24 - remark.length * characterWidth;
  const baseline = units(beside ? y + 4 : y - 14);
  const full = `<title>${escapeXml(label)}</title>`;
  return (
    `<text class="row-label" x="${beside ? left - 12 : left}" y="${baseline}" text-anchor="${beside ? 'end' : 'start'}">${full}${escapeXml(shortened(label, Math.max(8, Math.floor(room / characterWidth))))}</text>` +
    `<text class="row-remark" x="${beside ? right + 12 : right}" y="${baseline}" text-anchor="${beside ? 'start' : 'end'}">${escapeXml(remark)}</text>`
  );
};

/** The middle of a text that must not leave the drawing. */
const inside = (middle: number, text: string, width: number): number => {
  const half = (text.length * characterWidth) / 2;
  return Math.min(Math.max(middle, half), width - half);
};

const grid = (
  axis: Axis,
  plot: Plot,
  x: (value: number) => number,
  { top, bottom, width }: { readonly top: number; readonly bottom: number; readonly width: number },
): string[] => [
  ...axis.ticks.map(
    (value) =>
      `<line class="grid" x1="${units(x(value))}" x2="${units(x(value))}" y1="${top}" y2="${bottom}"/>` +
      `<text class="tick" x="${units(inside(x(value), plot.tick(value), width))}" y="${bottom + 16}" text-anchor="middle">${escapeXml(plot.tick(value))}</text>`,
  ),
  ...plot.lines.map(
    ({ at, label, style }) =>
      `<line class="${style}" x1="${units(x(at))}" x2="${units(x(at))}" y1="${top}" y2="${bottom}"/>` +
      `<text class="${style}-label" x="${units(inside(x(at), label, width))}" y="${top - 7}" text-anchor="middle">${escapeXml(label)}</text>`,
  ),
];
