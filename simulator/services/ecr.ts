import { createHash } from 'node:crypto';
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
import { notSimulated } from '../not-simulated.ts';
import { digestOf } from '../random.ts';

interface Repository {
  readonly createdAt: Instant;
  readonly mutability: 'MUTABLE' | 'IMMUTABLE';
  /** Tags move; digests stay, also when no tag points to them any more. */
  readonly tags: Map<string, string>;
  readonly digests: Map<string, { readonly pushedAt: Instant; readonly manifest: string; readonly mediaType: string }>;
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

interface Page {
  readonly maxResults?: number;
  readonly nextToken?: string;
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

  const keyOf = ({ registryId, repositoryName }: Input, { principal, region = kernel.region }: Call): string =>
    `${registryId ?? principal.accountId}/${region}/${repositoryName}`;
  const newRepository = (mutability: Repository['mutability']): Repository => ({
    createdAt: kernel.clock.now(),
    mutability,
    tags: new Map(),
    digests: new Map(),
  });
  const shown = (key: string, { createdAt, mutability }: Repository): object => {
    const [registryId = '', region = '', ...path] = key.split('/');
    const repositoryName = path.join('/');
    return {
      registryId,
      repositoryName,
      repositoryArn: `arn:aws:ecr:${region}:${registryId}:repository/${repositoryName}`,
      repositoryUri: `${registryId}.dkr.ecr.${region}.amazonaws.com/${repositoryName}`,
      createdAt: new Date(createdAt),
      imageTagMutability: mutability,
      imageScanningConfiguration: { scanOnPush: false },
      encryptionConfiguration: { encryptionType: 'AES256' },
    };
  };

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
            const tags = [...repository.tags].filter(([, digest]) => digest === imageDigest).map(([tag]) => tag);
            return {
              registryId,
              repositoryName: name,
              imageDigest,
              // An image without a tag has no such member (moto, test_describe_images).
              ...(tags.length > 0 ? { imageTags: tags } : {}),
              imageSizeInBytes: bytesIn(repository, image?.manifest ?? '{}'),
              imagePushedAt: new Date(image?.pushedAt ?? 0),
              imageManifestMediaType: image?.mediaType ?? manifestType,
            };
          }),
        };
      },
      CreateRepository: (
        input: Input & {
          readonly imageTagMutability?: string;
          readonly encryptionConfiguration?: { readonly encryptionType: string };
          readonly imageScanningConfiguration?: { readonly scanOnPush?: boolean };
          readonly imageTagMutabilityExclusionFilters?: readonly unknown[];
          readonly tags?: readonly unknown[];
        },
        call,
      ) => {
        const { imageTagMutability: mutability = 'MUTABLE', repositoryName, registryId } = input;
        if (registryId !== undefined && registryId !== call.principal.accountId) throw notSimulated('registryId');
        if (mutability !== 'MUTABLE' && mutability !== 'IMMUTABLE')
          throw notSimulated(`imageTagMutability ${mutability}`);
        if (input.imageTagMutabilityExclusionFilters !== undefined)
          throw notSimulated('imageTagMutabilityExclusionFilters');
        if ((input.encryptionConfiguration?.encryptionType ?? 'AES256') !== 'AES256')
          throw notSimulated('encryptionConfiguration other than AES256');
        if (input.imageScanningConfiguration?.scanOnPush === true) throw notSimulated('scanOnPush');
        if ((input.tags ?? []).length > 0) throw notSimulated('tags of a repository');
        const key = keyOf(input, call);
        if (repositories.has(key)) {
          const message = `The repository with name '${repositoryName}' already exists in the registry with id '${call.principal.accountId}'`;
          throw new AwsError('RepositoryAlreadyExistsException', message);
        }
        const repository = newRepository(mutability);
        repositories.set(key, repository);
        return { repository: shown(key, repository) };
      },
      DescribeRepositories: (
        input: Page & { readonly registryId?: string; readonly repositoryNames?: readonly string[] },
        call,
      ) => {
        const { registryId = call.principal.accountId, repositoryNames } = input;
        if (registryId !== call.principal.accountId && repositoryNames === undefined)
          throw notSimulated('a listing of the repositories of another account');
        for (const repositoryName of repositoryNames ?? [])
          repositoryOf({ registryId, repositoryName }, call, 'ecr:DescribeRepositories');
        const prefix = `${registryId}/${call.region ?? kernel.region}/`;
        const keys =
          repositoryNames?.map((name) => prefix + name) ??
          [...repositories.keys()].filter((key) => key.startsWith(prefix)).toSorted();
        const { items, ...next } = pageOf(keys, input);
        return {
          repositories: items.flatMap((key) => {
            const repository = repositories.get(key);
            return repository === undefined ? [] : [shown(key, repository)];
          }),
          ...next,
        };
      },
      DeleteRepository: (input: Input & { readonly force?: boolean }, call) => {
        const { repository, registryId, name } = repositoryOf(input, call, 'ecr:DeleteRepository');
        if (repository.digests.size > 0 && input.force !== true) {
          const message = `The repository with name '${name}' in registry with id '${registryId}' cannot be deleted because it still contains images`;
          throw new AwsError('RepositoryNotEmptyException', message);
        }
        const key = keyOf(input, call);
        repositories.delete(key);
        return { repository: shown(key, repository) };
      },
      /** The layers of the manifest are not asked for: containers of images are not run here. */
      PutImage: (
        input: Input & {
          readonly imageManifest: string;
          readonly imageManifestMediaType?: string;
          readonly imageTag?: string;
          readonly imageDigest?: string;
        },
        call,
      ) => {
        const { repository, registryId, name } = repositoryOf(input, call, 'ecr:PutImage');
        const { imageManifest: manifest, imageTag } = input;
        if (imageTag !== undefined && !isTag(imageTag)) throw invalidTag();
        const mediaType = mediaTypeOf(manifest, input.imageManifestMediaType);
        // The digest of a manifest is that of its bytes (OCI image specification, "Digests"; ECR user guide, "Image manifest").
        const imageDigest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
        if (input.imageDigest !== undefined && input.imageDigest !== imageDigest)
          throw new AwsError(
            'ImageDigestDoesNotMatchException',
            `The provided image digest '${input.imageDigest}' does not match the digest '${imageDigest}' that Amazon ECR calculated`,
          );
        const before = imageTag === undefined ? undefined : repository.tags.get(imageTag);
        const where = `in the repository with name '${name}' in registry with id '${registryId}'`;
        if (repository.digests.has(imageDigest) && (imageTag === undefined || before === imageDigest)) {
          const message = `Image with digest '${imageDigest}' and tag '${imageTag ?? 'null'}' already exists ${where}`;
          throw new AwsError('ImageAlreadyExistsException', message);
        }
        if (before !== undefined && repository.mutability === 'IMMUTABLE') {
          const message = `The image tag '${imageTag}' already exists in the '${name}' repository and cannot be overwritten because the repository is immutable.`;
          throw new AwsError('ImageTagAlreadyExistsException', message);
        }
        if (!repository.digests.has(imageDigest))
          repository.digests.set(imageDigest, { pushedAt: kernel.clock.now(), manifest, mediaType });
        if (imageTag !== undefined) repository.tags.set(imageTag, imageDigest);
        return {
          image: {
            registryId,
            repositoryName: name,
            imageId: { imageDigest, ...(imageTag === undefined ? {} : { imageTag }) },
            imageManifest: manifest,
            imageManifestMediaType: mediaType,
          },
        };
      },
      ListImages: (
        input: Input & Page & { readonly filter?: { readonly tagStatus?: string; readonly imageStatus?: string } },
        call,
      ) => {
        const { repository } = repositoryOf(input, call, 'ecr:ListImages');
        if (input.filter?.imageStatus !== undefined) throw notSimulated('filter.imageStatus');
        const { tagStatus = 'ANY' } = input.filter ?? {};
        const tagged = [...repository.tags].map(([imageTag, imageDigest]) => ({ imageDigest, imageTag }));
        const untagged = [...repository.digests.keys()]
          .filter((digest) => tagged.every(({ imageDigest }) => imageDigest !== digest))
          .map((imageDigest) => ({ imageDigest }));
        const { items, ...next } = pageOf<ImageId>(
          [...(tagStatus === 'UNTAGGED' ? [] : tagged), ...(tagStatus === 'TAGGED' ? [] : untagged)],
          input,
        );
        return { imageIds: items, ...next };
      },
      BatchGetImage: (input: Input, call) => {
        const { repository, registryId, name } = repositoryOf(input, call, 'ecr:BatchGetImage');
        const images: object[] = [];
        const failures: object[] = [];
        for (const imageId of input.imageIds ?? []) {
          const imageDigest = digestIn(repository, imageId);
          const image = repository.digests.get(imageDigest ?? '');
          if (imageDigest === undefined) {
            failures.push({ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' });
          } else {
            images.push({
              registryId,
              repositoryName: name,
              imageId: { ...imageId, imageDigest },
              imageManifest: image?.manifest,
              imageManifestMediaType: image?.mediaType,
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
        const repository = repositories.get(parsed.repository) ?? newRepository('MUTABLE');
        repositories.set(parsed.repository, repository);
        if (!repository.digests.has(digest)) {
          const config = `sha256:${digestOf('image-config', digest).toString('hex')}`;
          const manifest = JSON.stringify({
            schemaVersion: 2,
            mediaType: manifestType,
            config: { digest: config },
            layers: [],
          });
          repository.digests.set(digest, { pushedAt: kernel.clock.now(), manifest, mediaType: manifestType });
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

/** The type that the manifest declares, else the caller's; one that contradicts the other is refused (ECR API, PutImage). */
const mediaTypeOf = (manifest: string, given: string | undefined): string => {
  let document: unknown;
  try {
    document = JSON.parse(manifest);
  } catch {
    document = undefined;
  }
  if (document === null || typeof document !== 'object' || Array.isArray(document)) throw invalidManifest();
  const { mediaType, schemaVersion, config = {}, layers = [] } = document as Readonly<Record<string, unknown>>;
  if (!Array.isArray(layers) || ![config, ...layers].every(isSized)) throw invalidManifest();
  const type = typeof mediaType === 'string' ? mediaType : given;
  if (schemaVersion !== 2 || type === undefined || (given !== undefined && given !== type)) throw invalidManifest();
  return type;
};

/**
 * Of the configuration and the layers, as the manifest has them: what a pull downloads. A list has the size of its largest image (ECR API
 * reference, ImageDetail); an image that the repository does not hold has none.
 */
const bytesIn = (repository: Pick<Repository, 'digests'>, manifest: string): number => {
  const { config, layers = [], manifests }: Manifest = JSON.parse(manifest);
  if (Array.isArray(manifests))
    return Math.max(
      0,
      ...manifests.map((one) => bytesIn(repository, repository.digests.get(String(one?.digest))?.manifest ?? '{}')),
    );
  return [config, ...layers].reduce((sum, part) => sum + (part?.size ?? 0), 0);
};
interface Sized {
  readonly size?: number;
}
interface Manifest {
  readonly config?: Sized;
  readonly layers?: readonly Sized[];
  readonly manifests?: readonly ({ readonly digest?: unknown } | null)[];
}
const isSized = (part: unknown): part is Sized =>
  part !== null &&
  typeof part === 'object' &&
  (!('size' in part) || (Number.isSafeInteger(part.size) && Number(part.size) >= 0));

/** OCI distribution specification, "Pulling manifests". Longer ones and empty ones violate the API's model. */
const isTag = (tag: string): boolean => /^\w[\w.-]{0,127}$/.test(tag);

/** datawire/forge#99, alexjurkiewicz/ecr-scan-image#40. */
const invalidTag = (): AwsError =>
  new AwsError(
    'InvalidParameterException',
    "Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9-_.]+''",
  );

const invalidManifest = (): AwsError =>
  new AwsError(
    'InvalidParameterException',
    "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
  );

/** Tokens are opaque at AWS. */
const pageOf = <Item>(all: readonly Item[], { maxResults = 100, nextToken }: Page) => {
  const from = nextToken === undefined ? 0 : Number(Buffer.from(nextToken, 'base64').toString('utf8'));
  if (!Number.isSafeInteger(from) || from < 0)
    throw new AwsError('InvalidParameterException', 'Invalid parameter at NextToken');
  const items = all.slice(from, from + maxResults);
  const next = from + items.length;
  return { items, ...(next < all.length ? { nextToken: Buffer.from(String(next)).toString('base64') } : {}) };
};

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
  // The same words for each fault (awsdocs/amazon-ecr-user-guide#20, terraform-aws-modules/terraform-aws-ecr#19).
  malformed: () =>
    new AwsError(
      'InvalidParameterException',
      "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
    ),
  notServed: (what) => notSimulated(`${what} in a repository policy`),
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
