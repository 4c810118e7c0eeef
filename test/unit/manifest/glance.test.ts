import { describe, expect, test } from '@jest/globals';
import { glanceAt } from '../../../src/manifest/glance.ts';
import { manifestText } from '../../../src/rehearsal/manifest.ts';

const text = `version: 1
model: churn # production:
environments:
  staging:
    region: eu-central-1
    endpoint: { name: churn-staging }
  production: # ours
    # region: us-east-1
    region: "eu-west-1"
    rollback-role: restorer
    endpoint:
      region: of-something-else
      execution-role: churn-serving
registry:
  region: us-west-2
`;

describe('a glance at the manifest', () => {
  test('finds the region of an environment and the roles that it names', () => {
    expect(glanceAt(text, 'production')).toEqual({ region: 'eu-west-1', roles: ['rollback-role'] });
    expect(glanceAt(text, 'staging')).toEqual({ region: 'eu-central-1', roles: [] });
    expect(glanceAt(text.replaceAll('\n', '\r\n'), 'staging')).toEqual({ region: 'eu-central-1', roles: [] });
  });
  test('agrees with the manifests of the rehearsals', () => {
    expect(glanceAt(manifestText({}), 'production')).toEqual({ region: 'eu-west-1', roles: ['role', 'rollback-role'] });
  });
  test('says nothing of a region that is not there', () => {
    expect(glanceAt(text.replace('    region: eu-central-1\n', ''), 'staging')).toEqual({ roles: [] });
  });
  test.each([
    ['an environment that is not there', text, 'prod'],
    ['a name below another key', text, 'endpoint'],
    ['another way to write it', 'environments: { production: { region: eu-west-1 } }', 'production'],
    ['an environment on one line', 'environments:\n  production: { region: eu-west-1 }\n', 'production'],
    ['an anchor in its place', 'environments:\n  production: &p\n    region: eu-west-1\n', 'production'],
    ['a merged key', 'environments:\n  production:\n    <<: *p\n    region: eu-west-1\n', 'production'],
    ['a region that is an alias', 'environments:\n  production:\n    region: *where\n', 'production'],
    ['nothing', '', 'production'],
  ])('guesses nothing for %s', (_, manifest, environment) => {
    expect(glanceAt(manifest, environment)).toBeUndefined();
  });
});
