import { createHash } from 'node:crypto';
import { type AnyVersion, anyFixture } from '../../../simulator/fixtures/fixtures.ts';
import { minutes } from '../../clock.ts';
import { imageOf, rehearsedTeam, rollouts } from '../manifest.ts';
import { approve, type RehearsedRelease, type Stage } from '../stage.ts';
import { carriedOut, delivered, isEnd, type Require, type Scenario } from './scenario.ts';

const alarm = 'iris-live-errors';
const loadBalancer = 'app/iris/50dc6c495c0c9188';
const balancer = (resource: string): string =>
  `arn:aws:elasticloadbalancing:${rehearsedTeam.region}:${rehearsedTeam.account}:${resource}`;

/** An image with this version's model in it. */
const imageIn = (stage: Stage, version: AnyVersion): string => {
  const image = `${imageOf(stage.model)}-${version}`;
  const { artifact } = anyFixture(stage.model, version);
  stage.simulator.images.tag(image, `sha256:${createHash('sha256').update(artifact).digest('hex')}`);
  return image;
};

/** A service whose load balancer has callers, and a deployment group that an alarm on its errors stops; 1.0.0 is delivered to it. */
const serviceInProduction = async (
  stage: Stage,
  require: Require,
  {
    errorsAMinute = 5,
    rollout = 'strategy: canary, size: 10%, bake: 10m, final-bake: 0s',
  }: { readonly errorsAMinute?: number; readonly rollout?: string } = {},
): Promise<void> => {
  const { simulator, endpoint: name } = stage;
  const role = `arn:aws:iam::${rehearsedTeam.account}:role/iris-serving`;
  const call = (service: string, operation: string, input: object) => simulator.call(service, operation, input);
  await call('ecs', 'CreateCluster', { clusterName: 'models' });
  await call('ecs', 'RegisterTaskDefinition', {
    family: name,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '1024',
    memory: '2048',
    taskRoleArn: role,
    executionRoleArn: role,
    containerDefinitions: [
      { name: 'model', image: imageIn(stage, '1.3.0'), portMappings: [{ containerPort: 8080, protocol: 'tcp' }] },
    ],
  });
  await call('ecs', 'CreateService', {
    cluster: 'models',
    serviceName: name,
    taskDefinition: name,
    desiredCount: 2,
    launchType: 'FARGATE',
    networkConfiguration: {
      awsvpcConfiguration: { subnets: ['subnet-1', 'subnet-2'], securityGroups: ['sg-1'], assignPublicIp: 'DISABLED' },
    },
    deploymentController: { type: 'CODE_DEPLOY' },
    loadBalancers: [
      {
        targetGroupArn: balancer(`targetgroup/${name}-blue/73e2d6bc24d8a067`),
        containerName: 'model',
        containerPort: 8080,
      },
    ],
  });
  await call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: alarm,
    Namespace: 'AWS/ApplicationELB',
    MetricName: 'HTTPCode_Target_5XX_Count',
    Dimensions: [{ Name: 'LoadBalancer', Value: loadBalancer }],
    Statistic: 'Sum',
    Period: 60,
    // One minute of five: the metrics of a minute may come late.
    EvaluationPeriods: 5,
    DatapointsToAlarm: 1,
    Threshold: errorsAMinute,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  });
  await call('codedeploy', 'CreateApplication', { applicationName: name, computePlatform: 'ECS' });
  await call('codedeploy', 'CreateDeploymentGroup', {
    applicationName: name,
    deploymentGroupName: 'live',
    serviceRoleArn: role,
    alarmConfiguration: { enabled: true, alarms: [{ name: alarm }] },
    ecsServices: [{ clusterName: 'models', serviceName: name }],
    loadBalancerInfo: {
      targetGroupPairInfoList: [
        {
          targetGroups: [{ name: `${name}-blue` }, { name: `${name}-green` }],
          prodTrafficRoute: { listenerArns: [balancer(`listener/${loadBalancer}/f2f7dc8efc522ab2`)] },
        },
      ],
    },
    blueGreenDeploymentConfiguration: {
      terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE', terminationWaitTimeInMinutes: 15 },
      deploymentReadyOption: { actionOnTimeout: 'CONTINUE_DEPLOYMENT' },
    },
  });
  simulator.containers.traffic({
    ...{ cluster: 'models', service: name, loadBalancer },
    ...{ requestsPerSecond: 20, seed: 20_260_105 },
  });
  await stage.driver.until(stage.driver.now() + minutes(3));
  stage.writeManifest({
    service: true,
    rollout,
    unwatched: true,
  });
  const release = await deliverToService(stage, 'The first version that this suite delivers', '1.0.0');
  require(isEnd(release, delivered), `the first delivery is delivered: ${release.ending?.because}`);
};

const deliverToService = async (
  stage: Stage,
  title: string,
  version: AnyVersion,
  before: () => void = () => {},
): Promise<RehearsedRelease> => {
  const release = await stage.begin(title, version);
  await release.register({ image: imageIn(stage, version), artifact: '' });
  await approve(stage.simulator, release.did, stage.model);
  before();
  await release.run('deploy-endpoint');
  await release.end();
  return release;
};

export const codedeployEcsCanary: Scenario = {
  name: 'codedeploy-ecs-canary',
  about:
    'A model in a service of ECS: a revision of its task definition gets the image of the approved package, and CodeDeploy shifts the traffic of the load balancer to it by canary.',
  expected: delivered,
  play: async (stage, require) => {
    await serviceInProduction(stage, require);
    const release = await deliverToService(stage, 'A better version, by canary', '1.1.0');
    require(carriedOut(release, 'CreateDeployment') === 1, 'one deployment');
    require(carriedOut(release, 'RegisterTaskDefinition') === 1, 'one revision');
    const shares = stage.simulator.events
      .slice(release.began.eventsSeen)
      .filter(({ what }) => what === 'traffic-shifted')
      .map(({ detail }) => /(\d+) %/.exec(detail)?.[1]);
    require(shares.join() === '10,100', `10 % of the requests first, then all: ${shares.join()}`);
    return release;
  },
};

export const codedeployEcsAlarm: Scenario = {
  name: 'codedeploy-ecs-alarm',
  about:
    'The new tasks of a service of ECS fail: the alarm stops the deployment, and CodeDeploy takes the traffic back to the tasks before; a second attempt is refused.',
  expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
  play: async (stage, require) => {
    await serviceInProduction(stage, require);
    const release = await deliverToService(stage, 'A version that fails', '1.4.0', () =>
      stage.simulator.containers.fail(`${stage.endpoint}:3`, 0.5),
    );
    const again = await stage.begin('The same version once more', '1.4.0');
    await again.run('deploy-endpoint');
    await again.end();
    require(isEnd(again, {
      outcome: 'rejected',
      reasonCode: 'already-convicted',
    }), `it is not tried again by itself: ${again.ending?.reason}`);
    return release;
  },
};

export const codedeployEcsJudge: Scenario = {
  name: 'codedeploy-ecs-judge',
  about:
    'A good version of a service of ECS is delivered under the judge. The next one fails more often than the version that serves, and too seldom for the alarm: the judge compares the target groups and stops the deployment.',
  expected: { outcome: 'rolled-back', reasonCode: 'convicted' },
  play: async (stage, require) => {
    await serviceInProduction(stage, require, { errorsAMinute: 100, rollout: rollouts.judgedAlias });
    const release = await deliverToService(stage, 'A version that fails too seldom for the alarm', '1.4.0', () =>
      stage.simulator.containers.fail(`${stage.endpoint}:3`, 0.12),
    );
    require(carriedOut(release, 'StopDeployment') === 1, 'the deployment is stopped once');
    const { judged } = release.ending?.result ?? {};
    require((judged?.harmed ?? 0) > 0, `the report has the failures: ${judged?.harmed}`);
    const { services } = await stage.simulator.call('ecs', 'DescribeServices', {
      cluster: 'models',
      services: [stage.endpoint],
    });
    const [{ taskDefinition = '' } = {}] = services as readonly { readonly taskDefinition?: string }[];
    require(taskDefinition.endsWith(':2'), `revision 2 serves again: ${taskDefinition}`);
    return release;
  },
};
