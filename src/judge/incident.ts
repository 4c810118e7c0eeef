import type { Counts } from './bucket.ts';
import type { Block } from './dispersion.ts';

/**
 * How much a bad baseline may excuse. In some minutes the baseline itself fails far more often than usual. A bad candidate looks
 * good beside it, so such a minute is no evidence of health: it can lower the evidence, never raise it (`health.ts`). The usual
 * rate comes from the day before the rollout, frozen in the plan.
 *
 * An incident is declared by the likelihood ratio of "several times the tolerated rate" against "the tolerated rate", summed up
 * over the buckets and never below 0 (Page's CUSUM, for Poisson counts): one large minute declares it, and so do many small ones on
 * an endpoint with little traffic. It rises with the bad requests of a bucket, and does not depend on the candidate: the proof of
 * the bound needs both.
 */
export type Trouble = readonly number[];

/** Times the usual rate: a baseline may have a bad hour. */
const timesUsual = 2;
/** A fraction of the excess that must be excluded: a baseline below it can excuse no more than that. */
export const ofExcess = 0.5;

/**
 * The rate up to which the baseline's errors count in full.
 * @param usual share of bad requests
 */
export const toleratedRate = (usual: number, excessBelow: number): number =>
  Math.max(timesUsual * usual, ofExcess * excessBelow);

/** Times the tolerated rate. */
const factors: readonly number[] = [2, 8];
/** At the tolerated rate this happens about once in ten thousand buckets; at the usual rate practically never. */
const declared = -Math.log(1e-4);

export const noTrouble: Trouble = factors.map(() => 0);

export interface Watch {
  readonly trouble: Trouble;
  readonly incident: boolean;
}

/** @param tolerated share of bad requests */
export const watchBaseline = (trouble: Trouble, { baseline, baselineBad }: Counts, tolerated: number): Watch => {
  const expected = tolerated * baseline;
  const logs = factors.map((factor, index) =>
    Math.max(0, (trouble[index] ?? 0) + baselineBad * Math.log(factor) - expected * (factor - 1)),
  );
  // Held at the threshold: a large incident is over as soon as a small one.
  return {
    trouble: logs.map((log) => Math.min(log, declared)),
    incident: baseline > 0 && logs.some((log) => log >= declared),
  };
};

/** Share of the requests in hours that were no worse. */
const usualHours = 0.9;
const hour = 60;

/**
 * The rate that was not exceeded for nine tenths of the requests of the day before, hour by hour: a day has busy hours, and an
 * incident of an hour or two must not become usual. It is at least one bad request in the whole day: a day without any does not
 * prove a rate of zero.
 * @param history in order, a minute each
 * @returns undefined without requests
 */
export const usualErrorRate = (history: readonly Block[]): number | undefined =>
  usualOf(
    Array.from({ length: Math.ceil(history.length / hour) }, (_, index) => {
      const part = history.slice(index * hour, (index + 1) * hour);
      return {
        requests: part.reduce((sum, { requests }) => sum + requests, 0),
        bad: part.reduce((sum, { bad }) => sum + bad, 0),
      };
    }),
  );

/** @param hours of the day before, in any order */
export const usualOf = (hours: readonly Block[]): number | undefined => {
  const all = hours.reduce((sum, { requests }) => sum + requests, 0);
  if (all === 0) return undefined;
  let seen = 0;
  const rates = hours
    .filter(({ requests }) => requests > 0)
    .map(({ requests, bad }) => ({ requests, rate: bad / requests }))
    .sort((one, other) => one.rate - other.rate);
  const usual = rates.find(({ requests }) => {
    seen += requests;
    return seen >= usualHours * all;
  });
  return Math.max(usual?.rate ?? 0, 1 / all);
};

/** A few bad requests in a quiet hour are no rate. */
const fewestBad = 5;

/**
 * The hours (UTC) of the day before with a higher rate than the usual one.
 * @param hours of the day before, by hour of the day; one hour may come in two parts
 */
export const hoursAbove = (
  hours: readonly (Block & { readonly hour: number })[],
  usual: number,
): readonly (readonly [hour: number, rate: number])[] =>
  Array.from({ length: 24 }, (_, hour) => {
    const parts = hours.filter((part) => part.hour === hour);
    const requests = parts.reduce((sum, part) => sum + part.requests, 0);
    return { hour, requests, bad: parts.reduce((sum, { bad }) => sum + bad, 0) };
  }).flatMap(({ hour, requests, bad }) =>
    bad >= fewestBad && bad > usual * requests ? [[hour, bad / requests] as const] : [],
  );
