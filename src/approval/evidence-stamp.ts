import type { RegisteredVersion } from '../registry/registered-version.ts';
import { stateOf } from './write-decision.ts';

/** Of the state that the registry has now, for the stamp of the evidence; any write to the package changes it. */
export const evidenceDigest = (registered: RegisteredVersion): string => stateOf(registered).slice(0, 12);
