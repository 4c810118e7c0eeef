import type { Check } from '../../findings/regression.ts';
import type { BiasRule } from '../../manifest/asking.ts';
import { type BiasStage, biasMetrics } from '../../manifest/clarify-metrics.ts';
import type { Analysis } from '../../regression/clarify/analysis.ts';
import { biasCells } from '../../regression/clarify/bias.ts';
import { biasCheck, openBias } from '../../regression/clarify/bias-check.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { FoundReport } from '../registered-reports.ts';
import type { Standing } from '../standing.ts';
import { analysisIn, type Read } from './read-report.ts';

const stages = ['pre-training', 'post-training'] as const satisfies readonly BiasStage[];

/** The bias of the candidate by Clarify's report of it, and of the version that serves. */
export const bias = {
  name: 'bias',
  isDue: (at: Standing): boolean => rulesOf(at).length > 0,
  notes: async (at: Standing): Promise<readonly string[]> => {
    const read = analysisOf(at, 'candidate', rulesOf(at));
    return typeof read === 'string' ? [`bias cannot be compared: ${read}`] : [];
  },
  run: async (at: Standing): Promise<Check> => {
    const rules = rulesOf(at);
    const candidate = analysisOf(at, 'candidate', rules);
    if (typeof candidate === 'string') return openBias(rules, candidate);
    const baseline = analysisOf(
      at,
      'baseline',
      rules.filter(({ maxWorsening }) => maxWorsening !== undefined),
    );
    // A limit needs no baseline; the rules that do need it say that there is none.
    return biasCheck(biasCells(rules, candidate, baseline));
  },
} as const;

/** Where nothing serves, only limits decide. */
const rulesOf = ({ regression, look }: Standing): readonly BiasRule[] => {
  const { bias: rules = [] } = regression.asking;
  if (look !== undefined) return rules;
  return rules.flatMap(({ maxWorsening: _, ...rule }) => (rule.limit === undefined ? [] : rule));
};

/** Of the stages that the rules need; both may stand in one file. */
const analysisOf = (
  { reports }: Standing,
  side: 'candidate' | 'baseline',
  rules: readonly BiasRule[],
): Read<Analysis> => {
  const found: Partial<Record<BiasStage, Analysis['bias'][BiasStage]>> = {};
  for (const stage of stages) {
    if (!rules.some(({ metric }) => biasMetrics[metric].stage === stage)) continue;
    const file: FoundReport | undefined = reports[stage]?.[side];
    if (file === undefined) continue;
    const read = analysisIn(file);
    if (typeof read === 'string') return read;
    found[stage] = read.bias[stage];
  }
  return { bias: withoutUndefined(found), attributions: new Map() };
};
