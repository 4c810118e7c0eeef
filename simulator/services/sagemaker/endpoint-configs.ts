import type { Handler, Instant } from '../../contracts.ts';
import { type Context, epochSeconds, sagemakerArn } from './context.ts';
import type { Models } from './models.ts';
import { type ListRequest, list } from './pages.ts';
import { alreadyExists, invalid, notFound } from './refusals.ts';
import type { Tag, Tags } from './tags.ts';

export interface ProductionVariant {
  readonly VariantName: string;
  readonly ModelName: string;
  readonly InstanceType?: string;
  readonly InitialInstanceCount?: number;
  readonly InitialVariantWeight?: number;
  readonly ContainerStartupHealthCheckTimeoutInSeconds?: number;
  readonly ServerlessConfig?: {
    readonly MemorySizeInMB: number;
    readonly MaxConcurrency: number;
    readonly ProvisionedConcurrency?: number;
  };
  readonly RoutingConfig?: object;
}
export interface DataCaptureConfig {
  readonly EnableCapture?: boolean;
  readonly InitialSamplingPercentage: number;
  readonly DestinationS3Uri: string;
  readonly KmsKeyId?: string;
}
interface CreateInput {
  readonly EndpointConfigName: string;
  readonly ProductionVariants: readonly (Omit<ProductionVariant, 'ModelName'> & { readonly ModelName?: string })[];
  readonly ShadowProductionVariants?: readonly object[];
  readonly DataCaptureConfig?: DataCaptureConfig;
  readonly AsyncInferenceConfig?: object;
  readonly KmsKeyId?: string;
  readonly Tags?: readonly Tag[];
}

export interface EndpointConfig {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly input: CreateInput;
  readonly variants: readonly ProductionVariant[];
}

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

  const checked = (variant: CreateInput['ProductionVariants'][number]): ProductionVariant => {
    const { ModelName } = variant;
    if (ModelName === undefined)
      throw invalid(
        `Variant ${variant.VariantName} has no ModelName: inference component endpoints are not simulated.`,
      );
    models.find(ModelName);
    const instances = variant.InstanceType !== undefined && variant.InitialInstanceCount !== undefined;
    const serverless = variant.ServerlessConfig;
    // One of the two, never both (AWS: ProductionVariant).
    if (
      instances === (serverless !== undefined) ||
      (serverless && (variant.InstanceType ?? variant.InitialInstanceCount) !== undefined)
    )
      throw invalid(
        `Variant ${variant.VariantName} needs either InstanceType with InitialInstanceCount, or ServerlessConfig.`,
      );
    if (
      serverless?.ProvisionedConcurrency !== undefined &&
      serverless.ProvisionedConcurrency > serverless.MaxConcurrency
    )
      throw invalid('ProvisionedConcurrency cannot be greater than MaxConcurrency.');
    return { ...variant, ModelName };
  };

  const refuse = (input: CreateInput): void => {
    const names = input.ProductionVariants.map((variant) => variant.VariantName);
    if (new Set(names).size !== names.length)
      throw invalid(`Variant names must be unique within an endpoint configuration: ${names.join(', ')}.`);
    if (input.ShadowProductionVariants && input.ShadowProductionVariants.length > 0)
      throw invalid('Shadow variants are not simulated.');
    const serverless = input.ProductionVariants.some((variant) => variant.ServerlessConfig);
    // AWS: serverless endpoints, feature exclusions.
    if (serverless && input.ProductionVariants.length > 1)
      throw invalid('Serverless endpoints support a single production variant.');
    if (serverless && input.DataCaptureConfig) throw invalid('Data capture is not supported for serverless endpoints.');
  };

  const operations = {
    CreateEndpointConfig: (input: CreateInput) => {
      const name = input.EndpointConfigName;
      const arn = arnOf(name);
      if (configs.has(name)) throw alreadyExists('endpoint configuration', arn);
      refuse(input);
      const variants = input.ProductionVariants.map(checked);
      tags.open(arn, input.Tags);
      configs.set(name, { name, arn, createdAt: kernel.clock.now(), input, variants });
      return { EndpointConfigArn: arn };
    },

    DescribeEndpointConfig: (input: { EndpointConfigName: string }) => {
      const {
        arn,
        createdAt,
        input: { Tags: _tags, ...created },
      } = find(input.EndpointConfigName);
      return {
        ...created,
        EndpointConfigArn: arn,
        CreationTime: epochSeconds(createdAt),
        ProductionVariants: created.ProductionVariants.map((variant) => ({ InitialVariantWeight: 1, ...variant })),
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
