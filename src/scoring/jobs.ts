import type { TransformSite } from './site.ts';
import type { Standing } from './standing.ts';
import { temporaryName } from './temporary.ts';
import type { Job } from './transform.ts';

/** Of the model and the endpoint that are made for an attempt. */
export const nameOf = ({ subject, id }: Standing, attempt: number): string =>
  temporaryName(subject.endpoint, { of: id, attempt });

/** The batch transform job of a site. */
export const jobOf = (at: Standing, site: TransformSite, attempt: number): Job => {
  const name = temporaryName(at.subject.endpoint, { of: at.id, attempt, job: site.side });
  return { site, name, model: site.model ?? nameOf(at, attempt), folder: at.folder, attempt };
};

export const jobsOf = (at: Standing, attempt: number): readonly Job[] =>
  [at.candidate, at.baseline].flatMap((site) => (site?.is === 'transform' ? [jobOf(at, site, attempt)] : []));
