import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { readWorkflow, stepName, type Workflow } from './workflow-file.ts';

/** Every job and every step with what makes it run. */
export const conditions = (
  workflow: Workflow,
): readonly { readonly of: string; readonly job: string; readonly step?: number; readonly if: string }[] =>
  Object.entries(workflow.jobs).flatMap(([job, one]) => [
    { of: job, job, if: one.if },
    ...one.steps.map((step, index) => ({ of: stepName(job, step), job, step: index, if: step.if })),
  ]);

/** The conditions that stand in the file, each without its `${{ }}`. */
export const writtenConditions = (
  path: string,
): readonly {
  readonly of: string;
  readonly job: string;
  readonly step: number | undefined;
  readonly inner: string;
}[] =>
  Object.entries((parse(readFileSync(path, 'utf8')) as Workflow).jobs).flatMap(([job, one]) => [
    ...(one.if === undefined ? [] : [{ of: job, job, step: undefined, inner: innerOf(one.if) }]),
    ...(one.steps ?? []).flatMap((step, index) =>
      step.if === undefined ? [] : [{ of: stepName(job, step), job, step: index, inner: innerOf(step.if) }],
    ),
  ]);

const innerOf = (condition: string): string => condition.replace(/^\s*\$\{\{|\}\}\s*$/g, '').trim();

/** The workflow with another condition at one place. @throws when there is no such place */
export const withCondition = (
  path: string,
  job: string,
  step: number | undefined,
  condition: string,
): Promise<Workflow> => {
  const raw = parse(readFileSync(path, 'utf8')) as { jobs: Record<string, { if?: string; steps: { if?: string }[] }> };
  const at = step === undefined ? raw.jobs[job] : raw.jobs[job]?.steps[step];
  if (at === undefined) throw new Error(`there is no ${job}/${step}`);
  at.if = `\${{ ${condition} }}`;
  return readWorkflow(path, stringify(raw, { lineWidth: 0 }));
};

/** Changes that somebody might make to a condition: always, never, the opposite, and each operator exchanged. */
export const mutations = (condition: string): readonly string[] => [
  'true',
  'false',
  `!(${condition})`,
  ...swapped(condition, /&&/g, '||'),
  ...swapped(condition, /\|\|/g, '&&'),
  ...swapped(condition, /==/g, '!='),
  ...swapped(condition, /!=/g, '=='),
  ...swapped(condition, /!(?!=)/g, ''),
  ...swapped(condition, /failure\(\)/g, 'always()'),
];

const swapped = (condition: string, from: RegExp, to: string): string[] =>
  [...condition.matchAll(from)].map(
    ({ index, 0: found }) => condition.slice(0, index) + to + condition.slice(index + found.length),
  );
