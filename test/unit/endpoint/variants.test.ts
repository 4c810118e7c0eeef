import { describe, expect, test } from '@jest/globals';
import type { DescribeEndpointConfigOutput } from '../../../src/aws/sagemaker.ts';
import type { Desired } from '../../../src/endpoint/desired.ts';
import type { LiveEndpoint, LiveVariant } from '../../../src/endpoint/observe.ts';
import { candidateOf, candidateVariant, canonicalOf, darkConfig, leftBehind } from '../../../src/endpoint/variants.ts';
import type { ReleaseRecord } from '../../../src/release/record.ts';
import { configuration, release } from '../../support/release.ts';

const variant = (name: string, weight: number, desiredWeight = weight): LiveVariant => ({
  name,
  weight,
  desiredWeight,
  current: 4,
  desired: 4,
  imageDigests: [],
});
const live = (...variants: readonly LiveVariant[]): LiveEndpoint => ({
  status: 'InService',
  endpointConfig: 'churn-dark',
  createdAt: 0,
  modifiedAt: 0,
  shadowed: false,
  variants,
});

describe('the variant that serves', () => {
  test('is the one that is not the candidate’s, whatever their order and weights', () => {
    expect(canonicalOf(live(variant('Main', 1)))).toBe('Main');
    expect(canonicalOf(live(variant('Main-next', 1), variant('Main', 0)))).toBe('Main');
    expect(canonicalOf(live())).toBeUndefined();
  });

  test('has a candidate whose name SageMaker takes, however long its own is', () => {
    const long = 'v'.repeat(63);
    expect(candidateVariant(long)).toHaveLength(63);
    expect(canonicalOf(live(variant(long, 1), variant(candidateVariant(long), 0)))).toBe(long);
  });
});

describe('what an earlier release left beside', () => {
  const beside = { candidate: 'churn-1-1-0', baseline: 'churn-1-0-0' };
  const record = (endpointConfig: string): ReleaseRecord => ({
    schemaVersion: 2,
    endpoint: 'churn',
    epoch: 1,
    ended: [release({ candidate: { ...configuration('1.1.0'), endpointConfig, beside } })],
    history: [],
  });

  test('is found by its config, without traffic and without traffic to come', () => {
    const idle = live(variant('Main', 1), variant('Main-next', 0));
    const candidate = { version: '1.1.0', beside, configuration: { endpointConfig: 'churn-dark' } };
    expect(leftBehind(idle, record('churn-dark'))).toMatchObject(candidate);
    expect(candidateOf(idle, record('churn-dark'))).toMatchObject(candidate);
    expect(leftBehind(idle, record('churn-other'))).toBeUndefined();
    expect(leftBehind(live(variant('Main', 0.9), variant('Main-next', 0.1)), record('churn-dark'))).toBeUndefined();
    expect(leftBehind(live(variant('Main', 1), variant('Main-next', 0, 0.1)), record('churn-dark'))).toBeUndefined();
    expect(leftBehind(live(variant('Main', 1)), record('churn-dark'))).toBeUndefined();
  });
});

describe('the config of a dark candidate', () => {
  const serving = {
    EndpointConfigName: 'churn-1-0-0',
    ProductionVariants: [
      { VariantName: 'Main', ModelName: 'churn-1-0-0', InstanceType: 'ml.m5.large', InitialInstanceCount: 2 },
      { VariantName: 'Main-next', ModelName: 'churn-bad', InitialInstanceCount: 2 },
    ],
  } as unknown as DescribeEndpointConfigOutput;
  const alone = {
    EndpointConfigName: 'churn-1-1-0-aaaaaaaa',
    ProductionVariants: [{ VariantName: 'Main', ModelName: 'churn-1-1-0', InitialInstanceCount: 2 }],
    KmsKeyId: 'alias/ml',
    Tags: [{ Key: 'version', Value: '1.1.0' }],
  } as unknown as Desired['config'];
  const made = (attempt = 1, from = serving) => darkConfig('churn', '1.1.0', from, 'Main', alone, 6, attempt);

  test('keeps what serves, at the size it has now, and puts the candidate beside it, as large and without weight', () => {
    const { ProductionVariants, KmsKeyId, Tags } = made();
    expect(ProductionVariants).toEqual([
      {
        VariantName: 'Main',
        ModelName: 'churn-1-0-0',
        InstanceType: 'ml.m5.large',
        InitialInstanceCount: 6,
        InitialVariantWeight: 1,
      },
      { VariantName: 'Main-next', ModelName: 'churn-1-1-0', InitialInstanceCount: 6, InitialVariantWeight: 0 },
    ]);
    expect({ KmsKeyId, Tags }).toEqual({ KmsKeyId: 'alias/ml', Tags: alone.Tags });
  });

  test('is named by its content and the attempt', () => {
    const name = made().EndpointConfigName;
    expect(name).toMatch(/^churn-1-1-0-[0-9a-f]{8}$/);
    expect(name).not.toBe(alone.EndpointConfigName);
    expect(made().EndpointConfigName).toBe(name);
    expect(made(2).EndpointConfigName).not.toBe(name);
  });

  test('cannot be made over a config without the variant that serves', () => {
    expect(() => made(1, { ...serving, ProductionVariants: [] })).toThrow('has no variant Main');
  });
});
