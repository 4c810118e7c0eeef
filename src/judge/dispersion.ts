/**
 * How much more than independent requests the bad requests of one fleet vary from one block of time to the next: 1 for errors that
 * come singly, 20 for sessions of twenty failing requests. Pure.
 *
 * A block is compared with its two neighbours: given the bad requests of all three together, its own are binomial, whatever the rate
 * is, and a rate that rises or falls evenly cancels. The dispersion of one length of blocks is the sum of the squared differences over
 * their sum for independent requests. Blocks of several lengths show sessions of several lengths.
 *
 * A factor of evidence to the power 1/D stays a fair bet for every D ≥ 1 that is fixed before the bucket (E[F^(1/D)] ≤ E[F]^(1/D) ≤ 1,
 * Jensen 1906). So the bounds for independent requests hold with any D. How far D protects where requests depend on each other is
 * measured (docs/judge-results.md), not proven.
 */
export interface Dispersion {
  /** Divides the evidence that the candidate is worse. */
  readonly against: number;
  /** Divides the evidence that it is healthy; larger, where few errors were seen. */
  readonly health: number;
  /** Time in which the burst guard lets one burst count. */
  readonly burstSeconds: number;
}

/** Most bursts end within a minute. */
const briefSeconds = 60;

export const independent: Dispersion = { against: 1, health: 1, burstSeconds: briefSeconds };

/** Counts of one fleet in one interval. */
export interface Block {
  readonly requests: number;
  readonly bad: number;
}

const nothing: Block = { requests: 0, bad: 0 };
const together = (one: Block, other: Block): Block => ({
  requests: one.requests + other.requests,
  bad: one.bad + other.bad,
});

/** Sums over comparisons. */
interface Sums {
  readonly squares: number;
  /** Of the squares, if requests were independent. */
  readonly expected: number;
  readonly variance: number;
}

const none: Sums = { squares: 0, expected: 0, variance: 0 };
const plus = (one: Sums, other: Sums): Sums => ({
  squares: one.squares + other.squares,
  expected: one.expected + other.expected,
  variance: one.variance + other.variance,
});

const compare = (first: Block, middle: Block, last: Block): Sums => {
  const bad = first.bad + middle.bad + last.bad;
  const share = middle.requests / (first.requests + middle.requests + last.requests);
  const expected = bad * share * (1 - share);
  return {
    squares: (middle.bad - bad * share) ** 2,
    expected,
    // Fourth moment of a binomial. That of a single bad request is rounded to below zero.
    variance: Math.max(0, 2 * expected ** 2 + (1 - 6 * share * (1 - share)) * expected),
  };
};

/** Sessions end within a few minutes: within these lengths they are counted as one event. */
const sessionMinutes: readonly number[] = [1, 2, 5];
/** Storms and drifts last longer. */
const driftMinutes: readonly number[] = [10, 20, 30, 60];
const allMinutes: readonly number[] = [...sessionMinutes, ...driftMinutes];

/** Standard deviations of an excess that chance does not explain. */
const beyondChance = 4;
/** Neighbouring comparisons share two blocks of three: their sum varies twice as much as that of independent ones. */
const overlap = 2;

const isBeyondChance = ({ squares, expected, variance }: Sums): boolean =>
  squares - expected > beyondChance * Math.sqrt(overlap * variance) + beyondChance ** 2 / 2;
const ratioOf = ({ squares, expected }: Sums): number => (expected > 0 ? squares / expected : 1);
const largest = (lanes: readonly Sums[]): number => Math.max(1, ...lanes.filter(isBeyondChance).map(ratioOf));

/** Minutes that make a history. */
const shortestHistory = 60;
/** Longest incident that is left out, in windows of an hour: it may lie across the border of two. */
const windowMinutes = 60;
const incidentWindows = 2;
/** Minutes with the highest rates, as a share of all, count as this quantile: rare bursts are the burst guard's business. */
const usualMinutes = 0.9;
/** Of a sum of squares whose upper tail was cut at that quantile. */
const cutTail = 1.2;
/** Times the dispersion of single minutes: errors that go on and on from minute to minute are a storm, or a drift. */
const lasting = 2;
/** A storm, or a drift, counts as one burst for so long. */
const stormSeconds = 300;
/** The same where it is learned: no policy freezes it, and the journals of older policies have verdicts by it. */
const learnedStormSeconds = 240;
/** Where storms last, the guard already lets each count once; a larger dispersion would only forget them more slowly. */
const mostBesideStorms = 4;
/** Before any error was seen: nine single errors and one burst of twenty (the rule of succession). */
const prior = { singles: 9, burst: 20 };
/** A larger one, and an incident, count as two of the prior's bursts. */
const mostOfOne = 2 * prior.burst;

/**
 * @param history minutes of one fleet in order, oldest first, from before the first candidate request
 * @returns undefined where the history is too short
 */
export const dispersionOf = (history: readonly Block[]): Dispersion | undefined => {
  const served = history.filter(({ requests }) => requests > 0);
  if (served.length < shortestHistory) return undefined;
  const whole = sumsOf(served);
  const ofAll = sumsOf(cutAt(served, usualMinutes));
  const ofFailing = cutAt(served, usualMinutes, ({ bad }) => bad > 0);
  const sessions = (lanes: readonly Sums[]): readonly Sums[] => lanes.slice(0, sessionMinutes.length);
  const lasts = largest(whole.slice(sessionMinutes.length - 1)) > lasting * Math.max(1, ratioOf(whole[0] ?? none));
  const against = uncut(largest(sessions(ofAll)));
  const brief = uncut(largest(ofAll.slice(0, 2)));
  const health = uncut(largest(sessions(sumsOf(ofFailing))));
  return {
    against: lasts ? Math.max(brief, Math.min(against, uncut(mostBesideStorms))) : against,
    health: Math.max(health, withPrior(ofFailing)),
    burstSeconds: lasts ? stormSeconds : briefSeconds,
  };
};

const uncut = (dispersion: number): number => (dispersion > 1 ? dispersion * cutTail : 1);

/** Whether the errors vary more than chance explains, at any length, and how much. */
export const unevenness = (
  history: readonly Block[],
): { readonly minutes: number; readonly times: number } | undefined => {
  const served = history.filter(({ requests }) => requests > 0);
  const sums = sumsOf(served);
  const index = sums.findIndex(isBeyondChance);
  const found = sums[index];
  return found === undefined ? undefined : { minutes: allMinutes[index] ?? 0, times: ratioOf(found) };
};

/** For each length, without the worst window: an incident a day says nothing about the other hours. */
const sumsOf = (served: readonly Block[]): readonly Sums[] => {
  const lanes = allMinutes.map((minutes) => sumsByWindow(served, minutes));
  const windows = Array.from({ length: Math.ceil(served.length / windowMinutes) }, (_, window) =>
    lanes.reduce((most, lane) => Math.max(most, surplusOf(lane[window] ?? none)), 0),
  );
  const surplus = (from: number): number =>
    windows.slice(from, from + incidentWindows).reduce((sum, one) => sum + one, 0);
  const worst = windows.reduce((most, _, window) => (surplus(window) > surplus(most) ? window : most), 0);
  const isIncident = (window: number): boolean =>
    surplus(worst) > 0 && window >= worst && window < worst + incidentWindows;
  return lanes.map((lane) => lane.reduce((sum, one, window) => (isIncident(window) ? sum : plus(sum, one)), none));
};

const surplusOf = ({ squares, expected }: Sums): number => squares - expected;

/** Comparisons of blocks of one length, added up in the window in which the last of the three blocks ends. */
const sumsByWindow = (served: readonly Block[], minutes: number): readonly Sums[] => {
  const sums: Sums[] = [];
  let [first, middle]: readonly [Block | undefined, Block | undefined] = [undefined, undefined];
  for (let end = minutes; end <= served.length; end += minutes) {
    const last = blockOf(served, end - minutes, end);
    const window = Math.floor((end - 1) / windowMinutes);
    if (first && middle) sums[window] = plus(sums[window] ?? none, compare(first, middle, last));
    [first, middle] = [middle, last];
  }
  return Array.from(sums, (one) => one ?? none);
};

const blockOf = (served: readonly Block[], from: number, to: number): Block => {
  let [requests, bad] = [0, 0];
  for (let minute = from; minute < to; minute += 1) {
    requests += served[minute]?.requests ?? 0;
    bad += served[minute]?.bad ?? 0;
  }
  return { requests, bad };
};

const cutAt = (
  served: readonly Block[],
  quantile: number,
  counts: (block: Block) => boolean = () => true,
): readonly Block[] => {
  const rates = served
    .filter(counts)
    .map(({ bad, requests }) => bad / requests)
    .sort((one, other) => one - other);
  const most = rates[Math.ceil(quantile * rates.length) - 1] ?? 0;
  return served.map(({ requests, bad }) => ({ requests, bad: Math.min(bad, most * requests) }));
};

/**
 * Few errors are no evidence of D = 1: two singles may be followed by a session of twenty. The mean square of the five-minute blocks
 * with errors, with those of the prior.
 */
const withPrior = (served: readonly Block[]): number => {
  const five = 5;
  const blocks = Array.from({ length: Math.ceil(served.length / five) }, (_, index) =>
    served.slice(index * five, (index + 1) * five).reduce(together, nothing),
  );
  const squares = blocks.flatMap((middle, index) => {
    const [first, last] = [blocks[index - 1], blocks[index + 1]];
    const sums = first && last ? compare(first, middle, last) : none;
    return sums.expected > 0 ? [Math.min(mostOfOne, ratioOf(sums))] : [];
  });
  const failing = blocks.filter(({ bad }) => bad > 0).length;
  const mean = squares.reduce((sum, square) => sum + square, 0) / Math.max(1, squares.length);
  return (failing * mean + prior.singles + prior.burst) / (failing + prior.singles + 1);
};

/**
 * Without a day before: how the baseline's errors came so far in this rollout, in blocks of the lengths of sessions. Each block is
 * compared with the one before: of both together, the bad requests of the newer one are binomial.
 */
export type Learned = readonly LearnedLane[];

/** Blocks of one length. */
interface LearnedLane {
  readonly current: Block;
  readonly seconds: number;
  readonly before?: Block;
  /** Comparisons with errors, and the sum of their squares. */
  readonly count: number;
  readonly squares: number;
  /** The largest squares among those with an ill block, in falling order: those of the begin and the end of one incident. */
  readonly incident: readonly number[];
}

type Usual = Pick<LearnedLane, 'count' | 'squares'>;

/** Comparisons at the edges of one incident. */
const edges = 2;
/** Share of bad requests from which on the fleet itself is ill: one caller's session or storm is a smaller part of all requests. */
const ill = 0.05;
const isIll = ({ requests, bad }: Block): boolean => bad > ill * requests;

const emptyLane: LearnedLane = { current: nothing, seconds: 0, count: 0, squares: 0, incident: [] };
export const nothingLearned: Learned = sessionMinutes.map(() => emptyLane);

/** @param counts of the baseline in one bucket */
export const learn = (learned: Learned, counts: Block, seconds: number): Learned =>
  counts.requests === 0
    ? learned
    : learned.map((lane, index) => learnIn(lane, counts, seconds, 60 * (sessionMinutes[index] ?? 0)));

const learnIn = (lane: LearnedLane, counts: Block, seconds: number, length: number): LearnedLane => {
  const current = together(lane.current, counts);
  const until = lane.seconds + seconds;
  if (until < length) return { ...lane, current, seconds: until };
  const { before } = lane;
  const next = { ...lane, current: nothing, seconds: 0, before: current };
  if (before === undefined || before.bad + current.bad === 0) return next;
  const bad = before.bad + current.bad;
  const share = current.requests / (before.requests + current.requests);
  const square = Math.min(mostOfOne, (current.bad - bad * share) ** 2 / (bad * share * (1 - share)));
  return {
    ...next,
    count: lane.count + 1,
    squares: lane.squares + square,
    incident: [...lane.incident, ...(square > prior.burst && (isIll(before) || isIll(current)) ? [square] : [])]
      .sort((one, other) => other - one)
      .slice(0, edges),
  };
};

/** Comparisons of single errors beside the first ones seen: one uneven pair of blocks is not how errors come. */
const firstSingles = 3;
const learnedRatio = ({ count, squares }: Usual): number => (squares + firstSingles) / (count + firstSingles);

/** One incident says nothing about the other minutes, as in a day before. */
const withoutIncident = ({ count, squares, incident }: LearnedLane): Usual => ({
  count: count - incident.length,
  squares: squares - incident.reduce((sum, square) => sum + square, 0),
});

/**
 * No history is no evidence of bursts: against a candidate, the dispersion begins at 1; for it, as after a day without errors. Longer
 * blocks say nothing about its proof: within an hour there are too few of them.
 */
export const learnedDispersion = (learned: Learned): Dispersion => {
  const lanes = learned.map(withoutIncident);
  const { count, squares } = lanes[0] ?? emptyLane;
  return {
    against: Math.max(1, ...lanes.map(learnedRatio)),
    health: Math.max(1, (squares + prior.singles + prior.burst) / (count + prior.singles + 1)),
    burstSeconds: stormsIn(lanes) ? learnedStormSeconds : briefSeconds,
  };
};

/** How much they varied, in the blocks of the length that shows it most; undefined before two blocks were compared. */
export const shownDispersion = (learned: Learned): number | undefined => {
  const ratios = learned.flatMap(({ count, squares }) => (count > 0 ? [squares / count] : []));
  return ratios.length > 0 ? Math.max(1, ...ratios) : undefined;
};

/** As in a day before: errors that go on and on from minute to minute. */
const stormsIn = (lanes: readonly Usual[]): boolean => {
  const [first = emptyLane, last = emptyLane] = [lanes[0], lanes.at(-1)];
  const { count, squares } = last;
  return (
    isBeyondChance({ squares, expected: count, variance: 2 * count }) &&
    learnedRatio(last) > lasting * learnedRatio(first)
  );
};
