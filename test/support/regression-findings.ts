import type { Cell } from '../../src/findings/comparison.ts';
import type { Regression } from '../../src/findings/regression.ts';

/** A cell as the gate makes it: accuracy over all rows, which passes. */
export const cellOf = (members: Partial<Cell> = {}): Cell => ({
  metric: 'accuracy',
  rule: {
    metric: { metric: 'accuracy' },
    criterion: { is: 'non-inferior', margin: { value: 0.02, of: 'metric' } },
    confidence: 0.95,
    level: 'fail',
  },
  better: 'higher',
  rows: 1500,
  candidate: 0.947,
  baseline: 0.952,
  difference: -0.005,
  interval: [-0.0148, 0.0049],
  statistic: 'tango',
  decision: 'pass',
  p: 0.0061,
  adjustedP: 0.0305,
  mcnemarP: 0.458,
  rowsNeeded: 1270,
  resolvableMargin: 0.0184,
  ...members,
});

const recall = {
  metric: { metric: 'recall', class: 'versicolor' },
  criterion: { is: 'max-drop', margin: { value: 0.03, of: 'metric' } },
  confidence: 0.95,
  level: 'fail',
} as const;
const latency = {
  metric: { metric: 'latency-p95' },
  criterion: { is: 'non-inferior', margin: { value: 0.1, of: 'baseline' } },
  confidence: 0.95,
  level: 'warn',
  byDefault: true,
} as const;
const floor = {
  metric: { metric: 'accuracy' },
  criterion: { is: 'floor', value: 0.9 },
  confidence: 0.95,
  level: 'fail',
} as const;

const classCounts = (...counts: readonly number[]) =>
  ['setosa', 'versicolor', 'virginica'].map((name, at) => ({ name, rows: counts[at] ?? 0 }));

/** A candidate that fails on one slice. */
export const findingsOf = (members: Partial<Regression> = {}): Regression => ({
  is: 'regression',
  candidate: 'new.jsonl',
  baseline: 'old.jsonl',
  verdict: 'fail',
  because: 'recall[versicolor] of country = DE is 8.2 points worse (−12.1 to −4.4 points); max-drop allows 3 points',
  rows: {
    compared: 1500,
    unanswered: 0,
    onlyCandidate: 0,
    onlyBaseline: 2,
    failedCandidate: 3,
    failedBaseline: 0,
    flipped: 87,
  },
  cells: [
    cellOf(),
    cellOf({
      slice: 'country = DE',
      rows: 610,
      candidate: 0.92,
      baseline: 0.948,
      difference: -0.028,
      interval: [-0.047, -0.01],
      decision: 'inconclusive',
      because: "fails by its own bound, but not after Holm's correction",
      p: 0.31,
      adjustedP: 0.62,
    }),
    cellOf({
      slice: 'country = FR',
      rows: 880,
      candidate: 0.9659,
      baseline: 0.9557,
      difference: 0.0102,
      interval: [0.0011, 0.0201],
    }),
    cellOf({
      slice: 'country = LU',
      rows: 10,
      candidate: 1,
      baseline: 0.9,
      difference: 0.1,
      interval: [-0.31, 0.46],
      decision: 'inconclusive',
      because: '10 rows, at least 30',
      rowsNeeded: 30,
      p: null,
      adjustedP: null,
    }),
    cellOf({ rule: floor, statistic: 'wilson', difference: 0.047, interval: [0.0367, 0.0559] }),
    cellOf({
      metric: 'recall[versicolor]',
      rule: recall,
      rows: 498,
      candidate: 0.902,
      baseline: 0.918,
      difference: -0.016,
      interval: [-0.0297, -0.0021],
    }),
    cellOf({
      metric: 'recall[versicolor]',
      slice: 'country = DE',
      rule: recall,
      rows: 207,
      candidate: 0.836,
      baseline: 0.918,
      difference: -0.082,
      interval: [-0.121, -0.044],
      decision: 'fail',
      p: 0.0004,
      adjustedP: 0.0032,
    }),
    cellOf({
      metric: 'recall[versicolor]',
      slice: 'country = FR',
      rule: recall,
      rows: 289,
      candidate: 0.948,
      baseline: 0.9204,
      difference: 0.0276,
      interval: [0.009, 0.046],
    }),
    cellOf({
      metric: 'latency-p95',
      rule: latency,
      better: 'lower',
      candidate: 48.2,
      baseline: 41.9,
      difference: -6.3,
      interval: [-7.1, -5.2],
      statistic: 'bootstrap',
      decision: 'fail',
    }),
  ],
  selfTest: {
    canFail: true,
    because: 'a candidate that is always wrong fails; accuracy would catch a drop of 4 points with 83 %',
    planted: [
      { metric: 'accuracy', rule: cellOf().rule, is: 'hopeless', difference: -0.93, decision: 'fail', power: 1 },
      {
        metric: 'accuracy',
        rule: cellOf().rule,
        is: 'beyond-margin',
        difference: -0.0207,
        decision: 'inconclusive',
        power: 0.06,
      },
      {
        metric: 'recall[versicolor]',
        slice: 'country = DE',
        rule: recall,
        is: 'hopeless',
        difference: -0.91,
        decision: 'fail',
        power: 1,
      },
    ],
    catches: [
      { metric: 'accuracy', rule: cellOf().rule, drop: 0.04, power: 0.834, smallestDrop: 0.0391 },
      {
        metric: 'recall[versicolor]',
        slice: 'country = DE',
        rule: recall,
        drop: 0.06,
        power: 0.31,
        smallestDrop: null,
      },
    ],
    mirrored: true,
  },
  dataset: {
    digest: `sha256:${'5e0c'.repeat(16)}`,
    rows: 1502,
    version: '2026-01',
    expires: '2026-12-31',
    parts: [
      { rows: 1502, classes: classCounts(500, 498, 504) },
      { slice: 'country = DE', rows: 611, classes: classCounts(200, 207, 204) },
      { slice: 'country = FR', rows: 891, classes: classCounts(300, 291, 300) },
    ],
    duplicates: {
      rows: 5,
      inputs: 2,
      conflicts: 1,
      examples: [
        ['flower-3', 'flower-9'],
        ['flower-1', 'flower-2', 'flower-4'],
      ],
    },
  },
  diff: {
    flipRate: 0.058,
    interval: [0.0489, 0.0686],
    distributions: [
      { of: 'predictions', stabilityIndex: 0.00214, byChance: 0.00071, jensenShannonBits: 0.000385 },
      { of: 'scores', stabilityIndex: 0, byChance: 0, jensenShannonBits: 1e-17 },
    ],
  },
  latencies: { candidate: { p50: 21.5, p95: 48.2, p99: 91 }, baseline: { p50: 20, p95: 41.9, p99: null } },
  confusion: {
    classes: ['setosa', 'versicolor', 'virginica'],
    baseline: [
      [500, 0, 0, 0],
      [0, 457, 41, 0],
      [0, 31, 471, 0],
    ],
    candidate: [
      [500, 0, 0, 0],
      [0, 449, 46, 3],
      [0, 27, 475, 0],
    ],
  },
  harmful: [
    { id: 'flower-1107', row: { label: 'versicolor', baseline: 'versicolor', candidate: 'virginica' } },
    { id: 'flower-78', row: { label: 'versicolor', baseline: 'versicolor', candidate: 'error' } },
  ],
  ...members,
});

/** A candidate where nothing serves: it keeps one limit and breaks another in a slice. */
export const aloneFindings = (members: Partial<Regression> = {}): Regression => {
  const { baseline: _, confusion: __, diff: ___, ...found } = findingsOf();
  const ownCell = (of: Partial<Cell>): Cell => {
    const {
      baseline: _none,
      mcnemarP: _p,
      ...cell
    } = cellOf({ rule: floor, statistic: 'wilson', resolvableMargin: null, ...of });
    return cell;
  };
  return {
    ...found,
    because: 'accuracy in country = DE is 83.6 %: −6.4 points (−8.9 to −4.2), rule floor 90 %',
    rows: { compared: 1500, unanswered: 2, failedCandidate: 3 },
    cells: [
      ownCell({ difference: 0.047, interval: [0.0367, 0.0559] }),
      ownCell({
        slice: 'country = DE',
        rows: 610,
        candidate: 0.836,
        difference: -0.064,
        interval: [-0.089, -0.042],
        decision: 'fail',
        p: 0.0004,
        adjustedP: 0.0012,
      }),
      ownCell({
        slice: 'country = FR',
        rows: 40,
        candidate: 0.9,
        difference: 0,
        interval: [-0.101, 0.055],
        decision: 'inconclusive',
        because: 'the interval allows both',
        rowsNeeded: null,
      }),
    ],
    selfTest: {
      canFail: true,
      because: 'a candidate that is always wrong fails',
      planted: [{ metric: 'accuracy', rule: floor, is: 'hopeless', difference: -0.9, decision: 'fail', power: 1 }],
      catches: [],
    },
    latencies: { candidate: { p50: 21.5, p95: 48.2, p99: 91 } },
    alone: {
      notApplicable: [
        { metric: 'recall[versicolor]', rule: recall },
        { metric: 'latency-p95', rule: latency },
      ],
    },
    confusion: {
      classes: ['setosa', 'versicolor', 'virginica'],
      candidate: [
        [500, 0, 0, 0],
        [0, 449, 46, 3],
        [0, 27, 475, 0],
      ],
    },
    harmful: [],
    ...members,
  };
};
