import type { Alternatives } from './conviction.ts';

/**
 * How much worse than the margin a bad candidate may be. Regressions that matter at once are several times worse; the small factors
 * find slight regressions in a long time. Weights were chosen on the benchmark's regressions, before its null scenarios were run
 * with them.
 */
export const alternatives: Alternatives = {
  factors: [1.1, 1.25, 1.6, 2.3, 3.3, 5, 8, 20, 80],
  weights: [0.04, 0.08, 0.1, 0.1, 0.2, 0.2, 0.2, 0.05, 0.03],
};

/**
 * For metrics that callers also cause: evidence against the same margin, but only candidates several times worse gather it. So a
 * small tilt between the arms' callers convicts no candidate, and a broken schema convicts at once.
 */
export const grossAlternatives: Alternatives = {
  factors: [4, 8, 20, 80],
  weights: [0.4, 0.4, 0.12, 0.08],
};
