import type { Instant } from '../../clock.ts';
import { iso } from '../../clock.ts';
import type { Regression } from '../../findings/regression.ts';
import { jsonText } from '../../plain-text.ts';
import type { ModelQuality } from '../../regression/model-quality.ts';

/**
 * `evaluation.json`: the candidate's metrics as SageMaker's model quality monitor writes them, so that the registry's model metrics, Studio
 * and a pipeline's ConditionStep read them (SageMaker developer guide, "Model quality metrics"; ml-cd-peers.md §3.2 a). The comparison stands
 * under a key of its own, which those readers ignore. No row stands in it.
 * @param evaluatedAt absent where no clock is at hand
 */
export const evaluationJson = (found: Regression, quality: ModelQuality, evaluatedAt?: Instant): string => {
  const { is: _, confusion: _matrix, harmful: _changes, ...comparison } = found;
  return `${jsonText(
    {
      version: 0,
      dataset: {
        item_count: found.rows.compared,
        ...(evaluatedAt === undefined ? {} : { evaluation_time: iso(evaluatedAt) }),
      },
      ...groups(quality),
      model_delivery: { schema_version: 1, ...comparison },
    },
    2,
  )}\n`;
};

/** SageMaker knows no group for rankings and texts. */
const groups = (quality: ModelQuality): object => {
  const { group, values, matrix, curve } = quality;
  if (group === undefined) return {};
  return {
    [group]: {
      ...(matrix === undefined ? {} : { confusion_matrix: matrix }),
      ...Object.fromEntries(values.map(({ name, value }) => [name, metric(value)])),
      ...(curve === undefined
        ? {}
        : {
            receiver_operating_characteristic_curve: {
              false_positive_rates: curve.map(({ falsePositiveRate }) => falsePositiveRate),
              true_positive_rates: curve.map(({ recall }) => recall),
            },
            precision_recall_curve: {
              precisions: curve.map(({ precision }) => precision),
              recalls: curve.map(({ recall }) => recall),
            },
          }),
    },
  };
};

/**
 * The monitor's deviation comes from five random subsamples, and samples of AWS write that of the residuals there: a number with two
 * meanings helps no reader. "NaN" is how the monitor itself says that it has none; the intervals stand in the comparison.
 */
const metric = (value: number | null): object => ({ value: value ?? 'NaN', standard_deviation: 'NaN' });
