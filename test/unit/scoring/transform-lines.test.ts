import { expect, test } from '@jest/globals';
import { requireLine } from '../../../src/scoring/transform.ts';

const form = { contentType: 'text/csv', input: ['a', 'b'] };
const row = (a: unknown) => ({
  id: 'r1',
  row: { a, b: 2 },
  labels: { file: 'golden.jsonl', kind: 'numbers', kinds: ['numbers'] } as const,
});
const most = 256 * 1024 * 1024;

test('the lines of a batch transform job are counted in bytes, and bounded together', () => {
  expect(requireLine(row('ü'), form, 0)).toBe('ü,2\n'.length + 1);
  expect(requireLine(row(1), form, most - 4)).toBe(4);
  expect(() => requireLine(row(1), form, most - 3)).toThrow(
    'regression.dataset: its rows are requests of more than 256 MB, the largest input of a batch transform job',
  );
});

test('a row with a line end is no line', () => {
  expect(() => requireLine(row('x\ny'), form, 0)).toThrow(/^golden\.jsonl: row "r1" has a line end/);
});
