import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Publishing, publisherFor } from '../../../src/hosts/publisher.ts';
import type { Wish } from '../../../src/report/publications/publications.ts';
import type { Report } from '../../../src/report/result.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../../github/fake-github.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

let github: FakeGitHub;
afterEach(() => github.close());

const subject = { model: 'churn', environment: 'production', version: '1.4.0' };
const report: Report = {
  result: {
    'schema-version': 1,
    operation: 'deploy-endpoint',
    outcome: 'succeeded',
    reason: 'delivered',
    because: 'churn serves 1.4.0',
    outputs: {},
    dryRun: false,
    startedAt: '2026-01-05T09:00:00Z',
    endedAt: '2026-01-05T09:31:05Z',
  },
  inputs: {},
  subject,
  timeline: [],
  remarks: [],
};

const start = async (wish: Wish, options: FakeGitHubOptions = {}, change: Partial<Publishing> = {}) => {
  github = await startFakeGitHub(options);
  const publisher = publisherFor({
    repository: { name: github.repository, token: github.token, apiUrl: github.url },
    wish,
    operation: 'deploy-endpoint',
    env: {},
    run: { host: 'github-actions', holder: 'test', commit: 'c0ffee' },
    signal: new AbortController().signal,
    ...change,
  });
  publisher.open(virtualClock());
  return publisher;
};
const states = () => github.state.deployments.map(({ statuses }) => statuses.map(({ members }) => members['state']));
const operations = () => github.requests.map(({ operation }) => operation);

describe('the publisher of a run', () => {
  it('begins a deployment at once, and nothing else', async () => {
    const publisher = await start(['comment', 'deployment']);
    publisher.begins(subject);
    expect(await publisher.ended(report, true)).toEqual([]);
    expect(states()).toEqual([['in_progress', 'success']]);
    expect(operations().filter((name) => name.includes('comment'))).toHaveLength(3);
  });

  it('reads and writes nothing at the beginning where only the end is published', async () => {
    const publisher = await start(['comment']);
    publisher.begins(subject);
    await publisher.ended(report, true);
    expect(operations()).toEqual([
      'repos/list-pull-requests-associated-with-commit',
      'repos/list-comments-for-commit',
      'repos/create-commit-comment',
      'repos/list-comments-for-commit',
    ]);
  });

  it('publishes the end of a deployment whose beginning failed, and then has nothing to report', async () => {
    const publisher = await start(['deployment']);
    github.trouble({ is: 'broken', operation: 'repos/create-deployment', times: 2 });
    publisher.begins(subject);
    expect(await publisher.ended(report, true)).toEqual([]);
    expect(states()).toEqual([['success']]);
  });

  it('shows the evidence while the run waits, in the one comment that the end replaces', async () => {
    const publisher = await start(['comment', 'check']);
    const waits = { ...report, result: { ...report.result, outcome: 'pending' as const, because: 'it waits' } };
    publisher.shows(waits);
    publisher.shows(waits);
    await publisher.ended(waits, false);
    expect(github.state.comments).toHaveLength(1);
    expect(github.state.comments[0]?.body).toContain('## ⏳ deploy-endpoint: pending');
    expect(await publisher.ended(report, true)).toEqual([]);
    expect(github.state.comments.map(({ body }) => body.includes('deploy-endpoint: succeeded'))).toEqual([true]);
    // A check has an end only.
    expect(operations().filter((name) => name === 'checks/create')).toHaveLength(1);
  });

  it('has no line at the end about evidence that could not be shown earlier', async () => {
    const publisher = await start(['comment']);
    github.trouble({ is: 'broken', operation: 'repos/create-commit-comment', times: 2 });
    publisher.shows(report);
    expect(await publisher.ended(report, true)).toEqual([]);
    expect(github.state.comments).toHaveLength(1);
  });

  it('shows nothing where no comment is published', async () => {
    const publisher = await start(['check']);
    publisher.shows(report);
    await publisher.ended(report, true);
    expect(operations().some((name) => name.includes('comment'))).toBe(false);
  });

  it('names a permission once that several publications lack', async () => {
    const lacks = ['checks', 'deployments', 'pull_requests', 'contents=write'];
    const publisher = await start(['comment', 'check', 'deployment'], { lacks });
    publisher.begins(subject);
    const faults = await publisher.ended(report, true);
    expect(faults).toHaveLength(3);
    expect(faults.map((fault) => /^(\w+) not published: .*`permissions: ([\w-]+: \w+)`/.exec(fault)?.slice(1))).toEqual(
      [
        ['comment', 'pull-requests: read'],
        ['check', 'checks: write'],
        ['deployment', 'deployments: write'],
      ],
    );
  });

  it('publishes nothing of a run whose manifest could not be read', async () => {
    const publisher = await start(['comment', 'check']);
    const { subject: _none, ...unread } = report;
    expect(await publisher.ended(unread, false)).toEqual([]);
    expect(github.requests).toEqual([]);
  });

  it.each(['begins', 'shows'] as const)(
    'does not wait longer for an earlier request without an answer (%s)',
    async (earlier) => {
      let requests = 0;
      const silent = createServer(() => {
        requests += 1;
      });
      await once(silent.listen(0, '127.0.0.1'), 'listening');
      const clock = virtualClock();
      const publisher = publisherFor({
        repository: {
          name: 'acme/churn',
          token: 'ghs_x',
          apiUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
        },
        wish: ['comment', 'deployment'],
        operation: 'deploy-endpoint',
        env: {},
        run: { host: 'github-actions', holder: 'test', commit: 'c0ffee' },
        signal: new AbortController().signal,
      });
      publisher.open(clock);
      const received = once(silent, 'request');
      if (earlier === 'begins') publisher.begins(subject);
      else publisher.shows(report);
      await received;
      const ended = publisher.ended(report, true);
      await clock.sleepUntil(clock.now() + 31_000);
      expect(await ended).toEqual(['comment and deployment not published: GitHub did not take it in time']);
      // It still waits for the first one, and nothing was sent beside it.
      expect(requests).toBe(1);
      silent.closeAllConnections();
      silent.close();
    },
  );

  it('has a line where the run has no commit', async () => {
    const publisher = await start(['check'], {}, { run: { host: 'command-line', holder: 'test' } });
    expect(await publisher.ended(report, true)).toEqual([
      'check not published: the run has neither a pull request nor a commit',
    ]);
  });
});
