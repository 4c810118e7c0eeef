import type { Cell, CellResult, Tally } from './cell.ts';
import { clopperPearson } from './clopper-pearson.ts';

export interface CellSummary extends Cell {
  readonly runs: number;
  readonly replaysAlike: boolean;
  readonly contestants: readonly Summary[];
}

export interface Summary {
  readonly name: string;
  readonly rolledBack: number;
  /** 95 % Clopper–Pearson bounds of the share that was rolled back. */
  readonly bounds: readonly [lower: number, upper: number];
  /** Rollbacks by reason. */
  readonly by: Readonly<Record<string, number>>;
  /** Rolled back before the fault began. */
  readonly premature: number;
  readonly exposedMean: number;
  /** With the settling of the metrics and the time between looks. */
  readonly exposedSettledMean: number;
  readonly exposedP95: number;
  readonly harmedMean: number;
  /** Of the runs that were rolled back. */
  readonly secondsMedian: number | undefined;
  readonly wrong: number;
  readonly wrongBounds: readonly [lower: number, upper: number];
  readonly stale: number;
  readonly held: number;
  readonly healthy: number;
  readonly healthyRequestsMedian: number | undefined;
  readonly healthySecondsMedian: number | undefined;
}

export const summaryOf = ({ scenario, setting, runs, replaysAlike, tallies }: CellResult): CellSummary => ({
  scenario,
  setting,
  runs,
  replaysAlike,
  contestants: tallies.map((tally) => summarize(tally, runs)),
});

const summarize = (tally: Tally, runs: number): Summary => {
  const rolledBack = tally.rolledBack.filter(Boolean).length;
  return {
    name: tally.contestant,
    rolledBack,
    bounds: clopperPearson(rolledBack, runs),
    by: tally.by,
    premature: tally.premature,
    exposedMean: mean(tally.exposed),
    exposedSettledMean: mean(tally.exposedSettled),
    exposedP95: quantile(tally.exposed, 0.95) ?? 0,
    harmedMean: mean(tally.harmed),
    secondsMedian: quantile(tally.seconds, 0.5),
    wrong: tally.wrong,
    wrongBounds: clopperPearson(tally.wrong, runs),
    stale: tally.stale,
    held: tally.held,
    healthy: tally.healthyRequests.length,
    healthyRequestsMedian: quantile(tally.healthyRequests, 0.5),
    healthySecondsMedian: quantile(tally.healthySeconds, 0.5),
  };
};

const mean = (values: readonly number[]): number =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;

const quantile = (values: readonly number[], share: number): number | undefined =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
