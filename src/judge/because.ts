import { percent } from './amounts.ts';
import type { Limits } from './bets.ts';
import type { Failing } from './observations.ts';
import { ownDiffers, ownMissing, ownSides, suspicion } from './own-because.ts';
import { isToBeProven, type Metric, type Policy } from './policy.ts';
import { sharedFailure } from './shared-failure.ts';
import type { MetricEvidence, Verdict, VerdictReason } from './verdict.ts';

export interface Grounds {
  readonly reason: VerdictReason;
  readonly logEvidence: number;
  readonly threshold: number;
  readonly evidence: Readonly<Record<string, MetricEvidence>>;
  readonly stepRequests: number;
  readonly coverage: number;
  readonly blindSeconds: number;
  /** The user's own metrics that the newest bucket lacks, and for how long. */
  readonly ownMissing?: readonly string[];
  readonly ownBlindSeconds?: number;
  /** A candidate with all of the traffic beside the time before. */
  readonly before?: string;
  /** What the safety net saw. */
  readonly failing?: Failing;
  /** The baseline's usual rate by metric, for the metrics with an incident. */
  readonly troubled?: readonly string[];
  /** The stretch in doubt by metric, with both arms' counts, for the metrics that are in doubt. */
  readonly doubted?: readonly string[];
  /** Share of the requests that the candidate received in this step, and its intended share. */
  readonly seenShare?: number;
  readonly meantShare?: number;
}

/** One sentence with numbers. A replay compares it with the journal's: another wording would call every old verdict a different one. */
export const because = (policy: Policy, found: Grounds): string => {
  const { reason, evidence } = found;
  const limit = limitOf(policy.healthy);
  switch (reason) {
    case 'candidate-worse': {
      const metric = strongest(policy, evidence);
      const worst = evidence[metric.name];
      return (
        `${worst ? sidesOf(metric, worst) : `${metric.says}: `}; that is ${odds(found.logEvidence)} times as likely if the candidate ` +
        `${suspicion(metric)} than if it is not, ${odds(found.threshold)} convicts`
      );
    }
    case 'proven-healthy': {
      const bounds = policy.metrics.flatMap((metric) => {
        const upper = evidence[metric.name]?.interval[1];
        return !isToBeProven(metric) || upper === undefined ? [] : [`${metric.says} at most ${percent(upper)}`];
      });
      return `after ${found.stepRequests} candidate requests in this step the excess over the baseline is, with ${percent(policy.healthy.confidence)} confidence: ${bounds.join(', ')}`;
    }
    case 'absolute-limit':
    case 'both-failing':
      return failedTogether(policy, found);
    case 'worse-than-before':
      return `${found.before}, and nothing is left to compare with: the traffic is taken back, and no version is convicted`;
    case 'more-than-before':
      return `${found.before}: the last bake goes on`;
    case 'provisional':
      return 'the newest counts would take the traffic back, and CloudWatch may still revise them: they are read again first';
    case 'metrics-missing':
      return `metrics are missing for ${Math.round(found.blindSeconds)} s: the weight stays, and after ${policy.maxBlindSeconds} s the traffic is taken back`;
    case 'unobserved-too-long':
      return `metrics have been missing for ${Math.round(found.blindSeconds)} s, longer than ${policy.maxBlindSeconds} s: an unobserved candidate must not serve`;
    case 'own-metrics-missing':
      return ownMissing(found.ownMissing ?? [], found.ownBlindSeconds ?? 0);
    case 'own-metric-differs': {
      const metric = foremost(policy, ({ name, own }) =>
        own ? (evidence[name]?.logEvidence ?? 0) : Number.NEGATIVE_INFINITY,
      );
      const guilt = `evidence against it ${odds(found.logEvidence)} of ${odds(found.threshold)}`;
      return ownDiffers(metric, evidence[metric.name], guilt);
    }
    case 'split-not-as-weighted':
      return `the candidate got ${percent(found.seenShare ?? 0)} of the requests, but its weight is ${percent(found.meantShare ?? 0)}: the counts cannot be trusted`;
    case 'mostly-worse': {
      const metric = strongest(policy, evidence);
      const worst = evidence[metric.name];
      return `${metric.says}: ${worst ? sides(worst) : ''}; nothing is proven while this holds for most buckets of a step; evidence against it ${odds(found.logEvidence)} of ${odds(found.threshold)}`;
    }
    case 'baseline-in-incident':
      return `the baseline itself fails far more often than it usually does (${found.troubled?.join('; ') ?? ''}): such a minute is no evidence that the candidate is healthy`;
    case 'newest-in-doubt':
      return `proven healthy over all requests of this step, but the newest ones look more like ${limit} than like the baseline: ${found.doubted?.join('; ') ?? ''}; the next step waits until this stretch is proven too, or the doubt is gone`;
    case 'too-little-observed':
      return `only ${percent(found.coverage)} of this step was observed, ${percent(policy.coverage)} is needed`;
    case 'too-few-requests':
      return `${found.stepRequests} of the ${policy.minimumRequests} candidate requests this step must see`;
    case 'weights-moved':
      return 'the weights moved in this bucket: it is no evidence';
    case 'insufficient-evidence':
      return undecided(policy, found);
  }
};

const failedTogether = ({ safetyNet, convict }: Policy, { reason, failing }: Grounds): string => {
  const { buckets = safetyNet.buckets, requests = 0, bad = 0, baseline } = failing ?? {};
  const limit = `more than ${percent(safetyNet.above)} of the candidate's requests failed in each of ${buckets} buckets in a row`;
  if (baseline === undefined)
    return `${limit}: ${bad} of ${requests} (${rate({ requests, bad })}); the baseline's numbers of these buckets are missing`;
  const both = `${limit}: ${sides({ candidate: { requests, bad }, baseline })}`;
  const counts = { candidate: requests, candidateBad: bad, baseline: baseline.requests, baselineBad: baseline.bad };
  const failure = sharedFailure(counts, convict);
  if (reason === 'both-failing')
    return `${both}; the baseline failed ${failure === 'as-often' ? 'as often' : 'too, and the difference is within chance'}, so the cause is shared and convicts no version`;
  if (failure === 'beyond-chance') return `${both}; the baseline failed too, but the difference is more than chance`;
  return baseline.requests === 0 ? `${both}; no baseline requests are left for a comparison` : both;
};

const undecided = (policy: Policy, { evidence, stepRequests, logEvidence, threshold }: Grounds): string => {
  const missing = policy.metrics.find(({ name }) => {
    const { logHealth, healthThreshold } = evidence[name] ?? {};
    return healthThreshold !== undefined && (logHealth ?? 0) < healthThreshold;
  });
  const guilt = `evidence against it ${odds(logEvidence)} of ${odds(threshold)}`;
  const of = missing && evidence[missing.name];
  if (!missing || !of)
    return `this bucket alone has more bad requests than the bound allows after ${stepRequests} candidate requests; ${guilt}`;
  return `not yet decided after ${stepRequests} candidate requests in this step: ${missing.says} ${sides(of)}, an excess of up to ${percent(of.interval[1])} is not excluded (${limitOf(missing)} must be); ${guilt}`;
};

/** `an excess of 0.5 %`, `a rate of 1.5 times the baseline's`, or both. */
const limitOf = ({ excessBelow, atMost }: Limits): string =>
  [
    ...(excessBelow === undefined ? [] : [percent(excessBelow)]),
    ...(atMost === undefined ? [] : [`${atMost} times the baseline's rate`]),
  ].join(' and ');

/** The metric that adds most to the weighted mean. */
const strongest = (policy: Policy, evidence: Verdict['evidence']): Metric =>
  foremost(policy, ({ name, weight }) => Math.log(weight) + (evidence[name]?.logEvidence ?? Number.NEGATIVE_INFINITY));

const foremost = ({ metrics }: Policy, strength: (metric: Metric) => number): Metric =>
  metrics.reduce((best, metric) => (strength(metric) > strength(best) ? metric : best));

const sidesOf = (metric: Metric, worst: MetricEvidence): string =>
  metric.own ? ownSides(metric, worst) : `${metric.says}: ${sides(worst)}`;

export const sides = ({ candidate, baseline }: Pick<MetricEvidence, 'candidate' | 'baseline'>): string =>
  `${candidate.bad} of ${candidate.requests} (${rate(candidate)}) beside ${baseline.bad} of ${baseline.requests} (${rate(baseline)})`;
const rate = ({ bad, requests }: MetricEvidence['candidate']): string =>
  requests > 0 ? percent(bad / requests) : 'none';

/** Evidence as betting odds: 1 in …; large numbers as powers of ten. */
export const odds = (log: number): string => {
  const value = Math.exp(log);
  return value >= 1e6 ? `10^${Math.floor(log / Math.LN10)}` : String(Number(value.toPrecision(value < 1 ? 1 : 3)));
};
