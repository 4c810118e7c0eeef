import { independent } from './error-laws.ts';
import { alike, cellsOf, exceedances, percentile99, type Slowdown } from './latency-law.ts';
import { type Random, randomFrom } from './random.ts';
import type { Scenario } from './scenarios.ts';
import type { Row, RowArm, Run, Setting } from './stream.ts';

const minutesBefore = 1440;

/** The same seed gives the same stream, and the same day before it. */
export const generate = (scenario: Scenario, setting: Setting, seed: string): Run => {
  const { errors = independent, minutes = 60, onset = 0, clientErrors, predictions } = scenario;
  const { requestsPerSecond, bucketSeconds } = setting;
  const ofBaseline = errors.begin();
  const ofCandidate = errors.begin();
  const trafficIn = (minute: number, seconds: number): number =>
    requestsPerSecond * seconds * (scenario.load?.(minute) ?? 1);

  const past = randomFrom(`${seed} history`);
  const dayBefore = Array.from({ length: minutesBefore }, (_, index) => {
    const minute = index - minutesBefore;
    const rate = scenario.base(minute, luckOf(scenario, past));
    const { requests, bad } = ofBaseline(
      { traffic: trafficIn(minute, 60), share: 1, seconds: 60, rate, usual: rate },
      past,
    );
    return {
      requests,
      bad,
      ...(predictions ? { predictions: classesOf(requests, predictions.base, past, predictions.perUser) } : {}),
    };
  });

  const random = randomFrom(seed);
  const rows: Row[] = [];
  const excess: number[] = [];
  const ill: boolean[] = [];
  let luck = luckOf(scenario, random);
  let split = shareAt(scenario, setting, 0);
  let inMinute = noRequests;
  for (let second = 0; second < 60 * minutes; second += bucketSeconds) {
    const minute = second / 60;
    if (second > 0 && second % 60 === 0) luck = luckOf(scenario, random);
    const share = shareAt(scenario, setting, minute);
    const moved = share !== split;
    // The weights take effect somewhere inside the bucket.
    const effective = moved ? split + (share - split) * random.next() : share;
    split = share;
    const traffic = trafficIn(minute, bucketSeconds);
    const usual = scenario.base(minute, luck);
    const rate = isIll(scenario, minute) ? (scenario.ill?.rate ?? usual) : usual;
    const candidateRate = scenario.candidate?.(minute, luck) ?? usual;
    const inBucket = { traffic, seconds: bucketSeconds, usual };
    const share1 = scenario.starved ? 0 : effective;
    const candidateDrawn = ofCandidate({ ...inBucket, share: share1, rate: candidateRate }, random);
    const baselineDrawn = ofBaseline({ ...inBucket, share: 1 - effective, rate, usual: rate }, random);
    const candidate: RowArm = {
      n: candidateDrawn.requests,
      err: candidateDrawn.bad,
      ...countsBeside(scenario, true, candidateDrawn, candidateRate, minute, random),
    };
    const baseline: RowArm = {
      n: baselineDrawn.requests,
      err: baselineDrawn.bad,
      ...countsBeside(scenario, false, baselineDrawn, rate, minute, random),
    };
    const whole = second % 60 === 0 ? noRequests : inMinute;
    inMinute = { candidate: whole.candidate + candidate.n, baseline: whole.baseline + baseline.n };
    // A percentile of a minute is of all its requests; those of shorter buckets do not add up to it.
    const latency = (second + bucketSeconds) % 60 === 0 ? scenario.latency?.(minute) : undefined;
    const gap = random.next() < (scenario.gaps ?? 0) ? random.next() : 1;
    const read = {
      ...(gap < 0.5 ? {} : { candidate: withP99(candidate, inMinute.candidate, latency, random) }),
      ...(gap >= 0.5 && gap < 1 ? {} : { baseline: withP99(baseline, inMinute.baseline, latency && alike, random) }),
    };
    const { late } = scenario;
    rows.push({
      t: second,
      seconds: bucketSeconds,
      moved,
      share,
      ...read,
      ...(late
        ? {
            early: {
              ...(read.candidate ? { candidate: early(read.candidate, late, random) } : {}),
              ...(read.baseline ? { baseline: early(read.baseline, late, random) } : {}),
            },
          }
        : {}),
    });
    ill.push(isIll(scenario, minute));
    excess.push(excessRate(scenario, candidateRate - usual, minute));
  }
  return {
    rows,
    history: setting.history === 'none' ? [] : dayBefore,
    excess,
    ill,
    onset: 60 * onset,
    clientErrorsJudged: clientErrors?.judged ?? false,
    ...(predictions ? { predictionsVerdict: predictions.verdict } : {}),
  };
};

const noRequests = { candidate: 0, baseline: 0 };

const luckOf = ({ outages = 0 }: Scenario, random: Random): { outage: boolean } => ({
  outage: random.next() < outages,
});

const isIll = ({ ill }: Scenario, minute: number): boolean =>
  ill !== undefined && minute >= ill.from && minute < ill.to;

const withP99 = (arm: RowArm, n: number, slowdown: Slowdown | undefined, random: Random): RowArm => {
  const p99 = slowdown && percentile99(n, slowdown, random);
  return p99 === undefined ? arm : { ...arm, p99 };
};

/** The first reading: all failures, but only a part of the requests. */
const early = (arm: RowArm, { chance, least }: NonNullable<Scenario['late']>, random: Random): RowArm => {
  const part = random.next() < chance ? least + (1 - least) * random.next() : 1;
  return { ...arm, n: Math.max(arm.err, Math.round(part * arm.n)) };
};

const shareAt = ({ shares }: Scenario, { plan }: Setting, minute: number): number => {
  const steps = shares ?? (plan === 'fixed' ? [0.1] : [0.05, 0.1, 0.25, 0.5]);
  return steps[Math.min(steps.length - 1, Math.floor(minute / 15))] ?? 0.1;
};

/** What is counted of the same requests besides errors. */
const countsBeside = (
  { clientErrors, latency, moreMetrics = 0, predictions }: Scenario,
  isCandidate: boolean,
  { requests, bad }: { readonly requests: number; readonly bad: number },
  rate: number,
  minute: number,
  random: Random,
): Omit<RowArm, 'n' | 'err'> => {
  const of = isCandidate ? 'candidate' : 'base';
  return {
    ...(clientErrors ? { err4xx: random.binomial(requests - bad, clientErrors[of]) } : {}),
    ...(latency ? { cells: cellsOf(requests, isCandidate ? latency(minute) : alike, random) } : {}),
    ...(predictions ? { predictions: classesOf(requests, predictions[of], random, predictions.perUser) } : {}),
    ...(moreMetrics > 0
      ? {
          more: Object.fromEntries(
            Array.from({ length: moreMetrics }, (_, index) => [`metric-${index + 1}`, random.binomial(requests, rate)]),
          ),
        }
      : {}),
  };
};

const classesOf = (n: number, shares: readonly number[], random: Random, perUser = 1): readonly number[] => {
  if (perUser > 1) {
    const rest = classesOf(n % perUser, shares, random);
    return classesOf(Math.floor(n / perUser), shares, random).map(
      (users, index) => users * perUser + (rest[index] ?? 0),
    );
  }
  let left = n;
  let mass = 1;
  return shares.map((share, index) => {
    const here = index === shares.length - 1 || share >= mass ? left : random.binomial(left, share / mass);
    left -= here;
    mass -= share;
    return here;
  });
};

/**
 * Additional bad requests per candidate request, beside the old fleet as it usually is: errors, judged 4xx, requests beyond the
 * baseline's p99, and predictions that went to another class.
 */
const excessRate = ({ clientErrors, latency, kind, predictions }: Scenario, errors: number, minute: number): number => {
  if (kind !== 'regression') return 0;
  const slow = latency ? (exceedances(latency(minute)).at(-1) ?? 0) - 0.01 : 0;
  const moved = predictions
    ? predictions.candidate.reduce((sum, share, index) => sum + Math.max(0, share - (predictions.base[index] ?? 0)), 0)
    : 0;
  return errors + slow + moved + (clientErrors?.judged ? clientErrors.candidate - clientErrors.base : 0);
};
