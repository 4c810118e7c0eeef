/**
 * `npm run bench:regression`: how often the regression gate is wrong, and how long a million rows take. Fails where a limit is not kept.
 * `-- calibration [--pairs 5000] [--lines 1,2]` or `-- speed [--rows 1000000]` for one of the two.
 */
import { parseArgs } from 'node:util';
import { percent } from '../../src/judge/amounts.ts';
import {
  atTheMargin,
  family,
  keepsLimit,
  type Outcome,
  type Scale,
  withTheRowsAskedFor,
} from './regression-calibration.ts';
import { regressionSpeed } from './regression-speed.ts';

const even = { task: 'binary-classification', positives: 0.3 } as const;
const rare = { task: 'binary-classification', positives: 0.06 } as const;
const numbers = { task: 'regression' } as const;
const metrics = (...names: readonly string[]) => names.map((metric) => ({ metric }));

/** Each is computed when its turn comes. */
const calibration = (scale: Scale): readonly (() => Outcome)[] => [
  ...[200, 500, 2000].map(
    (rows) => () => atTheMargin({ metric: 'accuracy' }, { ...even, worseBy: 0.3 }, rows, 0.06, scale),
  ),
  ...metrics(
    'recall',
    'balanced-accuracy',
    'f1',
    'mcc',
    'roc-auc',
    'average-precision',
    'log-loss',
    'brier',
    'ece',
  ).map((metric) => () => atTheMargin(metric, { ...even, worseBy: 0.3 }, 500, 0.06, scale)),
  ...metrics('mae', 'rmse', 'r2').map(
    (metric) => () => atTheMargin(metric, { ...numbers, worseBy: 0.1 }, 300, 0.06, scale),
  ),
  ...metrics('log-loss', 'brier').map(
    (metric) => () => atTheMargin(metric, { ...even, worseBy: 0.3 }, 500, 0.06, scale, 'baseline'),
  ),
  ...metrics('mae', 'rmse').map(
    (metric) => () => atTheMargin(metric, { ...numbers, worseBy: 0.1 }, 300, 0.06, scale, 'baseline'),
  ),
  ...metrics('accuracy', 'f1', 'roc-auc', 'log-loss').map(
    (metric) => () => atTheMargin(metric, { ...even, worseBy: 0.3, clusterSize: 10 }, 600, 0.07, scale),
  ),
  ...metrics('recall', 'f1', 'roc-auc', 'log-loss').map(
    (metric) => () => atTheMargin(metric, { ...rare, worseBy: 0.3 }, 600, 0.08, scale),
  ),
  ...([1, 2] as const).flatMap((times) => [
    ...metrics('accuracy', 'f1').map(
      (metric) => () => withTheRowsAskedFor(metric, { ...even, worseBy: 0 }, 0.02, 300, times, scale),
    ),
    () => withTheRowsAskedFor({ metric: 'roc-auc' }, { ...even, worseBy: 0 }, 0.01, 100, times, scale),
    () => withTheRowsAskedFor({ metric: 'rmse' }, { ...numbers, worseBy: 0 }, 0.03, 100, times, scale),
  ]),
  ...[0, 0.3].map(
    (worseBy) => () =>
      family(metrics('accuracy', 'recall', 'f1', 'roc-auc', 'log-loss'), 4, { ...even, worseBy }, 1000, scale),
  ),
];

const line = (outcome: Outcome): string => {
  const { says, found, limit, mustNotBeLower, tolerance } = outcome;
  const others = [mustNotBeLower, tolerance]
    .map((share) => (share === undefined ? '' : percent(share)).padStart(8))
    .join('');
  return `${says.padEnd(88)}${percent(found).padStart(8)}${others}   ${limit.is} ${percent(limit.share)}${keepsLimit(outcome) ? '' : '  NOT KEPT'}`;
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '5000' },
    draws: { type: 'string', default: '1000' },
    lines: { type: 'string' },
    rows: { type: 'string', default: '1000000' },
  },
});
const scale = { pairs: Number(values.pairs), draws: Number(values.draws), truthRows: 5_000_000 };
if (positionals.length === 0 || positionals.includes('calibration')) {
  console.log(`${scale.pairs} pairs of models in each line, ${scale.draws} drawn sets for an interval`);
  console.log(`${''.padEnd(88)}${'gate'.padStart(8)}${'≥ base'.padStart(8)}${'± margin'.padStart(9)}   limit`);
  const chosen = values.lines?.split(',').map(Number);
  for (const [index, compute] of calibration(scale).entries()) {
    if (chosen?.includes(index + 1) === false) continue;
    const outcome = compute();
    console.log(line(outcome));
    if (!keepsLimit(outcome)) process.exitCode = 1;
  }
}
if (positionals.length === 0 || positionals.includes('speed')) {
  const { lines, kept } = regressionSpeed(Number(values.rows));
  for (const text of lines) console.log(text);
  if (!kept) process.exitCode = 1;
}
