import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { withoutUndefined } from '../without-undefined.ts';

/** The parts of `action.yml` that the runner reads. */
export interface ActionFile {
  readonly folder: string;
  readonly main: string;
  readonly post?: string;
  /** Declared inputs with the default the runner fills in; an input without one reaches the action as an empty string. */
  readonly defaults: Readonly<Record<string, string>>;
}

/** A rehearsal starts hundreds of steps of a few actions. */
const known = new Map<string, ActionFile>();

export const readActionFile = (folder: string): ActionFile => {
  const path = resolve(folder);
  const action = known.get(path) ?? parseActionFile(path);
  known.set(path, action);
  return action;
};

const parseActionFile = (folder: string): ActionFile => {
  const file = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as {
    runs: { main: string; post?: string };
    inputs?: Record<string, { default?: unknown } | null>;
  };
  const defaults = Object.entries(file.inputs ?? {}).map(
    ([name, input]) => [name, String(input?.default ?? '')] as const,
  );
  return {
    folder,
    main: file.runs.main,
    ...withoutUndefined({ post: file.runs.post }),
    defaults: Object.fromEntries(defaults),
  };
};

/** `INPUT_ENDPOINT-NAME`: upper-cased, spaces to underscores, hyphens kept. @throws for an input the action does not declare */
export const inputVariables = (
  action: ActionFile,
  inputs: Readonly<Record<string, string>>,
): Record<string, string> => {
  const unknown = Object.keys(inputs).filter((name) => !(name in action.defaults));
  if (unknown.length > 0) throw new Error(`${action.folder}/action.yml declares no input ${unknown.join(', ')}`);
  return Object.fromEntries(
    Object.entries({ ...action.defaults, ...inputs }).map(([name, value]) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      value,
    ]),
  );
};

/** The content of GitHub's file commands: `name=value` lines and `name<<delimiter` blocks. */
export const parseFileCommands = (text: string): Record<string, string> => {
  const values: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const block = /^([^=]+?)<<(.+)$/.exec(lines[i] ?? '');
    if (block) {
      const end = lines.indexOf(block[2] ?? '', i + 1);
      if (end < 0) throw new Error(`file command ${block[1]} has no closing delimiter`);
      values[block[1] ?? ''] = lines.slice(i + 1, end).join('\n');
      i = end;
      continue;
    }
    const line = /^([^=]+)=(.*)$/.exec(lines[i] ?? '');
    if (line) values[line[1] ?? ''] = line[2] ?? '';
  }
  return values;
};

/** One workflow run's job, from the `GITHUB_*` variables. A re-run keeps the run id and raises the attempt. */
export interface Job {
  readonly runId: string;
  readonly attempt: number;
  readonly job: string;
  readonly actor: string;
  readonly commit: string;
  /** The branch of the run; default: `main`. */
  readonly branch?: string;
  /** GitHub environment of the job; without one GitHub's identity token names the branch. */
  readonly environment?: string;
}

/** The subject of the job's identity token (GitHub: "OpenID Connect reference"). */
export const subjectOf = ({ environment, branch = 'main' }: Pick<Job, 'environment' | 'branch'>): string =>
  `repo:${repository}:${environment === undefined ? `ref:refs/heads/${branch}` : `environment:${environment}`}`;

/** The rehearsed team's repository at GitHub. */
export const repository = 'acme/iris';

const fileCommands = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV', 'GITHUB_PATH'] as const;
export type FileCommand = (typeof fileCommands)[number];

/** A folder of a step's own, with the empty files from the runner. */
export const stepFiles = (
  folder: string,
): { variables: Record<FileCommand, string>; read(name: FileCommand): string } => {
  mkdirSync(folder, { recursive: true });
  const variables = Object.fromEntries(fileCommands.map((name) => [name, join(folder, name.toLowerCase())])) as Record<
    FileCommand,
    string
  >;
  for (const path of Object.values(variables)) writeFileSync(path, '');
  return { variables, read: (name) => readFileSync(variables[name], 'utf8') };
};

/** The whole environment of a step: nothing of this process's own leaks into it. */
export const runnerEnvironment = (
  { branch = 'main', ...job }: Job,
  workspace: string,
  temp: string,
): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: temp,
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_ACTOR: job.actor,
  GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_EVENT_PATH: join(temp, 'event.json'),
  GITHUB_JOB: job.job,
  GITHUB_REF: `refs/heads/${branch}`,
  GITHUB_REF_NAME: branch,
  GITHUB_REPOSITORY: repository,
  GITHUB_RUN_ATTEMPT: String(job.attempt),
  GITHUB_RUN_ID: job.runId,
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_SHA: job.commit,
  GITHUB_WORKFLOW: 'deliver',
  GITHUB_WORKSPACE: workspace,
  RUNNER_ENVIRONMENT: 'github-hosted',
  RUNNER_OS: 'Linux',
  RUNNER_TEMP: temp,
  RUNNER_TOOL_CACHE: join(temp, 'tools'),
});

export interface Exit {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}
export interface Child {
  /** Settles when the process has ended and its output is complete. */
  readonly closed: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * A rehearsal starts the same few bundles a thousand times. Node keeps their compiled code here, checks it against the script's content,
 * and saves a seventh of the processes' time. The folder is Node's own default; Node 20 ignores the variable.
 */
export const compiledCode = join(tmpdir(), 'node-compile-cache');

export interface NodeOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly args?: readonly string[];
  /** Called for every complete line of standard output and standard error. */
  line(text: string): void;
}

/** Runs a script in a process of its own. */
export const startNode = (script: string, options: NodeOptions): Child => {
  const child = spawn(process.execPath, [script, ...(options.args ?? [])], {
    cwd: options.cwd,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    const { write, end } = linesTo(options.line);
    stream.setEncoding('utf8');
    stream.on('data', write);
    stream.on('end', end);
  }
  const closed = new Promise<Exit>((done) => {
    child.once('error', () => done({ code: 127, signal: undefined }));
    child.once('close', (code, signal) => done({ code: code ?? undefined, signal: signal ?? undefined }));
  });
  return { closed, kill: (signal) => void child.kill(signal) };
};

/** Cuts a text that comes in pieces into lines; the end completes the last one. */
export const linesTo = (line: (text: string) => void): { write(text: string): void; end(): void } => {
  let rest = '';
  return {
    write: (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) line(one);
    },
    end: () => {
      if (rest !== '') line(rest);
    },
  };
};
