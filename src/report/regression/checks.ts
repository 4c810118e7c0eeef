import { foremostCases } from '../../findings/foremost-cases.ts';
import type { Check, CheckCase, Regression } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import { oneLine, shortened } from '../../plain-text.ts';
import type { TestCase } from '../findings/renderer.ts';
import { htmlTable } from '../html-table.ts';
import { code, prose } from '../markdown.ts';
import { escapeXml } from '../xml.ts';
import { marks } from './marks.ts';

/** The checks beside the rows in every report. Their texts are foreign. */

type Checked = Pick<Regression, 'checks'>;

const mostOfName = 200;
const mostOfSentence = 1000;
const mostOfReason = 200;
const mostOfNote = 300;
/** Characters of the notes of one check in a comment, which has room for no more. */
const mostOfNotes = 800;
const mostOfCell = 120;
const mostOfHead = 20;
/** Characters of all rows together in a comment on a pull request, which has room for 65,536; a table without room for a row is left out. */
const mostOfTables = 3600;
const mostHtmlRows = 200;
/** Of all checks together; the cells have the other cases of a report. */
const mostCases = 200;

/** `fail`, or `warn: fail` where it decides nothing. */
const decisionOf = ({ level, verdict }: Check): string =>
  level === 'warn' && verdict !== 'pass' ? `warn: ${verdict}` : verdict;

/** One line each, for a terminal. */
export const checkLines = ({ checks = [] }: Checked): readonly string[] =>
  checks.flatMap((check) => [
    `${check.name}: ${decisionOf(check)}: ${oneLine(shortened(check.because, mostOfSentence))}`,
    ...partsThatFail(check).map(
      ({ name, because }) =>
        `  ${oneLine(shortened(name, mostOfName))}${because === undefined ? '' : `: ${oneLine(shortened(because, mostOfSentence))}`}`,
    ),
    ...notesOf(check).map((note) => `  ${oneLine(note)}`),
  ]);

const mostNotes = 5;

const notesOf = ({ notes = [] }: Check): readonly string[] =>
  notes.slice(0, mostNotes).map((note) => shortened(note, mostOfNote));

const mostPartLines = 5;

/** The first of them; the sentence of the check has their number. */
const partsThatFail = ({ cases }: Check): readonly CheckCase[] =>
  cases.filter(({ verdict }) => verdict === 'fail').slice(0, mostPartLines);

export const checksMarkdown = ({ checks = [] }: Checked): string =>
  checks.length === 0
    ? ''
    : [
        [
          '| check | verdict | |',
          '| --- | --- | --- |',
          ...checks.map(
            (check) =>
              `| ${check.name} | ${marks[check.verdict]} ${decisionOf(check)} | ${prose(shortened(check.because, mostOfReason))} |`,
          ),
        ].join('\n'),
        ...checks.flatMap((check) => [...notesMarkdown(check), ...tableMarkdown(check, mostOfTables / checks.length)]),
      ].join('\n\n');

const notesMarkdown = (check: Check): readonly string[] => {
  let room = mostOfNotes;
  return notesOf(check).flatMap((note) => {
    const line = `${check.name}: ${prose(note)}`;
    room -= line.length;
    return room < 0 ? [] : [line];
  });
};

const tableMarkdown = ({ name, table }: Check, room: number): readonly string[] => {
  if (table === undefined || table.rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const shown: string[] = [];
  let length = 0;
  for (const cells of table.rows) {
    const row = line(cells.map((cell) => (cell === '' ? '' : code(shortened(cell, mostOfCell)))));
    length += row.length;
    if (length > room) break;
    shown.push(row);
  }
  if (shown.length === 0) return [];
  const left = table.rows.length - shown.length;
  return [
    `<details><summary>${name}</summary>`,
    [
      line(table.heads.map((head) => prose(shortened(head, mostOfHead)))),
      line(table.heads.map(() => '---')),
      ...shown,
    ].join('\n'),
    ...(left > 0 ? [`${counted(left, 'more row')}.`] : []),
    '</details>',
  ];
};

export const checksHtml = ({ checks = [] }: Checked): string =>
  checks
    .map((check) => {
      const { name, verdict, because, table } = check;
      const left = (table?.rows.length ?? 0) - mostHtmlRows;
      return [
        `<h4>${name}</h4>`,
        `<p><span class="decision ${verdict}">${decisionOf(check)}</span> ${escapeXml(shortened(because, mostOfSentence))}</p>`,
        table === undefined || table.rows.length === 0
          ? ''
          : htmlTable(
              table.heads.map((head) => escapeXml(shortened(head, mostOfCell))),
              table.rows
                .slice(0, mostHtmlRows)
                .map((cells) => cells.map((cell) => escapeXml(shortened(cell, mostOfCell)))),
            ),
        ...notesOf(check).map((note) => `<p>${escapeXml(note)}</p>`),
        left > 0 ? `<p>${counted(left, 'more row')}.</p>` : '',
      ].join('');
    })
    .join('\n');

/** The check itself, then its parts; those that do not pass come first, so that only parts that pass are left out. */
export const checkCases = ({ checks = [] }: Checked, mostOfMessage: number): readonly TestCase[] => {
  const each = Math.floor(mostCases / Math.max(1, checks.length)) - 1;
  return checks.flatMap((check) => [
    caseOf(check, `${check.name}`, check, mostOfMessage),
    ...foremostCases(check.cases, each).map((part) => caseOf(check, part.name, part, mostOfMessage)),
  ]);
};

const caseOf = (
  { name: of, level }: Check,
  name: string,
  { verdict, because = '' }: Omit<CheckCase, 'name'>,
  mostOfMessage: number,
): TestCase => {
  const message = shortened(because, mostOfMessage);
  const ended: TestCase['ended'] =
    verdict === 'pass'
      ? { is: 'passed' }
      : verdict === 'fail' && level === 'fail'
        ? { is: 'failed', type: of, message, details: message }
        : {
            is: 'skipped',
            message: shortened(`${level === 'warn' ? 'warn: ' : ''}${verdict}: ${because}`, mostOfMessage),
          };
  return {
    classname: `model-delivery.regression.${of}`,
    name: shortened(name, mostOfName),
    ended,
    ...(because === '' ? {} : { output: message }),
  };
};
