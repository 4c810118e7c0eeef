import { AwsError, type Images, type Instant, type Kernel, type Service } from '../contracts.ts';
import { digestOf } from '../random.ts';

interface Repository {
  /** Tags move; digests stay, also when no tag points to them any more. */
  readonly tags: Map<string, string>;
  readonly digests: Map<string, { readonly pushedAt: Instant; readonly manifest: string }>;
}
interface ImageId {
  readonly imageDigest?: string;
  readonly imageTag?: string;
}
interface Input {
  readonly registryId?: string;
  readonly repositoryName: string;
  readonly imageIds?: readonly ImageId[];
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';

/** ECR, as far as resolving a tag to a digest needs it. Registries of other accounts (AWS's own images) are kept alike. */
export const createEcr = (kernel: Kernel): { service: Service; images: Images } => {
  const repositories = new Map<string, Repository>();
  /** By digest. */
  const models = new Map<string, ReadonlyMap<string, Buffer>>();

  const repositoryOf = (input: Input): { repository: Repository; registryId: string; name: string } => {
    const registryId = input.registryId ?? kernel.accountId;
    const name = input.repositoryName;
    const repository = repositories.get(`${registryId}/${name}`);
    if (repository === undefined) {
      const message = `The repository with name '${name}' does not exist in the registry with id '${registryId}'`;
      throw new AwsError('RepositoryNotFoundException', message);
    }
    return { repository, registryId, name };
  };
  const digestIn = (repository: Repository, id: ImageId): string | undefined => {
    const digest = id.imageDigest ?? repository.tags.get(id.imageTag ?? '');
    const moved = id.imageTag !== undefined && repository.tags.get(id.imageTag) !== digest;
    return digest !== undefined && !moved && repository.digests.has(digest) ? digest : undefined;
  };

  const service: Service = {
    operations: {
      DescribeImages: (input: Input) => {
        const { repository, registryId, name } = repositoryOf(input);
        const wanted: readonly ImageId[] =
          input.imageIds ?? [...repository.digests.keys()].map((imageDigest) => ({ imageDigest }));
        const digests = wanted.map((id) => {
          const digest = digestIn(repository, id);
          if (digest !== undefined) return digest;
          const { imageDigest = 'null', imageTag = 'null' } = id;
          const shown = `{imageDigest:'${imageDigest}', imageTag:'${imageTag}'}`;
          const message = `The image with imageId ${shown} does not exist within the repository with name '${name}' in the registry with id '${registryId}'`;
          throw new AwsError('ImageNotFoundException', message);
        });
        return {
          imageDetails: [...new Set(digests)].map((imageDigest) => {
            const image = repository.digests.get(imageDigest);
            return {
              registryId,
              repositoryName: name,
              imageDigest,
              imageTags: [...repository.tags].filter(([, digest]) => digest === imageDigest).map(([tag]) => tag),
              imageSizeInBytes: image?.manifest.length ?? 0,
              imagePushedAt: new Date(image?.pushedAt ?? 0),
              imageManifestMediaType: manifestType,
            };
          }),
        };
      },
      BatchGetImage: (input: Input) => {
        const { repository, registryId, name } = repositoryOf(input);
        const images: object[] = [];
        const failures: object[] = [];
        for (const imageId of input.imageIds ?? []) {
          const imageDigest = digestIn(repository, imageId);
          if (imageDigest === undefined) {
            failures.push({ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' });
          } else {
            images.push({
              registryId,
              repositoryName: name,
              imageId: { ...imageId, imageDigest },
              imageManifest: repository.digests.get(imageDigest)?.manifest,
              imageManifestMediaType: manifestType,
            });
          }
        }
        return { images, failures };
      },
    },
  };

  const resolve = (image: string): string | undefined => {
    const parsed = parseImage(image);
    const repository = parsed && repositories.get(parsed.repository);
    if (parsed === undefined || repository === undefined) return undefined;
    return digestIn(
      repository,
      parsed.digest === undefined ? { imageTag: parsed.tag } : { imageDigest: parsed.digest },
    );
  };

  return {
    service,
    images: {
      resolve,
      fill: (image, files) => void models.set(resolve(image) ?? '', files),
      files: (image) => models.get(resolve(image) ?? '') ?? new Map(),
      tag(image, digest) {
        const parsed = parseImage(image);
        if (parsed === undefined) throw new RangeError(`${image} is not an image in a private ECR registry`);
        const repository = repositories.get(parsed.repository) ?? { tags: new Map(), digests: new Map() };
        repositories.set(parsed.repository, repository);
        if (!repository.digests.has(digest)) {
          const config = `sha256:${digestOf('image-config', digest).toString('hex')}`;
          const manifest = JSON.stringify({
            schemaVersion: 2,
            mediaType: manifestType,
            config: { digest: config },
            layers: [],
          });
          repository.digests.set(digest, { pushedAt: kernel.clock.now(), manifest });
        }
        repository.tags.set(parsed.tag, digest);
      },
    },
  };
};

/** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:tag][@digest]`; without a tag it is `latest`. */
const parseImage = (image: string): { repository: string; tag: string; digest: string | undefined } | undefined => {
  const parts =
    /^(\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(
      image,
    );
  if (parts === null) return undefined;
  return { repository: `${parts[1]}/${parts[2]}`, tag: parts[3] ?? 'latest', digest: parts[4] };
};
