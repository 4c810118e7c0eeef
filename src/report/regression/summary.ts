import type { Cell } from '../../findings/comparison.ts';
import type { Regression } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import { shortened } from '../../plain-text.ts';
import { code, prose } from '../markdown.ts';
import { answerDiffSentence } from './answer-diff.ts';
import { cellText, foremost } from './cell-text.ts';
import { checksMarkdown } from './checks.ts';
import { goldenSetSentence } from './golden-set.ts';
import { marks } from './marks.ts';
import { differenceHead, differenceNote, notApplicableSentence, rowsSentence, selfTestSentence } from './sentences.ts';

/** A comment of GitHub's has at most 65,536 characters; these stay below, also where each character needs an escape. */
const mostCells = 40;
const mostOpenCells = 12;
const mostOfName = 60;
const mostOfNote = 90;
const mostOfSentence = 2000;

/** For the job summary and for a comment on a pull request. Markdown. */
export const regressionMarkdown = (found: Regression): string =>
  [
    `### ${marks[found.verdict]} Regression test: ${found.verdict}`,
    prose(shortened(found.because, mostOfSentence)),
    `${code(shortened(found.candidate))}${found.baseline === undefined ? '' : ` beside ${code(shortened(found.baseline))}`}: ${rowsSentence(found)}`,
    prose(shortened(notApplicableSentence(found) ?? '', mostOfSentence)),
    found.cells.length === 0 ? '' : cells(found),
    `${found.cells.length === 0 ? '' : `${differenceNote(found)} `}${prose(shortened(selfTestSentence(found), mostOfSentence))}`,
    answerDiffSentence(found),
    harmful(found),
    older(found),
    checksMarkdown(found),
    `Dataset ${code(found.dataset.digest)}: ${prose(shortened(goldenSetSentence(found), mostOfSentence))}`,
  ]
    .filter((section) => section !== '')
    .join('\n\n');

/** The cells that decide stand open, then others as far as there is room. */
const cells = (found: Regression): string => {
  const { kept, left } = foremost(found.cells, mostOpenCells);
  const more = foremost(left, mostCells - mostOpenCells);
  return [
    table(found, kept),
    ...(more.kept.length === 0
      ? []
      : [`<details><summary>${leftOut(more.kept)}</summary>`, table(found, more.kept), '</details>']),
    ...(more.left.length === 0 ? [] : [`${leftOut(more.left)}.`]),
  ].join('\n\n');
};

const table = (found: Regression, shown: readonly Cell[]): string =>
  [
    `| metric | slice | rule |${found.alone ? '' : ' baseline |'} candidate | ${differenceHead(found)} | decision |`,
    `| --- | --- | --- |${found.alone ? '' : ' ---: |'} ---: | ---: | --- |`,
    ...shown.map((cell) => {
      const { metric, slice, rule, baseline, candidate, difference, decision, note } = cellText(cell);
      return `| ${[
        prose(shortened(metric, mostOfName)),
        prose(shortened(slice, mostOfName)),
        rule,
        ...(found.alone ? [] : [baseline ?? '']),
        ...[candidate, difference],
        `${cell.decision === 'pass' ? decision : `**${decision}**`}${note === '' ? '' : `: ${prose(shortened(note, mostOfNote))}`}`,
      ].join(' | ')} |`;
    }),
  ].join('\n');

/** `70 more cells: 68 pass, 2 inconclusive`. */
export const leftOut = (left: readonly Cell[]): string => {
  const counts = (['fail', 'inconclusive', 'pass'] as const).flatMap((decision) => {
    const count = left.filter((cell) => cell.decision === decision).length;
    return count === 0 ? [] : [`${count} ${decision}`];
  });
  return `${counted(left.length, 'more cell')}: ${counts.join(', ')}`;
};

/** Older golden sets; their names are foreign. */
const older = ({ also = [] }: Regression): string =>
  also.length === 0
    ? ''
    : [
        '| older golden set | verdict | |',
        '| --- | --- | --- |',
        ...also.map(
          ({ name, verdict, because }) =>
            `| ${prose(shortened(name, mostOfName))} | ${marks[verdict]} ${verdict} | ${prose(shortened(because, mostOfNote * 2))} |`,
        ),
      ].join('\n');

/** Row values of a file that others wrote: as code, which stays text. */
const harmful = ({ harmful: changes }: Regression): string => {
  if (changes.length === 0) return '';
  const redacted = changes.every(({ row }) => row === undefined);
  if (redacted) return `Most harmful changes, by id: ${changes.map(({ id }) => code(shortened(id))).join(', ')}.`;
  return [
    '<details><summary>Most harmful changes</summary>',
    '',
    '| id | label | baseline | candidate |',
    '| --- | --- | --- | --- |',
    ...changes.map(
      ({ id, row }) =>
        `| ${[id, row?.label ?? '', row?.baseline ?? '', row?.candidate ?? ''].map((text) => code(shortened(text))).join(' | ')} |`,
    ),
    '',
    '</details>',
  ].join('\n');
};
