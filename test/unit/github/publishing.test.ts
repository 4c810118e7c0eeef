import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Check, Deployment } from '../../../src/github/github.ts';
import { type FakeGitHub, startFakeGitHub } from '../../github/fake-github.ts';
import { roomOf } from '../../support/github.ts';

let github: FakeGitHub;
beforeEach(async () => {
  github = await startFakeGitHub();
});
afterEach(() => github.close());

describe('a check run', () => {
  const check: Check = {
    name: 'regression-test: churn (production)',
    commit: 'c0ffee',
    externalId: 'model-delivery/churn/production/regression-test',
    conclusion: 'failure',
    title: 'rejected/regression-failed: recall fell',
    summary: '| metric |',
    startedAt: '2026-01-05T09:00:00Z',
    endedAt: '2026-01-05T09:10:00Z',
    url: 'https://github.com/acme/churn/actions/runs/7',
  };
  const put = (change: Partial<Check> = {}): Promise<void> => roomOf(github).write.putCheck({ ...check, ...change });
  const written = () => github.state.checks.map(({ sha, members }) => [sha, members['conclusion']]);

  it('is created, and then changed', async () => {
    await put();
    expect(github.state.checks[0]?.members).toMatchObject({
      status: 'completed',
      output: { title: check.title, summary: check.summary },
      details_url: check.url,
    });
    await put({ conclusion: 'success' });
    expect(written()).toEqual([['c0ffee', 'success']]);
  });

  it('is another one for another commit, and for another subject', async () => {
    await put();
    await put({ commit: 'decade' });
    await put({ externalId: 'model-delivery/churn/staging/regression-test' });
    expect(github.state.checks).toHaveLength(3);
  });

  it("leaves another app's check of the same name and id alone", async () => {
    await put();
    github.state.checks = github.state.checks.map((one) => ({ ...one, app: 'other[bot]' }));
    await put({ conclusion: 'success' });
    expect(written()).toEqual([
      ['c0ffee', 'failure'],
      ['c0ffee', 'success'],
    ]);
  });

  it('is one when the answer to its creation got lost', async () => {
    github.trouble({ operation: 'checks/create', is: 'lost', times: 1 });
    await put();
    expect(github.state.checks).toHaveLength(1);
  });
});

describe('a deployment', () => {
  const deployment: Deployment = {
    commit: 'c0ffee',
    environment: 'churn/production',
    task: 'deploy',
    version: '1.4.0',
    state: 'in_progress',
    description: 'deploy-endpoint began',
    environmentUrl: 'https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/endpoints/churn',
    logUrl: 'https://github.com/acme/churn/actions/runs/7',
  };
  const put = (change: Partial<Deployment> = {}): Promise<void> =>
    roomOf(github).write.putDeployment({ ...deployment, ...change });
  const states = () => github.state.deployments.map(({ statuses }) => statuses.map(({ members }) => members['state']));

  it('begins, and ends with its outcome and its page', async () => {
    await put();
    await put({ state: 'success', description: 'succeeded/delivered' });
    expect(states()).toEqual([['in_progress', 'success']]);
    expect(github.state.deployments[0]?.statuses[1]?.members).toMatchObject({
      environment_url: deployment.environmentUrl,
      log_url: deployment.logUrl,
    });
  });

  it('is another one after its end, of another version, commit or task', async () => {
    await put({ state: 'success' });
    await put({ state: 'failure' });
    await put({ version: '1.5.0' });
    await put({ commit: 'decade' });
    await put({ task: 'rollback' });
    expect(states()).toHaveLength(5);
  });

  it('is one when the answer to its creation got lost', async () => {
    github.trouble({ operation: 'repos/create-deployment', is: 'lost', times: 1 });
    await put({ state: 'success' });
    expect(states()).toEqual([['success']]);
  });

  it('has a description that GitHub takes', async () => {
    await put({ description: 'x'.repeat(400) });
    expect(String(github.state.deployments[0]?.statuses[0]?.members['description'])).toHaveLength(140);
  });
});
