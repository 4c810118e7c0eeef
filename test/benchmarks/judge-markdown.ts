import { contestants } from './contestants.ts';
import { notPromised, type PromiseRow, percent, sameSetting, wronglyRolledBack } from './judge-promises.ts';
import type { CellSummary, Summary } from './judge-summary.ts';
import { scenarios } from './scenarios.ts';
import type { Setting } from './stream.ts';

/** docs/judge-results.md: what the benchmark measured, promise by promise and setting by setting. */
export const resultsAsMarkdown = (cells: readonly CellSummary[], promises: readonly PromiseRow[]): string => {
  const settings = [...new Map(cells.map((cell) => [JSON.stringify(cell.setting), cell.setting])).values()].sort(
    (a, b) =>
      b.requestsPerSecond - a.requestsPerSecond ||
      b.bucketSeconds - a.bucketSeconds ||
      a.plan.localeCompare(b.plan) ||
      (a.history ?? '').localeCompare(b.history ?? ''),
  );
  const runs = Math.max(0, ...cells.map((cell) => cell.runs));
  return [
    '# The judge, measured',
    '',
    `Written by \`npm run bench:judge -- --runs ${runs} --results .cache/judge-results.jsonl --docs docs\`: simulated streams of an hour or`,
    `more, ${counted(runs)} runs a cell, every judge on the same bytes. The day before a stream follows the same law as the stream. The policy is`,
    '`worse-than: 1.2x`, `false-rollback: 0.01`, `excess-below: 0.5%`, `confidence: 0.95`; 4xx answers are judged in `callers-refused`, predictions hold',
    'the share, or convict where the scenario says so. The alarm (3 of 3 minutes), Argo-style counters (failureLimit 3), the Flagger-style loop',
    '(threshold 5) and Kayenta (Mann–Whitney, judged every ten minutes) are re-implemented from their documentation; their thresholds are 1 %',
    'errors and a p99 of 300 ms. The ratio alarm compares the error rates of both arms: more than 2x in 2 of 3 minutes. [The judge](judge.md) explains the words.',
    '',
    '## Promises',
    '',
    'The worst cell counts, unless the promise is about all cells together. A cell is a scenario in a setting. "Found" is measured at 50 requests a',
    'second: at 1 or 5, an hour has too few candidate requests for some of these regressions, whatever the judge.',
    '',
    '| promise | scenarios | target | measured | kept |',
    '| --- | --- | --- | --- | --- |',
    ...promises.map(({ promise, where, target, measured, met }) =>
      row([
        promise,
        where,
        target,
        measured,
        target === notPromised || met === undefined ? '' : met ? 'yes' : '**no**',
      ]),
    ),
    '',
    '## Healthy models rolled back, all scenarios of a setting together',
    '',
    `| setting | ${contestants.map(({ name }) => name).join(' | ')} |`,
    `| --- |${' --- |'.repeat(contestants.length)}`,
    ...settings.map((setting) =>
      row([
        settingAsText(setting),
        ...contestants.map(({ name }) => {
          const rate = wronglyRolledBack(cells, setting, name);
          return rate === undefined ? '' : percent(rate);
        }),
      ]),
    ),
    ...settings.flatMap((setting) => sectionOf(setting, cells)),
    '',
  ].join('\n');
};

const others = ['alarm 3 of 3 x 1 min', 'ratio alarm', 'Argo counters', 'Flagger loop', 'Kayenta, six looks'];

const settingAsText = ({ requestsPerSecond, bucketSeconds, plan, history }: Setting): string => {
  const split = plan === 'fixed' ? 'a share of 10 %' : 'a share of 5, 10, 25, 50 %, a quarter of an hour each';
  return `${requestsPerSecond} requests a second, buckets of ${bucketSeconds} s, ${split}${history === 'none' ? ', no day before' : ''}`;
};

const sectionOf = (setting: Setting, cells: readonly CellSummary[]): readonly string[] => {
  const inSetting = scenarios.flatMap((scenario) => {
    const cell = cells.find((one) => one.scenario === scenario.name && sameSetting(one.setting, setting));
    return cell ? [{ scenario, cell }] : [];
  });
  const spared = inSetting.filter(({ scenario }) => scenario.kind !== 'regression');
  const regressions = inSetting.filter(({ scenario }) => scenario.kind === 'regression');
  return [
    '',
    `## ${settingAsText(setting)}`,
    '',
    `| healthy model | rolled back (95 % bounds) | with the guard on | proven healthy | after | ${others.join(' | ')} |`,
    `| --- | --- | --- | --- | --- |${' --- |'.repeat(others.length)}`,
    ...spared.map(({ scenario, cell }) => {
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
    `| bad model | rolled back | exposed: mean, p95, settled | of Wald | median time | guard on: rolled back, exposed | harmed | ${others.join(' | ')} | wrong "healthy" (95 % bounds) |`,
    `| --- | --- | --- | --- | --- | --- | --- |${' --- |'.repeat(others.length)} --- |`,
    ...regressions.map(({ scenario, cell }) => {
      const [judge, guarded] = cell.contestants;
      const reachable = setting.plan === 'fixed' && judge && judge.rolledBack > 0.95 * cell.runs;
      return row([
        `${scenario.name}: ${scenario.says}`,
        judge ? `${share(judge.rolledBack, cell)}${tooEarly(judge, cell)}` : '',
        judge ? [judge.exposedMean, judge.exposedP95, judge.exposedSettledMean].map(Math.round).join(', ') : '',
        reachable && scenario.wald ? `${Math.round((100 * scenario.wald) / judge.exposedMean)} %` : '',
        judge?.secondsMedian === undefined ? '' : `${judge.secondsMedian} s`,
        guarded ? `${share(guarded.rolledBack, cell)}, ${Math.round(guarded.exposedMean)}` : '',
        judge?.harmedMean.toFixed(1) ?? '',
        ...others.map((name) => cell.contestants.find((one) => one.name === name)?.harmedMean.toFixed(1) ?? ''),
        judge ? `${share(judge.wrong, cell)} (${percent(judge.wrongBounds[0])}–${percent(judge.wrongBounds[1])})` : '',
      ]);
    }),
  ];
};

const row = (columns: readonly string[]): string => `| ${columns.join(' | ')} |`;
const counted = (runs: number): string => runs.toLocaleString('en');
const share = (count: number, { runs }: CellSummary): string => percent(count / runs);
const duration = (requests: number | undefined, seconds: number | undefined): string =>
  requests === undefined || seconds === undefined ? '' : `${requests} requests, ${Math.round(seconds / 6) / 10} min`;
const tooEarly = ({ premature }: Summary, cell: CellSummary): string =>
  premature > 0 ? `, ${share(premature, cell)} before the fault` : '';
/** Rollbacks that are not convictions are outside the bound, and said. */
const reasons = ({ by }: Summary): string => {
  const rest = Object.entries(by).filter(([reason]) => reason !== 'candidate-worse');
  return rest.length > 0 ? `, ${rest.map(([reason, count]) => `${count} by ${reason}`).join(', ')}` : '';
};
