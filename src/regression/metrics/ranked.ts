/** The rows of one query by falling score. */
export interface Ranked {
  readonly blocks: readonly TiedRows[];
  /** The same rows by falling relevance: no order is better. */
  readonly ideal: readonly TiedRows[];
  readonly someRelevant: boolean;
  readonly someNegative: boolean;
}

/** Rows of equal score. */
export interface TiedRows {
  /** Rows with a higher score. */
  readonly before: number;
  readonly rows: number;
  /** Sum of their relevances, and those whose relevance is above 0. */
  readonly relevance: number;
  readonly relevant: number;
}

export interface ScoredRow {
  readonly score: number;
  readonly relevance: number;
}

export const rankedByScore = (rows: readonly ScoredRow[]): Ranked => ({
  blocks: blocksOf(rows),
  ideal: blocksOf(rows.map(({ relevance }) => ({ score: relevance, relevance }))),
  someRelevant: rows.some(({ relevance }) => relevance > 0),
  someNegative: rows.some(({ relevance }) => !(relevance >= 0)),
});

const blocksOf = (rows: readonly ScoredRow[]): readonly TiedRows[] => {
  const blocks: TiedRows[] = [];
  let score = Number.NaN;
  for (const [before, row] of rows.toSorted((a, b) => b.score - a.score).entries()) {
    const block = row.score === score ? blocks.pop() : undefined;
    score = row.score;
    blocks.push({
      before: block?.before ?? before,
      rows: (block?.rows ?? 0) + 1,
      relevance: (block?.relevance ?? 0) + row.relevance,
      relevant: (block?.relevant ?? 0) + (row.relevance > 0 ? 1 : 0),
    });
  }
  return blocks;
};
