import type { Evidence, EvidenceVerdict, Facts, Part } from '../../findings/evidence.ts';
import { counted } from '../../judge/amounts.ts';
import { shortened } from '../../plain-text.ts';
import { htmlTable } from '../html-table.ts';
import { prose } from '../markdown.ts';
import { regressionSection } from '../regression/html.ts';
import { marks } from '../regression/marks.ts';
import { regressionMarkdown } from '../regression/summary.ts';
import { escapeXml } from '../xml.ts';
import { approvalPolicyRenderer } from './approval-policy.ts';
import { evidenceInBrief } from './evidence-brief.ts';
import { amount, difference, servingSentence } from './evidence-words.ts';
import type { FindingsRenderer, PageAround, TestCase } from './renderer.ts';

/** Texts of others have room, and none of them pushes the rest out of a comment. */
const mostOfText = 600;
const mostOfFact = 300;

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

/** Plain text, which each form escapes. */
interface Section {
  readonly title: string;
  readonly lines: readonly string[];
  readonly table?: { readonly heads: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** Its table stands closed in a comment: the noun of its rows. */
  readonly closed?: string;
  /** Followed by the tables of the regression test. */
  readonly test?: true;
}

const sectionsOf = (found: Evidence): readonly Section[] => [
  decision(found),
  metrics(found),
  ...(found.verdict === undefined ? [] : [verdict(found.verdict)]),
  changes(found),
  ...(found.card === undefined ? [] : [card(found.card)]),
  { title: `Lineage of ${found.tag}`, lines: [], table: factsTable('fact', found.lineage), closed: 'fact' },
];

const decision = ({ tag, environment, rules }: Evidence): Section => ({
  title: `The decision about ${tag} for ${environment}`,
  lines: rules,
});

const metrics = ({ tag, serves, metrics: all, metricsLeft, metricNotes }: Evidence): Section => {
  const beside = servingName(serves);
  const rows = all.map((metric) => [
    metric.name,
    amount(metric.candidate),
    ...(beside === undefined ? [] : [amount(metric.serving), difference(metric)]),
  ]);
  return {
    title: 'Metrics',
    lines: [
      servingSentence(serves),
      ...(all.length === 0 ? ['No version has registered metrics.'] : []),
      ...metricNotes,
      ...(metricsLeft === 0 ? [] : [`${counted(metricsLeft, 'more metric')}: see the evaluation of the package.`]),
    ],
    ...(all.length === 0
      ? {}
      : { table: { heads: ['metric', tag, ...(beside === undefined ? [] : [beside, 'difference'])], rows } }),
  };
};

const servingName = (serves: Evidence['serves']): string | undefined =>
  serves.is === 'known' ? serves.value.name : undefined;

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

const brief = (text: string, most: number): string => shortened(text.trim(), most);

const markdownOf =
  ({ verdict: tested }: Evidence) =>
  ({ title, lines, table, closed, test }: Section): string => {
    const cells = (row: readonly string[]): string =>
      `| ${row
        .map((cell) =>
          cell
            .split('\n')
            .map((line) => prose(brief(line, mostOfFact)))
            .join('<br>'),
        )
        .join(' | ')} |`;
    const rows =
      table === undefined || table.rows.length === 0
        ? []
        : [
            [cells(table.heads), `| ${table.heads.map(() => '---').join(' | ')} |`, ...table.rows.map(cells)].join(
              '\n',
            ),
          ];
    return [
      `### ${prose(title)}`,
      lines.map((line) => `- ${prose(brief(line, mostOfText))}`).join('\n'),
      ...(closed !== undefined && rows.length > 0
        ? [`<details><summary>${counted(table?.rows.length ?? 0, closed)}</summary>`, ...rows, '</details>']
        : rows),
      ...(test && tested?.is === 'known' && tested.value.findings
        ? ['<details><summary>Its findings</summary>', regressionMarkdown(tested.value.findings), '</details>']
        : []),
    ]
      .filter((part) => part !== '')
      .join('\n\n');
  };

const htmlOf =
  ({ verdict: tested }: Evidence, page: PageAround) =>
  ({ title, lines, table, test }: Section): string =>
    [
      `<h3>${escapeXml(title)}</h3>`,
      ...lines.map((line) => `<p>${escapeXml(brief(line, mostOfText))}</p>`),
      ...(table === undefined || table.rows.length === 0
        ? []
        : [
            htmlTable(
              table.heads,
              table.rows.map((row) =>
                row.map((cell) =>
                  cell
                    .split('\n')
                    .map((line) => escapeXml(brief(line, mostOfFact)))
                    .join('<br>'),
                ),
              ),
            ),
          ]),
      ...(test && tested?.is === 'known' && tested.value.findings
        ? [regressionSection(tested.value.findings, page)]
        : []),
    ].join('\n');
