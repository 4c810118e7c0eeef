import { type Standing, standingIn } from './own-words.ts';

/** A decision in a comment: `/approve`, `/approve churn_v1.4.0`, `/reject one species is mislabelled`. Its words are foreign text. */
export interface CommandLine {
  readonly is: 'approve' | 'reject';
  readonly words: string;
  /** A clause: the reader may take the line for something else than the author's own decision. */
  readonly doubt?: string;
}

/** An approval has this form, and no other. */
const strict = /^\/approve(?:[ \t]+(\S.*))?$/i;

const tag = '<(?!br\\b)\\/?[a-z][^<>]*>';
/** Lines that a reader sees as lines, and Markdown does not. */
const breaks = '<br\\s*\\/?>|[\\u2028\\u2029\\u0085\\v\\f]';
/** Of a picture. Without a letter or a digit, its characters are marks: each text has one reading, so that the search stays short. */
const shortcode = ':(?=[_+-]*[a-z\\d])[a-z\\d_+-]+:';
const mention = '@[\\w-]+(?:\\/[\\w.-]+)?(?:\\[bot\\])?(?![\\w/.-])';
/** White space, invisible characters, marks of lists, headings and emphasis, arrows, tags, mentions. No quotation marks, and no code. */
const decoration = `(?:${mention}|${shortcode}|[-=]>|\\d+[.)]|\\[x\\]|${tag}|[^\\p{L}\\p{N}@<>/\uff0f\`"“”„«»\\u2028\\u2029\\u0085\\v\\f])*`;
const loose = new RegExp(`(^|${breaks})(${decoration})[/\uff0f](approve|reject)(?!_*[\\p{L}\\p{N}]|/)`, 'giu');
/** Between the command and its reason: punctuation, and the end of the emphasis. */
const between = new RegExp(`^(?:[*_~:,;.!?\\s]|[-–—]+(?=\\s)|${tag})*`, 'iu');
const end = new RegExp(breaks, 'i');

/**
 * The commands of a comment. An approval is read strictly: anything besides it in its line, or a doubt about whose words it is, is a
 * doubt. A rejection is read generously: it may be decorated, and only a doubt about whose words it is counts as one. A command in a
 * quotation or in code is none.
 */
export const commandLinesIn = (body: string): readonly CommandLine[] => {
  const text = body.replace(/\r\n?/g, '\n');
  const standing = standingIn(text);
  const answered = text.search(mail);
  const hasTags = html.test(text);
  const found: CommandLine[] = [];
  let enclosing = nothing;
  let start = 0;
  for (const line of text.split('\n')) {
    for (const match of line.matchAll(loose)) {
      const [whole, , , name = ''] = match;
      const whose = standing(start + match.index + whole.length - name.length - 1);
      const rejects = name.toLowerCase() === 'reject';
      // Its author may take an approval within HTML for one, so the answer says why it does not count.
      if (whose === 'foreign' && (rejects || !hasTags)) continue;
      const behind = line.slice(match.index + whole.length);
      if (rejects) found.push(rejectionOf(behind, whose));
      else {
        const isBelow = isOpen(enclosing) || (answered >= 0 && answered < start);
        found.push(approvalOf(line, behind, { hasTags, isOwn: whose === 'own' && !isBelow }));
      }
    }
    enclosing = line.trim() === '' ? nothing : withLine(enclosing, line);
    start += line.length + 1;
  }
  return found;
};

const alone = 'write it in a comment of its own';

const rejectionOf = (behind: string, whose: Standing): CommandLine => {
  const words = (behind.split(end)[0] ?? '').replace(between, '').trim();
  return whose === 'own'
    ? { is: 'reject', words }
    : { is: 'reject', words, doubt: `it may belong to a quotation or to code: ${alone}` };
};

interface Place {
  readonly hasTags: boolean;
  readonly isOwn: boolean;
}

const approvalOf = (line: string, behind: string, { hasTags, isOwn }: Place): CommandLine => {
  const [found, words = ''] = strict.exec(line.trimEnd()) ?? [];
  const version = (found === undefined ? behind.trim() : words).replace(/^(`+)[ \t]*([^`]+?)[ \t]*\1$/, '$2');
  const doubt = doubtOf(found !== undefined, { hasTags, isOwn });
  return { is: 'approve', words: version, ...(doubt === undefined ? {} : { doubt }) };
};

const doubtOf = (isStrict: boolean, { hasTags, isOwn }: Place): string | undefined => {
  if (hasTags) return `the comment has HTML, or a text like it: ${alone}, without HTML`;
  if (!isOwn) return `it may belong to a quotation, to code or to a link: ${alone}`;
  return isStrict ? undefined : 'the line has more than the command and a version: write /approve alone on a line';
};

/** A tag, a hidden part, an instruction or a declaration, also where Markdown shows it as code: an approval needs none of them. */
const html = /<(?:[!?]|\/?[a-z][a-z0-9-]*(?=[\s>/]|$))/im;

/** The marks of mail programs above the message that is answered. */
const mail = /^(?:-{2,} ?original message|_{8,}[ \t]*$|(?:from|von|de): |on .{1,200} wrote:[ \t]*$)/im;

/** A link, a footnote, a formula or a deletion that begins above a line of the same paragraph may hide it. */
interface Enclosing {
  readonly brackets: number;
  readonly formulas: number;
  readonly deletions: number;
  readonly definition: boolean;
  /** `[text](` at the end of the line: the address follows on the next one. */
  readonly address: boolean;
}
const nothing: Enclosing = { brackets: 0, formulas: 0, deletions: 0, definition: false, address: false };

const withLine = ({ brackets, formulas, deletions, definition }: Enclosing, line: string): Enclosing => ({
  brackets: brackets + count(line, '[') - count(line, ']'),
  formulas: formulas + count(line, '$$'),
  deletions: deletions + count(line, '~~'),
  definition: definition || /^ {0,3}\[[^\]]*\]:/.test(line),
  address: /\]\([ \t]*$/.test(line),
});

const isOpen = ({ brackets, formulas, deletions, definition, address }: Enclosing): boolean =>
  definition || address || brackets !== 0 || formulas % 2 === 1 || deletions % 2 === 1;

const count = (line: string, mark: string): number => line.split(mark).length - 1;
