/**
 * The bets that prove a candidate healthy (`health.ts`): which stakes, and how much on each. A bet is best at one error rate. A plan
 * knows the usual rate of the day before, so it puts most of the prior there; the rest is spread, so another rate costs time and
 * never the bound. They are frozen before the first candidate request.
 */
export interface Bets {
  /** On an excess below the limit. Their priors sum to at most 1. */
  readonly excess: readonly Bet[];
  /** On a ratio below the limit. Their priors sum to at most 1. */
  readonly ratio?: readonly Bet[];
  /** Part of the prior that is on the ratio, where either limit suffices. */
  readonly ratioPart?: number;
}

/** How far above the baseline's rate a candidate may be, at the larger of its limits. */
export const allowedAbove = ({ excessBelow = 0, atMost = 1 }: Limits, rate: number): number =>
  Math.max(excessBelow, (atMost - 1) * rate);

export type Bet = readonly [stake: number, prior: number];

/** The limits of a metric: the candidate is healthy when it is proven to be below one of them. */
export interface Limits {
  /** Of its bad requests beyond the baseline's, as a share of its requests. */
  readonly excessBelow?: number;
  /** Of its rate, as a factor over the baseline's; above 1. */
  readonly atMost?: number;
}

/**
 * For every rate. Most of the prior is on a stake of 1: a model without errors should be proven by about as many requests as it takes
 * by hand.
 */
export const unaimed: readonly Bet[] = [
  [1, 0.65],
  [0.85, 0.12],
  [0.6, 0.1],
  [0.35, 0.07],
  [0.15, 0.04],
  [0.05, 0.02],
];

/** Around the best stake: a better candidate wants a larger one; a higher rate, or a larger share of the traffic, a smaller one. */
const aroundExcess: readonly Bet[] = [
  [1.4, 0.2],
  [1, 0.45],
  [0.6, 0.2],
  [0.3, 0.1],
  [0.12, 0.05],
];
const aroundRatio: readonly Bet[] = [
  [2, 0.15],
  [1, 0.45],
  [0.6, 0.3],
  [0.3, 0.1],
];
/** One bad request ends a bet with a stake of 1; below this one it can go on. */
const largestStake = 0.95;
/** Prior on the stake of 1, at a usual rate of 0, and the rate at which e times less is left: about one error in a proof without errors. */
const onNone = 0.6;
const rateOfNone = 1 / 700;
/** Always there: after a day of errors the hour of the rollout may have none. */
const alwaysOnNone = 0.05;
/** A usual rate below this part of the limit is a rate of a few errors a day: the candidate may have one too. */
const lowest = 0.176;
/** Prior on the limit that is proven sooner at the usual rate; the other one costs little and may become the sooner one. */
const onSooner = 0.9;

/** @param usual share of bad requests, frozen; undefined when it is not known */
export const aimedBets = ({ excessBelow, atMost }: Limits, usual: number | undefined): Bets => {
  const excess = usual === undefined || excessBelow === undefined ? unaimed : atExcess(excessBelow, usual);
  if (atMost === undefined) return { excess };
  const ratio = ladder(aroundRatio, (atMost - 1) / atMost, 1);
  if (excessBelow === undefined) return { excess, ratio, ratioPart: 1 };
  if (usual === undefined) return { excess, ratio, ratioPart: 0.5 };
  const sooner = fastest(ratio, usual, atMost, 0) > fastest(excess, usual, 1, excessBelow);
  return { excess, ratio, ratioPart: sooner ? onSooner : 1 - onSooner };
};

const atExcess = (excessBelow: number, usual: number): readonly Bet[] => {
  const none = down(alwaysOnNone + onNone * Math.exp(-usual / rateOfNone));
  const best = excessBelow / (Math.max(usual, lowest * excessBelow) + excessBelow);
  return [[1, none], ...ladder(aroundExcess, best, 1 - none)];
};

const ladder = (around: readonly Bet[], best: number, part: number): readonly Bet[] =>
  around.map(([factor, prior]) => [down(Math.min(largestStake, factor * best)), down(part * prior)]);

/** Numbers in a record stay short; downwards, so that priors never sum to more than 1. */
const down = (value: number): number => Math.floor(value * 1e4) / 1e4;

/** A tenth of the traffic: the usual first step. */
const perBaseline = 1 / 9;

/** Growth of the best bet, in nats per candidate request, on a candidate that is as good as the baseline. */
const fastest = (bets: readonly Bet[], rate: number, times: number, excess: number): number =>
  bets.reduce(
    (best, [stake]) =>
      stake === 1
        ? best
        : Math.max(
            best,
            rate * (Math.log1p(-stake) + Math.log1p(stake * times * perBaseline) / perBaseline) + stake * excess,
          ),
    0,
  );

/** The bets in the form of the sums: those on the excess first, then those on the ratio. */
export interface Grid {
  readonly stakes: readonly number[];
  /** ρ of each bet: 1 for a bet on the excess. */
  readonly times: readonly number[];
  readonly logPriors: readonly number[];
  /** ln of the part of the prior that the bet's kind has. */
  readonly logParts: readonly number[];
  /** ln(1 − stake). */
  readonly perBad: readonly number[];
  /** The number of bets on the excess. */
  readonly onExcess: number;
}

const gridFrom = ({ excess, ratio = [], ratioPart = 0 }: Bets, atMost: number): Grid => {
  const all = [...excess, ...ratio];
  return {
    stakes: all.map(([stake]) => stake),
    times: all.map((_, index) => (index < excess.length ? 1 : atMost)),
    logPriors: all.map(([, prior]) => Math.log(prior)),
    logParts: all.map((_, index) => (index < excess.length ? Math.log1p(-ratioPart) : Math.log(ratioPart))),
    perBad: all.map(([stake]) => Math.log1p(-stake)),
    onExcess: excess.length,
  };
};

export const unaimedGrid: Grid = gridFrom({ excess: unaimed }, 1);

/** One object for all metrics without bets of their own: what depends on it is computed once for all of them. */
export const gridOf = ({ atMost = 1, bets }: { readonly atMost?: number; readonly bets?: Bets }): Grid =>
  bets === undefined ? unaimedGrid : gridFrom(bets, atMost);
