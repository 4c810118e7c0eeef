import { fill, holds, type Status, type Values } from './expressions.ts';
import { type Job, stepName, type Value, type Workflow } from './workflow-file.ts';

/** The world's behaviour while a called workflow runs. Steps are named `job/step`. */
export interface World {
  readonly inputs: Readonly<Record<string, Value>>;
  /** GitHub's context of the caller; default: a push. */
  readonly github?: Values;
  /** The ends of called workflows, by job; a call that is not named here succeeds without outputs. */
  readonly calls?: Readonly<Record<string, Answer>>;
  /** The answers of running steps; a step that is not named here succeeds without outputs. */
  readonly steps?: Readonly<Record<string, Answer>>;
  /** Jobs that their environment does not start. */
  readonly heldBack?: readonly string[];
  /** The run is cancelled while this step runs. */
  readonly cancelledIn?: string;
}
export interface Answer {
  readonly fails?: boolean;
  readonly outputs?: Readonly<Record<string, string>>;
}

/** The jobs and steps that ran, with their inputs, and the workflow's outputs at its end. */
export interface Course {
  readonly jobs: Readonly<Record<string, Status>>;
  /** In the order in which they ran. */
  readonly ran: readonly string[];
  readonly given: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly environments: Readonly<Record<string, string>>;
  readonly groups: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

type JobEnd = { readonly result: Status; readonly outputs: Readonly<Record<string, string>> };

/**
 * Plays a called workflow. GitHub's evaluator evaluates every condition, output and input. This file adds the order, the status
 * functions (GitHub: "Evaluate expressions in workflows and actions", status check functions), and a rule: a job whose need was skipped
 * is skipped too, unless its condition allows it.
 */
export const play = (workflow: Workflow, world: World): Course => {
  const inputs = { ...defaultsOf(workflow), ...world.inputs };
  const github = world.github ?? { event_name: 'push', sha: 'c0ffee' };
  const ended: Record<string, JobEnd> = {};
  const ran: string[] = [];
  const given: Record<string, Record<string, string>> = {};
  const environments: Record<string, string> = {};
  const groups: Record<string, string> = {};
  let cancelled = false;

  const runSteps = (id: string, job: Job, contexts: Values): JobEnd => {
    let status: Status = 'success';
    const steps: Record<string, Values> = {};
    const known = (): Values => ({ ...contexts, steps, job: { status } });
    for (const step of job.steps) {
      const name = stepName(id, step);
      const runs = holds(step.if, known(), status);
      const { fails = false, outputs = {} } = runs ? (world.steps?.[name] ?? {}) : {};
      if (runs) {
        ran.push(name);
        given[name] = mapValues(step.with ?? {}, (text) => fill(text, known()));
        cancelled ||= world.cancelledIn === name;
      }
      const outcome = runs
        ? cancelled && world.cancelledIn === name
          ? 'cancelled'
          : fails
            ? 'failure'
            : 'success'
        : 'skipped';
      if (step.id !== undefined) steps[step.id] = { outputs, outcome, conclusion: outcome };
      if (status === 'success' && (outcome === 'failure' || outcome === 'cancelled')) status = outcome;
    }
    return { result: status, outputs: mapValues(job.outputs ?? {}, (text) => fill(text, known())) };
  };

  const runJob = (name: string, job: Job, matrix: Values): JobEnd => {
    const id = [name, ...Object.values(matrix)].join(' ');
    const needed = [job.needs ?? []].flat();
    const needs = Object.fromEntries(needed.map((name) => [name, { ...required(ended, name) }]));
    const results = Object.values(needs).map(({ result }) => result);
    const status = cancelled
      ? 'cancelled'
      : ((['failure', 'cancelled', 'skipped'] as const).find((one) => results.includes(one)) ?? 'success');
    const contexts: Values = { inputs, github, needs, matrix };
    if (!holds(job.if, contexts, status)) return { result: 'skipped', outputs: {} };
    if (job.environment !== undefined) environments[id] = fill(nameOf(job.environment), contexts);
    if (job.concurrency !== undefined) groups[id] = fill(job.concurrency.group, contexts);
    // A job that a reviewer rejects fails without a run, and so sets no output.
    if (world.heldBack?.includes(id)) return { result: 'failure', outputs: {} };
    return job.uses === undefined ? runSteps(id, job, contexts) : call(id, job, contexts);
  };

  const call = (id: string, job: Job, contexts: Values): JobEnd => {
    const { fails = false, outputs = {} } = world.calls?.[id] ?? {};
    ran.push(id);
    given[id] = mapValues(job.with ?? {}, (text) => fill(text, contexts));
    cancelled ||= world.cancelledIn === id;
    return { result: world.cancelledIn === id ? 'cancelled' : fails ? 'failure' : 'success', outputs };
  };

  for (const [id, job] of inOrder(workflow.jobs)) {
    const copies = matrixOf(job, { inputs, github });
    const ends = copies.map((matrix) => runJob(id, job, matrix));
    ended[id] = ends.find(({ result }) => result !== 'success') ?? ends[0] ?? { result: 'skipped', outputs: {} };
  }
  const declared = workflow.on.workflow_call?.outputs ?? {};
  return {
    jobs: mapValues(ended, ({ result }) => result),
    ran,
    given,
    environments,
    groups,
    outputs: mapValues(declared, ({ value }) => fill(value, { inputs, github, jobs: ended })),
  };
};

/** The copies of a job by its matrix of one dimension, whose values are a JSON list; one copy without a matrix. */
const matrixOf = ({ strategy }: Job, contexts: Values): readonly Values[] => {
  const [dimension] = Object.entries(strategy?.matrix ?? {});
  if (dimension === undefined) return [{}];
  const [name, written] = dimension;
  const values = JSON.parse(fill(written.replace(/fromJSON\(([^()]+)\)/, '$1'), contexts)) as readonly string[];
  return values.map((value) => ({ [name]: value }));
};

const defaultsOf = (workflow: Workflow): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(workflow.on.workflow_call?.inputs ?? {}).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );

/** Every job after its needs. */
const inOrder = (jobs: Readonly<Record<string, Job>>): readonly (readonly [string, Job])[] => {
  const ordered: [string, Job][] = [];
  const rest = new Map(Object.entries(jobs));
  while (rest.size > 0) {
    const next = [...rest].find(([, { needs }]) => [needs ?? []].flat().every((need) => !rest.has(need)));
    if (next === undefined) throw new Error(`jobs wait for each other: ${[...rest.keys()].join(', ')}`);
    ordered.push(next);
    rest.delete(next[0]);
  }
  return ordered;
};

const required = (ended: Readonly<Record<string, JobEnd>>, name: string): JobEnd => {
  const found = ended[name];
  if (found === undefined) throw new Error(`there is no job ${name}`);
  return found;
};

const mapValues = <From, To>(values: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));

const nameOf = (environment: NonNullable<Job['environment']>): string =>
  typeof environment === 'string' ? environment : environment.name;
