import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asked, questions } from '../support/asked-requests.ts';
import {
  approved,
  goldenRows,
  namedVerdict,
  regress,
  temporaries,
  testObjects,
  testRecords,
  withRegression,
} from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

describe('a version on a temporary endpoint, against the version that serves', () => {
  test.each([
    ['1.0.0', 'succeeded', 'regression-passed', 'pass'],
    ['1.2.0', 'rejected', 'regression-failed', 'fail'],
  ] as const)('%s: %s/%s', async (version, outcome, reason, verdict) => {
    await approved(account, version);
    withRegression(account);
    const seen = account.watch();
    const report = await regress(account, version);
    expect(report?.result).toMatchObject({
      outcome,
      reason,
      outputs: { version, verdict, attempt: '1', rows: String(goldenRows.length) },
      findings: { is: 'regression', verdict },
    });
    expect(asked(seen())).toMatchObject({ temporary: questions });
    expect(await temporaries(account)).toEqual([]);
    expect(testRecords(account)).toMatchObject([
      { attempt: 1, verdict: { verdict, version, rows: goldenRows.length } },
    ]);
    const [index, kept] = [...testObjects(account).keys()].reduce<[string[], string[]]>(
      ([ended, others], key) => (key.includes('/ended/') ? [[...ended, key], others] : [ended, [...others, key]]),
      [[], []],
    );
    expect(index).toEqual([expect.stringMatching(new RegExp(`/ended/[0-9]{13}-${verdict}-new-([0-9a-f]{16}-){3}1$`))]);
    expect(kept.map((key) => key.split('/').slice(3).join('/')).sort()).toEqual([
      '1/evaluation.json',
      '1/findings.json',
      '1/labels.json',
      ...Array.from({ length: 6 }, (_, piece) => `1/rows/00000${piece + 1}.jsonl`),
      'test.json',
    ]);
    expect(await namedVerdict(account, 2)).toMatch(new RegExp(`^${verdict} for production at 2026-01-05T`));
  });

  test('its endpoint has one instance of the stated type and the tag, and nothing else may be removed', async () => {
    await approved(account, '1.0.0');
    withRegression(account, { keys: ['candidate: { temporary: { instance: ml.c5.large } }'] });
    const seen = account.watch();
    expect((await regress(account, '1.0.0'))?.result.reason).toBe('regression-passed');
    const inputs = (operation: string) =>
      seen().flatMap((one) => (one.operation === operation ? [one.input as Readonly<Record<string, unknown>>] : []));
    expect(inputs('CreateEndpointConfig')).toMatchObject([
      { ProductionVariants: [{ InstanceType: 'ml.c5.large', InitialInstanceCount: 1 }] },
    ]);
    for (const operation of ['CreateModel', 'CreateEndpointConfig', 'CreateEndpoint'])
      expect(inputs(operation)).toMatchObject([
        { Tags: expect.arrayContaining([{ Key: 'model-delivery:temporary', Value: expect.any(String) }]) },
      ]);
    expect(
      seen()
        .filter(({ operation }) => operation.startsWith('Delete'))
        .map(({ operation, resource }) => `${operation} ${resource.replace(/[0-9a-f]{8}$/, '…')}`),
    ).toEqual(
      ['endpoint', 'endpoint-config', 'model'].map(
        (kind) =>
          `Delete${kind.replace(/(^|-)(.)/g, (_all, _dash, letter: string) => letter.toUpperCase())} arn:aws:sagemaker:${team.region}:${team.account}:${kind}/iris-test-…`,
      ),
    );
  });

  test('a model that fails 5 % is judged by its errors', async () => {
    await approved(account, '1.4.0');
    withRegression(account, {
      rules: ['{ metric: error-rate, ceiling: 0.001 }', '{ metric: accuracy, non-inferior: 0.3 }'],
    });
    const report = await regress(account, '1.4.0');
    expect(report?.result).toMatchObject({ outcome: 'rejected', reason: 'regression-failed' });
    const rows = [...testObjects(account)].filter(([key]) => key.includes('/rows/')).map(([, text]) => text);
    const answers = rows.flatMap((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
    const failed = answers.filter(({ candidate }) => candidate.error !== undefined);
    expect(failed).toHaveLength(6);
    for (const { candidate, baseline } of failed) {
      expect(candidate).toEqual({ error: 'the model answered with status 500' });
      expect(baseline).toHaveProperty('prediction');
    }
  });

  test('a model that never passes its health check leaves nothing behind', async () => {
    await approved(account, '1.5.0');
    withRegression(account);
    const report = await regress(account, '1.5.0', { timeout: '2h' });
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'creation-failed' });
    expect(report?.result.because).toMatch(/temporary endpoint iris-test-[0-9a-f]{8} is Failed: .*health check/);
    expect(await temporaries(account)).toEqual([]);
    expect(testRecords(account)).toMatchObject([{ attempt: 1 }]);
    expect(testRecords(account)[0]).not.toHaveProperty('verdict');
  });

  test('no capacity for it leaves nothing behind', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateEndpoint',
      times: 1,
      kind: 'error',
      code: 'ResourceLimitExceeded',
      message: "The account-level service limit 'ml.m5.large for endpoint usage' is 4 Instances",
    });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'quota-exceeded' });
    expect(await temporaries(account)).toEqual([]);
  });
});

describe('the first version of an endpoint', () => {
  test('is judged by its floor alone, and then delivered', async () => {
    await account.prepare('1.1.0');
    withRegression(account, { rules: ['{ metric: accuracy, floor: 0.8 }', '{ metric: accuracy, non-inferior: 0.1 }'] });
    const report = await regress(account, '1.1.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { verdict: 'pass', rows: '150' } });
    expect(report?.result.plan?.title).toContain('alone: nothing serves yet');
    expect(testRecords(account)).toMatchObject([{ subject: { baseline: 'none' } }]);
    expect(await temporaries(account)).toEqual([]);
  });

  test('fails below its floor', async () => {
    await account.prepare('1.2.0');
    withRegression(account, { rules: ['{ metric: accuracy, floor: 0.8 }'] });
    expect((await regress(account, '1.2.0'))?.result).toMatchObject({ reason: 'regression-failed' });
  });

  test('without a floor is refused before anything is made', async () => {
    await account.prepare('1.1.0');
    withRegression(account);
    const seen = account.watch();
    const report = await regress(account, '1.1.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'regression-inconclusive' });
    expect(report?.result.because).toContain('this gate cannot fail');
    expect(report?.result.because).toContain('add a floor or a ceiling');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});
