/** A fitted classifier as `model.json` carries it: one decision tree, or a forest whose trees vote. */
export interface Classifier {
  readonly kind: 'tree' | 'forest';
  readonly features: readonly string[];
  readonly classes: readonly string[];
  readonly trees: readonly TreeNode[];
}

export type TreeNode = Split | Leaf;
/** Rows whose `feature` is below `threshold` go to `below`, all others to `above`. */
export interface Split {
  readonly feature: number;
  readonly threshold: number;
  readonly below: TreeNode;
  readonly above: TreeNode;
}
/** `class` is an index into `classes`, `share` the training share of every class in this leaf; a forest, whose trees vote, needs none. */
export interface Leaf {
  readonly class: number;
  readonly share?: readonly number[];
}

/** `scores` has one entry per class and adds up to 1: leaf shares for a tree, shares of the votes for a forest. */
export interface Prediction {
  readonly class: number;
  readonly scores: readonly number[];
}

const leafFor = (node: TreeNode, row: readonly number[]): Leaf => {
  let at = node;
  while ('feature' in at) at = (row[at.feature] ?? Number.NaN) < at.threshold ? at.below : at.above;
  return at;
};

/** Ties go to the class that reached the winning count first, as in the library the forest was fitted with. */
const vote = (classifier: Classifier, row: readonly number[]): Prediction => {
  const votes = classifier.classes.map(() => 0);
  let winner = 0;
  let most = 0;
  for (const tree of classifier.trees) {
    const choice = leafFor(tree, row).class;
    const count = (votes[choice] ?? 0) + 1;
    votes[choice] = count;
    if (count > most) {
      most = count;
      winner = choice;
    }
  }
  return { class: winner, scores: votes.map((count) => count / classifier.trees.length) };
};

/** @param row one number per feature, in the order of `features` */
export const classify = (classifier: Classifier, row: readonly number[]): Prediction => {
  const [tree] = classifier.trees;
  if (classifier.kind === 'forest' || tree === undefined) return vote(classifier, row);
  const leaf = leafFor(tree, row);
  return {
    class: leaf.class,
    scores: leaf.share ?? classifier.classes.map((_, index) => (index === leaf.class ? 1 : 0)),
  };
};
