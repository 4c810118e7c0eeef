import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type SimulatorOptions, startSimulator } from '../../../simulator/simulator.ts';

// ECS as far as CodeDeploy needs it, and CodeDeploy's compute platform ECS.

type Opened = Awaited<ReturnType<typeof open>>;
const minute = 60_000;
const role = 'arn:aws:iam::111122223333:role/model-serving';
const repository = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn';
const balancer = (resource: string): string => `arn:aws:elasticloadbalancing:eu-west-1:111122223333:${resource}`;
const definition = (image: string) => ({
  family: 'churn',
  containerDefinitions: [{ name: 'model', image, portMappings: [{ containerPort: 8080 }] }],
});
const pair = {
  targetGroups: [{ name: 'blue' }, { name: 'green' }],
  prodTrafficRoute: { listenerArns: [balancer('listener/app/churn/1/2')] },
};

const open = async (group: object = {}, options: SimulatorOptions = {}) => {
  const simulator = await startSimulator(options);
  const call = (service: string, operation: string, input: object) => simulator.call(service, operation, input);
  for (const version of [1, 2]) {
    simulator.images.tag(`${repository}:${version}`, `sha256:${String(version).repeat(64)}`);
    await call('ecs', 'RegisterTaskDefinition', definition(`${repository}:${version}`));
  }
  await call('ecs', 'CreateService', {
    serviceName: 'churn',
    taskDefinition: 'churn:1',
    desiredCount: 3,
    deploymentController: { type: 'CODE_DEPLOY' },
    loadBalancers: [{ targetGroupArn: balancer('targetgroup/blue/1'), containerName: 'model', containerPort: 8080 }],
  });
  await call('codedeploy', 'CreateApplication', { applicationName: 'churn', computePlatform: 'ECS' });
  const deploymentGroup = {
    applicationName: 'churn',
    deploymentGroupName: 'live',
    serviceRoleArn: role,
    ecsServices: [{ clusterName: 'default', serviceName: 'churn' }],
    loadBalancerInfo: { targetGroupPairInfoList: [pair] },
    ...group,
  };
  await call('codedeploy', 'CreateDeploymentGroup', deploymentGroup);
  const pass = (ms: number) => simulator.driver.sleepUntil(simulator.clock.now() + ms);
  await pass(2 * minute);
  return {
    ...{ simulator, call, pass, deploymentGroup },
    deploy: async (taskDefinition: string, config = 'ECSCanary10Percent5Minutes', more: object = {}) => {
      const { deploymentId } = await call('codedeploy', 'CreateDeployment', {
        applicationName: 'churn',
        deploymentGroupName: 'live',
        deploymentConfigName: `CodeDeployDefault.${config}`,
        revision: {
          revisionType: 'AppSpecContent',
          appSpecContent: {
            content: JSON.stringify({
              version: 0.0,
              Resources: [
                {
                  TargetService: {
                    Type: 'AWS::ECS::Service',
                    Properties: {
                      TaskDefinition: taskDefinition,
                      LoadBalancerInfo: { ContainerName: 'model', ContainerPort: 8080 },
                    },
                  },
                },
              ],
            }),
          },
        },
        autoRollbackConfiguration: {
          enabled: true,
          events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
        },
        ...more,
      });
      return String(deploymentId);
    },
    deployment: async (deploymentId: string) =>
      (await call('codedeploy', 'GetDeployment', { deploymentId }))['deploymentInfo'] as Readonly<
        Record<string, unknown>
      >,
    /** `PRIMARY churn:1 100`: each task set with its percent of the traffic, as the deployment has it. */
    sets: async (deploymentId: string) => {
      const { deploymentTargets } = await call('codedeploy', 'BatchGetDeploymentTargets', {
        deploymentId,
        targetIds: ['default:churn'],
      });
      const [target] = deploymentTargets as readonly {
        readonly ecsTarget: { readonly taskSetsInfo: readonly Readonly<Record<string, unknown>>[] };
      }[];
      return target?.ecsTarget.taskSetsInfo.map(
        ({ taskSetLabel, status, trafficWeight }) => `${taskSetLabel} ${status} ${trafficWeight}`,
      );
    },
    service: async () =>
      (
        (await call('ecs', 'DescribeServices', { services: ['churn'] }))['services'] as readonly {
          readonly taskDefinition: string;
          readonly taskSets: readonly Readonly<Record<string, unknown>>[];
        }[]
      )[0],
  };
};

let churn: Opened;
afterEach(() => churn.simulator.close());

describe('a deployment to a service', () => {
  beforeEach(async () => {
    churn = await open();
  });

  test('starts the replacement tasks first, shifts the traffic, and ends the tasks before', async () => {
    const id = await churn.deploy('churn:2');
    await churn.pass(30_000);
    expect(await churn.sets(id)).toEqual(['Blue PRIMARY 100', 'Green ACTIVE 0']);
    await churn.pass(minute);
    expect(await churn.sets(id)).toEqual(['Blue PRIMARY 90', 'Green ACTIVE 10']);
    await churn.pass(6 * minute);
    expect(await churn.deployment(id)).toMatchObject({ status: 'Succeeded', computePlatform: 'ECS' });
    const service = await churn.service();
    expect(service?.taskDefinition).toBe('arn:aws:ecs:eu-west-1:111122223333:task-definition/churn:2');
    expect(service?.taskSets).toMatchObject([
      {
        status: 'PRIMARY',
        runningCount: 3,
        stabilityStatus: 'STEADY_STATE',
        loadBalancers: [{ targetGroupArn: expect.stringContaining('targetgroup/green/') }],
      },
    ]);
  });

  test('that is stopped with a rollback leads back to the tasks before', async () => {
    const id = await churn.deploy('churn:2');
    await churn.pass(2 * minute);
    await churn.call('codedeploy', 'StopDeployment', { deploymentId: id, autoRollbackEnabled: true });
    await churn.pass(minute);
    const { rollbackInfo } = await churn.deployment(id);
    const back = (rollbackInfo as { readonly rollbackDeploymentId: string }).rollbackDeploymentId;
    expect(await churn.deployment(back)).toMatchObject({ status: 'Succeeded', creator: 'codeDeployRollback' });
    expect((await churn.service())?.taskSets[0]).toMatchObject({
      status: 'PRIMARY',
      taskDefinition: expect.stringMatching(/churn:1$/),
    });
  });

  test.each([
    ['churn:9', 'INVALID_ECS_SERVICE'],
    ['other', 'INVALID_ECS_SERVICE'],
  ])('of %s fails', async (taskDefinition, code) => {
    const id = await churn.deploy(taskDefinition);
    await churn.pass(minute);
    expect(await churn.deployment(id)).toMatchObject({ status: 'Failed', errorInformation: { code } });
  });

  test('of a task definition whose image cannot be pulled fails after an hour', async () => {
    await churn.call('ecs', 'RegisterTaskDefinition', definition(`${repository}:none`));
    const id = await churn.deploy('churn:3');
    await churn.pass(59 * minute);
    expect(await churn.deployment(id)).toMatchObject({ status: 'InProgress' });
    await churn.pass(3 * minute);
    expect(await churn.deployment(id)).toMatchObject({ status: 'Failed', errorInformation: { code: 'TIMEOUT' } });
    expect(await churn.service()).toMatchObject({ taskDefinition: expect.stringMatching(/churn:1$/) });
  });

  test('runs one at a time in a group', async () => {
    await churn.deploy('churn:2');
    await expect(churn.deploy('churn:2')).rejects.toMatchObject({ code: 'DeploymentLimitExceededException' });
  });
});

test('requests count by target group: answers of the targets where there are some, and response times in seconds', async () => {
  const { simulator, call, pass, deploy } = await open({}, { settings: { metricDelayMs: 2 * minute } });
  const { containers, clock } = simulator;
  const loadBalancer = 'app/churn/1';
  containers.traffic({ cluster: 'default', service: 'churn', loadBalancer, requestsPerSecond: 100, seed: 1 });
  containers.fail('churn:2', 0.5);
  containers.fail('churn:2', 0.25, 400);
  containers.slow('churn:2', 400);
  await deploy('churn:2');
  await pass(6 * minute);
  const until = clock.now() - (clock.now() % minute);
  /** Of the minute that ends so many minutes ago. */
  const seen = async (group: string, MetricName: string, ended: number): Promise<number | undefined> => {
    const { Datapoints } = await call('cloudwatch', 'GetMetricStatistics', {
      Namespace: 'AWS/ApplicationELB',
      MetricName,
      Dimensions: [
        { Name: 'TargetGroup', Value: `targetgroup/${group}` },
        { Name: 'LoadBalancer', Value: loadBalancer },
      ],
      StartTime: new Date(until - (ended + 1) * minute),
      EndTime: new Date(until - ended * minute),
      Period: 60,
      Statistics: [MetricName === 'TargetResponseTime' ? 'Average' : 'Sum'],
    });
    const [point] = Datapoints as readonly { readonly Sum?: number; readonly Average?: number }[];
    return point?.Sum ?? point?.Average;
  };
  const { services } = await call('ecs', 'DescribeServices', { services: ['churn'] });
  const { taskSets } = (services as readonly { taskSets: readonly { loadBalancers: readonly object[] }[] }[])[0] ?? {
    taskSets: [],
  };
  const green = /targetgroup\/(green\/\w+)/.exec(JSON.stringify(taskSets))?.[1] ?? '';
  // 10 % of 6,000 requests a minute, half of them failed and a quarter mistaken.
  expect(await seen(green, 'RequestCount', 2)).toBeGreaterThan(500);
  expect(await seen(green, 'RequestCount', 2)).toBeLessThan(700);
  expect(await seen(green, 'HTTPCode_Target_5XX_Count', 2)).toBeGreaterThan(240);
  expect(await seen(green, 'HTTPCode_Target_4XX_Count', 2)).toBeGreaterThan(100);
  expect(await seen(green, 'TargetResponseTime', 2)).toBeCloseTo(0.4, 1);
  expect(await seen('blue/1', 'RequestCount', 2)).toBeGreaterThan(5_000);
  expect(await seen('blue/1', 'HTTPCode_Target_5XX_Count', 2)).toBeUndefined();
  expect(await seen('blue/1', 'TargetResponseTime', 2)).toBeCloseTo(0.04, 2);
  // Not there yet.
  expect(await seen('blue/1', 'RequestCount', 0)).toBeUndefined();
  simulator.close();
});

test('the task set of the new version may become PRIMARY with the first shift', async () => {
  churn = await open({}, { settings: { primaryTaskSet: 'first-shift' } });
  const id = await churn.deploy('churn:2');
  await churn.pass(2 * minute);
  expect(await churn.sets(id)).toEqual(['Blue ACTIVE 90', 'Green PRIMARY 10']);
});

describe('the times of a deployment group', () => {
  const blueGreenDeploymentConfiguration = {
    deploymentReadyOption: { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: 20 },
    terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE', terminationWaitTimeInMinutes: 30 },
  };
  beforeEach(async () => {
    churn = await open({ blueGreenDeploymentConfiguration });
  });
  const goOn = (deploymentId: string, deploymentWaitType: string) =>
    churn.call('codedeploy', 'ContinueDeployment', { deploymentId, deploymentWaitType });

  test('a ready deployment waits for ContinueDeployment, and the tasks before for their end', async () => {
    const id = await churn.deploy('churn:2', 'ECSAllAtOnce');
    await expect(goOn(id, 'READY_WAIT')).rejects.toMatchObject({ code: 'DeploymentIsNotInReadyStateException' });
    await churn.pass(5 * minute);
    expect(await churn.deployment(id)).toMatchObject({ status: 'Ready' });
    await goOn(id, 'READY_WAIT');
    await churn.pass(20 * minute);
    expect(await churn.deployment(id)).toMatchObject({ status: 'InProgress' });
    expect(await churn.sets(id)).toEqual(['Blue ACTIVE 0', 'Green PRIMARY 100']);
    await goOn(id, 'TERMINATION_WAIT');
    expect(await churn.deployment(id)).toMatchObject({ status: 'Succeeded' });
    await expect(goOn(id, 'READY_WAIT')).rejects.toMatchObject({ code: 'DeploymentAlreadyCompletedException' });
  });

  test('a ready deployment that waits too long is stopped', async () => {
    const id = await churn.deploy('churn:2', 'ECSAllAtOnce');
    await churn.pass(25 * minute);
    expect(await churn.deployment(id)).toMatchObject({ status: 'Stopped', errorInformation: { code: 'TIMEOUT' } });
  });
});

test('a service is made once for a token, and by nothing else of the same name', async () => {
  churn = await open();
  const wanted = {
    serviceName: 'other',
    taskDefinition: 'churn',
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: 'CODE_DEPLOY' },
    loadBalancers: [{ targetGroupArn: balancer('targetgroup/blue/1'), containerName: 'model', containerPort: 8080 }],
  };
  const create = (more: object) => churn.call('ecs', 'CreateService', { ...wanted, ...more });
  const made = await create({ clientToken: 'once' });
  expect(made).toMatchObject({ service: { serviceName: 'other', schedulingStrategy: 'REPLICA' } });
  expect(await create({ clientToken: 'once' })).toEqual(made);
  for (const more of [{}, { clientToken: 'twice' }, { clientToken: 'once', desiredCount: 7 }])
    await expect(create(more)).rejects.toMatchObject({ message: 'Creation of service was not idempotent.' });
});

describe('refused', () => {
  beforeEach(async () => {
    churn = await open();
  });
  const service = {
    serviceName: 'other',
    taskDefinition: 'churn',
    deploymentController: { type: 'CODE_DEPLOY' },
    loadBalancers: [{ targetGroupArn: balancer('targetgroup/blue/1'), containerName: 'model', containerPort: 8080 }],
  };

  test.each<[string, string, object, string]>([
    ['codedeploy', 'CreateDeploymentGroup', { ecsServices: [] }, 'InvalidECSServiceException'],
    ['codedeploy', 'CreateDeploymentGroup', { loadBalancerInfo: {} }, 'InvalidTargetGroupPairException'],
    [
      'codedeploy',
      'CreateDeploymentGroup',
      { loadBalancerInfo: { targetGroupPairInfoList: [{ targetGroups: pair.targetGroups }] } },
      'InvalidLoadBalancerInfoException',
    ],
    [
      'codedeploy',
      'CreateDeploymentGroup',
      { blueGreenDeploymentConfiguration: { terminateBlueInstancesOnDeploymentSuccess: { action: 'KEEP_ALIVE' } } },
      'InvalidBlueGreenDeploymentConfigurationException',
    ],
    [
      'codedeploy',
      'CreateDeploymentGroup',
      { blueGreenDeploymentConfiguration: { deploymentReadyOption: { waitTimeInMinutes: 5 } } },
      'InvalidBlueGreenDeploymentConfigurationException',
    ],
    [
      'codedeploy',
      'CreateDeploymentGroup',
      { deploymentConfigName: 'CodeDeployDefault.LambdaAllAtOnce' },
      'InvalidComputePlatformException',
    ],
    ['ecs', 'CreateService', { serviceName: 'churn' }, 'InvalidParameterException'],
    ['ecs', 'CreateService', { loadBalancers: [] }, 'InvalidParameterException'],
    ['ecs', 'CreateService', { deploymentController: { type: 'ECS' } }, 'NotSimulated'],
    ['ecs', 'CreateService', { schedulingStrategy: 'DAEMON' }, 'InvalidParameterException'],
    ['ecs', 'CreateService', { taskDefinition: 'none' }, 'ClientException'],
    ['ecs', 'CreateService', { cluster: 'none' }, 'ClusterNotFoundException'],
    ['ecs', 'UpdateService', { service: 'churn', taskDefinition: 'churn:2' }, 'InvalidParameterException'],
    ['ecs', 'UpdateService', { service: 'none', desiredCount: 1 }, 'ServiceNotFoundException'],
    ['ecs', 'DescribeTaskDefinition', { taskDefinition: 'none' }, 'ClientException'],
    [
      'ecs',
      'RegisterTaskDefinition',
      {
        family: 'churn',
        containerDefinitions: [
          {
            ...{ name: 'model', image: 'x' },
            environment: [{ name: 'KEY', value: '1' }],
            secrets: [{ name: 'KEY', valueFrom: 'y' }],
          },
        ],
      },
      'ClientException',
    ],
  ])('%s %s %j', async (name, operation, input, code) => {
    const base =
      operation === 'CreateDeploymentGroup'
        ? { ...churn.deploymentGroup, deploymentGroupName: 'another' }
        : operation === 'CreateService'
          ? service
          : {};
    await expect(churn.call(name, operation, { ...base, ...input })).rejects.toMatchObject({ code });
  });

  test('a service that does not exist is among the failures', async () => {
    expect(await churn.call('ecs', 'DescribeServices', { services: ['churn', 'none'] })).toMatchObject({
      failures: [{ reason: 'MISSING' }],
    });
  });
});
