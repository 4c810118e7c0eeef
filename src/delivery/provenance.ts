import { orUndefined } from '../aws/errors.ts';
import type { DescribeEndpointConfigOutput } from '../aws/sagemaker.ts';
import { isContentName } from '../endpoint/names.ts';
import { Refusal } from '../operation.ts';
import { listVersions, packagesOf } from '../registry/packages.ts';
import type { Configuration } from '../release/record.ts';
import { arn, type World } from '../world.ts';
import { adoptedBy, adoptedTag } from './adopt-baseline.ts';
import type { Task } from './task.ts';

/** Which endpoint a configuration is to serve, and whose versions it may be of. */
export interface Purpose {
  readonly endpoint: string;
  /** Model package group. */
  readonly model: string;
  /** Endpoint config that the endpoint itself shows: no proof is needed to go back to it. */
  readonly shown?: string;
}

/**
 * Rule 21: a line of the history is a hint. What is to be published again must be what the suite made of that version for this
 * endpoint: a config and a model under the suite's names, the model made of the very package that the registry has for the version.
 * What others made has no version; it must be among those that the endpoint's own tag says were taken over, which whoever can write
 * to the bucket cannot write.
 * @throws {Refusal} `foreign-config`, and `config-missing` when a part was deleted (rule 3)
 */
export const refuseForeign = async (world: World, purpose: Purpose, configuration: Configuration): Promise<void> => {
  const { endpointConfig, model } = configuration;
  const [config, existing] = await Promise.all([
    orUndefined(world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: endpointConfig })),
    model === '' ? undefined : orUndefined(world.read.sagemaker.describeModel({ ModelName: model })),
  ]);
  if (config === undefined)
    throw new Refusal('config-missing', `endpoint config ${endpointConfig} was deleted: name another version with to`);
  if (existing === undefined && model !== '')
    throw new Refusal(
      'config-missing',
      `model ${model} of ${endpointConfig} was deleted: name another version with to`,
    );
  const fault =
    configuration.version === undefined
      ? await adoptionFault(world, purpose, endpointConfig)
      : ((await configFault(purpose, configuration, configuration.version, config)) ??
        (await packageFault(
          world,
          purpose,
          configuration,
          configuration.version,
          existing?.PrimaryContainer?.ModelPackageName,
        )));
  if (fault === undefined) return;
  throw new Refusal(
    'foreign-config',
    `the release record of ${purpose.endpoint} names ${endpointConfig} for ${configuration.version ?? 'what served before this suite'}, and ${fault}; nothing was changed`,
  );
};

const adoptionFault = async (
  world: World,
  { endpoint, shown }: Purpose,
  endpointConfig: string,
): Promise<string | undefined> => {
  if (shown === endpointConfig) return undefined;
  const adopted = await adoptedBy(world, endpoint);
  if (adopted.includes(endpointConfig)) return undefined;
  return `the tag ${adoptedTag} of the endpoint does not: if it did serve here before and is what you want, add it to the value of that tag (sagemaker:AddTags), which names ${adopted.length === 0 ? 'none now' : adopted.join(', ')}`;
};

const configFault = async (
  { endpoint }: Purpose,
  { model }: Configuration,
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
    return 'it has other variants than the one that this suite publishes a version on';
  if (variant.ModelName !== model) return `its model is ${variant.ModelName ?? 'none'}, not ${model}`;
  if (!isContentName(name, endpoint, version, contentsOf(config)))
    return 'its name is not the one that this suite gives to such a config of that version';
  return undefined;
};

const packageFault = async (
  world: World,
  { endpoint, model: group }: Purpose,
  { model, packageVersion }: Configuration,
  version: string,
  packageName: string | undefined,
): Promise<string | undefined> => {
  const asked = arn(world.account, 'sagemaker', `model-package/${group}/${packageVersion ?? 'unknown'}`);
  if (!isContentName(model, endpoint, version)) return `its model ${model} does not have a name of this suite's`;
  // SageMaker compares names in any case.
  if (packageName?.toLowerCase() !== asked.toLowerCase())
    return `its model ${model} was made of ${shortened(packageName)}, not of package ${packageVersion ?? 'unknown'} of ${group}`;
  const [owner] = packagesOf(await listVersions(world, group), version);
  // A version whose package was deleted since still serves from its model; there is nothing left to compare it with.
  if (owner !== undefined && owner.packageVersion !== packageVersion)
    return `its model ${model} was made of package ${packageVersion}, and ${version} of ${group} is package ${owner.packageVersion}`;
  return undefined;
};

/** Names, never ARNs, which carry the account id. */
const shortened = (packageName: string | undefined): string =>
  packageName === undefined ? 'an image, not of a model package' : (packageName.split(':').at(-1) ?? packageName);

type Members = Readonly<Record<string, unknown>>;

/**
 * The contents that a config's name may have been made of (desired.ts): what DescribeEndpointConfig shows, without what AWS adds. A
 * member that can be left out is tried both ways, since AWS may show its own default for it.
 */
const contentsOf = (config: DescribeEndpointConfigOutput): readonly Members[] => {
  const [variant = {}] = config.ProductionVariants ?? [];
  const variants = combinations(pick(variant, requiredOfVariant), pick(variant, optionalOfVariant));
  const around = combinations(
    {},
    {
      ...pick(config, ['KmsKeyId', 'AsyncInferenceConfig']),
      ...(config.DataCaptureConfig ? { DataCaptureConfig: pick(config.DataCaptureConfig, ofCapture) } : {}),
    },
  );
  return variants.flatMap((one) => around.map((rest) => ({ ProductionVariants: [one], ...rest })));
};

const requiredOfVariant = ['VariantName', 'ModelName', 'InitialVariantWeight'];
const optionalOfVariant = [
  'InstanceType',
  'InitialInstanceCount',
  'ServerlessConfig',
  'VolumeSizeInGB',
  'ModelDataDownloadTimeoutInSeconds',
  'ContainerStartupHealthCheckTimeoutInSeconds',
];
const ofCapture = ['EnableCapture', 'InitialSamplingPercentage', 'DestinationS3Uri', 'CaptureOptions', 'KmsKeyId'];

const pick = (from: object, names: readonly string[]): Members =>
  Object.fromEntries(
    Object.entries(from).filter(([name, value]) => names.includes(name) && value !== undefined && value !== null),
  );

const combinations = (fixed: Members, optional: Members): readonly Members[] =>
  Object.entries(optional).reduce<readonly Members[]>(
    (found, [name, value]) => found.flatMap((one) => [one, { ...one, [name]: value }]),
    [fixed],
  );

/** Before a submission: the live release's candidate, which an earlier turn, or another hand, wrote into the record. */
export const candidateIsOurs: Task = async ({ world, endpoint, approval, release: { candidate, baseline } }) => {
  const shown = baseline?.endpointConfig === candidate.endpointConfig ? { shown: candidate.endpointConfig } : {};
  await refuseForeign(world, { endpoint, model: approval.group, ...shown }, candidate);
  return undefined;
};
