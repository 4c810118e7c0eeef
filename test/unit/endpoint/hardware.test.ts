import { describe, expect, test } from '@jest/globals';
import { desired } from '../../../src/endpoint/desired.ts';
import { hardwareSettings } from '../../../src/endpoint/hardware.ts';
import type { Settings } from '../../../src/endpoint/settings.ts';
import { merge } from '../../../src/endpoint/settings-kept.ts';
import { refusalOf } from '../../../src/mechanisms/setting-changes.ts';
import { churnSpec } from '../../support/planning.ts';

const on = (InstanceType: string, variant: object = {}): Settings => ({
  config: {},
  variant: { InstanceType, ...variant },
  model: {},
  container: {},
});
const reservation = 'arn:aws:sagemaker:eu-west-1:111122223333:training-plan/churn';
const values = {
  'volume-size-gb': { VolumeSizeInGB: 40 },
  'inference-ami-version': { InferenceAmiVersion: 'al2-ami-sagemaker-inference-gpu-2' },
  'managed-instance-scaling': {
    ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 1, MaxInstanceCount: 4, ScaleInPolicy: { Step: 1 } },
  },
  'capacity-reservation': {
    CapacityReservationConfig: {
      CapacityReservationPreference: 'capacity-reservations-only',
      MlReservationArn: reservation,
    },
  },
} as const;
const all = Object.assign({}, ...Object.values(values)) as object;
const keys = Object.keys(hardwareSettings);

describe('on another instance type', () => {
  test.each(Object.entries(values))('%s is not kept without a word', (key, value) => {
    const { keep, unfit } = merge(on('ml.g5.xlarge', value), on('ml.p3.2xlarge'), undefined, []);
    expect([keep, unfit]).toEqual([[], [key]]);
  });

  test.each(Object.entries(values))('%s of the manifest comes first, and `none` lets it go', (key, value) => {
    const live = on('ml.g5.xlarge', value);
    expect(merge(live, on('ml.p3.2xlarge', value), undefined, []).unfit).toEqual([]);
    const { keep, unfit } = merge(live, on('ml.p3.2xlarge'), undefined, [key as keyof typeof values]);
    expect([keep, unfit]).toEqual([[], []]);
  });

  test('settings of the hardware that an earlier manifest made go by themselves, those that were kept do not', () => {
    const live = on('ml.g5.xlarge', all);
    expect(merge(live, on('ml.p3.2xlarge'), { settings: ['variant.VolumeSizeInGB'] }, []).unfit).toEqual([
      'volume-size-gb',
      // Its scale-in policy is no setting of a manifest.
      'managed-instance-scaling',
    ]);
  });

  test.each([
    ['a volume where both types have no storage of their own', 'volume-size-gb', 'ml.m5.large', 'ml.c6i.xlarge'],
    ['a volume on burstable instances', 'volume-size-gb', 'ml.m5.large', 'ml.t3.medium'],
    ['an AMI within one family', 'inference-ami-version', 'ml.g5.xlarge', 'ml.g5.12xlarge'],
  ] as const)('keeps %s', (_title, key, from, to) => {
    const { keep, unfit } = merge(on(from, values[key]), on(to), undefined, []);
    expect([keep, unfit]).toEqual([[hardwareSettings[key].path], []]);
  });

  test.each([
    'ml.m5d.large',
    'ml.r6gd.large',
    'ml.m5dn.large',
    'ml.g4dn.xlarge',
    'ml.g5.xlarge',
    'ml.p4d.24xlarge',
    'ml.trn1.2xlarge',
    'ml.m3.large',
  ])('keeps no volume on %s, which has or may have storage of its own', (to) => {
    expect(merge(on('ml.m5.large', values['volume-size-gb']), on(to), undefined, []).unfit).toEqual(['volume-size-gb']);
  });
});

test('on the same instance type each setting is kept', () => {
  const { keep, unfit } = merge(on('ml.g5.xlarge', all), on('ml.g5.xlarge'), undefined, []);
  expect([keep.length, unfit]).toEqual([8, []]);
  expect(merge(on('ml.g5.xlarge', all), on('ml.g5.xlarge'), undefined, ['volume-size-gb']).keep).toHaveLength(7);
});

test('an accelerator that AWS no longer has is never kept', () => {
  expect(
    merge(on('ml.m5.large', { AcceleratorType: 'ml.eia2.medium' }), on('ml.m5.large'), undefined, []).keep,
  ).toEqual([]);
});

test('a serverless variant takes over no setting of one on instances, and the reverse', () => {
  const serverless = { ...on(''), variant: { ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } } };
  const instances = on('ml.m5.large', { ...all, RoutingConfig: { RoutingStrategy: 'RANDOM' }, Newer: true });
  expect(merge(instances, serverless, undefined, [])).toEqual({ keep: [], lost: [], unfit: [] });
  expect(
    merge({ ...serverless, variant: { ...serverless.variant, Newer: true } }, instances, undefined, []).keep,
  ).toEqual([]);
});

describe('the refusal', () => {
  const { config } = desired({
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    group: 'churn',
    version: '1.1.0',
    packageVersion: 7,
    spec: { ...churnSpec, instance: { type: 'ml.p3.2xlarge', count: 2 } },
    variant: 'main',
    instanceCount: 2,
    attempt: 1,
  });
  const compared = {
    before: { endpointConfig: 'theirs', settings: on('ml.g5.xlarge', all) },
    kept: { settings: [] },
    lost: [],
    unfit: ['volume-size-gb', 'capacity-reservation'],
  } as const;

  test('names each setting with its value, its key and the reason', () => {
    expect(refusalOf('churn', compared, config).refused).toEqual({
      reason: 'hardware-setting',
      because:
        'churn has settings on ml.g5.xlarge that ml.p3.2xlarge may not take: storage volume: 40 GB (`volume-size-gb`: types with storage of their own take no volume); use of the capacity reservation: capacity-reservations-only, capacity reservation: training-plan/churn (`capacity-reservation`: a reservation has instances of one type): write those keys into `endpoint`, with values for ml.p3.2xlarge, or with `none` to give them up',
    });
  });

  test('names lost protections beside them, and first', () => {
    const { refused } = refusalOf('churn', { ...compared, lost: ['kms-key'], unfit: ['volume-size-gb'] }, config);
    expect(refused?.reason).toBe('protection-lost');
    expect(refused?.because).toMatch(
      /^churn would lose encryption.*; and churn has settings on ml\.g5\.xlarge.*that key/,
    );
  });

  test('is none where nothing is lost and everything fits', () => {
    expect(refusalOf('churn', { ...compared, unfit: [] }, config)).toEqual({});
  });

  test.each(keys)('has a reason for %s', (key) => {
    const { refused } = refusalOf('churn', { ...compared, unfit: [key as 'volume-size-gb'] }, config);
    expect(refused?.because).toContain(`\`${key}\`: ${hardwareSettings[key as 'volume-size-gb'].because}`);
  });
});
