import type { Measure } from './measure.ts';
import { type AnsweredRows, type Answers, absent, failed } from './rows.ts';

/**
 * Whether a row's answer counts in a metric: it is there, and has the column that the metric needs. A failed row counts where it is wrong.
 * An unusable row is missing; one outside a denominator (a negative row under recall) is not.
 */
export const isUsable = (measure: Pick<Measure, 'needs' | 'failedRows'>, answers: Answers, row: number): boolean => {
  const state = answers.states[row];
  if (state === absent) return false;
  if (state === failed) return measure.failedRows === 'wrong';
  const { needs } = measure;
  if (needs === 'scores') return hasScores(answers, row);
  if (needs === 'latency') return isNumber(answers.latencyMs?.[row]);
  return needs !== 'bytes' || isNumber(answers.bytes?.[row]);
};

const isNumber = (value = Number.NaN): boolean => !Number.isNaN(value);

const hasScores = ({ scores, states }: Answers, row: number): boolean => {
  if (scores === undefined) return false;
  const block = scores.length / states.length;
  for (let i = row * block; i < (row + 1) * block; i++) if (Number.isNaN(scores[i])) return false;
  return true;
};

/** 1 for rows that are answered, and usable. */
export const takesPart = (
  measure: Pick<Measure, 'needs'>,
  { size }: Pick<AnsweredRows, 'size'>,
  answers: Answers,
): Uint8Array => {
  const strict = { needs: measure.needs, failedRows: 'missing' } as const;
  const part = new Uint8Array(size);
  for (let i = 0; i < size; i++) part[i] = isUsable(strict, answers, i) ? 1 : 0;
  return part;
};

/**
 * The rows that a metric can compare: usable in each model's answers, for otherwise a model gains by not answering. A query of which a row is
 * missing is missing as a whole: its ranking would be another one. The others are the metric's missing rows.
 */
export const comparable = (measure: Pick<Measure, 'needs' | 'failedRows'>, rows: AnsweredRows): Int32Array => {
  const incomplete = new Uint8Array(rows.groups?.count ?? 0);
  const usable = new Uint8Array(rows.size);
  let count = 0;
  for (let i = 0; i < rows.size; i++) {
    const isIn =
      isUsable(measure, rows.candidate, i) && (rows.baseline === undefined || isUsable(measure, rows.baseline, i));
    usable[i] = isIn ? 1 : 0;
    if (isIn) count++;
    else if (rows.groups) incomplete[rows.groups.of[i] ?? 0] = 1;
  }
  const whole = rows.task === 'ranking' && measure.needs === 'scores' ? rows.groups : undefined;
  const indexes = new Int32Array(count);
  let next = 0;
  for (let i = 0; i < rows.size; i++)
    if (usable[i] === 1 && (whole === undefined || incomplete[whole.of[i] ?? 0] === 0)) indexes[next++] = i;
  return indexes.subarray(0, next);
};
