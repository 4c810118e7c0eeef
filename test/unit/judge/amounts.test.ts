import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { counted, percent, plural } from '../../../src/judge/amounts.ts';

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

  test('no other file of src turns a fraction into a percentage', () => {
    const others = globSync('src/**/*.ts').filter((path) => !path.endsWith('judge/amounts.ts'));
    expect(others.length).toBeGreaterThan(200);
    const second = /const percent = \(|(\* 100|\/ 10)\)?\} ?%/;
    for (const wrong of ['{Math.round(share * 1000) / 10} %', '{policy.confidence * 100} %', 'const percent = (share)'])
      expect(wrong).toMatch(second);
    expect(others.filter((path) => second.test(readFileSync(path, 'utf8')))).toEqual([]);
  });
});
