import * as z from 'zod/mini';
import { classify } from '../../aws/errors.ts';
import type { Instant } from '../../clock.ts';
import { digest } from '../../digest.ts';
import type { LambdaAlias, S3Location } from '../../manifest/manifest.ts';
import { findKept } from '../../scoring/read-kept.ts';
import { withoutSecrets } from '../../secrets.ts';
import { type World, writesOf } from '../../world.ts';
import type { Execution, Status } from './execution.ts';

/**
 * How far the run of a hook is: `lambda/<function>/<alias>/hooks/<deployment>/<digest of the execution>.json`. Lambda delivers an event at least
 * once, and a golden set may need several invocations; this object lets one of them work at a time, and the next one go on.
 */
export interface Checkpoint {
  readonly schemaVersion: 1;
  /** Of the first invocation. */
  readonly startedAt: Instant;
  /** The request id of the invocation that works: a repetition by Lambda after an error has the same one. */
  readonly holder: string;
  /** The invocation is over then, whatever became of it. */
  readonly until: Instant;
  /** Memory of the test. */
  readonly token?: string;
  /** The answer, from the moment at which it is known: a later invocation sends it again. */
  readonly answer?: Answer;
}

export interface Answer {
  readonly status: Status;
  /** `rejected/regression-failed: accuracy is …`. */
  readonly because: string;
}

const schema = z.object({
  schemaVersion: z.literal(1),
  startedAt: z.number(),
  holder: z.string(),
  until: z.number(),
  token: z.optional(z.string()),
  answer: z.optional(z.object({ status: z.enum(['Succeeded', 'Failed']), because: z.string() })),
});
const kind = { schema, mostBytes: 64 * 1024, is: 'no checkpoint of a hook' };

export interface Checkpoints {
  read(): Promise<{ readonly checkpoint: Checkpoint; readonly etag: string } | undefined>;
  /** @param etag of the one this follows; undefined: there was none @returns undefined when another invocation wrote first */
  write(next: Checkpoint, etag: string | undefined): Promise<string | undefined>;
}

export const checkpointsOf = (
  world: World,
  releases: S3Location,
  { alias }: Pick<LambdaAlias, 'alias'>,
  { deployment, id }: Execution,
): Checkpoints => {
  const Key = `${releases.prefix}${alias}/hooks/${deployment}/${digest(id).slice(0, 16)}.json`;
  return {
    read: async () => {
      const found = await findKept(world, releases, Key, kind);
      return found && { checkpoint: found.value as Checkpoint, etag: found.etag };
    },
    write: async (next, etag) => {
      try {
        const { ETag } = await writesOf(world).s3.putObject({
          ...{ Bucket: releases.bucket, Key, ContentType: 'application/json' },
          Body: JSON.stringify(withoutSecrets(next)),
          ...(etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag }),
        });
        return ETag ?? '';
      } catch (error) {
        if (classify(error) !== 'precondition-failed') throw error;
        // The answer to our own write may have been lost, and its repetition refused.
        const now = await findKept(world, releases, Key, kind);
        return now !== undefined && digest(now.value) === digest(next) ? now.etag : undefined;
      }
    },
  };
};
