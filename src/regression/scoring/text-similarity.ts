import type { Normalization } from '../../manifest/regression.ts';

/** How alike two texts are after normalisation: 1 or 0, and the F1 of common tokens. */
export interface Similarity {
  readonly exact: number;
  readonly tokenF1: number;
}

export const similarity = (label: string, prediction: string, normalization: Normalization): Similarity => {
  const [wanted, given] = [normalized(label, normalization), normalized(prediction, normalization)];
  return { exact: wanted === given ? 1 : 0, tokenF1: tokenF1(tokensOf(wanted), tokensOf(given)) };
};

/** The form in which texts are compared. */
export const normalized = (text: string, normalization: Normalization): string => {
  if (normalization === 'none') return text;
  const folded = casefolded(text.normalize('NFKC'));
  return spaced(normalization === 'squad' ? withoutArticles(folded.replace(/[\p{P}\p{S}]/gu, '')) : folded);
};

/** Upper case first, so that ß is ss; a final sigma is a sigma. */
const casefolded = (text: string): string => text.toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');
const withoutArticles = (text: string): string => text.replace(/\b(a|an|the)\b/g, ' ');
const spaced = (text: string): string => text.trim().replace(/\s+/g, ' ');
const tokensOf = (text: string): readonly string[] => text.split(/\s+/).filter((token) => token !== '');

/** As SQuAD counts: a token is common as often as both have it; two empty texts are alike. */
const tokenF1 = (wanted: readonly string[], given: readonly string[]): number => {
  if (wanted.length === 0 || given.length === 0) return wanted.length === given.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const token of wanted) left.set(token, (left.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of given) {
    const count = left.get(token) ?? 0;
    if (count === 0) continue;
    left.set(token, count - 1);
    common++;
  }
  return (2 * common) / (wanted.length + given.length);
};
