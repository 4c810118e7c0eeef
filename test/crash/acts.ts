import { minutes } from '../../src/clock.ts';
import type { OperationName } from '../../src/operation.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { scalingByHand, trackingInvocations } from '../../src/rehearsal/scaling-by-hand.ts';
import type { TestAccount } from '../support/account.ts';
import { withRegression } from '../support/golden-set.ts';
import { operationNames, type PerOperation } from '../support/operation-rows.ts';
import type { Scene } from './scene.ts';

/** One thing a run may be in the middle of when it dies. */
export interface Act {
  readonly name: string;
  readonly operation: OperationName;
  inputs(scene: Scene): Readonly<Record<string, string>>;
  /** Sets the stage: all that happened before. */
  before(scene: Scene): Promise<void>;
  /** How a run that nothing disturbs ends, and a re-run of one that had ended before it died. */
  readonly ends: string;
  readonly wasOver: readonly string[];
  /** The version that has all traffic at the end. */
  readonly serves: string | undefined;
  /** Beside it without traffic. */
  readonly dark?: string;
}

export type Version = '1.0.0' | '1.1.0' | '1.2.0' | '1.3.0' | '1.4.0';

/** As short as SageMaker's metrics and the product's checks allow. */
const requestsPerSecond = 2;
const judge =
  'judge: { convict: { worse-than: 1.5x, false-rollback: 0.05 }, healthy: { excess-below: 10%, confidence: 0.9 } }';
const watched = 'minimum-requests: 60, alarms: { errors: 1% }';
const unwatched = 'minimum-requests: 0';

export const rollouts = {
  allAtOnce: `strategy: all-at-once, final-bake: 5m, ${watched}`,
  canary: `strategy: canary, size: 25%, bake: 5m, final-bake: 4m, ${watched}`,
  linear: `strategy: linear, step: 50%, bake: 4m, final-bake: 4m, ${watched}`,
  rolling: `strategy: rolling, batch: 50%, bake: 1m, rollback-batch: 50%, ${unwatched}`,
  steps: `strategy: steps, steps: [50, 100], bake: 2m, minimum-requests: 60, ${judge}`,
} as const;

export interface Wish {
  readonly rollout: string;
  readonly instanceType?: string;
  /** The manifest's own block. */
  readonly autoscaling?: boolean;
}

/** `delivery.yml` as the team has it from now on. */
export const write = (
  account: TestAccount,
  { rollout, instanceType = 'ml.m5.large', autoscaling = false }: Wish,
): void =>
  account.writeManifest(() =>
    manifestText({
      endpoint: [
        `instance: { type: ${instanceType}, count: 4 }`,
        ...(autoscaling ? ['autoscaling: { min: 4, max: 6, invocations-per-instance: 9000 }'] : []),
      ],
    }).replace(/rollout: \{.*\}/, `rollout: { ${rollout} }`),
  );

/** Delivered by a run that nothing disturbs. */
export const deliver = async (account: TestAccount, version: Version): Promise<void> => {
  const report = await account.run(deployEndpoint, { version }, { runId: version });
  const end = report?.result.reason;
  if (end !== 'delivered') throw new Error(`the stage could not be set: ${end}: ${report?.result.because}`);
};

/** 1.0.0 serves and is called, and 1.1.0 or another version is approved. */
const inProduction = async (scene: Scene, wish: Wish, next: Version): Promise<void> => {
  const { account } = scene;
  write(account, { rollout: wish.rollout });
  await account.prepare('1.0.0');
  await deliver(account, '1.0.0');
  await scene.startTraffic(requestsPerSecond);
  await account.prepare(next);
  write(account, wish);
};

/** Autoscaling that the team configured by hand. */
export const scaleByHand = async ({ simulator }: Scene): Promise<void> => {
  const scaling = scalingByHand(simulator);
  await scaling('RegisterScalableTarget', { MinCapacity: 4, MaxCapacity: 6 });
  await scaling('PutScalingPolicy', { PolicyName: 'follow', ...trackingInvocations(9000) });
};

const byUpdate = (name: string, wish: Wish, options: { byHand?: boolean; version?: Version } = {}): Act => {
  const { byHand = false, version = '1.1.0' } = options;
  const isBad = version === '1.4.0';
  return {
    name: `deploy-endpoint/${name}`,
    operation: 'deploy-endpoint',
    inputs: () => ({ version }),
    before: async (scene) => {
      await inProduction(scene, wish, version);
      if (byHand) await scaleByHand(scene);
    },
    ends: isBad ? 'rolled-back/alarm' : 'succeeded/delivered',
    wasOver: [isBad ? 'rejected/already-convicted' : 'succeeded/already-delivered'],
    serves: isBad ? '1.0.0' : version,
  };
};

/** The instance type changes too, so that autoscaling has to be set aside and put back. */
const otherType = 'ml.c5.large';

const dark = async (scene: Scene, version: Version): Promise<void> => {
  await inProduction(scene, { rollout: rollouts.steps }, version);
  await scaleByHand(scene);
  const report = await scene.account.run(deployEndpoint, { version }, { runId: '7' });
  if (report?.result.reason !== 'candidate-dark')
    throw new Error(`the stage could not be set: ${report?.result.reason}: ${report?.result.because}`);
};

const reject = async ({ account }: Scene, packageVersion: number): Promise<void> => {
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/${packageVersion}`,
    ModelApprovalStatus: 'Rejected',
  });
};

const byOperation: PerOperation<Omit<Act, 'operation'>> = {
  'register-model': [
    {
      name: 'register-model',
      inputs: ({ account }) => account.registration('1.0.0'),
      before: async () => {},
      ends: 'succeeded/registered',
      wasOver: ['succeeded/already-registered'],
      serves: undefined,
    },
  ],
  'approve-gate': [
    {
      name: 'approve-gate',
      inputs: () => ({ version: '1.0.0' }),
      before: ({ account }) => account.prepare('1.0.0'),
      ends: 'succeeded/approved',
      wasOver: ['succeeded/approved'],
      serves: undefined,
    },
  ],
  'regression-test': [
    {
      name: 'regression-test/temporary',
      inputs: () => ({ version: '1.1.0' }),
      before: async (scene) => {
        await inProduction(scene, { rollout: rollouts.canary }, '1.1.0');
        withRegression(scene.account, {}, (text) => text.replace(/rollout: \{.*\}/, `rollout: { ${rollouts.canary} }`));
      },
      ends: 'succeeded/regression-passed',
      wasOver: ['succeeded/regression-passed'],
      serves: '1.0.0',
    },
  ],
  'deploy-endpoint': [
    {
      name: 'deploy-endpoint/create',
      inputs: () => ({ version: '1.0.0' }),
      before: async ({ account }) => {
        write(account, { rollout: rollouts.canary, autoscaling: true });
        await account.prepare('1.0.0');
      },
      ends: 'succeeded/delivered',
      wasOver: ['succeeded/already-delivered'],
      serves: '1.0.0',
    },
    byUpdate('all-at-once', { rollout: rollouts.allAtOnce }, { byHand: true }),
    byUpdate('canary', { rollout: rollouts.canary, instanceType: otherType }, { byHand: true }),
    byUpdate('canary-bad', { rollout: rollouts.canary, instanceType: otherType }, { byHand: true, version: '1.4.0' }),
    byUpdate('linear', { rollout: rollouts.linear, autoscaling: true }),
    byUpdate('rolling', { rollout: rollouts.rolling }),
    {
      name: 'deploy-endpoint/steps',
      inputs: () => ({ version: '1.1.0' }),
      before: async (scene) => {
        await inProduction(scene, { rollout: rollouts.steps }, '1.1.0');
        await scaleByHand(scene);
      },
      ends: 'succeeded/candidate-dark',
      wasOver: ['succeeded/candidate-dark'],
      serves: '1.0.0',
      dark: '1.1.0',
    },
  ],
  'shift-traffic': [
    {
      name: 'shift-traffic',
      inputs: () => ({ version: '1.1.0' }),
      before: (scene) => dark(scene, '1.1.0'),
      ends: 'succeeded/delivered',
      wasOver: ['succeeded/already-delivered'],
      serves: '1.1.0',
    },
    {
      name: 'shift-traffic/bad',
      // Every one of its answers is slow: which verdict it gets is no matter of chance, also when a run looks anew.
      inputs: () => ({ version: '1.3.0' }),
      before: (scene) => dark(scene, '1.3.0'),
      ends: 'rolled-back/convicted',
      wasOver: ['rejected/already-convicted'],
      serves: '1.0.0',
      dark: '1.3.0',
    },
  ],
  rollback: [
    {
      name: 'rollback',
      inputs: () => ({ because: 'gardeners complain' }),
      before: async (scene) => {
        await inProduction(scene, { rollout: rollouts.rolling }, '1.1.0');
        await scaleByHand(scene);
        write(scene.account, { rollout: rollouts.rolling, instanceType: otherType });
        await deliver(scene.account, '1.1.0');
      },
      ends: 'succeeded/restored',
      wasOver: ['succeeded/already-restored'],
      serves: '1.0.0',
    },
    {
      name: 'rollback/in-the-steps',
      inputs: () => ({ because: 'gardeners complain' }),
      before: async (scene) => {
        await dark(scene, '1.1.0');
        const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: true };
        await scene.account.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death });
        await scene.account.pass(minutes(11));
      },
      ends: 'succeeded/restored',
      // Whoever asked for it is told that it was done.
      wasOver: ['succeeded/restored', 'succeeded/already-restored'],
      serves: '1.0.0',
      dark: '1.1.0',
    },
    {
      name: 'rollback/rejected',
      inputs: () => ({ 'only-rejected': 'true', rejected: '1.1.0' }),
      before: async (scene) => {
        await inProduction(scene, { rollout: rollouts.rolling }, '1.1.0');
        await deliver(scene.account, '1.1.0');
        await reject(scene, 2);
      },
      ends: 'succeeded/restored',
      wasOver: ['succeeded/serves-nowhere'],
      serves: '1.0.0',
    },
    {
      name: 'rollback/rejected-in-the-steps',
      inputs: () => ({ 'only-rejected': 'true', rejected: '1.1.0' }),
      before: async (scene) => {
        await dark(scene, '1.1.0');
        const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: true };
        await scene.account.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death });
        await scene.account.pass(minutes(11));
        await reject(scene, 2);
      },
      ends: 'succeeded/candidate-withdrawn',
      // The release that it stopped may have ended, and the candidate be up without traffic.
      wasOver: ['succeeded/serves-nowhere', 'succeeded/candidate-withdrawn'],
      serves: '1.0.0',
    },
    {
      name: 'rollback/watchdog',
      inputs: () => ({ 'only-expired': 'true' }),
      before: async (scene) => {
        await inProduction(scene, { rollout: rollouts.canary, instanceType: otherType }, '1.1.0');
        await scaleByHand(scene);
        const death = { atCall: 'sagemaker.updateEndpoint', received: true };
        await scene.account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death });
        await scene.account.pass(minutes(11));
      },
      ends: 'succeeded/brought-to-rest',
      wasOver: ['succeeded/nothing-expired'],
      serves: '1.1.0',
    },
    {
      name: 'rollback/watchdog-of-steps',
      inputs: () => ({ 'only-expired': 'true' }),
      before: async (scene) => {
        await dark(scene, '1.1.0');
        const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: true };
        await scene.account.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death });
        await scene.account.pass(minutes(11));
      },
      ends: 'succeeded/brought-to-rest',
      wasOver: ['succeeded/nothing-expired'],
      serves: '1.0.0',
      dark: '1.1.0',
    },
  ],
};

export const acts: readonly Act[] = operationNames.flatMap((operation) =>
  byOperation[operation].map((act) => ({ ...act, operation })),
);
