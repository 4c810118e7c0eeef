import { expect, test } from '@jest/globals';
import { outputsOf } from '../../../src/delivery/release-outputs.ts';
import { configuration, release } from '../../support/release.ts';

const candidate = { ...configuration('1.1.0'), packageVersion: 7 };
const delivery = release({ candidate, baseline: configuration('1.0.0') });

test('name both versions; what serves is left empty while an update runs on', () => {
  expect(outputsOf('churn', delivery)).toEqual({
    endpoint: 'churn',
    version: '1.1.0',
    'model-package-version': '7',
    'endpoint-config': 'churn-1-1-0',
    'previous-version': '1.0.0',
    'previous-endpoint-config': 'churn-1-0-0',
    'serving-version': '',
    'serving-endpoint-config': '',
    release: 'churn-1.1.0-aaaaaaaa-1',
  });
});

test.each([
  ['candidate', '1.1.0', 'churn-1-1-0'],
  ['baseline', '1.0.0', 'churn-1-0-0'],
  ['unknown', '', ''],
] as const)('the %s serves', (serving, version, config) => {
  expect(outputsOf('churn', { ...delivery, serving })).toMatchObject({
    'serving-version': version,
    'serving-endpoint-config': config,
  });
});

test('a first deployment of a configuration without a version leaves the rest empty', () => {
  const { baseline: _, ...first } = delivery;
  const { version: _version, packageVersion: _number, ...others } = candidate;
  expect(outputsOf('churn', { ...first, candidate: others })).toMatchObject({
    version: '',
    'model-package-version': '',
    'previous-version': '',
    'previous-endpoint-config': '',
  });
  expect(outputsOf('churn', { ...first, candidate: others, serving: 'baseline' })).toMatchObject({
    'serving-version': '',
    'serving-endpoint-config': '',
  });
});

test('a dark candidate does not serve: the version before does, under the config with both', () => {
  const beside = { candidate: 'churn-1-1-0', baseline: 'churn-1-0-0' };
  const dark = { ...delivery, candidate: { ...candidate, endpointConfig: 'churn-dark', beside } };
  expect(outputsOf('churn', { ...dark, serving: 'candidate' })).toMatchObject({
    'serving-version': '1.0.0',
    'serving-endpoint-config': 'churn-dark',
  });
});
