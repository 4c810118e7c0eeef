import type { Instant } from '../clock.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { Configuration, Release, Served } from './record.ts';

/** Entries kept; enough for every version anybody would go back to. */
export const historyKept = 50;

/**
 * Reasons for which a version is not tried again by itself: it was judged, by an alarm, the judge, a check or a person; or nobody knows
 * what took it back (`cause-unknown` is never resubmitted by itself, DESIGN §7 rule 9), or what kept it from being taken back.
 */
export const convictions: ReadonlySet<ReasonCode> = new Set([
  'alarm',
  'convicted',
  'safety-net',
  'health-check',
  'dark-checks-failed',
  'aborted-by-hand',
  'cause-unknown',
  'rollback-failed',
]);

/** The history after `release` ended at `at`, with what was then seen to serve. Newest first. */
export const served = (
  history: readonly Served[],
  release: Release,
  serving: 'candidate' | 'baseline' | 'unknown',
  at: Instant,
): readonly Served[] => {
  if (serving === 'unknown') return history;
  const before = withBaseline(history, release);
  const after = serving === 'candidate' ? replaced(before, release, at) : takenBack(before, release, at);
  return after.slice(0, historyKept);
};

/** What the suite did not deploy served too, and nothing is known against it. */
const withBaseline = (history: readonly Served[], { baseline, startedAt }: Release): readonly Served[] =>
  baseline === undefined || serves(history)?.endpointConfig === baseline.endpointConfig
    ? history
    : [{ ...baseline, from: startedAt, good: true }, ...closed(history, startedAt, 'replaced')];

const replaced = (history: readonly Served[], release: Release, at: Instant): readonly Served[] => {
  const { candidate, id, operation, outcome } = release;
  const good = outcome === 'succeeded';
  if (serves(history)?.endpointConfig === candidate.endpointConfig)
    return history.map((entry) => (entry.until === undefined ? { ...entry, release: id, good } : entry));
  const how = operation === 'rollback' && good ? 'rolled-back' : 'replaced';
  return [{ ...shownAs(release), release: id, from: at, good }, ...closed(history, at, how)];
};

/** A config that only adds a dark candidate goes on serving what served before. */
export const shownAs = ({ candidate, baseline }: Pick<Release, 'candidate' | 'baseline'>): Configuration =>
  candidate.beside && baseline
    ? { ...baseline, endpointConfig: candidate.endpointConfig, beside: candidate.beside }
    : candidate;

/**
 * Taken back for cause: that must not be forgotten. What lacked capacity, traffic or time proved nothing and leaves no trace, nor does a
 * release that ended before it submitted anything: its config never served, and perhaps was never made.
 */
const takenBack = (history: readonly Served[], release: Release, at: Instant): readonly Served[] => {
  const { candidate, id, baseline, reason, witnessed, stepping } = release;
  const how = reason && howTakenBack(reason);
  const couldServe = witnessed.submittedAt !== undefined || stepping !== undefined;
  if (how === undefined || !couldServe || candidate.endpointConfig === baseline?.endpointConfig) return history;
  const entry: Served = {
    ...candidate,
    release: id,
    from: witnessed.submittedAt ?? at,
    until: at,
    good: false,
    ended: how,
  };
  // What serves stays in front: it is newer than anything that ended.
  const [first, ...rest] = history;
  return first && first.until === undefined ? [first, entry, ...rest] : [entry, ...history];
};

/** A rejection is no verdict: the registry alone decides whether the version is tried again. */
const howTakenBack = (reason: ReasonCode): 'rolled-back' | 'rejected' | undefined => {
  if (reason === 'approval-withdrawn') return 'rejected';
  return convictions.has(reason) ? 'rolled-back' : undefined;
};

const closed = (history: readonly Served[], at: Instant, how: NonNullable<Served['ended']>): readonly Served[] =>
  history.map((entry) =>
    entry.until === undefined
      ? { ...entry, until: at, ended: how, ...(how === 'rolled-back' ? { good: false } : {}) }
      : entry,
  );

/** What serves, as far as the suite has seen. */
export const serves = (history: readonly Served[]): Served | undefined =>
  history.find(({ until }) => until === undefined);

/**
 * The newest configuration that served well and whose version was not taken back for cause afterwards; what "last good" means.
 * @param except what to get away from: usually what serves now
 */
export const lastGood = (
  history: readonly Served[],
  except?: Pick<Configuration, 'endpointConfig' | 'version'>,
): Served | undefined =>
  history.find(
    (entry) => entry.good && !(except && isSameVersion(entry, except)) && !wasConvictedSince(history, entry),
  );

const wasConvictedSince = (history: readonly Served[], good: Served): boolean =>
  history.some(
    (entry) =>
      (entry.ended === 'rolled-back' || entry.ended === 'rejected') &&
      isSameVersion(entry, good) &&
      (entry.until ?? Number.POSITIVE_INFINITY) >= (good.until ?? Number.POSITIVE_INFINITY),
  );

/** By version where both have one; what the suite did not deploy is known by its configuration alone. */
const isSameVersion = (
  one: Pick<Configuration, 'endpointConfig' | 'version'>,
  other: Pick<Configuration, 'endpointConfig' | 'version'>,
): boolean =>
  one.endpointConfig === other.endpointConfig || (one.version !== undefined && one.version === other.version);
