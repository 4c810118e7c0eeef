import { gridOf } from './bets.ts';
import { logEvidenceBelow, noExcess, observeHealth, stakesOf } from './health.ts';
import type { Metric } from './policy.ts';

/**
 * Candidate requests after which a candidate exactly as good as the baseline is expected to be proven healthy.
 * @param metric one that is to be proven
 * @param baselineRate of bad requests, from the day before
 * @param share of the requests that goes to the candidate, above 0
 */
export const requestsToProof = (
  metric: Pick<Metric, 'excessBelow' | 'atMost' | 'bets'>,
  confidence: number,
  baselineRate: number,
  share: number,
): number => {
  const target = -Math.log(1 - confidence);
  const grid = gridOf(metric);
  const proven = (candidate: number): boolean => {
    const baseline = (candidate * (1 - share)) / share;
    const counts = {
      candidate,
      candidateBad: candidate * baselineRate,
      baseline,
      baselineBad: baseline * baselineRate,
      perBucket: false,
    };
    const seen = observeHealth(noExcess, counts, stakesOf(counts, grid));
    return logEvidenceBelow(seen, metric.excessBelow ?? 0, grid) >= target;
  };
  let enough = 1;
  while (!proven(enough) && enough < largest) enough *= 2;
  if (enough >= largest) return Number.POSITIVE_INFINITY;
  let short = enough / 2;
  while (enough - short > 1) {
    const middle = Math.floor((enough + short) / 2);
    if (proven(middle)) enough = middle;
    else short = middle;
  }
  return enough;
};

const largest = 2 ** 40;
