import { describe, expect, test } from '@jest/globals';
import { type Equivalent, isSentence, mutantAt, sampleOf, scoreOf, type Tried } from '../../tools/mutation/score.ts';

const text = `const a = 1;\n  if (one <\n      two) return one;\n`;
const at = (line: number, from: number, until: number, replacement = 'x', end = line) =>
  mutantAt(
    'src/rollout/step.ts',
    text,
    'EqualityOperator',
    replacement,
    { line, column: from },
    { line: end, column: until },
  );

const tried = (status: string, original = 'a < b'): Tried => ({
  file: 'src/rollout/step.ts',
  mutator: 'EqualityOperator',
  line: 7,
  original,
  source: `if (${original}) return;`,
  replacement: 'a <= b',
  status,
});
const entry = (more: Partial<Equivalent> = {}): Equivalent => {
  const { file, source, original, replacement } = tried('Survived');
  return { file, source, original, replacement, why: 'they are never equal', ...more };
};

describe('a mutant', () => {
  test('is named by its code and the line it begins on, with single spaces', () => {
    expect(at(1, 6, 9, 'one >= two', 2)).toMatchObject({ line: 2, original: 'one < two', source: 'if (one <' });
    expect(at(0, 10, 11)).toMatchObject({ line: 1, original: '1', source: 'const a = 1;' });
  });

  test('of a sentence is left out, one of a word of the program is not', () => {
    const of = (original: string, mutator = 'StringLiteral') => isSentence({ ...tried('Survived', original), mutator });
    expect(of("'the endpoint has not moved yet'")).toBe(true);
    expect(of(`\`at \${name}\``)).toBe(true);
    expect(of("'baking'")).toBe(false);
    expect(of(`\`\${one}\${a + b}\``)).toBe(false);
    expect(of('a < b', 'EqualityOperator')).toBe(false);
  });

  test('is in the sample or is not, whatever else there is', () => {
    const all = Array.from({ length: 50 }, (_, n) => tried('Killed', `a < ${n}`));
    const ten = sampleOf(all, 10, 'seed');
    expect(ten).toHaveLength(10);
    expect(sampleOf([...all].reverse(), 10, 'seed')).toEqual(ten);
    expect(sampleOf(all, 10, 'other')).not.toEqual(ten);
    const [first] = ten;
    expect(sampleOf(all.slice(0, 25).concat(first ?? []), 50, 'seed')).toContain(first);
    expect(sampleOf(all, 99, 'seed')).toHaveLength(50);
  });
});

describe('the score', () => {
  test('counts errors and loops without end as kills, and what no test runs as a survivor', () => {
    const all = ['Killed', 'RuntimeError', 'Timeout', 'Survived', 'NoCoverage'].map((status) => tried(status));
    expect(scoreOf(all, [], [])).toMatchObject({ mutants: 5, killed: 3, equivalent: 0, share: 0.6 });
    expect(scoreOf(all, [], []).survived.map(({ status }) => status)).toEqual(['Survived', 'NoCoverage']);
  });

  test('leaves out what is equivalent', () => {
    const all = [tried('Killed', 'c < d'), tried('Survived')];
    expect(scoreOf(all, [], [entry()])).toMatchObject({ killed: 1, survived: [], equivalent: 1, share: 1, stale: [] });
  });

  test.each([
    ['is killed', tried('Killed'), entry()],
    ['is another one by now', tried('Survived', 'c < d'), entry()],
    ['is in another file', tried('Survived'), entry({ file: 'src/rollout/compile.ts' })],
    ['is on another line', tried('Survived'), entry({ source: 'while (a < b) {' })],
    ['is replaced by something else', tried('Survived'), entry({ replacement: 'true' })],
  ])('finds an entry whose mutant %s', (_how, mutant, listed) => {
    expect(scoreOf([mutant], [], [listed])).toMatchObject({ equivalent: 0, stale: [listed] });
  });

  test('says nothing of an entry whose mutant the sample left out', () => {
    expect(scoreOf([tried('Killed', 'c < d')], [tried('Survived')], [entry()]).stale).toEqual([]);
  });
});
