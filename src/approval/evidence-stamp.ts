import type { EvidenceStamp } from '../findings/evidence-stamp.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { stateOf } from './write-decision.ts';

/** Of the state that the registry has now, for the stamp of the evidence; any write to the package changes it. */
export const evidenceDigest = (registered: RegisteredVersion): string => stateOf(registered).slice(0, 12);

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
