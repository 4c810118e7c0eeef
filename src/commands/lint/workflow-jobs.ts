import { parse } from 'yaml';

/** A workflow of the user's repository. */
export interface WorkflowText {
  readonly path: string;
  readonly text: string;
}

/** A step, or a job that calls a workflow. */
export interface Step {
  readonly uses?: unknown;
  readonly with?: Readonly<Record<string, unknown>>;
}
export interface Job extends Step {
  readonly environment?: unknown;
  readonly steps?: unknown;
}

export const usesOf = ({ uses }: Step): string => String(uses ?? '');

/** GitHub itself refuses a workflow that cannot be read, so this lint ignores it. */
export const jobsOf = (text: string): Readonly<Record<string, Job>> => {
  try {
    const { jobs } = parse(text) as { readonly jobs?: unknown };
    return typeof jobs === 'object' && jobs !== null
      ? Object.fromEntries(Object.entries(jobs).filter(([, job]) => typeof job === 'object' && job !== null))
      : {};
  } catch {
    return {};
  }
};
