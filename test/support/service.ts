import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
import { withoutUndefined } from '../../src/without-undefined.ts';
import { type Attempt, openAccount, type TestAccount } from './account.ts';
import { alarmOnErrors, canary, deploymentsOf, journalsOf } from './codedeploy.ts';

const repository = team.image.split(/[:@]/)[0] ?? '';
const digests = { '1.0.0': '0', '1.1.0': '1', '1.2.0': '2' } as const;
export type ModelVersion = keyof typeof digests;
export const imageOf = (version: ModelVersion | 'before'): string => `${repository}:task-${version}`;
export const digestOf = (version: ModelVersion): string => `sha256:${digests[version].repeat(64)}`;
const errorsAlarm = 'iris-live-errors';
const role = `arn:aws:iam::${team.account}:role/iris-serving`;
const loadBalancer = 'app/iris/50dc6c495c0c9188';
const balancer = (resource: string): string =>
  `arn:aws:elasticloadbalancing:${team.region}:${team.account}:${resource}`;

export const serviceManifest = (rollout: string = canary, more = '', service = ''): string => `version: 1
model: ${team.model}
environments:
  ${team.environment}:
    account: "${team.account}"
    region: ${team.region}
    role: model-deployer
    rollback-role: model-restorer
    target: ecs-service
    service: { cluster: models, name: iris, task-definition: iris, application: iris, deployment-group: live${service} }
    rollout: ${rollout}
${more}`;

/** The task definition that others registered: a proxy in front of the model. */
export const firstDefinition = {
  family: 'iris',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '1024',
  memory: '2048',
  taskRoleArn: role,
  executionRoleArn: role,
  containerDefinitions: [
    {
      name: 'model',
      image: imageOf('before'),
      portMappings: [{ containerPort: 8080, protocol: 'tcp' }],
      environment: [{ name: 'WORKERS', value: 'four-of-them' }],
    },
    { name: 'metrics', image: imageOf('before'), essential: false },
  ],
};

export interface GroupOptions {
  /** Of the simulator. */
  readonly settings?: NonNullable<Parameters<typeof openAccount>[0]>['settings'];
  /** The load balancer in the ARN of the production listener. */
  readonly listenedBy?: string;
  readonly terminationMinutes?: number;
  /** The traffic waits so long for a person. */
  readonly readyMinutes?: number;
}

/**
 * The rehearsed team's account with a model in a service of ECS: `models/iris` runs `iris:1`, which others registered, and its deployment
 * group stops by an alarm on the errors behind its load balancer. Callers use it.
 */
export interface ServiceAccount extends TestAccount {
  /** Registers and approves a version with this model in its image. */
  ready(version: ModelVersion, more?: Readonly<Record<string, string>>): Promise<void>;
  deploy(
    version: ModelVersion,
    more?: Readonly<Record<string, string>>,
    attempt?: Attempt,
  ): ReturnType<TestAccount['run']>;
  /** `shift-traffic`. */
  shift(
    version: ModelVersion,
    more?: Readonly<Record<string, string>>,
    attempt?: Attempt,
  ): ReturnType<TestAccount['run']>;
  /** Task definitions of the task sets that are not draining, the primary one first. */
  running(): Promise<readonly string[]>;
  definition(revision: number): Promise<Readonly<Record<string, unknown>>>;
  serviceRecord(): ReleaseRecord | undefined;
  redden(state: 'ALARM' | 'OK'): Promise<unknown>;
  /** The alarm of the group goes off at more errors than these in a minute. */
  alarmAbove(errors: number): Promise<unknown>;
  /** Nobody calls the service any more. */
  idle(): void;
  /** Of all releases. */
  journal(): string;
  /** A person reroutes the traffic of the next deployments that are ready, up to this number. */
  goOnWhenReady(times: number): void;
  /** Deployments that were created by a user, newest first. */
  deployments(): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export const openServiceAccount = async (options: GroupOptions = {}): Promise<ServiceAccount> =>
  withService(await openAccount(withoutUndefined({ settings: options.settings })), options);

export const withService = async (
  account: TestAccount,
  { terminationMinutes = 0, readyMinutes, listenedBy = loadBalancer }: GroupOptions = {},
): Promise<ServiceAccount> => {
  const { simulator } = account;
  const call = (service: string, operation: string, input: object) => simulator.call(service, operation, input);
  simulator.images.tag(imageOf('before'), `sha256:${'f'.repeat(64)}`);
  for (const version of Object.keys(digests) as ModelVersion[])
    simulator.images.tag(imageOf(version), digestOf(version));
  await call('ecs', 'CreateCluster', { clusterName: 'models' });
  await call('ecs', 'RegisterTaskDefinition', { ...firstDefinition, tags: [{ key: 'team', value: 'flowers' }] });
  await call('ecs', 'CreateService', {
    cluster: 'models',
    serviceName: 'iris',
    taskDefinition: 'iris',
    desiredCount: 2,
    launchType: 'FARGATE',
    platformVersion: '1.4.0',
    networkConfiguration: {
      awsvpcConfiguration: { subnets: ['subnet-1', 'subnet-2'], securityGroups: ['sg-1'], assignPublicIp: 'DISABLED' },
    },
    deploymentController: { type: 'CODE_DEPLOY' },
    loadBalancers: [
      {
        targetGroupArn: balancer('targetgroup/iris-blue/73e2d6bc24d8a067'),
        containerName: 'model',
        containerPort: 8080,
      },
    ],
  });
  const alarmAbove = (Threshold: number) =>
    alarmOnErrors(
      simulator,
      {
        Namespace: 'AWS/ApplicationELB',
        MetricName: 'HTTPCode_Target_5XX_Count',
        Dimensions: [{ Name: 'LoadBalancer', Value: loadBalancer }],
      },
      Threshold,
    );
  await alarmAbove(5);
  await call('codedeploy', 'CreateApplication', { applicationName: 'iris', computePlatform: 'ECS' });
  await call('codedeploy', 'CreateDeploymentGroup', {
    applicationName: 'iris',
    deploymentGroupName: 'live',
    serviceRoleArn: role,
    alarmConfiguration: { enabled: true, alarms: [{ name: errorsAlarm }] },
    ecsServices: [{ clusterName: 'models', serviceName: 'iris' }],
    loadBalancerInfo: {
      targetGroupPairInfoList: [
        {
          targetGroups: [{ name: 'iris-blue' }, { name: 'iris-green' }],
          prodTrafficRoute: { listenerArns: [balancer(`listener/${listenedBy}/f2f7dc8efc522ab2`)] },
          testTrafficRoute: { listenerArns: [balancer(`listener/${loadBalancer}/6e1f2a3b4c5d6e7f`)] },
        },
      ],
    },
    blueGreenDeploymentConfiguration: {
      terminateBlueInstancesOnDeploymentSuccess: {
        action: 'TERMINATE',
        terminationWaitTimeInMinutes: terminationMinutes,
      },
      deploymentReadyOption:
        readyMinutes === undefined
          ? { actionOnTimeout: 'CONTINUE_DEPLOYMENT' }
          : { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: readyMinutes },
    },
  });
  const callers = simulator.containers.traffic({
    cluster: 'models',
    service: 'iris',
    loadBalancer,
    requestsPerSecond: 20,
    seed: 7,
  });
  await account.pass(120_000);
  account.writeManifest(() => serviceManifest());

  return {
    ...account,
    ready: async (version, more = {}) => {
      const { artifact: _inTheImage, ...inputs } = account.registration(version);
      const report = await account.run(registerModel, { ...inputs, image: imageOf(version), ...more });
      if (report?.result.reason !== 'registered')
        throw new Error(`${report?.result.reason}: ${report?.result.because}`);
      await account.approve();
    },
    deploy: (version, more = {}, attempt) => account.run(deployEndpoint, { version, ...more }, attempt),
    shift: (version, more = {}, attempt) => account.run(shiftTraffic, { version, ...more }, attempt),
    running: async () => {
      const { services } = await call('ecs', 'DescribeServices', { cluster: 'models', services: ['iris'] });
      const [service] = services as readonly { taskSets: readonly { status: string; taskDefinition: string }[] }[];
      return (service?.taskSets ?? [])
        .filter(({ status }) => status !== 'DRAINING')
        .sort((one, other) => Number(other.status === 'PRIMARY') - Number(one.status === 'PRIMARY'))
        .map(({ taskDefinition }) => taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1));
    },
    definition: async (revision) =>
      (await call('ecs', 'DescribeTaskDefinition', {
        taskDefinition: `iris:${revision}`,
        include: ['TAGS'],
      })) as Readonly<Record<string, unknown>>,
    serviceRecord: () => {
      const found = simulator.objects.get(
        `model-delivery-${team.account}-${team.region}`,
        'ecs/models/iris/record.json',
      );
      return found && (JSON.parse(found.body.toString()) as ReleaseRecord);
    },
    alarmAbove,
    idle: () => callers.stop(),
    journal: () => journalsOf(simulator, 'ecs/models/iris'),
    redden: (StateValue) =>
      call('cloudwatch', 'SetAlarmState', { AlarmName: errorsAlarm, StateValue, StateReason: 'test' }),
    goOnWhenReady: (times) => {
      const seen = new Set<string>();
      simulator.clock.every(60_000, 'a person', () => {
        for (const { what, detail } of simulator.events) {
          const deploymentId = detail.split(':')[0] ?? '';
          if (what !== 'ready' || seen.has(deploymentId) || seen.size >= times) continue;
          seen.add(deploymentId);
          void call('codedeploy', 'ContinueDeployment', { deploymentId, deploymentWaitType: 'READY_WAIT' });
        }
      });
    },
    deployments: () => deploymentsOf(simulator),
  };
};
