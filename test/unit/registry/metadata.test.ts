import { describe, expect, test } from '@jest/globals';
import { composeMetadata, metadataValue, parseMetadata } from '../../../src/registry/metadata.ts';

describe('the metadata input', () => {
  test('is key=value lines, values with further = and surrounding blanks', () => {
    expect(parseMetadata('dataset = churn-2026\r\n\n  query=a=b  \n', 'metadata')).toEqual({
      dataset: 'churn-2026',
      query: 'a=b',
    });
  });

  test.each([
    ['dataset', 'metadata: a line without a key; expected one key=value per line'],
    ['=x', 'metadata: a line without a key'],
    ['a=1\na=2', 'metadata: "a" is given twice'],
    [
      'a=',
      'metadata: "a" or its value does not fit; keys have at most 128 characters, values 1 to 256, of letters, digits, spaces and _.:/=+-@',
    ],
    ['a={"x":1}', 'does not fit'],
    [`a=${'x'.repeat(257)}`, 'does not fit'],
    [`${'k'.repeat(129)}=x`, 'does not fit'],
    ['semver=1.0.0', 'metadata: semver is set by register-model itself; choose another key'],
  ])('%j is refused', (text, message) => {
    expect(() => parseMetadata(text, 'metadata')).toThrow(message);
  });

  test('never repeats what stands on a line without a key', () => {
    expect(() => parseMetadata('hunter2', 'metadata')).not.toThrow('hunter2');
  });
});

describe('the metadata of a package', () => {
  const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, 'x']));

  test("are the suite's facts, the user's, then the job's while there is room; the rest is named", () => {
    const { properties, leftOut } = composeMetadata({ semver: '1.4.0', 'git-ref': undefined }, many(47), {
      'metric.auc': '0.93',
      'hyperparameter.grid': '[1, 2]',
      k0: 'hidden',
      'metric.f1': '0.8',
      'metric.mae': '0.1',
    });
    expect(Object.keys(properties)).toHaveLength(50);
    expect(properties).toMatchObject({ semver: '1.4.0', k0: 'x', 'metric.auc': '0.93', 'metric.f1': '0.8' });
    expect(leftOut).toEqual(['hyperparameter.grid', 'metric.mae']);
  });

  test('with a git ref that SageMaker cannot hold leave it out and say so', () => {
    expect(composeMetadata({ 'git-ref': 'refs/heads/a,b' }, {}, {})).toEqual({ properties: {}, leftOut: ['git-ref'] });
  });

  test('refuse more of the user than there is room for', () => {
    expect(() => composeMetadata({ semver: '1.4.0' }, many(50), {})).toThrow(
      "metadata: 50 entries are too many; SageMaker holds 50, and 1 of them are the suite's own",
    );
  });
});

test('a value that is cut has no half of a character', () => {
  const letter = '\u{20000}';
  const value = metadataValue(`a${letter.repeat(200)}`);
  expect(value.isWellFormed()).toBe(true);
  expect(value).toBe(`a${letter.repeat(127)}`);
});
