import { minutes } from '../../clock.ts';
import { rehearsedTeam } from '../manifest.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import {
  carriedOut,
  delivered,
  inProduction,
  intoTheCanary,
  isEnd,
  leavesNothingHalfDone,
  prepared,
  type Scenario,
} from './scenario.ts';
import { broughtUp, inProductionBySteps, sharesTaken, untilShare } from './walking.ts';

/** The approver, in SageMaker Studio, about the newest package. */
export const decides = async (
  stage: Stage,
  status: 'Approved' | 'Rejected',
  release?: RehearsedRelease,
): Promise<void> => {
  await stage.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: await newestPackage(stage),
    ModelApprovalStatus: status,
    ApprovalDescription: status === 'Approved' ? 'looked again' : 'one species was mislabelled',
  });
  release?.did(status === 'Approved' ? 'approves again' : 'rejects', 'the package, in the registry');
};

interface Package {
  readonly ModelPackageArn: string;
  readonly ModelApprovalStatus: string;
}

/** Oldest first. */
const packages = async (stage: Stage): Promise<readonly Package[]> => {
  const { ModelPackageSummaryList } = await stage.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: rehearsedTeam.model,
    SortOrder: 'Ascending',
  });
  return ModelPackageSummaryList as readonly Package[];
};

const newestPackage = async (stage: Stage): Promise<string> => (await packages(stage)).at(-1)?.ModelPackageArn ?? '';

export const rejectedWhileItWaits: Scenario = {
  name: 'rejected-while-it-waits',
  about:
    'AWS maintains the endpoint, the delivery waits, and its version is rejected meanwhile: nothing is submitted. After a new approval it is delivered.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await stage.begin('A version that is rejected while its delivery waits', '1.1.0');
    await release.prepare();
    require(stage.simulator.harm.systemUpdate(
      rehearsedTeam.endpoint,
      minutes(12),
    ), 'the endpoint is under maintenance');
    const running = release.start('deploy-endpoint');
    await stage.driver.until(stage.driver.now() + minutes(5));
    await decides(stage, 'Rejected', release);
    await release.finish(running);
    await release.end();
    require(isEnd(release, {
      outcome: 'rejected',
      reasonCode: 'not-approved',
    }), `it is refused: ${release.ending?.because}`);
    require(carriedOut(release, 'UpdateEndpoint') === 0, 'nothing was submitted');
    await leavesNothingHalfDone(stage, require);
    await stage.driver.until(stage.driver.now() + minutes(15));
    await decides(stage, 'Approved');
    const again = await stage.begin('Approved again', '1.1.0');
    await again.run('deploy-endpoint');
    await again.end();
    return again;
  },
};

export const rejectedNeverDeploys: Scenario = {
  name: 'rejected-never-deploys',
  about:
    'A version was rejected: the gate stops it, and so does every way past the gate: a deployment, its re-run, another attempt, and the same version registered again.',
  expected: { outcome: 'rejected', reasonCode: 'not-approved' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const registration = await stage.begin('A version is registered', '1.1.0');
    await registration.register();
    await registration.end();
    require(registration.ending?.reason === 'registered', `it is registered: ${registration.ending?.because}`);
    const release = await stage.begin('It is rejected, and its delivery is tried all the same', '1.1.0');
    await decides(stage, 'Rejected', release);
    const gate = await release.run('approve-gate');
    require(gate.outputs['reason-code'] === 'approval-rejected' &&
      gate.outputs['approval-description'] ===
        'one species was mislabelled', 'the gate names the rejection and its reason');
    require(gate.exit.code === 1, 'and its step is red');
    await release.run('deploy-endpoint');
    release.rerun();
    await release.run('deploy-endpoint', { retry: 'true' });
    const again = await release.register();
    require(again.outputs['reason-code'] === 'already-registered', 'the same version cannot be registered beside it');
    require((await packages(stage)).at(-1)?.ModelApprovalStatus === 'Rejected', 'nor does that ask for a new decision');
    await release.run('deploy-endpoint');
    const { after, requests } = await release.end();
    require(requests.every(
      ({ mutation, operation }) => !mutation || operation.startsWith('AssumeRole'),
    ), 'nothing is written');
    require(after?.version === '1.0.0' &&
      after.endpointConfig === release.before?.endpointConfig, 'the endpoint serves as before');
    return release;
  },
};

export const approvedNotNewest: Scenario = {
  name: 'approved-one-is-deployed-not-newest',
  about:
    'An approved version is delivered while a newer one waits, and is approved in the middle of the delivery: the version that was named is delivered, from its own package.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    await prepared(stage, '1.1.0');
    const newer = await stage.begin('A newer version is registered', '1.2.0');
    await newer.register();
    await newer.run('deploy-endpoint');
    await newer.end();
    require(isEnd(newer, {
      outcome: 'rejected',
      reasonCode: 'not-approved',
    }), `the newest is refused: ${newer.ending?.because}`);
    const release = await stage.begin('The approved one is delivered', '1.1.0');
    const gate = await release.run('approve-gate');
    require(gate.outputs['model-package-version'] === '2', 'the gate answers for the package of the approved version');
    const running = release.start('deploy-endpoint');
    await stage.driver.until(stage.driver.now() + intoTheCanary);
    await decides(stage, 'Approved', release);
    await release.finish(running);
    await release.end();
    const made = stage.simulator.requests.filter(({ operation, mutation }) => operation === 'CreateModel' && mutation);
    const served = made.map(
      ({ input }) =>
        (input as { readonly PrimaryContainer?: { readonly ModelPackageName?: string } }).PrimaryContainer
          ?.ModelPackageName,
    );
    const numbers = served.map((arn) => arn?.split('/').at(-1));
    require(numbers.join(', ') === '1, 2', `models were made of packages 1 and 2: ${numbers.join(', ')}`);
    return release;
  },
};

export const rejectedMidCanary: Scenario = {
  name: 'rejected-mid-canary',
  about:
    'The approver withdraws the approval while the canary bakes: the traffic goes back, and the report names the person and the reason.',
  expected: { outcome: 'rolled-back', reasonCode: 'approval-withdrawn' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await stage.begin('A version that is rejected in its canary', '1.1.0');
    await release.prepare();
    const running = release.start('deploy-endpoint');
    await stage.driver.until(stage.driver.now() + intoTheCanary);
    await decides(stage, 'Rejected', release);
    await release.finish(running);
    const ending = await release.end();
    require(ending.because.includes('mislabelled'), `the report gives the reason: ${ending.because}`);
    require(carriedOut(release, 'UpdateEndpoint') === 1, 'the update is stopped, not followed by another one');
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsRejected: Scenario = {
  name: 'steps-rejected',
  about:
    'The approver withdraws the approval on the second step: the candidate goes back to weight 0 at the next look.',
  expected: { outcome: 'rolled-back', reasonCode: 'approval-withdrawn' },
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await broughtUp(stage, require, 'A stepped rollout whose version is rejected', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.5);
    await decides(stage, 'Rejected', release);
    await release.finish(running);
    const ending = await release.end();
    require(ending.because.includes('mislabelled'), `the report gives the reason: ${ending.because}`);
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 0', `two steps and back: ${sharesTaken(stage, release.began.at)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const packageEdited: Scenario = {
  name: 'package-edited',
  about:
    'An approved package is edited and gets another container environment: it is still approved, and is not deployed.',
  expected: { outcome: 'rejected', reasonCode: 'content-changed' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    await prepared(stage, '1.1.0');
    const ModelPackageArn = await newestPackage(stage);
    const { InferenceSpecification } = await stage.simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: ModelPackageArn,
    });
    const { Containers, ...called } = InferenceSpecification as { readonly Containers: readonly object[] };
    await stage.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn,
      InferenceSpecification: { ...called, Containers: [{ ...Containers[0], Environment: { THRESHOLD: '0' } }] },
      CustomerMetadataProperties: { 'content-digest': 'f'.repeat(64) },
    });
    const release = await stage.begin('An approved package that was edited', '1.1.0');
    await release.run('deploy-endpoint');
    await release.end();
    require(carriedOut(release, 'CreateModel') === 0, 'nothing is made');
    return release;
  },
};
