import type { DescribeModelPackageOutput } from '../aws/sagemaker.ts';
import { Refusal } from '../operation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { isPinnedAddress } from './artifact.ts';
import { cardSummaryOf } from './card-summary.ts';
import { type Container, dataSourcesOf } from './container.ts';
import { contentDigest, type InferenceSpecification } from './content.ts';
import { pinnedDigest } from './image.ts';
import { lineageOf } from './lineage.ts';
import { metadataKeys } from './metadata.ts';
import { describedContent, describedVersion } from './package-description.ts';
import { reportsOf } from './package-reports.ts';
import { isReadable } from './readable.ts';
import type { Approval, ListedPackage, RegisteredVersion } from './registered-version.ts';
import { versionTag } from './semantic-version.ts';
import { nameOfPackage, unnamedVersion } from './version-reference.ts';

/** The version of a package by its description, which cannot be changed: its semantic version, or `package-7`. */
export const versionIn = (model: string, packageVersion: number, description: string | undefined): string =>
  describedVersion(model, description ?? '') ?? unnamedVersion(packageVersion);

/** `churn_v1.4.0`, or `churn/7` for a package without a semantic version. */
export const tagOf = (model: string, { version, packageVersion }: Pick<ListedPackage, 'version' | 'packageVersion'>) =>
  version === unnamedVersion(packageVersion)
    ? nameOfPackage({ group: model, packageVersion })
    : versionTag(model, version);

/**
 * DescribeModelPackage's answer about a package of the listing.
 * @throws {Refusal} `unknown-version` when it cannot be read, `content-changed` when it is another version
 */
export const readDescription = (
  model: string,
  { arn, version, packageVersion }: Pick<ListedPackage, 'arn' | 'version' | 'packageVersion'>,
  described: DescribeModelPackageOutput,
): RegisteredVersion => {
  const tag = tagOf(model, { version, packageVersion });
  if (!isReadable(described))
    throw new Refusal(
      'unknown-version',
      `package ${packageVersion} of ${model} is named ${tag}, but its members do not match AWS's documentation; use another version`,
    );
  if (versionIn(model, packageVersion, described.ModelPackageDescription) !== version)
    throw new Refusal('content-changed', `package ${packageVersion} of ${model} is not ${tag}`);
  const registeredContent = describedContent(described.ModelPackageDescription ?? '');
  const specification = described.InferenceSpecification;
  const containers: readonly Container[] = specification?.Containers ?? [];
  const algorithms = described.SourceAlgorithmSpecification;
  if (containers.length === 0 && !algorithms)
    throw new Refusal(
      registeredContent === undefined ? 'unknown-version' : 'content-changed',
      `package ${packageVersion} of ${model}, ${tag}, has no container and no algorithm, so SageMaker can make no model of it; use another version`,
    );
  const metadata = described.CustomerMetadataProperties ?? {};
  const [first] = containers;
  const artifactSha256 = metadata[metadataKeys.artifactSha256];
  const registeredDigest = metadata[metadataKeys.imageDigest];
  const imageDigest = registeredDigest ?? digestOf(first);
  const inferenceSpecification = inferenceSpecificationOf(described);
  const statusDetails = failures(described);
  const contentDigestNow = contentDigest({
    containers,
    inferenceSpecification,
    ...withoutUndefined({ artifactSha256: artifactSha256 || undefined, algorithms: algorithms ?? undefined }),
  });
  return {
    packageVersion,
    version,
    tag,
    arn,
    approval: approvalOf(described.ModelApprovalStatus),
    ...lastModified(described),
    ...withoutUndefined({
      registeredAt: described.CreationTime?.getTime(),
      approvalDescription: described.ApprovalDescription || undefined,
      statusDetails: statusDetails || undefined,
      imageDigest: imageDigest || undefined,
      imagePin: registeredDigest || undefined,
      artifactSha256: artifactSha256 || undefined,
    }),
    status: described.ModelPackageStatus ?? 'Pending',
    containers,
    imageDigests: containers.map((one, index) => (index === 0 ? imageDigest : digestOf(one))),
    inferenceSpecification,
    unpinned: [
      ...containers.flatMap(({ Image: image }) => (image && !pinnedDigest(image) ? [`image ${image}`] : [])),
      ...containers.flatMap(dataSourcesOf).flatMap(({ uri }) => (artifactSha256 && isPinnedAddress(uri) ? [] : [uri])),
      ...(containers.length === 0 ? ['the content of its algorithm'] : []),
    ],
    contentDigest: registeredContent ?? metadata[metadataKeys.contentDigest] ?? contentDigestNow,
    sealed: registeredContent !== undefined,
    contentDigestNow,
    reports: reportsOf(described),
    metadata,
    origin: withoutUndefined({
      commit: described.MetadataProperties?.CommitId || undefined,
      generatedBy: described.MetadataProperties?.GeneratedBy || undefined,
    }),
    ...withoutUndefined({ lineage: lineageOf(described), card: cardSummaryOf(described) }),
  };
};

export const inferenceSpecificationOf = ({
  InferenceSpecification: specification,
}: DescribeModelPackageOutput): InferenceSpecification => ({
  contentTypes: specification?.SupportedContentTypes ?? [],
  responseTypes: specification?.SupportedResponseMIMETypes ?? [],
  realtimeInstanceTypes: specification?.SupportedRealtimeInferenceInstanceTypes ?? [],
});

const digestOf = (container: Container | undefined): string | undefined =>
  pinnedDigest(container?.Image ?? '') ?? (container?.ImageDigest || undefined);

/** An unknown word approves nothing. */
export const approvalOf = (status: string | undefined): Approval =>
  status === 'Approved' || status === 'Rejected' ? status : 'PendingManualApproval';

export const lastModified = (described: DescribeModelPackageOutput): Pick<RegisteredVersion, 'lastModified'> => {
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
