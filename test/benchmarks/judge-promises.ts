import { readFileSync } from 'node:fs';
import { dispersionOf } from '../../src/judge/dispersion.ts';
import { streamOf } from './cell.ts';
import { clopperPearson } from './clopper-pearson.ts';
import type { Speed } from './judge-speed.ts';
import type { CellSummary, Summary } from './judge-summary.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import type { Setting } from './stream.ts';

/** What is measured beside the cells. */
export interface Machine extends Speed {
  /** Of the judge, minified and gzipped. */
  readonly bytes: number;
}

/** One promise, where it was measured, and whether it is kept. */
export interface PromiseRow {
  readonly promise: string;
  readonly where: string;
  readonly target: string;
  readonly measured: string;
  /** Undefined: not run. */
  readonly met: boolean | undefined;
}

type Count = (judge: Summary) => number;
const rolledBack: Count = (judge) => judge.rolledBack;
const convicted: Count = (judge) => judge.by['candidate-worse'] ?? 0;
const found: Count = (judge) => judge.rolledBack - judge.premature;
const wrong: Count = (judge) => judge.wrong;
const called: Count = (judge) => judge.healthy;
const held: Count = (judge) => judge.held;
const byBothFailing: Count = (judge) => judge.by['both-failing'] ?? 0;

interface Claim {
  readonly says: string;
  /** Names, or all that fit. */
  readonly in: readonly string[] | ((scenario: Scenario) => boolean);
  readonly settings?: (setting: Setting) => boolean;
  /** By default the settings with a day before. */
  readonly withoutDay?: true;
  readonly count: Count;
  /** Without a limit it is measured, and not promised. */
  readonly atMost?: number;
  readonly atLeast?: number;
  /** All cells together; by default the worst one counts. */
  readonly pooled?: true;
}

const isClustered = ({ errors, predictions }: Scenario): boolean =>
  errors?.clustered === true || predictions?.perUser !== undefined;
/** Without traffic nobody is convicted by anything: it would only water the rate down. */
const isNull = ({ kind, starved }: Scenario): boolean => kind === 'null' && !starved;
const mustBeFound = ({ mustBeFound: must = false }: Scenario): boolean => must;
const fiftyRps = ({ requestsPerSecond }: Setting): boolean => requestsPerSecond === 50;

/** Of issue and documentation; every promise of docs/judge.md has its row. */
const claims: readonly Claim[] = [
  {
    says: 'healthy models keep the traffic: independent requests, all cells together',
    in: (scenario) => isNull(scenario) && !isClustered(scenario),
    count: rolledBack,
    atMost: 0.001,
    pooled: true,
  },
  {
    says: '`false-rollback: 0.01`: a candidate within `worse-than` is convicted by chance once in a hundred rollouts at most',
    in: (scenario) => isNull(scenario) && !isClustered(scenario),
    count: convicted,
    atMost: 0.01,
  },
  {
    says: 'healthy models keep the traffic: clustered errors, and arms that drift',
    in: (scenario) => isNull(scenario) && isClustered(scenario),
    count: rolledBack,
    atMost: 0.01,
  },
  {
    says: 'a candidate with an excess of `excess-below` or more, in all of its requests or in the newest, is called healthy once in twenty rollouts at most',
    in: ({ kind }) => kind === 'regression',
    count: wrong,
    atMost: 0.05,
  },
  {
    says: 'several times worse, or a point: found within the hour; independent requests',
    in: (scenario) => mustBeFound(scenario) && !isClustered(scenario),
    settings: fiftyRps,
    count: found,
    atLeast: 0.95,
  },
  {
    says: 'several times worse, or a point: found within the hour; clustered errors',
    in: (scenario) => mustBeFound(scenario) && isClustered(scenario),
    settings: fiftyRps,
    count: found,
    atLeast: 0.6,
  },
  {
    says: 'events that hit both arms do not matter: outages, load, an error rate that drifts',
    in: ['shared-outages', 'load-swings', 'errors-rise', 'errors-fall'],
    count: rolledBack,
    atMost: 0.01,
  },
  {
    says: 'an hour of good behaviour gives no credit: a late fault is found',
    in: ['leak', 'onset', 'night-then-onset', 'onset-at-highest-share', 'death-at-highest-share'],
    settings: fiftyRps,
    count: found,
    atLeast: 0.95,
  },
  {
    says: 'after a long healthy time an onset is not promoted',
    in: ['night-then-onset', 'onset', 'onset-at-highest-share'],
    count: wrong,
    atMost: 0.05,
  },
  { says: 'several metrics share one budget', in: ['ten-metrics'], count: convicted, atMost: 0.01 },
  {
    says: '4xx answers decide nothing',
    in: ['callers-errors-rise', 'many-callers-errors'],
    count: rolledBack,
    atMost: 0.01,
  },
  {
    says: '`client-errors: judge`: a model that refuses input is found',
    in: ['callers-refused'],
    settings: fiftyRps,
    count: found,
    atLeast: 0.95,
  },
  {
    says: 'an incident of the old fleet proves nothing about the new one',
    in: ['worse-beside-ill-early', 'worse-beside-mildly-ill', 'worse-beside-ill-late'],
    count: wrong,
    atMost: 0.05,
  },
  {
    says: 'an incident of the old fleet does not convict the new one',
    in: ['old-fleet-ill-early', 'old-fleet-ill-late'],
    count: rolledBack,
    atMost: 0.01,
  },
  {
    says: 'a slower candidate is found: all requests, the tail, under load only',
    in: ['slower', 'slower-tail', 'slower-under-load'],
    settings: fiftyRps,
    count: found,
    atLeast: 0.95,
  },
  { says: 'a cold candidate is not a slow candidate', in: ['cold-start'], count: rolledBack, atMost: 0.01 },
  { says: 'bursts in one arm convict nobody', in: ['one-arm-bursts'], count: rolledBack, atMost: 0.01 },
  {
    says: 'a candidate without requests is neither healthy nor guilty',
    in: ['no-traffic'],
    count: (judge) => judge.healthy + judge.rolledBack,
    atMost: 0,
  },
  {
    says: 'both versions fail: the safety net takes the traffic back, and convicts no version',
    in: ['both-fail'],
    settings: ({ requestsPerSecond }) => requestsPerSecond >= 5,
    count: byBothFailing,
    atLeast: 0.99,
  },
  {
    says: 'provisional counts convict nobody',
    in: ['revised-buckets'],
    count: rolledBack,
    atMost: 0.01,
  },
  {
    says: 'with all of the traffic: healthy models keep it, also through outages',
    in: ['all-the-traffic', 'all-the-traffic-with-outages'],
    count: rolledBack,
    atMost: 0.01,
  },
  {
    says: 'with all of the traffic: the candidate is compared with the time before',
    in: ['fails-with-all-the-traffic', 'ten-times-with-all-the-traffic'],
    settings: fiftyRps,
    count: found,
    atLeast: 0.95,
  },
  {
    says: 'predictions that collapse hold the share',
    in: ['predictions-collapse'],
    settings: fiftyRps,
    count: held,
    atLeast: 0.95,
  },
  {
    says: 'predictions that collapse are not called healthy',
    in: ['predictions-collapse', 'predictions-collapse-judged'],
    count: called,
    atMost: 0.05,
  },
  {
    says: 'predictions that collapse are found where they are judged',
    in: ['predictions-collapse-judged'],
    settings: fiftyRps,
    count: found,
    atLeast: 0.95,
  },
  {
    says: 'the same predictions, and a small shift, hold nothing',
    in: [
      'same-predictions',
      'same-predictions-judged',
      'same-predictions-by-user',
      'same-predictions-by-user-judged',
      'predictions-shift',
    ],
    count: held,
    atMost: 0.05,
  },
  {
    says: 'without a day before: healthy models keep the traffic where errors come singly',
    in: (scenario) => isNull(scenario) && !isClustered(scenario),
    withoutDay: true,
    count: rolledBack,
    atMost: 0.01,
  },
  {
    says: 'without a day before: healthy models that are rolled back where errors cluster, or arms drift',
    in: (scenario) => isNull(scenario) && isClustered(scenario),
    withoutDay: true,
    count: rolledBack,
  },
  {
    says: 'without a day before: an excess of `excess-below` or more, errors that come singly: called healthy once in twenty rollouts at most',
    in: (scenario) => scenario.kind === 'regression' && !isClustered(scenario),
    withoutDay: true,
    count: wrong,
    atMost: 0.05,
  },
  {
    says: 'without a day before: wrongly called healthy where errors cluster',
    in: (scenario) => scenario.kind === 'regression' && isClustered(scenario),
    withoutDay: true,
    count: wrong,
  },
  {
    says: 'without a day before: several times as many errors, or a point, that come singly: found within the hour',
    in: (scenario) => mustBeFound(scenario) && !isClustered(scenario) && !scenario.latency,
    withoutDay: true,
    count: found,
    atLeast: 0.95,
  },
  {
    says: 'without a day before: found within the hour where errors cluster, or latency is worse',
    in: (scenario) => mustBeFound(scenario) && (isClustered(scenario) || scenario.latency !== undefined),
    withoutDay: true,
    count: found,
  },
];

/** The scenario of each line of the table in docs/judge.md: the baseline's error rate, and the requests that a proof takes. */
const proofs: Readonly<Record<string, string>> = {
  '0': 'no-errors',
  '0.1 %': 'clean',
  '0.5 %': 'half-percent',
  '1 %': 'one-percent',
  '2 %': 'two-percent',
};
/** "About" so many. */
const about = 1.1;

/** @throws {Error} without such a table */
const documentedProofs = (): readonly (readonly [scenario: string, requests: number])[] => {
  const lines = readFileSync('docs/judge.md', 'utf8').matchAll(/^\| (0|[\d.]+ %) \| about ([\d,]+) \|/gm);
  const found = [...lines].flatMap(([, rate = '', requests = '']) => {
    const scenario = proofs[rate];
    return scenario === undefined ? [] : [[scenario, Number(requests.replaceAll(',', ''))] as const];
  });
  if (found.length === 0) throw new Error('docs/judge.md: no table of the requests that a proof of health takes');
  return found;
};

const usual: Setting = { requestsPerSecond: 50, bucketSeconds: 60, plan: 'fixed' };
const fewestExposed = 900;

export const promiseRows = (cells: readonly CellSummary[], machine: Machine | undefined): readonly PromiseRow[] => [
  ...claims.map((claim) => claimRow(claim, cells)),
  harmRow(cells, 'with a day before, at 5 requests a second or more', isSupplied, true),
  harmRow(cells, 'in the other settings', (setting) => !isSupplied(setting), false),
  exposureRow(cells),
  ...documentedProofs().map(([scenario, requests]) => proofRow(scenario, requests, cells)),
  replayRow(cells),
  ...machineRows(machine),
];

const claimRow = (
  { says, in: where, settings, withoutDay, count, atMost, atLeast, pooled }: Claim,
  all: readonly CellSummary[],
): PromiseRow => {
  const fits = typeof where === 'function' ? where : ({ name }: Scenario): boolean => where.includes(name);
  const names = new Set(scenarios.filter(fits).map(({ name }) => name));
  const cells = all.filter(
    ({ scenario, setting }) =>
      names.has(scenario) && (setting.history === 'none') === (withoutDay ?? false) && (settings?.(setting) ?? true),
  );
  const isFloor = atLeast !== undefined;
  const limit = atLeast ?? atMost;
  const target = limit === undefined ? notPromised : `${isFloor ? '≥' : '≤'} ${percent(limit)}`;
  const many = typeof where === 'function' ? `${names.size} scenarios` : where.join(', ');
  const measures = cells.flatMap((cell) => {
    const judge = cell.contestants[0];
    return judge ? [{ cell, count: count(judge), runs: cell.runs }] : [];
  });
  if (measures.length === 0) return { promise: says, where: many, target, measured: 'not run', met: undefined };
  const kept = (successes: number, runs: number): boolean =>
    limit === undefined || (isFloor ? successes >= limit * runs : successes <= limit * runs);
  if (pooled) {
    const successes = measures.reduce((sum, one) => sum + one.count, 0);
    const runs = measures.reduce((sum, one) => sum + one.runs, 0);
    return { promise: says, where: many, target, measured: shareOf(successes, runs), met: kept(successes, runs) };
  }
  const badness = (one: { readonly count: number; readonly runs: number }): number =>
    (isFloor || count === found ? -1 : 1) * (one.count / one.runs);
  const worst = measures.reduce((so, one) => (badness(one) > badness(so) ? one : so));
  const missed = measures.filter((one) => !kept(one.count, one.runs));
  const others = missed
    .filter((one) => one !== worst)
    .map(({ cell, count: bad, runs }) => `${named(cell)} ${percent(bad / runs)}`);
  return {
    promise: says,
    where: many,
    target,
    measured: `${shareOf(worst.count, worst.runs)}, ${named(worst.cell)}${others.length > 0 ? `; also missed: ${others.join(', ')}` : ''}`,
    met: missed.length === 0,
  };
};

export const notPromised = 'measured, not promised';

/** Rolls back fewer than this share of healthy models: then its speed is worth something. */
const sparing = 0.05;

/** Healthy models that a contestant rolled back, all null cells of a setting together. */
export const wronglyRolledBack = (
  cells: readonly CellSummary[],
  setting: Setting,
  name: string,
): number | undefined => {
  const nulls = cells.filter(
    (cell) => sameSetting(cell.setting, setting) && scenarios.some((one) => one.name === cell.scenario && isNull(one)),
  );
  const runs = nulls.reduce((sum, cell) => sum + cell.runs, 0);
  if (runs === 0) return undefined;
  return (
    nulls.reduce((sum, { contestants }) => sum + (contestants.find((one) => one.name === name)?.rolledBack ?? 0), 0) /
    runs
  );
};

export const spares = (cells: readonly CellSummary[], setting: Setting, name: string): boolean =>
  (wronglyRolledBack(cells, setting, name) ?? 1) < sparing;

const isIncumbent = ({ name }: Summary): boolean => !name.startsWith('judge');

const isSupplied = ({ history, requestsPerSecond }: Setting): boolean => history !== 'none' && requestsPerSecond >= 5;

const harmRow = (
  cells: readonly CellSummary[],
  where: string,
  settings: (setting: Setting) => boolean,
  promised: boolean,
): PromiseRow => {
  const regressions = cells.filter(
    ({ scenario, setting }) =>
      settings(setting) && scenarios.some(({ name, kind }) => name === scenario && kind === 'regression'),
  );
  const compared = regressions.flatMap((cell) =>
    cell.contestants
      .filter((one) => isIncumbent(one) && spares(cells, cell.setting, one.name))
      .map((one) => ({ cell, one })),
  );
  const beaten = compared.filter(({ cell, one }) => one.harmedMean < (cell.contestants[0]?.harmedMean ?? 0));
  const texts = beaten.map(
    ({ cell, one }) =>
      `${named(cell)}: ${one.name} ${one.harmedMean.toFixed(1)}, the judge ${cell.contestants[0]?.harmedMean.toFixed(1)}`,
  );
  return {
    promise: `fewer requests harmed than by any judge that rolls back fewer than 5 % of healthy models, ${where}`,
    where: 'all regressions',
    target: promised ? 'all' : notPromised,
    measured:
      compared.length === 0
        ? 'not run'
        : `${compared.length - beaten.length} of ${compared.length} comparisons${texts.length > 0 ? `; not in ${texts.join('; ')}` : ''}`,
    met: compared.length === 0 ? undefined : !promised || beaten.length === 0,
  };
};

const exposureRow = (cells: readonly CellSummary[]): PromiseRow => {
  const judge = cells.find(({ scenario, setting }) => scenario === 'ten-times' && sameSetting(setting, usual))
    ?.contestants[0];
  return {
    promise: '0.1 → 1 % errors at 50 requests a second, a share of 10 %: candidate requests until the rollback',
    where: 'ten-times',
    target: `≤ ${fewestExposed} on average`,
    measured: judge
      ? `${Math.round(judge.exposedMean)}; with the settling of the metrics, the second reading and the time between looks ${Math.round(judge.exposedSettledMean)}`
      : 'not run',
    met: judge && judge.exposedMean <= fewestExposed,
  };
};

const proofRow = (scenario: string, documented: number, cells: readonly CellSummary[]): PromiseRow => {
  const judge = cells.find(
    (cell) => cell.scenario === scenario && sameSetting(cell.setting, { ...usual, bucketSeconds: 10 }),
  )?.contestants[0];
  const requests = judge?.healthyRequestsMedian;
  const { health = 1 } = dispersionOf(streamOf({ scenario, setting: usual }, 0).history) ?? {};
  const expected = Math.round(health * documented);
  return {
    promise: `an equally good model is proven: ${scenarios.find(({ name }) => name === scenario)?.says ?? ''}`,
    where: scenario,
    target: `about ${documented} requests, times a dispersion of ${health.toFixed(1)}, or fewer`,
    measured: judge ? (requests === undefined ? 'never' : `${requests} (median)`) : 'not run',
    met: judge && requests !== undefined && requests <= about * expected,
  };
};

const replayRow = (cells: readonly CellSummary[]): PromiseRow => {
  const different = cells.filter(({ replaysAlike }) => !replaysAlike);
  return {
    promise: 'the same buckets give the same verdict, to the last bit, in whatever order',
    where: 'one run of every cell',
    target: 'all',
    measured: cells.length === 0 ? 'not run' : `${cells.length - different.length} of ${cells.length}`,
    met: cells.length === 0 ? undefined : different.length === 0,
  };
};

const mostMilliseconds = 1;
const mostBytes = 15_000;

const machineRows = (machine: Machine | undefined): readonly PromiseRow[] => [
  {
    promise: 'time per bucket, 100 metrics',
    where: 'this machine',
    target: `< ${mostMilliseconds} ms`,
    measured: machine
      ? `${machine.milliseconds.toFixed(2)} ms, ${machine.explained.toFixed(2)} ms with the explanation`
      : 'not run',
    met: machine && machine.milliseconds < mostMilliseconds,
  },
  {
    promise: 'size of the judge, minified and gzipped',
    where: 'src/judge',
    target: `< ${mostBytes} bytes`,
    measured: machine ? `${machine.bytes} bytes` : 'not run',
    met: machine && machine.bytes < mostBytes,
  },
];

export const sameSetting = (one: Setting, other: Setting): boolean =>
  one.requestsPerSecond === other.requestsPerSecond &&
  one.bucketSeconds === other.bucketSeconds &&
  one.plan === other.plan &&
  one.history === other.history;

export const named = ({ scenario, setting }: CellSummary): string =>
  `${scenario} at ${setting.requestsPerSecond} rps, ${setting.bucketSeconds} s, ${setting.plan}${setting.history === 'none' ? ', no day before' : ''}`;

export const percent = (value: number): string => `${Number((100 * value).toPrecision(2))} %`;

const shareOf = (count: number, runs: number): string => {
  const [lower, upper] = clopperPearson(count, runs);
  return `${percent(count / runs)} (${count} of ${runs}; 95 % bounds ${percent(lower)} to ${percent(upper)})`;
};
