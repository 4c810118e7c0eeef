import type { Alternatives } from './conviction.ts';

/**
 * How much worse than the margin a bad candidate may be. Regressions that matter at once are several times worse; the small factors
 * are there for the patient. Weights were chosen on the benchmark's regressions, before its null scenarios were run with them.
 */
export const alternatives: Alternatives = {
  factors: [1.1, 1.25, 1.6, 2.3, 3.3, 5, 8, 20, 80],
  weights: [0.04, 0.08, 0.1, 0.1, 0.2, 0.2, 0.2, 0.05, 0.03],
};

/**
 * For what callers cause too: evidence against the same margin, but gathered only by candidates several times worse, so that a small
 * tilt between the arms' callers convicts nobody, and a broken schema does at once.
 */
export const grossAlternatives: Alternatives = {
  factors: [4, 8, 20, 80],
  weights: [0.4, 0.4, 0.12, 0.08],
};
