/**
 * The judge's comparison of a candidate that had traffic with the version beside it. Evidence is a natural logarithm, rates are
 * fractions of requests.
 */
export interface Judgement {
  readonly is: 'judgement';
  /** Candidate requests in the judged minutes, and the failed ones among them. */
  readonly exposed: number;
  readonly harmed: number;
  /** Evidence that the candidate is worse, all metrics together; and the evidence that convicts. */
  readonly logEvidence: number;
  readonly threshold: number;
  readonly metrics: readonly JudgedMetric[];
}

export interface JudgedMetric {
  /** `errors`, `requests slower than 249 ms`. */
  readonly says: string;
  readonly candidate: { readonly requests: number; readonly bad: number };
  readonly baseline: { readonly requests: number; readonly bad: number };
  /** The candidate's rate minus the baseline's; absent without requests to compare with. */
  readonly excess?: number;
  /** Of the excess, with the policy's confidence at all looks. */
  readonly interval: readonly [lower: number, upper: number];
  /** Evidence that the candidate is worse by this metric; it adds to the total by the metric's weight. */
  readonly logEvidence: number;
  /** The metric is only reported: neither conviction nor health depends on it. */
  readonly reported?: true;
  /** The metric convicts nothing: enough evidence keeps the weight where it is. */
  readonly holds?: true;
  /** Evidence that the candidate is healthy, and the evidence that proves it; absent where no proof is required. */
  readonly health?: { readonly logEvidence: number; readonly threshold: number };
}
