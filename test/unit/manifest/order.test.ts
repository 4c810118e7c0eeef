import { expect, test } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';
import { twoEnvironments } from '../../support/two-environments.ts';

const load = (staging: string, production: string) =>
  loadManifest(twoEnvironments({ staging, production }), 'delivery.yml');

test('an environment comes after another one', () => {
  expect(load('', 'after: staging').environments['production']?.after).toBe('staging');
});

test.each([
  [
    'a name that is misspelt',
    '',
    'after: stagin',
    'environments.production.after: "stagin" is no environment of this manifest; the others are staging; did you mean staging?',
  ],
  [
    'itself',
    '',
    'after: production',
    'environments.production.after: comes back to production: production after production, so nothing could be delivered first',
  ],
  [
    'a circle',
    'after: production',
    'after: staging',
    'environments.staging.after: comes back to staging: staging after production after staging, so nothing could be delivered first',
  ],
  [
    'another region',
    'region: eu-west-1',
    'region: us-east-1\nafter: staging',
    'environments.production.after: staging is in eu-west-1, and production in us-east-1: a delivery reads the release records of its own region',
  ],
  ['no name', '', 'after: [staging]', 'environments.production.after: '],
])('%s is refused', (_case, staging, production, message) => {
  expect(() => load(staging, production)).toThrow(message);
});
