import { type Instant, minutes } from '../clock.ts';
import { counted, percent } from '../judge/amounts.ts';
import type { LatencyPlan } from '../judge/latency.ts';
import type { Policy } from '../judge/policy.ts';
import { fewestRequests, sharedFailure } from '../judge/shared-failure.ts';
import type { Arms } from './arms.ts';
import type { Minute, MinuteReading } from './fleet-metrics.ts';
import type { Watch } from './watched.ts';

/** Whether the old version had the same trouble as the new one in the same minutes, with both versions' numbers. */
export interface Comparison {
  /** `unsettled`: the metrics of these minutes are not complete yet. */
  readonly is: 'shared' | 'not-shared' | 'unknown' | 'unsettled';
  readonly because: string;
}

export interface Compared {
  readonly arms: (latency: LatencyPlan | undefined) => Arms;
  /** The same arms by metrics of their own, without a difference between two series: percentiles cannot be subtracted. */
  readonly apart: (latency: LatencyPlan) => Arms;
  /** Names for the sentence. */
  readonly candidate: string;
  readonly baseline: string;
  readonly convict: Policy['convict'];
}

/** The events of one arm in one minute. */
interface Events {
  readonly bad: number;
  readonly requests: number;
}

/**
 * Compares both versions in the minutes in which the new one could set the alarm off: those with a larger share of bad requests than the
 * alarm's limit. Both versions count in exactly these minutes.
 * @param from the candidate's first request or bake
 * @param to the time at which the traffic was back
 */
export const compareArms = async (watch: Watch, so: Compared, from: Instant, to: Instant): Promise<Comparison> => {
  const plan: LatencyPlan | undefined =
    watch.slowerThan === undefined ? undefined : { rung: 'cells', edges: [watch.slowerThan, everything], because: '' };
  const read = await bothIn(so.arms(plan), from, to);
  if (plan !== undefined && read.some(({ candidate }) => isUncounted(candidate)))
    return comparePercentiles(watch, so, from, to);
  if (read.some(isUnsettled)) return unsettled;
  const events = read.map(({ candidate, baseline }) => ({
    candidate: eventsOf(watch, candidate),
    baseline: eventsOf(watch, baseline),
  }));
  const used = events.filter(({ candidate }) => candidate !== undefined && candidate.requests > 0);
  if (used.length === 0) return unknown(`the numbers of ${so.candidate} in these minutes are missing`);
  const above = used.filter(({ candidate }) => share(candidate) > watch.limit);
  if (above.length === 0)
    return notShared(
      `in no minute more than ${percent(watch.limit, 6)} of the requests to ${so.candidate} ${did(watch)}`,
    );
  const known = above.filter(({ baseline }) => baseline !== undefined);
  if (known.length === 0)
    return unknown(
      `in ${counted(above.length, 'minute')} ${numbers(watch, so.candidate, total(above, 'candidate'))}; the numbers of ${so.baseline} are missing, so nothing speaks for ${so.candidate}`,
    );
  const [one, other] = [total(known, 'candidate'), total(known, 'baseline')];
  const both = `in the same ${counted(known.length, 'minute')} ${numbers(watch, so.candidate, one)}, and ${of(other)} to ${so.baseline}`;
  const counts = { candidate: one.requests, candidateBad: one.bad, baseline: other.requests, baselineBad: other.bad };
  const also = `${both}: ${so.baseline} ${troubled(watch)}`;
  switch (sharedFailure(counts, so.convict)) {
    case 'as-often':
      return { is: 'shared', because: `${also} as often` };
    case 'within-chance':
      return { is: 'shared', because: `${also} too, and the difference is within chance` };
    case 'beyond-chance':
      return notShared(`${also} too, but the difference is more than chance`);
    case 'no-comparison':
      return notShared(
        other.requests < fewestRequests ? `${both}: too few requests to ${so.baseline} for a comparison` : both,
      );
  }
};

/** No request takes so long, in milliseconds: all samples lie below it where CloudWatch counts by latency. */
const everything = 1_000_000_000;

/** Without trimmed statistics all samples seem to lie above every edge (`metrics/judge-policy.ts`). */
const isUncounted = (minute: MinuteReading): boolean => typeof minute === 'object' && (minute.cells?.[2] ?? 0) > 0;

/** Percentiles have no counts for the judge's evidence: the old version must exceed the limit in half of these minutes. */
const comparePercentiles = async (watch: Watch, so: Compared, from: Instant, to: Instant): Promise<Comparison> => {
  const { slowerThan = 0, limit } = watch;
  if (Math.abs(limit - 0.01) > 1e-9)
    return unknown(`CloudWatch counts no requests above ${slowerThan} ms, so both versions cannot be compared`);
  const read = await bothIn(so.apart({ rung: 'percentile', edges: [], because: '' }), from, to);
  if (read.some(isUnsettled)) return unsettled;
  const above = read.filter(({ candidate }) => slowest(candidate) > slowerThan);
  const known = above.filter(({ baseline }) => requestsOf(baseline) > 0);
  const p99 = (side: 'candidate' | 'baseline', rows: readonly Both[]): string =>
    `${Math.round(Math.max(0, ...rows.map((row) => slowest(row[side]))))} ms`;
  if (above.length === 0) return notShared(`in no minute the p99 of ${so.candidate} was above ${slowerThan} ms`);
  if (known.length === 0)
    return unknown(
      `the p99 of ${so.candidate} was up to ${p99('candidate', above)}; the p99 of ${so.baseline} in these minutes is not published, so nothing speaks for ${so.candidate}`,
    );
  const both = `in the same ${counted(known.length, 'minute')} the p99 of ${so.candidate} was up to ${p99('candidate', known)}, and that of ${so.baseline} up to ${p99('baseline', known)}`;
  const slow = known.filter(({ baseline }) => slowest(baseline) > slowerThan);
  const enough = known.reduce((sum, { baseline }) => sum + requestsOf(baseline), 0) >= fewestRequests;
  return enough && 2 * slow.length >= known.length
    ? { is: 'shared', because: `${both}: ${so.baseline} was too slow as well` }
    : notShared(both);
};

interface Both {
  readonly candidate: MinuteReading;
  readonly baseline: MinuteReading;
}

const bothIn = async (arms: Arms, from: Instant, to: Instant): Promise<readonly Both[]> => {
  const start = from - (from % minutes(1));
  if (to <= start) return [];
  const [candidate, baseline] = await Promise.all([arms.candidate(start, to), arms.baseline(start, to)]);
  return Array.from({ length: Math.ceil((to - start) / minutes(1)) }, (_, index) => {
    const at = start + index * minutes(1);
    return { candidate: candidate(at), baseline: baseline(at) };
  });
};

const isUnsettled = ({ candidate, baseline }: Both): boolean => candidate === 'unsettled' || baseline === 'unsettled';
const known = (minute: MinuteReading): Minute | undefined => (typeof minute === 'object' ? minute : undefined);
const requestsOf = (minute: MinuteReading): number => known(minute)?.requests ?? 0;
const slowest = (minute: MinuteReading): number => known(minute)?.percentile ?? 0;

const eventsOf = ({ by }: Watch, reading: MinuteReading): Events | undefined => {
  const minute = known(reading);
  if (minute === undefined) return undefined;
  const { requests, errors, clientErrors, cells } = minute;
  switch (by) {
    case 'latency':
      return { bad: cells?.[1] ?? 0, requests: (cells?.[0] ?? 0) + (cells?.[1] ?? 0) };
    case 'client-errors':
      return { bad: clientErrors, requests };
    case 'failures':
      return { bad: errors + clientErrors, requests };
    case 'errors':
    case 'other':
      return { bad: errors, requests };
  }
};

const share = (events: Events | undefined): number =>
  events && events.requests > 0 ? events.bad / events.requests : 0;

const total = (rows: readonly Readonly<Record<keyof Both, Events | undefined>>[], side: keyof Both): Events => ({
  bad: rows.reduce((sum, row) => sum + (row[side]?.bad ?? 0), 0),
  requests: rows.reduce((sum, row) => sum + (row[side]?.requests ?? 0), 0),
});

const of = ({ bad, requests }: Events): string =>
  `${bad} of ${requests}${requests > 0 ? ` (${percent(bad / requests)})` : ''}`;

const did = ({ by, slowerThan }: Watch): string =>
  by === 'latency'
    ? `took longer than ${slowerThan} ms`
    : by === 'client-errors'
      ? 'were answered with a 4xx'
      : 'failed';
const troubled = ({ by }: Watch): string =>
  by === 'latency' ? 'was slow' : by === 'client-errors' ? 'refused requests' : 'failed';
const numbers = (watch: Watch, version: string, { bad, requests }: Events): string =>
  `${bad} of ${requests} requests to ${version} ${did(watch)} (${percent(requests > 0 ? bad / requests : 0)})`;

const unsettled: Comparison = { is: 'unsettled', because: 'the metrics of these minutes are not complete yet' };
const unknown = (because: string): Comparison => ({ is: 'unknown', because });
const notShared = (because: string): Comparison => ({ is: 'not-shared', because });
