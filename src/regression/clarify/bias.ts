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
 * @param baseline absent where nothing serves: then only limits decide
 */
export const biasCells = (
  rules: readonly BiasRule[],
  candidate: Analysis,
  baseline: Analysis | undefined,
): readonly BiasCell[] => rules.flatMap((rule) => cellsOf(rule, candidate, baseline));

const cellsOf = (rule: BiasRule, candidate: Analysis, baseline: Analysis | undefined): readonly BiasCell[] => {
  const { stage } = biasMetrics[rule.metric];
  const report = candidate.bias[stage];
  if (report === undefined) return [open(rule, `the report has no ${stage} bias`)];
  const groups = report.get(rule.facet) ?? [];
  if (groups.length === 0)
    return [
      open(rule, `the report has no such facet${report.size > 0 ? `; it has ${named([...report.keys()])}` : ''}`),
    ];
  const before = baseline?.bias[stage]?.get(rule.facet) ?? [];
  return groups.map((group) =>
    cellOf(
      rule,
      group,
      before.find(({ value }) => value === group.value),
    ),
  );
};

const open = (rule: BiasRule, why: string): BiasCell => ({ rule, ruling: 'open', why });

/** Room for the rounding of values that the report has with all their digits. */
const rounding = 1e-12;

const cellOf = (rule: BiasRule, group: FacetValue, before: FacetValue | undefined): BiasCell => {
  const { metric, limit, maxWorsening } = rule;
  const [candidate, baseline] = [group.metrics.get(metric), before?.metrics.get(metric)];
  const cell = { rule, group: group.value, ...withoutUndefined({ candidate, baseline }) };
  if (candidate === undefined)
    return {
      ...cell,
      ruling: 'open',
      why: group.metrics.has(metric) ? 'Clarify could not compute it' : 'the report has no such metric',
    };
  const distance = distanceOf(metric, candidate);
  const broken = [
    ...(limit !== undefined && distance > limit + rounding
      ? [`is ${short(distance)} away from ${ideal(metric)}, limit ${limit}`]
      : []),
    ...(maxWorsening !== undefined &&
    baseline !== undefined &&
    distance - distanceOf(metric, baseline) > maxWorsening + rounding
      ? [
          `is further away from ${ideal(metric)} by ${short(distance - distanceOf(metric, baseline))}, tolerated ${maxWorsening}`,
        ]
      : []),
  ];
  if (broken.length > 0) return { ...cell, ruling: 'broken', why: broken.join(', and ') };
  if (maxWorsening !== undefined && baseline === undefined)
    return { ...cell, ruling: 'open', why: 'the version that serves has no value of it' };
  return { ...cell, ruling: 'kept' };
};

/** The value without bias. */
export const ideal = (metric: BiasRule['metric']): number => (biasMetrics[metric].is === 'ratio' ? 1 : 0);

const short = (value: number): string => String(Number(value.toPrecision(3)));
