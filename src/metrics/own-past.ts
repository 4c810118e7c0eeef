import { type Instant, minutes } from '../clock.ts';
import { counted, percent } from '../judge/amounts.ts';
import type { Dispersion } from '../judge/dispersion.ts';
import { type OwnHistory, type OwnMinute, ownHistory } from '../judge/own-history.ts';
import type { WatchedOwn } from '../judge/own-metrics.ts';
import type { Metric, Policy } from '../judge/policy.ts';
import type { OwnRead } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { ownSeriesText, readOwn } from './own-metrics.ts';

/** The user's own metrics of the version that serves, in the day before the rollout. */
export interface OwnPast {
  readonly reads: readonly OwnRead[];
  /** By metric. */
  readonly watched: Readonly<Record<string, WatchedOwn>>;
  readonly rates: Readonly<Record<string, number>>;
  /** How much its events vary (`dispersion.ts`); of a distribution, those of the cell that varies most. */
  readonly dispersion: Readonly<Record<string, Dispersion>>;
  /** By metric: how many of its trials a request makes. */
  readonly perRequest: Readonly<Record<string, number>>;
  /** Lines of the plan. */
  readonly notes: readonly string[];
}

type Past = OwnMinute & { readonly requests: number };

/**
 * @param requestsAt requests of the version in a minute, by SageMaker's count
 * @throws {Refusal} `metric-missing` when the version had requests and CloudWatch has no data of a metric that would be unknown without
 */
export const ownPast = async (
  world: World,
  reads: readonly OwnRead[],
  from: Instant,
  to: Instant,
  requestsAt: (at: Instant) => number,
): Promise<OwnPast> => {
  const [read] = await readOwn(world, [{ reads, arm: 'baseline' }], from, to);
  const pasts = reads.map((one): readonly Past[] => {
    const rows: Past[] = [];
    for (let at = from; at < to; at += minutes(1)) {
      const requests = requestsAt(at);
      const found = read?.(at, requests);
      if (found === undefined || found === 'unsettled' || requests === 0) continue;
      const bad = found.bad[one.name];
      const events = found.cells[one.name] ?? (bad === undefined ? undefined : [bad]);
      if (events === undefined) continue;
      const sum = events.reduce((total, event) => total + event, 0);
      rows.push({ requests, events, of: found.of[one.name] ?? (one.counts === 'cells' ? sum : requests) });
    }
    return rows;
  });
  const served = Array.from({ length: Math.ceil((to - from) / minutes(1)) }, (_, index) =>
    requestsAt(from + index * minutes(1)),
  ).reduce((sum, requests) => sum + requests, 0);
  for (const [index, one] of reads.entries()) if (served > 0 && pasts[index]?.length === 0) refuseMissing(one);
  const histories = pasts.map(ownHistory);
  const byMetric = <Value>(of: (history: OwnHistory, index: number) => Value): Record<string, Value> =>
    Object.fromEntries(reads.map(({ name }, index) => [name, of(histories[index] ?? ownHistory([]), index)]));
  return {
    reads,
    watched: byMetric(({ watched }) => watched),
    dispersion: withoutUndefined(byMetric(({ dispersion }) => dispersion)) as Record<string, Dispersion>,
    rates: byMetric(({ shares }) => shares[0] ?? 0),
    perRequest: byMetric((_, index) => {
      const past = pasts[index] ?? [];
      const requests = past.reduce((sum, one) => sum + one.requests, 0);
      return requests > 0 ? past.reduce((sum, { of }) => sum + of, 0) / requests : 1;
    }),
    notes: reads.flatMap((one, index) => noteOf(one, histories[index] ?? ownHistory([]), served)),
  };
};

const refuseMissing = ({ name, baseline: { events, of } }: OwnRead): never => {
  const [first] = of ? [of] : events;
  throw new Refusal(
    'metric-missing',
    `judge.metrics: CloudWatch has no data of ${name} in the last day, although the version that serves had requests: ${first ? ownSeriesText(first) : name}; nothing could be compared, and the first step would never end`,
  );
};

const noteOf = (
  { name, counts, baseline: { events } }: OwnRead,
  { shares }: OwnHistory,
  served: number,
): readonly string[] => {
  const [first] = events;
  if (first === undefined) return [];
  const from = `${name}: ${ownSeriesText(first)}${events.length > 1 ? ` and ${counted(events.length - 1, 'other count')}` : ''}`;
  if (served === 0) return [`${from}: the version that serves had no requests in the last day, so it is not checked`];
  if (shares.every((share) => share === 0))
    return [`warning: ${from} has no event in the last day: if it was never published, each minute counts as zero`];
  const listed = shares.map((share) => percent(share)).join(', ');
  return [`${from}: ${counts === 'cells' ? 'shares of ' : ''}${listed} in the day before`];
};

/** Lines of the plan: what the judge does with the user's own metrics, and the history behind it. */
export const ownNotes = ({ metrics }: Pick<Policy, 'metrics'>, own: OwnPast | undefined): readonly string[] => [
  ...metrics.flatMap((metric) => (metric.own ? [effectOf(metric)] : [])),
  ...(own?.notes ?? []),
];

const effectOf = ({ name, worseThan, weight, holds, cells, good, guarded }: Metric): string => {
  const event = cells
    ? `a share of ${counted(cells.length, 'cell')} that changed by more than a factor of ${worseThan}`
    : good
      ? `less than the old version's share divided by ${worseThan}`
      : `more than ${worseThan} times the old version's share`;
  const effect = holds
    ? 'holds the weight, and convicts nothing'
    : `convicts, with ${percent(weight)} of the budget${guarded ? ', no fewer than three minutes together' : ''}`;
  return `your metric ${name}: ${event} ${effect}`;
};
