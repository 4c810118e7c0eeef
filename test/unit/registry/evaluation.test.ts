import { describe, expect, test } from '@jest/globals';
import { evaluationObject, modelMetrics, parseEvaluation } from '../../../src/registry/evaluation.ts';

const text = '{"binary_classification_metrics": {"auc": {"value": 0.8, "standard_deviation": "NaN"}}}';
const releases = { bucket: 'ml-releases', prefix: 'churn/' };
// sha256sum of `text`, computed outside this suite.
const sha256 = 'd8b8060f414ff7089bc80334c0330eaf60465e1e738857695c1c5e560055709a';

describe('evaluation.json', () => {
  test('is kept under its own hash, which the registry is told too', () => {
    const evaluation = parseEvaluation(text, 'evaluation.json');
    expect(evaluation).toEqual({ text, sha256, hasKnownGroup: true });
    expect(evaluationObject(releases, evaluation)).toEqual({
      bucket: 'ml-releases',
      key: `churn/evaluations/${sha256}.json`,
    });
    expect(modelMetrics(releases, evaluation)).toEqual({
      ModelQuality: {
        Statistics: {
          ContentType: 'application/json',
          ContentDigest: `sha256:${sha256}`,
          S3Uri: `s3://ml-releases/churn/evaluations/${sha256}.json`,
        },
      },
    });
  });

  test('without a group that Studio knows is taken, and known to be so', () => {
    expect(parseEvaluation('{"bleu": {"value": 1}}', 'e').hasKnownGroup).toBe(false);
  });

  test.each([
    ['{"a": NaN}', /^e: not JSON: .*; write NaN and Infinity as strings$/],
    ['{"a": 1', /^e: not JSON: (?!.*NaN)/],
    ['[]', /^e: not a JSON object; expected e\.g\. /],
    ['null', /^e: not a JSON object/],
  ])('%j is refused', (content, message) => {
    expect(() => parseEvaluation(content, 'e')).toThrow(message);
  });
});
