import { orUndefined } from '../aws/errors.ts';
import { parseImage } from '../aws/image-reference.ts';
import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';

/** An image whose registry cannot be read, and whose name has no digest. */
export class UnpinnableImage extends Refusal {
  readonly because: string;
  constructor(because: string, message: string) {
    super('invalid-input', message);
    this.because = because;
  }
}

/**
 * Looks up in ECR the content that an image's name means now.
 * @returns `sha256:…`
 * @throws {Refusal} when there is no such image, or its registry cannot be read
 */
export const readImageDigest = async (world: World, image: string): Promise<string> => {
  const quoted = JSON.stringify(image);
  const answer = await orUndefined(world.read.ecr.resolveImage(image).then((digest) => ({ digest })));
  if (answer === undefined)
    throw new Refusal('invalid-input', `image: there is no ${quoted} in Amazon ECR; push it, or correct the name`);
  if (answer.digest === undefined)
    throw new UnpinnableImage(
      `it is not in Amazon ECR in ${world.account.region}`,
      `image: ${quoted} is not in Amazon ECR in ${world.account.region}, so it cannot be pinned to a digest; push it there, name it by its digest (@sha256:…), or set pin: false`,
    );
  return answer.digest;
};

/** `the repository churn, in the account ending in 3333`, for messages about an image that ECR did not show. */
export const repositoryOf = (image: string): string => {
  const named = parseImage(image.replace(/@.*$/, ''));
  return named === undefined
    ? 'its repository'
    : `the repository ${named.repository}, in the account ending in ${named.registry.slice(-4)}`;
};

/** `registry/repository:tag` → `registry/repository@sha256:…`: an image whose content can no longer change under its name. */
export const atDigest = (image: string, digest: string): string =>
  `${image.replace(/@.*$/, '').replace(/:[^/]*$/, '')}@${digest}`;

/** `sha256:…` of a pinned image. */
export const pinnedDigest = (image: string): string | undefined => /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
