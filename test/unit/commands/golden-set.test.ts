import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { goldenSet } from '../../../src/commands/golden-set.ts';
import { loadRegression } from '../../../src/manifest/load.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';
import { bodyOf } from '../../../src/scoring/request.ts';
import type { World } from '../../../src/world.ts';
import { base64, captured, csv, json, truth, truths } from '../../support/captures.ts';
import { fakeSession, fakeWorld } from '../../support/fake-world.ts';
import { jsonLines } from '../../support/prediction-files.ts';
import { runCommand } from '../../support/run-command.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

type Files = Readonly<Record<string, string>>;
const folderOf = (files: Files): string => {
  const folder = mkdtempSync(join(tmpdir(), 'golden-set-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
};

interface Made {
  readonly code: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly said: string;
  readonly output: string;
}

/** @param captures records of one file, or the files of a folder */
const make = async (captures: readonly object[] | Files, labels: string, ...more: readonly string[]): Promise<Made> => {
  const files: Files = Array.isArray(captures) ? { 'a.jsonl': jsonLines(captures) } : (captures as Files);
  const folder = folderOf({
    ...Object.fromEntries(Object.entries(files).map(([name, content]) => [join('captured', name), content])),
    'labels.jsonl': labels,
  });
  const output = join(folder, 'golden.jsonl');
  const { code, out, err } = await runCommand(
    goldenSet,
    [
      '--capture',
      join(folder, 'captured'),
      '--ground-truth',
      join(folder, 'labels.jsonl'),
      '--output',
      output,
      ...more,
    ],
    { env: {} },
  );
  const rows = existsSync(output)
    ? readFileSync(output, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : [];
  return { code, rows, output, said: [...out, ...err].join('\n').replaceAll(folder, '…') };
};

const made = async (...given: Parameters<typeof make>): Promise<Made> => {
  const found = await make(...given);
  expect({ code: found.code, said: found.said }).toEqual({ code: 0, said: expect.any(String) });
  return found;
};

describe('the request of a row is the captured one', () => {
  test.each([
    ['CSV', csv('5.1,"a, ""b""",,x y\n'), { c0: 5.1, c1: 'a, "b"', c2: null, c3: 'x y' }, '5.1,"a, ""b""",,x y\n'],
    [
      'JSON',
      json('{"instances": [{"a": [1, "é"]}]}'),
      { input: { instances: [{ a: [1, 'é'] }] } },
      '{"instances":[{"a":[1,"é"]}]}',
    ],
    ['a JSON text keeps its quotes', json('"hello"'), { input: 'hello' }, '"hello"'],
    ['a JSON line', { ...json('{"a":1}\n'), type: 'application/jsonlines' }, { input: { a: 1 } }, '{"a":1}\n'],
    ['BASE64 of CSV', base64('1,2\r\n', 'text/csv; charset=utf-8'), { c0: 1, c1: 2 }, '1,2\n'],
    ['BASE64 of JSON', base64('[1,2]', 'Application/JSON'), { input: [1, 2] }, '[1,2]'],
    [
      'BASE64 of text',
      base64(' Where is\nmy order? ', 'text/plain'),
      { input: ' Where is\nmy order? ' },
      ' Where is\nmy order? ',
    ],
    ['CSV of another name is sent as it is', { ...csv('1,2'), type: 'text/x-rows' }, { input: '1,2' }, '1,2'],
    ['an encoding without a content type', { data: '3,4', encoding: 'CSV' }, { c0: 3, c1: 4 }, '3,4\n'],
  ])('%s', async (_name, input, columns, body) => {
    const { rows, said } = await made([captured('e1', input)], truths({ e1: 'yes' }), '--json');
    expect(rows).toEqual([{ id: 'e1', label: 'yes', ...columns }]);
    const { regression } = JSON.parse(said);
    const { asking } = loadRegression(
      stringify({ task: 'text', metrics: ['exact-match'], ...regression, response: { prediction: 0 } }),
      'r.yml',
    ) as RegressionSpec;
    expect(asking.request && bodyOf(rows[0] ?? {}, asking.request).toString()).toBe(body);
  });
});

describe('a column', () => {
  const cells = async (...inputs: readonly string[]) => {
    const ids = inputs.map((_, at) => `e${at}`);
    const { rows } = await made(
      inputs.map((input, at) => captured(ids[at] ?? '', csv(input))),
      truths(Object.fromEntries(ids.map((id) => [id, '1']))),
    );
    return rows.map(({ c0 }) => c0);
  };
  test('is of numbers where all its cells are', async () => {
    expect(await cells('5.10,1', '-2,1', ',1', ' 1e-3 ,1')).toEqual([5.1, -2, null, 0.001]);
  });
  test.each(['01234', '9007199254740993', 'nan', '0x10', '1e999', '+1'])('is of texts where one is %s', async (text) =>
    expect(await cells('94105,1', `${text},1`)).toEqual(['94105', text]),
  );
  test('gets the names of --columns', async () => {
    const { rows, said } = await made(
      [captured('e1', csv('1,2')), captured('e2', csv('1,2,3'))],
      truths({ e1: '1', e2: '0' }),
      '--columns',
      'tenure, calls',
    );
    expect(rows).toEqual([{ id: 'e1', label: 1, tenure: 1, calls: 2 }]);
    expect(said).toContain('left out: 1 record with another number of columns');
  });
  test.each([
    ['id,calls', 'a golden row has a column id already'],
    ['a,a', 'two columns have the same name'],
    ['a,,b', 'a name is empty'],
  ])('cannot have the name in %s', async (names, because) => {
    const { code, said } = await make([captured('e1', csv('1,2'))], truths({ e1: '1' }), '--columns', names);
    expect(code).toBe(2);
    expect(said).toContain(because);
  });
});

describe('labels have one kind', () => {
  test.each([
    [['1', '0.0'], 'CSV', [1, 0], 'numbers'],
    [['1', 'x'], 'CSV', ['1', 'x'], 'text'],
    [['01', '1'], 'CSV', ['01', '1'], 'text'],
    [['true', 'false'], 'JSON', [true, false], 'booleans'],
    [['"a"', '2'], 'JSON', ['a', '2'], 'text'],
    [['3', '-2.5'], 'JSON', [3, -2.5], 'numbers'],
  ])('%j in %s', async (written, encoding, labels, kind) => {
    const { rows, said } = await made(
      written.map((_, at) => captured(`e${at}`, csv('1,2'))),
      jsonLines(written.map((label, at) => truth(`e${at}`, label, encoding))),
    );
    expect(rows.map(({ label }) => label)).toEqual(labels);
    expect(said).toContain(`the labels are ${kind}`);
  });
});

test('the id is the inference id, else that of the event', async () => {
  const { rows } = await made(
    [
      captured('e1', csv('1'), { inferenceId: 'order-42' }),
      captured('e2', csv('2')),
      captured('e3', csv('3'), { inferenceId: '' }),
    ],
    truths({ 'order-42': '1', e1: '0', e2: '0', e3: '1' }),
  );
  expect(rows.map(({ id, label }) => [id, label])).toEqual([
    ['order-42', 1],
    ['e2', 0],
    ['e3', 1],
  ]);
});

test('each record is a row, or is counted by its reason', async () => {
  const { rows, said } = await made(
    [
      captured('good', csv('1,2')),
      captured('good', csv('1,2')),
      captured('again', csv('1,2')),
      captured('again', csv('1,3')),
      captured('failed', csv('1,2'), { output: null }),
      captured('answered-later', csv('1,2'), { output: null }),
      captured('answered-later', csv('1,2')),
      captured('unlabelled', csv('1,2')),
      captured('disputed', csv('1,2')),
      captured('silent', null),
      captured('empty', csv('')),
      captured('number', { data: 5, encoding: 'CSV' }),
      captured('two', csv('1,2\n3,4\n')),
      captured('lines', { ...json('{"a":1}\n{"a":2}\n'), type: 'application/jsonlines' }),
      captured('picture', base64(Buffer.from([0xff, 0xd8, 0xff]), 'image/jpeg')),
      captured('nameless', base64('1,2')),
      captured('broken', json('{"a":')),
      captured('digits', json('{"a":12345678901234567890}')),
      captured('quote', csv('1,"2')),
      captured('parquet', { data: 'x', encoding: 'PARQUET' }),
    ],
    jsonLines([
      ...['good', 'again', 'failed', 'answered-later', 'silent', 'empty', 'number', 'two', 'lines'].map((id) =>
        truth(id, '1'),
      ),
      ...['picture', 'nameless', 'broken', 'digits', 'quote', 'parquet', 'never-captured'].map((id) => truth(id, '0')),
      truth('good', '1.0'),
      truth('disputed', '0'),
      truth('disputed', '1'),
      truth('disputed', '0'),
    ]),
    '--json',
  );
  expect(rows.map(({ id }) => id)).toEqual(['good', 'answered-later']);
  const { records, usable, 'left-out': left, 'ground-truth': labels } = JSON.parse(said);
  expect(left).toEqual({
    'that repeat a request': 2,
    'whose id belongs to two requests': 2,
    'without an answer': 1,
    'without ground truth': 1,
    'whose ground truth has two labels': 1,
    'without input': 3,
    'with several records in one request': 2,
    'whose input is neither text, CSV nor JSON': 6,
  });
  expect(labels).toEqual({ lines: 20, ids: 17, repeated: 1 });
  const counted = Object.values<number>(left).reduce((sum, count) => sum + count, usable);
  expect({ counted, usable }).toEqual({ counted: records, usable: 2 });
});

test('a capture of requests alone lacks no answer', async () => {
  const { rows, said } = await made([captured('e1', csv('1'), { output: null })], truths({ e1: '1' }));
  expect(rows).toHaveLength(1);
  expect(said).not.toContain('left out');
});

describe('a sample', () => {
  const ids = Array.from({ length: 60 }, (_, at) => `e${at}`);
  const labels = truths(Object.fromEntries(ids.map((id) => [id, '1'])));
  const lines = ids.map((id, at) => captured(id, csv(`${at}`)));
  const drawn = async (captures: readonly object[] | Files, seed: string): Promise<readonly unknown[]> => {
    const { rows, said } = await made(captures, labels, '--limit', '10', '--seed', seed);
    expect(said).toContain(`10 golden rows to …/golden.jsonl, drawn from 60 with seed ${seed}`);
    return rows.map(({ id }) => id).sort();
  };
  test('depends on the seed, and neither on files nor on their order', async () => {
    const one = await drawn(lines, '1');
    expect(one).toHaveLength(10);
    expect(
      await drawn({ '2/b.jsonl': jsonLines(lines.slice(0, 20)), '1/a.jsonl': jsonLines(lines.slice(20)) }, '1'),
    ).toEqual(one);
    expect(await drawn([...lines].reverse(), '1')).toEqual(one);
    expect(await drawn(lines, '2')).not.toEqual(one);
  });
  test('draws each request with the same chance', async () => {
    const times = new Map<unknown, number>();
    for (let seed = 0; seed < 40; seed++)
      for (const id of await drawn(lines, String(seed))) times.set(id, (times.get(id) ?? 0) + 1);
    // Of 40 draws of a sixth, 6.7 are expected.
    for (const id of ids) expect(times.get(id) ?? 0).toBeGreaterThan(0);
    expect(Math.max(...times.values())).toBeLessThan(20);
  });
  test('has all rows in the order of the files where the limit does not bind', async () => {
    const { rows } = await made(
      { 'b.jsonl': jsonLines(lines.slice(0, 30)), 'a.jsonl': jsonLines(lines.slice(30)) },
      labels,
    );
    expect(rows.map(({ id }) => id)).toEqual([...ids.slice(30), ...ids.slice(0, 30)]);
  });
});

test('files of tools and empty files are not read', async () => {
  const { rows } = await made(
    { '2026/01/a.jsonl': jsonLines([captured('e1', csv('1'))]), _SUCCESS: 'x', '.part': 'x', 'empty.jsonl': '' },
    truths({ e1: '1' }),
  );
  expect(rows).toHaveLength(1);
});

const secretCell = 'Erika-Mustermann';
describe('a hostile line is refused at its place, and not quoted', () => {
  const good = jsonLines([captured('e1', csv(secretCell))]);
  test.each([
    ['text', `${good}${secretCell}\n`, '…/captured/a.jsonl:2: not JSON'],
    ['text first', `${secretCell},1\n${good}`, '…/captured/a.jsonl:1: not JSON'],
    ['two records', good.trimEnd() + good, '…/captured/a.jsonl:1: not JSON'],
    ['half a record', `${good}${good.slice(0, 80)}`, '…/captured/a.jsonl:2: not JSON'],
    ['a list', `[${secretCell.length}]\n`, 'not a JSON object; expected a record of data capture'],
    ['no capture', `{"a":"${secretCell}"}\n`, 'a.jsonl:1: has no captureData'],
    [
      'no id',
      jsonLines([{ captureData: {}, eventMetadata: { eventId: 5 } }]),
      'a.jsonl:1: has neither an inferenceId nor an eventId',
    ],
  ])('capture: %s', async (_name, content, because) => {
    const { code, said, output } = await make({ 'a.jsonl': content }, truths({ e1: '1' }));
    expect(said).toContain(because);
    expect(said).not.toContain(secretCell);
    expect({ code, written: existsSync(output) }).toEqual({ code: 2, written: false });
  });
  test.each([
    ['no id', jsonLines([{ groundTruthData: { data: '1', encoding: 'CSV' } }]), ':1: eventMetadata.eventId is missing'],
    ['two labels in one', jsonLines([truth('e1', '1,0')]), ':1: groundTruthData is not one label'],
    ['an empty label', jsonLines([truth('e1', '')]), ':1: groundTruthData is not one label'],
    ['a label that is a number', jsonLines([truth('e1', 1)]), ':1: groundTruthData.data is no text'],
    ['a list as a label', jsonLines([truth('e1', '[1]', 'JSON')]), ':1: groundTruthData is not one label'],
    ['another encoding', jsonLines([truth('e1', 'MQ==', 'BASE64')]), ':1: groundTruthData is not one label'],
    ['a capture', good, ':1: groundTruthData.data is no text'],
  ])('ground truth: %s', async (_name, labels, because) => {
    const { code, said } = await make({ 'a.jsonl': good }, labels);
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining(`labels.jsonl${because}`) });
    expect(said).not.toContain(secretCell);
  });
  test('a member named __proto__ is data', async () => {
    const { rows } = await made(
      [captured('__proto__', json('{"__proto__":{"a":1}}'))],
      jsonLines([truth('__proto__', '1')]),
    );
    expect(JSON.stringify(rows)).toBe('[{"id":"__proto__","label":1,"input":{"__proto__":{"a":1}}}]');
  });
});

describe('captures that make no golden set', () => {
  test.each<[string, readonly object[] | Files, string, readonly string[]]>([
    ['nothing is labelled', [captured('e1', csv('1'))], 'no request is left of 1 records: 1 without ground truth', []],
    ['two content types', [captured('a', csv('1')), captured('b', json('1'))], 'text/csv: 1, application/json: 1', []],
    ['two widths', [captured('a', csv('1')), captured('b', csv('1,2'))], 'differ in their number of columns', []],
    ['no width fits', [captured('a', csv('1'))], '2 are named, and no request has as many: 1: 1', ['--columns', 'x,y']],
    ['columns of JSON', [captured('a', json('1'))], 'application/json, which has no columns', ['--columns', 'x']],
    ['an empty file', { 'a.jsonl': '\n' }, 'there is no record', []],
    ['no file', { 'a/_': 'x' }, 'there is no file with records at', []],
  ])('%s', async (_name, captures, because, more) => {
    const { code, said, output } = await make(captures, truths({ a: '1', b: '0' }), ...more);
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining(because) });
    expect(existsSync(output)).toBe(false);
  });
  test('one content type is chosen', async () => {
    const { rows, said } = await made(
      [captured('a', csv('1')), captured('b', json('1'))],
      truths({ a: '1', b: '0' }),
      '--content-type',
      'application/json',
    );
    expect(rows).toEqual([{ id: 'b', label: 0, input: 1 }]);
    expect(said).toContain('left out: 1 record of another content type');
  });
});

describe('the output', () => {
  const captures = [captured('e1', csv(`${secretCell},2`))];
  test('says what to review, gives the keys, and has no row', async () => {
    const { said, output } = await made(captures, truths({ e1: 'churned' }));
    expect(said).toContain('may hold personal data: review the file');
    expect(said).toContain('content-type: text/csv');
    expect(said).toContain('- c1');
    expect(said).toContain('the answers were text/csv');
    expect(said).not.toMatch(/Mustermann|churned/);
    expect(statSync(output).mode & 0o777).toBe(0o600);
  });
  test('replaces a file only with --force, and never one that it reads', async () => {
    const { output } = await made(captures, truths({ e1: '1' }));
    const folder = dirname(output);
    const run = (to: string, ...more: readonly string[]) =>
      runCommand(
        goldenSet,
        [
          '--capture',
          join(folder, 'captured'),
          '--ground-truth',
          join(folder, 'labels.jsonl'),
          '--output',
          to,
          ...more,
        ],
        { env: {} },
      );
    expect(await run(output)).toMatchObject({ code: 2, err: [expect.stringContaining('exists; name another file')] });
    expect((await run(output, '--force')).code).toBe(0);
    for (const read of [join(folder, 'labels.jsonl'), join(folder, 'captured', '..', 'captured', 'a.jsonl')]) {
      const before = readFileSync(read, 'utf8');
      expect(await run(read, '--force')).toMatchObject({
        code: 2,
        err: [expect.stringContaining('is one of the files that are read')],
      });
      expect(readFileSync(read, 'utf8')).toBe(before);
    }
    expect(await run(join(folder, 'none', 'x.jsonl'))).toMatchObject({
      code: 2,
      err: [expect.stringContaining('ENOENT')],
    });
  });
  test('that is a device stays where it cannot be written', async () => {
    const folder = folderOf({ 'a.jsonl': jsonLines(captures), 'labels.jsonl': truths({ e1: '1' }) });
    const places = ['--capture', join(folder, 'a.jsonl'), '--ground-truth', join(folder, 'labels.jsonl')];
    const { code, err } = await runCommand(goldenSet, [...places, '--output', '/dev/full', '--force'], { env: {} });
    expect({ code, err }).toEqual({ code: 2, err: [expect.stringContaining('could not be written: ENOSPC')] });
    expect(existsSync('/dev/full')).toBe(true);
  });
  test('is removed where the records end in the middle, and JSON says why', async () => {
    const folder = folderOf({ 'labels.jsonl': truths({ e1: '1' }) });
    let reads = 0;
    const s3 = {
      listObjectsV2: async () => ({ Contents: [{ Key: 'churn/a', Size: 5, ETag: '"v1"' }] }),
      getBytes: async () => {
        if (++reads === 2) throw Object.assign(new Error('no'), { name: 'PreconditionFailed' });
        return Buffer.from(jsonLines(captures));
      },
    };
    const output = join(folder, 'golden.jsonl');
    const clock = virtualClock();
    const openSession = fakeSession({
      worldFor: (signal) => ({ ...fakeWorld(clock, signal, true), read: { s3 } as unknown as World['read'] }),
    });
    const { code, out } = await runCommand(
      goldenSet,
      [
        '--capture',
        's3://ml-capture/churn/',
        '--ground-truth',
        join(folder, 'labels.jsonl'),
        '--output',
        output,
        '--json',
      ],
      { env: { AWS_REGION: 'eu-west-1' }, seams: { clock, openSession } },
    );
    expect({ code, reads, left: existsSync(output) }).toEqual({ code: 2, reads: 2, left: false });
    expect(JSON.parse(out.join('\n'))).toMatchObject({ because: expect.stringContaining('was replaced or removed') });
  });
  test.each([
    ['--limit', '0'],
    ['--limit', '1.5'],
    ['--seed', '-1'],
    ['--seed', '4294967296'],
  ])('%s=%s is refused', async (option, value) => {
    const { code, said } = await make(captures, truths({ e1: '1' }), `${option}=${value}`);
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining('expected a whole number from') });
  });
});
