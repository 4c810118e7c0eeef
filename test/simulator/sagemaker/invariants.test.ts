import { describe, expect, test } from '@jest/globals';
import { fc } from '../../support/properties.ts';
import { blueGreen, canary, linear, type SimulatedAws, simulatedAws } from '../support/simulated-aws.ts';

/** Whatever is asked of an endpoint, in whatever order, with whatever going wrong. */
type Step =
  | {
      readonly do: 'update';
      readonly to: 'good' | 'sick' | 'broken';
      readonly how: keyof typeof policies;
      readonly retain: boolean;
    }
  | { readonly do: 'scale'; readonly instances: number }
  | { readonly do: 'no-capacity'; readonly times: number }
  | { readonly do: 'silent' | 'maintenance' }
  | { readonly do: 'alarm'; readonly state: 'OK' | 'ALARM' }
  | { readonly do: 'wait'; readonly seconds: number };

const alarms = ['errors'];
const rolling = (Value: number) => ({
  RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value }, WaitIntervalInSeconds: 60 },
  AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'errors' }] },
});
const policies = {
  none: undefined,
  canary: blueGreen(canary, { alarms }),
  linear: blueGreen(linear, { alarms, timeout: 3000 }),
  rolling: rolling(1),
  rollingByTwo: rolling(2),
} as const;

const update: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('update' as const),
  to: fc.constantFrom('good' as const, 'good' as const, 'sick' as const, 'broken' as const),
  how: fc.constantFrom(...(Object.keys(policies) as (keyof typeof policies)[])),
  retain: fc.boolean(),
});
const wait = (max: number): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: update },
  { weight: 6, arbitrary: wait(600) },
  { weight: 2, arbitrary: wait(4000) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('no-capacity' as const), times: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('scale' as const), instances: fc.integer({ min: 1, max: 8 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('silent' as const, 'maintenance' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('alarm' as const),
      state: fc.constantFrom('OK' as const, 'OK' as const, 'ALARM' as const),
    }),
  },
);

const perform = (far: SimulatedAws, wanted: Step): void => {
  switch (wanted.do) {
    case 'update': {
      const DeploymentConfig = policies[wanted.how];
      const more = DeploymentConfig ? { DeploymentConfig } : {};
      far.refusal('UpdateEndpoint', {
        EndpointName: 'iris',
        EndpointConfigName: wanted.to,
        RetainAllVariantProperties: wanted.retain,
        ...more,
      });
      return;
    }
    case 'scale':
      far.sagemaker.hosting.scale('iris', 'AllTraffic', wanted.instances);
      return;
    case 'no-capacity':
      far.sagemaker.harm.failCapacity(wanted.times);
      return;
    case 'silent':
      far.sagemaker.harm.silentRollback('iris');
      return;
    case 'maintenance':
      far.sagemaker.harm.systemUpdate('iris', 120_000);
      return;
    case 'alarm':
      far.alarms.set('errors', wanted.state);
      return;
    case 'wait':
      far.after(wanted.seconds);
  }
};

const ready = (): SimulatedAws => {
  const far = simulatedAws();
  far.alarms.set('errors', 'OK');
  far.serving(4);
  far.ship('1.1.0', { name: 'good', instances: 3 });
  far.ship('1.5.0', { name: 'sick' });
  far.ship('1.2.0', { name: 'broken' });
  far.objects.delete('models/broken.tar.gz');
  return far;
};

/** How many of `count` requests were answered, by config. */
const served = (
  far: SimulatedAws,
  count: number,
): { readonly total: number; readonly configs: ReadonlySet<string> } => {
  const before = new Map(
    far.sagemaker.hosting.minutes().map((row) => [`${row.endpointConfig}${row.minute}`, row.requests]),
  );
  far.sagemaker.hosting.drive(
    'iris',
    Array.from({ length: count }, () => Buffer.from('5,3,1,0')),
    'text/csv',
    far.clock.now(),
  );
  const grown = far.sagemaker.hosting.minutes().map((row) => ({
    config: row.endpointConfig,
    by: row.requests - (before.get(`${row.endpointConfig}${row.minute}`) ?? 0),
  }));
  return {
    total: grown.reduce((sum, { by }) => sum + by, 0),
    configs: new Set(grown.filter(({ by }) => by > 0).map(({ config }) => config)),
  };
};

const alwaysTrue = (far: SimulatedAws): void => {
  const described = far.describe();
  const pending = described.PendingDeploymentSummary;
  // AWS: UpdateEndpoint, "no availability loss".
  const { total, configs } = served(far, 20);
  expect(total).toBe(20);
  if (described.EndpointStatus === 'InService') {
    expect(pending).toBeUndefined();
    expect(described.ProductionVariants[0].CurrentInstanceCount).toBe(
      described.ProductionVariants[0].DesiredInstanceCount,
    );
    expect([...configs]).toEqual([described.EndpointConfigName]);
  }
  if (pending) {
    expect(['Updating']).toContain(described.EndpointStatus);
    const { CurrentInstanceCount, DesiredInstanceCount } = pending.ProductionVariants[0];
    expect(CurrentInstanceCount).toBeLessThanOrEqual(DesiredInstanceCount);
    if (CurrentInstanceCount === 0)
      expect(
        configs.has(pending.EndpointConfigName) && pending.EndpointConfigName !== described.EndpointConfigName,
      ).toBe(false);
  }
  expect(['sick', 'broken']).not.toContain(described.EndpointConfigName);
};

describe('an endpoint that once served', () => {
  test('never stops serving, never serves what is sick, and comes to rest', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        const far = ready();
        for (const wanted of steps) {
          perform(far, wanted);
          alwaysTrue(far);
          seen.add(`${far.describe().EndpointStatus} ${far.describe().EndpointConfigName}`);
        }
        far.alarms.set('errors', 'OK');
        far.after(4 * 3600);
        alwaysTrue(far);
        expect(['InService', 'UpdateRollbackFailed']).toContain(far.describe().EndpointStatus);
      }),
      { numRuns: 200 },
    );
    // The walk went everywhere it can go.
    for (const status of ['InService', 'Updating', 'SystemUpdating', 'RollingBack', 'UpdateRollbackFailed'])
      expect([...seen].filter((state) => state.startsWith(status))).not.toEqual([]);
    expect(seen).toContain('InService good');
  });

  test('every event it notes names it and comes in order of time', () => {
    const far = ready();
    perform(far, { do: 'update', to: 'good', how: 'linear', retain: true });
    far.after(7200);
    const events = far.events.filter((event) => event.source === 'endpoint');
    expect(events.every((event) => event.object === 'iris' && event.detail !== '')).toBe(true);
    expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).toSorted((a, b) => a - b));
  });
});

describe('serverless', () => {
  test('takes updates all at once and without instances; a real-time endpoint cannot become one', () => {
    const far = simulatedAws();
    const ServerlessConfig = { MemorySizeInMB: 2048, MaxConcurrency: 5 };
    const serverless = { InstanceType: undefined, InitialInstanceCount: undefined, ServerlessConfig };
    far.call('CreateEndpoint', {
      EndpointName: 'iris',
      EndpointConfigName: far.ship('1.0.0', { variant: serverless }),
    });
    far.after(300);
    const [variant] = far.describe().ProductionVariants;
    expect(variant).toMatchObject({ CurrentServerlessConfig: ServerlessConfig });
    expect(variant).not.toHaveProperty('CurrentInstanceCount');
    far.call('UpdateEndpoint', {
      EndpointName: 'iris',
      EndpointConfigName: far.ship('1.1.0', { variant: serverless }),
      DeploymentConfig: blueGreen({ Type: 'ALL_AT_ONCE' }),
    });
    far.after(270);
    expect(far.describe()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'iris-1-1-0' });
    expect(served(far, 5).total).toBe(5);

    const realTime = simulatedAws();
    realTime.serving();
    const config = realTime.ship('1.1.0', { variant: serverless });
    expect(realTime.refusal('UpdateEndpoint', { EndpointName: 'iris', EndpointConfigName: config })).toMatch(
      /^ValidationException: A real-time endpoint/,
    );
  });
});

describe('listings and two variants', () => {
  test('ListEndpoints: newest first, filtered by status and name', () => {
    const far = simulatedAws();
    far.serving(1);
    for (const EndpointName of ['a-iris', 'other'])
      far.call('CreateEndpoint', { EndpointName, EndpointConfigName: 'iris-1-0-0' });
    const names = (input: object): readonly string[] =>
      far.call('ListEndpoints', input).Endpoints.map((item: { EndpointName: string }) => item.EndpointName);
    expect(names({})).toEqual(['other', 'a-iris', 'iris']);
    expect(names({ StatusEquals: 'InService' })).toEqual(['iris']);
    expect(names({ NameContains: 'iris', SortBy: 'Name', SortOrder: 'Ascending' })).toEqual(['a-iris', 'iris']);
    expect(far.call('ListEndpointConfigs', {}).EndpointConfigs).toHaveLength(1);
    expect(far.call('ListModels', {}).Models).toHaveLength(1);
  });

  test('one call may set many weights but only one capacity', () => {
    const far = simulatedAws();
    const model = far.ship('1.0.0');
    const variant = (VariantName: string) => ({
      VariantName,
      ModelName: model,
      InstanceType: 'ml.m5.large',
      InitialInstanceCount: 1,
    });
    far.call('CreateEndpointConfig', { EndpointConfigName: 'two', ProductionVariants: [variant('A'), variant('B')] });
    far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'two' });
    far.after(300);
    const desire = (...DesiredWeightsAndCapacities: readonly object[]) =>
      far.refusal('UpdateEndpointWeightsAndCapacities', { EndpointName: 'iris', DesiredWeightsAndCapacities });
    const both = [
      { VariantName: 'A', DesiredInstanceCount: 2 },
      { VariantName: 'B', DesiredInstanceCount: 2 },
    ];
    expect(desire(...both)).toMatch(/^ValidationException: The capacity of only one variant/);
    expect(
      desire({ VariantName: 'A', DesiredWeight: 9 }, { VariantName: 'B', DesiredWeight: 1, DesiredInstanceCount: 2 }),
    ).toMatch(/^not refused/);
    far.after(300);
    expect(far.describe().ProductionVariants).toMatchObject([
      { CurrentWeight: 9, CurrentInstanceCount: 1 },
      { CurrentWeight: 1, CurrentInstanceCount: 2 },
    ]);
  });
});
