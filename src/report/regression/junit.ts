import type { Cell } from '../../findings/comparison.ts';
import type { AlsoJudged, Regression } from '../../findings/regression.ts';
import { shortened } from '../../plain-text.ts';
import type { TestCase } from '../findings/renderer.ts';
import { junitSuite } from '../junit-suite.ts';
import { cellDetails, cellText, foremost } from './cell-text.ts';
import { checkCases } from './checks.ts';
import { goldenSetSentence } from './golden-set.ts';
import { notApplicableSentence, rowsSentence, selfTestSentence } from './sentences.ts';
import { leftOut } from './summary.ts';

/** CodeBuild's limits for a test report: cases, characters of a name and of a message (AWS CodeBuild user guide, quotas; codesuite.md §2.2). */
const mostCases = 500;
const mostOfName = 300;
const mostOfMessage = 4000;

/** Beside the cells: the verdict, or the operation; the gate's self-test; the cells that are left out. */
const otherCases = 3;

const group = 'model-delivery.regression';

/** A whole file: the verdict is a case of its own, since here no operation has one. */
export const regressionJunit = (found: Regression): string =>
  junitSuite('model-delivery', [verdictCase(found), ...regressionCases(found)]);

/** A failure is red, also to readers that look at nothing else. A cell without a decision is skipped, with the reason. */
export const regressionCases = (found: Regression): readonly TestCase[] => {
  const others = [...(found.also ?? []).map(olderCase), ...checkCases(found, mostOfMessage)];
  const { kept, left } = foremost(found.cells, mostCases - otherCases - others.length);
  return [selfTestCase(found), ...others, ...kept.map(cellCase), ...(left.length === 0 ? [] : [leftOutCase(left)])];
};

type Judged = Pick<Regression, 'verdict' | 'because' | 'rows'>;

const verdictEnd = (found: Judged): TestCase['ended'] => {
  switch (found.verdict) {
    case 'pass':
      return { is: 'passed' };
    case 'fail':
      return {
        is: 'failed',
        type: 'regression',
        message: shortened(found.because, mostOfMessage),
        details: rowsSentence(found),
      };
    case 'inconclusive':
      return { is: 'skipped', message: shortened(`inconclusive: ${found.because}`, mostOfMessage) };
  }
};

const olderCase = (set: AlsoJudged): TestCase => ({
  classname: `${group}.older`,
  name: `golden set ${shortened(set.name, mostOfName)}`,
  ended: verdictEnd(set),
  output: `${set.because}\n${rowsSentence(set)}`,
});

const verdictCase = (found: Regression): TestCase => {
  return {
    classname: group,
    name: 'the candidate passes the regression test',
    ended: verdictEnd(found),
    output: [
      found.because,
      rowsSentence(found),
      notApplicableSentence(found),
      `dataset ${found.dataset.digest}: ${goldenSetSentence(found)}`,
    ]
      .filter((line) => line !== undefined)
      .join('\n'),
  };
};

const selfTestCase = (found: Regression): TestCase => ({
  classname: `${group}.self-test`,
  name: 'the gate can fail',
  ended: selfTestEnd(found),
  output: selfTestSentence(found),
});

const selfTestEnd = (found: Regression): TestCase['ended'] => {
  const { canFail } = found.selfTest;
  if (canFail) return { is: 'passed' };
  const message = shortened(selfTestSentence(found), mostOfMessage);
  return canFail === false
    ? { is: 'failed', type: 'gate-cannot-fail', message, details: found.because }
    : { is: 'skipped', message: `inconclusive: ${message}` };
};

const cellCase = (cell: Cell): TestCase => {
  const { metric, slice, rule, baseline, candidate, difference } = cellText(cell);
  return {
    classname: `${group}.${cell.slice === undefined ? 'overall' : 'slice'}`,
    name: `${shortened(metric, mostOfName)}: ${rule}${cell.slice === undefined ? '' : ` [${shortened(slice, mostOfName)}]`}`,
    ended: endOf(cell),
    output: `candidate ${candidate}, ${baseline === undefined ? 'distance to the limit' : `baseline ${baseline}, difference`} ${difference}; ${cellDetails(cell)}`,
  };
};

const endOf = (cell: Cell): TestCase['ended'] => {
  const { difference, decision, note, baseline } = cellText(cell);
  const number = `${baseline === undefined ? 'distance to the limit' : 'difference'} ${difference}`;
  if (cell.decision === 'pass') return { is: 'passed' };
  if (cell.decision === 'inconclusive')
    return { is: 'skipped', message: shortened(`${decision}: ${note}`, mostOfMessage) };
  // A warning decides nothing, and JUnit has no word for it but this one.
  if (cell.rule.level === 'warn') return { is: 'skipped', message: `${decision}: ${number}` };
  return {
    is: 'failed',
    type: cell.rule.criterion.is,
    message: number,
    details: cellDetails(cell),
  };
};

/** Failures come first, so that some are left out only where all others failed too. */
const leftOutCase = (left: readonly Cell[]): TestCase => {
  const message = leftOut(left);
  const failed = left.some(({ decision, rule }) => decision === 'fail' && rule.level === 'fail');
  const open = left.some(({ decision }) => decision !== 'pass');
  return {
    classname: group,
    name: `${left.length} more cells`,
    ended: failed
      ? { is: 'failed', type: 'more-cells', message, details: `A report has at most ${mostCases} cases.` }
      : open
        ? { is: 'skipped', message }
        : { is: 'passed' },
    output: message,
  };
};
