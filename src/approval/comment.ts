import type { Instant } from '../clock.ts';
import { type EvidenceStamp, readStamps } from '../findings/evidence-stamp.ts';
import type { Comment, GitHub, PullRequest } from '../github/github.ts';
import { Refusal } from '../operation.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { isOf, registryAccount } from '../registry/registry.ts';
import { OtherModel, readVersion } from '../registry/semantic-version.ts';
import { readPackage } from '../registry/version-reference.ts';
import { modelOf } from '../report/publications/comment.ts';
import { isSameName } from '../same-name.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account } from '../world.ts';
import { authorsOf } from './authors.ts';
import { type CommandLine, commandLinesIn } from './command-lines.ts';
import { countVotes, type Discounted, type Vote } from './count-votes.ts';
import { presentOnes, reviewersOf, writersOf } from './electorate.ts';
import { shownStamp } from './evidence-stamp.ts';
import type { Asked, Considered, Mode } from './mode.ts';
import { reviewersFor } from './reviewers-for.ts';
import { gitHubFor } from './room-at-github.ts';

const decide = async (at: Asked): Promise<Considered> => {
  const { manifest, rules, risk, registered, world } = at;
  const { model } = manifest;
  const github = gitHubFor(world, 'comment');
  const { thread, pullRequest } = await threadOf(github, at);
  const comments = await github.commentsOf(thread);
  const shown = await shownIn(github, comments);
  const { votes, discounted } = lastDecisions(comments, { model, registered, home: registryAccount(world), shown });
  const { atLeast, of } = reviewersFor(rules, risk.level);
  const where = `on ${thread.is.replace('-', ' ')} ${thread.number}`;
  return countVotes({
    votes,
    discounted,
    atLeast,
    electorate: of === undefined ? writersOf(github) : presentOnes(github, reviewersOf(github, of)),
    where,
    authors: async () => {
      // GitHub serves the comments of a pull request under the number of an issue too.
      const discussed = pullRequest ?? (await github.pullRequest(thread.number));
      const sources = withoutUndefined({ pullRequest: discussed, commit: discussed?.head });
      return authorsOf(github, world.run, registered, { ...sources, commentStarts: true });
    },
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

/** A stamp of the evidence, and the comment that has it. */
interface Shown {
  readonly stamp: EvidenceStamp;
  readonly model: string;
  /** The time of the comment, which later stamps replace. */
  readonly from: Instant;
}

/** Of the comments that this token writes, of all models: a person can write any marker. */
const shownIn = async (github: GitHub, comments: readonly Comment[]): Promise<readonly Shown[]> => {
  const marked = comments.filter(({ body }) => modelOf(body) !== undefined);
  if (marked.length === 0) return [];
  const wrote = await github.authorship();
  return marked.filter(wrote).flatMap(({ body, createdAt }) =>
    readStamps(body.replace(/\r\n/g, '\n')).map((stamp) => ({
      stamp,
      model: modelOf(body) ?? '',
      from: Date.parse(createdAt),
    })),
  );
};

/** What a decision may be about. */
interface Subject {
  readonly model: string;
  readonly registered: RegisteredVersion;
  /** Account and region of the registry: an ARN names others too. */
  readonly home: Account;
  readonly shown: readonly Shown[];
}

/** The last decision of each person about this version. */
const lastDecisions = (
  comments: readonly Comment[],
  subject: Subject,
): { readonly votes: readonly Vote[]; readonly discounted: readonly Discounted[] } => {
  const votes = new Map<string, Vote>();
  const discounted = new Map<string, Discounted>();
  // Beside them: such a rejection neither ends a hold nor takes an approval back.
  const ofAnother = new Map<string, Discounted>();
  for (const comment of byLastWriting(comments)) {
    // An account that was deleted, or an app, has no permission to look up.
    if (comment.byApp || comment.author === '') continue;
    const person = comment.author.toLowerCase();
    const lines = commandLinesIn(comment.body);
    const line = decisionAmong(lines, subject);
    // The person's own later decision about this version leaves no doubt.
    if (line !== undefined) ofAnother.delete(person);
    if (rejectsAnother(lines, subject) && !isOlder(comment, subject))
      ofAnother.set(person, { by: comment.author, is: 'reject', because: 'it names another version or model' });
    if (line === undefined) continue;
    const refusal = refusalOf(comment, line, subject);
    if (refusal === undefined) {
      votes.set(person, { by: comment.author, is: line.is, words: wordsOf(line), page: comment.page });
      discounted.delete(person);
      continue;
    }
    // An approval that does not count does not end a rejection that holds the gate.
    if (line.is === 'reject' || !discounted.get(person)?.holds)
      discounted.set(person, { by: comment.author, is: line.is, ...refusal });
    // A rejection that does not count takes at least the person's own approval back.
    if (line.is === 'reject' && votes.get(person)?.is === 'approve') votes.delete(person);
  }
  return { votes: [...votes.values()], discounted: [...discounted.values(), ...ofAnother.values()] };
};

/** By the time of the present text: an edit may turn an old comment into a rejection. */
const byLastWriting = (comments: readonly Comment[]): readonly Comment[] =>
  [...comments].sort((one, other) => Date.parse(one.updatedAt) - Date.parse(other.updatedAt) || one.id - other.id);

/** A comment with an approval and a rejection rejects, whatever their order. */
const decisionAmong = (all: readonly CommandLine[], subject: Subject): CommandLine | undefined => {
  const lines = all.filter((one) => isAbout(one, subject) !== 'another');
  const rejections = lines.filter(({ is }) => is === 'reject');
  return rejections.findLast(({ doubt }) => doubt === undefined) ?? rejections.at(-1) ?? lines.at(-1);
};

const rejectsAnother = (lines: readonly CommandLine[], subject: Subject): boolean =>
  lines.some((one) => one.is === 'reject' && isAbout(one, subject) === 'another');

/** Its text is older than the version, so it is about another one. */
const isOlder = ({ updatedAt }: Comment, { registered }: Subject): boolean =>
  Date.parse(updatedAt) < (registered.registeredAt ?? 0);

/** An approval has no words besides the version. */
const wordsOf = ({ is, words }: CommandLine): string => (is === 'reject' ? words || 'no reason given' : '');

type About = 'this' | 'another' | 'unnamed' | 'unreadable' | 'elsewhere';

const isAbout = (line: CommandLine, subject: Subject): About => {
  if (line.words === '') return 'unnamed';
  if (line.is === 'approve') return named(line.words, subject);
  const [whole = '', ...others] = line.words.split(/\s/);
  const first = whole.replace(/^[`*_([]+|[`*_)\]:,;.!?]+$/g, '');
  // Before other words, only a whole name is one: a reason may begin with a number, or with `issue/12`.
  const isHead = others.length === 0 || /:[`*_)\]]*$/.test(whole);
  const names =
    isName(first) ||
    (others.length === 0 && /\d+\.\d+\.\d+/.test(first)) ||
    (isPackage(first) && (isHead || isSameName(first.split('/')[0] ?? '', subject.model)));
  const about = names ? named(first, subject) : 'unnamed';
  return about === 'elsewhere' ? 'another' : about;
};

/** `churn_v1.4.0`, `package-3`, an ARN; of any model. */
const isName = (word: string): boolean =>
  /^[a-z0-9-]+_v\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?$/i.test(word) ||
  /^package-[1-9]\d*$/.test(word) ||
  /^arn:[a-z-]+:sagemaker:/.test(word);

/** `churn/3`, of any model; `3/4` is a number. */
const isPackage = (word: string): boolean => /^(?=[0-9-]*[a-z])[a-z0-9-]+\/[1-9]\d*$/i.test(word);

const named = (text: string, { model, registered, home }: Subject): About => {
  const read = readPackage(model, text);
  if (read !== undefined) {
    const { group, packageVersion, home: other = home } = read;
    // A package without a group is of no model.
    if (packageVersion === undefined || !isSameName(group, model)) return 'another';
    if (!isOf(home, other)) return 'elsewhere';
    return packageVersion === registered.packageVersion ? 'this' : 'another';
  }
  try {
    return readVersion(model, text) === registered.version ? 'this' : 'another';
  } catch (error) {
    if (error instanceof OtherModel) return 'another';
    if (error instanceof Refusal) return 'unreadable';
    throw error;
  }
};

/** @returns why a decision about this version does not count; undefined when it counts */
const refusalOf = (
  comment: Comment,
  line: CommandLine,
  subject: Subject,
): Omit<Discounted, 'by' | 'is'> | undefined => {
  const { createdAt, updatedAt } = comment;
  const { tag, lastModified, registeredAt = 0 } = subject.registered;
  const written = Date.parse(createdAt);
  const rejects = line.is === 'reject';
  // Also a rejection of a version that is registered later is about another one.
  if (isOlder(comment, subject)) return { because: `it is older than ${tag}` };
  if (updatedAt !== createdAt)
    return { because: 'the comment was edited: write a new one', ...(rejects ? { holds: true } : {}) };
  if (line.doubt !== undefined) return { because: line.doubt, ...(rejects ? { holds: true } : {}) };
  if (rejects) return undefined;
  const about = isAbout(line, subject);
  if (about === 'elsewhere')
    return { because: 'the ARN names a package of another account or region than that of this registry' };
  if (about === 'unreadable')
    return { because: `${quoted(line.words)} is no version: write /approve, or /approve ${tag}, alone on a line` };
  if (about !== 'this') return refusalOfUnnamed(written, subject);
  const model = bareName.test(line.words) ? otherModel(written, subject) : undefined;
  if (model !== undefined)
    return { because: `evidence of ${model} is shown there too: name the model, /approve ${tag}` };
  return written < (lastModified?.at ?? registeredAt)
    ? { because: `${tag} changed after the comment`, evidence: true }
    : undefined;
};

/** `1.4.0`, `v1.4.0`, `7`, `package-7`: of whatever model. */
const bareName = /^(?:v?\d+\.\d+\.\d+\S*|(?:package-)?\d+)$/i;

/** Another model whose evidence the author may have seen: `1.4.0` may be a version of either. */
const otherModel = (written: Instant, { model, shown }: Subject): string | undefined =>
  shown.find(({ model: other, from }) => !isSameName(other, model) && from <= written)?.model;

/** The evidence that was shown before the approval has to be that of this version, and no other may have been shown since. */
const refusalOfUnnamed = (
  written: Instant,
  { model, registered, shown }: Subject,
): Omit<Discounted, 'by' | 'is'> | undefined => {
  const { tag } = registered;
  const own = shown.filter((one) => isSameName(one.model, model)).map(({ stamp }) => stamp);
  if (!own.some((stamp) => stamp.tag === tag))
    return { because: `no evidence of ${tag} is shown there: name the version, /approve ${tag}` };
  const present = shownStamp(registered, own);
  if (present === undefined) return { because: `${tag} changed after its evidence was shown`, evidence: true };
  if (written < present.since) return { because: `older than the evidence of ${tag}`, evidence: true };
  // A stamp that is newer than the approval may have replaced the one that its author saw.
  const other = shown.find(({ stamp, from }) => stamp.tag !== tag && stamp.since >= present.since && from <= written);
  return other === undefined
    ? undefined
    : { because: `evidence of ${other.stamp.tag} is shown there too, and is newer: name the version, /approve ${tag}` };
};

export const comment: Mode = {
  does: 'writes the decision of comments `/approve` and `/reject reason` on a pull request or issue to the registry, once enough people other than the authors have approved',
  takes: ['pull-request', 'issue'],
  rejectsApproved: true,
  decide,
};
