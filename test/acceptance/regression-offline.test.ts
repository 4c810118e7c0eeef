import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { manifestText } from '../../src/rehearsal/manifest.ts';
import { type FakeGitHub, startFakeGitHub } from '../github/fake-github.ts';
import { jsonLines } from '../support/prediction-files.ts';
import { runStep, type StepEnd } from '../support/run-action.ts';

/** The bundle as a process with a checkout, and with no account and no credentials: every call to AWS would fail. */

const bundle = 'actions/regression-test/dist/index.cjs';
const policy = [
  'regression:',
  '  task: binary-classification',
  '  positive: "1"',
  '  dataset: golden.jsonl',
  '  rules: [{ metric: accuracy, non-inferior: 0.02 }]',
  '  request: { content-type: text/csv, input: [pixels] }',
];
const manifest = (more: readonly string[] = []): string => `${manifestText()}${[...policy, ...more].join('\n')}\n`;

const labels = Array.from({ length: 400 }, (_, row) => String(row % 2));
const golden = jsonLines(labels.map((label, row) => ({ id: `r${row}`, label, pixels: row })));
/** Right except on each `wrongEvery`-th row; golden rows have the labels. */
const predicted = (wrongEvery: number): string =>
  jsonLines(
    labels.map((label, row) => ({ id: `r${row}`, prediction: row % wrongEvery === 0 ? String(1 - (row % 2)) : label })),
  );

const files = {
  'delivery.yml': manifest(),
  'golden.jsonl': golden,
  'new.jsonl': predicted(25),
  'bad.jsonl': predicted(3),
  'old.jsonl': predicted(20),
};
const both = { predictions: 'new.jsonl', 'baseline-predictions': 'old.jsonl' };
const reports = { junit: 'report.xml', html: 'report.html', evaluation: 'evaluation.json' };

const offline = (
  inputs: Readonly<Record<string, string>>,
  changed: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<StepEnd> =>
  runStep(
    bundle,
    { manifest: 'delivery.yml', environment: 'production', 'github-token': '', ...inputs },
    { env, files: { ...files, ...changed }, reads: Object.values(reports) },
  );
const resultOf = ({ outputs }: StepEnd) => JSON.parse(outputs['result'] ?? '{}');

describe('a test of files of predictions', () => {
  test('passes without an account and a version, writes its reports, and is only shown', async () => {
    const step = await offline({ ...both, ...reports });
    expect(step.log).toContain('works without an account: it reads the checkout alone');
    expect(step.code).toBe(0);
    expect(resultOf(step)).toMatchObject({ outcome: 'succeeded', reason: 'predictions-passed' });
    expect(step.outputs).toMatchObject({ verdict: 'pass', rows: '400', 'reason-code': 'predictions-passed' });
    // Such outputs would name a registered version, and a verdict that a delivery may begin by.
    for (const name of ['version', 'tag', 'model-package-version', 'attempt', 'answers', 'valid-until'])
      expect(step.outputs).not.toHaveProperty(name);
    expect(step.summary).toContain('no delivery begins by it');
    expect(step.summary).toContain('before a delivery, regression-test asks the registered version');
    expect(step.written['report.xml']).toContain('<testcase');
    expect(step.written['report.html']).toContain('<!doctype html>');
    expect(JSON.parse(step.written['evaluation.json'] ?? '{}')).toMatchObject({
      dataset: { item_count: 400 },
      model_delivery: { verdict: 'pass' },
    });
  });

  test('fails a worse candidate', async () => {
    const step = await offline({ ...both, predictions: 'bad.jsonl', ...reports });
    expect(step.code).toBe(1);
    expect(resultOf(step)).toMatchObject({ outcome: 'rejected', reason: 'regression-failed' });
    expect(resultOf(step).because).toMatch(/^accuracy:? .*/);
    expect(step.summary).toContain('Regression test: fail');
    expect(step.written['report.xml']).toContain('<failure');
  });

  test('is undecided without a baseline, unless a limit decides alone', async () => {
    const alone = await offline({ predictions: 'new.jsonl' });
    expect(resultOf(alone)).toMatchObject({ outcome: 'inconclusive', reason: 'regression-inconclusive' });
    const floor = manifest().replace('{ metric: accuracy, non-inferior: 0.02 }', '{ metric: accuracy, floor: 0.9 }');
    const limited = await offline({ predictions: 'new.jsonl' }, { 'delivery.yml': floor });
    expect(resultOf(limited)).toMatchObject({ outcome: 'succeeded', reason: 'predictions-passed' });
  });

  test('names the parts of the manifest that need a model, and golden rows that it could not read', async () => {
    const remote = manifest(['  best-of: 3']).replace('dataset: golden.jsonl', 'dataset: s3://ml-golden/iris.jsonl');
    const withLabels = (text: string): string =>
      text.replaceAll(/"r(\d+)"/g, (id, row: string) => `${id},"label":"${Number(row) % 2}"`);
    const step = await offline(both, {
      'delivery.yml': remote,
      'new.jsonl': withLabels(files['new.jsonl']),
      'old.jsonl': withLabels(files['old.jsonl']),
    });
    expect(step.outputs['verdict']).toBe('pass');
    expect(step.summary).toContain("Not tested on files: best-of of the manifest's regression section.");
    expect(step.summary).toMatch(
      /not compared with the policy's dataset: `s3:\/\/ml-golden\/iris\.jsonl` is not on this machine/,
    );
  });

  test.each([
    [
      'with `again`',
      { ...both, again: 'true' },
      /^again: is true beside predictions "new\.jsonl", and a test of files keeps no verdict/,
    ],
    [
      'a baseline alone',
      { 'baseline-predictions': 'old.jsonl' },
      /^baseline-predictions: "old\.jsonl" is there without predictions/,
    ],
    ['a missing file', { predictions: 'none.jsonl' }, /^predictions: cannot read "none\.jsonl": there is no such file/],
    [
      'a file outside',
      { predictions: '../../etc/hostname' },
      /^predictions: cannot read .*(it is not in|no such file)/,
    ],
    [
      'a missing baseline',
      { ...both, 'baseline-predictions': 'none.jsonl' },
      /^baseline-predictions: cannot read "none\.jsonl"/,
    ],
    ['a token', { ...both, 'resume-token': '{"v":1}' }, /^resume-token: this run asks nothing of AWS/],
    ['neither files nor a version', {}, /^version is required: /],
  ] as const)('refuses %s with one error, before it asks for an account', async (_, inputs, because) => {
    const step = await offline(inputs);
    expect(step.code).toBe(1);
    expect(resultOf(step)).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(resultOf(step).because).toMatch(because);
  });

  test('refuses rows that are wrong, by input, file and line', async () => {
    const step = await offline(both, { 'new.jsonl': '{"id":"r0"}\n' });
    expect(resultOf(step)).toMatchObject({ reason: 'invalid-input' });
    expect(resultOf(step).because).toMatch(/^predictions: new\.jsonl:1: /);
  });
});

describe('on a pull request', () => {
  const head = 'c0ffee'.padEnd(40, '0');
  const mina = { login: 'mina', type: 'User' } as const;
  let github: FakeGitHub;
  beforeEach(async () => {
    github = await startFakeGitHub({
      state: { pullRequests: [{ number: 7, head, state: 'open', author: mina, commits: [head] }] },
    });
  });
  afterEach(() => github.close());

  const event = JSON.stringify({
    repository: { full_name: 'acme/churn' },
    pull_request: { number: 7, head: { sha: head, repo: { full_name: 'acme/churn' } } },
  });
  const push = (inputs: Readonly<Record<string, string>>): Promise<StepEnd> =>
    runStep(
      bundle,
      {
        ...{ manifest: 'delivery.yml', environment: 'production', 'github-token': github.token, publish: 'comment' },
        ...inputs,
      },
      {
        files: { ...files, 'event.json': event },
        env: { ...github.environment(), GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: 'event.json' },
      },
    );
  const own = (): readonly string[] => github.state.comments.map(({ body }) => body);

  test('fills its section of the one comment, and the next push replaces it', async () => {
    await push({ ...both, version: '1.4.0' });
    expect(own()).toHaveLength(1);
    expect(own()[0]).toContain('<!-- model-delivery section: regression-test/production');
    expect(own()[0]).toContain('environment `production`, version `1.4.0`');
    expect(own()[0]).toContain('Regression test: pass');
    await push({ ...both, predictions: 'bad.jsonl' });
    expect(own()).toHaveLength(1);
    expect(own()[0]).toContain('Regression test: fail');
    expect(own()[0]).not.toContain('Regression test: pass');
    expect(own()[0]).toContain('only shown');
  });
});
