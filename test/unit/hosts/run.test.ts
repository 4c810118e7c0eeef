import { describe, expect, it } from '@jest/globals';
import { exitCodeOf } from '../../../src/hosts/exit-code.ts';
import { pipelineRun, runFrom } from '../../../src/hosts/run.ts';
import { reasonCodes } from '../../../src/reason-codes.ts';
import type { Result } from '../../../src/report/result.ts';

describe('who runs this', () => {
  const github = {
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_REPOSITORY: 'octo/churn',
    GITHUB_JOB: 'deploy',
    GITHUB_SHA: 'c0ffee',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_ACTOR: 'mina',
    GITHUB_SERVER_URL: 'https://ghe.example',
  };

  it('is a GitHub job, the same one when it is run again', () => {
    const run = runFrom(github, 'github-actions');
    expect(run).toEqual({
      host: 'github-actions',
      holder: 'github/octo/churn/7/deploy',
      url: 'https://ghe.example/octo/churn/actions/runs/7',
      repository: 'octo/churn',
      commit: 'c0ffee',
      ref: 'refs/heads/main',
      actor: 'mina',
      workflow: { id: 7 },
    });
    expect(runFrom({ ...github, GITHUB_RUN_ATTEMPT: '2' }, 'github-actions').holder).toBe(run.holder);
    expect(runFrom({ ...github, GITHUB_RUN_ID: '8' }, 'github-actions').holder).not.toBe(run.holder);
  });

  it('knows a run that a comment started, and a runner whose minutes are paid for', () => {
    const workflowOf = (env: Readonly<Record<string, string>>) =>
      runFrom({ ...github, ...env }, 'github-actions').workflow;
    expect(workflowOf({ GITHUB_EVENT_NAME: 'issue_comment' })).toEqual({ id: 7, byComment: true });
    expect(workflowOf({ RUNNER_ENVIRONMENT: 'github-hosted', RUNNER_OS: 'Linux' })).toEqual({ id: 7, hosted: 'Linux' });
    expect(workflowOf({ RUNNER_ENVIRONMENT: 'self-hosted', RUNNER_OS: 'Linux' })).toEqual({ id: 7 });
    expect(workflowOf({ GITHUB_RUN_ID: 'seven' })).toBeUndefined();
  });

  it('is a CodeBuild build, the same one when its pipeline retries it', () => {
    const build = {
      CODEBUILD_BUILD_ID: 'deploy:11',
      CODEBUILD_INITIATOR: 'codepipeline/churn',
      CODEBUILD_RESOLVED_SOURCE_VERSION: 'c0ffee',
    };
    const run = runFrom(build, 'command-line');
    expect(run).toMatchObject({ holder: 'codebuild/deploy/codepipeline/churn/c0ffee', commit: 'c0ffee' });
    expect(runFrom({ ...build, CODEBUILD_BUILD_ID: 'deploy:12' }, 'command-line').holder).toBe(run.holder);
    expect('url' in run).toBe(false);
  });

  it('is a person at a machine otherwise', () => {
    expect(runFrom({}, 'command-line').holder).toMatch(/^command-line\/.+@.+$/);
  });
});

describe('the exit code', () => {
  it('is 0, 1, 2 or 3 by outcome, 2 exactly for requests that were wrong', () => {
    for (const [reason, found] of Object.entries(reasonCodes)) {
      const code = exitCodeOf({ reason, outcome: found.outcome } as Result);
      const wrong = 'badInput' in found;
      expect({ reason, code }).toEqual({
        reason,
        code: found.outcome === 'succeeded' ? 0 : found.outcome === 'pending' ? 3 : wrong ? 2 : 1,
      });
    }
  });
});

it.each([
  ['a digest of SHA-1', 'c'.repeat(40), 'c'.repeat(40)],
  ['a digest of SHA-256', 'd'.repeat(64), 'd'.repeat(64)],
  ['the version of an object in S3', 'V1cxBx9ZC9aWkvjoyFqqgQhnnDPU.L6w', undefined],
  ['the digest of an image', `sha256:${'d'.repeat(64)}`, undefined],
])('a pipeline run has a commit where its revision is one: %s', (_name, revision, commit) => {
  const job = { region: 'eu-west-1', pipeline: 'churn', execution: '1', stage: 'deploy', action: 'deploy', revision };
  expect(pipelineRun(job).commit).toBe(commit);
});
