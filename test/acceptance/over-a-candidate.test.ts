import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { byHand, described, endOf, linesOf, madeByHand } from '../support/adopted.ts';

/** A candidate waits without traffic beside a configuration that others made. */
let account: TestAccount;
let traffic: { stop(): void };
const fleet = 'instance: { type: ml.m5.large, count: 4 }';
const key = 'kms-key: alias/ml';
const manifest = (rollout: string, ...lines: readonly string[]): void =>
  account.writeManifest(() => manifestText({ rollout, endpoint: [fleet, ...lines] }));
const deliver = (version: string, more = {}) => account.run(deployEndpoint, { version, ...more });
const dry = { 'dry-run': 'true' };

beforeEach(async () => {
  account = await openAccount();
  await account.prepare('1.0.0');
  await account.prepare('1.1.0');
  await madeByHand(account, { config: { KmsKeyId: 'alias/ml' } });
  traffic = account.simulator.traffic({ endpoint: team.endpoint, requestsPerSecond: 8, seed: 20_260_105 });
  await account.pass(minutes(20));
  manifest(rollouts.steps, key);
  expect(endOf(await deliver('1.1.0'))).toBe('succeeded/candidate-dark');
});
afterEach(async () => {
  traffic.stop();
  await account.close();
});

describe('a delivery under guardrails, which removes the candidate first', () => {
  test('has the lines of both in its plan, and they are true', async () => {
    manifest(rollouts.canary, 'kms-key: none', 'volume-size-gb: 30');
    const planned = await deliver('1.0.0', dry);
    const report = await deliver('1.0.0');
    expect(endOf(report)).toBe('succeeded/delivered');
    const { config, variant } = await described(account);
    expect([config['KmsKeyId'], variant['VolumeSizeInGB']]).toEqual([undefined, 30]);
    for (const one of [planned, report]) {
      const plan = one?.result.plan;
      expect(plan?.title).toContain(
        'remove the candidate 1.1.0, which has no traffic, from iris; then: deploy iris 1.0.0',
      );
      expect(plan?.changes.map(({ verb, object }) => `${verb} ${object}`)).toContain(
        `create endpoint config ${String(config['EndpointConfigName'])}`,
      );
      expect(linesOf(one)).toEqual(
        expect.arrayContaining([
          "encryption of the volumes (KMS key): alias/ml → removed (AWS's default)",
          'storage volume: not set → 30 GB',
          `${byHand} → ${String(config['EndpointConfigName'])}`,
        ]),
      );
      expect(plan?.notes).toContain('PROTECTION REMOVED: encryption of the volumes: the manifest gives up `kms-key`');
      expect(plan?.permissions).toContain('sagemaker:CreateEndpointConfig');
      expect(plan?.expectedSeconds).toBeGreaterThan(1_000);
      expect(plan?.peakInstances).toEqual({ 'ml.m5.large': 12 });
    }
  });

  test('of the version that serves has the removal alone in its plan', async () => {
    manifest(rollouts.canary, key);
    expect(endOf(await deliver('1.0.0'))).toBe('succeeded/delivered');
    manifest(rollouts.steps, key);
    expect(endOf(await deliver('1.1.0'))).toBe('succeeded/candidate-dark');
    manifest(rollouts.canary, key);
    for (const [more, end] of [
      [dry, 'succeeded/planned'],
      [{}, 'succeeded/already-delivered'],
    ] as const) {
      const report = await deliver('1.0.0', more);
      expect(endOf(report)).toBe(end);
      expect(report?.result.plan?.title).toMatch(/then: iris serves 1\.0\.0 already$/);
      expect(report?.result.plan?.changes.map(({ object }) => object)).toEqual(['endpoint iris']);
    }
  });

  test('is refused before the candidate is gone', async () => {
    manifest(rollouts.canary);
    const writes = account.watch();
    for (const more of [dry, {}]) expect(endOf(await deliver('1.0.0', more))).toBe('failed/protection-lost');
    expect(writes().filter(({ operation }) => operation === 'UpdateEndpoint')).toEqual([]);
    expect((await described(account)).config['ProductionVariants']).toHaveLength(2);
  });
});

describe('rollback', () => {
  test('names no way back past a configuration that nothing served before', async () => {
    const report = await account.run(rollback, dry);
    expect(report?.result.plan?.notes).toContain(`${byHand} keeps all traffic; no version served well before it`);
  });

  test('names the configuration of others past the version that serves, and not the config with a candidate beside it', async () => {
    expect(endOf(await account.run(shiftTraffic, { version: '1.1.0' }))).toBe('succeeded/delivered');
    expect(endOf(await deliver('1.0.0'))).toBe('succeeded/candidate-dark');
    const report = await account.run(rollback, dry);
    expect(report?.result.plan?.notes).toContain(
      `1.1.0 keeps all traffic; to go back past it, to ${byHand}, name that with to`,
    );
    expect(endOf(await account.run(rollback, { to: byHand, ...dry }))).toBe('succeeded/planned');
  });

  test('a day after it removed the candidate, finds no earlier configuration, and does not replace the fleet by itself', async () => {
    const withdrawn = await account.run(rollback, {});
    expect(endOf(withdrawn)).toBe('succeeded/candidate-withdrawn');
    expect(withdrawn?.result.because).toMatch(/verified; no version served well before made-by-hand$/);
    traffic.stop();
    await account.pass(minutes(25 * 60));
    const report = await account.run(rollback, {});
    expect(endOf(report)).toBe('failed/nothing-to-roll-back-to');
    expect(report?.result.because).toContain(`the history has ${byHand}`);
    expect(report?.result.because).not.toContain('-1-1-0-');
  });
});

test('the first swap of steps names the settings that change for the version that serves too', async () => {
  manifest(rollouts.steps, 'kms-key: none', 'volume-size-gb: 30');
  const report = await deliver('1.0.0');
  const { config } = await described(account);
  expect([config['KmsKeyId'], (config['ProductionVariants'] as readonly object[]).length]).toEqual([undefined, 2]);
  const dark = report?.result.plan?.changes.find(
    ({ object }) => object === `endpoint config ${String(config['EndpointConfigName'])}`,
  );
  expect(linesOf(report)).toContain('the candidate 1.1.0 of an earlier run, which has no traffic, goes');
  expect(dark?.details).toEqual([
    '4 × ml.m5.large with weight 0 beside the version that serves',
    'already changes, for the version that serves too: encryption of the volumes (KMS key)',
  ]);
});

test('an endpoint that is deleted in the middle of the steps is reported as deleted', async () => {
  const shift = account.run(shiftTraffic, { version: '1.1.0' });
  await account.pass(minutes(3));
  await account.simulator.call('sagemaker', 'DeleteEndpoint', { EndpointName: team.endpoint });
  expect((await shift)?.result).toMatchObject({
    reason: 'changed-by-others',
    because: 'the endpoint iris was deleted during the release',
  });
});
