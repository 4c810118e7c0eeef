import { describe, expect, test } from '@jest/globals';
import { chooseRows } from '../../../src/scoring/captured/choose.ts';
import { mostFiles, type RecordFile, recordFiles } from '../../../src/scoring/captured/files.ts';
import type { World } from '../../../src/world.ts';
import { captured, csv } from '../../support/captures.ts';
import { jsonLines } from '../../support/prediction-files.ts';

const wanted = { limit: 10, seed: 1 };

describe('a file that changes between the two readings', () => {
  /** Has another content at each reading. */
  const changing = (...contents: readonly (readonly object[])[]): RecordFile => {
    const left = [...contents];
    return {
      name: 'a.jsonl',
      bytes: { [Symbol.iterator]: () => [Buffer.from(jsonLines(left.shift() ?? []))].values() },
    };
  };
  const labels = new Map([
    ['e1', '1'],
    ['e2', '0'],
  ]);
  const two = [captured('e1', csv('1,2')), captured('e2', csv('3,4'))];
  test.each([
    ['lost a record', two.slice(0, 1)],
    ['has another request for an id', [captured('e1', csv('1,2')), captured('e2', csv('3,x'))]],
  ])('is refused: %s', async (_name, second) => {
    const chosen = await chooseRows([changing(two, second)], { labels }, wanted);
    await expect(chosen.rows(() => {})).rejects.toThrow('the files were changed while they were read');
  });
  test('may have got more records', async () => {
    const rows: object[] = [];
    const chosen = await chooseRows([changing(two, [captured('e3', csv('x')), ...two])], { labels }, wanted);
    await chosen.rows((row) => rows.push(row));
    expect(rows).toHaveLength(2);
  });
});

describe('objects below a prefix', () => {
  interface Listed {
    readonly Key: string;
    readonly Size?: number;
  }
  /** Only what listing and reading call. */
  const worldOf = (objects: readonly Listed[], read: (input: object) => Promise<Buffer>): World =>
    ({
      read: {
        s3: {
          listObjectsV2: async () => ({ Contents: objects.map((one) => ({ Size: 5, ETag: '"v1"', ...one })) }),
          getBytes: read,
        },
      },
    }) as unknown as World;
  const filesOf = (
    objects: readonly Listed[],
    read: (input: object) => Promise<Buffer> = async () => Buffer.from('{}'),
  ) => recordFiles('s3://ml-capture/churn', 'capture', async () => worldOf(objects, read));

  test('are those of the prefix as a folder, with data, by key', async () => {
    const found = await filesOf([
      { Key: 'churn/b/2.jsonl' },
      { Key: 'churn/a/1.jsonl' },
      { Key: 'churn/_temporary/x.jsonl' },
      { Key: 'churn/empty.jsonl', Size: 0 },
      { Key: 'churn-old/1.jsonl' },
    ]);
    expect(found.map(({ name }) => name)).toEqual([
      's3://ml-capture/churn/a/1.jsonl',
      's3://ml-capture/churn/b/2.jsonl',
    ]);
  });
  test('are not read where one is too large, or there are too many', async () => {
    await expect(filesOf([{ Key: 'churn/a', Size: 256 * 1024 * 1024 }])).resolves.toHaveLength(1);
    await expect(filesOf([{ Key: 'churn/a', Size: 256 * 1024 * 1024 + 1 }])).rejects.toThrow(
      'churn/a is larger than 256 MB',
    );
    const many = Array.from({ length: mostFiles }, (_, at) => ({ Key: `churn/${at}` }));
    await expect(filesOf(many)).resolves.toHaveLength(mostFiles);
    await expect(filesOf([...many, { Key: 'churn/more' }])).rejects.toThrow('at most 10000 are read');
  });
  test('are read with their ETag; one that was replaced is refused, and another error stays itself', async () => {
    const asked: object[] = [];
    const bytesOf = async (error?: Error): Promise<void> => {
      const [file] = await filesOf([{ Key: 'churn/a' }], async (input) => {
        asked.push(input);
        if (error !== undefined) throw error;
        return Buffer.from('{}');
      });
      for await (const bytes of file?.bytes ?? []) expect(String(bytes)).toBe('{}');
    };
    await bytesOf();
    expect(asked).toEqual([{ Bucket: 'ml-capture', Key: 'churn/a', IfMatch: '"v1"' }]);
    const named = (name: string): Error => Object.assign(new Error('no'), { name });
    await expect(bytesOf(named('PreconditionFailed'))).rejects.toThrow('was replaced or removed while it was read');
    await expect(bytesOf(named('NoSuchKey'))).rejects.toThrow('was replaced or removed while it was read');
    const denied = named('AccessDenied');
    await expect(bytesOf(denied)).rejects.toBe(denied);
  });
});
