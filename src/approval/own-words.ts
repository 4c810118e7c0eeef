/**
 * Whose words a place in a comment has: `own` are the author's; `foreign` ones stand in a quotation, in code or in a hidden part;
 * `doubtful` ones may be either, for the quotation is continued without a mark, or the block has no end.
 */
export type Standing = 'own' | 'doubtful' | 'foreign';

interface Part {
  readonly from: number;
  readonly to: number;
  readonly is: Standing;
}

/** @param text a comment with line feeds alone */
export const standingIn = (text: string): ((at: number) => Standing) => {
  const fenced = fencesIn(text);
  const rest = without(text, fenced);
  const parts = [...fenced, ...elementsIn(rest), ...paragraphsOf(rest).flatMap(partsOf)];
  return (at) => {
    const here = parts.filter(({ from, to }) => from <= at && at < to);
    return here.find(({ is }) => is === 'foreign')?.is ?? here[0]?.is ?? 'own';
  };
};

interface Line {
  readonly from: number;
  readonly text: string;
}

const linesOf = (text: string): readonly Line[] => {
  let from = 0;
  return text.split('\n').map((line) => {
    const one = { from, text: line };
    from += line.length + 1;
    return one;
  });
};

/** The same text, of the same length, with empty lines in place of the parts. */
const without = (text: string, parts: readonly Part[]): string =>
  parts.reduce(
    (rest, { from, to }) => `${rest.slice(0, from)}${rest.slice(from, to).replace(/[^\n]/g, ' ')}${rest.slice(to)}`,
    text,
  );

const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/;

const fencesIn = (text: string): readonly Part[] => {
  const found: Part[] = [];
  let open: { readonly from: number; readonly end: RegExp } | undefined;
  for (const { from, text: line } of linesOf(text)) {
    if (open !== undefined) {
      if (!open.end.test(line)) continue;
      found.push({ from: open.from, to: from + line.length, is: 'foreign' });
      open = undefined;
      continue;
    }
    const [, marks = '', rest = ''] = fence.exec(line) ?? [];
    // The words behind three backticks name a language, and have none of their own.
    if (marks !== '' && !(marks.startsWith('`') && rest.includes('`')))
      open = { from, end: new RegExp(`^ {0,3}${marks[0]}{${marks.length},}[ \\t]*$`) };
  }
  return open === undefined ? found : [...found, { from: open.from, to: text.length + 1, is: 'doubtful' }];
};

/** Elements whose content is no plain word of the author's. */
const quoting = 'blockquote|q|pre|code|samp|kbd|tt|xmp|script|style|textarea|template|title|iframe|noembed|noframes';
const element = new RegExp(`<(${quoting})(?=[\\s>])[^>]*>|<!--|<\\?|<!\\[CDATA\\[`, 'gi');

const elementsIn = (text: string): readonly Part[] => {
  // A tag in a span of code opens nothing.
  const plain = text.replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, (span) => '`'.repeat(span.length));
  const found: Part[] = [];
  let behind = 0;
  for (const { 0: opening, 1: name, index: from } of plain.matchAll(element)) {
    if (from < behind) continue;
    const to = name === undefined ? endOfHidden(plain, from, opening) : endOfElement(plain, from, name);
    const starts = /(?:^|\n) {0,3}$/.test(plain.slice(Math.max(0, from - 4), from));
    // Within a sentence, a hidden part ends in its paragraph, or it is none.
    if (name === undefined && !starts && (to === undefined || /\n[ \t]*\n/.test(plain.slice(from, to)))) continue;
    found.push({ from, to: to ?? text.length + 1, is: to === undefined ? 'doubtful' : 'foreign' });
    behind = to ?? text.length + 1;
  }
  return found;
};

const endOfHidden = (text: string, from: number, opening: string): number | undefined => {
  const mark = opening === '<!--' ? '-->' : opening === '<?' ? '?>' : ']]>';
  const at = text.indexOf(mark, from + opening.length);
  return at < 0 ? undefined : at + mark.length;
};

const endOfElement = (text: string, from: number, name: string): number | undefined => {
  let depth = 0;
  for (const { 0: tag, index } of text.slice(from).matchAll(new RegExp(`<(/?)${name}(?=[\\s>])[^>]*>`, 'gi'))) {
    depth += tag.startsWith('</') ? -1 : 1;
    if (depth === 0) return from + index + tag.length;
  }
  return undefined;
};

interface Paragraph {
  readonly lines: readonly Line[];
  /** An item of a list stands above, and an indented line may belong to it. */
  readonly inList: boolean;
}

const item = /^\s*(?:[-*+]|\d{1,9}[.)])\s/;
const heading = /^ {0,3}#{1,6}\s/;
/** Behind a mark without white space there is none: `->` is an arrow. */
const quotation = /^\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)*>/;

const paragraphsOf = (text: string): readonly Paragraph[] => {
  const paragraphs: { lines: Line[]; inList: boolean }[] = [{ lines: [], inList: false }];
  let inList = false;
  for (const line of linesOf(text)) {
    if (line.text.trim() === '') paragraphs.push({ lines: [], inList });
    else paragraphs.at(-1)?.lines.push(line);
    inList ||= item.test(line.text);
  }
  return paragraphs;
};

const partsOf = ({ lines, inList }: Paragraph): readonly Part[] => {
  const found: Part[] = [];
  let quoted = false;
  let indented = !inList;
  for (const { from, text } of lines) {
    const to = from + text.length + 1;
    indented &&= /^(?: {4}| {0,3}\t)/.test(text);
    if (indented) found.push({ from, to, is: 'foreign' });
    else if (quotation.test(text)) {
      quoted = true;
      found.push({ from, to, is: 'foreign' });
    } else {
      if (item.test(text) || heading.test(text)) quoted = false;
      // A line behind `> …` without a mark of its own still belongs to the quotation (CommonMark, "lazy continuation").
      if (quoted) found.push({ from, to, is: 'doubtful' });
    }
  }
  return [...found, ...spansIn(lines)];
};

/** A span of code may go over several lines of its paragraph; whether the author meant that cannot be known. */
const spansIn = (lines: readonly Line[]): readonly Part[] => {
  const [first] = lines;
  if (first === undefined) return [];
  const text = lines.map((line) => line.text).join('\n');
  return [...text.matchAll(/(?<!`)(`+)(?!`)([\s\S]*?)(?<!`)\1(?!`)/g)].map(({ 0: span, index }) => ({
    from: first.from + index,
    to: first.from + index + span.length,
    is: span.includes('\n') ? 'doubtful' : 'foreign',
  }));
};
