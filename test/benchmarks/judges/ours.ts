import type { Arm, Bucket } from '../../../src/judge/bucket.ts';
import { needsBurstGuard } from '../../../src/judge/burst-guard.ts';
import { usualErrorRate } from '../../../src/judge/incident.ts';
import { beginJudging, observeBucket } from '../../../src/judge/judge.ts';
import { type LatencyPlan, latencyCounts, watchedLatency } from '../../../src/judge/latency.ts';
import { type Policy, policyOf } from '../../../src/judge/policy.ts';
import { latencyEdges } from '../latency-law.ts';
import type { Contestant, Row, RowArm, Ruling, Run } from '../stream.ts';

const defaults = {
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
} as const;
const latency: LatencyPlan = { rung: 'cells', edges: latencyEdges, because: 'counted by latency' };

/** @param guard as the history says, or forced */
export const ours = (name: string, guard: 'auto' | 'on'): Contestant => ({
  name,
  rule(run): Ruling {
    let judging = beginJudging(policyFor(run, guard === 'on' || needsBurstGuard(run.history).needed));
    const healthyAt: number[] = [];
    for (const [index, row] of run.rows.entries()) {
      const seen = row.early ? observeBucket(judging, bucketOf({ ...row, ...row.early })) : undefined;
      judging = observeBucket(judging, bucketOf(row));
      const { decision, reason } = (seen ?? judging).ruling;
      if (decision === 'promote') healthyAt.push(index);
      if (decision === 'rollback') return { rolledBackAt: index, by: reason, healthyAt };
    }
    return { healthyAt };
  },
});

export const policyFor = ({ rows, history, clientErrorsJudged }: Run, burstGuard: boolean): Policy => {
  const seen = rows.find(({ candidate, baseline }) => candidate && baseline)?.candidate;
  // Latency was as it is in these scenarios the day before, too: its edges are its quantiles.
  const [, , slowest] = watchedLatency(latency);
  const usual = usualErrorRate(history);
  const policy = policyOf(
    { ...defaults, clientErrors: clientErrorsJudged ? 'judge' : 'report' },
    {
      burstGuard,
      usual: {
        ...(usual === undefined ? {} : { errors: usual }),
        ...(slowest ? { [slowest.name]: 0.01 } : {}),
        // Of 4xx the scenarios have no day before; their baseline is steady.
        'client-errors': 0.005,
      },
      clientErrors: seen?.err4xx !== undefined,
      ...(seen?.cells ? { latency: watchedLatency(latency) } : {}),
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
  const arm = ({ n, err, err4xx, more }: RowArm, late: Arm['bad'] = {}): Arm => ({
    requests: n,
    bad: { errors: err, ...(err4xx === undefined ? {} : { 'client-errors': err4xx }), ...late, ...more },
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
