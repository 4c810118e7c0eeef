import type { CellSummary, Summary } from './judge-summary.ts';
import { claimsAsText } from './judge-tables.ts';
import { scenarios } from './scenarios.ts';
import type { Setting } from './stream.ts';

/** docs/judge-results.md: what the benchmark measured, setting by setting. */
export const resultsAsMarkdown = (cells: readonly CellSummary[]): string => {
  const settings = [...new Map(cells.map((cell) => [JSON.stringify(cell.setting), cell.setting])).values()].sort(
    (a, b) =>
      b.requestsPerSecond - a.requestsPerSecond || b.bucketSeconds - a.bucketSeconds || a.plan.localeCompare(b.plan),
  );
  const runs = [...new Set(cells.map((cell) => cell.runs))].sort((a, b) => a - b);
  return [
    '# The judge, measured',
    '',
    `Written by \`npm run bench:judge -- --runs ${runs.at(-1)} --markdown docs/judge-results.md\`. Simulated streams of one hour, ${runs.join(' or ')} runs a`,
    'cell, every judge on the same bytes. Policy: `worse-than: 1.2x`, `false-rollback: 0.01`, `excess-below: 0.5%`, `confidence: 0.95`, and `client-errors: judge` in `callers-refused`. The',
    'alarm (3 of 3 minutes), Argo-style counters (failureLimit 3), the Flagger-style loop (threshold 5) and Kayenta (Mann–Whitney, judged',
    'every ten minutes) are re-implemented from their documentation; their thresholds are 1 % errors and a p99 of 300 ms. [The judge](judge.md) explains the words.',
    '',
    '## In short',
    '',
    ...claimsAsText(cells)
      .trim()
      .split('\n')
      .map((line) => (line.startsWith('  ') ? `  - ${line.trim()}` : `- ${line}`)),
    ...settings.flatMap((setting) => sectionOf(setting, cells)),
    '',
  ].join('\n');
};

const others = ['alarm 3 of 3 x 1 min', 'Argo counters', 'Flagger loop', 'Kayenta, six looks'];

const sectionOf = (setting: Setting, cells: readonly CellSummary[]): readonly string[] => {
  const inSetting = scenarios.flatMap((scenario) => {
    const cell = cells.find(
      (one) => one.scenario === scenario.name && JSON.stringify(one.setting) === JSON.stringify(setting),
    );
    return cell ? [{ scenario, cell }] : [];
  });
  const nulls = inSetting.filter(({ scenario }) => scenario.kind === 'null');
  const regressions = inSetting.filter(({ scenario }) => scenario.kind === 'regression');
  const { requestsPerSecond, bucketSeconds, plan } = setting;
  const split = plan === 'fixed' ? 'a share of 10 %' : 'a share of 5, 10, 25, 50 %, a quarter of an hour each';
  return [
    '',
    `## ${requestsPerSecond} requests a second, buckets of ${bucketSeconds} s, ${split}`,
    '',
    `| healthy model | rolled back (95 % bounds) | with the guard on | proven healthy | after | ${others.join(' | ')} |`,
    `| --- | --- | --- | --- | --- |${' --- |'.repeat(others.length)}`,
    ...nulls.map(({ scenario, cell }) => {
      const [judge, guarded] = cell.contestants;
      return row([
        `${scenario.name}: ${scenario.says}`,
        judge
          ? `${share(judge.rolledBack, cell)} (${percent(judge.bounds[0])}–${percent(judge.bounds[1])})${reasons(judge)}`
          : '',
        guarded ? share(guarded.rolledBack, cell) : '',
        judge ? share(judge.healthy, cell) : '',
        duration(judge?.healthyRequestsMedian, judge?.healthySecondsMedian),
        ...others.map((name) => {
          const found = cell.contestants.find((one) => one.name === name);
          return found ? share(found.rolledBack, cell) : '';
        }),
      ]);
    }),
    '',
    `| bad model | rolled back | exposed: mean, p95 | of Wald | median time | guard on: rolled back, exposed | harmed | ${others.join(' | ')} | wrong "healthy" |`,
    `| --- | --- | --- | --- | --- | --- | --- |${' --- |'.repeat(others.length)} --- |`,
    ...regressions.map(({ scenario, cell }) => {
      const [judge, guarded] = cell.contestants;
      const reachable = plan === 'fixed' && judge && judge.rolledBack > 0.95 * cell.runs;
      return row([
        `${scenario.name}: ${scenario.says}`,
        judge ? share(judge.rolledBack, cell) : '',
        judge ? `${Math.round(judge.exposedMean)}, ${judge.exposedP95}` : '',
        reachable && scenario.wald ? `${Math.round((100 * scenario.wald) / judge.exposedMean)} %` : '',
        judge?.secondsMedian === undefined ? '' : `${judge.secondsMedian} s`,
        guarded ? `${share(guarded.rolledBack, cell)}, ${Math.round(guarded.exposedMean)}` : '',
        judge?.harmedMean.toFixed(1) ?? '',
        ...others.map((name) => cell.contestants.find((one) => one.name === name)?.harmedMean.toFixed(1) ?? ''),
        judge ? share(judge.wrong, cell) : '',
      ]);
    }),
  ];
};

const row = (columns: readonly string[]): string => `| ${columns.join(' | ')} |`;
const percent = (value: number): string => `${Number((100 * value).toPrecision(2))} %`;
const share = (count: number, { runs }: CellSummary): string => percent(count / runs);
const duration = (requests: number | undefined, seconds: number | undefined): string =>
  requests === undefined || seconds === undefined ? '' : `${requests} requests, ${Math.round(seconds / 6) / 10} min`;
/** Rollbacks that are not convictions are outside the bound, and said. */
const reasons = ({ by }: Summary): string => {
  const rest = Object.entries(by).filter(([reason]) => reason !== 'candidate-worse');
  return rest.length > 0 ? `, ${rest.map(([reason, count]) => `${count} by ${reason}`).join(', ')}` : '';
};
