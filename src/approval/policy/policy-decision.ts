import type { DecidedRule } from '../../findings/approval-policy.ts';
import { counted } from '../../judge/amounts.ts';
import { shortened } from '../../plain-text.ts';
import type { Decision } from '../decision.ts';

/** Every rule that is not left out has to hold; a broken one rejects, also beside rules that cannot be computed. */
export const policyDecision = (rules: readonly DecidedRule[]): Decision => {
  const because = policyBecause(rules);
  const has = (ruling: DecidedRule['ruling']): boolean => rules.some((rule) => rule.ruling === ruling);
  if (has('broken')) return { is: 'reject', by, because };
  // No rule is no reason: the manifest requires one, and this does not rely on it.
  if (has('open') || rules.length === 0)
    return { is: 'open', outcome: 'inconclusive', reason: 'policy-inconclusive', because };
  return { is: 'approve', by, because };
};

const by = ['policy'] as const;

/** AWS: UpdateModelPackage, ApprovalDescription: 1,024 characters, of which `policy: ` and the end of the sentence need some. */
const longest = 960;
/** Each rule has its share of the room, and at least this much of it: a shorter sentence is of no use. */
const leastOfRule = 160;

/** Counts, then the sentences of the rules: first those that decide. */
export const policyBecause = (rules: readonly DecidedRule[]): string => {
  const of = (ruling: DecidedRule['ruling']) => rules.filter((rule) => rule.ruling === ruling);
  const [broken, open, held, leftOut] = [of('broken'), of('open'), of('holds'), of('left-out')];
  const counts = [
    `${held.length} of ${counted(rules.length, 'rule')} ${held.length === 1 || rules.length === 1 ? 'holds' : 'hold'}`,
    ...(broken.length > 0 ? [`${broken.length} broken`] : []),
    ...(open.length > 0 ? [`${open.length} undecided`] : []),
    ...(leftOut.length > 0 ? [`${leftOut.length} left out`] : []),
  ].join(', ');
  let text = counts;
  const sentences = [
    ...broken.map(({ because }) => `broken: ${because}`),
    ...open.map(({ because }) => `undecided: ${because}`),
    ...[...held, ...leftOut].map(({ because }) => because),
  ];
  for (const [at, sentence] of sentences.entries()) {
    const left = sentences.length - at;
    const share = Math.floor((longest - text.length) / left) - '; '.length;
    const next = `${text}; ${shortened(sentence, Math.max(leastOfRule, share))}`;
    if (next.length > longest) return `${text}; and ${left} more`;
    text = next;
  }
  return text;
};
