import { expect, test } from '@jest/globals';
import { startContainer } from '../../../simulator/containers/model-server.ts';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { simulatedAws } from '../support/simulated-aws.ts';

const bodies = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => Buffer.from(`${5 + index / 10_000},3.5,1.4,0.2`));

test('1.6.0 has a slow tail: about 3 % of the bodies, the same ones every time', () => {
  const container = startContainer(irisFixture('1.6.0').artifact);
  const latencies = () => bodies(4000).map((body) => container.invoke(body, 'text/csv').latencyMs);
  const first = latencies();
  const slow = first.filter((latencyMs) => latencyMs > 900);
  expect(slow.length / first.length).toBeGreaterThan(0.02);
  expect(slow.length / first.length).toBeLessThan(0.04);
  expect(Math.max(...first.filter((latencyMs) => latencyMs <= 900))).toBeLessThanOrEqual(16);
  expect(latencies()).toEqual(first);
});

test('1.7.0 leaks: its first 3,000 requests succeed, about 5 % of the later ones fail, and a new container starts sound', () => {
  const container = startContainer(irisFixture('1.7.0').artifact);
  const failures = (of: ReturnType<typeof startContainer>): number =>
    bodies(3000).filter((body) => of.invoke(body, 'text/csv').status === 500).length;
  expect(failures(container)).toBe(0);
  const later = failures(container);
  expect(later).toBeGreaterThan(100);
  expect(later).toBeLessThan(200);
  expect(failures(startContainer(irisFixture('1.7.0').artifact))).toBe(0);
});

const twoVariants = () => {
  const far = simulatedAws();
  far.ship('1.0.0');
  far.ship('1.1.0');
  const variant = { InstanceType: 'ml.m5.large', InitialInstanceCount: 1, InitialVariantWeight: 1 };
  for (const name of ['iris', 'other']) {
    far.call('CreateEndpointConfig', {
      EndpointConfigName: name,
      ProductionVariants: [
        { ...variant, VariantName: 'AllTraffic', ModelName: 'iris-1-0-0' },
        { ...variant, VariantName: 'AllTraffic-next', ModelName: 'iris-1-1-0' },
      ],
    });
    far.call('CreateEndpoint', { EndpointName: name, EndpointConfigName: name });
  }
  const { clock, settings } = far.kernel;
  far.after((settings.provisionMs + settings.containerStartMs) / 1000);
  const statuses = (endpoint: string, targetVariant: string, count = 1000): readonly number[] => {
    const { hosting } = far.sagemaker;
    return bodies(count).map(
      (body) => hosting.invoke({ endpoint, targetVariant, body, contentType: 'text/csv', at: clock.now() }).status,
    );
  };
  const share = (endpoint: string, targetVariant: string): number =>
    statuses(endpoint, targetVariant).filter((status) => status === 500).length / 1000;
  return { far, statuses, share };
};

test('a dependency fails for a while: every variant alike, of this endpoint only, and then no more', () => {
  const { far, share } = twoVariants();
  far.sagemaker.harm.dependencyFailure('iris', { rate: 0.2, durationMs: 60_000 });
  expect(share('iris', 'AllTraffic')).toBeCloseTo(0.2, 1);
  expect(share('iris', 'AllTraffic-next')).toBeCloseTo(0.2, 1);
  expect(share('other', 'AllTraffic')).toBe(0);
  far.after(60);
  expect([share('iris', 'AllTraffic'), share('iris', 'AllTraffic-next')]).toEqual([0, 0]);
});

test('failures come in rows on one variant, as often as the rate says, and on top of those of both', () => {
  const { far, statuses, share } = twoVariants();
  const { harm } = far.sagemaker;
  harm.dependencyFailure('iris', { rate: 0.1, durationMs: 60_000, inRows: 20, variant: 'AllTraffic-next' });
  const seen = statuses('iris', 'AllTraffic-next', 20_000);
  const rows =
    seen
      .map((status) => (status === 500 ? 'x' : '.'))
      .join('')
      .match(/x+/g) ?? [];
  expect(rows.slice(0, -1).every((row) => row.length % 20 === 0)).toBe(true);
  expect(seen.filter((status) => status === 500).length / 20_000).toBeCloseTo(0.1, 1);
  expect(share('iris', 'AllTraffic')).toBe(0);
  harm.dependencyFailure('iris', { rate: 0.3, durationMs: 60_000 });
  expect(share('iris', 'AllTraffic')).toBeCloseTo(0.3, 1);
  expect(share('iris', 'AllTraffic-next')).toBeGreaterThan(0.3);
});
