import type { Dataset, Part } from '../../findings/comparison.ts';
import type { Regression } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import { shortened } from '../../plain-text.ts';
import { htmlTable } from '../html-table.ts';
import { escapeXml } from '../xml.ts';

/** The rows behind a verdict. Plain text; names, ids and the version are foreign, and each report escapes them. */
export const goldenSetSentence = ({ dataset }: Pick<Regression, 'dataset'>): string => {
  const { rows, version, expires, parts = [], duplicates } = dataset;
  return [
    [
      ...(version === undefined ? [] : [`version ${shortened(version)}`]),
      `${counted(rows, 'row')}${classesText(parts[0])}`,
      ...(expires === undefined ? [] : [`valid through ${expires}`]),
    ].join(', '),
    ...(duplicates === undefined ? [] : [duplicatesText(duplicates)]),
  ]
    .map((sentence) => `${sentence}.`)
    .join(' ');
};

const classesText = (part: Part | undefined): string =>
  part?.classes === undefined
    ? ''
    : ` (${part.classes.map(({ name, rows }) => `${shortened(name, 24)} ${rows}`).join(', ')})`;

const duplicatesText = ({ rows, inputs, conflicts, examples }: NonNullable<Dataset['duplicates']>): string => {
  if (inputs === 0) return 'No two rows have the same input';
  const shown = examples.map((ids) => ids.map((id) => shortened(id, 24)).join(' = ')).join(', ');
  return `${rows} rows share ${counted(inputs, 'input')}, and ${
    conflicts === 0 ? 'none of them has' : `${conflicts} of them ${conflicts === 1 ? 'has' : 'have'}`
  } several labels: ${shown}`;
};

/** As many slices as a table on a page can have. */
const mostParts = 100;

/** Rows by slice and class; empty where there is no slice. */
export const partsTable = ({ dataset: { parts = [] } }: Pick<Regression, 'dataset'>): string => {
  if (parts.length < 2) return '';
  const classes = (parts[0]?.classes ?? []).map(({ name }) => escapeXml(shortened(name, 24)));
  const shown = parts.slice(0, mostParts);
  return [
    htmlTable(
      ['rows of', 'all', ...classes],
      shown.map(({ slice, rows, classes: counts = [] }) => [
        escapeXml(shortened(slice ?? 'all rows')),
        String(rows),
        ...counts.map((one) => String(one.rows)),
      ]),
    ),
    shown.length < parts.length ? `<p>${counted(parts.length - shown.length, 'more slice')}.</p>` : '',
  ].join('');
};
