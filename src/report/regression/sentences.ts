import type { Regression } from '../../findings/regression.ts';
import { counted, percent } from '../../judge/amounts.ts';
import { ruleText } from '../../regression/units.ts';

/** Sentences that every report of a comparison has. Plain text; names are foreign, and each report escapes them. */

/** The rows of each side, and the share of changed predictions. */
export const rowsSentence = ({ rows }: Pick<Regression, 'rows'>): string => {
  const { compared, unanswered, failedCandidate, flipped } = rows;
  const { onlyCandidate = 0, onlyBaseline = 0, failedBaseline = 0 } = rows;
  return [
    `${counted(compared, 'row')} ${flipped === undefined ? 'answered' : 'compared'}`,
    compared === 0 || flipped === undefined
      ? ''
      : `${counted(flipped, 'prediction')} ${flipped === 1 ? 'differs' : 'differ'} (${percent(flipped / compared)})`,
    onlyCandidate === 0 ? '' : `${counted(onlyCandidate, 'row')} only of the candidate`,
    onlyBaseline === 0 ? '' : `${counted(onlyBaseline, 'row')} only of the baseline`,
    unanswered === 0 ? '' : `${counted(unanswered, 'row')} without any answer`,
    failedCandidate === 0 ? '' : `the candidate failed ${counted(failedCandidate, 'time')}`,
    failedBaseline === 0 ? '' : `the baseline failed ${counted(failedBaseline, 'time')}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
    .concat('.');
};

/** The rules that decide nothing without a baseline; undefined where there is one. */
export const notApplicableSentence = ({ alone }: Regression): string | undefined => {
  if (alone === undefined) return undefined;
  const { notApplicable } = alone;
  const rules = notApplicable.map(
    ({ metric, rule }) => `${metric}${rule.slice === undefined ? '' : ` in ${rule.slice}`} (${ruleText(rule)})`,
  );
  return `There is no baseline: floors and ceilings decide alone.${
    rules.length === 0 ? '' : ` Not applicable: ${rules.join(', ')}.`
  }`;
};

export const selfTestSentence = ({ selfTest }: Regression): string =>
  `${openings[`${selfTest.canFail}`]}: ${selfTest.because}`;

const openings = {
  true: 'The gate can fail',
  false: 'This gate cannot fail',
  null: 'No rule could be tried',
} as const;

/** Below every table of differences. */
export const differenceNote = ({ alone }: Regression): string =>
  `${
    alone
      ? 'The distance to the limit is positive where the rule is kept.'
      : 'A difference is positive where the candidate is better; for a floor or a ceiling it is the distance to the limit.'
  } In brackets stands its interval; each end holds with the confidence of the rule.`;

/** The heading of the column of numbers that rules are about. */
export const differenceHead = ({ alone }: Regression): string => (alone ? 'distance to the limit' : 'difference');
