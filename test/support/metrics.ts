import type { GetMetricDataInput, GetMetricDataOutput } from '../../src/aws/cloudwatch.ts';
import { type Instant, minutes } from '../../src/clock.ts';

/** The traffic of one fleet in one minute. */
export interface Did {
  readonly requests: number;
  /** The model's own failures. */
  readonly errors?: number;
  readonly clientErrors?: number;
  /** Milliseconds, one per request. */
  readonly latencies?: readonly number[];
  /** Sums of the user's own metrics, by name, and with a class `Predictions/setosa`. */
  readonly own?: Readonly<Record<string, number>>;
}

export interface MetricsOptions {
  /** Status code of a metric, by name; `Complete` by default. */
  readonly status?: Readonly<Record<string, string>>;
  /** Latency can be counted by value (`TC`), as it can in CloudWatch for most metrics. */
  readonly counted?: boolean;
  /** Series without a point in a minute, by the minute's start and the fleet. */
  readonly lacks?: (metric: string, minute: Instant, fleet: string) => boolean;
  /** Percentiles are available. */
  readonly percentiles?: boolean;
}

/**
 * CloudWatch over a table, for the judge's calls of GetMetricData. A minute that is missing in the table has no data point.
 * @param did traffic by fleet, `variant` or `variant/endpointConfig`, and start of the minute
 */
export const fakeMetrics = (
  did: (fleet: string, minute: Instant) => Did | undefined,
  { status = {}, counted = true, percentiles = true, lacks = () => false }: MetricsOptions = {},
) => {
  const requested: { readonly from: Instant; readonly to: Instant; readonly fleet: string }[] = [];
  const getMetricData = async (input: GetMetricDataInput): Promise<GetMetricDataOutput> => ({
    MetricDataResults: (input.MetricDataQueries ?? []).map(({ Id = '', MetricStat }) => {
      const { Metric, Period = 60, Stat = '' } = MetricStat ?? {};
      const dimension = (name: string) => Metric?.Dimensions?.find(({ Name }) => Name === name)?.Value;
      const config = dimension('EndpointConfigName');
      const fleet = `${dimension('VariantName')}${config === undefined ? '' : `/${config}`}`;
      const [from, to] = [input.StartTime?.getTime() ?? 0, input.EndTime?.getTime() ?? 0];
      requested.push({ from, to, fleet });
      const ofClass = dimension('Class');
      const name = `${Metric?.MetricName ?? ''}${ofClass === undefined ? '' : `/${ofClass}`}`;
      const values = new Map<Instant, number>();
      if (status[name] === undefined || status[name] === 'PartialData')
        for (let start = from - (from % (Period * 1000)); start < to; start += Period * 1000) {
          const all: Did[] = [];
          for (let at = Math.max(start, from); at < Math.min(to, start + Period * 1000); at += minutes(1))
            all.push(...[did(fleet, at) ?? []].flat());
          const value = answerOf(name, Stat, all, counted, percentiles);
          if (value !== undefined && !lacks(name, start, fleet)) values.set(start, value);
        }
      return {
        Id,
        StatusCode: (status[name] ?? 'Complete') as 'Complete',
        Timestamps: [...values.keys()].map((at) => new Date(at)),
        Values: [...values.values()],
      };
    }),
  });
  return { getMetricData, requested };
};

const answerOf = (
  name: string,
  stat: string,
  all: readonly Did[],
  counted: boolean,
  percentiles: boolean,
): number | undefined => {
  const sum = (of: (one: Did) => number): number | undefined =>
    all.length === 0 ? undefined : all.reduce((total, one) => total + of(one), 0);
  switch (name) {
    case 'Invocations':
      return sum(({ requests }) => requests);
    case 'InvocationModelErrors':
      // All answers other than 2xx (AWS: SageMaker's metrics).
      return sum(({ errors = 0, clientErrors = 0 }) => errors + clientErrors);
    case 'Invocation4XXErrors':
      return sum(({ clientErrors = 0 }) => clientErrors);
  }
  const own = all.flatMap(({ own: counts = {} }) => counts[name] ?? []);
  if (own.length > 0) return own.reduce((total, one) => total + one, 0);
  const samples = new Float64Array(all.flatMap(({ latencies = [] }) => latencies)).sort();
  if (samples.length === 0) return undefined;
  if (stat === 'SampleCount') return samples.length;
  if (stat === 'Sum') return 1000 * samples.reduce((total, one) => total + one, 0);
  const [, quantile] = /^p(\d+)$/.exec(stat) ?? [];
  if (quantile !== undefined)
    return percentiles ? 1000 * (samples[Math.ceil((samples.length * Number(quantile)) / 100) - 1] ?? 0) : undefined;
  const [, above = '', upTo = ''] = /^TC\((\d*):(\d*)\)$/.exec(stat) ?? [];
  if (!counted) return undefined;
  const [least, most] = [Number(above || -1), Number(upTo)];
  return samples.filter((one) => one * 1000 > least && one * 1000 <= most).length;
};
