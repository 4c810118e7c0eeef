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

const line = /^<!-- model-delivery evidence (\S+) ([0-9a-f]{12}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) -->$/m;

/** Of the state that the registry has now; any write to the package changes it. */
export const evidenceDigest = (registered: RegisteredVersion): string => stateOf(registered).slice(0, 12);

/** Hidden where Markdown is shown. */
export const writeStamp = ({ tag, digest, since }: EvidenceStamp): string =>
  `<!-- model-delivery evidence ${tag} ${digest} ${iso(since)} -->`;

/** @param body a comment of this run's own token: a person can write any line */
export const readStamp = (body: string): EvidenceStamp | undefined => {
  const [, tag, digest, since] = line.exec(body) ?? [];
  return tag && digest && since ? { tag, digest, since: Date.parse(since) } : undefined;
};

/**
 * The stamp to write now. The time stays as long as the same state is shown. A version that is decided keeps the stamp of the state that
 * was decided about: the decision itself is a write to the package, and must not make a rejection older than the evidence.
 * @param present the stamp in the comment, as it is
 */
export const stampOf = (
  registered: RegisteredVersion,
  present: EvidenceStamp | undefined,
  now: Instant,
): EvidenceStamp => {
  const { tag, approval } = registered;
  const digest = evidenceDigest(registered);
  const kept = present?.tag === tag && (present.digest === digest || approval !== 'PendingManualApproval');
  return kept ? present : { tag, digest, since: now };
};
