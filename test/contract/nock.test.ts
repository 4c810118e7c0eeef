import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('a test file that takes the network gives it back: the next file of the process would send its requests through it', () => {
  const taking = globSync('test/**/*.ts').filter((path) => / from 'nock';$/m.test(readFileSync(path, 'utf8')));
  expect(taking.length).toBeGreaterThan(5);
  const giveBack = /^afterAll\((\(\) => nock\.restore\(\)|\(\) => \{[^}]*nock\.restore\(\);\s*\})\);$/m;
  expect(taking.filter((path) => !giveBack.test(readFileSync(path, 'utf8')))).toEqual([]);
});
