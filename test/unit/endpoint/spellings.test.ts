import { expect, test } from '@jest/globals';
import { spellings, wordFor } from '../../../src/endpoint/spellings.ts';

const kinds = Object.keys(spellings) as (keyof typeof spellings)[];

test.each(kinds)('%s: each value of AWS is that of its word, and leads back to it', (kind) => {
  for (const [word, value] of Object.entries<string>(spellings[kind])) {
    expect(value.replaceAll('_', '-').toLowerCase()).toMatch(new RegExp(`^${word}`));
    expect(wordFor(kind, value)).toBe(word);
  }
  expect(wordFor(kind, 'Newer')).toBeUndefined();
});
