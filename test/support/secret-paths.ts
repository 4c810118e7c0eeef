import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Simulator } from '../../simulator/contracts.ts';
import type { Driver, Launched } from '../../src/rehearsal/driver.ts';
import {
  inputVariables,
  parseFileCommands,
  readActionFile,
  runnerEnvironment,
  stepFiles,
} from '../../src/rehearsal/process.ts';

type Texts = Readonly<Record<string, string>>;

/** All output of a run, by channel. */
export type Channels = Texts;

export interface StepOptions {
  readonly env?: Texts;
  /** Called while the process runs; time stands still meanwhile. */
  readonly during?: (child: Launched) => Promise<void>;
  /** Another build of the action than the bundle. */
  readonly script?: string;
}

export interface Steps {
  /** A `uses:` step and its post step. */
  step(action: string, inputs: Texts, options?: StepOptions): Promise<Channels>;
  /** A process of the command line. */
  command(args: readonly string[], files: readonly string[], env?: Texts): Promise<Channels>;
  /** The values that the processes registered as masks with the runner, in order. */
  readonly masked: readonly string[];
}

export const stepsOf = (place: {
  readonly driver: Driver;
  readonly simulator: Simulator;
  readonly workspace: string;
  readonly env: Texts;
}): Steps => {
  const { driver, workspace } = place;
  const masked: string[] = [];
  let count = 0;

  /** The runner does not print the line of a mask. */
  const logOf = ({ log }: Launched): string =>
    log
      .map(({ text }) => text)
      .filter((line) => {
        const mask = /^::add-mask::(.*)$/.exec(line)?.[1];
        if (mask !== undefined) masked.push(decodeURIComponent(mask));
        return mask === undefined;
      })
      .join('\n');

  return {
    masked,
    step: async (name, inputs, { env = {}, during, script } = {}) => {
      const action = readActionFile(`actions/${name}`);
      const folder = join(workspace, 'steps', String(++count));
      const job = { runId: '7', attempt: count, job: 'deliver', actor: 'mina', commit: 'c0ffee' };
      const runner = { ...runnerEnvironment(job, workspace, join(workspace, 'runner')), RUNNER_DEBUG: '1' };
      const files = stepFiles(folder);
      const variables = { ...runner, ...inputVariables(action, inputs), ...place.env, ...env };
      const run = async (file: string, own: ReturnType<typeof stepFiles>, more: Texts): Promise<Launched> => {
        const child = driver.launch(name, script ?? join(action.folder, file), {
          ...variables,
          ...more,
          ...own.variables,
        });
        await during?.(child);
        await child.ended();
        return child;
      };
      const main = await run(action.main, files, {});
      const state = files.read('GITHUB_STATE');
      const channels: Record<string, string> = {
        log: logOf(main),
        outputs: files.read('GITHUB_OUTPUT'),
        state,
        summary: files.read('GITHUB_STEP_SUMMARY'),
      };
      if (action.post === undefined) return channels;
      const after = stepFiles(join(folder, 'post'));
      const saved = Object.entries(parseFileCommands(state)).map(([key, value]) => [`STATE_${key}`, value] as const);
      const post = driver.launch(`post ${name}`, script ?? join(action.folder, action.post), {
        ...variables,
        ...Object.fromEntries(saved),
        ...after.variables,
      });
      await post.ended();
      return {
        ...channels,
        'post log': logOf(post),
        'post outputs': after.read('GITHUB_OUTPUT'),
        'post state': after.read('GITHUB_STATE'),
        'post summary': after.read('GITHUB_STEP_SUMMARY'),
      };
    },
    command: async (args, files, env = {}) => {
      const folder = join(workspace, 'commands', String(++count));
      mkdirSync(folder, { recursive: true });
      // The command line accepts no flags for Node, so a file passes them on.
      const script = join(folder, 'command.mjs');
      writeFileSync(
        script,
        `process.chdir(${JSON.stringify(workspace)});\nprocess.argv.splice(1, 1, 'model-delivery', ...${JSON.stringify(args)});\nawait import(${JSON.stringify(resolve('src/main.ts'))});\n`,
      );
      const { PATH = '' } = process.env;
      const child = driver.launch('command', script, { PATH, HOME: folder, ...place.env, ...env });
      await child.ended();
      const written = files.map((file) => [file, readIfThere(join(workspace, file))] as const);
      return { log: logOf(child), ...Object.fromEntries(written) };
    },
  };
};

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
