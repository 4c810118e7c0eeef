import { beforeAll, describe, expect, it } from '@jest/globals';
import { reasonCodes } from '../../src/reason-codes.ts';
import { type Row, rows } from '../support/deliver-scenarios.ts';
import { conditions, mutations, withCondition, writtenConditions } from '../support/workflow-conditions.ts';
import { declarationOf, readWorkflow, stepName, type Workflow } from '../support/workflow-file.ts';
import { play } from '../support/workflow-scheduler.ts';

const path = '.github/workflows/deliver.yml';
let deliver: Workflow;
beforeAll(async () => {
  deliver = await readWorkflow(path);
});

const course = (workflow: Workflow, row: Row) => {
  const { ran, jobs, outputs } = play(workflow, row);
  return {
    ran: ran.filter((name) => !name.endsWith('/actions/checkout')),
    jobs,
    ends: `${outputs['outcome']}/${outputs['reason-code']}`,
    serving: outputs['serving-version'],
  };
};
const expected = ({ ran, jobs, ends, serving = '' }: Row) => ({ ran, jobs, ends, serving });

describe('deliver.yml', () => {
  it.each(Object.entries(rows))('%s', (_name, row) => {
    expect(course(deliver, row)).toEqual(expected(row));
  });

  it('is told by answers that the actions can give', () => {
    const steps = new Map(
      Object.entries(deliver.jobs).flatMap(([job, { steps }]) =>
        steps.map((step) => [stepName(job, step), step.uses] as const),
      ),
    );
    for (const { steps: answers = {} } of Object.values(rows))
      for (const [name, { outputs = {} }] of Object.entries(answers)) {
        expect([...steps.keys()]).toContain(name);
        const uses = steps.get(name) ?? '';
        if (uses.startsWith('$/'))
          expect(Object.keys(declarationOf(uses).outputs)).toEqual(expect.arrayContaining(Object.keys(outputs)));
      }
    const ends = Object.values(rows).map(({ ends }) => ends.split('/'));
    for (const [outcome, reason = ''] of ends) {
      const found = Object.entries(reasonCodes).find(([code]) => code === reason)?.[1];
      expect({ reason, outcome }).toEqual({ reason, outcome: found?.outcome });
    }
  });

  it('plans with another role and writes nothing, then deploys what was planned with the manifest’s', () => {
    const row = rows['inconclusive, and taken back'] as Row;
    const roles = { 'planner-role': 'model-planner', 'rollback-role': 'model-restorer' };
    const inputs = { ...row.inputs, ...roles, retry: true, timeout: '2h', because: 'noon' };
    const { given, environments, groups } = play(deliver, { ...row, inputs });
    expect(given['plan/deployment']).toMatchObject({ 'dry-run': 'true', role: 'model-planner', retry: 'true' });
    expect(given['deliver/deploy']).toMatchObject({ version: 'churn_v1.4.0', retry: 'true', timeout: '2h' });
    for (const step of ['deliver/deploy', 'deliver/rollback']) expect(given[step]).not.toHaveProperty('dry-run');
    expect(given['deliver/deploy']).not.toHaveProperty('role');
    expect(given['deliver/rollback']).toMatchObject({
      role: 'model-restorer',
      to: '1.3.0',
      because: 'the delivery of churn_v1.4.0 ended inconclusive',
    });
    expect(environments).toEqual({ deliver: 'production' });
    expect(groups).toEqual({ deliver: 'sagemaker-churn-1a2b3c4d' });
  });

  it('deploys the version that was registered, and verifies without writing', () => {
    const { given, outputs } = play(deliver, rows['a training job’s version'] as Row);
    expect(outputs['version']).toBe('1.4.0');
    expect(given['plan/register']).toMatchObject({ 'training-job': 'churn-2026-01-05', 'dry-run': 'false' });
    for (const step of ['plan/deployment', 'deliver/gate', 'deliver/deploy', 'deliver/verify'])
      expect(given[step]).toMatchObject({ environment: 'production', manifest: 'delivery.yml', version: '1.4.0' });
    expect(given['deliver/verify']).toMatchObject({ 'dry-run': 'true', 'on-change': 'fail' });
  });

  it('takes a package of others over, and reads the containers from the checkout', () => {
    expect(play(deliver, rows['a package of others'] as Row).given['plan/register']).toMatchObject({ from: '7' });
    expect(play(deliver, rows['several containers'] as Row).given['plan/register']).toMatchObject({
      containers: 'containers.json',
    });
  });

  it('shifts the traffic of the version whose candidate it brought up', () => {
    const row = rows['steps: timed out, and taken back'] as Row;
    const { given } = play(deliver, { ...row, inputs: { ...row.inputs, retry: true, timeout: '2h' } });
    const requested = { publish: 'none', environment: 'production', manifest: 'delivery.yml', version: 'churn_v1.4.0' };
    expect(given['deliver/shift']).toEqual({ ...requested, retry: 'true', timeout: '2h' });
    expect(given['deliver/rollback']).toMatchObject({ because: 'the delivery of churn_v1.4.0 ended timed-out' });
  });

  it('tests the version before a reviewer decides, with a role of its own, in the queue of its endpoint', () => {
    const row = rows['with a regression test'] as Row;
    const roles = { 'planner-role': 'model-planner', 'tester-role': 'model-tester' };
    const { given, environments, groups } = play(deliver, {
      ...row,
      inputs: { ...row.inputs, ...roles, timeout: '2h' },
    });
    const requested = { publish: 'none', environment: 'production', manifest: 'delivery.yml', version: 'churn_v1.4.0' };
    expect(given['test/test']).toEqual({ ...requested, role: 'model-tester', timeout: '2h' });
    expect(environments).toEqual({ deliver: 'production' });
    expect(groups).toEqual({ test: 'sagemaker-churn-1a2b3c4d', deliver: 'sagemaker-churn-1a2b3c4d' });
    const planner = play(deliver, { ...row, inputs: { ...row.inputs, 'planner-role': 'model-planner' } });
    expect(planner.given['test/test']).toMatchObject({ role: 'model-planner' });
  });

  it('tests the dark candidate with the role that deploys, and names the verdict where it takes the candidate away', () => {
    const { given } = play(deliver, rows['steps: dark, worse by its test, and taken back'] as Row);
    const requested = { publish: 'none', environment: 'production', manifest: 'delivery.yml', version: 'churn_v1.4.0' };
    expect(given['deliver/test']).toEqual({ ...requested, timeout: '300m' });
    expect(given['deliver/rollback']).toMatchObject({
      to: '1.3.0',
      because: 'the delivery of churn_v1.4.0 ended rejected',
    });
  });

  it('goes on with the release that it left, in an environment with a timer and in the queue of its endpoint, and begins none', () => {
    const row = rows['a timer: inconclusive, and taken back'] as Row;
    const inputs = { ...row.inputs, 'bake-role': 'model-ender', 'rollback-role': 'model-restorer', retry: true };
    const { given, environments, groups } = play(deliver, { ...row, inputs });
    for (const step of ['plan/deployment', 'deliver/deploy']) expect(given[step]).toMatchObject({ follow: 'false' });
    expect(given['deliver/deploy']).toMatchObject({ 'on-pending': 'continue' });
    expect(given['bake/deploy']).toEqual({
      ...{ publish: 'none', environment: 'production', manifest: 'delivery.yml', version: 'churn_v1.4.0' },
      ...{ 'resume-token': '{}', once: 'true', role: 'model-ender', timeout: '300m' },
    });
    expect(given['bake/rollback']).toMatchObject({
      ...{ to: '1.3.0', role: 'model-restorer', because: 'the delivery of churn_v1.4.0 ended inconclusive' },
    });
    expect(environments).toEqual({ deliver: 'production', bake: 'production-bake' });
    expect(groups).toEqual({ deliver: 'sagemaker-churn-1a2b3c4d', bake: 'sagemaker-churn-1a2b3c4d' });
    const verified = play(deliver, rows['a timer: the second job ends the delivery'] as Row);
    expect(verified.given['bake/verify']).toMatchObject({ 'dry-run': 'true', 'on-change': 'fail' });
    for (const [bakeRole, role = ''] of [[''], ['model-ender', 'model-planner']]) {
      const roles = { 'bake-role': bakeRole ?? '', 'planner-role': 'model-planner' };
      const ended = rows['a timer: the second job ends the delivery'] as Row;
      const { given: asked } = play(deliver, { ...ended, inputs: { ...ended.inputs, ...roles } });
      expect(asked['bake/verify']?.['role'] ?? '').toBe(role);
    }
    const followed = play(deliver, rows['a registered version'] as Row);
    for (const step of ['plan/deployment', 'deliver/deploy'])
      expect(followed.given[step]).toMatchObject({ follow: 'true' });
  });

  it('registers nothing in a dry run', () => {
    const { given } = play(deliver, rows['dry run of a registration'] as Row);
    expect(given['plan/register']).toMatchObject({ 'dry-run': 'true' });
  });

  it('rolls back in a queue of its own, because a rollback stops the delivery that is live', () => {
    const row = rows['rollback to the last good version'] as Row;
    const place = { 'github-environment': 'production-rollback', 'rollback-role': 'model-restorer' };
    const inputs = { ...row.inputs, ...place, version: '1.2.0', because: 'noon' };
    const { given, environments, groups, outputs } = play(deliver, { ...row, inputs });
    expect(outputs['version']).toBe('1.3.0');
    expect(given['plan/rollback']).toMatchObject({ 'dry-run': 'true', to: '1.2.0' });
    expect(given['rollback/rollback']).toMatchObject({ to: '1.2.0', because: 'noon', role: 'model-restorer' });
    expect(given['plan/rollback']).not.toHaveProperty('role', 'model-restorer');
    expect(given['rollback/rollback']).not.toHaveProperty('dry-run');
    expect(environments).toEqual({ rollback: 'production-rollback' });
    expect(groups).toEqual({ rollback: 'sagemaker-churn-1a2b3c4d-rollback' });
  });

  it('has, for every job and step, a row where it runs and one where it does not', () => {
    for (const { of, step } of conditions(deliver)) {
      const runs = Object.values(rows).map((row) => {
        const { ran, jobs } = play(deliver, row);
        return step === undefined
          ? ran.some((name) => name.startsWith(`${of}/`)) || jobs[of] !== 'skipped'
          : ran.includes(of);
      });
      expect({ of, runs: runs.includes(true) }).toEqual({ of, runs: true });
      // The first job always runs, and so does its checkout.
      if (!['plan', 'plan/actions/checkout'].includes(of))
        expect({ of, skips: runs.includes(false) }).toEqual({ of, skips: true });
    }
  });
});

describe('a condition of deliver.yml that is changed', () => {
  it.each(writtenConditions(path))('$of: some row ends differently', async ({ job, step, inner }) => {
    for (const mutation of mutations(inner)) {
      const workflow = await withCondition(path, job, step, mutation);
      const changed = Object.entries(rows).filter(
        ([, row]) => JSON.stringify(course(workflow, row)) !== JSON.stringify(expected(row)),
      );
      expect({ mutation, noticedBy: changed.length > 0 }).toEqual({ mutation, noticedBy: true });
    }
  });
});
