import { classify, withRemedy } from '../aws/errors.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';
import { inspectSource, type PinnedSource } from './artifact.ts';
import { type Container, type DataSource, dataSourcesOf } from './container.ts';
import { missingCopies } from './copy-data.ts';
import { atDigest, pinnedDigest, readImageDigest, repositoryOf, UnpinnableImage } from './image.ts';
import { combined, readDigest } from './pinned-data.ts';
import { explainImage } from './reachable.ts';
import { parseS3Location, type S3Object } from './s3-object.ts';
import type { TakenOver } from './take-over.ts';

/** Images and data at the time of the look; empty without pinning. */
export interface Pins {
  /** `sha256:…` of each container's image. */
  readonly images: readonly (string | undefined)[];
  /** Of all containers, in order; undefined for data that stays where it is. */
  readonly sources: readonly (PinnedSource | undefined)[];
  /** The digest of all data, once it is copied; see `pinned-data.ts`. */
  readonly artifactSha256?: string;
  /** Every copy exists, or is named by its content. */
  readonly complete: boolean;
  /** The parts that cannot be pinned, one sentence each. */
  readonly notes: readonly string[];
}

export const unpinned: Pins = { images: [], sources: [], complete: true, notes: [] };

/**
 * DESIGN §7 rule 2: registered content can no longer change under its name.
 * @param takenOver the package of others that has this content: what cannot be pinned is noted instead of refused
 * @throws {Refusal} when image or data are absent, or cannot be pinned
 */
export const readPins = async (
  world: World,
  releases: S3Location,
  containers: readonly Container[],
  takenOver?: Pick<TakenOver, 'account'>,
): Promise<Pins> => {
  const notes: string[] = [];
  const images: (string | undefined)[] = [];
  const sources: (PinnedSource | undefined)[] = [];
  for (const container of containers) {
    images.push(await pinImage(world, container, takenOver !== undefined, notes));
    for (const source of dataSourcesOf(container))
      sources.push(await pinSource(world, releases, source, takenOver, notes));
  }
  const digests: string[] = [];
  for (const [index, source] of containers.flatMap(dataSourcesOf).entries()) {
    const found = await digestOfPin(world, source, sources[index]);
    if (found === undefined) return { images, sources, complete: false, notes };
    digests.push(found);
  }
  const artifactSha256 = sources.some((one) => one !== undefined) ? combined(digests) : undefined;
  return { images, sources, complete: true, notes, ...(artifactSha256 === undefined ? {} : { artifactSha256 }) };
};

const pinImage = async (
  world: World,
  { Image: image, ImageDigest: noted, ProductId: product }: Container,
  lenient: boolean,
  notes: string[],
): Promise<string | undefined> => {
  if (!image || product) {
    notes.push(
      product
        ? `the image of AWS Marketplace product ${product} cannot be pinned: its seller keeps it`
        : 'a container without an image cannot be pinned to one',
    );
    return undefined;
  }
  // The tag may have moved since the package was registered: SageMaker's own note is the content that was approved.
  const meant = noted && pinnedDigest(image) === undefined ? atDigest(image, noted) : image;
  try {
    const read = readImageDigest(world, meant);
    // A role of the registry's account reads its own repository: no resource policy stands in between.
    return await (world.registry?.role === undefined ? read.catch(explainImage(world, image)) : read);
  } catch (error) {
    const why = lenient && unreadable(error, image);
    if (!why) throw error;
    notes.push(`the image ${image} cannot be pinned: ${why}`);
    return undefined;
  }
};

const pinSource = async (
  world: World,
  releases: S3Location,
  source: DataSource,
  takenOver: Pick<TakenOver, 'account'> | undefined,
  notes: string[],
): Promise<PinnedSource | undefined> => {
  const { place, uri, role } = source;
  const lenient = takenOver !== undefined;
  if (place === undefined) {
    const because = 'it is not at an address of S3 that could be copied';
    if (!lenient) throw new Refusal('invalid-input', `${role}: ${uri} cannot be pinned: ${because}; set pin: false`);
    notes.push(`${uri} cannot be pinned: ${because}`);
    return undefined;
  }
  try {
    const pinned = await inspectSource(world, releases, { ...source, place });
    if (pinned.copies.length === 0)
      notes.push(`there is no object under ${uri}: nothing is registered before there is`);
    return pinned;
  } catch (error) {
    if (!lenient || classify(error) !== 'access-denied') throw error;
    if (takenOver.account !== undefined) throw withRemedy(error, ownerRemedy(place.bucket, takenOver.account));
    notes.push(
      `${uri} cannot be pinned: this role may not read it, or its bucket belongs to another account, which \`bucket-owners\` in the manifest has to name`,
    );
    return undefined;
  }
};

/** Each call to S3 names the account that must own the bucket: unless the manifest has another one, that of the registry. */
const ownerRemedy = (bucket: string, account: string): string =>
  `the package belongs to the account ending in ${account.slice(-4)}: name the account of the bucket ${bucket} under \`bucket-owners\` in the manifest, and let the policies of the bucket, of a KMS key that encrypts the object, and of this role allow it; or set pin: false, and the data stays there`;

/** Undefined while a copy is missing; for data that stays where it is its address, as at the look before a deployment. */
const digestOfPin = async (
  world: World,
  { uri }: DataSource,
  pinned: PinnedSource | undefined,
): Promise<string | undefined> => {
  if (pinned === undefined) return uri;
  if (pinned.sha256 !== undefined) return pinned.sha256;
  if ((await missingCopies(world, pinned)).length > 0) return undefined;
  return readDigest(world, { form: pinned.source.form, place: placeOf(pinned.uri) });
};

const placeOf = (uri: string): S3Object => parseS3Location(uri) ?? { bucket: '', key: '' };

/** Why an image of others cannot be looked up; undefined when that is no reason to go on without it. */
const unreadable = (error: unknown, image: string): string | undefined => {
  if (classify(error) === 'access-denied') return `this role may not read ${repositoryOf(image)}`;
  return error instanceof UnpinnableImage ? error.because : undefined;
};
