import type { Instant } from '../clock.ts';
import type { ReasonCode } from '../reason-codes.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Configuration, Release, ReleaseRecord, Served } from './record.ts';

/** Entries kept; enough for every version that a team would go back to. */
export const historyKept = 50;

/**
 * Reasons that forbid an automatic second attempt of a version. An alarm, the judge, a check or a person judged it. Or the cause of
 * its rollback is unknown (`cause-unknown` is never resubmitted by itself, DESIGN §7 rule 9). Or it could not be taken back.
 */
export const convictions: ReadonlySet<ReasonCode> = new Set([
  'alarm',
  'convicted',
  'safety-net',
  'health-check',
  'dark-checks-failed',
  'smoke-failed',
  'aborted-by-hand',
  'cause-unknown',
  'rollback-failed',
]);

/** The history after `release` ended at `at`, with the configuration that served then. Newest first. */
export const served = (
  { history, ended }: Pick<ReleaseRecord, 'history' | 'ended'>,
  release: Release,
  serving: 'candidate' | 'baseline' | 'unknown',
  at: Instant,
): readonly Served[] => {
  if (serving === 'unknown') return history;
  const before = withBaseline(history, release);
  const after =
    serving === 'candidate'
      ? replaced(withExposed(before, release, ended, at), release, at)
      : takenBack(before, release, at);
  return after.slice(0, historyKept);
};

/** A configuration that others deployed served too, and nothing is known against it. */
const withBaseline = (history: readonly Served[], { baseline, startedAt }: Release): readonly Served[] =>
  baseline === undefined || serves(history)?.endpointConfig === baseline.endpointConfig
    ? history
    : [{ ...baseline, from: startedAt, good: true }, ...closed(history, startedAt, 'replaced')];

/** A rollback from a candidate that was never published, but had traffic: it is the candidate that was taken back. */
const withExposed = (
  history: readonly Served[],
  { operation, outcome, baseline, startedAt, rejected }: Release,
  ended: readonly Release[],
  at: Instant,
): readonly Served[] => {
  if (operation !== 'rollback' || outcome !== 'succeeded' || baseline?.beside === undefined) return history;
  const serving = serves(history);
  if (serving === undefined || serving.version === baseline.version) return history;
  const made = ended.find(({ candidate }) => candidate.endpointConfig === baseline.endpointConfig);
  return [
    {
      ...baseline,
      ...withoutUndefined({ release: made?.id }),
      from: startedAt,
      until: at,
      good: false,
      ended: rejected ? 'rejected' : 'rolled-back',
    },
    ...closed(history, at, 'replaced'),
  ];
};

const replaced = (history: readonly Served[], release: Release, at: Instant): readonly Served[] => {
  const { candidate, id, operation, outcome, withdraws } = release;
  const before = serves(history);
  // The version that serves stays when a candidate comes up beside it, or goes: a rollback from it still concerns its own release, and how
  // the candidate ended says nothing about it.
  const stays = candidate.beside !== undefined || withdraws !== undefined;
  const good = (stays ? before?.good : undefined) ?? outcome === 'succeeded';
  const by = withoutUndefined({ release: stays ? before?.release : id });
  if (before?.endpointConfig === candidate.endpointConfig)
    return history.map((entry) => (entry.until === undefined ? { ...entry, ...by, good } : entry));
  const leaves = operation === 'rollback' && good && !stays;
  const how = leaves ? (release.rejected ? 'rejected' : 'rolled-back') : 'replaced';
  return [{ ...shownAs(release), ...by, from: at, good }, ...closed(history, at, how)];
};

/** A config that only adds a dark candidate still serves the version before. */
export const shownAs = ({ candidate, baseline }: Pick<Release, 'candidate' | 'baseline'>): Configuration =>
  candidate.beside && baseline
    ? { ...baseline, endpointConfig: candidate.endpointConfig, beside: candidate.beside }
    : candidate;

/**
 * A release that was taken back for cause must stay known. A release that lacked capacity, traffic or time proved nothing and
 * leaves no trace. Neither does a release that ended before it submitted anything: its config never served, and perhaps was never
 * created.
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
  // The serving configuration stays in front: it is newer than any ended one.
  const [first, ...rest] = history;
  return first && first.until === undefined ? [first, entry, ...rest] : [entry, ...history];
};

/** A rejection is not a verdict: the registry alone decides whether the version is tried again. */
const howTakenBack = (reason: ReasonCode): 'rolled-back' | 'rejected' | undefined => {
  if (reason === 'approval-withdrawn') return 'rejected';
  return convictions.has(reason) ? 'rolled-back' : undefined;
};

/** A rejection says nothing about how the version served. */
const closed = (history: readonly Served[], at: Instant, how: NonNullable<Served['ended']>): readonly Served[] =>
  history.map((entry) =>
    entry.until === undefined
      ? { ...entry, until: at, ended: how, ...(how === 'rolled-back' ? { good: false } : {}) }
      : entry,
  );

/** The serving configuration, as far as the suite has seen. */
export const serves = (history: readonly Served[]): Served | undefined =>
  history.find(({ until }) => until === undefined);

/**
 * The newest configuration that served well and whose version was not taken back for cause afterwards. This defines "last good".
 * A version that was left because it was rejected is not good.
 * @param except the configuration to leave: usually the one that serves now
 */
export const lastGood = (history: readonly Served[], except?: Identity): Served | undefined =>
  history.find((entry) => !(except && isSameVersion(entry, except)) && suitabilityOf(history, entry).is === 'good');

/** Whether the history leads back to one of its entries; or the clause of why it does not. */
export type Suitability =
  | { readonly is: 'good' }
  /** It served well and was left because it was rejected: it is good again once the registry has it as approved. */
  | { readonly is: 'left-rejected' }
  | { readonly is: 'bad'; readonly because: string };

export const suitabilityOf = (history: readonly Served[], entry: Served): Suitability => {
  if (endedSince(history, entry, 'rolled-back')) return { is: 'bad', because: 'was rolled back' };
  if (!entry.good)
    return {
      is: 'bad',
      because: entry.ended === 'rejected' ? 'had not served well before it was rejected' : 'did not serve well',
    };
  return { is: endedSince(history, entry, 'rejected') ? 'left-rejected' : 'good' };
};

const endedSince = (history: readonly Served[], good: Served, how: Served['ended']): boolean =>
  history.some(
    (entry) =>
      entry.ended === how &&
      isSameVersion(entry, good) &&
      (entry.until ?? Number.POSITIVE_INFINITY) >= (good.until ?? Number.POSITIVE_INFINITY),
  );

type Identity = Pick<Configuration, 'endpointConfig' | 'version' | 'beside'>;

/** Compares versions where both have one; a configuration that others deployed is identified by its name alone. */
export const isSameVersion = (one: Identity, other: Identity): boolean =>
  nameAlone(one) === nameAlone(other) || (one.version !== undefined && one.version === other.version);

/** The config of others that serves in a config with a candidate beside it: the same configuration as without the candidate. */
export const nameAlone = ({ endpointConfig, version, beside }: Identity): string =>
  (version === undefined ? beside?.baseline : undefined) ?? endpointConfig;
