import { describe, isRefused } from '../aws/errors.ts';
import { reasonOfError } from '../aws/reason.ts';
import { type Instant, iso, minutes, seconds } from '../clock.ts';
import { stagePermissions } from '../endpoint/permissions.ts';
import { refuseOtherRecord } from '../endpoint/record-tag.ts';
import type { Course } from '../findings/course.ts';
import { mechanismOf } from '../mechanisms/all.ts';
import { refuseWithdrawnMeanwhile } from '../mechanisms/approval.ts';
import { stoppedBeforeSubmission } from '../mechanisms/submit.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import type { NotifyTerms } from '../notify/notice.ts';
import { deliveryEvents, withNotices } from '../notify/planned.ts';
import { type Memory, type Plan, type Progress, Refusal } from '../operation.ts';
import { reason } from '../reason-codes.ts';
import type { ApprovalTerms } from '../registry/approval-terms.ts';
import { advance, begin, isHeldFrom, leave, newRecord, takeOver } from '../release/lifecycle.ts';
import type { ManualCommand, NewRelease, Release, ReleaseRecord } from '../release/record.ts';
import { LostRace, type ReleaseStore, type StoredRecord } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { announce } from './announce.ts';
import { courseOf } from './course.ts';
import { judgementOf } from './judgement.ts';
import { followChange } from './mechanism-tasks.ts';
import { nextPoll } from './poll.ts';
import { settlingTasks } from './settle.ts';
import { smokeFindingsOf } from './smoke-findings.ts';
import { endOfWayBack, tasksToTakeBack } from './take-back.ts';
import { runNextTask, type Tasks } from './task.ts';
import { leaseMs, turnOf } from './turn.ts';

/** The release of this run. All else is in its record. */
export interface ReleaseMemory extends Memory {
  readonly release: string;
  /** This run found the release under way. It checks approval and content before it goes on. */
  readonly resumed?: true;
  /** `Turn.launchingAt`. */
  readonly launchingAt?: Instant;
}

/** The decisions of one operation that changes an endpoint; everything else is the same for all of them. */
export interface ReleaseOperation<Outputs> {
  readonly store: ReleaseStore;
  readonly approval: ApprovalTerms;
  /** Undefined: nobody is notified. */
  readonly notify: NotifyTerms | undefined;
  /** Reads and decides; writes nothing. */
  plan(record: ReleaseRecord): Promise<Opening<Outputs>>;
  /** @throws {Refusal} `plan-changed` when the live release does not have the plan of these inputs */
  recognise(release: Release): void;
  /** The tasks of a release of this operation, or of a release that it begins on the way. */
  tasks(release: Release): Tasks;
  /** True for a release that only cleared the way: its end is not the end of the operation. */
  goesOn?(ended: Release): boolean;
  /** The run ends `in-progress` once AWS carries the change out by itself. */
  readonly leaves?: boolean;
  outputs(release: Release): Partial<Outputs>;
}

export type Opening<Outputs> =
  | {
      readonly is: 'begin';
      readonly plan: Plan;
      readonly release: NewRelease;
      readonly abandons?: Release;
      /** Read for the plan that is shown, and not again by the turn that begins the release. */
      readonly metrics?: () => Promise<Plan['metrics']>;
    }
  | { readonly is: 'resume'; readonly release: Release }
  /** The changes are known only later: after another release has ended, for instance. `notBefore`: the time of the next look. */
  | { readonly is: 'behind'; readonly because: string; readonly notBefore?: Instant }
  /** Another release is live and must settle first. Without a command, no run is left that could stop it. */
  | {
      readonly is: 'stop-first';
      readonly release: Release;
      readonly command?: Pick<ManualCommand, 'command' | 'why' | 'reason'>;
      /** It may go on waiting for `shift-traffic` (`TurnResult.waitsUntil`): nothing else needs its place. */
      readonly mayWait?: true;
    }
  | { readonly is: 'done'; readonly progress: Extract<Progress<ReleaseMemory, Outputs>, { is: 'done' }> };

/** One turn of an operation that changes an endpoint: finds or begins its release, and runs the next task of it. */
export const runRelease = async <Outputs>(
  world: World,
  memory: ReleaseMemory | undefined,
  operation: ReleaseOperation<Outputs>,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const progress = await nextTurn(world, memory, operation)
    .catch((error: unknown) => {
      if (!(error instanceof LostRace)) throw error;
      const notBefore = world.clock.now() + seconds(5);
      const because = `${error.message}; reading it again`;
      return waiting<Outputs>(world, { because, percent: 1, notBefore }, memory?.release ?? '');
    })
    .finally(() => operation.store.keepJournal());
  const now = progress.is === 'waiting' ? progress.memory : memory;
  await announce(world, operation, now?.release ?? '');
  const { remarks } = operation.store;
  return {
    ...progress,
    ...courseAfter(world, operation.store, now),
    ...(remarks.length > 0 && { remarks }),
  };
};

/** Of the release that this run is about: the record may have others. */
const courseAfter = (
  { clock }: World,
  store: ReleaseStore,
  memory: ReleaseMemory | undefined,
): { readonly course?: Course } => {
  const { record, evidence } = store.seen();
  const own = [...(record?.live ? [record.live] : []), ...(record?.ended ?? [])].find(
    ({ id }) => id === memory?.release,
  );
  return own === undefined ? {} : { course: courseOf(own, clock.now(), evidence) };
};

const nextTurn = async <Outputs>(
  world: World,
  memory: ReleaseMemory | undefined,
  operation: ReleaseOperation<Outputs>,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const { store } = operation;
  const stored = await store.read();
  const record = stored?.record ?? newRecord(store.subject);
  if (memory !== undefined) {
    const over = endedHere(world, record, memory, operation);
    if (over !== undefined && !operation.goesOn?.(over)) return report(over, operation);
    // Two runs that planned at the same moment gave their releases one id: memory may name the other run's.
    const { live } = record;
    if (stored && live !== undefined && live.id === memory.release && !isHeld(world, live)) {
      operation.recognise(live);
      return continueRelease(world, stored, operation, memory);
    }
  }
  await refuseOtherRecord(world, store, stored === undefined);
  const opening = await operation.plan(record);
  switch (opening.is) {
    case 'done':
      return opening.progress;
    case 'behind':
      return waiting(
        world,
        { because: opening.because, percent: 1, ...withoutUndefined({ notBefore: opening.notBefore }) },
        '',
      );
    case 'resume':
      return waiting(
        world,
        { because: `going on with ${opening.release.id} (${opening.release.phase})`, percent: 1 },
        opening.release.id,
        { resumed: true },
      );
    case 'stop-first':
      return waiting(
        world,
        memory === undefined || !stored
          ? {
              because: `${opening.release.id} ${opening.command ? 'is live and gets a command to stop first' : 'was left behind and is settled first'}`,
              percent: 1,
            }
          : await stopOther(world, stored, opening, operation),
        '',
      );
    case 'begin': {
      const { id } = opening.release;
      const metrics = memory === undefined ? await opening.metrics?.() : undefined;
      const plan = { ...planOf(opening, operation), ...withoutUndefined({ metrics }) };
      if (opening.abandons !== undefined && stored !== undefined) {
        const step =
          memory === undefined
            ? { because: `${opening.abandons.id} was left behind and is settled first`, percent: 1 }
            : await clearAway(world, stored, operation);
        return waiting(world, step, id, { plan });
      }
      if (memory === undefined) return waiting(world, { because: plan.title, percent: 1 }, id, { plan });
      await start(world, stored, opening.release, store);
      return waiting(world, { because: `began release ${id}`, percent: 2 }, id, { plan });
    }
  }
};

/** The plan, with the registry's stage and the notifications where the manifest has them. */
const planOf = <Outputs>(
  { plan, release }: Extract<Opening<Outputs>, { is: 'begin' }>,
  { approval: { stage }, notify }: ReleaseOperation<Outputs>,
): Plan => withNotices(withStage(plan, release, stage), notify?.sinks ?? [], deliveryEvents);

const withStage = (plan: Plan, { operation }: NewRelease, stage: ApprovalTerms['stage']): Plan =>
  stage === undefined
    ? plan
    : {
        ...plan,
        notes: [...plan.notes, `the registry shows the version in the stage ${stage.name} from now on`],
        permissions: stagePermissions(operation, plan.permissions),
      };

const isHeld = ({ run, clock }: World, release: Release): boolean => isHeldFrom(release, run.holder, clock.now());

/**
 * The release that memory names, when it has ended and its end may be this run's result. Memory is a hint (rule 21). A token may name
 * a release of another version, or one that later releases followed. Such a token must not make a run green that delivered nothing.
 * Without a result the run plans, and a plan reads the endpoint.
 */
export const endedHere = <Outputs>(
  world: World,
  { live, ended }: ReleaseRecord,
  memory: ReleaseMemory | undefined,
  operation: ReleaseOperation<Outputs>,
): Release | undefined => {
  const over = ended.find(({ id }) => id === memory?.release);
  if (over === undefined || !isRecognised(over, operation)) return undefined;
  if (operation.goesOn?.(over)) return over;
  const newest = ended.find(({ operation, version }) => operation === over.operation && version === over.version);
  if (over.outcome !== 'succeeded') return newest === over ? over : undefined;
  return live === undefined && ended[0] === over && over.lease.holder === world.run.holder ? over : undefined;
};

const isRecognised = <Outputs>(release: Release, operation: ReleaseOperation<Outputs>): boolean => {
  try {
    operation.recognise(release);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

const continueRelease = async <Outputs>(
  world: World,
  stored: StoredRecord,
  operation: ReleaseOperation<Outputs>,
  { resumed, launchingAt }: ReleaseMemory,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const { store } = operation;
  const release = stored.record.live ?? fail();
  const { id, lease } = release;
  if (lease.holder !== world.run.holder || lease.until <= world.clock.now()) {
    await take(world, stored, store);
    return waiting(world, { because: `took ${id} over from ${lease.holder}`, percent: 2 }, id, resumed && { resumed });
  }
  const turn = turnOf(world, store, stored, operation.approval, launchingAt);
  const tasks = tasksToTakeBack(release, operation.tasks(release));
  const step = await (resumed ? checkAndRunNextTask(turn, tasks) : runNextTask(turn, tasks)).catch((error: unknown) =>
    endRefused(world, id, operation, error),
  );
  if (step.ended && !operation.goesOn?.(step.ended)) return report(step.ended, operation);
  if (step.waitsUntil !== undefined) {
    await leaveLive(world, operation.store, id, step.waitsUntil);
    return {
      is: 'done',
      outcome: reason('candidate-dark').outcome,
      reason: 'candidate-dark',
      outputs: operation.outputs({ ...release, serving: 'baseline' }),
      because: step.because,
    };
  }
  if (operation.leaves && step.goesOnUntil !== undefined) {
    await leaveLive(world, operation.store, id, step.goesOnUntil);
    return {
      is: 'done',
      outcome: reason('in-progress').outcome,
      reason: 'in-progress',
      outputs: operation.outputs(release),
      because: `${step.because}; SageMaker goes on without a run until about ${iso(step.goesOnUntil)}; a later run has to verify the end`,
    };
  }
  return waiting(world, withoutUndefined({ launchingAt, ...step }), id);
};

/** A later run, which an event or a timer starts, may come this late. After that the watchdog settles the release. */
const lateness = minutes(30);

/** The run ends, and the release does not. Not by `save`: nothing happened that belongs in the journal. */
const leaveLive = async (world: World, store: ReleaseStore, id: string, expectedEnd: Instant): Promise<void> => {
  const stored = await store.read();
  const live = stored?.record.live;
  const { holder } = world.run;
  if (!stored || live?.id !== id || live.lease.holder !== holder) throw new LostRace(`${id} went on without this run`);
  const now = world.clock.now();
  await store.write(leave(stored.record, { holder, now, until: Math.max(now, expectedEnd) + lateness }), stored.etag);
};

/** Rule 18. Both happen in one turn. A host that loses every turn's memory would otherwise repeat the check for ever. */
const checkAndRunNextTask = async (turn: Turn, tasks: Tasks): Promise<TurnResult> =>
  (await refuseWithdrawnMeanwhile(turn)) ?? runNextTask(turn, tasks);

/**
 * A refusal before the submission ends the release: suspended autoscaling comes back (rule 4), the release's alarms are deleted, and
 * the endpoint is free at once.
 */
const endRefused = async <Outputs>(
  world: World,
  id: string,
  { store, approval }: ReleaseOperation<Outputs>,
  error: unknown,
): Promise<TurnResult> => {
  if (!(error instanceof Refusal) && !isRefused(error)) throw error;
  const stored = await store.read();
  const live = stored?.record.live;
  if (live?.id !== id || live.phase !== 'preparing' || live.lease.holder !== world.run.holder || !stored) throw error;
  const turn = turnOf(world, store, stored, approval);
  const reason = error instanceof Refusal ? error.reason : reasonOfError(error);
  const because = error instanceof Refusal ? error.message : describe(error);
  if (live.takenBack === undefined) return turn.conclude(reason, because);
  const end = endOfWayBack(live, reason, because);
  return turn.conclude(end.reason, end.because);
};

const take = async (world: World, stored: StoredRecord, store: ReleaseStore): Promise<void> => {
  const taken = takeOver(stored.record, { holder: world.run.holder, now: world.clock.now(), leaseMs });
  if (taken.is === 'held') throw new Refusal('held-by-another-release', taken.because);
  await store.write(taken.record, stored.etag);
};

const start = async (
  world: World,
  stored: StoredRecord | undefined,
  release: NewRelease,
  store: ReleaseStore,
): Promise<void> => {
  const now = world.clock.now();
  const { url, actor, commit, holder } = world.run;
  const begun = begin(
    stored?.record ?? newRecord(store.subject),
    {
      ...release,
      phase: 'preparing',
      startedAt: now,
      lease: { holder, until: now + leaseMs },
      run: withoutUndefined({ url, actor, commit }),
      alarms: [],
      witnessed: {},
      commands: [],
    },
    now,
  );
  if (begun.is === 'held') throw new Refusal('held-by-another-release', begun.because);
  await store.write(begun.record, stored?.etag);
  store.note(release.id, { at: now, kind: 'plan', ...release });
};

/** The tasks of a release that was left behind: it goes to its end, and nothing of it begins any more. */
export const clearingTasks: Tasks = {
  preparing: [
    stoppedBeforeSubmission,
    (turn) => turn.conclude('abandoned', 'its run ended before anything was submitted'),
  ],
  ...followChange(),
  // No further step: a step without its supervisor is traffic without a judge.
  stepping: [
    (turn) => mechanismOf(turn.release).stop(turn, 'abandoned', 'its run ended and its steps have no supervisor'),
  ],
  settling: settlingTasks,
};

/** Supervises a release to its end whose run died and was not started again, so that it leaves nothing behind. */
const clearAway = async <Outputs>(
  world: World,
  stored: StoredRecord,
  operation: ReleaseOperation<Outputs>,
  mayWait = false,
): Promise<TurnResult> => {
  const { store, approval } = operation;
  const live = stored.record.live ?? fail();
  const { id, lease } = live;
  if (lease.holder !== world.run.holder) {
    await take(world, stored, store);
    return { because: `took ${id}, which was left behind, over from ${lease.holder}`, percent: 1 };
  }
  const turn = turnOf(world, store, stored, approval);
  const step = await runNextTask(turn, tasksToTakeBack(live, clearingTasks)).catch((error: unknown) =>
    endRefused(world, id, operation, error),
  );
  if (step.waitsUntil !== undefined) {
    if (!mayWait)
      return (
        (await mechanismOf(live).stop(turn, 'abandoned', 'it waited for its traffic, and another run came first')) ??
        step
      );
    await leaveLive(world, store, id, step.waitsUntil);
  }
  return { ...step, because: `${id}, which was left behind: ${step.because}`, percent: 1 };
};

/** Sends the supervisor of the live release a command to stop it; stops it in its place once its lease has expired. */
const stopOther = async <Outputs>(
  world: World,
  stored: StoredRecord,
  { release, command, mayWait }: Extract<Opening<unknown>, { is: 'stop-first' }>,
  operation: ReleaseOperation<Outputs>,
): Promise<TurnResult> => {
  if (command === undefined) return clearAway(world, stored, operation, mayWait);
  if (!release.commands.some((given) => given.command === command.command)) {
    const by = world.run.actor ?? world.run.holder;
    await operation.store.write(
      advance(stored.record, { commands: [...release.commands, { ...command, by, at: world.clock.now() }] }),
      stored.etag,
    );
    return { because: `sent ${release.id} a command to stop`, percent: 1 };
  }
  if (!isHeld(world, release)) return clearAway(world, stored, operation);
  return { because: `waiting for ${release.id} to stop`, percent: 1, notBefore: nextPoll({ world, release }) };
};

const waiting = <Outputs>(
  world: World,
  step: TurnResult,
  release: string,
  { plan, resumed }: { readonly plan?: Plan; readonly resumed?: true } = {},
): Progress<ReleaseMemory, Outputs> => ({
  is: 'waiting',
  memory: { v: 1, release, ...withoutUndefined({ resumed, launchingAt: step.launchingAt }) },
  notBefore: step.notBefore ?? world.clock.now(),
  percent: step.percent,
  because: step.because,
  ...withoutUndefined({ plan }),
});

export const report = <Outputs>(
  release: Release,
  operation: ReleaseOperation<Outputs>,
): Progress<ReleaseMemory, Outputs> => ({
  is: 'done',
  outcome: release.outcome ?? 'inconclusive',
  reason: release.reason ?? 'abandoned',
  outputs: operation.outputs(release),
  because: release.because ?? '',
  // A candidate that is judged has traffic, and then it was asked in another release.
  ...smokeFindingsOf(release),
  ...judgementOf(release),
});

const fail = (): never => {
  throw new Error('no release is live');
};
