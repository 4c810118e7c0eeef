import { GitHubFailure, MissingPermission } from '../github/refusal.ts';
import { counted } from '../judge/amounts.ts';
import type { Authors } from './authors.ts';
import type { Decided } from './decision.ts';
import type { Electorate } from './electorate.ts';
import type { Considered } from './mode.ts';

/** The last decision of one person. */
export interface Vote {
  /** As GitHub writes it. */
  readonly by: string;
  readonly is: 'approve' | 'reject';
  /** Foreign text; may be empty. */
  readonly words: string;
  readonly page?: string;
}

/** A decision that does not count. */
export interface Discounted {
  readonly by: string;
  readonly is: 'approve' | 'reject';
  /** A clause: `edited`. */
  readonly because: string;
  /** The version changed after its evidence was shown. */
  readonly evidence?: true;
  /** A rejection that is doubtful: nothing is approved while it stands, if its author may decide. */
  readonly holds?: true;
}

export interface Ballot {
  readonly votes: readonly Vote[];
  readonly discounted: readonly Discounted[];
  readonly electorate: Electorate;
  /** That many different people have to approve. */
  readonly atLeast: number;
  /** Rejections of people outside the electorate count too: GitHub accepts reviews of its own reviewers only. */
  readonly anyoneRejects?: true;
  /** `on pull request 7`. */
  readonly where: string;
  /** The page for decisions without one of their own. */
  readonly page?: string;
  /** A clause about a place without any decision. */
  readonly hint?: string;
  /** Called only when there is an approval. */
  readonly authors: () => Promise<Authors>;
}

const byName = (one: Vote, other: Vote): number => (one.by.toLowerCase() < other.by.toLowerCase() ? -1 : 1);

/** One rejection rejects; otherwise as many people as the rules require have to approve, none of them an author. */
export const countVotes = async (ballot: Ballot): Promise<Considered> => {
  const { votes, electorate, where } = ballot;
  const discounted = [...ballot.discounted];
  const inOrder = [...votes].sort(byName);

  const rejections: Vote[] = [];
  const unjudged: string[] = [];
  for (const vote of inOrder.filter(({ is }) => is === 'reject')) {
    try {
      const refusal = ballot.anyoneRejects ? undefined : await electorate.refusal(vote.by);
      if (refusal === undefined) rejections.push(vote);
      else discounted.push({ ...vote, because: refusal });
    } catch (error) {
      if (!isHidden(error)) throw error;
      unjudged.push(`it is not known whether the rejection of ${vote.by} ${where} counts: ${error.message}`);
    }
  }
  const lost = (): readonly string[] => [
    ...discounted
      .filter(({ is }) => is === 'reject')
      .map(({ by, because }) => `the rejection of ${by} ${where} does not count: ${because}`),
    ...unjudged,
  ];
  if (rejections.length > 0) return { decision: decided('reject', rejections, ballot), remarks: lost() };

  const candidates = inOrder.filter(({ is }) => is === 'approve');
  const authors: Authors = candidates.length > 0 ? await ballot.authors() : { because: new Map(), remarks: [] };
  const remarks = (): readonly string[] => [...authors.remarks, ...lost()];
  const reasonOf = (vote: Vote): string | undefined => authors.because.get(vote.by.toLowerCase());
  const named = candidates.filter((vote) => reasonOf(vote) === undefined && electorate.includes(vote.by));
  const others = candidates.filter((vote) => !named.includes(vote));
  const approvals: Vote[] = [];
  let selfApproved = false;
  const look = async (vote: Vote): Promise<void> => {
    const own = reasonOf(vote);
    const because = own ?? (await electorate.refusal(vote.by));
    if (own !== undefined) selfApproved = true;
    if (because === undefined) approvals.push(vote);
    else discounted.push({ ...vote, because });
  };
  for (const vote of named) await look(vote);
  // A stranger's comment must not make the gate read what its token may not read: others are looked up when they are needed.
  if (approvals.length < ballot.atLeast) for (const vote of others) await look(vote);
  approvals.sort(byName);
  const enough = approvals.length >= ballot.atLeast;
  const holders = await holdersAmong(discounted, electorate);
  if (enough && holders.length === 0 && unjudged.length === 0)
    return { decision: decided('approve', approvals, ballot), remarks: remarks() };

  const because = [missing(approvals, discounted, holders, ballot), ...unjudged].join('; ');
  const evidence = discounted.some((one) => one.evidence);
  const doubts = [...doubtOf(holders, where), ...unjudged];
  const holds = doubts.length === 0 ? {} : { holds: doubts.join('; ') };
  return {
    decision:
      selfApproved && !enough
        ? { is: 'open', outcome: 'rejected', reason: 'self-approval', because, ...holds }
        : {
            is: 'open',
            outcome: 'pending',
            reason: evidence ? 'evidence-changed' : 'approvals-missing',
            because,
            ...holds,
          },
    remarks: remarks(),
  };
};

/** The people whose doubtful rejections hold the gate; those of whom it is not known whether they may decide are among them. */
const holdersAmong = async (discounted: readonly Discounted[], electorate: Electorate): Promise<readonly string[]> => {
  const holders: string[] = [];
  for (const { by, holds } of discounted) if (holds && (await mayDecide(electorate, by))) holders.push(by);
  return holders;
};

const doubtOf = (holders: readonly string[], where: string): readonly string[] =>
  holders.length === 0
    ? []
    : [
        `a rejection ${where} is in doubt: no delivery goes on until ${holders.join(', ')} ${holders.length === 1 ? 'writes' : 'write'} a new decision`,
      ];

const mayDecide = async (electorate: Electorate, login: string): Promise<boolean> => {
  try {
    return (await electorate.refusal(login)) === undefined;
  } catch (error) {
    if (!isHidden(error)) throw error;
    return true;
  }
};

/** The token may not look who belongs to a team, or the team is not there. */
const isHidden = (error: unknown): error is Error =>
  error instanceof MissingPermission || (error instanceof GitHubFailure && error.status === 404);

/** `approved on pull request 7 (alice: fine)`. */
const decided = (is: Decided['is'], votes: readonly Vote[], { where, page }: Ballot): Decided => {
  const words = votes.filter((vote) => vote.words !== '').map((vote) => `${vote.by}: ${vote.words}`);
  const link = votes.at(-1)?.page ?? page;
  return {
    is,
    by: votes.map(({ by }) => by),
    because: `${is === 'approve' ? 'approved' : 'rejected'} ${where}${words.length === 0 ? '' : ` (${words.join('; ')})`}`,
    ...(link === undefined ? {} : { link }),
  };
};

const missing = (
  approvals: readonly Vote[],
  discounted: readonly Discounted[],
  holders: readonly string[],
  { electorate, atLeast, where, hint }: Ballot,
): string => {
  const names = approvals.map(({ by }) => by);
  const others = electorate.others(new Set(names.map((name) => name.toLowerCase())));
  return [
    `${approvals.length} of ${counted(atLeast, 'approval')} ${where}`,
    ...(names.length > 0 ? [`approved: ${names.join(', ')}`] : []),
    ...(approvals.length < atLeast ? [`missing: ${atLeast - approvals.length} of ${others}`] : []),
    ...(holders.length > 0
      ? [`nothing is approved until ${holders.join(', ')} ${holders.length === 1 ? 'writes' : 'write'} a new decision`]
      : []),
    ...(discounted.length > 0
      ? [
          `does not count: ${discounted.map(({ by, is, because }) => `${by} (${is === 'reject' ? 'rejection; ' : ''}${because})`).join(', ')}`,
        ]
      : []),
    ...(hint === undefined ? [] : [hint]),
  ].join('; ');
};
