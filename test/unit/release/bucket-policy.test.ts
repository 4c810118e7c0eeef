import { describe, expect, test } from '@jest/globals';
import { bucketPolicy, exposure } from '../../../src/release/bucket-policy.ts';

const account = { partition: 'aws', id: '111122223333' };
const policyOf = (prefix: string, writers: readonly string[] = ['delivery']) =>
  bucketPolicy({ bucket: 'releases', prefix }, account, writers);
const statement = (sid: string, prefix = 'ml/', writers?: readonly string[]) =>
  policyOf(prefix, writers).Statement.find(({ Sid }) => Sid === sid);

describe('the policy of the bucket with the release records', () => {
  test('only denies, for every principal, so that no policy of a role can be wider', () => {
    const { Version, Statement } = policyOf('');
    expect(Version).toBe('2012-10-17');
    expect(Statement.map(({ Sid }) => Sid)).toEqual([
      'ModelDeliveryTlsOnly',
      'ModelDeliveryWritersOnly',
      'ModelDeliveryCompareBeforeWriting',
      'ModelDeliveryNeverOverwrite',
    ]);
    for (const { Effect, Principal } of Statement) expect([Effect, Principal]).toEqual(['Deny', '*']);
  });

  test('without TLS nothing goes in or out, of the bucket or of an object below the prefix', () => {
    expect(statement('ModelDeliveryTlsOnly')).toMatchObject({
      Action: 's3:*',
      Resource: ['arn:aws:s3:::releases', 'arn:aws:s3:::releases/ml/*'],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  test('only the delivery roles write and delete, also old versions; a role with a path is the same role', () => {
    expect(statement('ModelDeliveryWritersOnly')).toMatchObject({
      Action: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObject'],
      Resource: 'arn:aws:s3:::releases/ml/*',
      Condition: {
        ArnNotLike: {
          'aws:PrincipalArn': ['arn:aws:iam::111122223333:role/delivery', 'arn:aws:iam::111122223333:role/*/delivery'],
        },
      },
    });
  });

  test('a role of another account is named by its ARN, which stays as it is', () => {
    const other = 'arn:aws:iam::999988887777:role/ci/deliver';
    const condition = statement('ModelDeliveryWritersOnly', '', ['delivery', other])?.Condition;
    expect(condition?.['ArnNotLike']?.['aws:PrincipalArn']).toEqual([
      'arn:aws:iam::111122223333:role/delivery',
      'arn:aws:iam::111122223333:role/*/delivery',
      other,
    ]);
  });

  test('a record and a journal are written on condition: neither a first one over another, nor a later one unread', () => {
    expect(statement('ModelDeliveryCompareBeforeWriting')).toMatchObject({
      Action: 's3:PutObject',
      Resource: ['arn:aws:s3:::releases/ml/*/record.json', 'arn:aws:s3:::releases/ml/*/journal.jsonl'],
      // Both absent: S3 evaluates the keys of one condition together.
      Condition: { Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' } },
    });
  });

  test('a registered evaluation is never overwritten; artifacts are copied, which S3 cannot do under such a condition', () => {
    expect(statement('ModelDeliveryNeverOverwrite')).toMatchObject({
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::releases/ml/evaluations/*',
      Condition: { Null: { 's3:if-none-match': 'true' } },
    });
    expect(JSON.stringify(policyOf(''))).not.toContain('artifacts');
  });
});

test.each([
  ['sagemaker-eu-west-1-111122223333/churn/record.json', true],
  ['ours/SageMaker/churn/record.json', true],
  ['ours/Sagemaker/churn/record.json', true],
  ['aws-glue-assets/churn/record.json', true],
  // The managed policy's patterns know no other case.
  ['ours/SAGEMAKER/churn/record.json', false],
  ['model-delivery-111122223333-eu-west-1/churn/record.json', false],
])('whether every notebook can write to s3://%s: %s', (address, open) => {
  expect(exposure(`s3://${address}`) !== undefined).toBe(open);
});
