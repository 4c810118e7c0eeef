import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { exitCodeOf } from '../../src/hosts/exit-code.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { junitOf } from '../../src/report/junit.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

const bySteps = `${rollouts.steps}, max-step: 6h`;
/** A flower that the stump takes for a virginica, and a setosa. */
const versicolor = '6.7,3.0,5.0,1.7';
const setosa = '5.1,3.5,1.4,0.2';

const smoke = (...requests: readonly string[]): string =>
  `smoke:\n  content-type: text/csv\n  accept: text/csv\n  times: ${60 / requests.length}\n  requests:\n${requests.map((one) => `    - ${one}\n`).join('')}`;
const asking = smoke(
  `{ body: "${setosa}", expect: { value: setosa } }`,
  `{ body: "${versicolor}", expect: { type: text } }`,
);

const endOf = (report: Report | undefined): string => `${report?.result.outcome}/${report?.result.reason}`;
const notesOf = (report: Report | undefined): string => (report?.result.plan?.notes ?? []).join('\n');

let account: TestAccount;
const deliver = (version: string, more = {}, run = {}) => account.run(deployEndpoint, { version, ...more }, run);
/** The requests of the suite to the models, by the variant that they name. */
const asked = (seen: ReturnType<TestAccount['watch']>): readonly unknown[] =>
  seen()
    .filter(({ operation }) => operation === 'InvokeEndpoint')
    .map(({ input }) => (input as { readonly TargetVariant?: string }).TargetVariant ?? 'all');

beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

describe('a first deployment', () => {
  beforeEach(() => account.writeManifest(() => `${manifestText()}${asking}`));

  test('of a good version is delivered after its answers, and a dry run sends none', async () => {
    await account.prepare('1.1.0');
    const seen = account.watch();
    const planned = await deliver('1.1.0', { 'dry-run': 'true' });
    expect(notesOf(planned)).toMatch(/^smoke: 60 requests to iris before the release ends; /m);
    expect(planned?.result.plan?.permissions).toContain('sagemaker:InvokeEndpoint');
    expect(asked(seen)).toEqual([]);
    const report = await deliver('1.1.0');
    expect(endOf(report)).toBe('succeeded/delivered');
    expect(report?.result.because).toMatch(/verified; smoke: 60 of 60 answers as expected$/);
    expect(report?.result.findings).toEqual({
      ...{ is: 'smoke-test', of: 60, answered: 60, unexpected: 0, wrong: [0, 0] },
    });
    expect(report && junitOf(report)).toContain(
      '<testcase classname="model-delivery.smoke" name="request 2 is answered as expected" time="0.000">',
    );
    expect(asked(seen)).toEqual(Array.from({ length: 60 }, () => 'all'));
    expect(account.record()?.history[0]).toMatchObject({ version: '1.1.0', good: true });
  });

  test('of a model that fails 5 % of its answers fails, and a fixed version is asked next', async () => {
    await account.prepare('1.4.0');
    const report = await deliver('1.4.0');
    expect(endOf(report)).toBe('failed/smoke-failed');
    expect(report && exitCodeOf(report.result)).toBe(1);
    expect(report?.result.because).toMatch(
      /^iris serves 1\.4\.0, and no version served well before it: smoke: [1-9]\d? of 60 answers not as expected; the first: request [12] got no prediction: the model answered with status 500$/,
    );
    const { smoke } = account.record()?.ended[0] ?? {};
    const [ofFirst = 0, ofSecond = 0] = smoke?.wrong ?? [];
    expect(ofFirst + ofSecond).toBe(smoke?.unexpected);
    expect(report && junitOf(report)).toMatch(
      new RegExp(
        `<failure type="smoke-failed" message="${Math.max(ofFirst, ofSecond)} of 30 answers not as expected">`,
      ),
    );
    expect(report?.result.outputs).toMatchObject({ 'serving-version': '1.4.0' });
    expect(account.record()?.live).toBeUndefined();
    expect(account.record()?.history).toMatchObject([{ version: '1.4.0', good: false }]);
    expect(endOf(await account.run(rollback, {}))).toBe('failed/nothing-to-roll-back-to');
    const again = await deliver('1.4.0');
    expect(endOf(again)).toBe('rejected/already-convicted');
    expect(again?.result.because).toMatch(/^1\.4\.0 failed before .*set retry: true/);

    await account.prepare('1.1.0');
    account.writeManifest(() => `${manifestText({ rollout: rollouts.unguarded, unwatched: true })}${asking}`);
    const seen = account.watch();
    const fixed = await deliver('1.1.0');
    expect(endOf(fixed)).toBe('succeeded/delivered');
    expect(asked(seen)).toHaveLength(60);
    // From here on a version served well: an update has its bakes.
    await account.prepare('1.3.0');
    expect(endOf(await deliver('1.3.0'))).toBe('succeeded/delivered');
    expect(asked(seen)).toHaveLength(60);
    expect(notesOf(await deliver('1.0.0', { 'dry-run': 'true' }))).not.toMatch(/^smoke: /m);
  });
});

describe('in the middle of a smoke test', () => {
  beforeEach(async () => {
    account.writeManifest(() => `${manifestText({ rollout: rollouts.unguarded, unwatched: true })}${asking}`);
    await account.prepare('1.1.0');
  });

  /** Numbers of the calls of a first deployment: its first request, its 30th, its last, and the call after that. */
  const callsOfSmoke = async (): Promise<readonly number[]> => {
    const requested: string[] = [];
    expect(endOf(await deliver('1.1.0', {}, { requested }))).toBe('succeeded/delivered');
    const requests = requested.flatMap((call, at) => (call.includes('invokeEndpoint') ? [at + 1] : []));
    expect(requests).toHaveLength(60);
    const [first = 0, last = 0] = [requests[0], requests.at(-1)];
    await account.close();
    return [first, requests[29] ?? 0, last, last + 1];
  };

  test('a killed run goes on where its record is', async () => {
    for (const atCall of await callsOfSmoke())
      for (const received of [true, false]) {
        account = await openAccount();
        account.writeManifest(() => `${manifestText({ rollout: rollouts.unguarded, unwatched: true })}${asking}`);
        await account.prepare('1.1.0');
        expect(await deliver('1.1.0', {}, { death: { atCall, received } })).toBeUndefined();
        expect(account.record()?.live).toMatchObject({ phase: 'supervising', smoke: { of: 60 } });
        await account.pass(minutes(11));
        const report = await deliver('1.1.0', {}, { runId: '2' });
        expect(endOf(report)).toBe('succeeded/delivered');
        expect(report?.result.because).toMatch(/smoke: 60 of 60 answers as expected$/);
        await account.close();
      }
    account = await openAccount();
  });

  test('another release ends it without success, and is asked in its place', async () => {
    const [first = 0] = await callsOfSmoke();
    account = await openAccount();
    account.writeManifest(() => `${manifestText({ rollout: rollouts.unguarded, unwatched: true })}${asking}`);
    await account.prepare('1.1.0');
    expect(await deliver('1.1.0', {}, { death: { atCall: first, received: false } })).toBeUndefined();
    await account.pass(minutes(11));
    await account.prepare('1.3.0');
    const seen = account.watch();
    expect(endOf(await deliver('1.3.0', {}, { runId: '2' }))).toBe('succeeded/delivered');
    expect(asked(seen)).toHaveLength(60);
    const [, left] = account.record()?.ended ?? [];
    expect(left).toMatchObject({ version: '1.1.0', outcome: 'inconclusive', reason: 'abandoned' });
    expect(left?.because).toMatch(/its run ended before its smoke test: 0 of 60 requests had an answer$/);
    expect(account.record()?.history).toMatchObject([
      { version: '1.3.0', good: true },
      { version: '1.1.0', good: false },
    ]);
  });

  test('requests that AWS throttles, or that get lost, are no failures', async () => {
    for (const [at, kind] of (['throttle', 'server-error', 'answer-lost', 'never-arrived'] as const).entries())
      account.simulator.faults.add({
        service: 'sagemaker-runtime',
        operation: 'InvokeEndpoint',
        times: 8,
        after: at * 14,
        kind,
      });
    expect(endOf(await deliver('1.1.0'))).toBe('succeeded/delivered');
  });

  test('a turn without any answer waits', async () => {
    account.simulator.faults.add({
      service: 'sagemaker-runtime',
      operation: 'InvokeEndpoint',
      times: 60,
      after: 20,
      kind: 'throttle',
    });
    const report = await deliver('1.1.0');
    expect(endOf(report)).toBe('succeeded/delivered');
    expect(report?.timeline.map(({ because }) => because)).toContainEqual(
      expect.stringMatching(/^smoke: \d\d of 60 requests answered$/),
    );
  });
});

describe('a manifest with a path that is none', () => {
  test('is refused before anything is written', async () => {
    account.writeManifest(() => `${manifestText()}${smoke('{ body: "1", expect: { path: "$.a[", type: text } }')}`);
    await account.prepare('1.1.0');
    const seen = account.watch();
    const report = await deliver('1.1.0');
    expect(endOf(report)).toBe('failed/invalid-input');
    expect(report?.result.because).toMatch(/^smoke\.requests\[0\]\.expect\.path: "\$\.a\[" is no JSONPath: /);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});

describe('a dark candidate', () => {
  beforeEach(async () => {
    await account.inProduction('1.0.0');
  });

  test('of a model that answers otherwise is removed, and what serves goes on serving', async () => {
    account.writeManifest(
      () => `${manifestText({ rollout: bySteps })}${smoke(`{ body: "${versicolor}", expect: { value: versicolor } }`)}`,
    );
    await account.prepare('1.2.0');
    const seen = account.watch();
    const report = await deliver('1.2.0');
    expect(report?.result.because).toMatch(
      /^1\.2\.0 got no traffic: smoke: 60 of 60 answers not as expected; the first: request 1 got another text in column 0, and not "versicolor"; the candidate is gone, and 1\.0\.0 serves as before, verified$/,
    );
    expect(endOf(report)).toBe('rolled-back/dark-checks-failed');
    expect(asked(seen)).toEqual(Array.from({ length: 60 }, () => 'AllTraffic-next'));
    const { ProductionVariants: variants } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
      EndpointName: 'iris',
    });
    expect(variants).toMatchObject([{ VariantName: 'AllTraffic', CurrentWeight: 1 }]);
    const [serves, candidate] = account.record()?.history ?? [];
    expect(serves).toMatchObject({ version: '1.0.0', good: true });
    expect(candidate).toMatchObject({ version: '1.2.0', good: false, ended: 'rolled-back' });
    expect(endOf(await deliver('1.2.0'))).toBe('rejected/already-convicted');
    expect(endOf(await account.run(shiftTraffic, { version: '1.2.0' }))).toMatch(/already-convicted|no-candidate/);
  });

  test('whose run died in its smoke test gets no traffic, and is asked when it is delivered again', async () => {
    account.writeManifest(() => `${manifestText({ rollout: bySteps })}${asking}`);
    await account.prepare('1.1.0');
    const death = { atCall: 'runtime.invokeEndpoint', received: true } as const;
    expect(await deliver('1.1.0', {}, { death })).toBeUndefined();
    await account.pass(minutes(11));
    // The watchdog settles it, and has nothing to ask.
    await account.run(rollback, { 'only-expired': 'true' }, { runId: '9' });
    expect(account.record()?.ended[0]).toMatchObject({
      reason: 'abandoned',
      because: expect.stringContaining('smoke test'),
    });
    const seen = account.watch();
    const shift = await account.run(shiftTraffic, { version: '1.1.0' }, { runId: '2' });
    expect(endOf(shift)).toBe('failed/no-candidate');
    expect(shift?.result.because).toMatch(/its smoke test did not end/);
    expect(asked(seen)).toEqual([]);
    expect(endOf(await deliver('1.1.0', {}, { runId: '3' }))).toBe('succeeded/candidate-dark');
    expect(asked(seen)).toHaveLength(60);
  });

  test('of a good model stays', async () => {
    account.writeManifest(() => `${manifestText({ rollout: bySteps })}${asking}`);
    await account.prepare('1.1.0');
    const report = await deliver('1.1.0');
    expect(endOf(report)).toBe('succeeded/candidate-dark');
    expect(report?.result.because).toMatch(/smoke: 60 of 60 answers as expected$/);
  });
});
