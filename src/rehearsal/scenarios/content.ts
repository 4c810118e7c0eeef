import { rehearsedTeam } from '../manifest.ts';
import type { Stage } from '../stage.ts';
import { delivered, inProduction, isEnd, prepared, type Scenario } from './scenario.ts';

export const imageTagMoved: Scenario = {
  name: 'image-tag-moved',
  about: 'An engineer pushes another image under the same tag after the approval: the approved image still runs.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    await prepared(stage, '1.1.0');
    stage.simulator.images.tag(rehearsedTeam.image, `sha256:${'bad0'.repeat(16)}`);
    const release = await stage.begin('The image tag has moved', '1.1.0');
    await release.run('deploy-endpoint');
    await release.end();
    require((await imageThatRuns(stage)).endsWith(rehearsedTeam.imageDigest), 'the registered image runs');
    return release;
  },
};

const imageThatRuns = async (stage: Stage): Promise<string> => {
  const { ProductionVariants } = await stage.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: rehearsedTeam.endpoint,
  });
  const [variant] = ProductionVariants as { readonly DeployedImages: readonly { readonly ResolvedImage: string }[] }[];
  return variant?.DeployedImages[0]?.ResolvedImage ?? '';
};

export const artifactOverwritten: Scenario = {
  name: 'artifact-overwritten',
  about:
    'An engineer overwrites the artifact after the approval: the training’s copy does not matter; a change of the registered copy is detected.',
  expected: { outcome: 'rejected', reasonCode: 'content-changed' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const first = await stage.begin('The training’s artifact is overwritten', '1.1.0');
    await first.prepare();
    const other = Buffer.from('another model');
    stage.simulator.objects.put(rehearsedTeam.bucket, 'training/iris-1.1.0/model.tar.gz', other);
    await first.run('deploy-endpoint');
    await first.end();
    require(isEnd(first, delivered), 'the registered copy is delivered');

    await prepared(stage, '1.3.0');
    const { bucket, key } = await registeredArtifact(stage);
    stage.simulator.objects.put(bucket, key, other);
    const release = await stage.begin('The registered artifact is overwritten', '1.3.0');
    await release.run('deploy-endpoint');
    const ending = await release.end();
    require(ending.requests.every(({ mutation }) => !mutation), 'nothing is written');
    return release;
  },
};

/** The address of the newest package's artifact. */
const registeredArtifact = async (stage: Stage): Promise<{ readonly bucket: string; readonly key: string }> => {
  const { ModelPackageSummaryList } = await stage.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: rehearsedTeam.model,
    SortOrder: 'Descending',
  });
  const [newest] = ModelPackageSummaryList as { readonly ModelPackageArn: string }[];
  const { InferenceSpecification } = await stage.simulator.call('sagemaker', 'DescribeModelPackage', {
    ModelPackageName: newest?.ModelPackageArn,
  });
  const { Containers } = InferenceSpecification as {
    readonly Containers: readonly { readonly ModelDataUrl: string }[];
  };
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(Containers[0]?.ModelDataUrl ?? '') ?? [];
  return { bucket, key };
};
