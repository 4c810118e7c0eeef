import { type Instant, minutes } from '../clock.ts';
import { counted, percent } from '../judge/amounts.ts';
import { type BaselineHistory, needsBurstGuard } from '../judge/burst-guard.ts';
import { dispersionOf } from '../judge/dispersion.ts';
import { usualErrorRate } from '../judge/incident.ts';
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
  readonly dispersion: Readonly<Record<string, number>>;
  /** By metric: how many of its trials a request makes. */
  readonly perRequest: Readonly<Record<string, number>>;
  /** Lines of the plan. */
  readonly notes: readonly string[];
}

interface Past {
  readonly requests: number;
  /** Of each event in turn. */
  readonly events: readonly number[];
  readonly of: number;
}

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
  const byMetric = <Value>(of: (past: readonly Past[], read: OwnRead) => Value): Record<string, Value> =>
    Object.fromEntries(reads.map((one, index) => [one.name, of(pasts[index] ?? [], one)]));
  return {
    reads,
    watched: byMetric((past) => {
      const histories = (past[0]?.events ?? [0]).map((_, event) => historyOf(past, event));
      return {
        // A history of any event that comes in bursts, or that is too short to show it.
        burstGuard: histories.some((history) => needsBurstGuard(history).needed),
        ...withoutUndefined({ usual: usualErrorRate(histories[0] ?? []) }),
      };
    }),
    dispersion: Object.fromEntries(
      reads.flatMap(({ name }, index) => {
        const past = pasts[index] ?? [];
        const found = (past[0]?.events ?? []).flatMap((_, event) => dispersionOf(historyOf(past, event)) ?? []);
        return found.length > 0 ? [[name, Math.max(...found)] as const] : [];
      }),
    ),
    rates: byMetric((past) => share(past, 0) ?? 0),
    perRequest: byMetric((past) => {
      const requests = total(past, ({ requests: seen }) => seen);
      return requests > 0 ? total(past, ({ of }) => of) / requests : 1;
    }),
    notes: reads.flatMap((one, index) => noteOf(one, pasts[index] ?? [], served)),
  };
};

const historyOf = (past: readonly Past[], event: number): readonly BaselineHistory[] =>
  past.map(({ events, of }) => ({ requests: of, bad: events[event] ?? 0 }));

const total = (past: readonly Past[], of: (one: Past) => number): number => past.reduce((sum, one) => sum + of(one), 0);

const share = (past: readonly Past[], event: number): number | undefined => {
  const all = total(past, ({ of }) => of);
  return all > 0 ? total(past, ({ events }) => events[event] ?? 0) / all : undefined;
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
  past: readonly Past[],
  served: number,
): readonly string[] => {
  const [first] = events;
  if (first === undefined) return [];
  const from = `${name}: ${ownSeriesText(first)}${events.length > 1 ? ` and ${counted(events.length - 1, 'other count')}` : ''}`;
  if (served === 0) return [`${from}: the version that serves had no requests in the last day, so it is not checked`];
  if (total(past, (one) => one.events.reduce((sum, event) => sum + event, 0)) === 0)
    return [`warning: ${from} has no event in the last day: if it was never published, each minute counts as zero`];
  const shares = events.map((_, event) => percent(share(past, event) ?? 0)).join(', ');
  return [`${from}: ${counts === 'cells' ? 'shares of' : ''} ${shares} in the day before`.replace(':  ', ': ')];
};

/** Lines of the plan: what the judge does with the user's own metrics, and the history behind it. */
export const ownNotes = ({ metrics }: Pick<Policy, 'metrics'>, own: OwnPast | undefined): readonly string[] => [
  ...metrics.flatMap((metric) => (metric.own ? [effectOf(metric)] : [])),
  ...(own?.notes ?? []),
];

const effectOf = ({ name, worseThan, weight, holds, cells, good, guarded }: Metric): string => {
  const event = cells
    ? `a share of ${counted(cells.length, 'cell')} that changed by more than a factor of ${worseThan}`
    : `${good ? 'fewer than one' : 'more than'} ${worseThan}${good ? 'th' : ' times'} the old version's share`;
  const effect = holds
    ? 'holds the weight, and convicts nothing'
    : `convicts, with ${percent(weight)} of the budget${guarded ? ', no fewer than three minutes together' : ''}`;
  return `your metric ${name}: ${event} ${effect}`;
};
