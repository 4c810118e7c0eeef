import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import type { Driver, Launched } from '../../src/rehearsal/driver.ts';

/** The parts of a buildspec that this suite's files use. */
export interface Buildspec {
  readonly version: number;
  readonly env?: {
    readonly variables?: Readonly<Record<string, string>>;
    readonly 'exported-variables'?: readonly string[];
  };
  readonly phases: Readonly<Partial<Record<PhaseName, Phase>>>;
  readonly reports?: Readonly<Record<string, { readonly files: readonly string[]; readonly 'file-format': string }>>;
  readonly artifacts?: { readonly files: readonly string[] };
}
interface Phase {
  readonly 'runtime-versions'?: { readonly nodejs: number };
  readonly 'on-failure'?: string;
  readonly commands?: readonly string[];
  readonly finally?: readonly string[];
}
const phaseNames = ['install', 'pre_build', 'build', 'post_build'] as const;
type PhaseName = (typeof phaseNames)[number];

const texts = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } } as const;
const only = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});
/** No buildspec may set a variable of CodeBuild's own. */
const variableName = '^(?!CODEBUILD_)[A-Za-z_][A-Za-z0-9_]*$';
/** Only `install` may do without commands. */
const phase = (more: object = {}, required: readonly string[] = ['commands']) =>
  only(
    {
      ...more,
      'run-as': { type: 'string' },
      'on-failure': { type: 'string', pattern: '^(ABORT|CONTINUE|RETRY(-.+)?)$' },
      commands: texts,
      finally: texts,
    },
    required,
  );

/** AWS CodeBuild user guide, "Build specification reference for CodeBuild": keys, phases, `on-failure`, exported variables, report formats. */
const isBuildspec = new Ajv().compile<Buildspec>(
  only(
    {
      version: { const: 0.2 },
      'run-as': { type: 'string' },
      env: only({
        shell: { enum: ['bash', '/bin/sh'] },
        variables: {
          type: 'object',
          propertyNames: { pattern: variableName },
          additionalProperties: { type: 'string' },
        },
        // "The following cannot be exported: … Environment variables that start with AWS_."
        'exported-variables': { ...texts, items: { type: 'string', pattern: '^(?!AWS_|CODEBUILD_)[A-Z][A-Z0-9_]*$' } },
      }),
      phases: only({
        install: phase({ 'runtime-versions': only({ nodejs: { type: 'integer' } }) }, []),
        pre_build: phase(),
        build: phase(),
        post_build: phase(),
      }),
      reports: {
        type: 'object',
        maxProperties: 5,
        additionalProperties: only(
          {
            files: texts,
            'base-directory': { type: 'string' },
            'file-format': {
              enum: ['JUNITXML', 'NUNITXML', 'NUNIT3XML', 'TESTNGXML', 'VISUALSTUDIOTRX', 'CUCUMBERJSON'],
            },
          },
          ['files'],
        ),
      },
      artifacts: only({ files: texts, name: { type: 'string' }, 'base-directory': { type: 'string' } }, ['files']),
      cache: only({ key: { type: 'string' }, paths: texts }, ['paths']),
    },
    ['version', 'phases'],
  ),
);

/** @throws {Error} for a file that is not a buildspec of version 0.2 */
export const readBuildspec = (path: string): Buildspec => {
  const spec: unknown = parse(readFileSync(path, 'utf8'));
  if (isBuildspec(spec)) return spec;
  throw new Error(`${path}: ${JSON.stringify(isBuildspec.errors)}`);
};

/** The line of every buildspec that fetches the suite. A played build has the clone instead. */
export const installation = 'npm install --no-save git+https://github.com/OWNER/model-delivery.git';

export const commandsOf = ({ phases }: Buildspec): readonly string[] =>
  phaseNames.flatMap((name) => phases[name]?.commands ?? []);

export interface Build {
  /** 0: CodeBuild reports SUCCEEDED. */
  readonly code: number | undefined;
  readonly log: readonly string[];
  /** The exported variables that exist at the end. */
  readonly exported: Readonly<Record<string, string>>;
}
export interface RunningBuild {
  readonly container: Launched;
  ended(): Promise<Build>;
}

/** The checked-out source of a build. */
export interface Checkout {
  readonly driver: Driver;
  readonly workspace: string;
}

/**
 * Starts a build in the checkout: the commands of each phase, one at a time, in one shell. A command that fails ends its phase, whose
 * `finally` still runs; then, with `on-failure: ABORT`, the build (user guide, as above).
 * @param variables those of the action, or of StartBuild
 */
export const startBuild = (
  { driver, workspace }: Checkout,
  path: string,
  variables: Readonly<Record<string, string>>,
): RunningBuild => {
  const spec = readBuildspec(path);
  const folder = mkdtempSync(join(tmpdir(), 'build-'));
  const exportedTo = join(folder, 'exported.json');
  const script = join(folder, 'build.sh');
  writeFileSync(script, scriptOf(spec, folder, exportedTo));
  linkClone(workspace);
  // A container begins with the source alone; here several builds share a checkout.
  rmSync(join(workspace, 'outputs.env'), { force: true });
  const container = driver.launch(
    path,
    resolve('test/support/build-container.ts'),
    {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      // npx finds the command in the workspace and needs no registry.
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
      CODEBUILD_BUILD_ID: 'iris-delivery:6e0f2b52-0d7c-4b16-93f9-4d3f8a1c2b3e',
      CODEBUILD_INITIATOR: 'codepipeline/iris',
      CODEBUILD_SRC_DIR: workspace,
      ...spec.env?.variables,
      ...variables,
    },
    [script],
  );
  return {
    container,
    ended: async () => {
      const { code } = await container.ended();
      const written = existsSync(exportedTo) ? readFileSync(exportedTo, 'utf8') : '{}';
      rmSync(folder, { recursive: true });
      return { code, log: container.log.map(({ text }) => text), exported: JSON.parse(written) };
    },
  };
};

export const playBuild = (...build: Parameters<typeof startBuild>): Promise<Build> => startBuild(...build).ended();

/** The effect of the `install` phase: the command line of this clone, as built. */
const linkClone = (workspace: string): void => {
  const bin = join(workspace, 'node_modules/.bin');
  if (existsSync(bin)) return;
  mkdirSync(bin, { recursive: true });
  symlinkSync(resolve('bin/model-delivery.mjs'), join(bin, 'model-delivery'));
};

const scriptOf = ({ phases, env }: Buildspec, folder: string, exportedTo: string): string => {
  let files = 0;
  const sourced = (command: string): string => {
    if (command === installation) return ':';
    const file = join(folder, `${++files}.sh`);
    writeFileSync(file, `${command}\n`);
    return `. ${file}`;
  };
  const lines = phaseNames.flatMap((name) => {
    const { commands = [], finally: last = [], 'on-failure': onFailure } = phases[name] ?? {};
    if (commands.length === 0) return [];
    // The guide shows the transitions of a phase without it in a picture only.
    if (onFailure !== 'ABORT') throw new Error(`${name} has no on-failure: ABORT`);
    return [
      'if [ $build = 0 ]; then',
      'phase=0',
      ...commands.map((command) => `[ $phase != 0 ] || ${sourced(command)} || phase=1`),
      ...last.map((command) => `${sourced(command)} || phase=1`),
      '[ $phase = 0 ] || build=1',
      'fi',
    ];
  });
  const names = JSON.stringify(env?.['exported-variables'] ?? []);
  const write = `const { env } = process; require('fs').writeFileSync('${exportedTo}', JSON.stringify(Object.fromEntries(${names}.filter((name) => name in env).map((name) => [name, env[name]]))))`;
  return ['build=0', ...lines, `node -e '${write.replaceAll("'", `'\\''`)}'`, 'exit $build', ''].join('\n');
};
