import type { Answers, PairedRows } from '../../src/regression/rows.ts';
import type { Random } from './random.ts';

/** A source of pairs of models: how good the baseline is, and how much worse the candidate. */
export interface Population {
  readonly task: 'binary-classification' | 'regression';
  /** Share of the positive class. */
  readonly positives?: number;
  /** 0: an equal candidate, whose errors have the same distribution as the baseline's and are correlated with them. */
  readonly worseBy: number;
  /** Rows of a cluster; half of the variance of their errors is common to them. */
  readonly clusterSize?: number;
}

/** Of the two models' errors, for the same row. */
const correlation = 0.95;
/** Distance of the classes in standard deviations of the score. */
const separation = 2.5;

export const drawPair = (population: Population, size: number, random: Random): PairedRows => {
  const { clusterSize } = population;
  const errorsOf = (): (() => number) => {
    let common = 0;
    let row = 0;
    return () => {
      if (clusterSize === undefined) return random.gaussian();
      if (row++ % clusterSize === 0) common = random.gaussian();
      return Math.SQRT1_2 * (common + random.gaussian());
    };
  };
  const [shared, own] = [errorsOf(), errorsOf()];
  const pair = Array.from({ length: size }, () => {
    const error = shared();
    return [error, correlation * error + Math.sqrt(1 - correlation ** 2) * own()] as const;
  });
  return {
    ...(population.task === 'regression' ? regressed(population, pair, random) : classified(population, pair, random)),
    size,
    slices: [],
    ...(clusterSize !== undefined && {
      clusters: {
        of: Int32Array.from(pair, (_, row) => Math.floor(row / clusterSize)),
        count: Math.ceil(size / clusterSize),
      },
    }),
  };
};

type Drawn = Omit<PairedRows, 'size' | 'slices'>;
type Errors = readonly (readonly [baseline: number, candidate: number])[];

const classified = ({ positives = 0.3, worseBy }: Population, errors: Errors, random: Random): Drawn => {
  const labels = Float64Array.from(errors, () => (random.next() < positives ? 1 : 0));
  const logOdds = Math.log(positives / (1 - positives));
  const answersOf = (side: 0 | 1, apart: number): Answers => {
    // The probability that the baseline's score means; a worse candidate believes it, too.
    const scores = labels.map((label, row) => {
      const score = label * apart + (errors[row]?.[side] ?? 0);
      return 1 / (1 + Math.exp(-separation * (score - separation / 2) - logOdds));
    });
    return answers(
      scores.map((score) => (score > 0.5 ? 1 : 0)),
      scores,
    );
  };
  return {
    task: 'binary-classification',
    classes: ['0', '1'],
    positive: 1,
    labels,
    baseline: answersOf(0, separation),
    candidate: answersOf(1, separation - worseBy),
  };
};

const regressed = ({ worseBy }: Population, errors: Errors, random: Random): Drawn => {
  const labels = Float64Array.from(errors, () => 10 + 3 * random.gaussian());
  return {
    task: 'regression',
    classes: [],
    labels,
    baseline: answers(labels.map((label, row) => label + (errors[row]?.[0] ?? 0))),
    candidate: answers(labels.map((label, row) => label + (1 + worseBy) * (errors[row]?.[1] ?? 0))),
  };
};

const answers = (predictions: Float64Array, scores?: Float64Array): Answers => ({
  states: new Uint8Array(predictions.length),
  predictions,
  ...(scores && { scores }),
});
