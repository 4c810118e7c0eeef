import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { assumed } from '../../../src/aws/credentials.ts';
import { classify, mayHaveBeenApplied, describe as reported } from '../../../src/aws/errors.ts';
import type { ProxySettings } from '../../../src/aws/transport.ts';
import type { ReasonCode } from '../../../src/reason-codes.ts';
import { failureOf } from '../../../src/report/failure.ts';
import { clientsFor, rejection, staticCredentials } from '../../support/aws.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

// What stands between a machine and AWS, at the wire: each failure names its true cause, and nothing else.

const misleading = /trust policy|grant |SyntaxError|internal-error|id-token|upload it|\$response|Deserialization/;

const opened: { close(): void }[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const server of opened.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

const listening = async (server: Server): Promise<string> => {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(server);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no address');
  return `127.0.0.1:${address.port}`;
};

/** Answers every connection with these bytes, whatever it was asked. */
const raw = (bytes: string | (() => string)): Promise<string> =>
  listening(
    createServer((socket) => socket.once('data', () => socket.end(typeof bytes === 'string' ? bytes : bytes()))),
  );
const http = (status: string, headers: string, body = ''): string =>
  `HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const portal = '<!DOCTYPE html><html><title>Sign in</title></html>';

const clientsAt = (endpointUrl: string, proxy: ProxySettings = {}) =>
  clientsFor({ endpointUrl, proxy, clock: virtualClock() });
type Clients = ReturnType<typeof clientsAt>;

const calls: Readonly<Record<string, (clients: Clients) => Promise<unknown>>> = {
  'JSON (SageMaker)': ({ reads }) => reads.sagemaker.describeEndpoint({ EndpointName: 'churn' }),
  'XML (S3)': ({ reads }) => reads.s3.getObject({ Bucket: 'b', Key: 'k' }, 1_000_000),
  'no body (S3 HEAD)': ({ reads }) => reads.s3.headObject({ Bucket: 'b', Key: 'k' }),
  'query (STS)': ({ reads }) => reads.sts.getCallerIdentity(),
};

const expectCause = (error: Error, reason: ReasonCode, words: RegExp): void => {
  const failure = failureOf(error);
  expect(failure.because).toMatch(words);
  expect(failure).toMatchObject({ outcome: 'failed', reason });
  expect(failure.because).not.toMatch(misleading);
};

/** A wrong name, port or proxy is retried as any broken connection is: its cause is that of the patience that ran out. */
const truly = (error: Error): Error =>
  error.name === 'Throttled' && error.cause instanceof Error ? error.cause : error;

describe.each(Object.entries(calls))('a call that answers in %s', (kind, call) => {
  test.each([
    ['a captive portal', http('200 OK', 'content-type: text/html\r\n', portal), /HTML .*captive portal/],
    [
      'a portal’s redirect',
      http('302 Found', 'location: https://portal.example/login?session=s3cret\r\n'),
      /redirects to https:\/\/portal\.example \(HTTP 302\)/,
    ],
    [
      'a proxy’s page of refusal',
      http('403 Forbidden', 'content-type: text/html\r\n', portal),
      /HTTP 403.*(proxy|NO_PROXY)/,
    ],
    [
      'a proxy’s words of refusal',
      http('403 Forbidden', 'content-type: text/plain\r\n', 'blocked by policy'),
      /HTTP 403.*(proxy|NO_PROXY)/,
    ],
    [
      'a proxy without a login',
      http('407 Proxy Authentication Required', 'content-type: text/html\r\n', portal),
      /wants a user and a password \(407\)/,
    ],
    [
      'headers that are too large for someone',
      http('431 Request Header Fields Too Large', ''),
      /headers are too large .*431/,
    ],
    [
      'an answer with too many headers',
      `HTTP/1.1 200 OK\r\nx-pad: ${'a'.repeat(70_000)}\r\ncontent-length: 2\r\n\r\n{}`,
      /HPE_HEADER_OVERFLOW.*max-http-header-size/,
    ],
    ['what is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', /not in HTTP \(HPE_/],
  ])('names %s', async (_what, bytes, words) => {
    const error = await rejection(call(clientsAt(`http://${await raw(bytes)}`)));
    expectCause(error, 'endpoint-unreachable', words);
    expect(JSON.stringify(failureOf(error))).not.toContain('s3cret');
  });

  test('names DNS', async () => {
    const error = truly(await rejection(call(clientsAt('http://sagemaker.eu-vest-1.invalid'))));
    expectCause(error, 'endpoint-unreachable', /DNS .*sagemaker\.eu-vest-1\.invalid.*\((ENOTFOUND|EAI_AGAIN)\)/);
  });

  test('names an endpoint that refuses', async () => {
    const place = await raw('');
    for (const server of opened.splice(0)) server.close();
    const error = truly(await rejection(call(clientsAt(`http://${place}`))));
    expectCause(
      error,
      'endpoint-unreachable',
      /127\.0\.0\.1 refused the connection \(ECONNREFUSED at 127\.0\.0\.1:\d+\)/,
    );
    expect(mayHaveBeenApplied(error)).toBe(false);
  });

  test.each([
    ['407', /the proxy 127\.0\.0\.1:\d+ wants a user and a password \(407\)/],
    ['403', /the proxy 127\.0\.0\.1:\d+ refused a connection to aws\.test \(403\)/],
    ['502', /the proxy 127\.0\.0\.1:\d+ refused a connection to aws\.test \(502\)/],
  ])('names a proxy that answers CONNECT with %s, without its password', async (status, words) => {
    const place = await listening(
      createHttpServer().on('connect', (_request, socket) => void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)),
    );
    const error = truly(await rejection(call(clientsAt('http://aws.test', { http: `http://me:hunter2@${place}` }))));
    expectCause(error, 'endpoint-unreachable', words);
    expect(JSON.stringify(failureOf(error))).not.toContain('hunter2');
    expect(mayHaveBeenApplied(error)).toBe(false);
  });

  test('names a proxy that is not there, also when it is written without a scheme', async () => {
    const place = await raw('');
    for (const server of opened.splice(0)) server.close();
    for (const proxy of [`http://${place}`, place]) {
      const error = truly(await rejection(call(clientsAt('http://aws.test', { http: proxy }))));
      expectCause(
        error,
        'endpoint-unreachable',
        /the proxy 127\.0\.0\.1:\d+, on the way to aws\.test refused the connection .*HTTPS_PROXY/,
      );
    }
  });

  test('names TLS where http is spoken', async () => {
    const error = truly(await rejection(call(clientsAt(`https://${await raw(http('200 OK', ''))}`))));
    expectCause(error, 'endpoint-unreachable', /does not speak TLS \((EPROTO|ERR_SSL_\w+)\)/);
  });

  test('an answer that breaks off is asked for again', async () => {
    if (kind.startsWith('no body')) return;
    // An object has no grammar: only its length tells.
    const cut = await raw(
      kind.startsWith('XML')
        ? 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"a":'
        : http(
            '200 OK',
            '',
            kind.startsWith('JSON') ? '{"EndpointStatus": "InSer' : '<GetCallerIdentityResponse><GetCal',
          ),
    );
    const error = await rejection(call(clientsAt(`http://${cut}`)));
    expect(error.name).toBe('Throttled');
    expect(reported(error.cause)).not.toMatch(misleading);
  });
});

describe('a certificate', () => {
  test.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', /not trusted .*NODE_EXTRA_CA_CERTS/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /not trusted .*NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /not trusted .*NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not trusted .*NODE_EXTRA_CA_CERTS/],
    ['CERT_HAS_EXPIRED', /not valid now .*clock/],
    ['CERT_NOT_YET_VALID', /not valid now .*clock/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /another host's/],
  ])('that fails with %s is named', (code, words) => {
    const error = Object.assign(new Error('self-signed certificate in certificate chain'), {
      code,
      host: 'api.sagemaker.eu-west-1.amazonaws.com',
      call: 'sagemaker:UpdateEndpoint',
    });
    expectCause(error, 'endpoint-unreachable', words);
    expect(mayHaveBeenApplied(error)).toBe(false);
  });
});

describe('the clock', () => {
  const aws = 'x-amzn-requestid: r1\r\nx-amz-request-id: r1\r\ndate: Mon, 05 Jan 2026 09:00:00 GMT\r\n';
  const expired =
    'Signature expired: 20260105T083000Z is now earlier than 20260105T085500Z (20260105T090000Z - 5 min.)';
  const early =
    'Signature not yet current: 20260105T093000Z is still later than 20260105T090500Z (20260105T090000Z + 5 min.)';
  const json = (type: string, message: string) =>
    http('400 Bad Request', aws, JSON.stringify({ __type: type, message }));
  const sts = (code: string, message: string) =>
    http(
      '403 Forbidden',
      aws,
      `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
    );
  const s3 = http(
    '403 Forbidden',
    aws,
    '<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too large.</Message><RequestTime>20260105T083000Z</RequestTime><ServerTime>2026-01-05T09:00:00Z</ServerTime></Error>',
  );
  test.each([
    [
      'JSON (SageMaker)',
      json('InvalidSignatureException', expired),
      /30m behind AWS's \(2026-01-05T08:30:00Z here, 2026-01-05T09:00:00Z there\)/,
    ],
    ['JSON (SageMaker)', json('InvalidSignatureException', early), /30m ahead of AWS's/],
    ['query (STS)', sts('SignatureDoesNotMatch', expired), /30m behind AWS's/],
    ['XML (S3)', s3, /30m behind AWS's/],
  ])('that is wrong is named by how much: %s, %#', async (kind, bytes, words) => {
    const call = calls[kind];
    if (call === undefined) throw new Error(`no call ${kind}`);
    const error = await rejection(call(clientsAt(`http://${await raw(bytes)}`)));
    expectCause(error, 'clock-skew', words);
  });

  test('that the SDK has corrected refuses no HEAD: the call is signed once more', async () => {
    const refused = http('403 Forbidden', aws);
    const answers = [refused, http('200 OK', `${aws}etag: "e"\r\n`)];
    const url = await raw(() => answers.shift() ?? refused);
    expect(await calls['no body (S3 HEAD)']?.(clientsAt(`http://${url}`))).toMatchObject({ ETag: '"e"' });
    expect(answers).toEqual([]);
  });

  test('that the SDK has corrected is no reason for a HEAD that stays refused', async () => {
    const url = await raw(http('403 Forbidden', aws));
    const error = await rejection(clientsAt(`http://${url}`).reads.s3.headObject({ Bucket: 'b', Key: 'k' }));
    expect(failureOf(error)).toMatchObject({ reason: 'access-denied' });
  });

  test('a signature that is wrong by itself is no wrong clock', async () => {
    const bytes = json(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided.',
    );
    const error = await rejection(
      clientsAt(`http://${await raw(bytes)}`).reads.sagemaker.describeEndpoint({ EndpointName: 'c' }),
    );
    expect(failureOf(error)).toMatchObject({ reason: 'credentials-unavailable' });
  });
});

describe('a role', () => {
  const take = async (
    endpointUrl: string,
    source: Parameters<typeof assumed>[0]['source'],
    proxy: ProxySettings = {},
  ) =>
    truly(
      await rejection(
        assumed({
          region: 'eu-west-1',
          endpointUrl,
          version: '1.2.3',
          clock: virtualClock(),
          role: 'model-deployer',
          account: '111122223333',
          sessionName: 's',
          proxy,
          source,
        }).provide(),
      ),
    );
  const oidc = { proof: 'oidc', token: async () => 'e30.e30.x' } as const;

  test.each([
    ['GitHub’s word', oidc],
    ['other credentials', { proof: 'credentials', credentials: staticCredentials } as const],
  ])('taken with %s behind a portal, a proxy, or no DNS blames no trust policy', async (_how, source) => {
    const page = http('403 Forbidden', 'content-type: text/html\r\n', portal);
    expectCause(await take(`http://${await raw(page)}`, source), 'endpoint-unreachable', /HTTP 403/);
    expectCause(await take('http://sts.invalid', source), 'endpoint-unreachable', /DNS/);
    const proxy = await listening(
      createHttpServer().on('connect', (_request, socket) => void socket.end('HTTP/1.1 407 No\r\n\r\n')),
    );
    expectCause(await take('http://sts.test', source, { http: `http://${proxy}` }), 'endpoint-unreachable', /407/);
  });

  test.each([
    'Failed to get ID Token. \n \n        Error Code : undefined\n \n        Error Message: getaddrinfo ENOTFOUND token.actions.example',
    'Failed to get ID Token. \n \n        Error Code : 407\n \n        Error Message: Proxy Authentication Required',
    'Failed to get ID Token. \n \n        Error Code : undefined\n \n        Error Message: self-signed certificate in certificate chain',
    'Failed to get ID Token. \n \n        Error Code : undefined\n \n        Error Message: tunneling socket could not be established, statusCode=403',
  ])('whose token GitHub could not be asked for is no missing permission: %#', async (message) => {
    const error = await take('http://127.0.0.1:1', {
      proof: 'oidc',
      token: async () => {
        throw new Error(message);
      },
    });
    expectCause(error, 'endpoint-unreachable', /GitHub's identity service did not answer/);
  });

  test('whose token GitHub does not give for lack of a permission is one', async () => {
    const error = await take('http://127.0.0.1:1', {
      proof: 'oidc',
      token: async () => {
        throw new Error('Unable to get ACTIONS_ID_TOKEN_REQUEST_TOKEN env variable');
      },
    });
    expect(failureOf(error)).toMatchObject({ reason: 'credentials-unavailable' });
    expect(error.message).toContain('id-token: write');
  });
});

test('an error of AWS’s keeps its own words', () => {
  const error = Object.assign(new Error("1 validation error detected: Value '<html>' at 'name'"), {
    name: 'ValidationException',
    $metadata: { httpStatusCode: 400, requestId: 'r' },
  });
  expect(classify(error)).toBe('validation');
});
