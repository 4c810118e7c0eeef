import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { environmentOf, loadManifest } from '../../../src/manifest/load.ts';

const example = readFileSync(new URL('../../../examples/without-instances.yml', import.meta.url), 'utf8');
const serverless = '      serverless: { memory: 2048, max-concurrency: 20 }\n';
const load = (text: string) => loadManifest(text, 'delivery.yml');

describe('endpoints that are not fleets answering at once', () => {
  test('serverless: memory and concurrency instead of instances', () => {
    const { endpoint } = environmentOf(load(example), 'serverless');
    expect(endpoint.serverless).toEqual({ memoryMb: 2048, maxConcurrency: 20 });
    expect(endpoint.instance).toBeUndefined();
  });

  test('async: where answers and errors go', () => {
    expect(environmentOf(load(example), 'queued').endpoint.async).toEqual({
      output: 's3://ml-answers/churn',
      failure: 's3://ml-answers/churn-errors',
    });
  });

  test.each([
    ['neither of both', '', 'endpoint: needs either instance or serverless'],
    ['both', `${serverless}      instance: { type: ml.m5.large, count: 1 }\n`, 'needs either instance or serverless'],
    ['half a GB', serverless.replace('2048', '1536'), 'expected 1024, 2048, 3072, 4096, 5120 or 6144'],
    ['too many at once', serverless.replace('20 }', '201 }'), 'expected a whole number, 1 to 200'],
    [
      'more kept warm than may run',
      serverless.replace('20 }', '20, provisioned-concurrency: 21 }'),
      'provisioned-concurrency is greater than max-concurrency',
    ],
    [
      'what serverless endpoints do not have',
      `${serverless}      data-capture: { s3: s3://capture/churn, sampling-percent: 10 }\n      network-isolation: true\n`,
      'endpoint.serverless: serverless endpoints have no data-capture or network-isolation',
    ],
  ])('refuses %s', (_what, text, message) => {
    expect(() => load(example.replace(serverless, text))).toThrow(message);
  });

  test('an async endpoint is not scaled by invocations, which it does not publish', () => {
    const scaled = example.replace(
      '      async:',
      '      autoscaling: { min: 1, max: 4, invocations-per-instance: 70 }\n      async:',
    );
    expect(() => load(scaled)).toThrow('autoscaling: by invocations cannot scale an async endpoint');
  });
});
