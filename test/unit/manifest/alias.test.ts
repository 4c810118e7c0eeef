import { readFileSync } from 'node:fs';
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
const judge = (more = '') =>
  `judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 1%, confidence: 0.9 }${more === '' ? '' : `, ${more}`} }`;
const load = (change?: (line: string) => string) => loadManifest(text(change), 'delivery.yml');
const withRollout = (changed: string) => (all: string) => all.replace(rollout, changed);

const withHooks = (hooks: string) => (all: string) => all.replace('group: live }', `group: live, hooks: ${hooks} }`);
const regression = (key = ''): string =>
  `regression:\n  task: multiclass-classification\n  dataset: golden.jsonl\n  rules: [{ metric: accuracy, floor: 0.8 }]\n  response: { prediction: $.label }\n${
    key.startsWith('request') ? '' : '  request: { content-type: application/json, input: [a], body: [$row] }\n'
  }${key === '' ? '' : `  ${key}\n`}`;

test('the hooks of an alias, and the manifest of the page', () => {
  const hooks = '{ before-allow-traffic: CodeDeployHook_a, after-allow-traffic: CodeDeployHook_b }';
  expect(codeDeployOf(load(withHooks(hooks)), 'production')).toMatchObject({
    lambda: { hooks: { beforeAllowTraffic: 'CodeDeployHook_a', afterAllowTraffic: 'CodeDeployHook_b' } },
  });
  const [, page = ''] = /<!-- hook -->\n```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/codedeploy.md', 'utf8')) ?? [];
  const whole = `version: 1\nmodel: churn\n${page}    rollout: { ${rollout} }\n`;
  const manifest = loadManifest(whole, 'delivery.yml');
  expect(codeDeployOf(manifest, 'production')).toMatchObject({
    lambda: { hooks: { beforeAllowTraffic: 'CodeDeployHook_churn' } },
  });
  expect(manifest.regression?.asking.request?.contentType).toBe('application/json');
});

describe('a service has its own words', () => {
  const service = 'service: { cluster: a, name: b, task-definition: c, application: d, deployment-group: e }';
  const toService = (changed: string) => (all: string) =>
    all
      .replace('lambda-alias', 'ecs-service')
      .replace(/lambda: .*/, service)
      .replace(rollout, changed);

  test.each([
    [
      `${rollout}, ${judge('metrics: [{ name: empty, namespace: Acme, dimensions: { Version: "{version}" }, bad: { metric: Empty } }]')}`,
      'rollout.judge: metrics are of SageMaker endpoints: of a service the judge reads requests, status codes and response times in AWS/ApplicationELB',
    ],
    [`${rollout.replace('5m', '4m')}, ${judge()}`, 'rollout.bake: must be at least 5m with a judge'],
    [
      `strategy: all-at-once, final-bake: 0s, minimum-requests: 0, ${judge()}`,
      'rollout.judge: compares two versions side by side, and all-at-once has none',
    ],
    [rollout.replace('5m,', '5m, timeout: 9m,'), 'takes about 5m in all: use at least 10m'],
    [rollout.replace('10%', '1 instance'), 'rollout.size: must be a share of the requests: a service has no instances'],
  ])('%s', (changed, message) => {
    expect(() => load(toService(changed))).toThrow(message);
  });

  test('a load balancer counts 4xx answers, so a judge may judge them', () => {
    const environment = codeDeployOf(load(toService(`${rollout}, ${judge('client-errors: judge')}`)), 'production');
    expect(environment?.rollout).toMatchObject({ judge: { clientErrors: 'judge' } });
  });

  test('a timeout that holds its shift', () => {
    expect(codeDeployOf(load(toService(rollout.replace('5m,', '5m, timeout: 10m,'))), 'production')).toMatchObject({
      service: { cluster: 'a' },
      rollout: { timeoutSeconds: 600 },
    });
  });
});

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

test("a judge is an alias's too", () => {
  expect(
    codeDeployOf(load(withRollout(`${rollout}, ${judge('warm-up: { errors: 1m }')}`)), 'production')?.rollout,
  ).toEqual({
    ...{ strategy: 'canary', percent: 10, everyMinutes: 5, alarms: [] },
    judge: {
      convict: { worseThan: 1.2, falseRollback: 0.01 },
      healthy: { excessBelow: 0.01, confidence: 0.9 },
      warmUp: { errorsSeconds: 60 },
    },
  });
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
      'a judge without a second version',
      withRollout(`strategy: all-at-once, final-bake: 0s, minimum-requests: 0, ${judge()}`),
      'rollout.judge: compares two versions side by side, and all-at-once has none',
    ],
    [
      'a short canary with a judge',
      withRollout(`${rollout.replace('5m', '4m')}, ${judge()}`),
      'rollout.bake: must be at least 5m with a judge',
    ],
    [
      'short steps with a judge',
      withRollout(`strategy: linear, step: 10%, bake: 2m, final-bake: 0s, minimum-requests: 0, ${judge()}`),
      'rollout.bake: must be at least 3m with a judge',
    ],
    [
      '4xx with a judge',
      withRollout(`${rollout}, ${judge('client-errors: judge')}`),
      'rollout.judge: client-errors: Lambda counts no 4xx answers',
    ],
    [
      'metrics of a judge',
      withRollout(
        `${rollout}, ${judge('metrics: [{ name: empty, namespace: Acme, dimensions: { Version: "{version}" }, bad: { metric: Empty } }]')}`,
      ),
      'rollout.judge: metrics are of SageMaker endpoints',
    ],
    [
      'a timeout within the shift',
      withRollout(rollout.replace('5m,', '10m, timeout: 10m,')),
      'rollout.timeout: cannot hold the shift of 10m',
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
      'a hook that CodeDeploy may not invoke',
      withHooks('{ before-allow-traffic: churn-test }'),
      'hooks.before-allow-traffic: "churn-test" is not the name of a function that begins with CodeDeployHook_',
    ],
    [
      'a regression test without its hook',
      (all) => `${all}${regression()}`,
      'production.lambda: needs `hooks: { before-allow-traffic: CodeDeployHook_… }`, since the manifest has `regression`',
    ],
    ...(
      [
        ['candidate: dark-variant', 'candidate: is about SageMaker'],
        ['candidate: { temporary: { instance: ml.m5.large } }', 'candidate: is about SageMaker'],
        ['baseline: { transform: { instance: ml.m5.large } }', 'baseline: is about SageMaker'],
        ['request: { content-type: text/csv, input: [a] }', 'request: must have the content type application/json'],
        ['contract: { constraints: registered }', 'contract: is a check of a SageMaker endpoint'],
        ['bias: [{ metric: DPL, facet: age, limit: 0.1 }]', 'bias: is a check of a SageMaker endpoint'],
        ['attribution: { ndcg: 0.9 }', 'attribution: is a check of a SageMaker endpoint'],
        ['command: { run: [pytest], timeout: 5m }', 'command: is a check of a SageMaker endpoint'],
      ] as const
    ).map(([key, message]): [string, (all: string) => string, string] => [
      key,
      (all) => `${withHooks('{ before-allow-traffic: CodeDeployHook_churn }')(all)}${regression(key)}`,
      `regression.${message}`,
    ]),
    [
      'a name',
      (all) => all.replace('alias: live', 'alias: li_ve'),
      'production.lambda.alias: "li_ve" is not the name of an alias',
    ],
  ])('%s', (_name, change, message) => {
    expect(() => load(change)).toThrow(message);
  });
});
