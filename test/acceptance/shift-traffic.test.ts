import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { resultJson } from '../../src/report/result-json.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

/** The few requests of this account take long to prove a latency by. */
const bySteps = `${rollouts.steps}, max-step: 6h`;

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const variants = async () => {
  const { ProductionVariants, EndpointConfigName } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: 'iris',
  });
  return {
    config: EndpointConfigName,
    weights: (ProductionVariants as { VariantName: string; CurrentWeight: number }[]).map(
      ({ VariantName, CurrentWeight }) => [VariantName, CurrentWeight],
    ),
  };
};

describe('shift-traffic', () => {
  test('a good version walks the steps and ends alone under the canonical name', async () => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => manifestText({ rollout: bySteps }));
    await account.prepare('1.1.0');
    const dark = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(dark?.result.because).toContain('without traffic');
    expect(dark?.result.reason).toBe('candidate-dark');
    expect(dark?.result.outputs).toMatchObject({ version: '1.1.0', 'serving-version': '1.0.0' });
    expect((await variants()).weights).toEqual([
      ['AllTraffic', 1],
      ['AllTraffic-next', 0],
    ]);
    const shifted = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(shifted?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    const { judged } = shifted ? resultJson(shifted.result) : {};
    expect(judged?.exposed).toBeGreaterThan(600);
    expect(judged?.harmed).toBe(0);
    const errors = judged?.metrics.find(({ says }) => says === 'errors');
    expect(errors?.candidate).toEqual({ requests: judged?.exposed, bad: 0 });
    expect(errors?.interval[1]).toBeLessThan(0.005);
    expect((await variants()).weights).toEqual([['AllTraffic', 1]]);

    const writes = account.watch();
    const again = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' });
    expect(again?.result).toMatchObject({ reason: 'already-delivered', outputs: { 'serving-version': '1.1.0' } });
    expect(again?.wouldChange).toBe(false);
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('already-delivered');
    expect(writes().filter(({ mutation }) => mutation)).toEqual([]);
  });
});

describe('run again', () => {
  test('a first deployment with steps is delivered; a dark candidate is dark, and what serves is the other version', async () => {
    account.writeManifest(() => manifestText({ rollout: bySteps }));
    await account.prepare('1.0.0');
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    const writes = account.watch();
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('already-delivered');
    expect(writes().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('a version that the judge convicted is convicted for both halves, until it is asked for again', async () => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => manifestText({ rollout: bySteps }));
    await account.prepare('1.4.0');
    await account.run(deployEndpoint, { version: '1.4.0' });
    const shifted = await account.run(shiftTraffic, { version: '1.4.0' });
    expect(shifted?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    const { judged } = shifted ? resultJson(shifted.result) : {};
    expect(judged?.harmed).toBeGreaterThan(5);
    expect(judged?.logEvidence).toBeGreaterThan(Math.log(100));
    const writes = account.watch();
    const dark = await account.run(deployEndpoint, { version: '1.4.0' });
    expect(dark?.result).toMatchObject({ outcome: 'rejected', reason: 'already-convicted' });
    const again = await account.run(shiftTraffic, { version: '1.4.0' });
    expect(again?.result).toMatchObject({ outcome: 'rejected', reason: 'already-convicted' });
    expect(writes().filter(({ mutation }) => mutation)).toEqual([]);
  });
});

describe('a guardrail deployment under the judge', () => {
  test('is stopped through its own alarm when the candidate is worse, with no alarm on errors at all', async () => {
    await account.inProduction('1.0.0');
    const before = await variants();
    const judge =
      'judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 } }';
    account.writeManifest(() => manifestText({ rollout: `${rollouts.canary}, ${judge}`, unwatched: true }));
    await account.prepare('1.4.0');
    const report = await account.run(deployEndpoint, { version: '1.4.0' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(report?.result.because).toContain('errors');
    expect(report && resultJson(report.result).judged?.harmed).toBeGreaterThan(5);
    expect(await variants()).toEqual(before);
  });
});
