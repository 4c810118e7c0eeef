/** The parts of ml-cart and ml-random-forest, which ship no types, that tools/fit-trees.ts uses. */
declare module 'ml-cart' {
  export interface CartNode {
    readonly splitColumn?: number;
    readonly splitValue?: number;
    readonly left?: CartNode;
    readonly right?: CartNode;
    /** A 1 × classes matrix in leaves; classes after the last one present are left out. */
    readonly distribution?: readonly (readonly number[])[];
  }
  export class DecisionTreeClassifier {
    constructor(options: { maxDepth?: number });
    train(rows: readonly (readonly number[])[], classes: readonly number[]): void;
    toJSON(): { root: unknown };
  }
}
declare module 'ml-random-forest' {
  export class RandomForestClassifier {
    constructor(options: {
      seed: number;
      nEstimators: number;
      maxFeatures: number;
      replacement: boolean;
      /** Computes no errors of the rows that a tree did not draw. */
      noOOB: boolean;
    });
    train(rows: readonly (readonly number[])[], classes: readonly number[]): void;
    toJSON(): { baseModel: { indexes: readonly (readonly number[])[]; estimators: readonly { root: unknown }[] } };
  }
}
