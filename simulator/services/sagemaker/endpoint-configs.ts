import type { Handler, Instant } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { type Context, epochSeconds, sagemakerArn } from './context.ts';
import type { Models } from './models.ts';
import { type ListRequest, list } from './pages.ts';
import { alreadyExists, invalid, notFound } from './refusals.ts';
import type { Tag, Tags } from './tags.ts';

export interface ProductionVariant {
  readonly VariantName: string;
  /** Absent: inference components bring the models (reference/sagemaker.md §7.6). */
  readonly ModelName?: string;
  readonly InstanceType?: string;
  readonly InitialInstanceCount?: number;
  readonly InitialVariantWeight?: number;
  readonly ContainerStartupHealthCheckTimeoutInSeconds?: number;
  readonly ServerlessConfig?: {
    readonly MemorySizeInMB: number;
    readonly MaxConcurrency: number;
    readonly ProvisionedConcurrency?: number;
  };
  readonly RoutingConfig?: { readonly RoutingStrategy?: string };
  readonly InstancePools?: readonly InstancePool[];
  readonly VolumeSizeInGB?: number;
}
interface InstancePool {
  readonly InstanceType: string;
  readonly Priority: number;
  readonly ModelNameOverride?: string;
}
export interface DataCaptureConfig {
  readonly EnableCapture?: boolean;
  readonly InitialSamplingPercentage: number;
  readonly DestinationS3Uri: string;
  readonly KmsKeyId?: string;
}
export interface AsyncInferenceConfig {
  readonly OutputConfig: { readonly S3OutputPath?: string; readonly S3FailurePath?: string };
  readonly ClientConfig?: { readonly MaxConcurrentInvocationsPerInstance?: number };
}
interface CreateInput {
  readonly EndpointConfigName: string;
  readonly ProductionVariants: readonly ProductionVariant[];
  readonly ShadowProductionVariants?: readonly ProductionVariant[];
  readonly ExecutionRoleArn?: string;
  readonly DataCaptureConfig?: DataCaptureConfig;
  readonly AsyncInferenceConfig?: AsyncInferenceConfig;
  readonly KmsKeyId?: string;
  readonly Tags?: readonly Tag[];
}

export interface EndpointConfig {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly input: CreateInput;
  readonly variants: readonly ProductionVariant[];
  readonly shadows: readonly ProductionVariant[];
}

/**
 * Storage of their own (AWS: ResourceConfig, VolumeSizeInGB, names p4d, g4dn and g5; EC2 names families with an instance store by a `d`;
 * the others by aws/sagemaker-python-sdk, `volume_size_supported`).
 */
const hasStorage = (instanceType: string): boolean =>
  /^ml\.([a-z]+[0-9]+[a-z-]*d[a-z-]*|g5|g6e?|gr6|p5e?n?|trn[12]n?)\./.test(instanceType);

/** Immutable: there is no update, and the name is part of every green-only metric (reference/sagemaker.md §2.2, §3.3). */
export const createEndpointConfigs = (context: Context, models: Models, tags: Tags) => {
  const { kernel } = context;
  const configs = new Map<string, EndpointConfig>();
  const arnOf = (name: string): string => sagemakerArn(context, `endpoint-config/${name}`);

  /** Right after its creation a lookup may still miss it (AWS: CreateEndpointConfig, eventual consistency note). */
  const find = (name: string): EndpointConfig => {
    const config = configs.get(name);
    if (!config || kernel.clock.now() - config.createdAt < kernel.settings.configVisibleAfterMs)
      throw notFound('endpoint configuration', arnOf(name));
    return config;
  };

  const refuseVariant = (variant: ProductionVariant): void => {
    const { ModelName } = variant;
    if (ModelName !== undefined) models.find(ModelName);
    const { InstancePools: pools } = variant;
    if (pools?.some(({ ModelNameOverride }) => ModelNameOverride !== undefined))
      throw notSimulated('instance pools with a model of their own');
    const types = [variant.InstanceType, pools].filter((given) => given !== undefined);
    const instances = types.length === 1 && variant.InitialInstanceCount !== undefined;
    const serverless = variant.ServerlessConfig;
    // One of the two, never both (AWS: ProductionVariant).
    if (
      instances === (serverless !== undefined) ||
      (serverless && (types.length > 0 || variant.InitialInstanceCount !== undefined))
    )
      throw invalid(
        `Variant ${variant.VariantName} needs either InstanceType or InstancePools with InitialInstanceCount, or ServerlessConfig.`,
      );
    // "Valid values are in 1 GB increments" (AWS: ProductionVariantServerlessConfig, MemorySizeInMB). The words are ours.
    if (serverless !== undefined && serverless.MemorySizeInMB % 1024 !== 0)
      throw invalid(`MemorySizeInMB ${serverless.MemorySizeInMB} is not one of 1024, 2048, 3072, 4096, 5120 and 6144.`);
    if (
      serverless?.ProvisionedConcurrency !== undefined &&
      serverless.ProvisionedConcurrency > serverless.MaxConcurrency
    )
      throw invalid('ProvisionedConcurrency cannot be greater than MaxConcurrency.');
  };

  /** Without a model the config needs the role with which components run (AWS: CreateEndpointConfig, ExecutionRoleArn). Words ours. */
  const refuseComponents = ({
    ProductionVariants: variants,
    ExecutionRoleArn,
    AsyncInferenceConfig,
  }: CreateInput): void => {
    const empty = variants.filter(({ ModelName }) => ModelName === undefined);
    if (empty.length === 0) return;
    if (empty.length < variants.length) throw invalid('Either all production variants have a ModelName, or none has.');
    if (ExecutionRoleArn === undefined)
      throw invalid('ExecutionRoleArn is required when the production variants have no ModelName.');
    if (!context.canAssume(ExecutionRoleArn)) throw invalid(`Could not assume role ${ExecutionRoleArn}.`);
    if (empty.some(({ ServerlessConfig }) => ServerlessConfig))
      throw invalid('Inference components are not supported for serverless endpoints.');
    if (AsyncInferenceConfig) throw invalid('Inference components are not supported for asynchronous endpoints.');
  };

  /** One production variant and one shadow (AWS: CreateEndpointConfig). The exclusions are [unconfirmed] (§2.2); the words are ours. */
  const refuseShadows = (input: CreateInput): void => {
    const { ProductionVariants: variants, ShadowProductionVariants: shadows = [] } = input;
    if (shadows.length === 0) return;
    if (variants.length !== 1 || shadows.length !== 1)
      throw invalid('Shadow variants need exactly one production variant and one shadow variant.');
    if ([...variants, ...shadows].some(({ ServerlessConfig }) => ServerlessConfig))
      throw invalid('Shadow variants are not supported for serverless endpoints.');
    if (input.AsyncInferenceConfig) throw invalid('Shadow variants are not supported for asynchronous endpoints.');
    for (const { ModelName } of [...variants, ...shadows])
      if (ModelName === undefined || models.runnable(ModelName).some(({ multiModel }) => multiModel))
        throw invalid('Shadow variants are supported for variants of one model only.');
  };

  /** No volume can be given to hardware with storage of its own, and no key for it (AWS: CreateEndpointConfig, KmsKeyId). */
  const refuseStorage = ({ KmsKeyId, ProductionVariants, ShadowProductionVariants = [] }: CreateInput): void => {
    for (const { InstanceType, InstancePools = [], VolumeSizeInGB } of [
      ...ProductionVariants,
      ...ShadowProductionVariants,
    ]) {
      const types = [InstanceType ?? [], InstancePools.map((pool) => pool.InstanceType)].flat(2).filter(hasStorage);
      // Words as autogluon/autogluon-cloud#50 has them.
      if (types.length > 0 && VolumeSizeInGB !== undefined)
        throw invalid(`VolumeSize parameter is not allowed for the selected Instance type ${types[0]}`);
      // Words ours.
      if (types.length > 0 && KmsKeyId !== undefined)
        throw invalid(`KmsKeyId is not supported for the selected Instance type ${types[0]}.`);
    }
  };

  const refuse = (input: CreateInput): void => {
    const names = [...input.ProductionVariants, ...(input.ShadowProductionVariants ?? [])].map(
      (variant) => variant.VariantName,
    );
    if (new Set(names).size !== names.length)
      throw invalid(`Variant names must be unique within an endpoint configuration: ${names.join(', ')}.`);
    const serverless = input.ProductionVariants.some((variant) => variant.ServerlessConfig);
    // AWS: serverless endpoints, feature exclusions.
    if (serverless && input.ProductionVariants.length > 1)
      throw invalid('Serverless endpoints support a single production variant.');
    if (serverless && input.DataCaptureConfig) throw invalid('Data capture is not supported for serverless endpoints.');
    refuseComponents(input);
    for (const variant of [...input.ProductionVariants, ...(input.ShadowProductionVariants ?? [])]) {
      refuseVariant(variant);
      // AWS: serverless endpoints, feature exclusions.
      const { ServerlessConfig, ModelName } = variant;
      if (ServerlessConfig === undefined || ModelName === undefined) continue;
      const containers = models.runnable(ModelName);
      if (containers.length > 1 || containers.some(({ multiModel }) => multiModel))
        throw invalid('Serverless endpoints support neither several containers nor several models.');
    }
    refuseShadows(input);
    refuseStorage(input);
  };

  const operations = {
    CreateEndpointConfig: (input: CreateInput) => {
      const name = input.EndpointConfigName;
      const arn = arnOf(name);
      if (configs.has(name)) throw alreadyExists('endpoint configuration', arn);
      refuse(input);
      tags.open(arn, input.Tags);
      const { ProductionVariants: variants, ShadowProductionVariants: shadows = [] } = input;
      configs.set(name, { name, arn, createdAt: kernel.clock.now(), input, variants, shadows });
      return { EndpointConfigArn: arn };
    },

    DescribeEndpointConfig: (input: { EndpointConfigName: string }) => {
      const {
        arn,
        createdAt,
        input: { Tags: _tags, ...created },
      } = find(input.EndpointConfigName);
      const weighted = (variant: ProductionVariant) => ({ InitialVariantWeight: 1, ...variant });
      const { ShadowProductionVariants: shadows } = created;
      return {
        ...created,
        EndpointConfigArn: arn,
        CreationTime: epochSeconds(createdAt),
        ProductionVariants: created.ProductionVariants.map(weighted),
        ...(shadows ? { ShadowProductionVariants: shadows.map(weighted) } : {}),
      };
    },

    /** Succeeds while an endpoint uses it; the next UpdateEndpoint then cannot find the OLD name (§2.2, terraform-provider-aws#40048). */
    DeleteEndpointConfig: (input: { EndpointConfigName: string }) => {
      const { arn } = find(input.EndpointConfigName);
      configs.delete(input.EndpointConfigName);
      tags.close(arn);
      return {};
    },

    ListEndpointConfigs: (input: ListRequest) => {
      const { items, next } = list([...configs.values()], input, { order: 'Descending' });
      const summary = ({ name, arn, createdAt }: EndpointConfig) => ({
        EndpointConfigName: name,
        EndpointConfigArn: arn,
        CreationTime: epochSeconds(createdAt),
      });
      return { EndpointConfigs: items.map(summary), ...next };
    },
  } satisfies Record<string, Handler>;

  return { operations, find };
};
export type EndpointConfigs = ReturnType<typeof createEndpointConfigs>;
