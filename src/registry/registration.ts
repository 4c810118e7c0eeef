import type { CreateModelPackageInput } from '../aws/sagemaker.ts';
import { digest } from '../digest.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Run } from '../world.ts';
import { pinnedArtifact } from './artifact.ts';
import { type Content, contentDigest, type InferenceSpecification } from './content.ts';
import { type Evaluation, modelMetrics } from './evaluation.ts';
import { atDigest } from './image.ts';
import { composeMetadata } from './metadata.ts';
import { packageDescription } from './package-description.ts';
import type { S3Object } from './s3-object.ts';
import { s3Uri } from './s3-object.ts';

/** The version to register, once all inputs have been read. */
export interface WantedPackage {
  readonly model: string;
  readonly semver: string;
  readonly releases: S3Location;
  /** As the user or the training job names them. */
  readonly image: string;
  readonly artifact: S3Object;
  readonly environment: Readonly<Record<string, string>>;
  readonly inferenceSpecification: InferenceSpecification;
  readonly evaluation?: Evaluation;
  readonly approval: 'PendingManualApproval' | 'Approved';
  readonly description?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly trainingJob?: { readonly name: string; readonly facts: Readonly<Record<string, string>> };
  readonly pin: boolean;
}

/** Image and artifact at the time of the look; empty without pinning. */
export interface Pins {
  readonly imageDigest?: string;
  /** Hex. */
  readonly sha256?: string;
  /** The ETag of the object that the user named, at the time of hashing. */
  readonly etag?: string;
}

export interface Registration {
  readonly image: string;
  /** The place from which the artifact is served. */
  readonly artifact: S3Object;
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
export const registrationOf = (wanted: WantedPackage, pins: Pins, run: Run): Registration => {
  const image = pins.imageDigest ? atDigest(wanted.image, pins.imageDigest) : wanted.image;
  if (image.length > longestImage)
    throw new Refusal(
      'invalid-input',
      `image: ${image} is longer than ${longestImage} characters; shorten the repository's name`,
    );
  const artifact = pins.sha256 ? pinnedArtifact(wanted.releases, pins.sha256) : wanted.artifact;
  const content: Content = {
    image,
    artifact: pins.sha256 ?? s3Uri(wanted.artifact),
    environment: wanted.environment,
    inferenceSpecification: wanted.inferenceSpecification,
  };
  const contentDigestHex = contentDigest(content);
  const metadata = composeMetadata(
    {
      semver: wanted.semver,
      'content-digest': contentDigestHex,
      'artifact-sha256': pins.sha256,
      'image-digest': pins.imageDigest,
      'git-sha': run.commit,
      'git-ref': run.ref,
      'run-url': run.url,
      'training-job': wanted.trainingJob?.name,
    },
    wanted.metadata,
    wanted.trainingJob?.facts ?? {},
  );
  return {
    image,
    artifact,
    contentDigest: contentDigestHex,
    leftOut: metadata.leftOut,
    request: {
      ModelPackageGroupName: wanted.model,
      ModelPackageDescription: packageDescription(wanted.model, wanted.semver, contentDigestHex, wanted.description),
      ModelApprovalStatus: wanted.approval,
      ClientToken: clientToken(wanted.model, wanted.semver),
      InferenceSpecification: specify(wanted, image, artifact),
      CustomerMetadataProperties: { ...metadata.properties },
      ...properties(run),
      ...withoutUndefined({ ModelMetrics: wanted.evaluation && modelMetrics(wanted.releases, wanted.evaluation) }),
    },
  };
};

const specify = (
  wanted: WantedPackage,
  image: string,
  artifact: S3Object,
): CreateModelPackageInput['InferenceSpecification'] => {
  const { contentTypes, responseTypes, realtimeInstanceTypes } = wanted.inferenceSpecification;
  return {
    Containers: [
      {
        Image: image,
        ModelDataUrl: s3Uri(artifact),
        ...(Object.keys(wanted.environment).length > 0 && { Environment: { ...wanted.environment } }),
      },
    ],
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
    ([key, value]) => (value ? [[key, value.slice(0, longestProperty)]] : []),
  );
  return found.length > 0 ? { MetadataProperties: Object.fromEntries(found) } : {};
};

/**
 * One token per version of a group: AWS answers a repeated request with the first one's package (AWS: CreateModelPackage
 * ClientToken, at most 36 characters). Its layout is a UUID of version 8, the version for custom hashes (RFC 9562).
 */
export const clientToken = (model: string, semver: string): string => {
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
