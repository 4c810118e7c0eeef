import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compare } from '../../../src/commands/compare.ts';
import { filesOf, jsonLines } from '../../support/prediction-files.ts';
import { runCommand } from '../../support/run-command.ts';

/** Nine gates of other projects that cannot fail, or say nothing (reference/ml-cd-peers.md §1.9). Each mistake is caught here. */

interface Row {
  readonly id: string;
  readonly label: number;
}
const set: readonly Row[] = Array.from({ length: 300 }, (_, i) => ({ id: `r${i}`, label: i % 2 }));
const classifier = (wrongEvery: number, more: object = {}) =>
  jsonLines(set.map((row, i) => ({ ...row, prediction: i % wrongEvery === 0 ? 1 - row.label : row.label, ...more })));
const regressor = (error: number) =>
  jsonLines(set.map((row, i) => ({ ...row, prediction: row.label + (i % 2 === 0 ? error : -error) * (1 + (i % 7)) })));
const binary = 'task: binary-classification\npositive: 1\nmetrics: [accuracy]\n';

const run = async (policy: string, candidate: string, baseline: string) => {
  const files = filesOf({ 'p.yml': policy, 'a.jsonl': candidate, 'b.jsonl': baseline });
  const folder = dirname(files['p.yml']);
  const reports = { junit: join(folder, 'junit.xml'), evaluation: join(folder, 'evaluation.json') };
  const { code, out, err } = await runCommand(compare, [
    ...['--candidate', files['a.jsonl'], '--baseline', files['b.jsonl'], '--policy', files['p.yml']],
    ...['--json', '--junit', reports.junit, '--evaluation', reports.evaluation],
  ]);
  return { code, value: JSON.parse(out.join('\n')), err, reports };
};

describe('a gate that gates nothing', () => {
  test('1: `echo "No issues found."` — a policy without a rule is refused', async () => {
    const { code, err } = await run('task: binary-classification\npositive: 1\n', classifier(9), classifier(9));
    expect(code).toBe(2);
    expect(err.join('\n')).toContain('has neither metrics nor rules');
  });

  test('2: success without an invocation — a candidate without answers does not pass', async () => {
    const silent = jsonLines(set.map((row) => ({ ...row, prediction: null })));
    const failing = jsonLines(set.map((row) => ({ ...row, error: 'no endpoint' })));
    expect((await run(binary, silent, classifier(9))).value.verdict).toBe('inconclusive');
    expect((await run(binary, failing, classifier(9))).value.verdict).toBe('fail');
    expect((await run(binary, '', classifier(9))).code).toBe(2);
  });

  test.each(['mae', 'rmse'])(
    '3: lower is better, inverted — a larger %s fails, a smaller one passes',
    async (metric) => {
      const policy = `task: regression\nmetrics: [${metric}]\n`;
      expect((await run(policy, regressor(0.3), regressor(0.1))).value.verdict).toBe('fail');
      expect((await run(policy, regressor(0.1), regressor(0.3))).value.verdict).toBe('pass');
    },
  );

  test('4: the challenger compared with itself — the sentence says that nothing differs', async () => {
    const { value } = await run(binary, classifier(9), classifier(9));
    expect(value).toMatchObject({ verdict: 'pass', rows: { flipped: 0 } });
    expect(value.because).toContain('nothing differs');
    expect((await run(binary, classifier(9), classifier(8))).value.because).not.toContain('nothing differs');
  });

  test.each([
    ['squad', 0, 'pass'],
    ['none', 300, 'fail'],
  ])('4: texts that normalisation %s makes equal do not differ', async (normalization, flipped, verdict) => {
    const policy = `task: text\nnormalization: ${normalization}\nmetrics: [exact-match]\n`;
    const answering = (answer: string) => jsonLines(set.map(({ id }) => ({ id, label: 'Eiffel', prediction: answer })));
    const { value } = await run(policy, answering('the EIFFEL.'), answering('Eiffel'));
    expect(value).toMatchObject({ verdict, rows: { flipped } });
    expect(value.because.includes('nothing differs')).toBe(flipped === 0);
  });

  test('5: a dry run without a baseline promotes anyway — without one only limits decide, and neither no limit nor warnings alone ever pass', async () => {
    const files = filesOf({ 'p.yml': binary, 'a.jsonl': classifier(9) });
    const { code, out } = await runCommand(compare, ['--candidate', files['a.jsonl'], '--policy', files['p.yml']]);
    expect([code, out[0]]).toEqual([
      1,
      expect.stringMatching(/^inconclusive: this gate cannot fail: without a baseline/),
    ]);
    const warns = binary.replace('metrics: [accuracy]', 'rules: [{ metric: accuracy, max-drop: 0.05, level: warn }]');
    const { value } = await run(warns, classifier(9), classifier(9));
    expect([value.verdict, value.because]).toEqual(['inconclusive', expect.stringContaining('cannot fail')]);
  });

  test('6: failed conditions printed, not failed — JUnit has them as failures', async () => {
    const { reports } = await run(binary, classifier(2), classifier(9));
    const junit = readFileSync(reports.junit, 'utf8');
    expect(junit).toMatch(/<testsuite [^>]*failures="2"/);
    expect(junit).toMatch(/<testcase [^>]*name="accuracy: [^>]*><failure /);
  });

  test('7: passes if data ever existed — predictions for other rows than the golden ones are refused', async () => {
    const golden = filesOf({ 'golden.jsonl': jsonLines(set.map((row) => ({ ...row, id: `new-${row.id}` }))) });
    const { code, value } = await run(`${binary}dataset: ${golden['golden.jsonl']}\n`, classifier(9), classifier(9));
    expect(code).toBe(2);
    expect(value.error).toMatchObject({ input: 'candidate', because: expect.stringContaining('is not in') });
  });

  test('8: an endpoint that is in service — fast answers without an error fail where they are wrong', async () => {
    const policy = binary.replace('[accuracy]', '[accuracy, error-rate, latency-p99]');
    const { value } = await run(policy, classifier(2, { 'latency-ms': 1 }), classifier(9, { 'latency-ms': 50 }));
    expect(value.verdict).toBe('fail');
    expect(value.cells.map(({ metric, decision }: { metric: string; decision: string }) => [metric, decision])).toEqual(
      [
        ['accuracy', 'fail'],
        ['error-rate', 'pass'],
        ['latency-p99', 'pass'],
      ],
    );
  });

  test('9: the deviation of residuals as that of every metric — evaluation.json has no deviation that was not computed', async () => {
    const { reports } = await run('task: regression\nmetrics: [mae, r2]\n', regressor(0.1), regressor(0.1));
    const { regression_metrics } = JSON.parse(readFileSync(reports.evaluation, 'utf8'));
    const deviations = Object.values<{ standard_deviation?: unknown }>(regression_metrics).map(
      (one) => one.standard_deviation,
    );
    expect(deviations.length).toBeGreaterThan(2);
    expect(new Set(deviations)).toEqual(new Set(['NaN']));
  });
});
