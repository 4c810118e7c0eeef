import { afterEach, expect, test } from '@jest/globals';
import { defaultRoles } from '../../simulator/simulator.ts';
import { minutes } from '../../src/clock.ts';
import { propertiesOf, resourcesOf } from '../../src/rehearsal/cloudformation.ts';
import { fleetResources, fleetText, type Rolled, workerArn } from '../../src/rehearsal/fleet.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { accounts, byRole, share, sharedManifest } from '../../src/rehearsal/two-accounts.ts';
import type { TestAccount } from '../support/account.ts';
import { type FleetStage, fleetOf, openFleetStage } from '../support/fleet.ts';
import { openSharedAccount, registerInTooling } from '../support/shared-registry.ts';

// Fleets: the committed template's own definition of the state machine, over the turns of the Lambda function.

let stage: FleetStage | undefined;
let shared: TestAccount | undefined;
afterEach(async () => {
  await stage?.account.close();
  await shared?.close();
  stage = undefined;
  shared = undefined;
});

/** `first: iris-a succeeded/delivered`. */
const endsOf = ({ report }: Rolled): readonly string[] =>
  report?.waves.flatMap(({ name, endpoints, 'rolled-back': back = [] }) => [
    ...endpoints.map(({ endpoint, outcome, reason }) => `${name}: ${endpoint} ${outcome}/${reason}`),
    ...back.map(({ endpoint, outcome, reason }) => `${name}, back: ${endpoint} ${outcome}/${reason}`),
  ]) ?? [];

const [a, b, c, d] = ['iris-a', 'iris-b', 'iris-c', 'iris-d'] as const;

test('endpoints get the version in two waves, with a bake between them; a second execution changes nothing', async () => {
  stage = await openFleetStage([a, b, c], rollouts.unguarded);
  stage.write(fleetText([a, b, c], '{ name: first, count: 1, bake: 1h }, { name: rest }'));
  const rolled = await stage.roll('one');
  expect(rolled.end).toMatchObject({
    status: 'SUCCEEDED',
    output: { because: '3 of 3 endpoints serve 1.1.0, in 2 waves' },
  });
  expect(endsOf(rolled)).toEqual([
    'first: iris-a succeeded/delivered',
    'rest: iris-b succeeded/delivered',
    'rest: iris-c succeeded/delivered',
  ]);
  const [first, rest] = rolled.report?.waves ?? [];
  expect(Date.parse(rest?.began ?? '') - Date.parse(first?.ended ?? '')).toBe(minutes(60));
  const serves = await stage.serving();
  expect([...serves.values()].every((config) => /-1-1-0-/.test(config))).toBe(true);

  const seen = stage.account.watch();
  expect(endsOf(await stage.roll('two'))).toEqual(
    endsOf(rolled).map((line) => line.replace('/delivered', '/already-delivered')),
  );
  expect(seen().filter(({ service, mutation }) => service === 'sagemaker' && mutation)).toEqual([]);
});

test('a wave that goes bad stops the line: nothing more begins, and what was delivered stays', async () => {
  stage = await openFleetStage([a, b, c, d], rollouts.unguarded);
  stage.write(
    fleetText(
      [a, b, c, d],
      '{ name: first, count: 1, bake: 10m }, { name: second, count: 2, bake: 10m }, { name: rest }',
    ),
  );
  const before = await stage.serving();
  stage.account.simulator.harm.silentRollback(b);
  const rolled = await stage.roll('one');
  const because = `1 of 2 endpoints of wave second failed, and 0 may: iris-b rolled-back/cause-unknown; 1 was not begun`;
  expect(rolled.end).toMatchObject({ status: 'FAILED', error: 'LineStopped', cause: expect.stringContaining(because) });
  expect(rolled.report).toMatchObject({ outcome: 'stopped', because });
  expect(endsOf(rolled)).toEqual([
    'first: iris-a succeeded/delivered',
    'second: iris-b rolled-back/cause-unknown',
    'second: iris-c cancelled/line-stopped',
  ]);
  const after = await stage.serving();
  expect([...after].filter(([name, config]) => before.get(name) !== config).map(([name]) => name)).toEqual([a]);
});

test('where the fleet declares it, what the execution delivered goes back, the youngest wave first', async () => {
  stage = await openFleetStage([a, b, c], rollouts.unguarded);
  stage.write(fleetText([a, b, c], '{ name: first, count: 1, bake: 10m }, { name: rest }', 'on-stop: roll-back-all'));
  const before = await stage.serving();
  stage.account.simulator.harm.silentRollback(c);
  const rolled = await stage.roll('one');
  expect(endsOf(rolled)).toEqual([
    'first: iris-a succeeded/delivered',
    'first, back: iris-a succeeded/restored',
    'rest: iris-b succeeded/delivered',
    'rest: iris-c rolled-back/cause-unknown',
    'rest, back: iris-b succeeded/restored',
  ]);
  expect(rolled.end).toMatchObject({ status: 'FAILED' });
  expect(rolled.report?.because).toMatch(/; 1 endpoint of wave rest went back; 1 endpoint of wave first went back$/);
  expect(await stage.serving()).toEqual(before);
});

test('a new execution goes on where one died, in the middle of a release', async () => {
  stage = await openFleetStage([a, b], rollouts.unguarded);
  const { clock } = stage.account.simulator;
  stage.write(fleetText([a, b], '{ name: first, count: 1, bake: 10m }, { name: rest }'));
  const seen = stage.account.watch();
  const updated = (): readonly unknown[] =>
    seen().flatMap(({ operation, input }) => (operation === 'UpdateEndpoint' ? [input] : []));
  const died = await stage.roll('one', { isStopped: () => updated().length === 2 });
  expect(died.end.status).toBe('ABORTED');
  expect(clock.now()).toBeGreaterThan(0);
  const rolled = await stage.roll('two');
  expect(endsOf(rolled)).toEqual(['first: iris-a succeeded/already-delivered', 'rest: iris-b succeeded/delivered']);
  expect(updated()).toHaveLength(2);
});

test('an alarm of a place that is red at the end of a bake stops the line; so does one that is missing', async () => {
  stage = await openFleetStage([a, b], rollouts.unguarded);
  const { account } = stage;
  const text = fleetText([a, b], '{ name: first, count: 1, bake: 10m }, { name: rest }');
  const watched = text.replace('    endpoints:', '    alarms: [tenant-errors]\n    endpoints:');
  stage.write(watched);
  const missing = await stage.roll('one');
  expect(missing.end).toMatchObject({
    cause: expect.stringContaining(
      'red during the bake of wave first: tenant-errors (there is no such alarm) in eu-west-1',
    ),
  });
  await account.simulator.call('cloudwatch', 'PutMetricAlarm', {
    ...{ AlarmName: 'tenant-errors', Namespace: 'Acme', MetricName: 'Errors', Statistic: 'Sum', Period: 60 },
    ...{
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'breaching',
    },
  });
  const red = await stage.roll('two');
  expect(red.end).toMatchObject({
    status: 'FAILED',
    cause: expect.stringContaining('red during the bake of wave first: tenant-errors in eu-west-1'),
  });
  expect(endsOf(red)).toEqual(['first: iris-a succeeded/already-delivered']);
});

test('by steps an endpoint comes up dark and walks them; a version that the judge convicts stops the line', async () => {
  stage = await openFleetStage([a, b], rollouts.unguarded);
  const { account } = stage;
  account.simulator.traffic({ endpoint: a, requestsPerSecond: team.requestsPerSecond, seed: 7 });
  await account.pass(minutes(20));
  await account.prepare('1.4.0');
  // The few requests of this endpoint take long to prove a latency by.
  const manifest = manifestText({ rollout: `${rollouts.steps}, max-step: 6h` });
  stage.write(fleetText([a, b], '{ name: first, count: 1, bake: 10m }, { name: rest }'), manifest);
  const before = await stage.serving();
  const bad = await stage.roll('one', { version: '1.4.0' });
  expect(endsOf(bad)).toEqual(['first: iris-a rolled-back/convicted']);
  expect(bad.end).toMatchObject({ status: 'FAILED', error: 'LineStopped' });
  expect((await stage.serving()).get(b)).toBe(before.get(b));

  stage.write(fleetText([a], '{ name: all }'), manifest);
  const good = await stage.roll('two');
  expect(endsOf(good)).toEqual(['all: iris-a succeeded/delivered']);
  expect(good.log.filter((line) => line.includes('without traffic'))).not.toEqual([]);
  const { ProductionVariants, EndpointConfigName } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: a,
  });
  expect(ProductionVariants).toMatchObject([{ VariantName: team.variant, CurrentWeight: 1 }]);
  expect(EndpointConfigName).toContain('-1-1-0-');
});

test('endpoints of two accounts, of one name, are delivered by the roles of their accounts from one registry', async () => {
  shared = await openSharedAccount();
  const { simulator } = shared;
  await share(simulator);
  await registerInTooling(shared, '1.0.0', true);
  await registerInTooling(shared, '1.1.0', true);
  const { write, roll } = fleetOf(shared, sharedManifest({ staging: byRole, production: byRole }));
  const ids = [accounts.production, accounts.staging];
  const place = (id: string) =>
    `{ account: "${id}", region: ${team.region}, max-concurrent: 1, requests-per-second: 100, endpoints: [${team.endpoint}] }`;
  write(`version: 1
environment: production
places: [${ids.map(place).join(', ')}]
waves: [{ name: all }]
`);
  const ends = ({ report }: Rolled) =>
    report?.waves.flatMap(({ endpoints }) => endpoints.map(({ account, reason }) => `${account} ${reason}`));
  const serving = () =>
    Promise.all(
      ids.map(async (id) => {
        const { call } = simulator.account(id);
        const found = await call('sagemaker', 'DescribeEndpoint', { EndpointName: team.endpoint });
        return /-1-[01]-0-/.exec(String(found['EndpointConfigName']))?.[0];
      }),
    );
  const first = await roll('one', { version: '1.0.0' });
  expect(ends(first)).toEqual(ids.map((id) => `${id} delivered`));
  expect(await serving()).toEqual(['-1-0-0-', '-1-0-0-']);

  const seen = shared.watch();
  simulator.account(accounts.staging).harm.silentRollback(team.endpoint);
  const second = await roll('two');
  expect(ends(second)).toEqual([`${accounts.production} delivered`, `${accounts.staging} cause-unknown`]);
  expect(await serving()).toEqual(['-1-1-0-', '-1-0-0-']);
  const updates = seen().filter(({ operation, mutation }) => operation === 'UpdateEndpoint' && mutation);
  expect(updates.map(({ principal }) => /::(\d+):assumed-role\/model-deployer/.exec(principal)?.[1]).sort()).toEqual(
    ids,
  );
});

test('the function needs the permissions of its role and of the template, no more and no less', async () => {
  const role = `arn:aws:iam::${team.account}:role/delivery-worker`;
  stage = await openFleetStage([a, b], rollouts.unguarded, { roles: [...defaultRoles, 'delivery-worker'] });
  const { simulator } = stage.account;
  const { Credentials } = await simulator.call('sts', 'AssumeRole', {
    RoleArn: role,
    RoleSessionName: 'delivery-worker',
  });
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials as Readonly<Record<string, string>>;
  const worker = resourcesOf('worker', {
    ...{ CodeBucket: 'code', CodeKey: 'worker.zip' },
    AssumableRoles: `arn:aws:iam::${team.account}:role/model-deployer`,
  });
  for (const { PolicyDocument } of propertiesOf(worker, 'Role').Policies ?? [])
    simulator.attachPolicy(role, PolicyDocument);
  const { PolicyDocument, Roles } = propertiesOf(fleetResources(), 'Files');
  expect(Roles).toEqual(['delivery-worker']);
  simulator.attachPolicy(role, PolicyDocument);
  stage.write(fleetText([a, b], '{ name: first, count: 1, bake: 10m, tolerated-failures: 1 }, { name: rest }'));
  simulator.harm.silentRollback(a);
  const seen = stage.account.watch();
  const rolled = await stage.roll('one', {
    variables: {
      ...{ AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey, AWS_SESSION_TOKEN: SessionToken },
    },
  });
  expect(endsOf(rolled)).toEqual(['first: iris-a rolled-back/cause-unknown', 'rest: iris-b succeeded/delivered']);
  const own = seen().filter(({ principal }) => principal.includes('assumed-role/delivery-worker/'));
  expect(own.filter(({ status }) => status === 403)).toEqual([]);
  const used = own.flatMap(({ service, operation }) =>
    service === 's3' ? [`s3:${operation === 'ListObjectsV2' ? 'ListBucket' : operation}`] : [],
  );
  expect([...new Set(used)].sort()).toEqual(PolicyDocument.Statement.flatMap(({ Action }) => Action).sort());
  const [turns] = (propertiesOf(fleetResources(), 'Role').Policies ?? []).flatMap(
    ({ PolicyDocument: { Statement } }) => Statement,
  );
  expect(turns).toMatchObject({ Action: ['lambda:InvokeFunction'], Resource: workerArn });
});
