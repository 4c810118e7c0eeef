import { classify, orUndefined } from '../aws/errors.ts';
import type { World } from '../world.ts';
import { isPinnedAddress, objectsOf } from './artifact.ts';
import { type DataSource, dataSourcesOf } from './container.ts';
import { pinnedDigest, repositoryOf } from './image.ts';
import { combined, readDigest } from './pinned-data.ts';
import { explainArtifact, explainImage } from './reachable.ts';
import type { RegisteredVersion } from './registered-version.ts';
import { contentWorld } from './registry.ts';
import { objectExists, type S3Object, s3Uri } from './s3-object.ts';

/** A problem with a version's content; `because` is for people. */
export interface ContentFault {
  readonly reason: 'content-changed' | 'config-missing';
  readonly because: string;
  /** Nothing is under a prefix that is not pinned: S3 does not know whether it was emptied, or is to be filled. */
  readonly unfilled?: true;
}

/**
 * Whether the content to deploy is still the registered content (DESIGN §7 rule 2): SageMaker keeps names, not content. For
 * unpinned content only its existence can be checked.
 * @param unchecked receives a sentence about each part of others that this role may not look at
 * @returns undefined when all is well
 */
export const verifyContent = async (
  world: World,
  registered: RegisteredVersion,
  unchecked: string[] = [],
): Promise<ContentFault | undefined> =>
  editFault(registered) ??
  (await dataFault(world, registered, unchecked)) ??
  (await imageFault(world, registered, unchecked));

const dataFault = async (
  world: World,
  registered: RegisteredVersion,
  unchecked: string[],
): Promise<ContentFault | undefined> => {
  const { tag, containers, artifactSha256 } = registered;
  const sources = containers.flatMap(dataSourcesOf);
  const digests: string[] = [];
  for (const source of sources) {
    const found = await digestNow(world, source, artifactSha256 !== undefined, () =>
      unchecked.push(`whether there is the ${source.role} of ${tag}, ${addressIn(source)}: this role may not read it`),
    );
    if (found === undefined) return absent(tag, source);
    digests.push(found);
  }
  const now = combined(digests);
  if (artifactSha256 === undefined || now === artifactSha256) return undefined;
  const [only, ...others] = sources;
  return changed(
    only && others.length === 0
      ? `the ${only.role} of ${tag}, ${addressIn(only)}, has SHA-256 ${now}; the registered one is ${artifactSha256}`
      : `the model data of ${tag} has SHA-256 ${now ?? 'none'}; the registered one is ${artifactSha256}: ${sources.map(addressIn).join(', ')}`,
  );
};

/** Only a copy of our own is known to have been there. */
const absent = (tag: string, source: DataSource): ContentFault => {
  const part = `the ${source.role} of ${tag}, ${addressIn(source)}`;
  if (isPinnedAddress(source.uri)) return missing(`${part}, was deleted`);
  return source.form === 'prefix'
    ? { ...missing(`there is no object under ${part}`), unfilled: true }
    : missing(`${part}, is absent`);
};

const addressIn = ({ place, uri }: DataSource): string => (place ? s3Uri(place) : uri);

/** @returns undefined when it was deleted; for data that is not pinned its address, which stands for no content */
const digestNow = async (
  delivering: World,
  source: DataSource,
  pinned: boolean,
  onDenied: () => void,
): Promise<string | undefined> => {
  const { place, uri, form } = source;
  if (place === undefined) return uri;
  const world = contentWorld(delivering);
  const look =
    pinned && isPinnedAddress(uri)
      ? readDigest(world, { form, place })
      : exists(world, { form, place }, onDenied).then((found) => (found ? uri : undefined));
  return look.catch(explainArtifact(delivering, place));
};

/** Data of others in this account may be closed to this role, though the endpoint's execution role can read it: it is not known to be absent. */
const exists = (
  world: World,
  { form, place }: Pick<DataSource, 'form'> & { readonly place: S3Object },
  onDenied: () => void,
) =>
  unlessDenied(
    world,
    form === 'prefix' ? objectsOf(world, place).then((objects) => objects.length > 0) : objectExists(world, place),
    onDenied,
  );

const unlessDenied = async ({ registry }: World, look: Promise<boolean>, onDenied: () => void): Promise<boolean> => {
  try {
    return await look;
  } catch (error) {
    if (registry !== undefined || classify(error) !== 'access-denied') throw error;
    onDenied();
    return true;
  }
};

const imageFault = async (
  world: World,
  { tag, containers, imagePin }: RegisteredVersion,
  unchecked: string[],
): Promise<ContentFault | undefined> => {
  for (const [index, { Image: image, ProductId }] of containers.entries()) {
    // AWS Marketplace shows neither the registry nor the image to a subscriber.
    if (!image || ProductId) continue;
    if (index === 0 && imagePin !== undefined && pinnedDigest(image) !== imagePin)
      return changed(`the image of ${tag} is ${image} now; the registered digest is ${imagePin}`);
    const look = orUndefined(
      contentWorld(world)
        .read.ecr.resolveImage(image)
        .then((digest) => ({ digest })),
    )
      .then((answer) => answer !== undefined)
      .catch(explainImage(world, image));
    const there =
      pinnedDigest(image) === undefined
        ? await unlessDenied(world, look, () =>
            unchecked.push(
              `whether there is the image of ${tag}, ${image}: this role may not read ${repositoryOf(image)}`,
            ),
          )
        : await look;
    if (!there)
      return missing(`the image of ${tag}, ${image}, is absent: there is no such image in ${repositoryOf(image)}`);
  }
  return undefined;
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
