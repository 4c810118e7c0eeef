/** One metric as SageMaker's model quality reports write it; the deviation is not computed: SageMaker writes the string "NaN" then. */
interface Metric {
  readonly value: number;
  readonly standard_deviation: 'NaN';
}

const metric = (value: number): Metric => ({ value: Math.round(value * 1e6) / 1e6, standard_deviation: 'NaN' });
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/**
 * `evaluation.json` for a multiclass model, in the layout of ModelMetrics.ModelQuality.Statistics (AWS: "Model quality
 * metrics", multiclass_classification_metrics). Weighted metrics are class metrics weighted by the class's share of the rows.
 */
export const evaluation = (actual: readonly number[], predicted: readonly number[], classes: number): object => {
  const indexes = Array.from({ length: classes }, (_, index) => index);
  const confusion = indexes.map((row) =>
    indexes.map((column) => actual.filter((a, i) => a === row && predicted[i] === column).length),
  );
  const count = (row: number, column: number): number => confusion[row]?.[column] ?? 0;
  const support = indexes.map((row) => indexes.reduce((sum, column) => sum + count(row, column), 0));
  const claimed = indexes.map((column) => indexes.reduce((sum, row) => sum + count(row, column), 0));
  const recall = indexes.map((index) => ratio(count(index, index), support[index] ?? 0));
  const precision = indexes.map((index) => ratio(count(index, index), claimed[index] ?? 0));
  const weighted = (values: readonly number[]): number =>
    values.reduce((sum, value, index) => sum + value * ratio(support[index] ?? 0, actual.length), 0);
  const f = (beta: number): number =>
    weighted(
      indexes.map((index) => {
        const [p, r] = [precision[index] ?? 0, recall[index] ?? 0];
        return ratio((1 + beta ** 2) * p * r, beta ** 2 * p + r);
      }),
    );
  const correct = indexes.reduce((sum, index) => sum + count(index, index), 0);
  return {
    version: 0.0,
    dataset: { item_count: actual.length, evaluation_time: '2026-01-05T09:00:00Z' },
    multiclass_classification_metrics: {
      confusion_matrix: Object.fromEntries(
        indexes.map((row) => [row, Object.fromEntries(indexes.map((column) => [column, count(row, column)]))]),
      ),
      accuracy: metric(ratio(correct, actual.length)),
      weighted_recall: metric(weighted(recall)),
      weighted_precision: metric(weighted(precision)),
      weighted_f0_5: metric(f(0.5)),
      weighted_f1: metric(f(1)),
      weighted_f2: metric(f(2)),
      accuracy_best_constant_classifier: metric(ratio(Math.max(...support), actual.length)),
    },
  };
};
