import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

/** Metrics per endpoint config are documented for deployment guardrails only, so nothing may need them of any other fleet. */
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount({ settings: { plainFleetMetrics: false } });
  await account.inProduction('1.0.0');
});
afterEach(() => account.close());

/** Requests of the last ten minutes on the fleet that serves now, by its config's own metric. */
const requests = async (): Promise<number> => {
  const { simulator } = account;
  const { EndpointConfigName } = await simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: team.endpoint });
  const dimensions = { EndpointName: team.endpoint, VariantName: team.variant, EndpointConfigName };
  const now = simulator.clock.now();
  const { Datapoints } = await simulator.call('cloudwatch', 'GetMetricStatistics', {
    Namespace: 'AWS/SageMaker',
    MetricName: 'Invocations',
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    StartTime: (now - minutes(10)) / 1000,
    EndTime: now / 1000,
    Period: 600,
    Statistics: ['Sum'],
  });
  return (Datapoints as readonly { readonly Sum: number }[]).reduce((sum, { Sum }) => sum + Sum, 0);
};

test('a canary over a fleet without metrics of its own is delivered, and one with errors is not', async () => {
  expect(await requests()).toBe(0);
  await account.prepare('1.1.0');
  expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  expect(await requests()).toBeGreaterThan(0);
  await account.prepare('1.4.0');
  expect((await account.run(deployEndpoint, { version: '1.4.0' }))?.result.reason).toBe('alarm');
});
