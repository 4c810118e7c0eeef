import { readArchive } from '../../simulator/containers/archive.ts';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
import { type Attempt, openAccount, type TestAccount } from './account.ts';
import { alarmOnErrors, canary, deploymentsOf, journalsOf } from './codedeploy.ts';

const repository = team.image.split(/[:@]/)[0] ?? '';
const digests = { '1.0.0': '0', '1.1.0': '1', '1.2.0': '2', '1.4.0': '4' } as const;
export type ModelVersion = keyof typeof digests;
export const imageOf = (version: ModelVersion | 'before'): string => `${repository}:lambda-${version}`;
const errorsAlarm = 'iris-live-errors';

export const aliasManifest = (rollout: string = canary, more = ''): string => `version: 1
model: ${team.model}
environments:
  ${team.environment}:
    account: "${team.account}"
    region: ${team.region}
    role: model-deployer
    rollback-role: model-restorer
    target: lambda-alias
    lambda: { function: iris, alias: live, application: iris, deployment-group: live }
    rollout: ${rollout}
${more}`;

/**
 * The rehearsed team's account with a model in a Lambda function: its alias `live` is on version 1, which others published, and its
 * deployment group stops by an alarm on the alias's errors. Callers use it.
 */
export interface AliasAccount extends TestAccount {
  /** Publishes a version of the function that runs this model's image. @returns its number */
  publish(version: ModelVersion, variables?: Readonly<Record<string, string>>): Promise<string>;
  /** Registers and approves a version that names this published version. */
  approved(version: ModelVersion, named: string | undefined, more?: Readonly<Record<string, string>>): Promise<void>;
  /** Publishes, registers and approves. @returns the number */
  ready(version: ModelVersion): Promise<string>;
  deploy(
    version: ModelVersion,
    more?: Readonly<Record<string, string>>,
    attempt?: Attempt,
  ): ReturnType<TestAccount['run']>;
  /** `[version, weights of another]`. */
  alias(): Promise<readonly [unknown, unknown]>;
  aliasRecord(): ReleaseRecord | undefined;
  redden(state: 'ALARM' | 'OK'): Promise<unknown>;
  /** The alarm of the group goes off at more errors than these in a minute. */
  alarmAbove(errors: number): Promise<unknown>;
  /** Nobody calls the alias any more. */
  idle(): void;
  /** Of all releases. */
  journal(): string;
  /** Deployments that were created by a user, newest first. */
  deployments(): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export const openAliasAccount = async (...options: Parameters<typeof openAccount>): Promise<AliasAccount> =>
  withAlias(await openAccount(...options));

export const withAlias = async (account: TestAccount): Promise<AliasAccount> => {
  const { simulator } = account;
  const call = (service: string, operation: string, input: object) => simulator.call(service, operation, input);
  simulator.images.tag(imageOf('before'), `sha256:${'f'.repeat(64)}`);
  for (const [version, digit] of Object.entries(digests))
    simulator.images.tag(imageOf(version as ModelVersion), `sha256:${digit.repeat(64)}`);
  // Each image brings its model; the first one has the model of 1.0.0.
  const models = { before: '1.0.0', ...Object.fromEntries(Object.keys(digests).map((version) => [version, version])) };
  for (const [image, version] of Object.entries(models))
    simulator.images.fill(
      imageOf(image as ModelVersion | 'before'),
      readArchive(irisFixture(version as ModelVersion).artifact),
    );
  const role = `arn:aws:iam::${team.account}:role/iris-serving`;
  await call('lambda', 'CreateFunction', {
    FunctionName: 'iris',
    Role: role,
    PackageType: 'Image',
    Code: { ImageUri: imageOf('before') },
    Publish: true,
  });
  await call('lambda', 'CreateAlias', { FunctionName: 'iris', Name: 'live', FunctionVersion: '1' });
  const alarmAbove = (Threshold: number) =>
    alarmOnErrors(
      simulator,
      {
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Dimensions: [
          { Name: 'FunctionName', Value: 'iris' },
          { Name: 'Resource', Value: 'iris:live' },
        ],
      },
      Threshold,
    );
  await alarmAbove(5);
  await call('codedeploy', 'CreateApplication', { applicationName: 'iris', computePlatform: 'Lambda' });
  await call('codedeploy', 'CreateDeploymentGroup', {
    applicationName: 'iris',
    deploymentGroupName: 'live',
    serviceRoleArn: role,
    alarmConfiguration: { enabled: true, alarms: [{ name: errorsAlarm }] },
  });
  const callers = simulator.functions.traffic({ function: 'iris', alias: 'live', requestsPerSecond: 20, seed: 7 });
  await account.pass(120_000);
  account.writeManifest(() => aliasManifest());

  const publish: AliasAccount['publish'] = async (version, variables) => {
    await call('lambda', 'UpdateFunctionCode', { FunctionName: 'iris', ImageUri: imageOf(version) });
    if (variables !== undefined)
      await call('lambda', 'UpdateFunctionConfiguration', {
        FunctionName: 'iris',
        Environment: { Variables: variables },
      });
    const { Version } = await call('lambda', 'PublishVersion', { FunctionName: 'iris', Description: version });
    return String(Version);
  };
  const approved: AliasAccount['approved'] = async (version, named, more = {}) => {
    const { artifact: _inTheImage, ...inputs } = account.registration(version);
    const report = await account.run(registerModel, {
      ...inputs,
      image: imageOf(version),
      ...(named === undefined ? {} : { metadata: `lambda-version=${named}` }),
      ...more,
    });
    if (report?.result.reason !== 'registered') throw new Error(`${report?.result.reason}: ${report?.result.because}`);
    await account.approve();
  };
  return {
    ...account,
    alarmAbove,
    idle: () => callers.stop(),
    publish,
    approved,
    ready: async (version) => {
      const named = await publish(version);
      await approved(version, named);
      return named;
    },
    deploy: (version, more = {}, attempt) => account.run(deployEndpoint, { version, ...more }, attempt),
    alias: async () => {
      const { FunctionVersion, RoutingConfig } = await call('lambda', 'GetAlias', {
        FunctionName: 'iris',
        Name: 'live',
      });
      return [
        FunctionVersion,
        (RoutingConfig as { AdditionalVersionWeights?: unknown } | undefined)?.AdditionalVersionWeights,
      ];
    },
    aliasRecord: () => {
      const found = simulator.objects.get(
        `model-delivery-${team.account}-${team.region}`,
        'lambda/iris/live/record.json',
      );
      return found && (JSON.parse(found.body.toString()) as ReleaseRecord);
    },
    journal: () => journalsOf(simulator, 'lambda/iris/live'),
    redden: (StateValue) =>
      call('cloudwatch', 'SetAlarmState', { AlarmName: errorsAlarm, StateValue, StateReason: 'test' }),
    deployments: () => deploymentsOf(simulator),
  };
};
