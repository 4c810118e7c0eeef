import type { AnsweredRows } from '../rows.ts';
import { normalQuantile } from '../statistics/normal.ts';
import { studentQuantile } from '../statistics/student.ts';
import { present } from './units.ts';

type Sampled = Pick<AnsweredRows, 'weights' | 'clusters'>;

/** The mean of the values that are not NaN, and the number of independent rows of equal weight that know it as well. */
export const effective = (
  rows: Sampled,
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
const byClusters = (rows: Sampled, values: Float64Array, mean: number, all: number): number => {
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
