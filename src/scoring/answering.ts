import { withoutUndefined } from '../without-undefined.ts';
import type { Deciding } from './decide.ts';
import { jobOf } from './jobs.ts';
import type { Endpoint } from './site.ts';
import type { Standing } from './standing.ts';

/** The facts by which the answers of the attempt are found. */
export const answeringOf = (at: Standing): Omit<Deciding, 'names' | 'checks'> => {
  const { regression, golden, parts, baseline, folder, memory, registered } = at;
  const { attempt = 1 } = memory;
  return {
    ...{ regression, parts, folder, attempt },
    candidate: at.candidate ?? keptSite(registered.tag),
    jobOf: (site) => jobOf(at, site, attempt),
    ...withoutUndefined({ golden, baseline }),
  };
};

/** The kept answers of an endpoint that may be gone. */
export const keptSite = (name: string): Endpoint => ({ is: 'endpoint', name, endpoint: '', content: '' });
