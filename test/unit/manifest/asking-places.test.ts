import { describe, expect, it } from '@jest/globals';
import { loadManifest, loadRegression } from '../../../src/manifest/load.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';

const asked = (...lines: readonly string[]) =>
  (
    loadRegression(
      ['task: regression', 'metrics: [mae]', 'request: { content-type: text/csv, input: [a] }', ...lines].join('\n'),
      'p.yml',
    ) as RegressionSpec
  ).asking;

const job = { is: 'transform', instance: 'ml.m5.large', instances: 1 };
const file = { is: 'predictions', path: 'old.jsonl' };

describe('the places where the models answer', () => {
  it('are a temporary endpoint and the one that serves, unless the manifest has others', () => {
    expect(asked()).toMatchObject({ candidate: { is: 'temporary' }, baseline: { is: 'serving' } });
  });

  it.each([
    ['temporary', { is: 'temporary' }],
    ['{ temporary: { instance: ml.m5.large } }', { is: 'temporary', instance: 'ml.m5.large' }],
    ['dark-variant', { is: 'dark-variant' }],
    ['{ environment: staging }', { is: 'environment', environment: 'staging' }],
    ['{ transform: { instance: ml.m5.large } }', job],
    ['{ transform: { instance: ml.m5.large, instances: 3 } }', { ...job, instances: 3 }],
    ['{ predictions: old.jsonl }', file],
  ])('candidate: %s', (written, place) => {
    expect(asked(`candidate: ${written}`).candidate).toEqual(place);
  });

  it.each([
    ['serving', { is: 'serving' }],
    ['{ transform: { instance: ml.m5.large } }', job],
    ['{ predictions: old.jsonl }', file],
  ])('baseline: %s', (written, place) => {
    expect(asked(`baseline: ${written}`).baseline).toEqual(place);
  });

  it('are not the only environment, where the gate would hold nothing back', () => {
    const text = (...environments: readonly string[]): string =>
      [
        'version: 1',
        'model: churn',
        'regression: { task: regression, metrics: [mae], request: { content-type: text/csv, input: [a] }, candidate: { environment: production } }',
        'environments:',
        ...environments.map(
          (name) =>
            `  ${name}: { endpoint: { name: churn-${name}, instance: { type: ml.m5.large, count: 1 } }, rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 } }`,
        ),
      ].join('\n');
    expect(() => loadManifest(text('production', 'staging'), 'd.yml')).not.toThrow();
    expect(() => loadManifest(text('production'), 'd.yml')).toThrow(
      /regression\.candidate\.environment: production is the only environment/,
    );
  });
});
