import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import type { Asking, BaselineSite, CandidateSite } from '../../src/manifest/asking.ts';
import { loadManifest, ManifestError } from '../../src/manifest/load.ts';
import type { Capacity, Environment, Manifest, Rollout } from '../../src/manifest/manifest.ts';
import type { RegressionSpec, Rule } from '../../src/manifest/regression.ts';
import { readSlice } from '../../src/manifest/slices.ts';
import type { Smoke } from '../../src/manifest/smoke.ts';
import type { VersionNames } from '../../src/manifest/versions.ts';
import { fc } from '../support/properties.ts';

/** Drops what is undefined, as the loader does. */
const defined = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value));
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const name = fc.stringMatching(/^[a-zA-Z0-9](-?[a-zA-Z0-9]){0,20}$/);
const seconds = fc.integer({ min: 0, max: 86_400 });
const limited = fc.integer({ min: 60, max: 3600 });
const share = fc.integer({ min: 0, max: 1000 }).map((permille) => permille / 1000);
const positive = fc.integer({ min: 1, max: 1000 });
const probability = fc.integer({ min: 1, max: 999 }).map((permille) => permille / 1000);
const capacity: fc.Arbitrary<Capacity> = fc.oneof(
  fc.record({ unit: fc.constant('percent' as const), value: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ unit: fc.constant('instances' as const), value: positive }),
);
const guarded = {
  timeoutSeconds: maybe(seconds),
  minimumRequests: fc.nat(),
  alarms: fc.record({
    errors: maybe(share),
    latencyP99Milliseconds: maybe(positive),
    named: fc.array(fc.stringMatching(/^[ -~]*[!-~][ -~]*$/), { maxLength: 7 }),
  }),
};
const quoted = fc.stringMatching(/^[!-~]([ -~]{0,9}[!-~])?$/);
const step = fc.record({
  name: quoted,
  alarm: quoted,
  adjustment: maybe(fc.constantFrom('change' as const, 'percent' as const, 'exact' as const)),
  steps: fc.array(
    fc.record({
      from: maybe(fc.integer({ min: -9, max: 0 })),
      to: maybe(fc.integer({ min: 1, max: 9 })),
      by: fc.integer({ min: -9, max: 9 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  cooldownSeconds: maybe(seconds),
  aggregation: maybe(fc.constantFrom('average' as const, 'maximum' as const)),
});
const action = fc.record({
  name: quoted,
  at: fc.constantFrom('cron(0 6 * * ? *)', 'rate(1 day)', 'at(2026-12-24T06:00:00)'),
  timezone: maybe(fc.constantFrom('UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia')),
  min: maybe(fc.integer({ min: 1, max: 4 })),
  max: fc.integer({ min: 4, max: 9 }),
});
const waits = { bakeSeconds: seconds, finalBakeSeconds: seconds };
const rollout = fc.oneof(
  fc.record({ strategy: fc.constant('all-at-once'), finalBakeSeconds: seconds, ...guarded }),
  fc.record({ strategy: fc.constant('canary'), size: capacity, ...waits, ...guarded }),
  fc.record({ strategy: fc.constant('linear'), step: capacity, ...waits, ...guarded }),
  fc.record({
    strategy: fc.constant('rolling'),
    batch: capacity,
    bakeSeconds: seconds,
    rollbackBatch: maybe(capacity),
    ...guarded,
  }),
  fc.record({
    strategy: fc.constant('steps'),
    steps: fc
      .uniqueArray(fc.integer({ min: 1, max: 999 }), { maxLength: 8 })
      .map((permilles) => [...permilles.sort((a, b) => a - b), 1000].map((permille) => permille / 1000)),
    bakeSeconds: seconds,
    maxStepSeconds: maybe(seconds),
    judge: fc.record({
      convict: fc.record({
        worseThan: fc.integer({ min: 10, max: 99 }).map((tenths) => tenths / 10),
        falseRollback: probability,
      }),
      healthy: fc
        .tuple(fc.constantFrom('excess', 'ratio', 'both'), share, fc.integer({ min: 11, max: 99 }), probability)
        .map(([limits, excessBelow, tenths, confidence]) => ({
          ...(limits === 'ratio' ? {} : { excessBelow }),
          ...(limits === 'excess' ? {} : { atMost: tenths / 10 }),
          confidence,
        })),
    }),
    ...guarded,
  }),
) as fc.Arbitrary<Rollout>;
const environment: fc.Arbitrary<Environment> = fc.record({
  account: maybe(fc.stringMatching(/^[0-9]{12}$/)),
  region: maybe(fc.constantFrom('eu-west-1', 'us-gov-west-1', 'cn-north-1')),
  role: maybe(fc.constantFrom('deployer', 'arn:aws:iam::111122223333:role/ci/deployer')),
  releases: maybe(
    fc.record({ bucket: fc.constantFrom('ml-releases', 'b.c'), prefix: fc.constantFrom('', 'churn/', 'a/b/') }),
  ),
  endpoint: fc.record({
    name,
    executionRole: maybe(name),
    instance: fc.record({ type: fc.constantFrom('ml.m5.large', 'ml.p4d.24xlarge'), count: positive }),
    autoscaling: maybe(
      fc.record({
        min: fc.integer({ min: 1, max: 5 }),
        max: fc.integer({ min: 5, max: 50 }),
        invocationsPerInstance: positive,
        scaleInCooldownSeconds: maybe(seconds),
        scaleOutCooldownSeconds: maybe(seconds),
        step: maybe(fc.uniqueArray(step, { minLength: 1, maxLength: 3, selector: (one) => one.name })),
        schedule: maybe(fc.uniqueArray(action, { minLength: 1, maxLength: 3, selector: (one) => one.name })),
      }),
    ),
    dataCapture: maybe(
      fc.record({
        s3: fc.constant('s3://ml-capture/x'),
        samplingPercent: fc.integer({ min: 0, max: 100 }),
        kmsKey: maybe(name),
        capture: maybe(fc.constantFrom(['input' as const], ['output' as const, 'input' as const])),
        csvContentTypes: maybe(fc.constantFrom(['text/csv'])),
        jsonContentTypes: maybe(fc.constantFrom(['application/json', 'text/json'])),
      }),
    ),
    kmsKey: maybe(fc.constantFrom('alias/ml', 'arn:aws:kms:eu-west-1:111122223333:key/1')),
    vpc: maybe(
      fc.record({
        subnets: fc.array(name, { minLength: 1, maxLength: 16 }),
        securityGroups: fc.array(name, { minLength: 1, maxLength: 5 }),
      }),
    ),
    networkIsolation: fc.boolean(),
    routing: maybe(fc.constantFrom('least-outstanding-requests' as const, 'random' as const)),
    inferenceAmiVersion: maybe(fc.constantFrom('al2-ami-sagemaker-inference-gpu-2')),
    managedInstanceScaling: maybe(
      fc.record({ min: fc.integer({ min: 0, max: 3 }), max: fc.integer({ min: 3, max: 9 }) }),
    ),
    capacityReservation: maybe(fc.constantFrom('arn:aws:sagemaker:eu-west-1:111122223333:training-plan/churn')),
    environment: fc.dictionary(
      fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,9}$/),
      fc.string({ unit: 'binary', maxLength: 40 }),
      { noNullPrototype: true },
    ),
    unpinned: fc.boolean(),
    volumeSizeGb: maybe(fc.integer({ min: 1, max: 512 })),
    modelDownloadTimeoutSeconds: maybe(limited),
    startupHealthCheckTimeoutSeconds: maybe(limited),
    tags: fc.dictionary(fc.stringMatching(/^[a-zA-Z]{1,9}$/), fc.stringMatching(/^[\p{L}\p{N} _.:/=+@-]{0,20}$/u), {
      noNullPrototype: true,
    }),
  }) as fc.Arbitrary<Environment['endpoint']>,
  rollout,
}) as fc.Arbitrary<Environment>;
const margin = fc.oneof(
  fc.record({ value: positive.map((thousandths) => thousandths / 1000), of: fc.constant('metric' as const) }),
  fc.record({ value: positive.map((permille) => permille / 1000), of: fc.constant('baseline' as const) }),
);
const rule = fc.record({
  criterion: fc.oneof(
    fc.record({ is: fc.constantFrom('non-inferior', 'equivalent', 'max-drop', 'must-improve-by'), margin }),
    fc.record({ is: fc.constant('superior') }),
    fc.record({ is: fc.constantFrom('floor', 'ceiling'), value: fc.integer({ min: -9, max: 9 }) }),
  ),
  confidence: fc.integer({ min: 501, max: 999 }).map((permille) => permille / 1000),
  level: fc.constantFrom('fail', 'warn'),
});
const slice = fc.constantFrom(
  'country',
  'age >= 65',
  'not (`x y` = "a: b" or age < 5)',
  'country in [DE, "New York", 7]',
  'age >= 18 and age < 65',
);
const transform = fc.record({
  is: fc.constant('transform'),
  instance: fc.constant('ml.m5.large'),
  instances: fc.integer({ min: 1, max: 100 }),
});
const predictions = (...paths: readonly string[]) =>
  fc.record({ is: fc.constant('predictions'), path: fc.constantFrom(...paths) });
const csvForm = fc.record({
  request: fc.record({
    contentType: fc.constant('text/csv'),
    accept: maybe(fc.constant('text/csv')),
    input: fc.oneof(fc.uniqueArray(name, { minLength: 1, maxLength: 4 }), name),
  }),
  response: fc.record({
    threshold: fc.constant(0.5),
    prediction: fc.nat({ max: 9999 }),
    score: maybe(fc.nat({ max: 9 })),
  }),
});
const jsonForm = fc.record({
  request: fc.record({
    contentType: fc.constant('application/json'),
    input: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    body: fc.constantFrom('$row', { instances: ['$row'] }, [{ row: '$row', top: 3 }]),
  }),
  response: fc.record({ threshold: fc.constant(0.5), prediction: fc.constant('$.predictions[0].label') }),
});
const asking = fc
  .record({
    how: fc.record({
      candidate: fc.oneof(
        fc.record({ is: fc.constant('temporary'), instance: maybe(fc.constant('ml.m5.large')) }),
        fc.record({ is: fc.constant('dark-variant') }),
        fc.record({ is: fc.constant('environment'), environment: name, role: maybe(fc.constant('model-tester')) }),
        transform,
        predictions('{version}.jsonl', 's3://b/{version}/k'),
      ),
      baseline: fc.oneof(
        fc.record({ is: fc.constant('serving') }),
        transform,
        predictions('old.jsonl', 's3://b/{version}/k'),
      ),
      also: fc.uniqueArray(fc.record({ name, dataset: fc.constantFrom('spring.jsonl', 's3://b/k') }), {
        maxLength: 2,
        selector: (set) => set.name,
      }),
      concurrency: fc.integer({ min: 1, max: 64 }),
      validForSeconds: limited,
    }),
    form: fc.oneof(csvForm, jsonForm, fc.constant({})),
  })
  .map(({ how, form }) => ({ ...how, ...form })) as fc.Arbitrary<Asking>;
const regression = fc.record({
  asking,
  task: fc.constant('regression'),
  dataset: maybe(fc.constantFrom('tests/golden.jsonl', 's3://b/k')),
  rules: fc
    .tuple(
      fc.uniqueArray(fc.constantFrom('mae', 'rmse', 'r2', 'bias', 'latency-p99'), { minLength: 1, maxLength: 4 }),
      fc.array(rule, { minLength: 4, maxLength: 4 }),
    )
    .map(([metrics, rules]) => metrics.map((metric, at) => ({ metric: { metric }, ...rules[at] }))),
  slices: fc.uniqueArray(slice, { maxLength: 3 }).map((texts) => texts.map((text) => readSlice(text))),
  cluster: maybe(name),
  seed: maybe(fc.nat()),
  minimumSupport: fc.record({ rows: positive, rowsOfClass: positive }),
  missing: share,
  normalization: fc.constant('none'),
}) as fc.Arbitrary<RegressionSpec>;
/** In CSV: a cell is a number or text. */
const smoke = fc.record({
  contentType: fc.constant('text/csv'),
  accept: maybe(fc.constantFrom('text/csv', 'application/json')),
  times: fc.integer({ min: 1, max: 20 }),
  requests: fc.array(
    fc.record({
      body: fc.constantFrom('5.1,3.5,1.4,0.2', 'a: "b"\n1', ''),
      expect: maybe(
        fc.record({
          at: fc.constantFrom('$.predictions[0].label', '$'),
          is: fc.oneof(
            fc.record({ value: fc.oneof(quoted, fc.integer(), fc.boolean()) }),
            fc.record({ between: fc.constantFrom([0, 1], [-3.5, -3.5]) }),
            fc.record({ type: fc.constantFrom('number', 'text', 'boolean', 'list', 'mapping') }),
          ),
        }),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  ),
}) as fc.Arbitrary<Smoke>;
const versions: fc.Arbitrary<VersionNames> = fc.record({
  main: fc.constantFrom('main', 'master', 'trunk/1'),
  develop: fc.constantFrom('develop', 'dev-x'),
  release: fc.constantFrom('release/', 'rel-'),
  hotfix: fc.constantFrom('hotfix/', 'fix#'),
  first: fc.constantFrom('1.0.0', '0.1.0', '0.0.0', '12.3.45'),
  paths: fc.constantFrom([], ['models/churn'], ['a', '.github/x y/z.yml', 'models/']),
});
const manifest: fc.Arbitrary<Manifest> = fc
  .record({
    version: fc.constant(1 as const),
    model: name,
    regression: maybe(regression),
    smoke: maybe(smoke),
    versions: maybe(versions),
    environments: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/), environment, {
      minKeys: 1,
      maxKeys: 3,
      noNullPrototype: true,
    }),
  })
  .map((value) => defined(value) as Manifest);

/** A manifest as a person would write it. */
const percent = (value: number): string => `${Number((value * 100).toPrecision(6))}%`;
const part = ({ unit, value }: Capacity): string =>
  unit === 'percent' ? `${value}%` : value === 1 ? '1 instance' : `${value} instances`;
const time = (value: number | undefined): string | undefined => {
  if (value === undefined) return undefined;
  return value > 0 && value % 3600 === 0
    ? `${value / 3600}h`
    : value > 0 && value % 60 === 0
      ? `${value / 60}m`
      : `${value}s`;
};
const rawRollout = (plan: Rollout): object => {
  const common = {
    strategy: plan.strategy,
    timeout: time(plan.timeoutSeconds),
    'minimum-requests': plan.minimumRequests,
    alarms: {
      errors: plan.alarms.errors === undefined ? undefined : percent(plan.alarms.errors),
      'latency-p99':
        plan.alarms.latencyP99Milliseconds === undefined ? undefined : `${plan.alarms.latencyP99Milliseconds}ms`,
      named: plan.alarms.named,
    },
  };
  switch (plan.strategy) {
    case 'all-at-once':
      return { ...common, 'final-bake': time(plan.finalBakeSeconds) };
    case 'canary':
      return {
        ...common,
        size: part(plan.size),
        bake: time(plan.bakeSeconds),
        'final-bake': time(plan.finalBakeSeconds),
      };
    case 'linear':
      return {
        ...common,
        step: part(plan.step),
        bake: time(plan.bakeSeconds),
        'final-bake': time(plan.finalBakeSeconds),
      };
    case 'rolling':
      return {
        ...common,
        batch: part(plan.batch),
        bake: time(plan.bakeSeconds),
        'rollback-batch': plan.rollbackBatch && part(plan.rollbackBatch),
      };
    case 'steps':
      return {
        ...common,
        steps: plan.steps.map((step, index) => (index % 2 === 0 ? percent(step) : Number((step * 100).toPrecision(6)))),
        bake: time(plan.bakeSeconds),
        'max-step': time(plan.maxStepSeconds),
        judge: {
          convict: {
            'worse-than': `${plan.judge.convict.worseThan}x`,
            'false-rollback': plan.judge.convict.falseRollback,
          },
          healthy: {
            'excess-below': plan.judge.healthy.excessBelow && percent(plan.judge.healthy.excessBelow),
            'at-most': plan.judge.healthy.atMost && `${plan.judge.healthy.atMost}x`,
            confidence: plan.judge.healthy.confidence,
          },
        },
      };
  }
};
const rawEnvironment = ({ endpoint, releases, rollout: plan, ...place }: Environment): object => ({
  ...place,
  releases: releases && `s3://${releases.bucket}/${releases.prefix}`,
  endpoint: {
    name: endpoint.name,
    'execution-role': endpoint.executionRole,
    instance: endpoint.instance,
    autoscaling: endpoint.autoscaling && {
      min: endpoint.autoscaling.min,
      max: endpoint.autoscaling.max,
      'invocations-per-instance': endpoint.autoscaling.invocationsPerInstance,
      'scale-in-cooldown': time(endpoint.autoscaling.scaleInCooldownSeconds),
      'scale-out-cooldown': time(endpoint.autoscaling.scaleOutCooldownSeconds),
      step: endpoint.autoscaling.step?.map(({ cooldownSeconds, ...rest }) => ({
        ...rest,
        cooldown: time(cooldownSeconds),
      })),
      schedule: endpoint.autoscaling.schedule,
    },
    'data-capture': endpoint.dataCapture && {
      s3: endpoint.dataCapture.s3,
      'sampling-percent': endpoint.dataCapture.samplingPercent,
      'kms-key': endpoint.dataCapture.kmsKey,
      capture: endpoint.dataCapture.capture,
      'csv-content-types': endpoint.dataCapture.csvContentTypes,
      'json-content-types': endpoint.dataCapture.jsonContentTypes,
    },
    'kms-key': endpoint.kmsKey,
    vpc: endpoint.vpc && { subnets: endpoint.vpc.subnets, 'security-groups': endpoint.vpc.securityGroups },
    // `false` gives the isolation up, which is more than an absent key.
    'network-isolation': endpoint.networkIsolation || undefined,
    routing: endpoint.routing,
    'inference-ami-version': endpoint.inferenceAmiVersion,
    'managed-instance-scaling': endpoint.managedInstanceScaling,
    'capacity-reservation': endpoint.capacityReservation,
    environment: endpoint.environment,
    'volume-size-gb': endpoint.volumeSizeGb,
    'model-download-timeout': time(endpoint.modelDownloadTimeoutSeconds),
    'startup-health-check-timeout': time(endpoint.startupHealthCheckTimeoutSeconds),
    tags: endpoint.tags,
    pinning: endpoint.unpinned ? 'none' : undefined,
  },
  rollout: rawRollout(plan),
});
const rawCriterion = ({ criterion, confidence }: Rule): object => {
  if (!('margin' in criterion)) return { [criterion.is]: { ...criterion, is: undefined, confidence } };
  const { value, of } = criterion.margin;
  return {
    [criterion.is]: {
      margin: of === 'metric' ? value : `${Number((value * 100).toPrecision(6))}% of baseline`,
      confidence,
    },
  };
};
const rawSite = (site: CandidateSite | BaselineSite): string | object => {
  switch (site.is) {
    case 'temporary':
      return site.instance === undefined ? 'temporary' : { temporary: { instance: site.instance } };
    case 'environment':
      return { environment: site.environment, role: site.role };
    case 'transform':
      return { transform: { instance: site.instance, instances: site.instances } };
    case 'predictions':
      return { predictions: site.path };
    default:
      return site.is;
  }
};
const rawAsking = ({ candidate, baseline, request, response, also, concurrency, validForSeconds }: Asking): object => ({
  candidate: rawSite(candidate),
  baseline: rawSite(baseline),
  request: request && { ...request, contentType: undefined, 'content-type': request.contentType },
  response: response && { ...response, threshold: undefined },
  also: also.length > 0 ? also : undefined,
  concurrency,
  'valid-for': time(validForSeconds),
});
const rawRegression = ({ rules, slices, minimumSupport, missing, asking: how, ...rest }: RegressionSpec): object => ({
  ...rest,
  ...rawAsking(how),
  normalization: undefined,
  rules: rules.map((one) => ({ metric: one.metric.metric, ...rawCriterion(one), level: one.level })),
  slices: slices.map(({ text }) => text),
  'minimum-support': { rows: minimumSupport.rows, 'rows-of-class': minimumSupport.rowsOfClass },
  missing: percent(missing),
});
const rawSmoke = ({ contentType, requests, ...rest }: Smoke): object => ({
  ...rest,
  'content-type': contentType,
  requests: requests.map(({ body, expect: expected }) => ({
    body,
    expect: expected && { path: expected.at, ...expected.is },
  })),
});
const rawOf = ({ environments, regression: gate, smoke: asked, versions: names, ...rest }: Manifest): object => ({
  ...rest,
  versions: names && { ...names, paths: names.paths.length === 0 ? undefined : names.paths },
  smoke: asked && rawSmoke(asked),
  regression: gate && rawRegression(gate),
  environments: Object.fromEntries(Object.entries(environments).map(([key, value]) => [key, rawEnvironment(value)])),
});
const print = (value: Manifest): string => stringify(defined(rawOf(value)));

test('what is printed is loaded back, whatever the manifest', () => {
  fc.assert(
    fc.property(manifest, (value) => {
      expect(loadManifest(print(value), 'x')).toEqual(value);
    }),
    { numRuns: 100 },
  );
});

/** Mappings whose keys the user chooses: a mutated key there is just another key. */
const free = /^ {6,}(environment|tags):$/;

const indentOf = (line = ''): number => line.search(/\S|$/);
/** A line of a text of several lines, which may look like a key. */
const isText = (lines: readonly string[], index: number): boolean => {
  const parent = lines.slice(0, index).findLast((line) => indentOf(line) < indentOf(lines[index]));
  return parent !== undefined && /[|>][-+]?$/.test(parent);
};

describe('a mutated key', () => {
  test('is always an error that names its line and column', () => {
    const misspelt = fc.constantFrom<(key: string) => string>(
      (key) => `${key}x`,
      (key) => `x${key}`,
      (key) => `${key.slice(0, 1)}${key}`,
      (key) => key.toUpperCase(),
    );
    fc.assert(
      fc.property(manifest, fc.nat(), misspelt, (value, pick, misspell) => {
        const lines = print({
          ...withoutChoices(value),
          environments: { only: withoutFreeKeys(Object.values(value.environments)[0]) },
        }).split('\n');
        const candidates = lines.flatMap((line, index) =>
          /^ *[a-z0-9-]+:( |$)/.test(line) && line.trim() !== 'only:' && !free.test(line) && !isText(lines, index)
            ? [index]
            : [],
        );
        const index = candidates[pick % candidates.length] ?? 0;
        const line = lines[index] ?? '';
        const [, indent = '', key = ''] = /^( *)([a-z0-9-]+):/.exec(line) ?? [];
        lines[index] = line.replace(key, misspell(key));
        let message = '';
        try {
          loadManifest(lines.join('\n'), 'delivery.yml');
        } catch (error) {
          if (!(error instanceof ManifestError)) throw error;
          message = error.message;
        }
        expect(
          message
            .split('\n')
            .some(
              (problem) => problem.startsWith(`delivery.yml:${index + 1}:${indent.length + 1}: `) || key === 'strategy',
            ),
        ).toBe(true);
        expect(message).toMatch(/^delivery\.yml:\d+:\d+: /);
      }),
      { numRuns: 100 },
    );
  });
});

/** A place is a word or a mapping, and an unknown key makes it neither: the mistake stands at the place. A body has keys of the user. */
const withoutChoices = ({ regression: gate, ...rest }: Manifest): Manifest =>
  gate === undefined
    ? rest
    : {
        ...rest,
        regression: {
          ...gate,
          asking: {
            ...gate.asking,
            candidate: { is: 'temporary' },
            baseline: { is: 'serving' },
            request: { contentType: 'text/csv', input: ['a'] },
          },
        },
      };

const withoutFreeKeys = (value: Environment | undefined): Environment => {
  if (!value) throw new Error('a manifest has an environment');
  return { ...value, endpoint: { ...value.endpoint, environment: {}, tags: {} } };
};

test('no text at all makes the loader fail in another way than it says', () => {
  const yamlish = fc.array(
    fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '!',
      '"',
      '|',
      '? ',
      'version: 1\n',
      'environments:\n  x:\n',
      '#',
      '%',
      '\t',
      '<<: ',
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        yamlish.map((parts) => parts.join('')),
      ),
      (text) => {
        expect(() => loadManifest(text, 'x')).toThrow(ManifestError);
      },
    ),
    { numRuns: 500 },
  );
});
