import { describe, expect, test } from '@jest/globals';
import { type Settings, settingsOf } from '../../../src/endpoint/settings.ts';
import {
  differenceLine,
  differences,
  isSecretVariable,
  keptLine,
  valuesOf,
} from '../../../src/endpoint/settings-lines.ts';

const set = (parts: Partial<Settings>): Settings => ({ config: {}, variant: {}, model: {}, container: {}, ...parts });
const lines = (before: Partial<Settings>, after: Partial<Settings>): readonly string[] =>
  differences(set(before), set(after)).map(differenceLine);

describe('a line of the plan', () => {
  test.each<[string, Partial<Settings>, Partial<Settings>, readonly string[]]>([
    [
      'a change, with its unit',
      { variant: { VolumeSizeInGB: 10 } },
      { variant: { VolumeSizeInGB: 40 } },
      ['storage volume: 10 GB → 40 GB'],
    ],
    [
      'an addition',
      {},
      { config: { KmsKeyId: 'alias/ml' } },
      ['encryption of the volumes (KMS key): not set → alias/ml'],
    ],
    [
      'a removal',
      { variant: { InferenceAmiVersion: 'gpu-2' } },
      {},
      ["inference AMI version: gpu-2 → removed (AWS's default)"],
    ],
    ['a switch', { model: { EnableNetworkIsolation: true } }, {}, ["network isolation: on → removed (AWS's default)"]],
    [
      'a list',
      { model: { VpcConfig: { Subnets: ['a', 'b'] } } },
      { model: { VpcConfig: { Subnets: ['a'] } } },
      ['VPC subnets: a, b → a'],
    ],
    [
      'each value within a setting',
      { config: { MetricsConfig: { A: 1, B: 2 } } },
      { config: { MetricsConfig: { A: 1, B: 3, C: 4 } } },
      ['metrics B: 2 → 3', 'metrics C: not set → 4'],
    ],
    ['a member that no table has', {}, { variant: { Newer: [{ Deep: 'x' }] } }, ['Newer.1.Deep: not set → x']],
    [
      'a role by its name',
      {},
      { model: { ExecutionRoleArn: 'arn:aws:iam::111122223333:role/serving' } },
      ['execution role: not set → role/serving'],
    ],
    [
      'the content of a version',
      { container: { Image: 'i:1' } },
      { container: { ModelPackageName: 'churn/7' } },
      ['image: i:1 → removed (the model package may have its own)', 'model package: not set → churn/7'],
    ],
  ])('shows %s', (_what, before, after, expected) => {
    expect(lines(before, after)).toEqual(expected);
  });

  test('shows two ARNs whole that differ in their account alone', () => {
    const key = (account: string) => ({ config: { KmsKeyId: `arn:aws:kms:eu-west-1:${account}:key/1` } });
    expect(lines(key('111122223333'), key('444455556666'))).toEqual([
      'encryption of the volumes (KMS key): arn:aws:kms:eu-west-1:111122223333:key/1 → arn:aws:kms:eu-west-1:444455556666:key/1',
    ]);
  });

  test('hides both values of a secret that changes', () => {
    const changed = lines(
      { container: { Environment: { API_TOKEN: 'hunter22' } } },
      { container: { Environment: { API_TOKEN: 'hunter33' } } },
    );
    expect(changed).toEqual(['environment API_TOKEN: *** → *** (another value)']);
  });

  test('hides the values of variables, which are chosen by users; a count or a switch is shown', () => {
    const environment = {
      MODE: 'strict',
      WORKERS: '4',
      DEBUG: 'false',
      API_TOKEN: 'hunter22',
      PASSWORD: 'correct',
      NOTE: 'ghp_abcdefghijklmnop1234',
    };
    expect(lines({}, { container: { Environment: environment } })).toEqual([
      'environment MODE: not set → ***',
      'environment WORKERS: not set → 4',
      'environment DEBUG: not set → false',
      'environment API_TOKEN: not set → ***',
      'environment PASSWORD: not set → ***',
      'environment NOTE: not set → ***',
    ]);
  });

  test('is not made of two forms of the same value', () => {
    const sides = (...modes: string[]) =>
      settingsOf({ DataCaptureConfig: { CaptureOptions: modes.map((CaptureMode) => ({ CaptureMode })) } } as never, {
        EnableNetworkIsolation: false,
      });
    expect(differences(sides('InputAndOutput'), sides('Output', 'Input'))).toEqual([]);
    expect(differences(sides('Input'), sides('Input', 'Output')).map(differenceLine)).toEqual([
      'data capture: captured sides: Input → Input, Output',
    ]);
  });
});

test('a kept setting has a line for each of its values', () => {
  const settings = set({
    variant: { CoreDumpConfig: { DestinationS3Uri: 's3://b/c', KmsKeyId: 'k' }, VolumeSizeInGB: 1 },
  });
  expect(valuesOf(settings, ['variant.CoreDumpConfig']).map(keptLine)).toEqual([
    'kept: core dumps DestinationS3Uri: s3://b/c',
    'kept: core dumps KmsKeyId: k',
  ]);
});

describe('a variable that may be a secret', () => {
  test.each([
    ['SIGNING_KEY', 'abcdefgh12345678'],
    ['DB_PASSWORD', 'x'],
    ['dbPwd', 'open'],
    ['KEY1', 'open'],
    ['BASIC_AUTH', 'mina'],
    ['HASH_SALT', 'sea'],
    ['TLS_CERT', 'abc'],
    ['DATABASE_DSN', 'db'],
    ['AWS_CREDENTIALS', 'file'],
  ])('hides %s by its name, however short and plain its value is', (name, value) => {
    expect(lines({ container: { Environment: { [name]: value } } }, {})).toEqual([
      `environment ${name}: *** → removed`,
    ]);
  });

  test.each([
    ['MAX_TOTAL_TOKENS', '4096'],
    ['TOKENIZERS_PARALLELISM', 'false'],
    ['MONKEY', 'see'],
    ['PASSENGERS', 'four'],
    ['AUTHOR', 'mina'],
    ['SIGNAL', 'loud'],
  ])('%s only looks like one', (name, value) => {
    expect(isSecretVariable(name, value)).toBe(false);
  });
});
