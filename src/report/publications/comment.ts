import { readStamps, writeStamp } from '../../findings/evidence-stamp.ts';
import { offers } from '../../offers.ts';
import { type Renderers, renderers } from '../findings/renderers.ts';
import { link } from '../markdown.ts';
import type { Report } from '../result.ts';
import { digestOf } from '../summary.ts';
import { shortenedMarkdown } from './shortened.ts';
import type { Subject } from './subject.ts';

/** GitHub refuses a longer comment. It counts characters; this counts the same or more. */
export const longestComment = 65_536;

/**
 * The one comment of a model: a section for each operation and environment, so that a regression test and a plan of the same pull
 * request stand side by side, and each run changes its own section only. Foreign text is escaped and cannot hold the comments that
 * delimit a section.
 */

/** The comment begins with it: it finds the comment again. */
export const markerOf = (model: string): string => `<!-- model-delivery: ${model} -->`;

/** The model of the comment that begins with its marker; undefined for any other text. */
export const modelOf = (comment: string): string | undefined =>
  /^<!-- model-delivery: ([a-zA-Z0-9-]+) -->/.exec(comment)?.[1];

interface Section {
  /** `regression-test/production`. */
  readonly key: string;
  /** Page of the run. */
  readonly page: string;
  readonly markdown: string;
}

const end = '<!-- model-delivery end -->';
const written = ({ key, page, markdown }: Section): string =>
  `<!-- model-delivery section: ${key} ${page} -->\n${markdown}\n${end}`;
const sections = /^<!-- model-delivery section: (\S+) (\S*) -->\n([\s\S]*?)\n<!-- model-delivery end -->$/gm;

const read = (comment: string): readonly Section[] =>
  [...comment.matchAll(sections)].map(([, key = '', page = '', markdown = '']) => ({ key, page, markdown }));

/** The Markdown of a section, its stamp included; undefined when the comment has none. @param key `approve-gate/production` */
export const sectionIn = (comment: string, key: string): string | undefined =>
  read(comment).find((section) => section.key === key)?.markdown;

/** The comment with this run's section in it; all other sections stay, as far as there is room. */
export const commentOf = (
  report: Report,
  subject: Subject,
  present: string | undefined,
  table: Renderers = renderers,
): string => {
  const key = `${report.result.operation}/${subject.environment}`;
  const stamp = stampOf(report, sectionIn(present ?? '', key) ?? '', table);
  const own: Section = {
    key,
    page: report.url ?? '',
    // First, so that a section that is too long keeps it.
    markdown: `${stamp === undefined ? '' : `${stamp}\n\n`}${digestOf(report, table).trim()}`,
  };
  const all = [...read(present ?? '').filter((section) => section.key !== key), own].sort(inOrder);
  const head = `${markerOf(subject.model)}\n`;
  return `${head}${fitted(all, longestComment - head.length)
    .map(written)
    .join('\n\n')}`;
};

/**
 * The time stays while the same state of the same version is shown. A run without evidence leaves the stamp as it is: the decision is a
 * write to the package, and must not make the answer older than the evidence that it is about.
 * @param before the section as it is
 */
const stampOf = ({ result }: Report, before: string, table: Renderers): string | undefined => {
  const { findings, endedAt } = result;
  const [present] = readStamps(before);
  const shown = findings && table[findings.is]?.stamp?.(findings);
  if (shown === undefined) return present && writeStamp(present);
  const isSame = present?.tag === shown.tag && present.digest === shown.digest;
  return writeStamp(isSame ? present : { ...shown, since: Date.parse(endedAt) });
};

/** In the order of a delivery. */
const inOrder = (one: Section, other: Section): number => {
  const place = ({ key }: Section): number => Object.keys(offers).indexOf(key.split('/')[0] ?? '');
  return place(one) - place(other) || (one.key < other.key ? -1 : 1);
};

/** The longest sections give way, and end with a link to their run. */
const fitted = (all: readonly Section[], most: number): readonly Section[] => {
  const lengths = all.map((section) => written(section).length + 2);
  let limit = Math.max(...lengths);
  const total = (): number => lengths.reduce((sum, length) => sum + Math.min(length, limit), 0);
  while (total() > most) limit -= Math.max(1, Math.ceil((total() - most) / all.length));
  return all.map((section) => {
    const frame = written({ ...section, markdown: '' }).length + 2;
    return { ...section, markdown: shortenedMarkdown(section.markdown, limit - frame, noteOf(section.page)) };
  });
};

export const noteOf = (page: string): string =>
  `> Shortened: GitHub accepts no longer text here.${page === '' ? '' : ` ${link('The whole report', page)}`}`;
