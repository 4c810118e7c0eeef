import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { hours, minutes } from '../../src/clock.ts';
import { status as command } from '../../src/commands/status.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rehearsedTeam, rollouts, rolloutText } from '../../src/rehearsal/manifest.ts';
import type { EnvironmentStatus, Status } from '../../src/report/status/status.ts';
import { openSession } from '../../src/session/session.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { openAliasAccount } from '../support/alias.ts';
import { runCommand } from '../support/run-command.ts';

const { model, account: id, region } = rehearsedTeam;

const environment = (name: string, endpoint: string, rollout: string, more = ''): string => `\
  ${name}:
    account: "${id}"
    region: ${region}
    role: model-deployer
    rollback-role: model-restorer${more}
    endpoint: { name: ${endpoint}, execution-role: iris-serving, instance: { type: ml.m5.large, count: 4 } }
    rollout: { ${rollout} }
`;
const manifest = (...environments: readonly string[]): string =>
  `version: 1\nmodel: ${model}\nenvironments:\n${environments.join('')}`;
const unwatched = rolloutText({ rollout: rollouts.unguarded, unwatched: true });
const canary = rolloutText({ rollout: rollouts.canary, unwatched: true });
const staging = environment('staging', 'iris-staging', unwatched);
const both = manifest(staging, environment('production', 'iris', canary));

let account: TestAccount;
beforeAll(async () => {
  account = await openAccount();
  account.writeManifest(() => both);
});
afterAll(() => account.close());

const run = (...args: readonly string[]) =>
  runCommand(command, ['--manifest', account.manifest, ...args], {
    env: account.environment,
    seams: { clock: account.simulator.driver },
  });

const validates = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync('docs/status.schema.json', 'utf8')));
const read = (line: string): Status => {
  const found = JSON.parse(line) as Status;
  validates(found);
  expect(validates.errors ?? []).toEqual([]);
  return found;
};
const shown = async (...args: readonly string[]): Promise<readonly EnvironmentStatus[]> => {
  const seen = account.watch();
  const { code, out } = await run('--json', ...args);
  expect(code).toBe(0);
  expect(seen().filter(({ mutation, operation }) => mutation && operation !== 'AssumeRole')).toEqual([]);
  return read(out.join('\n')).environments;
};
const production = async (): Promise<EnvironmentStatus | undefined> => (await shown('--environment', 'production'))[0];

describe('the status of a release from its beginning to its end', () => {
  test('nothing is deployed yet', async () => {
    const [first, second] = await shown();
    expect(first).toEqual({
      environment: 'staging',
      endpoint: 'iris-staging',
      state: 'absent',
      manifest: { agrees: 'unknown', because: expect.stringContaining('does not exist yet') },
    });
    expect(second?.state).toBe('absent');
    expect((await run()).out.join('\n')).toMatch(
      /^staging \(iris-staging\): there is no such endpoint yet\n {2}no release is under way\n/,
    );
  });

  test('a version serves, as the manifest has it', async () => {
    await account.prepare('1.0.0');
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    await account.pass(hours(2));
    const found = await production();
    expect(found).toMatchObject({
      state: 'InService',
      serving: [{ version: '1.0.0', share: 1, instances: { running: 4, wanted: 4 } }],
      since: expect.stringMatching(/Z$/),
      release: expect.stringMatching(/^iris-1\.0\.0-/),
      manifest: { agrees: 'yes' },
    });
    expect(found).not.toHaveProperty('live');
    const { out } = await run('--environment', 'production');
    expect(out.join('\n')).toMatch(
      /^production \(iris\): InService\n {2}1\.0\.0 serves 100 % on 4 instances \(\w+\)\n {2}iris-1-0-0-\S+: since \S+ \(2h.*\), by release iris-1\.0\.0-\S+\n {2}no release is under way\n {2}manifest: the endpoint has its settings$/,
    );
  });

  test('the manifest wants something else', async () => {
    account.writeManifest(() => both.replaceAll('count: 4', 'count: 6'));
    expect((await production())?.manifest).toEqual({
      agrees: 'no',
      because: expect.stringMatching(/^it changes .*4 → 6/),
    });
    account.writeManifest(() => both);
  });

  test('AWS carries an update out, which no run follows', async () => {
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0', follow: 'false' }))?.result.reason).toBe(
      'in-progress',
    );
    await account.pass(minutes(2));
    const found = await production();
    expect(found).toMatchObject({
      state: 'Updating',
      serving: [{ version: '1.0.0' }],
      update: { to: expect.stringMatching(/^iris-1-1-0-/) },
      live: { operation: 'deploy-endpoint', version: '1.1.0', phase: 'supervising', 'held-by': 'aws', actor: 'mina' },
      manifest: { agrees: 'unknown' },
    });
    const text = (await run('--environment', 'production')).out.join('\n');
    expect(text).toMatch(/^ {2}update to iris-1-1-0-\S+ under way since \S+ \(.*\)/m);
    expect(text).toMatch(/^ {2}deploy-endpoint of 1\.1\.0 is supervising since .*: release iris-1\.1\.0-/m);
    expect(text).toMatch(/^ {2}AWS carries it out under its alarms; a run has to verify its end by /m);
    expect(text).toMatch(/^ {2}started by mina, https:/m);
  });

  test('it can be watched to its end, and prints each change once', async () => {
    const { code, out } = await run('--environment', 'production', '--watch', '--json');
    expect(code).toBe(0);
    const states = out.map((line) => read(line).environments[0]);
    expect(states.length).toBeLessThan(12);
    expect(states[0]).toMatchObject({ state: 'Updating', live: { 'held-by': 'aws' } });
    expect(states.at(-1)).toMatchObject({ state: 'InService', live: { 'held-by': 'nobody' } });
    states.slice(1).forEach((one, index) => {
      expect(one).not.toEqual(states[index]);
    });
    expect(states.map((one) => one?.update?.phases.join()).filter(Boolean)).toEqual([
      'Creating',
      'Baking',
      'ActivatingTraffic',
      'Baking',
    ]);
    expect(states.at(-1)?.release).toMatch(/^iris-1\.1\.0-/);
  });

  test('nobody holds it, once that time is over', async () => {
    const found = await production();
    expect(found).toMatchObject({ serving: [{ version: '1.1.0' }], live: { 'held-by': 'nobody' } });
    expect((await run('--environment', 'production')).out.join('\n')).toMatch(
      /^ {2}no run holds it since \S+: rollback with only-expired brings it to its end$/m,
    );
  });
});

test('a release that begins while the endpoint is read is shown, and not only spoken of', async () => {
  const withLive = account.record();
  if (withLive?.live === undefined) throw new Error('the release before has ended');
  const { live: _live, ...without } = withLive;
  account.forge(without);
  const { out } = await runCommand(command, ['--manifest', account.manifest, '--environment', 'production', '--json'], {
    env: account.environment,
    seams: {
      clock: account.simulator.driver,
      openSession: async (request) => {
        const session = await openSession(request);
        return {
          ...session,
          worldFor: (signal) => {
            const world = session.worldFor(signal);
            const { sagemaker } = world.read;
            const describeEndpoint: typeof sagemaker.describeEndpoint = async (input) => {
              account.forge(withLive);
              return sagemaker.describeEndpoint(input);
            };
            return {
              ...world,
              read: {
                ...world.read,
                sagemaker: Object.create(sagemaker, { describeEndpoint: { value: describeEndpoint } }),
              },
            };
          },
        };
      },
    },
  });
  expect(read(out.join('\n')).environments[0]).toMatchObject({
    live: { version: '1.1.0' },
    manifest: { agrees: 'unknown', because: expect.stringContaining('is under way') },
  });
});

describe('places that this suite did not make', () => {
  const byHand = 'made-by-hand';
  const sagemaker = (operation: string, input: object) => account.simulator.call('sagemaker', operation, input);
  const endpoint = async (name: string, container: object): Promise<void> => {
    await sagemaker('CreateModel', {
      ModelName: name,
      PrimaryContainer: container,
      ExecutionRoleArn: `arn:aws:iam::${id}:role/iris-serving`,
    });
    await sagemaker('CreateEndpointConfig', {
      EndpointConfigName: name,
      ProductionVariants: [
        { VariantName: 'a', ModelName: name, InstanceType: 'ml.m5.large', InitialInstanceCount: 1 },
        {
          VariantName: 'b',
          ModelName: name,
          InstanceType: 'ml.m5.large',
          InitialInstanceCount: 1,
          InitialVariantWeight: 3,
        },
      ],
    });
    await sagemaker('CreateEndpoint', { EndpointName: name, EndpointConfigName: name });
  };
  const shownAt = async (name: string): Promise<EnvironmentStatus | undefined> => {
    account.writeManifest(() => manifest(environment('production', name, canary)));
    return production();
  };

  test('a package has its version, whoever deployed it, and nothing is invented about its beginning', async () => {
    await endpoint(byHand, { ModelPackageName: `arn:aws:sagemaker:${region}:${id}:model-package/${model}/1` });
    expect(await shownAt(byHand)).toMatchObject({ state: 'Creating' });
    const watched = await run('--watch');
    expect([watched.code, watched.out.length]).toEqual([0, 2]);
    expect(watched.out.at(-1)).toMatch(/^\S+Z:\nproduction \(made-by-hand\): InService\n/);
    const found = await production();
    expect(found).toMatchObject({
      serving: [
        { name: 'a', version: '1.0.0', share: 0.25 },
        { name: 'b', version: '1.0.0', share: 0.75 },
      ],
      configuration: byHand,
    });
    for (const member of ['since', 'release', 'live']) expect(found).not.toHaveProperty(member);
    expect((await run()).out.join('\n')).toMatch(/^ {2}made-by-hand: no release of this suite brought it$/m);
  });

  test('a model of no package is shown by its name', async () => {
    const { image, bucket } = rehearsedTeam;
    const ModelDataUrl = `s3://${bucket}/training/iris-1.0.0/model.tar.gz`;
    await endpoint('of-an-image', { Image: image, ModelDataUrl });
    await account.pass(minutes(20));
    const found = await shownAt('of-an-image');
    expect(found).toMatchObject({ state: 'InService', serving: [{ model: 'of-an-image' }, {}] });
    expect(found?.serving?.[0]).not.toHaveProperty('version');
    expect(found?.manifest).toMatchObject({ agrees: 'unknown' });
  });
});

describe('an environment that cannot be read', () => {
  const elsewhere = environment('elsewhere', 'iris-elsewhere', canary, '\n    releases: s3://not-there-444455556666/');

  test('is named in its place; the others are printed, and the exit code is 1', async () => {
    account.writeManifest(() => manifest(elsewhere, environment('production', 'iris', canary)));
    const { code, out } = await run('--json');
    expect(code).toBe(1);
    const { environments } = read(out.join('\n'));
    expect(environments).toMatchObject([
      { unreadable: { outcome: 'failed', 'reason-code': 'record-unavailable' } },
      { state: 'InService' },
    ]);
    expect(out.join('\n')).not.toMatch(new RegExp(`arn:aws|${id}|444455556666`));
    const named = await run('--environment', 'elsewhere');
    expect([named.code, named.out]).toEqual([1, []]);
    expect(named.err.join('\n')).toMatch(/^status: failed\/record-unavailable/);
  });

  test('a role that lets in jobs alone is read with the credentials of the caller, who is told', async () => {
    account.writeManifest(() => manifest(environment('production', 'iris', canary)));
    const role = `arn:aws:iam::${id}:role/model-deployer`;
    const Principal = { Federated: `arn:aws:iam::${id}:oidc-provider/token.actions.githubusercontent.com` };
    const jobs = { Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal };
    account.simulator.trust(role, { Version: '2012-10-17', Statement: [jobs] });
    const { code, out, err } = await run();
    expect({ code, err }).toEqual({
      code: 0,
      err: ['production: role model-deployer may not be assumed by these credentials; reading with them themselves'],
    });
    expect(out.join('\n')).toMatch(/^production \(iris\): InService$/m);
  });

  test('an environment that the manifest does not have is refused', async () => {
    const { code, err } = await run('--environment', 'prod');
    expect(code).toBe(2);
    expect(err.join('\n')).toMatch(/the manifest has no environment "prod"/);
  });
});

test('the alias of a function is shown with its version, and with the other one while CodeDeploy shifts it', async () => {
  const other = await openAliasAccount();
  try {
    const host = { env: other.environment, seams: { clock: other.simulator.driver } };
    const of = async () => {
      const { out } = await runCommand(command, ['--manifest', other.manifest, '--json'], host);
      return read(out.join('\n')).environments[0];
    };
    await other.ready('1.0.0');
    await other.deploy('1.0.0');
    const found = await of();
    expect(found).toMatchObject({
      endpoint: 'iris:live',
      serving: [{ name: 'version 2', version: '1.0.0', share: 1 }],
      configuration: 'version-2',
      release: expect.stringMatching(/1\.0\.0/),
    });
    for (const member of ['state', 'manifest', 'live']) expect(found).not.toHaveProperty(member);

    const number = await other.ready('1.1.0');
    await other.simulator.call('lambda', 'UpdateAlias', {
      ...{ FunctionName: 'iris', Name: 'live' },
      RoutingConfig: { AdditionalVersionWeights: { [number]: 0.1 } },
    });
    expect((await of())?.serving).toEqual([
      { name: 'version 2', version: '1.0.0', share: 0.9 },
      { name: `version ${number}`, share: 0.1 },
    ]);
  } finally {
    await other.close();
  }
});
