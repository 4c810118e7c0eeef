import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export interface StepEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The text of each file of `reads` that the step has written. */
  readonly written: Readonly<Record<string, string>>;
}

/** Runs an action's script like a runner: a scrubbed environment, `INPUT_*`, and the file commands. */
export const runStep = async (
  script: string,
  inputs: Readonly<Record<string, string>>,
  options: {
    readonly env?: Readonly<Record<string, string>>;
    /** Saved by an earlier process of the same step: this one is its post step. */
    readonly state?: Readonly<Record<string, string>>;
    /** Called when the process reports that it sleeps. */
    readonly onSleeping?: (child: ChildProcess) => void;
    readonly withoutSummary?: boolean;
    /** The checkout: texts by path. */
    readonly files?: Readonly<Record<string, string>>;
    /** Paths that the step may write. */
    readonly reads?: readonly string[];
  } = {},
): Promise<StepEnd> => {
  const folder = mkdtempSync(join(tmpdir(), 'step-'));
  const file = (name: string): string => join(folder, name);
  for (const name of ['output', 'state', 'summary']) writeFileSync(file(name), '');
  for (const [path, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(file(path)), { recursive: true });
    writeFileSync(file(path), text);
  }
  try {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', resolve(script)], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        ...variables('INPUT_', (name) => name.replaceAll(' ', '_').toUpperCase(), inputs),
        ...variables('STATE_', (name) => name, options.state ?? {}),
        GITHUB_OUTPUT: file('output'),
        GITHUB_STATE: file('state'),
        GITHUB_STEP_SUMMARY: options.withoutSummary ? file('missing/summary') : file('summary'),
        GITHUB_REPOSITORY: 'octo/churn',
        GITHUB_RUN_ID: '7',
        GITHUB_JOB: 'deploy',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    let signalled = false;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (signalled || !log.includes('SLEEPING')) return;
        signalled = true;
        options.onSleeping?.(child);
      });
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((end) => {
      child.on('close', (...how) => end(how));
    });
    const outputs = fileCommands(readFileSync(file('output'), 'utf8'));
    const state = fileCommands(readFileSync(file('state'), 'utf8'));
    const written = Object.fromEntries(
      (options.reads ?? []).flatMap((path) =>
        existsSync(file(path)) ? [[path, readFileSync(file(path), 'utf8')]] : [],
      ),
    );
    return { code, signal, log, outputs, state, summary: readFileSync(file('summary'), 'utf8'), written };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const variables = (
  prefix: string,
  named: (name: string) => string,
  values: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + named(name), value]));

/** `name<<delimiter` blocks, as the toolkit writes them; a later one wins, as in the runner. */
const fileCommands = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^(.+?)<<(.+)\r?\n([\s\S]*?)\r?\n\2$/gm)].map(([, name = '', , value = '']) => [name, value]),
  );
