import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { resultAsText } from '../../src/report/result.ts';
import { rowsRepeated } from '../../src/scoring/ask-piece.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import {
  columns,
  goldenRows,
  namedVerdict,
  putGoldenSet,
  regress,
  temporaries,
  testObjects,
  testRecords,
  withRegression,
} from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.1.0');
  await account.prepare('1.0.0');
});
afterEach(() => account.close());

const inputOf = (row: (typeof goldenRows)[number]): string => columns.map((column) => row[column]).join(',');

/** No two of them make the same request. */
const rows = [...new Map(goldenRows.map((row) => [inputOf(row), row])).values()];

/** Of each request of a row to a model, how often it was answered; the calls of runs fill it. */
const answers = new Map<string, number>();
const answered = (name: string, input: unknown): void => {
  if (name !== 'runtime.invokeEndpoint') return;
  const { EndpointName, Body } = input as { readonly EndpointName: string; readonly Body: Buffer };
  const request = `${EndpointName} ${Body.toString().trim()}`;
  answers.set(request, (answers.get(request) ?? 0) + 1);
};
beforeEach(() => answers.clear());

const repeated = new Set(rows.slice(0, rowsRepeated).map(inputOf));

/** The requests that were sent again although they had an answer, but for the rows that are asked twice on purpose. */
const sentAgain = (): readonly string[] =>
  [...answers].flatMap(([request, times]) =>
    times > (repeated.has(request.split(' ')[1] ?? '') ? 2 : 1) ? request : [],
  );

const model = { service: 'sagemaker-runtime', operation: 'InvokeEndpoint', times: 100_000 } as const;

describe('an answer that was had', () => {
  beforeEach(() => {
    account.stopTraffic();
    withRegression(account);
    putGoldenSet(account, rows);
  });

  test('is never asked for again, however many others are lost', async () => {
    account.simulator.faults.add({ ...model, kind: 'throttle', share: 0.8 });
    const report = await regress(account, '1.0.0', {}, { answered });
    expect(report?.result.outputs).toMatchObject({ attempt: '1' });
    expect(sentAgain()).toEqual([]);
    // Most rows have an answer after three turns.
    expect(answers.size).toBeGreaterThan(rows.length);
    expect(report?.result.findings).toMatchObject({ rows: { failedCandidate: 0, failedBaseline: 0 } });
  });

  test('survives a kill: the next run asks for the others alone', async () => {
    // The first turn that asks has some answers, and loses the others.
    account.simulator.faults.add({ ...model, times: 200, kind: 'throttle', share: 0.8 });
    const requested: string[] = [];
    const kept = (): boolean => [...testObjects(account).keys()].some((key) => /\/000001-1\.json$/.test(key));
    const cancellation = new AbortController();
    const whenKept = (name: string, input: unknown): void => {
      answered(name, input);
      if (name === 's3.putObject' && kept()) cancellation.abort();
    };
    const first = await regress(account, '1.0.0', {}, { requested, answered: whenKept, signal: cancellation.signal });
    expect(first?.result).toMatchObject({ reason: 'cancelled' });
    expect(answers.size).toBeGreaterThan(0);
    expect(answers.size).toBeLessThan(50);
    const report = await regress(account, '1.0.0', {}, { runId: '2', answered });
    expect(report?.result).toMatchObject({ outputs: { attempt: '1' } });
    expect(sentAgain()).toEqual([]);
  });

  test('stays when the temporary endpoint goes in the middle', async () => {
    account.simulator.faults.add({
      ...model,
      times: 1,
      after: 30,
      kind: 'call',
      action: async () => {
        const [name = ''] = (await temporaries(account)).map((one) => one.split(' ').at(-1) ?? '');
        await account.simulator.call('sagemaker', 'DeleteEndpoint', { EndpointName: name });
      },
    });
    const report = await regress(account, '1.0.0', {}, { answered });
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(sentAgain()).toEqual([]);
  });
});

test('labels of a kind that no answer has are refused after the first 25 rows', async () => {
  account.stopTraffic();
  withRegression(account);
  putGoldenSet(
    account,
    rows.map((row) => ({ ...row, label: ['setosa', 'versicolor', 'virginica'].indexOf(String(row['label'])) })),
  );
  const report = await regress(account, '1.0.0', {}, { answered });
  expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
  expect(report?.result.because).toMatch(
    /^regression\.response: the labels of .*golden\.jsonl are numbers, and every prediction of the candidate .* is a text/,
  );
  expect(answers.size).toBe(50);
  expect(await temporaries(account)).toEqual([]);
});

describe('an outage of the endpoints', () => {
  beforeEach(() => {
    account.stopTraffic();
    withRegression(account);
    putGoldenSet(account, rows);
  });

  test('is waited out, and decides nothing', async () => {
    account.simulator.faults.add({ ...model, times: 2000, kind: 'throttle' });
    const report = await regress(account, '1.0.0', { timeout: '6h' }, { answered });
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    const lines = report?.timeline.filter(({ because }) =>
      because.includes('no request to the models was answered since'),
    );
    expect(lines?.length).toBeGreaterThan(0);
    expect(sentAgain()).toEqual([]);
  });

  test('until the deadline is named in the last line, with the reason of AWS', async () => {
    account.simulator.faults.add({ ...model, kind: 'throttle' });
    const report = await regress(account, '1.0.0', { timeout: '30m' });
    expect(report?.result).toMatchObject({ outcome: 'timed-out', reason: 'deadline-passed' });
    expect(report?.result.because).toMatch(
      /^no request to the models was answered since 2026-01-05T[0-9:.]+Z: .*ThrottlingException.*; no verdict yet; the answers so far are kept/,
    );
    expect(await temporaries(account)).toEqual([]);
  });
});

describe('a run that was killed after its verdict', () => {
  beforeEach(() => {
    account.stopTraffic();
    withRegression(account);
  });
  const death = { atCall: 'sagemaker.updateModelPackage', received: false };

  test('has its verdict named by the next run, once', async () => {
    expect(await regress(account, '1.0.0', {}, { death })).toBeUndefined();
    expect(testRecords(account)).toMatchObject([{ verdict: { verdict: 'pass' } }]);
    expect(await namedVerdict(account, 2)).toBeUndefined();
    const told = await regress(account, '1.0.0', {}, { runId: '2', answered });
    expect(told?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(answers.size).toBe(0);
    expect(await namedVerdict(account, 2)).toMatch(/^pass for production at 2026-01-05T/);
    const seen = account.watch();
    await regress(account, '1.0.0', {}, { runId: '3' });
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('does not replace a later one of another environment', async () => {
    expect(await regress(account, '1.0.0', {}, { death })).toBeUndefined();
    const later = 'fail for staging at 2026-03-01T00:00:00Z: worse';
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/2`,
      CustomerMetadataProperties: { 'regression-test': later },
    });
    expect((await regress(account, '1.0.0', {}, { runId: '2' }))?.result.reason).toBe('regression-passed');
    expect(await namedVerdict(account, 2)).toBe(later);
  });

  test('and may not name it: a warning says so, in the log as well', async () => {
    expect(await regress(account, '1.0.0', {}, { death })).toBeUndefined();
    const statements = [
      { Sid: 'All', Effect: 'Allow', Action: ['*'], Resource: ['*'] },
      { Sid: 'ButThis', Effect: 'Deny', Action: ['sagemaker:UpdateModelPackage'], Resource: ['*'] },
    ];
    account.simulator.attachPolicy('model-deployer', { Version: '2012-10-17', Statement: statements });
    const told = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(told?.result.reason).toBe('regression-passed');
    expect(told && resultAsText(told)).toMatch(/\n {2}warning: the verdict is not named in the package's metadata: /);
  });
});

test('a token of the test of another version is refused, and its things stay', async () => {
  withRegression(account);
  await account.prepare('1.2.0');
  const first = await regress(account, '1.0.0', { wait: 'false' });
  expect(first?.result.reason).toBe('in-progress');
  const left = await temporaries(account);
  expect(left).toHaveLength(3);
  const other = await regress(account, '1.2.0', { 'resume-token': first?.token ?? '' }, { runId: '2' });
  expect(other?.result).toMatchObject({
    reason: 'invalid-input',
    because:
      'resume-token: is of the test of another version or environment; leave it out: the run finds its test by its inputs',
  });
  expect(await temporaries(account)).toEqual(left);
});
