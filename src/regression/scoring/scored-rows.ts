import { createHash } from 'node:crypto';
import type { Dataset } from '../../findings/comparison.ts';
import type { Label, RegressionPolicy, Task } from '../../manifest/regression.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { AnsweredRows } from '../rows.ts';
import type { ScoredRows } from '../scored-rows.ts';
import { type Joined, joinSources } from './join.ts';
import type { Sources } from './source.ts';
import type { TextTable } from './text-table.ts';

/**
 * The answers of one or two models, joined by `id` with the golden rows, in the order of ids. Each row that cannot be used is named by source
 * and line.
 * @throws {RowsError}
 */
export const scoredRows = async (policy: RegressionPolicy, sources: Sources): Promise<ScoredRows> => {
  const joined = await joinSources(policy, sources);
  return scoredOf(policy, joined, orderOf(joined.ids));
};

const scoredOf = ({ task, positive }: RegressionPolicy, joined: Joined, order: Uint32Array): ScoredRows => {
  const { ids, values } = joined;
  const [clusters, groups] = [joined.clusters?.ordered(order), joined.groups?.ordered(order)];
  joined.forgetPlaces();
  ids.close();
  values.texts.close();
  const { classes, codes } = values.classes.sorted();
  const isClass = hasClasses(task);
  const duplicates = joined.inputs?.duplicates(order, joined.labels.at, ids.at);
  const labels = joined.labels.ordered(order);
  if (isClass) for (let row = 0; row < labels.length; row++) labels[row] = codes[labels[row] ?? 0] ?? 0;
  const weights = joined.weights.ordered(order);
  const written = { candidate: joined.candidate.written(order), baseline: joined.baseline?.written(order) };
  const valueOfNumber = (number: number): Label =>
    isClass ? (classes[number] ?? '') : task === 'text' ? values.texts.at(number) : number;
  const rows: AnsweredRows = {
    task,
    size: order.length,
    classes: isClass ? classes.map(String) : [],
    labels: task === 'text' ? new Float64Array(order.length) : labels,
    candidate: joined.candidate.ordered(order, codes),
    slices: joined.slices.flatMap((one) => one.ordered(order)),
    ...withoutUndefined({
      positive: positive === undefined ? undefined : classes.indexOf(positive),
      ...{ weights, clusters, groups, baseline: joined.baseline?.ordered(order, codes) },
    }),
  };
  return {
    rows,
    dataset: {
      ...datasetOf(ids, order, (row) => valueOfNumber(labels[row] ?? 0), weights),
      ...withoutUndefined({ duplicates }),
    },
    texts: {
      id: (row) => ids.at(order[row] ?? 0),
      label: (row) => String(valueOfNumber(labels[row] ?? 0)),
      prediction: (row, of) => {
        const value = (written[of] ?? rows[of]?.predictions)?.[row] ?? Number.NaN;
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
