import { afterEach, describe, expect, test } from '@jest/globals';
import type { Settings } from '../../simulator/contracts.ts';
import { minutes } from '../../src/clock.ts';
import type { Regression } from '../../src/findings/regression.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { releasesOf } from '../../src/release/location.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { regress, temporaries, testObjects, withRegression } from '../support/golden-set.ts';

let account: TestAccount;
afterEach(() => account.close());

/** 1.1.0 serves 8 requests a second on 4 instances, so that one has 2. Each instance answers one request at a time. */
const open = async (version: '1.0.0' | '1.3.0' | '1.4.0', settings: Partial<Settings> = {}): Promise<void> => {
  account = await openAccount({ settings: { requestsPerInstance: 1, ...settings } });
  await account.inProduction('1.1.0');
  await account.prepare(version);
};

const loadOf = (report: Report | undefined) => {
  const found = report?.result.findings as Regression | undefined;
  return found?.checks?.find(({ name }) => name === 'load');
};

/** Objects of the load test, by the part of their keys after the attempt. */
const kept = (): readonly string[] =>
  [...testObjects(account).keys()].flatMap((key) => /\/load\/(.*)\.json$/.exec(key)?.[1] ?? []).sort();

/** Requests to temporary endpoints. */
const asked = (requests: ReturnType<ReturnType<TestAccount['watch']>>) =>
  requests.filter(
    ({ operation, input }) =>
      operation === 'InvokeEndpoint' && (input as { EndpointName: string }).EndpointName.includes('-test-'),
  );

describe('a load test of a temporary endpoint', () => {
  test('measures the recorded rate times the factor, and finds the rate at which the candidate breaks', async () => {
    // 300 ms a request: three a second.
    await open('1.3.0');
    withRegression(account, { keys: ['load: { factor: 0.5, duration: 5m, up-to: 4 }'] });
    const report = await regress(account, '1.3.0', { timeout: '3h' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'regression-passed' });
    expect(report?.result.because).toMatch(/; load passes too$/);
    const check = loadOf(report);

    expect(check).toMatchObject({ level: 'fail', verdict: 'pass' });
    expect(check?.because).toMatch(
      /^at 1 request per second error-rate is 0 % beside a limit of 1 %; it holds 3\.05 requests per second and breaks at 3\.81 requests per second$/,
    );
    expect(check?.notes).toEqual([
      expect.stringMatching(
        /^one ml\.m5\.large holds 3\.05 requests per second; half of it, 1\.53 requests per second/,
      ),
      // 8 a second × 0.5 ÷ 1.53.
      expect.stringMatching(
        /\(8 requests per second\) × 0\.5 needs 3 of them, and instance\.count is 4: 1 fewer would do$/,
      ),
    ]);
    expect(report?.result.remarks?.join() ?? '').not.toMatch(/load/);
    expect(await temporaries(account)).toEqual([]);
    expect(kept().filter((name) => /^\d+$/.test(name))).toEqual(
      Array.from({ length: 2 + 10 + 6 }, (_, step) => String(step + 1).padStart(3, '0')),
    );
    expect(kept()).toContain('recorded-rate');
  });

  test('fails a version that does not hold the target rate, and looks for one that it holds', async () => {
    await open('1.3.0');
    withRegression(account, { keys: ['load: { factor: 3, duration: 60s, limits: { p99: 2s } }'] });
    const report = await regress(account, '1.3.0', { timeout: '3h' });
    expect(report?.result).toMatchObject({ outcome: 'rejected', reason: 'regression-failed' });
    expect(report?.result.because).toMatch(
      /^load: at 6 requests per second p99 is [\d,]+ ms beside a limit of 2,000 ms; it holds 3 requests per second and breaks at 6 requests per second$/,
    );
    expect(await temporaries(account)).toEqual([]);
  });

  test('that only warns stands in the report, and the version passes', async () => {
    await open('1.3.0');
    withRegression(account, { keys: ['load: { rate: 6, duration: 60s, limits: { p99: 2s }, level: warn }'] });
    const report = await regress(account, '1.3.0', { timeout: '3h' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'regression-passed' });
    expect(loadOf(report)).toMatchObject({ level: 'warn', verdict: 'fail' });
  });

  test('counts what the endpoint refuses for want of capacity apart from errors of the model', async () => {
    await open('1.3.0', { queuedPerInstance: 3 });
    withRegression(account, { keys: ['load: { rate: 6, duration: 60s }'] });
    const report = await regress(account, '1.3.0', { timeout: '3h' });
    expect(report?.result.reason).toBe('regression-failed');
    expect(loadOf(report)?.because).toMatch(
      /error-rate is \d+(\.\d+)? % beside a limit of 1 % \(of 360: \d+ refused for want of capacity\)/,
    );
  });

  test('counts errors of the model as such', async () => {
    // 5 % of all bodies.
    await open('1.4.0');
    withRegression(account, {
      rules: ['{ metric: accuracy, non-inferior: 0.3 }'],
      keys: ['load: { rate: 5, duration: 120s }'],
    });
    const report = await regress(account, '1.4.0', { timeout: '3h' });
    expect(report?.result.because).toMatch(
      /^load: .*error-rate is 4(\.\d+)? % beside a limit of 1 % \(of 600: 24 model errors\)/,
    );
  });

  test('needs a recorded rate for a factor', async () => {
    account = await openAccount();
    await account.prepare('1.0.0');
    account.writeManifest((text) => text.replace('minimum-requests: 300', 'minimum-requests: 0'));
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    await account.prepare('1.1.0');
    withRegression(account, { keys: ['load: { factor: 2 }'] });
    const seen = account.watch();
    const report = await regress(account, '1.1.0', { timeout: '3h' });
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'regression-inconclusive' });
    expect(report?.result.because).toMatch(
      /^load: no request to the version that serves is recorded .* give load\.rate instead$/,
    );
    expect(asked(seen()).length).toBe(200);
  });

  // Golden rows are sent as fast as answers come: that is no traffic of users.
  test('does not take the minutes of an earlier test for traffic', async () => {
    await open('1.0.0');
    withRegression(account, { keys: ['baseline: serving', 'concurrency: 16'] });
    expect((await regress(account, '1.0.0'))?.result.reason).toBe('regression-passed');
    await account.pass(minutes(10));
    withRegression(account, { keys: ['load: { factor: 2, duration: 80s }'] });
    const report = await regress(account, '1.0.0', { timeout: '3h' });
    expect(loadOf(report)?.because).toMatch(/^at 4 requests per second /);
  });
});

describe('the plan of a load test', () => {
  const planned = async (...keys: readonly string[]): Promise<readonly string[]> => {
    withRegression(account, { keys });
    const report = await regress(account, '1.0.0', { 'dry-run': 'true' });
    expect(report?.result.reason).toBe('planned');
    return report?.result.plan?.notes.filter((note) => note.startsWith('load')) ?? [];
  };

  test('has its rate, its requests, and how long the endpoint stays up for it', async () => {
    await open('1.0.0');
    const [note, ...others] = await planned('load: { factor: 2, duration: 3m, up-to: 3 }');
    // 1,500 of callers, 4 × 180, 5 × 30 and 6 × 30.
    expect(note).toMatch(
      /^load: 4 requests per second, 2 times the busiest minute of the last 7 days \(2026-01-05T09:\d\d:00Z\), then up to 6 requests per second; up to 2550 requests in about 4m 25s, for which the temporary endpoint stays up$/,
    );
    expect(others).toEqual([]);
  });

  test('says that the requests cannot decide', async () => {
    await open('1.0.0');
    expect(await planned('load: { rate: 1, duration: 60s }')).toEqual([
      expect.any(String),
      'load: 60 requests at the target rate cannot show that the limits are kept, which takes 268 or more: set duration to 268s or longer',
    ]);
  });
});

describe('a load test of a dark variant', () => {
  test('goes to all of its instances, by name, and counts in the metrics of the endpoint', async () => {
    account = await openAccount();
    await account.inProduction('1.0.0');
    const stepped = manifestText({ rollout: rollouts.steps }).replace('bake: 5m', 'bake: 5m, max-step: 1h');
    account.writeManifest(() => stepped);
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
    withRegression(account, { keys: ['candidate: dark-variant', 'load: { factor: 2, duration: 60s }'] }, () => stepped);
    const seen = account.watch();
    const report = await regress(account, '1.1.0', { timeout: '3h' });
    expect(report?.result.reason).toBe('regression-passed');
    // 2 a second to each of 4 instances, twice.
    expect(loadOf(report)?.because).toMatch(/^at 16 requests per second to 4 instances /);
    expect(report?.result.plan?.notes.join()).toMatch(
      /to variant AllTraffic-next of endpoint iris: the metrics of that endpoint count them/,
    );
    const load = seen().filter(
      ({ operation, input }) =>
        operation === 'InvokeEndpoint' && (input as { TargetVariant?: string }).TargetVariant === 'AllTraffic-next',
    );
    expect(load.length).toBeGreaterThan(16 * 60);
    expect(asked(seen())).toEqual([]);
  });
});

describe('a load test of another kind of endpoint', () => {
  test('without instances is against its concurrency, beyond which requests are refused', async () => {
    const serverless = (text: string): string =>
      text
        .replace('instance: { type: ml.m5.large, count: 4 }', 'serverless: { memory: 2048, max-concurrency: 4 }')
        .replace(/rollout: .*/, 'rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }');
    account = await openAccount({ settings: { requestsPerInstance: 1 } });
    account.writeManifest(serverless);
    await account.inProduction('1.1.0');
    await account.prepare('1.3.0');
    withRegression(account, { keys: ['load: { factor: 2, duration: 40s, up-to: 4 }'] }, serverless);
    const report = await regress(account, '1.3.0', { timeout: '3h' });
    const check = loadOf(report);
    // Of the 8 callers of a second, who come together, 4 are served. 4 requests of 300 ms each are 13 a second.
    expect(check?.because).toMatch(
      /^at 8 requests per second .*; it holds 12\.5 requests per second and breaks at 15\.6 requests/,
    );
    expect(check?.notes).toEqual([
      expect.stringMatching(/^with max-concurrency 4 it holds 12\.5 requests per second; half of it, 6\.25 /),
      'the busiest minute of production (4 requests per second) × 2 needs max-concurrency 6: raise it',
    ]);
    expect(check?.table?.rows.at(-1)?.at(-1)).toMatch(/^\d+ \(\d+ refused for want of capacity\)$/);
  });

  test('that is asynchronous is refused in the plan, before anything is made', async () => {
    const queued = (text: string): string =>
      text.replace(/( +)(instance: )/, '$1async: { output: "s3://ml-artifacts/async/" }\n$1$2');
    account = await openAccount();
    account.writeManifest(queued);
    await account.inProduction('1.1.0');
    await account.prepare('1.0.0');
    withRegression(account, { keys: ['load: { rate: 10 }'] }, queued);
    const seen = account.watch();
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toMatch(/regression\.load: endpoint iris is asynchronous/);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});

describe('a load test whose run ends before its time', () => {
  const keys = ['load: { rate: 5, duration: 60s }'];

  test('goes on with the next step: no finished one is measured again', async () => {
    await open('1.0.0');
    withRegression(account, { keys });
    // Two rows each, then the closed loops: it dies in the middle of an open one.
    const death = { atCall: 1500, received: false };
    expect(await regress(account, '1.0.0', { timeout: '3h' }, { runId: '7', death })).toBeUndefined();
    const before = kept().filter((name) => /^\d+$/.test(name));
    expect(before).toEqual(['001', '002']);
    const texts = [...testObjects(account)].filter(([key]) => /\/load\/\d+\.json$/.test(key));
    const report = await regress(account, '1.0.0', { timeout: '3h' }, { runId: '7' });
    expect(report?.result.reason).toBe('regression-passed');
    for (const [key, text] of texts) expect(testObjects(account).get(key)).toBe(text);
    expect(kept().filter((name) => /^\d+$/.test(name)).length).toBeGreaterThan(before.length);
  });

  test('waits while another run measures a step, and takes it over when that one is gone', async () => {
    await open('1.0.0');
    withRegression(account, { keys });
    expect((await regress(account, '1.0.0', { wait: 'false' }))?.result.outcome).toBe('pending');
    const [record = ''] = testObjects(account).keys();
    const { bucket } = releasesOf({}, { partition: 'aws', region: team.region, id: team.account });
    const until = account.simulator.clock.now() + minutes(20);
    const claim = Buffer.from(JSON.stringify({ holder: 'another run', until }));
    account.simulator.objects.put(bucket, record.replace('test.json', '1/load/001.begun.json'), claim);
    const report = await regress(account, '1.0.0', { timeout: '3h' });
    expect(report?.result.reason).toBe('regression-passed');
    const waits = report?.timeline.filter(({ because }) => because.startsWith('another run of this test measures'));
    expect(waits?.length).toBeGreaterThan(0);
    const [first] = report?.timeline.filter(({ because }) => because.startsWith('load: ')) ?? [];
    expect(first?.at).toBeGreaterThan(until);
  });

  test('stops to send at once when it is cancelled, and its endpoint goes', async () => {
    await open('1.0.0');
    withRegression(account, { keys });
    const controller = new AbortController();
    let [sent, isCounted] = [0, true];
    account.simulator.faults.add({
      kind: 'call',
      service: 'sagemaker-runtime',
      operation: 'InvokeEndpoint',
      after: 1000,
      times: 100_000,
      action: () => {
        if (!controller.signal.aborted) controller.abort();
        else if (isCounted) sent++;
      },
    });
    const report = await regress(account, '1.0.0', { timeout: '3h' }, { signal: controller.signal });
    expect(report?.result.outcome).toBe('cancelled');
    isCounted = false;
    expect(sent).toBe(0);
    // What SageMaker does not let go of yet stays for the next run.
    await account.pass(minutes(30));
    expect((await temporaries(account)).filter((name) => name.startsWith('endpoint iris'))).toEqual([]);
    const again = await regress(account, '1.0.0', { timeout: '3h' });
    expect(again?.result.reason).toBe('regression-passed');
    expect(await temporaries(account)).toEqual([]);
  });
});
