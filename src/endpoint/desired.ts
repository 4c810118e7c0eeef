import type { CreateEndpointConfigInput, CreateModelInput } from '../aws/sagemaker.ts';
import type { DataCapture, EndpointSpec } from '../manifest/manifest.ts';
import { packageArn } from '../registry/packages.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account } from '../world.ts';
import { contentName } from './names.ts';
import { isMembers, type Members, type Settings, settingsOf } from './settings.ts';
import { overlaid } from './settings-kept.ts';
import { spellings } from './spellings.ts';
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
  /** Settings that the manifest does not have, and the configuration that has them. */
  readonly kept?: { readonly from: Settings; readonly settings: readonly string[] };
}

export const defaultVariant = 'AllTraffic';

/** Name → ARN of a role in this account; an ARN stays as it is. */
export const roleArn = (account: Account, role: string): string =>
  role.startsWith('arn:') ? role : `arn:${account.partition}:iam::${account.id}:role/${role}`;

export const desired = (from: DesiredFrom): Desired => {
  const { version, spec, attempt, kept } = from;
  const manifest = settingsOfManifest(from);
  const { config, variant, model, container } = withDefaults(
    kept ? overlaid(manifest, kept.from, kept.settings) : manifest,
  );
  const modelContent = { PrimaryContainer: container, ...model };
  const ModelName = contentName(spec.name, version, modelContent, attempt);
  const configContent = {
    ProductionVariants: [
      {
        VariantName: from.variant,
        ModelName,
        ...variant,
        InitialVariantWeight: 1,
      },
    ],
    ...config,
  };
  const Tags = tags(spec.tags);
  return {
    model: { ModelName, ...modelContent, Tags },
    config: { EndpointConfigName: contentName(spec.name, version, configContent, attempt), ...configContent, Tags },
  };
};

/** The settings of a configuration that is to be created. */
export const settingsOfDesired = ({ config, model }: Desired): Settings => settingsOf(config, model);

/** The settings that a request has by itself: those of the manifest, and the version's package. */
export const settingsOfManifest = ({
  account,
  registry = account,
  group,
  packageVersion,
  spec,
  instanceCount,
}: Omit<DesiredFrom, 'kept' | 'attempt' | 'version' | 'variant'>): Settings => ({
  config: withoutUndefined({
    DataCaptureConfig: spec.dataCapture && dataCapture(spec.dataCapture),
    AsyncInferenceConfig: spec.async && asynchronous(spec.async),
    KmsKeyId: spec.kmsKey,
  }),
  variant: {
    ...hardware(spec, instanceCount),
    ...withoutUndefined({
      VolumeSizeInGB: spec.volumeSizeGb,
      ModelDataDownloadTimeoutInSeconds: spec.modelDownloadTimeoutSeconds,
      ContainerStartupHealthCheckTimeoutInSeconds: spec.startupHealthCheckTimeoutSeconds,
      InferenceAmiVersion: spec.inferenceAmiVersion,
      RoutingConfig: spec.routing && { RoutingStrategy: spellings.routing[spec.routing] },
      ManagedInstanceScaling: spec.managedInstanceScaling && {
        Status: 'ENABLED',
        MinInstanceCount: spec.managedInstanceScaling.min,
        MaxInstanceCount: spec.managedInstanceScaling.max,
      },
      // The only preference that AWS has.
      CapacityReservationConfig: spec.capacityReservation && {
        CapacityReservationPreference: 'capacity-reservations-only',
        MlReservationArn: spec.capacityReservation,
      },
    }),
  },
  model: {
    ...withoutUndefined({
      ExecutionRoleArn: spec.executionRole && roleArn(account, spec.executionRole),
      VpcConfig: spec.vpc && { Subnets: [...spec.vpc.subnets], SecurityGroupIds: [...spec.vpc.securityGroups] },
    }),
    ...(spec.networkIsolation ? { EnableNetworkIsolation: true } : {}),
  },
  container: {
    // The package, not its image: the approved version is the deployed one (rule 2).
    ModelPackageName: packageArn(registry, group, packageVersion),
    ...(Object.keys(spec.environment).length > 0 ? { Environment: { ...spec.environment } } : {}),
  },
});

/** SageMaker needs the sides of a capture; without a choice both are captured. */
const withDefaults = (settings: Settings): Settings => {
  const { DataCaptureConfig: capture } = settings.config;
  if (!isMembers(capture) || capture['CaptureOptions'] !== undefined) return settings;
  const CaptureOptions = [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }];
  return { ...settings, config: { ...settings.config, DataCaptureConfig: { ...capture, CaptureOptions } } };
};

const hardware = ({ instance, serverless }: EndpointSpec, instanceCount: number): Members => ({
  ...(instance ? { InstanceType: instance.type, InitialInstanceCount: instanceCount } : {}),
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

const asynchronous = (spec: NonNullable<EndpointSpec['async']>): Members => {
  const notifications = withoutUndefined({
    SuccessTopic: spec.successTopic,
    ErrorTopic: spec.errorTopic,
    IncludeInferenceResponseIn: spec.includeResponseIn?.map((kind) => spellings.message[kind]),
  });
  return {
    OutputConfig: {
      S3OutputPath: spec.output,
      ...withoutUndefined({ S3FailurePath: spec.failure }),
      ...(Object.keys(notifications).length > 0 ? { NotificationConfig: notifications } : {}),
    },
    ...(spec.maxConcurrentPerInstance === undefined
      ? {}
      : { ClientConfig: { MaxConcurrentInvocationsPerInstance: spec.maxConcurrentPerInstance } }),
  };
};

const dataCapture = (capture: DataCapture): Members => {
  const headers = withoutUndefined({
    CsvContentTypes: capture.csvContentTypes,
    JsonContentTypes: capture.jsonContentTypes,
  });
  return {
    EnableCapture: true,
    InitialSamplingPercentage: capture.samplingPercent,
    DestinationS3Uri: capture.s3,
    ...withoutUndefined({
      CaptureOptions: capture.capture?.map((side) => ({ CaptureMode: spellings.side[side] })),
      KmsKeyId: capture.kmsKey,
    }),
    ...(Object.keys(headers).length > 0 ? { CaptureContentTypeHeader: headers } : {}),
  };
};

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
