import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { classify } from '../../../src/aws/errors.ts';
import { wallClock } from '../../../src/hosts/wall-clock.ts';
import { clientsFor, rejection } from '../../support/aws.ts';
import { type TestClock, virtualClock } from '../../support/virtual-clock.ts';

// Answers that begin and never end: the test aborts once the first bytes have gone out.

const open: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(() => {
  for (const { server, sockets } of open.splice(0)) {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
});

/** Sends `begin` to every request and then nothing; `begun` once it did, `closed` when the client has hung up. */
const dripping = async (begin: string) => {
  const sockets = new Set<Socket>();
  const begun = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => closed.resolve());
    socket.once('data', () => socket.write(begin, () => begun.resolve()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ server, sockets });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no address');
  return { url: `http://127.0.0.1:${address.port}`, begun: begun.promise, closed: closed.promise };
};

const clientOf = (endpointUrl: string, clock: TestClock) => {
  const run = new AbortController();
  return { run, clients: clientsFor({ endpointUrl, clock, signal: run.signal }) };
};

test('a body that never ends is left, and its connection closed, when the run ends', async () => {
  const server = await dripping('HTTP/1.1 200 OK\r\ncontent-length: 5000\r\netag: "e"\r\n\r\n{');
  const { run, clients } = clientOf(server.url, virtualClock());
  for (const read of [
    clients.reads.s3.getObject({ Bucket: 'b', Key: 'k' }, 10_000),
    clients.reads.s3.getBytes({ Bucket: 'b', Key: 'k' }, 10_000),
  ]) {
    const ended = rejection(read);
    await server.begun;
    // The headers have to arrive before there is a body to wait for.
    await wallClock.sleepUntil(wallClock.now() + 50);
    if (!run.signal.aborted) run.abort();
    expect(classify(await ended)).toBe('aborted');
  }
  await server.closed;
});

test('so is a JSON answer', async () => {
  const server = await dripping('HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{"EndpointStatus":');
  const { run, clients } = clientOf(server.url, virtualClock());
  const ended = rejection(clients.reads.sagemaker.describeEndpoint({ EndpointName: 'churn' }));
  await server.begun;
  run.abort();
  expect(classify(await ended)).toBe('aborted');
});

test('a write is let finish for a while after the run has ended, and no longer', async () => {
  const server = await dripping('HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{');
  const clock = virtualClock();
  const { run, clients } = clientOf(server.url, clock);
  const ended = rejection(clients.writes.sagemaker.createModel({ ModelName: 'm' }));
  await server.begun;
  run.abort();
  const before = clock.now();
  await clock.sleepUntil(before + 14_000);
  const early = await Promise.race([ended, wallClock.sleepUntil(wallClock.now() + 20).then(() => 'still waiting')]);
  expect(early).toBe('still waiting');
  await clock.sleepUntil(before + 16_000);
  const error = await ended;
  expect(classify(error)).toBe('aborted');
  expect(error.message).toContain('sagemaker:CreateModel was cut off: it may have been carried out');
});
