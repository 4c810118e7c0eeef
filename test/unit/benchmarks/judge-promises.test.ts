import { describe, expect, test } from '@jest/globals';
import { contestants } from '../../benchmarks/contestants.ts';
import { type PromiseRow, promiseRows } from '../../benchmarks/judge-promises.ts';
import type { CellSummary, Summary } from '../../benchmarks/judge-summary.ts';
import { scenarios } from '../../benchmarks/scenarios.ts';
import type { Setting } from '../../benchmarks/stream.ts';

const usual: Setting = { requestsPerSecond: 50, bucketSeconds: 60, plan: 'fixed' };

const summary = (name: string, some: Partial<Summary> = {}): Summary => ({
  name,
  rolledBack: 0,
  bounds: [0, 0],
  by: {},
  premature: 0,
  exposedMean: 0,
  exposedP95: 0,
  exposedSettledMean: 0,
  harmedMean: 1,
  secondsMedian: undefined,
  wrong: 0,
  wrongBounds: [0, 0],
  stale: 0,
  held: 0,
  healthy: 0,
  healthyRequestsMedian: undefined,
  healthySecondsMedian: undefined,
  ...some,
});

/** A cell of 1,000 runs. */
const cell = (
  scenario: string,
  judge: Partial<Summary> = {},
  others: Readonly<Record<string, Partial<Summary>>> = {},
  setting: Setting = usual,
): CellSummary => ({
  scenario,
  setting,
  runs: 1000,
  replaysAlike: true,
  contestants: contestants.map(({ name }, index) =>
    summary(name, index === 0 ? judge : (others[name] ?? { harmedMean: 2 })),
  ),
});

const rowOf = (cells: readonly CellSummary[], part: string): PromiseRow => {
  const [found, ...rest] = promiseRows(cells, undefined).filter(({ promise }) => promise.includes(part));
  if (!found || rest.length > 0) throw new Error(`${rest.length + 1} rows with ${part}`);
  return found;
};

describe('a promise', () => {
  test('that was not run is neither kept nor broken', () => {
    const rows = promiseRows([], undefined);
    expect(rows.filter(({ met }) => met !== undefined)).toEqual([]);
    expect(rows.every(({ measured }) => measured === 'not run')).toBe(true);
  });

  test('about all cells together is kept by their sum; clustered nulls are not among them', () => {
    const pooled = 'independent requests, all cells together';
    const one = cell('clean', { rolledBack: 2 });
    expect(rowOf([one], pooled)).toMatchObject({ met: false });
    expect(rowOf([one, cell('gaps')], pooled)).toMatchObject({ met: true });
    expect(rowOf([cell('clean'), cell('sticky-storms', { rolledBack: 500 })], pooled)).toMatchObject({ met: true });
    expect(rowOf([cell('clean'), cell('no-traffic', { rolledBack: 500 })], pooled)).toMatchObject({ met: true });
  });

  test('about every cell is broken by the worst one, and names all that break it', () => {
    const clustered = 'clustered errors, and arms that drift';
    expect(rowOf([cell('sticky-storms', { rolledBack: 10 }), cell('sessions-of-5')], clustered)).toMatchObject({
      met: true,
      measured: expect.stringMatching(
        /^1 % \(10 of 1000; 95 % bounds 0\.48 % to 1\.8 %\), sticky-storms at 50 rps, 60 s, fixed$/,
      ),
    });
    const broken = rowOf(
      [cell('sticky-storms', { rolledBack: 11 }), cell('arms-drift', { rolledBack: 20 }), cell('sessions-of-5')],
      clustered,
    );
    expect(broken.met).toBe(false);
    expect(broken.measured).toMatch(/^2 % .*arms-drift.*; also missed: sticky-storms at 50 rps, 60 s, fixed 1\.1 %$/);
  });

  test('to find is kept from the target on, without rollbacks before the fault, at 50 requests a second', () => {
    const found = 'found within the hour; independent requests';
    expect(rowOf([cell('ten-times', { rolledBack: 950 })], found)).toMatchObject({ met: true });
    expect(rowOf([cell('ten-times', { rolledBack: 960, premature: 11 })], found)).toMatchObject({ met: false });
    const slow: Setting = { ...usual, requestsPerSecond: 5 };
    expect(rowOf([cell('ten-times', { rolledBack: 0 }, {}, slow)], found)).toMatchObject({ met: undefined });
  });

  test('is about settings with a day before, unless it says otherwise; a figure without a limit breaks no promise', () => {
    const none: Setting = { ...usual, history: 'none' };
    const drift = cell('arms-drift', { rolledBack: 300 }, {}, none);
    expect(rowOf([drift], 'clustered errors, and arms that drift').met).toBeUndefined();
    expect(rowOf([drift], 'rolled back where errors cluster')).toMatchObject({
      met: true,
      target: 'measured, not promised',
      measured: expect.stringMatching(/^30 % /),
    });
    const missed = [cell('sticky-storms', {}, {}, none), cell('slower-tail', { rolledBack: 400 }, {}, none)];
    const more = [...missed, cell('slower', { rolledBack: 1000 }, {}, none)];
    expect(rowOf(more, 'where errors cluster, or latency is worse').measured).toMatch(/^40 % /);
    expect(rowOf([cell('clean', { rolledBack: 11 }, {}, none)], 'where errors come singly')).toMatchObject({
      met: false,
    });
  });

  test('about harm compares with those that spare healthy models only', () => {
    const harm = 'with a day before, at 5 requests a second or more';
    const name = 'Argo counters';
    const quick = cell(
      'ten-times',
      { harmedMean: 5 },
      Object.fromEntries(contestants.map((one) => [one.name, { harmedMean: 9 }])),
    );
    const bad = {
      ...quick,
      contestants: quick.contestants.map((one) => (one.name === name ? { ...one, harmedMean: 4 } : one)),
    };
    expect(rowOf([bad, cell('clean', {}, { [name]: { rolledBack: 50 } })], harm)).toMatchObject({ met: true });
    const spared = rowOf([bad, cell('clean', {}, { [name]: { rolledBack: 49 } })], harm);
    expect(spared.met).toBe(false);
    expect(spared.measured).toMatch(
      /^6 of 7 comparisons; not in ten-times at 50 rps, 60 s, fixed: Argo counters 4\.0, the judge 5\.0$/,
    );
  });

  test('of exposure is about the clean history, and says the figure with settling beside it', () => {
    const exposed = 'candidate requests until the rollback';
    expect(rowOf([cell('ten-times', { exposedMean: 900, exposedSettledMean: 1700 })], exposed)).toMatchObject({
      met: true,
      measured: expect.stringMatching(/^900; .* 1700$/),
    });
    expect(rowOf([cell('ten-times', { exposedMean: 901 })], exposed)).toMatchObject({ met: false });
    expect(
      rowOf([cell('ten-times', { exposedMean: 800 }, {}, { ...usual, history: 'none' })], exposed).met,
    ).toBeUndefined();
  });

  test('of the documented proofs is read from docs/judge.md', () => {
    const fine: Setting = { ...usual, bucketSeconds: 10 };
    const rows = promiseRows([], undefined).filter(({ promise }) =>
      promise.startsWith('an equally good model is proven'),
    );
    expect(rows.map(({ where }) => where)).toEqual([
      'no-errors',
      'clean',
      'half-percent',
      'one-percent',
      'two-percent',
    ]);
    expect(rowOf([cell('no-errors', { healthyRequestsMedian: 300 }, {}, fine)], 'is proven: no errors').met).toBe(true);
    expect(rowOf([cell('no-errors', { healthyRequestsMedian: 30_000 }, {}, fine)], 'is proven: no errors').met).toBe(
      false,
    );
    expect(rowOf([cell('no-errors', {}, {}, fine)], 'is proven: no errors')).toMatchObject({
      met: false,
      measured: 'never',
    });
  });

  test('of replay, speed and size', () => {
    const machine = { milliseconds: 0.4, explained: 0.9, bytes: 11_000 };
    const different = { ...cell('clean'), replaysAlike: false };
    expect(rowOf([cell('clean')], 'to the last bit').met).toBe(true);
    expect(rowOf([cell('clean'), different], 'to the last bit').met).toBe(false);
    const kept = (found: typeof machine) =>
      promiseRows([], found)
        .slice(-2)
        .map(({ met }) => met);
    expect(kept(machine)).toEqual([true, true]);
    expect(kept({ ...machine, milliseconds: 1, bytes: 15_000 })).toEqual([false, false]);
  });

  test('names scenarios that exist', () => {
    const names = new Set(scenarios.map(({ name }) => name));
    const named = promiseRows([], undefined)
      .flatMap(({ where }) => where.split(', '))
      .filter(
        (where) => !/^\d+ scenarios$|^all regressions$|^one run of every cell$|^this machine$|^src\/judge$/.test(where),
      );
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });
});
