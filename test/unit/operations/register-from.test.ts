import { describe, expect, test } from '@jest/globals';
import { registerModel } from '../../../src/operations/register-model.ts';
import { parseEvaluation } from '../../../src/registry/evaluation.ts';
import { account, artifactUri, imageDigest, inputs, otherDigest, repository } from '../../support/registration.ts';
import { awsError, type RegistryAws } from '../../support/registry-aws.ts';
import { runTurns } from '../../support/run-turns.ts';

const own = { image: undefined, artifact: undefined };
const metrics = {
  ModelQuality: { Statistics: { ContentType: 'application/json', S3Uri: 's3://ml-training/e.json' } },
  Bias: {},
};
const baselines = {
  ModelQuality: { Constraints: { ContentType: 'application/json', S3Uri: 's3://ml-training/c.json' } },
};

/** A package as a pipeline registered it. */
const pipeline = (more: object = {}, container: object = {}, approval = 'Approved'): RegistryAws => {
  const aws = account();
  aws.groups.add('churn');
  aws.packages.push({
    number: 1,
    arn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1',
    approval,
    approvalDescription: 'recall holds, on all slices',
    lastModifiedBy: { UserProfileName: 'alice' },
    status: 'Completed',
    input: {
      ModelPackageGroupName: 'churn',
      ModelPackageDescription: 'from the nightly training',
      InferenceSpecification: {
        Containers: [{ Image: `${repository}:1.4.0`, ModelDataUrl: artifactUri, ...container }],
        SupportedContentTypes: ['text/csv'],
        SupportedTransformInstanceTypes: ['ml.m5.large'],
        SupportedRealtimeInferenceInstanceTypes: ['ml.m5.large'],
      },
      ModelMetrics: metrics,
      DriftCheckBaselines: baselines,
      MetadataProperties: { CommitId: 'abc', GeneratedBy: 'arn:aws:sagemaker:…:pipeline/nightly' },
      CustomerMetadataProperties: { dataset: 'churn-2026', 'git-sha': 'abc', semver: '0.0.1' },
      SecurityConfig: { KmsKeyId: 'alias/ml' },
      Task: 'CLASSIFICATION',
      ...more,
    },
  });
  return aws;
};
const takeOver = (aws: RegistryAws, changes: Parameters<typeof inputs>[0] = {}) =>
  runTurns(
    registerModel,
    inputs({ ...own, from: '1', ...changes }),
    aws.world({ run: { commit: 'def', url: 'https://x/1' } }),
  );
const made = (aws: RegistryAws): Readonly<Record<string, unknown>> => aws.packages.at(-1)?.input ?? {};

describe('a package of others that is taken over', () => {
  test.each(['1', 'churn/1', 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1'])(
    'as %s gets the version with its content pinned, and keeps what its tool wrote',
    async (from) => {
      const aws = pipeline();
      const { end } = await takeOver(aws, { from });
      expect(end).toMatchObject({
        reason: 'registered',
        outputs: { 'model-package-version': '2', 'image-digest': imageDigest },
      });
      expect(made(aws)).toMatchObject({
        ModelPackageDescription: expect.stringMatching(/^churn_v1\.4\.0: from the nightly training \(content sha256:/),
        InferenceSpecification: {
          Containers: [
            {
              Image: `${repository}@${imageDigest}`,
              ModelDataUrl: expect.stringMatching(/^s3:\/\/ml-releases\/churn\/artifacts\/[0-9a-f]{64}\.tar\.gz$/),
            },
          ],
          SupportedContentTypes: ['text/csv'],
          SupportedTransformInstanceTypes: ['ml.m5.large'],
          SupportedRealtimeInferenceInstanceTypes: ['ml.m5.large'],
        },
        ModelMetrics: metrics,
        DriftCheckBaselines: baselines,
        MetadataProperties: { CommitId: 'abc', GeneratedBy: 'arn:aws:sagemaker:…:pipeline/nightly' },
        SecurityConfig: { KmsKeyId: 'alias/ml' },
        Task: 'CLASSIFICATION',
        CustomerMetadataProperties: {
          semver: '1.4.0',
          dataset: 'churn-2026',
          'git-sha': 'abc',
          'run-url': 'https://x/1',
          'version-run': 'https://x/1',
          'taken-from': 'churn/1',
          'earlier-approval': 'Approved',
          'earlier-approval-by': 'alice',
          'earlier-approval-at': '2026-01-05T10:00:00Z',
          'earlier-approval-because': 'recall holds  on all slices',
        },
      });
    },
  );

  test.each(['Approved', 'Rejected', 'PendingManualApproval'])(
    'that is %s there waits for an approval here',
    async (approval) => {
      const aws = pipeline({}, {}, approval);
      const { end, plan } = await takeOver(aws);
      expect(end.outputs['approval-status']).toBe('PendingManualApproval');
      expect(made(aws)['ModelApprovalStatus']).toBe('PendingManualApproval');
      expect(plan?.notes.join()).toContain(`package churn/1 is ${approval}, last changed by alice`);
      expect(plan?.notes.join()).toContain('approves nothing here');
    },
  );

  test('is the same version again in a second run', async () => {
    const aws = pipeline();
    await takeOver(aws);
    expect((await takeOver(aws)).end.reason).toBe('already-registered');
    expect(aws.packages).toHaveLength(2);
  });

  test('has the image that it was registered with, when its tag has moved since', async () => {
    const aws = pipeline({}, { ImageDigest: imageDigest });
    aws.images.set('111122223333/churn:1.4.0', otherDigest);
    aws.images.set('111122223333/churn:old', imageDigest);
    expect((await takeOver(aws)).end.outputs['image-digest']).toBe(imageDigest);
  });

  test('whose artifact was overwritten since is not its content any more', async () => {
    const etag = account().objects.get(artifactUri)?.etag;
    expect((await takeOver(pipeline({}, { ModelDataETag: etag?.replaceAll('"', '') }))).end.reason).toBe('registered');
    await expect(takeOver(pipeline({}, { ModelDataETag: 'another' }))).rejects.toMatchObject({
      reason: 'artifact-changed',
      message: expect.stringContaining(`${artifactUri} was overwritten after package churn/1 was registered`),
    });
  });

  test('whose artifact this role may not read is taken over as it lies, and the plan says why and what is unknown', async () => {
    const aws = pipeline({}, { ModelDataETag: 'noted' });
    const { plan } = await runTurns(
      registerModel,
      inputs({ ...own, from: '1' }),
      aws.world({
        around: async (operation, carryOut) => {
          if (operation === 'HeadObject') throw awsError('AccessDenied', 'Access Denied');
          return carryOut();
        },
      }),
    );
    expect(plan?.notes).toEqual(
      expect.arrayContaining([
        `${artifactUri} cannot be pinned: this role may not read it, or its bucket belongs to another account, which \`bucket-owners\` in the manifest has to name`,
        `not known: whether ${artifactUri} was overwritten after package churn/1 was registered: this role may not read it`,
      ]),
    );
  });

  test('with parts that cannot be pinned is taken over all the same, and they are named', async () => {
    const aws = pipeline(
      {},
      { Image: 'registry.example.com/churn:1', ModelDataUrl: 'https://models.example.com/churn.tar.gz' },
    );
    const { plan, end } = await takeOver(aws);
    expect(end.reason).toBe('registered');
    expect(plan?.notes).toEqual(
      expect.arrayContaining([
        'the image registry.example.com/churn:1 cannot be pinned: it is not in Amazon ECR in eu-west-1',
        'https://models.example.com/churn.tar.gz cannot be pinned: it is not at an address of S3 that could be copied',
      ]),
    );
  });

  test('of an algorithm is passed on as it is', async () => {
    const algorithms = { SourceAlgorithms: [{ AlgorithmName: 'fruit', ModelDataUrl: artifactUri }] };
    const aws = pipeline({ SourceAlgorithmSpecification: algorithms, InferenceSpecification: undefined });
    const { plan } = await takeOver(aws);
    expect(made(aws)).toMatchObject({ SourceAlgorithmSpecification: algorithms });
    expect(made(aws)).not.toHaveProperty('InferenceSpecification');
    expect(plan?.notes.join()).toContain('made of an algorithm: neither image nor data can be pinned');
  });

  test('takes a new evaluation in the place of its model quality alone', async () => {
    const aws = pipeline();
    await takeOver(aws, { evaluation: parseEvaluation('{"regression_metrics":{}}', 'e.json') });
    expect(made(aws)['ModelMetrics']).toMatchObject({
      Bias: {},
      ModelQuality: { Statistics: { S3Uri: expect.stringMatching(/^s3:\/\/ml-releases\/churn\/evaluations\//) } },
    });
  });

  test.each([
    ['2', {}, 'from: there is no model package churn/2 in the account ending in 3333'],
    ['latest', {}, 'from: "latest" is no model package'],
    ['1', { image: `${repository}:1.4.0` }, 'from has the content of the version: leave out image'],
    ['1', { 'content-types': ['a/b'], artifact: artifactUri }, 'leave out artifact, content-types'],
    [
      'arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/1',
      {},
      'from: package churn/1 is in us-east-1, and the registry of this run is in eu-west-1',
    ],
  ])('as %s with %j is refused', async (from, changes, message) => {
    const aws = pipeline();
    await expect(takeOver(aws, { from, ...changes })).rejects.toThrow(message);
    expect(aws.writes()).toEqual([]);
  });

  test('that SageMaker has not completed, or that its seller hides, is refused', async () => {
    const failed = pipeline();
    for (const one of failed.packages) one.status = 'Failed';
    await expect(takeOver(failed)).rejects.toThrow('from: package churn/1 is Failed');
    const sold = pipeline({ InferenceSpecification: { Containers: [{ ProductId: 'prod-1' }] } });
    await expect(takeOver(sold)).rejects.toThrow('from: package churn/1 is of AWS Marketplace product prod-1');
  });
});

describe('a version of this suite that is taken over', () => {
  const candidate = async () => {
    const aws = account();
    const registered = inputs({ version: '1.4.0-rc.1', description: 'less churn in spring' });
    await runTurns(registerModel, registered, aws.world({ run: { commit: 'abc' } }));
    return aws;
  };

  test.each(['1.4.0-rc.1', 'v1.4.0-rc.1', 'churn_v1.4.0-rc.1', 'churn@1.4.0-rc.1'])(
    'as %s keeps content, words and commit under its new version',
    async (from) => {
      const aws = await candidate();
      const { end } = await takeOver(aws, { from });
      expect(end).toMatchObject({ reason: 'registered', outputs: { version: '1.4.0', 'model-package-version': '2' } });
      const content = /\(content sha256:[0-9a-f]{64}\)$/.exec(
        String(aws.packages[0]?.input['ModelPackageDescription']),
      )?.[0];
      expect(made(aws)).toMatchObject({
        ModelPackageDescription: `churn_v1.4.0: less churn in spring ${content}`,
        CustomerMetadataProperties: { semver: '1.4.0', 'git-sha': 'abc', 'taken-from': 'churn/1' },
      });
    },
  );

  test('that is not registered is refused, and so is another model', async () => {
    const aws = await candidate();
    await expect(takeOver(aws, { from: '1.4.0-rc.2' })).rejects.toThrow('from: churn_v1.4.0-rc.2 is not registered');
    await expect(takeOver(aws, { from: 'iris_v1.4.0' })).rejects.toThrow('is no model package');
  });
});
