import * as z from 'zod/mini';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { AttributionSpec, BiasRule } from './asking.ts';
import { checkLevel } from './check-level.ts';
import { biasMetricNames } from './clarify-metrics.ts';
import type { Refuse } from './refuse.ts';
import { suggest } from './suggest.ts';
import * as v from './values.ts';

/** `bias:` and `attribution:`, the checks against the reports of SageMaker Clarify that the model packages name. */

const about = z.describe;

const distance = (noun: string) => {
  const error = `a ${noun}; expected a number, 0 or more`;
  return z.number({ error }).check(z.gte(0, { error }));
};

export const clarifyKeys = {
  bias: z.optional(
    v
      .listOf(
        'a list of bias rules',
        v.mapping({
          metric: v
            .words('a metric')
            .check(about('A bias metric of SageMaker Clarify by its short name, e.g. `DPPL`.')),
          facet: v.words('a facet').check(about('Column whose groups are compared; every value in the report counts.')),
          limit: z.optional(
            distance('limit').check(
              about(
                'Largest distance from the value without bias: from 0, of `DI` from 1 (1 − the smaller of it and its reciprocal).',
              ),
            ),
          ),
          'max-worsening': z.optional(
            distance('worsening').check(
              about("The candidate's distance is larger than that of the version that serves by at most this."),
            ),
          ),
          level: checkLevel(),
        }),
        1,
        100,
      )
      .check(
        about(
          "Bias of the candidate by Clarify's `analysis.json`, which its model package names in `ModelMetrics.Bias`. Points without an interval: weaker than rules over rows.",
        ),
      ),
  ),
  attribution: z.optional(
    v
      .mapping({
        ndcg: z.optional(
          v
            .fractionUpTo1('an nDCG')
            .check(about('Least agreement of the order of the features, 1 where it is the same. Default: 0.9.')),
        ),
        level: checkLevel(),
      })
      .check(
        about(
          "The features matter in the order that they have in the version that serves, by the global SHAP values of Clarify's `analysis.json`, which the model packages name in `ModelMetrics.Explainability`.",
        ),
      ),
  ),
};

type RawClarify = { readonly [Key in keyof typeof clarifyKeys]?: z.output<(typeof clarifyKeys)[Key]> };
export const biasOf = (written: NonNullable<RawClarify['bias']>, refuse: Refuse): readonly BiasRule[] =>
  written.flatMap(({ metric, facet, limit, 'max-worsening': maxWorsening, level = 'fail' }, at): BiasRule[] => {
    const name = biasMetricNames.find((one) => one === metric);
    if (written.findIndex((one) => one.metric === metric && one.facet === facet) < at)
      refuse('is there twice', 'bias', at);
    if (limit === undefined && maxWorsening === undefined)
      refuse('has neither limit nor max-worsening; expected at least one of them', 'bias', at);
    if (name === undefined) {
      const nearest = suggest(metric, biasMetricNames);
      refuse(
        `${quoted(metric)} is not a bias metric of SageMaker Clarify; ${nearest === undefined ? `there are ${biasMetricNames.join(', ')}` : `did you mean ${nearest}?`}`,
        ...['bias', at, 'metric'],
      );
      return [];
    }
    return [{ metric: name, facet, level, ...withoutUndefined({ limit, maxWorsening }) }];
  });

/** Model Monitor's own limit (AWS: "Model Feature Attribution Drift Violations"). */
const usualNdcg = 0.9;

export const attributionOf = ({
  ndcg = usualNdcg,
  level = 'fail',
}: NonNullable<RawClarify['attribution']>): AttributionSpec => ({ ndcg, level });
