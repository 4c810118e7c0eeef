/**
 * The bias metrics of SageMaker Clarify by their names in `analysis.json`. `difference`, `divergence`: none is 0. `ratio`: none is 1, and
 * 0.8 is as far from it as its reciprocal, which has the two groups exchanged. (AWS: "Measure pre-training bias", "Measure post-training
 * data and model bias"; smclarify, `bias/metrics`.)
 */
export const biasMetrics = {
  CI: { stage: 'pre-training', is: 'difference' },
  DPL: { stage: 'pre-training', is: 'difference' },
  KL: { stage: 'pre-training', is: 'divergence' },
  JS: { stage: 'pre-training', is: 'divergence' },
  LP: { stage: 'pre-training', is: 'divergence' },
  TVD: { stage: 'pre-training', is: 'divergence' },
  KS: { stage: 'pre-training', is: 'divergence' },
  CDDL: { stage: 'pre-training', is: 'difference' },
  DPPL: { stage: 'post-training', is: 'difference' },
  DI: { stage: 'post-training', is: 'ratio' },
  DCA: { stage: 'post-training', is: 'difference' },
  DCR: { stage: 'post-training', is: 'difference' },
  RD: { stage: 'post-training', is: 'difference' },
  SD: { stage: 'post-training', is: 'difference' },
  DAR: { stage: 'post-training', is: 'difference' },
  DRR: { stage: 'post-training', is: 'difference' },
  AD: { stage: 'post-training', is: 'difference' },
  CDDPL: { stage: 'post-training', is: 'difference' },
  TE: { stage: 'post-training', is: 'difference' },
  FT: { stage: 'post-training', is: 'difference' },
  GE: { stage: 'post-training', is: 'divergence' },
} as const satisfies Readonly<Record<string, BiasMetric>>;

export type BiasMetricName = keyof typeof biasMetrics;
export type BiasStage = 'pre-training' | 'post-training';

interface BiasMetric {
  readonly stage: BiasStage;
  readonly is: 'difference' | 'divergence' | 'ratio';
}

export const biasMetricNames = Object.keys(biasMetrics) as readonly BiasMetricName[];
