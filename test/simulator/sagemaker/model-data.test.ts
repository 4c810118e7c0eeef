import { describe, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../../simulator/containers/archive.ts';
import type { Settings } from '../../../simulator/contracts.ts';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { image, type SimulatedAws, servingRole, simulatedAws } from '../support/simulated-aws.ts';

const files = readArchive(irisFixture('1.0.0').artifact);
const iris = '5.1,3.5,1.4,0.2';

const account = (settings: Partial<Settings> = {}): SimulatedAws => {
  const far = simulatedAws(settings);
  far.objects.set('models/a.tar.gz', irisFixture('1.0.0').artifact);
  for (const [name, body] of files) far.objects.set(`models/files/${name}`, body);
  return far;
};
const source = (S3Uri: string, S3DataType: string, CompressionType: string) => ({
  Image: image,
  ModelDataSource: { S3DataSource: { S3Uri, S3DataType, CompressionType } },
});

const serve = (far: SimulatedAws, container: object): void => {
  far.call('CreateModel', { ModelName: 'iris', ExecutionRoleArn: servingRole, PrimaryContainer: container });
  const variant = {
    VariantName: 'AllTraffic',
    ModelName: 'iris',
    InstanceType: 'ml.m5.large',
    InitialInstanceCount: 1,
  };
  far.call('CreateEndpointConfig', { EndpointConfigName: 'iris', ProductionVariants: [variant] });
  far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'iris' });
  far.after(3600);
};
const answer = (far: SimulatedAws, row = iris): string =>
  far.call('InvokeEndpoint', { EndpointName: 'iris', ContentType: 'text/csv', Body: Buffer.from(row) }).Body.toString();

describe('model data', () => {
  test.each([
    ['as an archive', { Image: image, ModelDataUrl: 's3://models/a.tar.gz' }],
    ['as an archive of a source', source('s3://models/a.tar.gz', 'S3Object', 'Gzip')],
    ['as the files under a prefix', source('s3://models/files/', 'S3Prefix', 'None')],
  ])('%s is served', (_shape, container) => {
    const far = account();
    serve(far, container);
    expect(answer(far)).toContain('setosa');
  });

  test.each([
    ['an archive that is none', { Image: image, ModelDataUrl: 's3://models/broken.tar.gz' }, [undefined]],
    ['an archive without a model', { Image: image, ModelDataUrl: 's3://models/other.tar.gz' }, [['weights.bin']]],
    ['an image with a model of its own', { Image: image }, [[]]],
  ])('%s: a stand-in serves', (_shape, container, seen) => {
    const found: unknown[] = [];
    const far = simulatedAws({}, (identity, own) => {
      expect(identity).toMatch(/^[0-9a-f]{64}$/);
      found.push(own && [...own.keys()]);
      return files;
    });
    far.objects.set('models/broken.tar.gz', Buffer.from('no archive'));
    far.objects.set('models/other.tar.gz', writeArchive(new Map([['weights.bin', Buffer.from('1')]])));
    serve(far, container);
    expect(answer(far)).toContain('setosa');
    expect(found).toEqual(seen);
  });

  test('a model serves itself where no stand-in is named, and without data nothing stands in', () => {
    const identities: string[] = [];
    const far = simulatedAws({}, (identity) => {
      identities.push(identity);
      return undefined;
    });
    far.objects.set('models/a.tar.gz', irisFixture('1.0.0').artifact);
    serve(far, { Image: image, ModelDataUrl: 's3://models/a.tar.gz' });
    expect(answer(far)).toContain('setosa');
    expect(identities).toHaveLength(1);
  });

  test('that an image brings with it is served when there is no other', () => {
    const far = account();
    far.models.set(image, files);
    serve(far, { Image: image });
    expect(answer(far)).toContain('setosa');
  });

  test('as one file is in the container under its own name, and no server loads this one', () => {
    const far = account();
    far.objects.set('models/tree.json', files.get('model.json') ?? Buffer.from(''));
    serve(far, source('s3://models/tree.json', 'S3Object', 'None'));
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'Failed',
      FailureReason: expect.stringContaining('ping health check'),
    });
  });

  test('under an empty prefix cannot be downloaded, and SageMaker notices it at the launch', () => {
    const far = account();
    serve(far, source('s3://models/none/', 'S3Prefix', 'None'));
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'Failed',
      FailureReason: expect.stringContaining('Failed to download model data'),
    });
  });
});

describe('a package of several containers', () => {
  const row = (settings: Partial<Settings> = {}): SimulatedAws => {
    const far = account(settings);
    far.objects.set(
      'models/features.tar.gz',
      writeArchive(new Map([['transform.json', Buffer.from('{"columns":4}')]])),
    );
    far.call('CreateModelPackageGroup', { ModelPackageGroupName: 'iris' });
    const { ModelPackageArn } = far.call('CreateModelPackage', {
      ModelPackageGroupName: 'iris',
      ModelApprovalStatus: 'Approved',
      InferenceSpecification: {
        Containers: [
          { Image: image, ModelDataUrl: 's3://models/features.tar.gz' },
          { Image: image, ModelDataUrl: 's3://models/a.tar.gz' },
        ],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['text/csv'],
      },
    });
    serve(far, { ModelPackageName: ModelPackageArn });
    return far;
  };

  test('is served by all of them, each with the answer of the one before', () => {
    const far = row();
    expect(far.describe().ProductionVariants[0].DeployedImages).toHaveLength(2);
    expect(answer(far, `${iris},ignored`)).toContain('setosa');
  });

  test('or by the first one alone, where the setting is so', () => {
    const far = row({ packageContainersRun: 'first' });
    expect(far.describe().ProductionVariants[0].DeployedImages).toHaveLength(1);
    expect(answer(far, `${iris},ignored`)).toBe(iris);
  });
});
