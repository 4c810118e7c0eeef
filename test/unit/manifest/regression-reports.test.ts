import { describe, expect, test } from '@jest/globals';
import type { Asking } from '../../../src/manifest/asking.ts';
import { loadRegression } from '../../../src/manifest/load.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';

const usual = 'request: { content-type: text/csv, input: [age, income] }';

const asking = (keys: string, request = usual): Asking =>
  (loadRegression(`task: regression\nmetrics: [mae]\n${request}\n${keys}\n`, 'p.yml') as RegressionSpec).asking;

describe('`contract` of `regression`', () => {
  test('names the constraints, and the column of the predictions in them', () => {
    expect(asking('contract: { constraints: registered }').contract).toEqual({
      constraints: 'registered',
      level: 'fail',
    });
    expect(
      asking('contract: { constraints: "s3://ml/constraints.json", output: churn, level: warn }').contract,
    ).toEqual({ constraints: 's3://ml/constraints.json', output: 'churn', level: 'warn' });
    expect(asking('').contract).toBeUndefined();
  });

  test.each([
    ['{}', 'contract.constraints'],
    ['{ constraints: registered, output: age }', 'contract.output: is a column of request.input'],
    ['{ constraints: registered, level: info }', 'contract.level: "info" is not a level; expected fail or warn'],
    ['{ constraints: registered, file: a }', 'contract.file: unknown key; allowed here: constraints, output, level'],
  ])('%s is refused', (contract, because) => {
    expect(() => asking(`contract: ${contract}`)).toThrow(because);
  });

  test('needs the columns of requests', () => {
    expect(() => asking('contract: { constraints: registered }', 'candidate: { predictions: a.jsonl }')).toThrow(
      'contract: needs request.input, whose columns it compares with the constraints',
    );
  });
});

describe('`bias` of `regression`', () => {
  test('has rules of the metrics that Clarify has', () => {
    expect(
      asking(
        'bias: [{ metric: DPPL, facet: gender, limit: 0.1 }, { metric: DI, facet: age, max-worsening: 0.02, level: warn }]',
      ).bias,
    ).toEqual([
      { metric: 'DPPL', facet: 'gender', limit: 0.1, level: 'fail' },
      { metric: 'DI', facet: 'age', maxWorsening: 0.02, level: 'warn' },
    ]);
  });

  test.each([
    ['[]', 'bias'],
    ['[{ metric: DPPL, facet: gender }]', 'bias.0: has neither limit nor max-worsening'],
    [
      '[{ metric: DPPL, facet: gender, limit: 5 }]',
      'bias.0.limit: could never fail: DPPL is at most 1 away from no bias',
    ],
    ['[{ metric: DI, facet: gender, max-worsening: 1 }]', 'bias.0.max-worsening: could never fail: DI is at most 1'],
    [
      '[{ metric: DPL2, facet: gender, limit: 0.1 }]',
      'bias.0.metric: "DPL2" is not a bias metric of SageMaker Clarify; did you mean DPL?',
    ],
    [
      '[{ metric: fairness, facet: gender, limit: 0.1 }]',
      'bias.0.metric: "fairness" is not a bias metric of SageMaker Clarify; there are CI, DPL',
    ],
    [
      '[{ metric: DPPL, facet: gender, limit: -0.1 }]',
      'bias.0.limit: -0.1 is not a limit; expected a number, 0 or more',
    ],
    ['[{ metric: DPPL, limit: 0.1 }]', 'bias.0.facet'],
    ['[{ metric: DPPL, facet: g, limit: 0.1 }, { metric: DPPL, facet: g, limit: 0.2 }]', 'bias.1: is there twice'],
  ])('%s is refused', (bias, because) => {
    expect(() => asking(`bias: ${bias}`)).toThrow(because);
  });
});

describe('`attribution` of `regression`', () => {
  test('has the least nDCG, by default that of Model Monitor', () => {
    expect(asking('attribution: {}').attribution).toEqual({ ndcg: 0.9, level: 'fail' });
    expect(asking('attribution: { ndcg: 0.95, level: warn }').attribution).toEqual({ ndcg: 0.95, level: 'warn' });
  });

  test.each([
    ['{ ndcg: 0 }', 'attribution.ndcg: 0 is not an nDCG; expected a number above 0 and up to 1'],
    ['{ ndcg: 1.1 }', 'attribution.ndcg'],
    ['0.9', 'attribution: 0.9 is not a mapping'],
  ])('%s is refused', (attribution, because) => {
    expect(() => asking(`attribution: ${attribution}`)).toThrow(because);
  });
});
