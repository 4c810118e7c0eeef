import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { scenarios } from '../../src/rehearsal/scenarios/all.ts';

test.each([
  { page: 'docs/codepipeline.md', heading: '## 10. Rehearse it', least: 11 },
  { page: 'docs/fleets.md', heading: '## Rehearse it', least: 2 },
])('$page names rehearsals that exist', ({ page, heading, least }) => {
  const [, section = ''] = readFileSync(page, 'utf8').split(heading);
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, name]) => name));
  expect(named.length).toBeGreaterThanOrEqual(least);
  const known = scenarios.map(({ name }) => name);
  expect(named.filter((name) => !known.includes(name ?? ''))).toEqual([]);
});
