import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';

const good = readFileSync('examples/canary.yml', 'utf8');
const regression = (candidate: string): string =>
  `regression: { task: regression, dataset: golden.csv, metrics: [mae], candidate: ${candidate}, request: { content-type: text/csv, input: [a] } }\n`;
const load = (rules: string, more = '') => {
  const { environments } = loadManifest(`${good}\napproval: { policy: ${rules} }\n${more}`, 'd.yml');
  return Object.values(environments)[0]?.approval?.policy;
};
const refusal = (rules: string, more = ''): string => {
  try {
    load(rules, more);
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^d\.yml:\d+:\d+: /gm, '') : '';
  }
  return 'accepted';
};

describe('`approval.policy`', () => {
  test('has its defaults filled in', () => {
    const bounds = (rules: string) => load(rules)?.map((rule) => (rule.is === 'metric' ? rule.bound : rule));
    expect(load('[{ metric: binary_classification_metrics.recall.value, at-least: 0.6 }]')).toEqual([
      {
        is: 'metric',
        from: 'evaluation',
        path: ['binary_classification_metrics', 'recall', 'value'],
        bound: { is: 'at-least', limit: 0.6 },
      },
    ]);
    const compared = { is: 'not-worse', than: 'serving', by: 0, firstPasses: false };
    expect(
      bounds(
        '[{ metric: a.recall.value, not-worse-than: serving }, { metric: a.rmse, not-worse-than: serving, by: 2, first: pass }, { metric: a.cost, not-worse-than: drift-baseline, higher-is: worse }]',
      ),
    ).toEqual([
      { ...compared, higherIs: 'better' },
      { ...compared, higherIs: 'worse', by: 2, firstPasses: true },
      { ...compared, higherIs: 'worse', than: 'drift-baseline' },
    ]);
    expect(load('[{ metric: DPPL, from: bias, facet: sex, not-worse-than: serving, by: 0.02 }]')).toEqual([
      { is: 'bias', rule: { metric: 'DPPL', facet: 'sex', level: 'fail', maxWorsening: 0.02 }, firstPasses: false },
    ]);
  });

  test('has names with dots as a list, and keys of the metadata as they are', () => {
    const paths = load(
      '[{ metric: [group, "f1.macro"], at-least: 0 }, { metric: "metric.validation:auc", from: metadata, not-worse-than: serving }]',
    );
    expect(paths).toMatchObject([
      { path: ['group', 'f1.macro'] },
      { path: ['metric.validation:auc'], bound: { higherIs: 'better' } },
    ]);
  });

  test('knows the verdict of a regression test that there can be', () => {
    expect(load('[{ regression: passed }]', regression('temporary'))).toEqual([{ is: 'verdict' }]);
  });

  test.each<[string, RegExp]>([
    ['[]', /a list of rules; expected 1 to 50 of them/],
    [
      '[{ at-least: 0.6 }]',
      /has no metric; expected e\.g\. \{ metric: binary_classification_metrics\.recall, at-least: 0\.6 \}/,
    ],
    ['[{ metric: a.recall }]', /needs one of at-least, at-most and not-worse-than/],
    ['[{ metric: a.recall, at-least: 0.6, at-most: 0.9 }]', /needs one of .*; two of them are two rules/],
    ['[{ metric: a.recall, at-least: 0.6, not-worse-than: serving }]', /needs one of/],
    ['[{ metric: a.recall, at-least: .nan }]', /is not a limit; expected a number/],
    ['[{ metric: a.recall, at-most: .inf }]', /is not a limit; expected a number/],
    ['[{ metric: a.recall, at-least: "0.6" }]', /is not a limit; expected a number/],
    ['[{ metric: a.recall, at-leats: 0.6 }]', /unknown key; did you mean at-least\?/],
    ['[{ metric: a.recall, at-least: 0.6, from: evalution }]', /is not a report; expected evaluation, /],
    ['[{ metric: a..recall, at-least: 0.6 }]', /has an empty name between its dots/],
    ['[{ metric: a.recall, not-worse-than: production }]', /is not a comparison; expected serving or drift-baseline/],
    ['[{ metric: a.recall, not-worse-than: serving, by: -0.1 }]', /is not a worsening; expected a number, 0 or more/],
    [
      '[{ metric: a.cost, not-worse-than: serving }]',
      /needs higher-is: better or worse, because the name "cost" does not settle it/,
    ],
    [
      '[{ metric: a.recall, not-worse-than: serving, higher-is: worse }]',
      /contradicts the metric: a higher recall is better/,
    ],
    ['[{ metric: a.recall, at-least: 0.6, by: 0.1 }]', /belongs to not-worse-than/],
    ['[{ metric: a.recall, at-least: 0.6, higher-is: better }]', /belongs to not-worse-than/],
    ['[{ metric: a.recall, at-least: 0.6, first: pass }]', /belongs to not-worse-than: serving/],
    ['[{ metric: a.recall, not-worse-than: drift-baseline, first: pass }]', /belongs to not-worse-than: serving/],
    ['[{ metric: f1, from: metadata, not-worse-than: drift-baseline }]', /is there for the statistics alone/],
    ['[{ metric: [a, b], from: metadata, at-least: 1 }]', /is one key of the metadata/],
    ['[{ metric: a.recall, facet: sex, at-least: 0.6 }]', /belongs to from: bias/],
    ['[{ metric: DPPL, from: bias, at-most: 0.1 }]', /has no facet/],
    ['[{ metric: DPPL, from: bias, facet: sex, at-least: 0.1 }]', /a bias is limited by at-most/],
    [
      '[{ metric: DPPL, from: bias, facet: sex, not-worse-than: serving, higher-is: worse }]',
      /a larger distance from no bias is worse/,
    ],
    [
      '[{ metric: DPPPL, from: bias, facet: sex, at-most: 0.1 }]',
      /is not a bias metric of SageMaker Clarify; did you mean DPPL\?/,
    ],
    [
      '[{ metric: DPPL, from: bias, facet: sex, at-most: 1 }]',
      /could never be broken: DPPL is at most 1 away from no bias/,
    ],
    ['[{ metric: DPPL, from: bias, facet: sex, at-most: -0.1 }]', /is a distance; expected a number, 0 or more/],
    ['[{ metric: a.b, at-least: 1 }, { at-least: 1, metric: a.b }]', /is there twice/],
    ['[{ regression: passed, metric: a.b }]', /has no place beside regression/],
    ['[{ regression: failed }]', /is not a verdict; expected passed/],
    ['[{ regression: passed }]', /needs `regression:` in the manifest/],
  ])('refuses %s', (rules, message) => {
    expect(refusal(rules)).toMatch(message);
  });

  test('refuses a rule about a verdict that comes after the approval, for one environment too', () => {
    expect(refusal('[{ regression: passed }]', regression('dark-variant'))).toMatch(/could never hold/);
    const own = good.replace(/^( +)endpoint:/m, '$1approval: { policy: [{ regression: passed }] }\n$1endpoint:');
    expect(own).not.toBe(good);
    expect(() => loadManifest(own, 'd.yml')).toThrow(/approval\.policy\[?0?\]?.*needs `regression:`/);
  });
});
