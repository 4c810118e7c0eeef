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
    [
      '{ environment: staging, role: model-tester }',
      { is: 'environment', environment: 'staging', role: 'model-tester' },
    ],
    ['{ transform: { instance: ml.m5.large } }', job],
    ['{ transform: { instance: ml.m5.large, instances: 3 } }', { ...job, instances: 3 }],
    ['{ predictions: "new/{version}.jsonl" }', { is: 'predictions', path: 'new/{version}.jsonl' }],
  ])('candidate: %s', (written, place) => {
    expect(asked(`candidate: ${written}`).candidate).toEqual(place);
  });

  it.each([
    ['serving', { is: 'serving' }],
    ['{ transform: { instance: ml.m5.large } }', job],
    ['{ predictions: old.jsonl }', file],
    ['{ predictions: "{version}.jsonl" }', { is: 'predictions', path: '{version}.jsonl' }],
  ])('baseline: %s', (written, place) => {
    expect(asked(`baseline: ${written}`).baseline).toEqual(place);
  });

  it.each([
    ['golden/new.jsonl', 'golden/new-{version}.jsonl'],
    ['s3://ml.golden/new/answers', 's3://ml.golden/new/answers-{version}'],
    ['new/1.4.0.jsonl', 'new/1.4.0-{version}.jsonl'],
  ])('are no file of predictions that is about any candidate: %s', (path, instead) => {
    expect(() => asked(`candidate: { predictions: ${path} }`)).toThrow(
      `candidate.predictions: has no {version}, so a file about one version would let every later one pass; expected e.g. "${instead}"`,
    );
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
