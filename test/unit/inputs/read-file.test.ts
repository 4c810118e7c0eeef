import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readTextFile } from '../../../src/inputs/read-file.ts';
import { readInputs } from '../../../src/inputs/read-inputs.ts';
import { registerModelInputs } from '../../../src/operations/register-model-inputs.ts';
import { sharedInputs } from '../../../src/operations/shared-inputs.ts';
import { parseEvaluation } from '../../../src/registry/evaluation.ts';
import { InputError, type Schema } from '../../../src/schema.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const written = (text: string): string => {
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
};

test('a file is read to its last byte, whatever its size', () => {
  for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    const text = 'ä'.repeat(size / 2);
    expect(readTextFile(written(text), 200_000)).toBe(text);
  }
});

test('one byte more than allowed is too much, and a file without an end is not read to it', () => {
  expect(() => readTextFile(written('x'.repeat(1025)), 1024)).toThrow(
    /is larger than 1 KB, the largest size that is read/,
  );
  expect(() => readTextFile('/dev/zero', 4 * 1024 * 1024)).toThrow(/"\/dev\/zero" is larger than 4 MB/);
});

test.each([
  ['manifest', { manifest: sharedInputs.manifest }, 256 * 1024 + 1],
  ['evaluation', { evaluation: registerModelInputs.evaluation }, 4 * 1024 * 1024 + 1],
])('%s has a limit, from a disk and from an artifact', (name, fields, size) => {
  const schema: Schema<object> = fields;
  const path = written('x'.repeat(size));
  expect(() => readInputs(schema, () => path)).toThrow(InputError);
  expect(() => readInputs(schema, () => path)).toThrow(new RegExp(`^${name}: .*is larger than`));
  expect(() =>
    readInputs(
      schema,
      () => path,
      () => 'x'.repeat(size),
    ),
  ).toThrow(/is larger than/);
});

test('an evaluation that is nested without end is refused by its depth', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  expect(parseEvaluation(nested(30), 'e.json').text).toBe(nested(30));
  for (const depth of [41, 5000])
    expect(() => parseEvaluation(nested(depth), 'e.json')).toThrow(/e\.json: is nested more than 40 levels deep/);
});
