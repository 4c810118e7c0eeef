import { type Clock, type Instant, seconds } from '../clock.ts';
import { signedInTime } from './causes.ts';
import { classify, describe, mayHaveBeenApplied, named } from './errors.ts';

/**
 * AWS, or another service, throttled for longer than one turn may wait: the turn ends `waiting: throttled` (DESIGN §7 rule 11). Its `cause` shows
 * whether AWS throttled, or could not be reached.
 */
export class Throttled extends Error {
  override readonly name = 'Throttled';
  /** The earliest time to take the next turn. */
  readonly notBefore: Instant;
  readonly service: Service;
  constructor(notBefore: Instant, cause: unknown, service: Service = 'AWS') {
    super(describe(cause), { cause });
    this.notBefore = notBefore;
    this.service = service;
  }
}
/** The services that a turn may have to wait for. */
type Service = 'AWS' | 'GitHub';

/** The service that a turn which has to look again waits for. */
export const serviceOf = (error: unknown): Service => (error instanceof Throttled ? error.service : 'AWS');

/** A call that must not be sent twice got no answer. It may have been carried out: look before doing anything else. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
  readonly call: string;
  constructor(call: string, cause: unknown) {
    super(`${call} got no answer and may have been carried out`, { cause });
    this.call = call;
  }
}

/** The turn was ended before its next call. It has the platform's name, so that `classify` needs one name only. */
class Aborted extends Error {
  override readonly name = 'AbortError';
}

export interface RetryOptions {
  readonly clock: Clock;
  /** In [0, 1). Without one the jitter follows from the attempt's number, so that a rehearsal repeats. */
  readonly random?: () => number;
  /**
   * How long the calls of a turn may wait in all; 10 s without it. Where many processes share one limit, a turn that gives up has spent its requests for
   * nothing.
   */
  readonly budgetMs?: number;
  /** Called when AWS reports expired credentials; the call is then tried once more. */
  readonly forgetCredentials?: () => void;
}

/** Runs one call with retries; `signal` ends it before its next attempt. */
export type Retry = <Answer>(call: string, attempt: () => Promise<Answer>, signal?: AbortSignal) => Promise<Answer>;

const baseDelayMs = 200;
const longestDelayMs = seconds(4);
const usualBudgetMs = seconds(10);
const windowMs = seconds(30);
const writeGraceMs = seconds(15);

/**
 * These calls are sent again only when AWS certainly did not carry them out: a second UpdateEndpoint starts a second deployment,
 * and a refused repetition hides the success of the first call. Every other call is a read, absolute, conditional or
 * content-addressed, or gives "already exists", and its operation compares the existing object with its own.
 */
const sentOnce: ReadonlySet<string> = new Set([
  'sagemaker:CreateEndpoint',
  'sagemaker:UpdateEndpoint',
  'codedeploy:CreateDeployment',
  // Each call makes one more revision.
  'ecs:RegisterTaskDefinition',
]);

/** A look may be dropped half-way; a write may finish, so that the cleanup knows its answer. */
const isRead = (call: string): boolean => /:(Describe|Get|List|Head|Batch)/.test(call);

/**
 * The only retry there is (SDK clients have `maxAttempts: 1`). Turns are at least thirty seconds apart (DESIGN §7 rule 11). So ten
 * seconds of waiting in any thirty are at most ten in a turn; calls of one turn share them.
 */
export const retrying = ({ clock, random, forgetCredentials, budgetMs = usualBudgetMs }: RetryOptions): Retry => {
  let windowStart = Number.NEGATIVE_INFINITY;
  let spentMs = 0;
  /** Until then a call waits. Calls that wait side by side spend the time once. */
  let waitsUntil = Number.NEGATIVE_INFINITY;

  return async (call, attempt, signal) => {
    const began = clock.now();
    let forgotten = forgetCredentials === undefined;
    let corrected = false;
    for (let tried = 1; ; tried++) {
      if (signal?.aborted) throw new Aborted(`${call} was not sent: the run is ending`);
      try {
        const answer = attempt();
        if (signal === undefined) return await answer;
        return await (isRead(call) ? unlessAborted(answer, call, signal) : unlessEndless(answer, call, signal, clock));
      } catch (thrown) {
        // The fetch of this call's credentials has done its own retries already.
        if (thrown instanceof Throttled) throw thrown;
        // After a correction, a refused HEAD has another reason: the SDK marks each answer while the clock is wrong.
        const error = named(corrected ? signedInTime(thrown) : thrown, call);
        const kind = classify(error);
        if (kind === 'expired-credentials' && !forgotten) {
          forgotten = true;
          forgetCredentials?.();
          continue;
        }
        // The SDK has set its clock by the answer: new signatures have the right time, and a new refusal has another cause.
        if (kind === 'clock-skew' && !corrected) {
          corrected = true;
          continue;
        }
        if (sentOnce.has(call) && mayHaveBeenApplied(error)) throw new AnswerLost(call, error);
        if (kind !== 'throttled' && kind !== 'transient') throw error;

        const now = clock.now();
        if (now - windowStart >= Math.max(windowMs, budgetMs)) {
          windowStart = now;
          spentMs = 0;
        }
        const delayMs = Math.ceil((random?.() ?? spread(tried)) * Math.min(longestDelayMs, baseDelayMs * 2 ** tried));
        // Attempts that time out count as waiting too: a slow socket must not stretch a turn to minutes.
        const addedMs = Math.max(0, now + delayMs - Math.max(now, waitsUntil));
        if (spentMs + addedMs > budgetMs || now - began >= budgetMs) throw new Throttled(now + windowMs, error);
        spentMs += addedMs;
        waitsUntil = Math.max(waitsUntil, now + delayMs);
        await clock.sleepUntil(now + delayMs, signal);
      }
    }
  };
};

/**
 * Sends a call once. Under a load test a refusal is a result, and a repetition is load beyond the plan. A call that AWS refuses for the
 * caller's credentials or clock has not reached the model, and is sent again.
 */
export const unrepeated =
  (forgetCredentials: () => void): Retry =>
  async (call, attempt, signal) => {
    const corrected = new Set<string>();
    for (;;) {
      if (signal?.aborted) throw new Aborted(`${call} was not sent: the run is ending`);
      try {
        return await (signal === undefined ? attempt() : unlessAborted(attempt(), call, signal));
      } catch (thrown) {
        const error = named(thrown, call);
        const kind = classify(error);
        if ((kind !== 'expired-credentials' && kind !== 'clock-skew') || corrected.has(kind)) throw error;
        corrected.add(kind);
        if (kind === 'expired-credentials') forgetCredentials();
      }
    }
  };

/** The golden ratio's multiples, modulo 1, spread evenly: full jitter that is the same every time. */
const spread = (attempt: number): number => (attempt * 0.618_033_988_75) % 1;

/** @throws {Aborted} as soon as the signal does */
export const unlessAborted = async <Answer>(
  answer: Promise<Answer>,
  call: string,
  signal: AbortSignal,
): Promise<Answer> => {
  let end = (): void => {};
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(new Aborted(`${call} was cut off: the run is ending`));
  });
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([answer, ended]);
  } finally {
    signal.removeEventListener('abort', end);
  }
};

/** A write may finish, but an answer of one byte at a time must not hold the run for hours beyond its deadline. */
const unlessEndless = async <Answer>(
  answer: Promise<Answer>,
  call: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<Answer> => {
  let takeBack: (() => void) | undefined;
  let wait = (): void => {};
  const endless = new Promise<never>((_resolve, reject) => {
    wait = () => {
      takeBack = clock.alarm?.(clock.now() + writeGraceMs, () =>
        reject(new Aborted(`${call} was cut off: it may have been carried out`)),
      );
    };
    signal.addEventListener('abort', wait, { once: true });
  });
  try {
    return await Promise.race([answer, endless]);
  } finally {
    signal.removeEventListener('abort', wait);
    takeBack?.();
  }
};
