import type { ReleaseRecord } from './record.ts';

/** Unique in its record: the epoch of its beginning rises with every write. */
export const releaseId = ({ endpoint, epoch }: ReleaseRecord, version: string, planDigest: string): string =>
  `${endpoint}-${version}-${planDigest.slice(0, 8)}-${epoch + 1}`;
