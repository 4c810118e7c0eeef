import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { askCaller, signedHeaders } from '../../../src/aws/early-caller.ts';
import { Sha256 } from '../../../src/aws/signed.ts';

const at = new Date('2026-01-05T09:30:00Z');
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/+=' };
const connection = { region: 'eu-west-1', version: '1.2.3' };

test.each([keys, { ...keys, sessionToken: 'token//of/the+session=' }])('signs as the SDK does', async (identity) => {
  const host = 'sts.eu-west-1.amazonaws.com';
  const ours = signedHeaders(host, connection, identity, at);
  const signer = new SignatureV4({
    service: 'sts',
    region: 'eu-west-1',
    credentials: identity,
    sha256: Sha256,
    applyChecksum: false,
  });
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: host,
      path: '/',
      query: {},
      headers: { host, 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'model-delivery/1.2.3' },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    },
    { signingDate: at },
  );
  expect(ours).toEqual(headers);
});

let server: Server;
let answer: (body: string) => { readonly status: number; readonly text: string } | 'lost' | 'never';
let seen: string[];
beforeEach(async () => {
  seen = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    seen.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
    const given = answer(body);
    if (given === 'lost') request.socket.destroy();
    else if (given !== 'never') response.writeHead(given.status).end(given.text);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
});
afterEach(
  () =>
    new Promise<void>((closed) => {
      server.closeAllConnections();
      server.close(() => closed());
    }),
);
const there = () => ({ ...connection, endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
const { signal } = new AbortController();
const ask = () => askCaller(there(), keys, at, signal);

const xml = (account: string) =>
  `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/mina</Arn><UserId>AIDA</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;

test('asks once, and says who the caller is', async () => {
  answer = () => ({ status: 200, text: xml('111122223333') });
  const asked = ask();
  await asked.sent;
  expect(await asked.caller).toEqual({ Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/mina' });
  expect(seen).toEqual(['POST / application/x-www-form-urlencoded Action=GetCallerIdentity&Version=2011-06-15']);
});

test.each<[string, ReturnType<typeof answer>]>([
  ['a refusal', { status: 403, text: xml('111122223333') }],
  ['throttling', { status: 400, text: '<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>' }],
  ['a page of a captive portal', { status: 200, text: '<html>sign in</html>' }],
  ['an account that is none', { status: 200, text: xml('none') }],
  ['an answer without an end', { status: 200, text: `${'x'.repeat(20_000)}${xml('111122223333')}` }],
  ['a connection that breaks', 'lost'],
])('gives no answer, and no error, for %s; asks no second time', async (_, given) => {
  answer = () => given;
  const asked = ask();
  expect(await asked.caller).toBeUndefined();
  await asked.sent;
  expect(seen).toHaveLength(1);
});

test('waits no longer than it may', async () => {
  answer = () => 'never';
  const limit = new AbortController();
  const asked = askCaller(there(), keys, at, limit.signal);
  await asked.sent;
  limit.abort();
  expect(await asked.caller).toBeUndefined();
});

test('keys that no header can have are no error', async () => {
  const asked = askCaller(there(), { ...keys, accessKeyId: 'AKID\nEXAMPLE' }, at, signal);
  expect(await asked.caller).toBeUndefined();
  await asked.sent;
  expect(seen).toEqual([]);
});

test('a host that nobody answers at is no error either', async () => {
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((closed) => server.close(() => closed()));
  const asked = askCaller({ ...connection, endpointUrl: `http://127.0.0.1:${port}` }, keys, at, signal);
  expect(await asked.caller).toBeUndefined();
  await asked.sent;
  server.listen(0);
});
