import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compare } from '../../../src/commands/compare.ts';
import { filesOf, jsonLines } from '../../support/prediction-files.ts';
import { type CommandRun, runCommand } from '../../support/run-command.ts';

const policy = 'task: binary-classification\npositive: "1"\nmetrics: [accuracy]\n';

/** 400 rows of a model that is right except on each `wrongEvery`-th one. */
const rowsOf = (wrongEvery: number, count = 400) =>
  Array.from({ length: count }, (_, i) => {
    const label = String(i % 2);
    return { id: `r${i}`, label, prediction: i % wrongEvery === 0 ? String(1 - (i % 2)) : label, part: i % 4 };
  });
const good = jsonLines(rowsOf(20));
const bad = jsonLines(rowsOf(3));

interface Given {
  readonly candidate?: string;
  readonly baseline?: string;
  readonly policy?: string;
}
const run = async (
  { candidate = good, baseline = good, policy: text = policy }: Given,
  more: (folder: string) => readonly string[] = () => [],
): Promise<CommandRun & { readonly folder: string }> => {
  const files = filesOf({ 'a.jsonl': candidate, 'b.jsonl': baseline, 'p.yml': text });
  const folder = dirname(files['p.yml']);
  const args = ['--candidate', files['a.jsonl'], '--baseline', files['b.jsonl'], '--policy', files['p.yml']];
  return { ...(await runCommand(compare, [...args, ...more(folder)])), folder };
};
const json = async (
  given: Given,
): Promise<{ readonly code: number; readonly value: ReturnType<typeof JSON.parse> }> => {
  const { code, out } = await run(given, () => ['--json']);
  return { code, value: JSON.parse(out.join('\n')) };
};

describe('the verdict is the exit code', () => {
  test('pass: equal models', async () => {
    const { code, value } = await json({});
    expect(value.verdict).toBe('pass');
    expect(code).toBe(0);
  });

  test('fail: a worse model', async () => {
    const { code, value } = await json({ candidate: bad });
    expect(value.verdict).toBe('fail');
    expect(code).toBe(1);
  });

  test('pass: a better model', async () => {
    const { code, value } = await json({ baseline: bad });
    expect(value.verdict).toBe('pass');
    expect(code).toBe(0);
  });

  test('inconclusive: few rows', async () => {
    const few = jsonLines(rowsOf(20, 25));
    const { code, value } = await json({ candidate: few, baseline: few });
    expect(value.verdict).toBe('inconclusive');
    expect(code).toBe(1);
  });

  test('inconclusive: warnings alone', async () => {
    const { code, value } = await json({
      policy:
        'task: binary-classification\npositive: "1"\nrules: [{ metric: accuracy, non-inferior: 0.05, level: warn }]\n',
    });
    expect(value).toMatchObject({ verdict: 'inconclusive', because: expect.stringContaining('this gate cannot fail') });
    expect(code).toBe(1);
  });
});

describe('the sentence', () => {
  test('of rows without answers says so, and does not blame the gate', async () => {
    const { code, value } = await json({ candidate: jsonLines(rowsOf(20).slice(120)) });
    expect(code).toBe(1);
    expect(value.because).toBe('accuracy: 120 rows of 400 without an answer of both models (30 %), tolerated: 0 %');
    expect(value.selfTest).toMatchObject({ canFail: null, because: value.because });
    const { out } = await run({ candidate: jsonLines(rowsOf(20).slice(120)) });
    expect(out.join('\n')).not.toContain('cannot fail');
  });

  test('of a pass counts rules, and cells where slices have some', async () => {
    expect((await json({})).value.because).toBe(
      '1 rule is kept over 400 rows; nothing differs; a candidate that is always wrong fails',
    );
    const sliced =
      'task: binary-classification\npositive: "1"\nrules: [{ metric: accuracy, non-inferior: 0.2 }, { metric: f1, max-drop: 0.2 }]\nslices: [part < 2]\n';
    expect((await json({ policy: sliced, candidate: jsonLines(rowsOf(19)) })).value.because).toMatch(
      /^2 rules are kept in 4 cells over 400 rows; a candidate that is always wrong fails; the weakest rule, \S+ in part < 2, (non-inferior|max-drop).* 20 points, would catch/,
    );
  });

  test('of a gate that cannot fail names the rule', async () => {
    const rules = (wide: string) =>
      `task: binary-classification\npositive: "1"\nrules: [{ metric: accuracy, non-inferior: 0.1 }, { metric: accuracy, ${wide} }]\n`;
    const { value } = await json({ policy: rules('max-drop: 1') });
    expect(value.because).toMatch(
      /^this gate cannot fail: accuracy, rule max-drop 100 points, does not fail a candidate that is always wrong/,
    );
    expect(value.selfTest.planted.map(({ rule }: { rule: { criterion: object } }) => rule.criterion)).toEqual(
      ['non-inferior', 'non-inferior', 'max-drop', 'max-drop'].map((is) => expect.objectContaining({ is })),
    );
  });
});

describe('without a baseline', () => {
  const alone = async (rules: string, more: (folder: string) => readonly string[] = () => []) => {
    const files = filesOf({
      'a.jsonl': jsonLines(rowsOf(20).map(({ id, prediction }) => ({ id, prediction }))),
      'golden.csv': `id,label\n${rowsOf(20)
        .map(({ id, label }) => `${id},${label}\n`)
        .join('')}`,
      'p.yml': '',
    });
    writeFileSync(
      files['p.yml'],
      `task: binary-classification\npositive: "1"\nrules: [${rules}]\ndataset: ${files['golden.csv']}\n`,
    );
    const folder = dirname(files['p.yml']);
    const args = ['--candidate', files['a.jsonl'], '--policy', files['p.yml'], ...more(folder)];
    return { ...(await runCommand(compare, args)), folder };
  };

  test('floors and ceilings decide alone, in every report', async () => {
    const { code, out, folder } = await alone(
      '{ metric: accuracy, floor: 0.9 }, { metric: f1, max-drop: 0.1 }',
      (at) => [
        ...['--markdown', join(at, 'm')],
        ...['--html', join(at, 'h')],
        ...['--junit', join(at, 'j')],
        ...['--evaluation', join(at, 'e')],
      ],
    );
    expect(code).toBe(0);
    expect(out.join('\n')).toMatch(
      /^pass: 1 rule is kept over 400 rows; .*\n {2}400 rows answered\.\n.*Not applicable: f1 \(max-drop 10 points\)\.\n {2}metric {4}slice {5}rule {8}candidate {2}distance/,
    );
    const reports = ['m', 'h', 'j', 'e'].map((name) => readFileSync(join(folder, name), 'utf8'));
    for (const report of reports) expect(report).toMatch(/not ?applicable/i);
    expect(reports.join('\n')).not.toMatch(/baseline[^:;}]*[0-9.]+ %|undefined/);
    expect(JSON.parse(reports[3] ?? '')).toMatchObject({
      binary_classification_metrics: { accuracy: { value: 0.95 } },
      model_delivery: {
        alone: { notApplicable: [{ metric: 'f1' }] },
        cells: [{ metric: 'accuracy', candidate: 0.95 }],
      },
    });
  });

  test('a broken floor fails, and a policy without one is inconclusive', async () => {
    expect((await alone('{ metric: accuracy, floor: 0.99 }')).code).toBe(1);
    const { code, out } = await alone('{ metric: accuracy, max-drop: 0.1 }', () => ['--json']);
    expect([code, JSON.parse(out.join(''))]).toEqual([
      1,
      expect.objectContaining({
        verdict: 'inconclusive',
        because: expect.stringMatching(
          /^this gate cannot fail: .*add a floor or a ceiling, e\.g\. \{ metric: accuracy/,
        ),
        cells: [],
      }),
    ]);
  });
});

describe('a ranking', () => {
  /** Queries of five documents, of which `swapped` share has its first two in the other order. */
  const ranked = (queries: number, swappedEvery: number, offset = 0) =>
    jsonLines(
      Array.from({ length: queries * 5 }, (_, at) => {
        const [query, place] = [Math.floor(at / 5), at % 5];
        const swaps = query % swappedEvery === 0 && place < 2;
        return {
          id: `d${at}`,
          group: `q${query}`,
          label: place === 0 ? 1 : 0,
          score: (swaps ? 1 - place : place) * -1 + offset,
        };
      }),
    );
  const ranking = 'task: ranking\ngroup: group\nrules: [{ metric: mrr, non-inferior: 0.02 }]\n';

  test('needs queries, for they are drawn, and counts rows that have another position', async () => {
    const { value } = await json({ policy: ranking, candidate: ranked(40, 4), baseline: ranked(40, 5, 0.5) });
    expect(value.cells[0]).toMatchObject({ rows: 200, queries: 40, decision: 'inconclusive' });
    // Queries 4, 8, … and 5, 10, …, without those of both kinds; two rows each.
    expect(value.rows.flipped).toBe(2 * (10 + 8 - 2 * 2));
    expect(value.because).toMatch(/; about \d+ queries decide it, were the models equal$/);
    const { out } = await run({ policy: ranking, candidate: ranked(40, 4), baseline: ranked(40, 5) });
    expect(out.join('\n')).toMatch(/the interval allows both; needs about \d+ queries/);
  });

  test('of few queries decides nothing, whatever their rows', async () => {
    const { value } = await json({ policy: ranking, candidate: ranked(29, 4), baseline: ranked(29, 5) });
    expect(value.because).toBe('mrr: 29 queries, at least 30');
  });
});

describe('--json', () => {
  test('has the members that scripts read', async () => {
    const { value } = await json({ candidate: bad });
    expect(Object.keys(value).sort()).toEqual(['because', 'cells', 'dataset', 'diff', 'rows', 'selfTest', 'verdict']);
    expect(value.rows).toEqual({
      compared: 400,
      unanswered: 0,
      onlyCandidate: 0,
      onlyBaseline: 0,
      failedCandidate: 0,
      failedBaseline: 0,
      flipped: expect.any(Number),
    });
    expect(value.cells).toHaveLength(1);
    expect(value.cells[0]).toMatchObject({
      metric: 'accuracy',
      rule: { metric: { metric: 'accuracy' }, criterion: { is: 'non-inferior' }, confidence: 0.95, byDefault: true },
      candidate: expect.any(Number),
      baseline: 0.95,
      difference: expect.any(Number),
      interval: [expect.any(Number), expect.any(Number)],
      decision: 'fail',
      rowsNeeded: expect.anything(),
    });
    expect(value.dataset).toEqual({
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      rows: 400,
      parts: [
        {
          rows: 400,
          classes: [
            { name: '0', rows: 200 },
            { name: '1', rows: 200 },
          ],
        },
      ],
    });
    expect(value.selfTest).toMatchObject({ canFail: true, mirrored: true });
  });

  test('is the same in every run, and for files in any order', async () => {
    const turned = jsonLines([...rowsOf(20)].reverse());
    expect((await json({ candidate: turned, baseline: bad })).value).toEqual((await json({ baseline: bad })).value);
  });

  test('mirrors the differences of a swapped pair', async () => {
    const [one, other] = [
      (await json({ candidate: bad })).value.cells[0],
      (await json({ baseline: bad })).value.cells[0],
    ];
    expect(other.difference).toBeCloseTo(-one.difference, 12);
    expect(other.interval[0]).toBeCloseTo(-one.interval[1], 12);
    expect(other.interval[1]).toBeCloseTo(-one.interval[0], 12);
  });
});

describe('an input that cannot be used', () => {
  const ok = jsonLines([{ id: 'x', label: '1', prediction: '1' }]);
  test.each<readonly [string, Given, string, RegExp]>([
    ['a row', { candidate: '{"id":"x","label":"1"}\n' }, 'candidate', /a\.jsonl:1: prediction: is missing/],
    ['an empty file', { candidate: '' }, 'candidate', /a\.jsonl:1: there is no row/],
    [
      'NaN',
      { baseline: '{"id":"x","label":"1","prediction":"1","score":NaN}' },
      'baseline',
      /b\.jsonl:1: NaN is no number of JSON/,
    ],
    [
      'labels of two files',
      { candidate: ok, baseline: jsonLines([{ id: 'x', label: '0', prediction: '1' }]) },
      'baseline',
      /b\.jsonl:1: label: "0" differs from the one at .*a\.jsonl:1, which has the same id "x"/,
    ],
    ['a policy', { policy: 'task: regression\n' }, 'policy', /p\.yml:1:1: has neither metrics nor rules/],
    [
      'a slice without its column',
      { policy: `${policy}slices: [country]\n` },
      'policy',
      /slices: no row has what "country" needs/,
    ],
    [
      'a class of no row',
      { candidate: ok, baseline: ok, policy: 'task: multiclass-classification\nmetrics: ["recall[cat]"]\n' },
      'policy',
      /cat/,
    ],
    [
      'another dataset',
      { policy: `${policy}dataset: { path: "s3://b/golden.jsonl", digest: "sha256:${'0'.repeat(64)}" }\n` },
      'dataset',
      /the rows have the digest sha256:[0-9a-f]{64}, and the policy's dataset has sha256:0{64}/,
    ],
    [
      'a dataset that is not there',
      { policy: `${policy}dataset: /no/golden.jsonl\n` },
      'dataset',
      /cannot read "\/no\/golden\.jsonl": there is no such file/,
    ],
    [
      'scores that no row has',
      { policy: `${policy.replace('accuracy', 'roc-auc')}` },
      'candidate',
      /a\.jsonl: no row has score, and roc-auc is computed from it/,
    ],
    [
      'latencies that no row has',
      { policy: `${policy.replace('accuracy', 'latency-p99')}` },
      'candidate',
      /no row has latency-ms, and latency-p99/,
    ],
    [
      'a floor of 90',
      { policy: 'task: binary-classification\npositive: "1"\nrules: [{ metric: accuracy, floor: 90 }]\n' },
      'policy',
      /accuracy: the floor 90 is outside its range, 0 to 1/,
    ],
  ])('%s', async (_, given, input, because) => {
    const plain = await run(given);
    expect(plain.code).toBe(2);
    expect(plain.out).toEqual([]);
    expect(plain.err.join('\n')).toMatch(because);
    expect(plain.err.join('\n')).toMatch(/^compare: /);
    const asJson = await run(given, () => ['--json']);
    expect(asJson.code).toBe(2);
    expect(JSON.parse(asJson.out.join('\n'))).toEqual({ error: { input, because: expect.stringMatching(because) } });
    expect(asJson.err).toHaveLength(1);
    expect(asJson.err[0]).not.toContain('\n');
  });

  test('an option that is missing or misspelt', async () => {
    const missing = await runCommand(compare, ['--json']);
    expect(missing.code).toBe(2);
    expect(JSON.parse(missing.out.join('\n'))).toMatchObject({ error: { input: 'candidate' } });
    const misspelt = await runCommand(compare, ['--candidat', 'x']);
    expect(misspelt.code).toBe(2);
    expect(misspelt.err.join('\n')).toContain('did you mean --candidate?');
  });

  test('a dataset after its last day decides nothing', async () => {
    const files = filesOf({
      'a.jsonl': good,
      'p.yml': `${policy}dataset: { path: "s3://b/golden.jsonl", digest: "sha256:${'0'.repeat(64)}", expires: 2026-03-31 }\n`,
    });
    const { code, value: digest } = await json({});
    expect(code).toBe(0);
    writeFileSync(
      files['p.yml'],
      readFileSync(files['p.yml'], 'utf8').replace(`sha256:${'0'.repeat(64)}`, digest.dataset.digest),
    );
    const at = async (time: string) => {
      const seams = { clock: { now: () => Date.parse(time), sleepUntil: async () => {} } };
      const args = ['--candidate', files['a.jsonl'], '--baseline', files['a.jsonl'], '--policy', files['p.yml']];
      return runCommand(compare, args, { env: {}, seams });
    };
    expect((await at('2026-03-31T12:00:00Z')).code).toBe(0);
    const late = await at('2026-04-01T12:00:00Z');
    expect([late.code, late.out[0]]).toEqual([
      1,
      expect.stringMatching(/^inconclusive: the golden set expired on 2026-03-31; review it and move the date\n/),
    ]);
    expect(late.out.join('\n')).toMatch(/: 400 rows \(0 200, 1 200\), valid through 2026-03-31\.$/m);
  });

  test('a dataset at S3 without a digest is a warning', async () => {
    const { code, err } = await run({ policy: `${policy}dataset: s3://b/golden.jsonl\n` });
    expect(code).toBe(0);
    expect(err).toEqual([
      expect.stringContaining(
        "compare: warning: the rows were not compared with the policy's dataset: s3://b/golden.jsonl",
      ),
    ]);
  });
});

describe('reports', () => {
  test('are written beside the verdict', async () => {
    const paths = ['junit', 'markdown', 'html', 'evaluation'];
    const { code, folder, out } = await run({ candidate: bad }, (at) =>
      paths.flatMap((name) => [`--${name}`, join(at, name)]),
    );
    expect(code).toBe(1);
    const [junit = '', markdown = '', html = '', evaluation = ''] = paths.map((name) =>
      readFileSync(join(folder, name), 'utf8'),
    );
    expect(junit).toContain('<failure');
    expect(markdown).toContain('Regression test: fail');
    expect(html).toMatch(/^<!doctype html>/);
    expect(JSON.parse(evaluation)).toHaveProperty('binary_classification_metrics.accuracy.value');
    expect(out.join('\n')).toMatch(/^fail: /);
  });

  test('that cannot be written end a pass with 1, and leave the verdict', async () => {
    const { code, err, out, folder } = await run({}, (at) => [
      '--junit',
      join(at, 'no', 'such'),
      '--html',
      join(at, 'page.html'),
    ]);
    expect(code).toBe(1);
    expect(out.join('\n')).toMatch(/^pass: /);
    expect(err).toEqual([expect.stringMatching(/^compare: junit: cannot write ".*": ENOENT$/)]);
    expect(existsSync(join(folder, 'page.html'))).toBe(true);
  });

  test('have no label and no prediction with --redact', async () => {
    const secretive = (text: string): string =>
      text.replaceAll('"prediction":"0"', '"prediction":"hush"').replaceAll('"label":"0"', '"label":"hush"');
    const given = { candidate: secretive(bad), baseline: secretive(good) };
    const markdownOf = async (...options: readonly string[]): Promise<string> => {
      const { folder } = await run(given, (at) => ['--markdown', join(at, 'm'), ...options]);
      return readFileSync(join(folder, 'm'), 'utf8');
    };
    const changes = (text: string): string => text.slice(text.indexOf('armful'));
    expect(changes(await markdownOf())).toContain('hush');
    expect(changes(await markdownOf('--redact'))).not.toMatch(/\| .*hush/);
  });
});
