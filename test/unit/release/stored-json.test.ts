import { describe, expect, test } from '@jest/globals';
import { readJson, UnreadableText } from '../../../src/release/stored-json.ts';

const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const refusal = (text: string): string => {
  try {
    readJson(text);
  } catch (error) {
    if (error instanceof UnreadableText) return error.message;
    throw error;
  }
  return 'read';
};
const tooDeep = 'is nested deeper than 64 levels';

describe('a text that others may have written', () => {
  test('is read to 64 levels of lists, of objects, and of both in turn', () => {
    for (const text of [lists(64), objects(64), `${'[{"a":'.repeat(32)}1${'}]'.repeat(32)}`])
      expect(readJson(text)).toEqual(JSON.parse(text));
  });

  test('is refused from the 65th on, before the parser sees it: a gigabyte of brackets is no JSON either', () => {
    for (const text of [lists(65), objects(65), `${'[{"a":'.repeat(33)}1${'}]'.repeat(33)}`, '['.repeat(1_000_000)])
      expect(refusal(text)).toBe(tooDeep);
  });

  test('is not deep because it is long, nor because the deep part comes first', () => {
    expect(refusal(`[${Array.from({ length: 100 }, () => '[]').join()}]`)).toBe('read');
    expect(refusal(`[${Array.from({ length: 100 }, () => '{}').join()}]`)).toBe('read');
    expect(refusal(`[${lists(64)},[]]`)).toBe(tooDeep);
  });

  test('brackets in a string are text, also after an escaped quotation mark', () => {
    for (const inside of ['['.repeat(100), '{'.repeat(100), `"${'['.repeat(100)}`, `\\"${'['.repeat(100)}`]) {
      const value = { because: inside };
      expect(readJson(JSON.stringify(value))).toEqual(value);
    }
    // The string ends, so these brackets are none of its text. A backslash at its end escapes nothing behind it.
    expect(refusal(`["a",${lists(65)}]`)).toBe(tooDeep);
    expect(refusal(`["\\\\",${lists(65)}]`)).toBe(tooDeep);
  });

  test.each(['', '{', '[1,]', 'undefined', '{"a":1}{"b":2}'])('that is not JSON is refused as that: %s', (text) => {
    expect(refusal(text)).toBe('is not JSON');
  });
});
