import type { Latencies, PredictionDiff } from '../../findings/comparison.ts';
import { effective } from '../evidence/effective.ts';
import { measureOf } from '../metrics/measure-of.ts';
import type { AnsweredRows, Answers, PairedRows } from '../rows.ts';
import { normalQuantile } from '../statistics/normal.ts';
import { wilsonBound } from '../statistics/wilson.ts';
import { metricValue } from '../value.ts';
import { binnedAnswers } from './bins.ts';
import { distributionDiff } from './distribution.ts';

/** Of the interval of the flip rate, at each end. */
const confidence = 0.95;

/**
 * How far the candidate's answers are from the baseline's, whichever of them is right. No rule decides by it. Undefined where no row has both.
 * @param changed 1 for rows whose predictions differ, 0 for others, NaN for rows that lack an answer
 */
export const predictionDiff = (rows: PairedRows, changed: Float64Array, seed: number): PredictionDiff | undefined => {
  // The rows of a query move together.
  const { mean, effectiveRows } = effective({ ...rows, ...unitsOf(rows) }, changed);
  if (effectiveRows === 0) return undefined;
  const z = normalQuantile(confidence);
  const flipped = mean * effectiveRows;
  return {
    flipRate: mean,
    interval: [wilsonBound(flipped, effectiveRows, z), wilsonBound(flipped, effectiveRows, -z)],
    distributions: binnedAnswers(rows).map((binned) => distributionDiff(rows, binned, seed)),
  };
};

const unitsOf = ({ clusters, groups }: PairedRows): Pick<AnsweredRows, 'clusters'> => {
  const units = clusters ?? groups;
  return units === undefined ? {} : { clusters: units };
};

/** Of each model that has latencies; undefined where none has. */
export const latenciesOf = (rows: AnsweredRows): Latencies | undefined => {
  const { candidate, baseline } = rows;
  const found = {
    ...(candidate.latencyMs && { candidate: quantiles(rows, candidate) }),
    ...(baseline?.latencyMs && { baseline: quantiles(rows, baseline) }),
  };
  return found.candidate || found.baseline ? found : undefined;
};

const quantiles = (rows: AnsweredRows, answers: Answers): NonNullable<Latencies['candidate']> => {
  const of = (metric: string): number | null => metricValue(measureOf({ metric }, rows), rows, answers);
  return { p50: of('latency-p50'), p95: of('latency-p95'), p99: of('latency-p99') };
};
