import { describe, expect, test } from '@jest/globals';
import { countOf, whereItServes } from '../../../src/endpoint/count.ts';
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
    const serverless = { ...live(0), serverless: true as const };
    expect(countOf(spec(), serverless)).toEqual({ inConfig: 4, expected: 4, exclude: ['DesiredInstanceCount'] });
  });

  test('a new version of a fleet at zero starts with the manifest, and one that serves already stays there', () => {
    const zero = { min: 0, max: 10, backlogPerInstance: 5 };
    const woken = countOf(spec(zero), live(0), true);
    expect(woken).toMatchObject({ inConfig: 4, expected: 4, exclude: ['DesiredInstanceCount'] });
    expect(woken.note).toContain('the new fleet starts with 4');
    expect(whereItServes(woken, live(0), 0)).toEqual({ inConfig: 4, expected: 0, exclude: [] });
    expect(whereItServes(woken, live(0), 1)).toBe(woken);
    const kept = countOf(spec(zero), live(3), true);
    expect(whereItServes(kept, live(3), 0)).toBe(kept);
  });

  test('a first deployment takes the manifest, clamped', () => {
    expect(countOf(spec(), undefined)).toEqual({ inConfig: 4, expected: 4, exclude: [] });
    expect(countOf(spec({ ...scaling, min: 5 }), undefined)).toMatchObject({ inConfig: 5, expected: 5, exclude: [] });
  });
});
