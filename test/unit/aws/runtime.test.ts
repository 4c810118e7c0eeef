import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { classify } from '../../../src/aws/errors.ts';
import { clientsFor, rejection, url } from '../../support/aws.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

beforeAll(() => nock.disableNetConnect());
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const endpoint = () => nock(url).post('/endpoints/churn/invocations');
const request = { EndpointName: 'churn', Body: Buffer.from('1,2'), ContentType: 'text/csv' };

test('what is waited before a retry is not the time of the answer', async () => {
  const clock = virtualClock();
  const began = clock.now();
  endpoint().reply(503, { message: 'busy' }, { 'x-amzn-errortype': 'ServiceUnavailable' });
  endpoint().reply(429, { message: 'loading' }, { 'x-amzn-errortype': 'ModelNotReadyException' });
  endpoint().reply(200, 'a\n', { 'content-type': 'text/csv' });
  const answer = await clientsFor({ clock }).writes.runtime.invokeEndpoint(request);
  expect(clock.now()).toBeGreaterThan(began);
  expect(answer.durationMs).toBe(0);
  expect(Buffer.from(answer.Body ?? []).toString()).toBe('a\n');
});

test('an answer of the simulator names its virtual milliseconds', async () => {
  endpoint().reply(200, 'a\n', { 'content-type': 'text/csv', 'x-simulator-duration-ms': '307' });
  expect((await clientsFor().writes.runtime.invokeEndpoint(request)).durationMs).toBe(307);
});

test('an error of the model is no error of AWS, and is not asked again', async () => {
  endpoint().reply(424, { Message: 'Rate exceeded', OriginalStatusCode: 500 }, { 'x-amzn-errortype': 'ModelError' });
  const error = await rejection(clientsFor().writes.runtime.invokeEndpoint(request));
  expect([error.name, classify(error)]).toEqual(['ModelError', 'other']);
});

describe('a request that is sent once', () => {
  test.each([
    [503, 'ServiceUnavailable'],
    [429, 'ModelNotReadyException'],
    [400, 'ThrottlingException'],
  ])('is not repeated after %s %s', async (status, name) => {
    endpoint().reply(status, { message: 'busy' }, { 'x-amzn-errortype': name });
    const error = await rejection(clientsFor().writes.runtime.invokeEndpointOnce(request));
    expect(error.name).toBe(name);
  });

  test('has the time of its answer, also of an error', async () => {
    const headers = { 'content-type': 'text/csv', 'x-simulator-duration-ms': '307' };
    endpoint().reply(200, 'a', headers);
    endpoint().reply(424, { OriginalStatusCode: 500 }, { ...headers, 'x-amzn-errortype': 'ModelError' });
    const { runtime } = clientsFor().writes;
    expect((await runtime.invokeEndpointOnce(request)).durationMs).toBe(307);
    expect(await rejection(runtime.invokeEndpointOnce(request))).toMatchObject({ name: 'ModelError', durationMs: 307 });
  });
});
