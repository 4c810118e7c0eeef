import { describe, expect, test } from '@jest/globals';
import { decideBias } from '../../../src/approval/policy/decide-bias.ts';
import { type Beside, decideMetric } from '../../../src/approval/policy/decide-metric.ts';
import { figure } from '../../../src/approval/policy/figure.ts';
import { type Found, numberIn, numberOfText } from '../../../src/approval/policy/number-in.ts';
import { policyBecause, policyDecision } from '../../../src/approval/policy/policy-decision.ts';
import { descriptionOf } from '../../../src/approval/write-decision.ts';
import type { DecidedRule } from '../../../src/findings/approval-policy.ts';
import type { Bound, MetricRule } from '../../../src/manifest/approval-policy.ts';
import type { Analysis } from '../../../src/regression/clarify/analysis.ts';
import { fc } from '../../support/properties.ts';

const metric = (bound: Bound, path: readonly string[] = ['recall']): MetricRule => ({
  is: 'metric',
  from: 'evaluation',
  path,
  bound,
});
const notWorse = (changes: Partial<Extract<Bound, { is: 'not-worse' }>> = {}): Extract<Bound, { is: 'not-worse' }> => ({
  is: 'not-worse',
  than: 'serving',
  by: 0,
  higherIs: 'better',
  firstPasses: false,
  ...changes,
});
const nothing: Beside = { is: 'nothing' };
const serving = (value: Found): Beside => ({ is: 'found', value, of: 'the serving package churn/3' });

describe('the number at a path', () => {
  const report = {
    group: { recall: { value: 0.7, standard_deviation: 'NaN' }, 'f1.macro': 0.5, whole: 3, nan: { value: 'NaN' } },
    features: [
      { name: 'age', completeness: 1 },
      { name: 'twice', completeness: 1 },
      { name: 'twice', completeness: 0 },
    ],
    violations: [{ feature_name: 'age' }, { feature_name: 'sex' }],
    value: 7,
  };

  test.each([
    [['group', 'recall'], 0.7],
    [['group', 'recall', 'value'], 0.7],
    [['group', 'f1.macro'], 0.5],
    [['group', 'whole'], 3],
    [['features', 'age', 'completeness'], 1],
    [['violations'], 2],
    [['value'], 7],
  ])('%j is %s', (path, value) => {
    expect(numberIn(report, path)).toBe(value);
  });

  test.each([
    [['group', 'precision'], 'is not in the report: group has recall, f1.macro, whole, nan'],
    [['metrics', 'recall'], 'is not in the report: the report has group, features, violations, value'],
    [['group'], 'is no number in the report, and has no number as its `value`'],
    [['group', 'nan'], 'is no number in the report, and has no number as its `value`'],
    [['group', 'recall', 'standard_deviation'], 'is no number in the report'],
    [['features'], 'is no number in the report'],
    [['features', '0'], 'is not in the report: features has age, twice, twice'],
    [['features', 'twice', 'completeness'], 'is not in the report: features has age, twice, twice'],
    [['constructor', 'length'], 'is not in the report: the report has group, features, violations, value'],
    [['group', 'toString'], 'is not in the report: group has recall, f1.macro, whole, nan'],
    [['__proto__'], 'is not in the report: the report has group, features, violations, value'],
    [['group', 'recall', 'value', 'deeper'], 'is not in the report: group.recall.value has no names'],
  ])('%j is none: %s', (path, why) => {
    expect(numberIn(report, path)).toBe(why);
  });

  test.each(['NaN', 'Infinity', '-Infinity', null, true, '0.9', [], [0.9], {}, { value: null }, { value: '0.9' }])(
    'the value %j is no number',
    (value) => {
      expect(typeof numberIn({ recall: value }, ['recall'])).toBe('string');
    },
  );

  test.each([
    ['0.93', 0.93],
    [' 1e-3 ', 0.001],
    ['-2', -2],
    ['.5', 0.5],
  ])('in metadata %j is %s', (text, value) => {
    expect(numberOfText(text)).toBe(value);
  });

  test.each([undefined, '', ' ', 'NaN', 'Infinity', '0x10', '1e999', '0.9 of 1', '1,5', '1_000', 'ok'])(
    'in metadata %j is none',
    (text) => {
      expect(typeof numberOfText(text)).toBe('string');
    },
  );
});

describe('a figure', () => {
  test.each([
    [0.7142857142857143, undefined, '0.7143'],
    [0.59999999, 0.6, '0.59999999'],
    [0.6, 0.6, '0.6'],
    [123456.789, 5, '123500'],
  ])('%s beside %s is %s', (value, beside, text) => {
    expect(figure(value, beside)).toBe(text);
  });

  test('never seems to stand on the other side of the number beside it', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (value, beside) => {
          expect(Math.sign(Number(figure(value, beside)) - beside)).toBe(Math.sign(value - beside));
        },
      ),
    );
  });
});

describe('a rule about a number', () => {
  test.each([
    [metric({ is: 'at-least', limit: 0.6 }), 0.6, nothing, 'holds'],
    [metric({ is: 'at-least', limit: 0.6 }), 0.5999999999, nothing, 'broken'],
    [metric({ is: 'at-most', limit: 4 }), 4, nothing, 'holds'],
    [metric({ is: 'at-most', limit: 4 }), 4.0000001, nothing, 'broken'],
    [metric({ is: 'at-most', limit: 4 }), 'is not in the report', nothing, 'open'],
    [metric(notWorse()), 0.7, serving(0.7), 'holds'],
    [metric(notWorse()), 0.71, serving(0.7), 'holds'],
    [metric(notWorse()), 0.69, serving(0.7), 'broken'],
    // 0.7 - 0.01 is more than 0.69 by rounding.
    [metric(notWorse({ by: 0.01 })), 0.69, serving(0.7), 'holds'],
    [metric(notWorse({ by: 0.01 })), 0.6899, serving(0.7), 'broken'],
    [metric(notWorse({ higherIs: 'worse' })), 0.71, serving(0.7), 'broken'],
    [metric(notWorse({ higherIs: 'worse', by: 0.01 })), 0.71, serving(0.7), 'holds'],
    [metric(notWorse({ higherIs: 'worse' })), 0.69, serving(0.7), 'holds'],
    [metric(notWorse()), 0.7, serving('is not in the report'), 'open'],
    [metric(notWorse()), 'is not in the report', serving(0.7), 'open'],
    [metric(notWorse()), 0.7, { is: 'unknown', why: 'endpoint churn is Updating' }, 'open'],
    [metric(notWorse()), 0.7, nothing, 'open'],
    [metric(notWorse({ firstPasses: true })), 0.7, nothing, 'left-out'],
    [metric(notWorse({ firstPasses: true })), 'is not in the report', nothing, 'open'],
    [metric(notWorse({ firstPasses: true })), 0.7, { is: 'unknown', why: 'endpoint churn is Updating' }, 'open'],
    [metric(notWorse({ firstPasses: true })), 0.69, serving(0.7), 'broken'],
  ] as const)('%#: %j with %j is %s', (rule, value, beside, ruling) => {
    expect(decideMetric(rule, value, beside).ruling).toBe(ruling);
  });

  test('shows its figures, and names the report where it is another one than usual', () => {
    const path = ['binary_classification_metrics', 'recall', 'value'];
    expect(decideMetric(metric(notWorse({ by: 0.01 }), path), 0.6, serving(0.7))).toEqual({
      rule: 'binary_classification_metrics.recall not worse than the version that serves by more than 0.01',
      ruling: 'broken',
      value: 0.6,
      limit: 0.69,
      beside: 0.7,
      because:
        'binary_classification_metrics.recall is 0.6 beside 0.7 of the serving package churn/3; worse by at most 0.01 is allowed',
    });
    expect(
      decideMetric(
        { ...metric({ is: 'at-most', limit: 1 }, ['metric.validation:auc']), from: 'metadata' },
        0.9,
        nothing,
      ).because,
    ).toBe('metadata metric.validation:auc is 0.9, at most 1');
  });
});

describe('a rule about bias', () => {
  const report = (groups: Readonly<Record<string, number | undefined>>): Analysis => ({
    bias: {
      'post-training': new Map([
        ['sex', Object.entries(groups).map(([value, one]) => ({ value, metrics: new Map([['DPPL', one]]) }))],
      ]),
    },
    attributions: new Map(),
  });
  const limit = (most: number) =>
    ({ is: 'bias', rule: { metric: 'DPPL', facet: 'sex', level: 'fail', limit: most }, firstPasses: false }) as const;
  const worsening = (by: number, firstPasses = false) =>
    ({ is: 'bias', rule: { metric: 'DPPL', facet: 'sex', level: 'fail', maxWorsening: by }, firstPasses }) as const;
  const found = (groups: Readonly<Record<string, number>>) => ({ is: 'found', analysis: report(groups) }) as const;

  test.each([
    ['every group within the limit', limit(0.1), report({ a: 0.1, b: -0.05 }), nothing, 'holds'],
    ['one group beyond it', limit(0.1), report({ a: 0.05, b: -0.11 }), nothing, 'broken'],
    ['one group that Clarify could not compute', limit(0.1), report({ a: 0.05, b: undefined }), nothing, 'open'],
    ['one beyond it beside one without a value', limit(0.1), report({ a: 0.2, b: undefined }), nothing, 'broken'],
    ['no such facet', { ...limit(0.1), rule: { ...limit(0.1).rule, facet: 'age' } }, report({ a: 0 }), nothing, 'open'],
    ['no group', limit(0.1), report({}), nothing, 'open'],
    ['no report', limit(0.1), 'churn names no such report', nothing, 'open'],
    ['not worse', worsening(0.02), report({ a: 0.1 }), found({ a: -0.09 }), 'holds'],
    ['worse', worsening(0.02), report({ a: 0.1 }), found({ a: 0.05 }), 'broken'],
    ['a group that is gone', worsening(0.02), report({ a: 0.1 }), found({ a: 0.1, b: 0.5 }), 'open'],
    ['an unknown version that serves', worsening(0.02), report({ a: 0.1 }), { is: 'unknown', why: 'no' }, 'open'],
    ['a first version', worsening(0.02), report({ a: 0.1 }), nothing, 'open'],
    ['a first version that passes', worsening(0.02, true), report({ a: 0.1 }), nothing, 'left-out'],
    ['a first version whose own value is missing', worsening(0.02, true), report({ a: undefined }), nothing, 'open'],
  ] as const)('%s: %#', (_name, rule, candidate, beside, ruling) => {
    expect(decideBias(rule, candidate, beside as never).ruling).toBe(ruling);
  });
});

const rule = (ruling: DecidedRule['ruling'], because: string = ruling): DecidedRule => ({ rule: 'r', ruling, because });
const anyRuling = fc.constantFrom<DecidedRule['ruling']>('holds', 'broken', 'open', 'left-out');
const anyRules = fc.array(
  fc.record({ rule: fc.string(), ruling: anyRuling, because: fc.string({ maxLength: 400, unit: 'binary' }) }),
  { maxLength: 50 },
);

describe('the decision', () => {
  test('is an approval only where no rule is broken or undecided, and a rejection only where one is broken', () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const { is } = policyDecision(rules);
        const has = (ruling: DecidedRule['ruling']) => rules.some((one) => one.ruling === ruling);
        expect(is === 'reject').toBe(has('broken'));
        expect(is === 'approve').toBe(rules.length > 0 && !has('broken') && !has('open'));
      }),
    );
  });

  test('of numbers is an approval only where every number is there and within its bound', () => {
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant('is no number'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, value, fc.double({ min: -10, max: 10, noNaN: true }), fc.boolean()), {
          minLength: 1,
          maxLength: 10,
        }),
        (given) => {
          const decided = given.map(([mine, other, bound, compares]) =>
            compares
              ? decideMetric(metric(notWorse({ by: Math.abs(bound) })), mine, serving(other))
              : decideMetric(metric({ is: 'at-least', limit: bound }), mine, nothing),
          );
          const isKept = given.every(([mine, other, bound, compares]) => {
            if (typeof mine === 'string') return false;
            if (!compares) return mine >= bound;
            if (typeof other === 'string') return false;
            return other - mine <= Math.abs(bound) + 1e-9 * Math.max(1, Math.abs(mine), Math.abs(other));
          });
          if (policyDecision(decided).is === 'approve') expect(isKept).toBe(true);
        },
      ),
    );
  });

  test('fits the registry, with its counts first and the deciding rules before the rest', () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const decision = policyDecision(rules);
        if (decision.is === 'open') return;
        const text = descriptionOf(decision);
        expect(text.length).toBeLessThanOrEqual(1024);
        expect(text).toMatch(new RegExp(`^policy: \\d+ of ${rules.length} rules? holds?`));
      }),
    );
    const long = (name: string) => `${name} ${'x'.repeat(300)}`;
    const many = [
      ...Array.from({ length: 12 }, () => rule('holds', long('held'))),
      rule('open', long('why')),
      rule('broken', long('worse')),
    ];
    const text = policyBecause(many);
    expect(text).toMatch(
      /^12 of 14 rules hold, 1 broken, 1 undecided; broken: worse x+…; undecided: why x+…; held x+…;.*; and \d+ more$/,
    );
    expect(text.length).toBeLessThanOrEqual(980);
  });

  test('shows the whole sentence where there is room for it', () => {
    const because = 'a'.repeat(700);
    expect(policyBecause([rule('open', because)])).toBe(`0 of 1 rule holds, 1 undecided; undecided: ${because}`);
  });
});
