import type { CreateModelInput } from '../aws/sagemaker.ts';
import { baselineOf } from '../endpoint/baseline.ts';
import { type Desired, defaultVariant } from '../endpoint/desired.ts';
import type { Look } from '../endpoint/look.ts';
import { servingIn } from '../endpoint/serving.ts';
import { isWithin } from '../endpoint/settings.ts';
import { canonicalOf } from '../endpoint/variants.ts';
import type { Environment } from '../manifest/manifest.ts';
import { compare } from '../mechanisms/compared.ts';
import { type DeliveryRequest, desiredOf, registryOf } from '../mechanisms/request.ts';
import { Refusal } from '../operation.ts';
import type { Container } from '../registry/container.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { ReleaseRecord } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type TemporaryContent, temporarySpec } from './temporary.ts';

type ContainerDefinition = NonNullable<CreateModelInput['PrimaryContainer']>;

interface Wanted {
  readonly model: string;
  readonly environment: Environment;
  readonly registered: RegisteredVersion;
  readonly look: Look | undefined;
  readonly record: ReleaseRecord;
  readonly instance?: string;
  /** S3 location for the answers of an asynchronous endpoint. */
  readonly answers: string;
}

/** Settings of what serves that a temporary endpoint takes over too, where the manifest does not have them: those that the model needs. */
const takenOver = [
  'model',
  'container',
  'config.KmsKeyId',
  'variant.ModelDataDownloadTimeoutInSeconds',
  'variant.ContainerStartupHealthCheckTimeoutInSeconds',
] as const;

/** Model and config of the candidate as a delivery would make them, reduced to what a test needs. */
export const temporaryContent = async (world: World, wanted: Wanted): Promise<TemporaryContent> => {
  const { registered, look, record, instance, answers } = wanted;
  const { endpoint, rollout } = wanted.environment;
  const { version, packageVersion } = registered;
  const requested: DeliveryRequest = {
    group: wanted.model,
    version,
    spec: temporarySpec(endpoint, instance, answers),
    rollout,
    ...registryOf(world),
  };
  const variant = look && canonicalOf(look.live);
  const baseline = look && baselineOf(look, record);
  const shown = look && baseline && { ...baseline, serving: servingIn(look, baseline.endpointConfig, variant) };
  const { source } = await compare(
    world,
    { operation: 'deploy-endpoint', requested, registered, record, attempt: 1, tags: {} },
    shown,
    { variant, instanceCount: 1 },
  );
  const desired = desiredOf(world, requested, {
    packageVersion,
    variant: defaultVariant,
    instanceCount: 1,
    attempt: 1,
    ...withoutUndefined({
      kept: source && {
        from: source.from,
        settings: source.settings.filter((path) => takenOver.some((part) => isWithin(path, part))),
      },
    }),
  });
  const ofContainers = isReadable(registered) ? modelOfContainers(desired.model, registered) : undefined;
  if (registered.approval === 'Approved') return { ...desired, ...withoutUndefined({ otherwise: ofContainers }) };
  if (ofContainers !== undefined) return { ...desired, model: ofContainers, otherwise: desired.model };
  throw new Refusal(
    'not-approved',
    `${registered.tag} is not approved, and SageMaker makes a model of a package with a product or additional data only when it is: approve it, or test it elsewhere (regression.candidate)`,
  );
};

/** Not of a package whose content only SageMaker may read. */
const isReadable = ({ containers }: RegisteredVersion): boolean =>
  containers.length > 0 &&
  containers.every(({ Image, ProductId, AdditionalS3DataSource }) => Image && !ProductId && !AdditionalS3DataSource);

/**
 * SageMaker makes no model of a package that is not approved, and a test comes before the approval. The same images, data and variables make
 * the same model.
 */
const modelOfContainers = (
  { PrimaryContainer, ...model }: Desired['model'],
  { containers }: RegisteredVersion,
): Desired['model'] => {
  const made = containers.map((container) => containerOf(container, PrimaryContainer?.Environment));
  const [only] = made;
  return { ...model, ...(made.length === 1 && only ? { PrimaryContainer: only } : { Containers: made }) };
};

/** The manifest's variables win over the package's, as they do beside a package (AWS: ContainerDefinition, ModelPackageName). */
const containerOf = (
  { ContainerHostname, Image, ModelDataUrl, ModelDataSource, AdditionalModelDataSources, Environment }: Container,
  variables: Readonly<Record<string, string>> | undefined,
): ContainerDefinition => {
  const environment = { ...Environment, ...variables };
  return withoutUndefined({
    ContainerHostname,
    Image,
    ModelDataUrl,
    // DescribeModelPackage may repeat ModelDataUrl as a ModelDataSource: CreateModel takes one of them.
    ModelDataSource: ModelDataUrl === undefined ? ModelDataSource && withoutTags(ModelDataSource) : undefined,
    AdditionalModelDataSources: AdditionalModelDataSources?.map(withoutTags),
    Environment: Object.keys(environment).length > 0 ? environment : undefined,
  });
};

interface DataSourceMember {
  readonly S3DataSource?: object | undefined;
}

/** SageMaker's notes on what it found at an address are no part of a request. */
const withoutTags = <Source extends DataSourceMember>(source: Source): Source => {
  const {
    ETag: _tag,
    ManifestEtag: _manifest,
    ...s3
  } = (source.S3DataSource ?? {}) as Readonly<Record<string, unknown>>;
  return { ...source, S3DataSource: s3 };
};
