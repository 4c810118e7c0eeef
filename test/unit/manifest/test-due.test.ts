import { describe, expect, it } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';
import { testDue } from '../../../src/manifest/test-due.ts';

const manifest = (regression: string) =>
  loadManifest(
    `
version: 1
model: churn
environments:
  staging: { endpoint: { name: s, execution-role: r, instance: { type: ml.m5.large, count: 1 } }, rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 } }
  production: { endpoint: { name: p, execution-role: r, instance: { type: ml.m5.large, count: 1 } }, rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 } }
${regression}`,
    'delivery.yml',
  );
const asked = (candidate: string) =>
  manifest(`regression:
  task: multiclass-classification
  dataset: golden.jsonl
  rules: [{ metric: accuracy, floor: 0.9 }]
  candidate: ${candidate}
  request: { content-type: text/csv, input: [a] }
  response: { prediction: 0 }
`);

describe('the time at which a delivery needs a verdict', () => {
  it.each([
    ['no regression test', manifest(''), undefined],
    ['a temporary endpoint', asked('temporary'), 'before-deploy'],
    ['a file of predictions', asked('{ predictions: "{version}.jsonl" }'), 'before-deploy'],
    ['the dark candidate', asked('dark-variant'), 'before-shift'],
    ['another environment', asked('{ environment: staging }'), 'before-deploy'],
  ])('with %s', (_name, given, due) => {
    expect(testDue(given, 'production')).toBe(due);
  });

  it('never comes for an alias, whose lifecycle hook tests', () => {
    const given = asked('temporary');
    const byCodeDeploy = { production: {} as never };
    expect(testDue({ ...given, byCodeDeploy }, 'production')).toBeUndefined();
    expect(testDue({ ...given, byCodeDeploy }, 'staging')).toBe('before-deploy');
  });

  it('never comes in the environment where the candidate of the others answers', () => {
    expect(testDue(asked('{ environment: staging }'), 'staging')).toBeUndefined();
  });
});
