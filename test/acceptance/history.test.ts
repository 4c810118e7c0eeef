import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { hours, minutes } from '../../src/clock.ts';
import { history as command } from '../../src/commands/history.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { rehearsedTeam, rollouts, rolloutText } from '../../src/rehearsal/manifest.ts';
import type { History } from '../../src/report/history/history.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { runCommand } from '../support/run-command.ts';

const { model, account: id, region } = rehearsedTeam;
const unwatched = rolloutText({ rollout: rollouts.unguarded, unwatched: true });

const environment = (name: string, endpoint: string, more = ''): string => `\
  ${name}:
    account: "${id}"
    region: ${region}
    role: model-deployer
    rollback-role: model-restorer
    stage: ${name}${more}
    endpoint: { name: ${endpoint}, execution-role: iris-serving, instance: { type: ml.m5.large, count: 4 } }
    rollout: { ${unwatched} }
`;
const manifest = (...environments: readonly string[]): string =>
  `version: 1\nmodel: ${model}\nenvironments:\n${environments.join('')}`;
const both = manifest(environment('staging', 'iris-staging'), environment('production', 'iris'));

let account: TestAccount;

const deliver = async (name: string, version: string): Promise<void> => {
  const report = await account.run(deployEndpoint, { environment: name, version });
  expect(report?.result.reason).toBe('delivered');
};

/** 1.0.0 in both, two hours later 1.1.0 in both, then production goes back. */
beforeAll(async () => {
  account = await openAccount();
  account.writeManifest(() => both);
  await account.prepare('1.0.0');
  await deliver('staging', '1.0.0');
  await deliver('production', '1.0.0');
  await account.pass(hours(2));
  await account.prepare('1.1.0');
  await deliver('staging', '1.1.0');
  await account.pass(minutes(5));
  await deliver('production', '1.1.0');
  await account.pass(minutes(5));
  const back = await account.run(rollback, { because: 'wrong \u001b[31mspecies\nsince noon' });
  expect(back?.result.reason).toBe('restored');
});
afterAll(() => account.close());

const run = (...args: readonly string[]) =>
  runCommand(command, ['--manifest', account.manifest, ...args], {
    env: account.environment,
    seams: { clock: account.simulator.driver },
  });

const shown = async (...args: readonly string[]): Promise<History> => {
  const { code, out } = await run('--json', ...args);
  expect(code).toBe(0);
  return JSON.parse(out.join('\n')) as History;
};

const releasesOf = ({ releases }: History): readonly string[] =>
  releases.map(({ environment: name, operation, version }) => `${name} ${operation} ${version}`);

const schema = JSON.parse(readFileSync('docs/history.schema.json', 'utf8'));
const validates = new Ajv({ allErrors: true }).compile(schema);

describe('the history of all environments', () => {
  test('shows the actor, version, place, time, reason and end of each release', async () => {
    const seen = account.watch();
    const found = await shown();
    expect(seen().filter(({ mutation, operation }) => mutation && operation !== 'AssumeRole')).toEqual([]);
    validates(found);
    expect(validates.errors ?? []).toEqual([]);
    expect(releasesOf(found)).toEqual([
      'production rollback 1.0.0',
      'production deploy-endpoint 1.1.0',
      'staging deploy-endpoint 1.1.0',
      'production deploy-endpoint 1.0.0',
      'staging deploy-endpoint 1.0.0',
    ]);
    expect(found.releases[0]).toMatchObject({
      endpoint: 'iris',
      from: '1.1.0',
      actor: 'mina',
      commit: 'c0ffee',
      why: 'wrong \u001b[31mspecies\nsince noon',
      outcome: 'succeeded',
      'reason-code': 'restored',
      serving: 'candidate',
      share: 1,
    });
    expect(
      found.served.filter(({ until }) => until === undefined).map((one) => [one.environment, one.version]),
    ).toEqual([
      ['production', '1.0.0'],
      ['staging', '1.1.0'],
    ]);
    expect(found.versions).toMatchObject([
      { version: '1.1.0', approval: 'Approved', stage: 'production', 'stage-status': 'Rejected' },
      { version: '1.0.0', approval: 'Approved', stage: 'production', 'stage-status': 'Approved' },
    ]);
    expect(found.versions[0]?.['last-modified-by']).toMatch(/^model-restorer\//);
    for (const one of found.versions) {
      expect(one).toMatchObject({ commit: 'c0ffee', run: expect.stringMatching(/\/actions\/runs\/\d+$/) });
      expect(one['version-run']).toBeUndefined();
    }
  });

  test('is the same text each time, without a secret, an ARN or an account', async () => {
    const [one, other] = [await run('--json'), await run('--json')];
    expect(one).toEqual(other);
    expect(one.out.join('')).not.toMatch(new RegExp(`arn:aws|${id}`));
  });

  test('is a table for people, with foreign text plain', async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    const text = out.join('\n');
    expect(text).toMatch(/^staging \(endpoint iris-staging\): no release is live$/m);
    expect(text).toMatch(/^ {2}when +where +what +how it ended +share +took +who$/m);
    expect(text).toMatch(
      /^ {2}\S+Z {2}production\/iris +rollback 1\.0\.0 after 1\.1\.0 +succeeded\/restored +100 % +\d+m.* mina$/m,
    );
    expect(text).toContain('    reason given: wrong \\u001b[31mspecies\\nsince noon\n');
    expect(text).toMatch(/^ {4}commit c0ffee, https:\/\/.*\/actions\/runs\/1/m);
    expect(text).toMatch(/^ {2}1\.1\.0 \(package 2\) {2}Approved .* production\/Rejected$/m);
  });

  test('fits a narrow terminal, where each cell has a line of its own', async () => {
    const { out } = await runCommand(command, ['--manifest', account.manifest, '--limit', '1'], {
      env: account.environment,
      seams: { clock: account.simulator.driver },
      width: 60,
    });
    const lines = out.join('\n').split('\n');
    expect(lines).toContain('    how it ended: succeeded/restored');
    expect(lines.filter((line) => line.length > 60 && line.trim().includes(' '))).toEqual([]);
  });

  test.each([
    [
      ['--version', '1.1.0'],
      ['production rollback 1.0.0', 'production deploy-endpoint 1.1.0', 'staging deploy-endpoint 1.1.0'],
    ],
    [['--version', 'iris_v1.1.0', '--environment', 'staging'], ['staging deploy-endpoint 1.1.0']],
    [['--version', '2', '--limit', '1'], ['production rollback 1.0.0']],
    [['--version', '9.9.9'], []],
    [
      ['--limit', '2'],
      ['production rollback 1.0.0', 'production deploy-endpoint 1.1.0'],
    ],
    [
      ['--since', '1h'],
      ['production rollback 1.0.0', 'production deploy-endpoint 1.1.0', 'staging deploy-endpoint 1.1.0'],
    ],
    [['--since', '2999-01-01'], []],
    [
      ['--environment', 'staging'],
      ['staging deploy-endpoint 1.1.0', 'staging deploy-endpoint 1.0.0'],
    ],
  ])('%j', async (args, expected) => {
    expect(releasesOf(await shown(...args))).toEqual(expected);
  });

  test('a version that no release has is named', async () => {
    const { code, out } = await run('--version', '9.9.9');
    expect(code).toBe(0);
    expect(out.join('\n')).toMatch(/\nno release that was read has the version "9\.9\.9"$/);
    const late = await run('--version', '1.1.0', '--since', '2999-01-01');
    expect(late.out.join('\n')).toMatch(
      /\nno release that was read has the version "1\.1\.0" since 2999-01-01T00:00:00Z$/,
    );
    expect((await run('--version', '1.1.0')).out.join('\n')).not.toContain('no release that was read');
  });

  test.each([
    [['--limit', '0'], /limit: "0" is not a number of releases/],
    [['--since', 'yesterday'], /since: "yesterday" is not a time/],
    [['--since', '2026-13-01'], /since: "2026-13-01" is not a time/],
    [['--since', '2026-02-31'], /since: "2026-02-31" is not a time/],
    [['--since', '2026-02-31T00:00:00Z'], /since: "2026-02-31T00:00:00Z" is not a time/],
    [['--since', '9999999999999h', '--version', '9.9.9'], /since: "9999999999999h" ago is before 1970/],
    [['--since', '600000h'], /since: "600000h" ago is before 1970/],
    [['--environment', 'prod'], /the manifest has no environment "prod"/],
    [['--version', 'fraud_v1.0.0'], /fraud/],
  ])('%j is refused', async (args, said) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err.join('\n')).toMatch(said);
  });
});

describe('an environment that cannot be read', () => {
  test('is named in its place; the others are printed, and the exit code is 1', async () => {
    const elsewhere = environment('elsewhere', 'iris-elsewhere', '\n    releases: s3://not-there/');
    account.writeManifest(() => manifest(elsewhere, environment('production', 'iris')));
    const { code, out } = await run('--json');
    expect(code).toBe(1);
    const found = JSON.parse(out.join('\n')) as History;
    validates(found);
    expect(validates.errors ?? []).toEqual([]);
    expect(found.environments[0]).toMatchObject({
      environment: 'elsewhere',
      unreadable: {
        outcome: 'failed',
        'reason-code': 'record-unavailable',
        because: expect.stringMatching(/not-there/),
      },
    });
    expect(releasesOf(found)).toContain('production rollback 1.0.0');
    const table = await run();
    expect(table.code).toBe(1);
    expect(table.out.join('\n')).toMatch(
      /^elsewhere \(endpoint iris-elsewhere\): could not be read: failed\/record-unavailable: /m,
    );
    // The one that was named fails the command.
    const named = await run('--environment', 'elsewhere');
    expect([named.code, named.out]).toEqual([1, []]);
    expect(named.err.join('\n')).toMatch(/^history: failed\/record-unavailable/);
    account.writeManifest(() => both);
  });

  test.each([[['--json']], [[]]])(
    'has no account id, also of an account that no other one is in (%j)',
    async (args) => {
      const elsewhere = environment('elsewhere', 'iris-elsewhere', '\n    releases: s3://releases-444455556666/');
      account.writeManifest(() => manifest(elsewhere, environment('production', 'iris')));
      // In the log of a job every id is hidden anyway.
      const { GITHUB_ACTIONS: _runner, CI: _ci, ...env } = account.environment;
      const { code, out } = await runCommand(command, ['--manifest', account.manifest, ...args], {
        env,
        seams: { clock: account.simulator.driver },
      });
      account.writeManifest(() => both);
      expect(code).toBe(1);
      expect(out.join('\n')).toContain('releases-<account>');
      expect(out.join('\n')).not.toContain('444455556666');
    },
  );

  test('by a registry that is closed loses the approvals alone', async () => {
    const denied = {
      service: 'sagemaker',
      operation: 'ListModelPackages',
      times: 1,
      kind: 'error',
      code: 'AccessDeniedException',
      message: `User: arn:aws:sts::${id}:assumed-role/x/y is not authorized to perform: sagemaker:ListModelPackages`,
    } as const;
    account.simulator.faults.add(denied);
    const found = await shown();
    validates(found);
    expect(validates.errors ?? []).toEqual([]);
    expect(found.versions).toEqual([]);
    expect(found.releases).toHaveLength(5);
    for (const one of found.environments)
      expect(one['without-approvals']).toMatch(
        /^sagemaker:ListModelPackages was denied: grant sagemaker:ListModelPackages/,
      );
  });
});

test('a version that was taken over has its own run, and that of its source', async () => {
  const other = await openAccount();
  try {
    await other.register('1.0.0');
    const taken = await other.run(registerModel, { version: '1.4.0', from: '1.0.0' }, { runId: '77' });
    expect(taken?.result.reason).toBe('registered');
    await other.approve();
    other.writeManifest(() => manifest(environment('production', 'iris')));
    expect((await other.run(deployEndpoint, { version: '1.4.0' }))?.result.reason).toBe('delivered');
    const args = ['--manifest', other.manifest];
    const host = { env: other.environment, seams: { clock: other.simulator.driver } };
    const found = JSON.parse((await runCommand(command, [...args, '--json'], host)).out.join('\n')) as History;
    validates(found);
    expect(validates.errors ?? []).toEqual([]);
    expect(found.versions).toMatchObject([
      {
        version: '1.4.0',
        run: expect.stringMatching(/\/actions\/runs\/1$/),
        'taken-from': 'iris/1',
        'version-run': expect.stringMatching(/\/actions\/runs\/77$/),
      },
    ]);
    expect((await runCommand(command, args, host)).out.join('\n')).toMatch(
      /^ {4}\S*\/actions\/runs\/77\n {4}taken from package iris\/1, commit c0ffee, \S*\/actions\/runs\/1$/m,
    );
  } finally {
    await other.close();
  }
});
