import { repeatRefusal } from '../delivery/repeat-refusal.ts';
import type { Look } from '../endpoint/look.ts';
import { recordTag, refuseOtherRecord } from '../endpoint/record-tag.ts';
import type { PlannedChanges } from '../findings/evidence.ts';
import { mechanismFor } from '../mechanisms/all.ts';
import { type DeliveryRequest, planDigest, registryOf } from '../mechanisms/request.ts';
import { requireSafeguards } from '../mechanisms/safeguards.ts';
import { refuseUnservable, servingNotes } from '../mechanisms/servable.ts';
import { requireSmokePaths } from '../mechanisms/smoke/due.ts';
import { Refusal } from '../operation.ts';
import { refuseClosedGroup } from '../registry/group-policy.ts';
import { newRecord, rerunDecision } from '../release/lifecycle.ts';
import { storeFor } from '../release/store.ts';
import type { World } from '../world.ts';
import type { Asked } from './mode.ts';

const mostLines = 40;

export interface PlannedDelivery {
  readonly changes: PlannedChanges;
  /** Undefined: there is no endpoint. */
  readonly look: Look | undefined;
  /** It brings a candidate up without traffic. */
  readonly isDark: boolean;
}

/**
 * The plan of `deploy-endpoint` as of now, read with the same functions, without the approval that the version does not have yet.
 * @throws {Refusal} where the delivery would be refused for another reason
 * @throws {InputError} for a path of `smoke` that is no JSONPath
 */
export const plannedDelivery = async ({
  manifest,
  name,
  environment,
  registered,
  world,
}: Asked): Promise<PlannedDelivery> => {
  const { endpoint: spec, rollout } = environment;
  const readOnly = withoutWrites(world);
  const store = storeFor({ manifest, environment: name }, readOnly);
  const stored = await store.read();
  await refuseOtherRecord(readOnly, store, stored === undefined);
  const record = stored?.record ?? newRecord(store.subject);
  if (record.live !== undefined)
    throw new Refusal(
      'held-by-another-release',
      `${record.live.id} is under way at ${store.endpoint}: the changes depend on its end`,
    );
  const requested: DeliveryRequest = {
    group: manifest.model,
    version: registered.version,
    spec,
    rollout,
    ...registryOf(world),
  };
  const decision = rerunDecision(record, {
    operation: 'deploy-endpoint',
    version: registered.version,
    planDigest: planDigest(requested, registered.packageVersion),
    retry: false,
    holder: world.run.holder,
    now: world.clock.now(),
  });
  refuseUnservable(spec, registered);
  requireSmokePaths(manifest.smoke);
  const closed = await refuseClosedGroup(readOnly, manifest.model);
  const safeguards = requireSafeguards(manifest, name, environment, registered);
  const { plan, look, release, refused } = await mechanismFor(rollout).plan(readOnly, {
    operation: 'deploy-endpoint',
    requested,
    registered,
    record,
    attempt: decision.is === 'new-attempt' ? decision.attempt : decision.is === 'no-op' ? decision.release.attempt : 1,
    tags: { ...spec.tags, [recordTag]: store.uri },
  });
  const lines = cut(plan.changes);
  const against =
    decision.is === 'already-convicted'
      ? repeatRefusal(registered.version, decision.release).message
      : refused?.because;
  return {
    changes: {
      title: plan.title,
      changes: lines.kept,
      left: lines.left,
      notes: [...plan.notes, ...safeguards, ...closed, ...servingNotes(spec, registered)].slice(0, mostLines),
      ...(against === undefined ? {} : { refused: against }),
    },
    look,
    isDark: release.candidate.beside !== undefined,
  };
};

/** A plan of the evidence begins nothing. */
const withoutWrites = ({ write: _write, ...world }: World): World => world;

/** Settings of a model may be many: each object keeps its first lines. */
const cut = (
  changes: PlannedChanges['changes'],
): { readonly kept: PlannedChanges['changes']; readonly left: number } => {
  let room = mostLines;
  const kept = changes.slice(0, mostLines).map(({ verb, object, details }) => {
    const some = details.slice(0, Math.max(0, room));
    room -= some.length + 1;
    return { verb, object, details: some };
  });
  const count = (of: PlannedChanges['changes']): number => of.reduce((sum, { details }) => sum + details.length + 1, 0);
  return { kept, left: count(changes) - count(kept) };
};
