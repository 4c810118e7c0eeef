import type { Task } from '../../src/manifest/regression.ts';
import { type Answers, answered, failed, type PairedRows } from '../../src/regression/rows.ts';

/** One model's answers, as columns of a test. A prediction of null is an error. */
export interface AnswerColumns {
  readonly predictions?: readonly (number | null)[];
  readonly scores?: readonly number[] | readonly (readonly number[])[];
  readonly latencyMs?: readonly number[];
  readonly bytes?: readonly number[];
  readonly exact?: readonly number[];
  readonly tokenF1?: readonly number[];
}

export interface RowColumns {
  readonly task: Task;
  readonly labels: readonly number[];
  readonly classes?: readonly string[];
  readonly weights?: readonly number[];
  readonly groups?: readonly number[];
}

const answersOf = (size: number, columns: AnswerColumns): Answers => {
  const { predictions, scores, latencyMs, bytes, exact, tokenF1 } = columns;
  return {
    states: Uint8Array.from({ length: size }, (_, i) => (predictions?.[i] === null ? failed : answered)),
    predictions: Float64Array.from({ length: size }, (_, i) => predictions?.[i] ?? Number.NaN),
    ...(scores && { scores: Float64Array.from(scores.flat()) }),
    ...(latencyMs && { latencyMs: Float64Array.from(latencyMs) }),
    ...(bytes && { bytes: Float64Array.from(bytes) }),
    ...((exact || tokenF1) && {
      text: { exact: Float64Array.from(exact ?? []), tokenF1: Float64Array.from(tokenF1 ?? []) },
    }),
  };
};

/** Paired rows; the last class of a binary task is the positive one. Without a baseline, both models answer alike. */
export const pairedRows = (
  { task, labels, classes, weights, groups }: RowColumns,
  candidate: AnswerColumns,
  baseline: AnswerColumns = candidate,
): PairedRows => {
  const names = classes ?? classesOf(task, labels);
  return {
    task,
    size: labels.length,
    classes: names,
    ...(task === 'binary-classification' && { positive: names.length - 1 }),
    labels: Float64Array.from(labels),
    ...(weights && { weights: Float64Array.from(weights) }),
    ...(groups && { groups: { of: Int32Array.from(groups), count: Math.max(-1, ...groups) + 1 } }),
    candidate: answersOf(labels.length, candidate),
    baseline: answersOf(labels.length, baseline),
    slices: [],
  };
};

const classesOf = (task: Task, labels: readonly number[]): readonly string[] => {
  if (task === 'binary-classification') return ['0', '1'];
  if (task !== 'multiclass-classification') return [];
  return Array.from({ length: Math.max(-1, ...labels) + 1 }, (_, code) => String(code));
};
