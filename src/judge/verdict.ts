/** The judge's ruling after a bucket. */
export interface Verdict {
  /** Start of the bucket it follows. */
  readonly t: number;
  readonly decision: 'continue' | 'hold' | 'rollback' | 'promote';
  readonly reason: VerdictReason;
  /** ln of the weighted mean of the metrics' evidence that the candidate is worse. */
  readonly logEvidence: number;
  /** The threshold of that evidence: ln(1 / false-rollback). */
  readonly threshold: number;
  readonly evidence: Readonly<Record<string, MetricEvidence>>;
  /** Judged candidate requests: in the whole rollout, and since the last move of the weights. */
  readonly candidateRequests: number;
  readonly stepRequests: number;
  /** Share of this step that was observed. */
  readonly coverage: number;
  /** One sentence with numbers. */
  readonly because: string;
}

/** The figures alone: a release record keeps them of a verdict, and reports show them. */
export type Figures = Pick<Verdict, 't' | 'logEvidence' | 'threshold' | 'evidence' | 'candidateRequests'>;

export type VerdictReason =
  | 'insufficient-evidence'
  | 'weights-moved'
  | 'proven-healthy'
  | 'candidate-worse'
  | 'absolute-limit'
  /** The absolute limit, and the baseline failed as often, within chance. */
  | 'both-failing'
  /** The candidate has all of the traffic, and is clearly worse than the time before. */
  | 'worse-than-before'
  /** The same, not clearly. */
  | 'more-than-before'
  /** A conviction by counts that CloudWatch may still revise. */
  | 'provisional'
  | 'metrics-missing'
  | 'unobserved-too-long'
  /** The newest bucket lacks a metric of the user's own. */
  | 'own-metrics-missing'
  | 'split-not-as-weighted'
  /** Too much to promote, by a metric of the user's own; it convicts nothing, or not yet. */
  | 'own-metric-differs'
  | 'mostly-worse'
  | 'baseline-in-incident'
  /** Proven over all requests, but the newest ones look worse. */
  | 'newest-in-doubt'
  | 'too-little-observed'
  | 'too-few-requests';

export interface MetricEvidence {
  /** ln of the evidence that the candidate is worse. */
  readonly logEvidence: number;
  /** ln of the evidence that its excess is below the bound: over the whole rollout and over this step, the smaller of the two. */
  readonly logHealth: number;
  /** ln(1 / (1 − confidence)); absent when this metric needs no proof of health. */
  readonly healthThreshold?: number;
  readonly candidate: { readonly requests: number; readonly bad: number };
  readonly baseline: { readonly requests: number; readonly bad: number };
  /** Candidate's rate minus the baseline's. */
  readonly excess?: number;
  /** Of the excess; each end holds with the policy's confidence, at all looks. */
  readonly interval: readonly [lower: number, upper: number];
  /** Of a distribution: the cell that the figures are about, and the direction in which its share seems to have changed. */
  readonly cell?: { readonly name: string; readonly change: 'more' | 'fewer' };
}
