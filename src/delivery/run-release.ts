import { describe, isRefused } from '../aws/errors.ts';
import { reasonOfError } from '../aws/reason.ts';
import { seconds } from '../clock.ts';
import { refuseOtherRecord } from '../endpoint/record-tag.ts';
import { mechanismOf } from '../mechanisms/all.ts';
import { refuseWithdrawnMeanwhile } from '../mechanisms/approval.ts';
import { stoppedBeforeSubmission } from '../mechanisms/submit.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import { type Memory, type Plan, type Progress, Refusal } from '../operation.ts';
import type { ApprovalTerms } from '../registry/approval-terms.ts';
import { advance, begin, newRecord, takeOver } from '../release/lifecycle.ts';
import type { ManualCommand, NewRelease, Release, ReleaseRecord } from '../release/record.ts';
import { LostRace, type ReleaseStore, type StoredRecord } from '../release/store.ts';
import type { World } from '../world.ts';
import { judgementOf } from './judgement.ts';
import { followChange } from './mechanism-tasks.ts';
import { nextPoll } from './poll.ts';
import { settlingTasks } from './settle.ts';
import { endOfWayBack, tasksToTakeBack } from './take-back.ts';
import { runNextTask, type Tasks } from './task.ts';
import { leaseMs, turnOf } from './turn.ts';

/** Which release this run carries. All else is in its record. */
export interface ReleaseMemory extends Memory {
  readonly release: string;
  /** This run found the release under way: it looks at approval and content before it goes on with anything. */
  readonly resumed?: true;
}

/** What an operation that moves an endpoint decides for itself; everything else is the same for all of them. */
export interface ReleaseOperation<Outputs> {
  readonly store: ReleaseStore;
  readonly approval: ApprovalTerms;
  /** Looks and decides; writes nothing. */
  plan(record: ReleaseRecord): Promise<Opening<Outputs>>;
  /** @throws {Refusal} `plan-changed` when the live release is not what these inputs ask for */
  recognise(release: Release): void;
  /** What is left to do for a release of this operation, or for one it begins on the way. */
  tasks(release: Release): Tasks;
  /** A release that only cleared the way: its end is not the end of the operation. */
  goesOn?(ended: Release): boolean;
  outputs(release: Release): Partial<Outputs>;
}

export type Opening<Outputs> =
  | { readonly is: 'begin'; readonly plan: Plan; readonly release: NewRelease; readonly abandons?: Release }
  | { readonly is: 'resume'; readonly release: Release }
  /** Of a dry run: what would change can be said only when another release has ended. */
  | { readonly is: 'behind'; readonly because: string }
  /** Another release is live and must come to rest first. Without a command nobody is asked: its run is gone. */
  | { readonly is: 'stop-first'; readonly release: Release; readonly command?: Pick<ManualCommand, 'command' | 'why'> }
  | { readonly is: 'done'; readonly progress: Extract<Progress<ReleaseMemory, Outputs>, { is: 'done' }> };

/** One turn of an operation that moves an endpoint: finds its release, or begins it, and carries it on. */
export const runRelease = async <Outputs>(
  world: World,
  memory: ReleaseMemory | undefined,
  script: ReleaseOperation<Outputs>,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const progress = await nextTurn(world, memory, script)
    .catch((error: unknown) => {
      if (!(error instanceof LostRace)) throw error;
      const notBefore = world.clock.now() + seconds(5);
      const because = `${error.message}; looking again`;
      return waiting<Outputs>(world, { because, percent: 1, notBefore }, memory?.release ?? '');
    })
    .finally(() => script.store.keepJournal());
  return script.store.remarks.length === 0 ? progress : { ...progress, remarks: script.store.remarks };
};

const nextTurn = async <Outputs>(
  world: World,
  memory: ReleaseMemory | undefined,
  script: ReleaseOperation<Outputs>,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const { store } = script;
  const stored = await store.read();
  const record = stored?.record ?? newRecord(store.subject);
  if (memory !== undefined) {
    const over = endedHere(world, record, memory, script);
    if (over !== undefined && !script.goesOn?.(over)) return report(over, script);
    if (stored && record.live !== undefined && record.live.id === memory.release) {
      script.recognise(record.live);
      return carryOn(world, stored, script, memory.resumed);
    }
  }
  await refuseOtherRecord(world, store, stored === undefined);
  const intention = await script.plan(record);
  switch (intention.is) {
    case 'done':
      return intention.progress;
    case 'behind':
      return waiting(world, { because: intention.because, percent: 1 }, '');
    case 'resume':
      return waiting(
        world,
        { because: `going on with ${intention.release.id} (${intention.release.phase})`, percent: 1 },
        intention.release.id,
        { resumed: true },
      );
    case 'stop-first':
      return waiting(
        world,
        memory === undefined || !stored
          ? {
              because: `${intention.release.id} ${intention.command ? 'is live and will be asked to stop first' : 'was left behind and is brought to rest'}`,
              percent: 1,
            }
          : await askToStop(world, stored, intention, script),
        '',
      );
    case 'begin': {
      const { id } = intention.release;
      if (intention.abandons !== undefined && stored !== undefined) {
        const step =
          memory === undefined
            ? { because: `${intention.abandons.id} was left behind and is brought to rest first`, percent: 1 }
            : await clearAway(world, stored, script);
        return waiting(world, step, id, intention);
      }
      if (memory === undefined) return waiting(world, { because: intention.plan.title, percent: 1 }, id, intention);
      await start(world, stored, intention.release, store);
      return waiting(world, { because: `began release ${id}`, percent: 2 }, id, intention);
    }
  }
};

/**
 * The release that memory names, when it has ended and its end may be this run's answer. Memory is a hint (rule 21): a token of another
 * version's release, or of one after which others came, must not make a run green that delivered nothing. Without this answer the run
 * plans, which looks at the endpoint.
 */
export const endedHere = <Outputs>(
  world: World,
  { live, ended }: ReleaseRecord,
  memory: ReleaseMemory | undefined,
  script: ReleaseOperation<Outputs>,
): Release | undefined => {
  const over = ended.find(({ id }) => id === memory?.release);
  if (over === undefined || !isRecognised(over, script)) return undefined;
  if (script.goesOn?.(over)) return over;
  const newest = ended.find(({ operation, version }) => operation === over.operation && version === over.version);
  if (over.outcome !== 'succeeded') return newest === over ? over : undefined;
  return live === undefined && ended[0] === over && over.lease.holder === world.run.holder ? over : undefined;
};

const isRecognised = <Outputs>(release: Release, script: ReleaseOperation<Outputs>): boolean => {
  try {
    script.recognise(release);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

const carryOn = async <Outputs>(
  world: World,
  stored: StoredRecord,
  script: ReleaseOperation<Outputs>,
  resumed?: true,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const { store } = script;
  const release = stored.record.live ?? fail();
  const { id, lease } = release;
  if (lease.holder !== world.run.holder || lease.until <= world.clock.now()) {
    await take(world, stored, store);
    return waiting(world, { because: `took ${id} over from ${lease.holder}`, percent: 2 }, id, resumed && { resumed });
  }
  const turn = turnOf(world, store, stored, script.approval);
  const tasks = tasksToTakeBack(release, script.tasks(release));
  const step = await (resumed ? carryAfterLook(turn, tasks) : runNextTask(turn, tasks)).catch((error: unknown) =>
    endRefused(world, id, script, error),
  );
  return step.ended && !script.goesOn?.(step.ended) ? report(step.ended, script) : waiting(world, step, id);
};

/** Rule 18. Both in one turn: a look that cost a turn would be taken for ever where every turn's memory is lost. */
const carryAfterLook = async (turn: Turn, tasks: Tasks): Promise<TurnResult> =>
  (await refuseWithdrawnMeanwhile(turn)) ?? runNextTask(turn, tasks);

/**
 * What refuses a release before anything was submitted ends it: autoscaling that was set aside comes back (rule 4), its alarms go, and
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
      run: { ...(url ? { url } : {}), ...(actor ? { actor } : {}), ...(commit ? { commit } : {}) },
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

/** A release whose run died and that nobody asked for again: supervised to its end, so that nothing of it is left lying about. */
const clearAway = async <Outputs>(
  world: World,
  stored: StoredRecord,
  script: ReleaseOperation<Outputs>,
): Promise<TurnResult> => {
  const { store, approval } = script;
  const live = stored.record.live ?? fail();
  const { id, lease } = live;
  if (lease.holder !== world.run.holder) {
    await take(world, stored, store);
    return { because: `took ${id}, which was left behind, over from ${lease.holder}`, percent: 1 };
  }
  const tasks: Tasks = {
    preparing: [
      stoppedBeforeSubmission,
      (turn) => turn.conclude('abandoned', 'its run ended before anything was submitted'),
    ],
    ...followChange(),
    // Nobody walks on: a step without its supervisor is traffic without a judge.
    stepping: [
      (turn) => mechanismOf(turn.release).stop(turn, 'abandoned', 'its run ended and nobody supervises its steps'),
    ],
    settling: settlingTasks,
  };
  const step = await runNextTask(turnOf(world, store, stored, approval), tasksToTakeBack(live, tasks)).catch(
    (error: unknown) => endRefused(world, id, script, error),
  );
  return { ...step, because: `${id}, which was left behind: ${step.because}`, percent: 1 };
};

/** Asks the supervisor of the live release to stop; once its lease has run out, does so in its place. */
const askToStop = async <Outputs>(
  world: World,
  stored: StoredRecord,
  { release, command }: Extract<Opening<unknown>, { is: 'stop-first' }>,
  script: ReleaseOperation<Outputs>,
): Promise<TurnResult> => {
  if (command === undefined) return clearAway(world, stored, script);
  if (!release.commands.some((given) => given.command === command.command)) {
    const by = world.run.actor ?? world.run.holder;
    await script.store.write(
      advance(stored.record, { commands: [...release.commands, { ...command, by, at: world.clock.now() }] }),
      stored.etag,
    );
    return { because: `asked ${release.id} to stop`, percent: 1 };
  }
  if (release.lease.holder === world.run.holder || release.lease.until <= world.clock.now())
    return clearAway(world, stored, script);
  return { because: `waiting for ${release.id} to stop`, percent: 1, notBefore: nextPoll({ world, release }) };
};

const waiting = <Outputs>(
  world: World,
  step: TurnResult,
  release: string,
  { plan, resumed }: { readonly plan?: Plan; readonly resumed?: true } = {},
): Progress<ReleaseMemory, Outputs> => ({
  is: 'waiting',
  memory: { v: 1, release, ...(resumed ? { resumed } : {}) },
  notBefore: step.notBefore ?? world.clock.now(),
  percent: step.percent,
  because: step.because,
  ...(plan ? { plan } : {}),
});

export const report = <Outputs>(
  release: Release,
  script: ReleaseOperation<Outputs>,
): Progress<ReleaseMemory, Outputs> => ({
  is: 'done',
  outcome: release.outcome ?? 'inconclusive',
  reason: release.reason ?? 'abandoned',
  outputs: script.outputs(release),
  because: release.because ?? '',
  ...judgementOf(release),
});

const fail = (): never => {
  throw new Error('no release is live');
};
