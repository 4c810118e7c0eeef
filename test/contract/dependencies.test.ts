import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { bindingPackages, readSources, type SourceFile, violations } from '../../tools/check-dependencies.ts';

const file = (path: string, imports: string[] = [], code = '', typeImports: string[] = []): SourceFile => ({
  path,
  imports,
  typeImports,
  code,
});

describe('the sources', () => {
  test('respect the architecture', async () => {
    expect(violations(await readSources(resolve(import.meta.dirname, '../..')))).toEqual([]);
  });
  test('are read with their imports, for use and for types', async () => {
    const sources = await readSources(resolve(import.meta.dirname, '../..'));
    const load = sources.find(({ path }) => path === 'src/manifest/load.ts');
    expect(load?.imports).toEqual(expect.arrayContaining(['src/schema.ts', 'src/manifest/schema.ts']));
    expect(sources.find(({ path }) => path === 'src/manifest/yaml.ts')?.imports).toContain('yaml');
    expect(load?.typeImports).toEqual(expect.arrayContaining(['zod/mini', 'src/manifest/manifest.ts']));
  });
});

describe('a violation is found:', () => {
  test.each<[string, SourceFile[], RegExp]>([
    [
      'an operation that imports a host',
      [file('src/operations/a.ts', ['src/hosts/b.ts'])],
      /operations\/a\.ts \(an operation\) imports src\/hosts\/b\.ts/,
    ],
    [
      'the judge knowing the rollout, even its types',
      [file('src/judge/a.ts', [], '', ['src/rollout/b.ts'])],
      /the judge/,
    ],
    ['the ground knowing a room', [file('src/aws/a.ts', ['src/endpoint/b.ts'])], /the endpoint/],
    [
      'a mechanism knowing the delivery, even its types',
      [file('src/mechanisms/guardrail/a.ts', [], '', ['src/delivery/b.ts'])],
      /\(a mechanism\) imports src\/delivery\/b\.ts \(the delivery\)/,
    ],
    ['the endpoint knowing the metrics', [file('src/endpoint/a.ts', ['src/metrics/b.ts'])], /the metrics/],
    [
      'two files that need each other, one for a type alone',
      [
        file('src/aws/a.ts', ['src/aws/b.ts']),
        file('src/aws/b.ts', ['src/aws/c.ts']),
        file('src/aws/c.ts', [], '', ['src/aws/a.ts']),
      ],
      /src\/aws\/a\.ts → src\/aws\/b\.ts → src\/aws\/c\.ts → src\/aws\/a\.ts: these import each other in a circle/,
    ],
    ['an SDK outside its home', [file('src/endpoint/a.ts', [], '', ['@aws-sdk/client-s3'])], /SDKs belong to/],
    ['the GitHub toolkit in src/aws', [file('src/aws/a.ts', ['@actions/core'])], /SDKs belong to/],
    [
      'an SDK reached through src/aws',
      [
        file('src/release/a.ts', ['src/aws/s3.ts']),
        file('src/aws/s3.ts', ['src/aws/send.ts']),
        file('src/aws/send.ts', ['@smithy/core']),
      ],
      /release\/a\.ts → src\/aws\/s3\.ts → src\/aws\/send\.ts → @smithy\/core/,
    ],
    ['node: in a pure module', [file('src/rollout/a.ts', ['node:crypto'])], /must stay pure/],
    ['a package in a pure module', [file('src/judge/a.ts', ['zod'])], /must stay pure/],
    [
      'impurity through another file',
      [file('src/rollout/a.ts', ['src/x.ts']), file('src/x.ts', ['node:fs'])],
      /src\/x\.ts → node:fs/,
    ],
    [
      'the simulator importing the product',
      [file('simulator/a.ts', [], '', ['src/clock.ts'])],
      /imports nothing from src/,
    ],
    ['the product importing the simulator', [file('src/endpoint/a.ts', ['simulator/b.ts'])], /only the rehearsal/],
    ['a verifier that is not shipped', [file('test/a.ts', ['@cloud-copilot/iam-simulate'])], /only tools\/ may use/],
    ['a timer', [file('src/hosts/a.ts', [], 'setTimeout(go, 5)')], /uses setTimeout/],
    ['the wall clock', [file('src/endpoint/a.ts', [], 'const now = new Date();')], /uses new Date\(\)/],
    ['dice', [file('simulator/a.ts', [], 'Math.random()')], /uses Math\.random/],
    ['the GitHub toolkit outside its room', [file('src/hosts/b.ts', ['@actions/core'])], /belong to .*github-log\.ts/],
    ['a line printed by the way', [file('src/operations/a.ts', [], 'console.log(error)')], /uses console/],
    ['a console by another name', [file('src/hosts/a.ts', [], 'console["error"](x)')], /uses console/],
    ['standard output', [file('src/hosts/a.ts', [], 'process.stdout.write(text)')], /uses process\.stdout/],
    ['standard error in an entry point', [file('codebuild/a.ts', [], 'process.stderr.write(x)')], /process\.stderr/],
    ['standard output by its number', [file('src/hosts/a.ts', [], 'writeSync(1, text)')], /uses writeSync/],
    ['a test that sleeps', [file('test/a.ts', [], 'await setTimeout(5)')], /uses setTimeout/],
  ])('%s', (_, files, expected) => {
    const found = violations(files);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });
});

test('what the architecture allows is not reported', () => {
  const files = [
    file('actions/a/main.ts', ['src/hosts/h.ts', 'src/operations/o.ts']),
    file('src/hosts/h.ts', ['src/aws/s3.ts', 'src/operations/o.ts']),
    file('src/hosts/github-actions/github-log.ts', ['@actions/core']),
    file('src/hosts/terminal.ts', [], 'process.stdout.write(text)'),
    file('src/hosts/wall-clock.ts', ['node:timers'], 'setTimeout(go, 5)'),
    file('src/operations/o.ts', ['src/rollout/r.ts', 'src/endpoint/e.ts'], '', ['src/aws/s3.ts']),
    file('src/endpoint/e.ts', ['src/judge/j.ts', 'node:crypto'], 'new Date(instant)', ['src/aws/s3.ts']),
    file('src/rollout/r.ts', ['src/judge/j.ts', 'src/clock.ts']),
    file('src/judge/j.ts'),
    file('src/clock.ts'),
    file('src/aws/s3.ts', ['@aws-sdk/client-s3']),
    file('src/rehearsal/d.ts', ['simulator/s.ts', 'node:child_process']),
    file('simulator/s.ts', ['node:http']),
  ];
  expect(violations(files)).toEqual([]);
});

describe('licences', () => {
  test('no package of the lock file has one that binds whoever gets a bundle', () => {
    expect(
      bindingPackages(readFileSync(join(resolve(import.meta.dirname, '../..'), 'package-lock.json'), 'utf8')),
    ).toEqual([]);
  });
  test.each(['AGPL-3.0-or-later', 'GPL-2.0-only', '(GPL-3.0 OR SSPL-1.0)'])('%s is found', (license) => {
    expect(bindingPackages(JSON.stringify({ packages: { '': {}, 'node_modules/a': { license } } }))).toEqual([
      `package-lock.json has node_modules/a under ${license}: keep it out of the dependencies`,
    ]);
  });
});
