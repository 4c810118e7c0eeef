import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bypasses } from '../../../src/aws/transport.ts';
import { isLoopback } from '../../../src/loopback.ts';
import { clientsFor } from '../../support/aws.ts';

/** A CONNECT proxy that leads every tunnel to `target` and writes down what was asked of it. */
const tunnels: string[] = [];
let target: Server;
let proxy: Server;
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listen = (server: Server): Promise<Server> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));

beforeAll(async () => {
  target = await listen(createServer((_request, response) => response.end('{"EndpointStatus":"InService"}')));
  proxy = await listen(
    createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const upstream = connect(portOf(target), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      socket.on('error', () => upstream.destroy());
    }),
  );
});
afterAll(() => {
  for (const server of [target, proxy]) {
    server.close();
    server.closeAllConnections();
  }
});

const ask = async (endpointUrl: string, bypass?: string): Promise<readonly string[]> => {
  tunnels.length = 0;
  const http = `http://127.0.0.1:${portOf(proxy)}`;
  const clients = clientsFor({ endpointUrl, proxy: { http, ...(bypass === undefined ? {} : { bypass }) } });
  await clients.reads.sagemaker.describeEndpoint({ EndpointName: 'churn' });
  return [...tunnels];
};

test('requests go through the proxy', async () => {
  expect(await ask('http://sagemaker.test')).toEqual(['sagemaker.test:80']);
});

test('loopback does not', async () => {
  expect(await ask(`http://127.0.0.1:${portOf(target)}`)).toEqual([]);
});

test.each([
  ['api.sagemaker.eu-west-1.amazonaws.com', '.amazonaws.com', true],
  ['api.sagemaker.eu-west-1.amazonaws.com', 'amazonaws.com', true],
  ['api.sagemaker.eu-west-1.amazonaws.com', '*.amazonaws.com:443', true],
  ['api.sagemaker.eu-west-1.amazonaws.com', 'internal, *', true],
  ['notamazonaws.com', 'amazonaws.com', false],
  ['s3.amazonaws.com', '', false],
  ['s3.amazonaws.com', ' , ', false],
  ['localhost', '', true],
  // Where `proxy-from-env` differs: https://curl.se/docs/manpage.html#--noproxy
  ['s3.eu-west-1.amazonaws.com', 'eu-west-1.amazonaws.com', true],
  ['amazonaws.com', '.amazonaws.com', true],
])('bypasses(%s, %s) is %s', (host, list, expected) => {
  expect(bypasses(host, list)).toBe(expected);
});

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['[::1]', true],
  ['localhost', true],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
])('isLoopback(%s) is %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
