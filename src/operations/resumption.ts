import { iso } from '../clock.ts';
import { outputsOf, type ReleaseOutputs } from '../delivery/release-outputs.ts';
import { clearingTasks, type Opening, type ReleaseOperation } from '../delivery/run-release.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { notifyTermsOf } from '../notify/notice.ts';
import { Refusal } from '../operation.ts';
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
  deliver: (version: string) => Promise<ReleaseOperation<ReleaseOutputs>>,
): Promise<ReleaseOperation<ReleaseOutputs>> => {
  const store = storeFor(given, world);
  const record = (await store.read())?.record;
  const live = record?.live;
  if (live !== undefined && isResumable(world, live)) {
    const delivery = await deliver(live.version);
    // Another run may end it between the two reads of the record. Then the version's plan would begin it anew.
    return {
      ...delivery,
      plan: async (found) =>
        found.live?.id === live.id ? delivery.plan(found) : nothingToResume(store.endpoint, found),
    };
  }
  return {
    store,
    approval: termsOf(given.manifest, deliveryOf(given.manifest, given.environment)),
    notify: notifyTermsOf(given),
    plan: async () => nothingToResume(store.endpoint, record),
    recognise: ({ id, operation }) => {
      if (operation !== 'deploy-endpoint')
        throw new Refusal(
          'plan-changed',
          `${id} is no delivery: it is of ${operation}, and version: live ends deliveries alone`,
        );
    },
    // Of a submission that was announced and never arrived, as this run saw after it had taken the delivery over.
    tasks: () => clearingTasks,
    // Of this run's own release, when its last turn lost its answer.
    outputs: (release) => outputsOf(store.endpoint, release),
  };
};

const isResumable = ({ run: { holder }, clock }: World, live: Release): boolean =>
  isSubmittedDelivery(live) && !isHeldFrom(live, holder, clock.now());

/** Before the submission an event of the endpoint is not about the release, and going on would begin its update. The way back prepares anew. */
const isSubmittedDelivery = ({ operation, phase, takenBack }: Release): boolean =>
  operation === 'deploy-endpoint' && (phase !== 'preparing' || takenBack !== undefined);

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
