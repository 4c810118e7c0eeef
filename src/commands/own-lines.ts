import type { Arm } from '../judge/bucket.ts';
import type { Dispersion } from '../judge/dispersion.ts';
import { ownHistory } from '../judge/own-history.ts';
import type { WatchedOwn } from '../judge/own-metrics.ts';
import type { OwnMetric } from '../manifest/manifest.ts';
import { keyOf, quoted } from '../secrets.ts';

/** Metrics of the user's own in a file of buckets: each has its name as a key, with the keys of the manifest below it. */

/** The counts of one metric in one line; a metric without counts is not known. */
export interface OwnLine {
  readonly events: readonly number[];
  readonly of?: number;
}

const example = ({ counts, candidate: { of }, cells = [] }: OwnMetric): string => {
  const whole = of ? ',"of":300' : '';
  return counts === 'cells' ? `{"cells":{${JSON.stringify(cells[0])}:120}${whole}}` : `{"${counts}":3${whole}}`;
};

const isAmount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/**
 * @param requests of the line
 * @returns the counts, or the problem
 */
export const ownLineOf = (metric: OwnMetric, value: unknown, requests: number): OwnLine | string => {
  const { counts, cells = [] } = metric;
  const expected = `expected e.g. ${example(metric)}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `${quoted(value)} is not its counts; ${expected}`;
  const given = new Map<string, unknown>(Object.entries(value));
  const hasOf = metric.candidate.of !== undefined;
  const unknown = [...given.keys()].find((key) => key !== counts && !(hasOf && key === 'of'));
  if (unknown !== undefined) return `unknown key ${keyOf(unknown)}; ${expected}`;
  const of = given.get('of');
  if (hasOf && !isAmount(of)) return `has no \`of\`, which the policy counts; ${expected}`;
  const written = given.get(counts);
  const events = counts === 'cells' ? cellsOf(cells, written) : isAmount(written) ? [written] : undefined;
  if (typeof events === 'string') return events;
  if (events === undefined) return `has no count ${counts}; ${expected}`;
  const sum = events.reduce((total, event) => total + event, 0);
  const whole = isAmount(of) ? of : counts === 'cells' ? sum : requests;
  if (sum > whole * 1.000001) return `counts ${sum}, more than the ${whole} of which they are a part`;
  return { events, ...(isAmount(of) ? { of } : {}) };
};

const cellsOf = (cells: readonly string[], written: unknown): readonly number[] | string | undefined => {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return undefined;
  const given = new Map<string, unknown>(Object.entries(written));
  const unknown = [...given.keys()].find((cell) => !cells.includes(cell));
  if (unknown !== undefined) return `unknown cell ${keyOf(unknown)}; the policy has ${cells.join(', ')}`;
  const counts = cells.map((cell) => given.get(cell) ?? 0);
  return counts.every(isAmount) ? counts : 'a count of a cell is not a number, 0 or more';
};

/** The members of an arm that these counts become. */
export const ownArm = (metrics: readonly OwnMetric[], lines: Readonly<Record<string, OwnLine>>): Partial<Arm> => {
  const found = metrics.flatMap((metric) => {
    const line = lines[metric.name];
    return line ? [{ metric, line }] : [];
  });
  const distributions = found.filter(({ metric }) => metric.counts === 'cells');
  const parts = found.filter(({ line }) => line.of !== undefined);
  return {
    bad: Object.fromEntries(
      found.flatMap(({ metric, line }) => (metric.counts === 'cells' ? [] : [[metric.name, line.events[0] ?? 0]])),
    ),
    ...(parts.length > 0
      ? { of: Object.fromEntries(parts.map(({ metric, line }) => [metric.name, line.of ?? 0])) }
      : {}),
    ...(distributions.length > 0
      ? { cells: Object.fromEntries(distributions.map(({ metric, line }) => [metric.name, line.events])) }
      : {}),
  };
};

/** What the baseline's lines of before say about the metrics, by name. */
export const ownPastOf = (
  metrics: readonly OwnMetric[],
  past: readonly { readonly n: number; readonly own: Readonly<Record<string, OwnLine>> }[],
): {
  readonly watched: Readonly<Record<string, WatchedOwn>>;
  readonly dispersion: Readonly<Record<string, Dispersion>>;
} => {
  const histories = metrics.map(({ name, counts }) => ({
    name,
    ...ownHistory(
      past.flatMap(({ n, own }) => {
        const line = own[name];
        if (line === undefined) return [];
        const sum = line.events.reduce((total, event) => total + event, 0);
        return [{ events: line.events, of: line.of ?? (counts === 'cells' ? sum : n) }];
      }),
    ),
  }));
  return {
    watched: Object.fromEntries(histories.map(({ name, watched }) => [name, watched])),
    dispersion: Object.fromEntries(
      histories.flatMap(({ name, dispersion }) => (dispersion === undefined ? [] : [[name, dispersion]])),
    ),
  };
};
