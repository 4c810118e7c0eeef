import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readArguments } from '../../src/hosts/command-line/arguments.ts';
import { optionsOf } from '../../src/hosts/command-line/command-line.ts';
import type { OperationName } from '../../src/operation.ts';
import { type AnyOperation, operations } from '../../src/operations/all.ts';
import { commandsOf, installation, readBuildspec } from '../support/buildspec.ts';

/** Built and tested by CodeBuild itself: the checks of the file that builds this repository. */
it('the buildspec of this repository runs what CI runs', () => {
  expect(commandsOf(readBuildspec('buildspec.yml'))).toEqual(['.ci/run']);
});

const guide = readFileSync('codebuild/README.md', 'utf8');
const folder = 'codebuild/buildspecs';

describe.each(readdirSync(folder))('%s', (name) => {
  const spec = readBuildspec(`${folder}/${name}`);
  const commands = commandsOf(spec);
  const calls = commands
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => {
      const [, operation, rest] = /^\s*npx model-delivery (\S+) (.*)$/.exec(line) ?? [];
      if (operation === undefined || rest === undefined) return [];
      // Each variable stands for one word.
      const args = [...rest.matchAll(/"\$([A-Z_]+)"|\S+/g)].map(([word, variable]) => variable ?? word);
      return [{ operation: operations[operation as OperationName] as AnyOperation, args }];
    });
  /** The values of these options, in order of the commands. */
  const values = (...options: readonly string[]): readonly string[] =>
    calls.flatMap(({ args }) =>
      options.flatMap((option) => (args.includes(option) ? (args[args.indexOf(option) + 1] ?? '') : [])),
    );

  it('installs the suite, and stops at the first failure', () => {
    expect(spec.phases.install).toEqual({
      'on-failure': 'ABORT',
      'runtime-versions': { nodejs: 22 },
      commands: [installation],
    });
    for (const phase of Object.values(spec.phases)) expect(phase?.['on-failure']).toBe('ABORT');
  });

  it('gives the commands options that they have, and puts every variable in quotes', () => {
    expect(calls.length).toBeGreaterThan(0);
    for (const { operation, args } of calls) {
      const written = readArguments(optionsOf(operation), args);
      if (operation.name !== 'rollback') expect(written('environment')).toBe('ENVIRONMENT');
    }
    expect(commands.join('\n').replace(/"\$[A-Z_]+"/g, '')).not.toContain('$');
  });

  it('names in its table the variables that it needs and exports', () => {
    const used = [...new Set([...commands.join('\n').matchAll(/"\$([A-Z_]+)"/g)].map(([, variable = '']) => variable))];
    const set = ['REASON_CODE', ...Object.keys(spec.env?.variables ?? {})];
    const [, needed, exported] =
      new RegExp(`\\(buildspecs/${name}\\) \\| [^|]* \\| ([^|]*) \\| ([^|]*) \\|`).exec(guide) ?? [];
    const listed = (names: readonly string[]): string => names.map((one) => `\`${one}\``).join(', ');
    expect(needed).toBe(listed(used.filter((variable) => !set.includes(variable))));
    const names = spec.env?.['exported-variables'] ?? [];
    expect(exported).toBe(listed(names.slice(0, -2)) || 'none');
    if (names.length > 0) expect(names.slice(-2)).toEqual(['OUTCOME', 'REASON_CODE']);
  });

  it('exports outputs of its commands', () => {
    const outputs = calls.flatMap(({ operation }) => Object.keys(operation.outputs));
    const known = ['outcome', 'reason-code', ...outputs].map((output) => output.toUpperCase().replaceAll('-', '_'));
    for (const variable of spec.env?.['exported-variables'] ?? []) expect(known).toContain(variable);
  });

  it('hands the test reports to report groups, and all its reports on as artifacts', () => {
    const reports = Object.values(spec.reports ?? {});
    expect(reports.flatMap(({ files }) => files)).toEqual(values('--junit'));
    for (const report of reports) expect(report['file-format']).toBe('JUNITXML');
    const written = [
      ...new Set(values('--junit', '--html', ...(name === 'regression-test.yml' ? ['--evaluation'] : []))),
    ];
    // `rollback` in every environment puts the name of each into the names of its files.
    expect(spec.artifacts?.files ?? []).toEqual(
      name === 'rejected.yml' ? written.map((file) => file.replace('.html', '.*.html')) : written,
    );
  });
});

it('the role that a report group needs stands in the guide', () => {
  for (const action of ['CreateReportGroup', 'CreateReport', 'UpdateReport', 'BatchPutTestCases'])
    expect(guide).toContain(`"codebuild:${action}"`);
});
