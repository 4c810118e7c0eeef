import { describe, expect, test } from '@jest/globals';
import type { LiveEndpoint } from '../../../src/endpoint/observe.ts';
import { mismatches } from '../../../src/endpoint/verify.ts';

const image = `sha256:${'a'.repeat(64)}`;
const requested = {
  endpointConfig: 'churn-1-4-0-aaaaaaaa',
  model: 'churn-1-4-0-bbbbbbbb',
  imageDigest: image,
  instanceType: 'ml.m5.large',
  instanceCount: 4,
};
const live: LiveEndpoint = {
  status: 'InService',
  endpointConfig: requested.endpointConfig,
  createdAt: 0,
  modifiedAt: 0,
  shadowed: false,
  variants: [{ name: 'AllTraffic', weight: 1, desiredWeight: 1, current: 4, desired: 4, imageDigests: [image] }],
};
const [variant] = live.variants;

describe('rule 1: InService alone is not success', () => {
  test('all five facts together are', () => {
    expect(mismatches(live, requested, 'AllTraffic')).toEqual([]);
  });

  test.each<[string, Partial<LiveEndpoint>, string]>([
    ['the status', { status: 'Updating' }, 'status is Updating'],
    ['the configuration', { endpointConfig: 'churn-1-3-0-cccccccc' }, 'configuration is churn-1-3-0-cccccccc'],
    ['a pending update', { pending: { endpointConfig: 'x', variants: [] } }, 'an update to x is pending'],
    ['the instance count', { variants: variant ? [{ ...variant, current: 3 }] : [] }, 'has 3 of 4 instances'],
    [
      'the image',
      { variants: variant ? [{ ...variant, imageDigests: [`sha256:${'b'.repeat(64)}`] }] : [] },
      'runs image sha256:bbb',
    ],
  ])('%s is checked', (_name, change, phrase) => {
    expect(mismatches({ ...live, ...change }, requested, 'AllTraffic').join('; ')).toContain(phrase);
  });

  test('weights are compared as shares: 32-bit floats come back inexact', () => {
    const two = (weight: number): LiveEndpoint => ({
      ...live,
      variants: [
        { name: 'a', weight, desiredWeight: 0.1, current: 1, desired: 1, imageDigests: [] },
        { name: 'b', weight: 0.9, desiredWeight: 0.9, current: 1, desired: 1, imageDigests: [] },
      ],
    });
    expect(mismatches(two(0.10000000149), requested, 'AllTraffic')).toEqual([]);
    expect(mismatches(two(0.2), requested, 'AllTraffic').join()).toContain('variant a has weight 0.2, not 0.1');
  });

  test('of several containers each runs its own image, whatever their order', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string, string];
    const running = (...imageDigests: string[]): LiveEndpoint => ({
      ...live,
      variants: variant ? [{ ...variant, imageDigests }] : [],
    });
    const several = { ...requested, imageDigests: [a, b] };
    expect(mismatches(running(a, b), several, 'AllTraffic')).toEqual([]);
    expect(mismatches(running(b, a), several, 'AllTraffic')).toEqual([]);
    expect(mismatches(running(), several, 'AllTraffic')).toEqual([]);
    expect(mismatches(running(a, c), several, 'AllTraffic').join()).toContain(`not ${a}, ${b}`);
    expect(mismatches(running(a), several, 'AllTraffic')).toHaveLength(1);
    expect(mismatches(running(a, b, b), several, 'AllTraffic')).toHaveLength(1);
  });

  test('a package that was registered without a digest is not held to one', () => {
    const { imageDigest: _, ...unpinned } = requested;
    expect(mismatches(live, unpinned, 'AllTraffic')).toEqual([]);
  });
});
