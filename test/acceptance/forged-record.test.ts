import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { history } from '../../src/commands/history.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Release, ReleaseRecord, Served } from '../../src/release/record.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { runCommand } from '../support/run-command.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const serving = async (EndpointName: string = team.endpoint): Promise<string> => {
  const { EndpointConfigName } = await account.simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName });
  return String(EndpointConfigName);
};

const deliver = async (version: '1.0.0' | '1.1.0'): Promise<string> => {
  await account.prepare(version);
  expect((await account.run(deployEndpoint, { version }))?.result.reason).toBe('delivered');
  return serving();
};

const recordNow = (): ReleaseRecord => {
  const record = account.record();
  if (record === undefined) throw new Error('nothing was recorded yet');
  return record;
};

/** What other hands made in the console: a model of an image of their choice, and a config under a name of their choice. */
const madeByOthers = async (EndpointConfigName: string, ModelName = `${EndpointConfigName}-model`): Promise<void> => {
  await account.simulator.call('sagemaker', 'CreateModel', {
    ModelName,
    ExecutionRoleArn: `arn:aws:iam::${team.account}:role/iris-serving`,
    PrimaryContainer: {
      Image: `${team.account}.dkr.ecr.eu-west-1.amazonaws.com/iris-serving@${team.imageDigest}`,
      ModelDataUrl: `s3://${team.bucket}/training/iris-1.0.0/model.tar.gz`,
    },
  });
  await account.simulator.call('sagemaker', 'CreateEndpointConfig', {
    EndpointConfigName,
    ProductionVariants: [
      {
        VariantName: team.variant,
        ModelName,
        InstanceType: 'ml.m5.large',
        InitialInstanceCount: 4,
        InitialVariantWeight: 1,
      },
    ],
  });
};

const printedHistory = async (): Promise<string> => {
  const at = { env: account.environment, seams: { clock: account.simulator.driver } };
  const args = ['--manifest', account.manifest, '--environment', team.environment];
  const { out, err } = await runCommand(history, args, at);
  return [...out, ...err].join('\n');
};

/** Everybody who reads a record; each answers with `reason-code: message`. */
const reported = (report: Report | undefined): string => `${report?.result.reason}: ${report?.result.because}`;
const readers: Readonly<Record<string, () => Promise<string>>> = {
  'deploy-endpoint': async () => reported(await account.run(deployEndpoint, { version: '1.1.0' })),
  plan: async () => reported(await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' })),
  rollback: async () => reported(await account.run(rollback, {})),
  'rollback to a version': async () => reported(await account.run(rollback, { to: '1.0.0' })),
  watchdog: async () => reported(await account.run(rollback, { 'only-expired': 'true' })),
  'shift-traffic': async () => reported(await account.run(shiftTraffic, { version: '1.1.0' })),
  'a command to the shift': async () =>
    reported(await account.run(shiftTraffic, { version: '1.1.0', operation: 'abort' })),
  history: printedHistory,
};

const mutations = (seen: ReturnType<TestAccount['watch']>) =>
  seen()
    .filter(({ mutation }) => mutation)
    .map(({ operation }) => operation);

describe('a record of something else', () => {
  test('is refused by whoever reads it, and nothing is changed', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    account.writeManifest((text) =>
      text.replace(
        /rollout: .*/,
        'rollout: { strategy: steps, steps: [10, 100], bake: 5m, minimum-requests: 600, judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 } } }',
      ),
    );
    for (const foreign of [{ endpoint: 'prices' }, { account: '999988887777' }, { region: 'us-east-1' }]) {
      account.forge({ ...recordNow(), ...foreign });
      for (const [name, read] of Object.entries(readers)) {
        const seen = account.watch();
        const answer = await read();
        expect(`${name}: ${answer}`).toContain('foreign-record');
        expect(answer).toContain('this run is about endpoint iris in eu-west-1, account ending in 3333');
        expect(mutations(seen)).toEqual([]);
      }
      account.forge({ ...recordNow(), endpoint: 'iris', account: team.account, region: team.region });
    }
  });

  test('that is no record at all ends as record-unavailable on every path', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    account.writeManifest((text) =>
      text.replace(
        /rollout: .*/,
        'rollout: { strategy: steps, steps: [10, 100], bake: 5m, minimum-requests: 600, judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 } } }',
      ),
    );
    const good = JSON.stringify(recordNow());
    for (const text of [
      '',
      'null',
      good.slice(0, -20),
      `\uFEFF${good}`,
      good.replace(/"epoch":\d+/, '"epoch":1e999'),
      good.replace(/"epoch":\d+/, '"epoch":-1'),
      good.replace(/"from":\d+/, '"from":1e300'),
      good.replace(/"history":\[/, '"history":[7,'),
      `${good.slice(0, -1)},"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      `${good.slice(0, -1)},"long":"${'x'.repeat(50 * 1024 * 1024)}"}`,
    ]) {
      account.forge(text);
      for (const [name, read] of Object.entries(readers)) {
        const seen = account.watch();
        expect(`${name}: ${await read()}`).toContain('record-unavailable');
        expect(mutations(seen)).toEqual([]);
      }
    }
  });
});

const line = (change: Partial<Served>): Served => {
  const [first] = recordNow().history;
  if (first === undefined) throw new Error('nothing served yet');
  const { version: _version, packageVersion: _package, release: _release, ...rest } = first;
  return { ...rest, from: 1000, until: 2000, good: true, ended: 'replaced', ...change };
};

/** The history with a line that says what served well before. */
const withLine = (change: Partial<Served>): ReleaseRecord => {
  const record = recordNow();
  const [now, ...before] = record.history;
  if (now === undefined) throw new Error('nothing serves');
  return { ...record, history: [now, line(change), ...before] };
};

describe('a forged line of the history', () => {
  test.each<[string, string, () => Partial<Served>, Readonly<Record<string, string>>]>([
    ['a config of others, as what served before', 'evil', () => ({ endpointConfig: 'evil', model: 'evil-model' }), {}],
    [
      'a config of others, as a version',
      'evil',
      () => ({ endpointConfig: 'evil', model: 'evil-model', version: '0.9.0', packageVersion: 1 }),
      { to: '0.9.0' },
    ],
    [
      'a config of others under a name of the suite’s form',
      'iris-0-9-0-deadbeef',
      () => ({
        endpointConfig: 'iris-0-9-0-deadbeef',
        model: 'iris-0-9-0-deadbeef-model',
        version: '0.9.0',
        packageVersion: 1,
      }),
      { to: '0.9.0' },
    ],
  ])('%s: refused, and nothing is changed', async (_what, made, change, inputs) => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    await madeByOthers(made);
    account.forge(withLine(change()));
    const before = await serving();
    const seen = account.watch();
    const report = await account.run(rollback, inputs);
    expect(reported(report)).toMatch(/^foreign-config: the release record of iris names /);
    expect(mutations(seen)).toEqual([]);
    expect(await serving()).toBe(before);
  });

  test('the suite’s own config of another version does not pass for it', async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    const old = recordNow().history.find(({ version }) => version === '1.0.0');
    const { endpointConfig, model, packageVersion } = old ?? line({});
    for (const version of ['0.9.0', '1.0.0-rc.1']) {
      account.forge(withLine({ endpointConfig, model, version, packageVersion: packageVersion ?? 0 }));
      const report = await account.run(rollback, { to: version });
      expect(reported(report)).toMatch(/^foreign-config: .* its name is not this suite.s name/);
    }
  });

  test('the suite’s own config on a model of others does not pass', async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    const { endpointConfig, packageVersion } =
      recordNow().history.find(({ version }) => version === '1.0.0') ?? line({});
    account.forge(
      withLine({ endpointConfig, model: 'iris-1-0-0-deadbeef', version: '1.0.0', packageVersion: packageVersion ?? 0 }),
    );
    await madeByOthers('elsewhere', 'iris-1-0-0-deadbeef');
    expect(reported(await account.run(rollback, { to: '1.0.0' }))).toMatch(
      /^foreign-config: .* its model is iris-1-0-0-/,
    );
  });

  test('a config of others on the suite’s own model does not pass: its name is not that of its content', async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    const { model, packageVersion } = recordNow().history.find(({ version }) => version === '1.0.0') ?? line({});
    const endpointConfig = 'iris-1-0-0-deadbeef';
    await account.simulator.call('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: endpointConfig,
      ProductionVariants: [
        { VariantName: team.variant, ModelName: model, InstanceType: 'ml.m5.large', InitialInstanceCount: 4 },
      ],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: 's3://elsewhere/captured',
        CaptureOptions: [{ CaptureMode: 'Input' }],
      },
    });
    account.forge(withLine({ endpointConfig, model, version: '1.0.0', packageVersion: packageVersion ?? 0 }));
    expect(reported(await account.run(rollback, { to: '1.0.0' }))).toMatch(
      /^foreign-config: .* its name is not this suite.s name/,
    );
  });

  test('a package that is not the version’s does not pass', async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    const record = recordNow();
    account.forge({ ...record, history: record.history.map((entry) => ({ ...entry, packageVersion: 9 })) });
    expect(reported(await account.run(rollback, { to: '1.0.0' }))).toMatch(
      /^foreign-config: .* was made of model-package\/iris\/1, not of package 9 of iris/,
    );
  });
});

describe('a forged live release', () => {
  const forged = (change: (release: Release) => Partial<Release>): void => {
    const record = recordNow();
    const [last] = record.ended;
    if (last === undefined) throw new Error('nothing was released yet');
    const { outcome: _outcome, reason: _reason, because: _because, endedAt: _endedAt, ...release } = last;
    const live: Release = {
      ...release,
      id: `iris-1.0.0-aaaaaaaa-${record.epoch + 1}`,
      phase: 'preparing',
      lease: { holder: 'a run that died', until: 1 },
      witnessed: {},
      alarms: [],
      ...change(release),
    };
    account.forge({ ...record, live });
  };

  test('of a rollback publishes nothing that the suite did not make', async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    await madeByOthers('evil');
    const before = await serving();
    forged(({ candidate, submission: { variant } }) => ({
      operation: 'rollback',
      baseline: candidate,
      candidate: { ...line({}), endpointConfig: 'evil', model: 'evil-model' },
      version: 'evil',
      submission: { mechanism: 'replacement', kind: 'update', variant, exclude: [], expectedSeconds: 300 },
    }));
    const seen = account.watch();
    expect(reported(await account.run(rollback, {}))).toMatch(/^foreign-config: /);
    expect(mutations(seen).filter((operation) => operation !== 'PutObject')).toEqual([]);
    expect(await serving()).toBe(before);
    // It is over: the next one finds a free endpoint.
    expect(recordNow().live).toBeUndefined();
  });

  test('removes no alarm of an endpoint whose name begins with this one’s', async () => {
    await account.inProduction('1.0.0');
    const alarm = (AlarmName: string, endpoint: string): Promise<unknown> =>
      account.simulator.call('cloudwatch', 'PutMetricAlarm', {
        AlarmName,
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocation5XXErrors',
        Dimensions: [{ Name: 'EndpointName', Value: endpoint }],
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      });
    const theirs = 'iris-2-1-0-0-aaaaaaaa-errors-bbbbbbbb';
    const own = 'iris-1-0-0-aaaaaaaa-errors-bbbbbbbb';
    await alarm(theirs, 'iris-2');
    await alarm(own, 'iris');
    forged(() => ({ phase: 'settling', alarms: [own, theirs] }));
    await account.run(rollback, { 'only-expired': 'true' });
    const { MetricAlarms } = await account.simulator.call('cloudwatch', 'DescribeAlarms', {
      AlarmNames: [own, theirs],
    });
    expect(MetricAlarms).toMatchObject([{ AlarmName: theirs }]);
    expect(recordNow().live).toBeUndefined();
  });

  test('of a delivery submits nothing but what this run makes of the manifest', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await madeByOthers('evil');
    const before = await serving();
    // It begins, and dies before it has published anything.
    await account.run(
      deployEndpoint,
      { version: '1.1.0' },
      { death: { atCall: 'sagemaker.createModel', received: false } },
    );
    const record = recordNow();
    if (record.live === undefined) throw new Error('the release did not begin');
    account.forge({
      ...record,
      live: { ...record.live, candidate: { ...record.live.candidate, endpointConfig: 'evil' } },
    });
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(reported(report)).toMatch(/^plan-changed: the release record has evil for /);
    expect(await serving()).toBe(before);
  });
});

describe('a rollback that is right goes through', () => {
  test('to an older version, and to one that was delivered at a second attempt', async () => {
    await account.inProduction('1.0.0');
    const first = await serving();
    await deliver('1.1.0');
    await account.run(rollback, {});
    const again = await account.run(deployEndpoint, { version: '1.1.0', retry: 'true' });
    expect(again?.result.reason).toBe('delivered');
    const second = await serving();
    expect(recordNow().ended[0]?.attempt).toBe(2);
    expect(reported(await account.run(rollback, { to: '1.0.0' }))).toMatch(/^restored/);
    expect(await serving()).toBe(first);
    expect(reported(await account.run(rollback, { to: '1.1.0' }))).toMatch(/^restored/);
    expect(await serving()).toBe(second);
  });

  test('to what others had made and the suite took over, as the endpoint itself says', async () => {
    await account.inProduction('1.0.0');
    account.stopTraffic();
    await madeByOthers('by-hand');
    await account.simulator.call('sagemaker', 'UpdateEndpoint', {
      EndpointName: team.endpoint,
      EndpointConfigName: 'by-hand',
    });
    await account.pass(1_200_000);
    account.writeManifest((text) =>
      text.replace(/rollout: .*/, 'rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }'),
    );
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    expect(reported(await account.run(rollback, {}))).toMatch(/^restored/);
    expect(await serving()).toBe('by-hand');
    // By name, as the history lists it, too.
    expect(reported(await account.run(rollback, { to: '1.1.0' }))).toMatch(/^restored/);
    expect(reported(await account.run(rollback, { to: 'by-hand' }))).toMatch(/^restored/);
    expect(await serving()).toBe('by-hand');
    expect(reported(await account.run(rollback, { to: 'by-nobody' }))).toMatch(/^nothing-to-roll-back-to/);
  });
});
