import { digest } from '../digest.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { additionsOf, type Container, dataSourcesOf } from './container.ts';
import { s3Uri } from './s3-object.ts';

/** The content of a model package. Two registrations of a version are the same exactly when their contents are equal. */
export interface Content {
  /** In the order in which a request passes through them. */
  readonly containers: readonly Container[];
  /** The digest of all model data when it is pinned; see `pinned-data.ts`. */
  readonly artifactSha256?: string;
  readonly inferenceSpecification: InferenceSpecification;
  /** AWS: SourceAlgorithmSpecification, from which SageMaker takes the containers by itself. */
  readonly algorithms?: unknown;
}

/** The content types of the model's calls; empty lists declare nothing. */
export interface InferenceSpecification {
  readonly contentTypes: readonly string[];
  readonly responseTypes: readonly string[];
  readonly realtimeInstanceTypes: readonly string[];
}

/** Hex SHA-256 over the content; the order of keys and of list items does not matter, but that of the containers does. */
export const contentDigest = (content: Content): string =>
  digest({
    ...runs(content),
    contentTypes: content.inferenceSpecification.contentTypes.toSorted(),
    responseTypes: content.inferenceSpecification.responseTypes.toSorted(),
    realtimeInstanceTypes: content.inferenceSpecification.realtimeInstanceTypes.toSorted(),
  });

/**
 * One container with an image and one artifact at a URL has the members of the first registrations, whose digests are in the
 * registries of users. All other shapes have a list.
 */
const runs = ({ containers, artifactSha256, algorithms }: Content): object => {
  const [first, ...others] = containers;
  const url = first?.ModelDataUrl;
  if (first?.Image && url && others.length === 0 && algorithms === undefined)
    return { image: first.Image, artifact: artifactSha256 ?? addressIn(first) ?? url, ...settings(first) };
  return {
    containers: containers.map((one) => ({
      ...withoutUndefined({ image: one.Image, artifact: addressIn(one) }),
      ...settings(one),
    })),
    ...withoutUndefined({ data: artifactSha256, algorithms }),
  };
};

const settings = (container: Container): object => ({
  environment: container.Environment ?? {},
  ...withoutUndefined({ additions: additionsOf(container) }),
});

const addressIn = (container: Container): string | undefined => {
  const [source] = container.ModelDataUrl ? dataSourcesOf(container) : [];
  return source?.place ? s3Uri(source.place) : source?.uri;
};
