import { AnswerLost, serviceOf, Throttled } from '../aws/retry.ts';
import { duration, type Instant, iso, limitAt, minutes, seconds } from '../clock.ts';
import { readMemory, writeMemory } from '../memory.ts';
import {
  type AbortReason,
  type Memory,
  type Operation,
  type Plan,
  type Progress,
  reasonOfAbort,
} from '../operation.ts';
import { reason } from '../reason-codes.ts';
import { failureOf } from '../report/failure.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { patience } from './patience.ts';

export type Waiting = Extract<Progress<Memory, never>, { is: 'waiting' }>;
export type Ended<Outputs> = Extract<Progress<Memory, Outputs>, { is: 'done' }> & {
  /** The memory for a later run, when there is work left to continue. */
  readonly token?: string;
  /** The release is not settled yet: a post step should go on settling it. */
  readonly unsettled?: true;
  /** The thrown error, when it can only be a defect of this suite. */
  readonly defect?: unknown;
};

export interface DriveOptions {
  /** The time at which the host stops waiting and lets the operation settle its release. */
  readonly deadline: Instant;
  /** End after the planning turn; the World has no writes. */
  readonly dryRun: boolean;
  /** False: end as soon as a turn has to wait. */
  readonly wait: boolean;
  /** Memory of an earlier run, as `writeMemory` made it. */
  readonly token?: string;
  /** Aborted when the run is cancelled: the running turn ends, then the operation settles its release. */
  readonly signal: AbortSignal;
  /** Called once, before anything is written. An error that it throws ends the run. */
  readonly onPlan?: (plan: Plan) => void | Promise<void>;
  /** Called after every turn that waits, and every five minutes while one does; `token` is the memory to keep. */
  readonly onProgress?: (progress: Waiting, token: string) => void;
  /** Called when a turn could not reach a service: with the cause, and the time of the next try. */
  readonly onWait?: (because: string, until: Instant) => void;
}

/** The part of an operation that is driven. */
export type Turns<Inputs, M extends Memory, Outputs> = Pick<Operation<Inputs, M, Outputs>, 'advance' | 'abort'>;

/** Said before anything is written: such a run ends `timed-out` although its version is healthy. */
const tooShort = (
  { expectedSeconds, unfollowed }: Plan,
  now: Instant,
  { deadline, wait }: Pick<DriveOptions, 'deadline' | 'wait'>,
): string | undefined =>
  wait && !unfollowed && now + seconds(expectedSeconds) > deadline
    ? `it takes about ${duration(seconds(expectedSeconds))}, and the run ends in ${duration(deadline - now)}, before it: raise \`timeout\``
    : undefined;

/** A World for one turn, which ends early when `signal` aborts. */
export type WorldFor = (signal: AbortSignal) => World;

const heartbeat = minutes(5);
const pauseAfterLostAnswer = seconds(30);
/** A single call of an abort is cut off after this, or an endless answer would hold the run for hours. */
const abortTurnLimit = minutes(2);
/** An abort after a deadline may take turns of its own. One after a cancellation may not: the runner is about to kill the process. */
const abortLimit = { 'timed-out': minutes(5), cancelled: 0, 'handed-over': 0 } as const;

/**
 * The one waiting loop: takes turns until the operation is done, the deadline has passed, or the run is cancelled. Turns never overlap.
 * Memory goes through its text form between any two of them. Never throws.
 */
export const drive = async <Inputs, M extends Memory, Outputs>(
  operation: Turns<Inputs, M, Outputs>,
  inputs: Inputs,
  worldFor: WorldFor,
  options: DriveOptions,
): Promise<Ended<Outputs>> => {
  const { clock, account, loadRest } = worldFor(options.signal);
  let token = options.dryRun ? undefined : options.token;
  let plan: Plan | undefined;
  let percent = 0;
  let findings: Waiting['findings'];
  let course: Waiting['course'];
  const remarks = new Set<string>();
  const patient = patience(clock);
  const ended = (end: Ended<Outputs>): Ended<Outputs> => ({
    ...withoutUndefined({ plan, token, findings }),
    ...end,
    ...withoutUndefined({ course: wholeCourse(course, end.course) }),
    remarks: [...new Set([...remarks, ...(end.remarks ?? [])])],
  });

  try {
    for (;;) {
      const stop = stopping(options, clock.now());
      if (stop) return ended(await abortToEnd(operation, inputs, token, stop, worldFor, options.dryRun));

      const turn = await withinLimit(clock, options.deadline, options.signal, (signal) =>
        takeTurn(operation, inputs, token, worldFor(signal)),
      );
      if (turn === 'interrupted') continue;
      if ('lookAgainAt' in turn) {
        // Once something is begun, the run waits out any outage: giving up would leave the release half done.
        if (token === undefined && turn.error instanceof Throttled) patient.next(turn.error);
        const until = Math.min(turn.lookAgainAt, options.deadline);
        const service = serviceOf(turn.error);
        options.onWait?.(`could not reach ${service}: ${turn.error.message}`, until);
        if (until >= options.deadline) remarks.add(`${service} could not be reached at the end: ${turn.error.message}`);
        await clock.sleepUntil(until, options.signal);
        continue;
      }
      patient.reached();
      if (turn.plan && !plan) {
        plan = turn.plan;
        await options.onPlan?.(plan);
        const short = tooShort(plan, clock.now(), options);
        if (short !== undefined) remarks.add(short);
      }
      for (const remark of turn.remarks ?? []) remarks.add(remark);
      if (turn.is === 'done') return ended(turn);
      findings = turn.findings ?? findings;
      course = wholeCourse(course, turn.course);
      if (options.dryRun) return ended(done('planned', 'succeeded', turn.because));

      token = writeMemory(turn.memory, account.id);
      // A turn that only reads again does not know the run's earlier progress.
      percent = Math.max(percent, turn.percent);
      const shown: Waiting = { ...turn, percent, ...withoutUndefined({ course }) };
      options.onProgress?.(shown, token);
      if (!options.wait && turn.notBefore > clock.now()) {
        const last = await abortToEnd(operation, inputs, token, 'handed-over', worldFor, false);
        // The operation's own work is done; only a last look would have been left.
        if (last.outcome !== 'pending') return ended(last);
        const { unsettled, because } = last;
        const remarks = unsettled ? [because] : [];
        const goesOn = done<Outputs>('in-progress', 'pending', `${turn.because}; goes on at ${iso(turn.notBefore)}`);
        return ended({ ...goesOn, remarks });
      }
      if (turn.notBefore > clock.now()) loadRest?.();
      await sleep(shown, token, clock, options);
    }
  } catch (error) {
    if (error instanceof Throttled && clock.now() >= options.deadline)
      return ended(
        done('deadline-passed', 'timed-out', `${error.service} could not be reached at the end: ${error.message}`),
      );
    const failure = failureOf(error);
    const defect = failure.reason === 'internal-error' ? { defect: error } : {};
    return ended({ ...done(failure.reason, failure.outcome, failure.because), ...defect });
  }
};

/** A turn without a judge has no minutes: those of the last look stay. */
const wholeCourse = (before: Waiting['course'], now: Waiting['course']): Waiting['course'] =>
  now === undefined ? before : { ...withoutUndefined({ minutes: before?.minutes, verdict: before?.verdict }), ...now };

const stopping = (options: DriveOptions, now: Instant): AbortReason | undefined => {
  if (options.signal.aborted) return 'cancelled';
  return now >= options.deadline ? 'timed-out' : undefined;
};

/** Sleeps until the next turn is due, the deadline, or the cancellation. Reports progress every five minutes. */
const sleep = async (turn: Waiting, token: string, clock: World['clock'], options: DriveOptions): Promise<void> => {
  const until = Math.min(turn.notBefore, options.deadline);
  while (clock.now() < until && !options.signal.aborted) {
    await clock.sleepUntil(Math.min(until, clock.now() + heartbeat), options.signal);
    if (clock.now() < until && !options.signal.aborted) options.onProgress?.(turn, token);
  }
};

/** Work whose signal also aborts at `instant`, so that an endless answer cannot hold a turn beyond it. */
export const withinLimit = async <Answer>(
  clock: World['clock'],
  instant: Instant,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> => {
  const limit = limitAt(clock, instant, outer);
  try {
    return await work(limit.signal);
  } finally {
    limit.release();
  }
};

/** One turn: its progress, or `interrupted`, or the time of the next try with the error. */
export const takeTurn = async <Inputs, M extends Memory, Outputs>(
  operation: Turns<Inputs, M, Outputs>,
  inputs: Inputs,
  token: string | undefined,
  world: World,
): Promise<Progress<M, Outputs> | 'interrupted' | { readonly lookAgainAt: Instant; readonly error: Error }> => {
  try {
    return await operation.advance(inputs, recall<M>(token, world), world);
  } catch (error) {
    // Any error of a cancelled turn counts as the cancellation, whatever its message. The loop sees the signal and stops.
    if (world.signal.aborted) return 'interrupted';
    return later(error, world);
  }
};

/** The time of the next try after an error that passes. @throws every other error */
const later = (
  error: unknown,
  { clock }: Pick<World, 'clock'>,
): { readonly lookAgainAt: Instant; readonly error: Error } => {
  // DESIGN §7 rule 11: throttling never spends the failure budget.
  if (error instanceof Throttled) return { lookAgainAt: error.notBefore, error };
  // AWS may have done the call: the next turn reads before it writes (rule 9).
  if (error instanceof AnswerLost) return { lookAgainAt: clock.now() + pauseAfterLostAnswer, error };
  throw error;
};

/**
 * Lets the operation settle its release after the last turn has ended. The World gets a signal of its own: the signal that cancelled the
 * run would stop the abort before its first call.
 */
export const abortToEnd = async <Inputs, M extends Memory, Outputs>(
  operation: Turns<Inputs, M, Outputs>,
  inputs: Inputs,
  firstToken: string | undefined,
  why: AbortReason,
  worldFor: WorldFor,
  dryRun: boolean,
  limitMilliseconds: number = abortLimit[why],
): Promise<Ended<Outputs>> => {
  const code = reasonOfAbort[why];
  const { outcome } = reason(code);
  if (dryRun) return done(code, outcome, 'the run ended before the plan was ready; nothing was written');
  const { clock, account } = worldFor(new AbortController().signal);
  const limit = clock.now() + limitMilliseconds;
  let token = firstToken;
  try {
    for (;;) {
      const turnLimit = Math.max(limit, clock.now() + abortTurnLimit);
      const progress = await withinLimit(clock, turnLimit, undefined, (signal) =>
        operation.abort(inputs, recall<M>(token, { account }), why, worldFor(signal)),
      ).catch((error: unknown) => later(error, { clock }));
      if ('lookAgainAt' in progress) {
        // A candidate must not keep traffic without a judge because one call was throttled.
        if (clock.now() >= limit) throw progress.error;
        await clock.sleepUntil(Math.min(progress.lookAgainAt, limit));
        continue;
      }
      if (progress.is === 'done') return { ...progress, ...withoutUndefined({ token }) };
      token = writeMemory(progress.memory, account.id);
      if (clock.now() >= limit) return { ...done<Outputs>(code, outcome, progress.because), token, unsettled: true };
      await clock.sleepUntil(Math.min(progress.notBefore, limit));
    }
  } catch (error) {
    return {
      ...done<Outputs>(code, outcome, `the release could not be settled: ${failureOf(error).because}`),
      ...withoutUndefined({ token }),
      unsettled: true,
    };
  }
};

const recall = <M extends Memory>(token: string | undefined, { account }: Pick<World, 'account'>): M | undefined =>
  token === undefined ? undefined : readMemory<M>(token, 'resume-token', account.id);

const done = <Outputs>(
  reason: Ended<Outputs>['reason'],
  outcome: Ended<Outputs>['outcome'],
  because: string,
): Ended<Outputs> => ({ is: 'done', outcome, reason, outputs: {}, because });
