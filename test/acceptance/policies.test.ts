import { DeregisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CopyObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type PolicyName, type PublishedName, policyNames } from '../../src/permissions.ts';
import { type Account, clientsOf, openAccount, refusalOf } from '../simulator/support/account.ts';
import { waiting } from '../support/duties.ts';
import { publishedAs } from '../support/policy-requests.ts';

/** What a role with a published policy could do with an SDK and bad will, where a condition or a resource stands before it. */
let account: Account;
beforeEach(async () => {
  account = await openAccount({ roles: ['intruder', 'churn-serving'] });
});
afterEach(() => account.simulator.close());

type Clients = ReturnType<typeof clientsOf>;

const as = async (policy: PublishedName): Promise<Clients> => {
  for (const document of publishedAs(policy)) account.simulator.attachPolicy('intruder', document);
  const requested = { RoleArn: 'arn:aws:iam::111122223333:role/intruder', RoleSessionName: 'r1' };
  const { Credentials } = await account.sts.send(new AssumeRoleCommand(requested));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return clientsOf(account.simulator, {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  });
};

const denied = async (call: Promise<unknown>, action: string): Promise<void> =>
  expect(await refusalOf(call)).toMatch(
    new RegExp(`^AccessDenied.* not authorized to perform: ${action} .* because no identity-based policy allows`),
  );
/** It got past IAM: whatever the operation itself then says. */
const passed = async (call: Promise<unknown>): Promise<void> =>
  expect((await refusalOf(call)) ?? '').not.toMatch(/AccessDenied/);

const registered = {
  ModelPackageGroupName: 'churn',
  ModelPackageDescription: 'churn_v1.4.0',
  CustomerMetadataProperties: { 'content-digest': '77d0' },
  InferenceSpecification: {
    Containers: [
      { Image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn-serving:1', ModelDataUrl: 's3://ml-artifacts/m' },
    ],
    SupportedContentTypes: ['text/csv'],
    SupportedResponseMIMETypes: ['text/csv'],
  },
};
const other = {
  Containers: [{ ...registered.InferenceSpecification.Containers[0], ModelDataUrl: 's3://ml-artifacts/evil' }],
};

describe('who registers', () => {
  test('cannot register an approved version, nor one whose status AWS would choose', async () => {
    await account.simulator.call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: 'churn' });
    const { sagemaker } = await as('register-model');
    const create = (more: object) => sagemaker.send(new CreateModelPackageCommand({ ...registered, ...more }));
    await denied(create({ ModelApprovalStatus: 'Approved' }), 'sagemaker:CreateModelPackage');
    await denied(create({}), 'sagemaker:CreateModelPackage');
    expect(await refusalOf(create({ ModelApprovalStatus: 'PendingManualApproval' }))).toBeUndefined();
  });

  test('cannot change an approved version and leave it approved', async () => {
    await account.simulator.call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: 'churn' });
    const { ModelPackageArn = '' } = (await account.simulator.call('sagemaker', 'CreateModelPackage', {
      ...registered,
      ModelApprovalStatus: 'Approved',
    })) as { ModelPackageArn?: string };
    const { sagemaker } = await as('register-model');
    const update = (more: object) => sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ...more }));
    const changes: readonly object[] = [
      { InferenceSpecification: other },
      { InferenceSpecification: other, CustomerMetadataProperties: { 'content-digest': 'another' } },
      { ModelApprovalStatus: 'Approved' },
      { ModelApprovalStatus: 'PendingManualApproval' },
      { ModelApprovalStatus: 'Rejected', CustomerMetadataProperties: { 'content-digest': 'another' } },
      { ModelApprovalStatus: 'Rejected', CustomerMetadataPropertiesToRemove: ['content-digest'] },
    ];
    for (const change of changes) await denied(update(change), 'sagemaker:UpdateModelPackage');
    expect(
      await account.simulator.call('sagemaker', 'DescribeModelPackage', { ModelPackageName: ModelPackageArn }),
    ).toMatchObject({ ModelApprovalStatus: 'Approved', ...registered });
    expect(await refusalOf(update({ ModelApprovalStatus: 'Rejected' }))).toBeUndefined();
  });

  test('cannot replace an artifact or an evaluation, only add one', async () => {
    const { s3 } = await as('register-model');
    account.simulator.objects.put('ml-training', 'model.tar.gz', Buffer.from('evil'));
    for (const folder of ['artifacts', 'evaluations']) {
      const Key = `churn/${folder}/4be1.tar.gz`;
      const address = { Bucket: 'ml-releases', Key };
      const put = (more: object) => s3.send(new PutObjectCommand({ ...address, Body: 'evil', ...more }));
      const copy = (more: object) =>
        s3.send(new CopyObjectCommand({ ...address, CopySource: 'ml-training/model.tar.gz', ...more }));
      await denied(put({}), 's3:PutObject');
      await denied(put({ IfMatch: '"0"' }), 's3:PutObject');
      await denied(copy({}), 's3:PutObject');
      expect(await refusalOf(copy({ IfNoneMatch: '*' }))).toBeUndefined();
      expect(await refusalOf(put({ IfNoneMatch: '*' }))).toMatch(/^PreconditionFailed/);
    }
  });

  test('cannot write a release record', async () => {
    const { s3 } = await as('register-model');
    const put = { Bucket: 'ml-releases', Key: 'churn/churn/record.json', Body: '{}', IfNoneMatch: '*' };
    await denied(s3.send(new PutObjectCommand(put)), 's3:PutObject');
  });
});

test('who approves decides, and changes nothing beside it', async () => {
  const ModelPackageArn = await waiting(account.simulator);
  const { sagemaker } = await as('approver');
  const update = (more: object) => sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ...more }));
  const decision = { ModelApprovalStatus: 'Approved', ApprovalDescription: 'recall holds' };
  await denied(update({ InferenceSpecification: other }), 'sagemaker:UpdateModelPackage');
  await denied(
    update({ ...decision, CustomerMetadataProperties: { 'content-digest': 'another' } }),
    'sagemaker:UpdateModelPackage',
  );
  expect(await refusalOf(update(decision))).toBeUndefined();
  await denied(sagemaker.send(new CreateModelPackageCommand(registered)), 'sagemaker:CreateModelPackage');
});

test('the role that runs the gate decides nothing', async () => {
  const ModelPackageArn = await waiting(account.simulator);
  const { sagemaker } = await as('approve-gate');
  for (const ModelApprovalStatus of ['Approved', 'Rejected'] as const)
    await denied(
      sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus })),
      'sagemaker:UpdateModelPackage',
    );
});

test('the policy for stages allows a stage with its status, and decides nothing', async () => {
  const ModelPackageArn = await waiting(account.simulator);
  const { sagemaker } = await as('life-cycle');
  const update = (more: object) => sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ...more }));
  const ModelLifeCycle = { Stage: 'Production', StageStatus: 'Approved' };
  await denied(update({ ModelApprovalStatus: 'Approved' }), 'sagemaker:UpdateModelPackage');
  await denied(update({ ModelLifeCycle, ModelApprovalStatus: 'Approved' }), 'sagemaker:UpdateModelPackage');
  await denied(
    update({ ModelLifeCycle, CustomerMetadataProperties: { 'content-digest': 'another' } }),
    'sagemaker:UpdateModelPackage',
  );
  await denied(update({ InferenceSpecification: other }), 'sagemaker:UpdateModelPackage');
  expect(await refusalOf(update({ ModelLifeCycle }))).toBeUndefined();
});

/** Whether a policy lets its role publish on the endpoint and keep the record of it. */
const publishes: Readonly<Record<PolicyName, boolean>> = {
  'register-model': false,
  'approve-gate': false,
  // Only temporary endpoints.
  'regression-test': false,
  plan: false,
  'deploy-endpoint': true,
  'shift-traffic': true,
  rollback: true,
};

describe.each(policyNames.filter((name) => publishes[name]))('who has the policy of %s', (policy) => {
  test('publishes on its endpoint only what was made for it', async () => {
    const { sagemaker } = await as(policy);
    const update = (EndpointName: string, EndpointConfigName: string) =>
      sagemaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName }));
    await denied(update('churn', 'fraud-1-4-0-0a1b2c3d'), 'sagemaker:UpdateEndpoint');
    await denied(update('churn', 'made-at-the-console'), 'sagemaker:UpdateEndpoint');
    await denied(update('fraud', 'churn-1-4-0-0a1b2c3d'), 'sagemaker:UpdateEndpoint');
    await passed(update('churn', 'churn-1-4-0-0a1b2c3d'));
  });

  test('writes no record without saying what it follows', async () => {
    const { s3 } = await as(policy);
    const put = (more: object) =>
      s3.send(new PutObjectCommand({ Bucket: 'ml-releases', Key: 'churn/churn/record.json', Body: '{}', ...more }));
    await denied(put({}), 's3:PutObject');
    expect(await refusalOf(put({ IfNoneMatch: '*' }))).toBeUndefined();
    expect(await refusalOf(put({ IfMatch: '"stale"' }))).toMatch(/^PreconditionFailed/);
    const artifact = { Bucket: 'ml-releases', Key: 'churn/artifacts/4be1.tar.gz', Body: 'evil', IfNoneMatch: '*' };
    await denied(s3.send(new PutObjectCommand(artifact)), 's3:PutObject');
  });

  test('makes no model, config or version beyond its own', async () => {
    const { sagemaker } = await as(policy);
    const config = (EndpointConfigName: string) =>
      sagemaker.send(
        new CreateEndpointConfigCommand({
          EndpointConfigName,
          ProductionVariants: [{ VariantName: 'v', ModelName: 'm' }],
        }),
      );
    await denied(config('fraud-1-4-0-0a1b2c3d'), 'sagemaker:CreateEndpointConfig');
    if (policy === 'deploy-endpoint') return passed(config('churn-1-4-0-0a1b2c3d'));
    await denied(config('churn-1-4-0-0a1b2c3d'), 'sagemaker:CreateEndpointConfig');
    await denied(
      sagemaker.send(
        new UpdateModelPackageCommand({
          ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1',
          ModelApprovalStatus: 'Approved',
        }),
      ),
      'sagemaker:UpdateModelPackage',
    );
  });
});

describe('who tests', () => {
  const name = 'churn-test-0a1b2c3d';

  test('asks the endpoint and the temporary ones, and no other', async () => {
    const { runtime } = await as('regression-test');
    const ask = (EndpointName: string) =>
      runtime.send(new InvokeEndpointCommand({ EndpointName, Body: Buffer.from('1'), ContentType: 'text/csv' }));
    await denied(ask('fraud'), 'sagemaker:InvokeEndpoint');
    await denied(ask('churn-staging'), 'sagemaker:InvokeEndpoint');
    await passed(ask('churn'));
    await passed(ask(name));
  });

  test('makes and removes temporary things alone', async () => {
    const { sagemaker } = await as('regression-test');
    for (const own of ['churn', 'churn-1-4-0-0a1b2c3d']) {
      await denied(sagemaker.send(new DeleteEndpointCommand({ EndpointName: own })), 'sagemaker:DeleteEndpoint');
      await denied(
        sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: own })),
        'sagemaker:DeleteEndpointConfig',
      );
      await denied(sagemaker.send(new DeleteModelCommand({ ModelName: own })), 'sagemaker:DeleteModel');
      await denied(
        sagemaker.send(new CreateEndpointCommand({ EndpointName: own, EndpointConfigName: name })),
        'sagemaker:CreateEndpoint',
      );
    }
    await denied(
      sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: 'churn-1-4-0-0a1b2c3d' })),
      'sagemaker:CreateEndpoint',
    );
    await denied(
      sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'churn', EndpointConfigName: name })),
      'sagemaker:UpdateEndpoint',
    );
    await passed(sagemaker.send(new DeleteEndpointCommand({ EndpointName: name })));
    await passed(sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: name })));
    await passed(sagemaker.send(new DeleteModelCommand({ ModelName: name })));
    await passed(sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name })));
  });

  test('writes no release record, and no verdict without saying what it follows', async () => {
    const { s3 } = await as('regression-test');
    const put = (path: string, more: object = {}) =>
      s3.send(new PutObjectCommand({ Bucket: 'ml-releases', Key: `churn/churn/${path}`, Body: '{}', ...more }));
    await denied(put('record.json', { IfNoneMatch: '*' }), 's3:PutObject');
    await denied(put('regression/0a1b/test.json'), 's3:PutObject');
    await denied(put('regression/0a1b/1/rows/000001.jsonl'), 's3:PutObject');
    expect(await refusalOf(put('regression/0a1b/test.json', { IfNoneMatch: '*' }))).toBeUndefined();
    await denied(put('regression/0a1b/1/evaluation.json'), 's3:PutObject');
    expect(await refusalOf(put('regression/0a1b/1/evaluation.json', { IfNoneMatch: '*' }))).toBeUndefined();
  });

  test('notes a verdict in a package, and decides nothing about it', async () => {
    const ModelPackageArn = await waiting(account.simulator);
    const { sagemaker } = await as('regression-test');
    const update = (more: object) => sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ...more }));
    await denied(update({ ModelApprovalStatus: 'Approved' }), 'sagemaker:UpdateModelPackage');
    await denied(
      update({ CustomerMetadataProperties: { 'content-digest': 'another' } }),
      'sagemaker:UpdateModelPackage',
    );
    expect(
      await refusalOf(update({ CustomerMetadataProperties: { 'regression-test': 'pass for production' } })),
    ).toBeUndefined();
  });
});

describe('who deploys', () => {
  test('serves no package of another model, and gives no other role', async () => {
    const { sagemaker } = await as('deploy-endpoint');
    const make = (group: string, role: string) =>
      sagemaker.send(
        new CreateModelCommand({
          ModelName: 'churn-1-4-0-0a1b2c3d',
          PrimaryContainer: { ModelPackageName: `arn:aws:sagemaker:eu-west-1:111122223333:model-package/${group}/1` },
          ExecutionRoleArn: `arn:aws:iam::111122223333:role/${role}`,
        }),
      );
    await denied(make('fraud', 'churn-serving'), 'sagemaker:CreateModel');
    await denied(make('churn', 'admin'), 'iam:PassRole');
    await passed(make('churn', 'churn-serving'));
  });

  test('tags what it makes, and nothing that was made before', async () => {
    const { sagemaker } = await as('deploy-endpoint');
    const tag = (resource: string) =>
      sagemaker.send(
        new AddTagsCommand({
          ResourceArn: `arn:aws:sagemaker:eu-west-1:111122223333:${resource}`,
          Tags: [{ Key: 'team', Value: 'x' }],
        }),
      );
    await denied(tag('endpoint-config/churn-1-4-0-0a1b2c3d'), 'sagemaker:AddTags');
    await denied(tag('endpoint/fraud'), 'sagemaker:AddTags');
    await passed(tag('endpoint/churn'));
  });

  test('arms no alarm that does something, and no metric of others', async () => {
    const { cloudwatch } = await as('deploy-endpoint');
    const alarm = (AlarmName: string, AlarmActions?: string[]) =>
      cloudwatch.send(
        new PutMetricAlarmCommand({
          AlarmName,
          Namespace: 'AWS/SageMaker',
          MetricName: 'Invocations',
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanThreshold',
          ...(AlarmActions ? { AlarmActions } : {}),
        }),
      );
    await denied(
      alarm('churn-errors', ['arn:aws:lambda:eu-west-1:111122223333:function:f']),
      'cloudwatch:PutMetricAlarm',
    );
    await denied(alarm('fraud-errors'), 'cloudwatch:PutMetricAlarm');
    await passed(alarm('churn-errors'));
    const data = (Namespace: string) =>
      cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: 'm', Value: 1 }] }));
    await denied(data('Acme/Garden'), 'cloudwatch:PutMetricData');
    await passed(data('ModelDelivery'));
  });

  test('sets no other scaling aside than that of instance counts', async () => {
    const { autoscaling } = await as('deploy-endpoint');
    const deregister = (
      ServiceNamespace: 'sagemaker' | 'ecs',
      ScalableDimension:
        | 'ecs:service:DesiredCount'
        | 'sagemaker:variant:DesiredInstanceCount'
        | 'sagemaker:inference-component:DesiredCopyCount',
    ) =>
      autoscaling.send(
        new DeregisterScalableTargetCommand({
          ServiceNamespace,
          ScalableDimension,
          ResourceId: 'endpoint/churn/variant/AllTraffic',
        }),
      );
    const action = 'application-autoscaling:DeregisterScalableTarget';
    await denied(deregister('ecs', 'ecs:service:DesiredCount'), action);
    await denied(deregister('sagemaker', 'sagemaker:inference-component:DesiredCopyCount'), action);
    await passed(deregister('sagemaker', 'sagemaker:variant:DesiredInstanceCount'));
  });
});

test('who may only look and plan writes nothing', async () => {
  const { sagemaker, s3 } = await as('plan');
  const update = { EndpointName: 'churn', EndpointConfigName: 'churn-1-4-0-0a1b2c3d' };
  await denied(sagemaker.send(new UpdateEndpointCommand(update)), 'sagemaker:UpdateEndpoint');
  const put = { Bucket: 'ml-releases', Key: 'churn/churn/record.json', Body: '{}', IfNoneMatch: '*' };
  await denied(s3.send(new PutObjectCommand(put)), 's3:PutObject');
});
