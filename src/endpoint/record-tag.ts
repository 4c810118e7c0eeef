import { Refusal } from '../operation.ts';
import type { ReleaseStore } from '../release/store.ts';
import type { World } from '../world.ts';
import { observe } from './observe.ts';
import { tagsOf } from './tags.ts';

/** The endpoint's tag with the place of its release record. */
export const recordTag = 'model-delivery:releases';

/**
 * One writer per endpoint (rule 7): two records of one endpoint do not have each other's releases.
 * @param isNew the manifest's place has no record: an older version may have kept one elsewhere, without a tag on the endpoint
 * @throws {Refusal} `other-record`
 */
export const refuseOtherRecord = async (world: World, store: ReleaseStore, isNew: boolean): Promise<void> => {
  const { endpoint, uri, ofCodeDeploy } = store;
  // CodeDeploy's targets have no tag, and no older version of this suite delivered to one.
  if (ofCodeDeploy) return;
  if ((await observe(world, endpoint)) === undefined) return;
  const named = (await tagsOf(world, endpoint)).get(recordTag);
  if (named === uri) return;
  if (named === undefined) {
    const former = isNew ? await store.elsewhere() : undefined;
    if (former === undefined) return;
    throw new Refusal(
      'other-record',
      `${endpoint} was delivered from the release record ${former}, the default place of older versions, and this manifest keeps it at ${uri}: set \`releases\` to the former, or copy the record to the latter while nothing is live`,
    );
  }
  throw new Refusal(
    'other-record',
    `${endpoint} is delivered from the release record ${named}(its tag ${recordTag}), and this manifest keeps it at ${uri}: set \`releases\` to the former, or copy the record to the latter while nothing is live and remove the tag`,
  );
};
