import { expect, test } from '@jest/globals';
import type { Found } from '../../../src/adopt/found.ts';
import { manifestText } from '../../../src/adopt/manifest-text.ts';
import { needsOf } from '../../../src/adopt/needs.ts';
import { isSpec, tried } from '../../../src/adopt/trial.ts';
import { writtenRollout } from '../../../src/adopt/written-rollout.ts';
import { basisOf } from '../../../src/adopt/written-settings.ts';
import type { DescribeModelOutput } from '../../../src/aws/sagemaker.ts';
import { loadManifest } from '../../../src/manifest/load.ts';
import { account, foundWith } from '../../support/found.ts';

const specOf = (found: Found) => {
  const spec = tried(basisOf(found, account));
  if (!isSpec(spec)) throw new Error(spec.because);
  return spec;
};
const textOf = (found: Found, model = 'churn') =>
  manifestText({
    account,
    found,
    model,
    environment: 'production',
    endpoint: basisOf(found, account),
    remarks: [],
    kept: [],
    rollout: writtenRollout(found, specOf(found)),
    alarms: { named: [], remarks: [] },
  });
/** Comments without their line breaks. */
const prose = (text: string): string => text.replaceAll(/\n\s*#/g, '');

const home = { partition: 'aws', region: 'eu-west-1', id: '444455556666' };

test.each<readonly [string, Found['package'], string, string]>([
  ['no package', undefined, 'churn', 'was made of no model package: register it as the first version'],
  ['a package without a group', { group: 'bought' }, 'churn', 'register-model --from bought'],
  ['its group', { group: 'churn', packageVersion: 7 }, 'churn', 'Package churn/7 serves: give it a semantic version'],
  [
    'its group in lower case',
    { group: 'churn', packageVersion: 7 },
    'Churn',
    'Package churn/7 serves: give it a semantic',
  ],
  ['another group', { group: 'other', packageVersion: 7 }, 'churn', 'belongs to another one: take it over'],
])('the model has a comment about %s', (_case, from, model, words) => {
  expect(prose(textOf(foundWith({}, { package: from }), model))).toContain(words);
});

test('the packages of several containers are named, and none of them is the version that serves', () => {
  const found = foundWith();
  const Containers = ['encoder/3', 'ranker/5'].map((name) => ({
    ModelPackageName: `arn:aws:sagemaker:eu-west-1:111122223333:model-package/${name}`,
  }));
  const look = { ...found.look, models: new Map([['by-hand', { Containers } as unknown as DescribeModelOutput]]) };
  expect(prose(textOf({ ...found, look }))).toContain(
    'has several containers, made of encoder/3 and ranker/5: no package is the whole version',
  );
});

test('a package of another account brings its registry', () => {
  const manifest = loadManifest(textOf(foundWith({}, { package: { group: 'churn', packageVersion: 7, home } })), 'x');
  expect(manifest.environments['production']?.registry).toEqual({ account: home.id, region: home.region });
  const own = { group: 'churn', packageVersion: 7, home: account };
  expect(textOf(foundWith({}, { package: own }))).not.toContain('registry:');
});

test('the record of an earlier delivery keeps its place', () => {
  const releases = { bucket: 'ml-releases', prefix: 'churn/' };
  const manifest = loadManifest(textOf(foundWith({}, { releases })), 'x');
  expect(manifest.environments['production']?.releases).toEqual(releases);
});

test('the roles of the first delivery, with the names of the endpoint', () => {
  const found = foundWith({ container: { Image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/churn:1' } });
  const { roles, notes } = needsOf(account, found, specOf(found), 'churn');
  expect(roles.map(({ role }) => role)).toEqual(['register-model', 'approve-gate', 'deploy-endpoint', 'rollback']);
  const deploy = JSON.stringify(roles[2]?.policies);
  for (const name of [
    'role/churn-serving',
    'repository/team/churn',
    'endpoint-config/churn-*',
    'model-package/churn/*',
  ])
    expect(deploy).toContain(name);
  expect(JSON.stringify(roles[0]?.policies)).toContain('ml-training/*');
  expect(roles[2]?.permissions).toContain('iam:PassRole');
  expect(roles[2]?.permissions).not.toContain('kms:CreateGrant');
  expect(notes).toContainEqual(
    expect.stringContaining('a rollback to it needs sagemaker:UpdateEndpoint on endpoint-config/by-hand'),
  );
});
