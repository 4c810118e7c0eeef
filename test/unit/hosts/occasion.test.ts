import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { pullRequestIn, threadIn } from '../../../src/hosts/occasion.ts';

const folder = mkdtempSync(join(tmpdir(), 'event-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inEvent = (name: string, payload: unknown) => {
  const path = join(folder, 'event.json');
  writeFileSync(path, typeof payload === 'string' ? payload : JSON.stringify(payload));
  return pullRequestIn({ GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path });
};
const repository = { full_name: 'acme/churn' };
const from = (full_name: string | undefined) => ({
  repository,
  pull_request: { number: 7, head: { sha: 'c0ffee', repo: full_name === undefined ? null : { full_name } } },
});

const threadOf = (payload: unknown) => {
  inEvent('issue_comment', payload);
  return threadIn({ GITHUB_EVENT_PATH: join(folder, 'event.json') });
};

describe('the thread of a run', () => {
  it('is its pull request, or the issue of its event', () => {
    expect(threadOf(from('acme/churn'))).toEqual({ is: 'pull-request', number: 7 });
    expect(threadOf({ issue: { number: 8, pull_request: {} } })).toEqual({ is: 'pull-request', number: 8 });
    expect(threadOf({ issue: { number: 9 } })).toEqual({ is: 'issue', number: 9 });
    expect(threadOf({})).toBeUndefined();
  });
});

describe('the pull request of a run', () => {
  it('is that of the event, with the newest commit of its branch', () => {
    expect(inEvent('pull_request', from('acme/churn'))).toEqual({ number: 7, head: 'c0ffee', readOnly: false });
  });

  it('has a token that may only read when it is from a fork, also a deleted one; not on pull_request_target', () => {
    expect(inEvent('pull_request', from('noor/churn'))?.readOnly).toBe(true);
    expect(inEvent('pull_request', from(undefined))?.readOnly).toBe(true);
    expect(inEvent('pull_request_target', from('noor/churn'))?.readOnly).toBe(false);
  });

  it('is that of a comment on it, and not an issue', () => {
    expect(inEvent('issue_comment', { issue: { number: 7, pull_request: {} } })).toEqual({
      number: 7,
      readOnly: false,
    });
    expect(inEvent('issue_comment', { issue: { number: 7 } })).toBeUndefined();
  });

  it('is that of the workflow before', () => {
    const pull_requests = [{ number: 7, head: { sha: 'c0ffee' } }];
    expect(inEvent('workflow_run', { workflow_run: { pull_requests } })).toEqual({
      number: 7,
      head: 'c0ffee',
      readOnly: false,
    });
    expect(inEvent('workflow_run', { workflow_run: { pull_requests: [] } })).toBeUndefined();
  });

  it('is that of a build of CodeBuild', () => {
    const env = { CODEBUILD_WEBHOOK_TRIGGER: 'pr/7', CODEBUILD_RESOLVED_SOURCE_VERSION: 'c0ffee' };
    expect(pullRequestIn(env)).toEqual({ number: 7, head: 'c0ffee', readOnly: false });
    expect(pullRequestIn({ CODEBUILD_WEBHOOK_TRIGGER: 'branch/main' })).toBeUndefined();
  });

  it.each([
    ['a push', { ref: 'refs/heads/main' }],
    ['no JSON', '{'],
    ['null', 'null'],
  ])('is none with %s', (_, payload) => {
    expect(inEvent('push', payload)).toBeUndefined();
  });

  it('is none without an event', () => {
    expect(pullRequestIn({})).toBeUndefined();
    expect(pullRequestIn({ GITHUB_EVENT_PATH: '/no/such/file' })).toBeUndefined();
  });
});
