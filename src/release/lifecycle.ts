import { type Instant, iso } from '../clock.ts';
import { reasonOfAbort } from '../operation.ts';
import type { ReasonCode } from '../reason-codes.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { convictions, served } from './history.ts';
import type { Release, ReleaseRecord } from './record.ts';

/**
 * The transitions of a release record: pure, from one record to the next. Every step raises the epoch; the store's compare-and-swap
 * makes sure that no other step happened.
 */

/** Ended releases kept for re-runs to be compared with. */
export const endedKept = 20;

/** The requester, in the record's terms. */
export interface Claim {
  readonly holder: string;
  readonly now: Instant;
  /** How long the claim stays valid without renewal. */
  readonly leaseMs: number;
}

/** Another release is live and its holder alive: the facts for a message. */
export interface Held {
  readonly is: 'held';
  readonly by: Release;
  /** `churn-1.4.0-… is live since …, held by … until …, <url>`. */
  readonly because: string;
}

export type Begun = { readonly is: 'begun'; readonly record: ReleaseRecord } | Held;
export type Taken = { readonly is: 'taken'; readonly record: ReleaseRecord } | Held;

/** The owner of the record. */
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

/** Held means: by another holder, and the lease has not expired. At the instant of its end it is free. */
export const isHeldFrom = ({ lease }: Pick<Release, 'lease'>, holder: string, now: Instant): boolean =>
  lease.holder !== holder && lease.until > now;

const heldFrom = (live: Release | undefined, holder: string, now: Instant): Held | undefined =>
  live !== undefined && isHeldFrom(live, holder, now)
    ? { is: 'held', by: live, because: describeHolder(live) }
    : undefined;

const describeHolder = (live: Release): string =>
  [
    `${live.operation} of ${live.version} (${live.id}) is live since ${iso(live.startedAt)}`,
    `held by ${live.lease.holder} until ${iso(live.lease.until)}`,
    ...(live.run.actor ? [`started by ${live.run.actor}`] : []),
    ...(live.run.url ? [live.run.url] : []),
  ].join(', ');

/**
 * Makes `release` the live one. A release that was left behind (its lease expired, or it has the same holder) ends as abandoned.
 * The caller has made sure that the endpoint is settled.
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

/** Continues the live release under the claim's name: the claim held it before, or its lease expired. */
export const takeOver = (record: ReleaseRecord, { holder, now, leaseMs }: Claim): Taken => {
  const held = heldFrom(record.live, holder, now);
  return (
    held ?? { is: 'taken', record: onLive(record, { lease: { holder, until: now + leaseMs }, leftUntil: undefined }) }
  );
};

/** Keeps a claim. A lease that another run took meanwhile is not taken back, even when it has expired again. */
export const renew = (record: ReleaseRecord, claim: Claim): Taken =>
  record.live && record.live.lease.holder !== claim.holder
    ? { is: 'held', by: record.live, because: describeHolder(record.live) }
    : takeOver(record, claim);

/** Members of the live release to change; `undefined` takes a member away. */
export type ReleasePatch = { readonly [Member in keyof Release]?: Release[Member] | undefined };

/** Records the live release's next action, or an observation. */
export const advance = (record: ReleaseRecord, patch: ReleasePatch): ReleaseRecord => onLive(record, patch);

/**
 * Leaves the live release to AWS, which carries it out without a run. Any run may go on with it at once. The watchdog does
 * not settle it before `until`.
 */
export const leave = (
  record: ReleaseRecord,
  { holder, now, until }: Pick<Claim, 'holder' | 'now'> & { readonly until: Instant },
): ReleaseRecord => onLive(record, { lease: { holder, until: now }, leftUntil: until });

/** Remembers that people were told of these events of a release, whether it is live or has ended. */
export const notified = (record: ReleaseRecord, id: string, keys: readonly string[]): ReleaseRecord => {
  const told = (release: Release): Release =>
    release.id === id ? { ...release, notified: [...new Set([...(release.notified ?? []), ...keys])] } : release;
  return raised({
    ...record,
    ended: record.ended.map(told),
    ...withoutUndefined({ live: record.live && told(record.live) }),
  });
};

export interface Ending {
  readonly outcome: NonNullable<Release['outcome']>;
  readonly reason: ReasonCode;
  readonly because: string;
  readonly at: Instant;
  /** The configuration that served at the end; `unknown` leaves the history unchanged. */
  readonly serving: NonNullable<Release['serving']>;
}

/** Ends the live release: in one step it moves to `ended`, and the history gets the configuration that serves. */
export const end = (record: ReleaseRecord, { outcome, reason, because, at, serving }: Ending): ReleaseRecord => {
  const { live } = record;
  if (live === undefined) throw new Error(`no release of ${record.endpoint} is live, so none can end`);
  const over: Release = { ...live, phase: 'ended', outcome, reason, because, serving, endedAt: at };
  return raised({ ...ended(record, over), history: served(record, over, serving, at) });
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

/** A run's request, for the comparison with earlier requests. */
export interface Request extends Pick<Claim, 'holder' | 'now'> {
  readonly operation: Release['operation'];
  readonly version: string;
  readonly planDigest: string;
  /** Try a version again that was taken back for cause. */
  readonly retry: boolean;
}

export type Decision =
  /** The same release is live, and this run may continue it (`takeOver`). */
  | { readonly is: 'resume'; readonly release: Release }
  /** It succeeded, and its version still serves. */
  | { readonly is: 'no-op'; readonly release: Release }
  /** The way is free. `abandons`: a release left behind, which `begin` will end; the endpoint must be settled first. */
  | { readonly is: 'new-attempt'; readonly attempt: number; readonly abandons?: Release }
  /** An earlier run was stopped and died during its cleanup: the cleanup is completed first, and then the decision is made again. */
  | { readonly is: 'stopping'; readonly release: Release }
  /** Convicted, or taken back without a known cause: `release.reason` tells which. */
  | { readonly is: 'already-convicted'; readonly release: Release }
  /** The same version is live with another plan. */
  | { readonly is: 'plan-changed'; readonly release: Release }
  | Held;

/** DESIGN §7 rule 9: the decision of a run that may be a re-run. */
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
  // A release that was left behind proves nothing about the version.
  const last = earlier.find(({ reason }) => reason !== 'abandoned');
  // A retry that lacked capacity or was cancelled proved nothing: a convicted version stays convicted until it succeeds. Either
  // half of a stepped release convicts for both, and a dark candidate acquits of nothing.
  const decided = record.ended.find(
    (release) =>
      release.operation !== 'rollback' &&
      release.version === request.version &&
      (isConvicted(record, release) || (release.outcome === 'succeeded' && release.reason !== 'candidate-dark')),
  );
  if (decided && !request.retry && request.operation !== 'rollback' && isConvicted(record, decided))
    return { is: 'already-convicted', release: decided };
  if (last?.outcome === 'succeeded' && last.planDigest === request.planDigest && stillServes(record, last))
    // The abandoned release may still replace it: it is settled first, and then the decision is made again.
    return live ? { is: 'new-attempt', attempt: last.attempt, abandons: live } : { is: 'no-op', release: last };

  // Failed releases with other plans count too: another bake does not change the configuration. Under the same name the new alarms
  // would read the earlier fleet's metrics, including its stop signal.
  const attempts = earlier
    .filter(({ planDigest, outcome }) => planDigest === request.planDigest || outcome !== 'succeeded')
    .map(({ attempt }) => attempt);
  return { is: 'new-attempt', attempt: 1 + Math.max(0, ...attempts), ...withoutUndefined({ abandons: live }) };
};

/**
 * Its run was cancelled or ran out of time. That run reported it, or died before that. Another run was not cancelled, so its
 * request is a new attempt, as after any cancellation.
 */
export const isStopping = ({ phase, reason, commands }: Release): boolean =>
  phase === 'settling'
    ? reason !== undefined && stoppedRuns.has(reason)
    : commands.some(({ command, reason: ends }) => command === 'abort' && ends !== undefined && stoppedRuns.has(ends));
const stoppedRuns: ReadonlySet<ReasonCode> = new Set([reasonOfAbort.cancelled, reasonOfAbort['timed-out']]);

const isSameWork = (release: Release, { operation, version }: Pick<Request, 'operation' | 'version'>): boolean =>
  release.operation === operation && release.version === version;

/**
 * The version was convicted during its release, or a rollback took it back after its success. A rejected version is not convicted:
 * every attempt first looks up its approval in the registry.
 */
const isConvicted = (record: ReleaseRecord, release: Release): boolean =>
  (release.reason !== undefined && convictions.has(release.reason)) ||
  record.history.some(
    // A config with a dark candidate serves the version before.
    ({ release: id, version, ended: how }) => id === release.id && version === release.version && how === 'rolled-back',
  );

/** The delivered configuration; for a dark candidate also the published one. */
const stillServes = ({ history }: ReleaseRecord, { candidate }: Release): boolean =>
  history.some(
    ({ endpointConfig, until }) =>
      until === undefined &&
      (endpointConfig === candidate.endpointConfig || endpointConfig === candidate.beside?.candidate),
  );
