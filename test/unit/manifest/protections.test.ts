import { describe, expect, test } from '@jest/globals';
import { environmentOf, loadManifest } from '../../../src/manifest/load.ts';

/** A manifest with these lines in `endpoint`. */
const text = (...lines: readonly string[]): string => `version: 1
model: churn
environments:
  production:
    endpoint:
      name: churn
      instance: { type: ml.m5.large, count: 2 }
${lines.map((line) => `      ${line}\n`).join('')}    rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 }
`;
const specOf = (...lines: readonly string[]) =>
  environmentOf(loadManifest(text(...lines), 'delivery.yml'), 'production').endpoint;

describe('a protection', () => {
  test.each([
    ['kms-key', 'kms-key: none'],
    ['vpc', 'vpc: none'],
    ['data-capture', 'data-capture: none'],
    ['network-isolation', 'network-isolation: none'],
    ['network-isolation', 'network-isolation: false'],
    ['data-capture.kms-key', 'data-capture: { s3: s3://bucket/seen, sampling-percent: 5, kms-key: none }'],
  ])('%s is given up by `%s`, and has no value then', (key, line) => {
    const { givenUp, kmsKey, vpc, dataCapture, networkIsolation } = specOf(line);
    expect(givenUp).toEqual([key]);
    expect([kmsKey, vpc, dataCapture?.kmsKey, networkIsolation]).toEqual([undefined, undefined, undefined, false]);
    expect(dataCapture === undefined).toBe(key !== 'data-capture.kms-key');
  });

  test('is not given up by silence', () => {
    expect(specOf()).not.toHaveProperty('givenUp');
    expect(specOf('network-isolation: true', 'kms-key: alias/ml')).not.toHaveProperty('givenUp');
  });

  test('pinning can only be given up', () => {
    expect(specOf().unpinned).toBe(false);
    expect(specOf('pinning: none').unpinned).toBe(true);
    expect(() => specOf('pinning: all')).toThrow('endpoint.pinning: "all" is not a value; expected none');
  });

  test.each([
    [
      'vpc: { subnets: [subnet-1], security-group: [sg-1] }',
      'vpc.security-group: unknown key; did you mean security-groups?',
    ],
    ['vpc: { subnets: [subnet-1] }', 'vpc.security-groups: is missing; expected 1 to 5 of them'],
    ['vpc: nothing', 'vpc: "nothing" is not a mapping; expected keys and values, or none'],
    [
      'data-capture: { s3: s3://bucket/seen, sampling-percent: 500 }',
      'data-capture.sampling-percent: 500 is not a percentage',
    ],
    ['data-capture: [none]', 'is not a mapping; expected keys and values, or none'],
    ['network-isolation: maybe', 'network-isolation: "maybe" is not a boolean; expected true, false or none'],
  ])('that is written wrongly is refused at its own place: %s', (line, message) => {
    expect(() => specOf(line)).toThrow(message);
  });
});

describe('a setting of the hardware', () => {
  test.each(['volume-size-gb', 'inference-ami-version', 'managed-instance-scaling', 'capacity-reservation'])(
    '%s is given up by `none`, and has no value then',
    (key) => {
      const { givenUp, ...spec } = specOf(`${key}: none`);
      expect(givenUp).toEqual([key]);
      expect(spec).toEqual(specOf());
    },
  );
});

describe('settings of variant and config', () => {
  const reservation = 'arn:aws:sagemaker:eu-west-1:111122223333:training-plan/churn';
  test('are read into the terms of the suite', () => {
    const spec = specOf(
      'routing: least-outstanding-requests',
      'inference-ami-version: al2-ami-sagemaker-inference-gpu-2',
      'managed-instance-scaling: { min: 0, max: 3 }',
      `capacity-reservation: "${reservation}"`,
      'volume-size-gb: 40',
      'data-capture: { s3: s3://bucket/seen, sampling-percent: 5, capture: [input], csv-content-types: [text/csv], json-content-types: [application/json] }',
    );
    expect(spec).toMatchObject({
      routing: 'least-outstanding-requests',
      inferenceAmiVersion: 'al2-ami-sagemaker-inference-gpu-2',
      managedInstanceScaling: { min: 0, max: 3 },
      capacityReservation: reservation,
      volumeSizeGb: 40,
      dataCapture: { capture: ['input'], csvContentTypes: ['text/csv'], jsonContentTypes: ['application/json'] },
    });
  });

  test('async: topics, and the messages that contain the answer', () => {
    const topic = (name: string) => `arn:aws:sns:eu-west-1:111122223333:${name}`;
    const { async } = specOf(
      `async: { output: s3://bucket/out, success-topic: "${topic('good')}", error-topic: "${topic('bad')}", include-response-in: [success, error] }`,
    );
    expect(async).toMatchObject({
      successTopic: topic('good'),
      errorTopic: topic('bad'),
      includeResponseIn: ['success', 'error'],
    });
  });

  test.each([
    ['routing: sticky', 'expected least-outstanding-requests or random'],
    ['managed-instance-scaling: { min: 4, max: 3 }', 'min is greater than max'],
    ['inference-ami-version: GPU 2', 'is not an AMI version'],
    ['volume-size-gb: 600', 'volume-size-gb: 600 is not a size in GB; expected a whole number, 1 to 512'],
    ['volume-size-gb: big', 'volume-size-gb: "big" is not a size in GB; expected a whole number, 1 to 512, or none'],
    ['capacity-reservation: churn', 'is not a capacity reservation; expected its ARN'],
    ['async: { output: s3://bucket/out, success-topic: good }', 'is not a topic; expected its ARN'],
    ['data-capture: { s3: s3://bucket/seen, sampling-percent: 5, capture: [both] }', 'expected input or output'],
    ['data-capture: { s3: s3://bucket/seen, sampling-percent: 5, csv-content-types: [csv] }', 'is not a content type'],
  ])('are refused when AWS would refuse them: %s', (line, message) => {
    expect(() => specOf(line)).toThrow(message);
  });

  test('are not those of a serverless endpoint', () => {
    const serverless = text('routing: random').replace(
      'instance: { type: ml.m5.large, count: 2 }',
      'serverless: { memory: 2048, max-concurrency: 2 }',
    );
    expect(() => loadManifest(serverless, 'delivery.yml')).toThrow('serverless endpoints have no routing');
    const without = serverless.replace('routing: random', 'volume-size-gb: none');
    expect(() => loadManifest(without, 'delivery.yml')).not.toThrow();
  });
});
