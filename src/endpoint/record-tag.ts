import { Refusal } from '../operation.ts';
import type { ReleaseStore } from '../release/store.ts';
import type { World } from '../world.ts';
import { observe } from './observe.ts';
import { tagsOf } from './tags.ts';

/** The tag that points whoever finds an endpoint to its release record. */
export const recordTag = 'model-delivery:releases';

/**
 * One writer per endpoint (rule 7): two records of one endpoint know nothing of each other's releases.
 * @param isNew there is no record where the manifest has it: an older version may have kept one elsewhere, and not have tagged the
 * endpoint
 * @throws {Refusal} `other-record`
 */
export const refuseOtherRecord = async (world: World, store: ReleaseStore, isNew: boolean): Promise<void> => {
  const { endpoint, uri } = store;
  if ((await observe(world, endpoint)) === undefined) return;
  const named = (await tagsOf(world, endpoint)).get(recordTag);
  if (named === uri) return;
  if (named === undefined) {
    const former = isNew ? await store.elsewhere() : undefined;
    if (former === undefined) return;
    throw new Refusal(
      'other-record',
      `${endpoint} was delivered from the release record ${former}, where records lay by default in older versions, and this manifest keeps it at ${uri}: set \`releases\` to the former, or copy the record to the latter while nothing is live`,
    );
  }
  throw new Refusal(
    'other-record',
    `${endpoint} is delivered from the release record ${named}, as its tag ${recordTag} says, and this manifest keeps it at ${uri}: set \`releases\` to the former, or copy the record to the latter while nothing is live and remove the tag`,
  );
};
