import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { scenarios } from '../../../src/rehearsal/scenarios/all.ts';

const named = (list: string): string[] => [...list.matchAll(/`([a-z0-9-]+)`/g)].map(([, name = '']) => name);

test('the table names the scenarios that prove processes, and the page lists them', () => {
  const page = readFileSync('docs/performance.md', 'utf8');
  const [, table = ''] = page.split('| proves | scenarios |');
  const rows = table.split('\n\n')[0]?.split('\n') ?? [];
  const listed = rows.flatMap((row) => named(row.split('|')[2] ?? ''));
  const proving = scenarios.filter(({ processes }) => processes !== undefined).map(({ name }) => name);
  expect(proving.length).toBeGreaterThan(10);
  expect(listed.toSorted()).toEqual(proving.toSorted());
});
