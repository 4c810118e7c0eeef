import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DescribeEndpointCommand,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, ModelError, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Simulator } from '../../../simulator/contracts.ts';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { startSimulator } from '../../../simulator/simulator.ts';

/** The stock AWS clients against the whole simulator: what they send is understood, what they get they can parse. */
let simulator: Simulator;
let sagemaker: SageMakerClient;
let runtime: SageMakerRuntimeClient;

beforeEach(async () => {
  simulator = await startSimulator();
  const environment = simulator.environment();
  const options = {
    endpoint: simulator.url,
    region: environment['AWS_REGION'] ?? '',
    credentials: {
      accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
    maxAttempts: 1,
  };
  sagemaker = new SageMakerClient(options);
  runtime = new SageMakerRuntimeClient(options);
});
afterEach(async () => {
  sagemaker.destroy();
  runtime.destroy();
  await simulator.close();
});

const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris:1';
const digest = `sha256:${'c'.repeat(64)}`;
const InferenceSpecification = (version: '1.0.0' | '1.4.0') => ({
  Containers: [{ Image: image, ModelDataUrl: `s3://ml-artifacts/iris-${version}.tar.gz` }],
  SupportedContentTypes: ['text/csv'],
  SupportedResponseMIMETypes: ['text/csv'],
});

/** Registers and approves a version, and makes the model and the endpoint config that serve it, all named `name`. */
const ship = async (version: '1.0.0' | '1.4.0', name: string): Promise<void> => {
  simulator.objects.put('ml-artifacts', `iris-${version}.tar.gz`, irisFixture(version).artifact);
  const { ModelPackageArn } = await sagemaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: 'iris',
      ModelPackageDescription: `iris_v${version}`,
      InferenceSpecification: InferenceSpecification(version),
      ModelApprovalStatus: 'PendingManualApproval',
    }),
  );
  await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: 'Approved' }));
  const ExecutionRoleArn = 'arn:aws:iam::111122223333:role/iris-serving';
  await sagemaker.send(
    new CreateModelCommand({ ModelName: name, Containers: [{ ModelPackageName: ModelPackageArn }], ExecutionRoleArn }),
  );
  const variant = {
    VariantName: 'AllTraffic',
    ModelName: name,
    InstanceType: 'ml.m5.large' as const,
    InitialInstanceCount: 2,
  };
  await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants: [variant] }));
};
const sleep = (seconds: number): Promise<void> => simulator.driver.sleepUntil(simulator.clock.now() + seconds * 1000);
const ask = (body: string) =>
  runtime.send(new InvokeEndpointCommand({ EndpointName: 'iris', ContentType: 'text/csv', Body: Buffer.from(body) }));

test('register, approve, deploy, invoke, replace by canary', async () => {
  simulator.images.tag(image, digest);
  await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'iris' }));
  await ship('1.0.0', 'one');
  const listed = await sagemaker.send(
    new ListModelPackagesCommand({ ModelPackageGroupName: 'iris', ModelApprovalStatus: 'Approved' }),
  );
  expect(listed.ModelPackageSummaryList?.[0]).toMatchObject({
    ModelPackageVersion: 1,
    ModelPackageDescription: 'iris_v1.0.0',
  });
  const described = await sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: 'iris/1' }));
  expect(described.CreationTime).toEqual(new Date(simulator.clock.now()));
  expect(described.InferenceSpecification?.Containers?.[0]?.ImageDigest).toBe(digest);

  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'iris', EndpointConfigName: 'one' }));
  const endpoint = () => sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'iris' }));
  expect((await endpoint()).EndpointStatus).toBe('Creating');
  await sleep(300);
  expect(await endpoint()).toMatchObject({
    EndpointStatus: 'InService',
    ProductionVariants: [{ DeployedImages: [{ ResolvedImage: `${image.split(':')[0]}@${digest}` }] }],
  });
  const answer = await ask('5.1,3.5,1.4,0.2\n6.3,3.3,6,2.5');
  expect([answer.Body.transformToString(), answer.InvokedProductionVariant]).toEqual([
    'setosa\nvirginica\n',
    'AllTraffic',
  ]);

  await ship('1.4.0', 'two');
  await sagemaker.send(
    new UpdateEndpointCommand({
      EndpointName: 'iris',
      EndpointConfigName: 'two',
      RetainAllVariantProperties: true,
      DeploymentConfig: {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: 'CANARY',
            CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
            WaitIntervalInSeconds: 300,
          },
          TerminationWaitInSeconds: 120,
        },
      },
    }),
  );
  await sleep(240);
  expect(await endpoint()).toMatchObject({
    EndpointConfigName: 'one',
    PendingDeploymentSummary: {
      EndpointConfigName: 'two',
      ProductionVariants: [{ CurrentInstanceCount: 1, DesiredInstanceCount: 2 }],
    },
  });
  await sleep(900);
  expect(await endpoint()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'two' });

  // One body in twenty fails, and always the same ones.
  const bodies = Array.from({ length: 100 }, (_, index) => `5.1,3.5,1.4,${index}`);
  const failures: unknown[] = [];
  for (const body of bodies) await ask(body).catch((error: unknown) => failures.push(error));
  expect(failures.length).toBeGreaterThan(0);
  expect(failures.length).toBeLessThan(15);
  expect(failures[0]).toBeInstanceOf(ModelError);
  expect(failures[0]).toMatchObject({
    name: 'ModelError',
    OriginalStatusCode: 500,
    $metadata: { httpStatusCode: 424 },
  });
});

test('refusals arrive under AWS names, told apart by their message', async () => {
  const refused = await sagemaker
    .send(new DescribeEndpointCommand({ EndpointName: 'iris' }))
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({
    name: 'ValidationException',
    message: expect.stringMatching(/^Could not find endpoint "arn:aws:sagemaker:/),
  });
  expect(await ask('1,2,3,4').catch((error: unknown) => error)).toMatchObject({ name: 'ValidationError' });
});
