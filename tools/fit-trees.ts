import { type CartNode, DecisionTreeClassifier } from 'ml-cart';
import { RandomForestClassifier } from 'ml-random-forest';
import type { Classifier, TreeNode } from '../simulator/containers/classifier.ts';

/** Labelled rows that a model learns from. */
export interface Training {
  readonly features: readonly string[];
  readonly classes: readonly string[];
  readonly rows: readonly (readonly number[])[];
  /** Indexes into `classes`. */
  readonly labels: readonly number[];
}

interface Compact {
  /** The feature in each of the tree's columns: a forest's tree has a sample of them. */
  readonly columns: readonly number[];
  readonly classes: readonly string[];
  /** Leaves have the shares of the classes. */
  readonly shares: boolean;
}

const compact = (node: CartNode, how: Compact): TreeNode => {
  if (node.left && node.right && node.splitColumn !== undefined && node.splitValue !== undefined)
    return {
      feature: how.columns[node.splitColumn] ?? node.splitColumn,
      threshold: node.splitValue,
      below: compact(node.left, how),
      above: compact(node.right, how),
    };
  const shares = node.distribution?.[0] ?? [];
  const leaf = { class: shares.indexOf(Math.max(...shares)) };
  return how.shares
    ? { ...leaf, share: how.classes.map((_, index) => Math.round((shares[index] ?? 0) * 1e4) / 1e4) }
    : leaf;
};
const plain = (root: unknown): CartNode => JSON.parse(JSON.stringify(root));

export const fitTree = ({ features, classes, rows, labels }: Training, options: { maxDepth?: number }): Classifier => {
  const tree = new DecisionTreeClassifier(options);
  tree.train(rows, labels);
  const columns = features.map((_, index) => index);
  return {
    kind: 'tree',
    features,
    classes,
    trees: [compact(plain(tree.toJSON().root), { columns, classes, shares: true })],
  };
};

export interface ForestOptions {
  readonly seed: number;
  readonly trees: number;
  /** Of each tree: a number of features, or a share of them; drawn with replacement or without. */
  readonly features: number;
  readonly replacement: boolean;
  /** Leaves have the shares of the classes, which the votes do not need. */
  readonly shares: boolean;
}

/** Each tree learns from rows drawn with replacement, and from some of the features. */
export const fitForest = ({ features, classes, rows, labels }: Training, options: ForestOptions): Classifier => {
  const { seed, trees: nEstimators, features: maxFeatures, replacement, shares } = options;
  const forest = new RandomForestClassifier({ seed, nEstimators, maxFeatures, replacement, noOOB: true });
  forest.train(rows, labels);
  const { indexes, estimators } = forest.toJSON().baseModel;
  const trees = estimators.map((estimator, index) =>
    compact(plain(estimator.root), { columns: indexes[index] ?? [], classes, shares }),
  );
  return { kind: 'forest', features, classes, trees };
};
