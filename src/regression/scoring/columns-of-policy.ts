import type { RegressionPolicy } from '../../manifest/regression.ts';
import { columnsOfCondition } from './condition.ts';

/** Columns of slices, clusters and queries: what the comparison reads of a row besides its label and its weight. */
export const columnsOfPolicy = ({
  cluster,
  group,
  slices,
}: Pick<RegressionPolicy, 'cluster' | 'group' | 'slices'>): ReadonlySet<string> =>
  new Set([
    ...[cluster, group].filter((name) => name !== undefined),
    ...slices.flatMap((slice) => (slice.is === 'column' ? slice.column : columnsOfCondition(slice.condition))),
  ]);
