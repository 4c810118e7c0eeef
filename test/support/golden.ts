import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from '@jest/globals';

/** Compares a text with `test/golden/<name>`; `GOLDEN=write npm test -- …` writes it instead, and the change shows in git. */
export const expectGolden = (name: string, text: string): void => {
  const path = new URL(`../golden/${name}`, import.meta.url);
  if (process.env['GOLDEN'] === 'write') writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
};
