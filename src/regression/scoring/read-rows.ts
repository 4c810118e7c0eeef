import { createHash } from 'node:crypto';
import type { Dataset } from '../../findings/comparison.ts';
import type { Label, RegressionPolicy, Task } from '../../manifest/regression.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { PairedRows } from '../rows.ts';
import type { ScoredRows } from '../scored-rows.ts';
import { type Joined, joinFiles, type PredictionFiles } from './join.ts';
import { RowsError } from './rows-error.ts';
import type { TextTable } from './text-table.ts';

/**
 * Two files of predictions, joined by `id`, in the order of ids. Each row that cannot be used is named by file and line.
 * @throws {RowsError}
 */
export const readRows = (policy: RegressionPolicy, files: PredictionFiles): ScoredRows => {
  const joined = joinFiles(policy, files);
  const order = orderOf(joined.ids);
  if (files.dataset !== undefined) refuseOthers(joined, order, files.dataset);
  return scoredOf(policy, joined, order);
};

const scoredOf = ({ task, positive }: RegressionPolicy, joined: Joined, order: Uint32Array): ScoredRows => {
  const { ids, values } = joined;
  const [clusters, groups] = [joined.clusters?.ordered(order), joined.groups?.ordered(order)];
  joined.forgetPlaces();
  ids.close();
  values.texts.close();
  const { classes, codes } = values.classes.sorted();
  const isClass = hasClasses(task);
  const labels = joined.labels.ordered(order);
  if (isClass) for (let row = 0; row < labels.length; row++) labels[row] = codes[labels[row] ?? 0] ?? 0;
  const weights = joined.weights.ordered(order);
  const written = { candidate: joined.candidate.written(order), baseline: joined.baseline.written(order) };
  const valueOfNumber = (number: number): Label =>
    isClass ? (classes[number] ?? '') : task === 'text' ? values.texts.at(number) : number;
  const rows: PairedRows = {
    task,
    size: order.length,
    classes: isClass ? classes.map(String) : [],
    labels: task === 'text' ? new Float64Array(order.length) : labels,
    candidate: joined.candidate.ordered(order, codes),
    baseline: joined.baseline.ordered(order, codes),
    slices: joined.slices.flatMap((one) => one.ordered(order)),
    ...withoutUndefined({
      positive: positive === undefined ? undefined : classes.indexOf(positive),
      ...{ weights, clusters, groups },
    }),
  };
  return {
    rows,
    dataset: datasetOf(ids, order, (row) => valueOfNumber(labels[row] ?? 0), weights),
    texts: {
      id: (row) => ids.at(order[row] ?? 0),
      label: (row) => String(valueOfNumber(labels[row] ?? 0)),
      prediction: (row, of) => {
        const value = (written[of] ?? rows[of].predictions)[row] ?? Number.NaN;
        return Number.isNaN(value) ? undefined : String(valueOfNumber(value));
      },
    },
  };
};

const hasClasses = (task: Task): boolean => task === 'binary-classification' || task === 'multiclass-classification';

/** Row numbers in the order of their ids. */
const orderOf = (ids: TextTable): Uint32Array => {
  const order = new Uint32Array(ids.size());
  for (let row = 0; row < order.length; row++) order[row] = row;
  for (let row = 1; row < order.length; row++) if (ids.order(row - 1, row) > 0) return order.sort(ids.order);
  return order;
};

const refuseOthers = ({ isInDataset, placeOf }: Joined, order: Uint32Array, path: string): void => {
  const others = order.filter((row) => !isInDataset(row));
  const [first] = others;
  if (first !== undefined)
    throw new RowsError(
      'dataset',
      `${placeOf(first)}: is a row that ${path} does not have${others.length > 1 ? `, as ${others.length - 1} more` : ''}`,
    );
};

const rowsOfPiece = 4096;

/** SHA-256 of `["id",label,weight]` and a line feed for each row. */
const datasetOf = (
  ids: TextTable,
  order: Uint32Array,
  labelOf: (row: number) => Label,
  weights: Float64Array | undefined,
): Dataset => {
  const hash = createHash('sha256');
  let piece = '';
  for (let row = 0; row < order.length; row++) {
    piece += `[${JSON.stringify(ids.at(order[row] ?? 0))},${JSON.stringify(labelOf(row))},${weights?.[row] ?? 1}]\n`;
    if (row % rowsOfPiece !== rowsOfPiece - 1) continue;
    hash.update(piece);
    piece = '';
  }
  return { digest: `sha256:${hash.update(piece).digest('hex')}`, rows: order.length };
};
