import type { WatchedLatency } from './policy.ts';

/**
 * Latency becomes counts, by the best rung of a ladder that the metrics allow, and from then on it is judged like errors. The
 * baseline's metrics choose the rung before the rollout, and it is the same for all buckets.
 */
export type Rung =
  /** Requests in latency cells: `TC(a:b)` of CloudWatch, or a histogram the container publishes. */
  | 'cells'
  /** One percentile per bucket. */
  | 'percentile'
  /** Sum and number of samples: only the mean. */
  | 'mean'
  /** Largest value per bucket. */
  | 'maximum';

/** One arm's latency metrics in one bucket, in milliseconds. */
export interface Latency {
  /** Requests per cell: up to the first edge, between edges, above the last. */
  readonly cells?: readonly number[];
  readonly percentile?: number;
  readonly sum?: number;
  readonly maximum?: number;
}

export interface LatencyPlan {
  readonly rung: Rung;
  /** Cells: the edges; maximum: one limit. The baseline's quantiles of the day before, never the candidate's. */
  readonly edges: readonly number[];
  /** In words, for the plan and the report. */
  readonly because: string;
}

/** Cells only: the tail is proven, where an excess of half a percent is large; the body is watched. */
export const watchedLatency = ({ rung, edges }: LatencyPlan, cells = edges.length + 1): readonly WatchedLatency[] => {
  switch (rung) {
    case 'cells':
      return Array.from({ length: cells - 1 }, (_, index) => ({
        name: `latency-${index + 1}`,
        says:
          edges[index] === undefined
            ? `requests above latency edge ${index + 1}`
            : `requests slower than ${edges[index]} ms`,
        proven: index === cells - 2,
      }));
    case 'percentile':
      return [
        { name: 'latency-percentile', says: 'buckets with a slower percentile', marginInEvent: true, proven: false },
      ];
    case 'mean':
      return [{ name: 'latency-mean', says: 'buckets with a slower mean', marginInEvent: true, proven: false }];
    case 'maximum':
      return [
        {
          name: 'latency-maximum',
          says: `buckets with a request slower than ${edges[0] ?? 0} ms`,
          proven: false,
        },
      ];
  }
};

/** @param baseline the baseline's metrics of the day before */
export const latencyPlan = (baseline: Latency, edges: readonly number[]): LatencyPlan | undefined => {
  if (baseline.cells && baseline.cells.length === edges.length + 1)
    return { rung: 'cells', edges, because: `requests are counted by latency at ${edges.join(', ')} ms` };
  if (baseline.percentile !== undefined)
    return {
      rung: 'percentile',
      edges: [],
      because: 'only a percentile per bucket is published: buckets are compared, not requests',
    };
  if (baseline.sum !== undefined)
    return {
      rung: 'mean',
      edges: [],
      because: 'only sum and number of samples are published: a slower tail alone is not seen',
    };
  const limit = edges.at(-1);
  if (baseline.maximum !== undefined && limit !== undefined)
    return {
      rung: 'maximum',
      edges: [limit],
      because: `only the largest value is published: buckets with one above ${limit} ms are counted`,
    };
  return undefined;
};

interface LatencyCounts {
  readonly bad: Readonly<Record<string, number>>;
  readonly trials?: Readonly<Record<string, number>>;
}
export interface BothLatencies {
  readonly candidate: LatencyCounts;
  readonly baseline: LatencyCounts;
}

/** Requests a bucket needs in either arm before its percentile or mean means anything. */
const fewestSamples = 30;

/**
 * Counts of one bucket, or undefined when an arm has no data.
 *
 * Percentile and mean: one trial per bucket, "the candidate's is more than `worseThan` times the baseline's", against a fair coin:
 * a sign test, valid for any burst, as long as the event has chance one half at most under the null (it is far below: the margin is
 * inside the event). Maximum: one trial in each arm; the arm with more requests sees the larger maximum, so buckets in which the
 * candidate has more requests give no evidence.
 */
export const latencyCounts = (
  { rung, edges }: LatencyPlan,
  worseThan: number,
  candidate: Latency & { readonly requests: number },
  baseline: Latency & { readonly requests: number },
): BothLatencies | undefined => {
  switch (rung) {
    case 'cells':
      return candidate.cells && baseline.cells
        ? { candidate: exceedances(candidate.cells), baseline: exceedances(baseline.cells) }
        : undefined;
    case 'percentile':
      return sign(
        'latency-percentile',
        worseThan,
        candidate.requests,
        candidate.percentile,
        baseline.requests,
        baseline.percentile,
      );
    case 'mean':
      return sign(
        'latency-mean',
        worseThan,
        candidate.requests,
        candidate.sum === undefined ? undefined : candidate.sum / candidate.requests,
        baseline.requests,
        baseline.sum === undefined ? undefined : baseline.sum / baseline.requests,
      );
    case 'maximum': {
      if (candidate.maximum === undefined || baseline.maximum === undefined) return undefined;
      const limit = edges[0] ?? Number.POSITIVE_INFINITY;
      const trials = { 'latency-maximum': candidate.requests > 0 && candidate.requests <= baseline.requests ? 1 : 0 };
      const count = (maximum: number): LatencyCounts => ({
        bad: { 'latency-maximum': trials['latency-maximum'] * (maximum > limit ? 1 : 0) },
        trials,
      });
      return { candidate: count(candidate.maximum), baseline: count(baseline.maximum) };
    }
  }
};

/** `latency-1` counts the requests above the first edge, and so on. */
const exceedances = (cells: readonly number[]): LatencyCounts => {
  const bad: Record<string, number> = {};
  let above = 0;
  for (let edge = cells.length - 1; edge > 0; edge -= 1) {
    above += cells[edge] ?? 0;
    bad[`latency-${edge}`] = above;
  }
  return { bad };
};

/** The bucket as one event that fell to one of two arms of equal exposure. */
const sign = (
  name: string,
  worseThan: number,
  candidateRequests: number,
  candidate: number | undefined,
  baselineRequests: number,
  baseline: number | undefined,
): BothLatencies | undefined => {
  const enough = Math.min(candidateRequests, baselineRequests) >= fewestSamples;
  if (enough && (candidate === undefined || baseline === undefined)) return undefined;
  const trial = enough ? 1 : 0;
  const worse = enough && (candidate ?? 0) > worseThan * (baseline ?? 0) ? 1 : 0;
  return {
    candidate: { bad: { [name]: worse }, trials: { [name]: trial } },
    baseline: { bad: { [name]: trial - worse }, trials: { [name]: trial } },
  };
};
