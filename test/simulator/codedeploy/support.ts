import { createHash } from 'node:crypto';
import {
  CodeDeployClient,
  CreateApplicationCommand,
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  CreateDeploymentGroupCommand,
  type CreateDeploymentGroupCommandInput,
  GetDeploymentCommand,
} from '@aws-sdk/client-codedeploy';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { type SimulatorOptions, startSimulator } from '../../../simulator/simulator.ts';
import { keysOf } from '../support/account.ts';

export const minute = 60_000;
const role = 'arn:aws:iam::111122223333:role/model-serving';
const repository = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn';
export const imageOf = (version: number): string => `${repository}:${version}`;
export const digestOf = (version: number): string => `sha256:${String(version).repeat(64)}`;

/** A function with two published versions, its alias `live` on the first, and a deployment group for it; stock SDK clients in front. */
export const openFunction = async (
  group: Partial<CreateDeploymentGroupCommandInput> = {},
  options: SimulatorOptions = {},
) => {
  const simulator = await startSimulator(options);
  const shared = {
    endpoint: simulator.url,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: keysOf(simulator.environment()),
  };
  const [lambda, codedeploy] = [new LambdaClient(shared), new CodeDeployClient(shared)];
  for (const version of [1, 2]) simulator.images.tag(imageOf(version), digestOf(version));
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'churn',
      Role: role,
      PackageType: 'Image',
      Code: { ImageUri: imageOf(1) },
    }),
  );
  await lambda.send(new PublishVersionCommand({ FunctionName: 'churn' }));
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'churn', ImageUri: imageOf(2), Publish: true }));
  await lambda.send(new CreateAliasCommand({ FunctionName: 'churn', Name: 'live', FunctionVersion: '1' }));
  await codedeploy.send(new CreateApplicationCommand({ applicationName: 'churn', computePlatform: 'Lambda' }));
  await codedeploy.send(
    new CreateDeploymentGroupCommand({
      applicationName: 'churn',
      deploymentGroupName: 'live',
      serviceRoleArn: role,
      deploymentConfigName: 'CodeDeployDefault.LambdaAllAtOnce',
      ...group,
    }),
  );
  return {
    simulator,
    lambda,
    codedeploy,
    deploy: async (
      config = 'LambdaCanary10Percent5Minutes',
      more: Partial<CreateDeploymentCommandInput> = {},
    ): Promise<string> => {
      const { deploymentId = '' } = await codedeploy.send(
        new CreateDeploymentCommand({
          applicationName: 'churn',
          deploymentGroupName: 'live',
          deploymentConfigName: config.includes('.') ? config : `CodeDeployDefault.${config}`,
          revision: revisionOf(appSpec()),
          ...more,
        }),
      );
      return deploymentId;
    },
    deployment: async (deploymentId: string) =>
      (await codedeploy.send(new GetDeploymentCommand({ deploymentId }))).deploymentInfo,
    /** `[version, other version's weight]`. */
    alias: async () => {
      const { FunctionVersion, RoutingConfig } = await lambda.send(
        new GetAliasCommand({ FunctionName: 'churn', Name: 'live' }),
      );
      return [FunctionVersion, RoutingConfig?.AdditionalVersionWeights];
    },
    pass: (ms: number): Promise<void> => simulator.driver.sleepUntil(simulator.clock.now() + ms),
    redden: (name: string, state: 'ALARM' | 'OK' = 'ALARM') =>
      simulator.call('cloudwatch', 'SetAlarmState', { AlarmName: name, StateValue: state, StateReason: 'test' }),
    alarm: (name: string) =>
      simulator.call('cloudwatch', 'PutMetricAlarm', {
        AlarmName: name,
        Namespace: 'Team',
        MetricName: 'Complaints',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'ignore',
      }),
  };
};
export type OpenFunction = Awaited<ReturnType<typeof openFunction>>;

export const appSpec = (hooks: readonly Readonly<Record<string, string>>[] = [], target = '2', current = '1'): string =>
  JSON.stringify({
    version: 0.0,
    Resources: [
      {
        churn: {
          Type: 'AWS::Lambda::Function',
          Properties: { Name: 'churn', Alias: 'live', CurrentVersion: current, TargetVersion: target },
        },
      },
    ],
    ...(hooks.length === 0 ? {} : { Hooks: hooks }),
  });

export const revisionOf = (content: string) => ({
  revisionType: 'AppSpecContent' as const,
  appSpecContent: { content, sha256: createHash('sha256').update(content).digest('hex') },
});
