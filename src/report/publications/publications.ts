import type { GitHubWrites, Place } from '../../github/github.ts';
import { offers } from '../../offers.ts';
import type { OperationName } from '../../operation.ts';
import type { Report } from '../result.ts';
import { checkOf } from './check.ts';
import { commentOf, markerOf } from './comment.ts';
import { deploymentBegun, deploymentOf } from './deployment.ts';
import type { Subject } from './subject.ts';

/** Where a run's publications go. */
export interface Occasion {
  /** The thread of comments: the pull request's, or the commit's where there is none. Looked up when it is needed. */
  place(): Promise<Place>;
  /** The commit that the pull request shows; on `pull_request` a job itself runs on a merge commit. */
  readonly commit: string;
}

export interface Ended {
  readonly report: Report;
  readonly subject: Subject;
  readonly occasion: Occasion;
  /** Whether the step is green. */
  readonly green: boolean;
  /** Whether `began` of this publication was called. */
  readonly begun: boolean;
}

export interface Begun {
  readonly operation: OperationName;
  readonly subject: Subject;
  readonly occasion: Occasion;
  readonly url?: string;
}

/** A thing that a run writes to GitHub, besides its outputs and its job summary. None can fail a delivery. */
export interface Publication {
  /** The operations that publish it when the user names it. */
  readonly of: readonly OperationName[];
  /** Those that publish it on a pull request when the user names nothing. */
  readonly byDefault: readonly OperationName[];
  /** Also published while the run waits for people: where they read the facts for their decision. */
  readonly shows?: true;
  /** At the first change to the endpoint; absent where only the end is published. */
  began?(begun: Begun, github: GitHubWrites): Promise<void>;
  ended(ended: Ended, github: GitHubWrites): Promise<void>;
}

const all = Object.keys(offers) as readonly OperationName[];

export const publications = {
  comment: {
    of: all,
    byDefault: all,
    shows: true,
    ended: async ({ report, subject, occasion }, github) =>
      github.upsertComment(await occasion.place(), markerOf(subject.model), (present) =>
        commentOf(report, subject, present),
      ),
  },
  check: {
    of: all,
    // The other operations' jobs are checks already; a gate has a verdict of its own.
    byDefault: ['approve-gate', 'regression-test'],
    ended: ({ report, subject, occasion, green }, github) =>
      github.putCheck(checkOf(report, subject, occasion.commit, green)),
  },
  deployment: {
    of: ['deploy-endpoint', 'shift-traffic', 'rollback'],
    // A job with `environment:` has a deployment of GitHub's own.
    byDefault: [],
    began: ({ operation, subject, occasion, url }, github) =>
      github.putDeployment(deploymentBegun(operation, subject, occasion.commit, url)),
    ended: async ({ report, subject, occasion, begun }, github) => {
      const deployment = deploymentOf(report, subject, occasion.commit, begun);
      if (deployment !== undefined) await github.putDeployment(deployment);
    },
  },
} as const satisfies Readonly<Record<string, Publication>>;

export type PublicationName = keyof typeof publications;
export const publicationNames = Object.keys(publications) as readonly PublicationName[];

/** The user's wish: `auto`, or the names; none for `none`. */
export type Wish = 'auto' | readonly PublicationName[];

/** The publications of a run by the user's wish, in the order of the table. */
export const wanted = (wish: Wish, operation: OperationName, onPullRequest: boolean): readonly PublicationName[] =>
  publicationNames.filter((name) => {
    const { of, byDefault }: Publication = publications[name];
    return wish === 'auto'
      ? onPullRequest && byDefault.includes(operation)
      : wish.includes(name) && of.includes(operation);
  });
