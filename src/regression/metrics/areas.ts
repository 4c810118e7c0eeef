import type { Prepared, Shape } from '../measure.ts';
import { rising } from '../order.ts';
import { meanOf, ratio } from '../ratio.ts';
import type { Answers, Codes, PairedRows } from '../rows.ts';
import { takesPart } from '../usable.ts';
import { areaInOrder, areasWithout, type TwoKinds } from './area.ts';
import { type ScoreOrder, scoresOfAnswered, scoresOfClass } from './scores.ts';

type Over = Extract<Shape, { readonly is: 'whole' }>['over'];

const ofScores = (over: Over): Shape => ({
  is: 'whole',
  takesPart: (rows, answers) => takesPart({ needs: 'scores' }, rows, answers),
  over,
});

/** For each class, its scores and the rows in their rising order. */
const ordersOf = (rows: PairedRows, answers: Answers): readonly ScoreOrder[] =>
  rows.classes.map((_, code) => {
    const scores = scoresOfClass(rows, answers, code, rows.classes.length);
    return { scores, order: rising(scores) };
  });

/** Each class against all others; `weighted` by the rows of the class. Classes without rows have no area and are left out. */
export const areasOfRest = (average: 'macro' | 'weighted'): Shape =>
  ofScores((rows, answers) => {
    const orders = ordersOf(rows, answers);
    const counting = takesPart({ needs: 'scores' }, rows, answers);
    const kinds = (code: number, multiplicities: Float64Array): TwoKinds => ({
      ...(orders[code] ?? noRows),
      isOfClass: (row) => rows.labels[row] === code,
      weightOf: (row) => multiplicities[row] ?? 0,
    });
    const mean = (support: Float64Array, areaOf: (code: number) => number | null): number | null => {
      const present = presentIn(support);
      return meanOf(
        present.map(areaOf),
        average === 'weighted' ? present.map((code) => support[code] ?? 0) : undefined,
      );
    };
    const whole = (multiplicities: Float64Array): number | null =>
      mean(supportOf(rows, counting, multiplicities), (code) => areaInOrder(kinds(code, multiplicities)));
    return Object.assign(whole, {
      withoutEach: (multiplicities: Float64Array, { of, count }: Codes): Float64Array => {
        const areas = orders.map((_, code) => areasWithout(kinds(code, multiplicities), (row) => of[row] ?? 0, count));
        const supports = supportsWithout(rows, counting, multiplicities, { of, count });
        return Float64Array.from(
          supports,
          (support, unit) => mean(support, (code) => numberAt(areas[code], unit)) ?? Number.NaN,
        );
      },
    });
  });

const noRows: ScoreOrder = { scores: new Float64Array(), order: new Uint32Array() };

const numberAt = (column: Float64Array | undefined, at: number): number | null => {
  const value = column?.[at] ?? Number.NaN;
  return Number.isNaN(value) ? null : value;
};

/**
 * Each pair of classes with rows, over their rows alone: the mean of the area by the scores of one and of that by the scores of the other
 * (Hand and Till); `weighted` by the rows of both.
 */
export const areasOfPairs = (average: 'macro' | 'weighted'): Shape =>
  ofScores((rows, answers) => {
    const orders = ordersOf(rows, answers);
    const counting = takesPart({ needs: 'scores' }, rows, answers);
    return (multiplicities) => {
      const support = supportOf(rows, counting, multiplicities);
      const present = presentIn(support);
      const won = orders.map(({ order, scores }, code) => winsOver(order, scores, code, rows, multiplicities));
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

const presentIn = (support: Float64Array): readonly number[] =>
  [...support.keys()].filter((code) => (support[code] ?? 0) > 0);

const supportOf = (rows: PairedRows, counting: Uint8Array, multiplicities: Float64Array): Float64Array => {
  const support = new Float64Array(rows.classes.length);
  for (let i = 0; i < rows.size; i++) {
    const code = rows.labels[i] ?? 0;
    if (counting[i] === 1) support[code] = (support[code] ?? 0) + (multiplicities[i] ?? 0);
  }
  return support;
};

/** The support of each class without the rows of each unit. */
const supportsWithout = (
  rows: PairedRows,
  counting: Uint8Array,
  multiplicities: Float64Array,
  { of, count }: Codes,
): readonly Float64Array[] => {
  const whole = supportOf(rows, counting, multiplicities);
  const ofUnits = Array.from({ length: count }, () => new Float64Array(whole.length));
  // Counted, so that a class that is left without rows is known for certain.
  const places = new Uint32Array(whole.length);
  const placesOfUnits = Array.from({ length: count }, () => new Uint32Array(whole.length));
  for (let i = 0; i < rows.size; i++) {
    const code = rows.labels[i] ?? 0;
    const unit = of[i] ?? 0;
    const support = ofUnits[unit];
    const own = placesOfUnits[unit];
    if (counting[i] !== 1 || !support || !own || !multiplicities[i]) continue;
    support[code] = (support[code] ?? 0) + (multiplicities[i] ?? 0);
    own[code] = (own[code] ?? 0) + 1;
    places[code] = (places[code] ?? 0) + 1;
  }
  return ofUnits.map((support, unit) =>
    whole.map((all, code) => (placesOfUnits[unit]?.[code] === places[code] ? 0 : all - (support[code] ?? 0))),
  );
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
  const kinds = (multiplicities: Float64Array): TwoKinds => ({
    scores,
    order,
    isOfClass: (index) => rows.labels[Math.floor(index / block)] === index % block,
    weightOf: (index) => multiplicities[Math.floor(index / block)] ?? 0,
  });
  const withoutUnits: Prepared['withoutEach'] = (multiplicities, { of, count }) =>
    areasWithout(kinds(multiplicities), (index) => of[Math.floor(index / block)] ?? 0, count);
  return Object.assign((multiplicities: Float64Array) => areaInOrder(kinds(multiplicities)), {
    withoutEach: withoutUnits,
  });
});
