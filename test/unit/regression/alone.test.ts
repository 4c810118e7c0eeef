import { describe, expect, test } from '@jest/globals';
import type { Comparison } from '../../../src/findings/comparison.ts';
import { loadRegression } from '../../../src/manifest/load.ts';
import { tasks } from '../../../src/manifest/regression.ts';
import { canFailAlone, limitOf } from '../../../src/regression/alone.ts';
import { compare } from '../../../src/regression/compare.ts';
import { measureOf } from '../../../src/regression/metrics/measure-of.ts';
import { scoredRows } from '../../../src/regression/scoring/scored-rows.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { drawPair } from '../../benchmarks/regression-pairs.ts';

const keysOfTask = {
  'binary-classification': 'positive: "1"\n',
  'multiclass-classification': '',
  regression: '',
  ranking: 'group: q\n',
  text: '',
} as const;

/** Binary; wrong on each `wrongEvery`-th row, with an error on each `failsEvery`-th one. */
const answers = (count: number, wrongEvery: number, failsEvery = Number.POSITIVE_INFINITY) =>
  Array.from({ length: count }, (_, i) => {
    const label = String(i % 2);
    const right = i % wrongEvery !== 0;
    const row = { id: `r${i}`, label, part: i % 4 < 2 ? 'a' : 'b', 'latency-ms': 10 + (i % 7) };
    return i % failsEvery === failsEvery - 1
      ? { ...row, error: 'ModelError' }
      : { ...row, prediction: right ? label : String(1 - (i % 2)), score: right === (label === '1') ? 0.8 : 0.2 };
  });

const judged = async (rules: string, rows: readonly object[], more = ''): Promise<Comparison> => {
  const policy = loadRegression(`task: binary-classification\npositive: "1"\nrules: [${rules}]\n${more}`, 'p.yml');
  const golden = rows.map((row) => ({ ...row, prediction: undefined, error: undefined }));
  const scored = await scoredRows(policy, {
    golden: { name: 'golden', rows: golden },
    candidate: { name: 'answers', rows },
  });
  return compare(policy, scored, measureOf);
};
const floor = '{ metric: accuracy, floor: 0.8 }';

describe('a candidate where nothing serves', () => {
  test('passes the floors that it keeps with confidence, and fails those that it breaks', async () => {
    const good = await judged(floor, answers(400, 20));
    expect([good.verdict, good.because]).toEqual([
      'pass',
      '1 rule is kept over 400 rows; a candidate that is always wrong fails',
    ]);
    const bad = await judged(floor, answers(400, 3));
    expect([bad.verdict, bad.because]).toEqual([
      'fail',
      expect.stringMatching(/^accuracy is 66\.5 %: −13\.5 points \(−.* to −.*\), rule floor 80 %$/),
    ]);
    const near = await judged(floor, answers(60, 6));
    expect([near.verdict, near.because]).toEqual([
      'inconclusive',
      expect.stringMatching(
        /^accuracy is 83\.3 %: .* rule floor 80 %; the interval allows both; about \d+ rows decide it, at this value$/,
      ),
    ]);
  });

  test('is held to ceilings too', async () => {
    const slow = '{ metric: latency-p95, ceiling: 12 }';
    expect((await judged(slow, answers(400, 20))).verdict).toBe('fail');
    expect((await judged(slow.replace('12', '30'), answers(400, 20))).verdict).toBe('pass');
    expect((await judged('{ metric: error-rate, ceiling: 0.05 }', answers(400, 20, 5))).verdict).toBe('fail');
  });

  test('has no value of a baseline anywhere, and no cell for a rule that needs one', async () => {
    const rules = `${floor}, { metric: log-loss, non-inferior: 0.1 }, { metric: f1, floor: 0.7, level: warn }`;
    const found = await judged(rules, answers(400, 20), 'slices: [part]\n');
    expect(found.cells.map(({ metric, slice }) => [metric, slice])).toEqual([
      ['accuracy', undefined],
      ['accuracy', 'part = a'],
      ['accuracy', 'part = b'],
      ['f1', undefined],
      ['f1', 'part = a'],
      ['f1', 'part = b'],
    ]);
    for (const cell of found.cells) {
      expect(cell).not.toHaveProperty('baseline');
      expect(cell.interval).not.toBeNull();
      expect(cell.difference).toBeCloseTo((cell.candidate ?? 0) - (cell.metric === 'f1' ? 0.7 : 0.8), 12);
    }
    expect(found.alone?.notApplicable).toEqual([
      {
        metric: 'log-loss',
        rule: expect.objectContaining({ criterion: expect.objectContaining({ is: 'non-inferior' }) }),
      },
    ]);
    expect(found.rows).toEqual({ compared: 400, unanswered: 0, failedCandidate: 0 });
    expect(found.selfTest).not.toHaveProperty('mirrored');
    expect(found.verdict).toBe('pass');
  });

  test.each([
    ['no limit', '{ metric: accuracy, max-drop: 0.1 }'],
    ['a limit that only warns', `{ metric: accuracy, floor: 0.8, level: warn }, { metric: f1, superior: {} }`],
  ])('with %s cannot fail, and the sentence has the way out', async (_, rules) => {
    const found = await judged(rules, answers(400, 20));
    expect([found.verdict, found.because]).toEqual([
      'inconclusive',
      'this gate cannot fail: without a baseline floors and ceilings decide alone, and no rule with level fail is one; add a floor or a ceiling, e.g. { metric: accuracy, floor: 0.8 }',
    ]);
    expect(found.selfTest.canFail).toBe(false);
  });

  test.each(tasks)('the way out of %s is a rule that the policy takes, and leads out', (task) => {
    const policy = loadRegression(`task: ${task}\n${keysOfTask[task]}rules: [${limitOf[task]}]\n`, 'p.yml');
    expect(canFailAlone(policy)).toBe(true);
  });

  test('must not fail a limit that no answer breaks: the gate says that it cannot fail', async () => {
    const found = await judged('{ metric: accuracy, floor: 0 }', answers(400, 20));
    expect([found.verdict, found.because]).toEqual([
      'inconclusive',
      'this gate cannot fail: accuracy, rule floor 0 %, does not fail a candidate that is always wrong',
    ]);
  });

  test('fails each limit where it is hopeless: so says the self-test', async () => {
    const rules = [
      '{ metric: accuracy, floor: 0.5 }',
      '{ metric: f1, floor: 0.5 }',
      '{ metric: roc-auc, floor: 0.5 }',
      '{ metric: log-loss, ceiling: 1 }',
      '{ metric: average-precision, floor: 0.7 }',
      '{ metric: latency-p95, ceiling: 50 }',
      '{ metric: error-rate, ceiling: 0.5 }',
      '{ metric: accuracy, ceiling: 0.97 }',
    ];
    const found = await judged(rules.join(', '), answers(400, 20));
    expect(found.cells.map(({ decision }) => decision)).toEqual(rules.map(() => 'pass'));
    const hopeless = found.selfTest.planted.filter(({ is }) => is !== 'beyond-margin');
    expect(hopeless.map(({ is, decision }) => [is, decision])).toEqual(
      rules.map((one) => [one.includes('accuracy, ceiling') ? 'perfect' : 'hopeless', 'fail']),
    );
    for (const { is, decision } of found.selfTest.planted)
      if (is === 'beyond-margin') expect(decision).not.toBe('pass');
    expect(found.verdict).toBe('pass');
  });

  test('with rows that it did not answer is inconclusive, or passes where few are tolerated', async () => {
    const rows = answers(400, 20);
    const policy = loadRegression(`task: binary-classification\npositive: "1"\nrules: [${floor}]\n`, 'p.yml');
    const scored = await scoredRows(policy, {
      golden: { name: 'golden', rows: rows.map(({ id, label }) => ({ id, label })) },
      candidate: { name: 'answers', rows: rows.slice(8) },
    });
    const found = compare(policy, scored, measureOf);
    expect(found.rows).toEqual({ compared: 392, unanswered: 8, failedCandidate: 0 });
    expect([found.verdict, found.because]).toEqual([
      'inconclusive',
      'accuracy: 8 rows of 400 without an answer (2 %), tolerated: 0 %',
    ]);
    expect(compare({ ...policy, missing: 0.03 }, scored, measureOf).verdict).toBe('pass');
  });

  test('that answered nothing is inconclusive', async () => {
    const rows = answers(40, 20);
    const policy = loadRegression(`task: binary-classification\npositive: "1"\nrules: [${floor}]\n`, 'p.yml');
    const scored = await scoredRows(policy, {
      golden: { name: 'golden', rows },
      candidate: { name: 'answers', rows: [] },
    });
    expect(compare(policy, scored, measureOf)).toMatchObject({
      verdict: 'inconclusive',
      because: 'the candidate answered no row',
    });
  });
});

test.each([{}, { clusterSize: 10 }])('a limit has the same cell alone and beside any baseline: %j', (more) => {
  const limits = [
    '{ metric: accuracy, floor: 0.8 }',
    '{ metric: recall, floor: 0.6 }',
    '{ metric: f1, floor: 0.7 }',
    '{ metric: roc-auc, floor: 0.9 }',
    '{ metric: log-loss, ceiling: 0.4 }',
    '{ metric: average-precision, floor: 0.8 }',
  ];
  const policy = loadRegression(`task: binary-classification\npositive: 1\nrules: [${limits.join(', ')}]\n`, 'p.yml');
  const rows = drawPair(
    { task: 'binary-classification', positives: 0.3, worseBy: 0.2, ...more },
    300,
    randomFrom('alone'),
  );
  const { baseline: _, ...candidateAlone } = rows;
  const dataset = { digest: 'sha256:0123456789abcdef', rows: rows.size };
  const pair = compare(policy, { rows, dataset }, measureOf);
  const alone = compare(policy, { rows: candidateAlone, dataset }, measureOf);
  expect(alone.cells).toHaveLength(limits.length);
  for (const [at, { baseline: _value, ...cell }] of pair.cells.entries()) {
    const found = alone.cells[at];
    if (cell.metric !== 'f1') expect(found).toEqual(cell);
    // Numbers of rows are drawn by cell of label and answers: with two models there are more cells, and other draws.
    else
      for (const end of [0, 1] as const)
        expect(found?.interval?.[end]).toBeCloseTo(cell.interval?.[end] ?? Number.NaN, 2);
  }
  expect(alone.verdict).toBe(pair.verdict);
});
