import { iso } from '../clock.ts';
import type { ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening, ReleaseMemory, ReleaseOperation } from '../delivery/run-release.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { termsOf } from '../registry/approval-terms.ts';
import { isHeldFrom } from '../release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import type { World } from '../world.ts';

/** In place of a version: the one whose delivery is under way. No version and no tag reads so. */
export const liveVersion = 'live';

/**
 * The delivery that is under way without a run, by the record alone: an event names an endpoint and no version (rule 21). Without one, an
 * operation that reports so and changes nothing.
 */
export const resumption = async (
  given: { readonly manifest: Manifest; readonly environment: string },
  world: World,
  memory: ReleaseMemory | undefined,
  deliver: (version: string) => Promise<ReleaseOperation<ReleaseOutputs>>,
): Promise<ReleaseOperation<ReleaseOutputs>> => {
  const store = storeFor(given, world);
  const record = (await store.read())?.record;
  const release = record && resumable(world, record, memory);
  if (release !== undefined) return deliver(release.version);
  return {
    store,
    approval: termsOf(given.manifest, deliveryOf(given.manifest, given.environment)),
    plan: async () => nothingToResume(store.endpoint, record),
    recognise: () => {},
    tasks: () => ({}),
    outputs: () => ({}),
  };
};

/** This run's own release may have ended in a turn whose answer was lost: then its end is the result. */
const resumable = (
  { run: { holder }, clock }: World,
  { live, ended }: ReleaseRecord,
  memory: ReleaseMemory | undefined,
): Release | undefined => {
  if (live === undefined) return ended.find(({ id, lease }) => id === memory?.release && lease.holder === holder);
  return isSubmittedDelivery(live) && !isHeldFrom(live, holder, clock.now()) ? live : undefined;
};

/** Before the submission an event of the endpoint is not about the release, and going on would begin its update. */
const isSubmittedDelivery = ({ operation, phase }: Release): boolean =>
  operation === 'deploy-endpoint' && phase !== 'preparing';

const nothingToResume = (endpoint: string, record: ReleaseRecord | undefined): Opening<ReleaseOutputs> => ({
  is: 'done',
  progress: {
    is: 'done',
    outcome: 'succeeded',
    reason: 'nothing-to-resume',
    outputs: { endpoint },
    because: `${endpoint}: ${whyNothing(record)}`,
  },
});

const whyNothing = (record: ReleaseRecord | undefined): string => {
  const { live, ended: [last] = [] } = record ?? {};
  if (live !== undefined && !isSubmittedDelivery(live))
    return `${live.operation} of ${live.version} (${live.id}) is under way, and is no submitted delivery`;
  if (live !== undefined)
    return `${live.id} is followed by ${live.lease.holder}, which holds it until ${iso(live.lease.until)}`;
  return last === undefined
    ? 'no delivery is under way, and none was before'
    : `no delivery is under way; ${last.id} ended ${last.outcome}/${last.reason}`;
};
