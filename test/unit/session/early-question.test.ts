import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askEarly, isAbout } from '../../../src/session/early-question.ts';
import { environmentKeys } from '../../../src/session/environment-keys.ts';

const keys = { AWS_ACCESS_KEY_ID: 'KEY', AWS_SECRET_ACCESS_KEY: 'secret' };

describe('access keys in the variables', () => {
  test('are taken as the SDK takes them', () => {
    expect(environmentKeys(keys)).toEqual({ accessKeyId: 'KEY', secretAccessKey: 'secret' });
    expect(
      environmentKeys({ ...keys, AWS_SESSION_TOKEN: 't', AWS_CREDENTIAL_EXPIRATION: '2026-01-05T10:00:00Z' }),
    ).toEqual({
      accessKeyId: 'KEY',
      secretAccessKey: 'secret',
      sessionToken: 't',
      expiration: new Date('2026-01-05T10:00:00Z'),
    });
    expect(environmentKeys({ ...keys, AWS_SESSION_TOKEN: '' })).toEqual(environmentKeys(keys));
  });
  test.each([
    { AWS_ACCESS_KEY_ID: 'KEY' },
    { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: 'secret' },
    { ...keys, AWS_PROFILE: 'team' },
    { ...keys, AWS_CREDENTIAL_SCOPE: 'x' },
  ])('are left to the SDK for %j', (env) => {
    expect(environmentKeys(env)).toBeUndefined();
  });
});

describe('the early question', () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end('<Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/mina</Arn>');
  });
  const folder = mkdtempSync(join(tmpdir(), 'early-'));
  let plain: Record<string, string>;
  beforeAll(async () => {
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    plain = {
      ...keys,
      AWS_ENDPOINT_URL: url,
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      AWS_REGION: 'eu-west-1',
      NO_PROXY: 'x',
    };
    writeFileSync(join(folder, 'config'), '');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const at = new Date('2026-01-05T09:30:00Z');
  const { signal } = new AbortController();

  test('is asked with plain keys at a plain address', async () => {
    expect(await askEarly(plain, at, signal)?.caller).toMatchObject({ Account: '111122223333' });
    expect(await askEarly(plain, at, signal, 'us-gov-west-1')?.caller).toMatchObject({ Account: '111122223333' });
    expect(asked).toBe(2);
  });

  test.each<Record<string, string | undefined>>([
    { AWS_REGION: '' },
    { AWS_REGION: 'us-isob-east-1' },
    { AWS_REGION: 'eu-isoe-west-1' },
    { AWS_REGION: 'eusc-de-east-1' },
    { AWS_ACCESS_KEY_ID: undefined },
    { AWS_ACCESS_KEY_ID: 'KEY\n' },
    { AWS_PROFILE: 'team' },
    { HTTPS_PROXY: 'http://proxy:3128' },
    { http_proxy: 'proxy:3128' },
    { AWS_ENDPOINT_URL: 'nonsense' },
    { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' },
    { AWS_USE_FIPS_ENDPOINT: 'true' },
    { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
    { AWS_CONFIG_FILE: join(folder, 'config') },
    { AWS_SHARED_CREDENTIALS_FILE: join(folder, 'config') },
    { AWS_ENDPOINT_URL: 'http://127.0.0.1:9/aws' },
    { AWS_ENDPOINT_URL: 'http://user@127.0.0.1:9/' },
  ])('is left to the usual way with %j', (change) => {
    asked = 0;
    expect(askEarly({ ...plain, ...change }, at, signal)).toBeUndefined();
    expect(asked).toBe(0);
  });

  test('is about the region, the address and the keys that it was asked with', async () => {
    const early = askEarly(plain, at, signal);
    if (early === undefined) throw new Error('not asked');
    const there = { region: 'eu-west-1', version: '1', endpointUrl: plain['AWS_ENDPOINT_URL'] ?? '' };
    const own = environmentKeys(plain);
    expect(isAbout(early, there, own)).toBe(true);
    expect(isAbout(early, { ...there, region: 'us-east-1' }, own)).toBe(false);
    expect(isAbout(early, { region: 'eu-west-1', version: '1' }, own)).toBe(false);
    expect(isAbout(early, there, undefined)).toBe(false);
    for (const name of ['accessKeyId', 'secretAccessKey', 'sessionToken'])
      expect(isAbout(early, there, { ...early.keys, [name]: 'other' })).toBe(false);
    await early.caller;
  });
});
