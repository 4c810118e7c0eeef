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

  test('an execution role of another account is refused; one of this account may be an ARN', () => {
    const given = (account: string) =>
      load(
        example
          .replace('  serverless:\n', '  serverless:\n    account: "111122223333"\n')
          .replace('execution-role: churn', `execution-role: arn:aws:iam::${account}:role/churn`),
      );
    expect(() => given('999988887777')).toThrow(
      'endpoint.execution-role: belongs to another account than the environment, 111122223333',
    );
    expect(() => given('111122223333')).not.toThrow();
  });
});

describe('autoscaling', () => {
  const queued = (autoscaling: string) =>
    example.replace('      async:', `      autoscaling: { ${autoscaling} }\n      async:`);
  const onInstances = (autoscaling: string) =>
    queued(autoscaling)
      .replace(/ {6}async:[\s\S]*?(?= {4}rollout:)/, '')
      .replace(/ *async: \{[^}]*\}\n/, '');
  const kept = (autoscaling: string) =>
    example.replace(
      serverless,
      `      serverless: { memory: 2048, max-concurrency: 20, provisioned-concurrency: 2 }\n      autoscaling: { ${autoscaling} }\n`,
    );

  test('an async endpoint: by its backlog, down to zero, with a policy that wakes it and a schedule', () => {
    const text = queued(
      `min: 0, max: 4, backlog-per-instance: 5, scale-in-cooldown: 10m, scale-out-cooldown: 0s,
        step: [{ name: wake, alarm: has-backlog, adjustment: exact, steps: [{ from: 0, to: 9.5, by: 1 }, { from: 9.5, by: 2 }], cooldown: 5m, aggregation: maximum }],
        schedule: [{ name: morning, at: cron(0 6 * * ? *), timezone: Europe/Berlin, min: 1, max: 6 }, { name: night, at: rate(1 day), min: 0 }]`,
    );
    expect(environmentOf(load(text), 'queued').endpoint.autoscaling).toEqual({
      min: 0,
      max: 4,
      backlogPerInstance: 5,
      scaleInCooldownSeconds: 600,
      scaleOutCooldownSeconds: 0,
      step: [
        {
          name: 'wake',
          alarm: 'has-backlog',
          adjustment: 'exact',
          steps: [
            { from: 0, to: 9.5, by: 1 },
            { from: 9.5, by: 2 },
          ],
          cooldownSeconds: 300,
          aggregation: 'maximum',
        },
      ],
      schedule: [
        { name: 'morning', at: 'cron(0 6 * * ? *)', timezone: 'Europe/Berlin', min: 1, max: 6 },
        { name: 'night', at: 'rate(1 day)', min: 0 },
      ],
    });
  });
  test('a serverless endpoint: by the use of its provisioned concurrency', () => {
    expect(
      environmentOf(load(kept('min: 1, max: 20, concurrency-utilization: 0.7')), 'serverless').endpoint.autoscaling,
    ).toEqual({
      min: 1,
      max: 20,
      concurrencyUtilization: 0.7,
    });
  });

  test.each([
    ['min: 1, max: 4, invocations-per-instance: 70', 'autoscaling: by invocations cannot scale an async endpoint'],
    [
      'min: 1, max: 4, concurrency-utilization: 0.7',
      'autoscaling: by concurrency-utilization is for serverless endpoints',
    ],
    [
      'min: 1, max: 4',
      'autoscaling: needs invocations-per-instance, backlog-per-instance, concurrency-utilization, step or schedule',
    ],
    [
      'min: 1, max: 4, backlog-per-instance: 1, invocations-per-instance: 2',
      'autoscaling: has more than one target: invocations-per-instance, backlog-per-instance',
    ],
    ['min: 5, max: 4, backlog-per-instance: 1', 'autoscaling.min: min is greater than max'],
    [
      'min: 1, max: 4, backlog-per-instance: 0',
      'autoscaling.backlog-per-instance: 0 is not a number of requests; expected a whole number, 1 or more',
    ],
    [
      'min: 1, max: 4, scale-in-cooldown: 1m, schedule: [{ name: a, at: rate(1 day), min: 1 }]',
      'autoscaling.scale-in-cooldown: cooldowns belong to a target',
    ],
    ['min: 1, max: 4, backlog-per-instance: 1, scale-in-cooldown: 25h', 'must be 0s to 24h'],
    [
      'min: 1, max: 4, schedule: [{ name: a, at: daily, min: 1 }]',
      '"daily" is not a schedule; expected e.g. cron(0 6 * * ? *)',
    ],
    [
      'min: 1, max: 4, schedule: [{ name: a, at: rate(1 day), timezone: Mars Olympus, min: 1 }]',
      '"Mars Olympus" is not a time zone',
    ],
    ['min: 1, max: 4, schedule: [{ name: a, at: rate(1 day) }]', 'needs min or max'],
    ['min: 1, max: 4, schedule: [{ name: a, at: rate(1 day), min: 3, max: 2 }]', 'min is greater than max'],
    [
      'min: 1, max: 4, schedule: [{ name: a, at: rate(1 day), min: 1 }, { name: a, at: rate(2 days), min: 2 }]',
      'two entries have one name',
    ],
    ['min: 1, max: 4, step: [{ name: a, alarm: b, steps: [{ from: 3, to: 2, by: 1 }] }]', 'from is not less than to'],
    ['min: 1, max: 4, step: [{ name: a, alarm: b, steps: [] }]', 'is not a list of steps; expected 1 to 20 of them'],
    [
      'min: 1, max: 4, step: [{ name: a, alarm: b, adjustment: more, steps: [{ by: 1 }] }]',
      '"more" is not an adjustment; expected change, percent or exact',
    ],
    [
      'min: 1, max: 4, step: [{ name: a, alarm: b, steps: [{ by: 1.5 }] }]',
      '1.5 is not an adjustment; expected a whole number',
    ],
    [
      'min: 1, max: 4, step: [{ name: a, alarm: b, steps: [{ by: 1 }] }, { name: a, alarm: c, steps: [{ by: 1 }] }]',
      'two entries have one name',
    ],
  ])('of an async endpoint, refused: %s', (autoscaling, message) => {
    expect(() => load(queued(autoscaling))).toThrow(message);
  });
  test.each([
    [
      'min: 1, max: 4, invocations-per-instance: 70',
      'by instances cannot scale a serverless endpoint: use concurrency-utilization',
    ],
    [
      'min: 0, max: 4, concurrency-utilization: 0.7',
      'min: 0 is legal only for an endpoint with async; expected 1 or more',
    ],
    ['min: 1, max: 21, concurrency-utilization: 0.7', 'max 21 is greater than serverless.max-concurrency 20'],
    ['min: 1, max: 4, concurrency-utilization: 1.2', '1.2 is not a utilization; expected a number above 0 and up to 1'],
  ])('of a serverless endpoint, refused: %s', (autoscaling, message) => {
    expect(() => load(kept(autoscaling))).toThrow(message);
  });
  test('of a serverless endpoint without provisioned concurrency', () => {
    const text = kept('min: 1, max: 4, concurrency-utilization: 0.7').replace(', provisioned-concurrency: 2', '');
    expect(() => load(text)).toThrow('set serverless.provisioned-concurrency');
  });
  test.each([
    ['min: 0, max: 4, invocations-per-instance: 70', 'min: 0 is legal only for an endpoint with async'],
    [
      'min: 1, max: 4, schedule: [{ name: a, at: rate(1 day), min: 0 }]',
      'min: 0 is legal only for an endpoint with async',
    ],
    ['min: 1, max: 4, backlog-per-instance: 5', 'by backlog-per-instance is for endpoints with async'],
  ])('of real-time instances, refused: %s', (autoscaling, message) => {
    expect(() => load(onInstances(autoscaling))).toThrow(message);
  });
});
