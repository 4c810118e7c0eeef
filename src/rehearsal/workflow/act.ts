import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Instant } from '../../clock.ts';
import { InputError } from '../../schema.ts';

export interface PlayedStep {
  readonly name: string;
  readonly result: string;
  readonly at: Instant;
  /** Of the suite's actions. */
  readonly outcome?: string;
  readonly reasonCode?: string;
}
export interface PlayedJob {
  readonly name: string;
  readonly result: string;
  readonly at: Instant;
}
export interface Listener {
  step(job: string, step: PlayedStep): void;
  job(job: PlayedJob): void;
}

export interface ActRun {
  readonly folder: string;
  readonly workflow: string;
  readonly event: string;
  readonly payload: object;
  /** `owner/name@ref` → folder. */
  readonly repositories: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string>>;
  /** Labels of `runs-on` that this machine plays. */
  readonly runners: readonly string[];
  /** For files of act. */
  readonly home: string;
  /** Gets what the steps print, and the job summaries. */
  readonly log: string;
  readonly summaries: string;
  now(): Instant;
}

/** @throws {InputError} */
export const needAct = (): void => {
  if (spawnSync('act', ['--version'], { stdio: 'ignore', env: process.env }).status === 0) return;
  throw new InputError(
    'act is not on the PATH; it plays the workflow: `brew install act`, `go install github.com/nektos/act@latest`, or https://nektosact.com/installation',
  );
};

/** @returns whether every job ended green */
export const runAct = async (run: ActRun, listener: Listener): Promise<boolean> => {
  const payloadFile = join(run.home, 'event.json');
  writeFileSync(payloadFile, JSON.stringify(run.payload));
  const flags = [
    [run.event, '--json', '--verbose'],
    ['--workflows', join('.github/workflows', run.workflow)],
    ['--eventpath', payloadFile],
    ['--container-daemon-socket', '-'],
    ['--action-cache-path', join(run.home, 'actions')],
    ['--no-cache-server'],
    // The clock of the local AWS has one participant: the running step.
    ['--concurrent-jobs', '1'],
    ...[...runners, ...run.runners].map((label) => ['--platform', `${label}=-self-hosted`]),
    ...[...run.repositories].map(([uses, folder]) => ['--local-repository', `${uses}=${folder}`]),
    ...Object.entries(run.environment).map(([name, value]) => ['--env', `${name}=${value}`]),
  ].flat();
  const act = spawn('act', flags, { cwd: run.folder, env: environmentOf(run.home), stdio: ['ignore', 'pipe', 'pipe'] });
  const read = createReader(run, listener);
  for (const stream of [act.stdout, act.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) read.line(line);
    });
    stream.on('end', () => read.line(rest));
  }
  const code = await new Promise<number | null>((end, fail) => {
    act.once('error', fail);
    act.once('close', end);
  });
  read.end();
  return code === 0 && !read.leftOut();
};

/** Labels that the suite's workflows, or an expression, may give. */
const runners = ['ubuntu-latest', 'ubuntu-24.04', 'ubuntu-22.04', 'ubuntu-24.04-arm', 'self-hosted'];

/** None of the caller's AWS settings; Node of this process for the actions. */
const environmentOf = (home: string): Record<string, string> => ({
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  HOME: home,
  ...Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && /^(https?_proxy|no_proxy|SSL_CERT_FILE|SSL_CERT_DIR|LANG|TMPDIR)$/i.test(name)
        ? [[name, value] as const]
        : [],
    ),
  ),
});

/** One line of act's log. */
interface Line {
  readonly msg: string;
  readonly level?: string;
  readonly job?: string;
  readonly stage?: string;
  readonly step?: string;
  /** Of a step of a composite action: with the ids of the steps around it. */
  readonly stepID?: readonly string[];
  readonly stepResult?: string;
  readonly jobResult?: string;
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly content?: string;
}

/** act logs the outputs of a step after its result. So a step is reported at the first line about another one. */
const createReader = ({ log, summaries, now }: ActRun, listener: Listener) => {
  const open = new Map<string, PlayedStep>();
  let leftOut = false;
  const close = (job: string): void => {
    const step = open.get(job);
    if (step !== undefined) listener.step(job, step);
    open.delete(job);
  };
  return {
    line: (text: string): void => {
      const line = parsed(text);
      // Padded by act.
      const job = line.job?.trimEnd() ?? '';
      // A step of a composite action is a part of its step.
      const isPart = (line.stepID?.length ?? 0) > 1;
      const { stage, step = '', stepResult, jobResult, command, name = '', arg = '', content = '' } = line;
      if (text !== '' && line.level !== 'debug') appendFileSync(log, `${job} | ${line.msg.trimEnd()}\n`);
      // To act such a job is no failure.
      if (/unsupported platform/i.test(line.msg)) {
        leftOut = true;
        listener.job({ name: job, result: 'not played: its `runs-on` is known only to the workflow', at: now() });
      }
      if (command === 'summary') appendFileSync(summaries, `${content}\n`);
      const waiting = open.get(job);
      if (command === 'set-output' && waiting !== undefined) {
        if (name === 'outcome') open.set(job, { ...waiting, outcome: arg });
        if (name === 'reason-code') open.set(job, { ...waiting, reasonCode: arg });
      } else if (isPart) return;
      else if (stepResult !== undefined && stage === 'Main') {
        close(job);
        open.set(job, { name: step, result: stepResult, at: now() });
      } else if (jobResult !== undefined) {
        close(job);
        listener.job({ name: job, result: jobResult, at: now() });
      } else if (line.msg.startsWith('⭐')) close(job);
    },
    leftOut: () => leftOut,
    end: () => {
      for (const job of open.keys()) close(job);
    },
  };
};

const parsed = (text: string): Line => {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return { msg: text };
  }
};
