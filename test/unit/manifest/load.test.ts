import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { environmentOf, loadManifest, ManifestError } from '../../../src/manifest/load.ts';
import { InputError } from '../../../src/schema.ts';

const example = (name: string): string => readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8');
const regression = `regression:
  task: multiclass-classification
  dataset: tests/golden.jsonl
  metrics: [f1, roc-auc]
  slices: [country, "age >= 65"]

`;
/** Every key there is. */
const full = example('delivery.yml').replace(/^environments:/m, `${regression}environments:`);

/** The full example with one passage replaced. */
const changed = (passage: string, replacement: string): string => {
  if (!full.includes(passage)) throw new Error(`the example no longer holds ${passage}`);
  return full.replace(passage, replacement);
};
const problems = (text: string): string[] => {
  try {
    loadManifest(text, 'delivery.yml');
  } catch (error) {
    if (error instanceof ManifestError) return error.message.split('\n');
    throw error;
  }
  return [];
};

describe('a valid manifest', () => {
  test('becomes seconds, fractions and filled-in defaults', () => {
    const { staging, production } = loadManifest(full, 'delivery.yml').environments;
    expect(staging).toEqual({
      endpoint: {
        name: 'churn-staging',
        executionRole: 'churn-serving',
        instance: { type: 'ml.m5.large', count: 1 },
        networkIsolation: false,
        environment: {},
        tags: {},
        unpinned: false,
      },
      rollout: { strategy: 'all-at-once', finalBakeSeconds: 300, minimumRequests: 0, alarms: { named: [] } },
    });
    expect(production).toEqual({
      account: '111122223333',
      region: 'eu-west-1',
      role: 'model-deployer',
      rollbackRole: 'model-restorer',
      releases: { bucket: 'ml-releases', prefix: 'churn/' },
      endpoint: {
        name: 'churn',
        executionRole: 'churn-serving',
        instance: { type: 'ml.c5.xlarge', count: 4 },
        autoscaling: { min: 2, max: 10, invocationsPerInstance: 70 },
        dataCapture: { s3: 's3://ml-capture/churn', samplingPercent: 20 },
        kmsKey: 'alias/ml',
        vpc: { subnets: ['subnet-0a1b2c3d', 'subnet-4e5f6a7b'], securityGroups: ['sg-0a1b2c3d'] },
        networkIsolation: false,
        environment: { LOG_LEVEL: 'info' },
        startupHealthCheckTimeoutSeconds: 300,
        tags: { team: 'retention', 'cost-center': '4711' },
        unpinned: false,
      },
      rollout: {
        strategy: 'canary',
        size: { unit: 'percent', value: 25 },
        bakeSeconds: 600,
        finalBakeSeconds: 600,
        minimumRequests: 600,
        alarms: { errors: 0.01, latencyP99Milliseconds: 300, named: ['churn-business-errors'] },
      },
    });
  });

  test('reads every other strategy', () => {
    const { production } = loadManifest(example('steps.yml'), 'steps.yml').environments;
    expect(production?.rollout).toEqual({
      strategy: 'steps',
      steps: [0.05, 0.25, 0.5, 0.95, 1],
      bakeSeconds: 600,
      maxStepSeconds: 3600,
      minimumRequests: 600,
      alarms: { named: [] },
      judge: { convict: { worseThan: 1.2, falseRollback: 0.01 }, healthy: { excessBelow: 0.005, confidence: 0.95 } },
    });
    const rollout = (yaml: string) =>
      loadManifest(example('minimal.yml').replace(/rollout: .*/, `rollout: ${yaml}`), 'x').environments['production']
        ?.rollout;
    expect(
      rollout('{ strategy: linear, step: 2 instances, bake: 30s, final-bake: 0s, minimum-requests: 1, timeout: 2h }'),
    ).toEqual({
      strategy: 'linear',
      step: { unit: 'instances', value: 2 },
      bakeSeconds: 30,
      finalBakeSeconds: 0,
      minimumRequests: 1,
      timeoutSeconds: 7200,
      alarms: { named: [] },
    });
    expect(
      rollout('{ strategy: rolling, batch: 20%, rollback-batch: 1 instance, bake: 1m, minimum-requests: 1 }'),
    ).toEqual({
      strategy: 'rolling',
      batch: { unit: 'percent', value: 20 },
      rollbackBatch: { unit: 'instances', value: 1 },
      bakeSeconds: 60,
      minimumRequests: 1,
      alarms: { named: [] },
    });
  });

  test('may use anchors, and puts errors behind an alias where the value stands', () => {
    const shared = '{ strategy: all-at-once, final-bake: 5m, minimum-requests: 0 }';
    const twice = (rollout: string): string =>
      [
        'version: 1',
        'model: churn',
        'environments:',
        '  a:',
        '    endpoint: { name: a, instance: { type: ml.m5.large, count: 1 } }',
        `    rollout: &same ${rollout}`,
        '  b:',
        '    endpoint: { name: b, instance: { type: ml.m5.large, count: 1 } }',
        '    rollout: *same',
      ].join('\n');
    const { a, b } = loadManifest(twice(shared), 'x').environments;
    expect(a?.rollout).toEqual(b?.rollout);
    expect(problems(twice(shared.replace('5m', '5')))).toEqual([
      'delivery.yml:6:57: environments.a.rollout.final-bake: 5 is not a duration; expected e.g. 30s, 10m or 2h',
      'delivery.yml:6:57: environments.b.rollout.final-bake: 5 is not a duration; expected e.g. 30s, 10m or 2h',
    ]);
  });

  test.each([
    ['s3://b-1', 'b-1', ''],
    ['s3://b-1/', 'b-1', ''],
    ['s3://b-1/x/y', 'b-1', 'x/y/'],
    ['s3://b-1/x//', 'b-1', 'x/'],
  ])('releases %s', (location, bucket, prefix) => {
    const manifest = loadManifest(changed('s3://ml-releases/churn/', location), 'x');
    expect(manifest.environments['production']?.releases).toEqual({ bucket, prefix });
  });
});

describe('a mistake gives one line that names it', () => {
  const strategies = 'all-at-once, canary, linear, rolling or steps';
  const duration = 'expected e.g. 30s, 10m or 2h';
  const rollout = 'environments.production.rollout';
  const endpoint = 'environments.production.endpoint';
  test.each([
    [
      'strategy: canary',
      'strategy: canry',
      `42:17: ${rollout}.strategy: "canry" is not a strategy; expected ${strategies}; did you mean canary?`,
    ],
    ['      strategy: canary\n', '', `41:5: ${rollout}.strategy: is missing; expected ${strategies}`],
    [
      '"111122223333"',
      '111122223333',
      '23:14: environments.production.account: 111122223333 is not an account; expected twelve digits in quotes, e.g. "111122223333"',
    ],
    [
      'final-bake: 5m',
      'finl-bake: 5m',
      '19:7: environments.staging.rollout.finl-bake: unknown key; did you mean final-bake?',
    ],
    [
      '    region',
      '    zebra',
      '24:5: environments.production.zebra: unknown key; allowed here: account, region, role, rollback-role, approver-role, releases, bucket-owners, registry, approval, notify, risk, target, endpoint, lambda, service, rollout, stage, after, on-rejection',
    ],
    [
      'final-bake: 5m',
      'final-bake: 5 minutes',
      `19:19: environments.staging.rollout.final-bake: "5 minutes" is not a duration; ${duration}`,
    ],
    ['final-bake: 5m', 'final-bake:', `19:7: environments.staging.rollout.final-bake: is empty; ${duration}`],
    [
      '      minimum-requests: 600\n',
      '',
      `41:5: ${rollout}.minimum-requests: is missing; expected a whole number, 0 or more`,
    ],
    [
      'count: 4',
      'count: 1.5',
      `31:46: ${endpoint}.instance.count: 1.5 is not a number of instances; expected a whole number, 1 or more`,
    ],
    [
      'size: 25%',
      'size: 0%',
      `43:13: ${rollout}.size: "0%" is not a part of the fleet; expected e.g. 25%, 1 instance or 2 instances`,
    ],
    ['min: 2', 'min: 20', `32:27: ${endpoint}.autoscaling.min: min is greater than max`],
    [
      'LOG_LEVEL: info',
      '1LOG: info',
      `38:22: ${endpoint}.environment.1LOG: "1LOG" is not an environment variable; expected letters, digits and _, not starting with a digit`,
    ],
    [
      '"4711"',
      '4711',
      `40:45: ${endpoint}.tags.cost-center: 4711 is not a tag value; expected at most 256 letters, digits, spaces and _.:/=+-@ (put numbers and booleans in quotes)`,
    ],
    [
      'startup-health-check-timeout: 5m',
      'startup-health-check-timeout: 59s',
      `39:37: ${endpoint}.startup-health-check-timeout: must be 60s to 1h`,
    ],
    [
      'sampling-percent: 20',
      'sampling-percent: 101',
      `33:68: ${endpoint}.data-capture.sampling-percent: 101 is not a percentage; expected a whole number, 0 to 100`,
    ],
    ['model: churn', 'model: churn\nmodel: other', '4:1: Map keys must be unique'],
    [
      'metrics: [f1, roc-auc]',
      'metrics: [f1, roc-auc',
      '9:3: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      '[sg-0a1b2c3d]',
      '[a, b, c, d, e, f]',
      `37:26: ${endpoint}.vpc.security-groups: ["a","b","c","d","e","f"] is not a list of security groups; expected 1 to 5 of them`,
    ],
    ['info', '!!js/function x', '38:33: Unresolved tag'],
  ])('%j → %j', (passage, replacement, expected) => {
    expect(problems(changed(passage, replacement))).toEqual([`delivery.yml:${expected}`]);
  });

  test('a name longer than SageMaker takes', () => {
    expect(problems(changed('name: churn-staging', `name: ${'c'.repeat(63)}`))).toEqual([]);
    expect(problems(changed('name: churn-staging', `name: ${'c'.repeat(64)}`))).toHaveLength(1);
  });

  test('steps must rise to 100', () => {
    const steps = (list: string): string[] => problems(example('steps.yml').replace('[5, 25, 50, 95, 100]', list));
    expect(steps('[5%, 25.5%, 100%]')).toEqual([]);
    const unsaid = loadManifest(example('steps.yml').replace(/ +steps: \[.*\n/, ''), 'steps.yml');
    expect(unsaid).toEqual(loadManifest(example('steps.yml'), 'steps.yml'));
    for (const list of ['[5, 25]', '[25, 5, 100]', '[5, 5, 100]'])
      expect(steps(list)).toEqual([
        'delivery.yml:12:14: environments.production.rollout.steps: must rise and end with 100, e.g. [5, 25, 50, 95, 100]',
      ]);
    for (const step of ['0', '0%', '101', '-1', 'x', '.nan'])
      expect(steps(`[${step}, 100]`).join()).toMatch(/^delivery\.yml:12:15: .*rollout\.steps\.0: .* is not a step;/);
  });

  test('the value of an environment variable is never repeated: it may be a secret', () => {
    const [problem] = problems(changed('LOG_LEVEL: info', 'TOKEN: 123456789'));
    expect(problem).toMatch(/environment\.TOKEN: /);
    expect(problem).not.toContain('123456789');
  });

  test.each([
    ['nothing', '', '1:1: is empty; expected keys and values'],
    ['a list', '- a', '1:1: ["a"] is not a mapping; expected keys and values'],
    ['two documents', 'version: 1\n---\nversion: 1', '2:1: Source contains multiple documents'],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual([`delivery.yml:${expected}`]);
  });

  test('aliases that multiply without end', () => {
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1]',
      ...['b', 'c', 'd'].map(
        (key, i) => `${key}: &${key} [${'*abc'.charAt(0)}${'abc'[i]},${`*${'abc'[i]},`.repeat(8)}]`,
      ),
    ];
    expect(problems(bomb.join('\n'))).toEqual([
      'delivery.yml:1:1: Excessive alias count indicates a resource exhaustion attack',
    ]);
  });

  test('several mistakes come in the order of the file', () => {
    const text = changed('strategy: canary', 'strategy: canry')
      .replace('version: 1', 'version: 2')
      .replace('count: 1', 'count: 0');
    expect(problems(text).map((line) => line.split(':', 2)[1])).toEqual(['2', '16', '42']);
  });
});

describe('environmentOf', () => {
  const manifest = loadManifest(full, 'delivery.yml');
  test('gives the environment', () => {
    expect(environmentOf(manifest, 'staging').endpoint.name).toBe('churn-staging');
  });
  test.each([
    [
      'prodution',
      'environment: the manifest has no environment "prodution"; it has staging, production; did you mean production?',
    ],
    ['constructor', 'environment: the manifest has no environment "constructor"; it has staging, production'],
  ])('refuses %s', (name, message) => {
    expect(() => environmentOf(manifest, name)).toThrow(new InputError(message));
  });
});
