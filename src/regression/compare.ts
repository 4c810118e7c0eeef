import type { Instant } from '../clock.ts';
import type { Cell, Comparison } from '../findings/comparison.ts';
import type { MetricName, RegressionPolicy, Rule } from '../manifest/regression.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { judgedAlone } from './alone.ts';
import { countRows } from './count-rows.ts';
import { changedRows } from './diff/changed-rows.ts';
import { latenciesOf, predictionDiff } from './diff/prediction-diff.ts';
import { cellOf, type EvidenceOn, type Examined, evidenceOn, examine, type Place } from './examine.ts';
import { expiredBecause } from './golden/expiry.ts';
import { partsOf } from './golden/parts.ts';
import type { Measure } from './measure.ts';
import { type AnsweredRows, isPaired } from './rows.ts';
import type { ScoredRows } from './scored-rows.ts';
import { select } from './selection.ts';
import { selfTestOf, type Tested, testCell } from './self-test.ts';
import type { Effort } from './statistics/bootstrap.ts';
import { holm } from './statistics/holm.ts';
import { comparable } from './usable.ts';
import { verdictOf } from './verdict.ts';

/** Sets that are drawn for an interval. */
const draws = 2000;

/**
 * The verdict on a candidate: every rule over the whole and over each slice, decided with confidence, corrected by Holm over all `fail`
 * rules, and tested with candidates that must fail. Without a baseline, the rules that limit the candidate's own values decide alone.
 * @param measures the metric of a name, over these rows
 * @param now needed where the policy has a last day of its golden set
 */
export const compare = (
  policy: RegressionPolicy,
  { rows, dataset }: Pick<ScoredRows, 'rows' | 'dataset'>,
  measures: (name: MetricName, rows: AnsweredRows) => Measure,
  now?: Instant,
): Comparison => {
  const expired = expiredBecause(policy, now);
  const effort = { seed: policy.seed ?? seedOf(dataset.digest), draws };
  const measureOf = (name: MetricName): Measure => measures(name, rows);
  const { rules, alone } = isPaired(rows) ? { rules: policy.rules } : judgedAlone(policy, measureOf);
  const examined = examineAll({ ...policy, rules }, rows, effort, measureOf);
  const failing = examined.filter(({ cell }) => cell.place.rule.level === 'fail');
  // A cell without a p cannot fail; it is counted, so that the family is the policy's and does not depend on the rows.
  const adjusted = holm(failing.map(({ cell }) => cell.decision?.p ?? 1));
  const cells = examined.map((one): Cell => {
    const place = failing.indexOf(one);
    return cellOf(one.cell, place >= 0 && one.cell.decision ? (adjusted[place] ?? 1) : null);
  });
  const selfTest = selfTestOf(
    failing.map(({ cell }) => cell),
    failing.flatMap(({ tested }) => tested ?? []),
    alone && policy.task,
  );
  const changed = isPaired(rows) ? changedRows(rows) : undefined;
  const found = {
    ...{ rows: countRows(rows, changed), cells, selfTest },
    dataset: {
      ...dataset,
      ...withoutUndefined({ version: policy.datasetVersion, expires: policy.datasetExpires }),
      parts: partsOf(rows),
    },
    ...withoutUndefined({
      diff: isPaired(rows) && changed ? predictionDiff(rows, changed, effort.seed) : undefined,
      latencies: latenciesOf(rows),
      alone,
    }),
  };
  const verdict = expired === undefined ? verdictOf(found) : { verdict: 'inconclusive' as const, because: expired };
  return { ...verdict, ...found };
};

/** From the first digits of the digest: another set, another seed. */
const seedOf = (digest: string): number => Number.parseInt(digest.replace(/^sha256:/, '').slice(0, 8), 16) || 0;

interface RuledMeasure {
  readonly rule: Rule;
  readonly index: number;
  readonly measure: Measure;
}

/** A cell, and its self-test where it can fail. No rows: those of the slices together would not fit in memory. */
interface Result {
  readonly cell: Examined;
  readonly tested?: Tested;
}

/** In the order of the rules; the whole first, then slices. */
const examineAll = (
  policy: RegressionPolicy,
  rows: AnsweredRows,
  effort: Effort,
  measureOf: (name: MetricName) => Measure,
): readonly Result[] => {
  const rules = policy.rules.map((rule, index) => ({ rule, index, measure: measureOf(rule.metric) }));
  const known = rows.slices.map(({ name }) => name);
  const places = [undefined, ...known, ...unknownSlices(policy.rules, known)].map((slice) => ({
    slice,
    rules: rules.filter(
      ({ rule }) =>
        rule.slice === slice || (rule.slice === undefined && (slice === undefined || known.includes(slice))),
    ),
  }));
  const family = places.flatMap((place) => place.rules).filter(({ rule }) => rule.level === 'fail').length;
  return places
    .flatMap((place) => examineSlice(policy, place.rules, place.slice, rowsOf(rows, place.slice), effort, family))
    .sort((a, b) => a.index - b.index);
};

/** A rule about a slice that no row is in must be seen, and stay undecided. */
const unknownSlices = (rules: readonly Rule[], known: readonly string[]): readonly string[] => [
  ...new Set(rules.flatMap(({ slice }) => (slice === undefined || known.includes(slice) ? [] : [slice]))),
];

const rowsOf = (rows: AnsweredRows, slice: string | undefined): AnsweredRows =>
  slice === undefined ? rows : select(rows, rows.slices.find(({ name }) => name === slice)?.rows ?? new Int32Array(0));

/** The measures of one slice share the rows that they can compare, and evidence about the same number. */
const examineSlice = (
  policy: RegressionPolicy,
  rules: readonly RuledMeasure[],
  slice: string | undefined,
  rows: AnsweredRows,
  effort: Effort,
  family: number,
): readonly (Result & { readonly index: number })[] => {
  const comparableRows = memo((measure: Measure) => {
    const indexes = comparable(measure, rows);
    return indexes.length === rows.size ? rows : select(rows, indexes);
  });
  const evidences = memo((place: Place & { readonly support: number }): EvidenceOn => {
    const on = evidenceOn(place, place.support, effort);
    const known = memo(on);
    return (question, estimate, addedShare = 0) => known(`${question} ${addedShare}`, question, estimate, addedShare);
  });
  return rules.map(({ rule, index, measure }) => {
    const place = {
      rule,
      measure,
      rows: comparableRows(`${measure.needs} ${measure.failedRows}`, measure),
      before: rows.size,
      ...(slice === undefined ? {} : { slice }),
    };
    const cell = examine(place, policy, (support) => evidences(measure.name, { ...place, support }));
    return rule.level === 'warn' || cell.lacking
      ? { index, cell }
      : { index, cell, tested: testCell(cell, place, effort.seed, family) };
  });
};

/** Computes a value once for each key. */
const memo = <Arguments extends readonly unknown[], Value>(
  compute: (...given: Arguments) => Value,
): ((key: string, ...given: Arguments) => Value) => {
  const known = new Map<string, { readonly value: Value }>();
  return (key, ...given) => {
    const found = known.get(key) ?? { value: compute(...given) };
    known.set(key, found);
    return found.value;
  };
};
