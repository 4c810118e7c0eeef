import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadManifest, ManifestError } from '../../../src/manifest/load.ts';

const steps = readFileSync(new URL('../../../examples/steps.yml', import.meta.url), 'utf8');
const healthy = 'healthy: { excess-below: 0.5%, confidence: 0.95 }';
const load = (instead: string) => {
  expect(steps).toContain(healthy);
  const { production } = loadManifest(steps.replace(healthy, instead), 'x').environments;
  return production?.rollout.judge;
};
const problem = (instead: string): string => {
  try {
    load(instead);
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('healthy', () => {
  test('has a limit of the excess, of the ratio, or both', () => {
    expect(load('healthy: { at-most: 1.5x, confidence: 0.95 }')?.healthy).toEqual({ atMost: 1.5, confidence: 0.95 });
    expect(load('healthy: { excess-below: 1%, at-most: 2x, confidence: 0.9 }')?.healthy).toEqual({
      excessBelow: 0.01,
      atMost: 2,
      confidence: 0.9,
    });
  });

  test.each([
    ['healthy: { confidence: 0.95 }', /needs excess-below, at-most or both/],
    ['healthy: { at-most: 1x, confidence: 0.95 }', /at-most: must be above 1x/],
    ['healthy: { at-most: 1.5, confidence: 0.95 }', /at-most: 1\.5 is not a ratio; expected 1x or more, e\.g\. 1\.2x/],
    ['healthy: { at-most: 150%, confidence: 0.95 }', /is not a ratio/],
  ])('is refused as %s', (written, message) => {
    expect(problem(written)).toMatch(message);
  });
});

test('warm-up is of errors and of latency', () => {
  expect(load(healthy)?.warmUp).toBeUndefined();
  expect(load(`${healthy}\n        warm-up: { errors: 2m }`)?.warmUp).toEqual({ errorsSeconds: 120 });
  expect(load(`${healthy}\n        warm-up: { errors: 90s, latency: 10m }`)?.warmUp).toEqual({
    errorsSeconds: 90,
    latencySeconds: 600,
  });
  expect(problem(`${healthy}\n        warm-up: { error: 2m }`)).toContain('warm-up.error');
  expect(problem(`${healthy}\n        warm-up: 2m`)).toContain('warm-up');
});
