import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { readStamps } from '../../src/findings/evidence-stamp.ts';
import type { StepResult } from '../../src/rehearsal/driver.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openStage, type RehearsedRelease, type Stage } from '../../src/rehearsal/stage.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../github/fake-github.ts';

/** The bundles as processes, against the simulator and a GitHub on this machine. */

const mina = { login: 'mina', type: 'User' } as const;
const head = 'c0ffee'.padEnd(40, '0');
const pull = { number: 7, head, state: 'open', author: mina, commits: [head] } as const;

let folder: string;
let github: FakeGitHub;
let stage: Stage;
let release: RehearsedRelease;

/** @param event the workflow's event and its payload; default: a push, which has none of a pull request */
const open = async (
  options: FakeGitHubOptions = {},
  event: { name: string; payload: object } = push,
): Promise<void> => {
  github = await startFakeGitHub({ ...options, state: { pullRequests: [pull], ...options.state } });
  writeFileSync(join(folder, 'event.json'), JSON.stringify(event.payload));
  const environment = {
    ...github.environment(),
    GITHUB_EVENT_NAME: event.name,
    GITHUB_EVENT_PATH: join(folder, 'event.json'),
  };
  stage = await openStage({ environment });
  release = await stage.begin('1.0.0', '1.0.0');
};
const push = { name: 'push', payload: {} };
const onPullRequest = (from = 'acme/churn') => ({
  name: 'pull_request',
  payload: {
    repository: { full_name: 'acme/churn' },
    pull_request: { number: 7, head: { sha: head, repo: { full_name: from } } },
  },
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'github-'));
});
afterEach(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
  await github.close();
});

const gate = (inputs: Readonly<Record<string, string>> = {}): Promise<StepResult> =>
  release.run('approve-gate', { 'github-token': github.token, 'on-pending': 'continue', ...inputs });
const own = (): readonly string[] =>
  github.state.comments.filter(({ user }) => user.type === 'Bot').map(({ body }) => body);
const checks = (): readonly unknown[] =>
  github.state.checks.map(({ sha, members }) => [sha, members['name'], members['conclusion']]);
/** As the log has them; the job summary ends with as many. */
const faults = ({ log, summary }: StepResult): readonly string[] => {
  const found = log.map(({ text }) => text).filter((text) => /not published|nothing is published/.test(text));
  expect(summary.match(/^> .*(not published|nothing is published).*$/gm) ?? []).toHaveLength(found.length);
  return found;
};
const approve = async (): Promise<void> => {
  const { ModelPackageSummaryList } = await stage.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: 'iris',
  });
  for (const { ModelPackageArn } of ModelPackageSummaryList as { ModelPackageArn: string }[])
    await stage.simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
};

const update = async (members: object): Promise<void> =>
  void (await stage.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/iris/1`,
    ...members,
  }));
const stamps = () => own().flatMap(readStamps);

describe('the evidence before a person decides', () => {
  test('stands in the summary and in the one comment, whose stamp keeps its time while the state is the same', async () => {
    await open({}, onPullRequest());
    await release.prepare();
    await update({ ModelApprovalStatus: 'PendingManualApproval' });
    const { summary } = await gate();
    for (const shown of [summary, own()[0] ?? '']) {
      expect(shown).toContain('### The decision about iris\\_v1.0.0 for production');
      expect(shown).toContain('Nothing serves at iris yet');
      expect(shown).toContain('| multiclass\\_classification\\_metrics.accuracy | 0.9 |');
      expect(shown).toContain('### What deploy-endpoint would change in production');
      expect(shown).toContain('| artifact | sha256:');
    }
    expect(`${summary}${own()[0]}`).not.toContain(team.account);
    const [first] = stamps();
    expect(first?.tag).toBe('iris_v1.0.0');

    await stage.driver.until(stage.driver.now() + minutes(5));
    await gate();
    expect(stamps()).toEqual([first]);
    await update({ CustomerMetadataProperties: { reviewed: 'no' } });
    await gate();
    const [second] = stamps();
    expect(second?.digest).not.toBe(first?.digest);
    expect(second?.since).toBeGreaterThanOrEqual((first?.since ?? 0) + minutes(5));

    await approve();
    await gate();
    expect(own()).toHaveLength(1);
    expect(own()[0]).not.toContain('### Metrics');
    expect(stamps()).toEqual([second]);
  });
});

describe('on a pull request', () => {
  test('two runs leave one comment and one check, which show the last; the token is shown nowhere', async () => {
    await open({}, onPullRequest());
    await release.prepare();
    await gate();
    const steps = [await gate()];
    expect(own()).toHaveLength(1);
    expect(own()[0]).toContain('## ✅ approve-gate: succeeded');
    expect(checks()).toEqual([[head, 'approve-gate: iris (production)', 'success']]);
    expect(steps.flatMap(faults)).toEqual([]);
    for (const { log, outputs, summary } of steps)
      expect(
        JSON.stringify([
          log.map(({ text }) => text).filter((text) => !text.startsWith('::add-mask::')),
          outputs,
          summary,
        ]),
      ).not.toContain(github.token);
  });

  test('each operation has its section of the one comment, and a rejected check becomes a good one', async () => {
    await open({}, onPullRequest());
    await release.prepare();
    await stage.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: await newestPackage(),
      ModelApprovalStatus: 'Rejected',
      ApprovalDescription: 'recall fell <!-- model-delivery end --> @mina',
    });
    await gate();
    expect(checks()).toEqual([[head, 'approve-gate: iris (production)', 'failure']]);
    await approve();
    await gate();
    await release.run('deploy-endpoint', { 'github-token': github.token, 'dry-run': 'true' });
    expect(checks()).toEqual([[head, 'approve-gate: iris (production)', 'success']]);
    const [comment = '', ...more] = own();
    expect(more).toEqual([]);
    expect(comment.match(/^## .*$/gm)).toEqual([
      '## ✅ approve-gate: succeeded',
      '## ✅ deploy-endpoint (dry run): succeeded',
    ]);
    expect(comment).toContain('<details><summary>Plan</summary>');
  });

  test('the comment is found among two hundred and fifty', async () => {
    await open({ mostPerPage: 50 }, onPullRequest());
    await release.prepare();
    for (let n = 0; n < 180; n++) github.comment(7, 'noor', `remark ${n}`);
    await gate();
    for (let n = 0; n < 70; n++) github.comment(7, 'noor', `remark ${n}`);
    await gate();
    expect(own()).toHaveLength(1);
    expect(github.state.comments).toHaveLength(251);
  });

  test('a throttled GitHub is waited out by the run’s clock', async () => {
    await open({}, onPullRequest());
    await release.prepare();
    github.trouble({ is: 'secondary', retryAfterSeconds: 3, times: 2 });
    const from = stage.driver.now();
    const step = await gate();
    expect(own()).toHaveLength(1);
    expect(faults(step)).toEqual([]);
    expect(stage.driver.now() - from).toBeGreaterThanOrEqual(6000);
  });

  test('where it requests a longer pause, the step ends without the comment and names the time when GitHub takes it again', async () => {
    await open({}, onPullRequest());
    await release.prepare();
    github.trouble({ is: 'secondary', retryAfterSeconds: 600, times: 1 });
    const step = await gate();
    expect(step).toMatchObject({ exit: { code: 0 }, outputs: { outcome: 'succeeded' } });
    expect(faults(step)).toEqual([
      expect.stringMatching(/^comment and check not published: GitHub limits the requests of this token until 20/),
    ]);
  });

  test('missing permissions are named once each, and the delivery goes on', async () => {
    await open({ lacks: ['pull_requests=write', 'issues=write', 'checks'] }, onPullRequest());
    await release.prepare();
    const step = await gate();
    expect(step).toMatchObject({ exit: { code: 0 }, outputs: { outcome: 'succeeded' } });
    expect(faults(step)).toEqual([
      expect.stringContaining(
        'comment not published: the token lacks a permission at GitHub: add `permissions: pull-requests: write`',
      ),
      expect.stringContaining(
        'check not published: the token lacks a permission at GitHub: add `permissions: checks: write`',
      ),
    ]);
    expect(own()).toEqual([]);
  });

  test('a publication that the user named and that fails is a warning', async () => {
    await open({ lacks: ['checks'] }, onPullRequest());
    await release.prepare();
    const step = await gate({ publish: 'check' });
    expect(step).toMatchObject({ exit: { code: 0 }, outputs: { outcome: 'succeeded' } });
    expect(faults(step)).toEqual([expect.stringMatching(/^::warning::check not published: .*checks: write/)]);
  });

  test('a GitHub that is not there fails nothing', async () => {
    await open({}, onPullRequest());
    await release.prepare();
    github.trouble({ is: 'broken', times: 100 });
    const step = await gate();
    expect(step).toMatchObject({ exit: { code: 0 }, outputs: { outcome: 'succeeded' } });
    expect(faults(step)).toEqual(expect.arrayContaining([expect.stringContaining('not published: GitHub could not')]));
  });

  test('from a fork nothing is tried, and one line has the reason', async () => {
    await open({}, onPullRequest('noor/churn'));
    await release.prepare();
    const step = await gate();
    expect(faults(step)).toEqual([expect.stringContaining('the pull request is from a fork')]);
    expect(github.requests).toEqual([]);
  });

  test('publish: none writes nothing', async () => {
    await open({}, onPullRequest());
    await release.prepare();
    await gate({ publish: 'none' });
    expect(github.requests).toEqual([]);
  });

  test('of GitHub Enterprise Server the API is reached under its own path', async () => {
    await open({ basePath: '/api/v3' }, onPullRequest());
    await release.prepare();
    await gate();
    expect(own()).toHaveLength(1);
    expect(checks()).toHaveLength(1);
  });
});

describe('after a push', () => {
  test('nothing is published by default', async () => {
    await open();
    await release.prepare();
    await gate();
    expect(github.requests).toEqual([]);
  });

  test('a comment goes to the commit’s pull request, or to the commit where it has none', async () => {
    await open();
    await release.prepare();
    await gate({ publish: 'comment' });
    const [comment] = github.state.comments;
    expect(comment).toMatchObject({ on: expect.stringMatching(/^0+9000000001$/) });
    github.state.pullRequests = [{ ...pull, state: 'closed', commits: [String(comment?.on)] }];
    await gate({ publish: 'comment' });
    expect(github.state.comments.map(({ on }) => on)).toEqual([comment?.on, 7]);
  });

  test('a deployment begins with the first change and ends with the verified end, with the page of the endpoint', async () => {
    await open();
    await release.prepare();
    const inputs = { 'github-token': github.token, publish: 'deployment comment' };
    await release.run('deploy-endpoint', inputs);
    const [deployment] = github.state.deployments;
    expect(deployment).toMatchObject({ environment: 'iris/production', task: 'deploy' });
    expect(deployment?.statuses.map(({ members }) => members)).toMatchObject([
      { state: 'in_progress' },
      {
        state: 'success',
        description: expect.stringMatching(/^succeeded\/delivered: /),
        environment_url: 'https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/endpoints/iris',
        log_url: expect.stringContaining('/actions/runs/9000000001'),
      },
    ]);
    // Nothing to deploy is no deployment.
    const again = await release.run('deploy-endpoint', inputs);
    expect(again.outputs['reason-code']).toBe('already-delivered');
    expect(github.state.deployments).toHaveLength(1);
    expect(own()).toHaveLength(1);
  });

  test('a cancelled delivery ends its deployment, also when its post step has to', async () => {
    await open();
    await release.prepare();
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    github.before('repos/create-deployment-status', resolve);
    const running = release.start('deploy-endpoint', { 'github-token': github.token, publish: 'deployment' });
    await stage.driver.until(stage.driver.now() + 120_000);
    // The delivery does not wait for GitHub, and virtual time not for what goes on beside it.
    await begun;
    await release.cancel(running);
    expect(github.state.deployments.map(({ statuses }) => statuses.map(({ members }) => members['state']))).toEqual([
      ['in_progress', 'error'],
    ]);
  });
});

const newestPackage = async (): Promise<string> => {
  const { ModelPackageSummaryList } = await stage.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: 'iris',
  });
  return (ModelPackageSummaryList as { ModelPackageArn: string }[])[0]?.ModelPackageArn ?? '';
};
