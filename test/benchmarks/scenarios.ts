import { drifting, type ErrorLaw, inSeries, inSessions, withBursts, withStorms } from './error-laws.ts';
import { alike, type Slowdown, slower, slowerTail } from './latency-law.ts';
import type { Setting } from './stream.ts';

/** One world in which a candidate is rolled out. Rates are of requests; `minute` counts from the first candidate request. */
export interface Scenario {
  readonly name: string;
  /** `null`: the candidate is no worse than the policy tolerates. `outage`: both arms fail, and only the safety net can act. */
  readonly kind: 'null' | 'regression' | 'outage';
  readonly says: string;
  /** Baseline's error rate, also of the day before (negative minutes). */
  readonly base: (minute: number, luck: Luck) => number;
  /** Candidate's error rate where it is another one. */
  readonly candidate?: (minute: number, luck: Luck) => number;
  /** How failures come; independent of each other by default. */
  readonly errors?: ErrorLaw;
  /** Minutes in which the old fleet alone fails at this rate. */
  readonly ill?: { readonly from: number; readonly to: number; readonly rate: number };
  readonly load?: (minute: number) => number;
  readonly gaps?: number;
  /** By how much the candidate's request at quantile u is slower than the baseline's. */
  readonly latency?: (minute: number) => Slowdown;
  /** 4xx answers; `judged`: the policy counts them. */
  readonly clientErrors?: { readonly base: number; readonly candidate: number; readonly judged: boolean };
  readonly moreMetrics?: number;
  /** Chance of a minute of `Luck.outage`. */
  readonly outages?: number;
  /** The candidate gets none of its share. */
  readonly starved?: boolean;
  /** Share of the requests by predicted class: the baseline's, and the candidate's; and the effect of a difference. */
  readonly predictions?: {
    readonly base: readonly number[];
    readonly candidate: readonly number[];
    readonly verdict: 'hold' | 'convict';
    /** Requests in a row of one user, who gets the same class each time; 1 by default. */
    readonly perUser?: number;
  };
  /** Chance, in each arm and bucket, that its first reading has only a part of its requests, `least` of them or more. */
  readonly late?: { readonly chance: number; readonly least: number };
  /** Split other than the setting's: each of these shares for a quarter of an hour. */
  readonly shares?: readonly number[];
  /** Length; an hour by default. */
  readonly minutes?: number;
  /** Minute in which the candidate's fault begins; 0 by default. */
  readonly onset?: number;
  /** Several times worse or a point: the judge must find it within the hour. */
  readonly mustBeFound?: boolean;
  readonly only?: (setting: Setting) => boolean;
  /** Best possible mean candidate requests to a decision at 10 % share (Wald, α = 0.01, no margin). */
  readonly wald?: number;
}

/** What happened by chance in this minute to both arms alike. */
export interface Luck {
  readonly outage: boolean;
}

const clean = 0.001;
const steady = (rate: number) => (): number => rate;
const from =
  (onset: number, rate: number) =>
  (minute: number): number =>
    minute < onset ? clean : rate;
const outage =
  (rate: number) =>
  (_: number, luck: Luck): number =>
    luck.outage ? 0.05 : rate;
const daily = (minute: number): number => 1 + 0.8 * Math.sin((2 * Math.PI * minute) / 60);
/** Four hours of night at a twentieth of the traffic; the morning comes within a quarter of an hour. */
const morning = 240;
const night = (minute: number): number =>
  minute < 0 || minute >= morning ? 1 : 0.05 + 0.95 * Math.max(0, 1 - (morning - minute) / 15);
const storms = withStorms({ perHour: 4, minutes: 8, ofTraffic: 0.01 });
/** The shares of a rollout with a last compared step. */
const toTheLast = [0.05, 0.25, 0.5, 0.95];
const lastStep = 45;
/** And with all of the traffic after it. */
const toAll = [...toTheLast, 1];
const alone = 60;
export const predictedClasses = ['yes', 'no', 'unsure'] as const;
const classes = [0.7, 0.25, 0.05];

const lowTraffic = ({ requestsPerSecond }: Setting): boolean => requestsPerSecond === 1;
const fixed = ({ plan }: Setting): boolean => plan === 'fixed';

const nulls: readonly Omit<Scenario, 'kind'>[] = [
  { name: 'clean', says: 'clean, 0.1 % errors', base: steady(clean) },
  { name: 'load-swings', says: 'load ±80 %', base: steady(clean), load: daily },
  {
    name: 'shared-outages',
    says: 'shared outages, 5 % of minutes at 5 %',
    base: outage(clean),
    load: daily,
    outages: 0.05,
  },
  {
    name: 'errors-rise',
    says: 'base rate rises x8',
    base: (minute) => clean * 8 ** (Math.max(0, minute) / 60),
  },
  {
    name: 'errors-fall',
    says: 'base rate falls x8',
    base: (minute) => 8 * clean * 8 ** (-Math.max(0, minute) / 60),
  },
  {
    name: 'one-arm-bursts',
    says: 'one-arm bursts, 3 %/min, 20 errors',
    base: steady(clean),
    errors: withBursts(0.03, 20),
  },
  { name: 'gaps', says: '20 % of buckets lack an arm', base: steady(clean), gaps: 0.2 },
  { name: 'no-errors', says: 'no errors', base: steady(0) },
  { name: 'half-percent', says: 'base rate 0.5 %', base: steady(0.005) },
  { name: 'one-percent', says: 'base rate 1 %', base: steady(0.01) },
  { name: 'two-percent', says: 'base rate 2 %', base: steady(0.02) },
  { name: 'five-percent', says: 'base rate 5 %', base: steady(0.05) },
  { name: 'ten-metrics', says: 'ten metrics', base: steady(clean), moreMetrics: 9 },
  {
    name: 'cold-start',
    says: 'cold for three minutes (twice as slow)',
    base: steady(clean),
    latency: (minute) => (minute < 3 ? slower(2) : alike),
  },
  { name: 'same-latency', says: 'same latency', base: steady(clean), latency: () => alike },
  { name: 'slightly-slower', says: 'all 5 % slower: tolerated', base: steady(clean), latency: () => slower(1.05) },
  {
    name: 'at-the-tolerance',
    says: '1 → 1.2 % errors: as bad as is tolerated',
    base: steady(0.01),
    candidate: steady(0.012),
  },
  { name: 'better', says: 'candidate ten times better', base: steady(0.01), candidate: steady(clean) },
  { name: 'no-traffic', says: 'candidate gets no traffic', base: steady(clean), starved: true },
  {
    name: 'sessions-of-5',
    says: '0.3 % errors in sessions of 5',
    base: steady(0.003),
    errors: inSessions(5),
  },
  {
    name: 'sessions-of-20',
    says: '0.3 % errors in sessions of 20',
    base: steady(0.003),
    errors: inSessions(20),
  },
  {
    name: 'rare-sessions-of-20',
    says: '0.01 % errors in sessions of 20',
    base: steady(0.0001),
    errors: inSessions(20),
  },
  {
    name: 'sessions-of-50',
    says: '0.3 % errors in sessions of 50',
    base: steady(0.003),
    errors: inSessions(50),
  },
  {
    name: 'long-sessions-of-20',
    says: '0.3 % errors in sessions of 20 that last five minutes',
    base: steady(0.003),
    errors: inSessions(20, 300),
  },
  {
    name: 'sticky-storms',
    says: 'sticky retry storms of eight minutes, four an hour',
    base: steady(clean),
    errors: storms,
  },
  {
    name: 'arms-drift',
    says: 'each arm drifts by itself, memory of ten minutes',
    base: steady(0.005),
    errors: drifting(0.4, 10),
  },
  {
    name: 'arms-drift-slowly',
    says: 'each arm drifts by itself, memory of an hour',
    base: steady(0.005),
    errors: drifting(0.3, 60),
  },
  {
    name: 'old-fleet-ill-early',
    says: 'healthy, old fleet ill in minutes 0 and 1',
    base: steady(clean),
    ill: { from: 0, to: 2, rate: 0.4 },
  },
  {
    name: 'old-fleet-ill-late',
    says: 'healthy, old fleet ill in minutes 30 to 32',
    base: steady(clean),
    ill: { from: 30, to: 33, rate: 0.4 },
  },
  {
    name: 'callers-errors-rise',
    says: '4xx by callers, 3 → 4.5 %',
    base: steady(clean),
    clientErrors: { base: 0.03, candidate: 0.045, judged: false },
  },
  {
    name: 'many-callers-errors',
    says: '4xx by callers, 25 % in both arms',
    base: steady(clean),
    clientErrors: { base: 0.25, candidate: 0.25, judged: false },
  },
  {
    name: 'night-then-morning',
    says: 'four hours of night, then morning',
    base: steady(clean),
    load: night,
    minutes: morning + 60,
    only: fixed,
  },
  {
    name: 'revised-buckets',
    says: '1 % errors, requests settle later than errors',
    base: steady(0.01),
    late: { chance: 0.3, least: 0 },
  },
  {
    name: 'same-predictions',
    says: 'same predictions',
    base: steady(clean),
    predictions: { base: classes, candidate: classes, verdict: 'hold' },
  },
  {
    name: 'same-predictions-judged',
    says: 'same predictions, judged',
    base: steady(clean),
    predictions: { base: classes, candidate: classes, verdict: 'convict' },
  },
  {
    name: 'same-predictions-by-user',
    says: 'same predictions, twenty of each user alike',
    base: steady(clean),
    predictions: { base: classes, candidate: classes, verdict: 'hold', perUser: 20 },
  },
  {
    name: 'same-predictions-by-user-judged',
    says: 'same predictions, twenty of each user alike, judged',
    base: steady(clean),
    predictions: { base: classes, candidate: classes, verdict: 'convict', perUser: 20 },
  },
  {
    name: 'predictions-shift',
    says: 'a tenth of the predictions moves, judged: tolerated',
    base: steady(clean),
    predictions: { base: classes, candidate: [0.6, 0.33, 0.07], verdict: 'convict' },
  },
  {
    name: 'all-the-traffic',
    says: 'all of the traffic after an hour of steps',
    base: steady(clean),
    shares: toAll,
    minutes: alone + 60,
    only: fixed,
  },
  {
    name: 'all-the-traffic-with-outages',
    says: 'all of the traffic, shared outages, 5 % of minutes at 5 %',
    base: outage(clean),
    outages: 0.05,
    shares: toAll,
    minutes: alone + 60,
    only: fixed,
  },
];

const regressions: readonly Omit<Scenario, 'kind'>[] = [
  {
    name: 'ten-times',
    says: '0.1 → 1 % errors',
    base: steady(clean),
    candidate: steady(0.01),
    wald: 425,
    mustBeFound: true,
  },
  {
    name: 'fifty-times',
    says: '0.1 → 5 % errors',
    base: steady(clean),
    candidate: steady(0.05),
    mustBeFound: true,
  },
  { name: 'four-times', says: '0.1 → 0.4 % errors', base: steady(clean), candidate: steady(0.004), mustBeFound: true },
  { name: 'one-point', says: '1 → 2 % errors', base: steady(0.01), candidate: steady(0.02), mustBeFound: true },
  { name: 'twice', says: '0.1 → 0.2 % errors', base: steady(clean), candidate: steady(0.002), wald: 13_630 },
  { name: 'half-a-point', says: '1 → 1.5 % errors', base: steady(0.01), candidate: steady(0.015), wald: 4802 },
  {
    name: 'leak',
    says: 'leak, 0.1 → 2 % over 60 min',
    base: steady(clean),
    candidate: (minute) => clean + (0.019 * minute) / 60,
    mustBeFound: true,
  },
  {
    name: 'onset',
    says: '0.1 → 1 % from minute 30',
    base: steady(clean),
    candidate: from(30, 0.01),
    onset: 30,
    mustBeFound: true,
  },
  {
    name: 'night-then-onset',
    says: 'four hours of night, then 0.1 → 1 % in the morning',
    base: steady(clean),
    candidate: from(morning, 0.01),
    load: night,
    minutes: morning + 60,
    onset: morning,
    mustBeFound: true,
    only: fixed,
  },
  { name: 'slower', says: 'all 20 % slower', base: steady(clean), latency: () => slower(1.2), mustBeFound: true },
  {
    name: 'slower-tail',
    says: 'slowest 2 % are 20 % slower',
    base: steady(clean),
    latency: () => slowerTail,
    mustBeFound: true,
  },
  {
    name: 'slower-under-load',
    says: '30 % slower where the load is above normal',
    base: steady(clean),
    load: daily,
    latency: (minute) => (daily(minute) > 1.2 ? slower(1.3) : alike),
    mustBeFound: true,
  },
  {
    name: 'few-requests',
    says: '0.1 → 5 %, half the traffic, 1 rps',
    base: steady(clean),
    candidate: steady(0.05),
    shares: [0.5],
    wald: 151,
    only: (setting) => lowTraffic(setting) && setting.plan === 'fixed',
    mustBeFound: true,
  },
  {
    name: 'instance-of-four',
    says: 'one bad instance of four, 8 % errors',
    base: steady(clean),
    candidate: steady(0.75 * clean + 0.25 * 0.08),
    mustBeFound: true,
  },
  {
    name: 'instance-of-four-in-series',
    says: 'one bad instance of four, 8 % errors, series of 20 requests',
    base: steady(clean),
    candidate: steady(0.75 * clean + 0.25 * 0.08),
    errors: inSeries(20, 4),
    mustBeFound: true,
  },
  {
    name: 'callers-refused',
    says: '4xx for 3 % of callers, judged',
    base: steady(clean),
    clientErrors: { base: 0.005, candidate: 0.0349, judged: true },
    mustBeFound: true,
  },
  {
    name: 'predictions-collapse',
    says: 'predictions collapse to one class',
    base: steady(clean),
    predictions: { base: classes, candidate: [1, 0, 0], verdict: 'hold' },
  },
  {
    name: 'predictions-collapse-judged',
    says: 'predictions collapse to one class, judged',
    base: steady(clean),
    predictions: { base: classes, candidate: [1, 0, 0], verdict: 'convict' },
    mustBeFound: true,
  },
  {
    name: 'sessions-of-5-worse',
    says: '0.3 → 1.2 % in sessions of 5',
    base: steady(0.003),
    candidate: steady(0.012),
    errors: inSessions(5),
    mustBeFound: true,
  },
  {
    name: 'sessions-of-20-worse',
    says: '0.01 → 1.01 % in sessions of 20',
    base: steady(0.0001),
    candidate: steady(0.0101),
    errors: inSessions(20),
    mustBeFound: true,
  },
  {
    name: 'sessions-of-50-worse',
    says: '0.05 → 1.55 % in sessions of 50',
    base: steady(0.0005),
    candidate: steady(0.0155),
    errors: inSessions(50),
    mustBeFound: true,
  },
  {
    name: 'long-sessions-of-20-worse',
    says: '0.3 → 1.8 % in sessions of 20 that last five minutes',
    base: steady(0.003),
    candidate: steady(0.018),
    errors: inSessions(20, 300),
    mustBeFound: true,
  },
  {
    name: 'ten-times-in-bursts',
    says: '0.1 → 1 % errors, one-arm bursts',
    base: steady(clean),
    candidate: steady(0.01),
    errors: withBursts(0.03, 20),
    mustBeFound: true,
  },
  {
    name: 'ten-times-in-storms',
    says: '0.1 → 1 % errors, sticky storms',
    base: steady(clean),
    candidate: steady(0.01),
    errors: storms,
  },
  {
    name: 'three-times-drifting',
    says: '0.5 → 1.5 %, each arm drifts by itself',
    base: steady(0.005),
    candidate: steady(0.015),
    errors: drifting(0.4, 10),
    mustBeFound: true,
  },
  {
    name: 'worse-beside-ill-early',
    says: '0.1 → 1 %, old fleet ill in minutes 0 and 1',
    base: steady(clean),
    candidate: steady(0.01),
    ill: { from: 0, to: 2, rate: 0.4 },
    mustBeFound: true,
  },
  {
    name: 'worse-beside-mildly-ill',
    says: '0.1 → 1.2 %, old fleet at 0.6 % for a quarter of an hour',
    base: steady(clean),
    candidate: steady(0.012),
    ill: { from: 0, to: 15, rate: 0.006 },
    mustBeFound: true,
  },
  {
    name: 'worse-beside-ill-late',
    says: '0.1 → 1 % from minute 30, old fleet ill in minutes 30 to 32',
    base: steady(clean),
    candidate: from(30, 0.01),
    onset: 30,
    ill: { from: 30, to: 33, rate: 0.4 },
    mustBeFound: true,
  },
  {
    name: 'onset-at-highest-share',
    says: '0.1 → 1 % from the step of 95 % on',
    base: steady(clean),
    candidate: from(lastStep, 0.01),
    onset: lastStep,
    shares: toTheLast,
    minutes: lastStep + 60,
    mustBeFound: true,
    only: fixed,
  },
  {
    name: 'death-at-highest-share',
    says: 'every request fails from the step of 95 % on',
    base: steady(clean),
    candidate: from(lastStep, 1),
    onset: lastStep,
    shares: toTheLast,
    minutes: lastStep + 60,
    mustBeFound: true,
    only: fixed,
  },
  {
    name: 'fails-with-all-the-traffic',
    says: '15 % errors from the moment it has all of the traffic',
    base: steady(clean),
    candidate: from(alone, 0.15),
    onset: alone,
    shares: toAll,
    minutes: alone + 60,
    mustBeFound: true,
    only: fixed,
  },
  {
    name: 'ten-times-with-all-the-traffic',
    says: '0.1 → 1 % from the moment it has all of the traffic',
    base: steady(clean),
    candidate: from(alone, 0.01),
    onset: alone,
    shares: toAll,
    minutes: alone + 60,
    mustBeFound: true,
    only: fixed,
  },
  {
    name: 'three-points-revised',
    says: '1 → 4 % errors, requests settle later than errors',
    base: steady(0.01),
    candidate: steady(0.04),
    late: { chance: 0.3, least: 0 },
    mustBeFound: true,
  },
];

const outages: readonly Omit<Scenario, 'kind'>[] = [
  {
    name: 'both-fail',
    says: 'half of all requests fail in both arms from minute 30 on',
    base: (minute) => (minute < 30 ? clean : 0.5),
    onset: 30,
  },
];

export const scenarios: readonly Scenario[] = [
  ...nulls.map((scenario) => ({ ...scenario, kind: 'null' as const })),
  ...regressions.map((scenario) => ({ ...scenario, kind: 'regression' as const })),
  ...outages.map((scenario) => ({ ...scenario, kind: 'outage' as const })),
];
