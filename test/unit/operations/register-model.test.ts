import { describe, expect, test } from '@jest/globals';
import { readInputs } from '../../../src/inputs/read-inputs.ts';
import { registerModel } from '../../../src/operations/register-model.ts';
import { registerModelInputs } from '../../../src/operations/register-model-inputs.ts';
import { parseEvaluation } from '../../../src/registry/evaluation.ts';
import { account, artifactUri, imageDigest, inputs, otherDigest, repository } from '../../support/registration.ts';
import { runTurns } from '../../support/run-turns.ts';

// sha256sum of "the model", computed outside this suite.
const artifactSha256 = '36cc7e3d6f6200756c81e18470827e9dac1c602fcd87761cbb0b8f015611c098';
const pinnedKey = `s3://ml-releases/churn/artifacts/${artifactSha256}.tar.gz`;
const evaluation = parseEvaluation('{"regression_metrics":{"mae":{"value":0.4}}}', 'evaluation.json');

describe('a first registration', () => {
  test('makes the group, pins the artifact, keeps the evaluation, creates the package: one write a turn', async () => {
    const aws = account();
    const world = aws.world({
      run: {
        commit: 'c0ffee',
        ref: 'refs/tags/churn_v1.4.0',
        repository: 'acme/churn',
        url: 'https://github.com/acme/churn/actions/runs/1',
      },
    });
    const { end, turns } = await runTurns(
      registerModel,
      inputs({
        evaluation,
        description: 'fewer false\nalarms',
        metadata: { dataset: 'churn-2026' },
        version: 'churn_v1.4.0',
      }),
      world,
    );

    expect(aws.writes()).toEqual(['CreateModelPackageGroup', 'CopyObject', 'PutObject', 'CreateModelPackage']);
    expect(turns).toBe(6);
    expect(end).toMatchObject({
      outcome: 'succeeded',
      reason: 'registered',
      because: 'churn_v1.4.0 is package 1, PendingManualApproval',
      outputs: {
        version: '1.4.0',
        tag: 'churn_v1.4.0',
        'model-package-version': '1',
        'approval-status': 'PendingManualApproval',
        'image-digest': imageDigest,
        'artifact-sha256': artifactSha256,
      },
    });
    expect(aws.objects.get(pinnedKey)?.body).toBe('the model');
    // What is there already is never overwritten.
    const stored = aws.calls.filter(({ operation }) => ['CopyObject', 'PutObject'].includes(operation));
    expect(stored.map(({ input }) => input['IfNoneMatch'])).toEqual(['*', '*']);
    expect(aws.objects.get(`s3://ml-releases/churn/evaluations/${evaluation.sha256}.json`)?.body).toBe(evaluation.text);
    expect(aws.packages[0]?.input).toEqual({
      ModelPackageGroupName: 'churn',
      ModelPackageDescription: `churn_v1.4.0: fewer false alarms (content sha256:${end.outputs['content-digest']})`,
      ModelApprovalStatus: 'PendingManualApproval',
      ClientToken: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      InferenceSpecification: { Containers: [{ Image: `${repository}@${imageDigest}`, ModelDataUrl: pinnedKey }] },
      CustomerMetadataProperties: {
        semver: '1.4.0',
        'content-digest': end.outputs['content-digest'],
        'artifact-sha256': artifactSha256,
        'image-digest': imageDigest,
        'git-sha': 'c0ffee',
        'git-ref': 'refs/tags/churn_v1.4.0',
        'run-url': 'https://github.com/acme/churn/actions/runs/1',
        dataset: 'churn-2026',
      },
      MetadataProperties: {
        CommitId: 'c0ffee',
        Repository: 'acme/churn',
        GeneratedBy: 'https://github.com/acme/churn/actions/runs/1',
      },
      ModelMetrics: {
        ModelQuality: {
          Statistics: {
            ContentType: 'application/json',
            ContentDigest: `sha256:${evaluation.sha256}`,
            S3Uri: `s3://ml-releases/churn/evaluations/${evaluation.sha256}.json`,
          },
        },
      },
    });
  });

  test('plans before it writes, and a dry run cannot write', async () => {
    const aws = account();
    const planned = await registerModel.advance(inputs({ evaluation }), undefined, aws.world({ dryRun: true }));
    expect(planned).toMatchObject({
      is: 'waiting',
      plan: {
        title: 'register churn_v1.4.0',
        changes: [
          { verb: 'create', object: 'model package group churn' },
          { verb: 'create', object: pinnedKey, details: [`copy of ${artifactUri}`] },
          { verb: 'create', object: `s3://ml-releases/churn/evaluations/${evaluation.sha256}.json` },
          { verb: 'create', object: 'model package churn_v1.4.0' },
        ],
        permissions: expect.arrayContaining(['ecr:BatchGetImage', 's3:PutObject', 'sagemaker:CreateModelPackage']),
      },
    });
    expect(aws.writes()).toEqual([]);
  });

  test('says in the plan what is reused', async () => {
    const aws = account();
    await runTurns(registerModel, inputs({ evaluation }), aws.world());
    const next = await registerModel.advance(inputs({ evaluation, version: '1.5.0' }), undefined, aws.world());
    expect(next.plan?.changes.map((change) => change.verb)).toEqual(['reuse', 'reuse', 'reuse', 'create']);
  });

  test('waits for a package that SageMaker validates, half a minute at a time', async () => {
    const aws = account({ slowPackages: 3 });
    const world = aws.world();
    const start = world.clock.now();
    expect((await runTurns(registerModel, inputs(), world)).end.reason).toBe('registered');
    expect(world.clock.now() - start).toBe(90_000);
  });

  test('may start approved, and the plan says what that means', async () => {
    const aws = account();
    const { end, plan } = await runTurns(registerModel, inputs({ 'approval-status': 'Approved' }), aws.world());
    expect(end.outputs['approval-status']).toBe('Approved');
    expect(plan?.notes).toContain('approved on registration: no approval gate will hold this version back');
  });

  test('unpinned takes image and artifact as they are named, and the plan says so', async () => {
    const aws = account();
    const { end, plan } = await runTurns(registerModel, inputs({ pin: false }), aws.world());
    expect(aws.packages[0]?.input['InferenceSpecification']).toEqual({
      Containers: [{ Image: `${repository}:1.4.0`, ModelDataUrl: artifactUri }],
    });
    expect(plan?.notes.join()).toContain('not pinned');
    expect(end.outputs).not.toHaveProperty('artifact-sha256');
    expect(aws.writes()).toEqual(['CreateModelPackageGroup', 'CreateModelPackage']);
  });

  test('says what the model takes and where it runs', async () => {
    const aws = account();
    await runTurns(
      registerModel,
      inputs({
        'container-environment': { SAGEMAKER_PROGRAM: 'inference.py' },
        'content-types': ['text/csv'],
        'response-types': ['application/json'],
        'instance-types': ['ml.m5.large'],
      }),
      aws.world(),
    );
    expect(aws.packages[0]?.input['InferenceSpecification']).toMatchObject({
      Containers: [{ Environment: { SAGEMAKER_PROGRAM: 'inference.py' } }],
      SupportedContentTypes: ['text/csv'],
      SupportedResponseMIMETypes: ['application/json'],
      SupportedRealtimeInferenceInstanceTypes: ['ml.m5.large'],
    });
  });
});

describe('a training job', () => {
  const job = {
    TrainingJobStatus: 'Completed',
    AlgorithmSpecification: { TrainingImage: `${repository}:1.4.0` },
    ModelArtifacts: { S3ModelArtifacts: artifactUri },
    FinalMetricDataList: [{ MetricName: 'validation:auc', Value: 0.93 }],
    InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 's3://ml-data/train/' } } }],
    HyperParameters: {
      max_depth: '5',
      objective: '"binary:logistic"',
      grid: '[1, 2]',
      sagemaker_region: '"eu-west-1"',
    },
  };
  const fromJob = { image: undefined, artifact: undefined, 'training-job': 'churn-7' };

  test('says image, artifact, metrics, data and hyperparameters; what does not fit is named', async () => {
    const aws = account();
    aws.trainingJobs.set('churn-7', job);
    const { end, plan } = await runTurns(registerModel, inputs(fromJob), aws.world());
    expect(end.outputs).toMatchObject({ 'image-digest': imageDigest, 'artifact-sha256': artifactSha256 });
    expect(aws.packages[0]?.input['CustomerMetadataProperties']).toMatchObject({
      'training-job': 'churn-7',
      'metric.validation:auc': '0.93',
      'training-data.train': 's3://ml-data/train/',
      'hyperparameter.max_depth': '5',
      'hyperparameter.objective': 'binary:logistic',
    });
    expect(JSON.stringify(aws.packages[0]?.input)).not.toContain('sagemaker_region');
    expect(plan?.notes).toContain('left out, because SageMaker cannot hold them as metadata: hyperparameter.grid');
  });

  test('gives way to explicit inputs', async () => {
    const aws = account();
    aws.trainingJobs.set('churn-7', job);
    const { end } = await runTurns(registerModel, inputs({ ...fromJob, image: `${repository}:other` }), aws.world());
    expect(end.outputs['image-digest']).toBe(otherDigest);
  });

  test.each([
    ['that does not exist', undefined, 'training-job: there is no training job churn-7 in eu-west-1; correct the name'],
    [
      'that still runs',
      { ...job, TrainingJobStatus: 'InProgress' },
      'training-job: churn-7 is InProgress, so it has no final model',
    ],
    [
      'without an image',
      { ...job, AlgorithmSpecification: {} },
      'image is missing: training job churn-7 does not have it',
    ],
    [
      'without an archive',
      { ...job, ModelArtifacts: { S3ModelArtifacts: 's3://ml-training/out.zip' } },
      'artifact: s3://ml-training/out.zip is not an s3:// address of a .tar.gz or of a prefix, which SageMaker needs to serve it; pack the output of training job churn-7',
    ],
    [
      'without an artifact',
      { ...job, ModelArtifacts: {} },
      'artifact is missing: training job churn-7 does not have it',
    ],
  ])('%s is refused', async (_, description, message) => {
    const aws = account();
    if (description) aws.trainingJobs.set('churn-7', description);
    await expect(runTurns(registerModel, inputs(fromJob), aws.world())).rejects.toThrow(message);
    expect(aws.writes()).toEqual([]);
  });
});

describe('a version that is registered', () => {
  test('with the same content is the answer, and nothing is written', async () => {
    const aws = account();
    await runTurns(registerModel, inputs(), aws.world());
    const written = aws.writes().length;
    const { end, turns } = await runTurns(
      registerModel,
      inputs({ description: 'again' }),
      aws.world({ run: { url: 'https://x/2' } }),
    );
    expect(end).toMatchObject({ reason: 'already-registered', outputs: { 'model-package-version': '1' } });
    expect(turns).toBe(1);
    expect(aws.writes()).toHaveLength(written);
  });

  test.each([
    ['another image', { image: `${repository}:other` }],
    ['another artifact', { artifact: 's3://ml-training/job-8/model.tar.gz' }],
    ['another container environment', { 'container-environment': { A: '1' } }],
    ['other content types', { 'content-types': ['text/csv'] }],
    ['no pins', { pin: false }],
  ])('is taken for %s, before anything is written', async (_, changes) => {
    const aws = account();
    aws.put('s3://ml-training/job-8/model.tar.gz', 'another model');
    await runTurns(registerModel, inputs(), aws.world());
    const written = aws.writes().length;
    await expect(runTurns(registerModel, inputs(changes), aws.world())).rejects.toMatchObject({
      reason: 'version-taken',
      message:
        'churn_v1.4.0 is already registered with other content, as package 1; register this content under a new version',
    });
    expect(aws.writes()).toHaveLength(written);
  });

  test('is found behind more packages than fit a page, and is not confused with its pre-releases', async () => {
    const aws = account();
    for (const version of ['1.4.0-rc.1', '1.4.0-rc.2', '1.4.1', '1.4.0', '1.4.10'])
      await runTurns(registerModel, inputs({ version }), aws.world());
    const { end } = await runTurns(registerModel, inputs(), aws.world());
    expect(end).toMatchObject({ reason: 'already-registered', outputs: { 'model-package-version': '4' } });
  });

  test('that SageMaker failed to complete is reported with what it says', async () => {
    const aws = account();
    await runTurns(registerModel, inputs(), aws.world());
    Object.assign(aws.packages[0] ?? {}, { status: 'Failed', failureReason: 'no such image' });
    const { end } = await runTurns(registerModel, inputs(), aws.world());
    expect(end).toMatchObject({
      outcome: 'failed',
      reason: 'registration-failed',
      because: 'package 1 of churn_v1.4.0 failed: validation: no such image',
    });
  });
});

describe('an artifact that changes', () => {
  test('between hashing and copying is not registered', async () => {
    const aws = account();
    const world = aws.world({
      around: async (operation, carryOut) => {
        if (operation === 'CopyObject') aws.put(artifactUri, 'overwritten');
        return carryOut();
      },
    });
    const { end } = await runTurns(registerModel, inputs(), world);
    expect(end).toMatchObject({
      outcome: 'failed',
      reason: 'artifact-changed',
      because: expect.stringContaining(artifactUri),
    });
    expect(aws.writes()).not.toContain('CreateModelPackage');
  });

  test('at its content-addressed key is noticed', async () => {
    const aws = account();
    aws.put(pinnedKey, 'something else');
    const { end } = await runTurns(registerModel, inputs(), aws.world());
    expect(end).toMatchObject({ reason: 'artifact-changed', because: expect.stringContaining(pinnedKey) });
    expect(aws.writes()).toEqual(['CreateModelPackageGroup']);
  });

  test('is hashed anew when memory was of other inputs', async () => {
    const aws = account();
    aws.put('s3://ml-training/job-8/model.tar.gz', 'another model');
    const first = await registerModel.advance(inputs(), undefined, aws.world());
    if (first.is !== 'waiting') throw new Error('it ended before it began');
    const other = inputs({ artifact: 's3://ml-training/job-8/model.tar.gz' });
    const second = await registerModel.advance(other, first.memory, aws.world());
    expect(second).toMatchObject({ is: 'waiting', plan: { title: 'register churn_v1.4.0' } });
    expect(aws.writes()).toEqual([]);
  });
});

describe('what cannot be registered is refused once, clearly, and without a write', () => {
  test.each([
    ['no image', { image: undefined }, 'image is missing: give it, or training-job'],
    ['an unknown environment', { environment: 'stagin' }, 'environment: the manifest has no environment "stagin"'],
    [
      'an image nobody pushed',
      { image: `${repository}:9` },
      `image: there is no "${repository}:9" in Amazon ECR; push it, or correct the name`,
    ],
    [
      'an image elsewhere',
      { image: 'docker.io/churn:1' },
      'image: "docker.io/churn:1" is not in Amazon ECR in eu-west-1, so it cannot be pinned',
    ],
    [
      'an artifact that is not there',
      { artifact: 's3://ml-training/x.tar.gz' },
      'artifact: there is no object s3://ml-training/x.tar.gz',
    ],
    ['a version with build metadata', { version: '1.4.0+7' }, 'version: "1.4.0+7" carries build metadata'],
    [
      'too much metadata',
      { metadata: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'x'])) },
      'metadata: 50 entries are too many',
    ],
  ])('%s', async (_, changes, message) => {
    const aws = account();
    await expect(runTurns(registerModel, inputs(changes), aws.world())).rejects.toThrow(message);
    expect(aws.writes()).toEqual([]);
  });

  test.each([
    [
      'artifact',
      's3://bucket/model.zip',
      'artifact: "s3://bucket/model.zip" is not allowed; expected s3://bucket/key.tar.gz or s3://bucket/prefix/',
    ],
    ['image', 'two words', 'image: "two words" is not allowed'],
    ['training-job', '-x', 'training-job: "-x" is not allowed; expected the name of a training job'],
    ['approval-status', 'Rejected', 'expected one of PendingManualApproval, Approved'],
    ['response-types', 'csv', 'response-types: "csv" is not allowed; expected content types such as text/csv'],
    [
      'instance-types',
      'm5.large',
      'instance-types: "m5.large" is not allowed; expected instance types such as ml.m5.large',
    ],
    ['container-environment', '1A=x', 'container-environment: "1A" does not fit'],
    ['pin', 'yes', 'pin: "yes" is not a boolean'],
  ])('the input %s=%s', (name, value, message) => {
    const { manifest: _, ...schema } = registerModelInputs;
    const written: Record<string, string> = { environment: 'staging', version: '1.4.0', [name]: value };
    expect(() => readInputs(schema, (key) => written[key])).toThrow(message);
  });

  test('lists are separated by commas, blanks or line ends, each item once', () => {
    expect(registerModelInputs['content-types'].parse('text/csv, application/json\ntext/csv', 'x')).toEqual([
      'text/csv',
      'application/json',
    ]);
  });
});

describe('an abort', () => {
  test.each([
    ['cancelled', 'cancelled'],
    ['timed-out', 'deadline-passed'],
  ] as const)('%s leaves everything as it is', async (why, reason) => {
    const aws = account();
    expect(await registerModel.abort(inputs(), undefined, why, aws.world())).toMatchObject({
      is: 'done',
      outcome: why,
      reason,
    });
    expect(aws.calls).toEqual([]);
  });
});
