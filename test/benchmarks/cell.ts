import { contestants } from './contestants.ts';
import { generate, scenarios } from './scenarios.ts';
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
  /** Candidate requests and seconds until it was said to be healthy; only runs in which it was, and before any rollback. */
  readonly healthyRequests: readonly number[];
  readonly healthySeconds: readonly number[];
}

export interface CellResult extends Cell {
  readonly runs: number;
  readonly tallies: readonly Tally[];
}

export const seedOf = ({ scenario, setting }: Cell, run: number): string =>
  `${scenario} ${setting.requestsPerSecond} ${setting.bucketSeconds} ${setting.plan} ${run}`;

export const streamOf = (cell: Cell, run: number): Run => {
  const scenario = scenarios.find(({ name }) => name === cell.scenario);
  if (!scenario) throw new Error(`no scenario ${cell.scenario}`);
  return generate(scenario, cell.setting, seedOf(cell, run));
};

export const play = (cell: Cell, runs: number): CellResult => {
  const rulings = contestants.map(() => [] as Played[]);
  for (let run = 0; run < runs; run += 1) {
    const stream = streamOf(cell, run);
    const exposure = cumulative(stream.rows.map(({ candidate }) => candidate?.n ?? 0));
    const harm = cumulative(stream.harm);
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
  readonly healthyRequests: number | undefined;
  readonly healthySeconds: number | undefined;
}

const playedOf = (
  { rolledBackAt, healthyAt, by = 'rolled-back' }: Ruling,
  { rows }: Run,
  exposure: readonly number[],
  harm: readonly number[],
): Played => {
  const end = rolledBackAt ?? rows.length - 1;
  const secondsTo = (row: number): number => (rows[row]?.t ?? 0) + (rows[row]?.seconds ?? 0);
  return {
    rolledBack: rolledBackAt !== undefined,
    by,
    exposed: exposure[end] ?? 0,
    harmed: harm[end] ?? 0,
    seconds: secondsTo(end),
    healthyRequests: healthyAt === undefined ? undefined : exposure[healthyAt],
    healthySeconds: healthyAt === undefined ? undefined : secondsTo(healthyAt),
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
    healthyRequests: played.flatMap((run) => run.healthyRequests ?? []),
    healthySeconds: played.flatMap((run) => run.healthySeconds ?? []),
  };
};

const cumulative = (values: readonly number[]): readonly number[] => {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
};
