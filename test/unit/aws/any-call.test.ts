import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { anyCall } from '../../../src/aws/any-call.ts';
import { fixed } from '../../../src/aws/credentials.ts';
import { unrepeated } from '../../../src/aws/retry.ts';

let server: Server;
afterEach(() => {
  jest.useRealTimers();
  server.close();
  server.closeAllConnections();
});

test('a local AWS may take any time of this machine for an answer', async () => {
  const asked = Promise.withResolvers<ServerResponse>();
  server = createServer((_request, response) => asked.resolve(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpointUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'performance', 'Date'] });
  const credentials = fixed({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' });
  const connection = { region: 'eu-west-1', endpointUrl, version: '1' };
  const calls = anyCall(connection, credentials, { retry: unrepeated(() => {}) });
  const answer = calls.invoke('InvokeEndpoint', 'churn', { headers: { 'content-type': 'text/csv' }, body: '1' });
  const settled = answer.catch((error: unknown) => error);
  const response = await asked.promise;
  jest.advanceTimersByTime(3_600_000);
  response.end('0.5');
  expect(await settled).toMatchObject({ text: '0.5' });
});
