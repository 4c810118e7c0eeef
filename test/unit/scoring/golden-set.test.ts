import { describe, expect, test } from '@jest/globals';
import type { RequestForm } from '../../../src/manifest/asking.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';
import { questionOf } from '../../../src/scoring/ask-piece.ts';
import { goldenSet } from '../../../src/scoring/golden-set.ts';
import { readLocalRows, readRowsFile, rowsFile } from '../../../src/scoring/rows-file.ts';
import type { World } from '../../../src/world.ts';

const bodies = async (text: string, request: RequestForm): Promise<readonly string[]> => {
  const regression = {
    task: 'regression',
    asking: { request, response: { prediction: 0, threshold: 0.5 } },
  } as unknown as RegressionSpec;
  const { rows } = await goldenSet(rowsFile('golden.csv', Buffer.from(text)), {});
  return rows.map((row) => questionOf(regression, row, []).body.toString());
};

describe('a golden set in CSV', () => {
  const text = 'id,label,age,code,plan,when\na,1,5.10,007,x,3\nb,2,,12,y,2026-01-05\nc,3,-2e3,13,7,4\n';

  test('gives a JSON body numbers where every cell of the column is one', async () => {
    const input = ['age', 'code', 'plan', 'when', 'label'];
    const request = { contentType: 'application/json', input, body: { x: '$row' } };
    expect(await bodies(text, request)).toEqual([
      '{"x":[5.1,"007","x","3",1]}',
      '{"x":[null,"12","y","2026-01-05",2]}',
      '{"x":[-2000,"13","7","4",3]}',
    ]);
  });

  test('gives a line of CSV its cells as they are written', async () => {
    expect(await bodies(text, { contentType: 'text/csv', input: ['age', 'code'] })).toEqual([
      '5.10,007\n',
      ',12\n',
      '-2e3,13\n',
    ]);
  });
});

describe('the file of a golden set', () => {
  let reads: string[];
  const worldOf = (text: string, etag: string | undefined): World =>
    ({
      workspace: {
        read: async () => {
          reads.push('read');
          return Buffer.from(text);
        },
      },
      read: {
        s3: {
          headWithoutChecksum: async () => {
            reads.push('head');
            return { ETag: etag };
          },
          getBytes: async ({ IfMatch }: { readonly IfMatch?: string }) => {
            reads.push(`get ${IfMatch}`);
            return Buffer.from(text);
          },
        },
      },
    }) as unknown as World;
  const key = 'regression.dataset';

  test('is read again only when it has changed', async () => {
    reads = [];
    const name = 's3://records/read-once.jsonl';
    const one = await readRowsFile(worldOf('{"id":"a","label":1}', '"1"'), name, key);
    const same = await readRowsFile(worldOf('{"id":"a","label":1}', '"1"'), name, key);
    expect(same).toBe(one);
    expect(await goldenSet(same, {})).toBe(await goldenSet(one, {}));
    const other = await readRowsFile(worldOf('{"id":"b","label":1}', '"2"'), name, key);
    expect((await goldenSet(other, {})).rows[0]?.id).toBe('b');
    expect(reads).toEqual(['head', 'get "1"', 'head', 'head', 'get "2"']);
  });

  test('is read every time where S3 gives no ETag', async () => {
    reads = [];
    const name = 's3://records/no-etag.jsonl';
    for (const text of ['{"id":"a","label":1}', '{"id":"b","label":1}'])
      expect((await readRowsFile(worldOf(text, undefined), name, key)).bytes.toString()).toBe(text);
    expect(reads).toEqual(['head', 'get undefined', 'head', 'get undefined']);
  });

  test('of the repository is parsed once while its content stays', async () => {
    reads = [];
    const read = (text: string) => readLocalRows(worldOf(text, undefined).workspace, 'golden/once.jsonl', key);
    const one = await read('{"id":"a","label":1}');
    expect(await read('{"id":"a","label":1}')).toBe(one);
    expect(await read('{"id":"b","label":1}')).not.toBe(one);
  });

  test('is another set of rows where another label is the positive one', async () => {
    const file = rowsFile('golden.jsonl', Buffer.from('{"id":"a","label":1}\n{"id":"b","label":0}\n'));
    expect((await goldenSet(file, { positive: 1 })).rows[0]?.labels.negative).toBe(0);
    expect((await goldenSet(file, { positive: 0 })).rows[0]?.labels.negative).toBe(1);
  });

  test('of several large ones only the last are kept', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `s3://records/many-${at}.jsonl`);
    for (const name of names) await readRowsFile(worldOf(`{"id":"${name}","label":1}`, '"1"'), name, key);
    reads = [];
    for (const name of [names[0], names[11]])
      await readRowsFile(worldOf(`{"id":"${name}","label":1}`, '"1"'), name ?? '', key);
    expect(reads).toEqual(['head', 'get "1"', 'head']);
  });
});
