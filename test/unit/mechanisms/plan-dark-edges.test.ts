import { describe, expect, test } from '@jest/globals';
import type { EndpointSpec } from '../../../src/manifest/manifest.ts';
import { mechanisms } from '../../../src/mechanisms/all.ts';
import { planDigest } from '../../../src/mechanisms/request.ts';
import type { RegisteredVersion } from '../../../src/registry/registered-version.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../../../src/release/record.ts';
import { asking, churnSpec, recordOf, rollout } from '../../support/planning.ts';
import { refusal } from '../../support/refusal.ts';
import { registeredVersion } from '../../support/registered.ts';
import { configuration, release, secondSwap, subject } from '../../support/release.ts';
import { type Serving, servingWorld, variant } from '../../support/serving.ts';

const registered = registeredVersion({ version: '1.2.0' });
const served: Serving = { endpoint: {} };
const planned = (
  serving: Serving,
  {
    spec = {},
    record = newRecord(subject),
    version = {},
  }: {
    readonly spec?: Partial<EndpointSpec>;
    readonly record?: ReleaseRecord;
    readonly version?: Partial<RegisteredVersion>;
  } = {},
) =>
  mechanisms.variants.plan(servingWorld(serving), {
    operation: 'deploy-endpoint',
    requested: asking('1.2.0', rollout, { ...churnSpec, ...spec } as EndpointSpec),
    registered: { ...registered, ...version },
    record,
    attempt: 1,
    tags: {},
  });
const two = (weight: number) => ({
  ProductionVariants: [
    variant(),
    variant({ VariantName: 'AllTraffic-next', CurrentWeight: weight, DesiredWeight: weight }),
  ],
});

describe('the plan of a dark candidate', () => {
  test('says its steps, its swap, its cost and its way back', async () => {
    const { plan, release: dark, already } = await planned(served);
    expect(already).toBe('candidate-dark');
    expect(plan.title).toBe('bring churn 1.2.0 up dark on churn, for steps of 7 %, 50 %, 100 %');
    expect(plan.changes).toContainEqual(
      expect.objectContaining({ verb: 'create', object: expect.stringMatching(/^model churn-1-2-0-/) }),
    );
    expect(plan.changes).toContainEqual({
      verb: 'create',
      object: `endpoint config ${dark.candidate.endpointConfig}`,
      details: ['4 × ml.m5.large with weight 0 beside the version that serves'],
    });
    const swap = plan.changes.find(({ object }) => object === 'endpoint churn');
    expect(swap?.details.slice(0, 2)).toEqual([
      `churn-1-0-0 → ${dark.candidate.endpointConfig}`,
      'first of two swaps; shift-traffic makes the second one',
    ]);
    expect(plan.notes).toContain('churn-1-0-0 sees about 50 requests per second');
    expect(plan).toMatchObject({ expectedSeconds: 300, peakInstances: { 'ml.m5.large': 12 } });
    expect(dark.submission).toEqual({
      mechanism: 'variants',
      kind: 'update',
      variant: 'AllTraffic-next',
      canonical: 'AllTraffic',
      exclude: [],
      expectedSeconds: 300,
    });
    expect(dark.candidate).not.toHaveProperty('imageDigest');
  });

  test('needs the permissions of its own settings and no others', async () => {
    const permits = async (spec: Partial<EndpointSpec>) => {
      const { permissions } = (await planned(served, { spec })).plan;
      return ['iam:PassRole', 'application-autoscaling:RegisterScalableTarget', 'kms:CreateGrant'].filter((action) =>
        permissions.includes(action),
      );
    };
    expect(await permits({})).toEqual([]);
    expect(await permits({ executionRole: 'serving' })).toEqual(['iam:PassRole']);
    expect(await permits({ kmsKey: 'arn:aws:kms:eu-west-1:111122223333:key/k' })).toEqual(['kms:CreateGrant']);
    expect(await permits({ autoscaling: { min: 2, max: 8, invocationsPerInstance: 100 } })).toEqual([
      'application-autoscaling:RegisterScalableTarget',
    ]);
  });

  test('of the candidate that is up dark already has nothing to do', async () => {
    const { release: dark } = await planned(served);
    const record: ReleaseRecord = {
      ...newRecord(subject),
      ended: [release({ version: '1.2.0', candidate: dark.candidate, planDigest: 'other' })],
    };
    const again = await planned(
      { endpoint: { ...two(0), EndpointConfigName: dark.candidate.endpointConfig } },
      { record },
    );
    expect(again.plan).toMatchObject({
      title: '1.2.0 is up dark on churn already',
      changes: [],
      expectedSeconds: 0,
      peakInstances: {},
    });
    expect(again.release.submission).toEqual({
      mechanism: 'variants',
      kind: 'none',
      variant: 'AllTraffic-next',
      canonical: 'AllTraffic',
      exclude: [],
    });
    expect(again.release.candidate.beside?.baseline).toBe('churn-1-0-0');
  });

  test('is a creation where there is no endpoint', async () => {
    expect((await planned({})).release.submission).toMatchObject({ mechanism: 'replacement', kind: 'create' });
  });

  test('keeps the digest of a pinned image', async () => {
    const { release: dark } = await planned(served, { version: { imageDigest: 'sha256:5e' } });
    expect(dark.candidate.imageDigest).toBe('sha256:5e');
  });

  test('is refused where the serving config is gone', async () => {
    expect(await refusal(planned({ ...served, config: 'deleted' }))).toMatch(/^config-missing: .*churn-1-0-0/);
  });
});

describe('a version that shift-traffic has published', () => {
  const digest = planDigest(asking('1.2.0'), 7);
  const beside = { candidate: 'churn-alone', baseline: 'churn-1-0-0' };
  const done = (given: Partial<Release> = {}): ReleaseRecord => ({
    ...newRecord(subject),
    ended: [
      release({
        version: '1.2.0',
        planDigest: digest,
        submission: secondSwap,
        candidate: { ...configuration('1.2.0'), endpointConfig: 'churn-dark', beside },
        ...given,
      }),
    ],
  });
  const alone: Serving = { endpoint: { EndpointConfigName: 'churn-alone' } };

  test('serves already, under its own configuration', async () => {
    const home = await planned(alone, { record: done() });
    expect(home.already).toBe('already-delivered');
    expect(home.plan).toEqual({
      title: 'churn serves 1.2.0 already',
      changes: [],
      notes: [],
      expectedSeconds: 0,
      peakInstances: {},
      permissions: [],
    });
    expect(home.release).toMatchObject({
      version: '1.2.0',
      planDigest: digest,
      candidate: { endpointConfig: 'churn-alone' },
    });
    expect(home.release.candidate).not.toHaveProperty('beside');
  });

  test('notes a statement about the kind of endpoint that has nothing to replace, also before it serves', async () => {
    const spec = { replacesKind: 'serial' } as const;
    const note = expect.stringContaining('`replaces-kind: serial` has nothing to replace');
    const home = await planned(alone, { record: done(), spec });
    expect([home.already, home.plan.notes]).toEqual(['already-delivered', [note]]);
    const before = await planned({ endpoint: {} }, { spec });
    expect([before.already, before.plan.notes]).toEqual(['candidate-dark', expect.arrayContaining([note])]);
  });

  test('serves already when a first deployment made it', async () => {
    const record = done({ candidate: { ...configuration('1.2.0'), endpointConfig: 'churn-first' } });
    const home = await planned({ endpoint: { EndpointConfigName: 'churn-first' } }, { record });
    expect(home.already).toBe('already-delivered');
  });

  test.each<[string, Serving, Partial<Release>]>([
    ['of another request', alone, { planDigest: 'f'.repeat(64) }],
    ['by a rollback', alone, { operation: 'rollback' }],
    ['that does not serve now', served, {}],
    [
      'while an update runs',
      {
        endpoint: {
          ...alone.endpoint,
          EndpointStatus: 'Updating',
          PendingDeploymentSummary: { EndpointConfigName: 'x' },
        },
      },
      {},
    ],
  ])('is delivered again: one %s', async (_which, serving, given) => {
    expect((await planned(serving, { record: done(given) })).already).toBe('candidate-dark');
  });
});

describe('a shift of traffic to a candidate that has all of it', () => {
  test('has no comparison left to wait for', async () => {
    const serving = { endpoint: { ...two(1), EndpointConfigName: 'churn-dark' } };
    const shifted = (weight: number) =>
      mechanisms.variants.plan(
        servingWorld({
          endpoint: {
            ...serving.endpoint,
            ProductionVariants: [
              variant({ CurrentWeight: 1 - weight, DesiredWeight: 1 - weight }),
              variant({ VariantName: 'AllTraffic-next', CurrentWeight: weight, DesiredWeight: weight }),
            ],
          },
        }),
        { operation: 'shift-traffic', requested: asking('1.1.0'), record: recordOf() },
      );
    const [dark, full] = [await shifted(0), await shifted(1)];
    expect(dark.plan.notes.filter((note) => note.includes('is proven after'))).not.toEqual([]);
    expect(full.plan.notes.filter((note) => note.includes('proven'))).toEqual([]);
    expect(full.plan.notes.filter((note) => note.includes('undefined') || note.includes('NaN'))).toEqual([]);
    expect(full.release.stepping).toMatchObject({ state: { is: 'baking', index: 2 } });
  });
});

describe('a shift of traffic', () => {
  const shift = (serving: Serving, record: ReleaseRecord) =>
    mechanisms.variants.plan(servingWorld(serving), { operation: 'shift-traffic', requested: asking('1.1.0'), record });

  const noCandidate = /^no-candidate: churn has no dark candidate of 1\.1\.0/;
  const ofOthers = /^endpoint-unusable: .* that this suite did not make/;
  test.each<[string, Serving, ReleaseRecord, RegExp]>([
    ['there is no endpoint', {}, recordOf(), noCandidate],
    ['one variant serves', { endpoint: { EndpointConfigName: 'churn-dark' } }, recordOf(), noCandidate],
    ['others made the second variant', { endpoint: two(0) }, recordOf(), ofOthers],
    [
      'the record has no way out of the config',
      { endpoint: { ...two(0), EndpointConfigName: 'churn-1-1-0' } },
      { ...newRecord(subject), ended: [release({ version: '1.1.0' })] },
      ofOthers,
    ],
  ])('is refused where %s', async (_why, serving, record, sentence) => {
    expect(await refusal(shift(serving, record))).toMatch(sentence);
  });
});
