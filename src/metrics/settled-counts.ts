import { type Instant, seconds } from '../clock.ts';
import { digest } from '../digest.ts';
import type { Bucket } from '../judge/bucket.ts';
import { beginJudging, type Judging, judge } from '../judge/judge.ts';
import type { Policy } from '../judge/policy.ts';
import type { Verdict, VerdictReason } from '../judge/verdict.ts';
import type { CountsRead } from '../rollout/event.ts';
import { settling } from './fleet-metrics.ts';

/** Two reads of one bucket that follow each other faster than this say the same. No run looks more often (rule 11). */
const readAgainAfter = seconds(30);

/** Verdicts by which counts take the traffic back. */
const accusing: ReadonlySet<VerdictReason> = new Set([
  'candidate-worse',
  'absolute-limit',
  'both-failing',
  'worse-than-before',
]);

export interface SettledVerdict {
  readonly verdict: Verdict;
  /** As the judge saw them. */
  readonly buckets: readonly Bucket[];
  /** For the next look; absent while nothing accuses the candidate. */
  readonly countsRead?: readonly CountsRead[];
}

/**
 * Nothing provisional convicts. CloudWatch may revise a young bucket, and not all series of it at once: while the requests of one arm
 * are late and its errors are not, a healthy candidate looks guilty. So a bucket convicts once it was read alike twice, or is older
 * than the time that CloudWatch takes to settle. Only an accusation needs the second read: without one nothing is remembered, and proof
 * of health does not wait.
 * @param before the counts at the last look, if they accused the candidate
 * @param folded the state after all earlier buckets, which are settled
 */
export const judgeSettled = (
  policy: Policy,
  buckets: readonly Bucket[],
  now: Instant,
  before: readonly CountsRead[] = [],
  folded: Judging = beginJudging(policy),
): SettledVerdict => {
  const verdict = judge(policy, buckets, folded);
  if (!accusing.has(verdict.reason)) return { verdict, buckets };
  const young = buckets.filter(({ t, seconds: length }) => now < seconds(t + length) + settling);
  const countsRead = young.map(({ t, candidate, baseline }): CountsRead => {
    const counts = digest({ t, candidate: candidate ?? null, baseline: baseline ?? null });
    const same = before.find((read) => read.t === t && read.digest === counts);
    return { t, digest: counts, since: same?.since ?? now };
  });
  const open = new Set(countsRead.filter(({ since }) => now < since + readAgainAfter).map(({ t }) => t));
  const marked = buckets.map((bucket): Bucket => (open.has(bucket.t) ? { ...bucket, provisional: true } : bucket));
  return { verdict: judge(policy, marked, folded), buckets: marked, countsRead };
};
