import { orUndefined } from '../aws/errors.ts';
import { digest } from '../digest.ts';
import type { World } from '../world.ts';
import { objectsOf } from './artifact.ts';
import type { DataSource } from './container.ts';
import { addressOf, type S3Object } from './s3-object.ts';

/** Calls at a time; a model has some dozens of objects. */
const atOnce = 16;

/**
 * The digest of a copy, as S3 keeps it: SHA-256 of an object, `hex-12` of one that was copied in twelve parts, and a digest over the
 * names, sizes and SHA-256 of all objects under a prefix.
 * @returns undefined when there is no object
 */
export const readDigest = async (
  world: World,
  { form, place }: Pick<DataSource, 'form'> & { readonly place: S3Object },
): Promise<string | undefined> => {
  if (form !== 'prefix') return readSha256(world, place);
  const objects = await objectsOf(world, place);
  if (objects.length === 0) return undefined;
  const rows: (readonly [string, number, string | undefined])[] = [];
  for (let first = 0; first < objects.length; first += atOnce) {
    const some = objects.slice(first, first + atOnce);
    const hashes = await Promise.all(some.map(({ from }) => readSha256(world, from)));
    some.forEach(({ from, bytes }, index) => {
      rows.push([from.key.slice(place.key.length), bytes, hashes[index]]);
    });
  }
  return digest(rows);
};

/** SHA-256 of an object's content, as S3 keeps it; undefined when there is no such object. */
export const readSha256 = (world: World, object: S3Object): Promise<string | undefined> =>
  orUndefined(world.read.s3.sha256(addressOf(object)));

/** One digest for all data of a package, in order; undefined without data. */
export const combined = ([first, ...others]: readonly string[]): string | undefined =>
  others.length === 0 ? first : digest([first, ...others]);
