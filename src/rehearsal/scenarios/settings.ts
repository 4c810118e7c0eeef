import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { minutes } from '../../clock.ts';
import { rehearsedTeam, rollouts } from '../manifest.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { carriedOut, deliver, delivered, isEnd, prepared, type Scenario } from './scenario.ts';

const byHand = 'made-at-the-console';
const { endpoint, bucket, image, account } = rehearsedTeam;

const variant = {
  RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
  InferenceAmiVersion: 'al2-ami-sagemaker-inference-gpu-2',
  VolumeSizeInGB: 40,
  CoreDumpConfig: { DestinationS3Uri: `s3://${bucket}/cores` },
};
/** The SDK in use does not have this member. */
const CrossRegionTrafficConfig = { MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5 };
const DataCaptureConfig = {
  EnableCapture: true,
  InitialSamplingPercentage: 30,
  DestinationS3Uri: `s3://${bucket}/captured`,
  CaptureOptions: [{ CaptureMode: 'Input' }],
};

/** A click in the console made this endpoint before the team used this suite. */
export const madeAtTheConsole = async (
  { simulator, driver }: Stage,
  config: object,
  model: object = {},
): Promise<void> => {
  const key = 'console/model.tar.gz';
  simulator.objects.put(bucket, key, irisFixture('1.0.0').artifact);
  await simulator.call('sagemaker', 'CreateModel', {
    ModelName: byHand,
    PrimaryContainer: { Image: image, ModelDataUrl: `s3://${bucket}/${key}` },
    ExecutionRoleArn: `arn:aws:iam::${account}:role/iris-serving`,
    ...model,
  });
  await simulator.call('sagemaker', 'CreateEndpointConfig', {
    EndpointConfigName: byHand,
    ProductionVariants: [
      { VariantName: 'main', ModelName: byHand, InstanceType: 'ml.m5.large', InitialInstanceCount: 4, ...variant },
    ],
    ...config,
  });
  await simulator.call('sagemaker', 'CreateEndpoint', { EndpointName: endpoint, EndpointConfigName: byHand });
  await driver.until(driver.now() + minutes(10));
};

export const servingConfig = async ({ simulator }: Stage) => {
  const { EndpointConfigName } = await simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: endpoint });
  return simulator.call('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName: String(EndpointConfigName) });
};

const linesOf = ({ ending }: RehearsedRelease): readonly string[] =>
  ending?.result?.plan?.changes.flatMap(({ details }) => details) ?? [];

const has = (members: unknown, expected: object): boolean =>
  Object.entries(expected).every(
    ([name, value]) => JSON.stringify((members as Readonly<Record<string, unknown>>)[name]) === JSON.stringify(value),
  );

const unwatched = { rollout: rollouts.unguarded, unwatched: true } as const;
const fleet = 'instance: { type: ml.m5.large, count: 4 }';

export const adoptedEndpointKeepsItsSettings: Scenario = {
  name: 'adopted-endpoint-keeps-its-settings',
  about:
    'An endpoint from the console has settings that the manifest does not have: each of them is kept, by two deliveries and the way back.',
  expected: { outcome: 'succeeded', reasonCode: 'restored' },
  play: async (stage, require) => {
    stage.writeManifest({ endpoint: [fleet, 'kms-key: alias/iris', 'volume-size-gb: 80'], ...unwatched });
    await madeAtTheConsole(stage, { KmsKeyId: 'alias/iris', CrossRegionTrafficConfig });
    const kept = { ...variant, VolumeSizeInGB: 80 };
    const first = await deliver(stage, 'First delivery onto an endpoint of the console', '1.0.0');
    require(isEnd(first, delivered), `it is delivered: ${first.ending?.because}`);
    require(linesOf(first).includes('storage volume: 40 GB → 80 GB') &&
      linesOf(first).includes('kept: inference AMI version: al2-ami-sagemaker-inference-gpu-2') &&
      linesOf(first).some((line) => line.startsWith('kept: traffic to other regions')), 'the plan has a line for each');

    stage.writeManifest({ endpoint: [fleet, 'kms-key: alias/iris'], ...unwatched });
    const release = await deliver(stage, 'The volume leaves the manifest', '1.1.0');
    require(isEnd(release, delivered), `it is delivered: ${release.ending?.because}`);
    require(linesOf(release).includes("storage volume: 80 GB → removed (AWS's default)"), 'a key that goes is a line');
    const after = await servingConfig(stage);
    const [now] = after['ProductionVariants'] as readonly object[];
    const { VolumeSizeInGB: _volume, ...others } = kept;
    require(has(now, others) &&
      has(after, { CrossRegionTrafficConfig, KmsKeyId: 'alias/iris' }), 'all others are kept');
    const back = await stage.begin('An engineer rolls back', '1.0.0');
    await back.run('rollback');
    await back.end();
    const [restored] = (await servingConfig(stage))['ProductionVariants'] as readonly object[];
    require(has(restored, kept), 'the way back has its own settings again');
    return back;
  },
};

export const protectionLostRefused: Scenario = {
  name: 'protection-lost-refused',
  about:
    'An endpoint is encrypted, isolated and captured, and the manifest is silent: the delivery refuses, with its whole plan, until the keys are there.',
  expected: delivered,
  play: async (stage, require) => {
    const model = {
      EnableNetworkIsolation: true,
      VpcConfig: { Subnets: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
    };
    stage.writeManifest({ endpoint: [fleet], ...unwatched });
    await madeAtTheConsole(stage, { KmsKeyId: 'alias/iris', DataCaptureConfig }, model);
    await prepared(stage, '1.1.0');
    const refused = await stage.begin('A manifest without the protections', '1.1.0');
    await refused.run('deploy-endpoint');
    await refused.end();
    const lost = { outcome: 'failed', reasonCode: 'protection-lost' } as const;
    require(isEnd(refused, lost), `it is refused: ${refused.ending?.reason}`);
    require(['kms-key', 'vpc', 'network-isolation', 'data-capture'].every((key) =>
      refused.ending?.because.includes(`\`${key}\``),
    ), 'each key is named');
    require(linesOf(refused).includes('kept: storage volume: 40 GB'), 'the plan is shown with the refusal');
    require(carriedOut(refused, 'CreateEndpointConfig') === 0, 'nothing was written');

    const own = ['kms-key: alias/iris', 'network-isolation: true', 'data-capture: none'];
    const vpc = 'vpc: { subnets: [subnet-0a1b2c3d], security-groups: [sg-0a1b2c3d] }';
    stage.writeManifest({ endpoint: [fleet, ...own, vpc], ...unwatched });
    const release = await stage.begin('Data capture is given up, the rest is written', '1.1.0');
    await release.run('deploy-endpoint');
    await release.end();
    require(release.ending?.result?.plan?.notes[0] ===
      'PROTECTION REMOVED: data capture: the manifest gives up `data-capture`', 'the loss stands first');
    const after = await servingConfig(stage);
    require(has(after, { KmsKeyId: 'alias/iris' }) &&
      after['DataCaptureConfig'] === undefined, 'and nothing else is lost');
    return release;
  },
};
