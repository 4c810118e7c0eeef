import { createRandom } from '../random.ts';
import type { Prediction } from './classifier.ts';

/**
 * Serving code that samples its answers, or that was left in training mode: `share` of the rows get the label and the score of another
 * class. The draws come one by one from a stream of their own, so that they do not depend on the row.
 */
export interface Nondeterminism {
  readonly share: number;
  readonly seed: number;
}

/** A model's answer as its serving code gives it away; of one container, from its start on. */
export const wavering = ({ share, seed }: Nondeterminism): ((prediction: Prediction) => Prediction) => {
  const random = createRandom(seed, 'nondeterministic serving');
  return (prediction) => {
    // Two draws a row, whether they are needed or not: a row's answer depends on nothing but its place in the stream.
    const [wavers, drawn] = [random() < share, random()];
    const { scores } = prediction;
    if (!wavers || scores.length < 2) return prediction;
    const other = (prediction.class + 1 + Math.floor(drawn * (scores.length - 1))) % scores.length;
    const score = (index: number): number => scores[index] ?? 0;
    const swapped = scores.map((value, index) => {
      if (index === other) return score(prediction.class);
      return index === prediction.class ? score(other) : value;
    });
    return { class: other, scores: swapped };
  };
};
