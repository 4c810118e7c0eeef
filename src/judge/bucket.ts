/**
 * The counts of both arms in one closed interval. An unknown count is absent, never zero: zero requests is a fact, a missing metric
 * is not.
 */
export interface Bucket {
  /** Start, seconds since the epoch. */
  readonly t: number;
  /** Length in seconds. */
  readonly seconds: number;
  /** The weights moved inside this bucket: share and rate may both have changed in it, so it is no evidence. */
  readonly weightMoved?: boolean;
  /** CloudWatch may still revise the counts: from this bucket on nothing convicts. */
  readonly provisional?: true;
  /** Intended share of the requests for the candidate, 0 to 1. */
  readonly share?: number;
  readonly candidate?: Arm;
  readonly baseline?: Arm;
}

export interface Arm {
  readonly requests: number;
  /** Bad events by metric; an absent metric is unknown. */
  readonly bad: Readonly<Record<string, number>>;
  /** Trials of a metric that is not counted per request. */
  readonly trials?: Readonly<Record<string, number>>;
}

/** One metric in one bucket: the four numbers every test here is made of. */
export interface Counts {
  readonly candidate: number;
  readonly candidateBad: number;
  readonly baseline: number;
  readonly baselineBad: number;
  /** At most one event a bucket: no burst can weigh more than that. */
  readonly perBucket: boolean;
}

/** Undefined when the count of either arm is unknown. */
export const countsOf = ({ candidate, baseline }: Bucket, metric: string): Counts | undefined => {
  const candidateBad = candidate?.bad[metric];
  const baselineBad = baseline?.bad[metric];
  if (!candidate || !baseline || candidateBad === undefined || baselineBad === undefined) return undefined;
  return {
    candidate: candidate.trials?.[metric] ?? candidate.requests,
    candidateBad,
    baseline: baseline.trials?.[metric] ?? baseline.requests,
    baselineBad,
    perBucket: candidate.trials?.[metric] !== undefined,
  };
};
