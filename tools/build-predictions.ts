/**
 * Writes examples/regression/*.jsonl, the predictions that docs/regression.md compares: `node tools/build-predictions.ts`. Ten models of each
 * kind are fitted, each without one tenth of iris, and predict that tenth: no model has seen the rows that it answers.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type Classifier, classify } from '../simulator/containers/classifier.ts';
import { fitIrisForest, iris } from './build-fixtures.ts';
import { fitTree, type Training } from './fit-trees.ts';

const folds = 10;

const fits: Readonly<Record<string, (training: Training) => Classifier>> = {
  tree: (training) => fitTree(training, {}),
  forest: fitIrisForest,
  stump: (training) => fitTree(training, { maxDepth: 1 }),
};

/** A prediction for each row, in the order of the rows. */
const crossFitted = (fitted: (training: Training) => Classifier): readonly string[] => {
  const without = (fold: number): Training => {
    const isKept = (_: unknown, row: number): boolean => row % folds !== fold;
    return { ...iris, rows: iris.rows.filter(isKept), labels: iris.labels.filter(isKept) };
  };
  const models = Array.from({ length: folds }, (_, fold) => fitted(without(fold)));
  return iris.rows.map((row, index) => {
    const model = models[index % folds];
    if (model === undefined) throw new Error(`no model for row ${index}`);
    const { class: predicted, scores } = classify(model, row);
    return JSON.stringify({
      id: `iris-${String(index + 1).padStart(3, '0')}`,
      label: iris.classes[iris.labels[index] ?? 0],
      prediction: iris.classes[predicted],
      score: Object.fromEntries(iris.classes.map((name, code) => [name, scores[code] ?? 0])),
      petal_length: row[2],
    });
  });
};

/** Every file of predictions, by its name below examples/regression. */
export const predictionFiles = (): ReadonlyMap<string, string> =>
  new Map(Object.entries(fits).map(([name, fit]) => [`${name}.jsonl`, `${crossFitted(fit).join('\n')}\n`]));

if (import.meta.main) {
  const folder = new URL('../examples/regression/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of predictionFiles()) writeFileSync(new URL(name, folder), content);
}
