import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArchive, writeArchive } from '../../../simulator/containers/archive.ts';
import { type IrisVersion, irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { rehearsedTeam, rollouts } from '../manifest.ts';
import { approve, type RehearsedRelease, type Stage } from '../stage.ts';
import { delivered, firstDeployment, isEnd, type Require, type Scenario } from './scenario.ts';

const trained = (version: IrisVersion): string => `training/iris-${version}/model.tar.gz`;
const addressOf = (key: string): string => `s3://${rehearsedTeam.bucket}/${key}`;

/** A package as others register it: without a description, and with the members that their tool knows. */
export const registerByHand = async (stage: Stage, container: object, more: object = {}): Promise<void> => {
  await stage.simulator
    .call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: rehearsedTeam.model })
    .catch((error: Error) => {
      if (!error.message.startsWith('Model Package Group already exists')) throw error;
    });
  await stage.simulator.call('sagemaker', 'CreateModelPackage', {
    ModelPackageGroupName: rehearsedTeam.model,
    ModelApprovalStatus: 'Approved',
    InferenceSpecification: {
      Containers: [{ Image: rehearsedTeam.image, ...container }],
      SupportedContentTypes: ['text/csv'],
      SupportedResponseMIMETypes: ['text/csv'],
    },
    ...more,
  });
};

/** A training pipeline's last step, after a person looked at its evaluation. */
export const runPipeline = async (stage: Stage, version: IrisVersion): Promise<void> => {
  stage.simulator.objects.put(rehearsedTeam.bucket, trained(version), irisFixture(version).artifact);
  const Statistics = { ContentType: 'application/json', S3Uri: addressOf(`evaluations/${version}.json`) };
  await registerByHand(
    stage,
    { ModelDataUrl: addressOf(trained(version)) },
    {
      ModelMetrics: { ModelQuality: { Statistics } },
      MetadataProperties: { CommitId: 'c0ffee', GeneratedBy: 'a training pipeline' },
      CustomerMetadataProperties: { dataset: 'iris-2026' },
    },
  );
};

const noted = ({ ending }: RehearsedRelease, words: string): boolean =>
  ending?.result?.plan?.notes.some((note) => note.includes(words)) === true;

/** All at once: nothing here is about the traffic. */
const plain = { rollout: rollouts.unguarded, unwatched: true } as const;

export const packageOfAPipeline: Scenario = {
  name: 'package-of-a-pipeline',
  about:
    'A SageMaker pipeline registers packages without a version: one is deployed by its number, the next is taken over under a version, and approved again before it is delivered.',
  expected: delivered,
  play: async (stage, require) => {
    stage.writeManifest(plain);
    await runPipeline(stage, '1.0.0');
    const first = await stage.begin('The package of a pipeline, by its number', '1.0.0', '1');
    await first.run('deploy-endpoint');
    await first.end();
    require(isEnd(first, delivered), `package 1 is delivered: ${first.ending?.because}`);
    require(first.ending?.result?.outputs['version'] === 'package-1', 'it has a name of its own');
    require(noted(first, 'is not pinned'), 'the plan names the parts that are not pinned');

    await runPipeline(stage, '1.1.0');
    const unknown = await stage.begin('A version that no package has', '1.1.0');
    await unknown.run('deploy-endpoint');
    await unknown.end();
    require(unknown.ending?.because.includes('2 packages without a semantic version') ===
      true, 'the group is not taken for an empty one');

    const release = await stage.begin('The next package, taken over', '1.1.0');
    await release.run('register-model', { from: '2' });
    const gate = await release.run('approve-gate');
    require(gate.outputs['reason-code'] === 'approval-pending', 'the approval of the other package approves nothing');
    await approve(stage.simulator, release.did);
    await release.run('approve-gate');
    await release.run('deploy-endpoint');
    await release.end();
    const taken = await stage.simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: `${rehearsedTeam.model}/3`,
    });
    require(taken['ModelMetrics'] !== undefined, 'its metrics are those of the pipeline');
    const metadata = taken['CustomerMetadataProperties'] as Readonly<Record<string, string>>;
    require(metadata['taken-from'] === `${rehearsedTeam.model}/2` &&
      metadata['earlier-approval'] === 'Approved' &&
      metadata['dataset'] === 'iris-2026', 'its metadata and its history are kept');
    return release;
  },
};

/** A step that prepares the request, and the model behind it, on an endpoint of their own. */
const deliverSeveral = async (stage: Stage, require: Require): Promise<void> => {
  const { simulator, workspace } = stage;
  const preparation = rehearsedTeam.image.replace('iris-serving', 'iris-features');
  simulator.images.tag(preparation, `sha256:${'7a'.repeat(32)}`);
  simulator.objects.put(
    rehearsedTeam.bucket,
    'features.tar.gz',
    writeArchive(new Map([['transform.json', Buffer.from('{"columns":4}')]])),
  );
  simulator.objects.put(rehearsedTeam.bucket, trained('1.2.0'), irisFixture('1.2.0').artifact);
  const containers = [
    { Image: preparation, ModelDataUrl: addressOf('features.tar.gz') },
    { Image: rehearsedTeam.image, ModelDataUrl: addressOf(trained('1.2.0')) },
  ];
  writeFileSync(join(workspace, 'containers.json'), JSON.stringify(containers));
  stage.writeManifest({ ...plain, name: 'iris-in-series' });
  const release = await stage.begin('Two containers in series', '1.2.0');
  await release.run('register-model', { containers: 'containers.json' });
  await approve(simulator, release.did);
  await release.run('deploy-endpoint');
  await release.end();
  // Should SageMaker run the first container alone, the end is not taken for a delivery.
  const notAll = { outcome: 'inconclusive', reasonCode: 'verification-mismatch' } as const;
  require(isEnd(release, delivered) ||
    isEnd(release, notAll), `two containers are delivered: ${release.ending?.because}`);
  require(noted(release, 'passes through the 2 containers'), 'the plan names them');
};

export const packagesOfEveryShape: Scenario = {
  name: 'packages-of-every-shape',
  about:
    'Model data as a prefix, no model data at all, two containers in series, and an artifact of 6 GiB are registered, pinned and delivered; an image for training and an instance type that the package does not list are named in the plan.',
  expected: delivered,
  play: async (stage, require) => {
    const { simulator } = stage;
    stage.writeManifest(plain);
    require(isEnd(await firstDeployment(stage), delivered), 'the first deployment is delivered');

    for (const [name, body] of readArchive(irisFixture('1.1.0').artifact))
      simulator.objects.put(rehearsedTeam.bucket, `files/${name}`, body);
    const prefix = await stage.begin('Model data that is not packed', '1.1.0');
    await prefix.run('register-model', { image: rehearsedTeam.image, artifact: addressOf('files/') });
    await approve(simulator, prefix.did);
    await prefix.run('deploy-endpoint');
    await prefix.end();
    require(isEnd(prefix, delivered), `a prefix is delivered: ${prefix.ending?.because}`);
    require(!noted(prefix, 'is not pinned'), 'all of it is pinned');

    const filled = rehearsedTeam.image.replace('iris-serving', 'iris-pytorch-training');
    simulator.images.tag(filled, `sha256:${'6f'.repeat(32)}`);
    simulator.images.fill(filled, readArchive(irisFixture('1.3.0').artifact));
    await registerByHand(
      stage,
      { Image: filled, Environment: { MODEL_ID: 'iris/large' } },
      {
        InferenceSpecification: {
          Containers: [{ Image: filled, Environment: { MODEL_ID: 'iris/large' } }],
          SupportedRealtimeInferenceInstanceTypes: ['ml.g5.xlarge'],
        },
      },
    );
    // What is pinned serves, and this is not: the manifest gives the protection up.
    stage.writeManifest({ ...plain, endpoint: ['instance: { type: ml.m5.large, count: 4 }', 'pinning: none'] });
    const without = await stage.begin('An image that brings its model', '1.3.0', `${rehearsedTeam.model}/3`);
    await without.run('deploy-endpoint');
    await without.end();
    require(isEnd(without, delivered), `an image alone is delivered: ${without.ending?.because}`);
    require(noted(without, 'is an image for training') &&
      noted(without, 'does not list ml.m5.large'), 'the plan names both doubts');

    await deliverSeveral(stage, require);
    stage.writeManifest(plain);

    simulator.objects.put(rehearsedTeam.bucket, trained('1.4.0'), irisFixture('1.4.0').artifact, 6 * 1024 ** 3);
    const release = await stage.begin('An artifact of 6 GiB', '1.4.0');
    await release.run('register-model', { image: rehearsedTeam.image, artifact: addressOf(trained('1.4.0')) });
    await approve(simulator, release.did);
    await release.run('deploy-endpoint');
    const { requests } = await release.end();
    const parts = requests.filter(({ operation }) => operation === 'UploadPartCopy');
    require(parts.length === 12, `it is copied in parts: ${parts.length}`);
    require(!noted(release, 'is not pinned'), 'all of it is pinned');
    return release;
  },
};
