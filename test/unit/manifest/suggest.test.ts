import { describe, expect, test } from '@jest/globals';
import { distance, either, suggest } from '../../../src/manifest/suggest.ts';

describe('distance', () => {
  test.each([
    ['', '', 0],
    ['canary', 'canary', 0],
    ['canry', 'canary', 1],
    ['cannary', 'canary', 1],
    ['canery', 'canary', 1],
    ['acnary', 'canary', 1],
    ['', 'bake', 4],
    ['ca', 'abc', 3], // optimal string alignment: a swapped pair is not edited again
  ])('%j to %j is %d', (a, b, expected) => {
    expect(distance(a, b)).toBe(expected);
    expect(distance(b, a)).toBe(expected);
  });
});

describe('suggest', () => {
  test('gives the nearest candidate, whatever its case', () => {
    expect(suggest('Rolout', ['region', 'rollout', 'role'])).toBe('rollout');
  });
  test('gives none when nothing is near', () => {
    expect(suggest('blue-green', ['canary', 'linear'])).toBeUndefined();
    expect(suggest('x', [])).toBeUndefined();
  });
});

test('either lists alternatives as people do', () => {
  expect([either([]), either(['a']), either(['a', 'b']), either(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a or b',
    'a, b or c',
  ]);
});
