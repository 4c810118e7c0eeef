import { minutes } from '../../clock.ts';
import { rehearsedTeam } from '../manifest.ts';
import type { Stage } from '../stage.ts';
import { carriedOut, deliver, delivered, inProduction, isEnd, prepared, type Scenario } from './scenario.ts';

const fleetOf = (type: string, autoscaling: string): readonly string[] => [
  `instance: { type: ${type}, count: 4 }`,
  `autoscaling: { ${autoscaling} }`,
];
const about = {
  ServiceNamespace: 'sagemaker',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  ResourceId: `endpoint/${rehearsedTeam.endpoint}/variant/${rehearsedTeam.variant}`,
} as const;

export const autoscalerInterferes: Scenario = {
  name: 'autoscaler-interferes',
  about:
    'The autoscaler changes the endpoint at the moment of the update: the delivery waits for it, and keeps its instances.',
  expected: delivered,
  play: async (stage, require) => {
    stage.writeManifest({ endpoint: fleetOf('ml.m5.large', 'min: 4, max: 8, invocations-per-instance: 130') });
    await inProduction(stage, require);
    const release = await stage.begin('The autoscaler is faster', '1.1.0');
    await release.prepare();
    stage.simulator.faults.add({
      kind: 'call',
      service: 'sagemaker',
      operation: 'UpdateEndpoint',
      times: 1,
      action: () => {
        require(stage.simulator.hosting.scale(
          rehearsedTeam.endpoint,
          rehearsedTeam.variant,
          6,
        ), 'the autoscaler takes the endpoint to six');
      },
    });
    await release.run('deploy-endpoint');
    const ending = await release.end();
    const sent = ending.requests.filter(({ operation }) => operation === 'UpdateEndpoint');
    require(sent.length === 2 && carriedOut(release, 'UpdateEndpoint') === 1, 'refused once, then carried out once');
    // Afterwards the autoscaler may do as it likes.
    const whole = stage.simulator.events.find(
      ({ what, detail }) => what === 'full-activated' && detail.includes('iris-1-1-0'),
    );
    require(whole?.detail.startsWith('6 of 6') === true, `the update keeps six instances: ${whole?.detail}`);
    return release;
  },
};

export const scaledOutCapacityKept: Scenario = {
  name: 'scaled-out-capacity-kept',
  about: 'A fleet that traffic has scaled out stays as large through an update, whatever count the manifest has.',
  expected: delivered,
  play: async (stage, require) => {
    stage.writeManifest({ endpoint: fleetOf('ml.m5.large', 'min: 2, max: 9, invocations-per-instance: 60') });
    await inProduction(stage, require);
    const release = await deliver(stage, 'An update of a fleet that was scaled out', '1.1.0');
    const [before, after] = [release.before?.instances.desired ?? 0, release.ending?.after?.instances.desired];
    require(before > 4, `the traffic has scaled the fleet out: ${before}`);
    require(after === before, `it has as many instances afterwards: ${after}`);
    return release;
  },
};

export const instanceTypeChanged: Scenario = {
  name: 'instance-type-changed',
  about:
    'Another instance type: autoscaling is set aside for the update and restored completely, also when the update fails.',
  expected: delivered,
  play: async (stage, require) => {
    const autoscaling = 'min: 2, max: 8, invocations-per-instance: 130';
    stage.writeManifest({ endpoint: fleetOf('ml.m5.large', autoscaling) });
    await inProduction(stage, require);
    // Settings that the team added by hand must also come back.
    await stage.simulator.call('application-autoscaling', 'PutScheduledAction', {
      ...about,
      ScheduledActionName: 'christmas',
      Schedule: 'cron(0 6 24 12 ? *)',
      StartTime: (stage.driver.now() + minutes(600)) / 1000,
      ScalableTargetAction: { MinCapacity: 6 },
    });
    const before = await scalingOf(stage);
    stage.writeManifest({ endpoint: fleetOf('ml.c5.large', autoscaling) });
    await prepared(stage, '1.1.0');

    stage.simulator.faults.add({
      kind: 'error',
      service: 'sagemaker',
      operation: 'UpdateEndpoint',
      times: 1,
      code: 'ResourceLimitExceeded',
      message: "The account-level service limit 'ml.c5.large for endpoint usage' is 0 Instances.",
    });
    const refused = await stage.begin('Another instance type, refused', '1.1.0');
    await refused.run('deploy-endpoint');
    await refused.end();
    require(isEnd(refused, { outcome: 'failed', reasonCode: 'quota-exceeded' }), `refused: ${refused.ending?.reason}`);
    require((await scalingOf(stage)) === before, 'autoscaling is whole after the refusal');

    stage.simulator.harm.failCapacity(1);
    const failed = await stage.begin('Another instance type, without capacity', '1.1.0');
    await failed.run('deploy-endpoint');
    await failed.end();
    require(isEnd(failed, {
      outcome: 'rolled-back',
      reasonCode: 'capacity-rolled-back',
    }), 'the second one finds no instances');
    require((await scalingOf(stage)) === before, 'autoscaling is whole after the failed update');

    const release = await stage.begin('Another instance type', '1.1.0');
    await release.run('deploy-endpoint');
    await release.end();
    require((await scalingOf(stage)) === before, 'autoscaling is whole after the update');
    for (const operation of ['DeregisterScalableTarget', 'RegisterScalableTarget', 'UpdateEndpoint'])
      require(carriedOut(release, operation) === 1, `${operation} is carried out once`);
    return release;
  },
};

/** Everything DeregisterScalableTarget would delete, without the names and times AWS gives. */
const scalingOf = async (stage: Stage): Promise<string> => {
  const ask = (operation: string) =>
    stage.simulator.call('application-autoscaling', operation, {
      ServiceNamespace: about.ServiceNamespace,
      ...(operation === 'DescribeScalableTargets'
        ? { ResourceIds: [about.ResourceId] }
        : { ResourceId: about.ResourceId }),
    });
  const found = await Promise.all(
    ['DescribeScalableTargets', 'DescribeScalingPolicies', 'DescribeScheduledActions'].map(ask),
  );
  return JSON.stringify(found, (key, value) => (/ARN$|^CreationTime$|^Alarms$/.test(key) ? undefined : value));
};
