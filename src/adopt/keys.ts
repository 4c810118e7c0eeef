import { roleArn } from '../endpoint/desired.ts';
import { isMembers, type Settings, valueAt } from '../endpoint/settings.ts';
import { capturedSides, isSecretVariable } from '../endpoint/settings-lines.ts';
import { wordFor } from '../endpoint/spellings.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account } from '../world.ts';

/** A value of `endpoint`, as its author would write it; undefined where the endpoint has none. */
type Reader = (settings: Settings, account: Account) => unknown;

const at =
  (path: string): Reader =>
  (settings) =>
    valueAt(settings, path);
const inSeconds =
  (path: string): Reader =>
  (settings) => {
    const value = valueAt(settings, path);
    return value === undefined ? undefined : `${value}s`;
  };
/** Undefined when no member has a value. */
const mapping = (members: Readonly<Record<string, unknown>>): object | undefined => {
  const found = withoutUndefined(members);
  return Object.keys(found).length === 0 ? undefined : found;
};

const serverless: Reader = (settings) => {
  const path = 'variant.ServerlessConfig';
  return mapping({
    memory: valueAt(settings, `${path}.MemorySizeInMB`),
    'max-concurrency': valueAt(settings, `${path}.MaxConcurrency`),
    'provisioned-concurrency': valueAt(settings, `${path}.ProvisionedConcurrency`),
  });
};

const asynchronous: Reader = (settings) => {
  const path = 'config.AsyncInferenceConfig.OutputConfig';
  const included = valueAt(settings, `${path}.NotificationConfig.IncludeInferenceResponseIn`);
  return mapping({
    output: valueAt(settings, `${path}.S3OutputPath`),
    failure: valueAt(settings, `${path}.S3FailurePath`),
    'success-topic': valueAt(settings, `${path}.NotificationConfig.SuccessTopic`),
    'error-topic': valueAt(settings, `${path}.NotificationConfig.ErrorTopic`),
    'include-response-in': Array.isArray(included) ? included.map((one) => wordFor('message', one) ?? one) : undefined,
    'max-concurrent-per-instance': valueAt(
      settings,
      'config.AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance',
    ),
  });
};

const dataCapture: Reader = (settings) => {
  const path = 'config.DataCaptureConfig';
  // The manifest cannot have a capture that is off: the deliveries keep it so.
  if (valueAt(settings, `${path}.EnableCapture`) !== true) return undefined;
  const options = valueAt(settings, `${path}.CaptureOptions`);
  const sides = Array.isArray(options)
    ? capturedSides(options).map((side) => wordFor('side', side) ?? side)
    : undefined;
  return mapping({
    s3: valueAt(settings, `${path}.DestinationS3Uri`),
    'sampling-percent': valueAt(settings, `${path}.InitialSamplingPercentage`),
    'kms-key': valueAt(settings, `${path}.KmsKeyId`),
    capture: sides,
    'csv-content-types': valueAt(settings, `${path}.CaptureContentTypeHeader.CsvContentTypes`),
    'json-content-types': valueAt(settings, `${path}.CaptureContentTypeHeader.JsonContentTypes`),
  });
};

/** The hardware and the kind of the endpoint: without them a manifest makes another one. */
export const basis: Readonly<Record<string, Reader>> = { serverless, async: asynchronous };

/** The other keys, each of which the manifest may have or not. */
export const optional: Readonly<Record<string, Reader>> = {
  'execution-role': (settings, account) => {
    const role = valueAt(settings, 'model.ExecutionRoleArn');
    if (typeof role !== 'string') return undefined;
    const name = role.split('/').at(-1) ?? '';
    return roleArn(account, name) === role ? name : role;
  },
  'kms-key': at('config.KmsKeyId'),
  vpc: (settings) =>
    mapping({
      subnets: valueAt(settings, 'model.VpcConfig.Subnets'),
      'security-groups': valueAt(settings, 'model.VpcConfig.SecurityGroupIds'),
    }),
  'network-isolation': at('model.EnableNetworkIsolation'),
  'data-capture': dataCapture,
  routing: (settings) => wordFor('routing', valueAt(settings, 'variant.RoutingConfig.RoutingStrategy')),
  'inference-ami-version': at('variant.InferenceAmiVersion'),
  'managed-instance-scaling': (settings) =>
    valueAt(settings, 'variant.ManagedInstanceScaling.Status') === 'ENABLED'
      ? mapping({
          min: valueAt(settings, 'variant.ManagedInstanceScaling.MinInstanceCount'),
          max: valueAt(settings, 'variant.ManagedInstanceScaling.MaxInstanceCount'),
        })
      : undefined,
  // Without a preference the manifest cannot have it: the deliveries keep it so.
  'capacity-reservation': (settings) =>
    valueAt(settings, 'variant.CapacityReservationConfig.CapacityReservationPreference') === undefined
      ? undefined
      : valueAt(settings, 'variant.CapacityReservationConfig.MlReservationArn'),
  'volume-size-gb': at('variant.VolumeSizeInGB'),
  'model-download-timeout': inSeconds('variant.ModelDataDownloadTimeoutInSeconds'),
  'startup-health-check-timeout': inSeconds('variant.ContainerStartupHealthCheckTimeoutInSeconds'),
};

/** The variables of the container, and the names of those whose values may be secrets. */
export const environmentIn = (
  settings: Settings,
): { readonly plain: Readonly<Record<string, string>>; readonly secret: readonly string[] } => {
  const found = valueAt(settings, 'container.Environment');
  const all = isMembers(found) ? Object.entries(found) : [];
  const isSecret = ([name, value]: readonly [string, unknown]): boolean => isSecretVariable(name, String(value));
  return {
    plain: Object.fromEntries(all.filter((one) => !isSecret(one)).map(([name, value]) => [name, String(value)])),
    secret: all.filter(isSecret).map(([name]) => name),
  };
};

/** Variables of several containers, by name: they belong to the model package, and no manifest can have them. */
export const variablesOfContainers = ({ container }: Settings): readonly string[] => {
  const containers = Array.isArray(container['Containers']) ? container['Containers'] : [];
  return [
    ...new Set(containers.flatMap(({ Environment }) => (isMembers(Environment) ? Object.keys(Environment) : []))),
  ];
};
