import { digest } from '../digest.ts';

/** The content of a model package. Two registrations of a version are the same exactly when their contents are equal. */
export interface Content {
  /** `repo@sha256:…` when pinned, else the user's name for it. */
  readonly image: string;
  /** Hex SHA-256 of the artifact when pinned, else its `s3://` address. */
  readonly artifact: string;
  /** Variables of the container. */
  readonly environment: Readonly<Record<string, string>>;
  readonly inferenceSpecification: InferenceSpecification;
  /** Members of the container that register-model never sends and that change its behaviour; absent when there are none. */
  readonly additions?: Readonly<Record<string, unknown>>;
}

/** The content types of the model's calls; empty lists declare nothing. */
export interface InferenceSpecification {
  readonly contentTypes: readonly string[];
  readonly responseTypes: readonly string[];
  readonly realtimeInstanceTypes: readonly string[];
}

/** Hex SHA-256 over the content; the order of keys and of list items does not matter. */
export const contentDigest = ({ inferenceSpecification: called, ...content }: Content): string =>
  digest({
    ...content,
    contentTypes: called.contentTypes.toSorted(),
    responseTypes: called.responseTypes.toSorted(),
    realtimeInstanceTypes: called.realtimeInstanceTypes.toSorted(),
  });
