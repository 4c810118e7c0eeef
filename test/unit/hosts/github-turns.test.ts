import { afterEach, describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import type { GitHub } from '../../../src/github/github.ts';
import { openGitHub } from '../../../src/github/open-github.ts';
import { drive } from '../../../src/hosts/drive.ts';
import type { Memory, Operation } from '../../../src/operation.ts';
import { repositoryOf } from '../../../src/session/repository.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../../github/fake-github.ts';
import { fakeWorld } from '../../support/fake-world.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

let github: FakeGitHub | undefined;
afterEach(() => github?.close());

/** Reads one list of GitHub's in its only turn. */
const reading = (read: (github: GitHub) => Promise<unknown>): Operation<object, Memory, object> => ({
  name: 'approve-gate',
  description: 'Reads.',
  inputs: {},
  outputs: {},
  advance: async (_inputs, _memory, world) => {
    if (world.github === undefined) throw new Error('there is no GitHub');
    await read(world.github);
    return { is: 'done', outcome: 'succeeded', reason: 'approved', outputs: {}, because: 'read' };
  },
  abort: async () => ({ is: 'done', outcome: 'cancelled', reason: 'cancelled', outputs: {}, because: 'stopped' }),
});

const run = async (options: FakeGitHubOptions, prepare: (github: FakeGitHub) => void = () => {}) => {
  github = await startFakeGitHub(options);
  prepare(github);
  const clock = virtualClock();
  const repository = repositoryOf(github.environment(), github.token);
  if (repository === undefined) throw new Error('there is no repository');
  const access = openGitHub(repository, clock);
  const waits: string[] = [];
  const from = clock.now();
  const end = await drive(
    reading((room) => room.approvalsOf(7)),
    {},
    (signal) => ({ ...fakeWorld(clock, signal), github: access.within(signal) }),
    {
      deadline: from + minutes(60),
      dryRun: false,
      wait: true,
      signal: new AbortController().signal,
      onWait: (because) => waits.push(because),
    },
  );
  return { end, waits, tookMs: clock.now() - from };
};
const mina = { login: 'mina', type: 'User' } as const;
const runs = [{ id: 7, sha: 'c0ffee', actor: mina, triggeringActor: mina, approvals: [] }];

describe('an operation that needs GitHub', () => {
  it('waits between turns where GitHub requests a long pause, and names GitHub', async () => {
    const { end, waits, tookMs } = await run({ state: { runs } }, (fake) =>
      fake.trouble({ is: 'secondary', retryAfterSeconds: 120, times: 1 }),
    );
    expect(end).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    expect(waits).toEqual([expect.stringMatching(/^could not reach GitHub: .*GitHub limits the requests/)]);
    expect(tookMs).toBe(seconds(120));
  });

  it('ends with the permission that the job lacks', async () => {
    const { end } = await run({ lacks: ['actions'], state: { runs } });
    expect(end).toMatchObject({
      outcome: 'failed',
      reason: 'github-refused',
      because: expect.stringContaining('`permissions: actions: read`'),
    });
    expect(end).not.toHaveProperty('defect');
  });

  it('ends with GitHub’s words where it has no answer', async () => {
    const { end } = await run({});
    expect(end).toMatchObject({
      reason: 'github-refused',
      because: expect.stringContaining('could not read the approvals of run 7'),
    });
  });
});

describe('the repository of a run', () => {
  const env = { GITHUB_REPOSITORY: 'acme/churn' };

  it('is that of the variables, on github.com or another server', () => {
    expect(repositoryOf(env, 'planted')).toMatchObject({ name: 'acme/churn', apiUrl: 'https://api.github.com' });
    expect(repositoryOf({ ...env, GITHUB_API_URL: 'https://ghe.acme.example/api/v3/' }, 'planted')?.apiUrl).toBe(
      'https://ghe.acme.example/api/v3',
    );
    expect(repositoryOf({ ...env, https_proxy: 'http://proxy:3128' }, 'planted')?.proxy).toEqual({
      https: 'http://proxy:3128',
    });
  });

  it('is none without a token, a name, or an address', () => {
    expect(repositoryOf(env, undefined)).toBeUndefined();
    expect(repositoryOf({}, 'planted')).toBeUndefined();
    expect(repositoryOf({ GITHUB_REPOSITORY: '../churn/x' }, 'planted')).toBeUndefined();
    expect(repositoryOf({ ...env, GITHUB_API_URL: 'nowhere' }, 'planted')).toBeUndefined();
  });

  it('is none in a rehearsal, unless its GitHub is on this machine', () => {
    const rehearsed = { ...env, MODEL_DELIVERY_CLOCK: 'http://127.0.0.1:9/' };
    expect(repositoryOf(rehearsed, 'planted')).toBeUndefined();
    expect(repositoryOf({ ...rehearsed, GITHUB_API_URL: 'http://127.0.0.1:7/api/v3' }, 'planted')).toBeDefined();
  });
});
