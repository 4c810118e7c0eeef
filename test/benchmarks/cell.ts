import { contestants } from './contestants.ts';
import { generate } from './generate.ts';
import { replaysAlike } from './judges/ours.ts';
import { randomFrom } from './random.ts';
import { scenarios } from './scenarios.ts';
import type { Contestant, Ruling, Run, Setting } from './stream.ts';

/** One line of the benchmark: a scenario in a setting, and what each contestant did over all runs. */
export interface Cell {
  readonly scenario: string;
  readonly setting: Setting;
}

export interface Tally {
  readonly contestant: string;
  /** Per run, in the order of the seeds. */
  readonly rolledBack: readonly boolean[];
  /** Runs by the reason of the rollback. */
  readonly by: Readonly<Record<string, number>>;
  /** Runs that were rolled back before the candidate's fault began. */
  readonly premature: number;
  /** Candidate requests from the beginning of its fault until the rollback, or until the end. */
  readonly exposed: readonly number[];
  /** The same until the first look after the metrics have settled. */
  readonly exposedSettled: readonly number[];
  readonly harmed: readonly number[];
  /** From the beginning of the fault until the rollback; only runs that were rolled back. */
  readonly seconds: readonly number[];
  /** Runs in which it was said to be healthy while its mean excess, so far or in its newest requests, was the bound or more: wrong. */
  readonly wrong: number;
  /** Runs in which it was said to be healthy while its excess in that very bucket was the bound or more, though neither mean was. */
  readonly stale: number;
  /** Runs in which the share was kept because the predictions differ. */
  readonly held: number;
  /** Candidate requests and seconds until it was first said to be healthy; only runs in which it was. */
  readonly healthyRequests: readonly number[];
  readonly healthySeconds: readonly number[];
}

export interface CellResult extends Cell {
  readonly runs: number;
  /** Of the first run: the same buckets, in whatever order, gave the same verdict. */
  readonly replaysAlike: boolean;
  readonly tallies: readonly Tally[];
}

export const seedOf = ({ scenario, setting }: Cell, run: number): string =>
  `${scenario} ${setting.requestsPerSecond} ${setting.bucketSeconds} ${setting.plan}${setting.history === 'none' ? ' without-history' : ''} ${run}`;

export const streamOf = (cell: Cell, run: number): Run => {
  const scenario = scenarios.find(({ name }) => name === cell.scenario);
  if (!scenario) throw new Error(`no scenario ${cell.scenario}`);
  return generate(scenario, cell.setting, seedOf(cell, run));
};

export const play = (cell: Cell, runs: number): CellResult => {
  const rulings = contestants.map(() => [] as Played[]);
  for (let run = 0; run < runs; run += 1) {
    const stream = streamOf(cell, run);
    const requests = stream.rows.map(({ candidate }) => candidate?.n ?? 0);
    const bad = requests.map((count, row) => count * (stream.excess[row] ?? 0));
    const beside = (counts: readonly number[]): readonly number[] =>
      cumulative(counts.map((count, row) => (stream.ill[row] ? 0 : count)));
    const sums = {
      exposure: cumulative(requests),
      harm: cumulative(bad),
      proving: beside(requests),
      accusing: beside(bad),
    };
    const phase = secondsBetweenLooks * randomFrom(`${seedOf(cell, run)} looks`).next();
    contestants.forEach((contestant, index) => {
      const ruling = contestant.rule(stream, cell.setting);
      rulings[index]?.push(playedOf(contestant, ruling, stream, sums, phase));
    });
  }
  return {
    ...cell,
    runs,
    replaysAlike: replaysAlike(streamOf(cell, 0)),
    tallies: contestants.map(({ name }, index) => tally(name, rulings[index] ?? [])),
  };
};

interface Played {
  readonly rolledBack: boolean;
  readonly premature: boolean;
  readonly by: string;
  readonly exposed: number;
  readonly exposedSettled: number;
  readonly harmed: number;
  readonly seconds: number;
  readonly wrong: boolean;
  readonly stale: boolean;
  readonly held: boolean;
  readonly healthyRequests: number | undefined;
  readonly healthySeconds: number | undefined;
}

/** CloudWatch's figures of a minute may change for this long after its end. */
const settlingSeconds = 120;
const secondsBetweenLooks = 30;

/** Candidate requests, and bad ones beyond the baseline's usual rate, up to each row. */
interface Sums {
  readonly exposure: readonly number[];
  readonly harm: readonly number[];
  /** Without the old fleet's own incidents: they are no evidence of health, so a proof is not about them. */
  readonly proving: readonly number[];
  readonly accusing: readonly number[];
}

/** @param phase seconds from the start to the first look */
const playedOf = (
  { looks = 1 }: Contestant,
  { rolledBackAt, healthyAt, heldAt = [], by = 'rolled-back' }: Ruling,
  { rows, excess, ill, onset }: Run,
  { exposure, harm, proving, accusing }: Sums,
  phase: number,
): Played => {
  const end = rolledBackAt ?? rows.length - 1;
  const first = healthyAt[0];
  const isBad = (requests: number, bad: number): boolean => requests > 0 && bad >= excessBound * requests;
  const badSoFar = (row: number): boolean => isBad(proving[row] ?? 0, accusing[row] ?? 0);
  const badOfLate = (row: number): boolean => {
    const requests = proving[row] ?? 0;
    const before = lastWhere(proving, row, (seen) => requests - seen >= fewestToProve);
    return (
      before !== undefined && isBad(requests - (proving[before] ?? 0), (accusing[row] ?? 0) - (accusing[before] ?? 0))
    );
  };
  const isWrong = (row: number): boolean => badSoFar(row) || badOfLate(row);
  const badNow = (row: number): boolean => !ill[row] && (excess[row] ?? 0) >= excessBound;
  const isRegression = excess.some((rate) => rate > 0);
  const secondsTo = (row: number): number => (rows[row]?.t ?? 0) + (rows[row]?.seconds ?? 0);
  const exposedTo = (seconds: number): number => exposureAt(rows, exposure, seconds);
  const settled = secondsTo(end) + settlingSeconds;
  const look = phase + secondsBetweenLooks * (Math.ceil((settled - phase) / secondsBetweenLooks) + looks - 1);
  const exposedBetween = (until: number): number => Math.max(0, exposedTo(until) - exposedTo(onset));
  return {
    rolledBack: rolledBackAt !== undefined,
    premature: rolledBackAt !== undefined && secondsTo(rolledBackAt) <= onset,
    by,
    exposed: exposedBetween(secondsTo(end)),
    exposedSettled: exposedBetween(rolledBackAt === undefined ? secondsTo(end) : look),
    harmed: harm[end] ?? 0,
    seconds: Math.max(0, secondsTo(end) - onset),
    wrong: isRegression && healthyAt.some(isWrong),
    stale: healthyAt.some((row) => badNow(row) && !isWrong(row)),
    held: heldAt.length > 0,
    healthyRequests: first === undefined ? undefined : exposure[first],
    healthySeconds: first === undefined ? undefined : secondsTo(first),
  };
};

/** The last index before `end` whose value fits; the values fit up to some index and then no more. */
const lastWhere = (values: readonly number[], end: number, fits: (value: number) => boolean): number | undefined => {
  let low = -1;
  let high = end;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(values[middle] ?? 0)) low = middle;
    else high = middle;
  }
  return low < 0 ? undefined : low;
};

/** Candidate requests in the first `seconds`; inside a row evenly, after the last one as in the last one. */
const exposureAt = (rows: Run['rows'], exposure: readonly number[], seconds: number): number => {
  const length = rows[0]?.seconds ?? 60;
  const row = Math.min(rows.length - 1, Math.floor(seconds / length));
  const before = exposure[row - 1] ?? 0;
  return before + ((exposure[row] ?? 0) - before) * (seconds / length - row);
};

const tally = (contestant: string, played: readonly Played[]): Tally => {
  const by: Record<string, number> = {};
  for (const run of played) if (run.rolledBack) by[run.by] = (by[run.by] ?? 0) + 1;
  return {
    contestant,
    rolledBack: played.map((run) => run.rolledBack),
    by,
    premature: played.filter((run) => run.premature).length,
    exposedSettled: played.map((run) => run.exposedSettled),
    exposed: played.map((run) => run.exposed),
    harmed: played.map((run) => run.harmed),
    seconds: played.flatMap((run) => (run.rolledBack ? [run.seconds] : [])),
    wrong: played.filter((run) => run.wrong).length,
    stale: played.filter((run) => run.stale).length,
    held: played.filter((run) => run.held).length,
    healthyRequests: played.flatMap((run) => run.healthyRequests ?? []),
    healthySeconds: played.flatMap((run) => run.healthySeconds ?? []),
  };
};

/** `excess-below` of the policy that is judged by; a rounding below it, for scenarios exactly at the bound. */
const excessBound = 0.005 - 1e-12;

/**
 * Requests without a single error that prove an excess below the bound with a confidence of 95 %: ln 20 ÷ 0.005. A proof about now
 * cannot rest on fewer, so what is called healthy must be so over the newest 600 requests.
 */
const fewestToProve = 600;

const cumulative = (values: readonly number[]): readonly number[] => {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
};
