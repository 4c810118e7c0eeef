import { describe, expect, it } from '@jest/globals';
import type { Criterion, Rule } from '../../../src/manifest/regression.ts';
import {
  differenceText,
  intervalText,
  inUnit,
  marginText,
  ruleText,
  valueText,
} from '../../../src/regression/units.ts';

const ruleOf = (metric: string, criterion: Criterion): Rule => ({
  metric: { metric },
  criterion,
  confidence: 0.95,
  level: 'fail',
});

describe('values of metrics in words', () => {
  it.each([
    ['accuracy', 0.96667, '96.7 %'],
    ['roc-auc', 0.98764, '0.9876'],
    ['latency-p95', 41.9237, '41.92 ms'],
    ['payload-bytes', 812, '812 bytes'],
    ['smape', 1.5, '150 %'],
    ['bias', -0.37194, '−0.3719'],
    ['f1', null, 'undefined'],
    ['constructor', 0.5, '0.5'],
  ])('%s %s is %s', (metric, value, text) => {
    expect(valueText(metric, value)).toBe(text);
  });

  it.each([
    ['accuracy', -0.0213, '−2.13 points', '−2.13'],
    ['accuracy', 0.01, '+1 point', '+1'],
    ['accuracy', -0.01, '−1 point', '−1'],
    ['recall', 0.1 + 0.2 - 0.3, '0 points', '0'],
    ['log-loss', -0.00123456, '−0.00123', '−0.00123'],
    ['latency-p50', 12, '+12 ms', '+12'],
    ['f1', null, 'undefined', 'undefined'],
  ])('a difference of %s of %s is %s', (metric, difference, full, bare) => {
    expect(differenceText(metric, difference)).toBe(full);
    expect(differenceText(metric, difference, 'bare')).toBe(bare);
  });

  it('an interval has one unit, or none beside a text that has it', () => {
    expect(intervalText('accuracy', [-0.035, 0.004])).toBe('−3.5 to +0.4 points');
    expect(intervalText('accuracy', [-0.035, 0.004], 'bare')).toBe('−3.5 to +0.4');
    expect(intervalText('mcc', [-0.1, 0])).toBe('−0.1 to 0');
    expect([inUnit('accuracy'), inUnit('mcc'), inUnit('latency-p99')]).toEqual([' in points', '', ' in ms']);
  });

  it.each<[string, Criterion, string]>([
    ['accuracy', { is: 'non-inferior', margin: { value: 0.02, of: 'metric' } }, 'non-inferior, margin 2 points'],
    ['accuracy', { is: 'equivalent', margin: { value: 0.01, of: 'metric' } }, 'equivalent, margin ±1 point'],
    ['rmse', { is: 'max-drop', margin: { value: 0.05, of: 'baseline' } }, 'max-drop 5 % of the baseline'],
    ['rmse', { is: 'must-improve-by', margin: { value: 0.5, of: 'metric' } }, 'must-improve-by 0.5'],
    ['accuracy', { is: 'superior' }, 'superior'],
    ['accuracy', { is: 'floor', value: 0.9 }, 'floor 90 %'],
    ['latency-p95', { is: 'ceiling', value: 250 }, 'ceiling 250 ms'],
  ])('a rule of %s, %j, is “%s”', (metric, criterion, text) => {
    expect(ruleText(ruleOf(metric, criterion))).toBe(text);
  });

  it('a margin is a number of the metric or a share of the baseline', () => {
    expect(marginText('accuracy', { value: 0.02, of: 'metric' })).toBe('2 points');
    expect(marginText('accuracy', { value: 0.02, of: 'baseline' })).toBe('2 % of the baseline');
  });
});
