import { describe, expect, it } from '@jest/globals';
import type { Cell } from '../../../src/findings/comparison.ts';
import type { Criterion } from '../../../src/manifest/regression.ts';
import { axisOver } from '../../../src/report/regression/axis.ts';
import { cellDetails, cellText, foremost } from '../../../src/report/regression/cell-text.ts';
import { intervalPlots } from '../../../src/report/regression/interval-plot.ts';
import { limitsOf } from '../../../src/report/regression/limits.ts';
import { sliceCharts } from '../../../src/report/regression/slice-chart.ts';
import { cellOf } from '../../support/regression-findings.ts';

const ruled = (criterion: Criterion, members: Partial<Cell> = {}): Cell =>
  cellOf({ rule: { ...cellOf().rule, criterion }, ...members });

describe('the limits of a rule on the axis of its difference', () => {
  const margin = { value: 0.02, of: 'metric' } as const;
  const share = { value: 0.1, of: 'baseline' } as const;
  it.each<[Criterion, readonly number[]]>([
    [{ is: 'non-inferior', margin }, [-0.02]],
    [{ is: 'max-drop', margin }, [-0.02]],
    [{ is: 'must-improve-by', margin }, [0.02]],
    [{ is: 'equivalent', margin }, [-0.02, 0.02]],
    [{ is: 'superior' }, [0]],
    [{ is: 'floor', value: 0.9 }, [0]],
    [{ is: 'ceiling', value: 0.9 }, [0]],
    [{ is: 'max-drop', margin: share }, [-0.5]],
  ])('%j: %j', (criterion, limits) => {
    // A share is one of the size of the baseline's value, whatever its sign.
    expect(limitsOf(ruled(criterion, { baseline: -5 }))).toEqual(limits);
  });
});

describe('an axis', () => {
  it.each([
    [[-0.036, 0.004], 5, [-0.03, -0.02, -0.01, 0]],
    [[0.9, 1], 6, [0.9, 0.92, 0.94, 0.96, 0.98, 1]],
    [[5, 5], 3, [4.8, 5, 5.2]],
    [[0, 0], 3, [-0.05, 0, 0.05]],
    [[-300, 1200], 4, [0, 500, 1000]],
  ])('over %j has round ticks', (values, most, ticks) => {
    const axis = axisOver(values, most);
    const inside = ticks.filter((tick) => tick >= axis.from && tick <= axis.to);
    expect(axis.ticks.map((tick) => Number(tick.toFixed(6)))).toEqual(inside);
    expect(axis.ticks.length).toBeLessThanOrEqual(most + 1);
    for (const value of values) {
      expect(value).toBeGreaterThan(axis.from);
      expect(value).toBeLessThan(axis.to);
    }
  });
});

const labelsOf = (svg: string): string[] =>
  [...svg.slice(0, svg.indexOf('class="narrow"')).matchAll(/class="row-label"[^>]*><title>([^<]*)</g)].map(
    ([, label = '']) => label,
  );

describe('the chart of slices', () => {
  const sliced = (slice: string, candidate: number | null, better: Cell['better'] = 'higher'): Cell =>
    cellOf({ slice, candidate, baseline: 0.9, better, rows: 10 });

  it('has all rows first, then the slices by the loss of the candidate', () => {
    const cells = [sliced('a', 0.95), sliced('b', 0.7), sliced('c', 0.85), sliced('d', null), cellOf({ rows: 10 })];
    expect(labelsOf(sliceCharts(cells))).toEqual(['all rows', 'b', 'c', 'a', 'd'].map((name) => `${name} (10 rows)`));
    const lower = [sliced('a', 0.95, 'lower'), sliced('b', 0.7, 'lower')];
    expect(labelsOf(sliceCharts(lower))).toEqual(['a (10 rows)', 'b (10 rows)']);
    const near = [sliced('a', 0.8, { near: 0.8 }), sliced('b', 0.6, { near: 0.8 })];
    expect(labelsOf(sliceCharts(near))).toEqual(['b (10 rows)', 'a (10 rows)']);
  });

  it('draws a slice once where several rules look at it, and says how many are in the table alone', () => {
    const twice = [
      sliced('a', 0.9),
      { ...sliced('a', 0.9), rule: { ...cellOf().rule, criterion: { is: 'superior' } as const } },
    ];
    expect(labelsOf(sliceCharts(twice))).toEqual(['a (10 rows)']);
    const many = Array.from({ length: 30 }, (_, at) => sliced(`s${at}`, 0.9 - at / 100));
    expect(sliceCharts(many)).toContain('<figcaption>accuracy, by slice (6 more slices in the table)</figcaption>');
    expect(labelsOf(sliceCharts(many))[0]).toBe('s29 (10 rows)');
  });

  it('is absent where a metric has no slices, or no value', () => {
    expect(sliceCharts([cellOf()])).toBe('');
    expect(sliceCharts([cellOf({ slice: 'a', candidate: null, baseline: null })])).toBe('');
  });
});

describe('the plot of intervals', () => {
  it('names the rule in each row where a metric has several', () => {
    const cells = [cellOf(), ruled({ is: 'superior' })];
    expect(labelsOf(intervalPlots(cells))).toEqual(['all rows, non-inferior, margin 2 points', 'all rows, superior']);
  });

  it('cuts an interval that would shrink all others, with an arrow', () => {
    const wide = cellOf({ slice: 'tiny', interval: [-0.9, 0.9] });
    const drawn = (cells: readonly Cell[]) =>
      [...intervalPlots(cells).matchAll(/class="whisker pass" d="([^"]*)"/g)].map(([, d = '']) => d);
    const ends = (path = ''): number => path.split('L').length - 1;
    const [first, second] = drawn([cellOf(), cellOf({ slice: 'a' }), wide]).slice(1, 3);
    expect(ends(first)).toBe(0);
    expect(ends(second)).toBe(4);
  });

  it('draws an interval without an end up to where the others reach', () => {
    const open = cellOf({ interval: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] });
    for (const cells of [[open], [cellOf(), open]]) {
      expect(intervalPlots(cells)).not.toMatch(/NaN|Infinity/);
      expect(intervalPlots(cells)).toContain('class="whisker pass"');
    }
    expect(cellText(open).difference).toBe('−0.5 points (−∞ to +∞)');
  });

  it('shows the cells that decide first where there are too many', () => {
    const many = Array.from({ length: 40 }, (_, at) =>
      cellOf({ slice: `s${at}`, ...(at === 39 && { decision: 'fail' }) }),
    );
    const labels = labelsOf(intervalPlots(many));
    expect(labels).toHaveLength(24);
    expect(labels.at(-1)).toBe('s39');
    expect(intervalPlots(many)).toContain('(16 more cells: 16 pass)');
  });
});

describe('the text of a cell', () => {
  it('says what a warning is, and what a default', () => {
    const cell = cellOf({ decision: 'fail', rule: { ...cellOf().rule, level: 'warn', byDefault: true } });
    expect(cellText(cell)).toMatchObject({
      rule: 'non-inferior, margin 2 points (default) (warns only)',
      decision: 'warning: fail',
      note: '',
    });
  });

  it.each<[Partial<Cell>, string]>([
    [{ because: 'the interval allows both' }, 'the interval allows both; needs about 1270 rows'],
    [
      { because: 'the interval allows both', clusters: 12, rowsNeeded: 40 },
      'the interval allows both; needs about 40 clusters',
    ],
    [
      { because: 'the interval allows both', rowsNeeded: null },
      'the interval allows both; needs more than a million rows',
    ],
    [{ because: 'undefined for both models', rowsNeeded: null, statistic: 'none' }, 'undefined for both models'],
    [{ decision: 'pass', because: 'nothing differs' }, 'nothing differs'],
  ])('the note of %j is “%s”', (members, note) => {
    expect(cellText(cellOf({ decision: 'inconclusive', ...members })).note).toBe(note);
  });

  it('has the statistics that there are', () => {
    expect(cellDetails(cellOf({ clusters: 80, p: 0.00001, resolvableMargin: null }))).toBe(
      "1500 rows in 80 clusters, confidence 95 % at each end, interval by Tango's score, p of a kept rule below 0.0001, 0.03 after Holm's correction, McNemar's p 0.46",
    );
    const { mcnemarP: _, ...none } = cellOf({ statistic: 'none', p: null, adjustedP: null, resolvableMargin: null });
    expect(cellDetails(none)).toBe('1500 rows, confidence 95 % at each end');
  });

  it('comes first where it decides: failures, then open cells, then warnings, then passes', () => {
    const warn = { ...cellOf().rule, level: 'warn' } as const;
    const cells = [
      cellOf({ slice: 'pass' }),
      cellOf({ slice: 'warned', decision: 'fail', rule: warn }),
      cellOf({ slice: 'open', decision: 'inconclusive' }),
      cellOf({ slice: 'fail', decision: 'fail' }),
    ];
    const kept = (most: number) => foremost(cells, most).kept.map(({ slice }) => slice);
    expect([kept(1), kept(2), kept(3)]).toEqual([['fail'], ['open', 'fail'], ['warned', 'open', 'fail']]);
    expect(foremost(cells, 2).left.map(({ slice }) => slice)).toEqual(['pass', 'warned']);
  });
});
