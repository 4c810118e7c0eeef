import { describe, expect, it } from '@jest/globals';
import { parseJsonFile } from '../../src/json-file.ts';
import { fc } from '../support/properties.ts';

describe('a JSON file with a name twice in one object', () => {
  it.each([
    ['{"recall": {"value": 0.1}, "recall": {"value": 0.9}}', 'recall'],
    ['{"group": {"recall": {"value": 0.1, "value": 0.9}}}', 'value'],
    ['{"a": 1, "\\u0061": 2}', 'a'],
    ['[[{"a": [{}], "b": {"a": 1}, "a": 2}]]', 'a'],
    ['\ufeff{"a\\"{": 1, "a\\"{": 2}', 'a\\"{'],
    ['{"__proto__": 1, "__proto__": 2}', '__proto__'],
  ])('%s is ambiguous', (text, name) => {
    expect(() => parseJsonFile(text, 'evaluation.json')).toThrow(
      `evaluation.json: an object has the member "${name}" twice, so its value is ambiguous`,
    );
  });

  it.each([
    '{"a": {"value": 1}, "b": {"value": 1}}',
    '[{"a": 1}, {"a": 1}]',
    '{"a": "a", "b": ["a", "a", {"a": "a"}], "A": "\\\\"}',
    '{"a": "{\\"a\\":1,\\"a\\":2}"}',
    '"a"',
    '7',
  ])('%s is not', (text) => {
    expect(parseJsonFile(text, 'x')).toEqual(JSON.parse(text));
  });

  it('any value that JSON.stringify writes is read as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, undefined, 1);
        expect(parseJsonFile(text, 'x')).toEqual(JSON.parse(text));
      }),
    );
  });

  it('a hundred thousand levels are no limit', () => {
    const text = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(() => parseJsonFile(text.replace('1', '{"b":1,"b":2}'), 'x')).toThrow('the member "b" twice');
  });
});
