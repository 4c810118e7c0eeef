import { Throttled } from '../aws/retry.ts';
import { type Clock, iso, limitAt, seconds } from '../clock.ts';
import type { Env } from '../env.ts';
import type { Repository } from '../github/client.ts';
import type { GitHub, GitHubWrites } from '../github/github.ts';
import { type GitHubAccess, openGitHub } from '../github/open-github.ts';
import type { OperationName } from '../operation.ts';
import {
  type Occasion,
  type Publication,
  type PublicationName,
  publications,
  type Wish,
  wanted,
} from '../report/publications/publications.ts';
import type { Subject } from '../report/publications/subject.ts';
import type { Report } from '../report/result.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Run } from '../world.ts';
import { occasionOf, pullRequestIn } from './occasion.ts';

/** Publishes a run at GitHub. Nothing of it can fail or hold the delivery (DESIGN §7 rule 13). */
export interface Publisher {
  /** Whether the user named the publications; a wish that fails is a warning. */
  readonly named: boolean;
  /** Opens GitHub with the run's clock, for the run itself too. */
  open(clock: Clock): GitHubAccess;
  /** The run begins to change the endpoint; returns at once. */
  begins(subject: Subject): void;
  /** The run waits for people, who read the report as of now there; returns at once. */
  shows(report: Report): void;
  /** @returns a sentence for each cause for which something was not published; each missing permission once */
  ended(report: Report, green: boolean): Promise<readonly string[]>;
}

export interface Publishing {
  readonly repository: Repository;
  readonly wish: Wish;
  readonly operation: OperationName;
  readonly env: Env;
  readonly run: Run;
  /** Aborted when the run is cancelled: the runner is about to kill the process. */
  readonly signal: AbortSignal;
}

const limitMs = seconds(30);
/** GitHub sends SIGTERM 7.5 s after SIGINT (`signals.ts`), and the release had to be settled first. */
const limitAfterSignalMs = seconds(2);

export const publisherFor = ({ repository, wish, operation, env, run, signal }: Publishing): Publisher => {
  const pull = pullRequestIn(env);
  const names = wanted(wish, operation, pull !== undefined);
  const failed = new Map<string, Set<PublicationName>>();
  const skip = wish === 'auto' && pull?.readOnly === true;
  let opened: { readonly access: GitHubAccess; readonly clock: Clock } | undefined;
  let begun: Promise<void> | undefined;
  let shown: Promise<void> = Promise.resolve();

  const each = async (
    names: readonly PublicationName[],
    signal: AbortSignal,
    publish: (publication: Publication, occasion: Occasion, github: GitHubWrites) => Promise<void> | undefined,
  ): Promise<void> => {
    if (opened === undefined) return;
    const github: GitHub & { readonly write: GitHubWrites } = opened.access.within(signal);
    let occasion: Promise<Occasion | undefined> | undefined;
    for (const name of names)
      try {
        occasion ??= occasionOf(pull, run.commit, github);
        const found = await occasion;
        if (found === undefined) throw new Error('the run has neither a pull request nor a commit');
        await publish(publications[name], found, github.write);
      } catch (error) {
        const why = signal.aborted ? late : reasonOf(error);
        failed.set(why, (failed.get(why) ?? new Set()).add(name));
      }
  };

  return {
    named: wish !== 'auto',
    open: (clock) => {
      opened ??= { access: openGitHub(repository, clock), clock };
      return opened.access;
    },
    begins: (subject) => {
      const beginning = names.filter((name) => 'began' in publications[name]);
      if (beginning.length === 0) return;
      begun ??= each(beginning, signal, (publication, occasion, github) =>
        publication.began?.({ operation, subject, occasion, ...withoutUndefined({ url: run.url }) }, github),
      );
    },
    shows: (report) => {
      const { subject } = report;
      const showing = names.filter((name) => 'shows' in publications[name]);
      if (subject === undefined || skip || showing.length === 0) return;
      // One after the other: two writers of one comment would lose a part.
      shown = shown.then(() =>
        each(showing, signal, (publication, occasion, github) =>
          publication.ended({ report, subject, occasion, green: false, begun: false }, github),
        ),
      );
    },
    ended: async (report, green) => {
      const { subject } = report;
      // Without a manifest there is no model to name: the step's annotation and summary have the mistake.
      if (opened === undefined || subject === undefined || names.length === 0) return [];
      if (skip)
        return ['nothing is published: the pull request is from a fork, and the token of its jobs may only read'];
      const { clock } = opened;
      const limit = limitAt(clock, clock.now() + (signal.aborted ? limitAfterSignalMs : limitMs));
      try {
        await untilAborted(Promise.all([begun, shown]), limit.signal);
        // The end of a thing whose beginning failed is tried again, and reports its own failure.
        failed.clear();
        // A second writer beside one that still writes could have the same comment.
        if (limit.signal.aborted) return [notPublished(names, late)];
        await each(names, limit.signal, (publication, occasion, github) =>
          publication.ended({ report, subject, occasion, green, begun: begun !== undefined }, github),
        );
      } finally {
        limit.release();
      }
      return [...failed].map(([why, names]) => notPublished([...names], why));
    },
  };
};

const late = 'GitHub did not take it in time';

const notPublished = (names: readonly PublicationName[], why: string): string =>
  `${names.join(' and ')} not published: ${why}`;

/** Waits for work that never rejects, until the signal aborts. */
const untilAborted = async (work: Promise<unknown>, signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return;
  const stop = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true, signal: stop.signal });
  });
  await Promise.race([work, aborted]);
  stop.abort();
};

const reasonOf = (error: unknown): string =>
  error instanceof Throttled
    ? `GitHub limits the requests of this token until ${iso(error.notBefore)}`
    : error instanceof Error
      ? error.message
      : String(error);
