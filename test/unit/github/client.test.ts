import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Throttled } from '../../../src/aws/retry.ts';
import { seconds } from '../../../src/clock.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../../github/fake-github.ts';
import { roomOf } from '../../support/github.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

let cleanUp = async (): Promise<void> => {};
afterEach(() => cleanUp());
const start = async (options: FakeGitHubOptions = {}): Promise<FakeGitHub> => {
  const github = await startFakeGitHub(options);
  cleanUp = () => github.close();
  return github;
};
const listening = async (server: Server): Promise<{ readonly url: string; readonly repository: string }> => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, repository: 'acme/churn' };
};
const stopped = async (server: Server): Promise<void> => {
  server.closeAllConnections();
  await new Promise<void>((closed) => void server.close(() => closed()));
};
const place = { is: 'pull-request', number: 7 } as const;
const mina = { login: 'mina', type: 'User' } as const;
const pull = { number: 7, head: 'c0ffee', state: 'open', author: mina, commits: ['c0ffee'] } as const;

describe('the client of GitHub', () => {
  it('reads every page of a list', async () => {
    const fake = await start({ mostPerPage: 30, state: { pullRequests: [pull] } });
    for (let n = 0; n < 250; n++) fake.comment(7, 'noor', `remark ${n}`);
    const comments = await roomOf(fake).commentsOf(place);
    expect(comments.map(({ body }) => body)).toEqual(Array.from({ length: 250 }, (_, n) => `remark ${n}`));
    expect(fake.requests).toHaveLength(9);
  });

  it('waits as long as GitHub requests after too many requests at once, by its clock, and goes on', async () => {
    const fake = await start({ state: { pullRequests: [pull] } });
    fake.comment(7, 'noor', 'hello');
    fake.trouble({ is: 'secondary', retryAfterSeconds: 4, times: 2 });
    const clock = virtualClock();
    const from = clock.now();
    expect(await roomOf(fake, clock).commentsOf(place)).toHaveLength(1);
    expect(clock.now() - from).toBe(seconds(8));
    expect(fake.requests.map(({ status }) => status)).toEqual([403, 403, 200]);
  });

  it('ends the turn where GitHub requests a longer pause than a turn may wait, with the time to go on', async () => {
    const fake = await start();
    fake.trouble({ is: 'secondary', retryAfterSeconds: 60, times: 1 });
    const clock = virtualClock();
    const room = roomOf(fake, clock);
    const from = clock.now();
    const error = await room.commentsOf(place).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Throttled);
    expect((error as Throttled).notBefore).toBe(from + seconds(60));
    expect(clock.now()).toBe(from);
    // The limit is the token's: no other call is sent before its time either.
    await expect(room.pullRequest(7)).rejects.toBeInstanceOf(Throttled);
    expect(fake.requests).toHaveLength(1);
  });

  it('ends the turn when the requests of the hour are used up', async () => {
    const fake = await start();
    fake.trouble({ is: 'primary', resetsAt: 2_000_000_000, times: 1 });
    await expect(roomOf(fake).commentsOf(place)).rejects.toBeInstanceOf(Throttled);
  });

  it('repeats a read that GitHub could not answer, and gives up after the fourth attempt', async () => {
    const fake = await start({ state: { pullRequests: [pull] } });
    fake.trouble({ is: 'broken', times: 3 });
    const room = roomOf(fake);
    expect(await room.pullRequest(7)).toEqual({ number: 7, open: true, head: 'c0ffee', author: 'mina' });
    expect(fake.requests.map(({ status }) => status)).toEqual([502, 502, 502, 200]);
    fake.trouble({ is: 'broken', times: 9 });
    await expect(roomOf(fake).pullRequest(7)).rejects.toThrow('GitHub could not read pull request 7');
    expect(fake.requests).toHaveLength(8);
  });

  it('names the permission that the workflow lacks, in the same words for each call that lacks it', async () => {
    const fake = await start({ lacks: ['pull_requests', 'issues'], state: { pullRequests: [pull] } });
    const room = roomOf(fake);
    const refusal = async (call: Promise<unknown>): Promise<string> =>
      String(await call.catch((error: unknown) => error));
    expect(await refusal(room.commentsOf(place))).toMatch(
      /^MissingPermission: .*add `permissions: pull-requests: read` to the job/,
    );
    const [one, other] = [await refusal(room.pullRequest(7)), await refusal(room.pullRequestsOf('c0ffee'))];
    expect(one).toBe(other);
  });

  it('names a permission that no job can have as one of a GitHub App', async () => {
    const fake = await start({ lacks: ['members'] });
    await expect(roomOf(fake).membersOf({ organisation: 'acme', slug: 'ml' })).rejects.toThrow(
      'give the token of a GitHub App with `members: read`',
    );
  });

  it('does not accept a wrong token, and shows it in no message', async () => {
    const fake = await start();
    const wrong = { ...fake, token: 'ghs_wrongwrongwrongwrongwrongwrongwrong' };
    const error = await roomOf(wrong)
      .commentsOf(place)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('GitHub does not accept the token');
    expect(JSON.stringify(error)).not.toContain(wrong.token);
  });

  it('ends with its signal', async () => {
    const fake = await start();
    const ended = new AbortController();
    ended.abort();
    await expect(roomOf(fake, virtualClock(), ended.signal).commentsOf(place)).rejects.toThrow();
    expect(fake.requests).toEqual([]);
  });

  it('ends with its signal also within an answer that never ends', async () => {
    const ended = new AbortController();
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('[', () => ended.abort());
    });
    cleanUp = () => stopped(server);
    const room = roomOf({ ...(await listening(server)), token: 'planted' }, virtualClock(), ended.signal);
    await expect(room.commentsOf(place)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('follows a renamed repository on the same server, and takes the token to no other', async () => {
    const seen: string[] = [];
    let target = '';
    const server = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`);
      if (request.url?.startsWith('/repos/acme/churn/')) response.writeHead(301, { location: target }).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
    });
    cleanUp = () => stopped(server);
    const address = await listening(server);
    const room = () => roomOf({ ...address, token: 'planted' });
    target = '/repositories/1/issues/7/comments';
    expect(await room().commentsOf(place)).toEqual([]);
    target = `${address.url.replace('127.0.0.1', 'localhost')}/elsewhere`;
    await expect(room().commentsOf(place)).rejects.toThrow('GitHub could not read the comments of pull request 7');
    expect(seen.filter((line) => line.startsWith('/repositories/1/'))).toHaveLength(1);
    expect(seen.filter((line) => line.startsWith('/elsewhere'))).toEqual([]);
  });

  it('stops at the fourth redirection', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      seen.push(path);
      // A client without a bound would get an answer here, rather than run for ever.
      if (seen.length < 100) response.writeHead(301, { location: path }).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end('[]');
    });
    cleanUp = () => stopped(server);
    const room = roomOf({ ...(await listening(server)), token: 'planted' });
    await expect(room.commentsOf(place)).rejects.toThrow(/redirects to .*: correct GITHUB_API_URL/);
    expect(new Set(seen).size).toBe(1);
    // Four attempts; each follows three redirections.
    expect(seen).toHaveLength(4 * 4);
  });
});
