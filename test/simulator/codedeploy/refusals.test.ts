import {
  CodeDeployClient,
  CreateApplicationCommand,
  CreateDeploymentCommand,
  CreateDeploymentConfigCommand,
  CreateDeploymentGroupCommand,
  DeleteDeploymentConfigCommand,
  GetDeploymentCommand,
  GetDeploymentConfigCommand,
  ListDeploymentConfigsCommand,
} from '@aws-sdk/client-codedeploy';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { refusalOf } from '../support/account.ts';
import { appSpec, type OpenFunction, openFunction, revisionOf } from './support.ts';

let churn: OpenFunction;
beforeAll(async () => {
  churn = await openFunction();
});
afterAll(() => churn.simulator.close());

const config = (name: string, canaryPercentage: number, canaryInterval: number) =>
  churn.codedeploy.send(
    new CreateDeploymentConfigCommand({
      deploymentConfigName: name,
      computePlatform: 'Lambda',
      trafficRoutingConfig: { type: 'TimeBasedCanary', timeBasedCanary: { canaryPercentage, canaryInterval } },
    }),
  );
const group = {
  applicationName: 'churn',
  deploymentGroupName: 'other',
  serviceRoleArn: 'arn:aws:iam::111122223333:role/model-serving',
};

const refusals: Readonly<Record<string, () => Promise<unknown>>> = {
  'ApplicationDoesNotExistException: No application found for name: nobody': () =>
    churn.deploy(undefined, { applicationName: 'nobody' }),
  'DeploymentGroupDoesNotExistException: No Deployment Group found for name: none': () =>
    churn.deploy(undefined, { deploymentGroupName: 'none' }),
  'DeploymentConfigDoesNotExistException: No deployment configuration found for name: CodeDeployDefault.Slow': () =>
    churn.deploy('Slow'),
  'DeploymentDoesNotExistException: The deployment d-ABCDEFGH1 could not be found': () =>
    churn.deployment('d-ABCDEFGH1'),
  InvalidDeploymentIdException: () => churn.codedeploy.send(new GetDeploymentCommand({ deploymentId: 'd-1' })),
  RevisionRequiredException: () => churn.deploy(undefined, { revision: undefined }),
  'InvalidRevisionException: The SHA-256 hash does not match': () =>
    churn.deploy(undefined, {
      revision: { revisionType: 'AppSpecContent', appSpecContent: { content: appSpec(), sha256: '0'.repeat(64) } },
    }),
  'NotSimulated: not simulated: revisions of type S3': () =>
    churn.deploy(undefined, { revision: { revisionType: 'S3' } }),
  'NotSimulated: not simulated: codedeploy CreateDeployment, member fileExistsBehavior': () =>
    churn.deploy(undefined, { fileExistsBehavior: 'OVERWRITE' }),
  'InvalidAlarmConfigException: The alarm configuration is enabled': () =>
    churn.deploy(undefined, { overrideAlarmConfiguration: { enabled: true } }),
  'InvalidAlarmConfigException: Two alarms with the same name': () =>
    churn.deploy(undefined, { overrideAlarmConfiguration: { alarms: [{ name: 'a' }, { name: 'a' }] } }),
  AlarmsLimitExceededException: () =>
    churn.deploy(undefined, {
      overrideAlarmConfiguration: { alarms: Array.from({ length: 11 }, (_, index) => ({ name: `a${index}` })) },
    }),
  InvalidAutoRollbackConfigException: () => churn.deploy(undefined, { autoRollbackConfiguration: { enabled: true } }),
  DescriptionTooLongException: () => churn.deploy(undefined, { description: 'x'.repeat(513) }),
  'InvalidTrafficRoutingConfigurationException: The percentage 100': () => config('a', 100, 5),
  'InvalidTrafficRoutingConfigurationException: The interval 0': () => config('a', 10, 0),
  'InvalidTrafficRoutingConfigurationException: The traffic shift takes longer than 2880 minutes': () =>
    config('a', 10, 2_881),
  InvalidDeploymentConfigNameException: () => config('CodeDeployDefault.Own', 10, 5),
  DeploymentConfigAlreadyExistsException: async () => {
    await config('own', 10, 7);
    await config('own', 10, 7);
  },
  DeploymentConfigInUseException: async () => {
    await config('used', 10, 7);
    await churn.codedeploy.send(
      new CreateDeploymentGroupCommand({ ...group, deploymentGroupName: 'user', deploymentConfigName: 'used' }),
    );
    await churn.codedeploy.send(new DeleteDeploymentConfigCommand({ deploymentConfigName: 'used' }));
  },
  InvalidOperationException: () =>
    churn.codedeploy.send(
      new DeleteDeploymentConfigCommand({ deploymentConfigName: 'CodeDeployDefault.LambdaAllAtOnce' }),
    ),
  'NotSimulated: not simulated: the compute platform Server': () =>
    churn.codedeploy.send(new CreateApplicationCommand({ applicationName: 'servers', computePlatform: 'Server' })),
  ApplicationAlreadyExistsException: () =>
    churn.codedeploy.send(new CreateApplicationCommand({ applicationName: 'churn', computePlatform: 'Lambda' })),
  DeploymentGroupAlreadyExistsException: () =>
    churn.codedeploy.send(new CreateDeploymentGroupCommand({ ...group, deploymentGroupName: 'live' })),
  InvalidRoleException: () =>
    churn.codedeploy.send(
      new CreateDeploymentGroupCommand({ ...group, serviceRoleArn: 'arn:aws:iam::111122223333:role/none' }),
    ),
  InvalidDeploymentStyleException: () =>
    churn.codedeploy.send(
      new CreateDeploymentGroupCommand({
        ...group,
        deploymentStyle: { deploymentType: 'IN_PLACE', deploymentOption: 'WITHOUT_TRAFFIC_CONTROL' },
      }),
    ),
};

test.each(Object.keys(refusals))('%s', async (expected) => {
  expect(await refusalOf(refusals[expected]?.() ?? Promise.resolve())).toMatch(
    new RegExp(`^${expected.replaceAll('.', '\\.')}`),
  );
});

test('every predefined configuration of Lambda has the routing that its name says', async () => {
  const { deploymentConfigsList = [] } = await churn.codedeploy.send(new ListDeploymentConfigsCommand({}));
  const named = deploymentConfigsList.filter((name) => name.startsWith('CodeDeployDefault.Lambda'));
  expect(named).toHaveLength(9);
  const routing = async (deploymentConfigName: string) =>
    (await churn.codedeploy.send(new GetDeploymentConfigCommand({ deploymentConfigName }))).deploymentConfigInfo
      ?.trafficRoutingConfig;
  expect(await routing('CodeDeployDefault.LambdaCanary10Percent30Minutes')).toEqual({
    type: 'TimeBasedCanary',
    timeBasedCanary: { canaryPercentage: 10, canaryInterval: 30 },
  });
  expect(await routing('CodeDeployDefault.LambdaLinear10PercentEvery1Minute')).toEqual({
    type: 'TimeBasedLinear',
    timeBasedLinear: { linearPercentage: 10, linearInterval: 1 },
  });
});

test('a deployment needs the permissions for its configuration and revision, and with alarms of its own that for the group', async () => {
  const { simulator } = churn;
  const { Credentials } = (await simulator.call('sts', 'AssumeRole', {
    RoleArn: 'arn:aws:iam::111122223333:role/model-deployer',
    RoleSessionName: 'test',
  })) as { readonly Credentials: Readonly<Record<'AccessKeyId' | 'SecretAccessKey' | 'SessionToken', string>> };
  const client = new CodeDeployClient({
    endpoint: simulator.url,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    },
  });
  const create = (more: object = {}) =>
    refusalOf(
      client.send(
        new CreateDeploymentCommand({
          applicationName: 'churn',
          deploymentGroupName: 'live',
          deploymentConfigName: 'CodeDeployDefault.LambdaAllAtOnce',
          revision: revisionOf(appSpec()),
          ...more,
        }),
      ),
    );
  const missing = async (action: string, more?: object): Promise<void> => {
    expect(await create(more)).toMatch(`not authorized to perform: ${action} on resource: arn:aws:codedeploy:`);
    simulator.permit('model-deployer', [action]);
  };
  simulator.permit('model-deployer', ['codedeploy:CreateDeployment']);
  await missing('codedeploy:RegisterApplicationRevision');
  await missing('codedeploy:GetDeploymentConfig');
  await missing('codedeploy:UpdateDeploymentGroup', { overrideAlarmConfiguration: { enabled: false } });
  expect(await create({ overrideAlarmConfiguration: { enabled: false } })).toBeUndefined();
});
