import type { ApprovalPolicy } from '../../findings/approval-policy.ts';
import type { Evidence, EvidenceMetric, Part } from '../../findings/evidence.ts';
import { counted } from '../../judge/amounts.ts';
import { beginning, cutAt, shellOption } from '../../plain-text.ts';
import { difference, servingSentence } from './evidence-words.ts';
import { metricInWords } from './metrics.ts';

/** Of one sentence: a long reason of one part leaves room for the others. */
const mostOfPart = 260;
const mostMetrics = 4;
/** Digests are for machines: their reader has the whole evidence. */
const facts = ['commit', 'run that registered it', 'run', 'taken from package', 'training job', 'not pinned'] as const;

/** Its last sentence is the command for the whole evidence, and stays whatever is cut. */
export const evidenceInBrief = (found: Evidence, most: number): string => {
  const whole = `Whole evidence: model-delivery approve-gate${shellOption('environment', found.environment)}${shellOption('version', found.tag)} --html evidence.html`;
  const parts = [
    ...found.rules,
    policy(found.policy),
    metrics(found),
    verdict(found),
    changes(found),
    card(found),
    lineage(found),
  ].filter((part) => part !== '');
  const text = parts.map((part) => cutAt(part.trim(), mostOfPart)).join(' ');
  const room = most - whole.length - 1;
  return room < 1 ? beginning(whole, Math.max(0, most)) : `${cutAt(text, room)} ${whole}`;
};

const policy = (found: ApprovalPolicy | undefined): string => {
  const kept = found?.rules.filter(({ ruling }) => ruling !== 'holds') ?? [];
  return kept.length === 0 ? '' : `Policy: ${kept.map(({ rule, because }) => `${rule}: ${because}`).join('; ')}.`;
};

/** The metrics that became worse come first: the text may have no room for all. */
const metrics = ({ serves, metrics: all, metricsLeft, metricNotes }: Evidence): string => {
  const isWorse = (metric: EvidenceMetric): boolean => difference(metric).endsWith('worse');
  const sorted = [...all.filter(isWorse), ...all.filter((metric) => !isWorse(metric))];
  const left = all.length + metricsLeft - Math.min(all.length, mostMetrics);
  return [
    servingSentence(serves),
    all.length === 0
      ? ['No version has registered metrics.', ...metricNotes].join(' ')
      : `Metrics: ${[...sorted.slice(0, mostMetrics).map(metricInWords), ...(left === 0 ? [] : [`${left} more`])].join('; ')}.`,
  ].join(' ');
};

const verdict = ({ verdict: part }: Evidence): string =>
  part === undefined
    ? ''
    : knownOr(
        part,
        ({ verdict: word, because }) => `${word === 'none' ? 'no verdict yet' : word}: ${because}`,
        'Regression test',
      );

const changes = ({ changes: part }: Evidence): string =>
  knownOr(
    part,
    ({ title, changes: all, left, refused }) =>
      `${refused === undefined ? '' : `would be refused: ${refused}; `}${title}, ${counted(all.length + left, 'change')}`,
    'Deployment',
  );

const knownOr = <Value>(part: Part<Value>, words: (value: Value) => string, head: string): string =>
  `${head}: ${part.is === 'known' ? words(part.value) : `not known: ${part.because}`}.`;

const card = ({ card: found }: Evidence): string =>
  found === undefined
    ? ''
    : `Model card: ${found.unreadable ? 'unreadable' : `risk rating ${found.riskRating ?? 'absent'}`}.`;

const lineage = ({ lineage: known }: Evidence): string => {
  const present = facts.filter((head) => known[head] !== undefined);
  return present.length === 0 ? '' : `Lineage: ${present.map((head) => `${head} ${known[head]}`).join(', ')}.`;
};
