import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { type House, openHouse } from '../support/house.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const variants = async () => {
  const { ProductionVariants, EndpointConfigName } = await house.simulator.call('sagemaker', 'DescribeEndpoint', {
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
    await house.inProduction('1.0.0');
    house.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await house.prepare('1.1.0');
    const dark = await house.run(deployEndpoint, { version: '1.1.0' });
    expect(dark?.result.because).toContain('without traffic');
    expect(dark?.result.reason).toBe('candidate-dark');
    expect((await variants()).weights).toEqual([
      ['AllTraffic', 1],
      ['AllTraffic-next', 0],
    ]);
    const shifted = await house.run(shiftTraffic, { version: '1.1.0' });
    expect(shifted?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    const { judged } = shifted?.result ?? {};
    expect(judged?.exposed).toBeGreaterThan(600);
    expect(judged?.harmed).toBe(0);
    const errors = judged?.metrics.find(({ says }) => says === 'errors');
    expect(errors?.candidate).toEqual({ requests: judged?.exposed, bad: 0 });
    expect(errors?.interval[1]).toBeLessThan(0.005);
    expect((await variants()).weights).toEqual([['AllTraffic', 1]]);
  });
});

describe('a guardrail deployment under the judge', () => {
  test('is stopped through its own alarm when the candidate is worse, with no alarm on errors at all', async () => {
    await house.inProduction('1.0.0');
    const before = await variants();
    const judge =
      'judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 } }';
    house.writeManifest(() => manifestText({ rollout: `${rollouts.canary}, ${judge}`, unwatched: true }));
    await house.prepare('1.4.0');
    const report = await house.run(deployEndpoint, { version: '1.4.0' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(report?.result.because).toContain('errors');
    expect(await variants()).toEqual(before);
  });
});
