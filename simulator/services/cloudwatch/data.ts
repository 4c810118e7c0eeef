import { AwsError, type Handler, type Instant, type Kernel } from '../../contracts.ts';
import { checkQueries, type MetricDataQuery, runQueries, selectorOf } from './queries.ts';
import { statistic } from './statistic.ts';
import type { Dimension, Observation, Store } from './store.ts';
import { summaryOfSet } from './summary.ts';
import { instantOf, page, type WireTime, wireTime } from './wire.ts';

const twoWeeksMs = 14 * 24 * 3_600_000;
const twoHoursMs = 2 * 3_600_000;
/** AWS: MetricDatum.Values docs. */
const largest = 2 ** 360;

interface MetricDatum {
  readonly MetricName: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Timestamp?: WireTime;
  readonly Value?: number;
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly StatisticValues?: {
    readonly SampleCount: number;
    readonly Sum: number;
    readonly Minimum: number;
    readonly Maximum: number;
  };
  readonly Unit?: string;
  readonly StorageResolution?: number;
}

const invalid = (message: string): AwsError => new AwsError('InvalidParameterValueException', message);

const checkNumber = (value: number, where: string): void => {
  if (!Number.isFinite(value) || Math.abs(value) > largest)
    throw invalid(`The value ${value} for parameter ${where} is invalid.`);
};

const checkDatum = (datum: MetricDatum, where: string, now: Instant): void => {
  const forms = [datum.Value, datum.Values, datum.StatisticValues].filter((form) => form !== undefined).length;
  if (forms === 0)
    throw new AwsError(
      'MissingRequiredParameterException',
      `At least one of the parameters must be specified: ${where}.Value, Values or StatisticValues.`,
    );
  if (forms > 1) {
    const [one, other] = (['Value', 'Values', 'StatisticValues'] as const).filter((form) => datum[form] !== undefined);
    throw new AwsError(
      'InvalidParameterCombinationException',
      `The parameters ${where}.${one} and ${where}.${other} are mutually exclusive and you have specified both.`,
    );
  }
  for (const value of [datum.Value ?? [], datum.Values ?? [], datum.Counts ?? []].flat()) checkNumber(value, where);
  if (datum.Counts && datum.Counts.length !== datum.Values?.length)
    throw invalid(`The parameters ${where}.Values and ${where}.Counts must be of the same size.`);
  if ((datum.Values?.length ?? 0) > 150)
    throw invalid(`The collection ${where}.Values must not have a size greater than 150.`);
  if (datum.StorageResolution !== undefined && ![1, 60].includes(datum.StorageResolution))
    throw invalid(`The value ${datum.StorageResolution} for parameter ${where}.StorageResolution is invalid: 1 or 60.`);
  const at = datum.Timestamp === undefined ? now : instantOf(datum.Timestamp);
  if (Number.isNaN(at) || at < now - twoWeeksMs)
    throw invalid(`The parameter ${where}.Timestamp must specify a time no more than two weeks in the past.`);
  if (at > now + twoHoursMs)
    throw invalid(`The parameter ${where}.Timestamp must specify a time no more than two hours in the future.`);
};

const observationsOf = (datum: MetricDatum, now: Instant, delayMs: number): readonly Observation[] => {
  const at = datum.Timestamp === undefined ? now : instantOf(datum.Timestamp);
  const common = { at, visibleAt: now + delayMs, resolutionMs: (datum.StorageResolution ?? 60) * 1000 };
  if (datum.StatisticValues) return [{ ...common, set: summaryOfSet(datum.StatisticValues) }];
  const values = datum.Values ?? [datum.Value ?? 0];
  return values.map((value, index) => ({ ...common, value, times: datum.Counts?.[index] ?? 1 }));
};

/**
 * PutMetricData and the reads. A datum is readable settings.metricDelayMs after its *publication*, also when its timestamp lies
 * ahead: a point for a coming minute waits, and counts when that minute is read (AWS: PutMetricData accepts two hours ahead).
 */
export const dataOperations = (kernel: Kernel, store: Store): Readonly<Record<string, Handler>> => ({
  PutMetricData: (input: { Namespace: string; MetricData?: readonly MetricDatum[] }) => {
    const now = kernel.clock.now();
    const data = input.MetricData ?? [];
    if (input.Namespace.startsWith(':') || input.Namespace.startsWith('AWS/'))
      throw invalid(`The value ${input.Namespace} for parameter Namespace is invalid.`);
    if (data.length === 0)
      throw new AwsError('MissingRequiredParameterException', 'The parameter MetricData is required.');
    if (data.length > 1000) throw invalid('The collection MetricData must not have a size greater than 1000.');
    for (const [index, datum] of data.entries()) checkDatum(datum, `MetricData.member.${index + 1}`, now);
    for (const datum of data) {
      const selector = {
        namespace: input.Namespace,
        metric: datum.MetricName,
        dimensions: datum.Dimensions ?? [],
        unit: datum.Unit ?? 'None',
      };
      store.add(selector, observationsOf(datum, now, kernel.settings.metricDelayMs));
    }
    return {};
  },

  GetMetricData: (input: {
    MetricDataQueries: readonly MetricDataQuery[];
    StartTime: WireTime;
    EndTime: WireTime;
    ScanBy?: 'TimestampDescending' | 'TimestampAscending';
    MaxDatapoints?: number;
    NextToken?: string;
  }) => {
    const queries = input.MetricDataQueries;
    checkQueries(queries);
    checkRange(secondOf(input.StartTime), secondOf(input.EndTime));
    const [from, to] = range(
      input.StartTime,
      input.EndTime,
      queries.some(({ MetricStat }) => (MetricStat?.Period ?? 60) < 60),
    );
    const results = runQueries(store, queries, from, to);
    const returned = queries.filter(({ ReturnData }) => ReturnData !== false);
    const labels = labelsOf(returned);
    const points = returned.flatMap(({ Id }) => {
      const values = [...(results.get(Id) ?? [])];
      // AWS: ScanBy docs; newest first is the default.
      if (input.ScanBy !== 'TimestampAscending') values.reverse();
      return values.map(([timestamp, value]) => ({ Id, timestamp, value }));
    });
    const shown = page(points, input.MaxDatapoints ?? 100_800, input.NextToken);
    const last = shown.items.at(-1);
    return {
      MetricDataResults: returned.map((query, index) => {
        const { Id } = query;
        const units = unitsOf(store, query, from, to);
        const own = shown.items.filter((point) => point.Id === Id);
        const partial =
          shown.NextToken !== undefined &&
          last !== undefined &&
          points.indexOf(last) < points.findLastIndex((point) => point.Id === Id);
        return {
          Id,
          Label: labels[index],
          Timestamps: own.map(({ timestamp }) => wireTime(timestamp)),
          Values: own.map(({ value }) => value),
          StatusCode: partial ? 'PartialData' : 'Complete',
          ...(units.length > 1
            ? { Messages: [{ Code: 'MultipleUnits', Value: `Multiple units returned: '[${units.join(', ')}]'` }] }
            : {}),
        };
      }),
      Messages: [],
      ...(shown.NextToken === undefined ? {} : { NextToken: shown.NextToken }),
    };
  },

  GetMetricStatistics: (input: {
    Namespace: string;
    MetricName: string;
    Dimensions?: readonly Dimension[];
    StartTime: WireTime;
    EndTime: WireTime;
    Period: number;
    Statistics?: readonly string[];
    ExtendedStatistics?: readonly string[];
    Unit?: string;
  }) => {
    const names = [...(input.Statistics ?? []), ...(input.ExtendedStatistics ?? [])];
    if (names.length === 0)
      throw new AwsError(
        'InvalidParameterCombinationException',
        'Must specify either Statistics or ExtendedStatistics',
      );
    if (!(secondOf(input.StartTime) < secondOf(input.EndTime)))
      throw invalid('The parameter StartTime must be less than the parameter EndTime.');
    const [from, to] = range(input.StartTime, input.EndTime, input.Period < 60);
    // By the range, not by the data (AWS: GetMetricStatistics).
    const requested = Math.ceil((secondOf(input.EndTime) - secondOf(input.StartTime)) / input.Period);
    if (requested > 1440)
      throw new AwsError(
        'InvalidParameterCombinationException',
        `You have requested up to ${requested} datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
      );
    const selector = { namespace: input.Namespace, metric: input.MetricName, dimensions: input.Dimensions ?? [] };
    // Without a unit there is a data point for each (AWS: GetMetricStatistics, Unit).
    const points = (input.Unit === undefined ? store.units(selector, from, to) : [input.Unit]).flatMap((unit) =>
      store.read({ ...selector, unit }, from, to, input.Period * 1000).map((point) => ({ ...point, unit })),
    );
    const values = (wanted: readonly string[], summary: (typeof points)[number]['summary']): Record<string, number> =>
      Object.fromEntries(
        wanted.flatMap((name) => {
          const value = statistic(name)(summary);
          return value === undefined ? [] : [[name, value]];
        }),
      );
    return {
      Label: input.MetricName,
      Datapoints: points.map(({ timestamp, summary, unit }) => ({
        Timestamp: wireTime(timestamp),
        ...values(input.Statistics ?? [], summary),
        ...(input.ExtendedStatistics ? { ExtendedStatistics: values(input.ExtendedStatistics, summary) } : {}),
        Unit: unit,
      })),
    };
  },

  ListMetrics: (input: {
    Namespace?: string;
    MetricName?: string;
    Dimensions?: readonly { readonly Name: string; readonly Value?: string }[];
    NextToken?: string;
  }) => {
    const found = store
      .list()
      .filter(
        ({ namespace, metric, dimensions }) =>
          (input.Namespace === undefined || input.Namespace === namespace) &&
          (input.MetricName === undefined || input.MetricName === metric) &&
          (input.Dimensions ?? []).every(({ Name, Value }) =>
            dimensions.some((own) => own.Name === Name && (Value === undefined || own.Value === Value)),
          ),
      );
    const shown = page(found, 500, input.NextToken, 'InvalidParameterValueException');
    return {
      Metrics: shown.items.map(({ namespace, metric, dimensions }) => ({
        Namespace: namespace,
        MetricName: metric,
        Dimensions: dimensions,
      })),
      ...(shown.NextToken === undefined ? {} : { NextToken: shown.NextToken }),
    };
  },
});

/** The units of a query without one: its values are those of the first. */
const unitsOf = (store: Store, { MetricStat }: MetricDataQuery, from: Instant, to: Instant): readonly string[] =>
  MetricStat === undefined || MetricStat.Unit !== undefined ? [] : store.units(selectorOf(MetricStat), from, to);

/** What AWS calls a result that has no label of its own: by the metric, and by what else makes the results of one metric differ. */
const labelsOf = (queries: readonly MetricDataQuery[]): readonly string[] => {
  const unlabelled = queries.flatMap(({ Label, MetricStat }) => (Label === undefined && MetricStat ? MetricStat : []));
  return queries.map(({ Id, Label, MetricStat, Expression }) => {
    if (Label !== undefined || MetricStat === undefined) return Label ?? Expression ?? Id;
    const name = MetricStat.Metric.MetricName ?? '';
    const alike = unlabelled.filter(({ Metric }) => Metric.MetricName === name);
    const differs = (of: (stat: NonNullable<MetricDataQuery['MetricStat']>) => unknown): boolean =>
      new Set(alike.map(of)).size > 1;
    return [
      name,
      ...(differs(({ Stat }) => Stat) ? [MetricStat.Stat] : []),
      ...(differs(({ Period }) => Period) ? [MetricStat.Period] : []),
    ].join(' ');
  });
};

/** Start is rounded down to the minute, or the second for high-resolution periods (AWS: GetMetricData StartTime docs). */
const range = (start: WireTime, end: WireTime, highResolution: boolean): readonly [Instant, Instant] => {
  const step = highResolution ? 1000 : 60_000;
  return [Math.floor(instantOf(start) / step) * step, instantOf(end)];
};

/** CloudWatch compares the ends of a range by the second. */
const secondOf = (time: WireTime): number => Math.floor(instantOf(time) / 1000);

/** getmoto/moto, tests/test_cloudwatch: in GetMetricData's own words. */
const checkRange = (start: number, end: number): void => {
  if (start === end) throw new AwsError('ValidationError', 'The parameter StartTime must not equal parameter EndTime.');
  if (!(start < end)) throw new AwsError('ValidationError', 'The parameter EndTime must be greater than StartTime.');
};
