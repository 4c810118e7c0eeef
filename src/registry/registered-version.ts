import type { Instant } from '../clock.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { CardSummary } from './card-summary.ts';
import type { Container } from './container.ts';
import type { InferenceSpecification } from './content.ts';
import type { Lineage } from './lineage.ts';
import type { PackageReports } from './package-reports.ts';

export type Approval = 'Approved' | 'Rejected' | 'PendingManualApproval';

/** A model package under its version: the only content that may be deployed under that name. */
export interface RegisteredVersion {
  /** SageMaker's number within the group. */
  readonly packageVersion: number;
  /** `1.4.0`, or `package-7` for a package that was registered without a semantic version. */
  readonly version: string;
  /** `churn_v1.4.0`, or `churn/7`. */
  readonly tag: string;
  readonly arn: string;
  readonly approval: Approval;
  readonly approvalDescription?: string;
  /** The latest modifier: the approver, unless the package was edited since (AWS: DescribeModelPackage). */
  readonly lastModified?: { readonly by?: string; readonly at: Instant };
  /** The time of its registration. */
  readonly registeredAt?: Instant;
  readonly status: 'Pending' | 'InProgress' | 'Completed' | 'Failed' | 'Deleting';
  /** SageMaker's message about a failed package. */
  readonly statusDetails?: string;
  /** In the order in which a request passes through them; empty for a package that SageMaker makes of an algorithm. */
  readonly containers: readonly Container[];
  /** `sha256:…` of the first container: when pinned, the registered digest, which the image's name must still carry; else SageMaker's own note. */
  readonly imageDigest?: string;
  /** `sha256:…` that register-model wrote down for the first container. */
  readonly imagePin?: string;
  /** As `imageDigest`, for each container. */
  readonly imageDigests: readonly (string | undefined)[];
  /** The digest of all model data; absent when it was not pinned. */
  readonly artifactSha256?: string;
  readonly inferenceSpecification: InferenceSpecification;
  /** The images and the data that may change under their names. */
  readonly unpinned: readonly string[];
  /** Hex; see content.ts. The registered digest, where it was written down. */
  readonly contentDigest: string;
  /** `contentDigest` is in the description, which cannot be rewritten; else it is in metadata, which can be rewritten, or nowhere. */
  readonly sealed: boolean;
  /** Hex; the digest of the package's present content: its specification may be edited (AWS: UpdateModelPackage). */
  readonly contentDigestNow: string;
  readonly reports: PackageReports;
  /** CustomerMetadataProperties: foreign text, which may be rewritten after the registration (AWS: UpdateModelPackage). */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * MetadataProperties, which nothing rewrites (AWS: UpdateModelPackage has no such member): the commit and the run of the registration,
   * or those of the package that it was taken from.
   */
  readonly origin: { readonly commit?: string; readonly generatedBy?: string };
  /** Its origin, by its own account; absent where it has none. */
  readonly lineage?: Lineage;
  /** Absent where the package has none. */
  readonly card?: CardSummary;
}

/** The images that have to run, as far as they are known, and whether anything may change under its name: for the release record. */
export const registeredImages = ({
  imageDigest,
  imageDigests,
  unpinned,
}: Pick<RegisteredVersion, 'imageDigest' | 'imageDigests' | 'unpinned'>): {
  readonly imageDigest?: string;
  readonly imageDigests?: readonly string[];
  readonly unpinned?: true;
} => {
  const known = imageDigests.flatMap((one) => one ?? []);
  return {
    ...withoutUndefined({ imageDigest }),
    ...(known.length > 1 && known.length === imageDigests.length ? { imageDigests: known } : {}),
    ...(unpinned.length > 0 ? { unpinned: true } : {}),
  };
};

/** One line of the registry: it shows the owner of a version, without a description of each package. */
export interface ListedPackage {
  readonly packageVersion: number;
  /** As in `RegisteredVersion`. */
  readonly version: string;
  readonly arn: string;
  readonly approval: Approval;
}
