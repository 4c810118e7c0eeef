import { expect, test } from '@jest/globals';
import { style } from '../../../src/rehearsal/style.ts';

test('colours are for terminals that have them', () => {
  const terminal = { isTTY: true, hasColors: () => true };
  expect(style('red', 'x', terminal)).toBe('\u001b[31mx\u001b[39m');
  expect(style('red', 'x', { ...terminal, hasColors: () => false })).toBe('x');
  expect(style('red', 'x', { ...terminal, isTTY: false })).toBe('x');
});
