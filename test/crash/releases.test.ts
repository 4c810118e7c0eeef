import { afterEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import type { Memory, Operation } from '../../src/operation.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import { scalingByHand, trackingInvocations } from '../../src/rehearsal/scaling-by-hand.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';
import type { Death } from '../support/death.ts';

/** Deploying also changes the instance type, so that autoscaling has to be set aside and put back around the update. */
const otherType = (text: string): string => text.replace('ml.m5.large', 'ml.c5.large');

interface Story {
  /** Sets the stage; what follows is what is killed. */
  readonly before: (account: TestAccount) => Promise<void>;
  readonly act: (
    account: TestAccount,
    attempt: { runId: string; death?: Death; requested?: string[] },
  ) => Promise<string | undefined>;
  readonly ends: string;
  /** What a re-run says when all was over before the run died. */
  readonly wasOver: string;
  /** Grows when all is over. */
  readonly endings: (account: TestAccount) => Promise<number>;
  readonly after: (account: TestAccount) => Promise<object>;
}

const acting =
  <I, M extends Memory, O>(
    operation: Operation<I, M, O>,
    inputs: (account: TestAccount) => Readonly<Record<string, string>>,
  ): Story['act'] =>
  async (account, attempt) => {
    const report = await account.run(operation, inputs(account), attempt);
    return report && `${report.result.outcome}/${report.result.reason}`;
  };

const withAutoscaling = async ({ simulator }: TestAccount): Promise<void> => {
  const scaling = scalingByHand(simulator);
  await scaling('RegisterScalableTarget', { MinCapacity: 4, MaxCapacity: 6 });
  await scaling('PutScalingPolicy', { PolicyName: 'follow', ...trackingInvocations(9000) });
};

const endedReleases: Story['endings'] = async ({ record }) => record()?.ended.length ?? 0;

const deploying = (version: '1.1.0' | '1.4.0'): Story => ({
  before: async (account) => {
    await account.inProduction('1.0.0');
    await withAutoscaling(account);
    await account.prepare(version);
    account.writeManifest(otherType);
  },
  act: acting(deployEndpoint, () => ({ version })),
  ends: version === '1.4.0' ? 'rolled-back/alarm' : 'succeeded/delivered',
  wasOver: version === '1.4.0' ? 'rejected/already-convicted' : 'succeeded/already-delivered',
  endings: endedReleases,
  after: atRest,
});

const packages = async ({ simulator }: TestAccount): Promise<readonly object[]> => {
  const { ModelPackageSummaryList } = await simulator
    .call('sagemaker', 'ListModelPackages', { ModelPackageGroupName: rehearsedTeam.model })
    // The group does not exist before the first registration.
    .catch(() => ({ ModelPackageSummaryList: [] }));
  return (ModelPackageSummaryList as Record<string, unknown>[]).map(
    ({ ModelPackageVersion, ModelPackageStatus, ModelApprovalStatus, ModelPackageDescription }) => ({
      ModelPackageVersion,
      ModelPackageStatus,
      ModelApprovalStatus,
      ModelPackageDescription,
    }),
  );
};

const stories: Readonly<Record<string, Story>> = {
  'a good version by canary': deploying('1.1.0'),
  'a version with 5 % errors by canary': deploying('1.4.0'),
  'a rollback': {
    before: async (account) => {
      await account.inProduction('1.0.0');
      await withAutoscaling(account);
      await account.prepare('1.1.0');
      account.writeManifest(otherType);
      await account.run(deployEndpoint, { version: '1.1.0' });
    },
    act: acting(rollback, () => ({ because: 'gardeners complain' })),
    ends: 'succeeded/restored',
    wasOver: 'succeeded/already-restored',
    endings: endedReleases,
    after: atRest,
  },
  'a registration': {
    before: async () => {},
    act: acting(registerModel, (account) => account.registration('1.0.0')),
    ends: 'succeeded/registered',
    wasOver: 'succeeded/already-registered',
    endings: async (account) => (await packages(account)).length,
    after: packages,
  },
};

let account: TestAccount;
afterEach(() => account.close());

const set = async (story: Story): Promise<void> => {
  account = await openAccount();
  await story.before(account);
};

const isChange = (call: string): boolean =>
  /\.(create|update|put|delete|add|copy|register|deregister)/.test(call) && !call.endsWith('putObject');

/** Every change of the far side but the record's, and every n-th call besides. */
const deathsOf = (requested: readonly string[], step: number): readonly (Death & { readonly atCall: number })[] =>
  requested.flatMap((call, index) => {
    const atCall = index + 1;
    if (isChange(call))
      return [
        { atCall, received: false },
        { atCall, received: true },
      ];
    return index % step === 0 ? [{ atCall, received: (index / step) % 2 === 1 }] : [];
  });

describe.each([
  ['a good version by canary', 80],
  ['a version with 5 % errors by canary', 80],
  ['a rollback', 60],
  ['a registration', 2],
] as const)('%s', (name, step) => {
  const story = stories[name] as Story;

  test('killed anywhere and run again, it ends as if nothing had been', async () => {
    await set(story);
    const requested: string[] = [];
    const start = await story.after(account);
    expect(await story.act(account, { runId: '7', requested })).toBe(story.ends);
    const end = await story.after(account);
    // Autoscaling is set aside during the release; the same afterwards, and no alarm stays.
    if ('scaling' in start) expect(end).toMatchObject({ scaling: start.scaling, alarms: [], live: undefined });
    // Until it is submitted, a bad version is no different from a good one.
    const from = name === 'a version with 5 % errors by canary' ? requested.indexOf('sagemaker.updateEndpoint') + 1 : 0;
    for (const death of deathsOf(requested, step).filter(({ atCall }) => atCall >= from)) {
      await account.close();
      await set(story);
      const before = await story.endings(account);
      const killed = await story.act(account, { runId: '7', death });
      const wasOver = (await story.endings(account)) > before;
      await account.pass(minutes(1));
      const again = await story.act(account, { runId: '7' });
      expect({ death, at: requested[death.atCall - 1], killed, again, end: await story.after(account) }).toEqual({
        death,
        at: requested[death.atCall - 1],
        killed: undefined,
        again: wasOver ? story.wasOver : story.ends,
        end,
      });
    }
  });
});
