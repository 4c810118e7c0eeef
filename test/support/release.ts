import { policyOf } from '../../src/judge/policy.ts';
import { newRecord, type Subject } from '../../src/release/lifecycle.ts';
import type {
  Configuration,
  Creation,
  GuardedUpdate,
  Release,
  ReleaseRecord,
  Replacement,
  Unchanged,
} from '../../src/release/record.ts';

/** The writer of the tests' records. */
export const subject: Subject = { endpoint: 'churn', account: '111122223333', region: 'eu-west-1' };

export const configuration = (version: string, suffix = ''): Configuration => ({
  endpointConfig: `churn-${version.replaceAll('.', '-')}${suffix}`,
  model: `churn-${version.replaceAll('.', '-')}${suffix}`,
  version,
  instanceType: 'ml.m5.large',
  instanceCount: 2,
});

/** Under deployment guardrails, without alarms. */
export const guarded: GuardedUpdate = {
  mechanism: 'guardrail',
  kind: 'update',
  variant: 'AllTraffic',
  exclude: [],
  deployment: {},
  bakeSeconds: 600,
  finalBakeSeconds: 600,
  timeoutSeconds: 3600,
  expectedSeconds: 1800,
  minimumRequests: 0,
  endpointKind: 'instances',
};

/** Publishes a candidate that has all of the traffic. */
export const secondSwap: Replacement = {
  mechanism: 'variants',
  kind: 'update',
  variant: 'AllTraffic',
  exclude: ['DesiredWeight'],
  expectedSeconds: 300,
};

/** Makes the endpoint. */
export const created: Creation = {
  mechanism: 'replacement',
  kind: 'create',
  variant: 'AllTraffic',
  expectedSeconds: 300,
};

export const unchanged: Unchanged = { mechanism: 'replacement', kind: 'none', variant: 'AllTraffic', exclude: [] };

/** A release that has just begun, held until instant 1,000 by `run-1`. */
export const release = (overrides: Partial<Release> = {}): Release => {
  const version = overrides.version ?? '1.1.0';
  return {
    id: `churn-${version}-aaaaaaaa-1`,
    operation: 'deploy-endpoint',
    version,
    planDigest: 'a'.repeat(64),
    attempt: 1,
    phase: 'preparing',
    startedAt: 0,
    lease: { holder: 'run-1', until: 1000 },
    run: { url: 'https://example.test/run/1' },
    candidate: configuration(version),
    submission: guarded,
    alarms: [],
    witnessed: {},
    commands: [],
    ...overrides,
  };
};

const policy = policyOf(
  {
    convict: { worseThan: 1.2, falseRollback: 0.01 },
    healthy: { excessBelow: 0.005, confidence: 0.95 },
  },
  { clientErrors: true },
);

/** A record with every kind of member: a rollout in steps is live, under a judge with a verdict. */
export const fullRecord = (): ReleaseRecord => {
  const judged = { policy, latency: { rung: 'cells', edges: [10, 20], because: 'samples' } } as const;
  const figures = {
    t: 60,
    logEvidence: 0.5,
    threshold: 4.6,
    candidateRequests: 100,
    evidence: {
      errors: {
        logEvidence: 0.1,
        logHealth: 0.2,
        healthThreshold: 3,
        candidate: { requests: 100, bad: 1 },
        baseline: { requests: 900, bad: 9 },
        excess: 0,
        interval: [-0.1, 0.1],
      },
    },
  } as const;
  const beside = { candidate: 'churn-1-1-0-bbbbbbbb', baseline: 'churn-1-0-0-aaaaaaaa' };
  const target = 'endpoint/churn/variant/AllTraffic';
  const scaled = {
    ServiceNamespace: 'sagemaker',
    ResourceId: target,
    ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  };
  const live = release({
    operation: 'shift-traffic',
    phase: 'stepping',
    baseline: { ...configuration('1.0.0', '-aaaaaaaa'), packageVersion: 1, beside },
    candidate: { ...configuration('1.1.0', '-bbbbbbbb'), packageVersion: 2, imageDigest: `sha256:${'a'.repeat(64)}` },
    submission: secondSwap,
    alarms: ['churn-1-1-0-bbbbbbbb-errors-cccccccc'],
    stepping: {
      ...judged,
      plan: { steps: [0.1, 1], bakeSeconds: 300, maxStepSeconds: 3600, minimumRequests: 100 },
      state: { is: 'baking', index: 0, since: 500 },
      baselineVariant: 'AllTraffic',
      candidateVariant: 'AllTraffic-next',
      startedAt: 100,
      moves: [{ from: 100, until: 200, share: 0.1, seen: true }],
      obeyed: 1,
      verdict: { at: 400, decision: 'continue', because: 'too few', figures },
    },
    scaling: {
      resourceId: target,
      minCapacity: 1,
      maxCapacity: 4,
      suspended: { scaleIn: false, scaleOut: false, scheduled: false },
      policies: [{ ...scaled, PolicyName: 'p', PolicyType: 'TargetTrackingScaling' }],
      scheduledActions: [{ ...scaled, ScheduledActionName: 'a', Schedule: 'rate(1 day)' }],
    },
    commands: [{ command: 'pause', by: 'mina', why: 'lunch', at: 300 }],
    witnessed: { submittedAt: 50, bakes: [{ stage: 'canary', startedAt: 60, endsAt: 90, requests: 10 }] },
  });
  const over = release({
    id: 'churn-1.0.0-aaaaaaaa-1',
    version: '1.0.0',
    phase: 'ended',
    outcome: 'rolled-back',
    reason: 'convicted',
    because: 'worse',
    serving: 'baseline',
    endedAt: 40,
    submission: { ...guarded, judged, abortAlarm: 'churn-1-0-0-aaaaaaaa-abort-dddddddd' },
    witnessed: { abort: { at: 30, why: 'convicted', published: true, because: 'worse', figures } },
  });
  const served = { ...configuration('1.0.0', '-aaaaaaaa'), from: 10, good: true };
  return { ...newRecord(subject), epoch: 7, live, ended: [over], history: [served] };
};
