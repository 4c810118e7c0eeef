import type { Release, ReleaseRecord } from '../../src/release/record.ts';

/** A record of this suite under schema 1: one shape of submission, with zeros where a member does not apply. */
export const asSchema1 = (record: ReleaseRecord): string => {
  const { live, ended } = record;
  return JSON.stringify({
    ...record,
    schemaVersion: 1,
    ...(live ? { live: releaseOf(live) } : {}),
    ended: ended.map(releaseOf),
  });
};

const releaseOf = ({ submission, ...release }: Release): object => {
  const { mechanism: _, ...named } = submission;
  const { endpointKind, ...kept } = { endpointKind: undefined, ...named };
  const asynchronous = endpointKind === 'asynchronous' ? { asynchronous: true } : {};
  const zeros = { exclude: [], bakeSeconds: 0, finalBakeSeconds: 0, timeoutSeconds: 3600, minimumRequests: 0 };
  return { ...release, submission: { ...zeros, expectedSeconds: 300, ...kept, ...asynchronous } };
};
