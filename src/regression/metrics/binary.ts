import type { Measure, Shape } from '../measure.ts';
import type { AnsweredRows } from '../rows.ts';
import { loss, type Maker, type Makers, required, share } from './maker.ts';
import { averagePrecision, precisionRecallArea } from './precision-recall.ts';
import { binaryBrier, calibrationError, logLoss } from './probabilities.ts';
import { proportion, rightAnswers } from './proportion.ts';
import { scoresOfAnswered } from './scores.ts';
import { served } from './served.ts';
import { balancedAccuracyOfBoth, fBeta, kappa, mcc, type OfClass, ofClass, precision } from './tables.ts';

const both = ({ classes }: AnsweredRows): readonly number[] => [...classes.keys()];
const positive = (rows: AnsweredRows): readonly number[] => both(rows).filter((code) => code === rows.positive);
const negative = (rows: AnsweredRows): readonly number[] => both(rows).filter((code) => code !== rows.positive);

/** Of the rows of one class, those that are `right` or wrong; an error is a wrong answer. */
const ofRows = (is: 'positive' | 'negative', counted: 'right' | 'wrong'): Maker => {
  const shape = proportion((rows, { predictions }, row) => {
    const label = rows.labels[row];
    if ((label === rows.positive) !== (is === 'positive')) return undefined;
    return (predictions[row] === label) === (counted === 'right');
  });
  return (_, rows) => ({
    ...share,
    better: counted === 'right' ? 'higher' : 'lower',
    needs: 'predictions',
    classes: is === 'positive' ? positive(rows) : negative(rows),
    failedRows: 'wrong',
    shape,
  });
};

/** The positive class alone. */
const ofPositive = (rows: AnsweredRows, value: OfClass): Omit<Measure, 'name'> => ({
  ...share,
  needs: 'predictions',
  classes: positive(rows),
  failedRows: 'wrong',
  shape: ofClass(rows.positive ?? -1, value),
});

const ofBoth =
  (shape: Shape, smallest: number): Maker =>
  (_, rows) => ({
    ...share,
    bounds: [smallest, 1],
    needs: 'predictions',
    classes: both(rows),
    failedRows: 'wrong',
    shape,
  });

const ofScores =
  (shape: Shape): Maker =>
  (_, rows) => ({ ...share, needs: 'scores', classes: both(rows), failedRows: 'missing', shape });

export const binary: Makers<'binary-classification'> = {
  ...served,
  accuracy: () => ({ ...share, needs: 'predictions', failedRows: 'wrong', shape: rightAnswers }),
  'balanced-accuracy': ofBoth(balancedAccuracyOfBoth, 0),
  precision: (_, rows) => ofPositive(rows, precision),
  recall: ofRows('positive', 'right'),
  specificity: ofRows('negative', 'right'),
  'false-positive-rate': ofRows('negative', 'wrong'),
  'false-negative-rate': ofRows('positive', 'wrong'),
  f1: (_, rows) => ofPositive(rows, fBeta(1)),
  'f-beta': (name, rows) => ofPositive(rows, fBeta(required(name, 'beta'))),
  mcc: ofBoth(mcc, -1),
  kappa: ofBoth(kappa, -1),
  'roc-auc': ofScores({
    is: 'auc',
    ranked: (rows, answers) => ({
      scores: scoresOfAnswered(rows, answers),
      labels: rows.labels.map((label) => (label === rows.positive ? 1 : 0)),
    }),
  }),
  'average-precision': ofScores(averagePrecision),
  'pr-auc': ofScores(precisionRecallArea),
  'log-loss': () => ({ ...loss, needs: 'scores', shape: logLoss }),
  brier: () => ({ ...loss, bounds: [0, 1], needs: 'scores', shape: binaryBrier }),
  ece: () => ({ ...loss, bounds: [0, 1], needs: 'scores', shape: calibrationError }),
};
