import { classify, describe } from '../aws/errors.ts';
import { iso } from '../clock.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { ReleaseRecord, Served } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';

/**
 * Refuses a version whose content has not served well in the environment of `after`: it is promoted, never rebuilt. The content decides,
 * not the version: a release candidate that was taken over as the final version counts.
 * @returns notes for the plan; empty where the environment has no `after`. As with an approval, a dry run shows the plan before.
 * @throws {Refusal} `promotion-missing`
 */
export const requirePromoted = async (
  world: World,
  { manifest, environment }: { readonly manifest: Manifest; readonly environment: string },
  registered: RegisteredVersion,
): Promise<readonly string[]> => {
  const { after } = deliveryOf(manifest, environment);
  if (after === undefined) return [];
  const standing = standingIn(after, registered, await recordOf(world, manifest, after));
  if (standing.is === 'promoted') return [standing.because];
  const because = `${standing.because}, and ${environment} comes after it`;
  const remedy = `deliver ${registered.tag}, or a release candidate with the same content, to ${after} first`;
  if (world.write === undefined) return [`${because}: deploy-endpoint would refuse; ${remedy}`];
  throw new Refusal('promotion-missing', `${because}: ${remedy}`);
};

type Standing = { readonly is: 'promoted' | 'missing'; readonly because: string };

const standingIn = (after: string, registered: RegisteredVersion, record: ReleaseRecord | undefined): Standing => {
  const { tag } = registered;
  // Newest first: a content that served well, and was taken back later, did not.
  const found = record?.history.find((one) => hasContent(one, registered));
  if (found === undefined) return { is: 'missing', because: `the content of ${tag} has not served in ${after}` };
  const as = found.version === undefined || found.version === registered.version ? '' : ` as ${found.version}`;
  return found.good && found.ended !== 'rejected'
    ? { is: 'promoted', because: `the same content served well in ${after}${as} ${periodOf(found)}` }
    : {
        is: 'missing',
        because: `the content of ${tag} served in ${after}${as} ${periodOf(found)}, and ${found.ended === 'rejected' ? 'was rejected' : 'did not serve well'}`,
      };
};

/** An older version of this suite noted no content down: then the package decides, of which a registry has one. */
const hasContent = ({ contentDigest, version, packageVersion }: Served, registered: RegisteredVersion): boolean =>
  contentDigest === undefined
    ? version === registered.version && packageVersion === registered.packageVersion
    : contentDigest === registered.contentDigestNow;

const periodOf = ({ from, until }: Served): string =>
  until === undefined ? `since ${iso(from)}` : `from ${iso(from)} to ${iso(until)}`;

/**
 * Read with the credentials of the delivering environment, in whatever account the record is.
 * @returns undefined before the first delivery there
 * @throws {Refusal} `promotion-missing` when it cannot be read
 */
const recordOf = async (world: World, manifest: Manifest, after: string): Promise<ReleaseRecord | undefined> => {
  const { account, region } = deliveryOf(manifest, after);
  const place = { ...world.account, ...withoutUndefined({ id: account, region }) };
  const store = storeFor({ manifest, environment: after }, { read: world.read, account: place });
  try {
    return (await store.read())?.record;
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal('promotion-missing', unread(after, error.message));
    if (classify(error) !== 'access-denied') throw error;
    throw new Refusal(
      'promotion-missing',
      unread(
        after,
        `${store.uri}: ${describe(error)}; the role needs the policy \`after\` for the endpoint of ${after}`,
      ),
    );
  }
};

const unread = (after: string, because: string): string =>
  `the release record of ${after} cannot be read, which has to show that the version served there: ${because}`;
