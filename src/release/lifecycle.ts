import { type Instant, iso } from '../clock.ts';
import { reasonOfAbort } from '../operation.ts';
import type { ReasonCode } from '../reason-codes.ts';
import { convictions, served } from './history.ts';
import type { Release, ReleaseRecord } from './record.ts';

/**
 * What may become of a release record: pure, from one record to the next. Every step raises the epoch; the store's
 * compare-and-swap makes it the only step that happened.
 */

/** Ended releases kept for re-runs to be compared with. */
export const endedKept = 20;

/** Who asks, as the record knows them. */
export interface Claim {
  readonly holder: string;
  readonly now: Instant;
  /** How long the claim is good without being renewed. */
  readonly leaseMs: number;
}

/** Another release is live and its holder alive: everything a message needs. */
export interface Held {
  readonly is: 'held';
  readonly by: Release;
  /** `churn-1.4.0-… is live since …, held by … until …, <url>`. */
  readonly because: string;
}

export type Begun = { readonly is: 'begun'; readonly record: ReleaseRecord } | Held;
export type Taken = { readonly is: 'taken'; readonly record: ReleaseRecord } | Held;

/** Whose record it is. */
export interface Subject {
  readonly endpoint: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
}

export const newRecord = ({ endpoint, account, region }: Subject): ReleaseRecord => ({
  schemaVersion: 2,
  endpoint,
  account,
  region,
  epoch: 0,
  ended: [],
  history: [],
});

/** Held means: by somebody else, and the lease has not run out. At the instant it ends it is free. */
const heldFrom = (live: Release | undefined, holder: string, now: Instant): Held | undefined =>
  live === undefined || live.lease.holder === holder || live.lease.until <= now
    ? undefined
    : { is: 'held', by: live, because: describeHolder(live) };

const describeHolder = (live: Release): string =>
  [
    `${live.operation} of ${live.version} (${live.id}) is live since ${iso(live.startedAt)}`,
    `held by ${live.lease.holder} until ${iso(live.lease.until)}`,
    ...(live.run.actor ? [`started by ${live.run.actor}`] : []),
    ...(live.run.url ? [live.run.url] : []),
  ].join(', ');

/**
 * Makes `release` the live one. One that was left behind (its lease ran out, or it is the same holder's) is ended as abandoned;
 * whoever begins has seen to it that the endpoint is at rest.
 */
export const begin = (record: ReleaseRecord, release: Release, now: Instant): Begun => {
  const held = heldFrom(record.live, release.lease.holder, now);
  if (held) return held;
  const rested = record.live
    ? ended(record, {
        ...record.live,
        outcome: 'inconclusive',
        reason: 'abandoned',
        because: `left unfinished; ${release.lease.holder} began ${release.id}`,
        endedAt: now,
      })
    : record;
  return { is: 'begun', record: raised({ ...rested, live: release }) };
};

/** Goes on with the live release under the claim's name; whose it was, or whose lease ran out. */
export const takeOver = (record: ReleaseRecord, { holder, now, leaseMs }: Claim): Taken => {
  const held = heldFrom(record.live, holder, now);
  return held ?? { is: 'taken', record: onLive(record, { lease: { holder, until: now + leaseMs } }) };
};

/** Keeps a claim. A lease that somebody else took meanwhile is not taken back, even when it has run out again. */
export const renew = (record: ReleaseRecord, claim: Claim): Taken =>
  record.live && record.live.lease.holder !== claim.holder
    ? { is: 'held', by: record.live, because: describeHolder(record.live) }
    : takeOver(record, claim);

/** Members of the live release to change; `undefined` takes a member away. */
export type ReleasePatch = { readonly [Member in keyof Release]?: Release[Member] | undefined };

/** Writes down what the live release is about to do, or what was seen. */
export const advance = (record: ReleaseRecord, patch: ReleasePatch): ReleaseRecord => onLive(record, patch);

export interface Ending {
  readonly outcome: NonNullable<Release['outcome']>;
  readonly reason: ReasonCode;
  readonly because: string;
  readonly at: Instant;
  /** What was seen to serve at the end; `unknown` leaves the history as it is. */
  readonly serving: NonNullable<Release['serving']>;
}

/** Ends the live release: it moves to `ended`, and what served is written down, in one step. */
export const end = (record: ReleaseRecord, { outcome, reason, because, at, serving }: Ending): ReleaseRecord => {
  const { live } = record;
  if (live === undefined) throw new Error(`no release of ${record.endpoint} is live, so none can end`);
  const over: Release = { ...live, phase: 'ended', outcome, reason, because, serving, endedAt: at };
  return raised({ ...ended(record, over), history: served(record.history, over, serving, at) });
};

const ended = ({ live: _live, ...record }: ReleaseRecord, over: Release): ReleaseRecord => ({
  ...record,
  ended: [{ ...over, phase: 'ended' as const }, ...record.ended].slice(0, endedKept),
});

const onLive = (record: ReleaseRecord, patch: ReleasePatch): ReleaseRecord => {
  if (record.live === undefined) throw new Error(`no release of ${record.endpoint} is live, so none can change`);
  const changed = Object.fromEntries(
    Object.entries({ ...record.live, ...patch }).filter(([, value]) => value !== undefined),
  );
  return raised({ ...record, live: changed as unknown as Release });
};

const raised = (record: ReleaseRecord): ReleaseRecord => ({ ...record, epoch: record.epoch + 1 });

/** What a run asks for, when it looks whether the same was asked before. */
export interface Request extends Pick<Claim, 'holder' | 'now'> {
  readonly operation: Release['operation'];
  readonly version: string;
  readonly planDigest: string;
  /** Try a version again that was taken back for cause. */
  readonly retry: boolean;
}

export type Decision =
  /** The same release is live and ours to go on with (`takeOver`). */
  | { readonly is: 'resume'; readonly release: Release }
  /** It succeeded, and what it delivered still serves. */
  | { readonly is: 'no-op'; readonly release: Release }
  /** Nothing stands in the way. `abandons`: a release left behind that `begin` will end; the endpoint must be at rest first. */
  | { readonly is: 'new-attempt'; readonly attempt: number; readonly abandons?: Release }
  /** An earlier run of it was stopped and died before it had put everything back: that is done first, and then this is asked again. */
  | { readonly is: 'stopping'; readonly release: Release }
  | { readonly is: 'already-convicted'; readonly release: Release }
  /** The same version is live with another plan. */
  | { readonly is: 'plan-changed'; readonly release: Release }
  | Held;

/** DESIGN §7 rule 9: what a run that may be a re-run does. */
export const rerunDecision = (record: ReleaseRecord, request: Request): Decision => {
  const { live } = record;
  const held = heldFrom(live, request.holder, request.now);
  if (held) return held;
  if (live && isSameWork(live, request) && isStopping(live)) return { is: 'stopping', release: live };
  if (live && isSameWork(live, request))
    return live.planDigest === request.planDigest
      ? { is: 'resume', release: live }
      : { is: 'plan-changed', release: live };

  const earlier = record.ended.filter((release) => isSameWork(release, request));
  // A release that was left behind says nothing about the version.
  const last = earlier.find(({ reason }) => reason !== 'abandoned');
  // A retry that lacked capacity or was cancelled proved nothing: what was convicted before it still is, until it succeeds.
  // Of the two halves of a stepped release either convicts for both, and coming up dark acquits of nothing.
  const decided = record.ended.find(
    (release) =>
      release.operation !== 'rollback' &&
      release.version === request.version &&
      (isConvicted(record, release) || (release.outcome === 'succeeded' && release.reason !== 'candidate-dark')),
  );
  if (decided && !request.retry && request.operation !== 'rollback' && isConvicted(record, decided))
    return { is: 'already-convicted', release: decided };
  if (last?.outcome === 'succeeded' && last.planDigest === request.planDigest && stillServes(record, last))
    // What was left behind may yet replace it: it is brought to rest first, and then this is asked again.
    return live ? { is: 'new-attempt', attempt: last.attempt, abandons: live } : { is: 'no-op', release: last };

  // Also over other plans that did not succeed: another bake makes no other configuration, and under the same name the new alarms
  // would read what the earlier fleet left behind, the order to stop among it.
  const attempts = earlier
    .filter(({ planDigest, outcome }) => planDigest === request.planDigest || outcome !== 'succeeded')
    .map(({ attempt }) => attempt);
  return { is: 'new-attempt', attempt: 1 + Math.max(0, ...attempts), ...(live ? { abandons: live } : {}) };
};

/**
 * The run that carried it was cancelled or ran out of time. That run said so, or died over it; another run was not cancelled, and what it
 * asks for is a new attempt, as after any cancellation.
 */
export const isStopping = ({ phase, reason, commands }: Release): boolean =>
  phase === 'settling'
    ? reason !== undefined && stoppedRuns.has(reason)
    : commands.some(({ command, reason: ends }) => command === 'abort' && ends !== undefined && stoppedRuns.has(ends));
const stoppedRuns: ReadonlySet<ReasonCode> = new Set([reasonOfAbort.cancelled, reasonOfAbort['timed-out']]);

const isSameWork = (release: Release, { operation, version }: Pick<Request, 'operation' | 'version'>): boolean =>
  release.operation === operation && release.version === version;

/**
 * Convicted while it was released, or taken back by a rollback after it had succeeded. Rejected is not convicted: whether it is
 * approved again is looked up in the registry, before every attempt.
 */
const isConvicted = (record: ReleaseRecord, release: Release): boolean =>
  (release.reason !== undefined && convictions.has(release.reason)) ||
  record.history.some(({ release: id, ended: how }) => id === release.id && how === 'rolled-back');

/** As it was delivered; a dark candidate also when it has been published since. */
const stillServes = ({ history }: ReleaseRecord, { candidate }: Release): boolean =>
  history.some(
    ({ endpointConfig, until }) =>
      until === undefined &&
      (endpointConfig === candidate.endpointConfig || endpointConfig === candidate.beside?.candidate),
  );
