import { gridOf } from './bets.ts';
import type { Counts } from './bucket.ts';
import { independent } from './dispersion.ts';
import { logEvidenceBelow, noExcess, observeHealth, stakesOf } from './health.ts';
import { dispersionIn, type MetricState } from './metric-state.ts';
import type { Metric } from './policy.ts';

/**
 * Candidate requests after which a candidate exactly as good as the baseline is expected to be proven healthy.
 * @param metric one that is to be proven
 * @param baselineRate of bad requests, from the day before
 * @param share of the requests that goes to the candidate, above 0
 */
export const requestsToProof = (
  metric: Pick<Metric, 'excessBelow' | 'atMost' | 'bets' | 'dispersion'>,
  confidence: number,
  baselineRate: number,
  share: number,
): number => {
  const grid = gridOf(metric);
  // Without a day before no rollout is refused for bursts that may never come: the plan has a note on them.
  const { health } = metric.dispersion === 'learned' ? independent : dispersionIn({}, metric);
  const target = -Math.log(1 - confidence);
  return fewest((candidate) => {
    const more = countsAt(candidate, baselineRate, share);
    const seen = observeHealth(noExcess, more, stakesOf(more, grid), undefined, false, health);
    return logEvidenceBelow(seen, metric.excessBelow ?? 0, grid) >= target;
  });
};

/**
 * Candidate requests that are still missing, when from now on both arms have the baseline's rate so far: in the step and over the whole
 * rollout.
 * @param share of the requests that goes to the candidate, above 0
 */
export const moreRequestsToProof = (
  metric: Pick<Metric, 'excessBelow' | 'dispersion'>,
  confidence: number,
  state: Pick<MetricState, 'step' | 'whole' | 'grid' | 'learned'>,
  share: number,
): number => {
  const { step, whole, grid } = state;
  const { health } = dispersionIn(state, metric);
  const rate = whole.baselineRequests > 0 ? whole.baselineBad / whole.baselineRequests : 0;
  const target = -Math.log(1 - confidence);
  return fewest((candidate) => {
    const more = countsAt(candidate, rate, share);
    const stakes = stakesOf(more, grid);
    return (step === whole ? [whole] : [step, whole]).every(
      (seen) =>
        logEvidenceBelow(observeHealth(seen, more, stakes, undefined, false, health), metric.excessBelow ?? 0, grid) >=
        target,
    );
  });
};

const countsAt = (candidate: number, rate: number, share: number): Counts => {
  const baseline = (candidate * (1 - share)) / share;
  return { candidate, candidateBad: candidate * rate, baseline, baselineBad: baseline * rate, perBucket: false };
};

/** The fewest requests that suffice; more of them suffice too. */
const fewest = (suffices: (candidate: number) => boolean): number => {
  let enough = 1;
  while (!suffices(enough) && enough < largest) enough *= 2;
  if (enough >= largest) return Number.POSITIVE_INFINITY;
  let short = enough / 2;
  while (enough - short > 1) {
    const middle = Math.floor((enough + short) / 2);
    if (suffices(middle)) enough = middle;
    else short = middle;
  }
  return enough;
};

const largest = 2 ** 40;
