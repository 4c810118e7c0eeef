import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parser } from './github-packages.ts';

/** A workflow's text, with the conditions in the form of GitHub's parser (`success() && (…)`). */
export interface Workflow {
  readonly on: { readonly workflow_call?: Call | null } & Readonly<Record<string, unknown>>;
  readonly permissions?: Permissions;
  readonly concurrency?: Job['concurrency'];
  readonly jobs: Readonly<Record<string, Job>>;
}
export type Permissions = Readonly<Record<string, string>>;
export interface Call {
  readonly inputs?: Readonly<
    Record<string, { readonly type: string; readonly required?: boolean; readonly default?: Value }>
  >;
  readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
  readonly secrets?: Readonly<Record<string, { readonly required?: boolean }>>;
}
export type Value = string | boolean | number;
export interface Job {
  readonly if: string;
  readonly needs?: string | readonly string[];
  readonly permissions?: Permissions;
  readonly 'timeout-minutes'?: number;
  readonly environment?: string | { readonly name: string; readonly url: string };
  readonly concurrency?: { readonly group: string; readonly queue?: string; readonly 'cancel-in-progress'?: boolean };
  readonly outputs?: Readonly<Record<string, string>>;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, Value>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, string>> };
  readonly steps: readonly Step[];
}
export interface Step {
  readonly if: string;
  readonly id?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, Value>>;
}

/** @throws with the messages of GitHub's parser, if any */
export const readWorkflow = async (path: string, text = readFileSync(path, 'utf8')): Promise<Workflow> => {
  const { context, value } = parser.parseWorkflow({ name: path, content: text }, new parser.NoOperationTraceWriter());
  if (value === undefined) throw new Error(`${path} is empty`);
  const template = await parser.convertWorkflowTemplate(context, value);
  const problems = [
    ...context.errors.getErrors().map(({ message }) => message),
    ...(template.errors ?? []).map((error) => error.Message),
  ];
  if (problems.length > 0) throw new Error(`${path}: ${problems.join('\n')}`);
  const written = parse(text) as Workflow;
  const jobs = template.jobs.map((job) => {
    const raw = written.jobs[job.id.value];
    const understood = job.type === 'job' ? job.steps : [];
    const steps = (raw?.steps ?? []).map((step, index) => ({
      ...step,
      if: understood[index]?.if?.expression ?? 'success()',
    }));
    return [job.id.value, { ...raw, if: job.if.expression, steps }] as const;
  });
  return { ...written, jobs: Object.fromEntries(jobs) };
};

/** The declaration of an action of this repository, for a step that uses it. */
export interface Declaration {
  readonly inputs: Readonly<Record<string, { readonly required: boolean; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}
export const declarationOf = (uses: string): Declaration =>
  parse(readFileSync(`${uses.slice('$/'.length)}/action.yml`, 'utf8'));

/** `plan/deployment`: a step's id, or its name, or its action. */
export const stepName = (job: string, { id, name, uses = '', run = '' }: Step): string =>
  `${job}/${id ?? name ?? (uses.replace(/@.*/, '') || run)}`;
