import { type EvidenceStamp, readStamps } from '../findings/evidence-stamp.ts';
import type { Comment, GitHub, PullRequest } from '../github/github.ts';
import { Refusal } from '../operation.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { readReference } from '../registry/version-reference.ts';
import { markerOf } from '../report/publications/comment.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { authorsOf } from './authors.ts';
import { type CommandLine, commandLinesIn } from './command-lines.ts';
import { countVotes, type Discounted, type Vote } from './count-votes.ts';
import { reviewersOf, writersOf } from './electorate.ts';
import { shownStamp } from './evidence-stamp.ts';
import type { Asked, Considered, Mode } from './mode.ts';
import { reviewersFor } from './reviewers-for.ts';
import { gitHubFor } from './room-at-github.ts';

const decide = async (at: Asked): Promise<Considered> => {
  const { manifest, rules, risk, registered, world } = at;
  const github = gitHubFor(world, 'comment');
  const { thread, pullRequest } = await threadOf(github, at);
  const comments = await github.commentsOf(thread);
  const stamps = await stampsOf(github, manifest.model, comments);
  const { votes, discounted } = lastDecisions(comments, manifest.model, registered, stamps);
  const { atLeast, of } = reviewersFor(rules, risk.level);
  const where = `on ${thread.is.replace('-', ' ')} ${thread.number}`;
  return countVotes({
    votes,
    discounted,
    atLeast,
    electorate: of === undefined ? writersOf(github) : reviewersOf(github, of),
    where,
    authors: () =>
      authorsOf(github, world.run, registered, withoutUndefined({ pullRequest, commit: pullRequest?.head })),
  });
};

interface Thread {
  readonly thread: { readonly is: 'pull-request' | 'issue'; readonly number: number };
  readonly pullRequest?: PullRequest;
}

/** @throws {Refusal} where neither an input nor the run names a thread, or there is none of that number */
const threadOf = async (github: GitHub, { inputs, world }: Asked): Promise<Thread> => {
  const { issue, 'pull-request': pull } = inputs;
  if (issue !== undefined && pull !== undefined)
    throw new Refusal('invalid-input', 'pull-request and issue: mode: comment reads one of them; leave the other out');
  if (issue !== undefined) return { thread: { is: 'issue', number: issue } };
  const { thread, commit } = world.run;
  if (pull === undefined && thread?.is === 'issue') return { thread };
  const number = pull ?? thread?.number ?? (commit === undefined ? undefined : await pullOf(github, commit));
  if (number === undefined)
    throw new Refusal(
      'invalid-input',
      'mode: comment reads the comments of a pull request or an issue, and neither the event nor the commit of this run has one: set the input pull-request or issue',
    );
  const pullRequest = await github.pullRequest(number);
  if (pullRequest === undefined)
    throw new Refusal(
      'invalid-input',
      `${github.repository} has no pull request ${number}, or the token may not see it (\`permissions: pull-requests: read\`); for an issue set the input issue`,
    );
  return { thread: { is: 'pull-request', number }, pullRequest };
};

/** The one that publications use too: an open one first. */
const pullOf = async (github: GitHub, commit: string): Promise<number | undefined> => {
  const found = await github.pullRequestsOf(commit);
  return (found.find(({ open }) => open) ?? found[0])?.number;
};

/** Of the comment that this token writes: a person can write any marker. */
const stampsOf = async (
  github: GitHub,
  model: string,
  comments: readonly Comment[],
): Promise<readonly EvidenceStamp[]> => {
  const marked = comments.filter(({ body }) => body.startsWith(markerOf(model)));
  if (marked.length === 0) return [];
  const wrote = await github.authorship();
  return marked.filter(wrote).flatMap(({ body }) => readStamps(body));
};

/** The last decision of each person about this version. */
const lastDecisions = (
  comments: readonly Comment[],
  model: string,
  registered: RegisteredVersion,
  stamps: readonly EvidenceStamp[],
): { readonly votes: readonly Vote[]; readonly discounted: readonly Discounted[] } => {
  const votes = new Map<string, Vote>();
  const discounted = new Map<string, Discounted>();
  for (const comment of comments) {
    // An account that was deleted, or an app, has no permission to look up.
    if (comment.byApp || comment.author === '') continue;
    const line = commandLinesIn(comment.body).findLast((one) => isAbout(one, model, registered) !== 'another');
    if (line === undefined) continue;
    const person = comment.author.toLowerCase();
    const refusal = refusalOf(comment, line, model, registered, stamps);
    if (refusal === undefined) {
      votes.set(person, { by: comment.author, is: line.is, words: wordsOf(line), page: comment.page });
      discounted.delete(person);
      continue;
    }
    discounted.set(person, { by: comment.author, is: line.is, ...refusal });
    // A rejection that does not count takes at least the person's own approval back.
    if (line.is === 'reject' && votes.get(person)?.is === 'approve') votes.delete(person);
  }
  return { votes: [...votes.values()], discounted: [...discounted.values()] };
};

/** An approval has no words besides the version. */
const wordsOf = ({ is, words }: CommandLine): string => (is === 'reject' ? words || 'no reason given' : '');

/**
 * `/approve churn_v1.4.0` names a version, `/approve` does not. A rejection names one when its first word is one, so that a reason may
 * begin with a number.
 */
const isAbout = (
  { is, words }: CommandLine,
  model: string,
  registered: RegisteredVersion,
): 'this' | 'another' | 'unnamed' | 'unreadable' => {
  if (words === '') return 'unnamed';
  const [first = ''] = words.split(/\s/);
  if (is === 'reject' && !/\d+\.\d+\.\d+|\/\d+$/.test(first)) return 'unnamed';
  const named = is === 'approve' ? words : first;
  try {
    const reference = readReference(model, named);
    const same =
      reference.is === 'version'
        ? reference.version === registered.version
        : reference.packageVersion === registered.packageVersion;
    return same ? 'this' : 'another';
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (/names another model/.test(error.message)) return 'another';
    return is === 'reject' ? 'unnamed' : 'unreadable';
  }
};

/** @returns why a decision about this version does not count; undefined when it counts */
const refusalOf = (
  { createdAt, updatedAt }: Comment,
  line: CommandLine,
  model: string,
  registered: RegisteredVersion,
  stamps: readonly EvidenceStamp[],
): Omit<Discounted, 'by' | 'is'> | undefined => {
  const { tag, lastModified, registeredAt = 0 } = registered;
  const written = Date.parse(createdAt);
  if (updatedAt !== createdAt) return { because: 'the comment was edited: write a new one' };
  // Also a rejection of a version that is registered later is about another one.
  if (written < registeredAt) return { because: `it is older than ${tag}` };
  if (line.is === 'reject') return undefined;
  const about = isAbout(line, model, registered);
  if (about === 'unreadable')
    return { because: `${quoted(line.words)} is no version: write /approve, or /approve ${tag}, alone on a line` };
  if (about === 'this')
    return written < (lastModified?.at ?? registeredAt)
      ? { because: `${tag} changed after the comment`, evidence: true }
      : undefined;
  if (!stamps.some((stamp) => stamp.tag === tag))
    return { because: `no evidence of ${tag} is shown there: name the version, /approve ${tag}` };
  const shown = shownStamp(registered, stamps);
  if (shown === undefined) return { because: `${tag} changed after its evidence was shown`, evidence: true };
  return written < shown.since ? { because: `older than the evidence of ${tag}`, evidence: true } : undefined;
};

export const comment: Mode = {
  does: 'writes the decision of comments `/approve` and `/reject reason` on a pull request or issue to the registry, once enough people other than the authors have approved',
  takes: ['pull-request', 'issue'],
  rejectsApproved: true,
  decide,
};
