import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { scenarios } from '../../src/rehearsal/scenarios/all.ts';

const page = readFileSync('docs/threat-model.md', 'utf8');
const named = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map(([, name = '']) => name);

test('the threat model names tests and rehearsals that exist', () => {
  const tests = named(/`(test\/[\w./-]+)`/g);
  expect(tests.length).toBeGreaterThan(30);
  expect(tests.filter((path) => !existsSync(path))).toEqual([]);

  const known = new Set(scenarios.map(({ name }) => name));
  const rehearsals = named(/rehearsals? (`[\w-]+`(?:, `[\w-]+`)*)/g).flatMap((names) => names.match(/[\w-]+/g) ?? []);
  expect(rehearsals.length).toBeGreaterThan(5);
  expect(rehearsals.filter((name) => !known.has(name))).toEqual([]);
});

test('the threat model has a part for everyone it lists', () => {
  const parts = new Set(
    named(/^## (.+)$/gm).map((title) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
  const links = named(/\]\(#([\w-]+)\)/g);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => !parts.has(link))).toEqual([]);
});
