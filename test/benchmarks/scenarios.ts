import { type Random, randomFrom } from './random.ts';
import type { Row, RowArm, Run, Setting } from './stream.ts';

/** One world in which a candidate is rolled out. Rates are of requests; `minute` counts from the first candidate request. */
export interface Scenario {
  readonly name: string;
  readonly kind: 'null' | 'regression';
  readonly says: string;
  /** Baseline's error rate. */
  readonly base: (minute: number, luck: Luck) => number;
  /** Candidate's error rate where it is another one. */
  readonly candidate?: (minute: number, luck: Luck) => number;
  readonly load?: (minute: number) => number;
  /** Chance per arm and minute of a burst of twenty failing requests. */
  readonly bursts?: number;
  readonly gaps?: number;
  /** By how much the candidate's request at quantile u is slower than the baseline's. */
  readonly latency?: (minute: number) => Slowdown;
  readonly clientErrors?: { readonly base: number; readonly candidate: number };
  readonly moreMetrics?: number;
  readonly outages?: { readonly chance: number; readonly rate: number };
  /** The candidate gets none of its share. */
  readonly starved?: boolean;
  /** Split other than the setting's. */
  readonly share?: number;
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
const outage =
  (rate: number) =>
  (_: number, luck: Luck): number =>
    luck.outage ? 0.05 : rate;
const daily = (minute: number): number => 1 + 0.8 * Math.sin((2 * Math.PI * minute) / 60);

type Slowdown = (u: number) => number;
const alike: Slowdown = () => 1;
const slowdowns = new Map<number, Slowdown>();
/** The same function for the same factor: what follows from it is worked out once. */
const slower = (factor: number): Slowdown => {
  const known = slowdowns.get(factor) ?? (() => factor);
  slowdowns.set(factor, known);
  return known;
};
const slowerTail: Slowdown = (u) => (u > 0.98 ? 1.2 : 1);
const never = (): boolean => false;
const lowTraffic = ({ requestsPerSecond }: Setting): boolean => requestsPerSecond === 1;

export const scenarios: readonly Scenario[] = [
  { name: 'A1', kind: 'null', says: 'clean, 0.1 % errors', base: steady(clean) },
  { name: 'A2', kind: 'null', says: 'load ±80 %', base: steady(clean), load: daily },
  {
    name: 'A3',
    kind: 'null',
    says: 'shared outages, 5 % of minutes at 5 %',
    base: outage(clean),
    load: daily,
    outages: { chance: 0.05, rate: 0.05 },
  },
  { name: 'A4+', kind: 'null', says: 'base rate rises x8', base: (minute) => clean * 8 ** (minute / 60) },
  { name: 'A4-', kind: 'null', says: 'base rate falls x8', base: (minute) => 8 * clean * 8 ** (-minute / 60) },
  { name: 'A5', kind: 'null', says: 'one-arm bursts, 3 %/min, 20 errors', base: steady(clean), bursts: 0.03 },
  { name: 'A6', kind: 'null', says: '20 % of buckets lack an arm', base: steady(clean), gaps: 0.2 },
  { name: 'A7', kind: 'null', says: 'base rate 2 %', base: steady(0.02) },
  { name: 'A8', kind: 'null', says: 'ten metrics', base: steady(clean), moreMetrics: 9 },
  {
    name: 'A9',
    kind: 'null',
    says: 'cold for three minutes (twice as slow)',
    base: steady(clean),
    latency: (minute) => (minute < 3 ? slower(2) : alike),
  },
  { name: 'A10', kind: 'null', says: 'same latency', base: steady(clean), latency: () => alike },
  { name: 'R16', kind: 'null', says: 'candidate ten times better', base: steady(0.01), candidate: steady(clean) },
  { name: 'R15', kind: 'null', says: 'candidate gets no traffic', base: steady(clean), starved: true },
  { name: 'R1', kind: 'regression', says: '0.1 → 1 % errors', base: steady(clean), candidate: steady(0.01), wald: 425 },
  { name: 'R2', kind: 'regression', says: '0.1 → 5 % errors', base: steady(clean), candidate: steady(0.05) },
  {
    name: 'R3',
    kind: 'regression',
    says: '0.1 → 0.2 % errors',
    base: steady(clean),
    candidate: steady(0.002),
    wald: 13_630,
  },
  {
    name: 'R4',
    kind: 'regression',
    says: '1 → 1.5 % errors',
    base: steady(0.01),
    candidate: steady(0.015),
    wald: 4802,
  },
  {
    name: 'R5',
    kind: 'regression',
    says: 'leak, 0.1 → 2 % over 60 min',
    base: steady(clean),
    candidate: (minute) => clean + (0.019 * minute) / 60,
  },
  {
    name: 'R6',
    kind: 'regression',
    says: '0.1 → 1 % from minute 30',
    base: steady(clean),
    candidate: (minute) => (minute < 30 ? clean : 0.01),
  },
  { name: 'R7', kind: 'regression', says: 'all 20 % slower', base: steady(clean), latency: () => slower(1.2) },
  {
    name: 'R8',
    kind: 'regression',
    says: 'slowest 2 % are 20 % slower',
    base: steady(clean),
    latency: () => slowerTail,
  },
  { name: 'R9', kind: 'regression', says: 'all 5 % slower', base: steady(clean), latency: () => slower(1.05) },
  {
    name: 'R10',
    kind: 'regression',
    says: '0.1 → 1 % errors, one-arm bursts',
    base: steady(clean),
    candidate: steady(0.01),
    bursts: 0.03,
  },
  {
    name: 'R11',
    kind: 'regression',
    says: '0.1 → 5 %, half the traffic, 1 rps',
    base: steady(clean),
    candidate: steady(0.05),
    share: 0.5,
    wald: 151,
    only: (setting) => lowTraffic(setting) && setting.plan === 'fixed',
  },
  {
    name: 'R12',
    kind: 'regression',
    says: 'one bad instance of four, 8 % errors',
    base: steady(clean),
    candidate: steady(0.75 * clean + 0.25 * 0.08),
  },
  {
    name: 'R13',
    kind: 'regression',
    says: '4xx for 3 % of callers',
    base: steady(clean),
    clientErrors: { base: 0.005, candidate: 0.0349 },
  },
  // R14 (predictions collapse to one class) shows neither in errors nor in latency: no judge here can see it, so it is not run.
  { name: 'R14', kind: 'regression', says: 'predictions collapse to one class', base: steady(clean), only: never },
];

/** Lognormal, median 80 ms, σ 0.5; the edges are its p50, p90 and p99. */
const sigma = 0.5;
const median = 80;
export const latencyEdges: readonly number[] = [80, 151.8, 256];
export const quantile = (u: number): number => median * Math.exp(sigma * normalQuantile(u));

export const generate = (scenario: Scenario, setting: Setting, seed: string): Run => {
  const luck = randomFrom(`${seed} history`);
  const history = Array.from({ length: 1440 }, () => pastMinute(scenario, setting, luck));
  const random = randomFrom(seed);
  const count = 3600 / setting.bucketSeconds;
  const rows: Row[] = [];
  const excess: number[] = [];
  let hit: Luck = { outage: false };
  let split = shareAt(scenario, setting, 0);
  let inMinute = noRequests;
  for (let index = 0; index < count; index += 1) {
    const second = index * setting.bucketSeconds;
    const minute = second / 60;
    if (second % 60 === 0) hit = { outage: random.next() < (scenario.outages?.chance ?? 0) };
    const share = shareAt(scenario, setting, minute);
    const moved = share !== split;
    // The weights take effect somewhere inside the bucket.
    const effective = moved ? split + (share - split) * random.next() : share;
    split = share;
    const mean = setting.requestsPerSecond * setting.bucketSeconds * (scenario.load?.(minute) ?? 1);
    const n = scenario.starved ? 0 : random.poisson(mean * effective);
    const rate = scenario.base(minute, hit);
    const candidateRate = scenario.candidate?.(minute, hit) ?? rate;
    const candidate = armOf(scenario, true, n, candidateRate, minute, random, setting);
    const baseline = armOf(scenario, false, random.poisson(mean * (1 - effective)), rate, minute, random, setting);
    const whole = second % 60 === 0 ? noRequests : inMinute;
    inMinute = { candidate: whole.candidate + candidate.n, baseline: whole.baseline + baseline.n };
    // A percentile of a minute is of all its requests; those of shorter buckets do not add up to it.
    const latency = (second + setting.bucketSeconds) % 60 === 0 ? scenario.latency?.(minute) : undefined;
    const gap = random.next() < (scenario.gaps ?? 0) ? random.next() : 1;
    rows.push({
      t: second,
      seconds: setting.bucketSeconds,
      moved,
      share,
      ...(gap < 0.5 ? {} : { candidate: withP99(candidate, inMinute.candidate, latency, random) }),
      ...(gap >= 0.5 && gap < 1 ? {} : { baseline: withP99(baseline, inMinute.baseline, latency && alike, random) }),
    });
    excess.push(excessRate(scenario, candidateRate - rate, minute));
  }
  return { rows, history, excess };
};

const noRequests = { candidate: 0, baseline: 0 };

const withP99 = (arm: RowArm, n: number, slowdown: Slowdown | undefined, random: Random): RowArm => {
  const p99 = slowdown && percentile99(n, slowdown, random);
  return p99 === undefined ? arm : { ...arm, p99 };
};

const shareAt = ({ share }: Scenario, { plan }: Setting, minute: number): number =>
  share ?? (plan === 'fixed' ? 0.1 : ([0.05, 0.1, 0.25, 0.5][Math.floor(minute / 15)] ?? 0.5));

const pastMinute = (
  { base, bursts = 0, outages }: Scenario,
  { requestsPerSecond }: Setting,
  random: Random,
): { requests: number; bad: number } => {
  const luck = { outage: random.next() < (outages?.chance ?? 0) };
  const requests = random.poisson(60 * requestsPerSecond);
  const storm = random.next() < bursts ? burstSize : 0;
  return { requests: requests + storm, bad: random.binomial(requests, base(0, luck)) + storm };
};

const burstSize = 20;

const armOf = (
  scenario: Scenario,
  isCandidate: boolean,
  n: number,
  rate: number,
  minute: number,
  random: Random,
  { bucketSeconds }: Setting,
): RowArm => {
  const storm = random.next() < ((scenario.bursts ?? 0) * bucketSeconds) / 60 ? burstSize : 0;
  const { clientErrors, latency, moreMetrics = 0 } = scenario;
  return {
    n: n + storm,
    err: random.binomial(n, rate) + storm,
    ...(clientErrors ? { err4xx: random.binomial(n, isCandidate ? clientErrors.candidate : clientErrors.base) } : {}),
    ...(latency ? { cells: cellsOf(n + storm, isCandidate ? latency(minute) : alike, random) } : {}),
    ...(moreMetrics > 0
      ? {
          more: Object.fromEntries(
            Array.from({ length: moreMetrics }, (_, index) => [`metric-${index + 1}`, random.binomial(n, rate)]),
          ),
        }
      : {}),
  };
};

const cellsOf = (n: number, slowdown: Slowdown, random: Random): readonly number[] => {
  const above = exceedances(slowdown);
  const cells: number[] = [];
  let left = n;
  let mass = 1;
  for (const rest of above) {
    const slower = random.binomial(left, rest / mass);
    cells.push(left - slower);
    left = slower;
    mass = rest;
  }
  cells.push(left);
  return cells;
};

/**
 * The order statistic at rank 99 % is Beta; its normal approximation keeps the sampling noise a p99 of few requests has.
 * Undefined without requests.
 */
const percentile99 = (n: number, slowdown: Slowdown, random: Random): number | undefined => {
  if (n < 1) return undefined;
  const u = (0.99 * n + 0.5) / (n + 1) + Math.sqrt((0.99 * 0.01) / n) * random.gaussian();
  const at = Math.min(1 - 0.2 / n, Math.max(0.5, u));
  return quantile(at) * slowdown(at);
};

const known = new Map<Slowdown, readonly number[]>();
const exceedances = (slowdown: Slowdown): readonly number[] => {
  const found = known.get(slowdown) ?? latencyEdges.map((edge) => exceeding(edge, slowdown));
  known.set(slowdown, found);
  return found;
};

/** Chance that a request is slower than `edge`. */
const exceeding = (edge: number, slowdown: Slowdown): number => {
  let fast = 0;
  let slow = 1;
  for (let step = 0; step < 40; step += 1) {
    const u = (fast + slow) / 2;
    if (quantile(u) * slowdown(u) > edge) slow = u;
    else fast = u;
  }
  return 1 - slow;
};

/** Additional bad requests per candidate request: errors, 4xx, and requests beyond the baseline's p99. */
const excessRate = ({ clientErrors, latency, kind }: Scenario, errors: number, minute: number): number => {
  if (kind === 'null') return 0;
  const slow = latency ? (exceedances(latency(minute)).at(-1) ?? 0) - 0.01 : 0;
  return errors + slow + (clientErrors ? clientErrors.candidate - clientErrors.base : 0);
};

/** Acklam's rational approximation, relative error below 1.2e-9. */
const normalQuantile = (p: number): number => {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const poly = (coefficients: readonly number[], x: number): number => coefficients.reduce((sum, k) => sum * x + k, 0);
  if (p <= 0) return -8;
  if (p >= 1) return 8;
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return poly(c, q) / (poly(d, q) * q + 1);
  }
  if (p > 1 - 0.02425) return -normalQuantile(1 - p);
  const q = p - 0.5;
  const r = q * q;
  return (poly(a, r) * q) / (poly(b, r) * r + 1);
};
