import {
  AwsError,
  type Call,
  type Instant,
  type Metrics,
  type Settings,
  type StandIn,
} from '../../../simulator/contracts.ts';
import { type IrisVersion, irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { createKernel } from '../../../simulator/kernel.ts';
import { loadHonoured, refuseUnserved } from '../../../simulator/members.ts';
import { watched } from '../../../simulator/observed-reads.ts';
import { createRuntime } from '../../../simulator/services/runtime.ts';
import { createSagemaker } from '../../../simulator/services/sagemaker/sagemaker.ts';
import { loadTables, validate } from '../../../simulator/validation.ts';

const tables = loadTables('sagemaker');
const honoured = loadHonoured();

export const accountId = '111122223333';
export const servingRole = `arn:aws:iam::${accountId}:role/serving`;
export const image = `${accountId}.dkr.ecr.eu-west-1.amazonaws.com/iris-server:1`;
export const imageDigest = `sha256:${'a'.repeat(64)}`;

export interface Observation {
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly counts: readonly number[];
  readonly at: Instant;
}

/**
 * SageMaker alone, with neighbours of a few lines each. Inputs pass the same validation as on the wire, so that no test asks
 * what AWS would not even read.
 */
export const simulatedAws = (settings: Partial<Settings> = {}, standIn?: StandIn) => {
  const { kernel, clock, events } = createKernel({ settings, ...(standIn && { standIn }) });
  const alarms = new Map<string, 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'>();
  const composites = new Set<string>();
  const observations: Observation[] = [];
  const metrics: Metrics = {
    record: (_namespace, metric, dimensions, value, at) =>
      observations.push({ metric, dimensions, values: [value], counts: [1], at }),
    recordMany: (_namespace, metric, dimensions, values, counts, at) =>
      observations.push({ metric, dimensions, values, counts, at }),
    alarmState: (name) => alarms.get(name),
    isComposite: (name) => composites.has(name),
  };
  const objects = new Map<string, Buffer>();
  const roles = new Set([servingRole]);
  /** Objects, as `bucket/key`, that a policy keeps from SageMaker. */
  const unreadable = new Set<string>();
  const images = new Map([[image, imageDigest]]);
  /** Files of images that bring their model. */
  const models = new Map<string, ReadonlyMap<string, Buffer>>();
  const scaled = new Set<string>();
  const sagemaker = createSagemaker(kernel, {
    metrics,
    objects: {
      get: (bucket, key) => {
        const body = objects.get(`${bucket}/${key}`);
        return body && { body, etag: '"etag"' };
      },
      lend: () => undefined,
      drop: () => undefined,
      create: () => undefined,
      encrypt: () => undefined,
      mayRead: (_principal, bucket, key) => !unreadable.has(`${bucket}/${key}`),
      mayWrite: () => true,
      mayList: () => true,
      regionOf: () => kernel.region,
      put: (bucket, key, body) => void objects.set(`${bucket}/${key}`, body),
      under: (bucket, prefix) =>
        [...objects]
          .filter(([place]) => place.startsWith(`${bucket}/${prefix}`))
          .map(([place, body]) => ({ key: place.slice(bucket.length + 1), body })),
    },
    images: {
      resolve: (name) => images.get(name),
      tag: (name, digest) => void images.set(name, digest),
      pullRefusedBy: () => undefined,
      fill: (name, files) => void models.set(name, files),
      files: (name) => models.get(name) ?? new Map(),
    },
    canAssume: (arn) => roles.has(arn),
    mayDo: () => true,
    registryOf: () => {
      throw new Error('there is one account');
    },
    scaling: () => ({
      isRegistered: (endpoint, variant) => scaled.has(`${endpoint}/${variant}`),
      deregister: (endpoint, variant) => void scaled.delete(`${endpoint}/${variant}`),
    }),
  });
  const runtime = createRuntime(kernel, sagemaker.hosting);
  const principal: Call = {
    principal: { accessKeyId: 'AKIA', arn: `arn:aws:iam::${accountId}:user/tester`, accountId },
    requestId: '1',
  };

  // biome-ignore lint/suspicious/noExplicitAny: answers are checked member by member by the tests.
  const call = (operation: string, input: object): any => {
    if (operation.startsWith('InvokeEndpoint')) return runtime.operations[operation]?.(input, principal);
    const handler = sagemaker.service.operations[operation];
    if (!handler) throw new Error(`no operation ${operation}`);
    const named = { service: 'sagemaker', operation, tables };
    const clean = validate('sagemaker', tables, operation, { ...input });
    refuseUnserved(honoured, named, clean);
    return watched(named, handler)(clean, principal);
  };

  /** `code: message` of the refusal, or the answer as text when it was not refused. */
  const refusal = (operation: string, input: object): string => {
    try {
      return `not refused: ${JSON.stringify(call(operation, input))}`;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return `${error.code}: ${error.message}`;
    }
  };

  /** A model of this fixture version and a config that serves it; both named `iris-<version>` unless said otherwise. */
  const ship = (
    version: IrisVersion,
    options: {
      readonly name?: string;
      readonly instances?: number;
      readonly weight?: number;
      readonly variant?: object;
    } = {},
  ): string => {
    const name = options.name ?? `iris-${version.replaceAll('.', '-')}`;
    objects.set(`models/${name}.tar.gz`, irisFixture(version).artifact);
    call('CreateModel', {
      ModelName: name,
      PrimaryContainer: { Image: image, ModelDataUrl: `s3://models/${name}.tar.gz` },
      ExecutionRoleArn: servingRole,
    });
    call('CreateEndpointConfig', {
      EndpointConfigName: name,
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: name,
          InstanceType: 'ml.m5.large',
          InitialInstanceCount: options.instances ?? 4,
          InitialVariantWeight: options.weight ?? 1,
          ...options.variant,
        },
      ],
    });
    return name;
  };

  /** The endpoint `iris`, in service with version 1.0.0. */
  const serving = (instances = 4): void => {
    call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: ship('1.0.0', { instances }) });
    clock.advanceTo(clock.now() + kernel.settings.provisionMs + kernel.settings.containerStartMs);
  };

  return {
    kernel,
    clock,
    sagemaker,
    alarms,
    observations,
    objects,
    unreadable,
    roles,
    images,
    models,
    scaled,
    events,
    /** Names of the alarms that are composite. */
    composites,
    call,
    refusal,
    ship,
    serving,
    describe: () => call('DescribeEndpoint', { EndpointName: 'iris' }),
    /** `00:03:20 what` of everything noted about the endpoint since `from`, relative to it. */
    timeline: (from: Instant): readonly string[] =>
      events
        .filter((event) => event.source === 'endpoint' && event.at >= from)
        .map((event) => `${new Date(event.at - from).toISOString().slice(11, 19)} ${event.what}`),
    after: (seconds: number): void => clock.advanceTo(clock.now() + seconds * 1000),
  };
};
export type SimulatedAws = ReturnType<typeof simulatedAws>;

export const blueGreen = (
  routing: object,
  options: { readonly termination?: number; readonly timeout?: number; readonly alarms?: readonly string[] } = {},
) => ({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: { WaitIntervalInSeconds: 600, ...routing },
    TerminationWaitInSeconds: options.termination ?? 300,
    ...(options.timeout === undefined ? {} : { MaximumExecutionTimeoutInSeconds: options.timeout }),
  },
  ...(options.alarms === undefined
    ? {}
    : { AutoRollbackConfiguration: { Alarms: options.alarms.map((AlarmName) => ({ AlarmName })) } }),
});
export const canary = { Type: 'CANARY', CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 } };
export const linear = { Type: 'LINEAR', LinearStepSize: { Type: 'CAPACITY_PERCENT', Value: 25 } };
