import { InvokeEndpointAsyncCommand, InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Serve } from '../../simulator/contracts.ts';
import { type Account, openAccount } from './support/account.ts';

/** Containers that run, by the location of their data; the most that ever ran at once. */
let running: string[];
/** Of the requests that had some. */
let attributes: string[];
let account: Account;
beforeEach(async () => {
  running = [];
  attributes = [];
  const serve: Serve = ({ identity }) => {
    running.push(identity);
    return {
      ping: () => true,
      invoke: (_body, _type, _accept, customAttributes) => {
        const answer = { status: 200, body: Buffer.from(identity), contentType: 'text/plain', latencyMs: 5 };
        if (customAttributes === undefined) return answer;
        attributes.push(customAttributes);
        return { ...answer, customAttributes: `${customAttributes}, seen` };
      },
      stop: () => void running.splice(running.indexOf(identity), 1),
    };
  };
  account = await openAccount({ serve, roles: ['serving'] });
  account.simulator.images.tag(image, `sha256:${'a'.repeat(64)}`);
});
afterEach(() => account.simulator.close());

const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1';
const sagemaker = (operation: string, input: object) => account.simulator.call('sagemaker', operation, input);
const after = (minutes: number) =>
  account.simulator.driver.sleepUntil(account.simulator.clock.now() + minutes * 60_000);
const urlOf = (version: string): string => `s3://ml-artifacts/${version}/model.tar.gz`;

const prepare = async (version: string): Promise<void> => {
  account.simulator.objects.put('ml-artifacts', `${version}/model.tar.gz`, Buffer.from('not looked at'));
  await sagemaker('CreateModel', {
    ModelName: `churn-${version}`,
    ExecutionRoleArn: 'arn:aws:iam::111122223333:role/serving',
    PrimaryContainer: { Image: image, ModelDataUrl: urlOf(version) },
  });
  await sagemaker('CreateEndpointConfig', {
    EndpointConfigName: `churn-${version}`,
    ProductionVariants: [
      { VariantName: 'live', ModelName: `churn-${version}`, InstanceType: 'ml.m5.large', InitialInstanceCount: 4 },
    ],
  });
};
test('a container gets the attributes of a request, and its own are answered', async () => {
  await prepare('1');
  await sagemaker('CreateEndpoint', { EndpointName: 'churn', EndpointConfigName: 'churn-1' });
  await after(5);
  const invoke = (more: object) =>
    account.runtime.send(
      new InvokeEndpointCommand({ EndpointName: 'churn', ContentType: 'text/csv', Body: '1', ...more }),
    );
  expect(await invoke({ CustomAttributes: 'trace=7', InferenceId: 'row-1' })).toMatchObject({
    CustomAttributes: 'trace=7, seen',
  });
  expect((await invoke({})).CustomAttributes).toBeUndefined();
});

test('so does the container of an asynchronous endpoint', async () => {
  await prepare('1');
  await sagemaker('CreateEndpointConfig', {
    EndpointConfigName: 'queued',
    ProductionVariants: [
      { VariantName: 'live', ModelName: 'churn-1', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 },
    ],
    AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://ml-artifacts/answers' } },
  });
  await sagemaker('CreateEndpoint', { EndpointName: 'queued', EndpointConfigName: 'queued' });
  await after(5);
  account.simulator.objects.put('ml-artifacts', 'row.csv', Buffer.from('1'));
  await account.runtime.send(
    new InvokeEndpointAsyncCommand({
      EndpointName: 'queued',
      InputLocation: 's3://ml-artifacts/row.csv',
      CustomAttributes: 'trace=8',
    }),
  );
  await after(1);
  expect(attributes).toEqual(['trace=8']);
});

const batch = { Type: 'INSTANCE_COUNT', Value: 1 };

test.each([
  ['at once', undefined],
  ['in batches', { RollingUpdatePolicy: { MaximumBatchSize: batch, WaitIntervalInSeconds: 60 } }],
])('a server runs from the launch of a fleet until its last instance has gone, %s', async (_how, DeploymentConfig) => {
  await prepare('1');
  await prepare('2');
  await sagemaker('CreateEndpoint', { EndpointName: 'churn', EndpointConfigName: 'churn-1' });
  expect(running).toEqual([]);
  await after(5);
  expect(running).toEqual([urlOf('1')]);
  const answer = await account.runtime.send(
    new InvokeEndpointCommand({ EndpointName: 'churn', ContentType: 'text/csv', Body: '1' }),
  );
  expect(answer.Body?.transformToString()).toBe(urlOf('1'));
  await sagemaker('UpdateEndpoint', {
    EndpointName: 'churn',
    EndpointConfigName: 'churn-2',
    ...(DeploymentConfig === undefined ? {} : { DeploymentConfig }),
  });
  await after(4);
  expect(running.toSorted()).toEqual([urlOf('1'), urlOf('2')]);
  await after(60);
  expect(running).toEqual([urlOf('2')]);
  await sagemaker('DeleteEndpoint', { EndpointName: 'churn' });
  await after(5);
  expect(running).toEqual([]);
});
