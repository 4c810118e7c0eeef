import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { operationCommands } from '../../src/commands/operation-commands.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../github/fake-github.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { runCommand } from '../support/run-command.ts';

/** On the command line nothing is published unless an option names it. */

let account: TestAccount;
let github: FakeGitHub;
beforeEach(async () => {
  account = await openAccount();
  await account.prepare('1.0.0');
});
afterEach(async () => {
  await account.close();
  await github.close();
});

const gate = async (
  options: FakeGitHubOptions,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
) => {
  github = await startFakeGitHub(options);
  return runCommand(
    operationCommands['approve-gate'],
    ['--manifest', account.manifest, '--environment', 'production', '--version', '1.0.0', ...args],
    {
      env: { ...account.environment, ...github.environment(), GITHUB_TOKEN: github.token, ...env },
      seams: { clock: account.simulator.driver },
    },
  );
};

describe('the command line', () => {
  test('publishes nothing by itself, although the shell has a token', async () => {
    expect(await gate({}, [])).toMatchObject({ code: 0, err: [] });
    expect(github.requests).toEqual([]);
  });

  test('writes a comment on the commit, without the account’s id also where its own output has it', async () => {
    const { code } = await gate({}, ['--publish', 'comment'], { GITHUB_ACTIONS: undefined, CI: undefined });
    expect(code).toBe(0);
    expect(github.state.comments).toMatchObject([{ on: 'c0ffee' }]);
    expect(github.state.comments[0]?.body).toContain('## ✅ approve-gate: succeeded');
    expect(github.state.comments[0]?.body).not.toContain('111122223333');
  });

  test('warns of each refusal of GitHub, and exits as the operation ended', async () => {
    const { code, err } = await gate({ lacks: ['checks'] }, ['--publish', 'check, comment']);
    expect(code).toBe(0);
    expect(err).toEqual([expect.stringMatching(/^warning: check not published: .*checks: write/)]);
    expect(github.state.comments).toHaveLength(1);
  });

  test('warns where no repository is named', async () => {
    const { code, err } = await gate({}, ['--publish', 'check'], { GITHUB_TOKEN: undefined });
    expect(code).toBe(0);
    expect(err).toEqual([expect.stringContaining('GITHUB_TOKEN and GITHUB_REPOSITORY name no repository')]);
  });

  test('refuses a publication that it does not have', async () => {
    const { code, err } = await gate({}, ['--publish', 'coment']);
    expect(code).toBe(2);
    expect(err.join()).toContain('publish: "coment" is not a publication; expected auto, none, or names of');
  });
});
