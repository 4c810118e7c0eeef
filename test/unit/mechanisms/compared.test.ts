import { describe, expect, test } from '@jest/globals';
import { desired } from '../../../src/endpoint/desired.ts';
import { servingOf } from '../../../src/endpoint/serving.ts';
import {
  compare as compareWith,
  keptBy,
  lastServed,
  madeBefore,
  type Shown,
} from '../../../src/mechanisms/compared.ts';
import type { Deliver } from '../../../src/mechanisms/mechanism.ts';
import { planDigest } from '../../../src/mechanisms/request.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { Kept, ReleaseRecord } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { asking } from '../../support/planning.ts';
import { refusal } from '../../support/refusal.ts';
import { registeredVersion } from '../../support/registered.ts';
import { configuration, release, secondSwap, subject } from '../../support/release.ts';

type Members = Readonly<Record<string, unknown>>;

/** Configs by name, each with the model `m` and the variant `main`, and with any others after it. */
const worldOf = (configs: Readonly<Record<string, Members>>, models: Readonly<Record<string, Members>> = { m: {} }) =>
  ({
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: {
      sagemaker: {
        describeEndpointConfig: async ({ EndpointConfigName: name = '' }) => {
          const found = configs[name];
          if (found === undefined) throw missing('endpoint configuration');
          const { variant = {}, others = [], ...around } = found;
          return {
            EndpointConfigName: name,
            ProductionVariants: [
              { VariantName: 'main', ModelName: 'm', ...(variant as object) },
              ...(others as readonly object[]),
            ],
            ...around,
          };
        },
        describeModel: async ({ ModelName: name = '' }) => {
          const found = models[name];
          if (found === undefined) throw missing('model');
          return { ModelName: name, ...found };
        },
      },
    },
  }) as unknown as World;
const missing = (kind: string) =>
  Object.assign(new Error(`Could not find ${kind} "x".`), { name: 'ValidationException' });

const requested = asking('1.1.0');
const registered = registeredVersion();
const request = (record: Partial<ReleaseRecord> = {}): Deliver => ({
  operation: 'deploy-endpoint',
  requested,
  record: { ...newRecord(subject), ...record },
  registered,
  attempt: 1,
  tags: {},
});
const fleet = { variant: 'main', instanceCount: 2 };
const routing = { RoutingConfig: { RoutingStrategy: 'RANDOM' } };
const path = 'variant.RoutingConfig.RoutingStrategy';

/** 1.1.0 was delivered onto `theirs` as `ours`, by the same request, and kept these settings. */
const delivered = (kept: Kept | undefined, endpointConfig = 'ours'): Deliver =>
  request({
    ended: [
      release({
        planDigest: planDigest(requested, 7),
        outcome: 'succeeded',
        candidate: { ...configuration('1.1.0'), endpointConfig, ...(kept ? { kept } : {}) },
      }),
    ],
  });

/** With the config as AWS describes it. */
const compare = async (world: World, wanted: Deliver, shown: Omit<Shown, 'serving'> | undefined, on: typeof fleet) =>
  compareWith(
    world,
    wanted,
    shown && { ...shown, serving: await servingOf(world, shown.endpointConfig, on.variant) },
    on,
  );

const nameOf = async (world: World, wanted: Deliver, shown: string, kept?: Kept): Promise<string> => {
  const { source } = await compare(world, wanted, { endpointConfig: shown, ...(kept ? { kept } : {}) }, fleet);
  const { config } = desired({
    account: world.account,
    group: 'churn',
    version: '1.1.0',
    spec: requested.spec,
    packageVersion: 7,
    ...fleet,
    attempt: 1,
    ...(source ? { kept: source } : {}),
  });
  return config.EndpointConfigName;
};

describe('the same request again', () => {
  test('makes the same names, although AWS shows a default of its own by then', async () => {
    const configs = { theirs: { variant: routing }, ours: { variant: routing, MetricsConfig: { Newer: true } } };
    const first = await nameOf(worldOf(configs), request(), 'theirs');
    const kept = { from: 'theirs', settings: [path] };
    expect(await nameOf(worldOf(configs), delivered(kept), 'ours', kept)).toBe(first);
    // Another request after it keeps the default, too.
    expect(await nameOf(worldOf(configs), request(), 'ours', kept)).not.toBe(first);
  });

  test('makes the names of a delivery that kept nothing: by an older version of this suite', async () => {
    const configs = { ours: { variant: routing } };
    expect(await compare(worldOf(configs), delivered(undefined), { endpointConfig: 'ours' }, fleet)).toMatchObject({
      kept: { settings: [] },
      lost: [],
    });
  });

  test('keeps the settings of its own result, where the config that they came from was deleted', async () => {
    const kept = { from: 'theirs', settings: [path] };
    const configs = { ours: { variant: routing } };
    expect(await compare(worldOf(configs), delivered(kept), { endpointConfig: 'ours', kept }, fleet)).toMatchObject({
      kept: { from: 'ours', settings: [path] },
    });
  });

  test('is no other operation with the same digest', () => {
    const [one] = delivered(undefined).record.ended;
    const back = { ...release(), ...one, operation: 'rollback' as const };
    expect(madeBefore(delivered(undefined), 'ours')).toBeDefined();
    expect(madeBefore(request({ ended: [back] }), 'ours')).toBeUndefined();
  });

  test('finds a dark candidate by the config that publishes it alone', async () => {
    const kept = { from: 'theirs', settings: [path] };
    const dark = delivered(kept, 'dark');
    const [one] = dark.record.ended;
    const candidate = {
      ...(one?.candidate ?? configuration('1.1.0')),
      beside: { candidate: 'ours', baseline: 'theirs' },
    };
    const again = { ...dark, record: { ...dark.record, ended: [{ ...release(), ...one, candidate }] } };
    const configs = { theirs: { variant: routing }, ours: { variant: routing } };
    expect((await compare(worldOf(configs), again, { endpointConfig: 'ours' }, fleet)).kept).toEqual(kept);
  });
});

describe('a delivery compares', () => {
  test('with nothing, where nothing served', async () => {
    expect(await compare(worldOf({}), request(), undefined, fleet)).toEqual({
      kept: { settings: [] },
      lost: [],
      unfit: [],
    });
    expect(await compare(worldOf({}), request(), { endpointConfig: 'gone' }, fleet)).toEqual({
      kept: { settings: [] },
      lost: [],
      unfit: [],
      deleted: 'gone',
    });
  });

  test('with a model that was deleted: its settings are not known', async () => {
    const compared = await compare(worldOf({ theirs: {} }, {}), request(), { endpointConfig: 'theirs' }, fleet);
    expect(compared.before?.withoutModel).toBe(true);
  });

  test('with what an earlier delivery kept, where one made the config that serves', async () => {
    const world = worldOf({ theirs: { variant: routing } });
    const keptOf = async (shown: object) =>
      (await compare(world, request(), { endpointConfig: 'theirs', ...shown }, fleet)).kept;
    expect(await keptOf({})).toEqual({ from: 'theirs', settings: [path] });
    expect(await keptOf({ kept: { from: 'before', settings: [path] } })).toEqual({ from: 'theirs', settings: [path] });
    expect(await keptOf({ kept: { settings: [] } })).toEqual({ settings: [] });
  });

  test('protections and settings of the hardware with those that the manifest gives up', async () => {
    const theirs = {
      variant: { InstanceType: 'ml.g5.xlarge', InferenceAmiVersion: 'al2-ami-sagemaker-inference-gpu-2' },
      KmsKeyId: 'alias/ml',
    };
    const comparedWith = (more: object) =>
      compare(
        worldOf({ theirs }),
        { ...request(), requested: { ...requested, spec: { ...requested.spec, ...more } } },
        { endpointConfig: 'theirs' },
        fleet,
      );
    const kept = { settings: [] };
    expect(await comparedWith({})).toMatchObject({ kept, lost: ['kms-key'], unfit: ['inference-ami-version'] });
    const givenUp = ['kms-key', 'inference-ami-version'];
    expect(await comparedWith({ givenUp })).toMatchObject({ kept, lost: [], unfit: [] });
  });

  test('the pinning of the version that serves with that of the new one', async () => {
    const unpinned = { ...request(), registered: { ...registered, unpinned: ['image churn:1'] } };
    const shown = { endpointConfig: 'theirs', imageDigest: 'sha256:aa' };
    const world = worldOf({ theirs: {} });
    expect((await compare(world, unpinned, shown, fleet)).lost).toEqual(['pinning']);
    const given = { ...unpinned, requested: { ...requested, spec: { ...requested.spec, unpinned: true } } };
    expect((await compare(world, given, shown, fleet)).lost).toEqual([]);
    expect((await compare(world, unpinned, { endpointConfig: 'theirs' }, fleet)).lost).toEqual([]);
    expect((await compare(world, unpinned, { ...shown, unpinned: true }, fleet)).lost).toEqual([]);
  });

  test('with the last configuration of an endpoint that is gone, under its variant', async () => {
    const history = [{ ...configuration('1.0.0'), endpointConfig: 'theirs', from: 0, good: true }];
    const record = { ...newRecord(subject), history };
    expect(await lastServed(worldOf({ theirs: {} }), record)).toMatchObject({ variant: 'main' });
    // A candidate beside it comes after it.
    const beside = { theirs: { variant: routing, others: [{ VariantName: 'next', ModelName: 'm' }] } };
    expect(await lastServed(worldOf(beside), record)).toMatchObject({
      variant: 'main',
      shown: { serving: { settings: { variant: routing } } },
    });
    expect(await lastServed(worldOf({}), record)).not.toHaveProperty('variant');
    expect(await lastServed(worldOf({}), newRecord(subject))).toBeUndefined();
  });

  test('with the variant of a config that was deleted too, by the release that made it or left it', async () => {
    const submission = { ...release().submission, variant: 'primary' };
    const made = { ...configuration('1.0.0'), endpointConfig: 'theirs' };
    const history = [{ ...made, from: 0, good: true }];
    const variantOf = async (over: Parameters<typeof release>[0]) =>
      (await lastServed(worldOf({}), { ...newRecord(subject), history, ended: [release(over)] }))?.variant;
    expect(await variantOf({ candidate: made, submission })).toBe('primary');
    expect(await variantOf({ baseline: made, submission })).toBe('primary');
    // A dark candidate runs on a variant of its own.
    const beside = { ...secondSwap, variant: 'primary-next', canonical: 'primary' };
    expect(await variantOf({ candidate: made, submission: beside })).toBe('primary');
    expect(await variantOf({ submission })).toBeUndefined();
  });
});

describe('in a later turn', () => {
  test('the kept settings have the values of the config that the record names', async () => {
    const kept = await keptBy(worldOf({ theirs: { variant: routing } }), { from: 'theirs', settings: [path] }, 'main');
    expect(kept).toMatchObject({ settings: [path], from: { variant: routing } });
    const second = { theirs: { others: [{ VariantName: 'next', ModelName: 'm', ...routing }] } };
    expect(await keptBy(worldOf(second), { from: 'theirs', settings: [path] }, 'next')).toMatchObject({
      from: { variant: routing },
    });
    expect(await keptBy(worldOf({}), { settings: [] }, 'main')).toBeUndefined();
    expect(await keptBy(worldOf({}), undefined, 'main')).toBeUndefined();
  });

  test('a config that was deleted meanwhile ends the release', async () => {
    expect(await refusal(keptBy(worldOf({}), { from: 'theirs', settings: [path] }, 'main'))).toMatch(
      /^config-missing: /,
    );
  });
});
