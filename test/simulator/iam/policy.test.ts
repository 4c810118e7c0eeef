import { describe, expect, test } from '@jest/globals';
import { evaluate } from '../../../simulator/iam/evaluate.ts';
import { parsePolicy } from '../../../simulator/iam/policy.ts';

const statement = (more: object): object => ({
  Sid: 'Here',
  Effect: 'Allow',
  Action: 's3:PutObject',
  Resource: 'arn:aws:s3:::ml-releases/*',
  ...more,
});
const policyOf = (...statements: readonly object[]) => parsePolicy({ Version: '2012-10-17', Statement: statements });
const ask = (
  policies: Parameters<typeof evaluate>[0],
  action: string,
  resource: string,
  context: Readonly<Record<string, readonly string[]>> = {},
) => evaluate(policies, { action, resource, context: (key) => context[key] ?? [] });

describe('a policy that could not be evaluated as IAM does is refused by name', () => {
  test.each([
    ['operator', { Condition: { DateEquals: { 's3:if-match': 'a' } } }, /operator DateEquals is not evaluated here/],
    [
      'IfExists of a set operator, which AWS leaves open',
      {
        Action: 'kms:CreateGrant',
        Condition: { 'ForAnyValue:StringEqualsIfExists': { 'kms:ResourceAliases': 'alias/ml' } },
      },
      /ForAnyValue:StringEqualsIfExists is not/,
    ],
    ['inherited name', { Condition: { constructor: { 's3:if-match': 'a' } } }, /operator constructor is not/],
    ['key', { Condition: { StringEquals: { 'aws:SourceIp': '10.0.0.0/8' } } }, /key aws:SourceIp is not known here/],
    ['inherited key', { Condition: { StringEquals: { toString: 'a' } } }, /key toString is not known here/],
    [
      'key of another action',
      { Condition: { StringEquals: { 'cloudwatch:namespace': 'A' } } },
      /a request for s3:PutObject does not carry the condition key cloudwatch:namespace/,
    ],
    [
      'key of many values',
      { Action: 'kms:CreateGrant', Condition: { StringEquals: { 'kms:ResourceAliases': 'alias/ml' } } },
      /kms:ResourceAliases has many value\(s\), which StringEquals does not compare/,
    ],
    [
      'key of one value',
      { Condition: { 'ForAnyValue:StringEquals': { 's3:if-match': 'a' } } },
      /s3:if-match has one value\(s\), which ForAnyValue:StringEquals does not compare/,
    ],
    ['value', { Condition: { Null: { 's3:if-match': 'no' } } }, /Null s3:if-match does not take the value no/],
    [
      'policy variable',
      { Condition: { StringEquals: { 's3:if-match': ['$', '{aws:username}'].join('') } } },
      /does not take the value \$\{aws:username\}/,
    ],
    ['element', { NotResource: 'arn:aws:s3:::others/*' }, /Here: the element NotResource is not evaluated here/],
    [
      'id of more than letters and digits',
      { Sid: 'read models' },
      /^Statement IDs \(SID\) must be alpha-numeric\. Check that your input satisfies the regular expression \[0-9A-Za-z\]\*$/,
    ],
    ['principal', { Principal: '*' }, /^Policy document should not specify a principal\.$/],
    ['action without a service', { Action: 'PutObject' }, /must be prefaced by a vendor/],
    ['no action', { Action: undefined }, /must contain actions/],
    ['resource', { Resource: 'ml-releases' }, /^Resource ml-releases must be in ARN format or "\*"\.$/],
    ['no resource', { Resource: undefined }, /must contain resources/],
    [
      'policy variable in a resource',
      { Resource: ['arn:aws:s3:::a/$', '{aws:username}'].join('') },
      /the policy variable in arn:aws:s3:::a\/\$\{aws:username\} is not evaluated here/,
    ],
    ['effect', { Effect: 'Perhaps' }, /Effect is Allow or Deny/],
    ['empty list', { Action: [] }, /Here: Action is not a text or a list of texts/],
  ])('%s', (_what, more, words) => {
    expect(() => policyOf(statement(more))).toThrow(words);
  });

  test('another language version, no statement, and an element beside the statements', () => {
    expect(() => parsePolicy({ Statement: [] })).toThrow(/Version 2008-10-17 of a policy is not evaluated here/);
    expect(() => parsePolicy({ Version: '2012-10-18', Statement: [] })).toThrow(
      /^The policy must contain a valid version string$/,
    );
    expect(() => parsePolicy({ Version: '2012-10-17' })).toThrow('Missing required field Statement');
    expect(() => parsePolicy({ Version: '2008-10-17', Statement: [] })).toThrow(/Version 2008-10-17/);
    expect(() => parsePolicy({ Version: '2012-10-17', Id: 'x', Statement: [] })).toThrow(/the element Id/);
  });
});

describe('actions and resources', () => {
  const policies = [
    policyOf(statement({ Action: ['s3:Get*', 'S3:putobject'], Resource: ['arn:aws:s3:::a.b/x?/*', 'arn:aws:s3:::C'] })),
  ];
  test.each([
    ['s3:GetObject', 'arn:aws:s3:::a.b/x1/deep/key', 'allowed'],
    ['s3:PutObject', 'arn:aws:s3:::C', 'allowed'],
    ['s3:PutObject', 'arn:aws:s3:::c', 'implicitly-denied'],
    ['s3:GetObject', 'arn:aws:s3:::aXb/x1/key', 'implicitly-denied'],
    ['s3:GetObject', 'arn:aws:s3:::a.b/x/key', 'implicitly-denied'],
    ['s3:ListBucket', 'arn:aws:s3:::C', 'implicitly-denied'],
    ['s3:GetObject', 'prefix arn:aws:s3:::C', 'implicitly-denied'],
  ])('%s on %s is %s', (action, resource, decision) => {
    expect(ask(policies, action, resource)).toBe(decision);
  });

  test('a wildcard before the resource stays within its part, unless it ends the part', () => {
    const config = 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint-config/churn-1';
    const allowed = (Resource: string) =>
      ask([policyOf(statement({ Action: 'sagemaker:UpdateEndpoint', Resource }))], 'sagemaker:UpdateEndpoint', config);
    expect(allowed('arn:aws:sagemaker:*:endpoint-config/churn-1')).toBe('allowed');
    expect(allowed('arn:aws:sagemaker:*')).toBe('allowed');
    expect(allowed('arn:aws:sagemaker:eu-*:111122223333:endpoint-config/churn-1')).toBe('allowed');
    expect(allowed('arn:aws:sagemaker:eu-*3333:endpoint-config/churn-1')).toBe('implicitly-denied');
    expect(allowed('arn:aws:sagemaker:eu-west-1?111122223333:endpoint-config/churn-1')).toBe('implicitly-denied');
  });

  test('a deny wins over every allow: how an endpoint keeps off another whose name begins with its own', () => {
    const configs = (name: string) => `arn:aws:sagemaker:eu-west-1:111122223333:endpoint-config/${name}`;
    const update = { Action: 'sagemaker:UpdateEndpoint' };
    const own = policyOf(statement({ ...update, Resource: configs('churn-*') }));
    const guard = policyOf(statement({ ...update, Effect: 'Deny', Resource: configs('churn-eu-*') }));
    const theirs = configs('churn-eu-1-4-0-0a1b2c3d');
    expect(ask([own], 'sagemaker:UpdateEndpoint', theirs)).toBe('allowed');
    expect(ask([own, guard], 'sagemaker:UpdateEndpoint', theirs)).toBe('explicitly-denied');
    expect(ask([own, guard], 'sagemaker:UpdateEndpoint', configs('churn-1-4-0-0a1b2c3d'))).toBe('allowed');
  });
});

describe('conditions', () => {
  const object = 'arn:aws:s3:::ml-releases/a';
  test('all of a statement must hold, one of several values is enough', () => {
    const policies = [
      policyOf(
        statement({
          Condition: { Null: { 's3:if-none-match': 'false' }, StringEquals: { 's3:if-match': ['a', 'b'] } },
        }),
      ),
    ];
    const both = { 's3:if-none-match': ['*'], 's3:if-match': ['b'] };
    expect(ask(policies, 's3:PutObject', object, both)).toBe('allowed');
    expect(ask(policies, 's3:PutObject', object, { 's3:if-match': ['b'] })).toBe('implicitly-denied');
    expect(ask(policies, 's3:PutObject', object, { ...both, 's3:if-match': ['c'] })).toBe('implicitly-denied');
  });

  test('names of keys and actions are not case-sensitive, values are', () => {
    const grant = (Condition: object) => [policyOf(statement({ Action: 'KMS:createGrant', Resource: '*', Condition }))];
    const requested = (Condition: object) => {
      const asked = { action: 'kms:CreateGrant', resource: 'key' };
      return evaluate(grant(Condition), {
        ...asked,
        context: (key) => (key.toLowerCase() === 'kms:viaservice' ? ['sagemaker'] : []),
      });
    };
    expect(requested({ StringEquals: { 'KMS:viaService': 'sagemaker' } })).toBe('allowed');
    expect(requested({ StringEquals: { 'kms:ViaService': 'SageMaker' } })).toBe('implicitly-denied');
    expect(requested({ StringEqualsIgnoreCase: { 'kms:ViaService': 'SageMaker' } })).toBe('allowed');
  });

  test.each([
    ['StringEquals', 'implicitly-denied'],
    ['StringLike', 'implicitly-denied'],
    ['StringNotEquals', 'allowed'],
    ['StringNotLike', 'allowed'],
    ['StringEqualsIfExists', 'allowed'],
    ['StringNotEqualsIfExists', 'allowed'],
  ])('%s with an absent key: %s', (operator, decision) => {
    const policies = [policyOf(statement({ Condition: { [operator]: { 's3:if-match': 'a' } } }))];
    expect(ask(policies, 's3:PutObject', object)).toBe(decision);
  });

  test('a set operator looks at each value: all of none hold, any of none does not', () => {
    const decide = (operator: string, aliases: readonly string[]) =>
      ask(
        [
          policyOf(
            statement({
              Action: 'kms:CreateGrant',
              Resource: '*',
              Condition: { [operator]: { 'kms:ResourceAliases': ['alias/ml', 'alias/ml-*'] } },
            }),
          ),
        ],
        'kms:CreateGrant',
        'key',
        { 'kms:ResourceAliases': aliases },
      );
    const mixed = ['alias/ml-2', 'alias/payroll'];
    expect(decide('ForAllValues:StringLike', [])).toBe('allowed');
    expect(decide('ForAllValues:StringLike', mixed)).toBe('implicitly-denied');
    expect(decide('ForAnyValue:StringLike', [])).toBe('implicitly-denied');
    expect(decide('ForAnyValue:StringLike', mixed)).toBe('allowed');
    expect(decide('ForAnyValue:StringNotLike', ['alias/ml', 'alias/ml-2'])).toBe('implicitly-denied');
    expect(decide('ForAnyValue:StringNotLike', mixed)).toBe('allowed');
    expect(decide('ForAllValues:StringNotLike', mixed)).toBe('implicitly-denied');
  });

  test('a condition on an absent key holds for Null true only', () => {
    const grant = (Condition: object) => [policyOf(statement({ Action: 'kms:CreateGrant', Resource: '*', Condition }))];
    const requested = (Condition: object) => ask(grant(Condition), 'kms:CreateGrant', 'key');
    expect(requested({ Null: { 'kms:ViaService': 'true' } })).toBe('allowed');
    expect(requested({ Null: { 'kms:ViaService': 'false' } })).toBe('implicitly-denied');
    expect(requested({ StringEquals: { 'kms:ViaService': 'x' } })).toBe('implicitly-denied');
    expect(requested({ Bool: { 'kms:GrantIsForAWSResource': 'false' } })).toBe('implicitly-denied');
    expect(requested({ 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'x' } })).toBe('implicitly-denied');
  });
});
