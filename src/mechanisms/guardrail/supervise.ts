import { failureCause } from '../../aws/errors.ts';
import { duration, type Instant, minutes, seconds } from '../../clock.ts';
import { canonical } from '../../digest.ts';
import { isAtZero } from '../../endpoint/count.ts';
import { inProgress, type LiveEndpoint, observe } from '../../endpoint/observe.ts';
import { brokenPromises, promisedBy } from '../../endpoint/promised.ts';
import { arrivedAsRequested } from '../../endpoint/verify.ts';
import type { AlarmSpec } from '../../metrics/alarms.ts';
import { candidateFleet, metricDelay, requestsSeen } from '../../metrics/traffic.ts';
import { nameAlone } from '../../release/history.ts';
import type { Witnessed } from '../../release/record.ts';
import { judgesWhys } from '../../rollout/event.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { type ApprovalLook, lookAtApproval, remarksOf, standing } from '../approval.ts';
import type { Mechanism, WantedRelease } from '../mechanism.ts';
import { needsRun } from '../needs-run.ts';
import { type AlarmStates, alarmStates } from '../release-alarms.ts';
import { passSmoke, smokeLine } from '../smoke/smoke.ts';
import { grace, moved } from '../submit.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { turnBack } from '../turn-back.ts';
import { countableAt, countBakes, witnessBakes } from './bakes.ts';
import { whyReturned } from './cause.ts';
import { isLaunching, unbaked } from './no-bake.ts';
import { putBack, stopIfConvicted, stopIfRequested, stopIfStarved, stopIfWithdrawn } from './stop-update.ts';

/** The submission arrived, so a read without any sign of it is stale. After this time that is no longer certain. */
const patience = minutes(10);
/** How long weights and counts may lag behind InService before they count as wrong. */
const lag = minutes(5);

/**
 * One look at a running update: record the facts, act on them, or conclude.
 * @param armed the alarms that the release created for itself; deleted ones are created again
 * @param ends how its mechanism verifies an update that arrived, and explains one that did not
 * @param wanted undefined in a run that only ends the release
 */
export const supervise = async (
  turn: Turn,
  armed: readonly AlarmSpec[] = [],
  ends: Ends = { verify: arrivedAsRequested, cause: whyReturned },
  wanted?: WantedRelease,
): Promise<TurnResult> => {
  // The turn before may have asked the endpoint for its smoke test, or planned by it: others may have changed it since.
  turn.world.lookAgain?.();
  const live = await observe(turn.world, turn.endpoint);
  if (live === undefined)
    return turn.conclude('changed-by-others', `the endpoint ${turn.endpoint} was deleted during the release`);
  const underWay = live.pending !== undefined;
  const serves = !underWay && live.endpointConfig === turn.release.candidate.endpointConfig;
  const alarms = underWay || serves ? await alarmStates(turn) : nothingWatched;
  // While the update runs, the release's own alarms can be created again. An alarm that is missing at the end did not watch to the end.
  const lost = underWay ? withoutOwn(alarms.gone, armed) : alarms.gone;
  const witnessing = await witness(turn, live, { ...alarms, gone: lost });
  switch (situation(live, witnessing)) {
    case 'moving': {
      const stopped = await stopIfRequested(witnessing);
      if (stopped !== undefined) return stopped;
      const stopping = witnessing.release.witnessed.abort !== undefined;
      const look = stopping ? standing : await lookAtApproval(witnessing, true);
      return (
        (await stopIfWithdrawn(witnessing, look)) ??
        (await putBack(witnessing, alarms.gone, armed)) ??
        (await stopIfConvicted(witnessing)) ??
        (await stopIfStarved(witnessing)) ??
        progress(witnessing, live, look)
      );
    }
    case 'not-moved-yet':
      return { because: 'the endpoint has not moved yet', percent: 15, notBefore: turn.nextPoll() };
    case 'arrived':
      return (
        (await withdrawn(witnessing, live)) ??
        (await convicted(witnessing)) ??
        (await unverified(witnessing, live, ends)) ??
        (await unwatched(witnessing)) ??
        (await unbaked(witnessing, live)) ??
        (await unproven(witnessing, live)) ??
        (await passSmoke(witnessing, wanted)) ??
        succeeded(witnessing, live)
      );
    case 'returned':
      return returned(witnessing, live, ends);
    case 'failed':
      return failed(witnessing, live);
    case 'out-of-service':
      return witnessing.conclude(
        'endpoint-unusable',
        `${turn.endpoint} is OutOfService with ${live.endpointConfig}: ${live.failureReason ?? 'SageMaker gives no reason'}`,
      );
    case 'mixed':
      return witnessing.conclude(
        'rollback-failed',
        `the update and its rollback both failed: ${live.failureReason ?? 'SageMaker gives no reason'}`,
      );
    case 'foreign':
      return witnessing.conclude(
        'changed-by-others',
        `the endpoint moved to ${live.pending?.endpointConfig ?? live.endpointConfig} (${live.status}), which is not this release`,
      );
  }
};

type Ends = Pick<Mechanism, 'verify' | 'cause'>;

type Situation =
  | 'moving'
  | 'not-moved-yet'
  | 'arrived'
  | 'returned'
  | 'failed'
  | 'out-of-service'
  | 'mixed'
  | 'foreign';

/** The meaning of DescribeEndpoint for this release. `InService` alone means nothing (rule 1). */
const situation = (live: LiveEndpoint, { world, release }: Turn): Situation => {
  if (live.pending !== undefined && live.pending.endpointConfig !== release.candidate.endpointConfig) return 'foreign';
  if (live.status === 'Deleting') return 'foreign';
  const known = [release.candidate, release.baseline].some((one) => one?.endpointConfig === live.endpointConfig);
  if (live.status === 'OutOfService') return known ? 'out-of-service' : 'foreign';
  if (inProgress(live.status)) return 'moving';
  if (live.status === 'Failed') return 'failed';
  if (live.endpointConfig === release.candidate.endpointConfig && live.status === 'InService')
    return live.pending === undefined ? 'arrived' : 'moving';
  const submittedAt = release.witnessed.submittedAt ?? release.startedAt;
  const staleUntil = submittedAt + (moved(live, release) ? grace : patience);
  if (release.witnessed.updatingAt === undefined && world.clock.now() < staleUntil) return 'not-moved-yet';
  if (live.status === 'UpdateRollbackFailed') return 'mixed';
  return live.endpointConfig === release.baseline?.endpointConfig ? 'returned' : 'foreign';
};

/** Records the facts that may vanish: FailureReason, alarms that go back to OK, bakes that are over in minutes (DESIGN §8). */
const witness = async (turn: Turn, live: LiveEndpoint, alarmed: AlarmStates): Promise<Turn> => {
  const { release, world } = turn;
  const seen = release.witnessed;
  const updatingAt = seen.updatingAt ?? (inProgress(live.status) ? world.clock.now() : undefined);
  // An old FailureReason may stay through the update (reference/sagemaker.md §2.7 rule 3). After it was gone once, the next one is new.
  const stale = updatingAt !== undefined && live.failureReason === undefined ? undefined : seen.staleFailureReason;
  const fresh = live.failureReason === stale ? undefined : live.failureReason;
  const failureReason = seen.failureReason ?? fresh;
  const startedAt = seen.startedAt ?? live.pending?.startedAt;
  const gone = [...new Set([...(seen.alarmsGone ?? []), ...alarmed.gone])].sort();
  const bakes = await countBakes(
    world,
    candidateFleet(turn),
    witnessBakes(seen.bakes ?? [], live.pending, release.submission),
  );
  // An alarm that goes off while instances start proves nothing about a candidate without traffic, and does not roll the update back.
  const red = live.pending === undefined || bakes.length === 0 ? [] : alarmed.red;
  const alarms = [...new Set([...(seen.alarms ?? []), ...red])].sort();
  const { staleFailureReason: _, ...others } = seen;
  const witnessed: Witnessed = {
    ...others,
    ...withoutUndefined({
      staleFailureReason: stale,
      updatingAt,
      startedAt,
      failureReason,
      alarms: alarms.length > 0 ? alarms : undefined,
      alarmsGone: gone.length > 0 ? gone : undefined,
      bakes: bakes.length > 0 ? bakes : undefined,
    }),
  };
  const renew = release.lease.until - world.clock.now() < minutes(3);
  return canonical(witnessed) === canonical(seen) && !renew ? turn : turn.save({ witnessed });
};

/** No update of this release shows, and these alarms do not watch other changes of the endpoint. */
const nothingWatched: AlarmStates = { red: [], gone: [], undecided: [], changed: [] };

const withoutOwn = (names: readonly string[], armed: readonly AlarmSpec[]): readonly string[] =>
  names.filter((name) => !armed.some(({ AlarmName }) => AlarmName === name));

/** A deleted alarm that cannot be created again did not watch to the end, so the bakes proved less than the manifest requires. */
const unwatched = async (turn: Turn): Promise<TurnResult | undefined> => {
  const gone = turn.release.witnessed.alarmsGone ?? [];
  if (gone.length === 0) return undefined;
  return turn.conclude(
    'alarm-gone',
    `the new version serves, but ${gone.join(', ')} was deleted while it should have watched the update`,
  );
};

const progress = (turn: Turn, live: LiveEndpoint, look: ApprovalLook): TurnResult => {
  const { world, release } = turn;
  const variant = live.pending?.variants.find(({ name }) => name === release.submission.variant);
  const phase = variant?.phases.at(-1);
  const shown = phase === undefined ? live.status : `${phase.phase}${phase.message ? ` (${phase.message})` : ''}`;
  const begunAt = release.witnessed.submittedAt ?? release.startedAt;
  const since = world.clock.now() - begunAt;
  const { submission } = release;
  const expectedSeconds = submission.kind === 'none' ? 0 : submission.expectedSeconds;
  const share = Math.min(1, since / seconds(Math.max(1, expectedSeconds)));
  const red = release.witnessed.alarms ?? [];
  return {
    because: [
      release.witnessed.abort === undefined
        ? shown
        : `returning to ${release.baseline?.endpointConfig ?? 'nothing'}: ${shown}`,
      ...(variant === undefined ? [] : [`${variant.current} of ${variant.desired} instances of the candidate`]),
      ...(red.length > 0 ? [`in ALARM: ${red.join(', ')}`] : []),
      ...remarksOf(look),
      ...(look.is === 'withdrawn' ? ['this update cannot be stopped and is taken back when it has ended'] : []),
    ].join('; '),
    percent: 15 + Math.round(70 * share),
    notBefore: nextLookAt(turn, live),
    ...(isLaunching(turn, variant) ? { launchingAt: world.clock.now() } : {}),
    ...(goesOnAlone(turn) ? { goesOnUntil: begunAt + seconds(expectedSeconds) } : {}),
  };
};

/** Of a bake: whatever is found later comes too late for an alarm that needs its minutes to go off. */
const lastMinutes = minutes(5);

/** SageMaker has the timer and the alarms. No bake may pass unseen; its last minutes are looked at more often. */
const nextLookAt = (turn: Turn, live: LiveEndpoint): Instant => {
  const { release, world } = turn;
  const { submission, witnessed } = release;
  const accused = witnessed.countsRead !== undefined || witnessed.blindSince !== undefined;
  if (witnessed.abort !== undefined || accused || live.status === 'RollingBack') return turn.nextLook('soon');
  if (submission.mechanism !== 'guardrail') return turn.nextLook('minute');
  const now = world.clock.now();
  const running = witnessed.bakes?.find(({ endsAt }) => now < endsAt);
  if (running === undefined) {
    const lengths = [submission.bakeSeconds, submission.finalBakeSeconds].filter((length) => length > 0);
    return turn.nextLook('minute', lengths.length === 0 ? undefined : seconds(Math.min(...lengths)) / 2.5);
  }
  if (now >= running.endsAt - lastMinutes) return turn.nextLook('soon');
  return Math.min(turn.nextLook('minute'), Math.max(turn.nextPoll(), running.endsAt - lastMinutes + seconds(1)));
};

/**
 * SageMaker moves the traffic, and takes it back by its alarms. A judge has no other way to take it back than a run that reads the
 * metrics. A release that is stopped or taken back has a run until it is back.
 */
const goesOnAlone = ({ release: { submission, takenBack, witnessed } }: Turn): boolean =>
  witnessed.abort === undefined && takenBack === undefined && needsRun(submission) === undefined;

/** The update has ended, so no alarm can take it back any more. Another update can. */
const withdrawn = async (turn: Turn, live: LiveEndpoint): Promise<TurnResult | undefined> => {
  const { endpoint, release, world } = turn;
  // A dark candidate has no traffic yet.
  const look = await lookAtApproval(turn, release.candidate.beside === undefined);
  switch (look.is) {
    case 'standing':
      return undefined;
    case 'tolerated':
      turn.remark(look.because);
      return undefined;
    case 'unknown':
      if (look.refused === undefined && world.clock.now() < live.modifiedAt + lag)
        return { because: `the update settled; ${look.because}`, percent: 88, notBefore: turn.nextPoll() };
      turn.remark(`${look.because}; it was approved when the update was submitted`);
      return undefined;
    case 'withdrawn': {
      const { reason, because } = look.withdrawal;
      if (release.candidate.beside)
        return turn.conclude(
          reason,
          `${release.version} is up on ${endpoint} without traffic, and gets none: ${because}`,
        );
      return (
        (await turnBack(turn, because)) ??
        turn.conclude(
          'withdrawn-too-late',
          `${endpoint} serves ${release.version}, and there is no configuration to go back to: ${because}`,
        )
      );
    }
  }
};

/** The judge stopped the update, and SageMaker ended it before the stop took effect. */
const convicted = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { abort } = turn.release.witnessed;
  const reason = judgesWhys.find((why) => why === abort?.why);
  if (abort === undefined || reason === undefined) return undefined;
  const { because = reason, figures } = abort;
  return (
    (await turnBack(turn, because, { reason, ...withoutUndefined({ figures }) })) ??
    turn.conclude(
      'convicted-too-late',
      `${turn.endpoint} serves ${turn.release.version}, and there is no configuration to go back to: ${because}`,
    )
  );
};

const unverified = async (turn: Turn, live: LiveEndpoint, { verify }: Ends): Promise<TurnResult | undefined> => {
  const wrong = [...verify(turn.release, live), ...(await changedSettings(turn))];
  if (wrong.length === 0) return undefined;
  if (turn.world.clock.now() < live.modifiedAt + lag)
    return { because: `the update settled; waiting for ${wrong.join('; ')}`, percent: 88, notBefore: turn.nextPoll() };
  return turn.conclude('verification-mismatch', `the new configuration serves, but ${wrong.join('; ')}`);
};

/** A config and a model can be deleted and created again with other content, under the same names. */
const changedSettings = async ({ world, release: { candidate, witnessed } }: Turn): Promise<readonly string[]> =>
  witnessed.promised === undefined
    ? []
    : brokenPromises(witnessed.promised, await promisedBy(world, candidate), candidate.endpointConfig);

/** After the update has settled, a bake without enough requests can only be reported: no update is left to stop. */
const unproven = async (turn: Turn, live: LiveEndpoint): Promise<TurnResult | undefined> => {
  const { release, world } = turn;
  if (release.submission.mechanism !== 'guardrail') return undefined;
  const { minimumRequests, bakeSeconds, finalBakeSeconds, expectedSeconds } = release.submission;
  if (minimumRequests === 0 || bakeSeconds + finalBakeSeconds === 0) return undefined;
  const bakes = release.witnessed.bakes ?? [];
  const countable = bakes.length > 0 ? countableAt(bakes) : live.modifiedAt + metricDelay;
  if (countable !== undefined && world.clock.now() < countable)
    return {
      because: 'the new version serves; waiting for the metrics of the last bake',
      percent: 90,
      notBefore: countable,
    };
  const submittedAt = release.witnessed.submittedAt ?? release.startedAt;
  // No run watched the bakes: it died, or it left them to SageMaker. The requests of the whole update are the only evidence; later ones are none.
  const endedAt = Math.max(live.modifiedAt, submittedAt + seconds(expectedSeconds));
  const least =
    bakes.length > 0
      ? Math.min(...bakes.map(({ requests = 0 }) => requests))
      : await requestsSeen(world, candidateFleet(turn), submittedAt, Math.min(world.clock.now(), endedAt));
  if (least >= minimumRequests) return undefined;
  return turn.conclude(
    'unproven-traffic',
    `the new version serves, but a bake saw only ${least} of the ${minimumRequests} requests it needs`,
  );
};

const succeeded = (turn: Turn, live: LiveEndpoint): Promise<TurnResult> => {
  const { release, world, endpoint, earlier } = turn;
  // A new version starts instances of its own, and may be asleep again by now; a way back at zero starts none.
  const because = release.operation === 'rollback' ? ', so the model has not started' : ' now';
  const asleep = isAtZero(live) ? `; no instance runs${because}` : '';
  const took = duration(world.clock.now() - release.startedAt);
  const name = release.candidate.version ?? release.candidate.endpointConfig;
  if (release.candidate.beside)
    return turn.conclude(
      'candidate-dark',
      `${name} is up on ${endpoint} as a dark candidate, without traffic, after ${took}, verified${smokeLine(release)}`,
    );
  if (release.withdraws !== undefined) {
    const further =
      earlier === undefined
        ? `no version served well before ${name}`
        : `to go back past ${name}, to ${earlier.version ?? nameAlone(earlier)}, run rollback with to`;
    return turn.conclude(
      'candidate-withdrawn',
      `the candidate ${release.withdraws}, up without traffic, is gone from ${endpoint} after ${took}; ${name} serves as before, verified; ${further}`,
    );
  }
  return release.operation === 'rollback'
    ? turn.conclude('restored', `${endpoint} serves ${name} again after ${took}, verified${asleep}`)
    : turn.conclude('delivered', `${endpoint} serves ${name} after ${took}, verified${smokeLine(release)}${asleep}`);
};

const returned = async (turn: Turn, live: LiveEndpoint, { cause }: Ends): Promise<TurnResult> => {
  const { reason, because, notBefore } = await cause(turn, live);
  return notBefore === undefined ? turn.conclude(reason, because) : { because, percent: 88, notBefore };
};

/** Nothing serves, and only DeleteEndpoint is allowed (reference/sagemaker.md §2.7). */
const failed = (turn: Turn, live: LiveEndpoint): Promise<TurnResult> => {
  const { endpoint, release } = turn;
  const why = live.failureReason ?? 'SageMaker gives no reason';
  if (release.submission.kind !== 'create')
    return turn.conclude(
      'endpoint-unusable',
      `${endpoint} is Failed since its update to ${release.candidate.endpointConfig}, and must be deleted: ${why}`,
    );
  return ['capacity', 'quota'].includes(failureCause(why))
    ? turn.conclude('capacity-unavailable', why)
    : turn.conclude('creation-failed', `${endpoint} could not be created: ${why}`);
};
