import { type Instant, iso } from '../clock.ts';

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

/** Hidden where Markdown is shown. */
export const writeStamp = ({ tag, digest, since }: EvidenceStamp): string =>
  `<!-- model-delivery evidence ${tag} ${digest} ${iso(since)} -->`;

/** @param body a comment of this run's own token: a person can write any line */
export const readStamps = (body: string): readonly EvidenceStamp[] =>
  [...body.matchAll(line)].map(([, tag = '', digest = '', since = '']) => ({ tag, digest, since: Date.parse(since) }));
