import { describe, expect, test } from '@jest/globals';
import { countOf } from '../../../src/endpoint/count.ts';
import type { LiveEndpoint } from '../../../src/endpoint/observe.ts';
import type { EndpointSpec } from '../../../src/manifest/manifest.ts';

const spec = (autoscaling?: EndpointSpec['autoscaling']): EndpointSpec => ({
  name: 'churn',
  instance: { type: 'ml.m5.large', count: 4 },
  networkIsolation: false,
  environment: {},
  tags: {},
  unpinned: false,
  ...(autoscaling ? { autoscaling } : {}),
});
const live = (desired: number): LiveEndpoint => ({
  status: 'InService',
  endpointConfig: 'churn-1-3-0-aaaaaaaa',
  createdAt: 0,
  modifiedAt: 0,
  shadowed: false,
  variants: [{ name: 'AllTraffic', weight: 1, desiredWeight: 1, current: desired, desired, imageDigests: [] }],
});
const scaling = { min: 2, max: 10, invocationsPerInstance: 70 };

describe('rule 4: how many instances', () => {
  test('without autoscaling the manifest wins over what serves', () => {
    expect(countOf(spec(), live(7))).toEqual({ inConfig: 4, expected: 4, exclude: ['DesiredInstanceCount'] });
  });

  test('with autoscaling what serves is kept, and the config does not depend on it', () => {
    expect(countOf(spec(scaling), live(7))).toMatchObject({ inConfig: 4, expected: 7, exclude: [] });
  });

  test.each([
    [1, 2],
    [12, 10],
  ])('%d instances are outside 2 to 10: the new fleet has %d', (serving, expected) => {
    expect(countOf(spec(scaling), live(serving))).toMatchObject({
      inConfig: expected,
      expected,
      exclude: ['DesiredInstanceCount'],
    });
  });

  test('a fleet that autoscaling looks after is not scaled in by a deployment, whoever set that up', () => {
    expect(countOf(spec(), live(7), true)).toMatchObject({ inConfig: 4, expected: 7, exclude: [] });
    expect(countOf(spec(), live(4), true)).toMatchObject({ expected: 4 });
  });

  test('a serverless endpoint has no count that could be kept', () => {
    expect(countOf(spec(), live(0))).toMatchObject({ inConfig: 4, expected: 4, exclude: ['DesiredInstanceCount'] });
  });

  test('a first deployment takes the manifest, clamped', () => {
    expect(countOf(spec(), undefined)).toEqual({ inConfig: 4, expected: 4, exclude: [] });
    expect(countOf(spec({ ...scaling, min: 5 }), undefined)).toMatchObject({ inConfig: 5, expected: 5, exclude: [] });
  });
});
