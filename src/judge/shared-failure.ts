import { alternatives } from './alternatives.ts';
import type { Counts } from './bucket.ts';
import { convictionShareOf, logEvidence, noEvidence, ratioTerms, startAnew, weigh } from './conviction.ts';
import type { Policy } from './policy.ts';

/** Baseline requests below which a comparison says nothing: the safety net needs as many of the candidate. */
export const fewestRequests = 20;
/** The baseline fails at least this many times as often as the candidate. */
const asOften = 0.5;

/**
 * Whether the baseline failed as often as the candidate in the same minutes. Then both depend on the cause, and the failures convict
 * no version. An absolute limit still takes the traffic back. Two conditions, both needed:
 *
 * - the baseline's rate is at least half of the candidate's: few requests, which prove nothing, excuse no candidate;
 * - the judge's evidence (`conviction.ts`) stays below its threshold: the candidate is not proven worse than the margin.
 */
export const failedAsOften = (
  counts: Omit<Counts, 'perBucket'>,
  { worseThan, falseRollback }: Policy['convict'],
): boolean => {
  const { candidate, candidateBad, baseline, baselineBad } = counts;
  if (candidate === 0 || candidateBad === 0 || baseline < fewestRequests) return false;
  if (baselineBad / baseline < (asOften * candidateBad) / candidate) return false;
  const all: Counts = { ...counts, perBucket: false };
  const terms = ratioTerms(convictionShareOf(all) ?? 0, worseThan, alternatives);
  const evidence = weigh(startAnew(noEvidence(alternatives), alternatives, 1), all, terms);
  return logEvidence(evidence) < -Math.log(falseRollback);
};
