import type { Instant } from '../clock.ts';
import { percent } from '../judge/amounts.ts';
import { escapeXml } from './xml.ts';

/** One arm's value per bucket; `undefined` where there were no requests, which is drawn as a gap and never as zero. */
export interface Series {
  /** CSS class that colours it: one of the arms, or the claim of an evidence line. */
  readonly style: 'baseline' | 'candidate' | 'worse' | 'healthy';
  readonly label: string;
  readonly values: readonly { readonly at: Instant; readonly value: number | undefined }[];
}

export interface Chart {
  readonly title: string;
  readonly from: Instant;
  readonly to: Instant;
  /** Instant of the axis's 0. */
  readonly origin: Instant;
  readonly bucketMs: number;
  /** Ends of the axis; values beyond are drawn at them. */
  readonly bottom: number;
  readonly top: number;
  /** Grid lines, some with a label. */
  readonly grid: readonly { readonly value: number; readonly label?: string }[];
  readonly series: readonly Series[];
  /** `lines`: each arm's own value. `shares`: the arms fill the height between them. */
  readonly form: 'lines' | 'shares';
  readonly thresholds: readonly { readonly value: number; readonly label: string; readonly style?: Series['style'] }[];
  readonly bands: readonly { readonly from: Instant; readonly to: Instant; readonly label: string }[];
  /** Numbered; the list beside the chart explains them, so that labels cannot overlap. */
  readonly marks: readonly { readonly at: Instant; readonly number: number }[];
}

/** The smallest of 1, 2, 5 × 10ⁿ that is at least `value`: the top of a percent axis. */
export const niceTop = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.1)));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= value) ?? 10;
  return Math.min(100, factor * power);
};

/** Quarters from 0 to `top` percent, every other one labelled. */
export const percentGrid = (top: number): Chart['grid'] =>
  [0, 0.25, 0.5, 0.75, 1].map((part) => ({
    value: part * top,
    ...(part % 0.5 === 0 ? { label: percent((part * top) / 100) } : {}),
  }));

/** Rows for markers so that none touches another: the first row with `gap` pixels to the last marker in it. */
export const stagger = (positions: readonly number[], gap: number): number[] => {
  const ends: number[] = [];
  return positions.map((x) => {
    const free = ends.findIndex((end) => x - end >= gap);
    const row = free < 0 ? ends.length : free;
    ends[row] = x;
    return row;
  });
};

const markRadius = 8;
const bandHeight = 16;
const margin = { left: 44, right: 20, bottom: 26 };

/** An SVG of `width` × about `plotHeight` user units; draw it once per screen class rather than scale its text. */
export const drawChart = (chart: Chart, width: number, plotHeight: number): string => {
  const n = (value: number): string => String(Math.round(value * 10) / 10);
  const scale = (width - margin.left - margin.right) / (chart.to - chart.from);
  const x = (at: Instant): number => margin.left + (Math.min(Math.max(at, chart.from), chart.to) - chart.from) * scale;
  const marks = chart.marks.filter((mark) => mark.at >= chart.from && mark.at <= chart.to);
  const rows = stagger(
    marks.map((mark) => x(mark.at)),
    markRadius * 2 + 2,
  );
  const bandTop = 4 + (Math.max(-1, ...rows) + 1) * (markRadius * 2 + 2);
  const plotTop = bandTop + bandHeight;
  const bottom = plotTop + plotHeight;
  const y = (value: number): number =>
    bottom -
    ((Math.min(Math.max(value, chart.bottom), chart.top) - chart.bottom) / (chart.top - chart.bottom)) * plotHeight;

  const grid = chart.grid.map(({ value, label }) => {
    const text = label
      ? `<text class="tick" x="${margin.left - 6}" y="${n(y(value) + 4)}" text-anchor="end">${escapeXml(label)}</text>`
      : '';
    return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${n(y(value))}" y2="${n(y(value))}"/>${text}`;
  });

  const stepMs = tickStep(chart.to - chart.from, (width - margin.left - margin.right) / 56);
  const ticks: string[] = [];
  for (let at = chart.origin + Math.ceil((chart.from - chart.origin) / stepMs) * stepMs; at <= chart.to; at += stepMs) {
    const minutes = Math.round((at - chart.origin) / 60_000);
    ticks.push(
      `<line class="grid" x1="${n(x(at))}" x2="${n(x(at))}" y1="${bottom}" y2="${bottom + 4}"/>` +
        `<text class="tick" x="${n(x(at))}" y="${bottom + 17}" text-anchor="middle">${String(minutes).replace('-', '−')} min</text>`,
    );
  }

  const bands = chart.bands
    .filter((band) => band.to > chart.from && band.from < chart.to)
    .map((band) => {
      const left = x(band.from);
      const wide = x(band.to) - left;
      const fits = wide > band.label.length * 6 + 8;
      return (
        `<rect class="band" x="${n(left)}" y="${bandTop}" width="${n(wide)}" height="${bandHeight - 2}" rx="3"><title>${escapeXml(band.label)}</title></rect>` +
        (fits
          ? `<text class="band-label" x="${n(left + wide / 2)}" y="${bandTop + 10.5}" text-anchor="middle">${escapeXml(band.label)}</text>`
          : '')
      );
    });

  const drawn = chart.series.map((series) => drawSeries(series, chart, x, y, bottom, n));

  const thresholds = chart.thresholds.map(
    ({ value, label, style = '' }) =>
      `<line class="threshold ${style}" x1="${margin.left}" x2="${width - margin.right}" y1="${n(y(value))}" y2="${n(y(value))}"/>` +
      `<text class="threshold-label ${style}" x="${width - margin.right - 2}" y="${n(y(value) - 4)}" text-anchor="end">${escapeXml(label)}</text>`,
  );

  const flags = marks.map((mark, i) => {
    const cx = n(x(mark.at));
    const cy = n(bandTop - 2 - markRadius - (rows[i] ?? 0) * (markRadius * 2 + 2));
    return (
      `<line class="mark-line" x1="${cx}" x2="${cx}" y1="${cy}" y2="${bottom}"/>` +
      `<circle class="mark" cx="${cx}" cy="${cy}" r="${markRadius}"/>` +
      `<text class="mark-number" x="${cx}" y="${n(Number(cy) + 3.5)}" text-anchor="middle">${mark.number}</text>`
    );
  });

  const height = bottom + margin.bottom;
  return (
    `<svg viewBox="0 0 ${width} ${n(height)}" role="img" aria-label="${escapeXml(chart.title)}">` +
    bands.join('') +
    grid.join('') +
    ticks.join('') +
    drawn.join('') +
    thresholds.join('') +
    flags.join('') +
    '</svg>'
  );
};

const tickStep = (rangeMs: number, most: number): number => {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480].map((minutes) => minutes * 60_000);
  return steps.find((step) => rangeMs / step <= most) ?? 720 * 60_000;
};

/** A bucket has one value, so it is drawn flat over its own width; a gap ends the line. */
const drawSeries = (
  series: Series,
  chart: Chart,
  x: (at: Instant) => number,
  y: (value: number) => number,
  bottom: number,
  n: (value: number) => string,
): string => {
  const runs: { from: number; to: number; value: number }[][] = [];
  let run: { from: number; to: number; value: number }[] | undefined;
  let expected = Number.NaN;
  for (const { at, value } of series.values) {
    if (value === undefined || at + chart.bucketMs <= chart.from || at >= chart.to) {
      run = undefined;
      continue;
    }
    if (!run || at !== expected) {
      run = [];
      runs.push(run);
    }
    run.push({ from: x(at), to: x(at + chart.bucketMs), value });
    expected = at + chart.bucketMs;
  }
  return runs
    .map((buckets) => {
      const path = buckets
        .map(({ from, to, value }, i) => `${i === 0 ? 'M' : 'L'}${n(from)} ${n(y(value))}H${n(to)}`)
        .join('');
      const first = buckets[0];
      const last = buckets.at(-1);
      if (!first || !last) return '';
      const fill =
        chart.form === 'shares'
          ? `<path class="area ${series.style}" d="${path}V${n(bottom)}H${n(first.from)}Z"/>`
          : '';
      return `${fill}<path class="line ${series.style}" d="${path}"><title>${escapeXml(series.label)}</title></path>`;
    })
    .join('');
};
