import { expect, test } from '@jest/globals';
import { table } from '../../../../src/report/history/table.ts';

const rows = [
  { cells: ['09:00', 'production/churn', 'mina'], below: ['the model serves, verified'] },
  { cells: ['08:00', 'staging', ''], below: [] },
];
const heads = ['when', 'where', 'who'];

test('columns are as wide as their longest cell; sentences stand below', () => {
  expect(table(heads, rows)).toEqual([
    '  when   where             who',
    '  09:00  production/churn  mina',
    '    the model serves, verified',
    '  08:00  staging',
  ]);
  expect(table(heads, rows, 31)).toEqual(table(heads, rows));
});

test('in a terminal that is narrower, each cell has a line, and sentences are wrapped', () => {
  expect(table(heads, rows, 30)).toEqual([
    '  when: 09:00',
    '    where: production/churn',
    '    who: mina',
    '    the model serves, verified',
    '  when: 08:00',
    '    where: staging',
  ]);
  const narrow = table(heads, rows, 20);
  expect(narrow).toContain('    the model');
  expect(narrow).toContain('    serves, verified');
  expect(narrow.filter((line) => line.length > 20)).toEqual([]);
});

test('a link is not broken', () => {
  const link = `https://github.com/${'a'.repeat(60)}`;
  expect(table(['run'], [{ cells: ['1'], below: [`commit c0ffee, ${link}`] }], 40)).toEqual([
    '  run',
    '  1',
    '    commit c0ffee,',
    `    ${link}`,
  ]);
});

test('foreign text is plain, and stays on its line', () => {
  expect(table(['who'], [{ cells: ['\u001b[2Jmina\nroot'], below: ['a\u202eb'] }])).toEqual([
    '  who',
    '  \\u001b[2Jmina\\nroot',
    '    a\\u202eb',
  ]);
});

test('no row is no table', () => {
  expect(table(heads, [])).toEqual([]);
});
