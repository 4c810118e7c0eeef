import type { Cell } from '../findings/comparison.ts';
import { counted, percent } from '../judge/amounts.ts';
import type { Margin, Rule, Task } from '../manifest/regression.ts';
import type { metricsOf } from '../manifest/regression-metrics.ts';

/** Values, differences and rules of metrics in sentences and tables. */

/** The unit of a metric's values; a share is written in percent, and a difference of shares in points. */
type Unit = 'share' | 'number' | 'milliseconds' | 'bytes';

type MetricKey = { [T in Task]: keyof (typeof metricsOf)[T] }[Task];

const units = {
  accuracy: 'share',
  'balanced-accuracy': 'share',
  precision: 'share',
  recall: 'share',
  specificity: 'share',
  'false-positive-rate': 'share',
  'false-negative-rate': 'share',
  f1: 'share',
  'f-beta': 'share',
  mcc: 'number',
  kappa: 'number',
  'roc-auc': 'number',
  'average-precision': 'number',
  'pr-auc': 'number',
  'log-loss': 'number',
  brier: 'number',
  ece: 'share',
  'top-k': 'share',
  mae: 'number',
  mse: 'number',
  rmse: 'number',
  mape: 'share',
  smape: 'share',
  wape: 'share',
  r2: 'number',
  'explained-variance': 'number',
  'median-absolute-error': 'number',
  'max-error': 'number',
  pinball: 'number',
  'quantile-coverage': 'share',
  bias: 'number',
  ndcg: 'number',
  mrr: 'number',
  map: 'number',
  'hit-rate': 'share',
  'exact-match': 'share',
  'token-f1': 'share',
  'latency-p50': 'milliseconds',
  'latency-p95': 'milliseconds',
  'latency-p99': 'milliseconds',
  'error-rate': 'share',
  'payload-bytes': 'bytes',
} as const satisfies Readonly<Record<MetricKey, Unit>>;

const unitOf = (metric: string): Unit => new Map<string, Unit>(Object.entries(units)).get(metric) ?? 'number';

/** `12 rows`, `12 clusters`, `12 queries`: what one piece of a cell's evidence is. */
export const countedUnits = (count: number, { clusters, queries }: Pick<Cell, 'clusters' | 'queries'>): string => {
  if (clusters !== undefined) return counted(count, 'cluster');
  return queries === undefined ? counted(count, 'row') : countedQueries(count);
};

export const countedQueries = (count: number): string => (count === 1 ? '1 query' : `${count} queries`);

const suffixes: Readonly<Record<Unit, string>> = { share: ' points', number: '', milliseconds: ' ms', bytes: ' bytes' };

/**
 * A metric's value: `96.7 %`, `0.8393`, `12.4 ms`.
 * @param metric in kebab case, as in a rule
 */
export const valueText = (metric: string, value: number | null): string => {
  if (value === null) return 'undefined';
  const unit = unitOf(metric);
  return unit === 'share' ? percent(value) : `${digits(value)}${suffixes[unit]}`;
};

/**
 * `+2.1 points`; oriented, so that positive is better.
 * @param form `bare`: without the unit, where the unit stands beside
 */
export const differenceText = (metric: string, difference: number | null, form: Form = 'full'): string => {
  if (difference === null) return 'undefined';
  const shown = amount(metric, difference);
  return `${signed(shown)}${form === 'full' ? suffixOf(metric, shown) : ''}`;
};

/** A difference without a direction: `2.1 points`. */
export const amountText = (metric: string, amount: number): string =>
  differenceText(metric, Math.abs(amount)).replace('+', '');

type Form = 'bare' | 'full';

/** ` in points`, ` in ms`; empty where the metric has no unit. */
export const inUnit = (metric: string): string => {
  const unit = suffixes[unitOf(metric)];
  return unit === '' ? '' : ` in${unit}`;
};

/**
 * `−3.5 to +0.4 points`.
 * @param form `bare`: without the unit, beside a difference that has it
 */
export const intervalText = (
  metric: string,
  [lower, upper]: readonly [lower: number, upper: number],
  form: Form = 'full',
): string =>
  `${signed(amount(metric, lower))} to ${signed(amount(metric, upper))}${form === 'full' ? suffixes[unitOf(metric)] : ''}`;

/** `2 points`, `5 % of the baseline`. */
export const marginText = (metric: string, { value, of }: Margin): string =>
  of === 'baseline'
    ? `${percent(value)} of the baseline`
    : `${digits(amount(metric, value))}${suffixOf(metric, amount(metric, value))}`;

/** `non-inferior, margin 2 points`, `floor 90 %`. */
export const ruleText = ({ metric: { metric }, criterion }: Rule): string => {
  switch (criterion.is) {
    case 'non-inferior':
      return `non-inferior, margin ${marginText(metric, criterion.margin)}`;
    case 'equivalent':
      return `equivalent, margin ±${marginText(metric, criterion.margin)}`;
    case 'max-drop':
    case 'must-improve-by':
      return `${criterion.is} ${marginText(metric, criterion.margin)}`;
    case 'superior':
      return 'superior';
    case 'floor':
    case 'ceiling':
      return `${criterion.is} ${valueText(metric, criterion.value)}`;
  }
};

/** A chance that a drop is caught; none is caught with certainty. */
export const powerText = (power: number): string => (power > 0.99 ? 'more than 99 %' : percent(power, 2));

const amount = (metric: string, difference: number): number =>
  unitOf(metric) === 'share' ? difference * 100 : difference;

const suffixOf = (metric: string, shown: number): string =>
  unitOf(metric) === 'share' && digits(Math.abs(shown)) === '1' ? ' point' : suffixes[unitOf(metric)];

const digits = (value: number): string => `${value < 0 ? '−' : ''}${Number(Math.abs(value).toPrecision(4))}`;

const signed = (value: number): string => {
  if (!Number.isFinite(value)) return value > 0 ? '+∞' : '−∞';
  const shown = Math.abs(value) < 1e-12 ? 0 : Number(value.toPrecision(3));
  return shown > 0 ? `+${shown}` : shown < 0 ? `−${-shown}` : '0';
};
