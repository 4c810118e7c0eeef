import type { AwsReads, AwsWrites } from '../../src/aws/clients.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
import { type ReleaseStore, releaseStore } from '../../src/release/store.ts';
import type { World } from '../../src/world.ts';
import { subject } from './release.ts';

const location = { bucket: 'releases', prefix: '' };

/** A bucket in memory with S3's conditional writes, and the release store over it. */
export interface StoredRelease {
  readonly store: ReleaseStore;
  record(): ReleaseRecord;
  /** Another writer replaces the record, or deletes it. */
  overwrite(record: ReleaseRecord | undefined): void;
  /** Lines of the journals, parsed. */
  journal(): readonly Readonly<Record<string, unknown>>[];
  /** Runs once, just before the next write of the record. */
  beforeWrite(action: () => void): void;
}

const failed = (name: string): Error => Object.assign(new Error(name), { name });

export const storedRelease = (initial?: ReleaseRecord): StoredRelease => {
  const objects = new Map<string, { readonly text: string; readonly etag: string }>();
  let writes = 0;
  let before: (() => void) | undefined;
  const key = 'churn/record.json';
  const put = (Key: string, text: string): { readonly ETag: string } => {
    const etag = `"${++writes}"`;
    objects.set(Key, { text, etag });
    return { ETag: etag };
  };
  const s3 = {
    getObject: async ({ Key }: { readonly Key: string }) => {
      const found = objects.get(Key);
      if (found === undefined) throw failed('NoSuchKey');
      return found;
    },
    headObject: async () => {
      throw failed('NotFound');
    },
    putObject: async (request: {
      readonly Key: string;
      readonly Body: string;
      readonly IfMatch?: string;
      readonly IfNoneMatch?: string;
    }) => {
      if (request.Key === key) {
        // An action may set the next one.
        const action = before;
        before = undefined;
        action?.();
      }
      const found = objects.get(request.Key);
      if (request.IfNoneMatch === undefined && request.IfMatch === undefined) throw new Error('an unconditional write');
      if (request.IfNoneMatch !== undefined && found !== undefined) throw failed('PreconditionFailed');
      if (request.IfMatch !== undefined && found?.etag !== request.IfMatch) throw failed('PreconditionFailed');
      return put(request.Key, request.Body);
    },
  };
  if (initial !== undefined) put(key, JSON.stringify(initial));
  return {
    store: releaseStore({
      reads: { s3 } as unknown as Pick<AwsReads, 's3'>,
      writes: { s3 } as unknown as Pick<AwsWrites, 's3'>,
      location,
      subject,
    }),
    record: () => JSON.parse(objects.get(key)?.text ?? 'null') as ReleaseRecord,
    overwrite: (record) => {
      if (record === undefined) objects.delete(key);
      else put(key, JSON.stringify(record));
    },
    journal: () =>
      [...objects]
        .filter(([name]) => name !== key)
        .flatMap(([, { text }]) =>
          text
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
        ),
    beforeWrite: (action) => {
      before = action;
    },
  };
};

/** An error in AWS's form, from the named call. */
export const awsError = (call: string, message: string, name = 'ValidationException'): Error =>
  Object.assign(new Error(message), { name, call, $metadata: { httpStatusCode: 400 } });

interface Endpoint {
  readonly status?: string;
  readonly config: string;
  readonly pending?: string;
}

/** A world at a fixed instant, for the run `run-1`, whose endpoint answers as given. */
export const worldAt = (
  now: number,
  endpoint: Endpoint | undefined,
  {
    reads = {},
    writes = {},
    holder = 'run-1',
    actor,
  }: {
    readonly reads?: object;
    readonly writes?: object;
    readonly holder?: string;
    readonly actor?: string;
  } = {},
): World =>
  ({
    clock: { now: () => now },
    signal: new AbortController().signal,
    run: {
      host: 'command-line',
      holder,
      url: 'https://example.test/run/1',
      commit: 'c0ffee',
      ...(actor === undefined ? {} : { actor }),
    },
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: {
      sagemaker: {
        describeEndpoint: async () => {
          if (endpoint === undefined) throw awsError('sagemaker:DescribeEndpoint', 'Could not find endpoint "churn".');
          return {
            EndpointStatus: endpoint.status ?? 'InService',
            EndpointConfigName: endpoint.config,
            LastModifiedTime: new Date(0),
            ProductionVariants: [{ VariantName: 'AllTraffic', CurrentWeight: 1, DesiredWeight: 1 }],
            ...(endpoint.pending ? { PendingDeploymentSummary: { EndpointConfigName: endpoint.pending } } : {}),
          };
        },
        listTags: async () => ({ Tags: [] }),
        ...reads,
      },
      cloudwatch: { describeAlarms: async () => ({}) },
    },
    write: { sagemaker: writes, cloudwatch: { deleteAlarms: async () => ({}) } },
  }) as unknown as World;
