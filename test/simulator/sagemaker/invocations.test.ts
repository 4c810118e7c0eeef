import { CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, type InvokeEndpointCommandInput } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../../simulator/containers/archive.ts';
import type { Inference } from '../../../simulator/containers/model-server.ts';
import type { Settings } from '../../../simulator/contracts.ts';
import { type IrisVersion, irisData, irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { demandsOf } from '../../../simulator/iam/demands.ts';
import { createKernel } from '../../../simulator/kernel.ts';
import { type Account, openAccount } from '../support/account.ts';
import { simulatedAws } from '../support/simulated-aws.ts';

/** What a caller of the Runtime gets over the wire, by AWS's own client. */
let account: Account | undefined;
afterEach(async () => {
  await account?.simulator.close();
  account = undefined;
});

const image = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris:1';
const ExecutionRoleArn = 'arn:aws:iam::111122223333:role/iris-serving';
const instances = { InstanceType: 'ml.m5.large' as const, InitialInstanceCount: 1 };
const artifact = (version: IrisVersion, behaviour: Partial<Inference> = {}): Buffer => {
  const files = new Map(readArchive(irisFixture(version).artifact));
  const inference = JSON.parse(files.get('inference.json')?.toString() ?? '');
  return writeArchive(files.set('inference.json', Buffer.from(JSON.stringify({ ...inference, ...behaviour }))));
};

interface Wanted {
  readonly settings?: Partial<Settings>;
  readonly version?: IrisVersion;
  readonly behaviour?: Partial<Inference>;
  readonly variants?: readonly object[];
  readonly config?: object;
  readonly model?: object;
  readonly wait?: boolean;
}

const opened = async ({ settings = {}, version = '1.1.0', behaviour, variants, config, model, wait }: Wanted = {}) => {
  const open = await openAccount({ settings });
  account = open;
  const { simulator, sagemaker } = open;
  simulator.images.tag(image, `sha256:${'c'.repeat(64)}`);
  simulator.objects.put('ml-artifacts', 'iris.tar.gz', artifact(version, behaviour));
  await sagemaker.send(
    new CreateModelCommand({
      ModelName: 'iris',
      ExecutionRoleArn,
      PrimaryContainer: { Image: image, ModelDataUrl: 's3://ml-artifacts/iris.tar.gz', ...model },
    }),
  );
  const ProductionVariants = (variants ?? [{ VariantName: 'AllTraffic', ...instances }]).map((variant) => ({
    ModelName: 'iris',
    VariantName: 'AllTraffic',
    ...variant,
  }));
  const input = { EndpointConfigName: 'iris', ProductionVariants, ...config };
  await sagemaker.send(new CreateEndpointConfigCommand(input));
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'iris', EndpointConfigName: 'iris' }));
  if (wait !== false) await simulator.driver.sleepUntil(simulator.driver.now() + 600_000);
  return open;
};

interface Asked {
  readonly refusal?: string;
  readonly status?: number | undefined;
  readonly variant?: string | undefined;
  readonly type?: string | undefined;
  readonly text?: string;
  readonly durationMs?: number;
  readonly error?: unknown;
}
const ask = async ({ runtime }: Account, more: Partial<InvokeEndpointCommandInput> = {}): Promise<Asked> => {
  const command = new InvokeEndpointCommand({
    EndpointName: 'iris',
    ContentType: 'text/csv',
    Body: Buffer.from('5.1,3.5,1.4,0.2'),
    ...more,
  });
  let headers: Readonly<Record<string, string>> = {};
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      headers = (result.response as { readonly headers: Readonly<Record<string, string>> }).headers;
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  const duration = () => ({ durationMs: Number(headers['x-simulator-duration-ms']) });
  try {
    const answer = await runtime.send(command);
    return {
      status: answer.$metadata.httpStatusCode,
      variant: answer.InvokedProductionVariant,
      type: answer.ContentType,
      text: answer.Body.transformToString(),
      ...duration(),
    };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const status = Reflect.get(Reflect.get(error, '$metadata') ?? {}, 'httpStatusCode');
    return { refusal: `${error.name}: ${error.message}`, status, error, ...duration() };
  }
};

describe('where a request goes', () => {
  const two = [
    { VariantName: 'A', ...instances, InitialVariantWeight: 1 },
    { VariantName: 'B', ...instances, InitialVariantWeight: 0 },
  ];

  test('to a variant by its name, also one without weight', async () => {
    const open = await opened({ variants: two });
    expect(await ask(open, { TargetVariant: 'B' })).toMatchObject({ status: 200, variant: 'B', text: 'setosa\n' });
    for (let time = 0; time < 10; time++) expect((await ask(open)).variant).toBe('A');
  });

  test('not to one without weight, under that setting', async () => {
    const open = await opened({ variants: two, settings: { zeroWeightTarget: 'refused' } });
    expect((await ask(open, { TargetVariant: 'B' })).refusal).toMatch(/^ValidationError: /);
    expect((await ask(open, { TargetVariant: 'A' })).variant).toBe('A');
  });

  test('nowhere, when the endpoint or the variant is not there', async () => {
    const open = await opened({ variants: two });
    expect((await ask(open, { EndpointName: 'none' })).refusal).toBe(
      'ValidationError: Endpoint none of account 111122223333 not found.',
    );
    expect(await ask(open, { TargetVariant: 'C' })).toMatchObject({
      status: 400,
      refusal: 'ValidationError: Variant C of endpoint iris not found.',
    });
    expect((await ask(open, { TargetVariant: '-' })).refusal).toMatch(/^ValidationError: 1 validation error detected/);
  });

  test('nowhere, before the endpoint is in service', async () => {
    const open = await opened({ wait: false });
    expect((await ask(open)).refusal).toBe('ValidationError: Endpoint iris of account 111122223333 not found.');
  });

  test('not to an asynchronous endpoint', async () => {
    const open = await opened({
      config: { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://ml-artifacts/out' } } },
    });
    expect((await ask(open)).refusal).toMatch(/^ValidationError: .*InvokeEndpointAsync only/);
  });
});

describe('a body', () => {
  const large = (bytes: number) => ({ Body: Buffer.alloc(bytes, '1') });

  test('of more than 6 MB is refused before anything else', async () => {
    const open = await opened();
    expect(await ask(open, { ...large(6_291_457), EndpointName: 'none' })).toMatchObject({ status: 413 });
    expect((await ask(open, large(6_291_456))).refusal).toMatch(/^ModelError: Received client error \(400\)/);
  });

  test('of more than 25 MB, and in the words of serverless endpoints, under those settings', async () => {
    const open = await opened({ settings: { largestBodyBytes: 26_214_400, oversizedBody: 'ValidationError' } });
    expect((await ask(open, large(26_214_401))).refusal).toMatch(/^ValidationError: Request \S+ has oversize body\.$/);
    expect((await ask(open, large(7_000_000))).refusal).toMatch(/^ModelError/);
  });

  test('of more than 4 MB, by a serverless endpoint', async () => {
    const open = await opened({ variants: [{ ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } }] });
    expect((await ask(open, large(4_194_305))).refusal).toMatch(/^ValidationError: Request \S+ has oversize body\.$/);
    expect((await ask(open)).status).toBe(200);
  });

  test('gets an answer in the format that the caller accepts', async () => {
    const open = await opened();
    const answer = await ask(open, { Accept: 'application/json' });
    expect(answer.type).toBe('application/json');
    expect(JSON.parse(answer.text ?? '').predictions[0].predicted_label).toBe('setosa');
    expect(await ask(open, { Accept: 'image/png' })).toMatchObject({
      status: 424,
      error: { name: 'ModelError', OriginalStatusCode: 406 },
    });
  });
});

describe('a model that fails', () => {
  test('is a ModelError with the container’s status and words', async () => {
    const open = await opened({ behaviour: { failingShare: 1 } });
    expect(await ask(open)).toMatchObject({
      status: 424,
      error: { name: 'ModelError', OriginalStatusCode: 500, OriginalMessage: '{"error":"prediction failed"}' },
      refusal: expect.stringContaining('Received server error (500) from primary with message "{"error":"prediction'),
    });
  });

  test('by taking more than a minute has no status', async () => {
    const open = await opened({ behaviour: { baseMs: 60_001, spreadMs: 0 } });
    expect(await ask(open)).toMatchObject({
      status: 424,
      durationMs: 60_002,
      error: { name: 'ModelError', OriginalStatusCode: 0 },
      refusal: expect.stringContaining(
        'Received server error (0) from primary with message "Your invocation timed out',
      ),
    });
  });
});

test('the answer says how long it took in virtual time, and time stands still', async () => {
  const open = await opened({ behaviour: { baseMs: 100, spreadMs: 0, slowdown: 3 } });
  const before = open.simulator.clock.now();
  expect((await ask(open)).durationMs).toBe(302);
  expect((await ask(open, { Body: Buffer.from('no numbers') })).durationMs).toBe(302);
  expect(open.simulator.clock.now()).toBe(before);
});

describe('a model that is not ready', () => {
  const settings = { modelNotReadyMs: 20_000, serverlessIdleMs: 60_000 };
  const pass = ({ simulator }: Account, ms: number) => simulator.driver.sleepUntil(simulator.driver.now() + ms);
  const notReady = { status: 429, refusal: expect.stringMatching(/^ModelNotReadyException: Either a serverless/) };

  test('of a serverless endpoint that is cold, and that grows cold again', async () => {
    const open = await opened({
      settings,
      variants: [{ ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } }],
    });
    expect(await ask(open)).toMatchObject(notReady);
    await pass(open, 19_999);
    expect(await ask(open)).toMatchObject(notReady);
    await pass(open, 1);
    expect((await ask(open)).status).toBe(200);
    await pass(open, 60_000);
    expect((await ask(open)).status).toBe(200);
    await pass(open, 60_001);
    expect(await ask(open)).toMatchObject(notReady);
  });

  test('never of a serverless endpoint with provisioned concurrency', async () => {
    const ServerlessConfig = { MemorySizeInMB: 2048, MaxConcurrency: 5, ProvisionedConcurrency: 1 };
    expect((await ask(await opened({ settings, variants: [{ ServerlessConfig }] }))).status).toBe(200);
  });

  test('of a multi-model endpoint that loads it', async () => {
    const model = { Mode: 'MultiModel', ModelDataUrl: 's3://ml-artifacts/' };
    const open = await opened({ settings, model });
    const TargetModel = 'iris.tar.gz';
    expect(await ask(open, { TargetModel })).toMatchObject(notReady);
    await pass(open, 20_000);
    expect((await ask(open, { TargetModel })).status).toBe(200);
  });
});

describe('harm between caller and model', () => {
  const service = 'sagemaker-runtime';

  test.each([
    [{ kind: 'throttle' }, 400, /^ThrottlingException: /],
    [{ kind: 'server-error' }, 500, /^InternalFailure: /],
    [{ kind: 'error', code: 'ServiceUnavailable', message: 'later', status: 503 }, 503, /^ServiceUnavailable: later/],
    [{ kind: 'error', code: 'ModelNotReadyException', message: 'soon', status: 429 }, 429, /^ModelNotReadyExcep/],
    [{ kind: 'answer-lost' }, undefined, /(socket hang up|ECONNRESET)/],
  ] as const)('%j', async (harm, status, words) => {
    const open = await opened();
    open.simulator.faults.add({ service, times: 1, ...harm });
    const refused = await ask(open);
    expect([refused.status, refused.refusal]).toEqual([status, expect.stringMatching(words)]);
    expect((await ask(open)).status).toBe(200);
  });

  test('a throttled request has no message', async () => {
    const wire: string[] = [];
    account = await openAccount({ wire: ({ answer }) => wire.push(answer.body.toString()) });
    account.simulator.faults.add({ service, times: 1, kind: 'throttle' });
    await ask(account);
    expect(wire).toEqual(['{"message":null}']);
  });

  test('a share of the requests, the same ones in any order, and a repetition has a chance of its own', async () => {
    const bodies = irisData().rows.map((row) => Buffer.from(row.slice(0, 4).join(',')));
    const play = async (order: readonly Buffer[]): Promise<ReadonlySet<string>> => {
      const open = await opened();
      open.simulator.faults.add({ service, times: 1e6, share: 0.2, kind: 'never-arrived' });
      const lost = new Set<string>();
      for (const Body of order) if ((await ask(open, { Body })).refusal !== undefined) lost.add(Body.toString());
      // None is lost for ever.
      for (const Body of lost) {
        let tries = 0;
        while (tries < 8 && (await ask(open, { Body: Buffer.from(Body) })).refusal !== undefined) tries++;
        expect(tries).toBeLessThan(8);
      }
      await open.simulator.close();
      account = undefined;
      return lost;
    };
    const unique = [...new Map(bodies.map((body) => [body.toString(), body])).values()];
    const lost = await play(unique);
    expect(lost.size / unique.length).toBeGreaterThan(0.1);
    expect(lost.size / unique.length).toBeLessThan(0.3);
    expect([...(await play(unique.toReversed()))].sort()).toEqual([...lost].sort());
  });
});

test('IAM: the endpoint, and the model or container that the request names; there is no key for the variant', () => {
  const { kernel } = createKernel();
  const input = { EndpointName: 'Iris', TargetModel: 'a.tar.gz', TargetContainerHostname: 'first', TargetVariant: 'B' };
  const [demand, ...others] = demandsOf(kernel, { service: 'sagemaker-runtime', operation: 'InvokeEndpoint', input });
  expect(others).toEqual([]);
  expect(demand).toMatchObject({
    action: 'sagemaker:InvokeEndpoint',
    resource: 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/iris',
  });
  const keys = ['sagemaker:TargetModel', 'sagemaker:TargetContainerHostname', 'sagemaker:TargetVariant'];
  expect(keys.map((key) => demand?.context(key))).toEqual([['a.tar.gz'], ['first'], []]);
});

test('metrics of the requests of one variant, time-outs among its errors', () => {
  const far = simulatedAws();
  far.objects.set('models/slow.tar.gz', artifact('1.1.0', { baseMs: 70_000 }));
  far.call('CreateModel', {
    ModelName: 'slow',
    ExecutionRoleArn: 'arn:aws:iam::111122223333:role/serving',
    PrimaryContainer: {
      Image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris-server:1',
      ModelDataUrl: 's3://models/slow.tar.gz',
    },
  });
  const ProductionVariants = [
    { ...instances, VariantName: 'A', ModelName: far.ship('1.1.0') },
    { ...instances, VariantName: 'B', ModelName: 'slow', InitialVariantWeight: 0 },
  ];
  far.call('CreateEndpointConfig', { EndpointConfigName: 'two', ProductionVariants });
  far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'two' });
  far.after(600);
  for (const TargetVariant of ['A', 'A', 'B'])
    far.refusal('InvokeEndpoint', {
      EndpointName: 'iris',
      TargetVariant,
      ContentType: 'text/csv',
      Body: Buffer.from('5.1,3.5,1.4,0.2'),
    });
  const sum = (name: string, variant: string): number =>
    far.observations
      .filter(({ metric, dimensions }) => metric === name && dimensions['VariantName'] === variant)
      .filter(({ dimensions }) => dimensions['EndpointConfigName'] === undefined)
      .reduce(
        (total, { values, counts }) => total + values.reduce((sum, value, i) => sum + value * (counts[i] ?? 0), 0),
        0,
      );
  expect(['A', 'B'].map((name) => sum('Invocations', name))).toEqual([2, 1]);
  expect(['A', 'B'].map((name) => sum('InvocationModelErrors', name))).toEqual([0, 1]);
  expect(sum('Invocation5XXErrors', 'B')).toBe(0);
  expect(sum('ModelLatency', 'B')).toBe(60_000_000);
});
