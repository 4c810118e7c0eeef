import { alternatives, grossAlternatives } from './alternatives.ts';
import { type Grid, gridOf } from './bets.ts';
import { type Counts, exchanged } from './bucket.ts';
import { type Allowance, allowedIn, leftOf } from './burst-guard.ts';
import {
  type Alternatives,
  type Conviction,
  gainsOf,
  logEvidence,
  noEvidence,
  startAnew,
  type Terms,
  weigh,
} from './conviction.ts';
import { type Dispersion, independent, type Learned, learn, learnedDispersion, nothingLearned } from './dispersion.ts';
import {
  type CellState,
  cellsWithStart,
  distributionEvidence,
  freshCells,
  learnedOf,
  logChange,
} from './distribution.ts';
import {
  type Excess,
  estimatedExcess,
  excessInterval,
  logEvidenceBelow,
  noExcess,
  observeHealth,
  type Stakes,
} from './health.ts';
import { noTrouble, type Trouble, toleratedRate, watchBaseline } from './incident.ts';
import { type Newest, observeNewest, undoubted } from './newest-stretch.ts';
import { isToBeProven, type Metric } from './policy.ts';
import type { MetricEvidence } from './verdict.ts';

/** The state of one metric: sums, never the buckets. */
export interface MetricState {
  readonly conviction: Conviction;
  /** Since the first bucket. */
  readonly whole: Excess;
  /** Since the weights moved last: a new share of the traffic must be proven again. */
  readonly step: Excess;
  readonly trouble: Trouble;
  /** The baseline had an incident in the last bucket. */
  readonly incident: boolean;
  /** What the burst guard leaves of the gain of the next bucket. */
  readonly allowance?: Allowance;
  /** The baseline's errors so far, where no day before has shown how they come. */
  readonly learned?: Learned;
  /** Of a distribution; then the members above stay as they are. */
  readonly cells?: readonly CellState[];
  readonly newest: Newest;
  /** The bets that prove its health: the same for the whole rollout. */
  readonly grid: Grid;
  /** Of a metric of the user's own that convicts: the same metric as one that holds. It is quicker, because a hold costs time only. */
  readonly held?: MetricState;
}

/** Without the burst guard, and from the beginning of this step. */
export const asHolding = (metric: Metric): Metric => ({ ...metric, holds: true, guarded: false });

export const alternativesOf = ({ onlyGross }: Metric): Alternatives => (onlyGross ? grossAlternatives : alternatives);

export const freshMetric = (metric: Metric): MetricState => ({
  conviction: noEvidence(alternativesOf(metric)),
  whole: noExcess,
  step: noExcess,
  trouble: noTrouble,
  incident: false,
  ...(metric.dispersion === 'learned' ? { learned: nothingLearned } : {}),
  ...(metric.cells ? { cells: freshCells(metric.cells, metric.dispersion === 'learned-by-cell') } : {}),
  newest: undoubted,
  grid: gridOf(metric),
  ...(metric.own && !metric.holds ? { held: freshMetric(asHolding(metric)) } : {}),
});

/** @param prior of this start */
export const withStart = (state: MetricState, metric: Metric, prior: number): MetricState => ({
  ...state,
  ...(state.cells
    ? { cells: cellsWithStart(state.cells, prior) }
    : { conviction: startAnew(state.conviction, alternativesOf(metric), prior) }),
});

/** A hold is about this step: after a command of a person, the steps before it hold nothing. */
export const withNewStep = (state: MetricState, metric: Metric): MetricState =>
  metric.holds ? freshMetric(metric) : { ...state, step: noExcess, newest: undoubted };

/** ln of the evidence against the candidate by this metric. */
export const metricLogEvidence = ({ conviction, cells }: MetricState): number =>
  cells ? logChange(cells) : logEvidence(conviction);

/** Values that depend on a bucket's request counts alone; metrics that are counted per request share them. */
export interface BucketTerms {
  readonly ratio: Terms;
  readonly stakes: Stakes;
  /** With the burst guard on: the most that one bucket may add to the evidence against and for the candidate. */
  readonly caps: readonly number[] | undefined;
  /** Share of the evidence that is not staked. */
  readonly aside: number;
  readonly excuse: number | undefined;
}

/** Of the buckets before: a bet must not depend on the bucket that decides it. */
export const dispersionIn = (
  { learned, cells = [] }: Pick<MetricState, 'learned' | 'cells'>,
  { dispersion = independent }: Pick<Metric, 'dispersion'>,
): Dispersion =>
  dispersion === 'learned'
    ? learnedDispersion(learned ?? nothingLearned)
    : dispersion === 'learned-by-cell'
      ? learnedOf(cells)
      : dispersion;

/** @param ofNow health is asked of the newest requests too */
export const withCounts = (
  state: MetricState,
  metric: Metric,
  counts: Counts,
  seconds: number,
  { ratio, stakes, caps, aside, excuse }: BucketTerms,
  ofNow: boolean,
): MetricState => {
  const { conviction, whole, step, trouble, newest, grid, held, learned } = state;
  const { usual, excessBelow = 0, good } = metric;
  const { against, health, burstSeconds } = dispersionIn(state, metric);
  const watch =
    typeof usual === 'number'
      ? watchBaseline(trouble, counts, toleratedRate(usual, excessBelow))
      : { trouble, incident: false };
  const seen = (excess: Excess): Excess => observeHealth(excess, counts, stakes, excuse, watch.incident, health);
  const total = seen(whole);
  const allowed =
    caps && metric.dispersion !== undefined ? allowedIn(state.allowance, caps, seconds / burstSeconds) : caps;
  const gains = gainsOf(good ? exchanged(counts) : counts, ratio, allowed, against, aside);
  return {
    conviction: weigh(conviction, gains),
    ...(allowed && metric.dispersion !== undefined ? { allowance: leftOf(allowed, gains) } : {}),
    ...(learned ? { learned: learn(learned, { requests: counts.baseline, bad: counts.baselineBad }, seconds) } : {}),
    whole: total,
    // In the first step the two are the same.
    step: step === whole ? total : seen(step),
    ...watch,
    newest:
      ofNow && isToBeProven(metric)
        ? observeNewest(
            newest,
            counts,
            metric,
            whole,
            typeof usual === 'number' ? usual : undefined,
            seen,
            watch.incident,
          )
        : newest,
    grid,
    ...(held ? { held } : {}),
  };
};

/** Over the whole rollout *and* in this step: the first makes the bound hold over all steps together, the second keeps it fresh. */
export const logHealth = ({ whole, step, grid }: MetricState, metric: Metric): number => {
  const inStep = logHealthIn(step, metric, grid);
  return step === whole ? inStep : Math.min(inStep, logHealthIn(whole, metric, grid));
};

/** Over one period. */
export const logHealthIn = (seen: Excess, { excessBelow = 0 }: Pick<Metric, 'excessBelow'>, grid: Grid): number =>
  logEvidenceBelow(seen, excessBelow, grid);

/** The newest requests look worse, and the stretch of them is not proven healthy by itself. */
export const isInDoubt = ({ newest, grid }: MetricState, metric: Metric, threshold: number): boolean =>
  newest.doubt > 0 && logHealthIn(newest.stretch, metric, grid) < threshold;

export const metricEvidenceOf = (state: MetricState, metric: Metric, confidence: number): MetricEvidence => {
  if (metric.cells && state.cells) return distributionEvidence(metric.cells, state.cells, confidence);
  const { whole, grid } = state;
  const toBeProven = isToBeProven(metric);
  const excess = estimatedExcess(whole);
  const [lower, upper] = excessInterval(whole, confidence, grid);
  return {
    logEvidence: logEvidence(state.conviction),
    logHealth: toBeProven ? logHealth(state, metric) : 0,
    ...(toBeProven ? { healthThreshold: -Math.log(1 - confidence) } : {}),
    candidate: { requests: whole.requests, bad: whole.bad },
    baseline: { requests: whole.baselineRequests, bad: whole.baselineBad },
    ...(excess === undefined ? {} : { excess }),
    // Contradicting buckets can push a bound past the estimate; a wider interval is always valid.
    interval: [Math.min(lower, excess ?? lower), Math.max(upper, excess ?? upper)],
  };
};
