import { describe, expect, test } from '@jest/globals';
import type { EndpointSpec } from '../../../src/manifest/manifest.ts';
import { refuseUnservable, servingNotes } from '../../../src/mechanisms/servable.ts';
import type { Container } from '../../../src/registry/container.ts';
import type { RegisteredVersion } from '../../../src/registry/registered-version.ts';

const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1';
const instance = { instance: { type: 'ml.m5.large', count: 1 } };
const serverless = { serverless: { memoryMb: 2048, maxConcurrency: 5 } };
const spec = (more: object): EndpointSpec => ({ name: 'churn', environment: {}, ...more }) as unknown as EndpointSpec;
const version = (containers: readonly Container[], realtimeInstanceTypes: readonly string[] = []): RegisteredVersion =>
  ({
    tag: 'churn_v1.4.0',
    containers,
    unpinned: [],
    inferenceSpecification: { contentTypes: [], responseTypes: [], realtimeInstanceTypes },
  }) as unknown as RegisteredVersion;

const archive: Container = { Image: image, ModelDataUrl: 's3://b/m.tar.gz' };
const prefix: Container = {
  Image: image,
  ModelDataSource: { S3DataSource: { S3Uri: 's3://b/m/', S3DataType: 'S3Prefix', CompressionType: 'None' } },
};
const product: Container = { ...archive, ProductId: 'prod-1' };

describe('a version that SageMaker cannot serve there', () => {
  test.each([
    [
      'several containers without instances',
      spec(serverless),
      version([archive, archive]),
      'it has 2 containers, and a serverless endpoint takes one',
    ],
    ['a prefix without instances', spec(serverless), version([prefix]), 'its model data is not one .tar.gz archive'],
    [
      'variables for several containers',
      spec({ ...instance, environment: { A: '1' } }),
      version([archive, archive]),
      '`environment` of the manifest names none of them',
    ],
    [
      'a product on another instance type',
      spec(instance),
      version([product], ['ml.g5.xlarge']),
      'its seller does not allow ml.m5.large; use one of ml.g5.xlarge',
    ],
  ])('%s', (_what, endpoint, registered, because) => {
    expect(() => refuseUnservable(endpoint, registered)).toThrow(because);
  });

  test.each([
    ['an archive without instances', spec(serverless), version([archive])],
    ['an image alone without instances', spec(serverless), version([{ Image: image }])],
    ['a prefix on instances', spec(instance), version([prefix])],
    ['several containers on instances', spec(instance), version([archive, archive])],
    ['variables for one container', spec({ ...instance, environment: { A: '1' } }), version([archive])],
    ['a product on its instance type', spec(instance), version([product], ['ml.m5.large'])],
    ['another instance type than recommended', spec(instance), version([archive], ['ml.g5.xlarge'])],
  ])('is not: %s', (_what, endpoint, registered) => {
    expect(() => refuseUnservable(endpoint, registered)).not.toThrow();
  });
});

test.each([
  [
    'ml.g5.xlarge',
    [archive],
    ['the package of churn_v1.4.0 does not list ml.m5.large among its instance types: ml.g5.xlarge'],
  ],
  ['ml.m5.large', [archive], []],
  ['ml.m5.large', [archive, archive], ['a request passes through the 2 containers of churn_v1.4.0 in order']],
  ['ml.m5.large', [], ['SageMaker takes the containers of churn_v1.4.0 from its algorithm']],
  [
    'ml.m5.large',
    [{ Image: `${image.replace('churn:1', 'pytorch-training:2')}` }],
    [expect.stringContaining('is an image for training')],
  ],
  ['ml.m5.large', [{ Image: `${image.replace('churn:1', 'trainings-planner:2')}` }], []],
  ['ml.m5.large', [{ Image: `${image.replace('churn:1', 'churn:training')}` }], []],
])('notes of a package for %s', (type, containers, notes) => {
  expect(servingNotes(spec(instance), version(containers, [type]))).toEqual(notes);
});

test('each part that is not pinned is a note', () => {
  expect(servingNotes(spec(instance), { ...version([archive]), unpinned: ['s3://b/m.tar.gz'] })).toEqual([
    's3://b/m.tar.gz is not pinned: its content may differ from the tested content',
  ]);
});
