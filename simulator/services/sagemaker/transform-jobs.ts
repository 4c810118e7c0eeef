import { AwsError, type Container, type Handler, type Instant, type Timer } from '../../contracts.ts';
import { createAnswering } from './answering.ts';
import { assumed, type Context, epochSeconds, objectAt, placeAt, present, sagemakerArn } from './context.ts';
import type { Fleets } from './fleets.ts';
import { startModel } from './model-data.ts';
import type { Models } from './models.ts';
import { type ListRequest, list } from './pages.ts';
import { invalid, transformQuotaExceeded } from './refusals.ts';
import type { Tags } from './tags.ts';
import { recipeOf, type TransformInput } from './transform-recipe.ts';
import { type InputFile, transformed, type Work } from './transform-run.ts';

type Status = 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';

interface Job {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly input: TransformInput;
  modifiedAt: Instant;
  status: Status;
  startedAt?: Instant;
  endedAt?: Instant;
  failureReason?: string;
  next?: Timer;
}

/** An object of the job's input, and its name below the prefix. */
type StoredFile = InputFile & { readonly bucket: string; readonly key: string };

interface ListInput extends ListRequest {
  readonly StatusEquals?: Status;
  readonly LastModifiedTimeAfter?: number;
  readonly LastModifiedTimeBefore?: number;
}

/** AWS: ModelClientConfig. */
const clientDefaults = { timeoutSeconds: 600, retries: 3 } as const;

/**
 * Words seen in the field: of the first two in aws/deep-learning-containers#586 and aws/amazon-sagemaker-examples#1620 (which failures are
 * whose is [unconfirmed] beyond a container's 400), of the third in aws/amazon-sagemaker-examples#2995.
 */
const reasons = {
  client: 'ClientError: See job logs for more information',
  algorithm: 'AlgorithmError: See job logs for more information',
  /** comic/grand-challenge.org, amazon_sagemaker_base.py. */
  capacity:
    'CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.',
  ping:
    'AlgorithmError: Model container failed to respond to ping. Please ensure /ping endpoint is implemented and responds with an HTTP 200 ' +
    'status code',
} as const;

/** aws/amazon-sagemaker-examples#2414. */
const nothingUnder = (uri: string, region: string, role: string | undefined, bucket: string): AwsError =>
  invalid(
    `No S3 objects found under S3 URL "${uri}" given in input data source. Please ensure that the bucket exists in the selected region ` +
      `(${region}), that objects exist under that S3 prefix, and that the role "${role}" has "s3:ListBucket" permissions on bucket "${bucket}".`,
  );

const bucketAnd = (uri: string): readonly [bucket: string, path: string] => {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
  return [bucket, path];
};

/** Batch transform (reference/sagemaker.md §7.3, AWS: CreateTransformJob). Job logs and data capture are not simulated. */
export const createTransformJobs = (
  context: Context,
  { models, fleets, tags }: { readonly models: Models; readonly fleets: Fleets; readonly tags: Tags },
) => {
  const { kernel, objects } = context;
  const { clock, settings } = kernel;
  const jobs = new Map<string, Job>();
  const answering = createAnswering(context);
  const arnOf = (name: string): string => sagemakerArn(context, `transform-job/${name}`);

  const become = (job: Job, status: Status): void => {
    const now = clock.now();
    job.status = status;
    job.modifiedAt = now;
    if (status !== 'InProgress' && status !== 'Stopping') job.endedAt = now;
  };
  const fail = (job: Job, reason: string): void => {
    job.failureReason = reason;
    become(job, 'Failed');
  };
  const later = (job: Job, ms: number, action: () => void): void => {
    job.next = clock.at(clock.now() + ms, `transform job ${job.name}`, action);
  };

  /** AWS: TransformS3DataSource. A manifest names its files after a prefix. */
  const filesOf = (input: TransformInput): readonly StoredFile[] => {
    const { S3DataType, S3Uri } = input.TransformInput.DataSource.S3DataSource;
    if (S3DataType === 'ManifestFile') return manifested(S3Uri);
    const [bucket, prefix] = bucketAnd(S3Uri);
    return objects
      .under(bucket, prefix)
      .filter(({ key, body }) => body.length > 0 || !key.endsWith('/'))
      .map(({ key, body }) => ({ name: below(prefix, key), body, bucket, key }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  };

  /** The documentation's example drops the folders below the prefix, and its sentence keeps them. */
  const below = (prefix: string, key: string): string => {
    const file = key.slice(key.lastIndexOf('/') + 1);
    if (key === prefix || settings.transformOutputNames === 'of-files') return file;
    return key.startsWith(`${prefix}/`) ? key.slice(prefix.length + 1) : key.slice(prefix.lastIndexOf('/') + 1);
  };

  const manifested = (uri: string): readonly StoredFile[] => {
    let entries: unknown;
    try {
      entries = JSON.parse(objectAt(context, uri)?.body.toString('utf8') ?? '[]');
    } catch {
      entries = undefined;
    }
    const [first, ...names]: readonly unknown[] = Array.isArray(entries) ? entries : [undefined];
    const prefix = typeof first === 'object' && first !== null ? Reflect.get(first, 'prefix') : undefined;
    if (typeof prefix !== 'string') throw invalid(`The manifest ${uri} does not begin with a prefix.`);
    return names.flatMap((name) => {
      const place = placeAt(`${prefix}${name}`);
      const body = place && objects.get(place.bucket, place.key)?.body;
      const file = String(name);
      const kept = settings.transformOutputNames === 'of-files' ? file.slice(file.lastIndexOf('/') + 1) : file;
      return place === undefined || body === undefined ? [] : [{ ...place, name: kept, body }];
    });
  };

  const refuseModel = (name: string): void => {
    const { containers, input } = models.find(name);
    const role = input.ExecutionRoleArn;
    if (role !== undefined && !context.canAssume(role))
      throw invalid(
        `Could not assume role ${role}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
      );
    // aws/sagemaker-python-sdk#4777.
    if (containers.some(({ ModelDataSource }) => ModelDataSource !== undefined))
      throw invalid(
        "SageMaker Batch currently doesn't support Model entity with container definitions which use ModelDataSource attribute",
      );
    // AWS: "Multi-model endpoints" hosts them; the words are ours.
    if (containers.some(({ Mode }) => Mode === 'MultiModel') || models.isDirect(name))
      throw invalid('Transform jobs take neither several models nor containers with direct invocation.');
  };

  const refuseQuota = ({ TransformResources: { InstanceType, InstanceCount } }: TransformInput): void => {
    const used = [...jobs.values()]
      .filter(({ status, input }) => !isOver(status) && input.TransformResources.InstanceType === InstanceType)
      .reduce((sum, { input }) => sum + input.TransformResources.InstanceCount, 0);
    const quota = settings.transformInstanceQuota;
    if (used + InstanceCount > quota) throw transformQuotaExceeded(InstanceType, quota, used, InstanceCount);
  };

  /** SageMaker reads as the model's role, which a policy of the bucket or of its key may shut out. */
  const isReadable = (role: string | undefined, { bucket, key }: StoredFile): boolean =>
    role === undefined || objects.mayRead(assumed(context, role), bucket, key);

  const load = (name: string): readonly { readonly container: Container }[] | undefined => {
    try {
      return models.runnable(name).map((runnable) => {
        const { role, image } = runnable;
        const shut = role !== undefined && context.images.pullRefusedBy(assumed(context, role), image) === 'role';
        const container = !shut && context.images.resolve(image) && startModel(context, runnable);
        if (!container) throw new Error(`${runnable.image} does not start`);
        return { container };
      });
    } catch {
      // Image, model or artifact is gone or broken since the job's creation.
      return undefined;
    }
  };

  const roleOf = (model: string): string | undefined => {
    try {
      return models.find(model).input.ExecutionRoleArn;
    } catch {
      // A model in use may be deleted (§2.1).
      return undefined;
    }
  };

  const workOf = (job: Job): Work => {
    const { input } = job;
    const { ModelClientConfig: client = {}, MaxConcurrentTransforms = 0 } = input;
    return {
      recipe: recipeOf(input, settings.transformSliceEnd === 'included'),
      isGzipped: input.TransformInput.CompressionType === 'Gzip',
      instances: input.TransformResources.InstanceCount,
      // 0 and nothing: 1, for containers without execution parameters (AWS: CreateTransformJob).
      concurrency: MaxConcurrentTransforms || 1,
      timeoutMs: (client.InvocationsTimeoutInSeconds ?? clientDefaults.timeoutSeconds) * 1000,
      retries: client.InvocationsMaxRetries ?? clientDefaults.retries,
    };
  };

  const begin = (job: Job): void => {
    const { input } = job;
    if (fleets.lacksCapacity()) {
      fail(job, reasons.capacity);
      return;
    }
    job.startedAt = clock.now();
    const containers = load(input.ModelName);
    const role = roleOf(input.ModelName);
    if (containers === undefined) {
      fail(job, reasons.algorithm);
      return;
    }
    const stop = (): void => {
      for (const { container } of containers) container.stop?.();
    };
    if (containers.some(({ container }) => !container.ping())) {
      stop();
      later(job, settings.transformPingTimeoutMs, () => fail(job, reasons.ping));
      return;
    }
    const work = workOf(job);
    const { contentType, accept } = work.recipe;
    const done = transformed(filesOf(input), work, (body) =>
      answering.inSeries(containers, { body, contentType, ...present({ accept }) }),
    );
    stop();
    later(job, done.durationMs, () => {
      const [bucket, prefix] = bucketAnd(input.TransformOutput.S3OutputPath);
      const outputs = done.outputs.map(({ name, body }) => ({
        key: [prefix.replace(/\/$/, ''), name].filter((part) => part !== '').join('/'),
        body,
      }));
      const principal = role === undefined ? undefined : assumed(context, role);
      if (principal !== undefined && !outputs.every(({ key }) => objects.mayWrite(principal, bucket, key))) {
        fail(job, reasons.client);
        return;
      }
      for (const { key, body } of outputs) objects.put(bucket, key, body);
      if (done.failure === undefined) become(job, 'Completed');
      else fail(job, reasons[done.failure.side]);
    });
  };

  const find = (name: string, words: string): Job => {
    const job = jobs.get(name);
    if (!job) throw invalid(`${words}: ${name}`);
    return job;
  };

  const times = ({ createdAt, endedAt }: Job) => ({
    CreationTime: epochSeconds(createdAt),
    ...present({ TransformEndTime: endedAt === undefined ? undefined : epochSeconds(endedAt) }),
  });

  const operations = {
    CreateTransformJob: (input: TransformInput) => {
      const name = input.TransformJobName;
      const arn = arnOf(name);
      // The code is modelled, and these are a processing job's words; a name is never free again.
      if (jobs.has(name))
        throw new AwsError(
          'ResourceInUse',
          `Job name must be unique within an AWS account and region, and a job with this name already exists (${arn})`,
        );
      refuseModel(input.ModelName);
      recipeOf(input, settings.transformSliceEnd === 'included');
      const { S3Uri } = input.TransformInput.DataSource.S3DataSource;
      const role = models.find(input.ModelName).input.ExecutionRoleArn;
      const files = filesOf(input);
      if (files.length === 0 || !files.every((file) => isReadable(role, file)))
        throw nothingUnder(S3Uri, kernel.region, role, bucketAnd(S3Uri)[0]);
      refuseQuota(input);
      tags.open(arn, input.Tags);
      const now = clock.now();
      const job: Job = { name, arn, createdAt: now, input, modifiedAt: now, status: 'InProgress' };
      jobs.set(name, job);
      later(job, settings.transformStartMs, () => begin(job));
      return { TransformJobArn: arn };
    },

    DescribeTransformJob: (input: { TransformJobName: string }) => {
      // The beginning as aws-controllers-k8s/sagemaker-controller has it.
      const job = find(input.TransformJobName, 'Could not find requested job with name');
      const { Tags: _tags, ...created } = job.input;
      return {
        ...created,
        TransformJobArn: job.arn,
        TransformJobStatus: job.status,
        ...times(job),
        ...present({
          FailureReason: job.failureReason,
          TransformStartTime: job.startedAt === undefined ? undefined : epochSeconds(job.startedAt),
        }),
      };
    },

    /** "When you stop a job before it is completed, SageMaker doesn't store its output" (AWS: StopTransformJob). */
    StopTransformJob: (input: { TransformJobName: string }) => {
      // Both as comic/grand-challenge.org matches them, amazon_sagemaker_base.py.
      const job = find(input.TransformJobName, 'Could not find job to update with name');
      if (job.status !== 'InProgress')
        throw invalid(`The request was rejected because the transform job is in status ${job.status}`);
      job.next?.cancel();
      become(job, 'Stopping');
      later(job, settings.transformStopMs, () => become(job, 'Stopped'));
      return {};
    },

    /** Newest first, ten at a time (AWS: ListTransformJobs). */
    ListTransformJobs: (input: ListInput) => {
      const { LastModifiedTimeAfter: after = Number.NEGATIVE_INFINITY } = input;
      const { LastModifiedTimeBefore: before = Number.POSITIVE_INFINITY } = input;
      const found = [...jobs.values()].filter(({ status, modifiedAt }) => {
        const modified = epochSeconds(modifiedAt);
        return (input.StatusEquals ?? status) === status && modified > after && modified < before;
      });
      const key = (job: Job): string => (input.SortBy === 'Status' ? job.status : job.name);
      const { items, next } = list(found, input, { order: 'Descending', key });
      const summary = (job: Job) => ({
        TransformJobName: job.name,
        TransformJobArn: job.arn,
        TransformJobStatus: job.status,
        LastModifiedTime: epochSeconds(job.modifiedAt),
        ...times(job),
        ...present({ FailureReason: job.failureReason }),
      });
      return { TransformJobSummaries: items.map(summary), ...next };
    },
  } satisfies Record<string, Handler>;

  return { operations };
};

const isOver = (status: Status): boolean => status !== 'InProgress' && status !== 'Stopping';
