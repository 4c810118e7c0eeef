import { describe, expect, test } from '@jest/globals';
import type { Rollout } from '../../../src/manifest/manifest.ts';
import {
  atOnce,
  canary,
  delivered,
  detailsOf,
  none,
  objects,
  permits,
  planned,
  type RequestChanges,
  says,
  served,
  wantedName,
} from '../../support/delivery-plans.ts';
import { recordOf } from '../../support/planning.ts';
import { refusal } from '../../support/refusal.ts';
import { release } from '../../support/release.ts';
import { type Serving, variant } from '../../support/serving.ts';

describe('hardware without guardrails', () => {
  const serverless = {
    ProductionVariants: [variant({ CurrentServerlessConfig: {}, DesiredInstanceCount: undefined })],
  };
  const without: Serving = {
    endpoint: serverless,
    config: {
      InstanceType: undefined,
      InitialInstanceCount: undefined,
      ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 },
    },
  };
  const spec = { instance: undefined, serverless: { memoryMb: 2048, maxConcurrency: 5 } } as never;

  test('is replaced at once, and says so in notes instead of stages', async () => {
    const next = await planned(without, { spec, rollout: atOnce });
    expect(next.release.submission).toMatchObject({
      mechanism: 'replacement',
      kind: 'update',
      exclude: [],
      expectedSeconds: 300,
    });
    expect(detailsOf(next, /^endpoint churn$/)).toEqual([expect.stringMatching(/^churn-1-0-0 → churn-1-1-0-/)]);
    expect(next.plan.peakInstances).toEqual({});
    expect(says(next)).toContain('all requests go to the new version at once');
    for (const absent of ['needs a quota', 'requests per second', 'minimum-requests is 0', 'no alarms: '])
      expect(says(next)).not.toContain(absent);
  });

  test('gets no guards that it cannot have', async () => {
    expect(await refusal(planned(without, { spec }))).toMatch(
      /^infeasible-rollout: canary on churn: serverless endpoints have no deployment guardrails/,
    );
  });

  test('keeps no provisioned concurrency above the manifest’s limit', async () => {
    const warm = (ProvisionedConcurrency: number): Serving => ({
      ...without,
      config: {
        ...(without.config as object),
        ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 20, ProvisionedConcurrency },
      },
    });
    expect(await refusal(planned(warm(6), { spec, rollout: atOnce }))).toMatch(
      /^infeasible-rollout: churn has a provisioned concurrency of 6, .*`max-concurrency: 5`/,
    );
    expect(detailsOf(await planned(warm(5), { spec, rollout: atOnce }), /^endpoint config/)).toContain(
      'kept: provisioned concurrency: 5',
    );
  });

  test('is left for instances without a way back, and never reached from them', async () => {
    const next = await planned(without, { spec: { replacesKind: 'serverless' } });
    expect(next.release.submission).toMatchObject({ mechanism: 'replacement', kind: 'update' });
    expect(says(next)).toContain('there is no way back');
    expect(says(next)).not.toContain('rolling back means');
    expect(next.plan.peakInstances).toEqual({ 'ml.m5.large': 4 });
    expect(await refusal(planned(served, { spec, rollout: atOnce }))).toMatch(/^infeasible-rollout: .*another name/);
  });
});

describe('a version that serves already', () => {
  const serving = async (more: Record<string, unknown> = {}, changes: RequestChanges = {}): Promise<Serving> => ({
    endpoint: { EndpointConfigName: await wantedName(changes), ...more },
  });

  test('needs nothing', async () => {
    const again = await planned(await serving());
    expect(again.plan).toEqual({
      title: 'churn serves 1.1.0 already',
      changes: [],
      notes: [],
      expectedSeconds: 0,
      peakInstances: {},
      permissions: expect.not.arrayContaining(['sagemaker:UpdateEndpointWeightsAndCapacities']),
    });
    expect(again.release.submission).toEqual({
      mechanism: 'replacement',
      kind: 'none',
      variant: 'AllTraffic',
      exclude: ['DesiredInstanceCount'],
    });
    expect(permits(again, 'sagemaker:UpdateEndpoint', 'application-autoscaling:RegisterScalableTarget')).toEqual([
      false,
      false,
    ]);
  });

  test('notes a statement about the kind that it has replaced', async () => {
    const again = await planned(await serving(), { spec: { replacesKind: 'serverless' } });
    expect(again.plan).toMatchObject({ title: 'churn serves 1.1.0 already', changes: [] });
    expect(again.plan.notes).toEqual([expect.stringContaining('`replaces-kind: serverless` has nothing to replace')]);
  });

  test('also when its rollout is not feasible any more', async () => {
    const timeout = { ...canary, bakeSeconds: 7200 } as Rollout;
    expect(await refusal(planned(served, { rollout: timeout }))).toMatch(
      /^infeasible-rollout: canary on churn: bake 2h/,
    );
    expect((await planned(await serving(), { rollout: timeout })).plan.changes).toEqual([]);
  });

  test('with another count is brought to the manifest’s', async () => {
    const drifted = await planned(await serving({ ProductionVariants: [variant({ DesiredInstanceCount: 3 })] }));
    expect(drifted.plan).toMatchObject({
      title: 'deploy churn 1.1.0 to churn by canary',
      changes: [{ verb: 'update', object: 'instances of churn', details: ['3 → 4'] }],
      notes: [],
      expectedSeconds: 0,
    });
    expect(permits(drifted, 'sagemaker:UpdateEndpointWeightsAndCapacities')).toEqual([true]);
  });

  test('while another update runs is refused, unless that update is the release’s own', async () => {
    const moving = await serving({
      EndpointStatus: 'Updating',
      PendingDeploymentSummary: { EndpointConfigName: 'theirs' },
    });
    expect(await refusal(planned(moving))).toMatch(/^endpoint-unusable: .*another update to theirs is running/);
    const own = { ...delivered, live: release() };
    expect((await planned(moving, { record: own })).release.submission.kind).toBe('none');
    // An update away from another configuration is waited for by the submission.
    const other = {
      endpoint: { EndpointStatus: 'Updating', PendingDeploymentSummary: { EndpointConfigName: 'theirs' } },
    };
    expect((await planned(other)).release.submission.kind).toBe('update');
  });

  test('in name only, after a rollback that failed, is delivered again', async () => {
    const mixed = await serving({ EndpointStatus: 'UpdateRollbackFailed' });
    expect((await planned(mixed)).release.submission.kind).toBe('update');
  });
});

describe('the settings around the endpoint', () => {
  const autoscaling = { min: 2, max: 8, invocationsPerInstance: 100 };
  const policies = [
    {
      PolicyName: 'theirs',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 100,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      },
    },
  ];
  const scaled = { min: 2, max: 8, policies } as NonNullable<Serving['scaling']>;

  test('a tag that is missing or differs is set; one that is there is not', async () => {
    const tags = { cost: 'ml', team: 'churn' };
    const next = await planned({ ...served, tags: { cost: 'ml', team: 'other' } }, { tags });
    expect(objects(next)).toContain('update tags of churn');
    expect(detailsOf(next, /^tags/)).toEqual(['team: churn']);
    expect(objects(await planned({ ...served, tags }, { tags })).join('\n')).not.toContain('tags');
  });

  const fresh = [
    'none → 2 to 8 (instances)',
    'policy model-delivery-AllTraffic: none → target 100 invocations per instance',
  ];
  test.each<[string, Serving, readonly string[]]>([
    ['is registered on a new endpoint', none, fresh],
    ['is registered where there is none', served, fresh],
    ['is changed where its range differs', { ...served, scaling: { ...scaled, max: 6 } }, ['max: 6 → 8']],
    ['stays as it is wanted', { ...served, scaling: scaled }, []],
  ])('autoscaling %s', async (_what, serving, details) => {
    expect(detailsOf(await planned(serving, { spec: { autoscaling } }), /^autoscaling of /)).toEqual(details);
  });

  test('a fleet under autoscaling keeps its count', async () => {
    const next = await planned(
      { ...served, scaling: scaled, endpoint: { ProductionVariants: [variant({ DesiredInstanceCount: 6 })] } },
      {
        spec: { autoscaling },
      },
    );
    expect(says(next)).toContain('keeps the 6 instances that autoscaling has set');
    expect(says(next)).not.toContain("the new fleet has the manifest's");
    expect(next.release.submission).toMatchObject({ exclude: [] });
  });

  test('a fleet that was brought within the limits of autoscaling is not delivered again', async () => {
    const fleet = (instances: number, endpoint = {}): Serving => ({
      ...served,
      scaling: scaled,
      config: { InitialInstanceCount: instances },
      endpoint: { ProductionVariants: [variant({ DesiredInstanceCount: instances })], ...endpoint },
    });
    const spec = { autoscaling };
    const { release: first } = await planned(fleet(12), { spec });
    expect(first.candidate).toMatchObject({ instanceCount: 8 });
    const { candidate, planDigest } = first;
    const record = { ...delivered, ended: [release({ candidate, planDigest, outcome: 'succeeded' })] };
    const now = fleet(8, { EndpointConfigName: candidate.endpointConfig });
    expect((await planned(now, { spec, record })).release.submission.kind).toBe('none');
    // Another request has the manifest's own count.
    const other = await planned(now, { spec: { ...spec, volumeSizeGb: 30 }, record });
    expect(other.release.candidate).toMatchObject({ instanceCount: 4 });
  });
});

describe('a candidate that an earlier release left', () => {
  const two = {
    ProductionVariants: [
      variant({ DesiredInstanceCount: 2 }),
      variant({ VariantName: 'AllTraffic-next', CurrentWeight: 0, DesiredWeight: 0 }),
    ],
  };
  const left: Serving = { endpoint: { ...two, EndpointConfigName: 'churn-dark' }, former: 'churn-1-0-0' };

  test('is removed first, by a release of its own', async () => {
    const clearing = await planned(left, { record: recordOf() });
    expect(clearing.already).toBe('already-delivered');
    expect(clearing.release).toMatchObject({
      operation: 'rollback',
      baseline: { endpointConfig: 'churn-dark', beside: { baseline: 'churn-1-0-0' } },
      candidate: { endpointConfig: 'churn-1-0-0' },
      submission: { mechanism: 'replacement', variant: 'AllTraffic', exclude: ['DesiredWeight'] },
    });
    expect(detailsOf(clearing, /^endpoint churn$/)).toContain('churn-dark → churn-1-0-0');
    // The delivery is planned already, with the version that serves alone.
    const then = await planned({ ...served, endpoint: { ProductionVariants: [variant({ DesiredInstanceCount: 2 })] } });
    expect(clearing.plan.changes.slice(1)).toEqual(then.plan.changes);
    expect(clearing.plan.title).toBe(
      `remove the candidate 1.1.0, which has no traffic, from churn; then: ${then.plan.title}`,
    );
    expect(clearing.plan.notes).toEqual(expect.arrayContaining([...then.plan.notes]));
    expect(clearing.plan.permissions).toEqual([...clearing.plan.permissions].sort());
    expect(clearing.plan.permissions).toEqual(expect.arrayContaining([...then.plan.permissions]));
    expect(clearing.plan.expectedSeconds).toBe(300 + then.plan.expectedSeconds);
    expect(clearing.plan.peakInstances).toEqual({ 'ml.m5.large': 6 });
    expect(permits(clearing, 'application-autoscaling:RegisterScalableTarget')).toEqual([false]);
    const scales = await planned(left, {
      record: recordOf(),
      spec: { autoscaling: { min: 2, max: 8, invocationsPerInstance: 100 } },
    });
    expect(permits(scales, 'application-autoscaling:RegisterScalableTarget')).toEqual([true]);
  });

  test('is not removed when the config to go back to was deleted', async () => {
    const { former: _, ...without } = left;
    expect(await refusal(planned(without, { record: recordOf() }))).toBe(
      'config-missing: endpoint config churn-1-0-0, which churn serves without its candidate 1.1.0, was deleted: create it again under the same name, or use strategy steps',
    );
  });

  test('of others, or with traffic, is not', async () => {
    expect(await refusal(planned(left, { record: delivered }))).toMatch(/^endpoint-unusable: /);
    const traffic = {
      endpoint: { ...left.endpoint, ProductionVariants: [variant(), variant({ VariantName: 'AllTraffic-next' })] },
    };
    expect(await refusal(planned(traffic, { record: recordOf() }))).toMatch(
      /^endpoint-unusable: .*end the traffic shift/,
    );
  });

  test('is nothing to remove where one variant serves', async () => {
    expect((await planned(served, { record: recordOf() })).release.operation).toBe('deploy-endpoint');
  });
});
