import { describe, expect, it } from '@jest/globals';
import { InputError } from '../../../src/schema.ts';
import { redacted } from '../../../src/secrets.ts';
import { connectionFrom } from '../../../src/session/session.ts';

const refusal = (env: Readonly<Record<string, string>>): string => {
  try {
    connectionFrom({ AWS_REGION: 'eu-west-1', ...env });
    return 'taken';
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
};

describe('a variable that no call could be made with', () => {
  it.each([
    ['AWS_ENDPOINT_URL', 'hunter2hunter2', /^AWS_ENDPOINT_URL is not an address/],
    ['AWS_ENDPOINT_URL', '127.0.0.1:4599', /^AWS_ENDPOINT_URL is not an address/],
    ['HTTPS_PROXY', 'http://mina:hunter2@', /^HTTPS_PROXY is not the address of an HTTP proxy/],
    ['https_proxy', 'http://mina:hunt/er2@proxy:3128', /^https_proxy is not the address of an HTTP proxy/],
    ['HTTP_PROXY', 'socks5://mina:hunter2@proxy:1080', /^HTTP_PROXY is not the address of an HTTP proxy/],
    ['AWS_SESSION_TOKEN', 'hunter2\n', /^AWS_SESSION_TOKEN holds a line end/],
    ['AWS_SECRET_ACCESS_KEY', 'hunter2é', /^AWS_SECRET_ACCESS_KEY holds a line end/],
  ])('is named, and its value is not: %s=%j', (name, value, reported) => {
    expect(refusal({ [name]: value })).toMatch(reported);
    expect(refusal({ [name]: value })).not.toContain('hunt');
    expect(redacted(refusal({ [name]: value }))).toMatch(/^[^*]*$/);
  });

  it.each([
    ['AWS_ENDPOINT_URL', 'http://127.0.0.1:4599'],
    ['AWS_ENDPOINT_URL', 'http://user:pass@[::1]:4599/path'],
    ['AWS_ENDPOINT_URL', ''],
    ['HTTPS_PROXY', 'proxy.example:3128'],
    ['HTTPS_PROXY', 'mina:hunter2@proxy.example:3128'],
    ['https_proxy', 'HTTPS://proxy.example'],
    ['AWS_SECRET_ACCESS_KEY', 'test'],
  ])('is none of these: %s=%j', (name, value) => {
    expect(refusal({ [name]: value })).toBe('taken');
  });

  it('is named together with the others', () => {
    expect(refusal({ AWS_ENDPOINT_URL: 'x', HTTPS_PROXY: '@', AWS_ACCESS_KEY_ID: '\t' }).split('\n')).toHaveLength(3);
  });
});

describe('a region that is none', () => {
  const regionFrom = (env: Readonly<Record<string, string>>, given?: string): string => {
    try {
      return connectionFrom(env, given).region;
    } catch (error) {
      if (error instanceof InputError) return error.message;
      throw error;
    }
  };

  it.each([
    [{ AWS_REGION: 'eu-west-1 ' }, 'AWS_REGION: "eu-west-1 " is not a region; expected e.g. eu-west-1'],
    [{ AWS_REGION: 'Frankfurt' }, 'AWS_REGION: "Frankfurt" is not a region; expected e.g. eu-west-1'],
    [
      { AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-1a' },
      'AWS_DEFAULT_REGION: "eu-west-1a" is not a region; expected e.g. eu-west-1',
    ],
  ])('is refused by the name of its variable: %j', (env, message) => {
    expect(regionFrom(env)).toBe(message);
  });

  it('does not matter where the manifest has one', () => {
    expect(regionFrom({ AWS_REGION: 'Frankfurt' }, 'eu-west-1')).toBe('eu-west-1');
  });

  it.each(['us-gov-west-1', 'eusc-de-east-1', 'cn-northwest-1', 'us-isob-east-1'])('is not %s', (region) => {
    expect(regionFrom({ AWS_DEFAULT_REGION: region })).toBe(region);
  });
});
