import { minutes } from '../clock.ts';
import { nextPoll, withJitter } from '../delivery/poll.ts';
import { outputsOf, type ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening } from '../delivery/run-release.ts';
import { kindOf } from '../endpoint/kind.ts';
import { contentOf, type Look, lookAt } from '../endpoint/look.ts';
import { refuseUnusable } from '../endpoint/refuse-kind.ts';
import type { Decided } from '../registry/decision.ts';
import type { PackageEvent } from '../registry/package-event.ts';
import { approvalOf } from '../registry/standing.ts';
import { isHeldFrom, isStopping } from '../release/lifecycle.ts';
import type { Configuration, Release, ReleaseRecord } from '../release/record.ts';
import type { World } from '../world.ts';
import { decisionOn, ended } from './rejected-decision.ts';
import { holds, holdsNow, isOf } from './rejected-place.ts';
import { unrejectedWayBack } from './rejected-target.ts';
import type { RollbackInputs } from './rollback-inputs.ts';
import { wasStoppedBy } from './way-back.ts';

/**
 * A rollback from a version that the registry has as rejected, wherever it serves or waits as a candidate: the endpoint decides where that
 * is. It repeats without harm, since a second run finds the version gone.
 * @param acted an earlier turn of this run may have stopped a release
 */
export const planRejected = async (
  world: World,
  given: RollbackInputs,
  record: ReleaseRecord,
  acted: boolean,
): Promise<Opening<ReleaseOutputs>> => {
  const decision = await decisionOn(world, given, acted);
  if (decision.is === 'open') return decision.opening;
  const { decided, event } = decision;
  const { live: release, endpoint } = record;
  if (release !== undefined && release.operation !== 'rollback' && isOf(release.candidate, decided))
    return stopped(world, release, decided);

  const look = await lookAt(world, endpoint);
  const nowhere = ended('serves-nowhere', `${approvalOf(decided)}; ${absence(endpoint, look)}`, {
    outputs: { endpoint },
    acted,
  });
  if (look === undefined) return nowhere;
  const kind = kindOf(look, record);
  // The models of its components are not in its config, so nothing shows whether the version is among them.
  if (kind === 'inference-components') refuseUnusable(endpoint, look, kind, 'restore');
  const { live } = look;
  const serves = live.status !== 'Failed' && live.status !== 'OutOfService' && holdsNow(decided, record, look);
  const comes = live.pending !== undefined && holds(decided, await contentOf(world, live.pending.endpointConfig));
  const returns = release !== undefined && isOf(release.candidate, decided);
  // Its update may be over, and its run dead: a way back of ours is brought to its end.
  const isOnItsWay = release !== undefined && leaves(release, decided);
  if (!serves && !comes && !returns && !isOnItsWay) return stoppedHere(world, record, decided, acted) ?? nowhere;

  if (release !== undefined) return afterRelease(world, release, decided);
  if (live.status === 'Creating' || live.pending !== undefined)
    return {
      is: 'behind',
      because: `${endpoint} is being updated outside of this suite; waiting for the end of that update`,
      notBefore: withJitter(world.run.holder, world.clock.now(), minutes(1)),
    };
  if (event !== undefined && isPutBack(record, look, event))
    return ended(
      'event-ignored',
      `${decided.tag} came back by a rollback that began after the rejection in the event; to take it back again, run rollback with rejected`,
      { outputs: { endpoint }, acted },
    );
  refuseUnusable(endpoint, look, kind, 'restore');
  return unrejectedWayBack(world, given, record, look, decided);
};

const absence = (endpoint: string, look: Look | undefined): string => {
  if (look === undefined) return `there is no endpoint ${endpoint}`;
  const { status, endpointConfig } = look.live;
  return status === 'Failed' || status === 'OutOfService'
    ? `endpoint ${endpoint} is ${status}`
    : `endpoint ${endpoint} serves ${endpointConfig} without it`;
};

/** A delivery of the version is under way. Its run may have noticed the rejection itself: then its way back is only waited for. */
const stopped = (world: World, release: Release, decided: Decided): Opening<ReleaseOutputs> => {
  const { phase, takenBack, witnessed } = release;
  if (phase !== 'settling' && takenBack === undefined && witnessed.abort === undefined)
    return {
      is: 'stop-first',
      release,
      command: { command: 'abort', why: approvalOf(decided), reason: 'approval-withdrawn' },
    };
  return isFree(world, release) ? { is: 'stop-first', release } : waitFor(world, release);
};

/**
 * Another release changes the endpoint: a delivery of another version over the rejected one, which it may replace; or a way back. It settles
 * first, and then the endpoint is looked at again.
 */
const afterRelease = (world: World, release: Release, decided: Decided): Opening<ReleaseOutputs> => {
  if (!isFree(world, release)) return waitFor(world, release);
  return leaves(release, decided) && !isStopping(release) ? { is: 'resume', release } : { is: 'stop-first', release };
};

/** A rollback that a rejection of this version began. */
const leaves = ({ rejected, baseline, candidate, withdraws }: Release, decided: Decided): boolean =>
  rejected === true &&
  (withdraws === decided.version || (baseline !== undefined && isOf(baseline, decided) && !isOf(candidate, decided)));

/** Its run is this one, or has died. */
const isFree = ({ run, clock }: World, release: Release): boolean => !isHeldFrom(release, run.holder, clock.now());

const waitFor = (world: World, release: Release): Opening<ReleaseOutputs> => ({
  is: 'behind',
  because: `waiting for the end of ${release.id} (${release.phase}, held by ${release.lease.holder})`,
  notBefore: nextPoll({ world, release }),
});

/** The version is gone because this run stopped its delivery. */
const stoppedHere = (
  world: World,
  { ended: over, endpoint }: ReleaseRecord,
  decided: Decided,
  acted: boolean,
): Opening<ReleaseOutputs> | undefined => {
  const last = over.find(({ reason }) => reason !== 'abandoned');
  if (!acted || last?.baseline === undefined || !isOf(last.candidate, decided)) return undefined;
  if (!wasStoppedBy(world, last)) return undefined;
  const to: Configuration = last.baseline;
  return {
    is: 'done',
    progress: {
      is: 'done',
      outcome: 'succeeded',
      reason: 'restored',
      outputs: outputsOf(endpoint, { candidate: to, id: last.id, serving: 'candidate' }),
      because: `${approvalOf(decided)}; its delivery ${last.id} was stopped, and ${endpoint} serves ${to.version ?? to.endpointConfig}`,
    },
  };
};

/**
 * A rollback brought the version back after the event, and `to` named it: its caller knew of the rejection. Every other rollback chose the
 * version without that knowledge. EventBridge may deliver an event again for a day.
 */
const isPutBack = ({ history, ended: over }: ReleaseRecord, { live }: Look, { at }: PackageEvent): boolean => {
  const shown = history.find(
    ({ endpointConfig, until }) => until === undefined && endpointConfig === live.endpointConfig,
  );
  const made = over.find(({ id }) => id === shown?.release);
  return made?.named === true && made.startedAt > at;
};
