import { invocationOf } from '../../answers/invocation.ts';
import { classify } from '../../aws/errors.ts';
import { mostUnanswered } from '../../aws/most-unanswered.ts';
import { Throttled } from '../../aws/retry.ts';
import { type Instant, seconds } from '../../clock.ts';
import type { RequestForm } from '../../manifest/asking.ts';
import { histogramOf, rounded } from '../../regression/load/histogram.ts';
import type { Outcome } from '../../regression/load/outcome.ts';
import type { LoadStep } from '../../regression/load/steps.ts';
import { type World, writesOf } from '../../world.ts';
import type { Endpoint } from '../site.ts';

/** A sender that is so late has lost its schedule, and would send faster than it says to catch up. */
const lostScheduleMs = seconds(1);

type Count = 'good' | 'modelErrors' | 'refused' | 'lost';

/** The requests of a step. */
export interface Requests {
  readonly to: Endpoint;
  readonly form: RequestForm;
  /** Of the request with this number, from 0. */
  readonly body: (number: number) => Buffer;
}

/**
 * Sends the requests of one step and waits for their answers.
 *
 * In an open loop requests have times of their own, which no answer moves: a slow model gets as many as a fast one. A latency counts from the
 * time at which its request was due, so that what waited behind a slow answer shows it ("coordinated omission" hides it). In a closed loop
 * each caller sends its next request when it has its answer.
 * @throws {Throttled} when the endpoint could not be reached at all
 */
export const drive = async (world: World, step: LoadStep, requests: Requests): Promise<Outcome> => {
  const { clock, signal } = world;
  // Where time stands still while this process works, an answer comes at once and names its virtual time.
  const answersAtOnce = clock.alarm === undefined;
  const begun = clock.now();
  const until = begun + seconds(step.seconds);
  const counts: Record<Count, number> = { good: 0, modelErrors: 0, refused: 0, lost: 0 };
  const latencies = new Map<number, number>();
  const lag = new Map<number, number>();
  const unanswered = new Set<Promise<void>>();
  /** Instants from which a caller of the closed loop is free. */
  const free: Instant[] = step.is === 'closed' ? Array<Instant>(step.concurrency).fill(begun) : [];
  let ended = begun;
  let sent = 0;
  let failure: unknown;
  let passing: unknown;

  const add = (to: Map<number, number>, milliseconds: number): void => {
    const value = rounded(milliseconds);
    to.set(value, (to.get(value) ?? 0) + 1);
  };

  const send = async (due: Instant): Promise<void> => {
    const at = clock.now();
    const { is, durationMs, error } = await invoke(world, requests, sent++);
    const answered = Math.max(clock.now(), at + durationMs);
    ended = Math.max(ended, answered);
    add(lag, at - due);
    if (step.is === 'closed') free.push(answered);
    if (is === undefined) {
      failure ??= error;
      return;
    }
    counts[is]++;
    if (is === 'good') add(latencies, answered - due);
    if (is === 'lost') passing = error;
  };

  /** When the next request is due; undefined: none is. */
  const next = async (): Promise<Instant | undefined> => {
    if (step.is === 'open') {
      const due = begun + (sent / step.rate) * 1000;
      return due < until ? due : undefined;
    }
    while (free.length === 0) await Promise.race(unanswered);
    const earliest = Math.min(...free);
    if (earliest >= until || sent >= step.mostRequests) return undefined;
    free.splice(free.indexOf(earliest), 1);
    return earliest;
  };

  let stopped: Outcome['stopped'];
  for (let due = await next(); due !== undefined; due = await next()) {
    await clock.sleepUntil(due, signal);
    if (signal.aborted || failure !== undefined) break;
    if (step.is === 'open' && clock.now() - due > lostScheduleMs) stopped = 'lag';
    else if (unanswered.size >= mostUnanswered) stopped = 'unanswered';
    if (stopped !== undefined) break;
    // A caller of the closed loop has no schedule to keep.
    const request = send(step.is === 'open' ? due : clock.now()).finally(() => unanswered.delete(request));
    unanswered.add(request);
    if (answersAtOnce) await request;
  }
  await Promise.all(unanswered);
  if (failure !== undefined) throw failure;
  // In a closed loop the callers are free again; the queue is empty before the next step begins.
  await clock.sleepUntil(ended, signal);
  signal.throwIfAborted();
  if (counts.lost > 0 && counts.lost === sent) throw new Throttled(clock.now() + seconds(30), passing);
  const planned = step.is === 'open' ? Math.ceil(step.rate * step.seconds) : sent;
  return {
    seconds: (ended - begun) / 1000,
    ...counts,
    latencies: histogramOf(latencies),
    unsent: stopped === 'unanswered' ? Math.max(0, planned - sent) : 0,
    lag: histogramOf(lag),
    ...(stopped === undefined ? {} : { stopped }),
  };
};

interface Ended {
  /** Absent for an error that says nothing about load, such as a missing permission. */
  readonly is?: Count;
  readonly durationMs: number;
  readonly error?: unknown;
}

/** Only whether there is a good answer counts: the models' answers were compared before. */
const invoke = async (world: World, { to, form, body }: Requests, number: number): Promise<Ended> => {
  try {
    const { durationMs } = await writesOf(world).runtime.invokeEndpointOnce(invocationOf(to, form, body(number)));
    return { is: 'good', durationMs };
  } catch (error) {
    const { durationMs = 0 } = error as { readonly durationMs?: number };
    const is = endOf(error);
    return { durationMs, error, ...(is === undefined ? {} : { is }) };
  }
};

const endOf = (error: unknown): Count | undefined => {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'ModelError') return 'modelErrors';
  const kind = classify(error);
  if (kind === 'throttled' || error.name === 'ServiceUnavailable') return 'refused';
  return kind === 'transient' || kind === 'unreachable' ? 'lost' : undefined;
};
