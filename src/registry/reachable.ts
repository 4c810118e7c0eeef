import { classify, withRemedy } from '../aws/errors.ts';
import { parseImage } from '../aws/image-reference.ts';
import type { Registry, World } from '../world.ts';
import { grantTo } from './grant.ts';
import type { RegisteredVersion } from './registered-version.ts';
import { contentWorld, isOwnPolicy } from './registry.ts';
import { addressOf, type S3Object } from './s3-object.ts';

/**
 * Content in another account: a denial names the policy that has to change there, and its statement. SageMaker reads the artifact and
 * pulls the image with the execution role, so the statements name that role beside the caller.
 */

/** @returns never; it throws the error of a refused read of the artifact, with its remedy */
export const explainArtifact =
  (world: World, artifact: S3Object | undefined) =>
  async (error: unknown): Promise<never> => {
    const { registry } = world;
    if (registry === undefined || artifact === undefined || classify(error) !== 'access-denied') throw error;
    throw withRemedy(error, await artifactRemedy(world, registry, artifact));
  };

const artifactRemedy = async (world: World, registry: Registry, artifact: S3Object): Promise<string> => {
  const readers = readersOf(registry);
  const head = await contentWorld(world)
    .read.s3.headWithoutChecksum(addressOf(artifact))
    .catch(() => undefined);
  // S3 decrypts for the checksum and for the content, and not for the headers (S3 API reference, HeadObject).
  if (head?.SSEKMSKeyId !== undefined)
    return (
      `the object is encrypted with the KMS key ${head.SSEKMSKeyId}; the policy of that key needs ${grantTo(registry.account.id, readers, ['kms:Decrypt'], '*')},` +
      ' and the own policies of these roles have to allow it; the key that AWS manages, aws/s3, cannot be opened to another account: then encrypt the artifact with a key of your own'
    );
  const folder = artifact.key.slice(0, artifact.key.lastIndexOf('/') + 1);
  const resource = `arn:${registry.account.partition}:s3:::${artifact.bucket}/${folder}*`;
  return (
    `the policy of the bucket ${artifact.bucket}, in the account ending in ${registry.account.id.slice(-4)}, needs ${grantTo(registry.account.id, readers, ['s3:GetObject'], resource)}, and the own policies of these roles have to allow it;` +
    ' if both do, then the object belongs to a third account (set Object Ownership to BucketOwnerEnforced), the object does not exist, or the bucket belongs to another account than the registry (name it under `bucket-owners` in the manifest)'
  );
};

/** @returns never; it throws the error of a refused read of the image, with its remedy */
export const explainImage =
  (world: World, image: string) =>
  async (error: unknown): Promise<never> => {
    const { registry } = world;
    const named = parseImage(image.replace(/@.*$/, ''));
    if (registry === undefined || named === undefined || classify(error) !== 'access-denied') throw error;
    if (isOwnPolicy(error))
      throw withRemedy(error, `the policy of ${registry.readers.caller}, the caller, has to allow it`);
    const statement = grantTo(named.registry, readersOf(registry), [
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetDownloadUrlForLayer',
    ]);
    throw withRemedy(
      error,
      `the policy of the ECR repository ${named.repository}, in the account ending in ${named.registry.slice(-4)}, needs ${statement}; and the own policies of these roles have to allow it`,
    );
  };

const readersOf = ({ readers: { caller, execution } }: Registry): readonly string[] =>
  execution === undefined ? [caller] : [caller, execution];

/** Notes for a plan: facts about another account that no read of this run can show. */
export const unknownNotes = (
  { registry, account }: World,
  { tag, containers }: RegisteredVersion,
): readonly string[] => {
  if (registry === undefined) return [];
  const elsewhere = containers.some(
    ({ Image = '' }) => parseImage(Image.replace(/@.*$/, ''))?.region !== account.region,
  );
  const { execution } = registry.readers;
  return [
    execution === undefined
      ? 'not known: the model has no execution role in the manifest, and SageMaker reads artifact and image with it'
      : `not known: whether ${execution} may read the artifact and pull the image of ${tag}, which lie in another account; SageMaker reads them with that role. The caller can read ${elsewhere ? 'the artifact' : 'both'}`,
    ...(elsewhere
      ? [`not known: whether the image of ${tag} can be pulled: it is not in Amazon ECR in ${account.region}`]
      : []),
  ];
};
