import { type IrisVersion, irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { rehearsedTeam, rollouts } from '../manifest.ts';
import { approve, type RehearsedRelease, type Stage } from '../stage.ts';
import { delivered, firstDeployment, isEnd, type Scenario } from './scenario.ts';

const inputsOf = ({ simulator }: Stage, version: IrisVersion): Readonly<Record<string, string>> => {
  const key = `training/iris-${version}/model.tar.gz`;
  simulator.objects.put(rehearsedTeam.bucket, key, irisFixture(version).artifact);
  return {
    image: rehearsedTeam.image,
    artifact: `s3://${rehearsedTeam.bucket}/${key}`,
    'content-types': 'text/csv',
    'response-types': 'text/csv',
  };
};

const packageOf = ({ steps }: RehearsedRelease): string => steps.at(-1)?.outputs['model-package-version'] ?? '';

export const sameSemverTwiceInParallel: Scenario = {
  name: 'same-semver-twice-in-parallel',
  about:
    'Two workflow runs register different models as 1.4.0 at once: the lower package owns the version and is delivered, the other one is rejected, and its run fails naming the owner.',
  expected: delivered,
  // Otherwise SageMaker itself refuses the second package.
  settings: { packageTokens: 'forgotten' },
  play: async (stage, require) => {
    const { simulator, driver } = stage;
    stage.writeManifest({ rollout: `${rollouts.unguarded}, timeout: 1h`, unwatched: true });
    require(isEnd(await firstDeployment(stage), delivered), 'the first deployment is delivered');

    const later = await stage.begin('The run that comes later', '1.3.0', '1.4.0');
    const first = await stage.begin('The run that comes first', '1.1.0', '1.4.0');
    const running = later.start('register-model', inputsOf(stage, '1.3.0'));
    simulator.faults.add({
      ...{ service: 'sagemaker', operation: 'CreateModelPackage', participant: running.process.id },
      ...{ kind: 'throttle', times: 1 },
    });
    // It has looked, found the version free, and waits to send its package once more.
    await driver.until(driver.now() + 1);
    await first.run('register-model', inputsOf(stage, '1.1.0'));
    require(first.steps.at(-1)?.outputs['reason-code'] === 'registered' &&
      packageOf(first) === '2', 'the first one owns it');
    await later.finish(running);
    await later.end();
    require(isEnd(later, { outcome: 'failed', reasonCode: 'version-taken' }) &&
      later.ending?.because.includes('as package 2') === true, `it names the owner: ${later.ending?.because}`);
    const rejected = await simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: `arn:aws:sagemaker:${rehearsedTeam.region}:${rehearsedTeam.account}:model-package/${rehearsedTeam.model}/3`,
    });
    require(rejected['ModelApprovalStatus'] === 'Rejected' &&
      rejected['ApprovalDescription'] ===
        'iris_v1.4.0 is package 2; package 3 came later', 'the later package is rejected, with the reason');

    later.rerun();
    const again = await later.run('register-model', inputsOf(stage, '1.3.0'));
    require(again.outputs['reason-code'] === 'version-taken', 'its re-run is refused as well');
    await approve(simulator, first.did);
    await first.run('deploy-endpoint');
    await first.end();
    return first;
  },
};
