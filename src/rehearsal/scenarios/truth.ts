import { minutes } from '../../clock.ts';
import { rehearsedTeam } from '../manifest.ts';
import { approve } from '../stage.ts';
import { deliver, delivered, inProduction, intoTheCanary, isEnd, type Scenario } from './scenario.ts';

const noBake = { outcome: 'inconclusive', reasonCode: 'no-bake' } as const;

export const noBakeTookPlace: Scenario = {
  name: 'no-bake-took-place',
  about:
    'SageMaker ignores the guardrails and switches all at once: the new version serves, and the run reports that no bake took place, also when it died meanwhile; a Marketplace container is refused in the plan.',
  expected: noBake,
  processes: 'the runner disappears',
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.simulator.harm.ignoreGuardrails(stage.endpoint);
    const watched = await deliver(stage, 'A canary that SageMaker does not carry out', '1.1.0');
    require(isEnd(watched, noBake), `a run that watched reports it: ${watched.ending?.because}`);
    require(watched.ending?.because.includes('no bake took place') === true, `in words: ${watched.ending?.because}`);

    await stage.simulator.call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName: rehearsedTeam.model,
      ModelPackageDescription: `${rehearsedTeam.model}_v9.0.0`,
      InferenceSpecification: {
        Containers: [
          {
            Image: rehearsedTeam.image,
            ModelDataUrl: `s3://${rehearsedTeam.bucket}/training/iris-1.1.0/model.tar.gz`,
            ProductId: 'prod-iris',
          },
        ],
      },
    });
    const bought = await stage.begin('A canary of a container from the Marketplace', '1.1.0', '9.0.0');
    await approve(stage.simulator, bought.did);
    await bought.run('deploy-endpoint');
    await bought.end();
    require(isEnd(bought, {
      outcome: 'failed',
      reasonCode: 'infeasible-rollout',
    }), `the plan refuses it: ${bought.ending?.because}`);
    require(/AWS Marketplace \(prod-iris\).*strategy: steps/.test(
      bought.ending?.because ?? '',
    ), `with the reason and the way out: ${bought.ending?.because}`);

    stage.simulator.harm.ignoreGuardrails(stage.endpoint);
    const release = await stage.begin('The same, and its runner dies meanwhile', '1.3.0');
    await release.prepare();
    const running = release.start('deploy-endpoint');
    await stage.driver.until(stage.driver.now() + minutes(1));
    stage.driver.destroy(running);
    await release.finish(running);
    release.did('sees the runner vanish', 'SIGKILL while instances start');
    await stage.driver.until(stage.driver.now() + minutes(30));
    release.rerun();
    await release.run('deploy-endpoint');
    await release.end();
    return release;
  },
};

export const sharedOutageDoesNotConvict: Scenario = {
  name: 'shared-outage-does-not-convict',
  about:
    'A dependency of both versions fails during the canary, and the alarm takes the traffic back: the old version failed as often, so the version may be tried again.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    const outage = await stage.begin('A canary while the feature store fails', '1.1.0');
    await outage.prepare();
    const running = outage.start('deploy-endpoint');
    await stage.driver.until(stage.driver.now() + intoTheCanary);
    stage.simulator.harm.dependencyFailure(stage.endpoint, { rate: 0.3, durationMs: minutes(4) });
    outage.did('sees the feature store fail', 'three of ten requests to either version for four minutes');
    await outage.finish(running);
    const { because } = await outage.end();
    require(isEnd(outage, { outcome: 'rolled-back', reasonCode: 'shared-outage' }), `it is taken back: ${because}`);
    require(/requests to 1\.1\.0 failed \([\d.]+ %\), and \d+ of \d+ \([\d.]+ %\) to 1\.0\.0: 1\.0\.0 failed (as often|too, and the difference is within chance)/.test(
      because,
    ), `both rates are given: ${because}`);
    const release = await stage.begin('The same version when the feature store is back', '1.1.0');
    await release.run('deploy-endpoint');
    await release.end();
    return release;
  },
};
