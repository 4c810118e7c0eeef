import { clopperPearson } from './clopper-pearson.ts';
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

const percent = (value: number): string => `${Number((100 * value).toPrecision(2))} %`;
const share = (count: number, of: number): string => percent(count / of);
const whole = (value: number | undefined, unit = ''): string =>
  value === undefined ? '' : `${Math.round(value)}${unit}`;

/** The claims that are made of the judge, each with the figures it rests on. */
export const claimsAsText = (cells: readonly CellSummary[]): string => {
  // Without traffic nobody is convicted by anything: `no-traffic` would only water the rate down.
  const isNull = ({ scenario }: CellSummary): boolean =>
    scenarios.some(({ name, kind }) => name === scenario && kind === 'null' && name !== 'no-traffic');
  const isRegression = ({ scenario }: CellSummary): boolean =>
    scenarios.some(({ name, kind }) => name === scenario && kind === 'regression');
  const judge = ({ contestants }: CellSummary): Summary | undefined => contestants[0];
  const convicted = (chosen: readonly CellSummary[]): string => {
    const count = chosen.reduce((sum, cell) => sum + (judge(cell)?.by['candidate-worse'] ?? 0), 0);
    const runs = chosen.reduce((sum, cell) => sum + cell.runs, 0);
    if (runs === 0) return 'not run';
    const [lower, upper] = clopperPearson(count, runs);
    return `${count} of ${runs} runs: ${percent(count / runs)} (95 % bounds ${percent(lower)} to ${percent(upper)})`;
  };
  const nulls = cells.filter(isNull);
  const worst = (chosen: readonly CellSummary[]): string => {
    const cell = [...chosen].sort((a, b) => worstRate(b) - worstRate(a))[0];
    return cell ? `${named(cell)} ${percent(worstRate(cell))}` : 'not run';
  };
  const worstRate = (cell: CellSummary): number => (judge(cell)?.by['candidate-worse'] ?? 0) / cell.runs;
  const other = nulls.reduce((sum, cell) => {
    const one = judge(cell);
    return sum + (one ? one.rolledBack - (one.by['candidate-worse'] ?? 0) : 0);
  }, 0);
  const wrong = cells
    .filter(isRegression)
    .sort((a, b) => (judge(b)?.wrong ?? 0) / b.runs - (judge(a)?.wrong ?? 0) / a.runs)[0];
  /** What a judge that is quicker here pays for it: the clean models it rolls back in the same setting, and the worst it does to healthy ones. */
  const price = (name: string, { setting }: CellSummary): string => {
    const paid = nulls
      .filter((cell) => JSON.stringify(cell.setting) === JSON.stringify(setting))
      .flatMap(({ scenario, runs, contestants }) =>
        contestants.filter((one) => one.name === name).map((one) => ({ scenario, rate: one.rolledBack / runs })),
      )
      .sort((one, other) => other.rate - one.rate);
    const shown = [...new Set([paid.find(({ scenario }) => scenario === 'clean'), paid[0]])];
    return shown.flatMap((one) => (one ? `${percent(one.rate)} of ${one.scenario}` : [])).join(', ') || 'no null run';
  };
  const beaten = cells
    .filter((cell) => isRegression(cell) && cell.setting.requestsPerSecond >= 5)
    .flatMap((cell) => {
      const mine = judge(cell)?.harmedMean ?? 0;
      const better = cell.contestants.slice(2).filter(({ harmedMean }) => harmedMean < mine);
      if (better.length === 0) return [];
      const theirs = better.map((one) => `${one.name} ${one.harmedMean.toFixed(1)} (${price(one.name, cell)})`);
      return [`  ${named(cell)}: ${mine.toFixed(1)} harmed; ${theirs.join(', ')}`];
    });
  const bursts = nulls.filter(({ scenario }) => scenario === 'one-arm-bursts');
  const steady = nulls.filter(({ scenario }) => scenario !== 'one-arm-bursts');
  return [
    `false convictions, null scenarios without one-arm bursts: ${convicted(steady)}; worst cell ${worst(steady)}`,
    `false convictions, one-arm bursts: ${convicted(bursts)}; worst cell ${worst(bursts)}`,
    `rollbacks of null scenarios by the safety net or blindness: ${other}`,
    wrong ? `wrong "healthy", worst cell: ${named(wrong)} ${share(judge(wrong)?.wrong ?? 0, wrong.runs)}` : '',
    beaten.length > 0
      ? `regressions in which another judge harmed fewer requests (in brackets: the healthy models it rolls back in that setting):\n${beaten.join('\n')}`
      : 'fewest harmed requests in every regression',
    '',
  ].join('\n');
};

const named = ({ scenario, setting }: CellSummary): string =>
  `${scenario} at ${setting.requestsPerSecond} rps, ${setting.bucketSeconds} s, ${setting.plan}`;
