/** A decision in a comment: `/approve`, `/approve churn_v1.4.0`, `/reject one species is mislabelled`. Its words are foreign text. */
export interface CommandLine {
  readonly is: 'approve' | 'reject';
  readonly words: string;
}

const command = /^\/(approve|reject)(?:[ \t]+(\S.*?))?[ \t]*$/i;
const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/;
/** Elements whose content is no plain word of the author's. */
const literal = /^ {0,3}<(pre|code|blockquote|script|style|textarea)(?:[\s>]|$)/i;
const hidden = /^ {0,3}<!--/;

/**
 * The command lines that a reader of the comment sees as its author's own words: not in a quotation, a block or span of code, or a part
 * that Markdown hides.
 */
export const commandLinesIn = (body: string): readonly CommandLine[] => {
  const lines = paragraphsOf(body.replace(/\r\n?/g, '\n')).flatMap(ownLines);
  return lines.flatMap((line) => {
    const [, is, words = ''] = command.exec(line) ?? [];
    return is === undefined ? [] : [{ is: is.toLowerCase() === 'approve' ? ('approve' as const) : 'reject', words }];
  });
};

/** Lines that belong together, outside blocks of code: a quotation or a span of code ends with its paragraph. */
const paragraphsOf = (body: string): readonly (readonly string[])[] => {
  const paragraphs: string[][] = [[]];
  let closing: ((line: string) => boolean) | undefined;
  for (const line of body.split('\n')) {
    if (closing !== undefined) {
      if (closing(line)) closing = undefined;
      continue;
    }
    const [, marks = '', rest = ''] = fence.exec(line) ?? [];
    const [, element] = literal.exec(line) ?? [];
    // The words behind three backticks name a language, and have none of their own.
    if (marks !== '' && !(marks.startsWith('`') && rest.includes('`'))) {
      const end = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}[ \\t]*$`);
      closing = (next) => end.test(next);
      paragraphs.push([]);
    } else if (element !== undefined) {
      const ends = (next: string): boolean => next.toLowerCase().includes(`</${element.toLowerCase()}>`);
      if (!ends(line)) closing = ends;
      paragraphs.push([]);
    } else if (hidden.test(line)) {
      const ends = (next: string): boolean => next.includes('-->');
      if (!ends(line)) closing = ends;
      paragraphs.push([]);
    } else if (line.trim() === '') paragraphs.push([]);
    else paragraphs.at(-1)?.push(line);
  }
  return paragraphs;
};

/** A line behind `> …` without a mark of its own still belongs to the quotation (CommonMark, "lazy continuation"). */
const ownLines = (paragraph: readonly string[]): readonly string[] => {
  const quoted = paragraph.findIndex((line) => /^ {0,3}>/.test(line));
  const own = quoted < 0 ? paragraph : paragraph.slice(0, quoted);
  // A span of code, and a hidden part, may go over several lines of their paragraph.
  return own
    .join('\n')
    .replace(/(?<!`)(`+)(?!`)([\s\S]*?)(?<!`)\1(?!`)|<!--[\s\S]*?-->/g, (span) => span.replace(/[^\n]/g, '`'))
    .split('\n');
};
