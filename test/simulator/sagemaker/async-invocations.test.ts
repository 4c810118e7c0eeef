import { InvokeEndpointAsyncCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { describe, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../../simulator/containers/archive.ts';
import type { Inference } from '../../../simulator/containers/model-server.ts';
import type { Settings } from '../../../simulator/contracts.ts';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { clientsOf, openAccount, refusalOf } from '../support/account.ts';
import { image, type SimulatedAws, servingRole, simulatedAws } from '../support/simulated-aws.ts';

const OutputConfig = { S3OutputPath: 's3://answers/out/', S3FailurePath: 's3://answers/failed' };

interface Wanted {
  readonly behaviour?: Partial<Inference>;
  readonly settings?: Partial<Settings>;
  readonly asynchronous?: object;
  readonly instances?: number;
}
/** An asynchronous endpoint `iris` in service, whose container takes ten seconds a request. */
const asynchronous = ({ behaviour, settings, asynchronous = { OutputConfig }, instances = 1 }: Wanted = {}) => {
  const far = simulatedAws(settings);
  const files = new Map(readArchive(irisFixture('1.1.0').artifact));
  const inference: Partial<Inference> = {
    ...JSON.parse(files.get('inference.json')?.toString() ?? ''),
    baseMs: 10_000,
  };
  files.set('inference.json', Buffer.from(JSON.stringify({ ...inference, spreadMs: 0, ...behaviour })));
  far.objects.set('models/iris.tar.gz', writeArchive(files));
  far.objects.set('rows/one.csv', Buffer.from('5.1,3.5,1.4,0.2'));
  far.call('CreateModel', {
    ModelName: 'iris',
    ExecutionRoleArn: servingRole,
    PrimaryContainer: { Image: image, ModelDataUrl: 's3://models/iris.tar.gz' },
  });
  const variant = { VariantName: 'AllTraffic', ModelName: 'iris', InstanceType: 'ml.m5.large' };
  far.call('CreateEndpointConfig', {
    EndpointConfigName: 'iris',
    ProductionVariants: [{ ...variant, InitialInstanceCount: instances }],
    AsyncInferenceConfig: asynchronous,
  });
  far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'iris' });
  far.after(600);
  return far;
};
const request = { EndpointName: 'iris', ContentType: 'text/csv', InputLocation: 's3://rows/one.csv' };
const at = (far: SimulatedAws, location: string): string | undefined =>
  far.objects.get(location.replace('s3://', ''))?.toString();

describe('an asynchronous request', () => {
  test('is answered by an object, after the time that its queue and its container take', () => {
    const far = asynchronous();
    const { InferenceId, OutputLocation, FailureLocation } = far.call('InvokeEndpointAsync', request);
    expect(OutputLocation).toBe(`s3://answers/out/${InferenceId}.out`);
    expect(FailureLocation).toBe(`s3://answers/failed/${InferenceId}-error.out`);
    far.after(10.4);
    expect(at(far, OutputLocation)).toBeUndefined();
    far.after(0.1);
    expect(at(far, OutputLocation)).toBe('setosa\n');
    expect(at(far, FailureLocation)).toBeUndefined();
  });

  test('may name itself, the path and the file of its answer, its format, and bring its body', () => {
    const far = asynchronous({ asynchronous: { OutputConfig: { S3OutputPath: 's3://answers' } } });
    const asked = {
      EndpointName: 'iris',
      ContentType: 'text/csv',
      Accept: 'application/json',
      InferenceId: 'row-1',
      Body: Buffer.from('6.3,3.3,6,2.5'),
    };
    expect(far.call('InvokeEndpointAsync', asked)).toEqual({
      InferenceId: 'row-1',
      OutputLocation: 's3://answers/row-1.out',
    });
    const { OutputLocation } = far.call('InvokeEndpointAsync', {
      ...asked,
      S3OutputPathExtension: '2026/01',
      Filename: 'a.json',
    });
    expect(OutputLocation).toBe('s3://answers/2026/01/a.json');
    far.after(20);
    expect(JSON.parse(at(far, OutputLocation) ?? '').predictions[0].predicted_label).toBe('virginica');
  });

  test.each([
    [{ failingShare: 1 }, request, /^Received server error \(500\) from primary with message ".*prediction failed/],
    [{}, { ...request, InputLocation: 's3://rows/none.csv' }, /^Could not download the request from s3:\/\/rows\/none/],
    [{}, { ...request, InvocationTimeoutSeconds: 9 }, /^Received server error \(0\) from primary .* timed out/],
    [{ baseMs: 900_001 }, request, /^Received server error \(0\) from primary .* timed out/],
  ])('that fails leaves the reason at the other place: %j', (behaviour, asked, words) => {
    const far = asynchronous({ behaviour });
    const { OutputLocation, FailureLocation } = far.call('InvokeEndpointAsync', asked);
    far.after(1000);
    expect(at(far, FailureLocation)).toMatch(words);
    expect(at(far, OutputLocation)).toBeUndefined();
  });

  test('reads its body as the model’s role', () => {
    const far = asynchronous();
    far.unreadable.add('rows/one.csv');
    const { FailureLocation } = far.call('InvokeEndpointAsync', request);
    far.after(60);
    expect(at(far, FailureLocation)).toBe('Could not download the request from s3://rows/one.csv.');
  });

  test('may take longer than a real-time request', () => {
    const far = asynchronous({ behaviour: { baseMs: 800_000 } });
    const { OutputLocation } = far.call('InvokeEndpointAsync', request);
    far.after(801);
    expect(at(far, OutputLocation)).toBe('setosa\n');
  });

  test('counts in the metrics that asynchronous endpoints have', () => {
    const far = asynchronous({ behaviour: { failingShare: 1 } });
    far.call('InvokeEndpointAsync', request);
    far.after(60);
    const metrics = new Set(far.observations.map(({ metric }) => metric));
    expect([...metrics].sort()).toEqual([
      'ApproximateBacklogSize',
      'ApproximateBacklogSizePerInstance',
      'HasBacklogWithoutCapacity',
      'Invocation4XXErrors',
      'Invocation5XXErrors',
      'ModelLatency',
    ]);
  });
});

describe('a queue', () => {
  const answered = (far: SimulatedAws, count: number) => {
    const locations = Array.from({ length: count }, () => far.call('InvokeEndpointAsync', request).OutputLocation);
    return () => locations.filter((location) => at(far, location) !== undefined).length;
  };

  test('gives each instance so many requests at once, in order of arrival', () => {
    const far = asynchronous({
      asynchronous: { OutputConfig, ClientConfig: { MaxConcurrentInvocationsPerInstance: 2 } },
      instances: 2,
    });
    const done = answered(far, 10);
    far.after(11);
    expect(done()).toBe(4);
    far.after(10);
    expect(done()).toBe(8);
    far.after(10);
    expect(done()).toBe(10);
  });

  test('has a limit of its own where the config names none', () => {
    const far = asynchronous({ settings: { asyncConcurrencyPerInstance: 1 } });
    const done = answered(far, 3);
    far.after(11);
    expect(done()).toBe(1);
    far.after(20);
    expect(done()).toBe(3);
  });

  test('drops what has waited for too long', () => {
    const far = asynchronous({ settings: { asyncConcurrencyPerInstance: 1 }, behaviour: { baseMs: 100_000 } });
    const asked = { ...request, RequestTTLSeconds: 60 };
    const first = far.call('InvokeEndpointAsync', asked);
    const second = far.call('InvokeEndpointAsync', asked);
    far.after(300);
    expect(at(far, first.OutputLocation)).toBe('setosa\n');
    expect(at(far, second.OutputLocation)).toBeUndefined();
    expect(at(far, second.FailureLocation)).toBe('The request expired in the queue.');
  });

  test('waits while the endpoint has no instance', () => {
    const far = asynchronous();
    expect(far.sagemaker.hosting.scale('iris', 'AllTraffic', 0)).toBe(true);
    far.after(600);
    const done = answered(far, 2);
    far.after(600);
    expect(done()).toBe(0);
    expect(far.sagemaker.hosting.scale('iris', 'AllTraffic', 1)).toBe(true);
    far.after(600);
    expect(done()).toBe(2);
  });

  test('ends with its endpoint', () => {
    const far = asynchronous({ settings: { asyncConcurrencyPerInstance: 1 } });
    const done = answered(far, 3);
    far.after(5);
    far.call('DeleteEndpoint', { EndpointName: 'iris' });
    far.after(7 * 3600);
    // What was waiting is gone without a trace.
    expect(done()).toBeLessThan(2);
    expect([...far.objects.keys()].filter((key) => key.startsWith('answers/failed'))).toEqual([]);
  });
});

describe('an asynchronous request is refused', () => {
  test.each([
    [{ EndpointName: 'none' }, 'Endpoint none of account 111122223333 not found.'],
    [{ Body: Buffer.from('1') }, 'Exactly one of Body and InputLocation is required.'],
    [{ InputLocation: undefined }, 'Exactly one of Body and InputLocation is required.'],
    [{ InputLocation: undefined, Body: Buffer.alloc(128_001) }, 'Body has more than 128000 bytes'],
  ])('%j', (more, words) => {
    expect(asynchronous().refusal('InvokeEndpointAsync', { ...request, ...more })).toContain(
      `ValidationError: ${words}`,
    );
  });

  test('by a real-time endpoint, and by one that is not in service yet', () => {
    const far = simulatedAws();
    far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: far.ship('1.1.0') });
    expect(far.refusal('InvokeEndpointAsync', request)).toContain('Endpoint iris of account 111122223333 not found.');
    far.after(600);
    expect(far.refusal('InvokeEndpointAsync', request)).toContain('is not asynchronous: it takes InvokeEndpoint only');
  });
});

test('over the wire: members in headers, 202, and limits of the API model', async () => {
  const { simulator, runtime } = await openAccount();
  try {
    const { call } = simulator;
    simulator.images.tag(image, `sha256:${'a'.repeat(64)}`);
    simulator.objects.put('ml-artifacts', 'iris.tar.gz', irisFixture('1.1.0').artifact);
    const PrimaryContainer = { Image: image, ModelDataUrl: 's3://ml-artifacts/iris.tar.gz' };
    const ExecutionRoleArn = 'arn:aws:iam::111122223333:role/iris-serving';
    await call('sagemaker', 'CreateModel', { ModelName: 'iris', ExecutionRoleArn, PrimaryContainer });
    const variant = { VariantName: 'A', ModelName: 'iris', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };
    await call('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'iris',
      ProductionVariants: [variant],
      AsyncInferenceConfig: {
        OutputConfig: { S3OutputPath: 's3://ml-artifacts/out', S3FailurePath: 's3://ml-artifacts/no' },
      },
    });
    await call('sagemaker', 'CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'iris' });
    const pass = (ms: number) => simulator.driver.sleepUntil(simulator.driver.now() + ms);
    await pass(600_000);
    simulator.objects.put('ml-artifacts', 'rows/one.csv', Buffer.from('5.1,3.5,1.4,0.2'));
    const input = {
      EndpointName: 'iris',
      ContentType: 'text/csv',
      Accept: 'application/jsonlines',
      InferenceId: 'row-1',
      InputLocation: 's3://ml-artifacts/rows/one.csv',
      RequestTTLSeconds: 60,
      InvocationTimeoutSeconds: 10,
    };
    const answer = await runtime.send(new InvokeEndpointAsyncCommand(input));
    expect(answer).toMatchObject({
      $metadata: { httpStatusCode: 202 },
      InferenceId: 'row-1',
      OutputLocation: 's3://ml-artifacts/out/row-1.out',
      FailureLocation: 's3://ml-artifacts/no/row-1-error.out',
    });
    await pass(5_000);
    expect(JSON.parse(simulator.objects.get('ml-artifacts', 'out/row-1.out')?.body.toString() ?? '')).toMatchObject({
      predicted_label: 'setosa',
    });
    const refused = (more: object) => refusalOf(runtime.send(new InvokeEndpointAsyncCommand({ ...input, ...more })));
    expect(await refused({ RequestTTLSeconds: 59 })).toMatch(/^ValidationError: 1 validation error detected/);
    expect(await refused({ InvocationTimeoutSeconds: 3601 })).toMatch(/^ValidationError: 1 validation error detected/);
    expect(await refused({ InputLocation: 'rows' })).toMatch(/^ValidationError: 1 validation error detected/);
    expect(await refused({ Body: Buffer.from('1') })).toBe(
      'ValidationError: Exactly one of Body and InputLocation is required.',
    );
    simulator.permit('model-deployer', ['sagemaker:InvokeEndpoint']);
    const { Credentials: keys } = await clientsOf(simulator).sts.send(
      new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::111122223333:role/model-deployer', RoleSessionName: 'ci' }),
    );
    const limited = new SageMakerRuntimeClient({
      endpoint: simulator.url,
      region: 'eu-west-1',
      maxAttempts: 1,
      credentials: {
        accessKeyId: keys?.AccessKeyId ?? '',
        secretAccessKey: keys?.SecretAccessKey ?? '',
        sessionToken: keys?.SessionToken ?? '',
      },
    });
    expect(await refusalOf(limited.send(new InvokeEndpointAsyncCommand(input)))).toMatch(
      /^AccessDenied.*not authorized to perform: sagemaker:InvokeEndpointAsync on resource: \S+:endpoint\/iris/,
    );
  } finally {
    await simulator.close();
  }
});
