import { beforeAll, describe, expect, it } from '@jest/globals';
import { reasonCodes } from '../../src/reason-codes.ts';
import { exampleRelease, type FlowRow, gitflow, gitHubFlow, modelEvents, watchdog } from '../support/flow-scenarios.ts';
import { conditions, mutations, withCondition, writtenConditions } from '../support/workflow-conditions.ts';
import { declarationOf, readWorkflow, stepName, type Workflow } from '../support/workflow-file.ts';
import { play } from '../support/workflow-scheduler.ts';

const pathOf = (name: string): string => {
  const [example, file] = name.split('/');
  return file === undefined ? `.github/workflows/${name}.yml` : `examples/${example}/.github/workflows/${file}.yml`;
};

const course = (workflow: Workflow, row: FlowRow) => {
  const { ran, jobs, outputs } = play(workflow, row);
  const { version = '', outcome, 'reason-code': reason } = outputs;
  return {
    ran: ran.filter((name) => !name.endsWith('/actions/checkout')),
    jobs,
    ...(outcome === undefined ? {} : { ends: `${version} ${outcome}/${reason}` }),
  };
};
const expected = ({ ran, jobs, ends }: FlowRow) => ({ ran, jobs, ...(ends === undefined ? {} : { ends }) });

describe.each([
  ['github-flow', gitHubFlow],
  ['gitflow', gitflow],
  ['on-model-event', modelEvents],
  ['watchdog', watchdog],
  ['github-flow/release', exampleRelease('iris')],
  ['gitflow/release', exampleRelease('segments')],
] as const)('%s.yml', (name, rows: Readonly<Record<string, FlowRow>>) => {
  const path = pathOf(name);
  let workflow: Workflow;
  beforeAll(async () => {
    workflow = await readWorkflow(path);
  });

  it.each(Object.entries(rows))('%s', (_name, row) => {
    expect(course(workflow, row)).toEqual(expected(row));
  });

  it('is told by answers that the actions and the called workflow can give', async () => {
    const deliver = await readWorkflow(pathOf('deliver'));
    const declared = new Map(
      Object.entries(workflow.jobs).flatMap(([job, { uses, steps }]) => [
        ...(uses === undefined ? [] : [[job, Object.keys(deliver.on.workflow_call?.outputs ?? {})] as const]),
        ...steps.map(
          (step) =>
            [
              stepName(job, step),
              step.uses?.startsWith('$/') ? Object.keys(declarationOf(step.uses).outputs) : [],
            ] as const,
        ),
      ]),
    );
    for (const { steps = {}, calls = {}, ends = ' /' } of Object.values(rows)) {
      for (const [of, { outputs = {} }] of Object.entries({ ...steps, ...calls }))
        expect({ of, has: declared.get(of.replace(/^(\w+) \w+\//, '$1/')) }).toEqual({
          of,
          has: expect.arrayContaining(Object.keys(outputs)),
        });
      const [outcome = '', reason = ''] = ends.slice(ends.indexOf(' ') + 1).split('/');
      const found = Object.entries(reasonCodes).find(([code]) => code === reason)?.[1];
      expect({ reason, outcome }).toEqual({ reason, outcome: found?.outcome ?? '' });
    }
  });

  it('has, for every job and step, a row where it runs and one where it does not', () => {
    for (const { of, step } of conditions(workflow)) {
      if (of.endsWith('/actions/checkout') || name === 'watchdog') continue;
      const runs = Object.values(rows).map((row) => {
        const { ran, jobs } = play(workflow, row);
        return step === undefined
          ? jobs[of] !== 'skipped'
          : ran.some((one) => one.replace(/^(\w+) \w+\//, '$1/') === of);
      });
      expect({ of, runs: runs.includes(true) }).toEqual({ of, runs: true });
      expect({ of, skips: runs.includes(false) }).toEqual({ of, skips: true });
    }
  });

  it.each([
    ...writtenConditions(path).map((one) => [one.of, one] as const),
    ['no further condition', undefined] as const,
  ])('the condition of %s: some row ends differently when it is changed', async (_of, written) => {
    if (written === undefined) return;
    for (const mutation of mutations(written.inner)) {
      const changed = await withCondition(path, written.job, written.step, mutation);
      const noticed = Object.values(rows).filter(
        (row) => JSON.stringify(course(changed, row)) !== JSON.stringify(expected(row)),
      );
      expect({ mutation, noticedBy: noticed.length > 0 }).toEqual({ mutation, noticedBy: true });
    }
  });
});
