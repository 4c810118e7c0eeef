import { contestants } from './contestants.ts';
import { generate } from './generate.ts';
import { scenarios } from './scenarios.ts';
import type { Ruling, Run, Setting } from './stream.ts';

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
  /** Candidate requests until the rollback, or in the whole hour. */
  readonly exposed: readonly number[];
  readonly harmed: readonly number[];
  /** Until the rollback; only runs that were rolled back. */
  readonly seconds: readonly number[];
  /** Runs in which it was said to be healthy while its mean excess so far was the bound or more: wrong. */
  readonly wrong: number;
  /** Runs in which it was said to be healthy while its excess in that very bucket was the bound or more, though the mean was not. */
  readonly stale: number;
  /** Candidate requests and seconds until it was first said to be healthy; only runs in which it was. */
  readonly healthyRequests: readonly number[];
  readonly healthySeconds: readonly number[];
}

export interface CellResult extends Cell {
  readonly runs: number;
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
    const exposure = cumulative(requests);
    const harm = cumulative(requests.map((count, row) => count * (stream.excess[row] ?? 0)));
    contestants.forEach((contestant, index) => {
      const ruling = contestant.rule(stream, cell.setting);
      rulings[index]?.push(playedOf(ruling, stream, exposure, harm));
    });
  }
  return {
    ...cell,
    runs,
    tallies: contestants.map(({ name }, index) => tally(name, rulings[index] ?? [])),
  };
};

interface Played {
  readonly rolledBack: boolean;
  readonly by: string;
  readonly exposed: number;
  readonly harmed: number;
  readonly seconds: number;
  readonly wrong: boolean;
  readonly stale: boolean;
  readonly healthyRequests: number | undefined;
  readonly healthySeconds: number | undefined;
}

const playedOf = (
  { rolledBackAt, healthyAt, by = 'rolled-back' }: Ruling,
  { rows, excess }: Run,
  exposure: readonly number[],
  harm: readonly number[],
): Played => {
  const end = rolledBackAt ?? rows.length - 1;
  const first = healthyAt[0];
  const badSoFar = (row: number): boolean => (harm[row] ?? 0) >= excessBound * (exposure[row] ?? 0);
  const badNow = (row: number): boolean => (excess[row] ?? 0) >= excessBound;
  const isRegression = excess.some((rate) => rate > 0);
  const secondsTo = (row: number): number => (rows[row]?.t ?? 0) + (rows[row]?.seconds ?? 0);
  return {
    rolledBack: rolledBackAt !== undefined,
    by,
    exposed: exposure[end] ?? 0,
    harmed: harm[end] ?? 0,
    seconds: secondsTo(end),
    wrong: isRegression && healthyAt.some(badSoFar),
    stale: healthyAt.some((row) => badNow(row) && !badSoFar(row)),
    healthyRequests: first === undefined ? undefined : exposure[first],
    healthySeconds: first === undefined ? undefined : secondsTo(first),
  };
};

const tally = (contestant: string, played: readonly Played[]): Tally => {
  const by: Record<string, number> = {};
  for (const run of played) if (run.rolledBack) by[run.by] = (by[run.by] ?? 0) + 1;
  return {
    contestant,
    rolledBack: played.map((run) => run.rolledBack),
    by,
    exposed: played.map((run) => run.exposed),
    harmed: played.map((run) => run.harmed),
    seconds: played.flatMap((run) => (run.rolledBack ? [run.seconds] : [])),
    wrong: played.filter((run) => run.wrong).length,
    stale: played.filter((run) => run.stale).length,
    healthyRequests: played.flatMap((run) => run.healthyRequests ?? []),
    healthySeconds: played.flatMap((run) => run.healthySeconds ?? []),
  };
};

/** `excess-below` of the policy that is judged by; a rounding below it, for scenarios exactly at the bound. */
const excessBound = 0.005 - 1e-12;

const cumulative = (values: readonly number[]): readonly number[] => {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
};
