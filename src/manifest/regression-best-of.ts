import * as z from 'zod/mini';
import type { Rule } from './regression.ts';
import * as v from './values.ts';

/** `best-of` of `regression:`: a candidate is also compared with the best of the last versions. */
export const bestOfKey = {
  'best-of': z.optional(
    v
      .whole('a number of versions', 1, 20)
      .check(
        z.describe(
          'The candidate is also compared, by the same rules, with the best of so many versions that last passed the test of this endpoint: small losses do not add up. Best by the metric of the first `fail` rule that compares all rows.',
        ),
      ),
  ),
};

/** Times are those of another hour, and limits need no second model. */
export const comparesVersions = ({ criterion, metric }: Rule): boolean =>
  criterion.is !== 'floor' && criterion.is !== 'ceiling' && !metric.metric.startsWith('latency-');

/** The rule whose metric says which version is best. */
export const bestBy = (rules: readonly Rule[]): Rule | undefined =>
  rules.find((rule) => rule.level === 'fail' && rule.slice === undefined && comparesVersions(rule));
