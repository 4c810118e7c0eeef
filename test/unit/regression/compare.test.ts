import { describe, expect, test } from '@jest/globals';
import type { Comparison } from '../../../src/findings/comparison.ts';
import type { Criterion, MetricName, RegressionPolicy, Rule } from '../../../src/manifest/regression.ts';
import { compare } from '../../../src/regression/compare.ts';
import type { Measure } from '../../../src/regression/measure.ts';
import { measureOf } from '../../../src/regression/metrics/measure-of.ts';
import { hopelessAnswers, partlyHopeless } from '../../../src/regression/planted.ts';
import { type AnsweredRows, absent, failed, type PairedRows } from '../../../src/regression/rows.ts';
import { randomOf, shuffled } from '../../../src/regression/statistics/random.ts';
import { randomFrom } from '../../benchmarks/random.ts';
import { drawPair, type Population } from '../../benchmarks/regression-pairs.ts';

const margin = (value: number): Criterion => ({ is: 'non-inferior', margin: { value, of: 'metric' } });
const rule = (metric: string, criterion: Criterion = margin(0.05), more: Partial<Rule> = {}): Rule => ({
  metric: { metric },
  criterion,
  confidence: 0.95,
  level: 'fail',
  ...more,
});
const judge = (
  rows: PairedRows,
  rules: readonly Rule[],
  more: Partial<RegressionPolicy> = {},
  measures = measureOf,
): Comparison =>
  compare(
    {
      task: rows.task,
      rules,
      slices: [],
      minimumSupport: { rows: 30, rowsOfClass: 10 },
      missing: 0,
      normalization: 'none',
      ...more,
    },
    { rows, dataset: { digest: 'sha256:0123456789abcdef', rows: rows.size } },
    measures,
  );

const binary: Population = { task: 'binary-classification', positives: 0.3, worseBy: 0 };
const pair = (size: number, more: Partial<Population> = {}, seed = 'a'): PairedRows =>
  drawPair({ ...binary, ...more }, size, randomFrom(seed));
const swapped = (rows: PairedRows): PairedRows => ({ ...rows, candidate: rows.baseline, baseline: rows.candidate });
const first = ({ cells }: Comparison): Comparison['cells'][number] => {
  const [cell] = cells;
  if (cell === undefined) throw new Error('no cell');
  return cell;
};

describe('the verdict', () => {
  test('an equal model passes, a worse one fails, and few rows are inconclusive and say how many would do', () => {
    expect(judge(pair(1500), [rule('accuracy')]).verdict).toBe('pass');
    const worse = judge(pair(1500, { worseBy: 1 }), [rule('accuracy')]);
    expect(worse.verdict).toBe('fail');
    expect(worse.because).toMatch(
      /^accuracy is .* beside .*: −.* points \(−.* to −.*\), rule non-inferior, margin 5 points$/,
    );
    const few = judge(pair(60), [rule('accuracy', margin(0.02))]);
    expect(few.verdict).toBe('inconclusive');
    const needed = first(few).rowsNeeded ?? 0;
    expect(needed).toBeGreaterThan(200);
    expect(judge(pair(2 * needed), [rule('accuracy', margin(0.02))]).verdict).toBe('pass');
  });

  test('is the same for the same rows, policy and digest', () => {
    const rows = pair(300);
    expect(judge(rows, [rule('f1'), rule('log-loss')])).toEqual(judge(rows, [rule('f1'), rule('log-loss')]));
    expect(first(judge(rows, [rule('f1')], { seed: 5 })).interval).not.toEqual(
      first(judge(rows, [rule('f1')])).interval,
    );
  });

  test('a slice can fail alone; a slice without rows, or with too few, leaves the verdict open', () => {
    const good = pair(1200);
    const bad = pair(400, { worseBy: 2 }, 'bad');
    const joined: PairedRows = joinRows(good, bad);
    const slices = [
      { name: 'country = DE', rows: Int32Array.from({ length: 400 }, (_, row) => 1200 + row) },
      { name: 'country = FR', rows: Int32Array.from({ length: 1200 }, (_, row) => row) },
    ];
    const found = judge({ ...joined, slices }, [rule('accuracy', margin(0.1))]);
    expect(found.cells.map(({ slice, decision }) => [slice, decision])).toEqual([
      [undefined, 'pass'],
      ['country = DE', 'fail'],
      ['country = FR', 'pass'],
    ]);
    expect(found.verdict).toBe('fail');
    const empty = judge({ ...good, slices: [{ name: 'x = 1', rows: new Int32Array(0) }] }, [rule('accuracy')]);
    expect([empty.verdict, empty.because]).toEqual(['inconclusive', 'accuracy in x = 1: no row']);
    const unknown = judge(good, [rule('accuracy', margin(0.05), { slice: 'y = 1' })]);
    expect([unknown.verdict, unknown.cells.length]).toEqual(['inconclusive', 1]);
    const few = judge({ ...good, slices: [{ name: 'x = 1', rows: Int32Array.of(1, 2, 3) }] }, [rule('accuracy')]);
    expect(few.cells[1]).toMatchObject({
      decision: 'inconclusive',
      because: '3 rows, at least 30',
      rowsNeeded: 30,
      p: null,
    });
    expect(few.verdict).toBe('inconclusive');
  });

  test('Holm: among many rules, a failure by chance is open; the same failure alone is one', () => {
    const rows = pair(400, { worseBy: 0.45 }, 'c');
    const alone = judge(rows, [rule('accuracy', margin(0.01))]);
    expect(alone.verdict).toBe('fail');
    expect(first(alone).p).toBeGreaterThan(0.001);
    const others = Array.from({ length: 60 }, (_, index) => rule('accuracy', margin(0.2 + index / 1000)));
    const among = judge(rows, [rule('accuracy', margin(0.01)), ...others]);
    expect(first(among)).toMatchObject({ decision: 'inconclusive', because: expect.stringContaining('corrected') });
    expect(among.verdict).toBe('inconclusive');
  });

  test('identical predictions pass with the note that nothing differs; also where the set is too small to prove it', () => {
    const rows = pair(100);
    const same = judge({ ...rows, candidate: rows.baseline }, [
      rule('accuracy', margin(0.001)),
      rule('log-loss', margin(0.001)),
    ]);
    expect([same.verdict, first(same).because]).toEqual(['pass', 'nothing differs']);
    expect(same.because).toContain('nothing differs');
    expect(judge({ ...rows, candidate: rows.baseline }, [rule('accuracy', { is: 'superior' })]).verdict).not.toBe(
      'pass',
    );
  });

  test('an undefined metric is null and open, never 0', () => {
    const rows = pair(100);
    const never = { ...rows, candidate: { ...rows.candidate, predictions: new Float64Array(100) } };
    const found = judge(never, [rule('precision')]);
    expect(first(found)).toMatchObject({ candidate: null, difference: null, interval: null, decision: 'inconclusive' });
    const one = { ...rows, labels: new Float64Array(100) };
    expect(first(judge(one, [rule('roc-auc')], { minimumSupport: { rows: 1, rowsOfClass: 0 } }))).toMatchObject({
      candidate: null,
      decision: 'inconclusive',
    });
  });

  test('missing answers leave the verdict open unless the policy tolerates them; a failed row is a wrong answer', () => {
    const rows = pair(600);
    const states = rows.candidate.states.map((_, row) => (row % 10 < 3 ? absent : 0));
    const without = { ...rows, candidate: { ...rows.candidate, states } };
    const open = judge(without, [rule('accuracy')]);
    expect(open.verdict).toBe('inconclusive');
    expect(first(open).because).toBe('180 rows of 600 without an answer of both models (30 %), tolerated: 0 %');
    expect(open.rows).toMatchObject({ compared: 420, onlyBaseline: 180 });
    expect(first(judge(without, [rule('accuracy')], { missing: 0.3 })).decision).toBe('pass');
    const broken = {
      ...rows,
      candidate: {
        ...rows.candidate,
        states: states.map((state) => (state === absent ? failed : 0)),
        predictions: rows.candidate.predictions.map((value, row) => (row % 10 < 3 ? Number.NaN : value)),
      },
    };
    expect(judge(broken, [rule('accuracy')]).verdict).toBe('fail');
  });

  test('rows that hold nothing in common, or no score that is a number, are open', () => {
    const rows = pair(100);
    const states = new Uint8Array(100).fill(absent);
    const apart = judge({ ...rows, candidate: { ...rows.candidate, states } }, [rule('accuracy')]);
    expect([apart.verdict, apart.because]).toEqual(['inconclusive', 'no row has an answer of both models']);
    const scores = new Float64Array(100).fill(Number.NaN);
    const unknown = judge({ ...rows, candidate: { ...rows.candidate, scores } }, [rule('roc-auc'), rule('log-loss')]);
    expect(unknown.cells.map(({ decision, candidate }) => [decision, candidate])).toEqual([
      ['inconclusive', null],
      ['inconclusive', null],
    ]);
  });

  test('weights are values by duplication, and intervals by fewer effective rows', () => {
    const rows = pair(400);
    const weights = Float64Array.from({ length: 400 }, (_, row) => (row % 4 === 0 ? 9 : 1));
    for (const metric of ['accuracy', 'f1', 'roc-auc', 'log-loss', 'average-precision']) {
      const plain = first(judge(rows, [rule(metric)]));
      const weighed = first(judge({ ...rows, weights }, [rule(metric)]));
      const twice = first(judge({ ...rows, weights: new Float64Array(400).fill(2) }, [rule(metric)]));
      const width = ({ interval }: typeof plain): number => (interval ? interval[1] - interval[0] : Number.NaN);
      expect(width(weighed) / width(plain)).toBeGreaterThan(1.2);
      expect(Math.abs(width(twice) / width(plain) - 1)).toBeLessThan(0.1);
      expect(twice.difference).toBeCloseTo(plain.difference ?? Number.NaN, 12);
    }
  });

  test('few clusters decide nothing, however many rows they have', () => {
    const rows = pair(580, { clusterSize: 20 });
    const found = first(judge(rows, [rule('accuracy')]));
    expect(found).toMatchObject({ decision: 'inconclusive', because: '29 clusters, at least 30', rowsNeeded: 30 });
    const minimumSupport = { rows: 29, rowsOfClass: 10 };
    expect(first(judge(rows, [rule('accuracy')], { minimumSupport })).interval).not.toBeNull();
  });

  test('clusters of rows that are alike make the interval wider', () => {
    const rows = pair(600, { clusterSize: 20 });
    const { clusters: _, ...alone } = rows;
    for (const metric of ['accuracy', 'f1', 'roc-auc', 'log-loss']) {
      const [clustered, single] = [rows, alone].map((some) => first(judge(some, [rule(metric)])).interval ?? [0, 0]);
      expect((clustered?.[1] ?? 0) - (clustered?.[0] ?? 0)).toBeGreaterThan((single?.[1] ?? 0) - (single?.[0] ?? 0));
    }
    expect(first(judge(rows, [rule('accuracy')])).clusters).toBe(30);
  });
});

const joinRows = (a: PairedRows, b: PairedRows): PairedRows => {
  const joined = (x: Float64Array | undefined, y: Float64Array | undefined): Float64Array =>
    Float64Array.from([...(x ?? []), ...(y ?? [])]);
  const both = (side: 'candidate' | 'baseline') => ({
    states: new Uint8Array(a.size + b.size),
    predictions: joined(a[side].predictions, b[side].predictions),
    scores: joined(a[side].scores, b[side].scores),
  });
  return {
    ...a,
    size: a.size + b.size,
    labels: joined(a.labels, b.labels),
    candidate: both('candidate'),
    baseline: both('baseline'),
  };
};

describe('a gate proves that it can fail', () => {
  const names: readonly (readonly [Population, readonly string[]])[] = [
    [
      binary,
      [
        'accuracy',
        'balanced-accuracy',
        'precision',
        'recall',
        'specificity',
        'false-positive-rate',
        'f1',
        'mcc',
        'kappa',
        'roc-auc',
        'average-precision',
        'pr-auc',
        'log-loss',
        'brier',
        'ece',
        'error-rate',
      ],
    ],
    [
      { task: 'regression', worseBy: 0 },
      [
        'mae',
        'mse',
        'rmse',
        'mape',
        'smape',
        'wape',
        'r2',
        'explained-variance',
        'median-absolute-error',
        'max-error',
        'bias',
      ],
    ],
  ];
  test.each(names)(
    'every metric of $task: a hopeless candidate fails, one beyond the margin does not pass',
    (population, metrics) => {
      const rows = drawPair(population, 400, randomFrom('planted'));
      const found = judge(
        rows,
        metrics.map((metric) => rule(metric)),
      );
      expect(found.selfTest).toMatchObject({ canFail: true, mirrored: true });
      const planted = (is: string) => found.selfTest.planted.filter((one) => one.is === is);
      expect(planted('hopeless').map(({ decision }) => decision)).toEqual(metrics.map(() => 'fail'));
      for (const { decision, difference } of planted('beyond-margin')) {
        expect(decision).not.toBe('pass');
        expect(difference).toBeLessThan(-0.05);
      }
    },
  );

  test.each<readonly [string, Rule, RegExp]>([
    ['only warns', rule('accuracy', margin(0.05), { level: 'warn' }), /this gate cannot fail: every rule only warns/],
    [
      'has a margin that nothing exceeds',
      rule('accuracy', margin(1)),
      /this gate cannot fail: accuracy, rule .*, does not fail/,
    ],
    [
      'has a floor that everything keeps',
      rule('accuracy', { is: 'floor', value: 0 }),
      /this gate cannot fail: accuracy, rule .*, does not fail/,
    ],
  ])('a policy that %s never passes', (_, only, because) => {
    const found = judge(pair(1000), [only]);
    expect(found.verdict).toBe('inconclusive');
    expect(found.because).toMatch(because);
  });

  test.each(names)('of $task, a limit to the good values fails a perfect candidate', (population, metrics) => {
    for (const name of metrics) {
      // An area gets four rows more that were not seen; they are many among few.
      const rows = drawPair(population, name === 'roc-auc' ? 2000 : 400, randomFrom('planted'));
      const { better } = measureOf({ metric: name }, rows);
      if (typeof better === 'object') continue;
      const value = first(judge(rows, [rule(name)])).candidate ?? Number.NaN;
      // Halfway between the candidate and the best value; nothing is below an error rate of 0.
      const limit: Criterion =
        better === 'higher'
          ? { is: 'ceiling', value: (1 + value) / 2 }
          : { is: 'floor', value: Math.max(0.02, value / 2) };
      const found = judge(rows, [rule(name, limit)]);
      expect([name, found.selfTest.canFail, found.selfTest.because]).toEqual([
        name,
        true,
        'a candidate that is always right fails',
      ]);
      expect(found.selfTest.planted).toEqual([
        expect.objectContaining({ is: 'perfect', decision: 'fail' }),
        expect.objectContaining({ is: 'beyond-margin', difference: expect.any(Number) }),
      ]);
      expect(found.selfTest.planted[1]?.difference).toBeLessThan(0);
    }
  });

  test('a ceiling of the accuracy can pass', () => {
    expect(judge(pair(400), [rule('accuracy', { is: 'ceiling', value: 0.99 })])).toMatchObject({ verdict: 'pass' });
  });

  test('a ceiling that a perfect candidate keeps never passes', () => {
    expect(judge(pair(400), [rule('accuracy', { is: 'ceiling', value: 1 })]).because).toMatch(
      /cannot fail: .* does not fail a candidate that is always right$/,
    );
  });

  test('a baseline that is always wrong is named as the reason', () => {
    const rows = pair(400);
    const wrong = rows.labels.map((label) => 1 - label);
    const answers = { ...rows.baseline, predictions: wrong };
    const because = (baseline: Float64Array): string =>
      judge({ ...rows, candidate: answers, baseline: { ...answers, predictions: baseline } }, [rule('accuracy')])
        .because;
    expect(because(wrong)).toMatch(/always wrong: the baseline has 0 % itself, and nothing is worse$/);
    const right = wrong.map((answer, row) => (row < 4 ? 1 - answer : answer));
    expect(because(right)).toMatch(
      /always wrong: the baseline has 1 % itself, and nothing is worse by more than the margin$/,
    );
  });

  test('it says the drop that it would catch', () => {
    const { selfTest } = judge(pair(1000), [rule('accuracy')]);
    expect(selfTest.because).toMatch(
      /accuracy would catch a drop of 10 points with more than 99 %, and one of [\d.]+ points with 80 %$/,
    );
    expect(selfTest.catches[0]?.smallestDrop).toBeLessThan(0.1);
  });
});

test.each(['non-inferior', 'equivalent'] as const)(
  'a margin relative to the baseline is as uncertain as the baseline: a constant loss just within it does not pass as %s',
  (is) => {
    const rows = pair(60, { task: 'regression' });
    const errors = rows.baseline.predictions.map((prediction, row) => prediction - (rows.labels[row] ?? 0));
    const mean = errors.reduce((sum, error) => sum + Math.abs(error), 0) / rows.size;
    const shifted = (share: number): PairedRows => ({
      ...rows,
      candidate: {
        ...rows.baseline,
        predictions: errors.map((error, row) => (rows.labels[row] ?? 0) + error + Math.sign(error) * share * mean),
      },
    });
    const decided = (share: number) =>
      first(judge(shifted(share), [rule('mae', { is, margin: { value: 0.05, of: 'baseline' } })])).decision;
    expect([0.02, 0.049, 0.051, 0.1].map(decided)).toEqual(['pass', 'inconclusive', 'inconclusive', 'fail']);
  },
);

test.each(['mae', 'rmse', 'r2', 'bias', 'median-absolute-error'])(
  'of %s, the planted candidates are a hopeless one that fails, and one that is worse by little more than the margin',
  (metric) => {
    const { selfTest } = judge(pair(200, { task: 'regression' }), [rule(metric, margin(0.1))]);
    const [hopeless, beyond] = selfTest.planted;
    expect(hopeless).toMatchObject({ is: 'hopeless', decision: 'fail' });
    expect(beyond).toMatchObject({ is: 'beyond-margin', decision: 'inconclusive' });
    expect(beyond?.difference).toBeLessThan(-0.1);
    expect(beyond?.difference).toBeGreaterThan(-0.12);
  },
);

describe('what gates of others missed', () => {
  test.each(['accuracy', 'f1', 'roc-auc', 'log-loss', 'brier', 'false-negative-rate'])(
    'less is better was inverted, and the challenger was compared with itself: swapped models have the opposite verdict by %s',
    (metric) => {
      const rows = pair(1500, { worseBy: 1 });
      const there = first(judge(rows, [rule(metric, { is: 'superior' })]));
      const back = first(judge(swapped(rows), [rule(metric, { is: 'superior' })]));
      expect([there.decision, back.decision]).toEqual(['fail', 'pass']);
      expect(back.difference).toBeCloseTo(-(there.difference ?? 0), 12);
      const width = (there.interval?.[1] ?? 0) - (there.interval?.[0] ?? 0);
      expect(Math.abs((back.interval?.[0] ?? 0) + (there.interval?.[1] ?? 0))).toBeLessThan(width / 8);
    },
  );

  test('one row was enough', () => {
    expect(judge(pair(1), [rule('accuracy')]).verdict).toBe('inconclusive');
  });

  test("the spread of residuals was written as every metric's: the interval narrows with the root of the rows", () => {
    const widthOf = (size: number): number => {
      const rows = drawPair({ task: 'regression', worseBy: 0 }, size, randomFrom('spread'));
      const { interval } = first(judge(rows, [rule('r2')]));
      return interval ? interval[1] - interval[0] : Number.NaN;
    };
    expect(widthOf(400) / widthOf(6400)).toBeGreaterThan(3);
    expect(widthOf(400) / widthOf(6400)).toBeLessThan(5);
  });
});

describe('a model that is made worse', () => {
  const order = ['pass', 'inconclusive', 'fail'];
  test.each(['accuracy', 'recall', 'f1', 'roc-auc', 'log-loss', 'average-precision'])(
    'never gains by %s',
    (metric: MetricName['metric']) => {
      const rows = pair(800);
      const [hopeless] = hopelessAnswers(rows);
      if (hopeless === undefined) throw new Error('no hopeless answers');
      const shuffle = shuffled(800, randomOf(1, 1));
      const found = [0, 20, 60, 200, 800].map((count) =>
        first(judge({ ...rows, candidate: partlyHopeless(rows, hopeless, shuffle, count) }, [rule(metric)])),
      );
      const ranks = found.map(({ decision }) => order.indexOf(decision));
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      expect([ranks[0], ranks.at(-1)]).toEqual([0, 2]);
      const differences = found.map(({ difference }) => difference ?? 0);
      expect(differences).toEqual([...differences].sort((a, b) => b - a));
    },
  );
});

test('a metric that favours the candidate for being one cannot fail: the swapped pair does not say the opposite', () => {
  const rows = pair(1500);
  const favour = (name: MetricName, of: AnsweredRows): Measure => {
    const measure = measureOf(name, of);
    if (measure.shape.is !== 'proportion') throw new Error(`${measure.name} is no proportion`);
    const { hits } = measure.shape;
    return {
      ...measure,
      shape: {
        is: 'proportion',
        hits: (some, answers) =>
          hits(some, answers).map((hit, index) => (answers === some.candidate && index % 40 === 0 ? 1 : hit)),
      },
    };
  };
  const found = judge(rows, [rule('accuracy')], {}, favour);
  expect(found.selfTest).toMatchObject({ canFail: false, mirrored: false });
  expect(found.because).toContain('does not say the opposite of the swapped pair');
});
