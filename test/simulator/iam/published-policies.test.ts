import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { evaluate } from '../../../simulator/iam/evaluate.ts';
import { parsePolicy } from '../../../simulator/iam/policy.ts';
import { metadataKeys } from '../../../src/registry/metadata.ts';
import { type PolicyRequest, publishedPolicies, requestsUnder, sent } from '../../support/policy-requests.ts';

const demand = ({ action, resource, context }: PolicyRequest) => ({
  action,
  resource,
  context: (key: string) => context[key] ?? [],
});

describe.each(publishedPolicies())('the published policy $name, both ways', (policy) => {
  const policies = [parsePolicy(policy.document)];
  const requests = requestsUnder(policy);

  test.each(requests.filter(({ allowed }) => allowed))('allows $name', (request) => {
    expect(evaluate(policies, demand(request))).toBe('allowed');
  });

  test('has something to deny', () => {
    expect(requests.filter(({ allowed }) => !allowed).length).toBeGreaterThan(0);
  });
  test.each(requests.filter(({ allowed }) => !allowed))('denies $name', (request) => {
    expect(evaluate(policies, demand(request))).toBe('implicitly-denied');
  });

  test.each(policy.document.Statement)('$Sid: each of its conditions is what denies', (statement) => {
    const { Condition, ...open } = statement;
    const alone = requestsUnder({ name: '', document: { Version: '2012-10-17', Statement: [statement] } });
    const broken = alone.filter(({ name, allowed }) => !allowed && /, with/.test(name));
    if (Condition === undefined) expect(broken).toEqual([]);
    else expect(broken.length).toBeGreaterThanOrEqual(Object.values(Condition).flatMap(Object.keys).length);
    const unconditional = [
      parsePolicy({ Version: '2012-10-17', Statement: [open].map((one) => ({ Effect: 'Allow', ...one })) }),
    ];
    for (const request of broken) expect(evaluate(unconditional, demand(request))).toBe('allowed');
  });

  test('writes what only AWS may answer for on a resource of its own', () => {
    for (const { Sid, Action, Resource } of policy.document.Statement)
      if (Resource.includes('*')) {
        expect({ Sid, Resource }).toEqual({ Sid, Resource: ['*'] });
        // AWS Service Authorization Reference: these take no resource, or a data set that the account need not have. CodeDeploy's name a
        // deployment alone: StopDeployment, ContinueDeployment and the targets have no resource, and the group of GetDeployment is not in the
        // request.
        for (const action of Action)
          expect(action).toMatch(
            /^(application-autoscaling:Describe|cloudwatch:(DescribeAlarm|GetMetricData|PutMetricData)|codedeploy:((Get|Stop|Continue)Deployment|GetDeploymentTarget|ListDeploymentTargets|PutLifecycleEventHookExecutionStatus)$|ecs:DescribeTaskDefinition$|sagemaker:List(InferenceExperiments|Endpoints|EndpointConfigs|Models)$)/,
          );
      }
  });
});

describe('no condition is lost', () => {
  const statements = publishedPolicies().flatMap(({ document }) => document.Statement);
  const keysOf = ({ Condition = {} }: (typeof statements)[number], ...operators: readonly string[]) =>
    Object.entries(Condition).flatMap(([operator, keys]) => (operators.includes(operator) ? Object.keys(keys) : []));

  test.each(Object.entries(sent))('%s has a condition on all that its requests carry', (Sid, context) => {
    const named = statements.filter((statement) => statement.Sid === Sid);
    expect(named.length).toBeGreaterThan(0);
    for (const statement of named) {
      const asksFor = Object.entries(statement.Condition?.['Null'] ?? {}).flatMap(([key, value]) =>
        value === 'false' ? [key] : [],
      );
      const compared = keysOf(statement, 'StringEquals', 'Bool', 'ForAnyValue:StringEquals', 'ForAnyValue:StringLike');
      expect([...compared, ...asksFor].sort()).toEqual(Object.keys(context).sort());
    }
  });

  test.each(['RejectADuplicate', 'ApproveOrReject'])('%s keeps every fact that a registration writes', (Sid) => {
    const facts = Object.values(metadataKeys).map((name) => `sagemaker:CustomerMetadataProperties/${name}`);
    const also = [
      'sagemaker:CustomerMetadataPropertiesToRemove',
      'sagemaker:ModelLifeCycle:Stage',
      'sagemaker:ModelLifeCycle:StageStatus',
    ];
    for (const statement of statements.filter((one) => one.Sid === Sid))
      expect(keysOf(statement, 'Null').sort()).toEqual([...facts, ...also].sort());
  });

  test('a write of a stage decides nothing', () => {
    for (const statement of statements.filter(({ Sid }) => Sid === 'WriteTheStage'))
      expect(statement.Condition?.['Null']).toMatchObject({
        'sagemaker:ModelApprovalStatus': 'true',
        'sagemaker:CustomerMetadataProperties/content-digest': 'true',
        'sagemaker:ModelLifeCycle:Stage': 'false',
      });
    expect(statements.filter(({ Sid }) => Sid === 'WriteTheStage')).toHaveLength(1);
  });

  test('alarms of the suite have no actions, and writes to S3 are conditional', () => {
    for (const { Sid, Action, Condition } of statements) {
      if (Sid === 'ArmTheRelease') expect(Condition).toEqual({ Null: { 'cloudwatch:AlarmActions': 'true' } });
      // The beginning and the parts of a copy make no object; its end does, and has a condition.
      if (Sid === 'CopyInParts') expect(Condition).toEqual({ Bool: { 's3:ObjectCreationOperation': 'false' } });
      else if (Action.includes('s3:PutObject'))
        expect(Object.keys(Condition?.['Null'] ?? {})).toEqual([expect.stringMatching(/^s3:if-(none-)?match$/)]);
    }
  });
});

test('the guard that the page gives for endpoint names that begin alike', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/permissions/README.md'), 'utf8');
  const blocks = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => parsePolicy(JSON.parse(text)));
  expect(blocks).toHaveLength(1);
  const published = publishedPolicies().map(({ document }) => parsePolicy(document));
  const ask = (policies: Parameters<typeof evaluate>[0], action: string, resource: string) =>
    evaluate(policies, { action, resource: `arn:aws:${resource}`, context: () => [] });
  const mine = 'sagemaker:eu-west-1:111122223333:endpoint-config/churn-1-4-0-0a1b2c3d';
  const theirs = [
    ['sagemaker:UpdateEndpoint', 'sagemaker:eu-west-1:111122223333:endpoint-config/churn-eu-1-4-0-0a1b2c3d'],
    ['sagemaker:CreateModel', 'sagemaker:eu-west-1:111122223333:model/churn-eu-1-4-0-0a1b2c3d'],
    ['cloudwatch:DeleteAlarms', 'cloudwatch:eu-west-1:111122223333:alarm:churn-eu-1-4-0-0a1b2c3d-errors-0a1b2c3d'],
  ] as const;
  for (const [action, resource] of theirs) {
    expect(ask(published, action, resource)).toBe('allowed');
    expect(ask([...published, ...blocks], action, resource)).toBe('explicitly-denied');
  }
  expect(ask([...published, ...blocks], 'sagemaker:UpdateEndpoint', mine)).toBe('allowed');
});
