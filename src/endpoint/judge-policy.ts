import { type Instant, minutes } from '../clock.ts';
import { type GuardDecision, needsBurstGuard } from '../judge/burst-guard.ts';
import { type LatencyPlan, latencyPlan, watchedLatency } from '../judge/latency.ts';
import { type Policy, policyOf } from '../judge/policy.ts';
import type { JudgePolicy } from '../manifest/manifest.ts';
import type { World } from '../world.ts';
import { type Fleet, readFleet } from './evidence.ts';

/** What the judge is told before the first candidate request, and what was seen that decided it. */
export interface FrozenPolicy {
  readonly policy: Policy;
  readonly latency?: LatencyPlan;
  readonly guard: GuardDecision;
}

const day = minutes(24 * 60);

/**
 * Freezes the policy from the day before the rollout (DESIGN §6): whether errors come in bursts, and at which latencies requests are
 * counted. Never from the candidate.
 */
export const freezePolicy = async (
  world: World,
  fleet: Fleet,
  judge: JudgePolicy,
  minimumRequests: number,
): Promise<FrozenPolicy> => {
  const now = world.clock.now();
  const from = now - (now % minutes(1)) - day;
  const minute = await readFleet(world, fleet, undefined, from, now);
  const history = Array.from({ length: day / minutes(1) }, (_, index) => minute(from + index * minutes(1))).flatMap(
    (seen) => (seen && seen.requests > 0 ? [{ requests: seen.requests, bad: seen.errors }] : []),
  );
  const guard = needsBurstGuard(history);
  const latency = await latencyOf(world, fleet, from, now);
  const policy = policyOf(judge, {
    clientErrors: true,
    ...(latency ? { latency: watchedLatency(latency) } : {}),
    burstGuard: guard.needed,
    minimumRequests,
  });
  return { policy, guard, ...(latency ? { latency } : {}) };
};

/** Counts every sample when CloudWatch counts by latency at all (reference/progressive-delivery.md §3.3: probe, do not assume). */
const everything = 'TC(:1000000000000000)';

const latencyOf = async (world: World, fleet: Fleet, from: Instant, to: Instant): Promise<LatencyPlan | undefined> => {
  const stats = ['p50', 'p90', 'p99', 'SampleCount', everything] as const;
  const { MetricDataResults = [] } = await world.read.cloudwatch.getMetricData({
    StartTime: new Date(from),
    EndTime: new Date(to),
    MetricDataQueries: stats.map((Stat, index) => ({
      Id: `l${index}`,
      MetricStat: {
        Metric: {
          Namespace: 'AWS/SageMaker',
          MetricName: 'ModelLatency',
          Dimensions: [
            { Name: 'EndpointName', Value: fleet.endpoint },
            { Name: 'VariantName', Value: fleet.variant },
          ],
        },
        Period: day / 1000,
        Stat,
      },
    })),
  });
  const values = (stat: (typeof stats)[number]): readonly number[] =>
    MetricDataResults.find(({ Id }) => Id === `l${stats.indexOf(stat)}`)?.Values ?? [];
  const sum = (stat: (typeof stats)[number]): number => values(stat).reduce((total, value) => total + value, 0);
  const quantiles = (['p50', 'p90', 'p99'] as const).flatMap((stat) => values(stat).slice(-1));
  const edges = [...new Set(quantiles.map((microseconds) => Math.ceil(microseconds / 1000)))].sort((a, b) => a - b);
  const samples = sum('SampleCount');
  if (samples === 0) return undefined;
  if (edges.length > 0 && sum(everything) === samples) return latencyPlan({ cells: [...edges, 0].map(() => 0) }, edges);
  const [percentile] = values('p99').slice(-1);
  return percentile === undefined ? latencyPlan({ sum: 0 }, []) : latencyPlan({ percentile: percentile / 1000 }, []);
};
