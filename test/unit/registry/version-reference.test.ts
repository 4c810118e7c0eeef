import { describe, expect, test } from '@jest/globals';
import { readPackage, readReference } from '../../../src/registry/version-reference.ts';

const arn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7';
const home = { partition: 'aws', region: 'eu-west-1', id: '111122223333' };

describe('a version of a request', () => {
  test.each([
    ['churn@1.4.0', { is: 'version', version: '1.4.0' }],
    ['7', { is: 'package', group: 'churn', packageVersion: 7 }],
    ['churn/7', { is: 'package', group: 'churn', packageVersion: 7 }],
    ['Churn/7', { is: 'package', group: 'Churn', packageVersion: 7 }],
    ['package-7', { is: 'package', group: 'churn', packageVersion: 7 }],
    [arn, { is: 'package', group: 'churn', packageVersion: 7, home }],
    [
      arn.replace('aws:', 'aws-us-gov:').replace('eu-west-1', 'us-gov-west-1'),
      {
        is: 'package',
        group: 'churn',
        packageVersion: 7,
        home: { ...home, partition: 'aws-us-gov', region: 'us-gov-west-1' },
      },
    ],
  ])('%s is %j', (text, reference) => {
    expect(readReference('churn', text)).toEqual(reference);
  });

  test.each([
    ['iris/7', 'version: "iris/7" names another model; the manifest delivers churn'],
    [arn.replace('churn', 'iris'), 'names another model; the manifest delivers churn'],
    [arn.replace('/churn/7', '/churn'), 'version: package churn belongs to no model package group'],
    ['0', 'version: "0" is not a semantic version'],
    ['07', 'version: "07" is not a semantic version'],
    ['1234567890', 'is not a semantic version'],
    ['churn-7', 'version: "churn-7" is not a semantic version'],
    [`${arn}0123456789`, 'is not a semantic version'],
    [`x${arn}`, 'is not a semantic version'],
  ])('%s is refused', (text, message) => {
    expect(() => readReference('churn', text)).toThrow(message);
  });
});

test('a package of any group is read where none has to be delivered from it', () => {
  expect(readPackage('churn', 'iris/7')).toEqual({ group: 'iris', packageVersion: 7 });
  expect(readPackage('churn', arn.replace('/churn/7', '/churn'))).toEqual({ group: 'churn', home });
  expect(readPackage('churn', '1.4.0')).toBeUndefined();
});
