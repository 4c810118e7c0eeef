import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { State } from '../../simulator/github/state.ts';
import { minutes } from '../../src/clock.ts';
import type { StepResult } from '../../src/rehearsal/driver.ts';
import { runOf, user } from '../../src/rehearsal/scenarios/reviews.ts';
import { commitOf, firstRun, openStage, type RehearsedRelease, type Stage } from '../../src/rehearsal/stage.ts';
import { inspector } from '../github/contract.ts';
import type { FakeGitHub, FakeGitHubOptions } from '../github/fake-github.ts';

/** The bundle of approve-gate as a process, in each mode that reads decisions of people, against the simulator and its GitHub. */

const ids = [firstRun, firstRun + 1, firstRun + 2];
const state: Partial<State> = {
  commits: ids.map((id) => ({ sha: commitOf(id), author: user('mina'), committer: user('mina') })),
  runs: ids.map((id) => runOf(id)),
  pullRequests: [{ number: 7, head: commitOf(firstRun), state: 'open', author: user('mina'), commits: [] }],
  permissions: { alice: 'write', bob: 'admin' },
  environments: { production: [user('alice')] },
};

let folder: string;
let stage: Stage;
let github: FakeGitHub;
let release: RehearsedRelease;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reviews-'));
});
afterEach(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

/** A version is registered, and a comment on pull request 7 starts the runs. */
const open = async (options: FakeGitHubOptions = {}, reviewers = 'at-least: 2, of: [alice, bob]'): Promise<void> => {
  writeFileSync(join(folder, 'event.json'), JSON.stringify({ issue: { number: 7, pull_request: {} } }));
  stage = await openStage({
    github: { inspector, ...options, state: { ...state, ...options.state } },
    environment: { GITHUB_EVENT_NAME: 'issue_comment', GITHUB_EVENT_PATH: join(folder, 'event.json') },
  });
  if (stage.github === undefined) throw new Error('the stage has no GitHub');
  github = stage.github;
  stage.writeManifest({ approval: `reviewers: { ${reviewers} }\n` });
  const registering = await stage.begin('Registers', '1.0.0');
  await registering.register({ publish: 'none' });
  await stage.driver.until(stage.driver.now() + minutes(1));
  release = await stage.begin('Decides', '1.0.0');
};

interface Gate extends StepResult {
  readonly writes: number;
}
const gate = async (inputs: Readonly<Record<string, string>>): Promise<Gate> => {
  const from = stage.simulator.requests.length;
  const step = await release.run('approve-gate', { publish: 'none', ...inputs });
  const writes = stage.simulator.requests
    .slice(from)
    .filter(({ service, mutation }) => service === 'sagemaker' && mutation).length;
  return { ...step, writes };
};
const ends = ({ outputs }: StepResult): string => `${outputs['outcome']}/${outputs['reason-code']}`;
const because = ({ outputs }: StepResult): string => JSON.parse(outputs['result'] ?? '{}').because;
const packageNow = (): Promise<Readonly<Record<string, unknown>>> =>
  stage.simulator.call('sagemaker', 'DescribeModelPackage', {
    ModelPackageName: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/iris/1',
  });
const reviewed = (...logins: readonly string[]): void => {
  github.state.runs = ids.map((id) =>
    runOf(
      id,
      logins.map((login) => ({
        user: user(login),
        state: 'approved' as const,
        comment: 'recall holds',
        environments: ['production'],
      })),
    ),
  );
};

describe('record', () => {
  test('writes the approval of two reviewers, and shows them', async () => {
    await open();
    reviewed('alice', 'bob');
    const step = await gate({ mode: 'record' });
    expect(step).toMatchObject({ exit: { code: 0 }, writes: 1 });
    expect(ends(step)).toBe('succeeded/approved');
    expect(await packageNow()).toMatchObject({
      ModelApprovalStatus: 'Approved',
      ApprovalDescription:
        'alice, bob: approved for the GitHub environment production (alice: recall holds; bob: recall holds); https://github.com/acme/churn/actions/runs/9000000002',
    });
    expect(step.summary).toContain('alice, bob');
    expect(JSON.stringify(step.log.filter(({ text }) => !text.startsWith('::add-mask::')))).not.toContain(github.token);
  });

  test('of too few writes nothing; the step is red, or green where the job goes on', async () => {
    await open();
    reviewed('alice');
    const step = await gate({ mode: 'record' });
    expect(step).toMatchObject({ exit: { code: 1 }, writes: 0 });
    expect(ends(step)).toBe('pending/approvals-missing');
    expect(because(step)).toMatch(/1 of 2 approvals .*; approved: alice; missing: 1 of bob$/);
    expect(await gate({ mode: 'record', 'on-pending': 'continue' })).toMatchObject({ exit: { code: 0 }, writes: 0 });
  });

  test('by the author of the commit writes nothing', async () => {
    await open({}, 'of: [mina, alice]');
    reviewed('MINA');
    const step = await gate({ mode: 'record', 'on-pending': 'continue' });
    expect(step).toMatchObject({ exit: { code: 1 }, writes: 0 });
    expect(ends(step)).toBe('rejected/self-approval');
  });

  test('without `actions: read` names the line to add', async () => {
    await open({ lacks: ['actions'] });
    const step = await gate({ mode: 'record' });
    expect(step).toMatchObject({ exit: { code: 1 }, writes: 0 });
    expect(ends(step)).toBe('failed/github-refused');
    expect(step.log.map(({ text }) => text).join('\n')).toMatch(/::error.*`permissions: actions: read`/);
  });

  test('of GitHub Enterprise Server, throttled for a while', async () => {
    await open({ basePath: '/api/v3' });
    reviewed('alice', 'bob');
    github.trouble({ is: 'secondary', retryAfterSeconds: 120, times: 1 });
    const from = stage.driver.now();
    const step = await gate({ mode: 'record' });
    expect(ends(step)).toBe('succeeded/approved');
    expect(step.writes).toBe(1);
    expect(stage.driver.now() - from).toBeGreaterThanOrEqual(minutes(2));
    expect(step.log.map(({ text }) => text).join('\n')).toContain('could not reach GitHub');
  });

  test('without a token names the input', async () => {
    await open();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a runner without a token leaves it.
    const step = await gate({ mode: 'record', 'github-token': '${{ github.token }}' });
    expect(ends(step)).toBe('failed/invalid-input');
    expect(because(step)).toContain('github-token');
    expect(step.writes).toBe(0);
  });
});

describe('comment', () => {
  test('finds the decisions on the last page of 250 comments', async () => {
    await open();
    for (let n = 0; n < 248; n++) github.comment(7, 'noor', `remark ${n}`);
    github.comment(7, 'bob', '/approve iris_v1.0.0');
    const early = await gate({ mode: 'comment' });
    expect(ends(early)).toBe('pending/approvals-missing');
    expect(early.writes).toBe(0);
    github.comment(7, 'alice', 'Recall holds.\n\n/approve iris_v1.0.0');
    const step = await gate({ mode: 'comment' });
    expect(ends(step)).toBe('succeeded/approved');
    expect(step.writes).toBe(1);
    expect(await packageNow()).toMatchObject({
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: expect.stringMatching(/^alice, bob: approved on pull request 7; https:/),
    });
    const pages = github.requests.filter(({ operation }) => operation === 'issues/list-comments');
    expect(pages.slice(0, 3).map(({ path }) => /[?&]page=(\d)/.exec(path)?.[1])).toEqual(['1', '2', '3']);
  });

  test('without a version it is about the evidence that the gate itself has shown before', async () => {
    await open();
    github.comment(7, 'alice', '/approve');
    await stage.driver.until(stage.driver.now() + minutes(1));
    const asking = await gate({ mode: 'comment', publish: 'comment', 'on-pending': 'continue' });
    expect(asking).toMatchObject({ exit: { code: 0 }, writes: 0 });
    const shown = github.state.comments.filter(({ user }) => user.type === 'Bot');
    expect(shown.map(({ body }) => /^<!-- model-delivery evidence iris_v1\.0\.0 /m.test(body))).toEqual([true]);
    await stage.driver.until(stage.driver.now() + minutes(1));
    github.comment(7, 'bob', '/approve');
    const early = await gate({ mode: 'comment', publish: 'comment' });
    expect(ends(early)).toBe('pending/evidence-changed');
    expect(because(early)).toMatch(/approved: bob; .*alice \(older than the evidence of iris_v1\.0\.0\)/);
    // The state is the same, so the evidence is shown since the same time, and bob's approval still counts.
    github.comment(7, 'alice', '/approve');
    const step = await gate({ mode: 'comment', publish: 'comment' });
    expect(ends(step)).toBe('succeeded/approved');
    expect(step.writes).toBe(1);
  });

  test('a rejection on the last page rejects, with its reason', async () => {
    await open({ mostPerPage: 50 });
    github.comment(7, 'alice', '/approve 1.0.0');
    github.comment(7, 'bob', '/approve 1.0.0');
    for (let n = 0; n < 247; n++) github.comment(7, 'noor', `remark ${n}`);
    github.comment(7, 'bob', '/reject one species is mislabelled ##[error]x');
    const step = await gate({ mode: 'comment' });
    expect(step.exit.code).toBe(1);
    expect(ends(step)).toBe('rejected/approval-rejected');
    expect(await packageNow()).toMatchObject({
      ModelApprovalStatus: 'Rejected',
      ApprovalDescription: expect.stringContaining('bob: one species is mislabelled'),
    });
    // The words are printed, and are no command for the runner, which takes this one at any place of a line.
    const log = step.log.map(({ text }) => text).join('\n');
    expect(log).toContain('mislabelled ##\\[error]x');
    expect(log).not.toContain('##[error]x');
  });

  test('without `pull-requests: read` names the line to add', async () => {
    await open({ lacks: ['pull_requests', 'issues'] });
    const step = await gate({ mode: 'comment' });
    expect(step).toMatchObject({ exit: { code: 1 }, writes: 0 });
    expect(because(step)).toContain('`permissions: pull-requests: read`');
  });

  test('where a team reviews, without `members: read`, names the token that is needed', async () => {
    await open({ lacks: ['members'] }, 'of: ["@acme/ml-leads"]');
    github.comment(7, 'alice', '/approve 1.0.0');
    const step = await gate({ mode: 'comment' });
    expect(ends(step)).toBe('failed/github-refused');
    expect(because(step)).toContain('GitHub App with `members: read`');
    expect(step.writes).toBe(0);
  });

  test('a run that has to wait for GitHub goes on afterwards, under the path of an Enterprise Server', async () => {
    await open({ basePath: '/api/v3' });
    github.comment(7, 'alice', '/approve 1.0.0');
    github.comment(7, 'bob', '/approve 1.0.0');
    github.trouble({ is: 'secondary', retryAfterSeconds: 300, times: 1, operation: 'issues/list-comments' });
    const step = await gate({ mode: 'comment' });
    expect(ends(step)).toBe('succeeded/approved');
    expect(step.writes).toBe(1);
  });
});

describe('wait', () => {
  test('goes on until a person decides in the registry, prints the cost first, and writes nothing', async () => {
    await open();
    const from = stage.simulator.requests.length;
    const running = release.start('approve-gate', { mode: 'wait', publish: 'none' });
    await stage.driver.until(stage.driver.now() + minutes(20));
    await stage.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/iris/1',
      ModelApprovalStatus: 'Approved',
    });
    const step = await release.finish(running);
    expect(ends(step)).toBe('succeeded/approved');
    const log = step.log.map(({ text }) => text);
    const price = log.findIndex((text) => text.includes('$0.006 a minute'));
    expect(price).toBeGreaterThan(-1);
    expect(price).toBeLessThan(log.findIndex((text) => text.includes('of runner time')));
    expect(log.join('\n')).toMatch(/waited 2[0-2] minutes, about \$0\.1[23] of runner time/);
    expect(stage.simulator.requests.slice(from).filter(({ mutation }) => mutation)).toEqual([]);
    expect(github.requests).toEqual([]);
  });

  test('past its timeout is pending', async () => {
    await open();
    const step = await gate({ mode: 'wait', timeout: '10m', 'on-pending': 'continue' });
    expect(step).toMatchObject({ exit: { code: 0 }, writes: 0 });
    expect(ends(step)).toBe('pending/approval-pending');
  });

  test('cancelled is cancelled', async () => {
    await open();
    const running = release.start('approve-gate', { mode: 'wait', publish: 'none' });
    await stage.driver.until(stage.driver.now() + minutes(5));
    expect(ends(await release.cancel(running))).toBe('cancelled/cancelled');
  });
});
