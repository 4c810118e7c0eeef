import type { Cell } from '../../findings/comparison.ts';
import type { Check, CheckCase, CheckTable } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import type { RegressionPolicy, Rule } from '../../manifest/regression.ts';
import { bestBy, comparesVersions } from '../../manifest/regression-best-of.ts';
import { oneLine } from '../../plain-text.ts';
import { marginIn } from '../../regression/decide.ts';
import { differenceOf } from '../../regression/evidence/question.ts';
import type { Measure } from '../../regression/measure.ts';
import { MetricError } from '../../regression/metrics/maker.ts';
import { measureOf } from '../../regression/metrics/measure-of.ts';
import { openCheck } from '../../regression/open-check.ts';
import { RowsError } from '../../regression/scoring/rows-error.ts';
import { scoredRows } from '../../regression/scoring/scored-rows.ts';
import type { Source } from '../../regression/scoring/source.ts';
import { select } from '../../regression/selection.ts';
import { valueText } from '../../regression/units.ts';
import { comparable } from '../../regression/usable.ts';
import { metricValue } from '../../regression/value.ts';
import { cellText } from '../../report/regression/cell-text.ts';
import { answeringOf, keptSite } from '../answering.ts';
import { answersOf, compared, goldenSource, rulesAlone } from '../decide.ts';
import { packageMark } from '../ended-tests.ts';
import type { Standing } from '../standing.ts';
import { type Earlier, earlierVersions, folderOf, hasAnswers } from './earlier-versions.ts';

/**
 * The candidate beside the best of the last versions. Each version may be a little worse than the one before it, within the margin, and ten of them much.
 * Earlier answers are kept, so that no request is sent.
 */
export const bestOf = {
  name: 'best-of',
  isDue: ({ regression }: Standing): boolean => regression.asking.bestOf !== undefined,
  notes: async ({ regression }: Standing): Promise<readonly string[]> => [
    `best-of: the rules also decide between the candidate and the best of the last ${counted(regression.asking.bestOf ?? 0, 'version')} that passed here; their answers are kept, and no request is sent`,
  ],
  run: async (at: Standing): Promise<Check> => {
    const rule = bestBy(at.regression.rules);
    const { bestOf: most } = at.regression.asking;
    if (rule === undefined || most === undefined) throw new Error('no rule says which version is best');
    const policy = { ...rulesAlone(at.regression), rules: at.regression.rules.filter(comparesVersions) };
    const measure = await measureOn(at, policy, rule);
    const { known, unknown } = await earlierVersions(at, most, measure.name);
    const [first] = known;
    if (first === undefined)
      return openCheck(
        'best-of',
        'warn',
        unknown === 0
          ? 'no other version has passed a test of this endpoint, so that there is nothing to compare with'
          : `the metrics of ${counted(unknown, 'earlier version')} are not kept, so that there is nothing to compare with`,
      );
    const versions = known.length + unknown;
    const said = `best by ${measure.name} of the last ${versions === 1 ? 'version' : `${versions} versions`} that passed${unknown === 0 ? '' : ` (${unknown} without a value)`}`;
    const onSameRows = ranked(known, measure).filter(({ sameRows }) => sameRows);
    for (const one of onSameRows) {
      if (isServed(at, one))
        return {
          ...{ name: 'best-of', level: 'fail', verdict: 'pass', cases: [] },
          because: `${oneLine(one.tag)}, which serves, is the ${said}, and the rules compare with it`,
        };
      if (await hasAnswers(at, one)) return byRows(at, policy, one, said);
    }
    const [best = first] = ranked(known, measure);
    return byMetric(at, { policy, rule, measure }, best, said);
  },
} as const;

/** Its classes are those of the golden rows; of files of predictions without them, those of the candidate's. @throws {RowsError} */
const measureOn = async (at: Standing, policy: RegressionPolicy, { metric }: Rule): Promise<Measure> => {
  const [main] = at.parts;
  const candidate = main === undefined ? await ownAnswers(at) : { name: 'the candidate', rows: [] };
  const { rows } = await scoredRows(policy, { ...goldenSource(at.regression, main), candidate });
  try {
    return measureOf(metric, rows);
  } catch (error) {
    throw error instanceof MetricError ? new RowsError('policy', error.message) : error;
  }
};

/** The best first; of equal ones the newest. */
const ranked = (known: readonly Earlier[], { better }: Measure): readonly Earlier[] =>
  known.toSorted((one, other) => differenceOf(better, other.value, one.value) ?? 0);

const isServed = (at: Standing, { entry }: Earlier): boolean => {
  const served = at.served;
  return served !== undefined && packageMark(served) === entry.package;
};

const ownAnswers = (at: Standing): Promise<Source> => {
  const answering = answeringOf(at);
  return answersOf(at.world, answering, 'candidate', answering.candidate, at.parts[0]);
};

/** By the kept answers of the earlier version: the same rules decide as beside the version that serves. */
const byRows = async (at: Standing, policy: RegressionPolicy, best: Earlier, said: string): Promise<Check> => {
  const { world, registered } = at;
  const kept = { ...answeringOf(at), folder: folderOf(at, best.entry), attempt: best.entry.attempt };
  const { comparison } = await compared(
    world,
    policy,
    {
      ...goldenSource(at.regression, at.parts[0]),
      candidate: await ownAnswers(at),
      baseline: await answersOf(world, kept, 'candidate', keptSite(best.tag), at.parts[0]),
    },
    { candidate: registered.tag, baseline: best.tag },
  );
  const { verdict, because, cells } = comparison;
  return {
    ...{ name: 'best-of', level: 'fail', verdict },
    because: `beside ${oneLine(best.tag)}, ${said}: ${because}`,
    table: tableOf(cells, best.tag),
    cases: cells.filter(({ rule }) => rule.level === 'fail').map(caseOf),
  };
};

const tableOf = (cells: readonly Cell[], tag: string): CheckTable => ({
  heads: ['metric', 'slice', 'rule', tag, 'candidate', 'difference', 'decision'],
  rows: cells.map((cell) => {
    const { metric, slice, rule, baseline = '', candidate, difference, decision } = cellText(cell);
    return [metric, slice, rule, baseline, candidate, difference, decision];
  }),
});

const caseOf = (cell: Cell): CheckCase => {
  const { metric, slice, rule, difference, note } = cellText(cell);
  return {
    name: `${metric}: ${rule}${cell.slice === undefined ? '' : ` [${slice}]`}`,
    verdict: cell.decision,
    ...(cell.decision === 'pass' ? {} : { because: `difference ${difference}${note === '' ? '' : `; ${note}`}` }),
  };
};

/**
 * By the metric that is kept of the earlier version, of other rows or of rows whose answers are gone: the rows may be harder or easier ones. So it proves
 * nothing, and only warns.
 */
const byMetric = async (
  at: Standing,
  { policy, rule, measure }: { readonly policy: RegressionPolicy; readonly rule: Rule; readonly measure: Measure },
  { tag, value, sameRows }: Earlier,
  said: string,
): Promise<Check> => {
  const { metric } = rule.metric;
  const { rows } = await scoredRows(policy, {
    ...goldenSource(at.regression, at.parts[0]),
    candidate: await ownAnswers(at),
  });
  const taking = select(rows, comparable(measure, rows));
  const own = taking.size === 0 ? null : metricValue(measure, taking, taking.candidate);
  const difference = differenceOf(measure.better, own, value);
  const weaker = `only its metric is kept, of ${sameRows ? 'the same rows without their answers' : 'another golden set'}, which is weaker than a comparison of rows`;
  return {
    ...{ name: 'best-of', level: 'warn', cases: [] },
    verdict: difference !== null && difference < -marginOf(rule, value) ? 'fail' : 'inconclusive',
    because: `${measure.name} is ${valueText(metric, own)} beside ${valueText(metric, value)} of ${oneLine(tag)}, ${said}; ${weaker}`,
  };
};

const marginOf = ({ criterion }: Rule, baseline: number): number =>
  'margin' in criterion ? marginIn(criterion.margin, baseline) : 0;
