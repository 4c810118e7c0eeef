import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { exitCodeOf } from '../../src/hosts/exit-code.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { policyFor } from '../../src/permissions.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { place } from '../support/policy-place.ts';
import { keepVerdict, putGolden, regression } from '../support/regression-verdicts.ts';

const everything = { Sid: 'All', Effect: 'Allow', Action: ['*'], Resource: ['*'] } as const;
const dry = { 'dry-run': 'true' };
const endOf = (report: Report | undefined): string => `${report?.result.outcome}/${report?.result.reason}`;
const notesOf = (report: Report | undefined): string => (report?.result.plan?.notes ?? []).join('\n');

const gated = (account: TestAccount, rollout: string, ...more: readonly string[]): void =>
  account.writeManifest(() => `${manifestText({ rollout })}${regression(...more)}`);

/** Runs, and expects a refusal before any write. */
const refused = async (
  account: TestAccount,
  run: () => Promise<Report | undefined>,
  because: RegExp | string,
  ends = 'rejected/regression-missing',
): Promise<void> => {
  const seen = account.watch();
  const report = await run();
  expect(endOf(report)).toBe(ends);
  expect(report?.result.because).toMatch(because);
  expect(report && exitCodeOf(report.result)).toBe(1);
  expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  expect(account.record()?.live).toBeUndefined();
};

describe('deploy-endpoint with `regression:`', () => {
  let account: TestAccount;
  const deliver = (version = '1.1.0', more = {}) => account.run(deployEndpoint, { version, ...more });
  beforeAll(async () => {
    account = await openAccount();
    putGolden(account);
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await account.prepare('1.3.0');
  });
  afterAll(() => account.close());
  beforeEach(() => gated(account, rollouts.canary));

  test('refuses a version without a verdict, and its dry run shows the plan and that it would', async () => {
    await refused(
      account,
      () => deliver(),
      /^regression-test has not run for iris_v1\.1\.0 .*against the version that serves: run/,
    );
    const planned = await deliver('1.1.0', dry);
    expect(endOf(planned)).toBe('succeeded/planned');
    expect(notesOf(planned)).toMatch(
      /^regression-test has not run for iris_v1\.1\.0 .*: deploy-endpoint would refuse; run/m,
    );
  });

  test.each(['fail', 'inconclusive'] as const)(
    'refuses one whose test ended with %s, also in a dry run',
    async (verdict) => {
      await keepVerdict(account, '1.1.0', { verdict, because: 'accuracy is 66.7 % beside 96 %' });
      const because = new RegExp(
        `^the regression test of iris_v1\\.1\\.0 ended with ${verdict} at .*: accuracy is 66\\.7 %`,
      );
      await refused(account, () => deliver(), because);
      await refused(account, () => deliver('1.1.0', dry), because);
    },
  );

  test('refuses one whose verdict has expired', async () => {
    gated(account, rollouts.canary, 'valid-for: 10m');
    await keepVerdict(account, '1.1.0');
    expect(endOf(await deliver('1.1.0', dry))).toBe('succeeded/planned');
    await account.pass(minutes(10));
    await refused(account, () => deliver(), /passed at .*, which counted until /);
  });

  test('refuses one whose verdict expires after its plan, before it begins', async () => {
    gated(account, rollouts.canary, 'valid-for: 20m');
    await keepVerdict(account, '1.1.0');
    const slow: typeof deployEndpoint = {
      ...deployEndpoint,
      advance: async (given, memory, world) => {
        if (memory !== undefined) await account.pass(minutes(20));
        return deployEndpoint.advance(given, memory, world);
      },
    };
    let plan: Report['result']['plan'];
    await refused(
      account,
      async () => {
        const report = await account.run(slow, { version: '1.1.0' });
        plan = report?.result.plan;
        return report;
      },
      /which counted until /,
    );
    expect(plan?.notes.join('\n')).toMatch(/^regression test passed at /m);
  });

  test.each<[string, () => void]>([
    ['another rule', () => gated(account, rollouts.canary, 'rules: [{ metric: accuracy, floor: 0.5 }]')],
    ['another way to ask', () => gated(account, rollouts.canary, 'response: { prediction: 1 }')],
    ['another label', () => putGolden(account, 'id,label,sepal_length\n1,virginica,5.1\n')],
  ])('refuses one whose verdict is about %s', async (_what, change) => {
    await keepVerdict(account, '1.1.0');
    expect(notesOf(await deliver('1.1.0', dry))).toMatch(/^regression test passed at /m);
    try {
      change();
      await refused(account, () => deliver(), /^regression-test has not run/);
    } finally {
      putGolden(account);
    }
  });

  test('refuses the verdict of another version', async () => {
    await keepVerdict(account, '1.1.0');
    await refused(account, () => deliver('1.3.0'), /^regression-test has not run for iris_v1\.3\.0/);
  });

  test('refuses a record that is about something else, and one that is unreadable', async () => {
    await keepVerdict(account, '1.1.0');
    const { objects } = account.simulator;
    const bucket = 'model-delivery-111122223333-eu-west-1';
    const all = objects.under(bucket, 'iris/regression/');
    try {
      for (const { key, body } of all)
        objects.put(bucket, key, Buffer.from(body.toString().replace('"dataset":"', '"dataset":"none","was":"')));
      await refused(account, () => deliver(), 'test.json is about another package', 'failed/record-unavailable');
      for (const { key } of all) objects.put(bucket, key, Buffer.from('pass'));
      await refused(account, () => deliver(), /no record of a regression test/, 'failed/record-unavailable');
    } finally {
      for (const { key, body } of all) objects.put(bucket, key, body);
    }
  });

  test('refuses a golden set that is not there', async () => {
    const absent = 's3://ml-artifacts/golden/absent.csv';
    account.writeManifest(() => `${manifestText()}${regression().replace(/s3:.*/, absent)}`);
    const seen = account.watch();
    const report = await deliver();
    expect(endOf(report)).toBe('failed/invalid-input');
    expect(report?.result.because).toBe(`regression.dataset: there is no object ${absent}`);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('refuses a golden set that the role may not read, with the permission', async () => {
    const { Version, Statement } = policyFor('deploy-endpoint', place);
    const left = Statement.filter(({ Sid }) => Sid !== 'ReadTheGoldenSet');
    expect(left).toHaveLength(Statement.length - 1);
    account.simulator.attachPolicy('model-deployer', { Version, Statement: left });
    await refused(
      account,
      () => deliver(),
      /^regression\.dataset: s3:\/\/ml-artifacts\/golden\/iris\.csv cannot be read: grant s3:GetObject on it/,
      'failed/access-denied',
    );
    account.simulator.attachPolicy('model-deployer', { Version, Statement: [everything] });
  });

  test('refuses after another version was delivered: the baseline is another one', async () => {
    await keepVerdict(account, '1.1.0');
    account.writeManifest();
    expect(endOf(await deliver('1.3.0'))).toBe('succeeded/delivered');
    gated(account, rollouts.canary);
    await refused(account, () => deliver(), /^regression-test has not run/);
    // Neither what serves already nor the way back needs a verdict.
    expect(endOf(await deliver('1.3.0'))).toBe('succeeded/already-delivered');
    expect(endOf(await account.run(rollback, {}))).toBe('succeeded/restored');
  });

  test('delivers with a verdict, which is in the plan; a run that goes on does not ask again', async () => {
    await keepVerdict(account, '1.1.0', { because: 'accuracy is kept' });
    const died = await account.run(
      deployEndpoint,
      { version: '1.1.0' },
      { runId: '7', death: { atCall: 'sagemaker.updateEndpoint', received: true } },
    );
    expect(died).toBeUndefined();
    putGolden(account, 'id,label,sepal_length\n1,virginica,5.1\n');
    const seen = account.watch();
    const report = await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7' });
    expect(endOf(report)).toBe('succeeded/delivered');
    expect(JSON.stringify(seen().map(({ input }) => input))).not.toContain('golden/iris.csv');
    putGolden(account);
  });
});

describe('a stepped rollout with `candidate: dark-variant`', () => {
  let account: TestAccount;
  beforeEach(async () => {
    account = await openAccount();
    putGolden(account);
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    gated(account, rollouts.steps, 'candidate: dark-variant', 'valid-for: 2h');
  });
  afterEach(() => account.close());
  const version = { version: '1.1.0' };
  const shift = (more = {}) => account.run(shiftTraffic, { ...version, ...more });

  test('brings the candidate up without a verdict, and gives it no traffic without one', async () => {
    const up = await account.run(deployEndpoint, version);
    expect(endOf(up)).toBe('succeeded/candidate-dark');
    expect(notesOf(up)).toMatch(/^the traffic waits for a passing regression test of the dark candidate$/m);
    await refused(account, () => shift(), /^regression-test has not run for iris_v1\.1\.0/);
    expect(notesOf(await shift(dry))).toMatch(/: shift-traffic would refuse; run regression-test/);
    await keepVerdict(account, '1.1.0', { verdict: 'fail', because: 'accuracy is 66.7 % beside 96 %' });
    await refused(account, () => shift(), /^the regression test of iris_v1\.1\.0 ended with fail/);
    await keepVerdict(account, '1.1.0');
    expect(notesOf(await shift(dry))).toMatch(/^regression test passed at /m);
    // The rollout has begun when the verdict expires: it goes on to its end.
    const begun = await shift({ wait: 'false' });
    await shift({ wait: 'false', 'resume-token': begun?.token ?? '' });
    expect(account.record()?.live?.operation).toBe('shift-traffic');
    putGolden(account, 'id,label,sepal_length\n1,virginica,5.1\n');
    expect(endOf(await shift())).toBe('succeeded/delivered');
  });

  test('has no dark candidate to test where nothing serves', async () => {
    const empty = await openAccount();
    try {
      putGolden(empty);
      await empty.prepare('1.0.0');
      gated(empty, rollouts.steps, 'candidate: dark-variant');
      await refused(
        empty,
        () => empty.run(deployEndpoint, { version: '1.0.0' }),
        /: the first version has no dark candidate; use candidate: temporary for it$/,
      );
    } finally {
      await empty.close();
    }
  });
});

test('a release that was left behind is settled without a verdict; then the new one is refused', async () => {
  const account = await openAccount();
  try {
    putGolden(account);
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await account.prepare('1.3.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: true };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await account.pass(minutes(90));
    gated(account, rollouts.canary);
    const behind = await account.run(deployEndpoint, { version: '1.3.0', ...dry }, { runId: '8' });
    expect(notesOf(behind)).toMatch(
      /^the verdict of the regression test is looked at when iris-1\.1\.0-.* has settled$/m,
    );
    const report = await account.run(deployEndpoint, { version: '1.3.0' }, { runId: '8' });
    expect(endOf(report)).toBe('rejected/regression-missing');
    expect(account.record()?.live).toBeUndefined();
    expect(account.record()?.ended.map(({ version }) => version)).toEqual(['1.1.0', '1.0.0']);
  } finally {
    await account.close();
  }
});

test('with another candidate both halves of a stepped rollout need the verdict', async () => {
  const account = await openAccount();
  try {
    putGolden(account);
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    gated(account, rollouts.steps, 'valid-for: 30m');
    const version = { version: '1.1.0' };
    await refused(account, () => account.run(deployEndpoint, version), /^regression-test has not run/);
    await keepVerdict(account, '1.1.0');
    expect(endOf(await account.run(deployEndpoint, version))).toBe('succeeded/candidate-dark');
    // The same verdict counts for the traffic: the dark candidate changes neither the package nor the baseline.
    expect(notesOf(await account.run(shiftTraffic, { ...version, ...dry }))).toMatch(/^regression test passed at /m);
    await account.pass(minutes(30));
    await refused(account, () => account.run(shiftTraffic, version), /which counted until /);
  } finally {
    await account.close();
  }
});
