import {
  AwsError,
  type Call,
  type Images,
  type Instant,
  type Kernel,
  type Principal,
  type Service,
} from '../contracts.ts';
import { deniedByResource, type IdentityDecision, mayPass } from '../iam/across.ts';
import {
  type PolicyWords,
  type ResourceDecision,
  type ResourcePolicy,
  readResourcePolicy,
} from '../iam/resource-policy.ts';
import { digestOf } from '../random.ts';

interface Repository {
  /** Tags move; digests stay, also when no tag points to them any more. */
  readonly tags: Map<string, string>;
  readonly digests: Map<string, { readonly pushedAt: Instant; readonly manifest: string }>;
  policy?: { readonly text: string; readonly decide: ResourcePolicy };
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

/**
 * ECR, as far as resolving a tag to a digest needs it.
 * @param isSimulated whether an account is part of the simulation: a registry of any other account is open to all, as AWS's own are
 */
export const createEcr = (
  kernel: Kernel,
  isSimulated: (accountId: string) => boolean,
  identity: IdentityDecision,
): { service: Service; images: Images } => {
  const repositories = new Map<string, Repository>();
  /** By digest. */
  const models = new Map<string, ReadonlyMap<string, Buffer>>();

  const decide = (repository: Repository | undefined, principal: Principal, action: string): ResourceDecision =>
    repository?.policy?.decide({ principal, action, resource: '*' }) ?? 'silent';
  const mayDo = (repository: Repository | undefined, principal: Principal, action: string, owner: string): boolean =>
    mayPass(decide(repository, principal, action), principal, isSimulated(owner) ? owner : principal.accountId);

  const repositoryOf = (
    input: Input,
    call: Call,
    action: string,
  ): { repository: Repository; registryId: string; name: string } => {
    const { principal, region = kernel.region } = call;
    const registryId = input.registryId ?? principal.accountId;
    const name = input.repositoryName;
    const repository = repositories.get(`${registryId}/${region}/${name}`);
    if (!mayDo(repository, principal, action, registryId))
      throw deniedByResource(
        principal,
        action,
        `arn:aws:ecr:${region}:${registryId}:repository/${name}`,
        decide(repository, principal, action),
      );
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
      DescribeImages: (input: Input, call) => {
        const { repository, registryId, name } = repositoryOf(input, call, 'ecr:DescribeImages');
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
      BatchGetImage: (input: Input, call) => {
        const { repository, registryId, name } = repositoryOf(input, call, 'ecr:BatchGetImage');
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
      SetRepositoryPolicy: (input: Input & { readonly policyText: string }, call) => {
        const { repository, registryId, name } = repositoryOf(input, call, 'ecr:SetRepositoryPolicy');
        repository.policy = { text: input.policyText, decide: readResourcePolicy(input.policyText, words) };
        return { registryId, repositoryName: name, policyText: input.policyText };
      },
      GetRepositoryPolicy: (input: Input, call) => {
        const { repository, registryId, name } = repositoryOf(input, call, 'ecr:GetRepositoryPolicy');
        return { registryId, repositoryName: name, policyText: policyOf(repository, name, registryId).text };
      },
      DeleteRepositoryPolicy: (input: Input, call) => {
        const { repository, registryId, name } = repositoryOf(input, call, 'ecr:DeleteRepositoryPolicy');
        const { text: policyText } = policyOf(repository, name, registryId);
        delete repository.policy;
        return { registryId, repositoryName: name, policyText };
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
      fill(image, files) {
        const digest = resolve(image);
        if (digest === undefined) throw new RangeError(`there is no image ${image}`);
        models.set(digest, files);
      },
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
      pullRefusedBy(principal, image) {
        const parsed = parseImage(image);
        const repository = parsed && repositories.get(parsed.repository);
        const [owner = '', region = '', ...name] = parsed?.repository.split('/') ?? [];
        if (!pulls.every((action) => mayDo(repository, principal, action, owner))) return 'repository';
        const arn = `arn:aws:ecr:${region}:${owner}:repository/${name.join('/')}`;
        const own = pulls.every((action) => {
          const byIdentity = identity(principal, action, arn);
          return mayPass(decide(repository, principal, action), principal, principal.accountId, byIdentity);
        });
        return own && identity(principal, 'ecr:GetAuthorizationToken', '*') === 'allowed' ? undefined : 'role';
      },
    },
  };
};

/** AWS: "Private repository policy examples in Amazon ECR", pulling images. */
const pulls = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

const policyOf = (
  { policy }: Repository,
  name: string,
  registryId: string,
): { readonly text: string; readonly decide: ResourcePolicy } => {
  if (policy !== undefined) return policy;
  const message = `Repository policy does not exist for the repository with name '${name}' in the registry with id '${registryId}'`;
  throw new AwsError('RepositoryPolicyNotFoundException', message);
};

const words: PolicyWords = {
  malformed: (message) =>
    new AwsError(
      'InvalidParameterException',
      `Invalid parameter at 'PolicyText' failed to satisfy constraint: '${message}'`,
    ),
  notServed: (what) =>
    new AwsError('InvalidParameterException', `The simulator does not evaluate ${what} in a repository policy`),
};

/** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:tag][@digest]`; without a tag it is `latest`. */
const parseImage = (image: string): { repository: string; tag: string; digest: string | undefined } | undefined => {
  const parts =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(
      image,
    );
  if (parts === null) return undefined;
  return { repository: `${parts[1]}/${parts[2]}/${parts[3]}`, tag: parts[4] ?? 'latest', digest: parts[5] };
};
