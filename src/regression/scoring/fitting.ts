import type { Criterion, MetricName, RegressionPolicy } from '../../manifest/regression.ts';
import type { Measure } from '../measure.ts';
import { type AnsweredRows, type Answers, answered } from '../rows.ts';
import { RowsError } from './rows-error.ts';

/**
 * What makes a rule meaningless on all rows at once: it would be undecided without a hint at the mistake.
 * @throws {RowsError}
 */
export const requireFit = (
  { rules }: Pick<RegressionPolicy, 'rules'>,
  rows: AnsweredRows,
  names: { readonly candidate: string; readonly baseline?: string },
  measures: (name: MetricName, rows: AnsweredRows) => Measure,
): void => {
  for (const { metric, criterion } of rules) {
    const measure = measures(metric, rows);
    requireWithin(measure, criterion);
    for (const side of ['candidate', 'baseline'] as const) {
      const answers = rows[side];
      const key = answers && missingKeyOf(metric.metric, measure, answers);
      if (key !== undefined)
        throw new RowsError(side, `${names[side] ?? side}: no row has ${key}, and ${measure.name} is computed from it`);
    }
  }
};

/**
 * A limit that no value of its metric can reach, or that every value keeps: a gate that cannot fail, or cannot pass.
 * @throws {RowsError}
 */
const requireWithin = (measure: Measure, criterion: Criterion): void => {
  const [smallest, largest] = measure.bounds;
  const range = rangeText(smallest, largest);
  if ('value' in criterion && !within(criterion.value, smallest, largest))
    throw new RowsError(
      'policy',
      `${measure.name}: the ${criterion.is} ${criterion.value} is outside its range, ${range}`,
    );
  if ('margin' in criterion && criterion.margin.of === 'metric' && criterion.margin.value > largest - smallest)
    throw new RowsError(
      'policy',
      `${measure.name}: the margin ${criterion.margin.value} of ${criterion.is} is larger than its range, ${range}`,
    );
};

/** As far as it is known before a model answers: also the classes that metrics name. @throws {RowsError | MetricError} */
export const requireRules = (
  { rules }: Pick<RegressionPolicy, 'rules'>,
  rows: AnsweredRows,
  measures: (name: MetricName, rows: AnsweredRows) => Measure,
): void => {
  for (const { metric, criterion } of rules) requireWithin(measures(metric, rows), criterion);
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
