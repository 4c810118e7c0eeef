import { rising } from '../order.ts';

/** For each row the share of the other class that its score is on the right side of, ties counted half; and their mean, the area. */
export interface Placements {
  readonly area: number;
  readonly of: Float64Array;
}

/**
 * DeLong's placement values in O(n log n) (Sun and Xu, IEEE Signal Processing Letters 21, 2014).
 * @param labels 1 for rows of the class, 0 for others
 */
export const placements = (
  scores: Float64Array,
  labels: Float64Array,
  weights: Float64Array | undefined,
): Placements => {
  const order = rising(scores);
  const of = new Float64Array(scores.length);
  const all = [0, 0];
  for (let i = 0; i < labels.length; i++)
    all[labels[i] === 1 ? 1 : 0] = (all[labels[i] === 1 ? 1 : 0] ?? 0) + (weights?.[i] ?? 1);
  const [others = 0, ofClass = 0] = all;
  let othersBelow = 0;
  let ofClassBelow = 0;
  let sum = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    let othersHere = 0;
    let ofClassHere = 0;
    for (; end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]; end++) {
      const row = order[end] ?? 0;
      if (labels[row] === 1) ofClassHere += weights?.[row] ?? 1;
      else othersHere += weights?.[row] ?? 1;
    }
    const placeOfClass = (othersBelow + othersHere / 2) / others;
    const placeOfOther = (ofClass - ofClassBelow - ofClassHere / 2) / ofClass;
    for (let place = start; place < end; place++) {
      const row = order[place] ?? 0;
      of[row] = labels[row] === 1 ? placeOfClass : placeOfOther;
    }
    sum += ofClassHere * placeOfClass;
    othersBelow += othersHere;
    ofClassBelow += ofClassHere;
  }
  return { area: sum / ofClass, of };
};

/**
 * The influence of each row on an area, or on a difference of two: its placement's distance from the mean of its class, as a share of the
 * class. The variance of the area is the sum of their squares.
 */
export const influencesOf = (
  placed: Float64Array,
  labels: Float64Array,
  weights: Float64Array | undefined,
): Float64Array => {
  const influences = new Float64Array(placed.length);
  for (const label of [0, 1]) {
    let all = 0;
    let squares = 0;
    let sum = 0;
    for (let i = 0; i < placed.length; i++) {
      if ((labels[i] === 1 ? 1 : 0) !== label) continue;
      const weight = weights?.[i] ?? 1;
      all += weight;
      squares += weight * weight;
      sum += weight * (placed[i] ?? 0);
    }
    const effective = (all * all) / squares;
    // DeLong's variance of each class has n − 1 below.
    const correction = Math.sqrt(effective / Math.max(1, effective - 1));
    for (let i = 0; i < placed.length; i++)
      if ((labels[i] === 1 ? 1 : 0) === label)
        influences[i] = (correction * (weights?.[i] ?? 1) * ((placed[i] ?? 0) - sum / all)) / all;
  }
  return influences;
};
