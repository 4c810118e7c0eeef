import { expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { described, endOf, linesOf, madeByHand } from '../support/adopted.ts';
import { type LegalEndpoint, legalAsynchronous, legalEndpoint, legalServerless } from '../support/legal-settings.ts';
import { fc } from '../support/properties.ts';

/**
 * Whatever legal settings an endpoint of others has: a delivery loses none that the manifest does not have, and the plan has one line for
 * each value that AWS then describes differently. The test flattens AWS's answers itself, without the table of settings.
 */
type Values = ReadonlyMap<string, unknown>;
type Described = Awaited<ReturnType<typeof described>>;

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const valuesOf = ({ config, variant, model }: Described): Values => {
  const found = new Map<string, unknown>();
  const walk = (path: string, value: unknown): void => {
    const children = isMembers(value)
      ? Object.entries(value)
      : Array.isArray(value) && value.some(isMembers) && !path.endsWith('CaptureOptions')
        ? value.map((item, index) => [String(index + 1), item] as const)
        : [];
    if (children.length > 0) for (const [name, child] of children) walk(`${path}.${name}`, child);
    else if (path.includes('.')) found.set(path, path.endsWith('CaptureOptions') ? sides(value) : value);
  };
  const { EndpointConfigName: _n, EndpointConfigArn: _a, CreationTime: _t, ProductionVariants: _v, ...around } = config;
  const { VariantName: _name, InitialVariantWeight: _weight, ...own } = variant;
  const { ModelName: _m, ModelArn: _ma, CreationTime: _mt, PrimaryContainer: container, ...rest } = model;
  for (const [part, members] of Object.entries({ config: around, variant: own, model: rest, container }))
    walk(part, members);
  // AWS's defaults: the same with and without them.
  for (const path of ['config.EnableNetworkIsolation', 'model.EnableNetworkIsolation'])
    if (found.get(path) === false) found.delete(path);
  if (config['DataCaptureConfig'] && !found.has('config.DataCaptureConfig.EnableCapture'))
    found.set('config.DataCaptureConfig.EnableCapture', true);
  return found;
};

const sides = (value: unknown): unknown =>
  [
    ...(value as readonly { readonly CaptureMode: string }[]).flatMap(({ CaptureMode: mode }) =>
      mode === 'InputAndOutput' ? ['Input', 'Output'] : [mode],
    ),
  ].sort();

const changed = (before: Values, after: Values): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => JSON.stringify(before.get(path)) !== JSON.stringify(after.get(path)),
  );

/** The version's own content, and the model that it is made into. */
const ofVersion = /^(variant\.ModelName$|container\.(Image|ModelDataUrl|ModelPackageName|Environment))/;
const arrows = (report: Report | undefined): readonly string[] =>
  linesOf(report).filter((line) => line.includes(' → ') && !isSwap(line));
/** `made-by-hand → iris-1-1-0-…`: the endpoint's own change. */
const isSwap = (line: string): boolean => /^\S+ → \S+$/.test(line);

/** The manifest has a value for a key, or gives its setting up. */
interface Said {
  readonly routing: boolean;
  readonly volume: boolean;
  readonly ami: boolean;
  readonly role: boolean;
  readonly protections: 'none' | 'own';
  readonly environment: boolean;
  /** Another instance type: the settings that may not fit there are given up. */
  readonly otherType: boolean;
}
const said: fc.Arbitrary<Said> = fc.record({
  routing: fc.boolean(),
  volume: fc.boolean(),
  ami: fc.boolean(),
  role: fc.boolean(),
  protections: fc.constantFrom('none', 'own'),
  environment: fc.boolean(),
  otherType: fc.boolean(),
});

/** By the manifests of both versions. A model without a role cannot serve, so its key stays. */
const saidTwice = fc.tuple(said, said).map(([first, second]) => [first, { ...second, role: first.role }] as const);

/** Kinds of endpoints that others made, and the keys without which a manifest makes another kind. */
interface Kind {
  readonly endpoint: fc.Arbitrary<LegalEndpoint>;
  readonly onInstances: boolean;
  readonly basis: (says: Said) => readonly string[];
}
const instances = ({ otherType }: Said): string =>
  `instance: { type: ${otherType ? 'ml.c5.xlarge' : 'ml.m5.large'}, count: 4 }`;
const kinds = {
  instances: { endpoint: legalEndpoint, onInstances: true, basis: (says) => [instances(says)] },
  asynchronous: {
    endpoint: legalAsynchronous,
    onInstances: true,
    basis: (says) => [instances(says), 'async: { output: s3://ml-artifacts/answers }'],
  },
  serverless: {
    endpoint: legalServerless,
    onInstances: false,
    basis: () => ['serverless: { memory: 4096, max-concurrency: 200 }'],
  },
} as const satisfies Readonly<Record<string, Kind>>;

const linesFor = (says: Said, { onInstances, basis }: Kind): readonly string[] => [
  ...basis(says),
  ...(onInstances ? linesOfInstances(says) : []),
  ...(says.environment ? ['environment: { MODE: strict }'] : []),
  ...(says.protections === 'none' ? ['kms-key: none'] : ['kms-key: alias/own']),
];

const linesOfInstances = (says: Said): readonly string[] => [
  ...(says.routing ? ['routing: random'] : []),
  ...(says.volume ? ['volume-size-gb: 77'] : []),
  ...(says.ami ? ['inference-ami-version: al2-ami-sagemaker-inference-gpu-3-1'] : []),
  ...(says.otherType && !says.ami ? ['inference-ami-version: none'] : []),
  ...(says.otherType ? ['managed-instance-scaling: none', 'capacity-reservation: none'] : []),
  ...(says.protections === 'none'
    ? ['vpc: none', 'network-isolation: none', 'data-capture: none']
    : [
        'vpc: { subnets: [subnet-1], security-groups: [sg-1] }',
        'network-isolation: true',
        'data-capture: { s3: s3://ml-artifacts/own, sampling-percent: 9, kms-key: alias/captured }',
      ]),
];

/** Paths that the manifest decides. AWS has no accelerators any more. */
const saidPaths = (says: Said): readonly RegExp[] => [
  /^(variant\.(InstanceType|InitialInstanceCount|AcceleratorType)$|config\.(KmsKeyId|DataCaptureConfig)|model\.(VpcConfig|EnableNetworkIsolation))/,
  /^(variant\.ServerlessConfig\.(MemorySizeInMB|MaxConcurrency)|config\.AsyncInferenceConfig\.OutputConfig\.S3OutputPath)$/,
  ...(says.routing ? [/^variant\.RoutingConfig/] : []),
  ...(says.volume ? [/^variant\.VolumeSizeInGB/] : []),
  ...(says.ami ? [/^variant\.InferenceAmiVersion/] : []),
  ...(says.otherType ? [/^variant\.(InferenceAmiVersion|ManagedInstanceScaling|CapacityReservationConfig)/] : []),
];

const write = (account: TestAccount, says: Said, kind: Kind, rollout: string): void =>
  account.writeManifest(() =>
    manifestText({ endpoint: linesFor(says, kind) })
      .replace(/rollout: .*/, `rollout: { ${rollout} }`)
      .replace('      execution-role: iris-serving\n', (key) => (says.role ? key : '      pinning: none\n')),
  );

/** @param says of the manifests before and after: a key that is there no more ends its setting, too */
const expectNothingLost = (before: Values, after: Values, says: readonly Said[], report: Report | undefined): void => {
  const lost = [...before.keys()].filter(
    (path) =>
      JSON.stringify(before.get(path)) !== JSON.stringify(after.get(path)) &&
      !ofVersion.test(path) &&
      !says.flatMap(saidPaths).some((said) => said.test(path)),
  );
  expect(lost).toEqual([]);
  const different = changed(before, after);
  expect({ lines: arrows(report).length, of: arrows(report) }).toEqual({
    lines: different.length,
    of: expect.any(Array),
  });
  for (const path of different) {
    const name = path.split('.').at(-1) ?? '';
    const given = after.get(path) ?? before.get(path);
    const value = (isMembers(given) ? JSON.stringify(given) : String(given))
      .replace(/^arn:[^:]*:[^:]*:[^:]*:[^:]*:/, '')
      .replace(team.account, '<account>');
    const shown = value === 'true' ? 'on' : value === 'false' ? 'off' : value.replaceAll(',', ', ');
    expect(arrows(report).some((line) => line.includes(shown) || line.includes(name) || line.includes('***'))).toBe(
      true,
    );
  }
};

/** Delivers a version to its end; the report has the plan of the model and the config that serve afterwards. */
type Delivery = (account: TestAccount, version: string) => Promise<Report | undefined>;

const atOnce: Delivery = async (account, version) => {
  const report = await account.run(deployEndpoint, { version });
  expect([endOf(report), report?.result.because]).toEqual(['succeeded/delivered', expect.any(String)]);
  return report;
};

/** Both swaps; each plan has a line for each difference. */
const inSteps: Delivery = async (account, version) => {
  const dark = await account.run(deployEndpoint, { version });
  expect([endOf(dark), dark?.result.because]).toEqual(['succeeded/candidate-dark', expect.any(String)]);
  const before = valuesOf(await described(account));
  const shifted = await account.run(shiftTraffic, { version });
  expect([endOf(shifted), shifted?.result.because]).toEqual(['succeeded/delivered', expect.any(String)]);
  expect(arrows(shifted)).toHaveLength(changed(before, valuesOf(await described(account))).length);
  return dark;
};

interface Played {
  readonly kind: Kind;
  /** The rollouts of the two versions: each strategy has its turn. */
  readonly rollouts: readonly [first: string, second: string];
  readonly deliver: Delivery;
  readonly runs: number;
}
const unproven = 'minimum-requests: 0';
const allAtOnce = `strategy: all-at-once, final-bake: 5m, ${unproven}`;
const rolling = `strategy: rolling, batch: 50%, bake: 6m, ${unproven}`;
const canary = `strategy: canary, size: 25%, bake: 5m, final-bake: 5m, ${unproven}`;
const linear = `strategy: linear, step: 50%, bake: 5m, final-bake: 5m, ${unproven}`;
const steps = `${rollouts.steps}, minimum-requests: 600, max-step: 6h`;
const unguarded = `${rollouts.unguarded}, ${unproven}`;

const plays: Readonly<Record<string, Played>> = {
  'all-at-once, then canary': { kind: kinds.instances, rollouts: [allAtOnce, canary], deliver: atOnce, runs: 4 },
  'rolling, then linear': { kind: kinds.instances, rollouts: [rolling, linear], deliver: atOnce, runs: 3 },
  steps: { kind: kinds.instances, rollouts: [steps, steps], deliver: inSteps, runs: 2 },
  'asynchronous, canary, then all-at-once': {
    kind: kinds.asynchronous,
    rollouts: [canary, allAtOnce],
    deliver: atOnce,
    runs: 3,
  },
  serverless: { kind: kinds.serverless, rollouts: [unguarded, unguarded], deliver: atOnce, runs: 3 },
};

const play = async (
  { kind, rollouts: [one, two], deliver }: Played,
  endpoint: LegalEndpoint,
  [says, then]: readonly [first: Said, second: Said],
): Promise<void> => {
  const account = await openAccount();
  try {
    await account.prepare('1.0.0');
    await account.prepare('1.1.0');
    await madeByHand(account, endpoint);
    if (deliver === inSteps) {
      const { endpoint: name, requestsPerSecond } = team;
      account.simulator.traffic({ endpoint: name, requestsPerSecond, seed: 20_260_105 });
      await account.pass(1_200_000);
    }
    write(account, says, kind, one);
    const byOthers = valuesOf(await described(account));
    const forward = await deliver(account, '1.0.0');
    const first = valuesOf(await described(account));
    expectNothingLost(byOthers, first, [says], forward);

    write(account, then, kind, two);
    const next = await deliver(account, '1.1.0');
    const second = valuesOf(await described(account));
    expectNothingLost(first, second, [says, then], next);
    expect(endOf(await account.run(deployEndpoint, { version: '1.1.0' }))).toBe('succeeded/already-delivered');

    const back = await account.run(rollback, {});
    expect(endOf(back)).toBe('succeeded/restored');
    const third = valuesOf(await described(account));
    expect(third).toEqual(first);
    expect(arrows(back)).toHaveLength(changed(second, third).length);

    write(account, says, kind, two);
    await account.simulator.call('sagemaker', 'DeleteEndpoint', { EndpointName: team.endpoint });
    await account.pass(600_000);
    const again = await account.run(deployEndpoint, { version: '1.0.0' });
    expect(endOf(again)).toBe('succeeded/delivered');
    expect(valuesOf(await described(account))).toEqual(third);
    expect(again?.result.plan?.changes.slice(0, 2).map(({ verb }) => verb)).toEqual(['reuse', 'reuse']);
  } finally {
    await account.close();
  }
};

test.each(Object.entries(plays))(
  '%s: forward, back and created again, no setting is lost, and each difference is a line',
  async (_title, played) => {
    await fc.assert(
      fc.asyncProperty(played.kind.endpoint, saidTwice, (endpoint, says) => play(played, endpoint, says)),
      { numRuns: played.runs },
    );
  },
);
