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

/** One rejection rejects; otherwise as many people as the rules require have to approve, none of them an author. */
export const countVotes = async (ballot: Ballot): Promise<Considered> => {
  const { votes, electorate, where } = ballot;
  const discounted = [...ballot.discounted];
  const inOrder = [...votes].sort((one, other) => (one.by.toLowerCase() < other.by.toLowerCase() ? -1 : 1));

  const rejections: Vote[] = [];
  for (const vote of inOrder.filter(({ is }) => is === 'reject')) {
    const refusal = ballot.anyoneRejects ? undefined : await electorate.refusal(vote.by);
    if (refusal === undefined) rejections.push(vote);
    else discounted.push({ ...vote, because: refusal });
  }
  const lost = (): readonly string[] =>
    discounted
      .filter(({ is }) => is === 'reject')
      .map(({ by, because }) => `the rejection of ${by} ${where} does not count: ${because}`);
  if (rejections.length > 0) return { decision: decided('reject', rejections, ballot), remarks: lost() };

  const candidates = inOrder.filter(({ is }) => is === 'approve');
  const authors: Authors = candidates.length > 0 ? await ballot.authors() : { because: new Map(), remarks: [] };
  const remarks = (): readonly string[] => [...authors.remarks, ...lost()];
  const approvals: Vote[] = [];
  let selfApproved = false;
  for (const vote of candidates) {
    const own = authors.because.get(vote.by.toLowerCase());
    const because = own ?? (await electorate.refusal(vote.by));
    if (own !== undefined) selfApproved = true;
    if (because === undefined) approvals.push(vote);
    else discounted.push({ ...vote, because });
  }
  if (approvals.length >= ballot.atLeast)
    return { decision: decided('approve', approvals, ballot), remarks: remarks() };

  const because = missing(approvals, discounted, ballot);
  const evidence = discounted.some((one) => one.evidence);
  return {
    decision: selfApproved
      ? { is: 'open', outcome: 'rejected', reason: 'self-approval', because }
      : { is: 'open', outcome: 'pending', reason: evidence ? 'evidence-changed' : 'approvals-missing', because },
    remarks: remarks(),
  };
};

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
  { electorate, atLeast, where, hint }: Ballot,
): string => {
  const names = approvals.map(({ by }) => by);
  const others = electorate.others(new Set(names.map((name) => name.toLowerCase())));
  return [
    `${approvals.length} of ${counted(atLeast, 'approval')} ${where}`,
    ...(names.length > 0 ? [`approved: ${names.join(', ')}`] : []),
    `missing: ${atLeast - approvals.length} of ${others}`,
    ...(discounted.length > 0
      ? [
          `does not count: ${discounted.map(({ by, is, because }) => `${by} (${is === 'reject' ? 'rejection; ' : ''}${because})`).join(', ')}`,
        ]
      : []),
    ...(hint === undefined ? [] : [hint]),
  ].join('; ');
};
