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
    expect((await variants()).weights).toEqual([['AllTraffic', 1]]);
  });
});
