import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AwsWrites } from '../../src/aws/clients.ts';
import { minutes } from '../../src/clock.ts';
import { runFrom } from '../../src/hosts/run.ts';
import { folder } from '../../src/inputs/folder.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import type { Memory, Operation, Progress } from '../../src/operation.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openSession, targetOf } from '../../src/session/session.ts';
import type { World } from '../../src/world.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

/** One run of one operation, a turn at a time. */
interface Runner {
  world: World;
  turn(): Promise<string>;
  toTheEnd(): Promise<string>;
}

const runner = async <I, M extends Memory, O>(
  holder: string,
  given: Readonly<Record<string, string>>,
  operation: Operation<I, M, O>,
): Promise<Runner> => {
  const inputs = readInputs(
    operation.inputs,
    (name) => ({ manifest: account.manifest, environment: team.environment, ...given })[name],
  );
  const clock = account.simulator.driver;
  const session = await openSession({
    target: targetOf(inputs),
    env: account.environment,
    run: { ...runFrom(account.environment, 'github-actions'), holder },
    workspace: folder(process.cwd()),
    clock,
    dryRun: false,
    signal: new AbortController().signal,
  });
  let last: Progress<M, O> | undefined;
  const runs: Runner = {
    world: session.worldFor(new AbortController().signal),
    turn: async () => {
      if (last?.is === 'waiting') await clock.sleepUntil(last.notBefore);
      last = await operation.advance(inputs, last?.is === 'waiting' ? last.memory : undefined, runs.world);
      return last.is === 'done' ? `${last.outcome}/${last.reason}` : last.because;
    },
    toTheEnd: async () => {
      for (let turns = 0; turns < 400; turns++) {
        const reported = await runs.turn();
        if (last?.is === 'done') return reported;
      }
      throw new Error('four hundred turns and no end');
    },
  };
  return runs;
};

/** `meanwhile` happens after the run has read and decided, just before its next write of the release record arrives. */
const beforeItsNextSave = (run: Runner, meanwhile: () => Promise<unknown>): void => {
  const { world } = run;
  const { write } = world;
  if (write === undefined) throw new Error('a dry run saves nothing');
  const { s3 } = write;
  const putObject: AwsWrites['s3']['putObject'] = async (input) => {
    run.world = world;
    await meanwhile();
    return s3.putObject(input);
  };
  run.world = { ...world, write: { ...write, s3: { ...s3, putObject } } };
};

/** All is ready for the update: it is what the next turn submits. */
const untilArmed = async (run: Runner): Promise<void> => {
  for (let turns = 0; turns < 50; turns++) {
    if ((account.record()?.live?.alarms ?? []).length > 0) return;
    await run.turn();
  }
  throw new Error('fifty turns, and the release has no alarms');
};

/** Sent, whether refused or not. */
const updates = (seen: ReturnType<ReturnType<TestAccount['watch']>>): number =>
  seen.filter(({ operation }) => operation === 'UpdateEndpoint').length;

const deploying = (holder: string, version: string): Promise<Runner> => runner(holder, { version }, deployEndpoint);
const rollingBack = (holder: string, given: Readonly<Record<string, string>> = {}): Promise<Runner> =>
  runner(holder, given, rollback);

const serving = async (): Promise<unknown> =>
  (await account.simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: team.endpoint }))[
    'EndpointConfigName'
  ];

describe('two runs that meet at one endpoint', () => {
  test('begun in the same moment, one gets it and the other says who has it', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await account.prepare('1.3.0');
    const first = await deploying('run-1', '1.1.0');
    const second = await deploying('run-2', '1.3.0');
    await first.turn();
    await second.turn();
    beforeItsNextSave(second, () => first.turn());
    await expect(second.toTheEnd()).rejects.toMatchObject({
      reason: 'held-by-another-release',
      message: expect.stringContaining('1.1.0'),
    });
    expect(await first.toTheEnd()).toBe('succeeded/delivered');
  });

  test('a re-run while the lost runner still lives: one update, one verdict, and both report it', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.4.0');
    const lost = await deploying('run-1', '1.4.0');
    const rerun = await deploying('run-1', '1.4.0');
    await untilArmed(lost);
    await rerun.turn();
    const seen = account.watch();
    // Both have seen the endpoint at rest and are about to announce the update.
    beforeItsNextSave(lost, async () => {
      while (account.record()?.live?.phase !== 'supervising') await rerun.turn();
    });
    await lost.turn();
    expect(await rerun.toTheEnd()).toBe('rolled-back/alarm');
    expect(await lost.toTheEnd()).toBe('rolled-back/alarm');
    expect(updates(seen())).toBe(1);
  });

  test('an update whose answer was lost and that began late is followed, not sent again', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.4.0');
    const run = await deploying('run-1', '1.4.0');
    await untilArmed(run);
    const seen = account.watch();
    const { write } = run.world;
    const live = account.record()?.live;
    if (write === undefined || live === undefined) throw new Error('nothing is live');
    const { submission, candidate } = live;
    await write.sagemaker.updateEndpoint({
      EndpointName: team.endpoint,
      EndpointConfigName: candidate.endpointConfig,
      RetainAllVariantProperties: true,
      DeploymentConfig: submission.mechanism === 'guardrail' ? submission.deployment : {},
    });
    expect(await run.toTheEnd()).toBe('rolled-back/alarm');
    expect(updates(seen())).toBe(1);
  });

  test('two legs of one job that want different versions do not end each other’s release', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await account.prepare('1.3.0');
    const death = { atCall: 'cloudwatch.putMetricAlarm', received: false };
    await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death });
    const other = await account.run(deployEndpoint, { version: '1.3.0' }, { runId: '7' });
    expect(other?.result).toMatchObject({ reason: 'held-by-another-release' });
    const rerun = await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7' });
    expect(rerun?.result).toMatchObject({ reason: 'delivered' });
  });

  test.each([
    ['a delivery', deployEndpoint, { version: '1.1.0' }],
    ['a rollback', rollback, {}],
  ] as const)(
    '%s whose manifest keeps another record finds the one that the endpoint names',
    async (...[, operation, given]) => {
      await account.inProduction('1.0.0');
      await account.prepare('1.1.0');
      account.writeManifest((text) =>
        text.replace('role: model-deployer', `role: model-deployer\n    releases: s3://${team.bucket}/elsewhere/`),
      );
      const seen = account.watch();
      const report = await account.run(operation as Operation<unknown, Memory, unknown>, given, { runId: '7' });
      expect(report?.result).toMatchObject({ reason: 'other-record' });
      expect(report?.result.because).toMatch(/s3:..model-delivery-<account>-eu-west-1.iris.record.json/);
      expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    },
  );

  test('a run that does not wait leaves the release to any other that asks for the same', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const handed = await account.run(deployEndpoint, { version: '1.1.0', wait: 'false' }, { runId: '7' });
    expect(handed?.result.reason).toBe('in-progress');
    const seen = account.watch();
    const next = await account.run(
      deployEndpoint,
      { version: '1.1.0', 'resume-token': handed?.token ?? '' },
      { runId: '8' },
    );
    expect(next?.result.reason).toBe('delivered');
    expect(updates(seen())).toBe(0);
  });

  test('an update that was left running is brought to rest before its predecessor is said to serve', async () => {
    await account.inProduction('1.0.0');
    const good = await serving();
    await account.prepare('1.1.0');
    const lost = await deploying('run-1', '1.1.0');
    while (account.record()?.live?.phase !== 'supervising') await lost.turn();
    await account.pass(minutes(11));
    expect(await serving()).toBe(good);
    const next = await deploying('run-2', '1.0.0');
    expect(await next.toTheEnd()).toBe('succeeded/delivered');
    expect(account.record()).toMatchObject({
      history: [{ version: '1.0.0' }, { version: '1.1.0' }, { version: '1.0.0' }],
    });
    expect(account.record()?.live).toBeUndefined();
  });

  test('an update of somebody else’s is waited for, not overlooked', async () => {
    await account.inProduction('1.0.0');
    await account.inProduction('1.1.0');
    const [, first] = account.record()?.history ?? [];
    await account.simulator.call('sagemaker', 'UpdateEndpoint', {
      EndpointName: team.endpoint,
      EndpointConfigName: first?.endpointConfig ?? '',
    });
    const again = await deploying('run-1', '1.1.0');
    await expect(again.toTheEnd()).rejects.toMatchObject({
      reason: 'endpoint-unusable',
      message: expect.stringContaining(first?.endpointConfig ?? 'nothing'),
    });
  });

  test('stopped while it still prepares, a release submits nothing, and the rollback that stopped it goes no further', async () => {
    await account.inProduction('1.0.0');
    await account.inProduction('1.1.0');
    const good = await serving();
    await account.prepare('1.3.0');
    const release = await deploying('run-1', '1.3.0');
    await untilArmed(release);
    const back = await rollingBack('run-2');
    await back.turn();
    await back.turn();
    const seen = account.watch();
    expect(await release.toTheEnd()).toBe('rolled-back/aborted-by-hand');
    expect(await back.toTheEnd()).toMatch(/^succeeded\//);
    expect(updates(seen())).toBe(0);
    expect(await serving()).toBe(good);
  });

  test('a rollback that is live is not taken for one to another version', async () => {
    await account.inProduction('1.0.0');
    await account.inProduction('1.1.0');
    await account.inProduction('1.3.0');
    const first = await rollingBack('run-1');
    while (account.record()?.live?.phase !== 'supervising') await first.turn();
    const further = await rollingBack('run-1', { to: '1.0.0' });
    await expect(further.turn()).rejects.toMatchObject({ reason: 'plan-changed' });
    expect(await first.toTheEnd()).toBe('succeeded/restored');
  });
});
