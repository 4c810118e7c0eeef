import { describe, expect, test } from '@jest/globals';
import type { BiasRule } from '../../../src/manifest/asking.ts';
import { type BiasMetricName, biasMetricNames, biasMetrics } from '../../../src/manifest/clarify-metrics.ts';
import { parseAnalysis } from '../../../src/registry/analysis-file.ts';
import { agreements } from '../../../src/regression/clarify/attribution.ts';
import { attributionCheck } from '../../../src/regression/clarify/attribution-check.ts';
import { biasCells, distanceOf } from '../../../src/regression/clarify/bias.ts';
import { biasCheck } from '../../../src/regression/clarify/bias-check.ts';
import { InputError } from '../../../src/schema.ts';

const analysisOf = (value: unknown) => parseAnalysis(JSON.stringify(value), 'analysis.json');

/** As Clarify writes it (AWS: "Analysis Results"), with the values of two groups of one facet. */
const analysis = (stage: 'pre' | 'post', metrics: Readonly<Record<string, readonly unknown[]>>) =>
  analysisOf({
    version: '1.0',
    [`${stage}_training_bias_metrics`]: {
      label: 'target',
      label_value_or_threshold: '1',
      facets: {
        gender: ['0', '1'].map((value, at) => ({
          value_or_threshold: value,
          metrics: Object.entries(metrics).map(([name, values]) => ({ name, description: name, value: values[at] })),
        })),
      },
    },
  });
const rule = (metric: BiasMetricName, limits: Partial<BiasRule>): BiasRule => ({
  metric,
  facet: 'gender',
  level: 'fail',
  ...limits,
});

describe('the distance from no bias', () => {
  test.each<[BiasMetricName, number, number]>([
    ['DPPL', 0.1, 0.1],
    ['DPPL', -0.1, 0.1],
    ['KL', 0.3, 0.3],
    ['DI', 1, 0],
    ['DI', 0.8, 0.2],
    ['DI', 1.25, 0.2],
    ['DI', 0, 1],
    ['DI', 2, 0.5],
  ])('of %s = %d is %d', (metric, value, distance) => {
    expect(distanceOf(metric, value)).toBeCloseTo(distance, 12);
  });

  test('is known for every metric of Clarify, each in one of its two reports', () => {
    // smclarify, bias/metrics: pretraining.py and posttraining.py; GE is in AWS's documentation alone.
    expect(biasMetricNames.filter((name) => biasMetrics[name].stage === 'pre-training').sort()).toEqual(
      ['CDDL', 'CI', 'DPL', 'JS', 'KL', 'KS', 'LP', 'TVD'].sort(),
    );
    expect(biasMetricNames.filter((name) => biasMetrics[name].stage === 'post-training').sort()).toEqual(
      ['AD', 'CDDPL', 'DAR', 'DCA', 'DCR', 'DI', 'DPPL', 'DRR', 'FT', 'GE', 'RD', 'SD', 'TE'].sort(),
    );
  });
});

describe('rules about bias', () => {
  const ruled = (rules: readonly BiasRule[], now: readonly unknown[], was?: readonly unknown[]) =>
    biasCheck(
      biasCells(
        rules,
        analysis('post', { DPPL: now, DI: now }),
        was === undefined ? 'package churn/3 was deleted' : analysis('post', { DPPL: was, DI: was }),
      ),
    );

  test.each([
    [0.1, 'pass'],
    [-0.1, 'pass'],
    [0.1000001, 'fail'],
    [-0.2, 'fail'],
  ] as const)('a limit of 0.1 and the value %d in one group: %s', (value, verdict) => {
    expect(ruled([rule('DPPL', { limit: 0.1 })], [0.02, value]).verdict).toBe(verdict);
  });

  test.each([
    [0.05, 0.04, 'pass'],
    [-0.05, 0.04, 'pass'],
    [0.07, 0.04, 'fail'],
    [-0.07, 0.04, 'fail'],
    // Nearer to none, by however much.
    [0.01, 0.9, 'pass'],
  ] as const)('max-worsening 0.02, from %d … %d: %s', (now, was, verdict) => {
    expect(ruled([rule('DPPL', { maxWorsening: 0.02 })], [0, now], [0, was]).verdict).toBe(verdict);
  });

  test('a ratio worsens in both directions', () => {
    const di = rule('DI', { maxWorsening: 0.05 });
    expect(ruled([di], [1, 0.84], [1, 0.9]).verdict).toBe('fail');
    expect(ruled([di], [1, 1.2], [1, 0.9]).verdict).toBe('fail');
    expect(ruled([di], [1, 1 / 0.88], [1, 0.9]).verdict).toBe('pass');
  });

  test('the sentence has the metric, the group and the numbers; the table has every group', () => {
    const check = ruled([rule('DPPL', { limit: 0.1, maxWorsening: 0.02 })], [0.02, 0.31], [0.02, 0.05]);
    expect(check).toMatchObject({
      name: 'bias',
      level: 'fail',
      verdict: 'fail',
      because:
        'DPPL of gender = 1 is 0.31: 0.31 away from 0, limit 0.1, and is further away from 0 than in the version that serves by 0.26, tolerated 0.02. These are points without an interval, weaker than rules over rows',
      cases: [
        { name: 'DPPL of gender = 0', verdict: 'pass' },
        { name: 'DPPL of gender = 1', verdict: 'fail' },
      ],
    });
    expect(check.table?.rows).toEqual([
      ['DPPL', 'gender', '0', '0.02', '0.02', '0.02', '0.1', '0.02', 'pass'],
      ['DPPL', 'gender', '1', '0.05', '0.31', '0.31', '0.1', '0.02', 'fail'],
    ]);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['a text', '0.01'],
    ['absent', undefined],
  ])('a value that is %s decides nothing', (_, value) => {
    expect(ruled([rule('DPPL', { limit: 0.1 })], [0.01, value])).toMatchObject({
      verdict: 'inconclusive',
      because: expect.stringContaining('DPPL of gender = 1 could not be computed by Clarify'),
    });
    expect(ruled([rule('DPPL', { maxWorsening: 0.1 })], [0.01, 0.01], [0.01, value]).verdict).toBe('inconclusive');
  });

  test.each<[string, BiasRule, RegExp]>([
    ['metric', rule('AD', { limit: 0.1 }), /^AD of gender = 0 is not in the report/],
    ['facet', { ...rule('DPPL', { limit: 0.1 }), facet: 'age' }, /no such facet; it has gender/],
    ['stage', rule('DPL', { limit: 0.1 }), /the report has no pre-training bias/],
  ])('a report without the %s decides nothing', (_, one, because) => {
    const check = ruled([one], [0, 0]);
    expect(check.verdict).toBe('inconclusive');
    expect(check.because).toMatch(because);
  });

  test('without a baseline a limit decides, and a worsening does not', () => {
    expect(ruled([rule('DPPL', { limit: 0.1 })], [0, 0]).verdict).toBe('pass');
    expect(ruled([rule('DPPL', { maxWorsening: 0.1 })], [0, 0])).toMatchObject({
      verdict: 'inconclusive',
      because: expect.stringContaining('has no value to compare with: package churn/3 was deleted'),
    });
    // A limit that is broken is a failure, whatever else is not known.
    expect(ruled([rule('DPPL', { limit: 0.1, maxWorsening: 0.1 })], [0, 0.5]).verdict).toBe('fail');
  });

  test('a group that the candidate no longer reports is open under a worsening, and not under a limit', () => {
    const report = (...values: readonly string[]) =>
      analysisOf({
        post_training_bias_metrics: {
          facets: {
            gender: values.map((value) => ({ value_or_threshold: value, metrics: [{ name: 'DPPL', value: 0.01 }] })),
          },
        },
      });
    const ruled = (limits: Partial<BiasRule>) =>
      biasCheck(biasCells([rule('DPPL', limits)], report('0'), report('0', '1')));
    expect(ruled({ maxWorsening: 0.02 })).toMatchObject({
      verdict: 'inconclusive',
      because: expect.stringContaining('DPPL of gender = 1 is gone'),
    });
    expect(ruled({ limit: 0.1 }).verdict).toBe('pass');
  });

  test('a rule that warns changes no verdict, and is counted', () => {
    const [kept, warns] = [rule('DPPL', { limit: 0.5 }), rule('DI', { limit: 0.01, level: 'warn' })];
    expect(ruled([kept, warns], [0.4, 0.4])).toMatchObject({
      level: 'fail',
      verdict: 'pass',
      because: expect.stringContaining('; 2 rules that only warn are not kept'),
      cases: expect.arrayContaining([
        { name: 'DI of gender = 0', verdict: 'inconclusive', because: expect.stringMatching(/^warns only: is 0.4/) },
      ]),
    });
    expect(ruled([warns], [0.4, 0.4])).toMatchObject({ level: 'warn', verdict: 'fail' });
  });
});

describe('the order of the features', () => {
  const shap = (values: Readonly<Record<string, unknown>>, label = 'label0') =>
    analysisOf({
      version: '1.0',
      explanations: { kernel_shap: { [label]: { global_shap_values: values, expected_value: 0.5 } } },
    });
  const ndcg = (candidate: readonly number[], baseline: readonly number[]) => {
    const of = (values: readonly number[]) => shap(Object.fromEntries(values.map((value, at) => [`f${at}`, value])));
    return agreements(of(candidate), of(baseline))[0]?.ndcg;
  };

  // scikit-learn: ndcg_score([baseline], [candidate]), to which AWS's page about these violations refers.
  test.each([
    [[0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [3, 2, 3, 0, 1, 2], 0.960808194336],
    [[0.5, 0.5, 0.5, 0.1], [1, 0, 0, 1], 0.6995926547],
    [[3, 2, 1], [0.5, 0.3, 0.2], 1],
  ])('%j against %j is as scikit-learn has it', (candidate, baseline, expected) => {
    expect(ndcg(candidate, baseline)).toBeCloseTo(expected, 9);
  });

  test('costs most where the important features change places', () => {
    const [first = 1, last = 1] = [ndcg([2, 3, 1, 0.5], [3, 1, 0.5, 0.2]), ndcg([3, 2, 0.5, 1], [3, 1, 0.5, 0.2])];
    expect(first).toBeLessThan(last);
    expect(last).toBeLessThan(1);
  });

  test('decides by the least nDCG, for every label', () => {
    const check = (least: number) =>
      attributionCheck({ ndcg: least, level: 'fail' }, agreements(shap({ a: 1, b: 10 }), shap({ a: 10, b: 1 })));
    // (1 + 10/log2(3)) / (10 + 1/log2(3)).
    const value = (1 + 10 / Math.log2(3)) / (10 + 1 / Math.log2(3));
    expect(value).toBeCloseTo(0.6876, 4);
    expect(check(0.6)).toMatchObject({
      verdict: 'pass',
      because: expect.stringContaining('nDCG 0.6876, at least 0.6'),
    });
    expect(check(0.9)).toMatchObject({
      name: 'attribution',
      verdict: 'fail',
      because:
        'label label0: the features matter in another order than in the version that serves: nDCG 0.6876, at least 0.9',
      table: { rows: [['label0', '2', '0.6876', '0.9', 'fail']] },
    });
    const two = analysisOf({
      explanations: {
        kernel_shap: {
          good: { global_shap_values: { a: 1, b: 10 } },
          bad: { global_shap_values: { a: 10, b: 1 } },
        },
      },
    });
    const serving = analysisOf({
      explanations: {
        kernel_shap: { good: { global_shap_values: { a: 1, b: 9 } }, bad: { global_shap_values: { a: 1, b: 10 } } },
      },
    });
    expect(attributionCheck({ ndcg: 0.9, level: 'fail' }, agreements(two, serving))).toMatchObject({
      verdict: 'fail',
      because: expect.stringMatching(/^label bad: /),
      cases: [{ name: 'label good', verdict: 'pass' }, expect.objectContaining({ name: 'label bad', verdict: 'fail' })],
    });
  });

  test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ['other features', { a: 1, c: 2 }, /the features differ: the candidate has no b, the baseline has no c/],
    ['a value that is not known', { a: 1, b: null }, /b has no attribution/],
    ['a sign', { a: 1, b: -2 }, /some attributions are negative; aggregate them as mean_abs or mean_sq/],
  ])('with %s decides nothing', (_, values, because) => {
    const check = attributionCheck({ ndcg: 0.9, level: 'fail' }, agreements(shap(values), shap({ a: 3, b: 1 })));
    expect(check.verdict).toBe('inconclusive');
    expect(check.because).toMatch(because);
  });

  test.each([
    [{}, /^neither report has global SHAP values/],
    [
      { explanations: { kernel_shap: { other: { global_shap_values: { a: 1 } } } } },
      /the candidate has no attributions of it/,
    ],
  ])('without attributions, or of other labels, decides nothing', (document, because) => {
    const check = attributionCheck(
      { ndcg: 0.9, level: 'fail' },
      agreements(analysisOf(document), 'explanations' in document ? shap({ a: 1 }) : analysisOf({})),
    );
    expect(check.verdict).toBe('inconclusive');
    expect(check.because).toMatch(because);
  });

  test('of a baseline in which nothing matters decides nothing', () => {
    expect(agreements(shap({ a: 1, b: 2 }), shap({ a: 0, b: 0 }))).toMatchObject([
      { open: 'the baseline has no attribution above 0' },
    ]);
  });
});

describe('a file that is no analysis.json is refused by its place', () => {
  test.each<[unknown, RegExp]>([
    [[], /not a JSON object/],
    [{ post_training_bias_metrics: { facets: [] } }, /post_training_bias_metrics\.facets is no mapping of facets$/],
    [
      { post_training_bias_metrics: { facets: { g: [{ value_or_threshold: '0' }] } } },
      /post_training_bias_metrics\.facets\.g\.0\.metrics is no list of metrics$/,
    ],
    [
      { explanations: { kernel_shap: { label0: {} } } },
      /explanations\.kernel_shap\.label0\.global_shap_values is no mapping of features$/,
    ],
  ])('%j', (value, message) => {
    expect(() => analysisOf(value)).toThrow(InputError);
    expect(() => analysisOf(value)).toThrow(new RegExp(`^analysis\\.json: ${message.source}`));
  });
});
