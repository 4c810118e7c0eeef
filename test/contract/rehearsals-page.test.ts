import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { scenarios } from '../../src/rehearsal/scenarios/all.ts';

test('docs/codepipeline.md names rehearsals that exist', () => {
  const [, section = ''] = readFileSync('docs/codepipeline.md', 'utf8').split('## 10. Rehearse it');
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, name]) => name));
  expect(named.length).toBeGreaterThan(10);
  const known = scenarios.map(({ name }) => name);
  expect(named.filter((name) => !known.includes(name ?? ''))).toEqual([]);
});
