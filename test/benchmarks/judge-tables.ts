import { notPromised, type PromiseRow, percent } from './judge-promises.ts';
import type { CellSummary, Summary } from './judge-summary.ts';
import { scenarios } from './scenarios.ts';

/** What is printed of a cell: one line per contestant. */
export const cellAsText = ({ scenario, setting, runs, contestants }: CellSummary): string => {
  const found = scenarios.find(({ name }) => name === scenario);
  const { requestsPerSecond, bucketSeconds, plan, history } = setting;
  const shares = found?.shares ?? (plan === 'fixed' ? [0.1] : [0.05, 0.1, 0.25, 0.5]);
  const split = `${shares.map((share) => 100 * share).join('/')} %`;
  const head = `${scenario} (${found?.says}), ${requestsPerSecond} rps, ${bucketSeconds} s buckets, ${split}${history === 'none' ? ', no day before' : ''}, ${runs} runs`;
  return [
    head,
    columns([
      '',
      'rolled back',
      '95 % bounds',
      'exposed',
      'p95',
      'harmed',
      'seconds',
      'of Wald',
      'proven',
      'after',
      'wrong',
    ]),
    ...contestants.map((one) => row(one, runs, wald(found?.wald, setting.plan))),
    '',
  ].join('\n');
};

/** Wald's bounds are for a fixed share. */
const wald = (bound: number | undefined, plan: string): number | undefined => (plan === 'fixed' ? bound : undefined);

const row = (one: Summary, runs: number, bound: number | undefined): string =>
  columns([
    one.name,
    share(one.rolledBack, runs),
    `${percent(one.bounds[0])}–${percent(one.bounds[1])}`,
    whole(one.exposedMean),
    whole(one.exposedP95),
    one.harmedMean.toFixed(1),
    whole(one.secondsMedian),
    bound === undefined || one.rolledBack < runs / 2 ? '' : `${Math.round((100 * bound) / one.exposedMean)} %`,
    share(one.healthy, runs),
    whole(one.healthySecondsMedian, ' s'),
    one.wrong > 0 ? share(one.wrong, runs) : '0',
  ]);

const widths = [24, 12, 14, 8, 8, 8, 8, 8, 9, 8, 8];
const columns = (cells: readonly string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0))).join(' ');

const share = (count: number, of: number): string => percent(count / of);
const whole = (value: number | undefined, unit = ''): string =>
  value === undefined ? '' : `${Math.round(value)}${unit}`;

/** What is printed at the end: every promise, and whether it is kept. */
export const promisesAsText = (rows: readonly PromiseRow[]): string =>
  rows
    .map(
      ({ promise, where, target, measured, met }) =>
        `${target === notPromised || met === undefined ? '      ' : met ? 'met   ' : 'MISSED'} ${promise} (${where}): ${target}; ${measured}`,
    )
    .join('\n');
