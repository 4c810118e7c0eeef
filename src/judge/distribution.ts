import { alternatives } from './alternatives.ts';
import { type Counts, exchanged } from './bucket.ts';
import { type Conviction, gainsOf, logEvidence, noEvidence, startAnew, type Terms, weigh } from './conviction.ts';
import { type Dispersion, independent, type Learned, learn, nothingLearned, shownDispersion } from './dispersion.ts';
import { type Excess, estimatedExcess, excessInterval, noExcess, observeHealth, type Stakes } from './health.ts';
import { logSum } from './logarithms.ts';
import type { MetricEvidence } from './verdict.ts';

/**
 * Evidence that the shares of a distribution over cells (classes, deciles of a score, empty answers) changed: for each cell two bets of
 * `conviction.ts`, "the candidate's share is more than `worse-than` times the baseline's" and, with the arms exchanged, "less than one
 * `worse-than`-th of it". Each is an e-process while that share is within the tolerance, so their mean is one while all are, however
 * the cells depend on each other (they add up to 1, so they do). A collapse to one class shows in both: that class grows, and the
 * others disappear.
 *
 * An event is 1 for a request, or any amount from 0 to 1, such as a score: both bounds on E[factor] in `conviction.ts` are convex in
 * the amount, so 0 and 1 are the worst cases.
 */
export interface CellState {
  readonly more: Conviction;
  readonly fewer: Conviction;
  readonly seen: Excess;
  /** How the baseline's events in it came so far, where no day before has shown it. */
  readonly learned?: Learned;
}

const freshCell: CellState = { more: noEvidence(alternatives), fewer: noEvidence(alternatives), seen: noExcess };

export const freshCells = (cells: readonly string[], learns: boolean): readonly CellState[] =>
  cells.map(() => (learns ? { ...freshCell, learned: nothingLearned } : freshCell));

/**
 * Of the cell that varies most, as on a day before. Users of one class come together, and their events are many: one bucket of them
 * would convict. So before any cell was compared with itself nothing counts.
 */
export const learnedOf = (cells: readonly CellState[]): Dispersion => {
  const shown = cells.flatMap(({ learned }) => (learned && shownDispersion(learned)) ?? []);
  return { ...independent, against: shown.length > 0 ? Math.max(...shown) : Number.POSITIVE_INFINITY };
};

export const cellsWithStart = (cells: readonly CellState[], prior: number): readonly CellState[] =>
  cells.map((cell) => ({
    ...cell,
    more: startAnew(cell.more, alternatives, prior),
    fewer: startAnew(cell.fewer, alternatives, prior),
  }));

/** Values that depend on the totals alone: all cells of a bucket share them. */
export interface CellTerms {
  readonly more: Terms;
  readonly fewer: Terms;
  readonly stakes: Stakes;
  readonly caps: readonly number[] | undefined;
}

export const cellsWithCounts = (
  cells: readonly CellState[],
  counts: readonly Counts[],
  seconds: number,
  { more, fewer, stakes, caps }: CellTerms,
): readonly CellState[] =>
  cells.map((cell, index) => {
    const here = counts[index];
    return here === undefined
      ? cell
      : {
          more: weigh(cell.more, gainsOf(here, more, caps)),
          fewer: weigh(cell.fewer, gainsOf(exchanged(here), fewer, caps)),
          seen: observeHealth(cell.seen, here, stakes),
          ...(cell.learned
            ? { learned: learn(cell.learned, { requests: here.baseline, bad: here.baselineBad }, seconds) }
            : {}),
        };
  });

/** ln of the mean over cells and directions. */
export const logChange = (cells: readonly CellState[]): number =>
  logSum(cells.flatMap(({ more, fewer }) => [logEvidence(more), logEvidence(fewer)])) - Math.log(2 * cells.length);

/** The figures of the cell with the most evidence, beside the evidence of all cells together. */
export const distributionEvidence = (
  names: readonly string[],
  cells: readonly CellState[],
  confidence: number,
): MetricEvidence => {
  const strength = ({ more, fewer }: CellState): number => Math.max(logEvidence(more), logEvidence(fewer));
  const most = cells.reduce((best, cell, index) => {
    const leader = cells[best];
    return leader !== undefined && strength(cell) > strength(leader) ? index : best;
  }, 0);
  const { more, fewer, seen } = cells[most] ?? freshCell;
  const excess = estimatedExcess(seen);
  const [lower, upper] = excessInterval(seen, confidence);
  return {
    logEvidence: logChange(cells),
    logHealth: 0,
    candidate: { requests: seen.requests, bad: seen.bad },
    baseline: { requests: seen.baselineRequests, bad: seen.baselineBad },
    ...(excess === undefined ? {} : { excess }),
    interval: [Math.min(lower, excess ?? lower), Math.max(upper, excess ?? upper)],
    cell: { name: names[most] ?? '', change: logEvidence(more) >= logEvidence(fewer) ? 'more' : 'fewer' },
  };
};
