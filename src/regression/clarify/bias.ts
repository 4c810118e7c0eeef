import type { BiasRule } from '../../manifest/asking.ts';
import { biasMetrics } from '../../manifest/clarify-metrics.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { named } from '../named.ts';
import type { Analysis, FacetValue } from './analysis.ts';

/** One rule about one group. */
export interface BiasCell {
  readonly rule: BiasRule;
  /** The group, by its value of the facet; foreign text. Absent where the report has none. */
  readonly group?: string;
  /** Of the metric. */
  readonly candidate?: number;
  readonly baseline?: number;
  readonly ruling: 'kept' | 'broken' | 'open';
  /** A clause about the cell; absent where it is kept. */
  readonly why?: string;
}

/** How far a value is from the one without bias. */
export const distanceOf = (metric: BiasRule['metric'], value: number): number => {
  if (biasMetrics[metric].is !== 'ratio') return Math.abs(value);
  return value <= 0 ? 1 : 1 - Math.min(value, 1 / value);
};

/**
 * Decides every rule for every group of its facet.
 * @param baseline or why there is none, as a clause: then rules about worsening decide nothing
 */
export const biasCells = (
  rules: readonly BiasRule[],
  candidate: Analysis,
  baseline: Analysis | string,
): readonly BiasCell[] => rules.flatMap((rule) => cellsOf(rule, candidate, baseline));

const cellsOf = (rule: BiasRule, candidate: Analysis, baseline: Analysis | string): readonly BiasCell[] => {
  const { stage } = biasMetrics[rule.metric];
  const report = candidate.bias[stage];
  if (report === undefined) return [open(rule, `is not known: the report has no ${stage} bias`)];
  const groups = report.get(rule.facet) ?? [];
  if (groups.length === 0)
    return [
      open(rule, `the report has no such facet${report.size > 0 ? `; it has ${named([...report.keys()])}` : ''}`),
    ];
  const before = typeof baseline === 'string' ? [] : (baseline.bias[stage]?.get(rule.facet) ?? []);
  const unknown = typeof baseline === 'string' ? baseline : 'the version that serves has no value of it';
  // A model does not become better for a group by leaving it out.
  const gone =
    rule.maxWorsening === undefined ? [] : before.filter((was) => !groups.some(({ value }) => value === was.value));
  return [
    ...groups.map((group) => {
      const served = before.find(({ value }) => value === group.value)?.metrics.get(rule.metric);
      return cellOf(rule, group, served ?? unknown);
    }),
    ...gone.map(({ value, metrics }) => ({
      ...open(rule, "is gone: the report of the version that serves has this group, and the candidate's has not"),
      group: value,
      ...withoutUndefined({ baseline: metrics.get(rule.metric) }),
    })),
  ];
};

const open = (rule: BiasRule, why: string): BiasCell => ({ rule, ruling: 'open', why });

/** Room for the rounding of values that the report has with all their digits. */
const rounding = 1e-12;

/** @param served the value in the version that serves, or why there is none */
const cellOf = (rule: BiasRule, group: FacetValue, served: number | string): BiasCell => {
  const { metric, limit, maxWorsening } = rule;
  const candidate = group.metrics.get(metric);
  const baseline = typeof served === 'number' ? served : undefined;
  const cell = { rule, group: group.value, ...withoutUndefined({ candidate, baseline }) };
  if (candidate === undefined)
    return {
      ...cell,
      ruling: 'open',
      why: group.metrics.has(metric) ? 'could not be computed by Clarify' : 'is not in the report',
    };
  const distance = distanceOf(metric, candidate);
  const worsening = baseline === undefined ? Number.NaN : distance - distanceOf(metric, baseline);
  const broken = [
    ...(limit !== undefined && distance > limit + rounding
      ? [`is ${short(candidate)}: ${short(distance)} away from ${ideal(metric)}, limit ${limit}`]
      : []),
    ...(maxWorsening !== undefined && worsening > maxWorsening + rounding
      ? [
          `is further away from ${ideal(metric)} than in the version that serves by ${short(worsening)}, tolerated ${maxWorsening}`,
        ]
      : []),
  ];
  if (broken.length > 0) return { ...cell, ruling: 'broken', why: broken.join(', and ') };
  if (maxWorsening !== undefined && typeof served === 'string')
    return { ...cell, ruling: 'open', why: `has no value to compare with: ${served}` };
  return { ...cell, ruling: 'kept' };
};

/** The value without bias. */
const ideal = (metric: BiasRule['metric']): number => (biasMetrics[metric].is === 'ratio' ? 1 : 0);

const short = (value: number): string => String(Number(value.toPrecision(3)));
