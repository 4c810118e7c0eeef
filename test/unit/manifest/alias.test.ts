import { describe, expect, test } from '@jest/globals';
import { codeDeployOf, environmentOf, loadManifest } from '../../../src/manifest/load.ts';

const rollout = 'strategy: canary, size: 10%, bake: 5m, final-bake: 0s, minimum-requests: 0';
const text = (change: (line: string) => string = (all) => all): string =>
  change(`version: 1
model: churn
environments:
  staging:
    endpoint: { name: churn-staging, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 }
  production:
    target: lambda-alias
    lambda: { function: churn_serving, alias: live, application: churn, deployment-group: live }
    rollout: { ${rollout} }
`);
const load = (change?: (line: string) => string) => loadManifest(text(change), 'delivery.yml');
const withRollout = (changed: string) => (all: string) => all.replace(rollout, changed);

test('an alias is an environment of its own kind', () => {
  const manifest = load(withRollout(rollout.replace('5m,', '5m, timeout: 1h, alarms: { named: [a] },')));
  expect(Object.keys(manifest.environments)).toEqual(['staging']);
  expect(codeDeployOf(manifest, 'production')).toEqual({
    lambda: { function: 'churn_serving', alias: 'live', application: 'churn', deploymentGroup: 'live' },
    rollout: { strategy: 'canary', percent: 10, everyMinutes: 5, alarms: ['a'], timeoutSeconds: 3600 },
  });
  expect(codeDeployOf(manifest, 'staging')).toBeUndefined();
  expect(() => environmentOf(manifest, 'production')).toThrow(
    /^environment: production delivers to the alias of a Lambda function/,
  );
  expect(() => environmentOf(manifest, 'prod')).toThrow(/it has staging, production; did you mean production\?$/);
});

describe('a key without a meaning for an alias is refused with the reason', () => {
  test.each<[name: string, change: (all: string) => string, message: string]>([
    [
      'steps',
      withRollout('strategy: rolling, batch: 20%, bake: 5m, minimum-requests: 0'),
      'rollout.strategy: replaces instances',
    ],
    [
      'steps',
      withRollout(
        'strategy: steps, bake: 5m, minimum-requests: 0, judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 1%, confidence: 0.9 } }',
      ),
      'rollout.strategy: needs two variants',
    ],
    ['final-bake', withRollout(rollout.replace('final-bake: 0s', 'final-bake: 5m')), 'rollout.final-bake: must be 0s'],
    [
      'minimum-requests',
      withRollout(rollout.replace('requests: 0', 'requests: 600')),
      'rollout.minimum-requests: must be 0',
    ],
    ['errors', withRollout(`${rollout}, alarms: { errors: 1% }`), 'rollout.alarms: errors and latency-p99'],
    [
      'judge',
      withRollout(
        `${rollout}, judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 1%, confidence: 0.9 } }`,
      ),
      'rollout.judge: reads metrics of a SageMaker endpoint',
    ],
    ['instances', withRollout(rollout.replace('10%', '1 instance')), 'rollout.size: must be a share of the requests'],
    ['100 %', withRollout(rollout.replace('10%', '100%')), 'rollout.size: must be a whole share from 1% to 99%'],
    ['seconds', withRollout(rollout.replace('5m', '90s')), 'rollout.bake: must be whole minutes'],
    ['two days', withRollout(rollout.replace('5m', '49h')), 'rollout.bake: makes the shift last 2940 minutes'],
    [
      'an endpoint beside it',
      (all) =>
        all.replace(
          'target: lambda-alias',
          'target: lambda-alias\n    endpoint: { name: a, instance: { type: ml.m5.large, count: 1 } }',
        ),
      'production.endpoint: is a SageMaker endpoint',
    ],
    ['risk', (all) => all.replace('target:', 'risk: high\n    target:'), 'production.risk: high requires'],
    ['risk of all', (all) => `${all}risk: high\n`, 'production.target: lambda-alias cannot keep `risk: high`'],
    [
      'smoke',
      (all) => `${all}smoke: { content-type: text/csv, requests: [{ body: "1" }] }\n`,
      'production.target: lambda-alias cannot keep `smoke`',
    ],
    ['no alias', (all) => all.replace(/ {4}lambda:.*\n/, ''), 'production.lambda: is missing'],
    ['no target', (all) => all.replace(/ {4}target:.*\n/, ''), 'production.endpoint: is missing'],
    [
      'another target',
      (all) => all.replace('lambda-alias', 'ec2'),
      '"ec2" is not a target; expected endpoint, lambda-alias or ecs-service',
    ],
    [
      'the target of its neighbour',
      (all) => all.replace('lambda-alias', 'ecs-service'),
      'production.lambda: needs `target: lambda-alias` beside it',
    ],
    [
      'a name',
      (all) => all.replace('alias: live', 'alias: li_ve'),
      'production.lambda.alias: "li_ve" is not the name of an alias',
    ],
  ])('%s', (_name, change, message) => {
    expect(() => load(change)).toThrow(message);
  });
});
