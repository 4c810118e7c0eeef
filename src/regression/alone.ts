import type { Alone } from '../findings/comparison.ts';
import type { MetricName, RegressionPolicy, Rule, Task } from '../manifest/regression.ts';
import { questionOf } from './examine.ts';
import type { Measure } from './measure.ts';

/** A candidate without a baseline: nothing serves yet. */

/** The rules that limit the candidate's own values, and the others, which need a baseline. */
export const judgedAlone = (
  { rules }: Pick<RegressionPolicy, 'rules'>,
  measureOf: (name: MetricName) => Measure,
): { readonly rules: readonly Rule[]; readonly alone: Alone } => ({
  rules: rules.filter(limitsValue),
  alone: {
    notApplicable: rules
      .filter((rule) => !limitsValue(rule))
      .map((rule) => ({ metric: measureOf(rule.metric).name, rule })),
  },
});

const limitsValue = (rule: Rule): boolean => questionOf(rule) === 'value';

/** Whether a candidate can fail without a baseline. */
export const canFailAlone = ({ rules }: Pick<RegressionPolicy, 'rules'>): boolean =>
  rules.some((rule) => rule.level === 'fail' && limitsValue(rule));

/** The reason that it cannot, and the way out. */
export const cannotFailAlone = (task: Task): string =>
  `without a baseline floors and ceilings decide alone, and no rule with level fail is one; add a floor or a ceiling, e.g. ${limitOf[task]}`;

/** As the policy has it. */
export const limitOf: Readonly<Record<Task, string>> = {
  'binary-classification': '{ metric: accuracy, floor: 0.8 }',
  'multiclass-classification': '{ metric: accuracy, floor: 0.8 }',
  regression: '{ metric: r2, floor: 0.5 }',
  ranking: '{ metric: ndcg, floor: 0.5 }',
  text: '{ metric: exact-match, floor: 0.8 }',
};
