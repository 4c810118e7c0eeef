import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECRClient } from '@aws-sdk/client-ecr';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { STSClient } from '@aws-sdk/client-sts';
import type { Simulator } from '../../../simulator/contracts.ts';
import { type SimulatorOptions, startSimulator } from '../../../simulator/simulator.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** AWS SDK clients as a product's process would make them, with retries off so that every refusal is seen. */
export const clientsOf = (simulator: Simulator, keys: Keys = keysOf(simulator.environment())) => {
  const shared = { endpoint: simulator.url, region: 'eu-west-1', maxAttempts: 1, credentials: keys };
  return {
    sagemaker: new SageMakerClient(shared),
    runtime: new SageMakerRuntimeClient(shared),
    cloudwatch: new CloudWatchClient(shared),
    autoscaling: new ApplicationAutoScalingClient(shared),
    s3: new S3Client(shared),
    sts: new STSClient(shared),
    ecr: new ECRClient(shared),
  };
};

export const keysOf = (environment: Readonly<Record<string, string>>): Keys => ({
  accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
});

export const openAccount = async (options: SimulatorOptions = {}) => {
  const simulator = await startSimulator(options);
  return { simulator, ...clientsOf(simulator) };
};
export type Account = Awaited<ReturnType<typeof openAccount>>;

/** `Name: message` of what the call was refused with; `undefined` when it was not. */
export const refusalOf = async (call: Promise<unknown>): Promise<string | undefined> => {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
};
