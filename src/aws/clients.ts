import type { Clock } from '../clock.ts';
import type { Autoscaling } from './autoscaling.ts';
import type { Cloudwatch } from './cloudwatch.ts';
import type { CredentialSource } from './credentials.ts';
import type { Ecr } from './ecr.ts';
import { retrying } from './retry.ts';
import type { S3 } from './s3.ts';
import type { Sagemaker } from './sagemaker.ts';
import { type Sending, sender } from './sender.ts';
import type { Sts } from './sts.ts';
import { isLoopback, type ProxySettings, transport } from './transport.ts';

/** The reads of every service an operation may use. Each method is one AWS call, named as AWS names it. */
export interface AwsReads {
  readonly sagemaker: Sagemaker['reads'];
  readonly cloudwatch: Cloudwatch['reads'];
  readonly autoscaling: Autoscaling['reads'];
  readonly s3: S3['reads'];
  readonly ecr: Ecr['reads'];
  readonly sts: Sts['reads'];
}

/** The writes. A dry run gets none. */
export interface AwsWrites {
  readonly sagemaker: Sagemaker['writes'];
  readonly cloudwatch: Cloudwatch['writes'];
  readonly autoscaling: Autoscaling['writes'];
  readonly s3: S3['writes'];
}

export interface AwsConnection {
  readonly region: string;
  /** One URL for every service (`AWS_ENDPOINT_URL`): the simulator's, or another emulator's. */
  readonly endpointUrl?: string;
  readonly proxy?: ProxySettings;
  /** For the user agent: `model-delivery/<version>`. */
  readonly version: string;
}

export interface AwsClientOptions extends AwsConnection {
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** In [0, 1): jitter of the retries. Without one it is the same every time. */
  readonly random?: () => number;
}

export interface AwsClients {
  readonly reads: AwsReads;
  readonly writes: AwsWrites;
  /** The same clients and connections, ended by another signal: for the turn that cleans up after a cancelled one. */
  withSignal(signal: AbortSignal): Pick<AwsClients, 'reads' | 'writes'>;
}

/** The settings every SDK client is made with. Retry exists once, in retry.ts, so `maxAttempts` is 1. */
export const clientSettings = ({ region, endpointUrl, proxy, version }: AwsConnection) => ({
  region,
  maxAttempts: 1,
  customUserAgent: [['model-delivery', version]] satisfies [string, string][],
  requestHandler: transport(proxy),
  ...(endpointUrl ? { endpoint: endpointUrl } : {}),
});

/** Clients for every service. Each SDK is loaded and each client made on its first use: start-up of a bundle counts. */
export const createAwsClients = (options: AwsClientOptions): AwsClients => {
  const settings = { ...clientSettings(options), credentials: options.credentials.provide };
  // Bucket names are part of the host otherwise, which a loopback address cannot have.
  const forcePathStyle = options.endpointUrl !== undefined && isLoopback(new URL(options.endpointUrl).hostname);
  const clients = {
    sagemaker: once(async () => (await import('./sagemaker.ts')).sagemakerClient(settings)),
    cloudwatch: once(async () => (await import('./cloudwatch.ts')).cloudwatchClient(settings)),
    autoscaling: once(async () => (await import('./autoscaling.ts')).autoscalingClient(settings)),
    s3: once(async () => (await import('./s3.ts')).s3Client({ ...settings, forcePathStyle })),
    ecr: once(async () => (await import('./ecr.ts')).ecrClient(settings)),
    sts: once(async () => (await import('./sts.ts')).stsClient(settings)),
  };
  const retry = retrying({
    clock: options.clock,
    forgetCredentials: options.credentials.forget,
    ...(options.random ? { random: options.random } : {}),
  });

  const withSignal = (signal: AbortSignal | undefined): Pick<AwsClients, 'reads' | 'writes'> => {
    const sending: Sending = signal ? { retry, signal } : { retry };
    const sagemaker = once(async () =>
      (await import('./sagemaker.ts')).sagemaker(sender(await clients.sagemaker(), 'sagemaker', sending)),
    );
    const cloudwatch = once(async () =>
      (await import('./cloudwatch.ts')).cloudwatch(sender(await clients.cloudwatch(), 'cloudwatch', sending)),
    );
    const autoscaling = once(async () =>
      (await import('./autoscaling.ts')).autoscaling(
        sender(await clients.autoscaling(), 'application-autoscaling', sending),
      ),
    );
    const s3 = once(async () => (await import('./s3.ts')).s3(sender(await clients.s3(), 's3', sending)));
    const ecr = once(async () =>
      (await import('./ecr.ts')).ecr(sender(await clients.ecr(), 'ecr', sending), options.region),
    );
    const sts = once(async () => (await import('./sts.ts')).sts(sender(await clients.sts(), 'sts', sending)));
    return {
      reads: {
        sagemaker: onFirstUse(async () => (await sagemaker()).reads),
        cloudwatch: onFirstUse(async () => (await cloudwatch()).reads),
        autoscaling: onFirstUse(async () => (await autoscaling()).reads),
        s3: onFirstUse(async () => (await s3()).reads),
        ecr: onFirstUse(async () => (await ecr()).reads),
        sts: onFirstUse(async () => (await sts()).reads),
      },
      writes: {
        sagemaker: onFirstUse(async () => (await sagemaker()).writes),
        cloudwatch: onFirstUse(async () => (await cloudwatch()).writes),
        autoscaling: onFirstUse(async () => (await autoscaling()).writes),
        s3: onFirstUse(async () => (await s3()).writes),
      },
    };
  };
  return { ...withSignal(options.signal), withSignal };
};

const once = <Value>(make: () => Promise<Value>): (() => Promise<Value>) => {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/** A service every method of which answers with a promise. */
type Service = Readonly<Record<string, (input: never) => Promise<unknown>>>;

/** The service's methods, before the service is there: the first call loads it. */
const onFirstUse = <S extends Service>(load: () => Promise<S>): S =>
  new Proxy({} as S, {
    // Whoever awaits the service itself must not take it for a promise.
    get: (_target, method) =>
      typeof method === 'string' && method !== 'then'
        ? async (input: never) => (await load())[method]?.(input)
        : undefined,
  });
