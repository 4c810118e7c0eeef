export interface ImageReference {
  readonly registry: string;
  readonly region: string;
  readonly repository: string;
  readonly tag: string;
}

/** The parts of an ECR image reference; undefined for other registries. Without a tag the container runtimes mean `latest`. */
export const parseImage = (image: string): ImageReference | undefined => {
  const match =
    /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)\/([a-z0-9._/-]+?)(?::([\w][\w.-]{0,127}))?$/.exec(
      image,
    );
  if (!match?.[1] || !match[2] || !match[3]) return undefined;
  return { registry: match[1], region: match[2], repository: match[3], tag: match[4] ?? 'latest' };
};
