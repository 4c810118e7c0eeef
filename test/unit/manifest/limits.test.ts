import { describe, expect, test } from '@jest/globals';
import { parseDocument } from 'yaml';
import { loadManifest, ManifestError } from '../../../src/manifest/load.ts';
import { explain } from '../../../src/manifest/problems.ts';
import { manifestSchema } from '../../../src/manifest/schema.ts';
import { suggest } from '../../../src/manifest/suggest.ts';
import { yamlLimits } from '../../../src/manifest/yaml.ts';

// A file that no person wrote: it is refused in a few lines, and no work is done that grows faster than the file.

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

const refusal = (text: string): string => {
  try {
    loadManifest(text, 'delivery.yml');
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
};

describe('ten thousand unknown keys', () => {
  const text = lines(10_000, (index) => `rollaut${index}: 1`);

  test('are twenty lines and a number', () => {
    const message = refusal(text);
    expect(message.split('\n')).toHaveLength(21);
    expect(message.split('\n').at(-1)).toBe('… and 9,983 more');
    expect(message.length).toBeLessThan(10_000);
  });

  test('need twenty suggestions, not ten thousand', () => {
    const document = parseDocument(text, { uniqueKeys: false });
    const value: unknown = document.toJS();
    const result = manifestSchema.safeParse(value);
    let computed = 0;
    const { shown, more } = explain(result.error?.issues ?? [], document, value, (written, candidates) => {
      computed += 1;
      return suggest(written, candidates);
    });
    expect(computed).toBeLessThanOrEqual(20);
    expect(shown).toHaveLength(20);
    expect(more).toBe(9983);
  });

  test('each of the wrong type are as few', () => {
    const message = refusal(`environments:\n${lines(5000, (index) => `  e${index}: 1`)}`);
    expect(message.split('\n').length).toBeLessThanOrEqual(21);
  });
});

// Half a secret is one, and no longer looks like it.
test.each([40, 60, 66, 70, 560, 580])(
  'a secret is taken out before a message is cut, after %i characters',
  (before) => {
    const secret = `ghp_${'Zq29wJalrX'.repeat(4)}`;
    expect(refusal(`${'k'.repeat(before)}.${secret}: 1`)).not.toContain('Zq29');
    expect(refusal(`environments: {${'k'.repeat(before)}.${secret}: 1}`)).not.toContain('Zq29');
  },
);

test('twenty-one mistakes say that there is one more, twenty say all', () => {
  const many = (count: number) =>
    refusal(`version: 1\nmodel: churn\nenvironments: {}\n${lines(count, (i) => `x${i}: 1`)}`);
  expect(many(25).split('\n').at(-1)).toMatch(/^… and \d+ more$/);
  expect(many(3)).not.toContain('… and');
});

test('twenty thousand keys are unique without comparing each with all others', () => {
  const keys = lines(20_000, (index) => `k${index}: 1`);
  expect(refusal(keys)).toContain('more');
  expect(refusal(`${keys}\nk7: 2`)).toBe('delivery.yml:20001:1: Map keys must be unique');
});

test.each([
  ['flow sequences', `version: ${'['.repeat(5000)}${']'.repeat(5000)}`],
  ['flow sequences that never close', '['.repeat(100_000)],
  ['flow maps', `${'{a: '.repeat(5000)}1${'}'.repeat(5000)}`],
  ['keys', `${'? '.repeat(500)}a`],
  ['block sequences', `${'- '.repeat(500)}a`],
  ['block maps', lines(400, (index) => `${' '.repeat(index)}a:`)],
])('%s nested without end are refused by their depth', (_what, text) => {
  const message = refusal(text);
  expect(message).toMatch(/^delivery\.yml:\d+:\d+: is nested more than 40 levels deep$/);
});

test('a manifest is nowhere near the depth that is allowed', () => {
  expect(refusal(`a: ${'['.repeat(39)}${']'.repeat(39)}`)).toContain('unknown key');
});

test.each([
  [
    'aliases of aliases',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`).join(',')}]`)
      .join('\n')}`,
  ],
  ['an alias of itself', 'a: &a [*a]'],
])('%s are refused', (_what, text) => {
  expect(refusal(text).length).toBeLessThan(5000);
});

test('a file that is too large is refused unread', () => {
  expect(refusal('#'.repeat(yamlLimits.characters + 1))).toBe(
    'delivery.yml:1:1: the file has 262145 characters; at most 262144 are read',
  );
});

test('a key or a value of any length gives a line that can be read', () => {
  for (const text of [`? ${'k'.repeat(200_000)}\n: 1`, `version: ${'1'.repeat(200_000)}`, `"${'\\n'.repeat(900)}": 1`])
    for (const line of refusal(text).split('\n')) expect(line.length).toBeLessThan(700);
});
