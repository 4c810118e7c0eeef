import type { CreateEndpointConfigInput, CreateModelInput } from '../aws/sagemaker.ts';
import type { Protection } from '../manifest/manifest.ts';

/** The settings of protections. Pinning is no setting of the endpoint. */
export const protections = {
  'kms-key': { path: 'config.KmsKeyId', name: 'encryption of the volumes' },
  vpc: { path: 'model.VpcConfig', name: 'the VPC' },
  'network-isolation': { path: 'model.EnableNetworkIsolation', name: 'network isolation' },
  'data-capture': { path: 'config.DataCaptureConfig', name: 'data capture' },
  'data-capture.kms-key': { path: 'config.DataCaptureConfig.KmsKeyId', name: 'encryption of the captured data' },
} as const satisfies Readonly<Partial<Record<Protection, { readonly path: string; readonly name: string }>>>;
export type ProtectingSetting = keyof typeof protections;

/** One setting of a config, its variant, its model, or the model's container. */
export interface Setting {
  /** Of readers. */
  readonly name: string;
  /** The manifest's key. Without one the manifest cannot have it, and every delivery keeps it. */
  readonly key?: string;
  readonly unit?: string;
  /** Always as the request has it: hardware, the kind of endpoint, and the content of the version. */
  readonly requested?: true;
  /** It is kept only when this setting is kept: a value of the manifest ends both. */
  readonly partOf?: string;
}

/** Parts of a config that exist only with one of their members. */
const groups = {
  'config.DataCaptureConfig': 'config.DataCaptureConfig.DestinationS3Uri',
  'config.AsyncInferenceConfig': 'config.AsyncInferenceConfig.OutputConfig.S3OutputPath',
  'variant.ServerlessConfig': 'variant.ServerlessConfig.MemorySizeInMB',
} as const;

/**
 * By part and by AWS's member names. A member that is not in this table is a setting too: it has its own name, the manifest cannot have
 * it, and every delivery keeps it.
 */
const table: Readonly<Record<string, Setting>> = {
  'variant.ModelName': { name: 'model', requested: true },
  'variant.InstanceType': { name: 'instance type', key: 'instance.type', requested: true },
  'variant.InitialInstanceCount': { name: 'instances at the start', key: 'instance.count', requested: true },
  'variant.ServerlessConfig.MemorySizeInMB': {
    name: 'serverless memory',
    key: 'serverless.memory',
    unit: 'MB',
    requested: true,
  },
  'variant.ServerlessConfig.MaxConcurrency': {
    name: 'serverless concurrency',
    key: 'serverless.max-concurrency',
    requested: true,
  },
  'variant.ServerlessConfig.ProvisionedConcurrency': {
    name: 'provisioned concurrency',
    key: 'serverless.provisioned-concurrency',
  },
  'variant.VolumeSizeInGB': { name: 'storage volume', key: 'volume-size-gb', unit: 'GB' },
  'variant.ModelDataDownloadTimeoutInSeconds': {
    name: 'model download timeout',
    key: 'model-download-timeout',
    unit: 's',
  },
  'variant.ContainerStartupHealthCheckTimeoutInSeconds': {
    name: 'startup health check timeout',
    key: 'startup-health-check-timeout',
    unit: 's',
  },
  'variant.RoutingConfig.RoutingStrategy': { name: 'routing strategy', key: 'routing' },
  'variant.RoutingConfig.PrefixAwareRoutingConfig': {
    name: 'prefix-aware routing',
    partOf: 'variant.RoutingConfig.RoutingStrategy',
  },
  'variant.InferenceAmiVersion': { name: 'inference AMI version', key: 'inference-ami-version' },
  'variant.ManagedInstanceScaling.Status': { name: 'managed instance scaling', key: 'managed-instance-scaling' },
  'variant.ManagedInstanceScaling.MinInstanceCount': {
    name: 'fewest instances of managed scaling',
    key: 'managed-instance-scaling.min',
  },
  'variant.ManagedInstanceScaling.MaxInstanceCount': {
    name: 'most instances of managed scaling',
    key: 'managed-instance-scaling.max',
  },
  'variant.ManagedInstanceScaling.ScaleInPolicy': { name: 'scale-in policy of managed scaling' },
  'variant.VariantInstanceProvisionTimeoutInSeconds': { name: 'timeout for capacity', unit: 's' },
  'variant.CoreDumpConfig': { name: 'core dumps' },
  'variant.EnableSSMAccess': { name: 'SSM access' },
  'variant.CapacityReservationConfig.MlReservationArn': { name: 'capacity reservation', key: 'capacity-reservation' },
  'variant.CapacityReservationConfig.CapacityReservationPreference': {
    name: 'use of the capacity reservation',
    key: 'capacity-reservation',
  },
  // AWS: "This parameter is no longer supported. Elastic Inference (EI) is no longer available."
  'variant.AcceleratorType': { name: 'Elastic Inference accelerator', requested: true },
  'config.KmsKeyId': { name: 'encryption of the volumes (KMS key)', key: 'kms-key' },
  'config.DataCaptureConfig.EnableCapture': { name: 'data capture', key: 'data-capture' },
  [groups['config.DataCaptureConfig']]: { name: 'data capture: place', key: 'data-capture.s3' },
  'config.DataCaptureConfig.InitialSamplingPercentage': {
    name: 'data capture: captured share',
    key: 'data-capture.sampling-percent',
    unit: '%',
  },
  'config.DataCaptureConfig.KmsKeyId': {
    name: 'data capture: encryption (KMS key)',
    key: 'data-capture.kms-key',
  },
  'config.DataCaptureConfig.CaptureOptions': {
    name: 'data capture: captured sides',
    key: 'data-capture.capture',
  },
  'config.DataCaptureConfig.CaptureContentTypeHeader.CsvContentTypes': {
    name: 'data capture: CSV content types',
    key: 'data-capture.csv-content-types',
  },
  'config.DataCaptureConfig.CaptureContentTypeHeader.JsonContentTypes': {
    name: 'data capture: JSON content types',
    key: 'data-capture.json-content-types',
  },
  [groups['config.AsyncInferenceConfig']]: { name: 'async: place of answers', key: 'async.output', requested: true },
  'config.AsyncInferenceConfig.OutputConfig.S3FailurePath': {
    name: 'async: place of errors',
    key: 'async.failure',
  },
  'config.AsyncInferenceConfig.OutputConfig.KmsKeyId': { name: 'async: encryption (KMS key)' },
  'config.AsyncInferenceConfig.OutputConfig.NotificationConfig.SuccessTopic': {
    name: 'async: topic of answers',
    key: 'async.success-topic',
  },
  'config.AsyncInferenceConfig.OutputConfig.NotificationConfig.ErrorTopic': {
    name: 'async: topic of errors',
    key: 'async.error-topic',
  },
  'config.AsyncInferenceConfig.OutputConfig.NotificationConfig.IncludeInferenceResponseIn': {
    name: 'async: answers in notifications',
    key: 'async.include-response-in',
  },
  'config.AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance': {
    name: 'async: most requests at once per instance',
    key: 'async.max-concurrent-per-instance',
  },
  'config.ExplainerConfig': { name: 'explanations' },
  'config.MetricsConfig': { name: 'metrics' },
  'config.ExecutionRoleArn': { name: 'execution role of the config' },
  'config.VpcConfig': { name: 'VPC of the config' },
  'config.EnableNetworkIsolation': { name: 'network isolation of the config' },
  'config.CrossRegionTrafficConfig': { name: 'traffic to other regions' },
  'model.ExecutionRoleArn': { name: 'execution role', key: 'execution-role' },
  'model.VpcConfig.Subnets': { name: 'VPC subnets', key: 'vpc.subnets' },
  'model.VpcConfig.SecurityGroupIds': { name: 'VPC security groups', key: 'vpc.security-groups' },
  'model.EnableNetworkIsolation': { name: 'network isolation', key: 'network-isolation' },
  'model.InferenceExecutionConfig': { name: 'order of the containers', requested: true },
  'container.ModelPackageName': { name: 'model package', requested: true },
  'container.InferenceSpecificationName': { name: 'inference specification of the package', requested: true },
  'container.Containers': { name: 'containers', requested: true },
  'container.Image': { name: 'image', requested: true },
  'container.ImageConfig': { name: 'access to the image', requested: true },
  'container.ModelDataUrl': { name: 'model data', requested: true },
  'container.ModelDataSource': { name: 'source of the model data', requested: true },
  'container.AdditionalModelDataSources': { name: 'additional model data', requested: true },
  'container.Mode': { name: 'mode of the container', requested: true },
  'container.MultiModelConfig': { name: 'cache of several models', requested: true },
  'container.Environment': { name: 'environment', key: 'environment', requested: true },
  'container.ContainerHostname': { name: 'hostname of the container' },
  'container.ContainerMetricsConfig': { name: 'metrics of the container' },
};

export type Members = Readonly<Record<string, unknown>>;

/** The settings of one variant, of the config around it, and of its model, under AWS's member names. */
export interface Settings {
  readonly config: Members;
  readonly variant: Members;
  readonly model: Members;
  readonly container: Members;
}

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Names, times and other variants are no settings. The weight of a variant is the endpoint's own. */
const notOfConfig = new Set([
  'EndpointConfigName',
  'EndpointConfigArn',
  'CreationTime',
  'ProductionVariants',
  'ShadowProductionVariants',
  'Tags',
  '$metadata',
]);
const notOfVariant = new Set(['VariantName', 'InitialVariantWeight']);
/** `DeploymentRecommendation`: AWS's advice, and no member of CreateModel. */
const notOfModel = new Set([
  'ModelName',
  'ModelArn',
  'CreationTime',
  'PrimaryContainer',
  'Containers',
  'DeploymentRecommendation',
  'Tags',
  '$metadata',
]);

/** AWS's defaults, which it shows in some answers and not in others. */
const defaults: Members = { 'model.EnableNetworkIsolation': false, 'config.EnableNetworkIsolation': false };
const isDefault = (path: string, value: unknown): boolean =>
  defaults[path] === value ||
  // A container without variables.
  (path === 'container.Environment' && isMembers(value) && Object.keys(value).length === 0);

const without = (part: keyof Settings, members: object, others: ReadonlySet<string>): Members =>
  Object.fromEntries(
    Object.entries(members).filter(
      ([name, value]) => !others.has(name) && value != null && !isDefault(`${part}.${name}`, value),
    ),
  );

/** Capture is on unless its config has the contrary (AWS: DataCaptureConfig). */
const captureOf = ({ DataCaptureConfig }: Partial<CreateEndpointConfigInput>): Members =>
  DataCaptureConfig ? { DataCaptureConfig: { EnableCapture: true, ...DataCaptureConfig } } : {};

/** @param variant of these production variants; the only one when it is absent */
export const settingsOf = (
  config: Partial<CreateEndpointConfigInput>,
  model: Partial<CreateModelInput>,
  variant?: string,
): Settings => {
  const one =
    config.ProductionVariants?.find(({ VariantName }) => VariantName === variant) ?? config.ProductionVariants?.[0];
  const containers = model.PrimaryContainer ? [model.PrimaryContainer] : (model.Containers ?? []);
  return {
    config: without('config', { ...config, ...captureOf(config) }, notOfConfig),
    variant: without('variant', one ?? {}, notOfVariant),
    model: without('model', model, notOfModel),
    // Several containers are content of the version, as a whole.
    container:
      containers.length > 1 ? { Containers: containers } : without('container', containers[0] ?? {}, new Set<string>()),
  };
};

/** The setting that a path belongs to, with its own path. */
export const settingAt = (path: string): Setting & { readonly path: string } => {
  const known = Object.entries(table).find(([own]) => isWithin(path, own));
  return known ? { ...known[1], path: known[0] } : { name: path.split('.').slice(1).join('.'), path };
};

/** The setting without which the setting at this path cannot exist. */
export const needs = (path: string): string | undefined =>
  Object.entries(groups).find(([group, anchor]) => path !== anchor && isWithin(path, group))?.[1];

/** Whether a path is another one or leads into it. */
export const isWithin = (path: string, other: string): boolean => path === other || path.startsWith(`${other}.`);

/** Settings of these parts, by path: whole where a setting has members of its own. */
export const eachSetting = (settings: Settings): ReadonlyMap<string, unknown> => {
  const found = new Map<string, unknown>();
  const walk = (path: string, value: unknown): void => {
    const parent = Object.keys(table).some((known) => known.startsWith(`${path}.`));
    if (parent && isMembers(value) && Object.keys(value).length > 0)
      for (const [name, member] of Object.entries(value)) walk(`${path}.${name}`, member);
    else if (value !== undefined) found.set(path, value);
  };
  for (const [part, members] of Object.entries(settings))
    for (const [name, value] of Object.entries(members as Members)) walk(`${part}.${name}`, value);
  return found;
};

/** The value at a path; undefined without one. */
export const valueAt = (settings: Settings, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (isMembers(value) ? value[name] : undefined), settings);

/** These settings with other values at some paths. */
export const withValues = (settings: Settings, values: ReadonlyMap<string, unknown>): Settings =>
  [...values].reduce<Settings>(
    (all, [path, value]) => withValue(all as unknown as Members, path.split('.'), value) as unknown as Settings,
    settings,
  );

const withValue = (members: Members, [name = '', ...rest]: readonly string[], value: unknown): Members => {
  const member = members[name];
  return { ...members, [name]: rest.length === 0 ? value : withValue(isMembers(member) ? member : {}, rest, value) };
};
