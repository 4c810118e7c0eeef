import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Simulator } from '../../simulator/contracts.ts';
import { type Instant, seconds } from '../clock.ts';
import { nothingLeftToDo } from '../hosts/github-actions/step-state.ts';
import { startHere } from './own-process.ts';
import {
  type ActionFile,
  compiledCode,
  type Exit,
  inputVariables,
  type Job,
  parseFileCommands,
  readActionFile,
  runnerEnvironment,
  startNode,
  stepFiles,
  subjectOf,
} from './process.ts';

/** One `uses:` step of a workflow. */
export interface WorkflowStep {
  readonly action: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly job: Job;
}

/** The time of an observation, precise enough to order the story although much happens at one virtual instant. */
export interface Moment {
  readonly at: Instant;
  /** How many events the simulated AWS had noted by then. */
  readonly eventsSeen: number;
  /** Rises with every moment taken. */
  readonly order: number;
}

export interface LogLine {
  readonly moment: Moment;
  readonly text: string;
}

/** How a step ended, as the workflow run shows it. */
export interface StepResult {
  readonly step: WorkflowStep;
  readonly started: Moment;
  readonly ended: Moment;
  readonly exit: Exit;
  readonly outputs: Readonly<Record<string, string>>;
  /** Job summary of the step and its post step. */
  readonly summary: string;
  readonly log: readonly LogLine[];
  /** The simulator's ids of the processes: `participant` in the request log. */
  readonly participants: readonly string[];
}

/** A step whose main process was started. */
export interface Running {
  readonly step: WorkflowStep;
  readonly action: ActionFile;
  readonly folder: string;
  readonly started: Moment;
  readonly log: LogLine[];
  readonly files: ReturnType<typeof stepFiles>;
  readonly process: Participant;
  /** The runner's machine is gone: the post step never runs. */
  gone: boolean;
}

/** A process outside of any step. */
export interface Launched {
  /** `participant` in the request log. */
  readonly id: string;
  readonly log: readonly LogLine[];
  /** Undefined while it runs. */
  readonly exit: Exit | undefined;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended; time passes. */
  ended(): Promise<Exit>;
  /** Resolves when it has ended; time passes only where another wait lets it. */
  readonly closed: Promise<Exit>;
}

interface Participant {
  readonly id: string;
  readonly name: string;
  readonly isProcess: boolean;
  readonly closed: Promise<Exit>;
  exit: Exit | undefined;
  kill(signal: NodeJS.Signals): void;
}

const nothing = { summary: '', participants: [] };

/**
 * Plays the runner. It is a participant of the virtual clock: time stands still while it decides, and moves only while it waits
 * in `until` or `finish` and every process it started sleeps too (DESIGN §11).
 */
export interface Driver {
  /**
   * Whether each step that begins is a process of its own, with its post step, as a runner starts them. Else it is the same bundle in
   * this process, asks the same of AWS, and a post step with nothing left to do is not started. Default: true.
   */
  processes: boolean;
  now(): Instant;
  moment(): Moment;
  /** Let time pass; processes run on. */
  until(instant: Instant): Promise<void>;
  /** Let time pass until the instant, or until a process has ended. */
  untilStirred(instant: Instant): Promise<void>;
  start(step: WorkflowStep): Running;
  /** Wait for the step to end by itself, then run its post step. One wait at a time. */
  finish(running: Running): Promise<StepResult>;
  /** As the runner cancels a job: SIGINT, SIGTERM after 7.5 s, SIGKILL 2.5 s later; then the post step. */
  cancel(running: Running): Promise<StepResult>;
  /** SIGINT alone, without the runner's next signals: `finish` reports how the step ended. */
  interrupt(running: Running): void;
  /** The runner's machine is gone: SIGKILL, and `finish` will run no post step. */
  destroy(running: Running): void;
  /** A process that runs beside the steps until it is stopped. */
  launch(
    name: string,
    script: string,
    environment: Readonly<Record<string, string>>,
    args?: readonly string[],
  ): Launched;
  /** Leaves no process behind, however the rehearsal ended. */
  close(): void;
}

/** Temporary credentials that a process was given; without any it has the keys of its participant. */
const sessionIn = ({
  AWS_ACCESS_KEY_ID = '',
  AWS_SECRET_ACCESS_KEY = '',
  AWS_SESSION_TOKEN,
}: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  AWS_SESSION_TOKEN === undefined ? {} : { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN };

export const createDriver = (options: {
  readonly simulator: Simulator;
  /** Holds `<operation>/action.yml` and `<operation>/dist/`. */
  readonly actions: string;
  readonly workspace: string;
  /** Runner temp and file commands. */
  readonly temp: string;
  /** Further variables of every process; they win over those of the runner. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Every step is a process of its own, whatever the scenario proves. */
  readonly onlyProcesses?: boolean;
  /** Called with each line that a process prints. */
  readonly seen?: (line: LogLine) => void;
}): Driver => {
  const { simulator, onlyProcesses = false } = options;
  let processes = true;
  const alive = new Set<Participant>();
  /** Actions whose post step was seen to do nothing after a main step that has reported. */
  const idlePosts = new Set<string>();
  let wake = new AbortController();
  let steps = 0;
  let moments = 0;
  const moment = (): Moment => ({
    at: simulator.clock.now(),
    eventsSeen: simulator.events.length,
    order: moments++,
  });

  mkdirSync(options.temp, { recursive: true });
  writeFileSync(join(options.temp, 'event.json'), '{}');

  /** The effect of `id-token: write`: the address of the token that a job assumes a role with. */
  const tokenService = (id: string, job: Pick<Job, 'environment'>): Record<string, string> => ({
    ACTIONS_ID_TOKEN_REQUEST_URL: `${simulator.url}/github/oidc-token?${new URLSearchParams({ participant: id, subject: subjectOf(job) })}`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'rehearsal',
  });

  const spawn = (
    name: string,
    script: string,
    environment: Readonly<Record<string, string>>,
    log: LogLine[],
    job: Pick<Job, 'environment'> = {},
    args: readonly string[] = [],
  ): Participant => {
    // The process is registered before it exists, so that time cannot move until it has started and sleeps (DESIGN §11).
    const { id, url } = simulator.register(name);
    // The command line is a module, and starts nothing twice.
    const begin = processes || !script.endsWith('.cjs') ? startNode : startHere;
    const child = begin(script, {
      environment: {
        NODE_COMPILE_CACHE: compiledCode,
        ...options.environment,
        ...environment,
        ...tokenService(id, job),
        ...simulator.environment({ url }),
        ...sessionIn(environment),
      },
      cwd: options.workspace,
      args,
      line: (text) => {
        const line = { moment: moment(), text };
        log.push(line);
        options.seen?.(line);
      },
    });
    const isProcess = begin === startNode;
    const participant: Participant = { id, name, isProcess, closed: child.closed, exit: undefined, kill: child.kill };
    alive.add(participant);
    void child.closed.then((exit) => {
      participant.exit = exit;
      wake.abort();
    });
    return participant;
  };

  /** The driver is awake when it removes them: time stands still between an exit and the driver's reaction. */
  const bury = (): void => {
    for (const participant of alive) {
      if (!participant.exit) continue;
      simulator.remove(participant.id);
      alive.delete(participant);
    }
  };

  const untilStirred = async (until: Instant): Promise<void> => {
    bury();
    if (simulator.driver.now() >= until) return;
    wake = new AbortController();
    await Promise.race([simulator.driver.sleepUntil(until, wake.signal), simulator.stuck]);
    bury();
  };

  const rest = async (until: Instant, awaited?: Participant): Promise<void> => {
    bury();
    while (awaited?.exit === undefined && simulator.driver.now() < until) await untilStirred(until);
  };

  const environmentOf = (step: WorkflowStep, action: ActionFile): Record<string, string> => ({
    ...runnerEnvironment(step.job, options.workspace, options.temp),
    ...options.environment,
    ...inputVariables(action, step.inputs),
  });

  const stateOf = (files: Running['files']): Record<string, string> =>
    Object.fromEntries(
      Object.entries(parseFileCommands(files.read('GITHUB_STATE'))).map(([name, value]) => [`STATE_${name}`, value]),
    );

  /**
   * Most post steps follow a main step that has reported; the first line of the bundle ends them (tools/bundle.ts). Once one of an action
   * was seen to do nothing, those that follow it in the scenario are left out: they would be four of ten processes.
   */
  const post = async ({ step, action, folder, files, log }: Running, script: string) => {
    const state = stateOf(files);
    const isOver = nothingLeftToDo.every((name) => state[name]);
    if (isOver && (!processes || idlePosts.has(step.action))) return nothing;
    const own = stepFiles(join(folder, 'post'));
    const environment = { ...environmentOf(step, action), ...own.variables, ...state };
    const lines = log.length;
    const process = spawn(`post ${step.action}`, join(action.folder, script), environment, log, step.job);
    await rest(Number.POSITIVE_INFINITY, process);
    const summary = own.read('GITHUB_STEP_SUMMARY');
    if (isOver && process.exit?.code === 0 && summary === '' && log.length === lines) idlePosts.add(step.action);
    return { summary, participants: [process.id] };
  };

  /** A signalled process ends its own sleep; until it has, it counts as running, or time would move under the signal. */
  const signal = (process: Participant, name: NodeJS.Signals): void => {
    if (process.exit) return;
    if (!process.isProcess)
      throw new Error(`${process.name} gets ${name} and is no process: the scenario needs \`processes\``);
    process.kill(name);
    simulator.rouse(process.id);
  };

  const finish = async (running: Running): Promise<StepResult> => {
    const { step, action, files, process, log, started } = running;
    await rest(Number.POSITIVE_INFINITY, process);
    const exit = await process.closed;
    const after = action.post === undefined || running.gone ? nothing : await post(running, action.post);
    return {
      step,
      started,
      ended: moment(),
      exit,
      outputs: parseFileCommands(files.read('GITHUB_OUTPUT')),
      summary: files.read('GITHUB_STEP_SUMMARY') + after.summary,
      log,
      participants: [process.id, ...after.participants],
    };
  };

  return {
    get processes() {
      return processes;
    },
    set processes(wanted) {
      processes = wanted || onlyProcesses;
    },
    now: () => simulator.driver.now(),
    moment,
    until: (instant) => rest(instant),
    untilStirred,
    start: (step) => {
      const action = readActionFile(join(options.actions, step.action));
      const folder = join(options.temp, 'steps', String(++steps));
      const files = stepFiles(folder);
      const log: LogLine[] = [];
      const environment = { ...environmentOf(step, action), ...files.variables };
      const started = moment();
      const process = spawn(step.action, join(action.folder, action.main), environment, log, step.job);
      return { step, action, folder, started, log, files, process, gone: false };
    },
    finish,
    cancel: async (running) => {
      for (const [name, graceMs] of cancellation) {
        signal(running.process, name);
        await rest(simulator.driver.now() + graceMs, running.process);
      }
      return finish(running);
    },
    interrupt: (running) => signal(running.process, 'SIGINT'),
    destroy: (running) => {
      running.gone = true;
      signal(running.process, 'SIGKILL');
    },
    launch: (name, script, environment, args) => {
      const log: LogLine[] = [];
      const process = spawn(name, script, environment, log, {}, args);
      return {
        id: process.id,
        log,
        closed: process.closed,
        get exit() {
          return process.exit;
        },
        kill: (name) => signal(process, name),
        ended: async () => {
          await rest(Number.POSITIVE_INFINITY, process);
          return process.closed;
        },
      };
    },
    close: () => {
      for (const participant of alive) participant.kill('SIGKILL');
    },
  };
};

/** The signals of GitHub's runner to the entry process, and its wait before the next one. */
const cancellation = [
  ['SIGINT', seconds(7.5)],
  ['SIGTERM', seconds(2.5)],
  ['SIGKILL', 0],
] as const;
