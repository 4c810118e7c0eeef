import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startSimulator } from '../../simulator/simulator.ts';
import { init } from '../../src/commands/init.ts';
import { lint } from '../../src/commands/lint.ts';
import type { Env } from '../../src/env.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { linesOf, madeByHand } from '../support/adopted.ts';
import { createRepository, type GitRepository } from '../support/git-repository.ts';
import { runCommand } from '../support/run-command.ts';

const home = process.cwd();
let repository: GitRepository;
let folder: string;
beforeEach(() => {
  repository = createRepository();
  repository.git(
    'remote',
    'add',
    'origin',
    'https://mina:ghp_0123456789abcdefghijABCDEFGHIJ0123@github.com/acme/churn.git',
  );
  folder = repository.root;
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
  repository.remove();
});

const files = (): string[] =>
  globSync('{*,.github/**/*,delivery/**/*}.*', { cwd: folder }).filter((path) => !path.endsWith('workflows'));
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

/** No configuration of this machine: no credentials, no region. */
const nowhere: Env = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};
const offline = [
  ...['--account', '111122223333', '--region', 'eu-west-1', '--execution-role', 'churn-serving'],
  ...['--training-bucket', 'ml-training', '--image-repository', 'churn-serving'],
];
const writing = async (args: readonly string[], env: Env = nowhere, seams?: object) => {
  const { code, out, err } = await runCommand(init, args, { env, ...(seams && { seams }) });
  return { code, out: out.join('\n'), err: err.join('\n') };
};
const whole = ['--flow', 'gitflow', '--model', 'churn', ...offline];

test('an empty repository without credentials and without a network', async () => {
  const { code, out, err } = await writing(whole);
  expect([code, err]).toEqual([0, '']);
  expect(files().sort()).toEqual([
    '.github/workflows/gitflow.yml',
    '.github/workflows/on-model-event.yml',
    '.github/workflows/watchdog.yml',
    'delivery.yml',
    'delivery/README.md',
    ...[
      'churn-deployer/after-staging',
      'churn-deployer/deploy-endpoint-changes',
      'churn-deployer/deploy-endpoint-reads',
      'churn-deployer/trust',
      'churn-planner/plan-production',
      'churn-planner/plan-staging',
      'churn-planner/register-model',
      'churn-planner/trust',
      'churn-restorer/rollback',
      'churn-restorer/trust',
      'churn-staging-deployer/deploy-endpoint-changes',
      'churn-staging-deployer/deploy-endpoint-reads',
      'churn-staging-deployer/trust',
      'churn-staging-restorer/rollback',
      'churn-staging-restorer/trust',
      'churn-tester/regression-test-changes-production',
      'churn-tester/regression-test-changes-staging',
      'churn-tester/regression-test-reads-production',
      'churn-tester/regression-test-reads-staging',
      'churn-tester/trust',
    ].map((name) => `delivery/roles/${name}.json`),
  ]);
  expect(out).toContain('wrote delivery.yml\n');
  expect(out).toContain('wrote delivery/roles/: 6 roles with their trust policies and permissions, 20 files');
  expect(out).toContain('note: the workflows call those of acme/model-delivery at v1');
  expect(out).toContain('next: delivery/README.md has');
  // The remote's address has a token in it.
  for (const text of [out, ...files().map(read)]) expect(text).not.toContain('ghp_');
  const linted = await runCommand(lint, [], { env: nowhere });
  expect([linted.code, linted.out.join('\n')]).toEqual([0, expect.stringContaining('the manifest is valid: churn')]);
});

test('it writes at the root of the repository, from any folder of it', async () => {
  mkdirSync(join(folder, 'src/deep'), { recursive: true });
  process.chdir(join(folder, 'src/deep'));
  expect((await writing(whole)).code).toBe(0);
  expect(read('delivery.yml')).toContain('model: churn');
});

test('a training job of the first version', async () => {
  const { code, out } = await writing([...whole, '--training-job', 'churn-2026-01-05']);
  expect([code, read('training-job.txt')]).toEqual([0, 'churn-2026-01-05\n']);
  expect(out).not.toContain('write the name of a training job');
});

test('--dry-run prints the files, and writes none', async () => {
  const { code, out } = await writing([...whole, '--dry-run']);
  expect([code, files()]).toEqual([0, []]);
  for (const words of ['=== delivery.yml\n', 'would write .github/workflows/gitflow.yml', 'nothing was written'])
    expect(out).toContain(words);
});

test('--json has every file with its content, and the notes', async () => {
  const { code, out } = await writing([...whole, '--dry-run', '--json']);
  const { written, notes, files: all } = JSON.parse(out);
  expect([code, written, files()]).toEqual([0, false, []]);
  expect(notes).toHaveLength(3);
  const trust = all.find(({ path }: { path: string }) => path === 'delivery/roles/churn-deployer/trust.json');
  expect(JSON.parse(trust.content).Statement[0].Condition.StringEquals).toEqual({
    'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
    'token.actions.githubusercontent.com:sub': ['repo:acme/churn:environment:production'],
  });
});

test('the numbers of a repository are not missed where its server has none', async () => {
  const noted = async (...args: readonly string[]): Promise<boolean> =>
    (await writing([...whole, '--force', ...args])).out.includes('the trust policies lack the numbers') &&
    read('delivery/README.md').includes('**Numbers.**');
  expect(await noted()).toBe(true);
  expect(await noted('--repository-ids', '123456/789012')).toBe(false);
  expect(await noted('--repository', 'ghe.acme.com/acme/churn')).toBe(false);
});

describe('files that exist', () => {
  test('are listed and kept, and nothing is written', async () => {
    writeFileSync(join(folder, 'delivery.yml'), 'version: 1\n');
    mkdirSync(join(folder, '.github/workflows'), { recursive: true });
    writeFileSync(join(folder, '.github/workflows/watchdog.yml'), 'on: push\n');
    const { code, err } = await writing(whole);
    expect(code).toBe(2);
    expect(err).toContain('these files exist with another content, and nothing was written');
    expect(err).toContain('\n    delivery.yml\n    .github/workflows/watchdog.yml\n');
    expect([read('delivery.yml'), read('.github/workflows/watchdog.yml'), files().length]).toEqual([
      'version: 1\n',
      'on: push\n',
      2,
    ]);
    const forced = await writing([...whole, '--force']);
    expect([forced.code, forced.out]).toEqual([0, expect.stringContaining('replaced delivery.yml\n')]);
    expect(forced.out).toContain('wrote .github/workflows/gitflow.yml');
    expect(read('delivery.yml')).toContain('model: churn');
  });

  test('with the same content are left alone', async () => {
    await writing(whole);
    const again = await writing(whole);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('unchanged delivery.yml\n')]);
    expect(again.out).not.toMatch(/wrote|replaced/);
  });

  test('a folder in the place of a file', async () => {
    mkdirSync(join(folder, 'delivery.yml'));
    const { code, err } = await writing([...whole, '--force']);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/nothing was written: delivery\.yml is a folder, and a file belongs there; move it/),
    ]);
    expect(files()).toEqual(['delivery.yml']);
  });

  test('a dangling link is no place to write to', async () => {
    symlinkSync('/nonexistent/elsewhere.yml', join(folder, 'delivery.yml'));
    const { code, err } = await writing(whole);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/nothing was written: delivery\.yml is a link to a place outside of the repository/),
    ]);
  });
});

describe('mistakes', () => {
  const without = (...names: readonly string[]): readonly string[] =>
    whole.filter((_, at) => !names.includes(whole[at] ?? '') && !names.includes(whole[at - 1] ?? ''));
  test.each<readonly [title: string, args: readonly string[], message: string]>([
    ['no flow', without('--flow'), 'flow is required'],
    [
      'an unknown flow',
      [...without('--flow'), '--flow', 'trunk'],
      '"trunk" is not a choice; expected one of github-flow, gitflow',
    ],
    ['no name', without('--model'), 'endpoint: is missing; give --endpoint NAME'],
    ['no account', without('--account'), 'account: is missing; give --account (no AWS credentials were found'],
    ['no region', without('--region'), 'region: is missing; give --region, or set AWS_REGION'],
    [
      'no bucket and no repository of images',
      without('--training-bucket', '--image-repository'),
      'training-bucket: is missing, and nothing shows it; give --training-bucket\n  image-repository: is missing',
    ],
    [
      'a live endpoint without credentials',
      without('--execution-role'),
      'the endpoint churn is not read: for a new endpoint give --execution-role (no AWS credentials were found',
    ],
    ['one environment', [...whole, '--environments', 'production'], 'expected two or three different names'],
    [
      'an account',
      [...without('--account'), '--account', '1111'],
      'account: "1111" is not allowed; expected twelve digits',
    ],
    ['a source without a commit', [...whole, '--from', 'acme/model-delivery'], 'expected OWNER/REPOSITORY@COMMIT'],
    ['a source that ends the line', [...whole, '--from', 'acme/model-delivery@v1\n#'], 'is not allowed'],
    ['a branch that is a pattern', [...whole, '--main', 'ma*n'], 'main: "ma*n" is not allowed'],
    ['a repository', [...whole, '--repository', 'churn'], 'repository: "churn" is not allowed'],
    ['numbers', [...whole, '--repository-ids', '12'], 'expected two numbers, as 123456/789012'],
  ])('%s', async (_title, args, message) => {
    const { code, err } = await writing(args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(files()).toEqual([]);
  });

  test('a variable whose region is none', async () => {
    const { code, err } = await writing(without('--region'), { ...nowhere, AWS_REGION: 'eu-west-1 ' });
    expect([code, err]).toEqual([2, expect.stringContaining('AWS_REGION: "eu-west-1 " is not a region')]);
    expect(files()).toEqual([]);
  });

  test('no remote', async () => {
    repository.git('remote', 'remove', 'origin');
    const { code, err } = await writing(whole);
    expect([code, err]).toEqual([2, expect.stringContaining('has no remote origin; give --repository OWNER/NAME')]);
    expect((await writing([...whole, '--repository', 'acme/churn'])).code).toBe(0);
  });

  test('no git repository', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'no-repository-'));
    process.chdir(empty);
    const { code, err } = await writing(whole, { ...nowhere, GIT_CEILING_DIRECTORIES: tmpdir() });
    expect([code, err]).toEqual([2, expect.stringContaining('this folder is no git repository')]);
    process.chdir(folder);
    rmSync(empty, { recursive: true });
  });

  test('no git', async () => {
    const { code, err } = await writing(whole, { ...nowhere, PATH: '/nonexistent' });
    expect([code, err]).toEqual([2, expect.stringContaining('git is not installed on this machine')]);
  });
});

test('the roles let in the jobs of their places, and no others', async () => {
  await writing([...whole, '--repository-ids', '123456/789012']);
  const rows: Readonly<Record<string, readonly string[]>> = {
    'churn-planner': [
      'ref:refs/heads/main',
      'ref:refs/heads/develop',
      'ref:refs/heads/release/1.0.0',
      'ref:refs/tags/churn_v1.0.0',
      'pull_request',
    ],
    'churn-tester': [
      'ref:refs/heads/main',
      'ref:refs/heads/develop',
      'ref:refs/heads/release/1.0.0',
      'ref:refs/tags/churn_v1.0.0',
    ],
    'churn-staging-deployer': ['environment:staging'],
    'churn-staging-restorer': ['environment:staging', 'environment:staging-rollback'],
    'churn-deployer': ['environment:production'],
    'churn-restorer': ['environment:production', 'environment:production-rollback'],
  };
  const simulator = await startSimulator({ roles: Object.keys(rows), wallSpeed: 1 });
  const places = [...new Set([...Object.values(rows).flat(), 'ref:refs/heads/feature', 'environment:elsewhere'])];
  const assumes = async (role: string, subject: string): Promise<boolean> => {
    const url = `${simulator.url}/github/oidc-token?audience=sts.amazonaws.com&subject=${encodeURIComponent(subject)}`;
    const { value: WebIdentityToken } = (await (await fetch(url)).json()) as { readonly value: string };
    const body = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: `arn:aws:iam::111122223333:role/${role}`,
      RoleSessionName: 'job',
      WebIdentityToken,
    });
    return (await fetch(simulator.url, { method: 'POST', body })).ok;
  };
  try {
    for (const [role, own] of Object.entries(rows)) {
      simulator.trust(role, JSON.parse(read(`delivery/roles/${role}/trust.json`)));
      for (const repo of ['acme/churn', 'acme@123456/churn@789012', 'acme/other'])
        for (const place of places)
          expect([role, repo, place, await assumes(role, `repo:${repo}:${place}`)]).toEqual([
            role,
            repo,
            place,
            repo !== 'acme/other' && own.includes(place),
          ]);
    }
  } finally {
    await simulator.close();
  }
});

describe('a live endpoint', () => {
  let account: TestAccount;
  beforeAll(async () => {
    account = await openAccount();
    await account.prepare('1.1.0');
    await madeByHand(account, { config: { KmsKeyId: 'alias/ml' } });
  });
  afterAll(() => account.close());
  const live = (...args: readonly string[]) =>
    writing(['--flow', 'github-flow', ...args], account.environment, { clock: account.simulator.driver });

  test('its manifest changes nothing there, and has the other environments beside it', async () => {
    const watched = account.watch();
    const { code, out, err } = await live('--endpoint', team.endpoint, '--model', team.model, '--main', 'trunk');
    expect([code, err]).toEqual([0, '']);
    expect(watched().filter(({ mutation }) => mutation)).toEqual([]);
    const { environments, versions } = loadManifest(read('delivery.yml'), 'delivery.yml');
    // The branch of the workflow: another one would register `1.4.0-dev.<commit>`.
    expect(versions?.main).toBe('trunk');
    expect(environments['production']).toMatchObject({
      account: team.account,
      region: team.region,
      role: 'iris-deployer',
      rollbackRole: 'iris-restorer',
      after: 'staging',
      endpoint: { name: 'iris', instance: { type: 'ml.m5.large', count: 4 }, kmsKey: 'alias/ml' },
      rollout: { strategy: 'canary' },
    });
    expect(environments['staging']).toMatchObject({
      role: 'iris-staging-deployer',
      endpoint: { name: 'iris-staging', instance: { type: 'ml.m5.large', count: 1 }, kmsKey: 'alias/ml' },
      rollout: { strategy: 'all-at-once' },
    });
    // The names in the policies are those of the endpoint.
    const policies = files()
      .filter((path) => path.startsWith('delivery/roles'))
      .map(read)
      .join('\n');
    for (const name of [`arn:aws:s3:::${team.bucket}/*`, 'repository/iris-serving', 'role/iris-serving', 'alias/ml'])
      expect(policies).toContain(name);
    expect(out).toContain('wrote delivery.yml');
    expect(read('delivery/README.md')).toContain('- made-by-hand is not named for iris: a rollback to it needs');
    const withoutAfter = read('delivery.yml')
      .replace(/^ +after: .*\n/m, '')
      .replace(/^ +role: .*\n/gm, '');
    account.writeManifest(() => withoutAfter);
    const report = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' });
    expect(report?.result).toMatchObject({ reason: 'planned' });
    expect(linesOf(report).filter((line) => /^(instance|kms|role|network)/.test(line))).toEqual([]);
  });

  test.each<readonly [title: string, args: readonly string[], code: number, message: string]>([
    [
      'that does not exist',
      ['--endpoint', 'nowhere'],
      2,
      'endpoint: there is no endpoint nowhere in eu-west-1; for a new endpoint give --execution-role',
    ],
    ['of another account', ['--endpoint', team.endpoint, '--account', '444455556666'], 2, 'wrong-account'],
  ])('%s', async (_title, args, expected, message) => {
    const { code, err } = await live(...args);
    expect([code, err]).toEqual([expected, expect.stringContaining(message)]);
    expect(files()).toEqual([]);
  });

  test('the account of the credentials, for a new endpoint', async () => {
    const { code } = await live('--model', 'churn', ...offline.slice(4));
    expect(code).toBe(0);
    expect(read('delivery.yml')).toContain(`account: "${team.account}"`);
  });
});

test('the command finds the examples of its package from any folder', () => {
  const args = [join(home, 'src/main.ts'), 'init', ...whole, '--dry-run'];
  expect(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: { ...nowhere } })).toContain(
    '=== .github/workflows/gitflow.yml',
  );
});

describe('what stands in the repository already', () => {
  const refused = async (args: readonly string[] = whole): Promise<string> => {
    const before = files();
    const { code, err } = await writing(args);
    expect([code, files()]).toEqual([2, before]);
    return err;
  };

  test.each([
    ['delivery', 'delivery is a file, and a folder belongs there; move it'],
    ['.github', '.github is a file, and a folder belongs there; move it'],
  ])('a file in the place of the folder %s: nothing is written', async (path, message) => {
    writeFileSync(join(folder, path), '');
    expect(await refused()).toContain(`nothing was written: ${message}\n`);
  });

  test('a link to a folder elsewhere is not followed', async () => {
    symlinkSync('..', join(folder, 'delivery'));
    expect((await writing([...whole, '--force'])).err).toContain(
      'nothing was written: delivery is a link to a place outside of the repository, or to none\n',
    );
  });

  test('the caller of the other flow: a commit would be delivered twice', async () => {
    await writing(whole);
    const other = ['--flow', 'github-flow', '--model', 'churn', ...offline, '--force'];
    expect(await refused(other)).toContain('  .github/workflows/gitflow.yml delivers by Gitflow\n');
    const { code, out } = await writing([...other, '--dry-run']);
    expect(code).toBe(0);
    expect(out).toContain('note: .github/workflows/gitflow.yml delivers by Gitflow; delete it before\n');
    rmSync(join(folder, '.github/workflows/gitflow.yml'));
    expect((await writing(other)).code).toBe(0);
  });

  test('roles of other environments: the commands of the page would make them', async () => {
    await writing([...whole, '--environments', 'dev,staging,production']);
    const err = await refused([...whole, '--force']);
    expect(err).toContain('  delivery/roles/churn-dev-deployer/trust.json belongs to no role of this delivery\n');
    expect(err).toContain('  delivery/roles/churn-planner/plan-dev.json belongs to no role of this delivery\n');
  });

  test('roles that are replaced are named', async () => {
    await writing(whole);
    writeFileSync(join(folder, 'delivery/roles/churn-tester/trust.json'), '{}');
    const { out } = await writing([...whole, '--force', '--dry-run']);
    expect(out).toContain('exists with another content: delivery/roles/churn-tester/trust.json\n');
    expect((await writing([...whole, '--force'])).out).toContain('replaced delivery/roles/churn-tester/trust.json\n');
  });
});

test.each([
  [
    ['--flow', 'github-flow', '--model', 'churn', ...offline, '--develop', 'next'],
    'develop: belongs to --flow gitflow; github-flow has no development branch',
  ],
  [
    ['--flow', 'gitflow', '--endpoint', 'churn', '--instance-type', 'ml.c5.xlarge'],
    'instance-type: belongs to a new endpoint, with --execution-role; a live endpoint keeps its instances',
  ],
  [
    ['--flow', 'gitflow', '--model', 'churn', ...offline].map((word, index, all) =>
      all[index - 1] === '--execution-role' ? 'arn:aws:iam::999988887777:role/churn-serving' : word,
    ),
    'execution-role: arn:aws:iam::999988887777:role/churn-serving is no role of the account 111122223333 in eu-west-1',
  ],
])('an option that would do nothing, or contradicts another one %#', async (args, message) => {
  const { code, err } = await writing(args);
  expect([code, files()]).toEqual([2, []]);
  expect(err).toContain(message);
});

test('a GitHub Enterprise server is taken for one, and named', async () => {
  const { out } = await writing([...whole, '--repository', 'ghe.acme.com/acme/churn']);
  expect(out).toContain('note: ghe.acme.com is taken for a GitHub Enterprise server:');
});
