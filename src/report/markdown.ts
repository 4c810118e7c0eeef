import { oneLine, visible } from '../plain-text.ts';

/**
 * Foreign text in Markdown, as GitHub renders it in job summaries and comments (DESIGN §7 rule 22): the reader sees its exact
 * characters, and it mentions no person, links nowhere and closes no issue. For a place with one line: a cell, a heading, an item, a
 * sentence.
 */

/**
 * GitHub's own additions match words, before and after Markdown is resolved: mentions, mail addresses, bare links, references to issues
 * and commits, pictures by name, mathematics. Neither a backslash nor an entity stops them. All of them are plain text only inside code
 * (GitHub docs, "Basic writing and formatting syntax"), so a word with one of them becomes code.
 */
const calls =
  /@|:\/\/|www\.|mailto:|xmpp:|#\d|(?<![a-z0-9])GH-\d|(?<!\d):[a-z0-9_+-]+:|\$|(?<![0-9a-z])[0-9a-f]{40}(?![0-9a-z])/i;

/** A sentence or a cell of foreign text. */
export const prose = (text: string): string =>
  visible(text)
    .replace(/\s*\n\s*/g, ' ')
    .split(/(\s+)/)
    .map((word) => (calls.test(word) ? code(word) : escaped(word)))
    .join('')
    // The start of a heading, a quotation, a list or a rule.
    .replace(/^(\s*)([#>=]|[+-](?=[\s+-]|$))/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, '$1\\$2');

const escaped = (word: string): string =>
  word
    .replace(/[\\`*_[\]|~]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;');

/**
 * Foreign text as code. The fence is longer than any run of backticks inside. A bar ends a table's cell even in code, so it stands
 * outside the code, where a backslash escapes it in a table and elsewhere.
 */
export const code = (text: string): string => oneLine(text).split('|').map(span).join('\\|');

const span = (text: string): string => {
  if (text === '') return '';
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  // A renderer removes one space on either side (CommonMark 0.31, "Code spans").
  const padding = /^`|`$|^ .* $/.test(text) ? ' ' : '';
  return `${fence}${padding}${text}${padding}${fence}`;
};

/** A link made by the host; a text that is no web address is shown without a link. */
export const link = (words: string, url: string): string => {
  if (!/^https?:\/\/[^\s/?#]/i.test(url) || !URL.canParse(url)) return `${words}: ${code(url)}`;
  return `[${words}](${new URL(url).href.replace(/[<>()\\`|*~[\]]/g, encoded)})`;
};

const encoded = (character: string): string => `%${character.charCodeAt(0).toString(16)}`;
