/**
 * Metrics whose better direction follows from their definition (AWS: Model Monitor, model quality metrics), by the last part of their
 * names. A metric of any other name has no arrow: the wrong arrow is worse than none.
 */
const directions: Readonly<Record<string, 'higher' | 'lower'>> = {
  ...named('higher', [
    'accuracy',
    'au_prc',
    'auc',
    'f0_5',
    'f1',
    'f2',
    'precision',
    'r2',
    'recall',
    'true_negative_rate',
    'true_positive_rate',
    'weighted_f0_5',
    'weighted_f1',
    'weighted_f2',
    'weighted_precision',
    'weighted_recall',
  ]),
  ...named('lower', ['false_negative_rate', 'false_positive_rate', 'mae', 'mse', 'rmse']),
};

function named<Direction>(direction: Direction, names: readonly string[]): Readonly<Record<string, Direction>> {
  return Object.fromEntries(names.map((name) => [name, direction]));
}

/** @param name as in `evaluation.json`, `binary_classification_metrics.auc`, or of a training job, `validation:rmse` */
export const betterOf = (name: string): 'higher' | 'lower' | undefined => {
  const last = name.toLowerCase().split(/[.:]/).at(-1) ?? '';
  return Object.hasOwn(directions, last) ? directions[last] : undefined;
};
