import type { Shape } from '../measure.ts';
import type { AnsweredRows, PairedRows } from '../rows.ts';
import { type Evidence, tangoEvidence, wilsonEvidence } from '../statistics/evidence.ts';
import { mcnemar } from '../statistics/mcnemar.ts';
import { effective } from './effective.ts';
import type { Asked } from './question.ts';

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
