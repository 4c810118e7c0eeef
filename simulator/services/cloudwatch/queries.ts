import { AwsError, type Instant } from '../../contracts.ts';
import { evaluate, parseExpression, type Values } from './expression.ts';
import { statistic } from './statistic.ts';
import type { Dimension, Selector, Store } from './store.ts';

/** AWS: MetricDataQuery, the form of GetMetricData and PutMetricAlarm. */
export interface MetricDataQuery {
  readonly Id: string;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace?: string;
      readonly MetricName?: string;
      readonly Dimensions?: readonly Dimension[];
    };
    readonly Period: number;
    readonly Stat: string;
    readonly Unit?: string;
  };
  readonly Expression?: string;
  readonly Label?: string;
  readonly ReturnData?: boolean;
  readonly Period?: number;
}

const invalid = (message: string): AwsError => new AwsError('ValidationError', message);

export const isPeriod = (seconds: number): boolean =>
  [10, 20, 30].includes(seconds) || (seconds >= 60 && seconds % 60 === 0);

/** 1 and 5 are periods of GetMetricData, not of alarms. */
const isQueryPeriod = (seconds: number): boolean => [1, 5].includes(seconds) || isPeriod(seconds);

/** The length in seconds of every period in the request; the expressions among `queries` need it to be one. */
export const periodOf = (queries: readonly MetricDataQuery[]): number => {
  const periods = new Set(queries.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? []));
  const [period = 60] = periods;
  if (periods.size > 1 && queries.some(({ Expression }) => Expression !== undefined))
    throw invalid('Metrics with different periods cannot be combined in an expression');
  return period;
};

/** @throws {AwsError} ValidationError: the limits of reference/sagemaker.md §5.3 and of the MetricDataQuery docs */
export const checkQueries = (queries: readonly MetricDataQuery[]): void => {
  if (queries.length === 0) throw invalid('The parameter MetricDataQueries must contain at least one query');
  if (queries.length > 500) throw invalid('The collection MetricDataQueries must not have a size greater than 500');
  const ids = queries.map(({ Id }) => Id);
  for (const [index, query] of queries.entries()) {
    const where = `MetricDataQueries.member.${index + 1}`;
    if (!/^[a-z][A-Za-z0-9_]*$/.test(query.Id))
      throw invalid(
        `The value ${query.Id} for parameter ${where}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$`,
      );
    if (ids.indexOf(query.Id) !== index)
      throw invalid(`The values for parameter Id in MetricDataQueries are not unique`);
    if (query.MetricStat === undefined && query.Expression === undefined)
      throw invalid(`The parameter ${where}.MetricStat is required.\n`);
    if (query.MetricStat !== undefined && query.Expression !== undefined)
      throw invalid(`${where}: exactly one of MetricStat and Expression is required`);
    if (query.MetricStat) {
      const { Metric, Period, Stat } = query.MetricStat;
      if (!Metric.Namespace || !Metric.MetricName)
        throw invalid(`${where}.MetricStat.Metric requires Namespace and MetricName`);
      if (!isQueryPeriod(Period))
        throw invalid(
          `The value ${Period} for parameter ${where}.MetricStat.Period is invalid: 1, 5, 10, 20, 30 or a multiple of 60`,
        );
      statistic(Stat);
    }
    if (query.Expression !== undefined) {
      if (query.Expression.length > 2048) throw invalid(`${where}.Expression must not be longer than 2048`);
      parseExpression(query.Expression);
    }
  }
  periodOf(queries);
};

export const selectorOf = ({ Metric, Unit }: NonNullable<MetricDataQuery['MetricStat']>): Selector => ({
  namespace: Metric.Namespace ?? '',
  metric: Metric.MetricName ?? '',
  dimensions: Metric.Dimensions ?? [],
  ...(Unit === undefined ? {} : { unit: Unit }),
});

/**
 * Values of every query by start of period, oldest first. Periods are counted from `from`.
 * @throws {AwsError} ValidationError for expressions that refer to an unknown id, or to themselves
 */
export const runQueries = (
  store: Store,
  queries: readonly MetricDataQuery[],
  from: Instant,
  to: Instant,
): ReadonlyMap<string, Values> => {
  const byId = new Map(queries.map((query) => [query.Id, query]));
  const results = new Map<string, Values>();
  const started = new Set<string>();

  const result = (query: MetricDataQuery): Values => {
    const known = results.get(query.Id);
    if (known) return known;
    if (started.has(query.Id)) throw invalid(`Circular reference to '${query.Id}'`);
    started.add(query.Id);
    const values = query.MetricStat ? measured(query.MetricStat) : computed(query);
    results.set(query.Id, values);
    return values;
  };
  const measured = (stat: NonNullable<MetricDataQuery['MetricStat']>): Values => {
    const compute = statistic(stat.Stat);
    const selector = selectorOf(stat);
    // Of several units GetMetricData reads the first by name.
    const [unit = 'None', ...more] = selector.unit === undefined ? store.units(selector, from, to) : [];
    const points = store.read(more.length === 0 ? selector : { ...selector, unit }, from, to, stat.Period * 1000);
    return new Map(
      points.flatMap(({ timestamp, summary }) => {
        const value = compute(summary);
        return value === undefined ? [] : [[timestamp, value] as const];
      }),
    );
  };
  const computed = ({ Expression: text = '' }: MetricDataQuery): Values => {
    const periodMs = periodOf(queries) * 1000;
    const periods = Array.from({ length: Math.ceil((to - from) / periodMs) }, (_, index) => from + index * periodMs);
    return evaluate(text, parseExpression(text), {
      periods,
      lookUp: (id) => {
        const query = byId.get(id);
        if (!query) throw invalid(`Error in expression '${text}': unknown id '${id}'`);
        return result(query);
      },
      get metrics() {
        return queries.filter(({ MetricStat }) => MetricStat !== undefined).map(result);
      },
    });
  };

  for (const query of queries) result(query);
  return results;
};
