import type { Random } from './random.ts';

/** One arm in one bucket, before chance. */
export interface ArmInBucket {
  /** Mean requests of the whole endpoint in this bucket. */
  readonly traffic: number;
  /** This arm's share of them. */
  readonly share: number;
  readonly seconds: number;
  /** Mean share of failing requests. */
  readonly rate: number;
  /** The baseline's. */
  readonly usual: number;
}

export interface Drawn {
  readonly requests: number;
  readonly bad: number;
}

/**
 * How the failures of one arm come: one by one, or many together. What outlasts a bucket (a session, a storm, a drift) is remembered
 * between the calls, so a law is begun once for each arm, and the baseline's goes on from the day before.
 */
export interface ErrorLaw {
  /** Failures of one arm are not independent of each other. */
  readonly clustered: boolean;
  begin(): (arm: ArmInBucket, random: Random) => Drawn;
}

const alone = ({ traffic, share, rate }: ArmInBucket, random: Random): Drawn => {
  const requests = random.poisson(traffic * share);
  return { requests, bad: random.binomial(requests, rate) };
};

export const independent: ErrorLaw = { clustered: false, begin: () => alone };

/**
 * One caller's session, or the retries of one request, fail together and stay in one arm.
 * @param size failing requests of a session, evenly spread over `spreadSeconds`
 */
export const inSessions = (size: number, spreadSeconds = 5): ErrorLaw => ({
  clustered: true,
  begin: () => {
    const gap = spreadSeconds / size;
    /** Sessions that go on: seconds from the start of the next bucket to the next request, and requests left. */
    let open: readonly { readonly next: number; readonly left: number }[] = [];
    return ({ traffic, share, seconds, rate }, random) => {
      const begun = random.poisson((traffic * share * rate) / size);
      const here = [...open, ...Array.from({ length: begun }, () => ({ next: seconds * random.next(), left: size }))];
      let bad = 0;
      open = here.flatMap(({ next, left }) => {
        const fails = Math.min(left, Math.max(0, Math.ceil((seconds - next) / gap)));
        bad += fails;
        return left > fails ? [{ next: next + fails * gap - seconds, left: left - fails }] : [];
      });
      return { requests: random.poisson(traffic * share * (1 - rate)) + bad, bad };
    };
  },
});

/** Beside independent failures, `size` further requests fail together: chance `perMinute` in each arm. */
export const withBursts = (perMinute: number, size: number): ErrorLaw => ({
  clustered: true,
  begin: () => (arm, random) => {
    const { requests, bad } = alone(arm, random);
    const burst = random.next() < (perMinute * arm.seconds) / 60 ? size : 0;
    return { requests: requests + burst, bad: bad + burst };
  },
});

export interface Storms {
  readonly perHour: number;
  readonly minutes: number;
  /** Failing requests of a storm, as a share of the endpoint's traffic. */
  readonly ofTraffic: number;
}

/** Beside independent failures, a caller repeats failing requests for minutes. The caller stays with the arm it met first. */
export const withStorms = ({ perHour, minutes, ofTraffic }: Storms): ErrorLaw => ({
  clustered: true,
  begin: () => {
    /** Seconds that are left of each. */
    let storms: readonly number[] = [];
    return (arm, random) => {
      const { traffic, share, seconds } = arm;
      const begun = Array.from({ length: random.poisson((perHour * share * seconds) / 3600) }, () => ({
        from: seconds * random.next(),
        left: 60 * minutes,
      }));
      const here = [...storms.map((left) => ({ from: 0, left })), ...begun];
      const active = here.reduce((sum, { from, left }) => sum + Math.min(left, seconds - from), 0);
      storms = here.flatMap(({ from, left }) => (left > seconds - from ? [left - (seconds - from)] : []));
      const { requests, bad } = alone(arm, random);
      const repeated = random.poisson((ofTraffic * traffic * active) / seconds);
      return { requests: requests + repeated, bad: bad + repeated };
    };
  },
});

/**
 * The arm's rate wanders by itself: an AR(1) of its logarithm, independent of the other arm's; its mean is the rate.
 * @param sigma standard deviation of the logarithm
 * @param memoryMinutes after which the correlation is 1/e
 */
export const drifting = (sigma: number, memoryMinutes: number): ErrorLaw => ({
  clustered: true,
  begin: () => {
    let log: number | undefined;
    return (arm, random) => {
      const kept = Math.exp(-arm.seconds / (60 * memoryMinutes));
      log =
        log === undefined
          ? sigma * random.gaussian()
          : kept * log + sigma * Math.sqrt(1 - kept ** 2) * random.gaussian();
      return alone({ ...arm, rate: Math.min(1, arm.rate * Math.exp(log - sigma ** 2 / 2)) }, random);
    };
  },
});

/**
 * A connection sends `length` requests in a row to one instance; where the arm is worse than usual, one instance of
 * `instances` causes all of it.
 */
export const inSeries = (length: number, instances: number): ErrorLaw => ({
  clustered: true,
  begin:
    () =>
    ({ traffic, share, rate, usual }, random) => {
      const series = random.poisson((traffic * share) / length);
      const ill = random.binomial(series, 1 / instances);
      const illRate = Math.min(1, usual + instances * (rate - usual));
      return {
        requests: series * length,
        bad: random.binomial(ill * length, illRate) + random.binomial((series - ill) * length, usual),
      };
    },
});
