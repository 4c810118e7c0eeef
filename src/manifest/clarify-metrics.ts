/**
 * The bias metrics of SageMaker Clarify by their names in `analysis.json`. `difference`, `divergence`: none is 0. `ratio`: none is 1, and
 * 0.8 is as far from it as its reciprocal, which has the two groups exchanged. (AWS: "Measure pre-training bias", "Measure post-training
 * data and model bias"; smclarify, `bias/metrics`.)
 */
export const biasMetrics = {
  CI: { stage: 'pre-training', is: 'difference', most: 1 },
  DPL: { stage: 'pre-training', is: 'difference', most: 1 },
  KL: { stage: 'pre-training', is: 'divergence' },
  JS: { stage: 'pre-training', is: 'divergence' },
  LP: { stage: 'pre-training', is: 'divergence' },
  TVD: { stage: 'pre-training', is: 'divergence', most: 1 },
  KS: { stage: 'pre-training', is: 'divergence', most: 1 },
  CDDL: { stage: 'pre-training', is: 'difference', most: 1 },
  DPPL: { stage: 'post-training', is: 'difference', most: 1 },
  DI: { stage: 'post-training', is: 'ratio', most: 1 },
  DCA: { stage: 'post-training', is: 'difference' },
  DCR: { stage: 'post-training', is: 'difference' },
  RD: { stage: 'post-training', is: 'difference', most: 1 },
  SD: { stage: 'post-training', is: 'difference', most: 1 },
  DAR: { stage: 'post-training', is: 'difference', most: 1 },
  DRR: { stage: 'post-training', is: 'difference', most: 1 },
  AD: { stage: 'post-training', is: 'difference', most: 1 },
  CDDPL: { stage: 'post-training', is: 'difference', most: 1 },
  TE: { stage: 'post-training', is: 'difference' },
  FT: { stage: 'post-training', is: 'difference', most: 1 },
  GE: { stage: 'post-training', is: 'divergence' },
} as const satisfies Readonly<Record<string, BiasMetric>>;

export type BiasMetricName = keyof typeof biasMetrics;
export type BiasStage = 'pre-training' | 'post-training';

export interface BiasMetric {
  readonly stage: BiasStage;
  readonly is: 'difference' | 'divergence' | 'ratio';
  /** The largest distance from no bias that there can be; absent where there is none. */
  readonly most?: 1;
}

export const biasMetricNames = Object.keys(biasMetrics) as readonly BiasMetricName[];
