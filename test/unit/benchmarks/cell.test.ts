import { describe, expect, test } from '@jest/globals';
import { bucketsOf, readBucketLines } from '../../../src/commands/bucket-lines.ts';
import { needsBurstGuard } from '../../../src/judge/burst-guard.ts';
import { judge } from '../../../src/judge/judge.ts';
import { play, streamOf } from '../../benchmarks/cell.ts';
import { promiseRows } from '../../benchmarks/judge-promises.ts';
import { summaryOf } from '../../benchmarks/judge-summary.ts';
import { cellAsText, promisesAsText } from '../../benchmarks/judge-tables.ts';
import { bucketOf, policyFor, predicted } from '../../benchmarks/judges/ours.ts';
import { linesOf } from '../../benchmarks/lines.ts';
import type { Setting } from '../../benchmarks/stream.ts';

const usual: Setting = { requestsPerSecond: 50, bucketSeconds: 60, plan: 'fixed' };
const played = (scenario: string, runs = 12) => summaryOf(play({ scenario, setting: usual }, runs));
const of = (name: string, { contestants }: ReturnType<typeof played>) => {
  const found = contestants.find((one) => one.name === name);
  if (!found) throw new Error(`no contestant ${name}`);
  return found;
};

describe('a cell of the benchmark', () => {
  test('outages of both arms: the judge rolls nothing back, counters most', () => {
    const cell = played('shared-outages');
    expect(of('judge', cell).rolledBack).toBe(0);
    expect(of('judge', cell).healthy).toBe(12);
    expect(of('Argo counters', cell).rolledBack).toBeGreaterThan(5);
  });

  test('ten times the errors: all convict, the judge with the least harm of those that spare clean models; exposure and harm agree', () => {
    const cell = played('ten-times');
    const clean = played('clean');
    const sparing = cell.contestants.slice(2).filter(({ name }) => of(name, clean).rolledBack === 0);
    expect(sparing.length).toBeGreaterThan(3);
    expect(of('judge', cell)).toMatchObject({ rolledBack: 12, by: { 'candidate-worse': 12 } });
    for (const other of sparing) expect(other.harmedMean).toBeGreaterThan(of('judge', cell).harmedMean);
    expect(of('judge', cell).harmedMean).toBeCloseTo(of('judge', cell).exposedMean * 0.009, 6);
  });

  test('what is said to be healthy while the true excess is the bound is counted as wrong', () => {
    expect(of('alarm 2 of 2 x 5 min', played('twice')).wrong).toBe(0);
    const cell = summaryOf(play({ scenario: 'half-a-point', setting: { ...usual, requestsPerSecond: 1 } }, 12));
    const kayenta = of('Kayenta, one look', cell);
    expect(kayenta.wrong).toBe(12 - kayenta.rolledBack);
    expect(kayenta.wrong).toBeGreaterThan(0);
  });

  test('health must be true of the newest requests too: an excess since minute 30 is half of it over the whole hour', () => {
    const cell = played('onset');
    const survivor = of('Kayenta, one look', cell);
    expect(survivor.rolledBack).toBeLessThan(12);
    expect(survivor.wrong).toBe(12 - survivor.rolledBack);
  });

  test('the old fleet’s own incident is not part of what a proof is about', () => {
    const { rows, excess, ill } = streamOf({ scenario: 'worse-beside-ill-late', setting: usual }, 0);
    expect(rows.filter((_, row) => ill[row]).map(({ t }) => t / 60)).toEqual([30, 31, 32]);
    expect(excess[31]).toBeCloseTo(0.009, 9);
    expect(of('judge', played('worse-beside-ill-late', 12)).wrong).toBeLessThanOrEqual(3);
  });

  test('exposure counts from the fault on; settling, a second reading and the wait for a look add two to four minutes', () => {
    const { exposedMean, exposedSettledMean, premature } = of('judge', played('onset'));
    expect(premature).toBe(0);
    expect(exposedMean).toBeLessThan(4000);
    const perMinute = 300;
    expect(exposedSettledMean - exposedMean).toBeGreaterThan(2.3 * perMinute);
    expect(exposedSettledMean - exposedMean).toBeLessThan(3.3 * perMinute);
    const kayenta = of('Kayenta, six looks', played('ten-times'));
    expect(kayenta.exposedSettledMean - kayenta.exposedMean).toBeGreaterThan(1.9 * perMinute);
    expect(kayenta.exposedSettledMean - kayenta.exposedMean).toBeLessThan(2.7 * perMinute);
  });

  test('predictions that collapse hold the share, and take the traffic back where they are judged', () => {
    expect(of('judge', played('predictions-collapse'))).toMatchObject({ held: 12, healthy: 0, rolledBack: 0 });
    expect(of('judge', played('predictions-collapse-judged'))).toMatchObject({ healthy: 0, rolledBack: 12 });
  });

  test('the text says what was played', () => {
    const cells = [played('clean', 3), played('ten-times', 3)];
    expect(cellAsText(cells[0] ?? played('clean', 1))).toMatch(
      /^clean \(clean, 0\.1 % errors\), 50 rps, 60 s buckets, 10 %, 3 runs/,
    );
    const promises = promisesAsText(promiseRows(cells, undefined));
    expect(promises).toMatch(
      /^met {4}healthy models keep the traffic: independent requests.*≤ 0\.1 %; 0 % \(0 of 3; /m,
    );
    expect(promises).toMatch(/^ {7}time per bucket, 100 metrics .*not run$/m);
  });
});

test.each([
  'gaps',
  'cold-start',
  'slower-tail',
  'ten-times-in-bursts',
  'callers-refused',
  'predictions-collapse-judged',
])('a stream written as lines is judged on the command line as in the benchmark: %s', (scenario) => {
  const run = streamOf({ scenario, setting: { ...usual, plan: 'ramp' } }, 0);
  const policy = policyFor(run, needsBurstGuard(run.history).needed);
  const own = run.predictionsVerdict ? [predicted(run.predictionsVerdict)] : [];
  const { buckets, history } = bucketsOf(readBucketLines(linesOf(run), 'x', own), 1.2, own);
  expect(history.map(({ requests, bad }) => ({ requests, bad }))).toEqual(
    run.history.map(({ requests, bad }) => ({ requests, bad })),
  );
  expect(judge(policy, buckets)).toEqual(judge(policy, run.rows.map(bucketOf)));
});
