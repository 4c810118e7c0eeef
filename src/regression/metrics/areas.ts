import type { Shape } from '../measure.ts';
import { rising } from '../order.ts';
import { meanOf, ratio } from '../ratio.ts';
import type { Answers, PairedRows } from '../rows.ts';
import { takesPart } from '../usable.ts';
import { areaInOrder } from './area.ts';
import { scoresOfAnswered, scoresOfClass } from './scores.ts';

type Over = Extract<Shape, { readonly is: 'whole' }>['over'];

const ofScores = (over: Over): Shape => ({
  is: 'whole',
  takesPart: (rows, answers) => takesPart({ needs: 'scores' }, rows, answers),
  over,
});

/** For each class, its scores and the rows in their rising order. */
const ranksOf = (
  rows: PairedRows,
  answers: Answers,
): readonly { readonly scores: Float64Array; readonly order: Uint32Array }[] =>
  rows.classes.map((_, code) => {
    const scores = scoresOfClass(rows, answers, code, rows.classes.length);
    return { scores, order: rising(scores) };
  });

/** Each class against all others; `weighted` by the rows of the class. Classes without rows have no area and are left out. */
export const areasOfRest = (average: 'macro' | 'weighted'): Shape =>
  ofScores((rows, answers) => {
    const ranks = ranksOf(rows, answers);
    const counting = takesPart({ needs: 'scores' }, rows, answers);
    return (multiplicities) => {
      const support = supportOf(rows, counting, multiplicities);
      const present = [...ranks.entries()].filter(([code]) => (support[code] ?? 0) > 0);
      return meanOf(
        present.map(([code, { order, scores }]) =>
          areaInOrder(
            order,
            scores,
            (row) => rows.labels[row] === code,
            (row) => multiplicities[row] ?? 0,
          ),
        ),
        average === 'weighted' ? present.map(([code]) => support[code] ?? 0) : undefined,
      );
    };
  });

/**
 * Each pair of classes with rows, over their rows alone: the mean of the area by the scores of one and of that by the scores of the other
 * (Hand and Till); `weighted` by the rows of both.
 */
export const areasOfPairs = (average: 'macro' | 'weighted'): Shape =>
  ofScores((rows, answers) => {
    const ranks = ranksOf(rows, answers);
    const counting = takesPart({ needs: 'scores' }, rows, answers);
    return (multiplicities) => {
      const support = supportOf(rows, counting, multiplicities);
      const present = [...support.keys()].filter((code) => (support[code] ?? 0) > 0);
      const won = ranks.map(({ order, scores }, code) => winsOver(order, scores, code, rows, multiplicities));
      const areas: (number | null)[] = [];
      const weights: number[] = [];
      for (const [index, one] of present.entries())
        for (const other of present.slice(index + 1)) {
          const all = (support[one] ?? 0) * (support[other] ?? 0);
          areas.push(ratio(((won[one]?.[other] ?? 0) + (won[other]?.[one] ?? 0)) / 2, all));
          weights.push((support[one] ?? 0) + (support[other] ?? 0));
        }
      return meanOf(areas, average === 'weighted' ? weights : undefined);
    };
  });

const supportOf = (rows: PairedRows, counting: Uint8Array, multiplicities: Float64Array): Float64Array => {
  const support = new Float64Array(rows.classes.length);
  for (let i = 0; i < rows.size; i++) {
    const code = rows.labels[i] ?? 0;
    if (counting[i] === 1) support[code] = (support[code] ?? 0) + (multiplicities[i] ?? 0);
  }
  return support;
};

/** How often a row of the class scores higher than a row of each other class; ties are halves. */
const winsOver = (
  order: Uint32Array,
  scores: Float64Array,
  code: number,
  { classes, labels }: PairedRows,
  multiplicities: Float64Array,
): Float64Array => {
  const won = new Float64Array(classes.length);
  const below = new Float64Array(classes.length);
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] ?? 0];
    let own = 0;
    let end = start;
    for (; end < order.length && scores[order[end] ?? 0] === score; end++)
      if (labels[order[end] ?? 0] === code) own += multiplicities[order[end] ?? 0] ?? 0;
    // Those below, and half of those beside: once before, once after they are added.
    for (let other = 0; own > 0 && other < won.length; other++)
      won[other] = (won[other] ?? 0) + (own * (below[other] ?? 0)) / 2;
    for (let place = start; place < end; place++) {
      const label = labels[order[place] ?? 0] ?? 0;
      below[label] = (below[label] ?? 0) + (multiplicities[order[place] ?? 0] ?? 0);
    }
    for (let other = 0; own > 0 && other < won.length; other++)
      won[other] = (won[other] ?? 0) + (own * (below[other] ?? 0)) / 2;
    start = end;
  }
  return won;
};

/** One area over all scores of all classes: whether a score is that of the label. */
export const poolOfAreas: Shape = ofScores((rows, answers) => {
  const block = rows.classes.length;
  const pooled = { ...rows, size: rows.size * block };
  const states = new Uint8Array(pooled.size).map((_, index) => answers.states[Math.floor(index / block)] ?? 0);
  const scores = scoresOfAnswered(pooled, { ...answers, states });
  const order = rising(scores);
  return (multiplicities) =>
    areaInOrder(
      order,
      scores,
      (index) => rows.labels[Math.floor(index / block)] === index % block,
      (index) => multiplicities[Math.floor(index / block)] ?? 0,
    );
});
