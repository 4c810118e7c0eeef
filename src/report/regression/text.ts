import type { Regression } from '../../findings/regression.ts';
import { oneLine, shortened } from '../../plain-text.ts';
import { answerDiffSentence } from './answer-diff.ts';
import { cellText, foremost } from './cell-text.ts';
import { checkLines } from './checks.ts';
import { goldenSetSentence } from './golden-set.ts';
import { differenceHead, notApplicableSentence, rowsSentence, selfTestSentence } from './sentences.ts';
import { leftOut } from './summary.ts';

/** As many lines as a reader scrolls through. */
const mostCells = 60;
const mostOfName = 48;

/** For a terminal, which is a log in CI: the verdict first, then one line for each cell; of rows only ids. */
export const regressionText = (found: Regression): string => {
  const { kept, left } = foremost(found.cells, mostCells);
  const isPair = found.alone === undefined;
  const notApplicable = notApplicableSentence(found);
  const diff = answerDiffSentence(found);
  const rows = kept.map((cell) => {
    const { metric, slice, rule, baseline, candidate, difference, decision, note } = cellText(cell);
    return {
      columns: [
        ...[metric, slice].map((text) => oneLine(shortened(text, mostOfName))),
        rule,
        ...(isPair ? [baseline ?? ''] : []),
        ...[candidate, difference],
      ],
      decision: `${decision}${note === '' ? '' : `: ${oneLine(note)}`}`,
    };
  });
  const heads = ['metric', 'slice', 'rule', ...(isPair ? ['baseline'] : []), 'candidate', differenceHead(found)];
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map(({ columns }) => columns[at]?.length ?? 0)));
  const line = (columns: readonly string[], last: string): string =>
    `  ${columns.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ')}  ${last}`;
  return [
    `${found.verdict}: ${oneLine(found.because)}`,
    `  ${rowsSentence(found)}`,
    ...(notApplicable === undefined ? [] : [`  ${oneLine(notApplicable)}`]),
    ...(rows.length === 0 ? [] : [line(heads, 'decision')]),
    ...rows.map(({ columns, decision }) => line(columns, decision)),
    ...(left.length === 0 ? [] : [`  ${leftOut(left)}`]),
    `  ${oneLine(selfTestSentence(found))}`,
    ...(diff === '' ? [] : [`  ${diff}`]),
    ...(found.harmful.length === 0
      ? []
      : [
          `  most harmful changes, by id: ${found.harmful.map(({ id }) => oneLine(shortened(id, mostOfName))).join(', ')}`,
        ]),
    ...(found.also ?? []).map(
      ({ name, verdict, because }) =>
        `  golden set ${oneLine(shortened(name, mostOfName))}: ${verdict}: ${oneLine(because)}`,
    ),
    ...checkLines(found).map((text) => `  ${text}`),
    `  dataset ${oneLine(found.dataset.digest)}: ${oneLine(goldenSetSentence(found))}`,
  ].join('\n');
};
