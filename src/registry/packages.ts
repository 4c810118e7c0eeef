import { orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import type { DescribeModelPackageOutput, ModelPackageSummary } from '../aws/sagemaker.ts';
import type { Instant } from '../clock.ts';
import { canonical } from '../digest.ts';
import { Refusal } from '../operation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Account, arn, type World } from '../world.ts';
import { contentDigest, type InferenceSpecification } from './content.ts';
import { pinnedDigest } from './image.ts';
import { metadataKeys } from './metadata.ts';
import { describedContent, describedVersion } from './package-description.ts';
import { isListed, isReadable } from './readable.ts';
import { parseS3Object, type S3Object, s3Uri } from './s3-object.ts';
import { nearestVersions, readVersion, versionTag } from './semantic-version.ts';

export type Approval = 'Approved' | 'Rejected' | 'PendingManualApproval';

/** A model package that owns a semantic version: the only content that may be deployed under that name. */
export interface RegisteredVersion {
  /** SageMaker's number within the group. */
  readonly packageVersion: number;
  readonly semver: string;
  /** `churn_v1.4.0`. */
  readonly tag: string;
  readonly arn: string;
  readonly approval: Approval;
  readonly approvalDescription?: string;
  /** The latest modifier: the approver, unless the package was edited since (AWS: DescribeModelPackage). */
  readonly lastModified?: { readonly by?: string; readonly at: Instant };
  readonly status: 'Pending' | 'InProgress' | 'Completed' | 'Failed' | 'Deleting';
  /** SageMaker's message about a failed package. */
  readonly statusDetails?: string;
  /** `repo@sha256:…` when pinned. */
  readonly image: string;
  /** `sha256:…`: when pinned, the registered digest, which the image's name must still carry; else SageMaker's own note. */
  readonly imageDigest?: string;
  readonly artifact: S3Object;
  /** The container comes from the AWS Marketplace: SageMaker excludes it from deployment guardrails. */
  readonly productId?: string;
  /** Hex; absent when the artifact was not pinned. */
  readonly artifactSha256?: string;
  /** Variables the package gives its container. */
  readonly environment: Readonly<Record<string, string>>;
  readonly inferenceSpecification: InferenceSpecification;
  /** The image or the artifact may change under its name. */
  readonly unpinned: boolean;
  /** Hex; see content.ts. The registered digest, where it was written down. */
  readonly contentDigest: string;
  /** `contentDigest` is in the description, which cannot be rewritten; else it is in metadata, which can be rewritten, or nowhere. */
  readonly sealed: boolean;
  /** Hex; the digest of the package's present content: its specification may be edited (AWS: UpdateModelPackage). */
  readonly contentDigestNow: string;
}

/** One line of the registry: it shows the owner of a version, without a description of each package. */
export interface ListedVersion {
  readonly packageVersion: number;
  readonly semver: string;
  readonly arn: string;
  readonly approval: Approval;
}

/**
 * The package that owns a version: the lowest package number whose description begins with the version's tag (DESIGN §9).
 * @param version `1.4.0`, `v1.4.0` or `churn_v1.4.0`
 * @throws {Refusal} when `version` is not one, or the package was not made by register-model
 */
export const findVersion = async (
  world: World,
  model: string,
  version: string,
): Promise<RegisteredVersion | undefined> => {
  const semver = readVersion(model, version);
  return describeOwner(world, model, semver, await listVersions(world, model));
};

/**
 * Like `findVersion`, for a version that must exist.
 * @throws {Refusal} `unknown-version`, naming the nearest registered versions
 */
export const requireVersion = async (world: World, model: string, version: string): Promise<RegisteredVersion> => {
  const semver = readVersion(model, version);
  const listed = await listVersions(world, model);
  const found = await describeOwner(world, model, semver, listed);
  if (found) return found;
  const known = listed.map((one) => one.semver);
  const nearest = nearestVersions(semver, known).map((one) => versionTag(model, one));
  const instead = nearest.length > 0 ? `nearest: ${nearest.join(', ')}` : `nothing is registered for ${model}`;
  throw new Refusal('unknown-version', `${versionTag(model, semver)} is not registered; ${instead}`);
};

const describeOwner = async (world: World, model: string, semver: string, listed: readonly ListedVersion[]) => {
  const [owner] = packagesOf(listed, semver);
  return owner && describeVersion(world, model, owner);
};

/** The packages that carry a version, its owner first. */
export const packagesOf = (listed: readonly ListedVersion[], semver: string): readonly ListedVersion[] =>
  listed.filter((one) => one.semver === semver);

/** Every package of the group that carries a version, by package number; none when the group does not exist. */
export const listVersions = async (world: World, model: string): Promise<readonly ListedVersion[]> => {
  const pages = await allPages('sagemaker:ListModelPackages', (NextToken) =>
    orUndefined(
      world.read.sagemaker.listModelPackages({
        ModelPackageGroupName: model,
        // The documented default is Unversioned (AWS: ListModelPackages).
        ModelPackageType: 'Versioned',
        MaxResults: 100,
        NextToken,
      }),
    ),
  );
  const listed = pages.flatMap((page) =>
    (page?.ModelPackageSummaryList ?? []).flatMap((summary) => fromSummary(model, summary)),
  );
  return listed.sort((a, b) => a.packageVersion - b.packageVersion);
};

const fromSummary = (model: string, summary: ModelPackageSummary): readonly ListedVersion[] => {
  if (!isListed(summary)) return [];
  const semver = describedVersion(model, summary.ModelPackageDescription ?? '');
  const { ModelPackageVersion: packageVersion, ModelPackageArn: arn } = summary;
  if (!semver || !packageVersion || !arn || summary.ModelPackageStatus === 'Deleting') return [];
  return [{ packageVersion, semver, arn, approval: approvalOf(summary.ModelApprovalStatus) }];
};

/** Versioned packages are named by group and number. */
export const packageArn = (account: Account, group: string, packageVersion: number): string =>
  arn(account, 'sagemaker', `model-package/${group}/${packageVersion}`);

/** Everything about one package of the listing; undefined when it was deleted meanwhile. */
export const describeVersion = async (
  world: World,
  model: string,
  listed: Pick<ListedVersion, 'arn' | 'semver' | 'packageVersion'>,
): Promise<RegisteredVersion | undefined> => {
  const described = await orUndefined(world.read.sagemaker.describeModelPackage({ ModelPackageName: listed.arn }));
  return described && fromDescription(model, listed, described);
};

const fromDescription = (
  model: string,
  { arn, semver, packageVersion }: Pick<ListedVersion, 'arn' | 'semver' | 'packageVersion'>,
  described: DescribeModelPackageOutput,
): RegisteredVersion => {
  const tag = versionTag(model, semver);
  if (!isReadable(described))
    throw new Refusal(
      'unknown-version',
      `package ${packageVersion} of ${model} is named ${tag}, but its members do not match AWS's documentation; use another version`,
    );
  const description = described.ModelPackageDescription ?? '';
  if (describedVersion(model, description) !== semver)
    throw new Refusal('content-changed', `package ${packageVersion} of ${model} is not ${tag}`);
  const registeredContent = describedContent(description);
  const specification = described.InferenceSpecification;
  const [container, ...others] = specification?.Containers ?? [];
  const artifact = parseS3Object(container?.ModelDataUrl ?? '');
  if (!container?.Image || !artifact || others.length > 0)
    throw new Refusal(
      registeredContent === undefined ? 'unknown-version' : 'content-changed',
      `package ${packageVersion} of ${model} is named ${tag}, but is not one container with an image and an s3:// artifact, as register-model creates it; use another version`,
    );
  const metadata = described.CustomerMetadataProperties ?? {};
  const artifactSha256 = metadata[metadataKeys.artifactSha256];
  const registeredDigest = metadata[metadataKeys.imageDigest];
  const imageDigest = registeredDigest ?? pinnedDigest(container.Image) ?? container.ImageDigest;
  const environment = container.Environment ?? {};
  const inferenceSpecification: InferenceSpecification = {
    contentTypes: specification?.SupportedContentTypes ?? [],
    responseTypes: specification?.SupportedResponseMIMETypes ?? [],
    realtimeInstanceTypes: specification?.SupportedRealtimeInferenceInstanceTypes ?? [],
  };
  const statusDetails = failures(described);
  const additions = additionsOf(container);
  const contentDigestNow = contentDigest({
    image: container.Image,
    artifact: artifactSha256 ?? s3Uri(artifact),
    environment,
    inferenceSpecification,
    ...withoutUndefined({ additions }),
  });
  return {
    packageVersion,
    semver,
    tag,
    arn,
    approval: approvalOf(described.ModelApprovalStatus),
    ...lastModified(described),
    ...withoutUndefined({
      approvalDescription: described.ApprovalDescription || undefined,
      statusDetails: statusDetails || undefined,
      imageDigest: imageDigest || undefined,
      artifactSha256: artifactSha256 || undefined,
      productId: container.ProductId || undefined,
    }),
    status: described.ModelPackageStatus ?? 'Pending',
    image: container.Image,
    artifact,
    environment,
    inferenceSpecification,
    unpinned: !registeredDigest || !artifactSha256,
    contentDigest: registeredContent ?? metadata[metadataKeys.contentDigest] ?? contentDigestNow,
    sealed: registeredContent !== undefined,
    contentDigestNow,
  };
};

type Container = NonNullable<NonNullable<DescribeModelPackageOutput['InferenceSpecification']>['Containers']>[number];

/** Sources of data and models beside the artifact. SageMaker fills in other members; they do not change the running container. */
const additionsOf = (container: Container): Readonly<Record<string, unknown>> | undefined => {
  const { ModelDataUrl, ModelDataSource, AdditionalModelDataSources, AdditionalS3DataSource, BaseModel } = container;
  // DescribeModel repeats ModelDataUrl as a ModelDataSource; that DescribeModelPackage does the same is [unconfirmed].
  const repeated =
    canonical(ModelDataSource) ===
    canonical({ S3DataSource: { S3Uri: ModelDataUrl, S3DataType: 'S3Object', CompressionType: 'Gzip' } });
  const found = Object.entries({
    AdditionalModelDataSources: AdditionalModelDataSources?.length ? AdditionalModelDataSources : undefined,
    AdditionalS3DataSource,
    BaseModel,
    ModelDataSource: repeated ? undefined : ModelDataSource,
  }).filter(([, value]) => value !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
};

/** An unknown word approves nothing. */
const approvalOf = (status: string | undefined): Approval =>
  status === 'Approved' || status === 'Rejected' ? status : 'PendingManualApproval';

const lastModified = (described: DescribeModelPackageOutput): Pick<RegisteredVersion, 'lastModified'> => {
  const at = described.LastModifiedTime?.getTime();
  if (at === undefined) return {};
  const who = described.LastModifiedBy;
  const by = who?.UserProfileName ?? principalName(who?.IamIdentity?.Arn ?? '');
  return { lastModified: { at, ...withoutUndefined({ by: by || undefined }) } };
};

/** `…:assumed-role/approver/alice` → `approver/alice`, `…:user/ops/bob` → `bob`: names, never ARNs, which carry the account id. */
const principalName = (arn: string): string | undefined => {
  const [kind, ...path] = arn.split(':').at(-1)?.split('/') ?? [];
  return kind === 'assumed-role' ? path.join('/') : path.at(-1);
};

const failures = ({ ModelPackageStatusDetails: details }: DescribeModelPackageOutput): string =>
  [...(details?.ValidationStatuses ?? []), ...(details?.ImageScanStatuses ?? [])]
    .filter((item) => item.FailureReason)
    .map((item) => `${item.Name}: ${item.FailureReason}`)
    .join('; ');
