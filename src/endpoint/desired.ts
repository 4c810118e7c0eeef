import type { CreateEndpointConfigInput, CreateModelInput } from '../aws/sagemaker.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import { packageArn } from '../registry/packages.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account } from '../world.ts';
import { contentName } from './names.ts';
import { tags } from './tags.ts';

/** The model and endpoint config of a delivery: AWS requests, named by their content. */
export interface Desired {
  readonly model: CreateModelInput & { readonly ModelName: string };
  readonly config: CreateEndpointConfigInput & { readonly EndpointConfigName: string };
}

export interface DesiredFrom {
  readonly account: Account;
  /** Owner of the model package group; default: `account`. */
  readonly registry?: Account;
  readonly group: string;
  readonly version: string;
  readonly packageVersion: number;
  readonly spec: EndpointSpec;
  /** The canonical variant name: the live endpoint's, or `AllTraffic`. Guardrails need the same name on both fleets. */
  readonly variant: string;
  readonly instanceCount: number;
  readonly attempt: number;
}

export const defaultVariant = 'AllTraffic';

/** Name → ARN of a role in this account; an ARN stays as it is. */
export const roleArn = (account: Account, role: string): string =>
  role.startsWith('arn:') ? role : `arn:${account.partition}:iam::${account.id}:role/${role}`;

export const desired = (from: DesiredFrom): Desired => {
  const { account, group, version, spec, attempt } = from;
  const modelContent = {
    // The package, not its image: the approved version is the deployed one (rule 2).
    PrimaryContainer: {
      ModelPackageName: packageArn(from.registry ?? account, group, from.packageVersion),
      ...(Object.keys(spec.environment).length > 0 ? { Environment: { ...spec.environment } } : {}),
    },
    ...withoutUndefined({
      ExecutionRoleArn: spec.executionRole && roleArn(account, spec.executionRole),
      VpcConfig: spec.vpc && { Subnets: [...spec.vpc.subnets], SecurityGroupIds: [...spec.vpc.securityGroups] },
    }),
    ...(spec.networkIsolation ? { EnableNetworkIsolation: true } : {}),
  };
  const ModelName = contentName(spec.name, version, modelContent, attempt);
  const configContent = {
    ProductionVariants: [
      {
        VariantName: from.variant,
        ModelName,
        ...hardware(spec, from.instanceCount),
        InitialVariantWeight: 1,
        ...withoutUndefined({
          VolumeSizeInGB: spec.volumeSizeGb,
          ModelDataDownloadTimeoutInSeconds: spec.modelDownloadTimeoutSeconds,
          ContainerStartupHealthCheckTimeoutInSeconds: spec.startupHealthCheckTimeoutSeconds,
        }),
      },
    ],
    ...withoutUndefined({
      DataCaptureConfig: spec.dataCapture && dataCapture(spec.dataCapture),
      AsyncInferenceConfig: spec.async && asynchronous(spec.async),
      KmsKeyId: spec.kmsKey,
    }),
  };
  const Tags = tags(spec.tags);
  return {
    model: { ModelName, ...modelContent, Tags },
    config: { EndpointConfigName: contentName(spec.name, version, configContent, attempt), ...configContent, Tags },
  };
};

type Variant = NonNullable<CreateEndpointConfigInput['ProductionVariants']>[number];

const hardware = ({ instance, serverless }: EndpointSpec, instanceCount: number): Partial<Variant> => ({
  ...(instance
    ? { InstanceType: instance.type as NonNullable<Variant['InstanceType']>, InitialInstanceCount: instanceCount }
    : {}),
  ...(serverless
    ? {
        ServerlessConfig: {
          MemorySizeInMB: serverless.memoryMb,
          MaxConcurrency: serverless.maxConcurrency,
          ...withoutUndefined({ ProvisionedConcurrency: serverless.provisionedConcurrency }),
        },
      }
    : {}),
});

const asynchronous = ({ output, failure, maxConcurrentPerInstance }: NonNullable<EndpointSpec['async']>) => ({
  OutputConfig: { S3OutputPath: output, ...withoutUndefined({ S3FailurePath: failure }) },
  ...(maxConcurrentPerInstance === undefined
    ? {}
    : { ClientConfig: { MaxConcurrentInvocationsPerInstance: maxConcurrentPerInstance } }),
});

const dataCapture = (capture: NonNullable<EndpointSpec['dataCapture']>) => ({
  EnableCapture: true,
  InitialSamplingPercentage: capture.samplingPercent,
  DestinationS3Uri: capture.s3,
  CaptureOptions: [{ CaptureMode: 'Input' as const }, { CaptureMode: 'Output' as const }],
  ...withoutUndefined({ KmsKeyId: capture.kmsKey }),
});

/** Whether an existing resource equals the wanted one: it has every wanted member with the same value. */
export const sameAs = (wanted: unknown, existing: unknown): boolean => {
  if (Array.isArray(wanted))
    return (
      Array.isArray(existing) &&
      wanted.length === existing.length &&
      wanted.every((item, index) => sameAs(item, existing[index]))
    );
  if (wanted !== null && typeof wanted === 'object') {
    if (existing === null || typeof existing !== 'object') return false;
    const members = existing as Readonly<Record<string, unknown>>;
    return Object.entries(wanted).every(
      ([key, value]) => key === 'Tags' || value === undefined || sameAs(value, members[key]),
    );
  }
  return wanted === existing;
};
