import type { Shape } from '../measure.ts';
import type { AnsweredRows, PairedRows } from '../rows.ts';
import { type Evidence, tangoEvidence, wilsonEvidence } from '../statistics/evidence.ts';
import { mcnemar } from '../statistics/mcnemar.ts';
import { normalQuantile } from '../statistics/normal.ts';
import { studentQuantile } from '../statistics/student.ts';
import type { Asked } from './question.ts';
import { present } from './units.ts';

type Proportion = Extract<Shape, { readonly is: 'proportion' }>;

/** Weights and clusters make the rows fewer: a share keeps its value, and its interval is that of so many independent rows. */
export const proportionEvidence = (asked: Asked, shape: Proportion): Evidence | null => {
  const { measure, rows } = asked;
  const candidate = shape.hits(rows, rows.candidate);
  if (asked.question === 'value') {
    const { mean, effectiveRows } = effective(rows, candidate);
    return effectiveRows > 0 ? wilsonEvidence(mean * effectiveRows, effectiveRows) : null;
  }
  const { gained, lost, differences } = discordanceOf(rows, candidate, shape.hits(rows, asked.rows.baseline));
  const { effectiveRows } = effective(rows, differences);
  if (effectiveRows === 0) return null;
  const counts = { rows: effectiveRows, gained: gained * effectiveRows, lost: lost * effectiveRows };
  return tangoEvidence(measure.better === 'lower' ? { ...counts, gained: counts.lost, lost: counts.gained } : counts);
};

/** Exact, so for rows that count once each. */
export const mcnemarOf = (rows: PairedRows, shape: Proportion): number | undefined => {
  if (rows.weights || rows.clusters) return undefined;
  const { gained, lost, size } = discordanceOf(rows, shape.hits(rows, rows.candidate), shape.hits(rows, rows.baseline));
  return mcnemar(Math.round(gained * size), Math.round(lost * size));
};

/** Shares of the weight of rows that only the candidate hits, and only the baseline. */
const discordanceOf = (
  rows: AnsweredRows,
  candidate: Float64Array,
  baseline: Float64Array,
): { readonly gained: number; readonly lost: number; readonly size: number; readonly differences: Float64Array } => {
  const differences = new Float64Array(rows.size);
  let gained = 0;
  let lost = 0;
  let all = 0;
  let size = 0;
  for (let i = 0; i < rows.size; i++) {
    const difference = (candidate[i] ?? Number.NaN) - (baseline[i] ?? Number.NaN);
    differences[i] = difference;
    if (Number.isNaN(difference)) continue;
    const weight = rows.weights?.[i] ?? 1;
    if (difference > 0) gained += weight;
    if (difference < 0) lost += weight;
    all += weight;
    size++;
  }
  return { gained: gained / all, lost: lost / all, size, differences };
};

/** The mean of the values that are not NaN, and the number of independent rows of equal weight that know it as well. */
const effective = (
  rows: AnsweredRows,
  values: Float64Array,
): { readonly mean: number; readonly effectiveRows: number } => {
  let all = 0;
  let squares = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const weight = rows.weights?.[i] ?? 1;
    all += weight;
    squares += weight * weight;
    sum += weight * value;
  }
  if (all === 0) return { mean: Number.NaN, effectiveRows: 0 };
  const mean = sum / all;
  const byWeights = (all * all) / squares;
  return { mean, effectiveRows: rows.clusters ? Math.min(byWeights, byClusters(rows, values, mean, all)) : byWeights };
};

/** The spread of one row, over the variance of the mean by clusters: the size over Kish's design effect. */
const byClusters = (rows: AnsweredRows, values: Float64Array, mean: number, all: number): number => {
  const counting = values.map((value) => (Number.isNaN(value) ? 0 : 1));
  const { of, count } = present(rows.clusters ?? { of: new Int32Array(0), count: 0 });
  const sums = new Float64Array(count);
  const counted = new Uint8Array(count);
  let spread = 0;
  for (let i = 0; i < values.length; i++) {
    if (counting[i] === 0) continue;
    const weight = rows.weights?.[i] ?? 1;
    const distance = weight * ((values[i] ?? 0) - mean);
    const cluster = of[i] ?? 0;
    sums[cluster] = (sums[cluster] ?? 0) + distance;
    counted[cluster] = 1;
    spread += distance * ((values[i] ?? 0) - mean);
  }
  const clusters = counted.reduce((sum, one) => sum + one, 0);
  // No row differs from another: nothing is known of how alike the rows of a cluster are, so each cluster is one row.
  if (spread === 0 || clusters < 2) return clusters;
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  const variance = (squares * clusters) / (clusters - 1) / (all * all);
  // So few clusters know the variance itself badly: the normal interval is widened to Student's.
  const widening = studentQuantile(0.95, clusters - 1) / normalQuantile(0.95);
  return spread / all / (variance * widening * widening);
};
