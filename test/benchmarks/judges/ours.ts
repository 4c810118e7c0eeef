import type { Arm, Bucket } from '../../../src/judge/bucket.ts';
import { needsBurstGuard } from '../../../src/judge/burst-guard.ts';
import { dispersionOf, independent } from '../../../src/judge/dispersion.ts';
import { usualErrorRate } from '../../../src/judge/incident.ts';
import { beginJudging, judge, observeBucket, verdictOf } from '../../../src/judge/judge.ts';
import { type LatencyPlan, latencyCounts, watchedLatency } from '../../../src/judge/latency.ts';
import { type OwnMinute, ownHistory } from '../../../src/judge/own-history.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import type { OwnMetric } from '../../../src/manifest/manifest.ts';
import { withoutUndefined } from '../../../src/without-undefined.ts';
import { latencyEdges } from '../latency-law.ts';
import { predictedClasses } from '../scenarios.ts';
import type { Contestant, PastMinute, Row, RowArm, Ruling, Run } from '../stream.ts';

const defaults = {
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
} as const;
const latency: LatencyPlan = { rung: 'cells', edges: latencyEdges, because: 'counted by latency' };

/** @param guard as the history says, or forced */
export const ours = (name: string, guard: 'auto' | 'on'): Contestant => ({
  name,
  // Nothing provisional convicts: an accusation is read again.
  looks: 2,
  rule(run): Ruling {
    const { burstGuard, rulings } = dayOf(run);
    const guarded = guard === 'on' || burstGuard;
    const ruling = rulings.get(guarded) ?? ruleOn(run, guarded);
    rulings.set(guarded, ruling);
    return ruling;
  },
});

const ruleOn = (run: Run, guarded: boolean): Ruling => {
  let judging = beginJudging(policyFor(run, guarded));
  /** Without the newest row while its second reading may still differ. */
  let settled = judging;
  const healthyAt: number[] = [];
  const heldAt: number[] = [];
  for (const [index, row] of run.rows.entries()) {
    const before = run.rows[index - 1];
    if (row.early) {
      // The row before is read the second time, and this one the first time.
      const again = before
        ? observeBucket(settled, { ...bucketOf(before), ...(isRevised(before) ? { provisional: true } : {}) })
        : settled;
      judging = observeBucket(again, { ...bucketOf({ ...row, ...row.early }), provisional: true });
      settled = before ? observeBucket(settled, bucketOf(before)) : settled;
    } else judging = observeBucket(judging, bucketOf(row));
    const { decision, reason } = judging.ruling;
    if (decision === 'promote') healthyAt.push(index);
    if (reason === 'own-metric-differs') heldAt.push(index);
    if (decision === 'rollback') return { rolledBackAt: index, by: reason, healthyAt, heldAt };
  }
  return { healthyAt, heldAt };
};

/** The verdict does not depend on the order in which the buckets arrive, nor on whether it is computed anew. */
export const replaysAlike = (run: Run): boolean => {
  const policy = policyFor(run, dayOf(run).burstGuard);
  const buckets = run.rows.map(bucketOf);
  const [even, odd] = [buckets.filter((_, index) => index % 2 === 0), buckets.filter((_, index) => index % 2 === 1)];
  const one = JSON.stringify(verdictOf(buckets.reduce(observeBucket, beginJudging(policy))));
  return [buckets, [...buckets].reverse(), [...odd, ...even]].every(
    (order) => JSON.stringify(judge(policy, order)) === one,
  );
};

const isRevised = ({ candidate, baseline, early }: Row): boolean =>
  early !== undefined && (early.candidate?.n !== candidate?.n || early.baseline?.n !== baseline?.n);

const dayBefore = ({ history, predictionsVerdict }: Run) => ({
  burstGuard: needsBurstGuard(history).needed,
  usual: usualErrorRate(history),
  dispersion: dispersionOf(history),
  predictions: predictionsVerdict && ownHistory(history.flatMap(pastPredictions)),
  /** By the guard: both contestants rule alike where the day turns it on. */
  rulings: new Map<boolean, Ruling>(),
});
const days = new WeakMap<Run, ReturnType<typeof dayBefore>>();

/** Both contestants freeze the same day. */
const dayOf = (run: Run): ReturnType<typeof dayBefore> => {
  const known = days.get(run) ?? dayBefore(run);
  days.set(run, known);
  return known;
};

/** Frozen from the day before, as the plan of a rollout freezes it. */
export const policyFor = (run: Run, burstGuard: boolean): Policy => {
  const { rows, clientErrorsJudged, predictionsVerdict } = run;
  const seen = rows.find(({ candidate, baseline }) => candidate && baseline)?.candidate;
  // Latency was as it is in these scenarios the day before, too: its edges are its quantiles.
  const [, , slowest] = watchedLatency(latency);
  const { usual, dispersion, predictions } = dayOf(run);
  const policy = policyOf(
    {
      ...defaults,
      clientErrors: clientErrorsJudged ? 'judge' : 'report',
      ...(predictionsVerdict ? { metrics: [predicted(predictionsVerdict)] } : {}),
    },
    {
      burstGuard,
      usual:
        usual === undefined
          ? {}
          : {
              errors: usual,
              ...(slowest ? { [slowest.name]: 0.01 } : {}),
              // Of 4xx the scenarios have no day before; their baseline is steady.
              'client-errors': 0.005,
            },
      // Of 4xx there is no day before here; they come singly.
      dispersion: withoutUndefined({
        errors: dispersion,
        'client-errors': dispersion && independent,
        [predictionsMetric]: predictions?.dispersion,
      }),
      clientErrors: seen?.err4xx !== undefined,
      ...(seen?.cells ? { latency: watchedLatency(latency) } : {}),
      ...(predictions ? { own: { [predictionsMetric]: predictions.watched } } : {}),
    },
  );
  const more = Object.keys(seen?.more ?? {});
  if (more.length === 0) return policy;
  const weight = 1 / (1 + more.length);
  return {
    ...policy,
    metrics: [
      ...policy.metrics.map((metric) => ({ ...metric, weight })),
      ...more.map((name) => ({ name, weight, worseThan: 1.2, excessBelow: 0.005, says: name })),
    ],
  };
};

const predictionsMetric = 'predictions';

export const predicted = (verdict: 'hold' | 'convict'): OwnMetric => ({
  name: predictionsMetric,
  counts: 'cells',
  cells: predictedClasses,
  verdict,
  absent: 'zero',
  candidate: { events: [] },
  baseline: { events: [] },
});

const pastPredictions = ({ predictions }: PastMinute): readonly OwnMinute[] =>
  predictions ? [{ events: predictions, of: predictions.reduce((sum, count) => sum + count, 0) }] : [];

export const bucketOf = ({ t, seconds, moved, share, candidate, baseline }: Row): Bucket => {
  const slow =
    candidate?.cells && baseline?.cells
      ? latencyCounts(
          latency,
          1.2,
          { requests: candidate.n, cells: candidate.cells },
          { requests: baseline.n, cells: baseline.cells },
        )
      : undefined;
  const arm = ({ n, err, err4xx, more, predictions }: RowArm, late: Arm['bad'] = {}): Arm => ({
    requests: n,
    bad: { errors: err, ...(err4xx === undefined ? {} : { 'client-errors': err4xx }), ...late, ...more },
    ...(predictions ? { cells: { [predictionsMetric]: predictions } } : {}),
  });
  return {
    t,
    seconds,
    weightMoved: moved,
    share,
    ...(candidate ? { candidate: arm(candidate, slow?.candidate.bad) } : {}),
    ...(baseline ? { baseline: arm(baseline, slow?.baseline.bad) } : {}),
  };
};
