import type { Average, MetricName } from '../../manifest/regression.ts';
import type { Measure, Shape } from '../measure.ts';
import { type AnsweredRows, failed } from '../rows.ts';
import { areasOfPairs, areasOfRest, poolOfAreas } from './areas.ts';
import { loss, type Maker, type Makers, MetricError, required, share } from './maker.ts';
import { brier, calibrationError, logLoss } from './probabilities.ts';
import { found, proportion, rightAnswers } from './proportion.ts';
import { scoresOfClass } from './scores.ts';
import { served } from './served.ts';
import { averaged, balancedAccuracy, fBeta, kappa, mcc, type OfClass, ofClass, precision, recall } from './tables.ts';

const all = ({ classes }: AnsweredRows): readonly number[] => [...classes.keys()];

const codeOf = ({ metric, class: name = '' }: MetricName, { classes }: AnsweredRows): number => {
  const code = classes.indexOf(name);
  if (code < 0) throw new MetricError(`${metric}[${name}]: the rows have no class ${name}`);
  return code;
};

const averageOf = ({ average = 'macro' }: MetricName): Average => average;
const pairsOf = ({ pairs = 'one-vs-rest' }: MetricName): 'one-vs-rest' | 'one-vs-one' => pairs;

/** With the averages that the manifest left out. */
export const withAverages = (name: MetricName): MetricName => {
  if (name.class !== undefined) return name;
  if (name.metric === 'roc-auc') return { ...name, average: averageOf(name), pairs: pairsOf(name) };
  return ['precision', 'recall', 'f1', 'f-beta'].includes(name.metric) ? { ...name, average: averageOf(name) } : name;
};

const fromAnswers = { ...share, needs: 'predictions', failedRows: 'wrong' } as const;

/** Of one class, or averaged. */
const overClasses = (name: MetricName, rows: AnsweredRows, value: OfClass): Omit<Measure, 'name'> => {
  if (name.class !== undefined) {
    const code = codeOf(name, rows);
    return { ...fromAnswers, classes: [code], shape: value === recall ? found(code) : ofClass(code, value) };
  }
  const average = averageOf(name);
  if (average === 'macro') return { ...fromAnswers, classes: all(rows), shape: averaged(average, value) };
  // By its definition, and then an interval of a proportion holds.
  return { ...fromAnswers, shape: value === recall ? rightAnswers : averaged(average, value) };
};

const areas: Maker = (name, rows) => {
  const from = { ...share, needs: 'scores', failedRows: 'missing' } as const;
  const block = rows.classes.length;
  if (name.class !== undefined) {
    const code = codeOf(name, rows);
    return {
      ...from,
      classes: [code],
      shape: {
        is: 'auc',
        ranked: (some, answers) => ({
          scores: scoresOfClass(some, answers, code, block),
          labels: some.labels.map((label) => (label === code ? 1 : 0)),
        }),
      },
    };
  }
  const average = averageOf(name);
  const pairs = pairsOf(name);
  if (average === 'micro' && pairs === 'one-vs-one') throw new MetricError('roc-auc has no micro average of pairs');
  return { ...from, classes: all(rows), shape: shapeOfAreas(average, pairs) };
};

const shapeOfAreas = (average: Average, pairs: 'one-vs-rest' | 'one-vs-one'): Shape => {
  if (average === 'micro') return poolOfAreas;
  return pairs === 'one-vs-one' ? areasOfPairs(average) : areasOfRest(average);
};

/** The label is among the `k` most probable classes; a class that is as probable counts as before it, so that equal scores win nothing. */
const amongMostProbable = (k: number): Shape =>
  proportion(({ classes, labels }, { scores, states }, row) => {
    const block = classes.length;
    const own = scores?.[row * block + (labels[row] ?? 0)] ?? Number.NaN;
    if (Number.isNaN(own)) return states[row] === failed ? false : undefined;
    let before = 0;
    for (let code = 0; code < block; code++) if ((scores?.[row * block + code] ?? 0) >= own) before++;
    return before <= k;
  });

export const multiclass: Makers<'multiclass-classification'> = {
  ...served,
  accuracy: () => ({ ...fromAnswers, shape: rightAnswers }),
  'balanced-accuracy': (_, rows) => ({ ...fromAnswers, classes: all(rows), shape: balancedAccuracy }),
  precision: (name, rows) => overClasses(name, rows, precision),
  recall: (name, rows) => overClasses(name, rows, recall),
  f1: (name, rows) => overClasses(name, rows, fBeta(1)),
  'f-beta': (name, rows) => overClasses(name, rows, fBeta(required(name, 'beta'))),
  mcc: () => ({ ...fromAnswers, bounds: [-1, 1], shape: mcc }),
  kappa: () => ({ ...fromAnswers, bounds: [-1, 1], shape: kappa }),
  'roc-auc': areas,
  'log-loss': () => ({ ...loss, needs: 'scores', shape: logLoss }),
  brier: () => ({ ...loss, bounds: [0, 2], needs: 'scores', shape: brier }),
  ece: () => ({ ...loss, bounds: [0, 1], needs: 'scores', shape: calibrationError }),
  'top-k': (name) => ({
    ...share,
    needs: 'scores',
    failedRows: 'wrong',
    shape: amongMostProbable(required(name, 'k')),
  }),
};
