import type { Shape } from '../measure.ts';
import { type AnsweredRows, type Answers, answered } from '../rows.ts';
import { type Makers, required, share } from './maker.ts';
import { undefinedTerm } from './mean.ts';
import { type Ranked, rankedByScore, type TiedRows } from './ranked.ts';
import { served } from './served.ts';

/**
 * The mean over queries. The value of a query stands in its row of the greatest weight, which is the query's weight; so a resampling of rows
 * is one of queries. A query of which a row has no score, or that has no relevant row, is left out: no order of it is better than another.
 */
const overQueries = (value: (query: Ranked) => number): Shape => ({
  is: 'sums',
  terms: (rows, answers) => {
    const values = new Float64Array(rows.size).fill(Number.NaN);
    for (const query of queriesOf(rows)) {
      if (query.some((row) => answers.states[row] !== answered || Number.isNaN(scoreOf(answers, row)))) continue;
      const ranked = rankedByScore(
        query.map((row) => ({ score: scoreOf(answers, row), relevance: rows.labels[row] ?? Number.NaN })),
      );
      if (!ranked.someRelevant) continue;
      values[heaviest(query, rows.weights)] = ranked.someNegative ? undefinedTerm : value(ranked);
    }
    return [values];
  },
  of: ([sum = 0], weight) => sum / weight,
});

const scoreOf = ({ scores }: Answers, row: number): number => scores?.[row] ?? Number.NaN;

const queriesOf = ({ groups, size }: AnsweredRows): readonly (readonly number[])[] => {
  const queries: number[][] = Array.from({ length: groups?.count ?? 1 }, () => []);
  for (let i = 0; i < size; i++) queries[groups?.of[i] ?? 0]?.push(i);
  return queries.filter(({ length }) => length > 0);
};

const heaviest = (query: readonly number[], weights: Float64Array | undefined): number =>
  query.reduce((best, row) => ((weights?.[row] ?? 1) > (weights?.[best] ?? 1) ? row : best));

const discount = (rank: number): number => 1 / Math.log2(rank + 1);

/** Gains are the relevances themselves, as scikit-learn has it; equal scores share the mean of their places' discounts. */
const gain = (blocks: readonly TiedRows[], k: number): number => {
  let sum = 0;
  for (const { before, rows, relevance } of blocks) {
    let discounts = 0;
    for (let rank = before + 1; rank <= Math.min(before + rows, k); rank++) discounts += discount(rank);
    sum += (discounts * relevance) / rows;
  }
  return sum;
};

/** Of the first `k` places. */
export const normalisedGain =
  (k: number) =>
  ({ blocks, ideal }: Ranked): number =>
    gain(blocks, k) / gain(ideal, k);

/**
 * Equal scores are in no order: the mean over all their orders. The chance that the first relevant of `rows` in random order stands in place
 * `place` falls by the share of others that can stand before it.
 */
const reciprocalRank = ({ blocks }: Ranked): number => {
  const block = blocks.find(({ relevant }) => relevant > 0);
  if (block === undefined) return 0;
  let notYet = 1;
  let sum = 0;
  for (let place = 1; place <= block.rows; place++) {
    const now = Math.min(1, block.relevant / (block.rows - place + 1));
    sum += (notYet * now) / (block.before + place);
    notYet *= 1 - now;
  }
  return sum;
};

/** Likewise, after McSherry and Najork, "Computing information retrieval performance measures efficiently in the presence of tied scores". */
const averagePrecision = ({ blocks }: Ranked): number => {
  let sum = 0;
  let found = 0;
  for (const { before, rows, relevant } of blocks) {
    for (let place = 1; place <= rows; place++) {
      const amongTied = rows === 1 ? 0 : ((place - 1) * (relevant - 1)) / (rows - 1);
      if (relevant > 0) sum += ((relevant / rows) * (found + amongTied + 1)) / (before + place);
    }
    found += relevant;
  }
  return sum / found;
};

/** Likewise: the chance that not only others stand in the places up to `k`. */
const hit =
  (k: number) =>
  ({ blocks }: Ranked): number => {
    let missed = 1;
    for (const { before, rows, relevant } of blocks)
      for (let place = 0; place < rows && before + place < k; place++)
        missed *= Math.max(0, 1 - relevant / (rows - place));
    return 1 - missed;
  };

const fromScores = { ...share, needs: 'scores', failedRows: 'missing' } as const;

export const ranking: Makers<'ranking'> = {
  ...served,
  ndcg: ({ k = Number.POSITIVE_INFINITY }) => ({ ...fromScores, shape: overQueries(normalisedGain(k)) }),
  mrr: () => ({ ...fromScores, shape: overQueries(reciprocalRank) }),
  map: () => ({ ...fromScores, shape: overQueries(averagePrecision) }),
  'hit-rate': (name) => ({ ...fromScores, shape: overQueries(hit(required(name, 'k'))) }),
};
