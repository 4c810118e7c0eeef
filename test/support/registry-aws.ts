import { createHash } from 'node:crypto';
import type { AwsReads, AwsWrites } from '../../src/aws/clients.ts';
import { ecr } from '../../src/aws/ecr.ts';
import { s3 } from '../../src/aws/s3.ts';
import { sagemaker } from '../../src/aws/sagemaker.ts';
import type { Run, World } from '../../src/world.ts';
import { fakeWorld } from './fake-world.ts';
import { virtualClock } from './virtual-clock.ts';

/** The members that tests send and read; they need no others of AWS's shapes. */
type Input = Readonly<Record<string, unknown>>;

export interface StoredPackage {
  readonly number: number;
  readonly arn: string;
  readonly input: Input;
  approval: string;
  approvalDescription?: string;
  status: string;
  failureReason?: string;
  lastModifiedBy?: Input;
  /** A minute later with every change. */
  lastModifiedAt?: number;
}

interface StoredObject {
  readonly body: string;
  readonly etag: string;
  readonly checksum: boolean;
  readonly bytes?: number;
  /** Base64 with the number of parts: S3's digest over the digests of parts. */
  readonly composite?: string;
}
interface Part {
  readonly etag: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface RegistryAws {
  readonly groups: Set<string>;
  readonly packages: StoredPackage[];
  readonly objects: Map<string, StoredObject>;
  /** Unfinished copies in parts, by upload id. */
  readonly uploads: Map<string, { readonly uri: string; readonly parts: Map<number, Part> }>;
  /** `repository:tag` → digest. */
  readonly images: Map<string, string>;
  readonly trainingJobs: Map<string, Input>;
  /** Every call in its sent form, in order. */
  readonly calls: { readonly operation: string; readonly input: Input }[];
  /** Names of the mutating calls. */
  readonly writes: () => string[];
  /** @param options.bytes a size that differs from that of the body: for objects that no test can hold */
  put(uri: string, body: string, options?: { readonly checksum?: boolean; readonly bytes?: number }): void;
  world(options?: { readonly run?: Partial<Run>; readonly dryRun?: boolean; readonly around?: Around }): World;
}

/** Makes a call or suppresses it; may act before and after. */
export type Around = (operation: string, carryOut: () => Input) => Promise<Input>;

const carriedOut: Around = async (_operation, carryOut) => carryOut();

export interface RegistryAwsOptions {
  /** CreateModelPackage with a known token: as documented, or as a new call each time. */
  readonly tokens?: 'remembered' | 'forgotten';
  /** The number of DescribeModelPackage calls until a new package is Completed. */
  readonly slowPackages?: number;
}

const firstModified = Date.parse('2026-01-05T10:00:00Z');

export const awsError = (name: string, message: string): Error => Object.assign(new Error(message), { name });
const account = '111122223333';
const packageArn = (group: string, number: number) =>
  `arn:aws:sagemaker:eu-west-1:${account}:model-package/${group}/${number}`;
const sha256 = (body: string | Buffer) => createHash('sha256').update(body).digest();

/** Registry, S3 and ECR of one account, in memory, behind the suite's own clients; pages hold two packages. */
export const registryAws = (options: RegistryAwsOptions = {}): RegistryAws => {
  const groups = new Set<string>();
  const packages: StoredPackage[] = [];
  const objects: RegistryAws['objects'] = new Map();
  const images = new Map<string, string>();
  const trainingJobs = new Map<string, Input>();
  const calls: { operation: string; input: Input }[] = [];
  const tokens = new Map<string, { readonly body: string; readonly arn: string }>();
  const looks = new Map<string, number>();
  let puts = 0;

  const uploads: RegistryAws['uploads'] = new Map();

  const put: RegistryAws['put'] = (uri, body, { checksum = false, bytes } = {}) => {
    puts += 1;
    const etag = `"${sha256(body).toString('hex').slice(0, 8)}-${puts}"`;
    objects.set(uri, { body, etag, checksum, ...(bytes === undefined ? {} : { bytes }) });
  };
  const uploadOf = (input: Input) => {
    const found = uploads.get(String(input['UploadId']));
    if (!found) throw awsError('NoSuchUpload', 'The specified upload does not exist.');
    return found;
  };
  const sourceOf = (input: Input) => {
    const source = objects.get(`s3://${decodeURIComponent(String(input['CopySource']))}`);
    if (!source) throw awsError('NoSuchKey', 'The specified key does not exist.');
    if (input['CopySourceIfMatch'] !== source.etag) throw awsError('PreconditionFailed', 'changed');
    return source;
  };
  const uriOf = (input: Input) => `s3://${input['Bucket']}/${input['Key']}`;
  const objectOf = (input: Input) => {
    const found = objects.get(uriOf(input));
    if (!found) throw awsError('NotFound', 'UnknownError');
    return found;
  };
  const refuseExisting = (input: Input) => {
    if (input['IfNoneMatch'] === '*' && objects.has(uriOf(input)))
      throw awsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  };
  const summaryOf = (one: StoredPackage) => ({
    ModelPackageArn: one.arn,
    ModelPackageGroupName: one.input['ModelPackageGroupName'],
    ModelPackageVersion: one.number,
    ModelPackageDescription: one.input['ModelPackageDescription'],
    ModelPackageStatus: one.status,
    ModelApprovalStatus: one.approval,
  });
  const find = (arn: unknown) => {
    const found = packages.find((one) => one.arn === arn);
    if (!found) throw awsError('ValidationException', `ModelPackage ${arn} does not exist.`);
    return found;
  };

  const handlers: Readonly<Record<string, (input: Input) => Input>> = {
    DescribeModelPackageGroup: ({ ModelPackageGroupName: name }) => {
      if (!groups.has(String(name))) throw awsError('ValidationException', `ModelPackageGroup ${name} does not exist.`);
      return { ModelPackageGroupName: name, ModelPackageGroupStatus: 'Completed' };
    },
    CreateModelPackageGroup: ({ ModelPackageGroupName: name }) => {
      if (groups.has(String(name))) throw awsError('ValidationException', 'Model Package Group already exists: x');
      groups.add(String(name));
      return {};
    },
    ListModelPackages: ({ ModelPackageGroupName: name, NextToken }) => {
      if (!groups.has(String(name))) throw awsError('ValidationException', `ModelPackageGroup ${name} does not exist.`);
      const from = Number(NextToken ?? 0);
      const all = packages.filter((one) => one.input['ModelPackageGroupName'] === name);
      return {
        ModelPackageSummaryList: all.slice(from, from + 2).map(summaryOf),
        ...(from + 2 < all.length && { NextToken: String(from + 2) }),
      };
    },
    DescribeModelPackage: ({ ModelPackageName: arn }) => {
      const one = find(arn);
      const seen = (looks.get(one.arn) ?? 0) + 1;
      looks.set(one.arn, seen);
      if (one.status === 'InProgress' && seen > (options.slowPackages ?? 0)) one.status = 'Completed';
      const reasons = one.failureReason
        ? [{ Name: 'validation', Status: 'Failed', FailureReason: one.failureReason }]
        : [];
      return {
        ...one.input,
        ...summaryOf(one),
        ModelPackageStatusDetails: { ValidationStatuses: reasons },
        ApprovalDescription: one.approvalDescription,
        LastModifiedBy: one.lastModifiedBy,
        LastModifiedTime: new Date(one.lastModifiedAt ?? firstModified),
      };
    },
    CreateModelPackage: (input) => {
      const group = String(input['ModelPackageGroupName']);
      if (!groups.has(group)) throw awsError('ValidationException', `ModelPackageGroup ${group} does not exist.`);
      const token = String(input['ClientToken']);
      const body = JSON.stringify(input);
      const before = options.tokens === 'forgotten' ? undefined : tokens.get(token);
      if (before && before.body !== body) throw awsError('ConflictException', 'Token was used with other parameters');
      if (before) return { ModelPackageArn: before.arn };
      const number = packages.length + 1;
      const arn = packageArn(group, number);
      const status = options.slowPackages ? 'InProgress' : 'Completed';
      packages.push({ number, arn, input, approval: String(input['ModelApprovalStatus']), status });
      tokens.set(token, { body, arn });
      return { ModelPackageArn: arn };
    },
    UpdateModelPackage: (input) => {
      const one = find(input['ModelPackageArn']);
      one.approval = String(input['ModelApprovalStatus']);
      one.approvalDescription = String(input['ApprovalDescription']);
      one.lastModifiedAt = (one.lastModifiedAt ?? firstModified) + 60_000;
      return { ModelPackageArn: one.arn };
    },
    DescribeTrainingJob: ({ TrainingJobName: name }) => {
      const job = trainingJobs.get(String(name));
      if (!job) throw awsError('ResourceNotFound', 'Requested resource not found.');
      return job;
    },
    HeadObject: (input) => {
      const { body, etag, checksum, bytes = body.length, composite } = objectOf(input);
      const stored = { ChecksumSHA256: sha256(body).toString('base64'), ChecksumType: 'FULL_OBJECT' };
      return {
        ETag: etag,
        ContentLength: bytes,
        ...(checksum && stored),
        ...(composite && { ChecksumSHA256: composite, ChecksumType: 'COMPOSITE' }),
      };
    },
    GetObject: (input) => {
      const { body, etag } = objectOf(input);
      if (input['IfMatch'] && input['IfMatch'] !== etag) throw awsError('PreconditionFailed', 'changed');
      return { ETag: etag, Body: [Buffer.from(body)] };
    },
    PutObject: (input) => {
      refuseExisting(input);
      put(uriOf(input), String(input['Body']));
      return {};
    },
    CopyObject: (input) => {
      const source = sourceOf(input);
      if ((source.bytes ?? 0) > 5 * 1024 ** 3)
        throw awsError('InvalidRequest', 'The specified copy source is larger than the maximum allowable size');
      refuseExisting(input);
      put(uriOf(input), source.body, { checksum: input['ChecksumAlgorithm'] === 'SHA256' });
      return {};
    },
    ListObjectsV2: (input) => {
      const prefix = `s3://${input['Bucket']}/${input['Prefix']}`;
      const keys = [...objects.keys()].filter((uri) => uri.startsWith(prefix)).sort();
      const from = Number(input['ContinuationToken'] ?? 0);
      return {
        Contents: keys.slice(from, from + 2).map((uri) => {
          const { body, etag, bytes = body.length } = objects.get(uri) ?? { body: '', etag: '' };
          return { Key: uri.slice(`s3://${input['Bucket']}/`.length), Size: bytes, ETag: etag };
        }),
        ...(from + 2 < keys.length && { NextContinuationToken: String(from + 2) }),
      };
    },
    CreateMultipartUpload: (input) => {
      puts += 1;
      const UploadId = `upload-${puts}`;
      uploads.set(UploadId, { uri: uriOf(input), parts: new Map() });
      return { UploadId };
    },
    ListMultipartUploads: (input) => ({
      Uploads: [...uploads].map(([UploadId, { uri }], index) => ({
        UploadId,
        Key: uri.slice(`s3://${input['Bucket']}/`.length),
        Initiated: new Date(index),
      })),
    }),
    ListParts: (input) => ({
      Parts: [...uploadOf(input).parts].map(([PartNumber, part]) => ({
        PartNumber,
        ETag: part.etag,
        ChecksumSHA256: part.sha256,
        Size: part.bytes,
      })),
    }),
    UploadPartCopy: (input) => {
      const upload = uploadOf(input);
      const source = sourceOf(input);
      const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(String(input['CopySourceRange'])) ?? [];
      const bytes = Number(last) - Number(first) + 1;
      if (!(bytes > 0 && bytes <= 5 * 1024 ** 3 && Number(last) < (source.bytes ?? source.body.length)))
        throw awsError('InvalidRequest', 'The specified copy range is invalid for the source object size');
      const hash = sha256(`${source.body} ${first}-${last}`);
      upload.parts.set(Number(input['PartNumber']), {
        etag: `"${hash.toString('hex').slice(0, 8)}"`,
        sha256: hash.toString('base64'),
        bytes,
      });
      return {};
    },
    CompleteMultipartUpload: (input) => {
      const { parts, uri } = uploadOf(input);
      refuseExisting(input);
      const named = (input['MultipartUpload'] as { readonly Parts: readonly Input[] }).Parts;
      const given = named.map((one) => {
        const part = parts.get(Number(one['PartNumber']));
        if (part === undefined || part.etag !== one['ETag'] || part.sha256 !== one['ChecksumSHA256'])
          throw awsError('InvalidPart', 'One or more of the specified parts could not be found.');
        return part;
      });
      const composite = `${sha256(Buffer.concat(given.map((part) => Buffer.from(part.sha256, 'base64')))).toString('base64')}-${given.length}`;
      puts += 1;
      const bytes = given.reduce((sum, part) => sum + part.bytes, 0);
      objects.set(uri, { body: '', etag: `"parts-${puts}"`, checksum: false, bytes, composite });
      uploads.delete(String(input['UploadId']));
      return {};
    },
    AbortMultipartUpload: (input) => {
      uploadOf(input);
      uploads.delete(String(input['UploadId']));
      return {};
    },
    BatchGetImage: ({ registryId, repositoryName, imageIds }) => {
      const [id] = imageIds as readonly { readonly imageTag?: string; readonly imageDigest?: string }[];
      const kept = [...images].filter(([name]) => name.startsWith(`${registryId}/${repositoryName}:`));
      const found = kept.find(([name, digest]) => digest === id?.imageDigest || name.endsWith(`:${id?.imageTag}`));
      return found
        ? { images: [{ imageId: { imageDigest: found[1] } }] }
        : { failures: [{ failureReason: 'not found' }] };
    },
  };

  return {
    groups,
    packages,
    objects,
    uploads,
    images,
    trainingJobs,
    calls,
    writes: () =>
      calls
        .map((call) => call.operation)
        .filter((operation) => /^(Create|Update|Upload|Put|Copy|Complete|Abort)/.test(operation)),
    put,
    world: ({ run, dryRun = false, around = carriedOut } = {}) => {
      const send = async (command: { readonly input: object }): Promise<Input> => {
        const operation = command.constructor.name.replace(/Command$/, '');
        return around(operation, () => {
          const handle = handlers[operation];
          if (!handle) throw new Error(`the test account has no ${operation}`);
          // As on the wire: an undefined member is not sent.
          const input = JSON.parse(JSON.stringify(command.input)) as Input;
          calls.push({ operation, input });
          return handle(input);
        });
      };
      const clients = {
        sagemaker: sagemaker(send as unknown as Parameters<typeof sagemaker>[0]),
        s3: s3(send as unknown as Parameters<typeof s3>[0], () => account),
        ecr: ecr(send as unknown as Parameters<typeof ecr>[0], 'eu-west-1'),
      };
      const base = fakeWorld(virtualClock(), undefined, dryRun);
      return {
        ...base,
        run: { ...base.run, ...run },
        read: {
          ...base.read,
          sagemaker: clients.sagemaker.reads,
          s3: clients.s3.reads,
          ecr: clients.ecr.reads,
        } satisfies Partial<AwsReads> as AwsReads,
        ...(base.write && {
          write: {
            ...base.write,
            sagemaker: clients.sagemaker.writes,
            s3: clients.s3.writes,
          } satisfies Partial<AwsWrites> as AwsWrites,
        }),
      };
    },
  };
};
