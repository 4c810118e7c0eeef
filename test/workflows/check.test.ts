import { describe, expect, it } from '@jest/globals';
import { gitflow, gitHubFlow } from '../support/flow-scenarios.ts';
import { readWorkflow } from '../support/workflow-file.ts';
import { play } from '../support/workflow-scheduler.ts';

/** The inputs of the steps that check a pull request. */
describe.each([
  ['github-flow', gitHubFlow],
  ['gitflow', gitflow],
] as const)('the check of %s.yml', (name, rows) => {
  const given = async (row: string, inputs: Readonly<Record<string, string>> = {}) => {
    const found = rows[row];
    if (found === undefined) throw new Error(`there is no row ${row}`);
    const workflow = await readWorkflow(`.github/workflows/${name}.yml`);
    return play(workflow, { ...found, inputs: { ...found.inputs, ...inputs } }).given;
  };

  it('plans both endpoints with the versions that serve, by the role that plans', async () => {
    const steps = await given('a pull request', {
      'planner-role': 'churn-planner',
      staging: 'test',
      production: 'live',
    });
    for (const [step, environment] of [
      ['check/staging', 'test'],
      ['check/production', 'live'],
    ] as const)
      expect(steps[step]).toMatchObject({ environment, version: 'serving', role: 'churn-planner', 'dry-run': 'true' });
  });

  it('tests files of the repository under the version of the plan, without a role', async () => {
    const step = (await given('a pull request with predictions'))['check/predictions'];
    expect(step).toMatchObject({
      predictions: 'new.jsonl',
      'baseline-predictions': 'old.jsonl',
      environment: 'staging',
    });
    expect(step?.['version']).toMatch(/-dev\.c0ffee$/);
    expect(step).not.toHaveProperty('role');
  });

  it('finds files of an artifact in a folder of its own, which replaces no file of the repository', async () => {
    const steps = await given('a pull request with predictions of an earlier job');
    expect(steps['check/fetch']).toEqual({ name: 'predictions', path: '.predictions' });
    expect(steps['check/predictions']).toMatchObject({
      predictions: '.predictions/new.jsonl',
      'baseline-predictions': '.predictions/old.jsonl',
    });
    const alone = await given('a pull request with predictions of an earlier job', { 'baseline-predictions': '' });
    expect(alone['check/predictions']).toMatchObject({
      predictions: '.predictions/new.jsonl',
      'baseline-predictions': '',
    });
  });
});
