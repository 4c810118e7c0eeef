import { expect, test } from '@jest/globals';
import { stageWarnings } from '../../../../src/commands/lint/stage-warnings.ts';
import type { Environment, Manifest } from '../../../../src/manifest/manifest.ts';

const warnings = (environments: Readonly<Record<string, Partial<Environment>>>): readonly string[] =>
  stageWarnings({ environments } as unknown as Manifest);

test('two environments with one stage in one registry are named', () => {
  expect(
    warnings({
      staging: { stage: 'Staging' },
      eu: { stage: 'Production' },
      us: { stage: 'Production' },
    }),
  ).toEqual([
    'us: its `stage` is Production, as that of eu: the registry cannot show which of them a version is in; give each a stage of its own',
  ]);
});

test.each([
  ['no stage at all', { staging: {}, production: {} }],
  ['a stage of its own for each', { staging: { stage: 'Staging' }, production: { stage: 'Production' } }],
  [
    'registries of their own',
    { eu: { stage: 'Production', region: 'eu-west-1' }, us: { stage: 'Production', region: 'us-east-1' } },
  ],
  [
    'roles of two accounts',
    {
      eu: { stage: 'Production', role: 'arn:aws:iam::111122223333:role/deployer' },
      us: { stage: 'Production', role: 'arn:aws:iam::444455556666:role/deployer' },
    },
  ],
  ['a stage beside none', { staging: {}, production: { stage: 'Production' } }],
])('%s is no warning', (_name, environments) => {
  expect(warnings(environments)).toEqual([]);
});

test('one registry of another account is shared by accounts of their own', () => {
  const registry = { account: '999988887777' };
  expect(
    warnings({
      eu: { stage: 'Production', account: '111122223333', registry },
      us: { stage: 'Production', account: '444455556666', registry },
    }),
  ).toHaveLength(1);
});
