import { counted } from '../../judge/amounts.ts';
import { shortened } from '../../plain-text.ts';
import { htmlTable } from '../html-table.ts';
import { prose } from '../markdown.ts';
import { escapeXml } from '../xml.ts';

/** Texts of others have room, and none of them pushes the rest out of a comment. */
const mostOfText = 600;
const mostOfFact = 300;

/** Plain text, which each form escapes. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
  readonly table?: { readonly heads: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** Its table stands closed in a comment: the noun of its rows. */
  readonly closed?: string;
  /** Followed by the tables of the regression test. */
  readonly test?: true;
}

const brief = (text: string, most: number): string => shortened(text.trim(), most);

export const sectionMarkdown = ({ title, lines, table, closed }: Section, level: 3 | 4 = 3): string => {
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
      : [[cells(table.heads), `| ${table.heads.map(() => '---').join(' | ')} |`, ...table.rows.map(cells)].join('\n')];
  return [
    `${'#'.repeat(level)} ${prose(title)}`,
    lines.map((line) => `- ${prose(brief(line, mostOfText))}`).join('\n'),
    ...(closed !== undefined && rows.length > 0
      ? [`<details><summary>${counted(table?.rows.length ?? 0, closed)}</summary>`, ...rows, '</details>']
      : rows),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};

export const sectionHtml = ({ title, lines, table }: Section): string =>
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
  ].join('\n');
