import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IrisVersion } from '../../simulator/fixtures/fixtures.ts';
import { minutes, seconds } from '../../src/clock.ts';
import { operationCommands } from '../../src/commands/operation-commands.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { type EventWish, packageEvent } from '../../src/rehearsal/package-event.ts';
import { readServing } from '../../src/rehearsal/serving.ts';
import type { Result } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { runCommand } from '../support/run-command.ts';

/** `rollback` with `rejected` and with `event`: the registry's present state decides, and the endpoint shows where the version serves. */

let account: TestAccount;
let folder: string;
beforeEach(async () => {
  account = await openAccount();
  folder = mkdtempSync(join(tmpdir(), 'rejected-'));
});
afterEach(async () => {
  await account.close();
  rmSync(folder, { recursive: true });
});

const numbers: Partial<Record<IrisVersion, number>> = { '1.0.0': 1, '1.1.0': 2, '1.2.0': 3 };
const arnOf = (number: number): string =>
  `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/${number}`;

const decide = async (
  version: IrisVersion,
  ModelApprovalStatus: 'Approved' | 'Rejected' | 'PendingManualApproval',
): Promise<void> => {
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: arnOf(numbers[version] ?? 0),
    ModelApprovalStatus,
    ApprovalDescription: 'recall fell',
  });
};

const deliver = async (version: IrisVersion): Promise<void> => {
  await account.prepare(version);
  expect((await account.run(deployEndpoint, { version }))?.result.reason).toBe('delivered');
};

const later = (after: number, happens: () => Promise<unknown>): void => {
  account.simulator.clock.at(account.simulator.clock.now() + after, 'meanwhile', () => void happens());
};

const serving = async (): Promise<readonly string[]> =>
  (await readServing(account.simulator, team.endpoint))?.variants.map(
    ({ name, version, share }) => `${name} ${version} ${share}`,
  ) ?? [];

interface Seen {
  readonly result: Result | undefined;
  /** Requests that changed something; the record's own are not among them. */
  readonly writes: readonly string[];
  /** All of them. */
  readonly mutations: number;
}

const run = async (inputs: Readonly<Record<string, string>>, runId = '9'): Promise<Seen> => {
  const seen = account.watch();
  const isRejection = 'rejected' in inputs || 'event' in inputs;
  const report = await account.run(rollback, isRejection ? { 'only-rejected': 'true', ...inputs } : inputs, { runId });
  const mutations = seen().filter(({ mutation, participant }) => mutation && participant !== 'simulator');
  return {
    result: report?.result,
    writes: mutations.filter(({ service }) => service !== 's3').map(({ operation }) => operation),
    mutations: mutations.length,
  };
};

const event = async (version: IrisVersion, wish: EventWish = {}): Promise<Readonly<Record<string, string>>> => {
  const path = join(folder, 'event.json');
  writeFileSync(path, await packageEvent(account.simulator, numbers[version] ?? 0, wish));
  return { event: path };
};

const nothing = (reason: string) => ({
  result: { outcome: 'succeeded', reason, because: expect.stringMatching(/; nothing was (changed|left to change)$/) },
  mutations: 0,
});

describe('a version that serves', () => {
  beforeEach(async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
  });

  test.each([
    ['its version', '1.1.0'],
    ['its tag', 'iris_v1.1.0'],
    ['its number', '2'],
    ['its ARN', arnOf(2)],
  ])('rejected by %s: the endpoint returns, and the version is not convicted', async (_how, rejected) => {
    await decide('1.1.0', 'Rejected');
    const { result, writes } = await run({ rejected });
    expect(result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(writes).toEqual(['UpdateEndpoint']);
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
    expect(account.record()?.history.find(({ version }) => version === '1.1.0')).toMatchObject({
      ended: 'rejected',
      good: true,
    });
    expect(await run({ rejected })).toMatchObject(nothing('serves-nowhere'));
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('not-approved');
    await decide('1.1.0', 'Approved');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  });

  test('not rejected now: nothing changes, and the result shows that', async () => {
    expect(await run({ rejected: '1.1.0' })).toMatchObject(nothing('not-rejected'));
    expect((await run({ rejected: '1.1.0' })).result?.because).toContain('(package version 2) is Approved');
  });

  test('another version is rejected: it serves nowhere', async () => {
    await decide('1.0.0', 'Rejected');
    expect(await run({ rejected: '1.0.0' })).toMatchObject(nothing('serves-nowhere'));
  });

  test('a version that is rejected itself is passed over; without any other one nothing changes', async () => {
    await deliver('1.2.0');
    await decide('1.1.0', 'Rejected');
    await decide('1.2.0', 'Rejected');
    const dry = await run({ rejected: '1.2.0', 'dry-run': 'true' });
    expect(dry.mutations).toBe(0);
    expect(dry.result?.plan?.notes.join()).toContain('iris_v1.1.0 served well too and is passed over');
    await decide('1.0.0', 'Rejected');
    const none = await run({ rejected: '1.2.0' });
    expect(none).toMatchObject({ result: { outcome: 'failed', reason: 'nothing-to-roll-back-to' }, mutations: 0 });
    expect(none.result?.because).toContain('iris_v1.0.0 is Rejected too');
    await decide('1.0.0', 'Approved');
    expect((await run({ rejected: '1.2.0' })).result).toMatchObject({ reason: 'restored' });
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test.each([
    ['endpoint config', 'DeleteEndpointConfig', 'EndpointConfigName', 'endpointConfig'],
    ['model', 'DeleteModel', 'ModelName', 'model'],
  ] as const)('a version whose %s was deleted is passed over', async (part, operation, member, name) => {
    const before = account.record()?.history[0]?.[name] ?? '';
    await deliver('1.2.0');
    await account.simulator.call('sagemaker', operation, { [member]: before });
    await decide('1.2.0', 'Rejected');
    const dry = await run({ rejected: '1.2.0', 'dry-run': 'true' });
    expect(dry.result?.plan?.notes.join()).toMatch(
      new RegExp(`1\\.1\\.0 served well too and is passed over: it is a way back no more: ${part} \\S+.* was deleted`),
    );
    expect((await run({ rejected: '1.2.0' })).result).toMatchObject({ reason: 'restored' });
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('a version that was left by a rejection is a way back once it is approved again', async () => {
    await decide('1.1.0', 'Rejected');
    expect((await run({ rejected: '1.1.0' })).result).toMatchObject({ reason: 'restored' });
    await decide('1.0.0', 'Rejected');
    const none = await run({ rejected: '1.0.0' }, '10');
    expect(none).toMatchObject({ result: { reason: 'nothing-to-roll-back-to' }, mutations: 0 });
    expect(none.result?.because).toContain('a way back: iris_v1.1.0 is Rejected too;');
    await decide('1.1.0', 'PendingManualApproval');
    expect((await run({ rejected: '1.0.0' }, '11')).result).toMatchObject({
      reason: 'nothing-to-roll-back-to',
      because: expect.stringContaining(
        'iris_v1.1.0 was left because it was rejected, and is PendingManualApproval now',
      ),
    });
    await decide('1.1.0', 'Approved');
    expect((await run({ rejected: '1.0.0' }, '12')).result).toMatchObject({ reason: 'restored' });
    expect(await serving()).toEqual(['AllTraffic 1.1.0 1']);
  });

  test('the message has the reason of each version in the history', async () => {
    await account.run(rollback, {}, { runId: '8' });
    await decide('1.0.0', 'Rejected');
    const { result } = await run({ rejected: '1.0.0' });
    expect(result?.reason).toBe('nothing-to-roll-back-to');
    expect(result?.because).toContain('no version in its history is a way back: 1.1.0 was rolled back;');
  });

  test('a step about a rejection is never a rollback from a good version', async () => {
    const bare = (inputs: Readonly<Record<string, string>>) => account.run(rollback, inputs, { runId: '9' });
    const refused = (because: string) => ({
      result: { reason: 'invalid-input', because: expect.stringContaining(because) },
    });
    const seen = account.watch();
    expect(await bare({ 'only-rejected': 'true' })).toMatchObject(refused('rejected and event are both empty'));
    expect(await bare({ rejected: '1.1.0' })).toMatchObject(refused('rejected: write only-rejected: true beside it'));
    expect(await bare(await event('1.1.0'))).toMatchObject(refused('event: write only-rejected: true beside it'));
    expect(await bare({ 'only-rejected': 'true', to: '1.0.0' })).toMatchObject(refused('two different requests'));
    expect(seen().filter(({ mutation, participant }) => mutation && participant !== 'simulator')).toEqual([]);
    expect(await serving()).toEqual(['AllTraffic 1.1.0 1']);
  });

  test.each([
    ['--rejected', ''],
    ['--rejected', ' '],
    ['--event', ''],
    ['--to', ''],
  ])('the command line refuses %s "%s" before any request', async (option, value) => {
    const seen = account.watch();
    const ran = await runCommand(
      operationCommands.rollback,
      ['--manifest', account.manifest, '--environment', team.environment, option, value],
      { env: account.environment, seams: { clock: account.simulator.driver } },
    );
    expect(ran.code).toBe(2);
    expect([...ran.out, ...ran.err].join('\n')).toContain(`${option.slice(2)}: is empty; `);
    expect(seen().filter(({ participant }) => participant !== 'simulator')).toEqual([]);
  });

  test('the command line needs no further word for a rejection', async () => {
    await decide('1.1.0', 'Rejected');
    const { code } = await runCommand(
      operationCommands.rollback,
      ['--manifest', account.manifest, '--environment', team.environment, '--rejected', '1.1.0'],
      { env: account.environment, seams: { clock: account.simulator.driver } },
    );
    expect(code).toBe(0);
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('the plan gives the approver’s reason, and the caller’s', async () => {
    await decide('1.1.0', 'Rejected');
    const { result } = await run({ rejected: '1.1.0', because: 'ticket 12', 'dry-run': 'true' });
    expect(result?.plan?.title).toMatch(/is Rejected, last changed at .*: recall fell; ticket 12$/);
  });

  test('killed at its update and run again, it ends the same', async () => {
    await decide('1.1.0', 'Rejected');
    for (const received of [false, true]) {
      const death = { atCall: 'sagemaker.updateEndpoint', received };
      expect(
        await account.run(rollback, { 'only-rejected': 'true', rejected: '1.1.0' }, { runId: '9', death }),
      ).toBeUndefined();
      const { result } = await run({ rejected: '1.1.0' }, received ? '10' : '9');
      expect(result).toMatchObject({ outcome: 'succeeded' });
      expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
      await decide('1.1.0', 'Approved');
      await account.run(deployEndpoint, { version: '1.1.0' });
      await decide('1.1.0', 'Rejected');
    }
  });

  test.each(['9', '10'])(
    'killed when AWS had the update, and run again by run %s long after it: the release ends',
    async (runId) => {
      await decide('1.1.0', 'Rejected');
      const death = { atCall: 'sagemaker.updateEndpoint', received: true };
      expect(
        await account.run(rollback, { 'only-rejected': 'true', rejected: '1.1.0' }, { runId: '9', death }),
      ).toBeUndefined();
      await account.pass(minutes(30));
      const { result, writes } = await run({ rejected: '1.1.0' }, runId);
      expect(result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
      expect(writes).toEqual([]);
      expect(account.record()).toMatchObject({
        history: [{ version: '1.0.0' }, { version: '1.1.0', ended: 'rejected' }, {}],
      });
      expect(account.record()?.live).toBeUndefined();
    },
  );

  test('two runs at once update the endpoint once', async () => {
    await decide('1.1.0', 'Rejected');
    const seen = account.watch();
    const both = await Promise.all([
      account.run(rollback, { 'only-rejected': 'true', rejected: '1.1.0' }, { runId: '8' }),
      account.run(rollback, { 'only-rejected': 'true', rejected: '2' }, { runId: '9' }),
    ]);
    expect(both.map((one) => one?.result.reason).sort()).toEqual(['restored', 'serves-nowhere']);
    expect(seen().filter(({ operation }) => operation === 'UpdateEndpoint')).toHaveLength(1);
  });

  test('an update by others has to end first', async () => {
    const old = account.record()?.history.find(({ version }) => version === '1.0.0')?.endpointConfig;
    await decide('1.1.0', 'Rejected');
    await account.simulator.call('sagemaker', 'UpdateEndpoint', {
      EndpointName: team.endpoint,
      EndpointConfigName: old,
    });
    expect(await run({ rejected: '1.1.0' })).toMatchObject(nothing('serves-nowhere'));
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('an update by others that brings the version back is awaited, and then the version leaves', async () => {
    const config = (await readServing(account.simulator, team.endpoint))?.endpointConfig;
    expect((await run({ to: '1.0.0' }, '8')).result).toMatchObject({ reason: 'restored' });
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
    await decide('1.1.0', 'Rejected');
    await account.simulator.call('sagemaker', 'UpdateEndpoint', {
      EndpointName: team.endpoint,
      EndpointConfigName: config,
    });
    const { result, writes } = await run({ rejected: '1.1.0' });
    expect(result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(writes).toEqual(['UpdateEndpoint']);
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('a version that was left by a rejection is no way back once its package was deleted', async () => {
    await decide('1.1.0', 'Rejected');
    expect((await run({ rejected: '1.1.0' })).result).toMatchObject({ reason: 'restored' });
    await account.simulator.call('sagemaker', 'DeleteModelPackage', { ModelPackageName: arnOf(2) });
    await decide('1.0.0', 'Rejected');
    expect(await run({ rejected: '1.0.0' }, '10')).toMatchObject({
      result: {
        reason: 'nothing-to-roll-back-to',
        because: expect.stringContaining(
          '1.1.0 was left because it was rejected, and its package does not exist any more',
        ),
      },
      mutations: 0,
    });
  });

  test('the record knows the version when its model was deleted', async () => {
    const config = account.record()?.history[0];
    expect(config?.version).toBe('1.1.0');
    await account.simulator.call('sagemaker', 'DeleteModel', { ModelName: config?.model });
    await decide('1.1.0', 'Rejected');
    expect((await run({ rejected: '1.1.0' })).result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('an endpoint of the same name without a record is judged by its model', async () => {
    account.forge(JSON.stringify({ ...account.record(), history: [], ended: [] }));
    await decide('1.1.0', 'Rejected');
    const { result, mutations } = await run({ rejected: '1.1.0' });
    expect(result).toMatchObject({ outcome: 'failed', reason: 'nothing-to-roll-back-to' });
    expect(mutations).toBe(0);
  });
});

describe('an event', () => {
  beforeEach(async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
  });

  test('of a rejection takes the version back; the same event again changes nothing', async () => {
    await decide('1.1.0', 'Rejected');
    const rejection = await event('1.1.0');
    expect((await run(rejection)).result).toMatchObject({ reason: 'restored' });
    expect(await run(rejection, '10')).toMatchObject(nothing('serves-nowhere'));
  });

  test('that is stale changes nothing: the version is approved again', async () => {
    await decide('1.1.0', 'Rejected');
    const rejection = await event('1.1.0');
    await account.pass(minutes(1));
    await decide('1.1.0', 'Approved');
    expect(await run(rejection)).toMatchObject(nothing('not-rejected'));
    expect((await run(rejection)).result?.because).toContain('older than the registry');
  });

  test('of the approval, which comes after that of the rejection, leaves the state of the registry in force', async () => {
    const approval = await event('1.1.0', { approval: 'Approved' });
    expect(await run(approval)).toMatchObject(nothing('not-rejected'));
    await decide('1.1.0', 'Rejected');
    expect((await run(approval)).result).toMatchObject({ reason: 'restored' });
  });

  test('about other members is no event about the approval', async () => {
    await decide('1.1.0', 'Rejected');
    const edit = await event('1.1.0', { changed: ['CustomerMetadataProperties', 'ModelLifeCycle'] });
    expect(await run(edit)).toMatchObject(nothing('event-ignored'));
  });

  test('that does not name the changed members leaves it to the registry', async () => {
    const unnamed = await event('1.1.0', { changed: 'absent' });
    expect(await run(unnamed)).toMatchObject(nothing('not-rejected'));
    await decide('1.1.0', 'Rejected');
    expect((await run(unnamed)).result).toMatchObject({ reason: 'restored' });
  });

  test('that is newer than the registry’s answer waits for it', async () => {
    const early = await event('1.1.0', { approval: 'Rejected', at: account.simulator.clock.now() });
    later(seconds(40), () => decide('1.1.0', 'Rejected'));
    expect((await run(early)).result).toMatchObject({ reason: 'restored' });
  });

  test('that is newer than the registry’s answer waits five minutes, and no longer', async () => {
    const at = account.simulator.clock.now();
    expect(await run(await event('1.1.0', { approval: 'Rejected', at }))).toMatchObject(nothing('not-rejected'));
    const waited = account.simulator.clock.now() - at;
    expect(waited).toBeGreaterThanOrEqual(minutes(5));
    expect(waited).toBeLessThan(minutes(6));
    const future = account.simulator.clock.now() + minutes(60);
    expect(await run(await event('1.1.0', { approval: 'Rejected', at: future }))).toMatchObject(
      nothing('not-rejected'),
    );
    expect(account.simulator.clock.now() - at - waited).toBeLessThan(minutes(1));
  });

  test('does not undo a person’s decision that came after it', async () => {
    await decide('1.1.0', 'Rejected');
    const rejection = await event('1.1.0');
    expect((await run(rejection)).result).toMatchObject({ reason: 'restored' });
    expect((await account.run(rollback, { to: '1.1.0' }, { runId: '11' }))?.result.reason).toBe('restored');
    expect(await run(rejection, '12')).toMatchObject(nothing('event-ignored'));
    // The request by hand is obeyed, but the person convicted 1.0.0.
    expect((await run({ rejected: '1.1.0' }, '13')).result).toMatchObject({ reason: 'nothing-to-roll-back-to' });
    expect(await serving()).toEqual(['AllTraffic 1.1.0 1']);
  });

  describe.each<[string, () => Promise<unknown>]>([
    [
      'the way back of another rejection',
      async () => {
        await decide('1.2.0', 'Rejected');
        expect((await run({ rejected: '1.2.0' }, '10')).result).toMatchObject({ reason: 'restored' });
      },
    ],
    ['a plain rollback', async () => expect((await run({}, '10')).result).toMatchObject({ reason: 'restored' })],
    [
      'a delivery',
      async () => {
        expect((await run({ to: '1.0.0' }, '10')).result).toMatchObject({ reason: 'restored' });
        expect(await account.run(deployEndpoint, { version: '1.1.0', retry: 'true' }, { runId: '11' })).toMatchObject({
          result: { reason: 'delivered' },
        });
      },
    ],
  ])('of a version that %s brought back after it', (_what, bringBack) => {
    test('takes it back all the same: its caller did not name it', async () => {
      await deliver('1.2.0');
      // The registry's answer may be older than the event.
      const rejection = await event('1.1.0', { approval: 'Rejected', at: account.simulator.clock.now() });
      await account.pass(minutes(1));
      await bringBack();
      expect(await serving()).toEqual(['AllTraffic 1.1.0 1']);
      await decide('1.1.0', 'Rejected');
      expect((await run(rejection, '12')).result).toMatchObject({ reason: 'restored' });
      expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
    });
  });

  test('takes a version back that its caller named before it', async () => {
    await deliver('1.2.0');
    expect((await run({ to: '1.1.0' }, '10')).result).toMatchObject({ reason: 'restored' });
    await account.pass(minutes(1));
    await decide('1.1.0', 'Rejected');
    expect((await run(await event('1.1.0'), '12')).result).toMatchObject({ reason: 'restored' });
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('about a package that was deleted changes nothing', async () => {
    const rejection = await event('1.0.0', { approval: 'Rejected' });
    await account.simulator.call('sagemaker', 'DeleteModelPackage', { ModelPackageName: arnOf(1) });
    expect(await run(rejection)).toMatchObject(nothing('not-rejected'));
  });

  test.each([
    [
      'another group',
      (text: string) => text.replaceAll('model-package/iris/', 'model-package/churn/').replace('"iris"', '"churn"'),
      'churn/2 is a package of another model',
    ],
    [
      'another account',
      (text: string) => text.replaceAll(team.account, '999988887777'),
      'is in the account ending in 7777',
    ],
    ['another region', (text: string) => text.replaceAll(team.region, 'us-west-2'), 'in us-west-2'],
  ])('of %s is refused by name', async (_what, change, because) => {
    const path = join(folder, 'event.json');
    writeFileSync(path, change(await packageEvent(account.simulator, 2)));
    expect(await run({ event: path })).toMatchObject({
      result: { reason: 'invalid-input', because: expect.stringContaining(because) },
      mutations: 0,
    });
  });
});

describe('requests with two aims', () => {
  test.each([
    [{ rejected: '1.1.0', to: '1.0.0' }, 'rejected and to are two different requests'],
    [{ rejected: '1.1.0', 'only-expired': 'true' }, 'rejected and only-expired are two different requests'],
  ])('%j is refused', async (inputs, because) => {
    expect(await run(inputs)).toMatchObject({
      result: { reason: 'invalid-input', because: expect.stringContaining(because) },
      mutations: 0,
    });
  });

  test('a version and an event are refused together', async () => {
    await account.prepare('1.0.0');
    expect((await run({ rejected: '1.0.0', ...(await event('1.0.0')) })).result).toMatchObject({
      reason: 'invalid-input',
      because: expect.stringContaining('give one of them'),
    });
  });

  test('an unknown version, and an endpoint that does not exist', async () => {
    await account.prepare('1.0.0');
    expect(await run({ rejected: '9.9.9' })).toMatchObject({ result: { reason: 'unknown-version' }, mutations: 0 });
    expect(await run({ rejected: '44' })).toMatchObject({ result: { reason: 'unknown-version' }, mutations: 0 });
    await decide('1.0.0', 'Rejected');
    const absent = await run({ rejected: '1.0.0' });
    expect(absent).toMatchObject(nothing('serves-nowhere'));
    expect(absent.result?.because).toContain('there is no endpoint iris');
  });
});

describe('a version under way', () => {
  test('in its canary: one update, which is stopped, and nothing is convicted', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    account.writeManifest((text) => text.replace('    rollout:', '    on-rejection: finish\n    rollout:'));
    const delivery = account.run(deployEndpoint, { version: '1.1.0' }, { runId: '1' });
    later(minutes(8), () => decide('1.1.0', 'Rejected'));
    const undo = new Promise<Seen>((done) => later(minutes(9), async () => done(run({ rejected: '1.1.0' }))));
    expect((await delivery)?.result).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
    const { result } = await undo;
    expect(result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
    expect(account.record()?.history.find(({ version }) => version === '1.1.0')).toMatchObject({ ended: 'rejected' });
  });

  test('that is approved again after its stop: the report does not claim that nothing was changed', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    account.writeManifest((text) => text.replace('    rollout:', '    on-rejection: finish\n    rollout:'));
    const delivery = account.run(deployEndpoint, { version: '1.1.0' }, { runId: '1' });
    later(minutes(8), () => decide('1.1.0', 'Rejected'));
    const undo = new Promise<Seen>((done) => later(minutes(9), async () => done(run({ rejected: '1.1.0' }))));
    const approveOnceStopped = async (): Promise<void> => {
      if (account.record()?.live?.commands.length === 0) later(seconds(1), approveOnceStopped);
      else await decide('1.1.0', 'Approved');
    };
    later(minutes(9), approveOnceStopped);
    expect((await delivery)?.result).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
    expect((await undo).result).toMatchObject({
      outcome: 'succeeded',
      reason: 'not-rejected',
      because: expect.stringMatching(/ is Approved.*; nothing was left to change$/),
    });
  });

  test('whose own run noticed first: the two do not fight', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const seen = account.watch();
    const delivery = account.run(deployEndpoint, { version: '1.1.0' }, { runId: '1' });
    later(minutes(8), () => decide('1.1.0', 'Rejected'));
    const undo = new Promise<Seen>((done) => later(minutes(8) + 1000, async () => done(run({ rejected: '1.1.0' }))));
    expect((await delivery)?.result).toMatchObject({ reason: 'approval-withdrawn' });
    expect((await undo).result?.outcome).toBe('succeeded');
    expect(seen().filter(({ operation }) => operation === 'UpdateEndpoint')).toHaveLength(1);
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('another version that is being delivered over it may replace it', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const delivery = account.run(deployEndpoint, { version: '1.1.0' }, { runId: '1' });
    later(minutes(8), () => decide('1.0.0', 'Rejected'));
    const undo = new Promise<Seen>((done) => later(minutes(9), async () => done(run({ rejected: '1.0.0' }))));
    expect((await delivery)?.result.reason).toBe('delivered');
    const { result } = await undo;
    expect(result).toMatchObject({ reason: 'serves-nowhere' });
    expect(await serving()).toEqual(['AllTraffic 1.1.0 1']);
  });
});

describe('a candidate beside the version that serves', () => {
  beforeEach(async () => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
  });

  test('without traffic it is removed', async () => {
    await decide('1.1.0', 'Rejected');
    const { result, writes } = await run({ rejected: '1.1.0' });
    expect(result).toMatchObject({ outcome: 'succeeded', reason: 'candidate-withdrawn' });
    expect(writes).toEqual(['UpdateEndpoint']);
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
    expect(await run({ rejected: '1.1.0' })).toMatchObject(nothing('serves-nowhere'));
  });

  test('in its steps it goes back to no traffic, and is removed', async () => {
    const shift = account.run(shiftTraffic, { version: '1.1.0' }, { runId: '1' });
    later(minutes(12), () => decide('1.1.0', 'Rejected'));
    const undo = new Promise<Seen>((done) => later(minutes(12) + 1, async () => done(run({ rejected: '1.1.0' }))));
    expect((await shift)?.result).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
    expect((await undo).result).toMatchObject({ outcome: 'succeeded', reason: 'candidate-withdrawn' });
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('goes too, when the version that serves is rejected', async () => {
    account.writeManifest();
    expect((await run({})).result?.reason).toBe('candidate-withdrawn');
    await account.run(deployEndpoint, { version: '1.1.0' });
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await account.prepare('1.2.0');
    expect((await account.run(deployEndpoint, { version: '1.2.0' }))?.result.reason).toBe('candidate-dark');
    await decide('1.1.0', 'Rejected');
    const { result, writes } = await run({ rejected: '1.1.0' });
    expect(result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(result?.plan?.notes).toContainEqual('the candidate 1.2.0, which has no traffic, goes too');
    expect(writes).toEqual(['UpdateEndpoint']);
    expect(await serving()).toEqual(['AllTraffic 1.0.0 1']);
  });

  test('the version that serves is rejected: a candidate without traffic does not hold it', async () => {
    await decide('1.0.0', 'Rejected');
    const none = await run({ rejected: '1.0.0' });
    expect(none).toMatchObject({ result: { reason: 'nothing-to-roll-back-to' }, mutations: 0 });
  });
});
