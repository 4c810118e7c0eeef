import type { Regression } from '../../findings/regression.ts';
import { counted, percent } from '../../judge/amounts.ts';

/** Sentences that every report of a comparison has. Plain text; names are foreign, and each report escapes them. */

/** The rows of both sides, and the share of changed predictions. */
export const rowsSentence = ({ rows }: Regression): string => {
  const { compared, onlyCandidate, onlyBaseline, failedCandidate, failedBaseline, flipped } = rows;
  return [
    `${counted(compared, 'row')} compared`,
    compared === 0
      ? ''
      : `${counted(flipped, 'prediction')} ${flipped === 1 ? 'differs' : 'differ'} (${percent(flipped / compared)})`,
    onlyCandidate === 0 ? '' : `${counted(onlyCandidate, 'row')} only of the candidate`,
    onlyBaseline === 0 ? '' : `${counted(onlyBaseline, 'row')} only of the baseline`,
    failedCandidate === 0 ? '' : `the candidate failed ${counted(failedCandidate, 'time')}`,
    failedBaseline === 0 ? '' : `the baseline failed ${counted(failedBaseline, 'time')}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
    .concat('.');
};

export const selfTestSentence = ({ selfTest }: Regression): string =>
  `${openings[`${selfTest.canFail}`]}: ${selfTest.because}`;

const openings = {
  true: 'The gate can fail',
  false: 'This gate cannot fail',
  null: 'No rule could be tried',
} as const;

/** Below every table of differences. */
export const differenceNote =
  'A difference is positive where the candidate is better; for a floor or a ceiling it is the distance to the limit. In brackets stands its interval; each end holds with the confidence of the rule.';

/** A foreign text in a cell of a table: its beginning. */
export const shortened = (text: string, most = 80): string => {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
};
