import type { Catch, Cell, Planted } from '../../findings/comparison.ts';
import type { Regression } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import { shortened } from '../../plain-text.ts';
import { amountText, differenceText, powerText, ruleText } from '../../regression/units.ts';
import type { PageAround } from '../findings/renderer.ts';
import { pageStyle } from '../html-style.ts';
import { htmlTable } from '../html-table.ts';
import { escapeXml } from '../xml.ts';
import { answerDiffSentence } from './answer-diff.ts';
import { cellDetails, cellText, foremost } from './cell-text.ts';
import { checksHtml } from './checks.ts';
import { confusionTable } from './confusion-table.ts';
import { goldenSetSentence, partsTable } from './golden-set.ts';
import { intervalLegend, intervalPlots } from './interval-plot.ts';
import { differenceHead, differenceNote, notApplicableSentence, rowsSentence, selfTestSentence } from './sentences.ts';
import { sliceCharts, sliceLegend } from './slice-chart.ts';
import { leftOut } from './summary.ts';

/** A browser shows a longer table slowly; the JSON result has all cells. */
const mostCells = 500;
const mostOpenCells = 12;
/** Of a page's screen; failures come before open ones. */
const mostUndecidedCells = 24;

/** A page on its own: no script, no font, no network. */
export const regressionPage = (found: Regression): string =>
  [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>Regression test: ${found.verdict}</title>`,
    `<style>${pageStyle}</style></head><body><main>`,
    `<header><h1>Regression test</h1><p><strong>${escapeXml(found.candidate)}</strong>${found.baseline === undefined ? '' : ` beside <strong>${escapeXml(found.baseline)}</strong>`}</p></header>`,
    ...parts(found),
    '</main></body></html>',
    '',
  ].join('\n');

/** A section of a page about more. */
export const regressionSection = (found: Regression, { because }: PageAround): string =>
  ['<h3>Regression test</h3>', ...parts(found, because)].join('\n');

/** @param above the sentence of the page's verdict; the same one is not written again */
const parts = (found: Regression, above?: string): readonly string[] =>
  [
    `<div class="verdict ${found.verdict}"><span class="badge ${found.verdict}">${found.verdict}</span>${found.because === above ? '' : `<p>${escapeXml(found.because)}</p>`}<p class="quiet">${escapeXml(rowsSentence(found))}</p></div>`,
    found.alone ? `<p>${escapeXml(notApplicableSentence(found) ?? '')}</p>` : '',
    found.cells.length === 0 && found.alone ? '' : cellTable(found),
    part(
      found.alone ? 'Distances to the limits, with their intervals' : 'Differences with their intervals',
      found.cells.length === 0 ? '' : `${intervalLegend}${intervalPlots(found.cells)}`,
    ),
    part('Slices', prefixed(sliceLegend(found.alone !== undefined), sliceCharts(found.cells))),
    part('Answers', paragraph(answerDiffSentence(found))),
    part('Confusion', found.confusion === undefined ? '' : confusionTable(found.confusion)),
    part('Most harmful changes', harmful(found)),
    part('Older golden sets', older(found)),
    part('Checks beside the rows', checksHtml(found)),
    part('Whether the gate can fail', selfTest(found)),
    part(
      'The golden set',
      `<p>Dataset <code>${escapeXml(found.dataset.digest)}</code>: ${escapeXml(goldenSetSentence(found))}</p>${partsTable(found)}`,
    ),
  ].filter((text) => text !== '');

/** Their names are foreign. */
const older = ({ also = [] }: Regression): string =>
  also.length === 0
    ? ''
    : htmlTable(
        ['golden set', 'verdict', ''],
        also.map(({ name, verdict, because }) => [shortened(name), verdict, because].map(escapeXml)),
      );

const part = (title: string, body: string): string => (body === '' ? '' : `<h3>${title}</h3>\n${body}`);
const paragraph = (text: string): string => (text === '' ? '' : `<p>${text} No rule decides by this.</p>`);
const prefixed = (legend: string, charts: string): string => (charts === '' ? '' : `${legend}${charts}`);

/** Of many cells only those that do not pass stand open: a reader looks for them first. */
const cellTable = (found: Regression): string => {
  const { kept, left } = foremost(found.cells, mostCells);
  const open = foremost(
    kept.filter(({ decision }) => decision !== 'pass'),
    mostUndecidedCells,
  ).kept;
  const some = kept.length > mostOpenCells && open.length < kept.length;
  return [
    some
      ? `${open.length === 0 ? '' : tableOf(found, open)}${folded(`All ${counted(kept.length, 'cell')}`, tableOf(found, kept))}`
      : tableOf(found, kept),
    left.length === 0 ? '' : `<p>${leftOut(left)}.</p>`,
    `<p class="quiet">${differenceNote(found)}</p>`,
    folded(
      'The statistics behind each cell',
      htmlTable(
        ['cell', 'statistics'],
        kept.map((cell) => {
          const { metric, slice, rule } = cellText(cell);
          return [escapeXml(`${shortened(metric)}, ${shortened(slice)}, ${rule}`), escapeXml(cellDetails(cell))];
        }),
      ),
    ),
  ].join('');
};

const folded = (title: string, body: string): string => `<details><summary>${title}</summary>${body}</details>`;

const tableOf = (found: Regression, cells: readonly Cell[]): string =>
  htmlTable(
    ['metric', 'decision', differenceHead(found), ...(found.alone ? [] : ['baseline']), 'candidate', 'rule'],
    cells.map((cell) => {
      const { metric, slice, rule, baseline, candidate, difference, decision, note } = cellText(cell);
      return [
        `<strong>${escapeXml(shortened(metric))}</strong><br>${escapeXml(shortened(slice))}`,
        // Beside the metric, since a phone shows the first columns only.
        `<span class="decision ${decision.replace(/:.*/, '')}">${decision}</span>${note === '' ? '' : `<br><span class="quiet">${escapeXml(note)}</span>`}`,
        escapeXml(difference).replace(' (', '<br>('),
        ...(found.alone ? [] : [baseline ?? '']),
        candidate,
        escapeXml(rule),
      ];
    }),
    'cells',
  );

const harmful = ({ harmful: changes }: Regression): string => {
  if (changes.length === 0) return '';
  const shown = (text: string | undefined): string => escapeXml(shortened(text ?? '', 120));
  return changes.every(({ row }) => row === undefined)
    ? `<p>By id: ${changes.map(({ id }) => `<code>${shown(id)}</code>`).join(', ')}.</p>`
    : htmlTable(
        ['id', 'label', 'baseline', 'candidate'],
        changes.map(({ id, row }) => [
          `<code>${shown(id)}</code>`,
          shown(row?.label),
          shown(row?.baseline),
          shown(row?.candidate),
        ]),
      );
};

const selfTest = (found: Regression): string => {
  const { planted, catches, mirrored } = found.selfTest;
  const words = ({ metric, slice, rule }: Catch | Planted): readonly string[] => [
    escapeXml(shortened(metric)),
    escapeXml(shortened(slice ?? 'all rows')),
    escapeXml(ruleText(rule)),
  ];
  const caught = catches.map((one) => [
    ...words(one),
    amountText(one.rule.metric.metric, one.drop),
    powerText(one.power),
    one.smallestDrop === null ? 'none' : amountText(one.rule.metric.metric, one.smallestDrop),
  ]);
  const trials = planted.map((one) => [
    ...words(one),
    { hopeless: 'always wrong', perfect: 'always right', 'beyond-margin': 'just beyond the margin' }[one.is],
    differenceText(one.rule.metric.metric, one.difference),
    one.decision,
    one.power === null ? 'unknown' : powerText(one.power),
  ]);
  return [
    `<p>${escapeXml(selfTestSentence(found))}</p>`,
    mirrored === undefined
      ? ''
      : `<p>${mirrored ? 'With candidate and baseline swapped, each difference is mirrored.' : 'With candidate and baseline swapped, a difference is not mirrored.'}</p>`,
    caught.length === 0
      ? ''
      : folded(
          'The drops that each rule would catch',
          htmlTable(['metric', 'slice', 'rule', 'drop', 'chance to catch it', 'drop caught with 80 %'], caught),
        ),
    trials.length === 0
      ? ''
      : folded(
          'Planted candidates',
          htmlTable(
            ['metric', 'slice', 'rule', 'planted', differenceHead(found), 'decision', 'chance to fail it'],
            trials,
          ),
        ),
  ].join('');
};
