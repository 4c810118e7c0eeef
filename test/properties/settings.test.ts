import { expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { described, endOf, linesOf, madeByHand } from '../support/adopted.ts';
import { type LegalEndpoint, legalEndpoint } from '../support/legal-settings.ts';
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

/** The manifest has a value for a key, or gives its protection up. */
interface Said {
  readonly routing: boolean;
  readonly volume: boolean;
  readonly ami: boolean;
  readonly role: boolean;
  readonly protections: 'none' | 'own';
  readonly environment: boolean;
}
const said: fc.Arbitrary<Said> = fc.record({
  routing: fc.boolean(),
  volume: fc.boolean(),
  ami: fc.boolean(),
  role: fc.boolean(),
  protections: fc.constantFrom('none', 'own'),
  environment: fc.boolean(),
});

const linesFor = (says: Said): readonly string[] => [
  ...(says.routing ? ['routing: random'] : []),
  ...(says.volume ? ['volume-size-gb: 77'] : []),
  ...(says.ami ? ['inference-ami-version: al2-ami-sagemaker-inference-gpu-3-1'] : []),
  ...(says.environment ? ['environment: { MODE: strict }'] : []),
  ...(says.protections === 'none'
    ? ['kms-key: none', 'vpc: none', 'network-isolation: none', 'data-capture: none']
    : [
        'kms-key: alias/own',
        'vpc: { subnets: [subnet-1], security-groups: [sg-1] }',
        'network-isolation: true',
        'data-capture: { s3: s3://ml-artifacts/own, sampling-percent: 9, kms-key: alias/captured }',
      ]),
];

/** Paths that the manifest decides. */
const saidPaths = (says: Said): readonly RegExp[] => [
  /^(variant\.(InstanceType|InitialInstanceCount)$|config\.(KmsKeyId|DataCaptureConfig)|model\.(VpcConfig|EnableNetworkIsolation))/,
  ...(says.routing ? [/^variant\.RoutingConfig/] : []),
  ...(says.volume ? [/^variant\.VolumeSizeInGB/] : []),
  ...(says.ami ? [/^variant\.InferenceAmiVersion/] : []),
];

const write = (account: TestAccount, says: Said, rollout: string): void =>
  account.writeManifest((text) =>
    text.replace(/rollout: .*/, `rollout: { ${rollout} }`).replace(
      'execution-role: iris-serving\n',
      (key) =>
        `${says.role ? key : `pinning: none\n`}${linesFor(says)
          .map((line) => `      ${line}\n`)
          .join('')}`,
    ),
  );

const expectNothingLost = (before: Values, after: Values, says: Said, report: Report | undefined): void => {
  const lost = [...before.keys()].filter(
    (path) =>
      JSON.stringify(before.get(path)) !== JSON.stringify(after.get(path)) &&
      !ofVersion.test(path) &&
      !saidPaths(says).some((said) => said.test(path)),
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

const guarded = 'strategy: all-at-once, final-bake: 5m, minimum-requests: 0';

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

const strategies: Readonly<
  Record<string, { readonly rollout: string; readonly deliver: Delivery; readonly runs: number }>
> = {
  'all-at-once': { rollout: guarded, deliver: atOnce, runs: 6 },
  rolling: {
    rollout: 'strategy: rolling, batch: 50%, bake: 6m, minimum-requests: 0',
    deliver: atOnce,
    runs: 2,
  },
  steps: { rollout: `${rollouts.steps}, minimum-requests: 600, max-step: 6h`, deliver: inSteps, runs: 2 },
};

const played = async (endpoint: LegalEndpoint, says: Said, rollout: string, deliver: Delivery): Promise<void> => {
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
    write(account, says, rollout);
    const byOthers = valuesOf(await described(account));
    const forward = await deliver(account, '1.0.0');
    const first = valuesOf(await described(account));
    expectNothingLost(byOthers, first, says, forward);

    const next = await deliver(account, '1.1.0');
    const second = valuesOf(await described(account));
    expectNothingLost(first, second, says, next);
    expect(endOf(await account.run(deployEndpoint, { version: '1.1.0' }))).toBe('succeeded/already-delivered');

    const back = await account.run(rollback, {});
    expect(endOf(back)).toBe('succeeded/restored');
    const third = valuesOf(await described(account));
    expect(third).toEqual(first);
    expect(arrows(back)).toHaveLength(changed(second, third).length);

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

test.each(Object.entries(strategies))(
  '%s: forward, back and created again, no setting is lost, and each difference is a line',
  async (_strategy, { rollout, deliver, runs }) => {
    await fc.assert(
      fc.asyncProperty(legalEndpoint, said, (endpoint, says) => played(endpoint, says, rollout, deliver)),
      { numRuns: runs },
    );
  },
);
