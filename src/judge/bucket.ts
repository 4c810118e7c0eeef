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
  /** The user's own metrics: the number that a count is a part of; `requests` where it is absent. */
  readonly of?: Readonly<Record<string, number>>;
  /** Distributions: events by cell, in the order of the policy's cells. */
  readonly cells?: Readonly<Record<string, readonly number[]>>;
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
    candidate: candidate.trials?.[metric] ?? candidate.of?.[metric] ?? candidate.requests,
    candidateBad,
    baseline: baseline.trials?.[metric] ?? baseline.of?.[metric] ?? baseline.requests,
    baselineBad,
    perBucket: candidate.trials?.[metric] !== undefined,
  };
};

/** The counts of each cell of a distribution; undefined when those of either arm are unknown. */
export const cellCountsOf = (
  { candidate, baseline }: Bucket,
  metric: string,
  cells: readonly string[],
): readonly Counts[] | undefined => {
  const [one, other] = [candidate?.cells?.[metric], baseline?.cells?.[metric]];
  if (one?.length !== cells.length || other?.length !== cells.length) return undefined;
  const total = (arm: Arm | undefined, counts: readonly number[]): number =>
    arm?.of?.[metric] ?? counts.reduce((sum, count) => sum + count, 0);
  const [candidates, baselines] = [total(candidate, one), total(baseline, other)];
  return cells.map((_, index) => ({
    candidate: candidates,
    candidateBad: one[index] ?? 0,
    baseline: baselines,
    baselineBad: other[index] ?? 0,
    perBucket: false,
  }));
};

/** The same counts with the arms exchanged: evidence of more in the baseline is evidence of less in the candidate. */
export const exchanged = ({ candidate, candidateBad, baseline, baselineBad, perBucket }: Counts): Counts => ({
  candidate: baseline,
  candidateBad: baselineBad,
  baseline: candidate,
  baselineBad: candidateBad,
  perBucket,
});
