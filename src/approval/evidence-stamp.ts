import { type Instant, iso } from '../clock.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { stateOf } from './write-decision.ts';

/**
 * A line in the comment that shows the evidence: which state of which version it shows, and since when. An approval without a version
 * is about the evidence that was shown before it, so an older one, or one of another state, does not count.
 */
export interface EvidenceStamp {
  /** `churn_v1.4.0`. */
  readonly tag: string;
  /** Twelve hex digits. */
  readonly digest: string;
  readonly since: Instant;
}

const line = /^<!-- model-delivery evidence (\S+) ([0-9a-f]{12}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) -->$/gm;

/** Of the state that the registry has now; any write to the package changes it. */
export const evidenceDigest = (registered: RegisteredVersion): string => stateOf(registered).slice(0, 12);

/** Hidden where Markdown is shown. */
export const writeStamp = ({ tag, digest, since }: EvidenceStamp): string =>
  `<!-- model-delivery evidence ${tag} ${digest} ${iso(since)} -->`;

/** @param body a comment of this run's own token: a person can write any line */
export const readStamps = (body: string): readonly EvidenceStamp[] =>
  [...body.matchAll(line)].map(([, tag = '', digest = '', since = '']) => ({ tag, digest, since: Date.parse(since) }));

/**
 * The stamp to write now: its time stays as long as the same state is shown.
 * @param present the stamps in the comment, as it is
 */
export const stampOf = (
  registered: RegisteredVersion,
  present: readonly EvidenceStamp[],
  now: Instant,
): EvidenceStamp =>
  shownStamp(registered, present) ?? { tag: registered.tag, digest: evidenceDigest(registered), since: now };

/** The stamp of the version's present state. Several environments may show it; it is shown since the first of them did. */
export const shownStamp = (
  registered: RegisteredVersion,
  present: readonly EvidenceStamp[],
): EvidenceStamp | undefined => {
  const digest = evidenceDigest(registered);
  return present
    .filter((stamp) => stamp.tag === registered.tag && stamp.digest === digest)
    .sort((one, other) => one.since - other.since)[0];
};
