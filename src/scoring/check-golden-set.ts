import { counted } from '../judge/amounts.ts';
import type { RegressionPolicy, RegressionSpec } from '../manifest/regression.ts';
import { MetricError } from '../regression/metrics/maker.ts';
import { measureOf } from '../regression/metrics/measure-of.ts';
import { requireRules } from '../regression/scoring/fitting.ts';
import { readRecords } from '../regression/scoring/records.ts';
import { RowsError } from '../regression/scoring/rows-error.ts';
import { scoredRows } from '../regression/scoring/scored-rows.ts';
import { sourceOf } from './golden-set.ts';
import { bodyOf, RequestProblem } from './request.ts';
import type { RowsFile } from './rows-file.ts';

/**
 * Refuses golden rows that no test could use, as far as no model is needed for it: ids, labels of the task, weights, columns of slices
 * and clusters, and the digest; and rules that no answer could keep or break.
 * @returns the number of rows
 * @throws {RowsError} the rows by file and line
 */
export const requireUsable = async (policy: RegressionPolicy, file: RowsFile): Promise<number> => {
  const { dataset, rows } = await scoredRows(policy, {
    golden: sourceOf(file),
    candidate: { name: 'the candidate', rows: [] },
  });
  const { datasetDigest } = policy;
  if (datasetDigest !== undefined && datasetDigest !== dataset.digest)
    throw new RowsError(
      'dataset',
      `${file.name} has the digest ${dataset.digest}, and the manifest has ${datasetDigest}: ids, labels or weights differ`,
    );
  try {
    requireRules(policy, rows, measureOf);
  } catch (error) {
    throw error instanceof MetricError ? new RowsError('policy', error.message) : error;
  }
  return rows.size;
};

/**
 * As `requireUsable`, and the columns of requests.
 * @throws {RowsError}
 */
export const checkGoldenSet = async (regression: RegressionSpec, file: RowsFile): Promise<number> => {
  const rows = await requireUsable(regression, file);
  const { request } = regression.asking;
  if (request === undefined) return rows;
  let first: string | undefined;
  let more = -1;
  await readRecords(sourceOf(file), (row, line) => {
    try {
      bodyOf(row, request);
    } catch (error) {
      if (!(error instanceof RequestProblem)) throw error;
      first ??= `${file.name}:${line}: ${error.message}`;
      more++;
    }
  });
  if (first !== undefined)
    throw new RowsError('dataset', more === 0 ? first : `${first}; the same in ${counted(more, 'more row')}`);
  return rows;
};
