import type { Shape } from '../measure.ts';
import { rising } from '../order.ts';
import { meanOf, ratio } from '../ratio.ts';
import type { AnsweredRows, Answers, Codes } from '../rows.ts';
import { takesPart } from '../usable.ts';
import { areaInOrder, areasWithout, type TwoKinds } from './area.ts';
import { scoresOfAnswered, scoresOfClass } from './scores.ts';

/** Rows by rising score. */
type ScoreOrder = Pick<TwoKinds, 'scores' | 'order'>;
type Over = Extract<Shape, { readonly is: 'whole' }>['over'];

const ofScores = (over: Over): Shape => ({
  is: 'whole',
  takesPart: (rows, answers) => takesPart({ needs: 'scores' }, rows, answers),
  over,
});

/** For each class, its scores and the rows in their rising order. */
const ordersOf = (rows: AnsweredRows, answers: Answers): readonly ScoreOrder[] =>
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
    return {
      value: (multiplicities) =>
        mean(supportOf(rows, counting, multiplicities), (code) => areaInOrder(kinds(code, multiplicities))),
      withoutEach: (multiplicities, { of, count }) => {
        const areas = orders.map((_, code) => areasWithout(kinds(code, multiplicities), (row) => of[row] ?? 0, count));
        const supports = supportsWithout(rows, counting, multiplicities, { of, count });
        return Float64Array.from(
          supports,
          (support, unit) => mean(support, (code) => numberAt(areas[code], unit)) ?? Number.NaN,
        );
      },
    };
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
    /** @param won how often a row of the one class stands above a row of the other, by the scores of the one */
    const mean = (support: Float64Array, won: (one: number, other: number) => number): number | null => {
      const present = presentIn(support);
      const pairs = present.flatMap((one, index) => present.slice(index + 1).map((other) => [one, other] as const));
      const sizeOf = (code: number): number => support[code] ?? 0;
      return meanOf(
        pairs.map(([one, other]) => ratio((won(one, other) + won(other, one)) / 2, sizeOf(one) * sizeOf(other))),
        average === 'weighted' ? pairs.map(([one, other]) => sizeOf(one) + sizeOf(other)) : undefined,
      );
    };
    const winsOf = (multiplicities: Float64Array): readonly Float64Array[] =>
      orders.map((order, code) => winsOver(order, code, rows, multiplicities));
    return {
      value: (multiplicities) => {
        const won = winsOf(multiplicities);
        return mean(supportOf(rows, counting, multiplicities), (one, other) => won[one]?.[other] ?? 0);
      },
      withoutEach: (multiplicities, units) => {
        const won = winsOf(multiplicities);
        const lost = orders.map((order, code) => winsLost(order, { code, rows, multiplicities, units }));
        const width = rows.classes.length;
        return Float64Array.from(
          supportsWithout(rows, counting, multiplicities, units),
          (support, unit) =>
            mean(support, (one, other) => (won[one]?.[other] ?? 0) - (lost[one]?.[unit * width + other] ?? 0)) ??
            Number.NaN,
        );
      },
    };
  });

const presentIn = (support: Float64Array): readonly number[] =>
  [...support.keys()].filter((code) => (support[code] ?? 0) > 0);

const supportOf = (rows: AnsweredRows, counting: Uint8Array, multiplicities: Float64Array): Float64Array => {
  const support = new Float64Array(rows.classes.length);
  for (let i = 0; i < rows.size; i++) {
    const code = rows.labels[i] ?? 0;
    if (counting[i] === 1) support[code] = (support[code] ?? 0) + (multiplicities[i] ?? 0);
  }
  return support;
};

/** The support of each class without the rows of each unit. */
const supportsWithout = (
  rows: AnsweredRows,
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
  { order, scores }: ScoreOrder,
  code: number,
  { classes, labels }: AnsweredRows,
  multiplicities: Float64Array,
): Float64Array => {
  const won = new Float64Array(classes.length);
  const below = new Float64Array(classes.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    end = endOfScore(order, scores, start);
    let own = 0;
    for (const row of order.subarray(start, end)) if (labels[row] === code) own += multiplicities[row] ?? 0;
    const win = (): void => {
      for (let other = 0; own > 0 && other < won.length; other++)
        won[other] = (won[other] ?? 0) + (own * (below[other] ?? 0)) / 2;
    };
    // Those below, and half of those beside: once before, once after they are added.
    win();
    addTo(below, order.subarray(start, end), labels, multiplicities);
    win();
  }
  return won;
};

const endOfScore = (order: Uint32Array, scores: Float64Array, start: number): number => {
  const score = scores[order[start] ?? 0];
  let end = start + 1;
  while (end < order.length && scores[order[end] ?? 0] === score) end++;
  return end;
};

const addTo = (sums: Float64Array, some: Uint32Array, labels: Float64Array, multiplicities: Float64Array): void => {
  for (const row of some) {
    const label = labels[row] ?? 0;
    sums[label] = (sums[label] ?? 0) + (multiplicities[row] ?? 0);
  }
};

/** Of these, those that are lost without the rows of each unit, unit by unit: as `areasWithout` has it, for each other class. */
const winsLost = (
  { order, scores }: ScoreOrder,
  asked: {
    readonly code: number;
    readonly rows: AnsweredRows;
    readonly multiplicities: Float64Array;
    readonly units: Codes;
  },
): Float64Array => {
  const { code, rows, multiplicities, units } = asked;
  const { labels } = rows;
  const width = rows.classes.length;
  const lost = new Float64Array(units.count * width);
  const below = new Float64Array(width);
  const belowOfUnits = new Float64Array(units.count * width);
  let above = 0;
  for (const row of order) if (labels[row] === code) above += multiplicities[row] ?? 0;
  /** Half of the pairs of each row of the class with those below it, less half of those of its own unit. */
  const loseBelow = (some: Uint32Array): void => {
    for (const row of some) {
      if (labels[row] !== code) continue;
      const times = (multiplicities[row] ?? 0) / 2;
      const from = (units.of[row] ?? 0) * width;
      for (let other = 0; other < width; other++)
        lost[from + other] =
          (lost[from + other] ?? 0) + times * ((below[other] ?? 0) - (belowOfUnits[from + other] ?? 0));
    }
  };
  for (let start = 0, end = 0; start < order.length; start = end) {
    end = endOfScore(order, scores, start);
    const some = order.subarray(start, end);
    let own = 0;
    for (const row of some) if (labels[row] === code) own += multiplicities[row] ?? 0;
    loseBelow(some);
    addTo(below, some, labels, multiplicities);
    for (const row of some) {
      const cell = (units.of[row] ?? 0) * width + (labels[row] ?? 0);
      const times = multiplicities[row] ?? 0;
      belowOfUnits[cell] = (belowOfUnits[cell] ?? 0) + times;
      if (labels[row] !== code) lost[cell] = (lost[cell] ?? 0) + times * (above - own / 2);
    }
    loseBelow(some);
    above -= own;
  }
  return lost;
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
  return {
    value: (multiplicities) => areaInOrder(kinds(multiplicities)),
    withoutEach: (multiplicities, { of, count }) =>
      areasWithout(kinds(multiplicities), (index) => of[Math.floor(index / block)] ?? 0, count),
  };
});
