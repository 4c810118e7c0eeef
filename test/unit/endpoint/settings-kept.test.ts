import { describe, expect, test } from '@jest/globals';
import type { Settings } from '../../../src/endpoint/settings.ts';
import { lostProtections, merge, overlaid } from '../../../src/endpoint/settings-kept.ts';

const set = (parts: Partial<Settings>): Settings => ({ config: {}, variant: {}, model: {}, container: {}, ...parts });
const routing = 'variant.RoutingConfig.RoutingStrategy';
const serving = set({
  variant: { InstanceType: 'ml.m5.large', VolumeSizeInGB: 40, RoutingConfig: { RoutingStrategy: 'RANDOM' } },
  config: { MetricsConfig: { EnableEnhancedMetrics: true }, Newer: { Than: 'this suite' } },
  model: { ExecutionRoleArn: 'arn:aws:iam::111122223333:role/theirs' },
  container: { Image: 'image', ModelDataUrl: 's3://b/k', ContainerHostname: 'first', Environment: { MODE: 'x' } },
});
const unsayable = ['config.MetricsConfig', 'config.Newer', 'container.ContainerHostname'];
const manifest = set({
  variant: { InstanceType: 'ml.c5.xlarge' },
  container: { ModelPackageName: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7' },
});

describe('the three-way merge', () => {
  test('keeps every setting of others, except hardware and the content of the version', () => {
    expect(merge(serving, manifest, undefined, []).keep).toEqual(
      expect.arrayContaining([...unsayable, routing, 'variant.VolumeSizeInGB', 'model.ExecutionRoleArn']),
    );
    expect(merge(serving, manifest, undefined, []).keep).toHaveLength(6);
  });

  test("prefers the manifest's value", () => {
    const says = set({ ...manifest, variant: { VolumeSizeInGB: 80, RoutingConfig: { RoutingStrategy: 'RANDOM' } } });
    expect(merge(serving, says, undefined, []).keep).toEqual(
      expect.arrayContaining([...unsayable, 'model.ExecutionRoleArn']),
    );
    expect(merge(serving, says, undefined, []).keep).toHaveLength(4);
  });

  test('of a config that this suite made lets go of the settings of an earlier manifest, and keeps those it kept', () => {
    const made = { from: 'churn-by-hand', settings: [routing] };
    expect([...merge(serving, manifest, made, []).keep].sort()).toEqual([...unsayable, routing].sort());
    expect([...merge(serving, manifest, { settings: [] }, []).keep].sort()).toEqual([...unsayable].sort());
  });

  test('of a config whose record has a setting whole keeps each of its values', () => {
    const made = { from: 'churn-by-hand', settings: ['variant.CapacityReservationConfig'] };
    const reserved = set({
      variant: { CapacityReservationConfig: { MlReservationArn: 'a', CapacityReservationPreference: 'b' } },
    });
    expect(merge(reserved, manifest, made, []).keep).toHaveLength(2);
  });

  test('ends prefix-aware routing together with its strategy', () => {
    const aware = set({
      variant: { RoutingConfig: { RoutingStrategy: 'PREFIX_AWARE', PrefixAwareRoutingConfig: { PrefixLength: 2048 } } },
    });
    expect(merge(aware, manifest, undefined, []).keep).toHaveLength(2);
    const says = set({ variant: { RoutingConfig: { RoutingStrategy: 'RANDOM' } } });
    expect(merge(aware, says, undefined, []).keep).toEqual([]);
  });

  test('keeps no part of a group without the group', () => {
    const async = {
      AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://b/out', KmsKeyId: 'alias/a' }, Newer: 1 },
    };
    const keep = (wanted: Settings) => merge(set({ config: async }), wanted, undefined, []).keep;
    expect(keep(manifest)).toEqual([]);
    expect(keep(set({ config: { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://b/other' } } } }))).toEqual(
      ['config.AsyncInferenceConfig.OutputConfig.KmsKeyId', 'config.AsyncInferenceConfig.Newer'],
    );
  });
});

describe('a protection', () => {
  const capture = { DestinationS3Uri: 's3://b/seen', InitialSamplingPercentage: 5, KmsKeyId: 'alias/c' };
  const protectedOne = set({
    config: { KmsKeyId: 'alias/ml', DataCaptureConfig: { EnableCapture: true, ...capture } },
    model: { EnableNetworkIsolation: true, VpcConfig: { Subnets: ['s'], SecurityGroupIds: ['g'] } },
  });
  const all = ['kms-key', 'vpc', 'network-isolation', 'data-capture'] as const;

  test('that the manifest does not have is lost, and is not kept in silence', () => {
    const { lost, keep } = merge(protectedOne, manifest, undefined, []);
    expect([lost, keep]).toEqual([all, []]);
  });

  test('is lost whoever made it', () => {
    expect(merge(protectedOne, manifest, { settings: [] }, []).lost).toEqual(all);
  });

  test('that the manifest gives up is not lost', () => {
    const { lost, keep } = merge(protectedOne, manifest, undefined, all);
    expect([lost, keep]).toEqual([[], []]);
  });

  test('that the manifest has with another value is not lost', () => {
    const says = set({
      config: { KmsKeyId: 'alias/other', DataCaptureConfig: { ...capture, InitialSamplingPercentage: 1 } },
      model: { EnableNetworkIsolation: true, VpcConfig: { Subnets: ['t'], SecurityGroupIds: ['h'] } },
    });
    expect(lostProtections(protectedOne, says)).toEqual([]);
  });

  test('within data capture is one of its own, while capture is on', () => {
    const { KmsKeyId: _, ...plain } = capture;
    const says = set({ ...protectedOne, config: { KmsKeyId: 'alias/ml', DataCaptureConfig: plain } });
    expect(lostProtections(protectedOne, says)).toEqual(['data-capture.kms-key']);
    const off = set({ config: { DataCaptureConfig: { EnableCapture: false, ...capture } } });
    expect(merge(off, manifest, undefined, [])).toEqual({
      lost: [],
      unfit: [],
      keep: [
        'config.DataCaptureConfig.EnableCapture',
        'config.DataCaptureConfig.DestinationS3Uri',
        'config.DataCaptureConfig.InitialSamplingPercentage',
        'config.DataCaptureConfig.KmsKeyId',
      ],
    });
    expect(merge(off, manifest, undefined, ['data-capture']).keep).toEqual([]);
  });

  describe('data capture', () => {
    const capturing = (more: object): Settings =>
      set({ config: { DataCaptureConfig: { EnableCapture: true, ...capture, ...more } } });
    const none = { InitialSamplingPercentage: 0 };

    test('that captures no request is no protection', () => {
      expect(lostProtections(capturing(none), manifest)).toEqual([]);
      expect(merge(capturing(none), manifest, undefined, []).keep).toContain(
        'config.DataCaptureConfig.InitialSamplingPercentage',
      );
    });

    test.each([
      ['its share becomes 0 %', none],
      ['it is switched off', { EnableCapture: false }],
    ])('is removed when %s, and the key of the captured data is not', (_title, less) => {
      expect(lostProtections(capturing({}), capturing(less))).toEqual(['data-capture']);
      expect(lostProtections(capturing({}), capturing({ InitialSamplingPercentage: 1 }))).toEqual([]);
    });

    test('of 0 % in the manifest gives it up, and keeps its other values', () => {
      const { KmsKeyId: _, ...plain } = capture;
      const says = set({ config: { DataCaptureConfig: { EnableCapture: true, ...plain, ...none } } });
      const sides = { CaptureOptions: [{ CaptureMode: 'Input' }] };
      const { lost, keep } = merge(capturing(sides), says, undefined, []);
      expect([lost, keep]).toEqual([['data-capture.kms-key'], ['config.DataCaptureConfig.CaptureOptions']]);
    });
  });
});

describe('what is kept', () => {
  test('lies over the settings of the manifest', () => {
    expect(overlaid(manifest, serving, [routing, 'config.Newer'])).toEqual({
      ...manifest,
      variant: { InstanceType: 'ml.c5.xlarge', RoutingConfig: { RoutingStrategy: 'RANDOM' } },
      config: { Newer: { Than: 'this suite' } },
    });
  });

  test('never takes the place of the request: a record may name any path', () => {
    const forged = ['container.Image', 'container.ModelPackageName', 'variant.InstanceType', 'config.Absent'];
    const older = set({ ...serving, container: { ...serving.container, ModelPackageName: 'churn/6' } });
    expect(overlaid(manifest, older, forged)).toEqual(manifest);
    const says = set({ ...manifest, variant: { VolumeSizeInGB: 80 } });
    expect(overlaid(says, serving, ['variant.VolumeSizeInGB'])).toEqual(says);
  });
});
