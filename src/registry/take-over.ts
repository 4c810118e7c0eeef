import { classify, orUndefined, withRemedy } from '../aws/errors.ts';
import type { CreateModelPackageInput, DescribeModelPackageOutput } from '../aws/sagemaker.ts';
import { iso } from '../clock.ts';
import { Refusal } from '../operation.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { arn, type World } from '../world.ts';
import { type Container, dataSourcesOf } from './container.ts';
import type { InferenceSpecification } from './content.ts';
import { approvalOf, inferenceSpecificationOf, lastModified } from './described-package.ts';
import { metadataKeys, metadataValue } from './metadata.ts';
import { describedWords } from './package-description.ts';
import { listPackages, packagesOf } from './packages.ts';
import { isReadable } from './readable.ts';
import { registryAccount } from './registry.ts';
import { addressOf } from './s3-object.ts';
import { readVersion, versionTag } from './semantic-version.ts';
import { nameOfPackage, type PackageReference, readPackage } from './version-reference.ts';

/** A package that others registered, and its part in the version that is made of it. */
export interface TakenOver {
  /** `churn/7`. */
  readonly name: string;
  /** The account of the package, when it is not that of the registry. */
  readonly account?: string;
  /** Members of CreateModelPackage that are passed on as they are: metrics, baselines, lineage, the model card and its key. */
  readonly members: Partial<CreateModelPackageInput>;
  /** Members of its InferenceSpecification that this suite does not know otherwise. */
  readonly specification: Partial<NonNullable<CreateModelPackageInput['InferenceSpecification']>>;
  /** AWS: SourceAlgorithmSpecification, for a package without containers. */
  readonly algorithms?: unknown;
  /** Entries under the suite's own keys: the package, its approval there, and its lineage. */
  readonly facts: Readonly<Record<string, string>>;
  /** Its own metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly description?: string;
  /** Sentences for the plan. */
  readonly notes: readonly string[];
}

export interface SourcePackage extends TakenOver {
  readonly containers: readonly Container[];
  readonly inferenceSpecification: InferenceSpecification;
}

/** Keys by which a package tells of its own training, wherever it is registered. */
const lineage: readonly string[] = [
  metadataKeys.gitSha,
  metadataKeys.gitRef,
  metadataKeys.runUrl,
  metadataKeys.trainingJob,
];
const ours: ReadonlySet<string> = new Set(Object.values(metadataKeys));

/**
 * @param text `7`, `churn/7` or an ARN, also of a package without a group; a version of the model, as `1.4.0-rc.2` or its tag
 * @throws {InputError} when it names no package
 * @throws {Refusal} when the version is not registered
 */
export const readSource = async (world: World, model: string, text: string): Promise<PackageReference> => {
  const source = readPackage(model, text);
  if (source !== undefined) return source;
  const version = versionNamed(model, text);
  const [owner] = packagesOf(await listPackages(world, model), version);
  if (owner === undefined)
    throw new Refusal('unknown-version', `from: ${versionTag(model, version)} is not registered`);
  return { group: model, packageVersion: owner.packageVersion };
};

const versionNamed = (model: string, text: string): string => {
  try {
    return readVersion(model, text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new InputError(
      `from: ${quoted(text)} is no model package; expected its number (7), ${model}/7, its ARN (arn:aws:sagemaker:…:model-package/${model}/7), or a version (1.4.0-rc.2)`,
    );
  }
};

/**
 * The package that a version is made of. An approval there is a fact about it, and approves nothing here.
 * @throws {Refusal} when it is absent, incomplete, or was changed since it was registered
 */
export const readSourcePackage = async (world: World, source: PackageReference): Promise<SourcePackage> => {
  const name = nameOfPackage(source);
  const { home = registryAccount(world) } = source;
  const { region, id } = registryAccount(world);
  if (home.region !== region)
    throw new Refusal(
      'invalid-input',
      `from: package ${name} is in ${home.region}, and the registry of this run is in ${region}`,
    );
  // A group of another account answers by its ARN, when its policy allows it (AWS: "Cross-account support").
  const ModelPackageName = arn(home, 'sagemaker', `model-package/${name}`);
  const described = await orUndefined(
    world.read.sagemaker.describeModelPackage({ ModelPackageName }).catch((error: unknown) => {
      if (home.id === id) throw error;
      throw withRemedy(
        error,
        `the resource policy of the model package group ${source.group}, in the account ending in ${home.id.slice(-4)}, has to allow it to this role, and the own policy of the role too`,
      );
    }),
  );
  if (described === undefined)
    throw new Refusal(
      'unknown-version',
      `from: there is no model package ${name} in the account ending in ${home.id.slice(-4)}`,
    );
  if (!isReadable(described))
    throw new Refusal('unknown-version', `from: the members of package ${name} do not match AWS's documentation`);
  const { ModelPackageStatus: status } = described;
  if (status !== 'Completed')
    throw new Refusal('invalid-input', `from: package ${name} is ${status}: only a Completed one can be taken over`);
  const containers = containersOf(name, described);
  const unknown = await refuseOverwritten(world, name, containers);
  const passed = passedOn(source, described, containers);
  return {
    name,
    containers,
    ...passed,
    notes: [...passed.notes, ...unknown],
    ...(home.id === id ? {} : { account: home.id }),
  };
};

const containersOf = (name: string, described: DescribeModelPackageOutput): readonly Container[] => {
  const containers = described.InferenceSpecification?.Containers ?? [];
  const sold = containers.find(({ ProductId, Image }) => ProductId && !Image);
  if (sold)
    throw new Refusal(
      'invalid-input',
      `from: package ${name} is of AWS Marketplace product ${sold.ProductId}, which shows no image: it cannot be registered again; deploy it by its number`,
    );
  if (containers.length === 0 && !described.SourceAlgorithmSpecification)
    throw new Refusal('invalid-input', `from: package ${name} has no container and no algorithm`);
  return containers;
};

/**
 * SageMaker noted the ETag of the artifact when the package was registered (AWS: ModelDataETag).
 * @returns a note about each artifact that this role may not read
 */
const refuseOverwritten = async (
  world: World,
  name: string,
  containers: readonly Container[],
): Promise<readonly string[]> => {
  const unknown: string[] = [];
  for (const container of containers) {
    const { ModelDataETag: noted } = container;
    const [source] = dataSourcesOf(container);
    if (!noted || source?.place === undefined || source.form === 'prefix') continue;
    const { uri } = source;
    const head = await orUndefined(world.read.s3.headObject(addressOf(source.place))).catch((error: unknown) => {
      if (classify(error) !== 'access-denied') throw error;
      unknown.push(
        `not known: whether ${uri} was overwritten after package ${name} was registered: this role may not read it`,
      );
      return undefined;
    });
    if (head?.ETag === undefined || bare(head.ETag) === bare(noted)) continue;
    throw new Refusal(
      'artifact-changed',
      `from: ${uri} was overwritten after package ${name} was registered: its content is not that of the package; register the present one with artifact`,
    );
  }
  return unknown;
};
const bare = (etag: string): string => etag.replaceAll('"', '');

const passedOn = (
  source: PackageReference,
  described: DescribeModelPackageOutput,
  containers: readonly Container[],
): Omit<SourcePackage, 'name' | 'containers'> => {
  const name = nameOfPackage(source);
  const { InferenceSpecification: specification, CustomerMetadataProperties: metadata = {} } = described;
  const algorithms = containers.length === 0 ? described.SourceAlgorithmSpecification : undefined;
  const approval = approvalOf(described.ModelApprovalStatus);
  const { lastModified: modified } = lastModified(described);
  return {
    members: withoutUndefined({
      AdditionalInferenceSpecifications: filled(described.AdditionalInferenceSpecifications),
      Domain: described.Domain,
      DriftCheckBaselines: described.DriftCheckBaselines,
      MetadataProperties: described.MetadataProperties,
      ModelCard: described.ModelCard,
      ModelMetrics: described.ModelMetrics,
      SamplePayloadUrl: described.SamplePayloadUrl,
      SecurityConfig: described.SecurityConfig,
      SkipModelValidation: described.SkipModelValidation,
      SourceAlgorithmSpecification: algorithms,
      SourceUri: described.SourceUri,
      Task: described.Task,
    }),
    specification: withoutUndefined({
      SupportedTransformInstanceTypes: filled(specification?.SupportedTransformInstanceTypes),
    }),
    inferenceSpecification: inferenceSpecificationOf(described),
    ...withoutUndefined({
      algorithms,
      description: describedWords(source.group, described.ModelPackageDescription ?? '') || undefined,
    }),
    facts: withoutUndefined({
      ...Object.fromEntries(Object.entries(metadata).filter(([key]) => lineage.includes(key))),
      [metadataKeys.takenFrom]: name,
      [metadataKeys.earlierApproval]: described.ModelApprovalStatus,
      [metadataKeys.earlierApprovalBy]: modified?.by && metadataValue(modified.by),
      [metadataKeys.earlierApprovalAt]: modified && iso(modified.at),
      [metadataKeys.earlierApprovalBecause]:
        described.ApprovalDescription && metadataValue(described.ApprovalDescription),
    }) as Readonly<Record<string, string>>,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !ours.has(key))),
    notes: [
      `package ${name} is ${described.ModelApprovalStatus ?? 'without an approval'}${modified ? `, last changed${modified.by ? ` by ${modified.by}` : ''} at ${iso(modified.at)}` : ''}${described.ApprovalDescription ? `: ${described.ApprovalDescription}` : ''}; that is kept as its history, and approves nothing here`,
      ...(approval === 'Rejected' ? [`package ${name} was rejected`] : []),
      ...(described.ModelLifeCycle ? [`the lifecycle stage of package ${name} stays with it`] : []),
      ...(filled(described.AdditionalInferenceSpecifications)
        ? ['the additional inference specifications are passed on as they are, not pinned: no delivery uses them']
        : []),
      ...(algorithms ? [`package ${name} is made of an algorithm: neither image nor data can be pinned`] : []),
    ],
  };
};

const filled = <Item>(items: Item[] | undefined): Item[] | undefined => (items && items.length > 0 ? items : undefined);
