import { minutes, seconds } from '../../clock.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { carriedOut, delivered, inProduction, intoTheCanary, isEnd, type Scenario, settle } from './scenario.ts';

export const runnerKilled = async (
  stage: Stage,
  title: string,
  version: RehearsedRelease['version'],
): Promise<RehearsedRelease> => {
  const release = await stage.begin(title, version);
  await release.prepare();
  const running = release.start('deploy-endpoint');
  await stage.driver.until(stage.driver.now() + intoTheCanary);
  stage.driver.destroy(running);
  const step = await release.finish(running);
  if (step.exit.signal !== 'SIGKILL')
    throw new Error(`the step ended before it could be killed: ${step.outputs['result']}`);
  release.did('sees the runner vanish', 'SIGKILL in the middle of the canary; no post step runs');
  await stage.driver.until(stage.driver.now() + minutes(1));
  release.rerun();
  await release.run('deploy-endpoint');
  await release.end();
  return release;
};

export const runnerKilledThenRerun: Scenario = {
  name: 'runner-killed-then-rerun',
  about: 'The runner disappears mid-canary; the re-run finds the release and brings it to the same end.',
  expected: delivered,
  processes: 'the runner disappears',
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await runnerKilled(stage, 'A runner killed mid-canary and re-run', '1.1.0');
    require(carriedOut(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is called once');
    return release;
  },
};

export const answerLostThenRerun: Scenario = {
  name: 'answer-lost-then-rerun',
  about:
    'UpdateEndpoint is carried out but its answer is lost, and the runner dies too; the re-run does not submit twice.',
  expected: delivered,
  processes: 'the runner disappears',
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await stage.begin('The answer is lost, and then the runner', '1.1.0');
    await release.prepare();
    const { faults } = stage.simulator;
    const update = { service: 'sagemaker', operation: 'UpdateEndpoint', times: 1 } as const;
    faults.add({ ...update, kind: 'answer-lost' });
    faults.add({
      ...update,
      kind: 'call',
      action: () => {
        // The process dies before any further answer about the endpoint.
        for (const operation of ['UpdateEndpoint', 'DescribeEndpoint'])
          faults.add({ ...update, operation, kind: 'call', action: () => stage.driver.destroy(running) });
      },
    });
    const running = release.start('deploy-endpoint');
    const step = await release.finish(running);
    require(step.exit.signal === 'SIGKILL', 'the runner dies before it learns that its call was carried out');
    release.did('sees the runner vanish', 'SIGKILL right after the lost answer');
    await stage.driver.until(stage.driver.now() + minutes(1));
    release.rerun();
    await release.run('deploy-endpoint');
    await release.end();
    require(carriedOut(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is carried out once');
    return release;
  },
};

export const cancelledMidway: Scenario = {
  name: 'cancelled-midway',
  about:
    'A person cancels the job during the bake: the job reports it within seconds, and SageMaker finishes under the alarms.',
  expected: { outcome: 'cancelled', reasonCode: 'cancelled' },
  processes: 'the runner sends signals',
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await stage.begin('A job cancelled during the bake', '1.1.0');
    await release.prepare();
    const running = release.start('deploy-endpoint');
    await stage.driver.until(stage.driver.now() + intoTheCanary);
    release.did('presses cancel', 'SIGINT to the running step');
    const pressed = stage.driver.now();
    const step = await release.cancel(running);
    require(step.exit.code === 1 &&
      stage.driver.now() - pressed <= seconds(5), 'the step answers SIGINT by ending red, before SIGTERM');
    require(step.summary.includes('cancelled'), 'the job summary is written on cancellation');
    const ending = await release.end();
    await settle(stage);
    const { EndpointConfigName, EndpointStatus } = await stage.simulator.call('sagemaker', 'DescribeEndpoint', {
      EndpointName: 'iris',
    });
    require(EndpointStatus === 'InService' &&
      EndpointConfigName === ending.candidateConfig, 'SageMaker finishes the good version by itself');
    return release;
  },
};

export const twoReleasesOneEndpoint: Scenario = {
  name: 'two-releases-one-endpoint',
  about: 'Two workflow runs deploy to one endpoint at once: the first one delivers, the second one names the holder.',
  expected: { outcome: 'failed', reasonCode: 'held-by-another-release' },
  processes: 'two runs at once',
  play: async (stage, require) => {
    await inProduction(stage, require);
    const first = await stage.begin('The first of two', '1.1.0');
    await first.prepare();
    const second = await stage.begin('The second of two', '1.3.0');
    await second.prepare();
    const running = first.start('deploy-endpoint');
    await stage.driver.until(stage.driver.now() + seconds(1));
    await second.run('deploy-endpoint');
    await first.finish(running);
    await first.end();
    await second.end();
    require(isEnd(first, delivered), 'the first release is delivered');
    require(first.ending?.after?.version === '1.1.0', 'the endpoint serves the first release’s version');
    require(second.ending?.because.includes('1.1.0') === true, 'the second release names the first');
    return second;
  },
};
