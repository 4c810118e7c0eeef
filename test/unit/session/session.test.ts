import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { modeNames, modeOf } from '../../../src/approval/modes.ts';
import { openGitHub } from '../../../src/github/open-github.ts';
import { folder } from '../../../src/inputs/folder.ts';
import { loadManifest } from '../../../src/manifest/load.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import type { OperationName } from '../../../src/operation.ts';
import { manifestText } from '../../../src/rehearsal/manifest.ts';
import { type Launched, openSession, type SessionRequest, targetOf } from '../../../src/session/session.ts';
import { countingPlan } from '../../support/fake-operation.ts';
import { twoEnvironments } from '../../support/two-environments.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

/** STS as far as a session needs it: who calls, and a role. */
const answers: Readonly<Record<string, string>> = {
  GetCallerIdentity:
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/deployer/x</Arn><UserId>A</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
  AssumeRole: role('AssumeRole'),
  AssumeRoleWithWebIdentity: role('AssumeRoleWithWebIdentity'),
};
function role(action: string): string {
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials><AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-01-05T10:00:00Z</Expiration></Credentials></${action}Result></${action}Response>`;
}

describe('a session', () => {
  const calls: { action: string; key: string | undefined; parameters: URLSearchParams }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const parameters = new URLSearchParams(body);
      const action = parameters.get('Action') ?? '';
      calls.push({ action, key: /Credential=(\w+)/.exec(request.headers.authorization ?? '')?.[1], parameters });
      response.setHeader('content-type', 'text/xml');
      response.end(answers[action]);
    });
  });
  let url = '';
  const before = { ...process.env };
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // The default credential chain is the SDK's own and reads the process's environment.
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'BASEKEY',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
  });
  afterAll(() => {
    process.env = before;
    server.closeAllConnections();
    server.close();
  });

  const open = (change: Partial<SessionRequest> = {}) => {
    calls.length = 0;
    return openSession({
      target: { region: 'eu-west-1', account: '111122223333' },
      env: { AWS_ENDPOINT_URL: url },
      run: { host: 'command-line', holder: 'test/1' },
      workspace: folder(process.cwd()),
      clock: virtualClock(),
      dryRun: false,
      signal: new AbortController().signal,
      ...change,
    });
  };

  it('knows its account, and gives writes only where they are wanted', async () => {
    const session = await open();
    expect(session.account).toEqual({ partition: 'aws', region: 'eu-west-1', id: '111122223333' });
    expect(session.worldFor(new AbortController().signal).write).toBeDefined();
    const dry = await open({ dryRun: true });
    expect('write' in dry.worldFor(new AbortController().signal)).toBe(false);
  });

  it('gives GitHub where the host has a token, and its writes only where they are wanted', async () => {
    const github = openGitHub({ name: 'acme/churn', token: 'planted' }, virtualClock());
    const { signal } = new AbortController();
    expect((await open()).worldFor(signal).github).toBeUndefined();
    expect((await open({ github })).worldFor(signal).github).toMatchObject({
      repository: 'acme/churn',
      write: expect.anything(),
    });
    const dry = (await open({ github, dryRun: true })).worldFor(signal).github;
    expect(dry).toMatchObject({ repository: 'acme/churn' });
    expect(dry).not.toHaveProperty('write');
  });

  describe('asked before the inputs were read', () => {
    const keys = { accessKeyId: 'EARLYKEY', secretAccessKey: 's' };
    const variables = () => ({
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    });
    const early = (account: string | undefined, region = 'eu-west-1') => ({
      ...{ region, endpointUrl: url, keys, sent: Promise.resolve() },
      caller: Promise.resolve(
        account === undefined ? undefined : { Account: account, Arn: `arn:aws:iam::${account}:user/mina` },
      ),
    });

    it('takes the answer, and hides the keys before they are used', async () => {
      const learned: string[] = [];
      const session = await open({
        env: variables(),
        early: early('111122223333'),
        learned: ({ accessKeyId }) => learned.push(accessKeyId),
      });
      expect(session.account.id).toBe('111122223333');
      expect(learned).toEqual(['EARLYKEY']);
      expect(calls).toEqual([]);
    });
    it('refuses another account by it', async () => {
      await expect(open({ env: variables(), early: early('999988887777') })).rejects.toMatchObject({
        reason: 'wrong-account',
      });
    });
    it.each([
      { after: 'no answer', account: undefined, expected: ['GetCallerIdentity by EARLYKEY'] },
      { after: 'another region', region: 'us-east-1', expected: ['GetCallerIdentity by EARLYKEY'] },
      {
        after: 'a role that the manifest names',
        role: 'deployer',
        expected: ['AssumeRole by EARLYKEY', 'GetCallerIdentity by ROLEKEY'],
      },
    ])('asks in the usual way after $after', async ({ region, role: wanted, expected, ...given }) => {
      const session = await open({
        env: variables(),
        target: { region: 'eu-west-1', account: '111122223333', ...(wanted === undefined ? {} : { role: wanted }) },
        early: early('account' in given ? given.account : '999988887777', region),
      });
      expect(session.account.id).toBe('111122223333');
      expect(calls.map(({ action, key }) => `${action} by ${key}`)).toEqual(expected);
    });
    it('ends with the run, however long the answer takes', async () => {
      const never = new Promise<undefined>(() => {});
      const ending = new AbortController();
      const opened = open({ env: variables(), early: { ...early(undefined), caller: never }, signal: ending.signal });
      ending.abort();
      await expect(opened).rejects.toMatchObject({ name: 'AbortError' });
    });
  });

  it('refuses an account other than the one the manifest names, after one question', async () => {
    await expect(open({ target: { region: 'eu-west-1', account: '999988887777' } })).rejects.toMatchObject({
      reason: 'wrong-account',
      message: expect.stringContaining('belong to the one ending in 3333'),
    });
    expect(calls.map((call) => call.action)).toEqual(['GetCallerIdentity']);
  });

  it('takes the region of the manifest, then of the environment, and refuses to guess', async () => {
    const regionOf = async (change: Partial<SessionRequest>) => (await open(change)).account.region;
    expect(await regionOf({ env: { AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' } })).toBe('eu-west-1');
    expect(await regionOf({ target: {}, env: { AWS_ENDPOINT_URL: url, AWS_REGION: 'us-east-1' } })).toBe('us-east-1');
    await expect(open({ target: {} })).rejects.toThrow('no region');
  });

  it('assumes the role with the credentials at hand', async () => {
    await open({ target: { region: 'eu-west-1', account: '111122223333', role: 'deployer' } });
    expect(calls.map(({ action, key }) => `${action} by ${key}`)).toEqual([
      'AssumeRole by BASEKEY',
      'GetCallerIdentity by ROLEKEY',
    ]);
    expect(calls[0]?.parameters.get('RoleArn')).toBe('arn:aws:iam::111122223333:role/deployer');
  });

  it('gives a program of the user a session of the role that may only ask its endpoint', async () => {
    const launched: Launched[] = [];
    const session = await open({
      target: { region: 'eu-west-1', account: '111122223333', role: 'deployer' },
      env: { AWS_ENDPOINT_URL: url, PATH: '/usr/bin', AWS_ACCESS_KEY_ID: 'BASEKEY' },
      launch: async (program) => {
        launched.push(program);
        return { how: { is: 'exited', code: 0 } };
      },
    });
    const program = { argv: ['pytest'], timeoutSeconds: 60, variables: { MODEL_DELIVERY_ENDPOINT: 'Churn-test' } };
    calls.length = 0;
    const world = session.worldFor(new AbortController().signal);
    expect(await world.programs?.run({ ...program, asks: { endpoint: 'Churn-test' } })).toEqual({
      how: { is: 'exited', code: 0 },
    });
    expect(calls.map(({ action, key }) => `${action} by ${key}`)).toEqual(['AssumeRole by BASEKEY']);
    expect(JSON.parse(calls[0]?.parameters.get('Policy') ?? '')).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointAsync'],
          Resource: ['Churn-test', 'churn-test'].map(
            (name) => `arn:aws:sagemaker:eu-west-1:111122223333:endpoint/${name}`,
          ),
        },
      ],
    });
    expect(launched).toEqual([
      {
        ...program,
        variables: expect.objectContaining({
          PATH: '/usr/bin',
          AWS_ACCESS_KEY_ID: 'ROLEKEY',
          MODEL_DELIVERY_ENDPOINT: 'Churn-test',
        }),
      },
    ]);
  });

  it('gives a program the credentials of the run where there is no role, and starts none where the host does not', async () => {
    const launched: Launched[] = [];
    const session = await open({
      env: { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'BASEKEY' },
      launch: async (program) => {
        launched.push(program);
        return { how: { is: 'exited', code: 0 } };
      },
    });
    await session
      .worldFor(new AbortController().signal)
      .programs?.run({ argv: ['pytest'], timeoutSeconds: 60, variables: {}, asks: { endpoint: 'churn' } });
    expect(launched[0]?.variables).toMatchObject({ AWS_ACCESS_KEY_ID: 'BASEKEY' });
    expect(calls.map(({ action }) => action)).toEqual(['GetCallerIdentity']);
    expect((await open()).worldFor(new AbortController().signal)).not.toHaveProperty('programs');
  });

  it("assumes the role with GitHub's word where there is one", async () => {
    const audiences: string[] = [];
    await open({
      target: { region: 'eu-west-1', account: '111122223333', role: 'deployer' },
      env: { AWS_ENDPOINT_URL: url, ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.example' },
      identityToken: async (audience) => {
        audiences.push(audience);
        return 'a.b.c';
      },
    });
    expect(audiences).toEqual(['sts.amazonaws.com']);
    expect(calls.map((call) => call.action)).toEqual(['AssumeRoleWithWebIdentity', 'GetCallerIdentity']);
  });

  it.each([
    [
      'with a role',
      'deployer',
      /^role deployer could not be taken: the job has no identity token; add `permissions: id-token: write` \(a reusable workflow's caller too; runners like act have none: give keys\)$/,
    ],
    [
      'without one',
      undefined,
      /^the job has no AWS credentials, and the environment in the manifest has no role to take: set `role` there and add `permissions: id-token: write`/,
    ],
  ] as const)(
    '%s and without the permission for an identity token, a job on GitHub without keys says so',
    async (_, role, says) => {
      const { AWS_ACCESS_KEY_ID: id, ...rest } = process.env;
      process.env = { ...rest, AWS_SHARED_CREDENTIALS_FILE: '/nowhere', AWS_CONFIG_FILE: '/nowhere' };
      const target = { region: 'eu-west-1', account: '111122223333', ...(role ? { role } : {}) };
      try {
        await expect(open({ target, identityToken: async () => 'never requested' })).rejects.toMatchObject({
          name: 'CredentialsUnavailable',
          message: expect.stringMatching(says),
        });
        await expect(open({ target })).rejects.toMatchObject({
          message: expect.stringMatching(/^no AWS credentials were found/),
        });
      } finally {
        process.env['AWS_ACCESS_KEY_ID'] = id;
      }
    },
  );

  it('refuses a plan that outlasts keys which say when they end and cannot be renewed', async () => {
    process.env['AWS_CREDENTIAL_EXPIRATION'] = '2026-01-05T09:02:00Z';
    const session = await open();
    await expect(session.refuseShortCredentials(countingPlan)).rejects.toMatchObject({
      reason: 'credentials-too-short',
    });
    await session.refuseShortCredentials({ ...countingPlan, expectedSeconds: 60 });
    delete process.env['AWS_CREDENTIAL_EXPIRATION'];
  });
});

describe('the target', () => {
  it.each([
    ['that the manifest names', { account: '222233334444' }, 'model-tester', '222233334444'],
    // Reports hide the account (`scrubbed`), which they must know for it.
    ['of the ARN of its role', {}, 'arn:aws:iam::222233334444:role/model-tester', '222233334444'],
    ['that is not known, for a name alone', {}, 'model-tester', undefined],
  ])('has the account of another environment %s', (_, own, role, account) => {
    const manifest = loadManifest(manifestText(), 'delivery.yml');
    const asked = {
      ...manifest,
      environments: {
        ...manifest.environments,
        staging: { endpoint: manifest.environments['production']?.endpoint, ...own },
      },
      regression: { asking: { candidate: { is: 'environment', environment: 'staging', role } } },
    };
    const inputs = { manifest: asked, environment: 'production' };
    expect(targetOf(inputs, 'regression-test').elsewhere?.account).toBe(account);
    expect(targetOf(inputs, 'deploy-endpoint').elsewhere).toBeUndefined();
  });

  it.each([
    [
      'a default bucket',
      'account: "444455556666"\nregion: eu-west-1',
      '',
      { 'model-delivery-444455556666-eu-west-1': '444455556666' },
    ],
    [
      'a bucket of a third account',
      'account: "444455556666"\nreleases: s3://theirs/\nbucket-owners: { theirs: "777788889999" }',
      '',
      { theirs: '777788889999' },
    ],
    [
      'a bucket that both share',
      'account: "444455556666"\nreleases: s3://shared/',
      'releases: s3://shared/\n',
      undefined,
    ],
    ['an account that the manifest does not name', 'region: eu-west-1', '', undefined],
    [
      'an owner that is named here, too',
      'account: "444455556666"\nreleases: s3://theirs/',
      'bucket-owners: { theirs: "777788889999" }\n',
      { theirs: '777788889999' },
    ],
  ])('names the owner of the record of the environment before: %s', (_case, staging, production, owners) => {
    const manifest = loadManifest(
      twoEnvironments({ staging, production: `${production}after: staging` }),
      'delivery.yml',
    );
    expect(targetOf({ manifest, environment: 'production' }, 'deploy-endpoint').bucketOwners).toEqual(owners);
  });

  it('is nothing for an operation without a manifest', () => {
    expect(targetOf({ subject: 'sheep' })).toEqual({});
  });

  it('has the role that approves for a gate that decides; a gate that only reads is a step of the deployer', () => {
    const registry =
      'registry: { account: "222233334444", role: reader, registrar-role: registrar, approver-role: judge }';
    const text = manifestText().replace(
      'role: model-deployer',
      `role: model-deployer\n    approver-role: model-approver\n    ${registry}`,
    );
    const manifest = loadManifest(text, 'delivery.yml');
    const rolesOf = (operation: OperationName, mode?: string) => {
      const { role, registry: theirs } = targetOf({ manifest, environment: 'production', mode }, operation);
      return [role, theirs?.role];
    };
    for (const mode of modeNames)
      expect([mode, ...rolesOf('approve-gate', mode)]).toEqual(
        modeOf(mode).decide === undefined ? [mode, 'model-deployer', 'reader'] : [mode, 'model-approver', 'judge'],
      );
    expect(rolesOf('approve-gate')).toEqual(['model-deployer', 'reader']);
    expect(rolesOf('deploy-endpoint', 'policy')).toEqual(['model-deployer', 'reader']);
    expect(rolesOf('register-model')).toEqual(['model-deployer', 'registrar']);
  });

  it('has the role that goes back for a rollback, and for nothing else', () => {
    const environment = 'production';
    const withBoth = loadManifest(manifestText(), 'delivery.yml');
    const withOne = loadManifest(manifestText().replace(/ +rollback-role: .*\n/, ''), 'delivery.yml');
    const roleOf = (manifest: Manifest, operation?: OperationName) =>
      targetOf({ manifest, environment }, operation).role;
    expect(roleOf(withBoth, 'rollback')).toBe('model-restorer');
    expect(roleOf(withBoth, 'deploy-endpoint')).toBe('model-deployer');
    expect(roleOf(withBoth)).toBe('model-deployer');
    expect(roleOf(withOne, 'rollback')).toBe('model-deployer');
  });
});
