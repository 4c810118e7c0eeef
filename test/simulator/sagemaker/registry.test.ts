import { describe, expect, test } from '@jest/globals';
import { accountId, image, imageDigest, simulatedAws } from '../support/simulated-aws.ts';

const group = `arn:aws:sagemaker:eu-west-1:${accountId}:model-package-group/iris`;
const version = (number: number): string => `arn:aws:sagemaker:eu-west-1:${accountId}:model-package/iris/${number}`;

const registry = (settings = {}) => {
  const far = simulatedAws(settings);
  far.call('CreateModelPackageGroup', { ModelPackageGroupName: 'iris', Tags: [{ Key: 'team', Value: 'flowers' }] });
  const register = (more: object = {}): string =>
    far.call('CreateModelPackage', {
      ModelPackageGroupName: 'iris',
      InferenceSpecification: {
        Containers: [{ Image: image, ModelDataUrl: 's3://models/iris.tar.gz' }],
        SupportedContentTypes: ['text/csv'],
      },
      ...more,
    }).ModelPackageArn;
  return { far, register };
};

/** reference/sagemaker.md §1.2–§1.5. */
describe('the model registry', () => {
  test('a group exists once; a second create is refused, for there is no client token', () => {
    const { far } = registry();
    expect(far.refusal('CreateModelPackageGroup', { ModelPackageGroupName: 'iris' })).toMatch(
      /^ValidationException: Model Package Group already exists/,
    );
    expect(far.call('DescribeModelPackageGroup', { ModelPackageGroupName: group })).toMatchObject({
      ModelPackageGroupArn: group,
      ModelPackageGroupStatus: 'Completed',
    });
    expect(far.call('ListModelPackageGroups', {}).ModelPackageGroupSummaryList).toHaveLength(1);
  });

  test('versions count up per group and are never reused', () => {
    const { far, register } = registry();
    expect([register(), register()]).toEqual([version(1), version(2)]);
    far.call('DeleteModelPackage', { ModelPackageName: version(2) });
    expect(register()).toBe(version(3));
    expect(far.refusal('DeleteModelPackageGroup', { ModelPackageGroupName: 'iris' })).toMatch(/^ConflictException/);
    for (const number of [1, 3]) far.call('DeleteModelPackage', { ModelPackageName: version(number) });
    far.call('DeleteModelPackageGroup', { ModelPackageGroupName: 'iris' });
    expect(far.refusal('DescribeModelPackageGroup', { ModelPackageGroupName: 'iris' })).toBe(
      `ValidationException: ModelPackageGroup ${group} does not exist.`,
    );
  });

  test('the service fills in the digest of the image', () => {
    const { far, register } = registry();
    const described = far.call('DescribeModelPackage', { ModelPackageName: register() });
    expect(described.InferenceSpecification.Containers[0]).toMatchObject({ Image: image, ImageDigest: imageDigest });
    expect(described).toMatchObject({
      ModelPackageVersion: 1,
      ModelPackageStatus: 'Completed',
      ModelApprovalStatus: 'PendingManualApproval',
    });
  });

  test('a life cycle has a stage and a status; a new one replaces it and changes nothing else', () => {
    const { far, register } = registry();
    const ModelPackageArn = register({ ModelPackageDescription: 'iris_v1.0.0', ModelApprovalStatus: 'Approved' });
    const before = far.call('DescribeModelPackage', { ModelPackageName: ModelPackageArn });
    const update = (ModelLifeCycle: object) => ({ ModelPackageArn, ModelLifeCycle });
    const development = { Stage: 'Development', StageStatus: 'InProgress', StageDescription: 'first look' };
    far.call('UpdateModelPackage', update(development));
    expect(far.call('DescribeModelPackage', { ModelPackageName: ModelPackageArn }).ModelLifeCycle).toEqual(development);
    const production = { Stage: 'Production', StageStatus: 'Approved' };
    far.call('UpdateModelPackage', update(production));
    const { ModelLifeCycle, LastModifiedTime, LastModifiedBy, ...rest } = far.call('DescribeModelPackage', {
      ModelPackageName: ModelPackageArn,
    });
    expect(ModelLifeCycle).toEqual(production);
    expect([LastModifiedTime, LastModifiedBy]).toEqual([expect.any(Number), expect.anything()]);
    expect(rest).toEqual(before);
    expect(
      far.call('ListModelPackages', { ModelPackageGroupName: 'iris' }).ModelPackageSummaryList[0].ModelLifeCycle,
    ).toEqual(production);
    expect(far.refusal('UpdateModelPackage', update({ Stage: 'Production' }))).toMatch(
      /stageStatus.*must not be null/i,
    );
    expect(far.refusal('UpdateModelPackage', update({ ...production, Stage: 'in production' }))).toMatch(
      /stage.*must satisfy regular expression pattern/i,
    );
  });

  test('a client token: same body, same version; another body is a conflict', () => {
    const { far, register } = registry();
    expect([register({ ClientToken: 't' }), register({ ClientToken: 't' })]).toEqual([version(1), version(1)]);
    const other = { ModelPackageGroupName: 'iris', ModelPackageDescription: 'other', ClientToken: 't' };
    expect(far.refusal('CreateModelPackage', other)).toMatch(/^ConflictException/);
  });

  test('a version takes no tags and needs its group', () => {
    const { far } = registry();
    const refused = (input: object) => far.refusal('CreateModelPackage', input);
    expect(refused({ ModelPackageGroupName: 'iris', Tags: [{ Key: 'a', Value: 'b' }] })).toMatch(
      /^ValidationException: Tags cannot/,
    );
    expect(refused({ ModelPackageGroupName: 'none' })).toMatch(
      /^ValidationException: ModelPackageGroup .*\/none does not exist\.$/,
    );
    expect(refused({ ModelPackageGroupName: 'iris', ModelPackageName: 'iris' })).toMatch(/^ValidationException/);
  });

  test('updates: approval and metadata; no metrics, no description', () => {
    const { far, register } = registry();
    register({ ModelPackageDescription: 'iris_v1.0.0', CustomerMetadataProperties: { a: '1', b: '2' } });
    far.after(60);
    far.call('UpdateModelPackage', {
      ModelPackageArn: version(1),
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'by two people',
      CustomerMetadataProperties: { c: '3' },
      CustomerMetadataPropertiesToRemove: ['a'],
    });
    const described = far.call('DescribeModelPackage', { ModelPackageName: 'iris/1' });
    expect(described).toMatchObject({
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'by two people',
      ModelPackageDescription: 'iris_v1.0.0',
      CustomerMetadataProperties: { b: '2', c: '3' },
      LastModifiedBy: { IamIdentity: { Arn: `arn:aws:iam::${accountId}:user/tester` } },
    });
    expect(described.CustomerMetadataProperties).not.toHaveProperty('a');
    expect(described.LastModifiedTime - described.CreationTime).toBe(60);
  });

  test('listings: oldest first by default, filtered, sorted, paged', () => {
    const { far, register } = registry();
    for (const status of ['Approved', 'Rejected', 'Approved', 'PendingManualApproval']) {
      register({ ModelApprovalStatus: status });
      far.after(1);
    }
    const list = (input: object): readonly number[] =>
      far
        .call('ListModelPackages', input)
        .ModelPackageSummaryList.map((item: { ModelPackageVersion: number }) => item.ModelPackageVersion);
    expect(list({ ModelPackageGroupName: 'iris' })).toEqual([1, 2, 3, 4]);
    expect(
      list({ ModelPackageGroupName: group, SortOrder: 'Descending', ModelApprovalStatus: 'Approved', MaxResults: 1 }),
    ).toEqual([3]);
    const created = far.call('DescribeModelPackage', { ModelPackageName: 'iris/2' }).CreationTime;
    expect(list({ ModelPackageGroupName: 'iris', CreationTimeAfter: created })).toEqual([3, 4]);
    expect(list({ ModelPackageGroupName: 'iris', CreationTimeBefore: created })).toEqual([1]);
    expect(list({})).toEqual([]);
    expect(list({ ModelPackageType: 'Both', NameContains: 'iri' })).toHaveLength(4);
    const first = far.call('ListModelPackages', { ModelPackageGroupName: 'iris', MaxResults: 3 });
    expect(list({ ModelPackageGroupName: 'iris', MaxResults: 3, NextToken: first.NextToken })).toEqual([4]);
    expect(far.refusal('ListModelPackages', { ModelPackageGroupName: 'iris', NextToken: 'x' })).toMatch(
      /^ValidationException/,
    );
  });

  test('a listing may lag behind a creation', () => {
    const { far, register } = registry({ packageListedAfterMs: 10_000 });
    register();
    const count = () => far.call('ListModelPackages', { ModelPackageGroupName: 'iris' }).ModelPackageSummaryList.length;
    expect(count()).toBe(0);
    far.after(10);
    expect(count()).toBe(1);
  });

  test('an unapproved package is refused where the setting says', () => {
    const tryOut = (unapprovedRefusedAt: 'CreateModel' | 'CreateEndpoint' | 'never') => {
      const { far, register } = registry({ unapprovedRefusedAt });
      far.objects.set('models/iris.tar.gz', Buffer.from('an artifact'));
      const ModelPackageName = register();
      const made = far.refusal('CreateModel', { ModelName: 'm', Containers: [{ ModelPackageName }] });
      if (!made.startsWith('not refused')) return made;
      const variant = { VariantName: 'A', ModelName: 'm', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };
      far.call('CreateEndpointConfig', { EndpointConfigName: 'c', ProductionVariants: [variant] });
      return far.refusal('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'c' });
    };
    expect(tryOut('CreateModel')).toMatch(/^ValidationException: Model package .*Approved to deploy/);
    expect(tryOut('CreateEndpoint')).toMatch(/^ValidationException: Model package .*Approved to deploy/);
    expect(tryOut('never')).toMatch(/^not refused/);
  });

  test('a training job is complete at once and tells its artifact and what it reported', () => {
    const { far } = registry();
    far.call('CreateTrainingJob', {
      TrainingJobName: 'job',
      RoleArn: `arn:aws:iam::${accountId}:role/training`,
      AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: 'File' },
      OutputDataConfig: { S3OutputPath: 's3://models/out/' },
      ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
      StoppingCondition: { MaxRuntimeInSeconds: 3600 },
    });
    far.sagemaker.reportTraining('job', [{ MetricName: 'validation:accuracy', Value: 0.96 }]);
    expect(far.call('DescribeTrainingJob', { TrainingJobName: 'job' })).toMatchObject({
      TrainingJobStatus: 'Completed',
      ModelArtifacts: { S3ModelArtifacts: 's3://models/out/job/output/model.tar.gz' },
      FinalMetricDataList: [{ MetricName: 'validation:accuracy', Value: 0.96 }],
    });
  });
});
