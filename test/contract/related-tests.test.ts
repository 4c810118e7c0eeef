import { execFileSync } from 'node:child_process';
import { relative, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const jest = resolve('node_modules/jest/bin/jest.js');

/** What `npm test -- --findRelatedTests <file>` would run. */
const related = (file: string): readonly string[] => {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const out = execFileSync(process.execPath, [...flags, jest, '--findRelatedTests', '--listTests', file], {
    encoding: 'utf8',
  });
  return out.split('\n').map((path) => relative('.', path));
};

test.each([
  ['src/commands/lint/approval-warnings.ts', 'test/unit/commands/lint/approval-warnings.test.ts'],
  ['simulator/services/cloudwatch/store.ts', 'test/simulator/cloudwatch/data.test.ts'],
  ['tools/generate.ts', 'test/unit/generate.test.ts'],
])('jest finds the tests of %s, and no others', (file, own) => {
  const found = related(file);
  expect(found).toContain(own);
  expect(found).not.toContain('test/unit/rollout/compile.test.ts');
});
