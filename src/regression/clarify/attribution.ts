import { rankedByScore } from '../metrics/ranked.ts';
import { normalisedGain } from '../metrics/ranking.ts';
import { named } from '../named.ts';
import type { Analysis } from './analysis.ts';

/** The order of the features of one label, candidate against baseline. */
export interface Agreement {
  /** Foreign text. */
  readonly label: string;
  readonly features: number;
  /** 0–1; undefined: it cannot be computed. */
  readonly ndcg?: number;
  /** A clause about the label, where there is no value. */
  readonly open?: string;
}

/** One per label of either model. */
export const agreements = (candidate: Analysis, baseline: Analysis): readonly Agreement[] =>
  [...new Set([...baseline.attributions.keys(), ...candidate.attributions.keys()])].map((label) =>
    agreement(label, candidate.attributions.get(label), baseline.attributions.get(label)),
  );

type Values = ReadonlyMap<string, number | undefined>;

/**
 * nDCG as Model Monitor computes attribution drift (AWS: "Monitor Feature Attribution Drift"): the features in the candidate's order, each
 * with the baseline's attribution as its gain, over the same sum in the baseline's own order. 1: the same order. A swap among important
 * features costs more than one among unimportant ones. Equal attributions have no order, so their places are averaged.
 */
const agreement = (label: string, candidate: Values | undefined, baseline: Values | undefined): Agreement => {
  const features = baseline?.size ?? candidate?.size ?? 0;
  const open = (why: string): Agreement => ({ label, features, open: why });
  if (candidate === undefined) return open('the candidate has no attributions of it');
  if (baseline === undefined) return open('the baseline has no attributions of it');
  const [added, gone] = [missing(candidate, baseline), missing(baseline, candidate)];
  if (added.length > 0 || gone.length > 0)
    return open(
      `the features differ: ${[
        ...(gone.length > 0 ? [`the candidate has no ${named(gone)}`] : []),
        ...(added.length > 0 ? [`the baseline has no ${named(added)}`] : []),
      ].join(', ')}`,
    );
  const rows = [...baseline].map(([feature, gain]) => ({
    feature,
    score: candidate.get(feature),
    relevance: gain,
  }));
  const unknown = rows.filter(({ score, relevance }) => score === undefined || relevance === undefined);
  if (unknown.length > 0) return open(`${named(unknown.map(({ feature }) => feature))} has no attribution`);
  const ranked = rankedByScore(rows.map(({ score = Number.NaN, relevance = Number.NaN }) => ({ score, relevance })));
  // The median of SHAP values has a sign, and then neither order says which feature matters (AWS: `agg_method`).
  if (ranked.someNegative || rows.some(({ score = 0 }) => score < 0))
    return open('some attributions are negative; aggregate them as mean_abs or mean_sq');
  if (!ranked.someRelevant) return open('the baseline has no attribution above 0');
  return { label, features, ndcg: Math.min(1, normalisedGain(Number.POSITIVE_INFINITY)(ranked)) };
};

const missing = (one: Values, other: Values): readonly string[] => [...one.keys()].filter((name) => !other.has(name));
