import type { World } from '../../src/world.ts';

/** A world that has S3 alone, with one bucket: enough for what a test keeps. */
export interface ObjectsInMemory {
  readonly world: World;
  readonly objects: Map<string, string>;
}

const failed = (name: string): Error => Object.assign(new Error(name), { name, $metadata: {} });

/** @param pageSize names of a page of a listing */
export const objectsInMemory = (pageSize = 1000): ObjectsInMemory => {
  const objects = new Map<string, string>();
  const listed = (prefix: string): readonly string[] =>
    [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  const world = {
    clock: { now: () => 0 },
    signal: new AbortController().signal,
    read: {
      s3: {
        getObject: async ({ Key }: { readonly Key: string }) => {
          const text = objects.get(Key);
          if (text === undefined) throw failed('NoSuchKey');
          return { text, etag: '"1"' };
        },
        listObjectsV2: async ({ Prefix, ContinuationToken = '0' }: { Prefix: string; ContinuationToken?: string }) => {
          const keys = listed(Prefix);
          const from = Number(ContinuationToken);
          return {
            Contents: keys.slice(from, from + pageSize).map((Key) => ({ Key })),
            ...(from + pageSize < keys.length ? { NextContinuationToken: String(from + pageSize) } : {}),
          };
        },
      },
    },
    write: {
      s3: {
        putObject: async ({ Key, Body }: { readonly Key: string; readonly Body: string }) => {
          if (objects.has(Key)) throw failed('PreconditionFailed');
          objects.set(Key, Body);
          return {};
        },
      },
    },
  };
  return { objects, world: world as unknown as World };
};
