import { failureCause } from '../aws/errors.ts';
import { duration, type Instant, minutes, seconds } from '../clock.ts';
import { canonical } from '../digest.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { Witnessed } from '../release/record.ts';
import type { Verdict } from '../rollout/event.ts';
import type { AlarmSpec } from './alarms.ts';
import { type AlarmStates, abortHeldMs, alarmStates, publishAbort, rearm, wentRed } from './armament.ts';
import { countableAt, countBakes, starvedBake, witnessBakes } from './bakes.ts';
import { causeOf } from './cause.ts';
import { judgeFleets } from './evidence.ts';
import { inProgress, type Live, observe } from './observe.ts';
import { nextPoll } from './poll.ts';
import { grace, moved } from './submit.ts';
import { type Arm, firstRequestAt, metricDelay, requestsSeen } from './traffic.ts';
import type { Step, Turn } from './turn.ts';
import { concluded } from './verdict.ts';
import { mismatches } from './verify.ts';

/** The submission arrived, so a read without any sign of it is stale; past this, nothing is known any more. */
const patience = minutes(10);
/** How long weights and counts may lag behind InService before they are called wrong. */
const lag = minutes(5);

/**
 * One look at a running update: write down what is seen, act on it, or conclude.
 * @param armed the alarms the release made for itself, to be put back when somebody deletes them
 */
export const supervise = async (turn: Turn, armed: readonly AlarmSpec[] = []): Promise<Step> => {
  const live = await observe(turn.world, turn.endpoint);
  if (live === undefined)
    return concluded(turn, 'changed-by-others', `the endpoint ${turn.endpoint} was deleted during the release`);
  const underWay = live.pending !== undefined;
  const serves = !underWay && live.endpointConfig === turn.release.candidate.endpointConfig;
  const alarms = underWay || serves ? await alarmStates(turn) : nothingWatched;
  // While it runs the release's own can be put back; what is missing at the end did not watch to the end.
  const lost = underWay ? withoutOwn(alarms.gone, armed) : alarms.gone;
  const witnessing = await witness(turn, live, { ...alarms, gone: lost });
  switch (situation(live, witnessing)) {
    case 'moving':
      return (
        (await stopIfAsked(witnessing)) ??
        (await putBack(witnessing, alarms.gone, armed)) ??
        (await stopIfConvicted(witnessing)) ??
        (await stopIfStarved(witnessing)) ??
        progress(witnessing, live)
      );
    case 'not-moved-yet':
      return { because: 'the endpoint has not moved yet', percent: 15, notBefore: nextPoll(turn) };
    case 'arrived':
      return (
        (await unverified(witnessing, live)) ??
        (await unwatched(witnessing)) ??
        (await unproven(witnessing, live)) ??
        succeeded(witnessing)
      );
    case 'returned':
      return returned(witnessing, live);
    case 'creation-failed':
      return creationFailed(witnessing, live);
    case 'mixed':
      return concluded(
        witnessing,
        'rollback-failed',
        `the update and its rollback both failed: ${live.failureReason ?? 'SageMaker gives no reason'}`,
      );
    case 'foreign':
      return concluded(
        witnessing,
        'changed-by-others',
        `the endpoint moved to ${live.pending?.endpointConfig ?? live.endpointConfig} (${live.status}), which is not this release`,
      );
  }
};

type Situation = 'moving' | 'not-moved-yet' | 'arrived' | 'returned' | 'creation-failed' | 'mixed' | 'foreign';

/** What DescribeEndpoint means for this release. `InService` alone means nothing (rule 1). */
const situation = (live: Live, { world, release }: Turn): Situation => {
  if (live.pending !== undefined && live.pending.endpointConfig !== release.candidate.endpointConfig) return 'foreign';
  if (live.status === 'Deleting' || live.status === 'OutOfService') return 'foreign';
  if (inProgress(live.status)) return 'moving';
  if (live.status === 'Failed') return 'creation-failed';
  if (live.endpointConfig === release.candidate.endpointConfig && live.status === 'InService')
    return live.pending === undefined ? 'arrived' : 'moving';
  const submittedAt = release.witnessed.submittedAt ?? release.startedAt;
  const staleUntil = submittedAt + (moved(live, release) ? grace : patience);
  if (release.witnessed.updatingAt === undefined && world.clock.now() < staleUntil) return 'not-moved-yet';
  if (live.status === 'UpdateRollbackFailed') return 'mixed';
  return live.endpointConfig === release.baseline?.endpointConfig ? 'returned' : 'foreign';
};

/** FailureReason may vanish, alarms may go back to OK, bakes are over in minutes: what is seen is written down (DESIGN §8). */
const witness = async (turn: Turn, live: Live, alarmed: AlarmStates): Promise<Turn> => {
  const { release, world } = turn;
  const seen = release.witnessed;
  const updatingAt = seen.updatingAt ?? (inProgress(live.status) ? world.clock.now() : undefined);
  // An old FailureReason may stay through the update (reference/sagemaker.md §2.7 rule 3); once it was gone, the next one is new.
  const stale = updatingAt !== undefined && live.failureReason === undefined ? undefined : seen.staleFailureReason;
  const told = live.failureReason === stale ? undefined : live.failureReason;
  const failureReason = seen.failureReason ?? told;
  const gone = [...new Set([...(seen.alarmsGone ?? []), ...alarmed.gone])].sort();
  const bakes = await countBakes(
    world,
    candidate(turn),
    witnessBakes(seen.bakes ?? [], live.pending, release.submission),
  );
  // What goes off while instances start says nothing of a candidate without traffic, and trips nothing.
  const red = live.pending === undefined || bakes.length === 0 ? [] : alarmed.red;
  const alarms = [...new Set([...(seen.alarms ?? []), ...red])].sort();
  const { staleFailureReason: _, ...others } = seen;
  const witnessed: Witnessed = {
    ...others,
    ...(stale === undefined ? {} : { staleFailureReason: stale }),
    ...(updatingAt === undefined ? {} : { updatingAt }),
    ...(failureReason === undefined ? {} : { failureReason }),
    ...(alarms.length > 0 ? { alarms } : {}),
    ...(gone.length > 0 ? { alarmsGone: gone } : {}),
    ...(bakes.length > 0 ? { bakes } : {}),
  };
  const renew = release.lease.until - world.clock.now() < minutes(3);
  return canonical(witnessed) === canonical(seen) && !renew ? turn : turn.save({ witnessed });
};

const candidate = ({ endpoint, release }: Turn): Arm => ({
  endpoint,
  variant: release.submission.variant,
  endpointConfig: release.candidate.endpointConfig,
  ...(release.submission.asynchronous ? { asynchronous: true } : {}),
});

/** The only lever SageMaker leaves for stopping an update is an alarm (reference/sagemaker.md §3.3). */
const stop = async (turn: Turn, why: ReasonCode, because: string, verdict?: Verdict): Promise<Step> => {
  const { release, world } = turn;
  const announced =
    release.witnessed.abort === undefined
      ? await turn.save({
          witnessed: {
            ...release.witnessed,
            abort: {
              at: world.clock.now(),
              why,
              published: false,
              ...(verdict ? { because: verdict.because } : {}),
              ...(verdict?.figures ? { figures: verdict.figures } : {}),
            },
          },
        })
      : turn;
  await publishAbort(announced);
  const { abort } = announced.release.witnessed;
  if (abort)
    await announced.save({
      witnessed: { ...announced.release.witnessed, abort: { ...abort, at: world.clock.now(), published: true } },
    });
  return { because, percent: 80, notBefore: nextPoll(turn) };
};

const stopIfAsked = async (turn: Turn): Promise<Step | undefined> => {
  const { release } = turn;
  const { abort } = release.witnessed;
  // Announced by a run that died before it published, or held for so long that it is about to be let go: published now.
  if (abort?.published === false || (abort && abort.at + abortHeldMs - minutes(10) <= turn.world.clock.now()))
    return stop(turn, 'aborted-by-hand', 'stopping the update');
  const asked = release.commands.find(({ command }) => command === 'abort');
  if (asked === undefined || abort !== undefined || release.submission.abortAlarm === undefined) return undefined;
  return stop(turn, 'aborted-by-hand', `stopping the update as ${asked.by} asked: ${asked.why}`);
};

/** The same judge as in a stepped rollout; here its only lever is the alarm. */
const stopIfConvicted = async (turn: Turn): Promise<Step | undefined> => {
  const { judged, abortAlarm } = turn.release.submission;
  const { abort, bakes = [], blindSince } = turn.release.witnessed;
  if (judged === undefined || abort !== undefined || abortAlarm === undefined) return undefined;
  const heard = await judgeFleets(turn, { ...judged, ...(blindSince === undefined ? {} : { blindSince }) }, bakes);
  if (heard === undefined) return undefined;
  const { verdict, evidence } = heard;
  turn.witness(evidence);
  const seeing = await noteBlindness(turn, verdict.blind === true);
  if (verdict.decision !== 'rollback') return undefined;
  return stop(seeing, verdict.why ?? 'convicted', `stopping the update: ${verdict.because}`, verdict);
};

const noteBlindness = async (turn: Turn, blind: boolean): Promise<Turn> => {
  const { blindSince, ...witnessed } = turn.release.witnessed;
  if (blind === (blindSince !== undefined)) return turn;
  return turn.save({ witnessed: blind ? { ...witnessed, blindSince: turn.world.clock.now() } : witnessed });
};

const stopIfStarved = async (turn: Turn): Promise<Step | undefined> => {
  const { release, world } = turn;
  const { minimumRequests, abortAlarm } = release.submission;
  if (release.witnessed.abort !== undefined || abortAlarm === undefined) return undefined;
  const starved = await starvedBake(world, candidate(turn), release.witnessed.bakes ?? [], minimumRequests);
  if (starved === undefined) return undefined;
  const saw = starved.projected ? `will see about ${starved.requests}` : `saw ${starved.requests}`;
  return stop(
    turn,
    'insufficient-traffic',
    `stopping the update: the candidate ${saw} of the ${minimumRequests} requests its ${starved.bake.stage} bake needs`,
  );
};

/** The update does not show, and what else may move the endpoint is none of these alarms' business. */
const nothingWatched: AlarmStates = { red: [], gone: [] };

const withoutOwn = (names: readonly string[], armed: readonly AlarmSpec[]): readonly string[] =>
  names.filter((name) => !armed.some(({ AlarmName }) => AlarmName === name));

/** Without its alarms a bake is only a timer: what was deleted of the release's own is made again (reference/sagemaker.md §3.3). */
const putBack = async (turn: Turn, gone: readonly string[], armed: readonly AlarmSpec[]): Promise<Step | undefined> => {
  const own = armed.filter(({ AlarmName }) => gone.includes(AlarmName));
  if (own.length === 0) return undefined;
  await rearm(turn, own);
  return {
    because: `put back what somebody deleted: ${own.map(({ AlarmName }) => AlarmName).join(', ')}`,
    percent: 20,
    notBefore: nextPoll(turn),
  };
};

/** An alarm that nobody can put back did not watch to the end, so the bakes proved less than was asked. */
const unwatched = async (turn: Turn): Promise<Step | undefined> => {
  const gone = turn.release.witnessed.alarmsGone ?? [];
  if (gone.length === 0) return undefined;
  return concluded(
    turn,
    'alarm-gone',
    `the new version serves, but ${gone.join(', ')} was deleted while it should have watched the update`,
  );
};

const progress = ({ world, release }: Turn, live: Live): Step => {
  const variant = live.pending?.variants.find(({ name }) => name === release.submission.variant);
  const phase = variant?.phases.at(-1);
  const shown = phase === undefined ? live.status : `${phase.phase}${phase.message ? ` (${phase.message})` : ''}`;
  const since = world.clock.now() - (release.witnessed.submittedAt ?? release.startedAt);
  const share = Math.min(1, since / seconds(Math.max(1, release.submission.expectedSeconds)));
  const red = release.witnessed.alarms ?? [];
  return {
    because: [
      release.witnessed.abort === undefined
        ? shown
        : `returning to ${release.baseline?.endpointConfig ?? 'nothing'}: ${shown}`,
      ...(variant === undefined ? [] : [`${variant.current} of ${variant.desired} instances of the candidate`]),
      ...(red.length > 0 ? [`in ALARM: ${red.join(', ')}`] : []),
    ].join('; '),
    percent: 15 + Math.round(70 * share),
    notBefore: nextPoll({ world, release }),
  };
};

const unverified = async (turn: Turn, live: Live): Promise<Step | undefined> => {
  const wrong = mismatches(live, turn.release.candidate, turn.release.submission.variant);
  if (wrong.length === 0) return undefined;
  if (turn.world.clock.now() < live.modifiedAt + lag)
    return { because: `the update settled; waiting for ${wrong.join('; ')}`, percent: 88, notBefore: nextPoll(turn) };
  return concluded(turn, 'verification-mismatch', `the new configuration serves, but ${wrong.join('; ')}`);
};

/** A bake that ended without enough requests after the update had settled can no longer be stopped, only told. */
const unproven = async (turn: Turn, live: Live): Promise<Step | undefined> => {
  const { release, world } = turn;
  const { minimumRequests, kind, bakeSeconds, finalBakeSeconds } = release.submission;
  if (kind !== 'update' || minimumRequests === 0 || bakeSeconds + finalBakeSeconds === 0) return undefined;
  const bakes = release.witnessed.bakes ?? [];
  const countable = bakes.length > 0 ? countableAt(bakes) : live.modifiedAt + metricDelay;
  if (countable !== undefined && world.clock.now() < countable)
    return {
      because: 'the new version serves; waiting for the metrics of the last bake',
      percent: 90,
      notBefore: countable,
    };
  const submittedAt = release.witnessed.submittedAt ?? release.startedAt;
  // Nobody watched while it baked (a run that died): the requests since then are all there is to go by.
  const least =
    bakes.length > 0
      ? Math.min(...bakes.map(({ requests = 0 }) => requests))
      : await requestsSeen(world, candidate(turn), submittedAt, world.clock.now());
  if (least >= minimumRequests) return undefined;
  return concluded(
    turn,
    'unproven-traffic',
    `the new version serves, but a bake saw only ${least} of the ${minimumRequests} requests it needs`,
  );
};

const succeeded = (turn: Turn): Promise<Step> => {
  const { release, world, endpoint } = turn;
  const took = duration(world.clock.now() - release.startedAt);
  const what = release.candidate.version ?? release.candidate.endpointConfig;
  if (release.candidate.beside)
    return concluded(
      turn,
      'candidate-dark',
      `${what} is up on ${endpoint} beside what serves, without traffic, after ${took}, verified`,
    );
  return release.operation === 'rollback'
    ? concluded(turn, 'restored', `${endpoint} serves ${what} again after ${took}, verified`)
    : concluded(turn, 'delivered', `${endpoint} serves ${what} after ${took}, verified`);
};

/** When the candidate got its first request, or its first bake began; undefined when neither was seen. */
const exposedSince = async (turn: Turn): Promise<Instant | undefined> => {
  const { witnessed, startedAt } = turn.release;
  const [bake] = witnessed.bakes ?? [];
  return bake?.startedAt ?? firstRequestAt(turn.world, candidate(turn), witnessed.submittedAt ?? startedAt);
};

const returned = async (turn: Turn, live: Live): Promise<Step> => {
  const { release, world } = turn;
  const submittedAt = release.witnessed.submittedAt ?? release.startedAt;
  const exposed = await exposedSince(turn);
  const red = release.witnessed.alarms ?? (exposed === undefined ? [] : await wentRed(turn, exposed));
  const cause = causeOf({
    release,
    redAlarms: red,
    failureReason: release.witnessed.failureReason,
    elapsedSeconds: (world.clock.now() - submittedAt) / 1000,
  });
  if (release.operation === 'shift-traffic')
    return concluded(
      turn,
      'retire-failed',
      `${cause.because}; ${release.candidate.version} keeps all traffic beside the old variant`,
    );
  const serves = `${release.baseline?.version ?? live.endpointConfig} serves`;
  return release.operation === 'rollback'
    ? concluded(turn, 'restore-failed', `${cause.because}; ${serves} still`)
    : concluded(turn, cause.reason, `${cause.because}; ${serves}`);
};

const creationFailed = (turn: Turn, live: Live): Promise<Step> => {
  const told = live.failureReason ?? 'SageMaker gives no reason';
  return ['capacity', 'quota'].includes(failureCause(told))
    ? concluded(turn, 'capacity-unavailable', told)
    : concluded(turn, 'creation-failed', `${turn.endpoint} could not be created: ${told}`);
};
