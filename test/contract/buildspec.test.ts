import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readArguments } from '../../src/hosts/command-line/arguments.ts';
import { optionsOf } from '../../src/hosts/command-line/command-line.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import type { OperationName } from '../../src/operation.ts';
import { operations } from '../../src/operations/all.ts';
import type { Schema } from '../../src/schema.ts';

interface Buildspec {
  readonly version: number;
  readonly phases: Readonly<
    Record<string, { readonly 'runtime-versions'?: { readonly nodejs: number }; readonly commands: readonly string[] }>
  >;
  readonly reports?: Readonly<Record<string, { readonly files: readonly string[]; readonly 'file-format': string }>>;
  readonly artifacts?: { readonly files: readonly string[] };
}

const read = (path: string): Buildspec => parse(readFileSync(path, 'utf8'));

/** Words of a command without pipes; a variable stands for a version. */
const words = (command: string): readonly string[] =>
  [...command.replaceAll('"$VERSION"', '1.4.0').matchAll(/\S+/g)].map(([word]) => word);

/** AWS CodeBuild user guide: "Build specification reference for CodeBuild". */
describe.each(['buildspec.yml', 'examples/buildspec.yml', 'examples/rejected-buildspec.yml'])('%s', (path) => {
  it('has only keys and phases that CodeBuild knows', () => {
    const { version, phases, ...rest } = read(path);
    expect(version).toBe(0.2);
    for (const name of Object.keys(phases)) expect(['install', 'pre_build', 'build', 'post_build']).toContain(name);
    for (const name of Object.keys(rest))
      expect(['env', 'proxy', 'batch', 'reports', 'artifacts', 'cache']).toContain(name);
    expect(phases['install']?.['runtime-versions']?.nodejs).toBe(22);
  });
});

describe('the buildspec of the regression test', () => {
  const spec = read('examples/buildspec.yml');
  const commands = Object.values(spec.phases).flatMap(({ commands: lines }) => lines);
  const [command = ''] = commands.filter((line) => line.startsWith('npx model-delivery '));
  const [, , name = '', ...args] = words(command);

  it('gives the command options that it has, and all that it needs', () => {
    expect(name).toBe('regression-test');
    const options: Schema<object> = optionsOf(operations[name as OperationName] as { inputs: Schema<object> });
    const { manifest: _, ...withoutFile } = options as Record<string, never>;
    const written = readArguments(options, args);
    expect(readInputs(withoutFile as Schema<object>, written)).toMatchObject({
      environment: 'production',
      version: '1.4.0',
      junit: 'regression.xml',
      html: 'regression.html',
      evaluation: 'evaluation.json',
    });
  });

  it('hands the test report to a report group, and all its files on as artifacts', () => {
    const junit = args[args.indexOf('--junit') + 1];
    const others = ['--html', '--evaluation'].map((option) => args[args.indexOf(option) + 1]);
    expect(spec.reports).toEqual({ regression: { files: [junit], 'file-format': 'JUNITXML' } });
    expect(spec.artifacts).toEqual({ files: [junit, ...others] });
  });

  it('stands in the guide to CodePipeline, with the role that the group needs', () => {
    const guide = readFileSync('codebuild/README.md', 'utf8');
    expect(guide).toContain('../examples/buildspec.yml');
    for (const action of ['CreateReportGroup', 'CreateReport', 'UpdateReport', 'BatchPutTestCases'])
      expect(guide).toContain(`"codebuild:${action}"`);
  });
});
