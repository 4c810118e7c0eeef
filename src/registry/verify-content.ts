import { orUndefined } from '../aws/errors.ts';
import type { World } from '../world.ts';
import { readSha256 } from './artifact.ts';
import { pinnedDigest } from './image.ts';
import type { RegisteredVersion } from './packages.ts';
import { explainArtifact, explainImage } from './reachable.ts';
import { contentWorld } from './registry.ts';
import { objectExists, s3Uri } from './s3-object.ts';

/** A problem with a version's content; `because` is for people. */
export interface ContentFault {
  readonly reason: 'content-changed' | 'config-missing';
  readonly because: string;
}

/**
 * Whether the content to deploy is still the registered content (DESIGN §7 rule 2): SageMaker keeps names, not content. For
 * unpinned content only its existence can be checked.
 * @returns undefined when all is well
 */
export const verifyContent = async (world: World, registered: RegisteredVersion): Promise<ContentFault | undefined> =>
  editFault(registered) ??
  (await artifactFault(world, registered).catch(explainArtifact(world, registered))) ??
  (await imageFault(world, registered).catch(explainImage(world, registered)));

const artifactFault = async (delivering: World, { tag, artifact, artifactSha256 }: RegisteredVersion) => {
  const world = contentWorld(delivering);
  const deleted = missing(`the artifact of ${tag}, ${s3Uri(artifact)}, was deleted`);
  if (artifactSha256 === undefined) return (await objectExists(world, artifact)) ? undefined : deleted;
  const found = await readSha256(world, artifact);
  if (found === undefined) return deleted;
  if (found === artifactSha256) return undefined;
  return changed(
    `the artifact of ${tag}, ${s3Uri(artifact)}, has SHA-256 ${found}; the registered one is ${artifactSha256}`,
  );
};

const imageFault = async (delivering: World, { tag, image, imageDigest, unpinned }: RegisteredVersion) => {
  if (!unpinned && pinnedDigest(image) !== imageDigest)
    return changed(`the image of ${tag} is ${image} now; the registered digest is ${imageDigest}`);
  const answer = await orUndefined(
    contentWorld(delivering)
      .read.ecr.resolveImage(image)
      .then((digest) => ({ digest })),
  );
  return answer === undefined ? missing(`the image of ${tag}, ${image}, was deleted`) : undefined;
};

/**
 * The specification of a package, and its metadata, may be edited after the approval (AWS: UpdateModelPackage); its description may
 * not. Reads nothing.
 */
export const editFault = ({ tag, packageVersion, contentDigest, contentDigestNow }: RegisteredVersion) =>
  contentDigest === contentDigestNow
    ? undefined
    : changed(
        `the package of ${tag} was edited since it was registered: package version ${packageVersion} has another image, artifact, container environment, or other content or instance types; register the new content as a new version`,
      );

const missing = (because: string) => ({ reason: 'config-missing', because }) as const;
const changed = (because: string) => ({ reason: 'content-changed', because }) as const;
