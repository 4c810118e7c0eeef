import { percent } from '../../src/judge/amounts.ts';
import type { Criterion, Margin, MetricName, Rule } from '../../src/manifest/regression.ts';
import { corrected } from '../../src/regression/decide.ts';
import { differenceOf } from '../../src/regression/evidence/question.ts';
import { type Examined, evidenceOn, examine, type Place } from '../../src/regression/examine.ts';
import type { Measure } from '../../src/regression/measure.ts';
import { measureOf } from '../../src/regression/metrics/measure-of.ts';
import { timesTheRows } from '../../src/regression/power.ts';
import type { PairedRows } from '../../src/regression/rows.ts';
import { select } from '../../src/regression/selection.ts';
import { holm } from '../../src/regression/statistics/holm.ts';
import { comparable } from '../../src/regression/usable.ts';
import { metricValue } from '../../src/regression/value.ts';
import { type Random, randomFrom } from './random.ts';
import { drawPair, type Population } from './regression-pairs.ts';

/** How often the gate is wrong, over simulated pairs of models whose true difference is known. */

export interface Outcome {
  readonly says: string;
  readonly pairs: number;
  /** Share of pairs. */
  readonly found: number;
  readonly limit: { readonly is: 'at most' | 'at least'; readonly share: number };
  /** The same share for "the candidate's value must not be lower", and for a tolerance of the margin on the values. */
  readonly mustNotBeLower?: number;
  readonly tolerance?: number;
}

export const keepsLimit = ({ found, limit }: Outcome): boolean =>
  limit.is === 'at most' ? found <= limit.share : found >= limit.share;

export interface Scale {
  readonly pairs: number;
  /** Sets drawn for an interval. */
  readonly draws: number;
  /** Rows that the true difference is computed from. */
  readonly truthRows: number;
}

const confidence = 0.95;
const support = { minimumSupport: { rows: 30, rowsOfClass: 10 }, missing: 0 };

const ruleOf = (metric: MetricName, margin: number, of: Margin['of'] = 'metric'): Rule => ({
  metric,
  criterion: { is: 'non-inferior', margin: { value: margin, of } },
  confidence,
  level: 'fail',
});

const examined = (rule: Rule, measure: Measure, rows: PairedRows, seed: number, draws: number): Examined => {
  const indexes = comparable(measure, rows);
  const place: Place = {
    rule,
    measure,
    rows: indexes.length === rows.size ? rows : select(rows, indexes),
    before: rows.size,
  };
  return examine(place, support, (rarest) => evidenceOn(place, rarest, { seed, draws }));
};

const differenceIn = (measure: Measure, rows: PairedRows): number =>
  differenceOf(measure.better, metricValue(measure, rows, rows.candidate), metricValue(measure, rows, rows.baseline)) ??
  Number.NaN;

interface Truth {
  readonly difference: number;
  readonly baseline: number;
}

/**
 * The true difference of a population and its baseline's value, by so many rows: the mean over parts that fit in memory. An error of
 * 1 % of a set's standard deviation moves 5 % by 0.1 %: for sets of 500 rows that is the error of 5 million.
 */
const truthOf = (metric: MetricName, population: Population, rows: number): Truth => {
  const random = randomFrom(`truth ${JSON.stringify(population)}`);
  const parts = Math.ceil(rows / 400_000);
  let [difference, baseline] = [0, 0];
  for (let part = 0; part < parts; part++) {
    const many = drawPair(population, Math.ceil(rows / parts), random);
    const measure = measureOf(metric, many);
    difference += differenceIn(measure, many) / parts;
    baseline += baselineIn(measure, many) / parts;
  }
  return { difference, baseline };
};

const baselineIn = (measure: Measure, rows: PairedRows): number =>
  Math.abs(metricValue(measure, rows, rows.baseline) ?? Number.NaN);

const share = (pairs: number, isSo: (pair: number) => boolean): number => {
  let count = 0;
  for (let pair = 0; pair < pairs; pair++) if (isSo(pair)) count++;
  return count / pairs;
};

/** A candidate exactly at the margin must rarely pass. */
export const atTheMargin = (
  metric: MetricName,
  population: Population,
  size: number,
  limit: number,
  { pairs, draws, truthRows }: Scale,
  of: Margin['of'] = 'metric',
): Outcome => {
  const truth = truthOf(metric, population, truthRows);
  const margin = -truth.difference / (of === 'metric' ? 1 : truth.baseline);
  const random = randomFrom(`at the margin ${metric.metric} ${size} ${JSON.stringify(population)}`);
  let lower = 0;
  let tolerated = 0;
  const found = share(pairs, (pair) => {
    const rows = drawPair(population, size, random);
    const measure = measureOf(metric, rows);
    const difference = differenceIn(measure, rows);
    if (difference >= 0) lower++;
    if (difference >= -margin * (of === 'metric' ? 1 : baselineIn(measure, rows))) tolerated++;
    return examined(ruleOf(metric, margin, of), measure, rows, pair, draws).decision?.decision === 'pass';
  });
  return {
    says: `${metric.metric}, ${size} rows${saysOf(population)}: at the margin (${of === 'metric' ? margin.toPrecision(3) : `${percent(margin)} of the baseline`}), passes`,
    pairs,
    found,
    limit: { is: 'at most', share: limit },
    mustNotBeLower: lower / pairs,
    tolerance: tolerated / pairs,
  };
};

const saysOf = ({ positives, clusterSize }: Population): string =>
  `${positives === undefined ? '' : `, ${100 * positives} % positive`}${clusterSize === undefined ? '' : `, clusters of ${clusterSize}`}`;

/** An equal candidate must pass with the rows that a first, too small set asked for; `times` as many for certainty. */
export const withTheRowsAskedFor = (
  metric: MetricName,
  population: Population,
  margin: number,
  first: number,
  times: 1 | 2,
  { pairs, draws }: Scale,
): Outcome => {
  const random = randomFrom(`rows asked for ${metric.metric} ${times}`);
  const rule = ruleOf(metric, margin);
  let lower = 0;
  let tolerated = 0;
  const found = share(pairs, (pair) => {
    const needed = rowsAskedFor(rule, population, first, pair, draws, random);
    const rows = drawPair(population, needed * times, random);
    const measure = measureOf(metric, rows);
    const difference = differenceIn(measure, rows);
    if (difference >= 0) lower++;
    if (difference >= -margin) tolerated++;
    return examined(rule, measure, rows, pair, draws).decision?.decision === 'pass';
  });
  return {
    says: `${metric.metric}${saysOf(population)}: an equal candidate with ${times === 1 ? 'the rows' : 'twice the rows'} asked for, passes`,
    pairs,
    found,
    limit: { is: 'at least', share: times === 1 ? 0.8 : 0.95 },
    mustNotBeLower: lower / pairs,
    tolerance: tolerated / pairs,
  };
};

const rowsAskedFor = (
  rule: Rule,
  population: Population,
  first: number,
  pair: number,
  draws: number,
  random: Random,
): number => {
  const rows = drawPair(population, first, random);
  const { evidence, wanted, support: found } = examined(rule, measureOf(rule.metric, rows), rows, pair, draws);
  const times = evidence ? timesTheRows(evidence, wanted, confidence, 0) : null;
  const units = found.clusters ?? found.rows;
  return times === null ? first : Math.ceil(units * times) * (population.clusterSize ?? 1);
};

/** No cell of a family may fail by chance: neither where the models are equal, nor where each cell is exactly at its margin. */
export const family = (
  metrics: readonly MetricName[],
  slices: number,
  population: Population,
  size: number,
  { pairs, draws, truthRows }: Scale,
): Outcome => {
  const rules = metrics.map((metric) =>
    ruleOf(metric, population.worseBy === 0 ? 0.02 : -truthOf(metric, population, truthRows).difference),
  );
  const random = randomFrom(`family ${population.worseBy}`);
  const { seen, lower, tolerated } = { seen: [] as boolean[], lower: [] as boolean[], tolerated: [] as boolean[] };
  for (let pair = 0; pair < pairs; pair++) {
    const rows = drawPair(population, size, random);
    const cells = rules.flatMap((rule) =>
      Array.from({ length: slices }, (_, slice) => {
        const part = select(
          rows,
          Int32Array.from({ length: Math.floor(size / slices) }, (_, row) => row * slices + slice),
        );
        const measure = measureOf(rule.metric, part);
        return {
          difference: differenceIn(measure, part),
          margin: marginOf(rule.criterion),
          cell: examined(rule, measure, part, pair, draws),
        };
      }),
    );
    const adjusted = holm(cells.map(({ cell }) => cell.decision?.p ?? 1));
    seen.push(
      cells.some(
        ({ cell }, index) =>
          cell.decision && corrected(cell.decision.decision, adjusted[index] ?? 1, confidence) === 'fail',
      ),
    );
    lower.push(cells.some(({ difference }) => difference < 0));
    tolerated.push(cells.some(({ difference, margin }) => difference < -margin));
  }
  const shareOf = (wrong: readonly boolean[]): number => wrong.filter(Boolean).length / pairs;
  return {
    says: `${metrics.length} metrics × ${slices} slices, ${population.worseBy === 0 ? 'equal models' : 'each exactly at its margin'}: a false fail`,
    pairs,
    found: shareOf(seen),
    limit: { is: 'at most', share: 0.05 },
    mustNotBeLower: shareOf(lower),
    tolerance: shareOf(tolerated),
  };
};

const marginOf = (criterion: Criterion): number => ('margin' in criterion ? criterion.margin.value : 0);
