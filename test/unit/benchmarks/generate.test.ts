import { describe, expect, test } from '@jest/globals';
import { generate } from '../../benchmarks/generate.ts';
import { scenarios } from '../../benchmarks/scenarios.ts';
import type { RowArm, Run, Setting } from '../../benchmarks/stream.ts';

const usual: Setting = { requestsPerSecond: 50, bucketSeconds: 60, plan: 'fixed' };
const scenarioOf = (name: string) => {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (!found) throw new Error(`no scenario ${name}`);
  return found;
};
const streams = (name: string, runs: number, setting: Setting = usual): readonly Run[] =>
  Array.from({ length: runs }, (_, run) => generate(scenarioOf(name), setting, `${name} ${run}`));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const arms = (run: Run): readonly RowArm[] =>
  run.rows.flatMap(({ candidate, baseline }) => [candidate, baseline].filter((arm) => arm !== undefined));

test('scenarios have plain names, each once', () => {
  const names = scenarios.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
});

describe.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (name, scenario) => {
  test.each([60, 10] as const)('its counts fit together in buckets of %d s', (bucketSeconds) => {
    const setting: Setting = { ...usual, bucketSeconds };
    const run = generate(scenario, setting, name);
    expect(run.rows).toHaveLength(((scenario.minutes ?? 60) * 60) / bucketSeconds);
    expect(run.excess).toHaveLength(run.rows.length);
    expect(run.history).toHaveLength(1440);
    const fits = ({ n, err, err4xx = 0, cells, predictions }: RowArm): boolean =>
      err + err4xx <= n &&
      (cells === undefined || sum(cells) === n) &&
      (predictions === undefined || sum(predictions) === n);
    expect(arms(run).filter((arm) => !fits(arm))).toEqual([]);
    const early = run.rows.flatMap((row) =>
      [row.early?.candidate, row.early?.baseline].filter((arm) => arm !== undefined),
    );
    expect(early.filter(({ n, err }) => err > n)).toEqual([]);
    const again = (other: Setting): string => JSON.stringify(generate(scenario, other, name));
    expect(again(setting)).toBe(JSON.stringify(run));
    expect(again({ ...setting, history: 'none' })).toBe(JSON.stringify({ ...run, history: [] }));
  });

  test('is true about the excess: there is none in a null, and one of several points or times in a regression', () => {
    const { excess } = generate(scenario, usual, name);
    if (scenario.kind === 'regression') expect(Math.max(...excess)).toBeGreaterThan(0);
    else expect(excess.every((rate) => rate === 0)).toBe(true);
  });
});

/** Variance over mean of the failures in blocks of `each` minutes. */
const dispersion = (minutes: readonly { readonly bad: number }[], each: number): number => {
  const blocks = Array.from({ length: Math.floor(minutes.length / each) }, (_, index) =>
    sum(minutes.slice(index * each, (index + 1) * each).map(({ bad }) => bad)),
  );
  const mean = sum(blocks) / blocks.length;
  return sum(blocks.map((value) => (value - mean) ** 2)) / blocks.length / mean;
};

describe('the day before', () => {
  test.each([
    ['clean', 0.001, 1],
    ['sessions-of-5', 0.003, 5],
    ['sessions-of-20', 0.003, 20],
    ['sessions-of-50', 0.003, 50],
    ['long-sessions-of-20', 0.003, 20],
    ['sessions-of-5-worse', 0.003, 5],
    ['instance-of-four-in-series', 0.001, 1],
    // 1,500 failures a day in bursts of 20, beside 4,320 single ones.
    ['one-arm-bursts', 0.0012, 3.3],
  ])('of %s follows the same law', (name, rate, dispersed) => {
    const days = streams(name, 12).map(({ history }) => history);
    const requests = sum(days.flatMap((day) => day.map((minute) => minute.requests)));
    const bad = sum(days.flatMap((day) => day.map((minute) => minute.bad)));
    expect(Math.abs(bad / requests - rate)).toBeLessThan(5 * Math.sqrt((rate * dispersed) / requests));
    const found = sum(days.map((day) => dispersion(day, 20))) / days.length;
    expect(found / dispersed).toBeGreaterThan(0.75);
    expect(found / dispersed).toBeLessThan(1.25);
  });

  test('has the storms of an arm with all the traffic', () => {
    const [{ history } = { history: [] }] = streams('sticky-storms', 1);
    // Four an hour, eight minutes of 30 failures each.
    expect(sum(history.map(({ bad }) => bad)) / (24 * 4 * 8 * 30 + 4320)).toBeGreaterThan(0.7);
    expect(sum(history.map(({ bad }) => bad)) / (24 * 4 * 8 * 30 + 4320)).toBeLessThan(1.3);
  });

  test('goes on in the first minute: a baseline that drifts slowly is where it was', () => {
    const ratios = streams('arms-drift-slowly', 40, { ...usual, requestsPerSecond: 1000 }).map(({ history, rows }) => {
      const last = history.slice(-2);
      const first = rows.slice(0, 2).map(({ baseline }) => baseline);
      const before = sum(last.map(({ bad }) => bad)) / sum(last.map(({ requests }) => requests));
      const after = sum(first.map((arm) => arm?.err ?? 0)) / sum(first.map((arm) => arm?.n ?? 0));
      return Math.log(after / before);
    });
    // The rates of two days would differ by 0.42.
    expect(Math.sqrt(sum(ratios.map((log) => log ** 2)) / ratios.length)).toBeLessThan(0.15);
  });

  test('is not ill, not yet in the morning, and without the outage to come', () => {
    for (const name of ['old-fleet-ill-early', 'night-then-onset', 'both-fail', 'errors-rise']) {
      const [{ history } = { history: [] }] = streams(name, 1);
      const rate = sum(history.map(({ bad }) => bad)) / sum(history.map(({ requests }) => requests));
      expect(rate).toBeGreaterThan(0.0008);
      expect(rate).toBeLessThan(0.0012);
    }
  });
});

describe('a stream', () => {
  const failing = (runs: readonly Run[], arm: 'candidate' | 'baseline', from: number, to: number): number => {
    const found = runs.flatMap(({ rows }) =>
      rows.filter(({ t }) => t >= 60 * from && t < 60 * to).map((row) => row[arm]),
    );
    return sum(found.map((one) => one?.err ?? 0)) / sum(found.map((one) => one?.n ?? 0));
  };

  test.each([
    ['sessions-of-5-worse', 0.012, 0.003, 5],
    ['sessions-of-20-worse', 0.0101, 0.0001, 20],
    ['sessions-of-50-worse', 0.0155, 0.0005, 50],
    ['long-sessions-of-20-worse', 0.018, 0.003, 20],
    ['three-times-drifting', 0.015, 0.005, 20],
    ['instance-of-four-in-series', 0.02075, 0.001, 3],
    ['four-times', 0.004, 0.001, 1],
  ])('of %s has the rates that were declared', (name, candidate, baseline, dispersed) => {
    const runs = streams(name, 40);
    const spread = (rate: number, share: number): number => 5 * Math.sqrt((rate * dispersed) / (40 * 180_000 * share));
    expect(Math.abs(failing(runs, 'candidate', 0, 60) - candidate)).toBeLessThan(spread(candidate, 0.1));
    expect(Math.abs(failing(runs, 'baseline', 0, 60) - baseline)).toBeLessThan(spread(baseline, 0.9));
    expect(runs[0]?.excess[30]).toBeCloseTo(candidate - baseline, 9);
  });

  test('of an ill old fleet: it alone is ill, and the excess is measured beside its usual rate', () => {
    const runs = streams('worse-beside-ill-early', 5);
    expect(failing(runs, 'baseline', 0, 2)).toBeGreaterThan(0.38);
    expect(failing(runs, 'baseline', 2, 60)).toBeLessThan(0.0013);
    expect(failing(runs, 'candidate', 0, 2)).toBeLessThan(0.03);
    expect(runs[0]?.excess[0]).toBeCloseTo(0.009, 9);
  });

  test('of a night: little traffic, then all of it and the fault', () => {
    const [run] = streams('night-then-onset', 1);
    const requests = (minute: number): number => run?.rows[minute]?.baseline?.n ?? 0;
    expect(requests(100)).toBeLessThan(200);
    expect(requests(250)).toBeGreaterThan(2400);
    expect(run?.onset).toBe(240 * 60);
    expect(run?.excess[239]).toBe(0);
    expect(run?.excess[240]).toBeCloseTo(0.009, 9);
  });

  test('of the highest share: 95 % for an hour, and the fault begins with it', () => {
    const [run] = streams('death-at-highest-share', 1);
    expect(run?.rows.map(({ share }) => share).slice(44, 46)).toEqual([0.5, 0.95]);
    expect(run?.rows.at(-1)?.share).toBe(0.95);
    expect(run?.rows[45]?.candidate?.err).toBe(run?.rows[45]?.candidate?.n);
    expect(run?.rows[45]?.moved).toBe(true);
  });

  test('of revised buckets: three readings of ten have too few requests, and all errors', () => {
    const rows = streams('revised-buckets', 40).flatMap(({ rows }) => rows);
    const short = rows.filter(({ early, candidate }) => (early?.candidate?.n ?? 0) < (candidate?.n ?? 0));
    expect(short.length / rows.length).toBeGreaterThan(0.26);
    expect(short.length / rows.length).toBeLessThan(0.34);
    expect(rows.every(({ early, candidate }) => early?.candidate?.err === candidate?.err)).toBe(true);
  });

  test('of collapsed predictions: the candidate knows one class; an hour of a null has the same shares in both arms', () => {
    const classes = (runs: readonly Run[], arm: 'candidate' | 'baseline'): readonly number[] => {
      const all = runs.flatMap(({ rows }) =>
        rows.flatMap((row) => (row[arm]?.predictions ? [row[arm].predictions] : [])),
      );
      const counts = [0, 1, 2].map((index) => sum(all.map((cells) => cells[index] ?? 0)));
      return counts.map((count) => count / sum(counts));
    };
    const collapsed = streams('predictions-collapse', 3);
    expect(classes(collapsed, 'candidate')).toEqual([1, 0, 0]);
    expect(classes(collapsed, 'baseline')[0]).toBeCloseTo(0.7, 2);
    expect(collapsed[0]?.excess[0]).toBeCloseTo(0.3, 9);
    const same = streams('same-predictions', 3);
    classes(same, 'candidate').forEach((share, index) => {
      expect(Math.abs(share - ([0.7, 0.25, 0.05][index] ?? 0))).toBeLessThan(0.02);
    });
  });
});
