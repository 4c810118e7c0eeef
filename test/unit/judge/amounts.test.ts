import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { amount, chance, counted, lasting, odds, percent, plural, times } from '../../../src/judge/amounts.ts';

describe('numbers in sentences', () => {
  test.each([
    [0.07, '7 %'],
    [0.29, '29 %'],
    [0.1 + 0.2, '30 %'],
    [1 / 3, '33.3 %'],
    [0.005, '0.5 %'],
    [0.0024961, '0.25 %'],
    [0, '0 %'],
    [1, '100 %'],
    [-0.04124, '-4.12 %'],
  ])('%d is %s', (fraction, words) => {
    expect(percent(fraction)).toBe(words);
  });

  test('a number that the user wrote keeps its digits', () => {
    expect(percent(0.012345, 6)).toBe('1.2345 %');
    expect(percent(0.07, 6)).toBe('7 %');
    expect(percent(0.9995, 6)).toBe('99.95 %');
  });

  test('one is not several', () => {
    expect([0, 1, 2].map((count) => counted(count, 'alarm'))).toEqual(['0 alarms', '1 alarm', '2 alarms']);
    expect([1, 2].map((count) => plural(count, 'alarm'))).toEqual(['alarm', 'alarms']);
  });

  test('a count stays as it is, and a sum of scores has six digits', () => {
    expect([amount(1_234_567), amount(0.1 + 0.2), amount(1234.5678)]).toEqual(['1234567', '0.3', '1234.57']);
  });

  test('a ratio has two digits, and no more than it can carry', () => {
    expect([times(1.449), times(16.2), times(366.7), times(0.5)]).toEqual([
      '1.4 times',
      '16 times',
      '367 times',
      '0.5 times',
    ]);
  });

  test('a chance is an upper bound, and none that is beyond counting', () => {
    expect(chance(Math.log(250))).toBe('at most 0.4 %');
    expect(chance(Math.log(1e6) + 1e-9)).toBe('less than one in a million');
    expect(chance(583)).toBe('less than one in a million');
    expect(chance(0)).toBe('not small');
    expect(chance(-3)).toBe('not small');
  });

  test('a length of time is one that nobody needs to the second, and never too short', () => {
    const said = [1, 60, 61, 600, 5399, 5400, 7200, 172_799, 172_800].map(lasting);
    expect(said).toEqual([
      'a minute',
      'a minute',
      '2 minutes',
      '10 minutes',
      '90 minutes',
      '2 hours',
      '2 hours',
      '48 hours',
      '2 days',
    ]);
  });

  test.each([
    [0, '1'],
    [Math.log(0.0345), '0.03'],
    [Math.log(1.2345), '1.23'],
    [Math.log(999_499), '999000'],
    [Math.log(1e6) + 1e-9, 'over a million'],
    [583, 'over a million'],
  ])('odds of e^%d are %s', (log, words) => {
    expect(odds(log)).toBe(words);
  });

  test('no other file of src turns a fraction into a percentage', () => {
    const others = globSync('src/**/*.ts').filter((path) => !path.endsWith('judge/amounts.ts'));
    expect(others.length).toBeGreaterThan(200);
    const second = /const percent = \(|(\* 100|\/ 10)\)?\} ?%/;
    for (const wrong of ['{Math.round(share * 1000) / 10} %', '{policy.confidence * 100} %', 'const percent = (share)'])
      expect(wrong).toMatch(second);
    expect(others.filter((path) => second.test(readFileSync(path, 'utf8')))).toEqual([]);
  });
});
