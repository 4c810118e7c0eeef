import type { Evidence, EvidenceVerdict, Facts, Part } from '../../findings/evidence.ts';
import type { Regression } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import { regressionSection } from '../regression/html.ts';
import { marks } from '../regression/marks.ts';
import { regressionMarkdown } from '../regression/summary.ts';
import { approvalPolicyRenderer } from './approval-policy.ts';
import { evidenceInBrief } from './evidence-brief.ts';
import { metricsSection } from './metrics.ts';
import type { FindingsRenderer, PageAround, TestCase } from './renderer.ts';
import { type Section, sectionHtml, sectionMarkdown } from './section.ts';

/** The sections in the order of their weight: a comment that is too long loses its end. */
export const evidenceRenderer = {
  member: 'evidence',
  summary: (found: Evidence): string =>
    [
      ...(found.policy === undefined ? [] : [approvalPolicyRenderer.summary(found.policy)]),
      ...sectionsOf(found).map(markdownOf(found)),
    ].join('\n\n'),
  html: (found: Evidence, page: PageAround): string =>
    [
      ...(found.policy === undefined ? [] : [approvalPolicyRenderer.html(found.policy)]),
      ...sectionsOf(found).map(htmlOf(found, page)),
    ].join('\n'),
  junit: ({ policy }: Evidence): readonly TestCase[] =>
    policy === undefined ? [] : approvalPolicyRenderer.junit(policy),
  brief: evidenceInBrief,
  stamp: ({ tag, state }: Evidence) => ({ tag, digest: state }),
} as const satisfies FindingsRenderer<Evidence>;

const sectionsOf = (found: Evidence): readonly Section[] => [
  decision(found),
  metricsSection(found),
  ...(found.verdict === undefined ? [] : [verdict(found.verdict)]),
  changes(found),
  ...(found.card === undefined ? [] : [card(found.card)]),
  { title: `Lineage of ${found.tag}`, lines: [], table: factsTable('fact', found.lineage), closed: 'fact' },
];

const decision = ({ tag, environment, rules }: Evidence): Section => ({
  title: `The decision about ${tag} for ${environment}`,
  lines: rules,
});

const verdict = (part: Part<EvidenceVerdict>): Section => {
  if (part.is === 'unknown') return { title: 'Regression test', lines: [`The verdict is not known: ${part.because}`] };
  const { verdict: word, because, page, findings } = part.value;
  return {
    title: word === 'none' ? 'Regression test: no verdict yet' : `${marks[word]} Regression test: ${word}`,
    // The address is of a record in the bucket: it is shown, and no link.
    lines: [because, ...(page === undefined ? [] : [`Its run: ${page}`])],
    ...(findings === undefined ? {} : { test: true }),
  };
};

const changes = ({ changes: part, environment }: Evidence): Section => {
  const title = `What deploy-endpoint would change in ${environment}`;
  if (part.is === 'unknown') return { title, lines: [`The plan is not known: ${part.because}`] };
  const { title: planned, changes: all, notes, left, refused } = part.value;
  return {
    title,
    lines: [
      ...(refused === undefined ? [] : [`It would be refused: ${refused}`]),
      planned,
      ...(all.length === 0 ? ['Nothing to change.'] : []),
      ...notes,
      ...(left === 0 ? [] : [`${counted(left, 'more line')}: model-delivery plan prints all.`]),
    ],
    ...(all.length === 0
      ? {}
      : {
          closed: 'change',
          table: {
            heads: ['', 'object', 'details'],
            rows: all.map(({ verb, object, details }) => [verb, object, details.join('\n')]),
          },
        }),
  };
};

const card = ({ status, riskRating, sections, unreadable }: NonNullable<Evidence['card']>): Section => ({
  title: 'Model card',
  lines: unreadable ? ['Its content is no JSON object: nothing of it is known, its risk rating included.'] : [],
  table: factsTable('card', {
    ...(riskRating === undefined ? {} : { 'risk rating': riskRating }),
    ...sections,
    ...(status === undefined ? {} : { 'status of the card': status }),
  }),
});

const factsTable = (head: string, facts: Facts): NonNullable<Section['table']> => ({
  heads: [head, ''],
  rows: Object.entries(facts),
});

const foundIn = ({ verdict: tested }: Evidence, { test }: Section): Regression | undefined =>
  test && tested?.is === 'known' ? tested.value.findings : undefined;

const markdownOf =
  (found: Evidence) =>
  (section: Section): string => {
    const tests = foundIn(found, section);
    return [
      sectionMarkdown(section),
      ...(tests === undefined
        ? []
        : ['<details><summary>Its findings</summary>', regressionMarkdown(tests), '</details>']),
    ].join('\n\n');
  };

const htmlOf =
  (found: Evidence, page: PageAround) =>
  (section: Section): string => {
    const tests = foundIn(found, section);
    return [sectionHtml(section), ...(tests === undefined ? [] : [regressionSection(tests, page)])].join('\n');
  };
