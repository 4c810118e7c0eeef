import { amount, chance, counted, lasting, percent, times } from './amounts.ts';
import type { Limits } from './bets.ts';
import { type Excess, excessInterval } from './health.ts';
import { saysBefore } from './last-step.ts';
import {
  freshMetric,
  isInDoubt,
  logHealthIn,
  type MetricState,
  metricEvidenceOf,
  metricLogEvidence,
} from './metric-state.ts';
import { requestsToTrust } from './newest-stretch.ts';
import type { Observations } from './observations.ts';
import { ownDiffers, ownMissing, ownSides, tolerance } from './own-because.ts';
import { isToBeProven, type Metric, type Policy } from './policy.ts';
import { coverageOf, healthThreshold, holdingState, type Ruling } from './ruling.ts';
import { sharedFailure } from './shared-failure.ts';
import { moreRequestsToProof } from './time-to-proof.ts';
import type { MetricEvidence, Verdict } from './verdict.ts';

/**
 * One sentence with numbers, to decide by without statistics. Figures "in this step" are the step's own. A replay leaves it out of its
 * comparison, so it may be worded better than it was.
 */
export const because = (
  so: Observations,
  { reason, logEvidence }: Pick<Ruling, 'reason' | 'logEvidence'>,
  evidence: Verdict['evidence'],
): string => {
  const { policy, step } = so;
  const blindSeconds = so.until - so.knownUntil;
  switch (reason) {
    case 'candidate-worse':
      return convicted(so, logEvidence, evidence);
    case 'proven-healthy':
      return proven(so);
    case 'insufficient-evidence':
      return undecided(so, logEvidence);
    case 'newest-in-doubt':
      return `proven healthy in this step, but its newest requests are in doubt: ${inDoubt(so)}`;
    case 'absolute-limit':
    case 'both-failing':
      return failedTogether(so, reason);
    case 'worse-than-before':
      return `${before(so)}, and nothing is left to compare with: the traffic is taken back, and no version is convicted`;
    case 'more-than-before':
      return `${before(so)}: the last bake goes on`;
    case 'provisional':
      return 'the newest counts would take the traffic back, and CloudWatch may still revise them: they are read again first';
    case 'metrics-missing':
      return `metrics have been missing for ${lasting(blindSeconds)}: the weight stays, and after ${lasting(policy.maxBlindSeconds)} the traffic is taken back`;
    case 'unobserved-too-long':
      return `metrics have been missing for ${lasting(blindSeconds)}, and ${lasting(policy.maxBlindSeconds)} is the longest that a candidate may serve unobserved`;
    case 'own-metrics-missing':
      return ownMissing(so.ownMissing, so.until - so.ownKnownUntil);
    case 'own-metric-differs': {
      // The evidence that holds, of this step: that of a metric which convicts may come from the steps before.
      const holding = (metric: Metric): MetricState => holdingState(stateOf(so, metric));
      const metric = foremost(policy, (one) => (one.own ? metricLogEvidence(holding(one)) : Number.NEGATIVE_INFINITY));
      const held = metricEvidenceOf(holding(metric), metric, policy.healthy.confidence);
      return ownDiffers(metric, held, guiltOf(policy, logEvidence));
    }
    case 'split-not-as-weighted': {
      const all = step.requests + step.baselineRequests;
      return `the candidate got ${percent(all > 0 ? step.requests / all : 0)} of the requests of this step, and its weight is ${percent(step.share ?? 0)}: the counts cannot be trusted`;
    }
    case 'mostly-worse':
      return mostlyWorse(so, logEvidence);
    case 'baseline-in-incident':
      return `the baseline itself fails far more often than it usually does (${troubled(so)}): beside it any candidate looks healthy, so the share stays until this is over`;
    case 'too-little-observed':
      return `only ${percent(coverageOf(so))} of this step was observed, and ${percent(policy.coverage)} must be: ${lasting(untilCovered(so))} more without a gap`;
    case 'too-few-requests':
      return `the candidate had ${step.requests} of the ${policy.minimumRequests} requests that every step must see; ${atThisTraffic(so, policy.minimumRequests - step.requests)}`;
    case 'weights-moved':
      return 'the weights moved in this bucket, so the shares in it are not known: it is no evidence';
  }
};

const stateOf = ({ policy, metrics }: Observations, metric: Metric): MetricState =>
  metrics[policy.metrics.indexOf(metric)] ?? freshMetric(metric);

/** The metric that adds most to the weighted mean, its counts, and the chance of such figures. */
const convicted = (so: Observations, logEvidence: number, evidence: Verdict['evidence']): string => {
  const { policy } = so;
  const metric = foremost(
    policy,
    ({ name, weight }) => Math.log(weight) + (evidence[name]?.logEvidence ?? Number.NEGATIVE_INFINITY),
  );
  const state = stateOf(so, metric);
  const found = evidence[metric.name];
  const figures =
    found && (metric.good || metric.cells)
      ? `${ownSides(metric, found)}, and ${tolerance(metric)}`
      : metric.byBucket
        ? `${metric.says}: ${state.whole.bad} of ${state.whole.requests}, and a candidate that is at most ${policy.convict.worseThan} times as slow has at most half`
        : `${metric.says}: ${worstPeriod(state)}, and ${tolerance(metric)}`;
  return `${figures}; ${suspicion(policy, logEvidence)}`;
};

/** Counts of the period that shows it best: an old healthy time would hide a fault, and so would a small new one. */
const worstPeriod = ({ whole, step, newest }: MetricState): string => {
  const periods = [
    { says: 'since its first request', seen: whole },
    ...(step === whole ? [] : [{ says: 'in this step', seen: step }]),
    ...(newest.doubt > 0
      ? [{ says: `in its newest ${counted(newest.stretch.requests, 'request')}`, seen: newest.stretch }]
      : []),
  ];
  const worst = periods.reduce((best, one) => (ratioOf(one.seen) > clearly * ratioOf(best.seen) ? one : best));
  const { baselineBad, bad, requests } = worst.seen;
  const ratio =
    baselineBad === 0 || bad === 0
      ? ''
      : `, ${times(bad / requests / (baselineBad / worst.seen.baselineRequests))} as often`;
  return `${sides(worst.seen)} ${worst.says}${ratio}`;
};

const clearly = 1.25;

/** A baseline without bad requests may have had half of one. */
const ratioOf = ({ requests, bad, baselineRequests, baselineBad }: Excess): number =>
  requests === 0 ? 0 : ((bad / requests) * Math.max(1, baselineRequests)) / Math.max(0.5, baselineBad);

/** Ville's inequality: the chance of ever reaching this evidence. */
const suspicion = ({ convict }: Policy, logEvidence: number): string =>
  `for a candidate within the tolerance the chance of such figures is ${chance(logEvidence)} (${percent(convict.falseRollback)} takes the traffic back)`;

/** A chance above one in ten is nothing to speak of. */
const noticeable = Math.log(10);

const guiltOf = (policy: Policy, logEvidence: number): string =>
  logEvidence > noticeable ? `; ${suspicion(policy, logEvidence)}` : '';

const proven = (so: Observations): string => {
  const { policy, step } = so;
  const metrics = policy.metrics.filter(isToBeProven).map((metric) => {
    const { step: seen, grid } = stateOf(so, metric);
    const [, upper] = excessInterval(seen, policy.healthy.confidence, grid);
    return seen.baselineRequests === 0
      ? `${metric.says} ${rateOf({ bad: seen.bad, requests: seen.requests })}, at most ${percent(upper)} of all requests`
      : `${metric.says} ${sides(seen)}, ${healthOf(metric, upper)}`;
  });
  return `healthy with ${percent(policy.healthy.confidence)} confidence after ${counted(step.requests, 'candidate request')} in this step: ${metrics.join('; ')}`;
};

const healthOf = ({ excessBelow, atMost }: Limits, upper: number): string =>
  excessBelow !== undefined && (upper < excessBelow || atMost === undefined)
    ? upper <= 0
      ? 'fewer than the baseline'
      : `at most ${percent(upper)} of the requests more than the baseline`
    : `less than ${atMost} times as often as the baseline`;

const undecided = (so: Observations, logEvidence: number): string => {
  const { policy, step } = so;
  const threshold = healthThreshold(so);
  const open = policy.metrics
    .filter(isToBeProven)
    .map((metric) => ({ metric, state: stateOf(so, metric) }))
    .map(({ metric, state }) => ({ metric, state, ...leastProven(metric, state) }))
    .filter(({ log }) => !(log >= threshold))
    .sort((one, other) => one.log - other.log)[0];
  const guilt = guiltOf(policy, logEvidence);
  if (step.requests > 0 && step.baselineRequests === 0)
    return `${step.share === 1 ? 'the candidate has all of the traffic' : 'the baseline has had no request in this step'}: nothing is left to compare with${guilt}`;
  if (step.requests === 0)
    return 'the candidate has had no request in this step, and without requests nothing is decided';
  const after = `after ${counted(step.requests, 'candidate request')} in this step`;
  if (!policy.metrics.some(isToBeProven)) return `no metric of this policy can prove health${guilt}`;
  if (open === undefined) {
    const doubts = inDoubt(so);
    return `proven so far ${after}, but ${doubts === '' ? 'this bucket alone has too many bad requests' : `not in the newest requests: ${doubts}`}${guilt}`;
  }
  const { metric, state, seen, period } = open;
  if (seen.requests === 0)
    return `not yet decided ${after}: ${metric.says} have no counts yet${waiting(so, metric)}${guilt}`;
  const [, upper] = excessInterval(seen, policy.healthy.confidence, state.grid);
  const possible =
    metric.excessBelow === undefined || upper >= 1
      ? ''
      : `up to ${percent(upper)} of the requests more than the baseline is possible, and `;
  const more = moreRequestsToProof(metric, policy.healthy.confidence, state, shareOf(so)) / perRequest(so, metric);
  return `not yet decided ${after}: ${metric.says} ${sides(seen)}${period}; ${possible}${limitOf(metric)} is healthy; ${atThisTraffic(so, more, 'a candidate as good as the baseline is proven')}${guilt}`;
};

/** The step or the whole rollout, whichever is farther from its proof. */
const leastProven = (
  metric: Metric,
  { step, whole, grid }: MetricState,
): { readonly log: number; readonly seen: Excess; readonly period: string } => {
  const inStep = { log: logHealthIn(step, metric, grid), seen: step, period: '' };
  if (step === whole) return inStep;
  const inAll = { log: logHealthIn(whole, metric, grid), seen: whole, period: ' over the whole rollout' };
  return inAll.log < inStep.log ? inAll : inStep;
};

const waiting = (so: Observations, { warmUpSeconds = 0 }: Metric): string => {
  const left = so.since + warmUpSeconds - so.until;
  return left > 0 ? `: they are no evidence in the first ${lasting(warmUpSeconds)}` : '';
};

const inDoubt = (so: Observations): string =>
  so.policy.metrics
    .map((metric) => ({ metric, state: stateOf(so, metric) }))
    .filter(({ metric, state }) => isInDoubt(state, metric, healthThreshold(so)))
    .map(({ metric, state: { newest, whole } }) => {
      const more = requestsToTrust(newest, metric, whole, shareOf(so)) / perRequest(so, metric);
      return `${metric.says} ${sides(newest.stretch)} in the newest ${counted(newest.stretch.requests, 'request')}; ${atThisTraffic(so, more, 'a candidate as good as the baseline is trusted again')}`;
    })
    .join('; ');

/** `below 0.5 %`, `below 1.5 times the baseline's rate`, or one of the two. */
const limitOf = ({ excessBelow, atMost }: Limits): string =>
  `below ${[
    ...(excessBelow === undefined ? [] : [percent(excessBelow)]),
    ...(atMost === undefined ? [] : [`${atMost} times the baseline's rate`]),
  ].join(' or ')}`;

const shareOf = ({ step }: Observations): number => step.requests / Math.max(1, step.requests + step.baselineRequests);

/** Trials of a metric that a request makes: one of the user's own may count rows, or a part of the requests. */
const perRequest = (so: Observations, metric: Metric): number =>
  metric.own ? stateOf(so, metric).step.requests / so.step.requests : 1;

/** @param requests the candidate's, from now on */
const atThisTraffic = ({ step, until }: Observations, requests: number, event = 'that is reached'): string => {
  if (step.requests === 0) return 'without requests to the candidate that never happens';
  if (!Number.isFinite(requests)) return `at this rate of bad requests no proof is in sight`;
  const seconds = (requests * (until - step.since)) / step.requests;
  return `at this traffic ${event} in ${lasting(seconds)}`;
};

const untilCovered = (so: Observations): number => {
  const { coverage } = so.policy;
  return (coverage * (so.until - so.step.since) - so.step.knownSeconds) / (1 - coverage);
};

const mostlyWorse = (so: Observations, logEvidence: number): string => {
  const slower = so.policy.metrics.flatMap((metric) => {
    const { bad, baselineBad, requests } = stateOf(so, metric).step;
    return metric.byBucket && bad > baselineBad ? [`${metric.says}: ${bad} of ${requests} in this step`] : [];
  });
  return `${slower.join('; ')}; nothing is promoted while most are${guiltOf(so.policy, logEvidence)}`;
};

const before = ({ policy, lastStep = [] }: Observations): string => saysBefore(policy.metrics, lastStep);

const troubled = ({ policy, metrics }: Observations): string =>
  policy.metrics
    .flatMap(({ says, usual }, index) =>
      metrics[index]?.incident && typeof usual === 'number' ? [`${says}: usually ${percent(usual)}`] : [],
    )
    .join('; ');

const failedTogether = ({ policy, failing }: Observations, reason: 'absolute-limit' | 'both-failing'): string => {
  const { safetyNet, convict } = policy;
  const { buckets, requests, bad, baseline } = failing;
  const limit = `more than ${percent(safetyNet.above)} of the candidate's requests failed in each of ${buckets} ${safetyNet.bucketSeconds === 60 ? 'minutes' : 'buckets'} in a row`;
  if (baseline === undefined)
    return `${limit}: ${rateOf({ requests, bad })}; the baseline's numbers of these buckets are missing`;
  const both = `${limit}: ${beside({ candidate: { requests, bad }, baseline })}`;
  const counts = { candidate: requests, candidateBad: bad, baseline: baseline.requests, baselineBad: baseline.bad };
  const failure = sharedFailure(counts, convict);
  if (reason === 'both-failing')
    return `${both}; the baseline failed ${failure === 'as-often' ? 'as often' : 'too, and the difference is within chance'}, so the cause is shared and convicts no version`;
  if (failure === 'beyond-chance') return `${both}; the baseline failed too, but the difference is more than chance`;
  return baseline.requests === 0 ? `${both}; no baseline requests are left for a comparison` : both;
};

const foremost = ({ metrics }: Policy, strength: (metric: Metric) => number): Metric =>
  metrics.reduce((best, metric) => (strength(metric) > strength(best) ? metric : best));

const sides = ({ requests, bad, baselineRequests, baselineBad }: Excess): string =>
  beside({ candidate: { requests, bad }, baseline: { requests: baselineRequests, bad: baselineBad } });

const beside = ({ candidate, baseline }: Pick<MetricEvidence, 'candidate' | 'baseline'>): string =>
  `${rateOf(candidate)} beside the baseline's ${rateOf(baseline)}`;

const rateOf = ({ bad, requests }: MetricEvidence['candidate']): string =>
  `${amount(bad)} of ${amount(requests)}${requests > 0 ? ` (${percent(bad / requests)})` : ''}`;
