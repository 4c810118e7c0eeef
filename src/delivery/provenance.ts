import { orUndefined } from '../aws/errors.ts';
import type { DescribeEndpointConfigOutput, DescribeModelOutput } from '../aws/sagemaker.ts';
import { isContentName } from '../endpoint/names.ts';
import { isWithin, type Members } from '../endpoint/settings.ts';
import { Refusal } from '../operation.ts';
import { listPackages, packagesOf } from '../registry/packages.ts';
import { registryAccount } from '../registry/registry.ts';
import type { Configuration } from '../release/record.ts';
import { arn, type World } from '../world.ts';
import { adoptedBy, adoptedTag } from './adopt-baseline.ts';
import type { Task } from './task.ts';

/** The endpoint that a configuration is meant for, and the model group that its version must belong to. */
export interface Purpose {
  readonly endpoint: string;
  /** Model package group. */
  readonly model: string;
  /** Endpoint config that the endpoint itself shows: a return to it needs no proof. */
  readonly shown?: string;
}

/**
 * Rule 21: a line of the history is a hint. A config that is published again must be the suite's own config of that version for this
 * endpoint. Its config and its model have the suite's names. Its model was made of the same package that the registry has for the
 * version. A config of others has no version. It must be in the endpoint's own tag of adopted configs; the right to write to the
 * bucket is not the right to write that tag.
 * @throws {Refusal} `foreign-config`, and `config-missing` when a part was deleted (rule 3)
 */
export const refuseForeign = async (world: World, purpose: Purpose, configuration: Configuration): Promise<void> => {
  const { endpointConfig } = configuration;
  const { config, model: existing, gone } = await partsOf(world, configuration);
  if (config === undefined || existing === undefined)
    throw new Refusal('config-missing', `${gone} was deleted: name another version with to`);
  const fault =
    configuration.version === undefined
      ? await adoptionFault(world, purpose, endpointConfig)
      : ((await configFault(purpose, configuration, configuration.version, config)) ??
        (await packageFault(
          world,
          purpose,
          configuration,
          configuration.version,
          existing.PrimaryContainer?.ModelPackageName,
        )));
  if (fault === undefined) return;
  throw new Refusal(
    'foreign-config',
    `the release record of ${purpose.endpoint} names ${endpointConfig} for ${configuration.version ?? 'the configuration before this suite'}, but ${fault}; nothing was changed`,
  );
};

/** What is left of a configuration; `gone` names a part that was deleted (rule 3), as `endpoint config churn-1-4-0-0a1b2c3d`. */
export const partsOf = async (
  world: World,
  { endpointConfig, model }: Pick<Configuration, 'endpointConfig' | 'model'>,
): Promise<{
  readonly config?: DescribeEndpointConfigOutput;
  readonly model?: DescribeModelOutput;
  readonly gone?: string;
}> => {
  const [config, existing] = await Promise.all([
    orUndefined(world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: endpointConfig })),
    orUndefined(world.read.sagemaker.describeModel({ ModelName: model })),
  ]);
  if (config === undefined) return { gone: `endpoint config ${endpointConfig}` };
  return existing === undefined ? { config, gone: `model ${model} of ${endpointConfig}` } : { config, model: existing };
};

const adoptionFault = async (
  world: World,
  { endpoint, shown }: Purpose,
  endpointConfig: string,
): Promise<string | undefined> => {
  if (shown === endpointConfig) return undefined;
  const adopted = await adoptedBy(world, endpoint);
  if (adopted.includes(endpointConfig)) return undefined;
  return `the tag ${adoptedTag} of the endpoint does not: if it served here before and you want it back, add it to the value of that tag (sagemaker:AddTags), which names ${adopted.length === 0 ? 'none now' : adopted.join(', ')}`;
};

const configFault = async (
  { endpoint }: Purpose,
  { model, kept }: Configuration,
  version: string,
  config: DescribeEndpointConfigOutput,
): Promise<string | undefined> => {
  const {
    EndpointConfigName: name = '',
    ProductionVariants: variants = [],
    ShadowProductionVariants: shadows,
  } = config;
  const [variant] = variants;
  if (variant === undefined || variants.length > 1 || (shadows ?? []).length > 0)
    return 'it has other variants than the one variant that this suite gives to a version';
  if (variant.ModelName !== model) return `its model is ${variant.ModelName ?? 'none'}, not ${model}`;
  if (!isContentName(name, endpoint, version, contentsOf(config, kept?.settings ?? [])))
    return "its name is not this suite's name for such a config of that version";
  return undefined;
};

const packageFault = async (
  world: World,
  { endpoint, model: group }: Purpose,
  { model, packageVersion }: Configuration,
  version: string,
  packageName: string | undefined,
): Promise<string | undefined> => {
  const number = packageVersion ?? 'unknown';
  const place = registriesOf(world).find(
    (one) =>
      // SageMaker ignores case when it compares names.
      packageName?.toLowerCase() ===
      arn(registryAccount(one), 'sagemaker', `model-package/${group}/${number}`).toLowerCase(),
  );
  if (!isContentName(model, endpoint, version)) return `its model ${model} does not have a name of this suite's`;
  if (place === undefined)
    return `its model ${model} was made of ${shortened(packageName)}, not of package ${number} of ${group}${world.registry === undefined ? '' : ' in the registry or in this account'}`;
  const [owner] = packagesOf(await listPackages(place, group), version);
  // A version whose package was deleted since still serves from its model. No package is left to compare it with.
  if (owner !== undefined && owner.packageVersion !== packageVersion)
    return `its model ${model} was made of package ${packageVersion}, and ${version} of ${group} is package ${owner.packageVersion}`;
  return undefined;
};

/** The manifest's registry, and the account's own: a version that was delivered before the manifest named a registry lies there. */
const registriesOf = (world: World): readonly World[] => {
  if (world.registry === undefined) return [world];
  const { registry: _other, ...own } = world;
  return [world, own];
};

/** Names, never ARNs: an ARN contains the account id. */
const shortened = (packageName: string | undefined): string =>
  packageName === undefined ? 'an image, not of a model package' : (packageName.split(':').at(-1) ?? packageName);

/**
 * The contents that a config's name may have been made of (desired.ts): the answer of DescribeEndpointConfig without AWS's additions.
 * An optional member that the config did not keep from another one is tried both ways, since AWS may show its own default for it.
 */
const contentsOf = (config: DescribeEndpointConfigOutput, kept: readonly string[]): readonly Members[] => {
  const [variant = {}] = config.ProductionVariants ?? [];
  const keeps = (part: string) => (name: string) => kept.some((path) => isWithin(path, `${part}.${name}`));
  const always = (name: string) => requiredOfVariant.includes(name) || keeps('variant')(name);
  const variants = combinations(
    pick(variant, always),
    pick(variant, (name) => optionalOfVariant.includes(name)),
  );
  // Data capture is compared member by member.
  const around = combinations(
    pick(config, (name) => name !== 'DataCaptureConfig' && keeps('config')(name)),
    {
      ...pick(config, (name) => optionalOfConfig.includes(name)),
      ...(config.DataCaptureConfig
        ? {
            DataCaptureConfig: pick(
              config.DataCaptureConfig,
              (name) => ofCapture.includes(name) || keeps('config.DataCaptureConfig')(name),
            ),
          }
        : {}),
    },
  );
  return variants.flatMap((one) => around.map((rest) => ({ ProductionVariants: [one], ...rest })));
};

const requiredOfVariant = [
  'VariantName',
  'ModelName',
  'InitialVariantWeight',
  'InstanceType',
  'InitialInstanceCount',
  'ServerlessConfig',
];
const optionalOfVariant = [
  'VolumeSizeInGB',
  'ModelDataDownloadTimeoutInSeconds',
  'ContainerStartupHealthCheckTimeoutInSeconds',
  'InferenceAmiVersion',
  'RoutingConfig',
  'ManagedInstanceScaling',
];
const optionalOfConfig = ['KmsKeyId', 'AsyncInferenceConfig'];
const ofCapture = [
  'EnableCapture',
  'InitialSamplingPercentage',
  'DestinationS3Uri',
  'CaptureOptions',
  'CaptureContentTypeHeader',
  'KmsKeyId',
];

const pick = (from: object, wanted: (name: string) => boolean): Members =>
  Object.fromEntries(
    Object.entries(from).filter(([name, value]) => wanted(name) && value !== undefined && value !== null),
  );

const combinations = (fixed: Members, optional: Members): readonly Members[] =>
  Object.entries(optional)
    .filter(([name]) => !(name in fixed))
    .reduce<readonly Members[]>(
      (found, [name, value]) => found.flatMap((one) => [one, { ...one, [name]: value }]),
      [fixed],
    );

/** Checks the live release's candidate before a submission: an earlier turn, or another writer, put it into the record. */
export const candidateIsOurs: Task = async ({ world, endpoint, approval, release: { candidate, baseline } }) => {
  // It is submitted next. Others may have changed it since the plan.
  world.lookAgain?.();
  const shown = baseline?.endpointConfig === candidate.endpointConfig ? { shown: candidate.endpointConfig } : {};
  await refuseForeign(world, { endpoint, model: approval.group, ...shown }, candidate);
  return undefined;
};
