import { oneLine, visible } from '../plain-text.ts';

/**
 * Foreign text in Markdown, as GitHub renders it in job summaries and comments (DESIGN §7 rule 22): it is read as it was written, and
 * it calls nobody, links nowhere and closes nothing. For a place that holds one line: a cell, a heading, an item, a sentence.
 */

/**
 * GitHub's own additions look at words, before and after Markdown is resolved, and know neither a backslash nor an entity: mentions, mail
 * addresses, bare links, references to issues and commits, pictures by name, mathematics. Code is the one place where all of them are
 * text (GitHub docs, "Basic writing and formatting syntax"), so a word with one of them becomes code.
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
 * Foreign text as code. The fence is longer than any run of backticks inside; a bar ends a table's cell even in code, so it stands
 * outside, where a backslash holds in a table and beside one.
 */
export const code = (text: string): string => oneLine(text).split('|').map(span).join('\\|');

const span = (text: string): string => {
  if (text === '') return '';
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  // One space on either side is taken off again (CommonMark 0.31, "Code spans").
  const padding = /^`|`$|^ .* $/.test(text) ? ' ' : '';
  return `${fence}${padding}${text}${padding}${fence}`;
};

/** A link of the host's own making; what is no web address is shown, and not linked. */
export const link = (words: string, url: string): string => {
  if (!/^https?:\/\/[^\s/?#]/i.test(url) || !URL.canParse(url)) return `${words}: ${code(url)}`;
  return `[${words}](${new URL(url).href.replace(/[<>()\\`|*~[\]]/g, encoded)})`;
};

const encoded = (character: string): string => `%${character.charCodeAt(0).toString(16)}`;
