import type { Prediction } from './classifier.ts';

/** A fitted text classifier as `model.json` carries it: a logistic regression over the words of a text. */
export interface WordModel {
  readonly kind: 'words';
  /** The second is the one whose probability is computed. */
  readonly classes: readonly [string, string];
  readonly intercept: number;
  /** By word; other words count nothing. */
  readonly weights: Readonly<Record<string, number>>;
}

/** Every word once, without regard to case. */
export const wordsOf = (text: string): readonly string[] => [
  ...new Set(text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []),
];

export const classifyText = ({ intercept, weights }: WordModel, text: string): Prediction => {
  const weightOf = (word: string): number => (Object.hasOwn(weights, word) ? (weights[word] ?? 0) : 0);
  const sum = wordsOf(text).reduce((total, word) => total + weightOf(word), intercept);
  const probability = 1 / (1 + Math.exp(-sum));
  return { class: probability >= 0.5 ? 1 : 0, scores: [1 - probability, probability] };
};
