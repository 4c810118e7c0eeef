import type { Instant } from '../clock.ts';
import { minutes } from '../clock.ts';
import { digest } from '../digest.ts';
import { type GuardDecision, needsBurstGuard } from '../judge/burst-guard.ts';
import { type LatencyPlan, latencyPlan, watchedLatency } from '../judge/latency.ts';
import { type Policy, policyOf } from '../judge/policy.ts';
import type { Rollout } from '../manifest/manifest.ts';
import { type Plan, Refusal } from '../operation.ts';
import type { Configuration, ReleaseRecord, Stepping } from '../release/record.ts';
import { initial } from '../rollout/state.ts';
import type { World } from '../world.ts';
import { baselineOf } from './baseline.ts';
import type { NewRelease } from './conduct.ts';
import { besideOf, candidateVariant, canonicalOf } from './dark.ts';
import { readFleet } from './evidence.ts';
import { observe } from './observe.ts';
import { stepPermissions } from './permissions.ts';
import { longestStepSeconds } from './plan-dark.ts';
import { releaseId } from './release-id.ts';
import { scalingOf } from './scaling.ts';

export type Steps = Extract<Rollout, { strategy: 'steps' }>;

/** Hex digest of what is asked: the version, the endpoint, the way. */
export const stepsDigest = (endpoint: string, version: string, rollout: Steps): string =>
  digest({ operation: 'shift-traffic', endpoint, version, rollout });

export interface PlannedSteps {
  readonly plan: Plan;
  readonly release: NewRelease;
}

/**
 * Plans the walk: finds the dark candidate, freezes the judge's policy (DESIGN §6: burst guard and latency edges from the day before
 * the first candidate request, never from the candidate).
 * @throws {Refusal} `no-candidate`
 */
export const planSteps = async (
  world: World,
  endpoint: string,
  version: string,
  rollout: Steps,
  record: ReleaseRecord,
): Promise<PlannedSteps> => {
  const live = await observe(world, endpoint);
  const canonical = live && canonicalOf(live);
  const beside = live && besideOf(live, record);
  const dark = record.ended.find(({ candidate }) => candidate.endpointConfig === live?.endpointConfig);
  if (!live || !canonical || !beside || !dark || live.variants.length !== 2 || dark.version !== version)
    throw new Refusal(
      'no-candidate',
      `${endpoint} has no dark candidate of ${version}${dark ? `, but one of ${dark.version}` : ''}: bring it up with deploy-endpoint`,
    );
  const next = candidateVariant(canonical);
  const now = world.clock.now();
  const past = await pastOf(world, endpoint, canonical, now);
  const policy = policyOf(rollout.judge, {
    clientErrors: true,
    ...(past.latency ? { latency: watchedLatency(past.latency) } : {}),
    burstGuard: past.guard.needed,
    minimumRequests: rollout.minimumRequests,
  });
  const stepping: Stepping = {
    plan: { steps: rollout.steps, bakeSeconds: rollout.bakeSeconds, maxStepSeconds: longestStepSeconds(rollout) },
    state: initial,
    baselineVariant: canonical,
    candidateVariant: next,
    startedAt: now,
    moves: [],
    obeyed: 0,
    policy,
    ...(past.latency ? { latency: past.latency } : {}),
  };
  const baseline = { ...(await baselineOf(world, live, record)), beside };
  const { beside: _, ...candidate } = { ...dark.candidate, endpointConfig: beside.candidate };
  const scales = (await scalingOf(world, endpoint, canonical)) !== undefined;
  const planDigest = stepsDigest(endpoint, version, rollout);
  return {
    plan: describe(endpoint, rollout, baseline, candidate, policy, past.guard, past.latency, scales),
    release: {
      id: releaseId(record, version, planDigest),
      operation: 'shift-traffic',
      version,
      planDigest,
      attempt: 1,
      baseline,
      candidate,
      stepping,
      submission: {
        kind: 'update',
        variant: canonical,
        // The canonical variant has weight 0 when the candidate has all of it; alone it must have all again.
        exclude: ['DesiredWeight'],
        bakeSeconds: 0,
        finalBakeSeconds: 0,
        timeoutSeconds: 3600,
        expectedSeconds: 300,
        minimumRequests: 0,
      },
    },
  };
};

interface Past {
  readonly guard: GuardDecision;
  readonly latency?: LatencyPlan;
}

/** Edges in milliseconds at about the baseline's p50, p90 and p99 of the last day, when CloudWatch counts by latency at all. */
const pastOf = async (world: World, endpoint: string, variant: string, now: Instant): Promise<Past> => {
  const from = now - (now % minutes(1)) - minutes(24 * 60);
  const minute = await readFleet(world, { endpoint, variant }, undefined, from, now);
  const history = Array.from({ length: 24 * 60 }, (_, index) => minute(from + index * minutes(1))).flatMap((seen) =>
    seen && seen.requests > 0 ? [{ requests: seen.requests, bad: seen.errors }] : [],
  );
  const latency = await latencyOf(world, endpoint, variant, from, now);
  return { guard: needsBurstGuard(history), ...(latency ? { latency } : {}) };
};

const latencyOf = async (
  world: World,
  endpoint: string,
  variant: string,
  from: Instant,
  to: Instant,
): Promise<LatencyPlan | undefined> => {
  const { MetricDataResults = [] } = await world.read.cloudwatch.getMetricData({
    StartTime: new Date(from),
    EndTime: new Date(to),
    MetricDataQueries: ['p50', 'p90', 'p99', 'SampleCount', 'TC(:1000000000000000)'].map((Stat, index) => ({
      Id: `l${index}`,
      MetricStat: {
        Metric: {
          Namespace: 'AWS/SageMaker',
          MetricName: 'ModelLatency',
          Dimensions: [
            { Name: 'EndpointName', Value: endpoint },
            { Name: 'VariantName', Value: variant },
          ],
        },
        Period: 86_400,
        Stat,
      },
    })),
  });
  const sum = (id: string): number | undefined => {
    const { Values = [] } = MetricDataResults.find((result) => result.Id === id) ?? {};
    return Values.length === 0 ? undefined : Values.reduce((total, value) => total + value, 0);
  };
  const quantiles = ['l0', 'l1', 'l2'].map((id) =>
    MetricDataResults.find((result) => result.Id === id)?.Values?.at(-1),
  );
  const edges = [...new Set(quantiles.flatMap((value) => (value === undefined ? [] : [Math.ceil(value / 1000)])))].sort(
    (a, b) => a - b,
  );
  const [samples, counted] = [sum('l3'), sum('l4')];
  // Rung 1 is there when counting everything below a huge edge counts every sample (reference/progressive-delivery.md §3.3).
  if (edges.length > 0 && samples !== undefined && samples > 0 && counted === samples)
    return latencyPlan({ cells: [...edges, 0].map(() => 0) }, edges);
  if (quantiles[2] !== undefined) return latencyPlan({ percentile: quantiles[2] / 1000 }, []);
  return samples === undefined ? undefined : latencyPlan({ sum: 0 }, []);
};

const describe = (
  endpoint: string,
  rollout: Steps,
  baseline: Configuration,
  candidate: Configuration,
  policy: Policy,
  guard: GuardDecision,
  latency: LatencyPlan | undefined,
  scales: boolean,
): Plan => ({
  title: `shift ${endpoint} from ${baseline.version ?? baseline.endpointConfig} to ${candidate.version} in steps of ${rollout.steps.map((share) => `${share * 100} %`).join(', ')}`,
  changes: [
    {
      verb: 'update',
      object: `weights of ${endpoint}`,
      details: rollout.steps.map(
        (share) => `${share * 100} %, at least ${rollout.bakeSeconds} s, until proven healthy`,
      ),
    },
    {
      verb: 'create',
      object: `endpoint config ${candidate.endpointConfig}`,
      details: ['the candidate alone, under the canonical variant name'],
    },
    {
      verb: 'update',
      object: `endpoint ${endpoint}`,
      details: [`${baseline.endpointConfig} → ${candidate.endpointConfig}`, 'second of two swaps'],
    },
  ],
  notes: [
    `convicted when worse than ${policy.convict.worseThan} times the old version, with at most ${policy.convict.falseRollback * 100} % chance of convicting a good one over the whole rollout`,
    `healthy when its excess is below ${policy.healthy.excessBelow * 100} % of requests, with ${policy.healthy.confidence * 100} % confidence`,
    `burst guard ${policy.burstGuard ? 'on' : 'off'}: ${guard.because}`,
    latency ? `latency: ${latency.because}` : 'latency is not judged: CloudWatch has no samples of it',
    'rolling back changes weights only, at once',
  ],
  expectedSeconds: rollout.steps.length * rollout.bakeSeconds + 300,
  peakInstances: { [candidate.instanceType]: 3 * candidate.instanceCount },
  permissions: stepPermissions({ scales }),
});
