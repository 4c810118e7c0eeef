import { allowedAbove, type Limits } from './bets.ts';
import type { Counts } from './bucket.ts';
import { type Excess, noExcess } from './health.ts';

/**
 * Whether the newest requests still look healthy. A proof is about all requests so far, so a long healthy time hides a fault that began
 * a minute ago. The doubt is the likelihood ratio of "the candidate is at its limit" against "it is as good as the baseline", summed up
 * over the buckets and never below 0 (Page's CUSUM): it is above 0 exactly while some newest stretch of requests fits the fault better.
 * In a bucket with m bad requests of both arms, x of them the candidate's, whose share of the requests is w, it grows by
 *
 *     x·ln(r) − m·ln(1 − w + w·r)
 *
 * with r the candidate's rate at the limit, relative to the baseline's. Given m, this is a fair or better bet against a fault, as in
 * `conviction.ts`; so r may depend on m. While there is doubt, nothing is promoted unless the stretch in doubt is proven healthy by
 * itself: a candidate whose excess is real, and allowed, waits for that proof. Doubt costs time and never a conviction.
 */
export interface Newest {
  /** In nats; 0: none. */
  readonly doubt: number;
  /** Since the doubt began. */
  readonly stretch: Excess;
}

export const undoubted: Newest = { doubt: 0, stretch: noExcess };

/** In nats. Held there: a large fault is forgotten after as many good requests as a small one. */
const mostDoubt = 6;
/** In nats, beyond the bucket's own: one quiet minute in the middle of a fault does not end the doubt. */
const firstDoubt = 0.5;
/** Bad requests as which the baseline's rate so far counts beside the bucket's own: the rate may rise and fall within minutes. */
const pastCountsFor = 5;

/**
 * @param past the baseline's counts before this bucket
 * @param usual its share of bad requests on the day before, if it is known
 * @param see what the bucket adds to the proof of health of a stretch
 * @param incident the baseline's: the bucket can raise the doubt, never lower it
 */
export const observeNewest = (
  { doubt, stretch }: Newest,
  counts: Counts,
  limits: Limits,
  past: Pick<Excess, 'baselineRequests' | 'baselineBad'>,
  usual: number | undefined,
  see: (excess: Excess) => Excess,
  incident: boolean,
): Newest => {
  const requests = counts.candidate + counts.baseline;
  if (requests === 0) return { doubt, stretch };
  const share = counts.candidate / requests;
  const bad = counts.candidateBad + counts.baselineBad;
  // Latency of a day before may have no slow request at all; the limit is above 0, or a ratio.
  const expected = usual || limits.excessBelow || unknownRate;
  const before = (past.baselineBad + 1) / (past.baselineRequests + 1 / expected);
  const rate = (bad + pastCountsFor) / (requests + pastCountsFor / before);
  const ratio = 1 + allowedAbove(limits, rate) / rate;
  const grown = counts.candidateBad * Math.log(ratio) - bad * Math.log1p(share * (ratio - 1));
  const now = doubt + (incident ? Math.max(0, grown) : grown);
  if (now <= 0) return undoubted;
  return { doubt: Math.min(mostDoubt, now + (doubt === 0 ? firstDoubt : 0)), stretch: see(stretch) };
};

/**
 * Candidate requests until the doubt is gone, at the baseline's rate so far in both arms.
 * @param share of the requests that goes to the candidate
 */
export const requestsToTrust = (
  { doubt }: Newest,
  limits: Limits,
  { baselineRequests, baselineBad }: Pick<Excess, 'baselineRequests' | 'baselineBad'>,
  share: number,
): number => {
  const rate = (baselineBad + 1) / (baselineRequests + 1);
  const ratio = 1 + allowedAbove(limits, rate) / rate;
  return doubt / (rate * (Math.log1p(share * (ratio - 1)) / share - Math.log(ratio)));
};

/** Without a day before and without a limit of the excess. */
const unknownRate = 0.005;
