import { describe, expect, test } from '@jest/globals';
import type { EndpointSpec, Rollout } from '../../../src/manifest/manifest.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import {
  atOnce,
  canary,
  detailsOf,
  guardedOf,
  none,
  objects,
  permits,
  planned,
  type RequestChanges,
  rolling,
  says,
  served,
} from '../../support/delivery-plans.ts';
import type { Did } from '../../support/metrics.ts';
import { emptyAnswers, judgeWith } from '../../support/own-metrics.ts';
import { subject } from '../../support/release.ts';
import { type Serving, variant } from '../../support/serving.ts';
import { judgePolicy } from '../../support/stepping.ts';

describe('the first version of an endpoint', () => {
  test('creates model, config and endpoint, all at once, and has nothing to warn of', async () => {
    const first = await planned(none, { record: newRecord(subject), tags: { team: 'churn' } });
    expect(objects(first)).toEqual([
      expect.stringMatching(/^create model churn-1-1-0-/),
      expect.stringMatching(/^create endpoint config churn-1-1-0-/),
      'create endpoint churn',
    ]);
    expect(detailsOf(first, /^model/)).toEqual(['from churn_v1.1.0 (package version 7)']);
    expect(detailsOf(first, /^endpoint config/)).toEqual(['4 × ml.m5.large']);
    expect(detailsOf(first, /^endpoint churn/)).toEqual(['variant AllTraffic']);
    expect(first.plan).toMatchObject({
      title: 'deploy churn 1.1.0 to churn by creation',
      notes: [expect.stringContaining('canary begins with the next version')],
      expectedSeconds: 300,
      peakInstances: { 'ml.m5.large': 4 },
    });
    expect(permits(first, 'sagemaker:CreateEndpoint', 'sagemaker:UpdateEndpoint')).toEqual([true, false]);
  });

  test('says when the name of the variant that served before is not known', async () => {
    const unknown = expect.stringContaining('the name of the variant that served before is not known');
    expect((await planned(none)).plan.notes).toContainEqual(unknown);
    expect((await planned(none, { record: newRecord(subject) })).plan.notes).not.toContainEqual(unknown);
  });

  test('freezes a creation without a baseline', async () => {
    const { release: made, already } = await planned(none);
    expect(already).toBe('already-delivered');
    expect(made).toMatchObject({
      operation: 'deploy-endpoint',
      version: '1.1.0',
      candidate: {
        version: '1.1.0',
        packageVersion: 7,
        instanceType: 'ml.m5.large',
        instanceCount: 4,
        contentDigest: 'c0'.repeat(32),
      },
      submission: { mechanism: 'replacement', kind: 'create', variant: 'AllTraffic', expectedSeconds: 300 },
    });
    expect(made).not.toHaveProperty('baseline');
    expect(made.candidate).not.toHaveProperty('imageDigest');
    const pinned = await planned(none, { version: { imageDigest: 'sha256:5e' } });
    expect(pinned.release.candidate.imageDigest).toBe('sha256:5e');
  });

  test('on no instances says memory and concurrency', async () => {
    const spec = { instance: undefined, serverless: { memoryMb: 2048, maxConcurrency: 1 } } as never;
    const first = await planned(none, { spec, rollout: atOnce });
    expect(detailsOf(first, /^endpoint config/)).toEqual(['serverless: 2048 MB, at most 1 request at once']);
    expect(first.plan.peakInstances).toEqual({});
    expect(first.release.candidate).toMatchObject({ instanceType: 'serverless', instanceCount: 0 });
  });
});

describe('another version under guardrails', () => {
  test('is frozen with its alarms, its bakes and the way back', async () => {
    const next = await planned(served, {
      rollout: { ...canary, alarms: { errors: 0.01, named: ['team'] } } as Rollout,
    }).catch((error: Error) => error.message);
    // A named alarm must exist.
    expect(next).toContain('alarm team does not exist');
    const watched = await planned(
      { ...served, composite: ['team'] },
      { rollout: { ...canary, alarms: { errors: 0.01, named: ['team'] } } as Rollout },
    );
    expect(says(watched)).toContain('alarm team is a composite alarm');
    const { release: made } = watched;
    const [errors, abort] = [
      expect.stringMatching(/^churn-1-1-0-\w+-errors-/),
      expect.stringMatching(/^churn-1-1-0-\w+-abort-/),
    ];
    expect(made).toMatchObject({
      operation: 'deploy-endpoint',
      baseline: { endpointConfig: 'churn-1-0-0', version: '1.0.0', instanceCount: 4 },
      submission: {
        mechanism: 'guardrail',
        kind: 'update',
        variant: 'AllTraffic',
        exclude: ['DesiredInstanceCount'],
        bakeSeconds: 600,
        finalBakeSeconds: 300,
        minimumRequests: 100,
        expectedSeconds: 1200,
        endpointKind: 'instances',
        abortAlarm: abort,
        deployment: {
          BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'CANARY' } },
          AutoRollbackConfiguration: {
            Alarms: [{ AlarmName: errors }, { AlarmName: abort }, { AlarmName: 'team' }],
          },
        },
      },
    });
    expect(guardedOf(watched)).not.toHaveProperty('judged');
  });

  test('tells each stage, and the longest time', async () => {
    const next = await planned(served);
    expect(next.plan.title).toBe('deploy churn 1.1.0 to churn by canary');
    expect(objects(next).slice(2)).toEqual(['create 2 alarms for this release', 'update endpoint churn']);
    expect(detailsOf(next, /alarms/)).toEqual([expect.stringMatching(/-errors-/), expect.stringMatching(/-abort-/)]);
    const details = detailsOf(next, /^endpoint churn$/);
    expect(details[0]).toMatch(/^churn-1-0-0 → churn-1-1-0-/);
    expect(details).toEqual(
      expect.arrayContaining([
        '25 % of the traffic for 10m',
        '100 % of the traffic for 5m',
        expect.stringMatching(/^at most .* in all$/),
      ]),
    );
    expect(permits(next, 'sagemaker:CreateEndpoint', 'sagemaker:UpdateEndpoint')).toEqual([false, true]);
  });

  test('a stage that all requests pass without a bake is none', async () => {
    const next = await planned(served, { rollout: atOnce });
    expect(detailsOf(next, /^endpoint churn$/).join('\n')).not.toContain('of the traffic');
    // Without a bake the suite's own alarm would never be read.
    expect(objects(next).join('\n')).not.toContain('alarm');
    expect(guardedOf(next)).toMatchObject({ bakeSeconds: 0, finalBakeSeconds: 0, deployment: {} });
    expect(guardedOf(next)).not.toHaveProperty('abortAlarm');
  });

  test('says the usual rate, the quota for both fleets and the way back', async () => {
    const notes = says(await planned(served));
    expect(notes).toContain('churn-1-0-0 sees about 50 requests per second');
    expect(notes).toContain('needs a quota for 8 × ml.m5.large');
    expect(notes).toContain('rolling back means 1.0.0;');
    for (const absent of [
      'not pinned',
      'minimum-requests is 0',
      'no alarms',
      'is not named for',
      'manifest’s',
      "manifest's",
    ])
      expect(notes).not.toContain(absent);
  });

  test.each<[string, Serving, RequestChanges, string]>([
    ['no minimum of requests', served, { rollout: { ...canary, minimumRequests: 0 } }, 'minimum-requests is 0'],
    ['no alarms but its own', served, { rollout: { ...canary, alarms: { named: [] } } }, 'no alarms: '],
    [
      'a baseline of others',
      { endpoint: { EndpointConfigName: 'made-by-hand' } },
      {},
      'made-by-hand is not named for churn',
    ],
    [
      'a baseline of others',
      { endpoint: { EndpointConfigName: 'made-by-hand' } },
      {},
      'rolling back means made-by-hand;',
    ],
    [
      'a fleet of another size',
      { endpoint: { ProductionVariants: [variant({ DesiredInstanceCount: 3 })] } },
      {},
      "the new fleet has the manifest's 4 instances, instead of the 3 of the old one",
    ],
  ])('warns of %s', async (_of, serving, changes, words) => {
    expect(says(await planned(serving, changes))).toContain(words);
  });

  test('names the permission for a baseline of others in lower case, as IAM compares it', async () => {
    const notes = says(await planned({ endpoint: { EndpointConfigName: 'Made-By-Hand' } }));
    expect(notes).toContain('Made-By-Hand is not named for churn');
    expect(notes).toContain('on endpoint-config/made-by-hand by name');
  });

  test('does not warn of a missing minimum where there is one, and gives a rate only where there is one', async () => {
    const notes = says(await planned(served, { rollout: { ...canary, minimumRequests: 0 } }));
    expect(notes).not.toContain('requests per second');
    expect(
      says(await planned({ ...served, composite: ['team'] }, { rollout: { ...canary, alarms: { named: ['team'] } } })),
    ).not.toContain('no alarms');
  });

  test('runs both fleets beside each other; rolling adds one batch', async () => {
    expect((await planned(served)).plan.peakInstances).toEqual({ 'ml.m5.large': 8 });
    expect((await planned(served, { rollout: rolling })).plan.peakInstances).toEqual({ 'ml.m5.large': 5 });
    const other = await planned(served, { spec: { instance: { type: 'ml.c5.large', count: 4 } } });
    expect(other.plan.peakInstances).toEqual({ 'ml.m5.large': 4, 'ml.c5.large': 4 });
    expect(says(other)).toContain('needs a quota for 4 × ml.c5.large');
    expect(says(other)).not.toContain('× ml.m5.large');
  });

  test('needs the permissions of its own settings and no others', async () => {
    const actions = ['iam:PassRole', 'application-autoscaling:RegisterScalableTarget', 'kms:CreateGrant'];
    expect(permits(await planned(served), ...actions)).toEqual([false, false, false]);
    const spec = { executionRole: 'serving', kmsKey: 'arn:aws:kms:eu-west-1:111122223333:key/k' };
    expect(permits(await planned(served, { spec }), ...actions)).toEqual([true, false, true]);
    // Autoscaling is suspended while the instance type changes.
    const other = await planned(served, { spec: { instance: { type: 'ml.c5.large', count: 4 } } });
    expect(permits(other, ...actions)).toEqual([false, true, false]);
    const autoscaling = { min: 2, max: 8, invocationsPerInstance: 100 };
    expect(permits(await planned(served, { spec: { autoscaling } }), ...actions)).toEqual([false, true, false]);
  });

  test('has a judge where the manifest has one', async () => {
    const judged = await planned(served, { rollout: { ...canary, judge: judgePolicy } as Rollout });
    expect(guardedOf(judged).judged?.policy).toMatchObject({ minimumRequests: 100, burstGuard: false });
    expect(says(judged)).toContain('the judge compares both fleets during the bakes; burst guard off');
    // Neither percentiles nor maxima can be subtracted.
    const slow = (fleet: string): Did | undefined =>
      fleet === 'AllTraffic' ? { requests: 3000, latencies: [10, 20, 30] } : undefined;
    const difference = await planned(
      { ...served, did: slow },
      { rollout: { ...canary, judge: judgePolicy } as Rollout },
    );
    expect(guardedOf(difference).judged?.latency?.rung).not.toBe('percentile');
  });

  test('has the series of the user’s own metrics of both fleets, by their configurations', async () => {
    const byConfig = {
      namespace: 'Acme',
      metric: 'Empty',
      statistic: 'Sum',
      dimensions: { Config: '{endpoint-config}' },
    };
    const sources = { events: [byConfig] };
    const judge = judgeWith({ ...emptyAnswers, candidate: sources, baseline: sources });
    const found = await planned(served, { rollout: { ...canary, judge } as Rollout });
    const [own] = guardedOf(found).judged?.own ?? [];
    expect(own?.candidate.events[0]?.dimensions).toEqual({ Config: found.release.candidate.endpointConfig });
    expect(own?.baseline.events[0]?.dimensions).toEqual({ Config: found.release.baseline?.endpointConfig });
    expect(says(found)).toContain('your metric empty-answers: more than 1.2 times');
  });

  test('to asynchronous requests counts them by their latency, and has no judge', async () => {
    const spec = { async: { output: 's3://results/' } } as Partial<EndpointSpec>;
    const did = (fleet: string): Did | undefined =>
      fleet === 'AllTraffic' ? { requests: 0, latencies: Array.from({ length: 60 }, () => 10) } : undefined;
    const next = await planned(
      { endpoint: { AsyncInferenceConfig: {} }, did },
      { spec, rollout: { ...canary, judge: judgePolicy } as Rollout },
    );
    expect(says(next)).toContain("the new fleet's requests are counted by its ModelLatency");
    expect(says(next)).toContain('churn-1-0-0 sees about 1 requests per second');
    expect(guardedOf(next)).toMatchObject({ endpointKind: 'asynchronous' });
    expect(guardedOf(next)).not.toHaveProperty('judged');
    expect(says(await planned(served))).not.toContain('ModelLatency');
  });
});
