import { type WordModel, wordsOf } from '../simulator/containers/words.ts';

export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

/** A word that fewer texts have is left out: its weight would be learned from too little. */
const leastTexts = 3;
const steps = 400;
const rate = 2;
/** Pulls weights towards 0, so that those of words that separate the classes stay finite. */
const decay = 0.001;

/**
 * Logistic regression over the words of the texts, by gradient descent over all of them. Weights have three decimals: more would let
 * the last bit of an exponential decide over the bytes of the model.
 */
export const fitWords = (texts: readonly LabelledText[], classes: readonly [string, string]): WordModel => {
  const wordsOfTexts = texts.map(({ text }) => wordsOf(text));
  const counts = new Map<string, number>();
  for (const word of wordsOfTexts.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts].flatMap(([word, count]) => (count >= leastTexts ? [word] : [])).sort();
  const places = new Map(words.map((word, place) => [word, place]));
  const rows = wordsOfTexts.map((found) => found.flatMap((word) => places.get(word) ?? []));
  const targets = texts.map(({ label }) => (label === classes[1] ? 1 : 0));

  const weights = new Float64Array(words.length);
  let intercept = 0;
  for (let step = 0; step < steps; step++) {
    const gradient = weights.map((weight) => decay * weight);
    let ofIntercept = 0;
    rows.forEach((row, at) => {
      const sum = row.reduce((total, place) => total + (weights[place] ?? 0), intercept);
      const error = (1 / (1 + Math.exp(-sum)) - (targets[at] ?? 0)) / rows.length;
      ofIntercept += error;
      for (const place of row) gradient[place] = (gradient[place] ?? 0) + error;
    });
    intercept -= rate * ofIntercept;
    weights.forEach((weight, place) => {
      weights[place] = weight - rate * (gradient[place] ?? 0);
    });
  }
  return {
    kind: 'words',
    classes,
    intercept: rounded(intercept),
    weights: Object.fromEntries(words.map((word, place) => [word, rounded(weights[place] ?? 0)])),
  };
};

const rounded = (value: number): number => Math.round(value * 1e3) / 1e3;
