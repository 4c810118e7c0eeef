import type { CreateModelPackageInput } from '../aws/sagemaker.ts';
import { digest } from '../digest.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { beginning } from '../plain-text.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Run } from '../world.ts';
import { type Container, dataSourcesOf, withAddresses } from './container.ts';
import { contentDigest, type InferenceSpecification } from './content.ts';
import { atDigest } from './image.ts';
import { reportMembersOf, type WantedReports } from './kept-reports.ts';
import { composeMetadata } from './metadata.ts';
import type { ModelCard } from './model-card.ts';
import type { NextVersion } from './next-version.ts';
import { packageDescription } from './package-description.ts';
import type { Pins } from './pins.ts';
import type { TakenOver } from './take-over.ts';

/** The version to register, once all inputs have been read. */
export interface WantedPackage extends WantedReports {
  readonly model: string;
  readonly semver: string;
  readonly releases: S3Location;
  /** With images and data as the user, the training job or the package of others names them. */
  readonly containers: readonly Container[];
  readonly inferenceSpecification: InferenceSpecification;
  readonly approval: 'PendingManualApproval' | 'Approved';
  readonly description?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly trainingJob?: { readonly name: string; readonly facts: Readonly<Record<string, string>> };
  readonly takenOver?: TakenOver;
  readonly pin: boolean;
  /** Replaces that of a package that is taken over. */
  readonly card?: ModelCard;
  /** The derivation of `semver`, where the user left it to this run. */
  readonly next?: NextVersion;
}

export interface Registration {
  /** With pinned images, and the addresses from which the data is served. */
  readonly containers: readonly Container[];
  /** Not the digest of the whole content while a copy is missing. */
  readonly contentDigest: string;
  readonly request: CreateModelPackageInput;
  /** Facts SageMaker could not hold. */
  readonly leftOut: readonly string[];
}

const longestImage = 255;
const longestProperty = 1024;

/**
 * The one CreateModelPackage request for `wanted`: the same in every turn and every re-run of the same job.
 * @throws {Refusal} when SageMaker could not hold it
 */
export const registrationOf = (wanted: WantedPackage, pins: Pins, host: Run): Registration => {
  const { takenOver, next } = wanted;
  const run: Run = { ...host, ...withoutUndefined({ commit: next?.commit }) };
  const containers = pinnedContainers(wanted, pins);
  const contentDigestHex = contentDigest({
    containers,
    inferenceSpecification: wanted.inferenceSpecification,
    ...withoutUndefined({ artifactSha256: pins.artifactSha256, algorithms: takenOver?.algorithms }),
  });
  const metadata = composeMetadata(
    {
      semver: wanted.semver,
      'content-digest': contentDigestHex,
      'artifact-sha256': pins.artifactSha256,
      'image-digest': pins.images[0],
      'git-sha': run.commit,
      'git-ref': run.ref,
      'run-url': run.url,
      'training-job': wanted.trainingJob?.name,
      // A package that is taken over keeps the commit and the run of its training; the version is that of the present ones.
      'version-commit': takenOver && next?.commit,
      'version-run': takenOver && run.url,
      ...takenOver?.facts,
    },
    wanted.metadata,
    wanted.trainingJob?.facts ?? takenOver?.metadata ?? {},
  );
  return {
    containers,
    contentDigest: contentDigestHex,
    leftOut: metadata.leftOut,
    request: {
      ...properties(run),
      ...takenOver?.members,
      ModelPackageGroupName: wanted.model,
      ModelPackageDescription: packageDescription(wanted.model, wanted.semver, contentDigestHex, wanted.description),
      ModelApprovalStatus: wanted.approval,
      ClientToken: clientToken(wanted.model, wanted.semver),
      ...withoutUndefined({ InferenceSpecification: specify(wanted, containers) }),
      ...reportMembersOf(wanted.releases, wanted, takenOver?.members),
      ...(wanted.card && { ModelCard: { ModelCardContent: wanted.card.content, ModelCardStatus: 'Draft' } }),
      CustomerMetadataProperties: { ...metadata.properties },
    },
  };
};

const pinnedContainers = ({ containers }: WantedPackage, { images, sources }: Pins): readonly Container[] => {
  let next = 0;
  return containers.map((container, index) => {
    const { Image, ImageDigest, ModelDataETag: _seen, ...rest } = container;
    const digestOfImage = images[index];
    const image = Image && digestOfImage ? atDigest(Image, digestOfImage) : Image;
    if (image && image.length > longestImage)
      throw new Refusal(
        'invalid-input',
        `image: ${image} is longer than ${longestImage} characters; shorten the repository's name`,
      );
    const first = next;
    next += dataSourcesOf(container).length;
    // SageMaker notes the digest by itself; a noted one of a tag is kept, since the tag may have moved.
    return withAddresses(
      { ...withoutUndefined({ Image: image, ImageDigest: digestOfImage ? undefined : ImageDigest }), ...rest },
      ({ uri }, position) => sources[first + position]?.uri ?? uri,
    );
  });
};

const specify = (
  { inferenceSpecification, takenOver }: WantedPackage,
  containers: readonly Container[],
): CreateModelPackageInput['InferenceSpecification'] => {
  const { contentTypes, responseTypes, realtimeInstanceTypes } = inferenceSpecification;
  if (containers.length === 0) return undefined;
  return {
    ...takenOver?.specification,
    Containers: [...containers],
    ...(contentTypes.length > 0 && { SupportedContentTypes: [...contentTypes] }),
    ...(responseTypes.length > 0 && { SupportedResponseMIMETypes: [...responseTypes] }),
    ...(realtimeInstanceTypes.length > 0 && {
      // The list of types grows every month: SageMaker knows it, and the SDK's copy is always older.
      SupportedRealtimeInferenceInstanceTypes: [...realtimeInstanceTypes] as InstanceTypes,
    }),
  };
};
type InstanceTypes = NonNullable<
  NonNullable<CreateModelPackageInput['InferenceSpecification']>['SupportedRealtimeInferenceInstanceTypes']
>;

/** Immutable later, unlike the customer's own metadata. */
const properties = (run: Run): Pick<CreateModelPackageInput, 'MetadataProperties'> => {
  const found = Object.entries({ CommitId: run.commit, Repository: run.repository, GeneratedBy: run.url }).flatMap(
    ([key, value]) => (value ? [[key, beginning(value, longestProperty)]] : []),
  );
  return found.length > 0 ? { MetadataProperties: Object.fromEntries(found) } : {};
};

/**
 * One token per version of a group: AWS answers a repeated request with the first one's package (AWS: CreateModelPackage
 * ClientToken, at most 36 characters). Its layout is a UUID of version 8, the version for custom hashes (RFC 9562).
 */
const clientToken = (model: string, semver: string): string => {
  const hex = digest({ model, semver });
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
};
