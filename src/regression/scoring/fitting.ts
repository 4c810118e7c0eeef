import type { MetricName, RegressionPolicy } from '../../manifest/regression.ts';
import type { Measure } from '../measure.ts';
import { type Answers, answered, type PairedRows } from '../rows.ts';
import type { PredictionFiles } from './join.ts';
import { RowsError } from './rows-error.ts';

/**
 * What makes a rule meaningless on all rows at once: it would be undecided without a hint at the mistake.
 * @throws {RowsError}
 */
export const requireFit = (
  { rules }: Pick<RegressionPolicy, 'rules'>,
  rows: PairedRows,
  files: PredictionFiles,
  measures: (name: MetricName, rows: PairedRows) => Measure,
): void => {
  for (const { metric, criterion } of rules) {
    const measure = measures(metric, rows);
    for (const side of ['candidate', 'baseline'] as const) {
      const key = missingKeyOf(metric.metric, measure, rows[side]);
      if (key !== undefined)
        throw new RowsError(side, `${files[side]}: no row has ${key}, and ${measure.name} is computed from it`);
    }
    const [smallest, largest] = measure.bounds;
    if ((criterion.is === 'floor' || criterion.is === 'ceiling') && !within(criterion.value, smallest, largest))
      throw new RowsError(
        'policy',
        `${measure.name}: the ${criterion.is} ${criterion.value} is outside its range, ${rangeText(smallest, largest)}`,
      );
  }
};

const missingKeyOf = (metric: string, { needs }: Measure, answers: Answers): string | undefined => {
  // Where every answer is an error, the rows are well formed.
  if (!answers.states.includes(answered)) return undefined;
  if (needs === 'scores' && answers.scores === undefined) return 'score';
  if (metric.startsWith('latency-') && answers.latencyMs === undefined) return 'latency-ms';
  return metric === 'payload-bytes' && answers.bytes === undefined ? 'bytes' : undefined;
};

const within = (value: number, smallest: number, largest: number): boolean => value >= smallest && value <= largest;

const rangeText = (smallest: number, largest: number): string => {
  if (largest === Number.POSITIVE_INFINITY) return `${smallest} or more`;
  return smallest === Number.NEGATIVE_INFINITY ? `${largest} or less` : `${smallest} to ${largest}`;
};
