import { afterEach, describe, expect, test } from '@jest/globals';
import type { SimulatorOptions } from '../../simulator/simulator.ts';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rehearsedTeam as names, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

/** Steps to the end: what takes the traffic back where nothing is left to compare with, and what does not. */
let account: TestAccount;
afterEach(() => account.close());

/** @param usually share of failing requests, of either version */
const dark = async (rollout: string, usually = 0, settings: SimulatorOptions['settings'] = {}): Promise<void> => {
  account = await openAccount({ settings });
  await account.inProduction('1.0.0');
  if (usually > 0) failing(usually)();
  account.simulator.traffic({ endpoint: 'iris', requestsPerSecond: 60, seed: 7 });
  await account.pass(minutes(20));
  account.writeManifest(() => manifestText({ rollout }));
  await account.prepare('1.1.0');
  expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
};

/** When the share is commanded for the `n`th time. */
const atMove = (n: number, action: () => void): void =>
  account.simulator.faults.add({
    kind: 'call',
    service: 'sagemaker',
    operation: 'UpdateEndpointWeightsAndCapacities',
    after: n - 1,
    times: 1,
    action,
  });
const failing = (rate: number, variant?: string) => (): void =>
  account.simulator.harm.dependencyFailure('iris', {
    rate,
    durationMs: minutes(600),
    ...(variant === undefined ? {} : { variant }),
  });

describe('the last step', () => {
  test('of a candidate that fails with all of the traffic is taken back, which convicts no version', async () => {
    await dark(rollouts.steps);
    atMove(3, failing(0.15, 'AllTraffic-next'));
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'worse-than-before' });
    expect(report?.result.because).toContain('no version is convicted');
    const again = await account.run(shiftTraffic, { version: '1.1.0' });
    // The next run begins again at the first step, where the judge compares.
    expect(again?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(again?.result.because).toContain('beside the baseline');
  });
});

describe('requests that settle later than errors', () => {
  test('convict nobody, though a single look at them would', async () => {
    const unguarded = `${rollouts.steps.replace('judge: {', 'judge: { burst-guard: off,')}, max-step: 6h`;
    await dark(unguarded, 0.02, { lateInvocationsMs: 120_000 });
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    const [release] = account.record()?.ended ?? [];
    const journal = account.simulator.objects.get(
      `model-delivery-${names.account}-${names.region}`,
      `iris/releases/${release?.id}/journal.jsonl`,
    );
    expect(journal?.body.toString().includes('"reason":"provisional"')).toBe(true);
  });
});
