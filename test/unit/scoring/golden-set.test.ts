import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { folder } from '../../../src/inputs/folder.ts';
import type { RequestForm } from '../../../src/manifest/asking.ts';
import type { Label, RegressionSpec } from '../../../src/manifest/regression.ts';
import { InputError } from '../../../src/schema.ts';
import { questionOf } from '../../../src/scoring/ask-piece.ts';
import { type GoldenRow, goldenSet, joined } from '../../../src/scoring/golden-set.ts';
import { type RowsFile, readLocalRows, readRowsFile, rowsFile } from '../../../src/scoring/rows-file.ts';
import { wholeFiles } from '../../../src/whole-files.ts';
import { withoutUndefined } from '../../../src/without-undefined.ts';
import type { World } from '../../../src/world.ts';

const rowsIn = async (file: RowsFile, positive?: Label): Promise<readonly GoldenRow[]> => {
  const set = await goldenSet(file, withoutUndefined({ positive }));
  return set.slice(0, set.size);
};

const bodies = async (text: string, request: RequestForm): Promise<readonly string[]> => {
  const regression = {
    task: 'regression',
    asking: { request, response: { prediction: 0, threshold: 0.5 } },
  } as unknown as RegressionSpec;
  const rows = await rowsIn(rowsFile('golden.csv', Buffer.from(text)));
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
      workspace: wholeFiles(async () => {
        reads.push('read');
        return Buffer.from(text);
      }),
      read: {
        s3: {
          headWithoutChecksum: async () => {
            reads.push('head');
            return { ETag: etag, ContentLength: text.length };
          },
          getBytes: async ({ IfMatch, Range }: { readonly IfMatch?: string; readonly Range?: string }) => {
            reads.push(`get ${Range?.slice(6)} ${IfMatch}`);
            const [from, to] = (Range ?? '').slice(6).split('-').map(Number);
            return Buffer.from(text).subarray(from, (to ?? 0) + 1);
          },
        },
      },
    }) as unknown as World;
  const key = 'regression.dataset';

  test('is hashed and indexed again only when it has changed', async () => {
    reads = [];
    const name = 's3://records/read-once.jsonl';
    const text = '{"id":"a","label":1}\n{"id":"b","label":1}\n';
    const [one] = await rowsIn(await readRowsFile(worldOf(text, '"1"'), name, key));
    expect(one?.id).toBe('a');
    // The digest, the first sign, the index, and the rows.
    expect(reads).toEqual(['head', ...Array(4).fill('get 0-41 "1"')]);
    reads = [];
    const again = await goldenSet(await readRowsFile(worldOf(text, '"1"'), name, key), {});
    expect((await again.slice(1, 2))[0]?.id).toBe('b');
    expect(reads).toEqual(['head', 'get 21-41 "1"']);
    reads = [];
    const [other] = await rowsIn(await readRowsFile(worldOf('{"id":"c","label":1}', '"2"'), name, key));
    expect(other?.id).toBe('c');
    expect(reads).toEqual(['head', ...Array(4).fill('get 0-19 "2"')]);
  });

  test('is read every time where S3 gives no ETag', async () => {
    reads = [];
    const name = 's3://records/no-etag.jsonl';
    for (const id of ['a', 'b']) {
      const [row] = await rowsIn(await readRowsFile(worldOf(`{"id":"${id}","label":1}`, undefined), name, key));
      expect(row?.id).toBe(id);
    }
    expect(reads.filter((read) => read === 'head')).toHaveLength(2);
  });

  test('that was replaced while it was read is refused', async () => {
    reads = [];
    const world = worldOf('{"id":"a","label":1}', '"1"');
    const file = await readRowsFile(world, 's3://records/replaced.jsonl', key);
    (world.read.s3 as { getBytes: unknown }).getBytes = async () => {
      throw Object.assign(new Error('no'), { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } });
    };
    await expect(goldenSet(file, {})).rejects.toThrow(
      new InputError('regression.dataset: s3://records/replaced.jsonl changed while it was read'),
    );
  });

  test('is another set of rows where another label is the positive one', async () => {
    const file = rowsFile('golden.jsonl', Buffer.from('{"id":"a","label":1}\n{"id":"b","label":0}\n'));
    expect((await rowsIn(file, 1))[0]?.labels.negative).toBe(0);
    expect((await rowsIn(file, 0))[0]?.labels.negative).toBe(1);
  });
});

describe('rows are read by their place', () => {
  const row = (at: number) => ({ id: `r${at}`, label: at % 2, text: `läßt\n"${'ü'.repeat(at % 7)}",` });
  const rows = Array.from({ length: 60 }, (_, at) => row(at));
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const forms = {
    'golden.jsonl': rows.map((one) => `${JSON.stringify(one)}\n`).join(''),
    'blank-lines.jsonl': `\n \n${rows.map((one) => `${JSON.stringify(one)}\r\n\n`).join('')}\n`,
    'no-last-line-end.jsonl': rows.map((one) => JSON.stringify(one)).join('\n'),
    'mark.jsonl': `\ufeff${rows.map((one) => `${JSON.stringify(one)}\n`).join('')}`,
    'golden.json': JSON.stringify(rows, undefined, 1),
    'golden.csv': `id,"label",text\n${rows.map(({ id, label, text }) => `${id},${label},${quoted(text)}\n`).join('\n')}`,
    'header-of-two-lines.csv': `id,label,text,"a\nb"\n${rows.map(({ id, label, text }) => `${id},${label},${quoted(text)},\r\n`).join('')}`,
  };

  test.each(Object.entries(forms))('%s', async (name, text) => {
    const set = await goldenSet(rowsFile(name, Buffer.from(text)), {});
    expect(set.size).toBe(60);
    const facts = (found: readonly GoldenRow[]) =>
      found.map(({ id, row: one }) => [id, Number(one['label']), one['text']]);
    const wanted = rows.map(({ id, label, text: of }) => [id, label, of]);
    for (const [from, to] of [
      [0, 60],
      [0, 1],
      [1, 2],
      [24, 50],
      [59, 60],
      [50, 75],
      [60, 85],
    ] as const)
      expect(facts(await set.slice(from, to))).toEqual(wanted.slice(from, to));
    const all: GoldenRow[] = [];
    for await (const batch of set.batches()) all.push(...batch);
    expect(facts(all)).toEqual(wanted);
  });

  test('of a file of several blocks, in batches that are bounded', async () => {
    const long = Array.from({ length: 120 }, (_, at) => ({ id: `${at}`, label: 0, text: 'ä'.repeat(100_000) }));
    const text = Buffer.from(long.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const set = await goldenSet(rowsFile('blocks.jsonl', text), {});
    const sizes: number[] = [];
    for await (const batch of set.batches()) sizes.push(batch.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(120);
    expect(Math.max(...sizes)).toBe(20);
    expect((await set.slice(77, 78))[0]?.id).toBe('77');
  });

  test('of several sets as of one', async () => {
    const set = (name: string, ids: readonly string[]) =>
      goldenSet(rowsFile(name, Buffer.from(ids.map((id) => `{"id":"${id}","label":1}\n`).join(''))), {});
    const { golden, parts } = joined([
      { set: await set('one.jsonl', ['a', 'b', 'c']) },
      { set: await set('two.jsonl', ['d', 'e']) },
    ]);
    const ids = async (from: number, to: number) => (await golden?.slice(from, to))?.map(({ id }) => id).join('');
    expect(await Promise.all([ids(0, 5), ids(2, 4), ids(3, 9), ids(0, 2), ids(5, 9)])).toEqual([
      'abcde',
      'cd',
      'de',
      'ab',
      '',
    ]);
    const from: string[] = [];
    for await (const rows of golden?.batches(2) ?? []) from.push(rows.map(({ id }) => id).join(''));
    expect(from).toEqual(['c', 'de']);
    expect([golden?.size, ...parts.map(({ from }) => from)]).toEqual([5, 0, 3]);
  });

  test.each([
    ['same.jsonl', '{"id":"a"}\n\n{"id":"a"}\n', 'same.jsonl:3: id: "a" is there twice, also at line 1'],
    ['none.csv', 'id,label\n,1\n', 'none.csv:2: id: is missing; every golden row has one'],
    ['empty.jsonl', '', 'empty.jsonl:1: there is no row; expected one JSON object per line'],
  ])('%s is refused', async (name, text, message) => {
    await expect(goldenSet(rowsFile(name, Buffer.from(text)), {})).rejects.toThrow(new InputError(message));
  });
});

test('a file of the checkout that changes while it is read is refused', async () => {
  const root = mkdtempSync(join(tmpdir(), 'golden-'));
  try {
    writeFileSync(join(root, 'golden.jsonl'), '{"id":"a","label":1}\n');
    const file = await readLocalRows(folder(root), 'golden.jsonl', 'regression.dataset');
    expect((await rowsIn(file))[0]?.id).toBe('a');
    writeFileSync(join(root, 'golden.jsonl'), '{"id":"other","label":1}\n');
    await expect(rowsIn(file)).rejects.toThrow(new InputError('"golden.jsonl" changed while it was read'));
    await expect(readLocalRows(folder(root), '../golden.jsonl', 'regression.dataset')).rejects.toThrow(InputError);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.each([
  ['packed', [0x1f, 0x8b, 8, 0], 'packed.jsonl: is packed by gzip; rows are JSON Lines'],
  ['wide', [0xff, 0xfe, 0x7b, 0], 'wide.jsonl: is UTF-16 text; rows are JSON Lines'],
  ['other', [0x7b, 0xff], 'other.jsonl: not UTF-8 text, after byte 0'],
])('a file that is no text is named by its kind: %s', async (name, bytes, message) => {
  await expect(goldenSet(rowsFile(`${name}.jsonl`, Buffer.from(bytes)), {})).rejects.toThrow(message);
});
