import { describe, expect, test } from '@jest/globals';
import { loadManifest, loadRegression, ManifestError } from '../../../src/manifest/load.ts';
import { tasks } from '../../../src/manifest/regression.ts';
import { regressionKeys } from '../../../src/manifest/regression-keys.ts';
import { type MetricFacts, metricsOf } from '../../../src/manifest/regression-metrics.ts';
import { manifestText } from '../../../src/rehearsal/manifest.ts';

const problems = (text: string): readonly string[] => {
  try {
    loadRegression(text, 'p.yml');
  } catch (error) {
    if (error instanceof ManifestError) return error.message.split('\n');
    throw error;
  }
  return [];
};
const binary = 'task: binary-classification\npositive: "1"\n';
const rulesOf = (text: string) => loadRegression(`${binary}${text}`, 'p.yml').rules;

const asking = {
  candidate: { is: 'temporary' },
  baseline: { is: 'serving' },
  concurrency: 4,
  also: [],
  validForSeconds: 7 * 24 * 3600,
};

describe('the answers of a ranking', () => {
  const ranking = (response: string): string =>
    `task: ranking\ngroup: query\nmetrics: [ndcg]\nrequest: { content-type: application/json, input: text, body: [$row] }\nresponse: ${response}\n`;

  test('have a score, and need no prediction', () => {
    expect(problems(ranking('{ score: "$.s" }'))).toEqual([]);
    expect(problems(ranking('{ prediction: "$.s" }')).join()).toContain('response needs score: a JSONPath');
  });
});

describe('a policy', () => {
  test('has every default filled in', () => {
    expect(loadRegression(`${binary}metrics: [accuracy, log-loss]\n`, 'p.yml')).toEqual({
      task: 'binary-classification',
      positive: '1',
      rules: [
        {
          metric: { metric: 'accuracy' },
          criterion: { is: 'non-inferior', margin: { value: 0.02, of: 'metric' } },
          confidence: 0.95,
          level: 'fail',
          byDefault: true,
        },
        {
          metric: { metric: 'log-loss' },
          criterion: { is: 'non-inferior', margin: { value: 0.05, of: 'baseline' } },
          confidence: 0.95,
          level: 'fail',
          byDefault: true,
        },
      ],
      slices: [],
      minimumSupport: { rows: 30, rowsOfClass: 10 },
      missing: 0,
      normalization: 'none',
      asking,
    });
  });

  test('keeps what is written', () => {
    const written = `task: ranking
dataset: { path: golden.jsonl, digest: "sha256:${'0a'.repeat(32)}", version: 2026-a, expires: 2028-02-29 }
group: query
cluster: customer
seed: 7
missing: 2.5%
minimum-support: { rows: 50 }
slices: [locale, "length > 3"]
rules: [{ metric: ndcg, k: 10, equivalent: { margin: 3% of baseline, confidence: 0.99 }, slice: "locale=de", level: warn }]
`;
    expect(loadRegression(written, 'p.yml')).toEqual({
      task: 'ranking',
      dataset: 'golden.jsonl',
      datasetDigest: `sha256:${'0a'.repeat(32)}`,
      datasetVersion: '2026-a',
      datasetExpires: '2028-02-29',
      group: 'query',
      cluster: 'customer',
      seed: 7,
      missing: 0.025,
      minimumSupport: { rows: 50, rowsOfClass: 10 },
      normalization: 'none',
      asking,
      slices: [
        { is: 'column', column: 'locale', text: 'locale' },
        {
          is: 'condition',
          text: 'length > 3',
          condition: { is: 'compare', column: 'length', by: '>', to: 3 },
        },
      ],
      rules: [
        {
          metric: { metric: 'ndcg', k: 10 },
          criterion: { is: 'equivalent', margin: { value: 0.03, of: 'baseline' } },
          confidence: 0.99,
          slice: 'locale = de',
          level: 'warn',
        },
      ],
    });
  });

  test.each([
    ['non-inferior: 0.02', { is: 'non-inferior', margin: { value: 0.02, of: 'metric' } }, 0.95],
    [
      'non-inferior: { margin: 0.02, confidence: 0.9 }',
      { is: 'non-inferior', margin: { value: 0.02, of: 'metric' } },
      0.9,
    ],
    ['equivalent: 7% of baseline', { is: 'equivalent', margin: { value: 0.07, of: 'baseline' } }, 0.95],
    ['superior: {}', { is: 'superior' }, 0.95],
    ['superior: { confidence: 0.99 }', { is: 'superior' }, 0.99],
    ['floor: 0.9', { is: 'floor', value: 0.9 }, 0.95],
    ['floor: { value: 0.9, confidence: 0.8 }', { is: 'floor', value: 0.9 }, 0.8],
    ['ceiling: 0', { is: 'ceiling', value: 0 }, 0.95],
    ['max-drop: 0.5% of baseline', { is: 'max-drop', margin: { value: 0.005, of: 'baseline' } }, 0.95],
    ['must-improve-by: { margin: 1 }', { is: 'must-improve-by', margin: { value: 1, of: 'metric' } }, 0.95],
  ])('rule %s', (written, criterion, confidence) => {
    expect(rulesOf(`rules: [{ metric: f1, ${written} }]`)).toEqual([
      { metric: { metric: 'f1' }, criterion, confidence, level: 'fail' },
    ]);
  });

  test('a metric has its default rule unless a rule is about all rows', () => {
    const rules = rulesOf(
      'metrics: [f1, recall, {metric: f-beta, beta: 2}]\nslices: [c]\nrules: [{ metric: f1, floor: 0.5, slice: c = x }, { metric: recall, floor: 0.5 }, { metric: f-beta, beta: 3, floor: 0.5 }]',
    );
    expect(rules.map(({ metric, byDefault = false, slice = '' }) => [metric, byDefault, slice])).toEqual([
      [{ metric: 'f1' }, false, 'c = x'],
      [{ metric: 'recall' }, false, ''],
      [{ metric: 'f-beta', beta: 3 }, false, ''],
      [{ metric: 'f1' }, true, ''],
      [{ metric: 'f-beta', beta: 2 }, true, ''],
    ]);
  });

  test('metrics of several classes are averaged by macro, one class is in brackets', () => {
    const written =
      'task: multiclass-classification\nmetrics: [recall, "recall[New York]", roc-auc, {metric: f1, average: micro}, accuracy, "roc-auc[a]"]';
    expect(loadRegression(written, 'p.yml').rules.map(({ metric }) => metric)).toEqual([
      { metric: 'recall', average: 'macro' },
      { metric: 'recall', class: 'New York' },
      { metric: 'roc-auc', average: 'macro', pairs: 'one-vs-rest' },
      { metric: 'f1', average: 'micro' },
      { metric: 'accuracy' },
      { metric: 'roc-auc', class: 'a' },
    ]);
  });

  const required = { beta: 2, k: 3, quantile: 0.9 } as const;
  test.each(tasks)('every metric of %s can be named', (task) => {
    const facts = Object.entries<MetricFacts>(metricsOf[task]);
    const rules = facts.map(([metric, { parameters }]) => ({
      metric,
      floor: 0,
      ...Object.fromEntries(Object.entries(required).filter(([name]) => parameters.some((one) => one === name))),
    }));
    const keys = { 'binary-classification': { positive: 1 }, ranking: { group: 'q' } } as const;
    const policy = { task, rules, ...(task in keys ? keys[task as keyof typeof keys] : {}) };
    expect(loadRegression(JSON.stringify(policy), 'p.yml').rules.map(({ metric }) => metric.metric)).toEqual(
      facts.map(([name]) => name),
    );
  });
});

describe('a mistake', () => {
  test.each([
    [
      'task: classification',
      '1:7: task: "classification" is not a task; expected binary-classification, multiclass-classification, regression, ranking or text',
    ],
    ...['31.12.2026', '2026-12-31T00:00:00Z'].map((day) => [
      `task: regression\nmetrics: [mae]\ndataset: { path: g, expires: "${day}" }`,
      `3:30: dataset.expires: "${day}" is not the last day of a dataset; expected a day, e.g. 2026-12-31`,
    ]),
    ...['2026-02-29', '2026-13-01'].map((day) => [
      `task: regression\nmetrics: [mae]\ndataset: { path: g, expires: "${day}" }`,
      '3:30: dataset.expires: must be a day of the calendar',
    ]),
    ['task: regression', '1:1: has neither metrics nor rules; expected at least one of them'],
    ['task: regression\nmetrics: []', '2:10: metrics: [] is not a list of metrics; expected 1 to 50 of them'],
    ['task: regression\nmetrics: [rsme]', '2:11: metrics.0: "rsme" is not a metric of regression; did you mean rmse?'],
    [
      'task: regression\nmetrics: [accuracy]',
      '2:11: metrics.0: "accuracy" is not a metric of regression; binary-classification or multiclass-classification has it',
    ],
    [
      'task: text\nmetrics: [bleu]',
      '2:11: metrics.0: "bleu" is not a metric of text; there are exact-match, token-f1, latency-p50, latency-p95, latency-p99, error-rate, payload-bytes',
    ],
    [
      'task: text\nmetrics: [toString]',
      '2:11: metrics.0: "toString" is not a metric of text; there are exact-match, token-f1, latency-p50, latency-p95, latency-p99, error-rate, payload-bytes',
    ],
    ['task: regression\nmetrics: [mae, mae]', '2:16: metrics.1: is there twice'],
    ['task: regression\nmetrics: [bias]', '2:11: metrics.0: bias has no default margin: give it a rule'],
    [
      'task: regression\nmetrics: [pinball]',
      '2:11: metrics.0: pinball needs quantile: { metric: pinball, quantile: 0.9 }',
    ],
    ['task: regression\nmetrics: [{ metric: mae, k: 3 }]', '2:11: metrics.0: mae has no k'],
    [
      'task: regression\nmetrics: [{ metric: pinball, quantile: 1.5 }]',
      '2:40: metrics.0.quantile: 1.5 is not a probability; expected a number between 0 and 1, e.g. 0.05',
    ],
    [
      'task: binary-classification\nmetrics: [f1]',
      '1:1: positive is missing; binary-classification needs the label of the positive class, e.g. "1"',
    ],
    ['task: ranking\nmetrics: [mrr]', '1:1: group is missing; ranking needs the column of the query'],
    [
      'task: regression\npositive: 1\nmetrics: [mae]',
      '2:11: positive: belongs to binary-classification, and the task is regression',
    ],
    [
      'task: regression\nnormalization: squad\nmetrics: [mae]',
      '2:16: normalization: belongs to text, and the task is regression',
    ],
    [
      'task: multiclass-classification\nmetrics: [{ metric: "recall[a]", average: macro }]',
      '2:11: metrics.0: recall of one class has neither average nor pairs',
    ],
    [
      'task: multiclass-classification\nmetrics: [{ metric: roc-auc, pairs: one-vs-one, average: micro }]',
      '2:11: metrics.0: roc-auc of pairs of classes has no micro average',
    ],
    ['task: multiclass-classification\nmetrics: ["accuracy[a]"]', '2:11: metrics.0: accuracy has no class'],
    [
      'task: regression\nrules: [{ metric: mae }]',
      '2:9: rules.0: has no criterion; expected non-inferior, equivalent, superior, floor, ceiling, max-drop or must-improve-by',
    ],
    [
      'task: regression\nrules: [{ metric: mae, floor: 1, max-drop: 2 }]',
      '2:9: rules.0: has floor and max-drop; a rule has one criterion',
    ],
    [
      'task: regression\nrules: [{ metric: mae, max-drop: -1 }]',
      '2:34: rules.0.max-drop: -1 is not a margin; expected a number above 0, e.g. 0.02, or a share of the baseline, e.g. 5% of baseline',
    ],
    [
      'task: regression\nrules: [{ metric: mae, max-drop: 0% of baseline }]',
      '2:34: rules.0.max-drop: "0% of baseline" is not a margin; expected a number above 0, e.g. 0.02, or a share of the baseline, e.g. 5% of baseline',
    ],
    [
      'task: regression\nrules: [{ metric: mae, max-drop: 5% }]',
      '2:34: rules.0.max-drop: "5%" is not a margin; expected a number above 0, e.g. 0.02, or a share of the baseline, e.g. 5% of baseline',
    ],
    [
      'task: regression\nrules: [{ metric: mae, floor: high }]',
      '2:31: rules.0.floor: "high" is not a floor; expected a number',
    ],
    [
      'task: regression\nrules: [{ metric: mae, non-inferior: { margin: 1, confidence: 0.4 } }]',
      '2:63: rules.0.non-inferior.confidence: 0.4 is not a confidence; expected a number from 0.5 to 1, both excluded, e.g. 0.95',
    ],
    [
      'task: regression\nrules: [{ metric: mae, floor: 1 }, { metric: mae, floor: 2 }]',
      '2:36: rules.1: is there twice',
    ],
    [
      'task: regression\nrules: [{ metric: mae, floor: 1, level: error }]',
      '2:41: rules.0.level: "error" is not a level; expected fail or warn',
    ],
    [
      'task: regression\nslices: [a]\nrules: [{ metric: mae, floor: 1, slice: a }]',
      '3:41: rules.0.slice: "a" is a column; expected one of its slices, e.g. a = DE',
    ],
    [
      'task: regression\nslices: [a, b > 1]\nrules: [{ metric: mae, floor: 1, slice: c = 1 }]',
      '3:41: rules.0.slice: "c = 1" is not among slices; add it there, or name one of a, b > 1',
    ],
    [
      'task: regression\nrules: [{ metric: mae, floor: 1, slice: b > 1 }]',
      '2:41: rules.0.slice: "b > 1" is not among slices; add it there',
    ],
    [
      'task: regression\nmetrics: [mae]\nslices: [a b]',
      '3:10: slices.0: "a b" is not a slice: expected =, !=, <, <=, >, >= or in, not b',
    ],
    ['task: regression\nmetrics: [mae]\nslices: [a>1, a > 1]', '3:15: slices.1: is there twice'],
    ['task: regression\nmetrics: [mae]\nmissing: 0.1', '3:10: missing: 0.1 is not a share; expected e.g. 0.5% or 5%'],
    [
      'task: regression\nmetrics: [mae]\ndataset: { path: a, digest: md5 }',
      '3:29: dataset.digest: "md5" is not a digest; expected sha256: and 64 hexadecimal digits',
    ],
    [
      'task: regression\nmetrics: [mae]\nminimum-support: 20',
      '3:18: minimum-support: 20 is not a mapping; expected keys and values',
    ],
    ['task: regression\nmetric: [mae]', '2:1: metric: unknown key; did you mean metrics?'],
    [
      'regression: { task: regression }',
      `1:1: regression: unknown key; allowed here: ${Object.keys(regressionKeys.shape).join(', ')}`,
    ],
  ])('%j', (text, expected) => {
    expect(problems(text)).toContain(`p.yml:${expected}`);
  });
});

describe('a mistake in the section of a manifest', () => {
  // Zod goes on after a value that is out of its range, with the section as it was written.
  test.each([
    ['concurrency: 100', 'concurrency: 100 is not a number of requests; expected a whole number, 1 to 64'],
    ['best-of: 0', 'best-of: 0 is not a number of versions; expected a whole number, 1 to 20'],
    ['rules: []', 'rules: [] is not a list of rules; expected 1 to 100 of them'],
    ['command: { run: [pytest], timeout: 2h }', 'command.timeout: must be 1s to 1h'],
  ])('%s is named', (line, expected) => {
    const text = `${manifestText()}regression:\n  task: regression\n  metrics: [mae]\n  request: { content-type: text/csv, input: [a] }\n  ${line}\n`;
    expect(() => loadManifest(text, 'd.yml')).toThrow(ManifestError);
    expect(() => loadManifest(text, 'd.yml')).toThrow(`regression.${expected}`);
  });
});
