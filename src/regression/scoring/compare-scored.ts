import type { Instant } from '../../clock.ts';
import type { Comparison } from '../../findings/comparison.ts';
import type { RegressionPolicy } from '../../manifest/regression.ts';
import { compare } from '../compare.ts';
import { MetricError } from '../metrics/maker.ts';
import { measureOf } from '../metrics/measure-of.ts';
import type { ScoredRows } from '../scored-rows.ts';
import { requireFit } from './fitting.ts';
import { RowsError } from './rows-error.ts';
import { scoredRows } from './scored-rows.ts';
import type { Sources } from './source.ts';

/** Names of the models, or of their files, for messages and reports. */
export interface Names {
  readonly candidate: string;
  readonly baseline?: string;
}

export interface Compared {
  readonly scored: ScoredRows;
  readonly comparison: Comparison;
}

/**
 * The answers of two models, or of one, by the policy: the one way from rows to a verdict.
 * @param now needed where the policy has a last day of its golden set
 * @throws {RowsError} where rows and policy do not fit
 */
export const compareScored = (
  policy: RegressionPolicy,
  scored: ScoredRows,
  names: Names,
  now: Instant | undefined,
): Compared => {
  try {
    requireFit(policy, scored.rows, names, measureOf);
    return { scored, comparison: compare(policy, scored, measureOf, now) };
  } catch (error) {
    throw error instanceof MetricError ? new RowsError('policy', error.message) : error;
  }
};

/**
 * As `compareScored`, for files of predictions: the golden rows may be out of reach, and then the digest of the policy stands in for them.
 * @returns `unchecked`: a warning where nothing shows that the rows are those of the policy's dataset
 * @throws {RowsError}
 */
export const compareFiles = async (
  policy: RegressionPolicy,
  sources: Sources,
  names: Names,
  now: Instant | undefined,
): Promise<Compared & { readonly unchecked?: string }> => {
  const scored = await scoredRows(policy, sources);
  const { dataset, datasetDigest } = policy;
  if (datasetDigest !== undefined && datasetDigest !== scored.dataset.digest)
    throw new RowsError(
      'dataset',
      `the rows have the digest ${scored.dataset.digest}, and the policy's dataset has ${datasetDigest}: ids, labels or weights differ`,
    );
  const isUnchecked = dataset !== undefined && isRemote(dataset) && datasetDigest === undefined;
  return {
    ...compareScored(policy, scored, names, now),
    ...(isUnchecked
      ? {
          unchecked: `the rows were not compared with the policy's dataset: ${dataset} is not on this machine; give its digest in the policy`,
        }
      : {}),
  };
};

/** Whether only AWS has the golden rows. */
export const isRemote = (dataset: string): boolean => dataset.startsWith('s3://');
