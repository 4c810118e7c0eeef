import { describe, expect, test } from '@jest/globals';
import { parseEvaluation } from '../../../src/registry/evaluation.ts';
import {
  keptReports,
  parseAnalysisReport,
  parseDataConstraints,
  reportMembersOf,
  reportObject,
} from '../../../src/registry/kept-reports.ts';

const text = '{"binary_classification_metrics": {"auc": {"value": 0.8, "standard_deviation": "NaN"}}}';
const releases = { bucket: 'ml-releases', prefix: 'churn/' };
// sha256sum of `text`, computed outside this suite.
const sha256 = 'd8b8060f414ff7089bc80334c0330eaf60465e1e738857695c1c5e560055709a';

describe('evaluation.json', () => {
  test('is kept under its own hash, which the registry is told too', () => {
    const evaluation = parseEvaluation(text, 'evaluation.json');
    expect(evaluation).toEqual({ text, sha256, hasKnownGroup: true });
    expect(reportObject(releases, evaluation)).toEqual({
      bucket: 'ml-releases',
      key: `churn/evaluations/${sha256}.json`,
    });
    expect(reportMembersOf(releases, { evaluation })).toEqual({
      ModelMetrics: {
        ModelQuality: {
          Statistics: {
            ContentType: 'application/json',
            ContentDigest: `sha256:${sha256}`,
            S3Uri: `s3://ml-releases/churn/evaluations/${sha256}.json`,
          },
        },
      },
    });
  });

  test('without a group that Studio knows is taken, and known to be so', () => {
    expect(parseEvaluation('{"bleu": {"value": 1}}', 'e').hasKnownGroup).toBe(false);
  });

  test('is read behind the mark of an encoding, and kept with it', () => {
    const marked = `\ufeff${text}`;
    expect(parseEvaluation(marked, 'e')).toMatchObject({ text: marked, hasKnownGroup: true });
  });

  test.each([
    ['{"a": NaN}', /^e: not JSON: .*; write NaN and Infinity as strings$/],
    ['{"a": 1', /^e: not JSON: (?!.*NaN)/],
    ['[]', /^e: not a JSON object; expected e\.g\. /],
    ['null', /^e: not a JSON object/],
    ['{"group": {"auc": {"value": 0.1}, "auc": {"value": 0.9}}}', /^e: an object has the member "auc" twice/],
  ])('%j is refused', (content, message) => {
    expect(() => parseEvaluation(content, 'e')).toThrow(message);
  });
});

const dppl = (value: number) => ({ name: 'DPPL', value });

describe('the reports of a version', () => {
  const constraints = parseDataConstraints('{"features": [{"name": "tenure"}]}', 'constraints.json');
  const analysis = parseAnalysisReport('{"explanations": {}}', 'analysis.json');
  const source = ({ sha256: digest }: { readonly sha256: string }) => ({
    ContentType: 'application/json',
    ContentDigest: `sha256:${digest}`,
    S3Uri: `s3://ml-releases/churn/evaluations/${digest}.json`,
  });

  test('stand in the members of AWS, the constraints also as the baseline of drift checks', () => {
    expect(
      reportMembersOf(releases, {
        'data-constraints': constraints,
        'bias-report': analysis,
        'explainability-report': analysis,
      }),
    ).toEqual({
      ModelMetrics: {
        ModelDataQuality: { Constraints: source(constraints) },
        Bias: { Report: source(analysis) },
        Explainability: { Report: source(analysis) },
      },
      DriftCheckBaselines: { ModelDataQuality: { Constraints: source(constraints) } },
    });
    expect(reportMembersOf(releases, {})).toEqual({});
  });

  test('of a package that is taken over stay, as far as none replaces them', () => {
    const theirs = { ContentType: 'application/json', S3Uri: 's3://ml-training/theirs.json' };
    expect(
      reportMembersOf(
        releases,
        { 'data-constraints': constraints },
        {
          ModelMetrics: {
            ModelQuality: { Statistics: theirs },
            ModelDataQuality: { Statistics: theirs, Constraints: theirs },
          },
          DriftCheckBaselines: { Bias: { PostTrainingConstraints: theirs } },
        },
      ),
    ).toEqual({
      ModelMetrics: {
        ModelQuality: { Statistics: theirs },
        ModelDataQuality: { Statistics: theirs, Constraints: source(constraints) },
      },
      DriftCheckBaselines: {
        Bias: { PostTrainingConstraints: theirs },
        ModelDataQuality: { Constraints: source(constraints) },
      },
    });
  });

  test('are kept once where two of them are one file', () => {
    expect(
      keptReports({ 'bias-report': analysis, 'explainability-report': analysis, 'data-constraints': constraints }).map(
        ({ what }) => what,
      ),
    ).toEqual(['the constraints of the data', 'the bias report and the explainability report']);
  });

  test('of another kind are refused by the name of the file', () => {
    expect(() => parseDataConstraints('{"regression_constraints": {}}', 'c.json')).toThrow(
      'c.json: is a file of model quality (regression_constraints); expected the constraints of the data quality, which have `features`',
    );
    expect(() => parseAnalysisReport('{"explanations": {"kernel_shap": {"a": 1}}}', 'a.json')).toThrow(
      'a.json: explanations.kernel_shap.a is no object',
    );
    expect(() => parseAnalysisReport('{"a": NaN}', 'a.json')).toThrow(/^a\.json: not JSON: .*write NaN and Infinity/);
  });

  test.each([
    ['a metric', [{ value_or_threshold: '0', metrics: [dppl(0.9), dppl(0)] }], 'the metric "DPPL" twice'],
    [
      'a group',
      [
        { value_or_threshold: 0, metrics: [dppl(0.9)] },
        { value_or_threshold: '0', metrics: [dppl(0)] },
      ],
      'the group "0" twice',
    ],
  ])('an analysis with %s twice is ambiguous', (_name, gender, message) => {
    const text = JSON.stringify({ post_training_bias_metrics: { facets: { gender } } });
    expect(() => parseAnalysisReport(text, 'a.json')).toThrow(`a.json: "gender" has ${message}, so it is ambiguous`);
  });
});
