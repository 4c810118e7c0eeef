import { grossAlternatives } from './alternatives.ts';
import { percent } from './amounts.ts';
import { allowedAbove } from './bets.ts';
import type { Bucket, Counts } from './bucket.ts';
import { type Allowance, allowedIn, leftOf } from './burst-guard.ts';
import { type Conviction, logEvidence, noEvidence, startAnew, startPrior } from './conviction.ts';
import { ofExcess } from './incident.ts';
import { isToBeProven, type Metric, type Policy } from './policy.ts';

/**
 * A candidate with all of the traffic has no baseline beside it. It is compared with the time before: the evidence of one arm that its
 * rate is more than `worse-than` times a reference. In a bucket with c requests, x of them bad, and a reference θ, each alternative
 * "f times as often as ρ = worse-than · θ" multiplies its evidence by
 *
 *     f^x · e^(−ρ·c·(f − 1))
 *
 * Independent requests with a rate of at most ρ: E[factor] = (1 + p·(f − 1))^c·e^(−ρ·c·(f − 1)) ≤ 1 by 1 + z ≤ e^z. So the evidence is
 * an e-process as long as the candidate's own rate is at most ρ. That is the part that nothing proves: a dependency that fails now is
 * not in the time before, and no baseline shows it. For this reason
 *
 * - the reference is the largest of four rates (`referenceOf`), and only the factors of `grossAlternatives` are asked for, which
 *   gather evidence beyond 2.6 times the reference;
 * - one minute adds little, so that a short outage of a dependency does not suffice (`fewestMinutes`);
 * - a rollback for this reason convicts no version.
 *
 * The evidence is outside of `false-rollback`; its rate is measured (docs/judge.md).
 */
export interface LastStep {
  /** Both arms in the newest compared step, and in the one before. */
  readonly newest: Compared;
  readonly earlier: Compared;
  /** The weights moved since: the next compared bucket begins a step. */
  readonly closed: boolean;
  /** Since the candidate has all of the traffic. */
  readonly alone: Alone;
}

type Compared = Omit<Counts, 'perBucket'>;

interface Alone {
  readonly requests: number;
  readonly bad: number;
  readonly evidence: Conviction;
  /** Most that the next bucket may add. */
  readonly allowance?: Allowance;
  readonly starts: number;
  readonly lastStart: number;
  /** The newest bucket has clearly more bad requests than the reference explains. */
  readonly rises: boolean;
  /** Of the newest bucket. */
  readonly reference?: number;
}

const nothing: Compared = { candidate: 0, candidateBad: 0, baseline: 0, baselineBad: 0 };
const notAlone: Alone = {
  requests: 0,
  bad: 0,
  evidence: noEvidence(grossAlternatives),
  starts: 0,
  lastStart: Number.NEGATIVE_INFINITY,
  rises: false,
};
export const noLastStep: LastStep = { newest: nothing, earlier: nothing, closed: false, alone: notAlone };

/** Fewest minutes whose evidence can take the traffic back. */
const fewestMinutes = 3;
/** A fault may begin later; each of these intervals is a fresh bet, as in `observations.ts`. */
const restartSeconds = 180;

/** Metrics with one trial a bucket, and those without a proof of health, have no usual rate. */
export const isComparedWithBefore = (metric: Metric): boolean => isToBeProven(metric) && metric.byBucket === undefined;

/** Others moved the weights, or a raise did: the time alone begins anew. */
export const moveOn = (so: LastStep): LastStep => ({ ...so, closed: true, alone: notAlone });

/** @param incident a bucket in which the baseline itself had an incident is no reference */
export const observeCompared = (so: LastStep, counts: Counts, incident: boolean): LastStep => {
  if (incident) return so;
  return so.closed
    ? { ...so, earlier: so.newest, newest: sum(nothing, counts), closed: false }
    : { ...so, newest: sum(so.newest, counts) };
};

const sum = (one: Compared, other: Compared): Compared => ({
  candidate: one.candidate + other.candidate,
  candidateBad: one.candidateBad + other.candidateBad,
  baseline: one.baseline + other.baseline,
  baselineBad: one.baselineBad + other.baselineBad,
});

export const observeAlone = (
  so: LastStep,
  metric: Metric,
  { convict: { falseRollback } }: Policy,
  { candidate, candidateBad }: Pick<Counts, 'candidate' | 'candidateBad'>,
  { t, seconds }: Pick<Bucket, 't' | 'seconds'>,
): LastStep => {
  const reference = referenceOf(so, metric, t);
  if (reference === undefined) return so;
  const { alone } = so;
  const fresh = t >= alone.lastStart + restartSeconds;
  const starts = alone.starts + (fresh ? 1 : 0);
  const began = fresh ? startAnew(alone.evidence, grossAlternatives, startPrior(starts)) : alone.evidence;
  const tolerated = Math.min(1, metric.worseThan * reference) * candidate;
  const most = -Math.log(falseRollback) / fewestMinutes;
  const allowed = allowedIn(
    alone.allowance,
    grossAlternatives.factors.map(() => most),
    seconds / 60,
  );
  const gains = grossAlternatives.factors.map((factor, index) =>
    Math.min(allowed[index] ?? most, candidateBad * Math.log(factor) - tolerated * (factor - 1)),
  );
  return {
    ...so,
    alone: {
      requests: alone.requests + candidate,
      bad: alone.bad + candidateBad,
      evidence: began.map((log, index) => log + (gains[index] ?? 0)),
      allowance: leftOf(allowed, gains),
      starts,
      lastStart: fresh ? t : alone.lastStart,
      rises: candidateBad - tolerated >= allowedAbove(metric, reference) * candidate && candidateBad > 0,
      reference,
    },
  };
};

/**
 * The rate that the time before explains: the largest of
 *
 * - the usual rate of the day before, and the rate of the same hour of that day;
 * - the baseline's in the last two compared steps;
 * - the candidate's own in these steps, as far as it may exceed the baseline's: it was proven healthy there;
 * - half of `excess-below`, if the policy has it, which no proof of health could tell from none.
 *
 * @returns undefined when neither the day before nor the steps are known
 */
const referenceOf = ({ newest, earlier }: LastStep, metric: Metric, t: number): number | undefined => {
  const { higherAt = [], excessBelow = 0 } = metric;
  const { candidate, candidateBad, baseline, baselineBad } = sum(newest, earlier);
  const byDay = explainedByDay(metric);
  if (byDay === undefined && baseline === 0) return undefined;
  // Without a day before, the steps alone do not prove a rate of zero.
  const before = baseline === 0 ? 0 : (baselineBad + (byDay === undefined ? 1 : 0)) / baseline;
  const own = candidate === 0 ? 0 : Math.min(candidateBad / candidate, before + allowedAbove(metric, before));
  const hour = Math.floor(t / 3600) % 24;
  const then = higherAt.find(([at]) => at === hour)?.[1] ?? 0;
  return Math.min(1, Math.max(byDay ?? ofExcess * excessBelow, then, before, own));
};

/** The part of the reference that is known before the rollout; undefined without a day before. */
export const explainedByDay = ({ usual, excessBelow = 0 }: Metric): number | undefined =>
  typeof usual === 'number' ? Math.max(usual, ofExcess * excessBelow) : undefined;

/** ln of the evidence of one metric that the candidate alone is clearly worse than the time before; 0 while it is not alone. */
export const logEvidenceAlone = ({ alone }: LastStep): number => logEvidence(alone.evidence);

/** The last bake is not over while the evidence, or the newest bucket, speaks against the candidate. */
export const isMoreThanBefore = (so: LastStep): boolean => so.alone.rises || logEvidenceAlone(so) > 0;

/** `errors: 412 of 2930 (14.1 %) since it has all of the traffic, and usually up to 0.25 % before`, of the metric that says most. */
export const saysBefore = (metrics: readonly Metric[], states: readonly LastStep[]): string => {
  const index = states.reduce((best, state, at) => (strength(state) > strength(states[best]) ? at : best), 0);
  const { requests, bad, reference = 0 } = states[index]?.alone ?? notAlone;
  const rate = requests === 0 ? 'none' : percent(bad / requests);
  return `${metrics[index]?.says}: ${bad} of ${requests} (${rate}) since the candidate has all of the traffic; the time before explains up to ${percent(reference)}`;
};

const strength = (so: LastStep | undefined): number =>
  so ? Math.max(0, logEvidenceAlone(so)) + (so.alone.rises ? 1 : 0) : 0;
