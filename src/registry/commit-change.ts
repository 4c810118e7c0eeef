import { CommitParser } from 'conventional-commits-parser';
import type { Change } from '../versions/bump.ts';

const parser = new CommitParser({
  // A scope may have brackets of its own: `feat(parser (csv))!: …`.
  headerPattern: /^(\w+)(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?(!)?: +\S/,
  headerCorrespondence: ['type', 'breaking'],
  noteKeywords: ['BREAKING CHANGE', 'BREAKING-CHANGE'],
  // Conventional Commits 1.0.0, §12 and §16: the words are in capitals, and a colon follows.
  notesPattern: (words) => new RegExp(`^(${words}): (.*)$`),
  fieldPattern: /^(?!)/,
  revertPattern: /^(?!)/,
  // Undefined turns the search for references off, which its types do not know: they decide about nothing here, and take long to find in
  // a hostile line.
  issuePrefixes: undefined as never,
});

/** Foreign text: a longer message has no more to say about its kind, and the kind stands at the beginning of a line. */
const mostCharacters = 64 * 1024;
const longestLine = 200;

/** The change that a commit's message names; `other` for a message in another form. */
export const changeIn = (message: string): Change => {
  const text = message
    .slice(0, mostCharacters)
    .split(/\r?\n/)
    .map((line) => line.slice(0, longestLine))
    .join('\n')
    .trim();
  if (text === '') return 'other';
  const { type, breaking, notes } = parser.parse(text);
  if (breaking || notes.length > 0) return 'breaking';
  return type?.toLowerCase() === 'feat' ? 'feature' : 'other';
};
