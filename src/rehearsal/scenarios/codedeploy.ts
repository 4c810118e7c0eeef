import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readArchive } from '../../../simulator/containers/archive.ts';
import { type AnyVersion, anyFixture, goldenSet, irisData } from '../../../simulator/fixtures/fixtures.ts';
import { minutes } from '../../clock.ts';
import type { Launched } from '../driver.ts';
import { lambdaFunction } from '../lambda-function.ts';
import { imageOf, type ManifestOptions, rehearsedTeam, rollouts } from '../manifest.ts';
import { codebuildFolder } from '../pipeline.ts';
import { approve, type RehearsedRelease, type Stage } from '../stage.ts';
import { carriedOut, delivered, isEnd, type Require, type Scenario } from './scenario.ts';

const alarm = 'iris-live-errors';
const throughCanary: ManifestOptions = {
  lambda: true,
  rollout: 'strategy: canary, size: 10%, bake: 10m, final-bake: 0s',
  unwatched: true,
};

/** A published version of the function with this model in its image. @returns its number */
const publish = async (stage: Stage, version: AnyVersion): Promise<string> => {
  const image = imageIn(stage, version);
  const { Version } = await stage.simulator.call('lambda', 'UpdateFunctionCode', {
    FunctionName: stage.endpoint,
    ImageUri: image,
    Publish: true,
  });
  return String(Version);
};

const imageIn = (stage: Stage, version: AnyVersion): string => {
  const image = `${imageOf(stage.model)}-${version}`;
  const { artifact } = anyFixture(stage.model, version);
  stage.simulator.images.tag(image, `sha256:${createHash('sha256').update(artifact).digest('hex')}`);
  stage.simulator.images.fill(image, readArchive(artifact));
  return image;
};

const hook = 'CodeDeployHook_iris';

/** From now on the manifest has a test, and CodeDeploy invokes the function that runs it. @returns the invocations */
const addHook = (stage: Stage): readonly Launched[] => {
  const { name, content } = goldenSet('iris');
  writeFileSync(join(stage.workspace, name), content);
  stage.writeManifest({
    ...throughCanary,
    hooks: `{ before-allow-traffic: ${hook} }`,
    // Fifty rows show that a model is good enough, and no small difference between two models.
    regression: `dataset: ${name}
task: multiclass-classification
rules: [{ metric: accuracy, floor: 0.8 }]
request: { content-type: application/json, input: [${irisData().features.join(', ')}], body: { instances: [$row] } }
response: { prediction: "$.predictions[0].predicted_label" }
`,
  });
  const bundle = join(codebuildFolder(), 'hook/dist/index.cjs');
  const launch = lambdaFunction(stage.driver, bundle, dirname(stage.workspace), {
    MODEL_DELIVERY_ENVIRONMENT: rehearsedTeam.environment,
    AWS_LAMBDA_FUNCTION_NAME: hook,
  });
  const invocations: Launched[] = [];
  stage.simulator.functions.define(hook, async (event) => void invocations.push(launch(event)));
  return invocations;
};

/** A function whose alias has callers, and a deployment group that an alarm on its errors stops; 1.0.0 is delivered to it. */
const aliasInProduction = async (
  stage: Stage,
  require: Require,
  { errorsAMinute = 5, rollout = 'strategy: canary, size: 10%, bake: 10m, final-bake: 0s' } = {},
): Promise<void> => {
  const { simulator, endpoint: name } = stage;
  const role = `arn:aws:iam::${rehearsedTeam.account}:role/iris-serving`;
  const call = (service: string, operation: string, input: object) => simulator.call(service, operation, input);
  await call('lambda', 'CreateFunction', {
    FunctionName: name,
    Role: role,
    PackageType: 'Image',
    Code: { ImageUri: imageIn(stage, '1.3.0') },
    Publish: true,
  });
  await call('lambda', 'CreateAlias', { FunctionName: name, Name: 'live', FunctionVersion: '1' });
  await call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: alarm,
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [
      { Name: 'FunctionName', Value: name },
      { Name: 'Resource', Value: `${name}:live` },
    ],
    Statistic: 'Sum',
    Period: 60,
    // One minute of five: the metrics of a minute may come late.
    EvaluationPeriods: 5,
    DatapointsToAlarm: 1,
    Threshold: errorsAMinute,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  });
  await call('codedeploy', 'CreateApplication', { applicationName: name, computePlatform: 'Lambda' });
  await call('codedeploy', 'CreateDeploymentGroup', {
    applicationName: name,
    deploymentGroupName: 'live',
    serviceRoleArn: role,
    alarmConfiguration: { enabled: true, alarms: [{ name: alarm }] },
  });
  simulator.functions.traffic({ function: name, alias: 'live', requestsPerSecond: 20, seed: 20_260_105 });
  await stage.driver.until(stage.driver.now() + minutes(3));
  stage.writeManifest({ ...throughCanary, rollout });
  const { release } = await deliverToAlias(stage, 'The first version that this suite delivers', '1.0.0');
  require(isEnd(release, delivered), `the first delivery is delivered: ${release.ending?.because}`);
};

const deliverToAlias = async (
  stage: Stage,
  title: string,
  version: AnyVersion,
  before: (published: string) => void = () => {},
): Promise<{ readonly release: RehearsedRelease; readonly published: string }> => {
  const published = await publish(stage, version);
  const release = await stage.begin(title, version);
  await release.register({
    image: imageIn(stage, version),
    artifact: '',
    metadata: `lambda-version=${published}`,
  });
  await approve(stage.simulator, release.did, stage.model);
  before(published);
  await release.run('deploy-endpoint');
  await release.end();
  return { release, published };
};

export const codedeployLambdaCanary: Scenario = {
  name: 'codedeploy-lambda-canary',
  about:
    'A model in a Lambda function: CodeDeploy shifts the alias by canary to the version that the approved package names.',
  expected: delivered,
  play: async (stage, require) => {
    await aliasInProduction(stage, require);
    const { release } = await deliverToAlias(stage, 'A better version, by canary', '1.1.0');
    require(carriedOut(release, 'CreateDeployment') === 1, 'one deployment');
    const shares = stage.simulator.events
      .slice(release.began.eventsSeen)
      .filter(({ what }) => what === 'traffic-shifted')
      .map(({ detail }) => /(\d+) %/.exec(detail)?.[1]);
    require(shares.join() === '10,100', `10 % of the requests first, then all: ${shares.join()}`);
    return release;
  },
};

export const codedeployAlarm: Scenario = {
  name: 'codedeploy-alarm',
  about:
    'The new version of a Lambda function fails: the alarm stops the deployment and CodeDeploy takes the alias back; a second attempt is refused.',
  expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
  play: async (stage, require) => {
    await aliasInProduction(stage, require);
    const { release } = await deliverToAlias(stage, 'A version that fails', '1.4.0', (published) =>
      stage.simulator.functions.fail(stage.endpoint, published, 0.5),
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

export const codedeployJudge: Scenario = {
  name: 'codedeploy-judge',
  about:
    'A good version of a Lambda function is delivered under the judge. The next one fails more often than the version that serves, and too seldom for the alarm: the judge stops the deployment and CodeDeploy takes the alias back.',
  expected: { outcome: 'rolled-back', reasonCode: 'convicted' },
  play: async (stage, require) => {
    await aliasInProduction(stage, require, { errorsAMinute: 100, rollout: rollouts.judgedAlias });
    const { release } = await deliverToAlias(
      stage,
      'A version that fails too seldom for the alarm',
      '1.4.0',
      (published) => stage.simulator.functions.fail(stage.endpoint, published, 0.2),
    );
    require(carriedOut(release, 'StopDeployment') === 1, 'the deployment is stopped once');
    const { judged } = release.ending?.result ?? {};
    require((judged?.harmed ?? 0) > 0, `the report has the failures: ${judged?.harmed}`);
    const { FunctionVersion, RoutingConfig } = await stage.simulator.call('lambda', 'GetAlias', {
      FunctionName: stage.endpoint,
      Name: 'live',
    });
    require(FunctionVersion === '2' && RoutingConfig === undefined, `version 2 serves again alone: ${FunctionVersion}`);
    return release;
  },
};

export const codedeployHook: Scenario = {
  name: 'codedeploy-hook',
  about:
    'The lifecycle hook tests each version of a Lambda function before its traffic: a good one is delivered, a wrong one gets no request of a user.',
  expected: { outcome: 'rolled-back', reasonCode: 'hook-failed' },
  processes: 'a process for each event',
  play: async (stage, require) => {
    await aliasInProduction(stage, require);
    const invocations = addHook(stage);
    const shifts = () => stage.simulator.events.filter(({ what }) => what === 'traffic-shifted').length;
    const lines = () =>
      invocations
        .at(-1)
        ?.log.map(({ text }) => text)
        .join('\n') ?? '';
    const { release: good } = await deliverToAlias(stage, 'A better version passes its test', '1.1.0');
    require(isEnd(good, delivered), `the good version is delivered: ${good.ending?.because}`);
    require(/Succeeded: succeeded\/regression-passed/.test(lines()), 'the hook reported its success');
    const before = shifts();
    const { release: wrong, published } = await deliverToAlias(
      stage,
      'A version that never answers versicolor',
      '1.2.0',
    );
    const asked = stage.simulator.requests.filter(
      ({ operation, input }) => operation === 'Invoke' && (input as { Qualifier?: string }).Qualifier === published,
    );
    require(asked.length > 0, 'the hook asked the wrong version for the golden rows');
    require(/Failed: rejected\/regression-failed: .*accuracy/.test(lines()), 'the log of the hook has the reason');
    const [, bucket = '', key = ''] = /report: s3:\/\/([^/]+)\/(\S+)/.exec(lines()) ?? [];
    const report = stage.simulator.objects.get(bucket, key)?.body.toString() ?? '{}';
    require(JSON.parse(report).model_delivery?.verdict === 'fail', 'the report in the record bucket has the verdict');
    const moved = stage.simulator.events
      .filter(({ what }) => what === 'traffic-shifted')
      .slice(before)
      .filter(({ detail }) => detail.includes(`version ${published}`));
    require(moved.length === 0, 'no request of a user went to the wrong version');
    return wrong;
  },
};
