import { minutes } from '../../clock.ts';
import { rehearsedTeam } from '../manifest.ts';
import type { Stage } from '../stage.ts';
import { complaints } from './complaints.ts';
import {
  carriedOut,
  deliver,
  delivered,
  inProduction,
  isEnd,
  leavesNothingHalfDone,
  type Scenario,
} from './scenario.ts';

export const credentialsExpire: Scenario = {
  name: 'credentials-expire',
  about:
    'The bakes outlast the role’s one-hour sessions: they are renewed in the middle, also when AWS ends one early.',
  expected: delivered,
  processes: 'each process has credentials of its own',
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.writeManifest({ rollout: 'strategy: canary, size: 25%, bake: 45m, final-bake: 45m' });
    stage.simulator.faults.add({
      kind: 'expired-token',
      service: 'sagemaker',
      operation: 'DescribeEndpoint',
      times: 1,
      after: 40,
    });
    const release = await deliver(stage, 'Bakes longer than a session', '1.1.0');
    const began = release.steps.at(-1)?.started.at ?? Number.POSITIVE_INFINITY;
    const taken = stage.simulator.requests.filter(
      ({ operation, at, status }) => operation.startsWith('AssumeRole') && at >= began && status === 200,
    );
    require(taken.length >= 3, `the role is taken again before and after its end: ${taken.length} times`);
    return release;
  },
};

export const timeout: Scenario = {
  name: 'timeout',
  about:
    'The job’s time is up in the middle of the canary: the job reports it, SageMaker goes on, and the re-run finds the end.',
  expected: { outcome: 'timed-out', reasonCode: 'deadline-passed' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await stage.begin('A job without enough time', '1.1.0');
    await release.prepare();
    await release.run('deploy-endpoint', { timeout: '8m' });
    await release.end();
    release.rerun();
    const again = await release.run('deploy-endpoint');
    require(again.outputs['reason-code'] === 'delivered', `the re-run delivers: ${again.outputs['reason-code']}`);
    const updates = stage.simulator.requests.filter(
      ({ operation, mutation }) => operation === 'UpdateEndpoint' && mutation,
    );
    require(updates.length === 1, `UpdateEndpoint is carried out once: ${updates.length}`);
    return release;
  },
};

/** 63 characters, the most an endpoint's name may have. */
const longName = 'iris-prediction-service-of-the-botanical-garden-eu-production-1';
const longVersion = '1.1.0-release-candidate-for-the-spring-exhibition.12';

export const tightNameLimits: Scenario = {
  name: 'tight-name-limits',
  about:
    'An endpoint and a version with names as long as AWS and semver allow: every name the delivery makes still fits.',
  expected: delivered,
  play: async (stage, require) => {
    require(longName.length === 63, 'the name is as long as it may be');
    const alarm = complaints.padEnd(255, '-x');
    await stage.simulator.call('cloudwatch', 'PutMetricAlarm', {
      AlarmName: alarm,
      Namespace: 'Acme/Garden',
      MetricName: 'Complaints',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
    stage.writeManifest({ name: longName, namedAlarms: [alarm] });
    await inProduction(stage, require);
    const release = await stage.begin('Long names', '1.1.0', longVersion);
    await release.prepare();
    await release.run('deploy-endpoint');
    const ending = await release.end();
    require((ending.after?.endpointConfig.length ?? 64) <= 63, 'the configuration’s name fits');
    require(ending.after?.endpointConfig.includes('1-1-0-release') === true, 'and names the version');
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const someoneUpdatesByHand: Scenario = {
  name: 'someone-updates-by-hand',
  about:
    'An engineer updates the endpoint in the console a moment before the delivery: their update stays, and is reported.',
  expected: { outcome: 'inconclusive', reasonCode: 'changed-by-others' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    // A new config may not be found yet, so it is created early enough.
    await makeByHand(stage);
    await stage.driver.until(stage.driver.now() + minutes(1));
    const release = await stage.begin('An engineer is faster', '1.1.0');
    await release.prepare();
    stage.simulator.faults.add({
      kind: 'call',
      service: 'sagemaker',
      operation: 'UpdateEndpoint',
      times: 1,
      action: () => updateByHand(stage),
    });
    await release.run('deploy-endpoint');
    const ending = await release.end();
    require(carriedOut(release, 'UpdateEndpoint') === 0, 'no update of the delivery is carried out');
    require(ending.after?.endpointConfig === byHand, 'the configuration made by hand serves');
    require(ending.because.includes(byHand), 'and is named');
    await leavesNothingHalfDone(stage, require);
    await stage.driver.until(stage.driver.now() + minutes(1));
    const next = await stage.begin('The delivery again, over the new configuration', '1.1.0');
    await next.run('deploy-endpoint', { 'dry-run': 'true' });
    await next.end();
    require(isEnd(next, {
      outcome: 'succeeded',
      reasonCode: 'planned',
    }), `the next plan starts from it: ${next.ending?.reason}`);
    return release;
  },
};

const byHand = 'made-in-the-console';
const makeByHand = async (stage: Stage): Promise<void> => {
  const EndpointName = rehearsedTeam.endpoint;
  const { EndpointConfigName } = await stage.simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName });
  const { ProductionVariants } = await stage.simulator.call('sagemaker', 'DescribeEndpointConfig', {
    EndpointConfigName,
  });
  await stage.simulator.call('sagemaker', 'CreateEndpointConfig', { EndpointConfigName: byHand, ProductionVariants });
};
const updateByHand = async (stage: Stage): Promise<void> => {
  await stage.simulator.call('sagemaker', 'UpdateEndpoint', {
    EndpointName: rehearsedTeam.endpoint,
    EndpointConfigName: byHand,
  });
};
