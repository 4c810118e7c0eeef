import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { clientsFor, refused, rejection, url } from '../../support/aws.ts';

beforeAll(() => nock.disableNetConnect());
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const answering = (operation: string, body: unknown) => {
  nock(url, { reqheaders: { 'x-amz-target': `SageMaker.${operation}` } })
    .post('/')
    .reply(200, JSON.stringify(body));
  return clientsFor();
};

/** A config with members at every depth that no SDK has. */
const config = {
  EndpointConfigName: 'churn',
  ProductionVariants: [
    {
      VariantName: 'main',
      FutureOfVariant: { Deep: [1] },
      RoutingConfig: { RoutingStrategy: 'RANDOM', FutureRule: 'x' },
    },
  ],
  FutureOfConfig: { Nested: true },
};

describe('members that the SDK does not have', () => {
  test('arrive from a description, beside the members that it has, in its types', async () => {
    const { reads } = answering('DescribeEndpointConfig', { ...config, CreationTime: 1_700_000_000, Absent: null });
    const answer = await reads.sagemaker.describeEndpointConfig({ EndpointConfigName: 'churn' });
    const { $metadata: _, ...members } = answer as typeof answer & { readonly $metadata: unknown };
    expect(members).toEqual({ ...config, CreationTime: new Date(1_700_000_000_000) });
  });

  test('arrive from a model', async () => {
    const model = { ModelName: 'churn', PrimaryContainer: { Image: 'i', Future: 1 }, Containers: [{ Future: 2 }] };
    const { reads } = answering('DescribeModel', model);
    expect(await reads.sagemaker.describeModel({ ModelName: 'churn' })).toMatchObject(model);
  });

  test('are sent to AWS', async () => {
    const sent: unknown[] = [];
    nock(url)
      .post('/', (body) => sent.push(body) > 0)
      .times(2)
      .reply(200, {});
    const { writes } = clientsFor();
    await writes.sagemaker.createEndpointConfig({ ...config, KmsKeyId: undefined } as never);
    await writes.sagemaker.createModel({ ModelName: 'churn', Future: { Deep: 1 } } as never);
    expect(sent).toEqual([config, { ModelName: 'churn', Future: { Deep: 1 } }]);
  });

  test('change no other call, and no error', async () => {
    const { reads } = answering('DescribeEndpoint', { EndpointName: 'churn', Future: 1 });
    expect(await reads.sagemaker.describeEndpoint({ EndpointName: 'churn' })).not.toHaveProperty('Future');
    nock(url).post('/').reply(400, refused('ValidationException', 'Could not find model "churn".'));
    expect(await rejection(clientsFor().reads.sagemaker.describeModel({ ModelName: 'churn' }))).toMatchObject({
      name: 'ValidationException',
    });
  });
});
