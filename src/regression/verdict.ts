import type { Cell, Comparison } from '../findings/comparison.ts';
import { counted } from '../judge/amounts.ts';
import { questionOf } from './examine.ts';
import { countedUnits, differenceText, intervalText, ruleText, valueText } from './units.ts';

/**
 * Fail where a `fail` rule is broken; inconclusive where the gate could not have failed, or a `fail` rule is undecided; pass where each is
 * kept. Rules that only warn are shown and never decide.
 */
export const verdictOf = ({
  cells,
  selfTest,
  rows,
  alone,
}: Pick<Comparison, 'cells' | 'selfTest' | 'rows' | 'alone'>): Pick<Comparison, 'verdict' | 'because'> => {
  const deciding = cells.filter(({ rule }) => rule.level === 'fail');
  const broken = deciding.filter(({ decision }) => decision === 'fail');
  const open = deciding.filter(({ decision }) => decision === 'inconclusive');
  const first = broken[0] ?? open[0];
  if (broken.length > 0 && first)
    return { verdict: 'fail', because: `${sentenceOf(first)}${more(broken.length, 'is broken')}` };
  if (rows.compared === 0)
    return {
      verdict: 'inconclusive',
      because: alone ? 'the candidate answered no row' : 'no row has an answer of both models',
    };
  if (selfTest.canFail === false)
    return { verdict: 'inconclusive', because: `this gate cannot fail: ${selfTest.because}` };
  if (first) return { verdict: 'inconclusive', because: `${sentenceOf(first)}${more(open.length, 'is open')}` };
  return {
    verdict: 'pass',
    because: `${kept(deciding)} over ${counted(rows.compared, 'row')}${
      deciding.every(({ because }) => because === 'nothing differs') ? '; nothing differs' : ''
    }; ${selfTest.because}`,
  };
};

/** `2 rules are kept, in 6 cells`: a rule has a cell for all rows and one for each slice. */
const kept = (cells: readonly Cell[]): string => {
  const rules = new Set(cells.map(({ rule }) => rule)).size;
  return `${counted(rules, 'rule')} ${rules === 1 ? 'is' : 'are'} kept${rules === cells.length ? '' : ` in ${cells.length} cells`}`;
};

const more = (count: number, state: string): string =>
  count === 1
    ? ''
    : count === 2
      ? `; one more cell ${state}`
      : `; ${count - 1} more cells ${state.replace('is', 'are')}`;

/** `recall[versicolor] in country = DE is 81.5 % beside 85.5 %: −4 points (−5.1 to −2.9), rule non-inferior, margin 2 points`. */
const sentenceOf = (cell: Cell): string => {
  const { slice, metric, candidate, baseline, difference, interval, rule, because, rowsNeeded, decision } = cell;
  const name = slice === undefined ? metric : `${metric} in ${slice}`;
  const key = rule.metric.metric;
  if (interval === null) return `${name}: ${because ?? 'undefined'}`;
  const open = decision === 'inconclusive' ? `; ${because ?? 'undecided'}` : '';
  const needed =
    decision === 'inconclusive' && rowsNeeded !== null
      ? `; about ${countedUnits(rowsNeeded, cell)} decide it, ${questionOf(rule) === 'value' ? 'at this value' : 'were the models equal'}`
      : '';
  const beside = baseline === undefined ? '' : ` beside ${valueText(key, baseline)}`;
  return `${name} is ${valueText(key, candidate)}${beside}: ${differenceText(key, difference)} (${intervalText(key, interval, 'bare')}), rule ${ruleText(rule)}${open}${needed}`;
};
