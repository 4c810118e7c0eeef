import type { JudgePolicy } from '../manifest/manifest.ts';
import { aimedBets, type Bets, type Limits } from './bets.ts';
import type { Dispersion } from './dispersion.ts';
import { type OwnTraits, ownMetricsOf, type WatchedOwn } from './own-metrics.ts';

/** The judge's settings, frozen in the plan before the first candidate request: nothing in them may depend on the candidate. */
export interface Policy {
  /** Of the rules that have no field of their own; absent in policies that were frozen before it existed: 1. */
  readonly version?: 2;
  readonly convict: JudgePolicy['convict'];
  readonly healthy: JudgePolicy['healthy'];
  readonly metrics: readonly Metric[];
  /** Cap the evidence of one bucket, because bursts may hit one arm alone. */
  readonly burstGuard: boolean;
  /** Longest the candidate may serve unobserved. */
  readonly maxBlindSeconds: number;
  /** Share of a step that must be observed before the step can be proven healthy. */
  readonly coverage: number;
  /** Candidate requests a step must see, whatever the evidence (DESIGN §7 rule 5). */
  readonly minimumRequests: number;
  /** Time between two fresh bets on a candidate that becomes worse later; absent in policies of version 1: 600. */
  readonly restartSeconds?: number;
  /** The absolute alarm beside the comparison: it also catches a failure of both arms. */
  readonly safetyNet: SafetyNet;
  /** A candidate with all of the traffic is compared with the time before (`last-step.ts`); absent in older policies: it is not. */
  readonly lastStep?: true;
  /** Health is asked of the newest requests too (`newest-stretch.ts`); absent in policies that were frozen before it was. */
  readonly healthOfNow?: true;
  /** With the burst guard on, part of the evidence is not staked (`burst-guard.ts`); absent in older policies: all of it is. */
  readonly setAside?: true;
}

export interface Metric extends OwnTraits {
  readonly name: string;
  /** Part of the false-rollback budget; all of them sum to 1. Zero: the metric is reported and decides nothing. */
  readonly weight: number;
  /** This metric's own margin, a factor over the baseline's rate. */
  readonly worseThan: number;
  /** Convict only a candidate that is several times worse, on evidence that it is worse than the margin. */
  readonly onlyGross?: boolean;
  /**
   * The excess that must be excluded, or the ratio to the baseline's rate, before the candidate is healthy. One of them is enough;
   * without both the metric is watched, not proven.
   */
  readonly excessBelow?: number;
  readonly atMost?: number;
  /** The bets of that proof; absent in policies that were frozen before they were aimed at the usual rate. */
  readonly bets?: Bets;
  /**
   * The baseline's usual share of bad requests, from the day before; failures beyond it excuse no candidate. `unknown` without a
   * day before; absent in a policy that was frozen before this cap existed.
   */
  readonly usual?: number | 'unknown';
  /**
   * How much more than independent requests this metric's bad ones vary: all evidence is divided by it. `learned` without a day
   * before: from the baseline's own buckets as they come; of a distribution `learned-by-cell`, and `learned`, in older policies, divides
   * nothing. Absent in policies of version 1: nothing is divided.
   */
  readonly dispersion?: Dispersion | 'learned' | 'learned-by-cell';
  /** Hours (UTC) of the day before with a higher rate than the usual one: a job that runs every night. */
  readonly higherAt?: readonly (readonly [hour: number, rate: number])[];
  /** Each bucket is one trial of it. Conviction needs many, so nothing is proven while most of a step's buckets are worse. */
  readonly byBucket?: true;
  /** A cold candidate is not a slow one: this metric gives no evidence this soon after the first request. */
  readonly warmUpSeconds?: number;
  /** Its name in reports: `errors`, `requests slower than 249 ms`. */
  readonly says: string;
}

export interface SafetyNet {
  readonly metric: string;
  /** Share of the candidate's requests. */
  readonly above: number;
  /** In a row. */
  readonly buckets: number;
  /** Shorter buckets are joined until they are as long; absent in older policies: each counts by itself. */
  readonly bucketSeconds?: number;
  /** In those buckets together. */
  readonly requests: number;
  /** Bursts, as large as the metric's dispersion, that the failing requests must outnumber; absent in older policies: none. */
  readonly bursts?: number;
  /** A bucket in which the weights moved counts too; absent in older policies: such a bucket begins the row anew. */
  readonly whileMoving?: true;
}

export const isToBeProven = ({ excessBelow, atMost }: Limits): boolean =>
  excessBelow !== undefined || atMost !== undefined;

export const errorsMetric = 'errors';
export const clientErrorsMetric = 'client-errors';

/** Budgets before they are scaled to sum to 1: errors are the main reason for a rollback; the other metrics share the rest. */
const errorsBudget = 4;
const clientErrorsBudget = 2;
const latencyBudget = 4;

/** A candidate that is cold is slow; one that fails because it is cold fails its callers. */
const warmUp = { errorsSeconds: 0, latencySeconds: 180 };

/**
 * Callers cause 4xx (rule 20), and one caller in one arm is no fault of the model. So they are only reported, unless the manifest
 * wants a verdict. Then only a candidate that is several times worse is convicted (reference/progressive-delivery.md §3.6).
 */
const clientErrorsOf = ({ clientErrors, convict, healthy }: JudgePolicy): Metric => ({
  name: clientErrorsMetric,
  worseThan: convict.worseThan,
  onlyGross: true,
  says: '4xx answers',
  ...(clientErrors === 'judge' ? { weight: clientErrorsBudget, ...limitsOf(healthy) } : { weight: 0 }),
});

const limitsOf = ({ excessBelow, atMost }: Limits): Limits => ({
  ...(excessBelow === undefined ? {} : { excessBelow }),
  ...(atMost === undefined ? {} : { atMost }),
});

/** Its usual share of bad requests, and the bets on its health that are aimed at it. */
const provenBy = (metric: Metric, usual: Watched['usual']): Pick<Metric, 'usual' | 'bets'> => {
  if (!isToBeProven(metric)) return {};
  const known = metric.own ? numberOf(metric.usual) : usual?.[metric.name];
  return {
    ...(usual && !metric.own ? { usual: known ?? 'unknown' } : {}),
    ...(known === undefined && metric.atMost === undefined ? {} : { bets: aimedBets(metric, known) }),
  };
};

const numberOf = (usual: Metric['usual']): number | undefined => (typeof usual === 'number' ? usual : undefined);

const defaults = {
  maxBlindSeconds: 600,
  restartSeconds: 120,
  coverage: 0.8,
  safetyNet: { above: 0.2, buckets: 3, bucketSeconds: 60, requests: 20, bursts: 3, whileMoving: true },
} as const;

export interface Watched {
  /** They are counted. */
  readonly clientErrors?: boolean;
  readonly latency?: readonly WatchedLatency[];
  readonly burstGuard?: boolean;
  readonly minimumRequests?: number;
  /** By metric: `Metric.usual`. */
  readonly usual?: Readonly<Record<string, number>>;
  /** By metric, without those of latency: `Metric.dispersion`. */
  readonly dispersion?: Readonly<Record<string, Dispersion>>;
  /** The metrics of the user's own that are read, by name. */
  readonly own?: Readonly<Record<string, WatchedOwn>>;
  /** By metric: `Metric.higherAt`. */
  readonly higherAt?: Readonly<Record<string, NonNullable<Metric['higherAt']>>>;
}

export interface WatchedLatency {
  readonly name: string;
  readonly says: string;
  /** The factor is already in the event that is counted. */
  readonly marginInEvent?: boolean;
  /** Rare enough in the baseline for an absolute excess to be excluded in reasonable time. */
  readonly proven: boolean;
}

/** The manifest's section, with the metrics there are and the defaults filled in. */
export const policyOf = (judge: JudgePolicy, watched: Watched = {}): Policy => {
  const { worseThan } = judge.convict;
  const limits = limitsOf(judge.healthy);
  const { errorsSeconds, latencySeconds } = { ...warmUp, ...judge.warmUp };
  const cold = errorsSeconds > 0 ? { warmUpSeconds: errorsSeconds } : {};
  const latency = watched.latency ?? [];
  const metrics: readonly Metric[] = [
    { name: errorsMetric, weight: errorsBudget, worseThan, ...limits, ...cold, says: 'errors' },
    ...(watched.clientErrors ? [{ ...clientErrorsOf(judge), ...cold }] : []),
    ...latency.map(({ name, says, marginInEvent, proven }) => ({
      name,
      weight: latencyBudget / latency.length,
      worseThan: marginInEvent ? 1 : worseThan,
      ...(proven ? limits : {}),
      ...(marginInEvent ? { byBucket: true as const } : {}),
      warmUpSeconds: latencySeconds,
      says,
    })),
    ...ownMetricsOf(judge, watched.own ?? {}),
  ];
  const budget = metrics.reduce((sum, { weight }) => sum + weight, 0);
  return {
    version: 2,
    convict: judge.convict,
    healthy: judge.healthy,
    metrics: metrics.map((metric) => ({
      ...metric,
      weight: metric.weight / budget,
      ...provenBy(metric, watched.usual),
      ...(latency.some(({ name }) => name === metric.name) ? {} : dispersionOf(metric, judge, watched)),
      ...higherAt(metric, watched),
    })),
    burstGuard: judge.burstGuard === 'on' || (judge.burstGuard !== 'off' && (watched.burstGuard ?? false)),
    maxBlindSeconds: judge.maxBlindSeconds ?? defaults.maxBlindSeconds,
    coverage: defaults.coverage,
    minimumRequests: watched.minimumRequests ?? 0,
    restartSeconds: defaults.restartSeconds,
    safetyNet: {
      metric: errorsMetric,
      ...defaults.safetyNet,
      ...(judge.safetyNet === undefined ? {} : { above: judge.safetyNet }),
    },
    lastStep: true,
    healthOfNow: true,
    setAside: true,
  };
};

/**
 * `burst-guard: off` says that the errors come singly. Slow requests are not divided: they come together when the load is high, which is
 * the same for both arms, and one fleet's day cannot tell that from bursts.
 */
const dispersionOf = (
  { name, own, cells }: Metric,
  { burstGuard }: JudgePolicy,
  { dispersion }: Watched,
): Pick<Metric, 'dispersion'> =>
  dispersion === undefined || (burstGuard === 'off' && !own)
    ? {}
    : { dispersion: dispersion[name] ?? (cells ? 'learned-by-cell' : 'learned') };

const higherAt = (metric: Metric, watched: Watched): Pick<Metric, 'higherAt'> => {
  const hours = watched.higherAt?.[metric.name] ?? [];
  return !isToBeProven(metric) || hours.length === 0 ? {} : { higherAt: hours };
};
