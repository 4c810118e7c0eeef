import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { type AssumedOptions, assumed, base, type CredentialSource } from '../../../src/aws/credentials.ts';
import { minutes, seconds } from '../../../src/clock.ts';
import { clientsFor, refused, rejection, staticCredentials, url } from '../../support/aws.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const start = Date.parse('2026-01-05T09:00:00Z');
const secret = 'wJalrXUtnFEMI/EXAMPLEKEY';
const token = [
  'e30',
  Buffer.from(JSON.stringify({ sub: 'repo:o@1/r@2:environment:prod', aud: 'sts.amazonaws.com' })).toString('base64url'),
  'SIGNATURE',
].join('.');

const saved = { ...process.env };
beforeAll(() => nock.disableNetConnect());
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
    AWS_CONFIG_FILE: '/nowhere',
  });
});
afterEach(() => {
  process.env = { ...saved };
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const connection = { region: 'eu-west-1', endpointUrl: url, version: '1.2.3' };

const assumption = (action: string, keys: { readonly id: string; readonly until: number }): string =>
  `<${action}Response><${action}Result><Credentials><AccessKeyId>${keys.id}</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey>` +
  `<SessionToken>session</SessionToken><Expiration>${new Date(keys.until).toISOString()}</Expiration></Credentials></${action}Result></${action}Response>`;

const stsError = (code: string, message: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

const roleOptions = (overrides: Partial<AssumedOptions> = {}): AssumedOptions => ({
  ...connection,
  clock: virtualClock(start),
  role: 'model-deployer',
  account: '111122223333',
  source: { proof: 'oidc', token: async () => token },
  sessionName: 'github/team/churn/42',
  ...overrides,
});

describe('a role taken with an OIDC token', () => {
  test('is told to the host before anything is asked with it, and again when it is renewed', async () => {
    const clock = virtualClock(start);
    const reported: string[] = [];
    const answer = (id: string, until: number) =>
      nock(url).post('/').reply(200, assumption('AssumeRoleWithWebIdentity', { id, until }));
    answer('ASIA1', start + minutes(60));
    const source = assumed(
      roleOptions({
        clock,
        learned: ({ accessKeyId, sessionToken }) => reported.push(`${accessKeyId} ${sessionToken}`),
      }),
    );
    const first = source.provide().then(() => reported.slice());
    expect(await first).toEqual(['ASIA1 session']);
    await source.provide();
    expect(reported).toHaveLength(1);
    answer('ASIA2', start + minutes(120));
    await clock.sleepUntil(start + minutes(56));
    await source.provide();
    expect(reported).toEqual(['ASIA1 session', 'ASIA2 session']);
  });

  test('builds the ARN from the name, and is used by every client', async () => {
    let form = new URLSearchParams();
    nock(url)
      .post('/', (body: Record<string, string>) => {
        form = new URLSearchParams(body);
        return true;
      })
      .reply(200, assumption('AssumeRoleWithWebIdentity', { id: 'ASIA1', until: start + minutes(60) }));
    nock(url, { reqheaders: { authorization: /Credential=ASIA1\//, 'x-amz-security-token': 'session' } })
      .post('/')
      .times(2)
      .reply(200, {});
    const credentials = assumed(roleOptions());
    const { reads } = clientsFor({ credentials });
    await reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    await reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    expect(Object.fromEntries(form)).toMatchObject({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: 'arn:aws:iam::111122223333:role/model-deployer',
      RoleSessionName: 'github-team-churn-42',
      WebIdentityToken: token,
      DurationSeconds: '3600',
    });
    expect(credentials.expiresAt()).toBe(start + minutes(60));
  });

  test('renews five minutes before the end, by our clock and with a fresh token', async () => {
    const clock = virtualClock(start);
    const tokens: string[] = [];
    const take = (id: string, until: number) =>
      nock(url)
        .post('/', /AssumeRoleWithWebIdentity/)
        .reply(200, assumption('AssumeRoleWithWebIdentity', { id, until }));
    take('ASIA1', start + minutes(60));
    const credentials = assumed(
      roleOptions({ clock, source: { proof: 'oidc', token: async () => `t.t.${tokens.push('asked')}` } }),
    );
    const { reads } = clientsFor({ credentials, clock });
    const servedBy = (id: string) =>
      nock(url, { reqheaders: { authorization: new RegExp(`Credential=${id}/`) } })
        .post('/')
        .reply(200, {});

    servedBy('ASIA1');
    await reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    await clock.sleepUntil(start + minutes(55));
    servedBy('ASIA1');
    await reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    await clock.sleepUntil(start + minutes(55) + 1);
    take('ASIA2', start + minutes(115));
    servedBy('ASIA2');
    await reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    expect(tokens).toHaveLength(2);
    expect(credentials.expiresAt()).toBe(start + minutes(115));
  });

  test('keeps the present credentials while early renewal fails, and not beyond their end', async () => {
    const clock = virtualClock(start);
    nock(url)
      .post('/')
      .reply(200, assumption('AssumeRoleWithWebIdentity', { id: 'ASIA1', until: start + minutes(60) }));
    const credentials = assumed(roleOptions({ clock }));
    await credentials.provide();
    nock(url)
      .post('/')
      .times(2)
      .reply(403, stsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'));
    await clock.sleepUntil(start + minutes(58));
    expect((await credentials.provide()).accessKeyId).toBe('ASIA1');
    await clock.sleepUntil(start + minutes(60));
    expect((await rejection(credentials.provide())).name).toBe('CredentialsUnavailable');
  });

  test('concurrent requests share one assumption', async () => {
    nock(url)
      .post('/')
      .reply(200, assumption('AssumeRoleWithWebIdentity', { id: 'ASIA1', until: start + minutes(60) }));
    const credentials = assumed(roleOptions());
    const identities = await Promise.all([credentials.provide(), credentials.provide(), credentials.provide()]);
    expect(new Set(identities.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['ASIA1']));
  });

  test.each([
    [
      'AccessDenied',
      'Not authorized to perform sts:AssumeRoleWithWebIdentity',
      /^role model-deployer could not be assumed: the account ending in 3333 has no such role, or its trust policy does not allow .* sub repo:o@1\/r@2:environment:prod, aud sts\.amazonaws\.com$/,
    ],
    [
      'InvalidIdentityToken',
      `No OpenIDConnect provider found in your account for ${token}`,
      /its account has no identity provider for GitHub .*; create one for token\.actions\.githubusercontent\.com in IAM/,
    ],
    [
      'InvalidIdentityToken',
      'Incorrect token audience',
      /does not accept the audience of GitHub's token \(Incorrect token audience\); add sts\.amazonaws\.com/,
    ],
    [
      'InvalidIdentityToken',
      'The ID Token provided is not a valid JWT.',
      /does not accept GitHub's identity token \(The ID/,
    ],
    [
      'ExpiredTokenException',
      'Token expired: current date/time 9 must be before the expiration date/time 8',
      /GitHub's identity token had expired when AWS read it \(ExpiredTokenException: .*; check the clock/,
    ],
    [
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      /^role model-deployer could not be assumed: ValidationError: The requested DurationSeconds/,
    ],
  ])('a refusal (%s) says what to change and shows no token', async (code, message, expected) => {
    nock(url).post('/').reply(403, stsError(code, message));
    const error = await rejection(assumed(roleOptions()).provide());
    expect(error.name).toBe('CredentialsUnavailable');
    expect(error.message).toMatch(expected);
    expect(error.message).toContain('role model-deployer');
    expect(error.message).not.toContain(token);
    expect(error.message).not.toContain('SIGNATURE');
  });

  test('without a token says which permission the workflow lacks', async () => {
    const source = {
      proof: 'oidc' as const,
      token: async () => {
        throw new Error('Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable');
      },
    };
    const error = await rejection(assumed(roleOptions({ source })).provide());
    expect(error.message).toContain('id-token: write');
    expect(error.message).toContain('model-deployer');
  });

  test('a role name without an account says whose is missing', async () => {
    const { account: _account, ...options } = roleOptions();
    expect((await rejection(assumed(options).provide())).message).toContain('set `account`');
  });

  test('an ARN is taken as it is, and a GovCloud region makes a GovCloud ARN', async () => {
    const requested: (string | undefined)[] = [];
    nock(url)
      .post('/', (body: Record<string, string>) => requested.push(body['RoleArn']) > 0)
      .times(2)
      .reply(200, assumption('AssumeRoleWithWebIdentity', { id: 'ASIA1', until: start + minutes(60) }));
    await assumed(roleOptions({ role: 'arn:aws:iam::999900001111:role/path/x' })).provide();
    await assumed(roleOptions({ region: 'us-gov-west-1' })).provide();
    expect(requested).toEqual([
      'arn:aws:iam::999900001111:role/path/x',
      'arn:aws-us-gov:iam::111122223333:role/model-deployer',
    ]);
  });

  test('STS throttling is waited out, then asks for another turn', async () => {
    const clock = virtualClock(start);
    nock(url).persist().post('/').reply(400, stsError('Throttling', 'Rate exceeded'));
    const error = await rejection(
      clientsFor({ clock, credentials: assumed(roleOptions({ clock })) }).reads.sagemaker.describeEndpoint({
        EndpointName: 'c',
      }),
    );
    expect(error.name).toBe('Throttled');
    expect(clock.now() - start).toBeLessThanOrEqual(seconds(10));
    nock.cleanAll();
  });

  test('never too short: the host renews it', async () => {
    expect(await assumed(roleOptions()).tooShort(100_000)).toBeUndefined();
  });
});

describe('a role taken with other credentials', () => {
  test('asks whose account it is when only a name is known', async () => {
    const { account: _account, ...options } = roleOptions({
      source: { proof: 'credentials', credentials: staticCredentials },
    });
    nock(url)
      .post('/', /GetCallerIdentity/)
      .reply(200, '<R><GetCallerIdentityResult><Account>444455556666</Account></GetCallerIdentityResult></R>');
    nock(url, { reqheaders: { authorization: /AKIDEXAMPLE/ } })
      .post('/', /RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Fmodel-deployer/)
      .reply(200, assumption('AssumeRole', { id: 'ASIA3', until: start + minutes(60) }));
    expect((await assumed(options).provide()).accessKeyId).toBe('ASIA3');
  });

  test('a refusal names both policies', async () => {
    nock(url)
      .post('/')
      .reply(403, stsError('AccessDenied', 'User: x is not authorized to perform: sts:AssumeRole on resource: y'));
    const error = await rejection(
      assumed(roleOptions({ source: { proof: 'credentials', credentials: staticCredentials } })).provide(),
    );
    expect(error.message).toMatch(
      /^role model-deployer could not be assumed: the account ending in 3333 has no such role, or the caller's policy .* sts:AssumeRole on it, or its trust policy/,
    );
  });

  test.each([
    [
      'ExpiredToken',
      'The security token included in the request is expired',
      /the credentials .* have expired .* fetch/,
    ],
    [
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
      /does not accept the access keys/,
    ],
    ['MalformedPolicyDocument', 'x', /^role model-deployer could not be assumed: MalformedPolicyDocument\w*: x$/],
  ])('%s is named as what it is', async (code, message, expected) => {
    nock(url)
      .post('/')
      .times(code.startsWith('Expired') ? 2 : 1)
      .reply(403, stsError(code, message));
    const source = { proof: 'credentials', credentials: staticCredentials } as const;
    const error = await rejection(assumed(roleOptions({ source })).provide());
    nock.cleanAll();
    expect(error.name).toBe('CredentialsUnavailable');
    expect(error.message).toMatch(expected);
  });

  test('is too short only when what it is taken with is, an hour later', async () => {
    const requested: number[] = [];
    const credentials: CredentialSource = {
      ...staticCredentials,
      tooShort: async (planSeconds) => {
        requested.push(planSeconds);
        return planSeconds > 1800 ? 'too short' : undefined;
      },
    };
    const role = assumed(roleOptions({ source: { proof: 'credentials', credentials } }));
    expect(await role.tooShort(5000)).toBeUndefined();
    expect(await role.tooShort(6000)).toBe('too short');
    expect(requested).toEqual([1700, 2700]);
  });
});

describe('base credentials', () => {
  const environment = (expiration?: number): void => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'AKIAENV',
      AWS_SECRET_ACCESS_KEY: secret,
      ...(expiration === undefined ? {} : { AWS_CREDENTIAL_EXPIRATION: new Date(expiration).toISOString() }),
    });
  };

  test('come from the environment', async () => {
    environment();
    nock(url, { reqheaders: { authorization: /Credential=AKIAENV\// } })
      .post('/')
      .reply(200, {});
    const credentials = base({ ...connection, clock: virtualClock(start) });
    await clientsFor({ credentials }).reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    expect(credentials.expiresAt()).toBeUndefined();
    expect(await credentials.tooShort(1_000_000)).toBeUndefined();
  });

  test('that end before the plan does and cannot be renewed are too short', async () => {
    environment(start + minutes(30));
    const credentials = base({ ...connection, clock: virtualClock(start) });
    expect(await credentials.tooShort(1700)).toBeUndefined();
    const problem = await credentials.tooShort(1900);
    expect(problem).toContain('2026-01-05T09:30:00Z');
    expect(problem).not.toContain(secret);
  });

  test('that are nowhere say so', async () => {
    const error = await rejection(base({ ...connection, clock: virtualClock(start) }).provide());
    expect(error.name).toBe('CredentialsUnavailable');
    expect(error.message).toContain('no AWS credentials were found');
  });

  test('that are nowhere say what this host lacks, where it knows', async () => {
    const missing = 'the job has no identity token';
    const error = await rejection(base({ ...connection, clock: virtualClock(start), missing }).provide());
    expect(error.message).toBe(missing);
    // Another obstacle on the way to them is another mistake.
    Object.assign(process.env, {
      AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere',
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/x',
    });
    const other = await rejection(base({ ...connection, clock: virtualClock(start), missing }).provide());
    expect(other.message).toMatch(/^no AWS credentials were found: /);
  });

  test('that AWS refuses as expired are read again', async () => {
    environment();
    const credentials = base({ ...connection, clock: virtualClock(start) });
    nock(url)
      .post('/')
      .reply(400, refused('ExpiredTokenException', 'The security token included in the request is expired'));
    const { reads } = clientsFor({ credentials });
    await credentials.provide();
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIANEW';
    nock(url, { reqheaders: { authorization: /AKIANEW/ } })
      .post('/')
      .reply(200, {});
    await reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
  });
});
