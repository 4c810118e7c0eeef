import { describe, expect, test } from '@jest/globals';
import { loadManifest, ManifestError } from '../../../src/manifest/load.ts';

const text = (top: string, environment: string): string => `\
version: 1
model: churn
${top}
environments:
  staging:
    endpoint: { name: churn-staging, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
  production:
    ${environment}
    endpoint: { name: churn, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;
const arn = 'arn:aws:sagemaker:eu-west-1:999988887777:model-package-group/churn';
const registries = (top: string, environment = ''): readonly unknown[] => {
  const { environments } = loadManifest(text(top, environment), 'delivery.yml');
  return [environments['staging']?.registry, environments['production']?.registry];
};
const problem = (top: string, environment = ''): string => {
  try {
    loadManifest(text(top, environment), 'delivery.yml');
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  return 'none';
};

describe('registry', () => {
  test('at the top is every environment’s; an environment’s own replaces it as a whole', () => {
    const shared = { account: '999988887777', role: 'reader' };
    expect(registries('registry: { account: "999988887777", role: reader }')).toEqual([shared, shared]);
    expect(
      registries('registry: { account: "999988887777", role: reader }', 'registry: { account: "444455556666" }'),
    ).toEqual([shared, { account: '444455556666' }]);
    expect(registries('', `registry: ${arn}`)).toEqual([
      undefined,
      { account: '999988887777', region: 'eu-west-1', group: 'churn' },
    ]);
    expect(registries('')).toEqual([undefined, undefined]);
  });

  test('names the group in any case: an ARN may show it in lower case', () => {
    const [found] = registries(`registry: ${arn.replace(/churn$/, 'Churn')}`);
    expect(found).toMatchObject({ account: '999988887777', group: 'Churn' });
  });

  test('has every key', () => {
    const [found] = registries(
      'registry: { account: "999988887777", region: eu-west-1, role: reader, registrar-role: registrar, artifacts: s3://ml-registry/churn }',
    );
    expect(found).toEqual({
      account: '999988887777',
      region: 'eu-west-1',
      role: 'reader',
      registrarRole: 'registrar',
      artifacts: { bucket: 'ml-registry', prefix: 'churn/' },
    });
  });

  test.each([
    [`registry: ${arn.replace(/churn$/, 'fraud')}`, '', '3:11: registry: names the group fraud, and `model` is churn'],
    [
      '',
      `registry: ${arn.replace(/churn$/, 'fraud')}`,
      '9:15: environments.production.registry: names the group fraud',
    ],
    ['registry: churn', '', '3:11: registry: "churn" is not a registry; expected an account with region and role'],
    ['registry: { role: reader }', '', '3:1: registry.account: is missing; expected twelve digits'],
    ['registry: { account: "9", role: reader }', '', '3:22: registry.account: "9" is not an account'],
    ['registry: { acount: "999988887777" }', '', '3:13: registry.acount: unknown key; did you mean account?'],
    [
      'registry: { account: "999988887777", role: "arn:aws:iam::111122223333:role/r" }',
      '',
      '3:44: registry.role: belongs to another account than the registry',
    ],
    [
      'registry: { account: "999988887777", registrar-role: "arn:aws:iam::111122223333:role/r" }',
      '',
      '3:54: registry.registrar-role: belongs to another account than the registry',
    ],
  ])('%s %s', (top, environment, expected) => {
    expect(problem(top, environment)).toContain(`delivery.yml:${expected}`);
  });
});
