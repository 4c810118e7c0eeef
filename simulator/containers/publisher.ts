import type { Instant, Metrics } from '../contracts.ts';
import type { Prediction } from './classifier.ts';

/** A container's serving code publishes counts of its answers. */
export type Publish = (classes: readonly string[], predictions: readonly Prediction[]) => void;

/** Below this the serving code counts an answer as unsure. */
const unsureBelow = 0.6;

/**
 * The serving image publishes only where its environment says so, as any image does:
 *
 * - `METRICS_NAMESPACE`: CloudWatch's namespace;
 * - `MODEL_VERSION`: value of the dimension `ModelVersion`. A container knows neither its endpoint nor its variant (AWS: "Use your own
 *   inference code with hosting services"), but its own version.
 *
 * Published as by the embedded metric format, one value for each row: `Predictions` (1, with the dimension `Class`), `Answers` (1), `Score`
 * (of the predicted class), and `Unsure` (1, only for an answer with a low score).
 */
export const publisherOf = (
  environment: Readonly<Record<string, string>>,
  metrics: Pick<Metrics, 'record'>,
  now: () => Instant,
): Publish | undefined => {
  const { METRICS_NAMESPACE: namespace, MODEL_VERSION: version } = environment;
  if (namespace === undefined) return undefined;
  const own = version === undefined ? {} : { ModelVersion: version };
  // One object for each set of dimensions, by which CloudWatch knows it again.
  const byClass = new Map<string, Readonly<Record<string, string>>>();
  const ofClass = (name: string): Readonly<Record<string, string>> => {
    const found = byClass.get(name) ?? { ...own, Class: name };
    byClass.set(name, found);
    return found;
  };
  return (classes, predictions) => {
    const at = now();
    for (const prediction of predictions) {
      const score = prediction.scores[prediction.class] ?? 0;
      metrics.record(namespace, 'Answers', own, 1, at);
      metrics.record(namespace, 'Predictions', ofClass(classes[prediction.class] ?? String(prediction.class)), 1, at);
      metrics.record(namespace, 'Score', own, score, at);
      if (score < unsureBelow) metrics.record(namespace, 'Unsure', own, 1, at);
    }
  };
};
