import { hours, type Instant, iso, seconds } from '../clock.ts';
import { canonical, digest } from '../digest.ts';
import type { Arm, Bucket } from '../judge/bucket.ts';
import { beginJudging, type Judging, observeBucket, verdictOf } from '../judge/judge.ts';
import { isWhole } from '../judge/observations.ts';
import { errorsMetric, type Policy } from '../judge/policy.ts';
import type { Folded, Stepping } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';

/**
 * The judge is a fold over all minutes. Minutes that CloudWatch does not revise any more are folded once, and each look reads and folds the
 * others. So a look costs the same in the first hour of a rollout and in its last. The state lives in the memory of one session: a new process
 * folds all minutes again, and compares.
 *
 * A minute settles within `settling`, 5 minutes. CloudWatch delays only points that are sent late themselves: those of the last three hours
 * are there within minutes, older ones within two hours and more (API reference, PutMetricData). So a minute with requests of both fleets
 * and all counts stays open for an hour, and any other for three: where no requests are seen, none of its points may have come.
 */
const open = hours(1);
const openUnseen = hours(3);

/** The minutes before `until`, folded. */
export interface Carried {
  readonly until: Instant;
  readonly judging: Judging;
  /** Of these minutes, for pictures: requests and errors. */
  readonly minutes: readonly Bucket[];
  /** The rest of what the fold depends on. */
  readonly terms: string;
}

/** By session, and by the fleets that are judged. */
const sessions = new WeakMap<object, Map<string, Carried>>();

export type Folding = Pick<Stepping, 'policy' | 'latency' | 'own' | 'moves' | 'candidateVariant' | 'baselineVariant'>;

/** @param endpoint with the variants: the fleets */
const placeOf = (endpoint: string, { candidateVariant, baselineVariant, moves }: Folding): string =>
  canonical([endpoint, candidateVariant, baselineVariant, moves[0]?.from ?? 0]);

/** A change of weights that is recorded, ends, or turns out not to have happened, marks minutes again: those before `until` by these terms. */
const termsOf = ({ policy, latency, own, moves }: Folding, until: Instant): string =>
  digest(
    withoutUndefined({
      policy,
      latency,
      own,
      moves: moves
        .filter(({ from }) => from < until)
        .map(({ from, share, until: ends }) => ({ from, share, ends: ends !== undefined && ends < until ? ends : 0 })),
    }),
  );

/** The state of an earlier look of this session, if it still holds. */
export const carriedIn = (session: object | undefined, endpoint: string, folding: Folding): Carried | undefined => {
  const carried = session && sessions.get(session)?.get(placeOf(endpoint, folding));
  return carried && carried.terms === termsOf(folding, carried.until) ? carried : undefined;
};

export const carryIn = (session: object | undefined, endpoint: string, folding: Folding, carried: Carried): void => {
  if (session === undefined) return;
  const places = sessions.get(session) ?? new Map<string, Carried>();
  sessions.set(session, places.set(placeOf(endpoint, folding), carried));
};

/**
 * The state after the minutes that CloudWatch does not revise any more.
 * @param found of an answer in full, in the order of time: all since `before.until`, or since the first minute
 */
export const carriedOn = (
  before: Carried | undefined,
  folding: Folding,
  found: readonly Bucket[],
  now: Instant,
): Carried | undefined => {
  const { policy } = folding;
  const open = found.findIndex((bucket) => !isSettled(policy, bucket, now));
  const settled = open === -1 ? found : found.slice(0, open);
  const last = settled.at(-1);
  if (last === undefined) return before;
  const until = seconds(last.t + last.seconds);
  return {
    until,
    judging: settled.reduce(observeBucket, before?.judging ?? beginJudging(policy)),
    minutes: [...(before?.minutes ?? []), ...settled.map(forPictures)],
    terms: termsOf(folding, until),
  };
};

const isSettled = (policy: Policy, bucket: Bucket, now: Instant): boolean =>
  seconds(bucket.t + bucket.seconds) <= now - (isWhole(policy, bucket) && isSeen(bucket) ? open : openUnseen);

const isSeen = ({ candidate, baseline }: Bucket): boolean =>
  (candidate?.requests ?? 0) > 0 && (baseline?.requests ?? 0) > 0;

const forPictures = ({ t, seconds: length, candidate, baseline }: Bucket): Bucket => ({
  t,
  seconds: length,
  ...withoutUndefined({ candidate: errorsOf(candidate), baseline: errorsOf(baseline) }),
});

const errorsOf = (arm: Arm | undefined): Arm | undefined => {
  const errors = arm?.bad[errorsMetric];
  return arm && { requests: arm.requests, bad: errors === undefined ? {} : { [errorsMetric]: errors } };
};

/** For the record: a verdict is the same to the bit under every later version of the judge, and its sentence is not. */
export const foldedOf = ({ until, judging, terms }: Omit<Carried, 'minutes'>): Folded => {
  const { because: _, ...figures } = verdictOf(judging);
  return { until, terms, digest: digest(figures) };
};

/**
 * Whether all minutes, folded anew, give the state that an earlier process had.
 * @param found all minutes
 * @returns a sentence where they do not: then the new fold counts
 */
export const comparedWith = (
  { until, terms, digest: was }: Folded,
  folding: Folding,
  found: readonly Bucket[],
): string | undefined => {
  // Others moved the weights, or a recorded change of them did not happen: that is no revision.
  if (terms !== termsOf(folding, until)) return undefined;
  const before = found.filter(({ t }) => seconds(t) < until);
  const judging = before.reduce(observeBucket, beginJudging(folding.policy));
  return foldedOf({ until, judging, terms }).digest === was
    ? undefined
    : `CloudWatch has other counts than before for minutes until ${iso(until)}: all minutes were judged again, and the verdict follows from the new counts`;
};
