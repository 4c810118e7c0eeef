import type { AnsweredRows, Answers } from './rows.ts';

/** Some of the rows, as a set of its own: the value of a slice is the value of its selection. Groups and clusters keep their codes. */
export const select = <Rows extends AnsweredRows>(rows: Rows, indexes: Int32Array): Rows => ({
  ...rows,
  size: indexes.length,
  labels: pick(rows.labels, indexes),
  ...(rows.weights && { weights: pick(rows.weights, indexes) }),
  ...(rows.clusters && { clusters: { ...rows.clusters, of: pickCodes(rows.clusters.of, indexes) } }),
  ...(rows.groups && { groups: { ...rows.groups, of: pickCodes(rows.groups.of, indexes) } }),
  candidate: selectAnswers(rows.candidate, indexes, rows.size),
  ...(rows.baseline && { baseline: selectAnswers(rows.baseline, indexes, rows.size) }),
  slices: [],
});

const selectAnswers = (answers: Answers, indexes: Int32Array, size: number): Answers => {
  const states = new Uint8Array(indexes.length);
  for (let i = 0; i < indexes.length; i++) states[i] = answers.states[indexes[i] ?? 0] ?? 0;
  const { scores, latencyMs, bytes, text } = answers;
  return {
    states,
    predictions: pick(answers.predictions, indexes),
    ...(scores && { scores: pickBlocks(scores, indexes, size) }),
    ...(latencyMs && { latencyMs: pick(latencyMs, indexes) }),
    ...(bytes && { bytes: pick(bytes, indexes) }),
    ...(text && { text: { exact: pick(text.exact, indexes), tokenF1: pick(text.tokenF1, indexes) } }),
  };
};

const pick = (column: Float64Array, indexes: Int32Array): Float64Array => {
  const picked = new Float64Array(indexes.length);
  for (let i = 0; i < indexes.length; i++) picked[i] = column[indexes[i] ?? 0] ?? Number.NaN;
  return picked;
};

const pickCodes = (codes: Int32Array, indexes: Int32Array): Int32Array => {
  const picked = new Int32Array(indexes.length);
  for (let i = 0; i < indexes.length; i++) picked[i] = codes[indexes[i] ?? 0] ?? 0;
  return picked;
};

/** Scores of several classes stand row by row. */
const pickBlocks = (scores: Float64Array, indexes: Int32Array, size: number): Float64Array => {
  const block = size === 0 ? 1 : scores.length / size;
  if (block === 1) return pick(scores, indexes);
  const picked = new Float64Array(indexes.length * block);
  for (let i = 0; i < indexes.length; i++) {
    const start = (indexes[i] ?? 0) * block;
    picked.set(scores.subarray(start, start + block), i * block);
  }
  return picked;
};
