import { describe, expect, test } from '@jest/globals';
import { startContainer } from '../../simulator/containers/model-server.ts';
import { publisherOf } from '../../simulator/containers/publisher.ts';
import { fixture, type IrisVersion } from '../../simulator/fixtures/fixtures.ts';

const rows = ['5.1,3.5,1.4,0.2', '6.4,3.2,4.5,1.5', '6.3,3.3,6.0,2.5', '7.1,3.0,5.9,2.1'];
const environment = { METRICS_NAMESPACE: 'Acme/Garden', MODEL_VERSION: '9' };

/** The sums of what one version publishes about these rows, by metric and class. */
const published = (version: IrisVersion, variables: Readonly<Record<string, string>> = environment) => {
  const sums = new Map<string, number>();
  const metrics = {
    record: (
      namespace: string,
      metric: string,
      dimensions: Readonly<Record<string, string>>,
      value: number,
      at: number,
    ) => {
      const key = [namespace, metric, ...Object.entries(dimensions).map(([name, one]) => `${name}=${one}`), at].join(
        ' ',
      );
      sums.set(key, (sums.get(key) ?? 0) + value);
    },
  };
  const container = startContainer(
    fixture('iris', version).artifact,
    publisherOf(variables, metrics, () => 60_000),
  );
  for (const row of rows) container.invoke(Buffer.from(row), 'text/csv');
  container.invoke(Buffer.from('no numbers'), 'text/csv');
  return Object.fromEntries(sums);
};

describe('the serving code', () => {
  test('publishes counts of the classes that it really predicts, under its version', () => {
    expect(published('1.0.0')).toEqual({
      'Acme/Garden Answers ModelVersion=9 60000': 4,
      'Acme/Garden Predictions ModelVersion=9 Class=setosa 60000': 1,
      'Acme/Garden Predictions ModelVersion=9 Class=versicolor 60000': 1,
      'Acme/Garden Predictions ModelVersion=9 Class=virginica 60000': 2,
      'Acme/Garden Score ModelVersion=9 60000': 4,
    });
    expect(published('1.8.0')).toMatchObject({ 'Acme/Garden Predictions ModelVersion=9 Class=virginica 60000': 4 });
  });

  test('counts what it is unsure of, and has no version where its environment has none', () => {
    expect(published('1.2.0', { METRICS_NAMESPACE: 'Acme/Garden' })).toMatchObject({ 'Acme/Garden Unsure 60000': 3 });
  });

  test('publishes nothing where its environment names no namespace', () => {
    expect(published('1.0.0', { MODEL_VERSION: '9' })).toEqual({});
  });
});
