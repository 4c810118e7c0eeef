import * as z from 'zod/mini';
import { canonical } from '../digest.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import {
  type Bound,
  comparisons,
  directions,
  knownDirection,
  type MetricSource,
  metricSources,
  type PolicyRule,
} from './approval-policy.ts';
import { type BiasMetric, biasMetricNames, biasMetrics } from './clarify-metrics.ts';
import type { Refuse } from './refuse.ts';
import { suggest } from './suggest.ts';
import * as v from './values.ts';

/** `approval.policy`: rules by which the mode `policy` of approve-gate decides. */

const about = z.describe;

const sources = [...metricSources, 'bias'] as const;

const worsening = () => {
  const error = 'a worsening; expected a number, 0 or more';
  return z.number({ error }).check(z.gte(0, { error }));
};

const rule = v.mapping({
  metric: z.optional(
    z
      .union([v.words('a metric'), v.listOf('a list of names', v.words('a name'), 1, 20)], {
        error: 'a metric; expected its path, e.g. binary_classification_metrics.recall, or a list of names',
      })
      .check(
        about(
          'Path of the number in the file, with dots, e.g. `binary_classification_metrics.recall`; a list of names where a name has dots. The member `value` of an object is implied. In a list of objects a name finds the one with this `name`, and `violations` is the number of violations. Of `metadata` a key, of `bias` a metric of SageMaker Clarify, e.g. `DPPL`.',
        ),
      ),
  ),
  from: z.optional(
    v
      .choice('a report', sources)
      .check(
        about(
          "The report, as the model package names it: `evaluation` and `quality-constraints` of the model quality, `data-statistics` and `data-constraints` of the training data, Clarify's `bias` and `explainability`, or the package's own `metadata`. Default: `evaluation`.",
        ),
      ),
  ),
  facet: z.optional(
    v.words('a facet').check(about('For `from: bias`: column whose groups are compared; every group counts.')),
  ),
  'at-least': z.optional(v.quantity('a limit').check(about('Least value.'))),
  'at-most': z.optional(
    v.quantity('a limit').check(about('Largest value; of `bias` the largest distance from the value without bias.')),
  ),
  'not-worse-than': z.optional(
    v
      .choice('a comparison', comparisons)
      .check(
        about(
          "`serving`: the same number of the version that serves in the environment. `drift-baseline`: that of the package's own `DriftCheckBaselines`.",
        ),
      ),
  ),
  by: z.optional(worsening().check(about('Tolerated worsening, in the unit of the metric. Default: 0.'))),
  'higher-is': z.optional(
    v
      .choice('a direction', directions)
      .check(about("Required for `not-worse-than`, unless the metric's name decides it, as `recall` and `rmse` do.")),
  ),
  first: z.optional(
    v
      .choice('a choice', ['pass'])
      .check(about('Leaves the rule out where nothing serves yet. Without it such a version is undecided.')),
  ),
  regression: z.optional(
    v
      .choice('a verdict', ['passed'])
      .check(about('Stands alone: the regression test passed for the environment, and its verdict counts.')),
  ),
});
type Written = z.output<typeof rule>;

export const policySchema = z.pipe(
  v
    .listOf('a list of rules', rule, 1, 50)
    .check(
      about(
        'Rules for the mode `policy` of `approve-gate`. All hold: the version is approved. One is broken: it is rejected. Otherwise nothing is written.',
      ),
    ),
  z.transform((written, context): readonly PolicyRule[] =>
    written.flatMap((one, at) => {
      const refuse: Refuse = (message, ...path) =>
        context.issues.push({ code: 'custom', input: written, path: [at, ...path], message });
      if (written.findIndex((other) => canonical(other) === canonical(one)) < at) refuse('is there twice');
      return ruleOf(one, refuse) ?? [];
    }),
  ),
);

const ruleOf = (written: Written, refuse: Refuse): PolicyRule | undefined => {
  if (written.regression !== undefined) {
    for (const key of Object.keys(withoutUndefined(written)))
      if (key !== 'regression') refuse('has no place beside regression', key);
    return { is: 'verdict' };
  }
  if (written.metric === undefined) {
    refuse('has no metric; expected e.g. { metric: binary_classification_metrics.recall, at-least: 0.6 }');
    return undefined;
  }
  const bounds = [written['at-least'], written['at-most'], written['not-worse-than']];
  if (bounds.filter((one) => one !== undefined).length !== 1) {
    refuse('needs one of at-least, at-most and not-worse-than; two of them are two rules');
    return undefined;
  }
  const { from = 'evaluation' } = written;
  requirePlaces(written, from, refuse);
  return from === 'bias' ? biasRule(written, refuse) : metricRule(written, from, refuse);
};

/** Keys that would have no effect. */
const requirePlaces = (written: Written, from: (typeof sources)[number], refuse: Refuse): void => {
  const compares = written['not-worse-than'];
  for (const key of ['by', 'higher-is'] as const)
    if (written[key] !== undefined && compares === undefined) refuse('belongs to not-worse-than', key);
  if (written.first !== undefined && compares !== 'serving') refuse('belongs to not-worse-than: serving', 'first');
  if (written.facet !== undefined && from !== 'bias') refuse('belongs to from: bias', 'facet');
  if (compares === 'drift-baseline' && from !== 'evaluation' && from !== 'data-statistics')
    refuse('is there for the statistics alone: from: evaluation or data-statistics', 'not-worse-than');
};

const metricRule = (written: Written, from: MetricSource, refuse: Refuse): PolicyRule | undefined => {
  const path = pathOf(written.metric ?? '', from, refuse);
  const bound = boundOf(written, path, refuse);
  return bound && { is: 'metric', from, path, bound };
};

const pathOf = (metric: string | readonly string[], from: MetricSource, refuse: Refuse): readonly string[] => {
  if (typeof metric !== 'string') {
    if (from === 'metadata' && metric.length > 1) refuse('is one key of the metadata', 'metric');
    return metric;
  }
  // A key of the metadata has dots of its own, as `metric.validation:auc`.
  if (from === 'metadata') return [metric];
  const names = metric.split('.');
  if (names.includes(''))
    refuse('has an empty name between its dots; write a list of names where a name has dots', 'metric');
  return names;
};

const boundOf = (written: Written, path: readonly string[], refuse: Refuse): Bound | undefined => {
  const { 'at-least': least, 'at-most': most, 'not-worse-than': than, by = 0, 'higher-is': stated } = written;
  if (least !== undefined) return { is: 'at-least', limit: least };
  if (most !== undefined) return { is: 'at-most', limit: most };
  if (than === undefined) return undefined;
  const certain = knownDirection(path);
  if (certain !== undefined && stated !== undefined && stated !== certain)
    refuse(`contradicts the metric: a higher ${path.at(-1)} is ${certain}`, 'higher-is');
  const higherIs = stated ?? certain;
  if (higherIs === undefined) {
    refuse(`needs higher-is: better or worse, because the name ${quoted(path.at(-1) ?? '')} does not settle it`);
    return undefined;
  }
  return { is: 'not-worse', than, by, higherIs, firstPasses: written.first === 'pass' };
};

const biasRule = (written: Written, refuse: Refuse): PolicyRule | undefined => {
  const { metric, facet, 'at-most': limit, by = 0 } = written;
  if (written['at-least'] !== undefined) refuse('a bias is limited by at-most: its distance from no bias', 'at-least');
  if (written['higher-is'] !== undefined) refuse('a larger distance from no bias is worse', 'higher-is');
  if (facet === undefined) refuse('has no facet; expected the column whose groups are compared');
  const name = biasMetricNames.find((one) => one === metric);
  if (name === undefined) {
    const nearest = typeof metric === 'string' ? suggest(metric, biasMetricNames) : undefined;
    refuse(
      `is not a bias metric of SageMaker Clarify; ${nearest === undefined ? `there are ${biasMetricNames.join(', ')}` : `did you mean ${nearest}?`}`,
      'metric',
    );
    return undefined;
  }
  if (facet === undefined) return undefined;
  const { most }: BiasMetric = biasMetrics[name];
  const key = limit === undefined ? 'by' : 'at-most';
  const value = limit ?? by;
  if (value < 0) refuse('is a distance; expected a number, 0 or more', key);
  if (most !== undefined && value >= most)
    refuse(`could never be broken: ${name} is at most ${most} away from no bias`, key);
  return {
    is: 'bias',
    rule: { metric: name, facet, level: 'fail', ...(limit === undefined ? { maxWorsening: by } : { limit }) },
    firstPasses: written.first === 'pass',
  };
};
