import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { redacted } from '../../../src/secrets.ts';
import { webhooksOf } from '../../../src/session/webhooks.ts';

const path = '/services/T000/B000/XyZabcdefghijklmnop';
const address = `https://hooks.example.com${path}`;
const post = (url: string | undefined, signal = new AbortController().signal): Promise<string> =>
  webhooksOf(url === undefined ? {} : { SLACK_WEBHOOK_URL: url }, signal)
    .post('SLACK_WEBHOOK_URL', { text: 'hello' })
    .then(
      () => 'sent',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );

beforeEach(() => {
  nock.disableNetConnect();
});
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});
// A test file that follows in this process would send its requests through this file's nock.
afterAll(() => nock.restore());

describe('a webhook', () => {
  test('gets JSON, with the query of its address', async () => {
    const scope = nock('https://hooks.example.com', { reqheaders: { 'content-type': 'application/json' } })
      .post(`${path}`, { text: 'hello' })
      .query({ sig: 'a b', 'api-version': '1' })
      .reply(202, 'accepted');
    expect(await post(`${address}?api-version=1&sig=a%20b`)).toBe('sent');
    expect(scope.isDone()).toBe(true);
  });

  test.each([301, 302, 307, 308])('is not followed elsewhere: %i', async (status) => {
    nock('https://hooks.example.com').post(path).reply(status, '', { location: 'https://evil.example/' });
    const elsewhere = nock('https://evil.example').post('/').reply(200);
    expect(await post(address)).toBe(`it redirects (HTTP ${status}), and no redirection is followed`);
    expect(elsewhere.isDone()).toBe(false);
  });

  test.each([400, 404, 410, 429, 500])('that answers %i is reported by its status alone', async (status) => {
    nock('https://hooks.example.com').post(path).reply(status, `no_service ${address}`);
    expect(await post(address)).toBe(`it answered HTTP ${status}`);
  });

  test.each([
    [undefined, 'the run has no environment variable SLACK_WEBHOOK_URL'],
    ['', 'the run has no environment variable SLACK_WEBHOOK_URL'],
    ['hooks.example.com/XyZabcdefghijklmnop', 'SLACK_WEBHOOK_URL holds no URL'],
    [`http://hooks.example.com${path}`, 'SLACK_WEBHOOK_URL holds no https URL without a user'],
    [`https://user:word@hooks.example.com${path}`, 'SLACK_WEBHOOK_URL holds no https URL without a user'],
    [`file://${path}`, 'SLACK_WEBHOOK_URL holds no https URL without a user'],
  ])('is not asked at %s', async (url, message) => {
    expect(await post(url)).toBe(message);
  });

  test('that cannot be reached is reported without its host and its address', async () => {
    nock('https://hooks.example.com')
      .post(path)
      .replyWithError(Object.assign(new Error(`getaddrinfo ENOTFOUND ${address}`), { code: 'ENOTFOUND' }));
    expect(await post(address)).toBe('it could not be reached (ENOTFOUND)');
  });

  test('that breaks the connection has not been slow', async () => {
    const broken = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    nock('https://hooks.example.com').post(path).replyWithError(broken);
    expect(await post(address)).toBe('it could not be reached (ECONNRESET)');
  });

  test('whose run is ending is left alone', async () => {
    const ended = new AbortController();
    ended.abort();
    expect(await post(address, ended.signal)).toBe('the run is ending');
  });

  test('has an address that no text repeats from then on', async () => {
    nock('https://hooks.example.com').post(path).reply(200);
    await post(address);
    expect(redacted(`see ${address}`)).not.toContain('XyZ');
    expect(redacted(`POST ${path}`)).not.toContain('XyZ');
  });
});
