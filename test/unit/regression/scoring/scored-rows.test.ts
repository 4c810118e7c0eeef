import { describe, expect, test } from '@jest/globals';
import { loadRegression } from '../../../../src/manifest/load.ts';
import { absent, answered, failed, isPaired, type PairedRows } from '../../../../src/regression/rows.ts';
import type { ScoredRows } from '../../../../src/regression/scored-rows.ts';
import { scoredRows } from '../../../../src/regression/scoring/scored-rows.ts';
import { fileSource, type Source } from '../../../../src/regression/scoring/source.ts';
import { filesOf, jsonLines } from '../../../support/prediction-files.ts';

const binary = 'task: binary-classification\npositive: "1"\nmetrics: [accuracy]\n';
const multi = 'task: multiclass-classification\nmetrics: [accuracy]\n';
const regression = 'task: regression\nmetrics: [mae]\n';
const ranking = 'task: ranking\ngroup: q\nmetrics: [mrr]\n';
const text = 'task: text\nmetrics: [token-f1]\n';

const read = async (policy: string, candidate: string, baseline: string, golden?: string): Promise<ScoredPair> => {
  const files = filesOf({ 'a.jsonl': candidate, 'b.jsonl': baseline, 'golden.jsonl': golden ?? '' });
  const scored = await scoredRows(loadRegression(policy, 'p.yml'), {
    candidate: fileSource(files['a.jsonl']),
    baseline: fileSource(files['b.jsonl']),
    ...(golden === undefined ? {} : { golden: fileSource(files['golden.jsonl']) }),
  });
  return pairOf(scored);
};
type ScoredPair = ScoredRows & { readonly rows: PairedRows };
const pairOf = ({ rows, ...others }: ScoredRows): ScoredPair => {
  if (!isPaired(rows)) throw new Error('there is no baseline');
  return { ...others, rows };
};
/** The problems, without the folder. */
const problems = (...given: Parameters<typeof read>): Promise<readonly string[]> => problemsOf(read(...given));
const problemsOf = async (reading: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await reading;
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
      .replaceAll(/\/\S*\/predictions-[^/]*\//g, '')
      .split('\n');
  }
  return [];
};
const list = (values: ArrayLike<number> | undefined): readonly number[] => Array.from(values ?? []);

const a = [
  { id: 'r2', label: '0', prediction: '1', score: 0.7 },
  { id: 'r1', label: '1', prediction: '1', score: 0.9 },
  { id: 'r3', label: '1', error: 'out of memory' },
  { id: 'r5', label: '0', prediction: null },
  { id: 'r6', label: '0', prediction: '0' },
];
const b = [
  { id: 'r1', label: '1', prediction: '0', score: 0.2 },
  { id: 'r4', label: '0', prediction: '0', score: 0.1 },
  { id: 'r2', label: '0', prediction: '0', score: 0.3 },
  { id: 'r3', label: '1', prediction: '1', score: 0.6 },
  { id: 'r5', label: '0', prediction: '0', score: 0.5 },
];

describe('two files', () => {
  test('are joined by id, in the order of ids', async () => {
    const { rows, texts } = await read(binary, jsonLines(a), jsonLines(b));
    expect(Array.from({ length: rows.size }, (_, row) => texts.id(row))).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r6']);
    expect(rows.classes).toEqual(['0', '1']);
    expect(rows.positive).toBe(1);
    expect(list(rows.labels)).toEqual([1, 0, 1, 0, 0, 0]);
    expect(list(rows.candidate.states)).toEqual([answered, answered, failed, absent, absent, answered]);
    expect(list(rows.baseline.states)).toEqual([answered, answered, answered, answered, answered, absent]);
    expect(list(rows.candidate.predictions)).toEqual([1, 1, Number.NaN, Number.NaN, Number.NaN, 0]);
    expect(list(rows.baseline.predictions)).toEqual([0, 0, 1, 0, 0, Number.NaN]);
    expect(list(rows.candidate.scores)).toEqual([0.9, 0.7, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    expect(rows).not.toHaveProperty('weights');
    expect(rows).not.toHaveProperty('clusters');
    expect(rows.candidate).not.toHaveProperty('latencyMs');
    expect([texts.label(0), texts.prediction(0, 'baseline'), texts.prediction(2, 'candidate')]).toEqual([
      '1',
      '0',
      undefined,
    ]);
  });

  test('give the same, in whatever order their rows are', async () => {
    const straight = await read(binary, jsonLines(a), jsonLines(b));
    const turned = await read(binary, jsonLines([...a].reverse()), jsonLines([...b].reverse()));
    expect(turned.rows).toEqual(straight.rows);
    expect(turned.dataset).toEqual(straight.dataset);
  });

  test('swapped give the swapped answers, over the same set', async () => {
    const straight = await read(binary, jsonLines(a), jsonLines(b));
    const swapped = await read(binary, jsonLines(b), jsonLines(a));
    expect(swapped.rows.candidate).toEqual(straight.rows.baseline);
    expect(swapped.rows.baseline).toEqual(straight.rows.candidate);
    expect(swapped.dataset).toEqual(straight.dataset);
  });

  test('have a digest of ids, labels and weights', async () => {
    const digestOf = async (rows: readonly object[]): Promise<string> =>
      (await read(binary, jsonLines(rows), jsonLines(rows))).dataset.digest;
    const one = { id: 'r1', label: '1', prediction: '1' };
    // printf '["r1","1",1]\n' | sha256sum
    expect(await digestOf([one])).toBe('sha256:1ba0882dbb2cb0c66667b8a92b754a7e9fb585704133edafec1ccc28828dfdc5');
    expect(await digestOf([{ ...one, prediction: '0', score: 0.1 }])).toBe(await digestOf([one]));
    expect(await digestOf([{ ...one, weight: 1 }])).toBe(await digestOf([one]));
    for (const other of [{ id: 'r2' }, { label: '0' }, { weight: 2 }])
      expect(await digestOf([{ ...one, ...other }])).not.toBe(await digestOf([one]));
  });

  test('are larger than a piece of the reader, with long and short lines and signs of several bytes', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      id: `ü${'x'.repeat((i * 7919) % 300)}-${i}`,
      label: i % 3,
      prediction: i % 5 === 0 ? 2 : i % 3,
      note: '🙂'.repeat(i % 40),
    }));
    const { rows: read_, texts } = await read(multi, jsonLines(rows), jsonLines([...rows].reverse()));
    expect(read_.size).toBe(3000);
    const ids = rows.map(({ id }) => id).sort();
    expect(Array.from({ length: 3000 }, (_, row) => texts.id(row))).toEqual(ids);
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const [row, id] of ids.entries()) {
      expect(texts.label(row)).toBe(String(byId.get(id)?.label));
      expect(texts.prediction(row, 'baseline')).toBe(String(byId.get(id)?.prediction));
    }
  });
});

describe('a task', () => {
  test('regression has values', async () => {
    const { rows, texts } = await read(
      regression,
      jsonLines([{ id: 'x', label: 2, prediction: 2.5 }]),
      jsonLines([{ id: 'x', label: 2, prediction: -1e3 }]),
    );
    expect([
      list(rows.labels),
      list(rows.candidate.predictions),
      list(rows.baseline.predictions),
      rows.classes,
    ]).toEqual([[2], [2.5], [-1000], []]);
    expect(texts.prediction(0, 'baseline')).toBe('-1000');
  });

  test('multiclass has a probability for each class, 0 for a class that a file does not name', async () => {
    const row = (score: object) =>
      jsonLines([
        { id: 'x', label: 'a', prediction: 'b', score },
        { id: 'y', label: 'a', prediction: 'a' },
      ]);
    const { rows } = await read(multi, row({ a: 0.25, b: 0.75 }), row({ c: 0.5, b: 0.25, a: 0.25 }));
    expect(rows.classes).toEqual(['a', 'b', 'c']);
    const none = [Number.NaN, Number.NaN, Number.NaN];
    expect(list(rows.candidate.scores)).toEqual([0.25, 0.75, 0, ...none]);
    expect(list(rows.baseline.scores)).toEqual([0.25, 0.25, 0.5, ...none]);
  });

  test('numbers as classes are in the order of numbers, and keys of scores are their texts', async () => {
    const rows_ = [10, 9, 2].map((label) => ({
      id: `x${label}`,
      label,
      prediction: label,
      score: { 2: 0.2, 9: 0.3, 10: 0.5 },
    }));
    const { rows } = await read(multi, jsonLines(rows_), jsonLines(rows_));
    expect(rows.classes).toEqual(['2', '9', '10']);
    expect(list(rows.candidate.scores).slice(0, 3)).toEqual([0.2, 0.3, 0.5]);
  });

  test('ranking has queries, relevances and scores', async () => {
    const rows_ = [
      { id: 'd1', q: 'one', label: 3, score: 7.5 },
      { id: 'd2', q: 2, label: 0, score: -1 },
      { id: 'd3', q: 'one', label: 1, score: 2 },
    ];
    const { rows } = await read(ranking, jsonLines(rows_), jsonLines(rows_));
    expect([list(rows.groups?.of), rows.groups?.count]).toEqual([[0, 1, 0], 2]);
    expect([list(rows.labels), list(rows.candidate.scores)]).toEqual([
      [3, 0, 1],
      [7.5, -1, 2],
    ]);
  });

  test.each([
    ['none', [0, 0, 1], [0.5, 0, 1]],
    ['nfkc-casefold', [1, 0, 1], [1, 0, 1]],
    ['squad', [1, 1, 1], [1, 1, 1]],
  ])('text is alike after the normalisation %s', async (normalization, exact, tokenF1) => {
    const rows_ = [
      { id: '1', label: 'Straße  Nord', prediction: 'STRASSE Nord' },
      { id: '2', label: 'the cat sat', prediction: 'A cat, sat.' },
      { id: '3', label: '', prediction: '' },
    ];
    const { rows, texts } = await read(`${text}normalization: ${normalization}\n`, jsonLines(rows_), jsonLines(rows_));
    expect(list(rows.candidate.text?.exact)).toEqual(exact);
    expect(list(rows.candidate.text?.tokenF1)).toEqual(tokenF1);
    expect(texts.prediction(1, 'candidate')).toBe('A cat, sat.');
    expect(texts.label(2)).toBe('');
  });

  test('weights, clusters, latencies and sizes are columns where the rows have them', async () => {
    const rows_ = [
      { id: '1', label: '1', prediction: '1', weight: 2, who: 'k', 'latency-ms': 12.5, bytes: 100 },
      { id: '2', label: '0', prediction: '1', weight: 0.5, who: 'l', 'latency-ms': null },
      { id: '3', label: '0', weight: 1, who: 'k', error: true, 'latency-ms': 30 },
    ];
    const { rows } = await read(`${binary}cluster: who\n`, jsonLines(rows_), jsonLines(rows_));
    expect(list(rows.weights)).toEqual([2, 0.5, 1]);
    expect([list(rows.clusters?.of), rows.clusters?.count]).toEqual([[0, 1, 0], 2]);
    expect(list(rows.candidate.latencyMs)).toEqual([12.5, Number.NaN, 30]);
    expect(list(rows.baseline.bytes)).toEqual([100, Number.NaN, Number.NaN]);
  });
});

describe('slices', () => {
  const policy = `${binary}slices: [country, "age >= 65", "age < 65 and not country = DE", "age > 1000"]\n`;
  const rows_ = [
    { id: '1', label: '1', prediction: '1', country: 'DE', age: 70 },
    { id: '2', label: '1', prediction: '1', country: 'FR', age: 20 },
    { id: '3', label: '1', prediction: '1', country: 'DE', age: 65 },
    { id: '4', label: '1', prediction: '1', country: null, age: 30 },
    { id: '5', label: '1', prediction: '1', country: 'New York' },
  ];
  const named = ({ rows }: ScoredRows) => Object.fromEntries(rows.slices.map(({ name, rows: of }) => [name, list(of)]));

  test('are a column for each of its values, and conditions; a row without the column is in none', async () => {
    expect(named(await read(policy, jsonLines(rows_), jsonLines(rows_)))).toEqual({
      'country = DE': [0, 2],
      'country = FR': [1],
      'country = "New York"': [4],
      'age >= 65': [0, 2],
      'age < 65 and not country = DE': [1],
      'age > 1000': [],
    });
  });

  test('may be in one file only', async () => {
    const bare = rows_.map(({ id, label, prediction }) => ({ id, label, prediction }));
    expect(named(await read(policy, jsonLines(bare), jsonLines(rows_)))).toEqual(
      named(await read(policy, jsonLines(rows_), jsonLines(bare))),
    );
  });

  test('of booleans are the same in CSV', async () => {
    const vip = `${binary}slices: [vip = true, not vip = true]\n`;
    const csv = 'id,label,prediction,vip\nx,1,1,true\ny,0,0,false\nz,0,0,\n';
    expect(named(await read(vip, csv, csv))).toEqual({ 'vip = true': [0], 'not vip = true': [1] });
  });

  test('are the same in CSV', async () => {
    const csv = `id,label,prediction,country,age\n${rows_.map((row) => [row.id, row.label, row.prediction, row.country, row.age].join(',')).join('\n')}\n`;
    expect(named(await read(policy, csv, csv))).toEqual(named(await read(policy, jsonLines(rows_), jsonLines(rows_))));
  });
});

describe('other formats', () => {
  test('a JSON array, with a byte order mark', async () => {
    const array = `\ufeff${JSON.stringify(a, undefined, 2)}`;
    expect((await read(binary, array, JSON.stringify(b))).rows).toEqual(
      (await read(binary, jsonLines(a), jsonLines(b))).rows,
    );
  });

  test('CSV with quotes, CRLF, an empty cell and scores by class', async () => {
    const csv =
      'id,label,prediction,error,"score[a]",score[b]\r\n"x ""1"", y",a,b,,0.25,0.75\r\ny,a,,"line\r\nfeed",,\r\nz,a,,,,\r\n';
    const { rows, texts } = await read(multi, csv, csv);
    expect([0, 1, 2].map(texts.id)).toEqual(['x "1", y', 'y', 'z']);
    expect(list(rows.candidate.states)).toEqual([answered, failed, absent]);
    expect(list(rows.candidate.scores)).toEqual([0.25, 0.75, ...Array(4).fill(Number.NaN)]);
  });

  test('blank lines and CRLF are no rows', async () => {
    expect((await read(binary, `\n${jsonLines(a).replaceAll('\n', '\r\n\r\n')}`, jsonLines(b))).rows.size).toBe(6);
  });
});

const ok = { id: 'x', label: '1', prediction: '1' };
const line = (row: object): string => jsonLines([row]);

describe('a row that cannot be used is named by file and line', () => {
  test.each<readonly [policy: string, candidate: string, baseline: string, expected: string]>([
    [binary, '', line(ok), 'a.jsonl:1: there is no row; expected one JSON object per line'],
    [binary, '\n \n', line(ok), 'a.jsonl:1: there is no row; expected one JSON object per line'],
    [binary, '[]', line(ok), 'a.jsonl:1: there is no row; the array is empty'],
    [binary, 'id,label,prediction\n', line(ok), 'a.jsonl: there is no row below the header'],
    [
      binary,
      `${line(ok)}{"id":"y","label":`,
      line(ok),
      'a.jsonl:2: not JSON: it ends too early; expected one object per line, e.g. {"id":"a1","label":1,"prediction":1}',
    ],
    [
      binary,
      `${line(ok)}[1]\n`,
      line(ok),
      'a.jsonl:2: not a JSON object; expected e.g. {"id":"a1","label":1,"prediction":1}',
    ],
    [
      binary,
      '{"id":"x","label":"1","prediction":"1","score":NaN}',
      line(ok),
      'a.jsonl:1: NaN is no number of JSON; an unknown value is null, a model\'s error is {"id", "label", "error"}',
    ],
    [
      binary,
      '{"id":"x","label":"1","prediction":"1","score":-Infinity}',
      line(ok),
      'a.jsonl:1: -Infinity is no number of JSON; an unknown value is null, a model\'s error is {"id", "label", "error"}',
    ],
    [
      regression,
      '{"id":"x","label":1,"prediction":1e999}',
      line(ok),
      'a.jsonl:1: prediction: Infinity is not a number',
    ],
    [
      binary,
      line({ label: '1', prediction: '1' }),
      line(ok),
      'a.jsonl:1: id: is missing; the row has label, prediction',
    ],
    [
      binary,
      '{"id":9007199254740993,"label":"1","prediction":"1"}',
      line(ok),
      'a.jsonl:1: id: 9007199254740992 is not exact as a number; write it in quotes',
    ],
    [binary, line({ ...ok, id: 1.5 }), line(ok), 'a.jsonl:1: id: 1.5 is not exact as a number; write it in quotes'],
    [binary, line({ ...ok, id: '' }), line(ok), 'a.jsonl:1: id: "" is not an id; expected text or a whole number'],
    [
      binary,
      line({ ...ok, id: ['x'] }),
      line(ok),
      'a.jsonl:1: id: ["x"] is not an id; expected text or a whole number',
    ],
    [
      binary,
      line(ok) + line({ ...ok, id: 'y' }) + line(ok),
      line(ok),
      'a.jsonl:3: id: "x" is there twice, also at line 1',
    ],
    [
      binary,
      line({ ...ok, id: 7 }) + line({ ...ok, id: '7' }),
      line(ok),
      'a.jsonl:2: id: "7" is there twice, also at line 1',
    ],
    [binary, line({ id: 'x', lable: '1', prediction: '1' }), line(ok), 'a.jsonl:1: label: is missing; is lable meant?'],
    [binary, line({ ...ok, id: null }), line(ok), 'a.jsonl:1: id: is null'],
    [binary, '[{"id":"x","label":NaN}]', line(ok), 'a.jsonl: NaN is no number of JSON'],
    [
      multi,
      line({ id: 'x', label: 'a', prediction: 'a', score: { a: 0.5, 1: 0.5 } }) +
        line({ id: 'y', label: '1', prediction: 1 }),
      line(ok),
      'a.jsonl:2: prediction: the number 1 and the text "1" differ; labels, predictions and `positive` are compared as they are written',
    ],
    [
      `${binary}slices: [country = DE]\n`,
      line({ ...ok, country: 49 }),
      line(ok),
      'a.jsonl:1: country: is a number, and a slice compares it with text',
    ],
    [regression, 'id,label,prediction\nx,1,1e999\n', line(ok), 'a.jsonl:2: prediction: "1e999" is not a number'],
    [
      `${binary}slices: [country]\n`,
      line({ ...ok, ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`x${at}`, at])) }),
      line(ok),
      `slices: no row has what "country" needs; rows have id, label, prediction, ${Array.from({ length: 17 }, (_, at) => `x${at}`).join(', ')}`,
    ],
    [binary, line({ ...ok, label: null }), line(ok), 'a.jsonl:1: label: is null'],
    [
      binary,
      line({ id: 'x', label: '1', predicted: '1' }),
      line(ok),
      'a.jsonl:1: prediction: is missing; is predicted meant?',
    ],
    [
      binary,
      line({ ...ok, error: 'x' }),
      line(ok),
      'a.jsonl:1: error: stands beside a prediction; a row has one of them',
    ],
    [
      binary,
      line({ ...ok, label: 1 }),
      line(ok),
      'a.jsonl:1: label: the number 1 and the text "1" differ; labels, predictions and `positive` are compared as they are written',
    ],
    [
      binary,
      line({ ...ok, prediction: 1 }),
      line(ok),
      'a.jsonl:1: prediction: the number 1 and the text "1" differ; labels, predictions and `positive` are compared as they are written',
    ],
    [
      binary,
      line({ ...ok, prediction: 0.7 }) + line({ ...ok, id: 'y', prediction: 0.6 }),
      line(ok),
      'a.jsonl:2: prediction: 0.6 is a third class; a binary classification has "1" (positive) and 0.7',
    ],
    [
      binary,
      line({ ...ok, label: {} }),
      line(ok),
      'a.jsonl:1: label: a mapping is not a class; expected text, a number or a boolean',
    ],
    [binary, line({ ...ok, score: 1.2 }), line(ok), 'a.jsonl:1: score: 1.2 is not a probability between 0 and 1'],
    [
      binary,
      line({ ...ok, score: '0.2' }),
      line(ok),
      'a.jsonl:1: score: "0.2" is not a number; write it without quotes',
    ],
    [
      multi,
      line({ ...ok, score: 0.2 }),
      line(ok),
      'a.jsonl:1: score: 0.2 is not a mapping; expected a probability for each class',
    ],
    [
      multi,
      line({ ...ok, score: { 1: 0.9, 2: 0.9 } }),
      line(ok),
      'a.jsonl:1: score: the probabilities add up to 1.8 instead of 1',
    ],
    [
      multi,
      line({ ...ok, score: { 1: 1 } }) + line({ ...ok, id: 'y', score: { 2: 1 } }),
      line(ok),
      'a.jsonl:2: score: has other classes than the rows before it, which have "1"',
    ],
    [
      regression,
      line({ id: 'x', label: 'three', prediction: 3 }),
      line(ok),
      'a.jsonl:1: label: "three" is not a number',
    ],
    [
      ranking,
      line({ id: 'x', q: 1, label: -1, score: 3 }),
      line(ok),
      'a.jsonl:1: label: -1 is below 0; the label of a ranking is a relevance',
    ],
    [ranking, line({ id: 'x', q: 1, label: 1 }), line(ok), 'a.jsonl:1: score: is missing; the row has id, q, label'],
    [
      ranking,
      line({ id: 'x', label: 1, score: 1 }),
      line({ id: 'x', label: 1, score: 1 }),
      "a.jsonl:1: q: is missing; the policy's `group` needs it in every row",
    ],
    [text, line({ id: 'x', label: 'a', prediction: 5 }), line(ok), 'a.jsonl:1: prediction: 5 is not text'],
    [binary, line({ ...ok, weight: 0 }), line(ok), 'a.jsonl:1: weight: 0 is not above 0'],
    [
      binary,
      line({ ...ok, weight: 2 }) + line({ ...ok, id: 'y' }),
      line(ok),
      'a.jsonl:2: weight: is missing; the rows before this one have one',
    ],
    [binary, line({ ...ok, weight: 2 }), line(ok), 'b.jsonl:1: weight: is missing; the rows before this one have one'],
    [
      binary,
      line({ ...ok, weight: 2 }),
      line({ ...ok, weight: 3 }),
      'b.jsonl:1: weight: 3 differs from 2 at a.jsonl:1, which has the same id "x"',
    ],
    [
      binary,
      line(ok),
      line({ ...ok, label: '0' }),
      'b.jsonl:1: label: "0" differs from the one at a.jsonl:1, which has the same id "x"',
    ],
    [binary, line({ ...ok, 'latency-ms': -1 }), line(ok), 'a.jsonl:1: latency-ms: -1 is below 0'],
    [
      `${binary}cluster: who\n`,
      line({ ...ok, who: 'a' }),
      line({ ...ok, who: 'b' }),
      'b.jsonl:1: who: differs from the row with the same id in the other file',
    ],
    [
      `${binary}cluster: who\n`,
      line(ok),
      line(ok),
      "a.jsonl:1: who: is missing; the policy's `cluster` needs it in every row",
    ],
    [
      `${binary}slices: [country]\n`,
      line({ ...ok, Country: 'a' }),
      line(ok),
      'slices: no row has what "country" needs; is Country meant?',
    ],
    [
      `${binary}slices: [age > 3]\n`,
      line({ ...ok, age: '5' }),
      line(ok),
      'a.jsonl:1: age: is text, and a slice compares it with a number',
    ],
    [
      `${binary}slices: [age > 3]\n`,
      line({ ...ok, age: 5 }),
      line({ ...ok, age: 2 }),
      'b.jsonl:1: age > 3: holds in one file only',
    ],
    [
      `${binary}slices: [c]\n`,
      line({ ...ok, c: 5 }),
      line({ ...ok, c: 2 }),
      'b.jsonl:1: c: differs from the row with the same id in the other file',
    ],
    [`${binary}slices: [c]\n`, line({ ...ok, c: [1] }), line(ok), 'a.jsonl:1: c: is no text, number or boolean'],
    [
      `${binary}slices: [id]\n`,
      jsonLines(Array.from({ length: 101 }, (_, i) => ({ ...ok, id: `r${i}` }))),
      line(ok),
      'a.jsonl:101: id: has more than 100 values; write conditions instead of a slice for each',
    ],
    [
      multi,
      jsonLines(Array.from({ length: 1001 }, (_, i) => ({ id: `r${i}`, label: i, prediction: 0 }))),
      line(ok),
      'a.jsonl:1001: label: 1000 is one class too many; at most 1000 are compared',
    ],
    [binary, 'id,label,prediction\nx,1\n', line(ok), 'a.jsonl:2: has 2 cells; the header has 3'],
    [binary, 'id,label,id\nx,1,1\n', line(ok), 'a.jsonl:1: columns 1 and 3 of the header have the same name'],
    [
      binary,
      'Jane Doe,0,0\nJohn Roe,1,1\n',
      line(ok),
      'a.jsonl:1: the first line must be a header with `id`, `label` and the other columns',
    ],
    [binary, 'id,,label\nx,1,1\n', line(ok), 'a.jsonl:1: column 2 of the header has no name'],
    [binary, 'id,label\n"x,1\n', line(ok), 'a.jsonl:2: a quote is not closed'],
    [binary, 'id,label\n"x"y,1\n', line(ok), 'a.jsonl:2: text after the closing quote of a cell'],
    [binary, 'id,label\nx"y,1\n', line(ok), 'a.jsonl:2: a quote within a cell without quotes'],
  ])('row %#', async (policy, candidate, baseline, expected) => {
    expect(await problems(policy, candidate, baseline)).toContain(expected);
  });

  test('the first ten problems are listed, and the file is read no further', async () => {
    const bad = jsonLines(Array.from({ length: 50 }, (_, i) => ({ ...ok, id: `r${i}`, score: i + 2 })));
    const found = await problems(binary, `${bad}{`, line(ok));
    expect(found).toHaveLength(10);
    expect(found[9]).toBe('a.jsonl:10: score: 11 is not a probability between 0 and 1');
  });

  test('one problem in many rows is one line, with their number and an example', async () => {
    const bad = jsonLines(Array.from({ length: 50 }, (_, i) => ({ id: `r${i}`, label: '1' })));
    expect(await problems(binary, bad, line(ok))).toEqual([
      'a.jsonl:1: prediction: is missing; the row has id, label; the same in 49 more rows, such as "r1"',
    ]);
    expect(await problems(binary, `${bad}{`, line(ok))).toHaveLength(2);
  });

  test('a folder and a file that is not there', async () => {
    const policy = loadRegression(binary, 'p.yml');
    const rowsOf = (path: string) => scoredRows(policy, { candidate: fileSource(path), baseline: fileSource('/') });
    await expect(rowsOf('/')).rejects.toThrow('cannot read "/": it is a folder (EISDIR)');
    await expect(rowsOf('/no/such')).rejects.toThrow('cannot read "/no/such": there is no such file (ENOENT)');
  });

  test('bytes that are not UTF-8', async () => {
    await expect(
      scoredRows(loadRegression(binary, 'p.yml'), { candidate: fileSource(process.execPath) }),
    ).rejects.toThrow(/not UTF-8 text, after byte 0$/);
  });
});

describe('golden rows', () => {
  const predictions = line(ok);
  test('are those of the predictions', async () => {
    expect((await read(binary, predictions, predictions, '{"id":"x","label":"1"}')).rows.size).toBe(1);
  });
  test.each([
    [
      line({ id: 'x', label: '0' }),
      'a.jsonl:1: label: "1" differs from the one at golden.jsonl:1, which has the same id "x"',
    ],
    [line({ id: 'z', label: '1' }), 'a.jsonl:1: id: "x" is not in golden.jsonl'],
    [
      line({ id: 'x', label: '1', weight: 2 }) + line({ id: 'y', label: '1' }),
      'golden.jsonl:2: weight: is missing; the rows before this one have one',
    ],
    [line({ id: 'x' }), 'golden.jsonl:1: label: is missing; the row has id'],
    [line({ id: 'x', label: '1' }).repeat(2), 'golden.jsonl:2: id: "x" is there twice, also at line 1'],
  ])('%j', async (golden, expected) => {
    expect(await problems(binary, predictions, predictions, golden)).toEqual([expected]);
  });

  test('have label, weight and columns, so that predictions need none', async () => {
    const policy = `${binary}slices: [country]\ncluster: who\n`;
    const golden = [
      { id: 'x', label: '1', weight: 2, country: 'DE', who: 'a' },
      { id: 'y', label: '0', weight: 3, country: 'FR', who: 'b' },
    ];
    const bare = (prediction: string) => jsonLines(golden.map(({ id }) => ({ id, prediction })));
    const full = (prediction: string) => jsonLines(golden.map((row) => ({ ...row, prediction })));
    const scored = await read(policy, bare('1'), bare('0'), jsonLines(golden));
    expect(scored.rows).toEqual((await read(policy, full('1'), full('0'))).rows);
    expect(scored.dataset).toMatchObject((await read(policy, full('1'), full('0'))).dataset);
    expect(scored.rows.slices.map(({ name }) => name)).toEqual(['country = DE', 'country = FR']);
  });

  test('that no model answered are missing in both, and in the digest', async () => {
    const golden = line({ id: 'x', label: '1' }) + line({ id: 'y', label: '0' });
    const { rows, dataset } = await read(binary, predictions, predictions, golden);
    expect([list(rows.candidate.states), list(rows.baseline.states)]).toEqual([
      [answered, absent],
      [answered, absent],
    ]);
    expect(dataset.rows).toBe(2);
  });
});

describe('duplicates among golden rows', () => {
  const duplicatesOf = async (golden: readonly object[], inputs?: readonly string[], more = '') => {
    const { dataset } = await scoredRows(loadRegression(`${multi}${more}`, 'p.yml'), {
      golden: { name: 'golden', rows: golden },
      candidate: { name: 'answers', rows: [] },
      ...(inputs && { inputs }),
    });
    return dataset.duplicates;
  };

  test('are rows with the same input under other ids, whatever the order of columns; other labels are a conflict', async () => {
    const golden = [
      { id: 'a', label: 'x', width: 1, where: { city: 'Bonn' } },
      { id: 'b', label: 'x', width: 2, where: { city: 'Bonn' } },
      { id: 'c', where: { city: 'Bonn' }, width: 1, label: 'x' },
      { id: 'd', label: 'y', width: 2, where: { city: 'Bonn' }, weight: undefined },
      { id: 'e', label: 'x', width: '1', where: { city: 'Bonn' } },
      { id: 'f', label: 'x', width: 1, where: { city: 'Bonn' } },
    ];
    expect(await duplicatesOf(golden)).toEqual({
      rows: 5,
      inputs: 2,
      conflicts: 1,
      examples: [
        ['b', 'd'],
        ['a', 'c', 'f'],
      ],
    });
  });

  test('are found by the columns that the model gets', async () => {
    const golden = [
      { id: 'a', label: 'x', width: 1, customer: 7 },
      { id: 'b', label: 'x', width: 1, customer: 8 },
    ];
    expect(await duplicatesOf(golden)).toEqual({ rows: 0, inputs: 0, conflicts: 0, examples: [] });
    expect(await duplicatesOf(golden, ['width'])).toMatchObject({ rows: 2, inputs: 1, conflicts: 0 });
    expect(await duplicatesOf(golden, ['width', 'customer'])).toMatchObject({ rows: 0 });
  });

  test('are unknown where golden rows have no input, or there are none', async () => {
    expect(await duplicatesOf([{ id: 'a', label: 'x', weight: 1 }])).toBeUndefined();
    expect(await duplicatesOf([{ id: 'a', label: 'x', width: 1, prediction: 'x' }])).toBeUndefined();
    expect(
      (await read(multi, line({ ...ok, width: 1 }), line({ ...ok, width: 1 }))).dataset.duplicates,
    ).toBeUndefined();
  });

  test('are unknown where the only columns are those of slices and clusters', async () => {
    const golden = [
      { id: 'a', label: 'x', age: 1, country: 'DE', vip: true, who: 7 },
      { id: 'b', label: 'x', age: 1, country: 'DE', vip: true, who: 7 },
    ];
    const slices = (text: string) => `cluster: who\nslices: [${text}]\n`;
    expect(await duplicatesOf(golden, undefined, slices('country, age < 3 or not vip = true'))).toBeUndefined();
    expect(await duplicatesOf(golden, undefined, slices('"country in [DE]", age < 3'))).toMatchObject({ inputs: 1 });
    expect(await duplicatesOf(golden, ['age'], slices('country, age < 3 or vip = true'))).toMatchObject({ inputs: 1 });
  });

  test('have a few examples', async () => {
    const golden = Array.from({ length: 100 }, (_, i) => ({
      id: `r${100 + i}`,
      label: i === 99 ? 'y' : 'x',
      width: i % 10,
    }));
    const found = await duplicatesOf(golden);
    expect(found).toMatchObject({ rows: 100, inputs: 10, conflicts: 1 });
    expect(found?.examples).toHaveLength(5);
    expect(found?.examples[0]).toEqual(['r109', 'r119', 'r129', 'r139', 'r149']);
  });
});

describe('sources', () => {
  const golden = [
    { id: 'x', label: 'ä', country: 'DE' },
    { id: 'y', label: 'ö', country: 'FR' },
  ];
  const answers = [
    { id: 'y', prediction: 'ö', 'latency-ms': 12, bytes: 3 },
    { id: 'x', error: 'ModelError' },
  ];
  const policy = loadRegression(`${multi}slices: [country]\n`, 'p.yml');
  const bytes = new TextEncoder().encode(jsonLines(golden));
  async function* cut(at: number): AsyncGenerator<Uint8Array, void> {
    for (let from = 0; from < bytes.length; from += at) yield bytes.subarray(from, from + at);
  }
  async function* slowly<Value>(values: readonly Value[]): AsyncGenerator<Value, void> {
    for (const value of values) yield await Promise.resolve(value);
  }
  const fromFiles = async () => {
    const files = filesOf({ 'golden.jsonl': jsonLines(golden), 'a.jsonl': jsonLines(answers) });
    return scoredRows(policy, { golden: fileSource(files['golden.jsonl']), candidate: fileSource(files['a.jsonl']) });
  };

  test.each<readonly [string, Source]>([
    ['a stream, cut within signs', { name: 's3://b/golden.jsonl', bytes: cut(1) }],
    ['a stream in one piece', { name: 's3://b/golden.jsonl', bytes: cut(1e6) }],
    ['rows in memory', { name: 'golden', rows: golden }],
    ['rows that come one by one', { name: 'golden', rows: slowly(golden) }],
    ['a JSON array', { name: 'g', bytes: [new TextEncoder().encode(JSON.stringify(golden))] }],
    ['CSV', { name: 'g.csv', bytes: [new TextEncoder().encode('id,label,country\ny,ö,FR\nx,ä,DE\n')] }],
  ])('%s give the same as files', async (_, source) => {
    const gathered = await scoredRows(policy, { golden: source, candidate: { name: 'answers', rows: answers } });
    const read = await fromFiles();
    expect(gathered.rows).toEqual(read.rows);
    expect(gathered.dataset).toEqual(read.dataset);
  });

  test('one alone has no baseline', async () => {
    const { rows, texts } = await fromFiles();
    expect(rows).not.toHaveProperty('baseline');
    expect(list(rows.candidate.states)).toEqual([failed, answered]);
    expect(list(rows.candidate.latencyMs)).toEqual([Number.NaN, 12]);
    expect([texts.prediction(1, 'candidate'), texts.prediction(1, 'baseline')]).toEqual(['ö', undefined]);
  });

  test('are named in errors, with the line, or the id of a row in memory', async () => {
    const rowsOf = (candidate: Source, of: Source = { name: 'golden', rows: golden }) =>
      problemsOf(scoredRows(policy, { golden: of, candidate }));
    expect(
      await rowsOf({ name: 'answers of the candidate', rows: [{ id: 'y', prediction: 'ö' }, { id: 'x' }] }),
    ).toEqual(['answers of the candidate: row "x": prediction: is missing; the row has id']);
    expect(await rowsOf({ name: 'a', rows: slowly([...answers, { id: 'z', prediction: 'ö' }]) })).toEqual([
      'a: row "z": id: "z" is not in golden',
    ]);
    expect(
      await rowsOf({ name: 'a', rows: answers }, { name: 's3://b/g', bytes: [new Uint8Array([0x22, 0xff])] }),
    ).toEqual(['s3://b/g: not UTF-8 text, after byte 0']);
  });

  test.each<readonly [string, Source, Source]>([
    [
      'CSV, and answers of JSON',
      { name: 'g', bytes: [new TextEncoder().encode('id,label\nx,1\ny,2\n')] },
      {
        name: 'a',
        rows: [
          { id: 'x', prediction: 1, score: { 1: 0.9, 2: 0.1 } },
          { id: 'y', prediction: 1 },
        ],
      },
    ],
    [
      'JSON, and answers of cells',
      {
        name: 'g',
        rows: [
          { id: 'x', label: 1 },
          { id: 'y', label: 2 },
        ],
      },
      {
        name: 'a',
        written: 'csv',
        rows: [
          { id: 'x', prediction: '1', score: { 1: '0.9', 2: '0.1' } },
          { id: 'y', prediction: '1' },
        ],
      },
    ],
  ])('golden rows of %s: a cell has no kind', async (_, of, candidate) => {
    const { rows } = await scoredRows(loadRegression(multi, 'p.yml'), { golden: of, candidate });
    expect(rows.classes).toEqual(['1', '2']);
    expect(list(rows.candidate.predictions)).toEqual([0, 0]);
    expect(list(rows.candidate.scores?.slice(0, 2))).toEqual([0.9, 0.1]);
  });

  test('in memory have no class that is no number', async () => {
    const candidate = { name: 'a', rows: [{ id: 'x', label: 1, prediction: Number.NaN }] };
    expect(await problemsOf(scoredRows(loadRegression(multi, 'p.yml'), { candidate }))).toEqual([
      'a: row "x": prediction: NaN is not a class; expected text, a number or a boolean',
    ]);
  });

  test('of JSON keep their kinds', async () => {
    const of = { name: 'g', rows: [{ id: 'x', label: 1 }] };
    const candidate = { name: 'a', rows: [{ id: 'x', prediction: '1' }] };
    expect(await problemsOf(scoredRows(loadRegression(multi, 'p.yml'), { golden: of, candidate }))).toEqual([
      'a: row "x": prediction: the text "1" and the number 1 differ; labels, predictions and `positive` are compared as they are written',
    ]);
  });

  test('that break keep their own error', async () => {
    const broken = new Error('the connection was reset');
    async function* breaking(): AsyncGenerator<Uint8Array, void> {
      yield bytes;
      throw broken;
    }
    const candidate = { name: 'a', rows: answers };
    await expect(scoredRows(policy, { golden: { name: 'g', bytes: breaking() }, candidate })).rejects.toBe(broken);
  });
});

test('an error names the row and shows no text of it, cluster or customer', async () => {
  const row = { id: 'x', label: 'Jane Doe, 44 Elm St', prediction: 'Jane Doe', who: 'jane@example.com' };
  const found = [
    await problems(text, line(row), line({ ...row, label: 'John Roe' })),
    await problems(`${text}cluster: who\n`, line(row), line({ ...row, who: 'john@example.com' })),
    await problems(`${text}slices: [who > 3]\n`, line(row), line(row)),
    await problems(`${text}slices: [who]\n`, line(row), line({ ...row, who: ['jane'] })),
    await problems(text, 'x,Jane Doe,Jane Doe\n', line(row)),
    await problems(text, 'jane,john,id,jane\n', line(row)),
  ].flat();
  expect(found).toHaveLength(6);
  expect(found.join('\n')).not.toMatch(/jane|john/i);
});
