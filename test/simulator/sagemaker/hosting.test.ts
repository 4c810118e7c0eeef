import { describe, expect, test } from '@jest/globals';
import { fixture, type IrisVersion, irisData, irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { startTraffic } from '../../../simulator/traffic.ts';
import { blueGreen, canary, image, imageDigest, type SimulatedAws, simulatedAws } from '../support/simulated-aws.ts';

const csv = (rows: readonly (readonly unknown[])[]): string => rows.map((row) => row.slice(0, 4).join(',')).join('\n');
const { rows, classes } = irisData();
const heldOut = rows.filter((_, index) => index % 3 === 0);

const traffic = (far: SimulatedAws, requestsPerSecond = 20) =>
  startTraffic(far.kernel, far.sagemaker.hosting, { endpoint: 'iris', requestsPerSecond, seed: 7 });
const shares = (far: SimulatedAws, of: 'endpointConfig' | 'variant'): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const minute of far.sagemaker.hosting.minutes())
    counts[minute[of]] = (counts[minute[of]] ?? 0) + minute.requests;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, count / total]));
};

describe('the Runtime answers with what a real fitted model computes', () => {
  const accuracy = (version: IrisVersion): number => {
    const far = simulatedAws();
    far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: far.ship(version) });
    far.after(3600);
    const answer = far.call('InvokeEndpoint', {
      EndpointName: 'iris',
      ContentType: 'text/csv',
      Body: Buffer.from(csv(heldOut)),
    });
    const labels = answer.Body.toString().trim().split('\n');
    return labels.filter((label: string, index: number) => label === heldOut[index]?.[4]).length / heldOut.length;
  };

  test.each([
    ['1.0.0', 0.9],
    ['1.1.0', 0.96],
    ['1.2.0', 0.66],
    ['1.3.0', 0.96],
  ] as const)('version %s is right on %d of the held-out rows, as its evaluation.json says', (version, expected) => {
    expect(accuracy(version)).toBe(expected);
    const report = JSON.parse(irisFixture(version).evaluation.toString());
    expect(report.multiclass_classification_metrics.accuracy.value).toBe(expected);
  });

  test('CSV, JSON and JSON Lines carry the same prediction', () => {
    const far = simulatedAws();
    far.serving();
    const ask = (ContentType: string, body: string): string =>
      far.call('InvokeEndpoint', { EndpointName: 'iris', ContentType, Body: Buffer.from(body) }).Body.toString();
    const answer = { predicted_label: 'setosa', score: 1, scores: { setosa: 1, versicolor: 0, virginica: 0 } };
    expect(ask('text/csv; charset=utf-8', '5.1,3.5,1.4,0.2')).toBe('setosa\n');
    expect(
      JSON.parse(ask('application/json', '{"instances":[{"features":[5.1,3.5,1.4,0.2]},[5.1,3.5,1.4,0.2]]}')),
    ).toEqual({ predictions: [answer, answer] });
    expect(JSON.parse(ask('application/jsonlines', '{"features":[5.1,3.5,1.4,0.2]}\n'))).toEqual(answer);
  });

  test.each([
    ['text/csv', '1,2,3', 400],
    ['text/csv', '1,2,3,x', 400],
    ['application/json', 'no', 400],
    ['application/x-parquet', '', 415],
  ])('a body of type %s it cannot read (%s) is a ModelError that quotes the container', (ContentType, body, status) => {
    const far = simulatedAws();
    far.serving();
    const input = { EndpointName: 'iris', ContentType, Body: Buffer.from(body) };
    expect(far.refusal('InvokeEndpoint', input)).toMatch(
      new RegExp(`^ModelError: Received client error \\(${status}\\) from primary with message`),
    );
    expect(() => far.call('InvokeEndpoint', input)).toThrow(
      expect.objectContaining({
        status: 424,
        members: expect.objectContaining({
          OriginalStatusCode: status,
          LogStreamArn: expect.stringContaining('/aws/sagemaker/Endpoints/iris'),
        }),
      }),
    );
  });

  test('an endpoint or a variant that is not there', () => {
    const far = simulatedAws();
    expect(far.refusal('InvokeEndpoint', { EndpointName: 'none' })).toMatch(
      /^ValidationError: Endpoint none of account \d+ not found/,
    );
    far.serving();
    expect(far.refusal('InvokeEndpoint', { EndpointName: 'iris', TargetVariant: 'B' })).toMatch(/^ValidationError/);
  });

  test('DeployedImages proves what runs, also after the tag has moved', () => {
    const far = simulatedAws();
    far.serving();
    const [repository] = image.split(':');
    const deployed = () => far.describe().ProductionVariants[0].DeployedImages[0];
    expect(deployed()).toMatchObject({ SpecifiedImage: image, ResolvedImage: `${repository}@${imageDigest}` });
    const moved = `sha256:${'b'.repeat(64)}`;
    far.images.set(image, moved);
    expect(deployed().ResolvedImage).toBe(`${repository}@${imageDigest}`);
    far.call('UpdateEndpoint', { EndpointName: 'iris', EndpointConfigName: far.ship('1.1.0') });
    far.after(3600);
    expect(deployed().ResolvedImage).toBe(`${repository}@${moved}`);
  });
});

describe('traffic', () => {
  test.each(['iris', 'segments'] as const)(
    'of %s has rows that its model answers, and mistakes that it refuses',
    (model) => {
      const far = simulatedAws();
      const config = far.ship('1.0.0');
      far.objects.set(`models/${config}.tar.gz`, fixture(model, '1.1.0').artifact);
      far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: config });
      far.after(300);
      const options = { endpoint: 'iris', model, requestsPerSecond: 10, seed: 7, mistakes: 0.1 };
      startTraffic(far.kernel, far.sagemaker.hosting, options);
      far.after(120);
      const minutes = far.sagemaker.hosting.minutes();
      const sum = (of: 'requests' | 'errors' | 'clientErrors') => minutes.reduce((all, minute) => all + minute[of], 0);
      expect(sum('requests')).toBe(1200);
      expect(sum('errors')).toBe(0);
      expect(sum('clientErrors')).toBeGreaterThan(80);
      expect(sum('clientErrors')).toBeLessThan(160);
    },
  );

  test('goes by active capacity during a canary: one of four instances takes a quarter', () => {
    const far = simulatedAws();
    far.serving();
    far.call('UpdateEndpoint', {
      EndpointName: 'iris',
      EndpointConfigName: far.ship('1.1.0'),
      DeploymentConfig: blueGreen(canary),
    });
    far.after(210);
    traffic(far, 50);
    far.after(300);
    expect(shares(far, 'endpointConfig')['iris-1-1-0']).toBeCloseTo(0.25, 1);
    expect(far.sagemaker.hosting.minutes().every((minute) => minute.errors === 0)).toBe(true);
  });

  test('goes by weight between variants; TargetVariant reaches a variant of weight zero', () => {
    const far = simulatedAws();
    const [a, b] = [far.ship('1.0.0'), far.ship('1.2.0')];
    const variant = (VariantName: string, ModelName: string, InitialVariantWeight: number) => ({
      VariantName,
      ModelName,
      InstanceType: 'ml.m5.large',
      InitialInstanceCount: 1,
      InitialVariantWeight,
    });
    far.call('CreateEndpointConfig', {
      EndpointConfigName: 'two',
      ProductionVariants: [variant('A', a, 3), variant('B', b, 0)],
    });
    far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'two' });
    far.after(300);
    const stop = traffic(far);
    far.after(60);
    expect(shares(far, 'variant')).toEqual({ A: 1 });
    stop.stop();
    const targeted = far.call('InvokeEndpoint', {
      EndpointName: 'iris',
      ContentType: 'text/csv',
      Body: Buffer.from('6.3,3.3,4.7,1.6'),
      TargetVariant: 'B',
    });
    expect(targeted).toMatchObject({ InvokedProductionVariant: 'B', Body: Buffer.from('virginica\n') });

    far.call('UpdateEndpointWeightsAndCapacities', {
      EndpointName: 'iris',
      DesiredWeightsAndCapacities: [{ VariantName: 'B', DesiredWeight: 1 }],
    });
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'Updating',
      ProductionVariants: [{}, { CurrentWeight: 0, DesiredWeight: 1 }],
    });
    expect(far.describe()).not.toHaveProperty('PendingDeploymentSummary');
    far.after(30);
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'InService',
      ProductionVariants: [{ CurrentWeight: 3 }, { CurrentWeight: 1 }],
    });
    // The config keeps the weights it was made with: endpoint state is not config state.
    expect(
      far.call('DescribeEndpointConfig', { EndpointConfigName: 'two' }).ProductionVariants[1].InitialVariantWeight,
    ).toBe(0);
    const before = far.sagemaker.hosting.minutes().length;
    traffic(far, 50);
    far.after(300);
    const later = far.sagemaker.hosting.minutes().slice(before);
    const toB = later.filter((minute) => minute.variant === 'B').reduce((sum, minute) => sum + minute.requests, 0);
    expect(toB / 15_000).toBeCloseTo(0.25, 1);
  });

  test('is the same every time, and rates below one per second are kept', () => {
    const run = (rate: number) => {
      const far = simulatedAws();
      far.serving();
      traffic(far, rate);
      far.after(120);
      return far.sagemaker.hosting.minutes();
    };
    expect(run(20)).toEqual(run(20));
    expect(run(0.5).reduce((sum, minute) => sum + minute.requests, 0)).toBe(60);
  });

  test('metrics: 0 or 1 per request, microseconds, under both dimension sets', () => {
    const far = simulatedAws();
    far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: far.ship('1.4.0') });
    far.after(300);
    traffic(far, 50);
    far.after(600);
    const plain = { EndpointName: 'iris', VariantName: 'AllTraffic' };
    const sum = (metric: string, dimensions: object): number =>
      far.observations
        .filter((seen) => seen.metric === metric && JSON.stringify(seen.dimensions) === JSON.stringify(dimensions))
        .reduce(
          (total, seen) =>
            total + seen.values.reduce((part, value, index) => part + value * (seen.counts[index] ?? 0), 0),
          0,
        );
    for (const dimensions of [plain, { ...plain, EndpointConfigName: 'iris-1-4-0' }]) {
      const invocations = sum('Invocations', dimensions);
      expect(invocations).toBe(30_000);
      expect(sum('Invocation5XXErrors', dimensions) / invocations).toBeCloseTo(0.05, 2);
      expect(sum('InvocationModelErrors', dimensions)).toBe(sum('Invocation5XXErrors', dimensions));
      expect(sum('Invocation4XXErrors', dimensions)).toBe(0);
      expect(sum('InvocationsPerInstance', dimensions)).toBeCloseTo(7_500);
      expect(sum('ModelLatency', dimensions) / invocations).toBeGreaterThan(8_000);
      expect(sum('ModelLatency', dimensions) / invocations).toBeLessThan(16_000);
    }
    const errors = far.sagemaker.hosting.minutes().reduce((total, minute) => total + minute.errors, 0);
    expect(errors).toBe(sum('Invocation5XXErrors', plain));
  });

  test('an endpoint that is not there yet takes none', () => {
    const far = simulatedAws();
    traffic(far);
    far.after(60);
    expect(far.sagemaker.hosting.minutes()).toEqual([]);
    far.serving();
    far.after(60);
    expect(shares(far, 'endpointConfig')).toEqual({ 'iris-1-0-0': 1 });
  });

  test('the slow version is slow and the iris data is the iris data', () => {
    const far = simulatedAws();
    far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: far.ship('1.3.0') });
    far.after(300);
    const answer = far.sagemaker.hosting.invoke({
      endpoint: 'iris',
      body: Buffer.from('5,3,1,0'),
      contentType: 'text/csv',
      at: far.clock.now(),
    });
    expect(answer.latencyMs).toBeGreaterThanOrEqual(300);
    expect([rows.length, classes]).toEqual([150, ['setosa', 'versicolor', 'virginica']]);
  });
});

describe('counts and weights across updates (AWS: UpdateEndpoint, RetainAllVariantProperties)', () => {
  const scaledOut = () => {
    const far = simulatedAws();
    far.serving(2);
    far.sagemaker.hosting.scale('iris', 'AllTraffic', 5);
    expect(far.describe().ProductionVariants[0].VariantStatus[0]).toMatchObject({
      Status: 'Updating',
      StatusMessage: 'Scaling out desired instance count to 5.',
    });
    far.after(300);
    expect(far.describe().ProductionVariants[0]).toMatchObject({ CurrentInstanceCount: 5, DesiredInstanceCount: 5 });
    return far;
  };
  const updated = (options: object) => {
    const far = scaledOut();
    far.call('UpdateEndpoint', {
      EndpointName: 'iris',
      EndpointConfigName: far.ship('1.1.0', { instances: 3, weight: 2 }),
      ...options,
    });
    far.after(3600);
    const { CurrentInstanceCount, CurrentWeight } = far.describe().ProductionVariants[0];
    return [CurrentInstanceCount, CurrentWeight];
  };

  test('without Retain the config wins', () => expect(updated({})).toEqual([3, 2]));
  test('with Retain what runs wins', () => expect(updated({ RetainAllVariantProperties: true })).toEqual([5, 1]));
  test('Exclude says what to take from the config after all', () => {
    const ExcludeRetainedVariantProperties = [{ VariantPropertyType: 'DesiredInstanceCount' }];
    expect(updated({ RetainAllVariantProperties: true, ExcludeRetainedVariantProperties })).toEqual([3, 1]);
  });

  test('RetainDeploymentConfig reuses the one given at creation, which did not alter the creation', () => {
    const far = simulatedAws();
    far.call('CreateEndpoint', {
      EndpointName: 'iris',
      EndpointConfigName: far.ship('1.0.0'),
      DeploymentConfig: blueGreen(canary),
    });
    far.after(200);
    expect(far.describe().EndpointStatus).toBe('InService');
    far.call('UpdateEndpoint', {
      EndpointName: 'iris',
      EndpointConfigName: far.ship('1.1.0'),
      RetainDeploymentConfig: true,
    });
    far.after(300);
    expect(far.describe().PendingDeploymentSummary.ProductionVariants[0].CurrentInstanceCount).toBe(1);
  });

  test('only one variant may change its capacity in a call, and nothing changes when one name is wrong', () => {
    const far = simulatedAws();
    far.serving();
    const desire = (...DesiredWeightsAndCapacities: readonly object[]) =>
      far.refusal('UpdateEndpointWeightsAndCapacities', { EndpointName: 'iris', DesiredWeightsAndCapacities });
    expect(
      desire({ VariantName: 'AllTraffic', DesiredInstanceCount: 9 }, { VariantName: 'X', DesiredWeight: 1 }),
    ).toMatch(/^ValidationException/);
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'InService',
      ProductionVariants: [{ DesiredInstanceCount: 4 }],
    });
  });

  test('a scale-out without capacity rolls back', () => {
    const far = simulatedAws();
    far.serving(2);
    far.sagemaker.harm.failCapacity(1);
    expect(far.sagemaker.hosting.scale('iris', 'AllTraffic', 5)).toBe(true);
    expect(far.sagemaker.hosting.scale('iris', 'AllTraffic', 6)).toBe(false);
    far.after(185);
    expect(far.describe().EndpointStatus).toBe('RollingBack');
    far.after(60);
    expect(far.describe()).toMatchObject({
      EndpointStatus: 'InService',
      FailureReason: expect.stringContaining('InsufficientInstanceCapacity'),
      ProductionVariants: [{ CurrentInstanceCount: 2, DesiredInstanceCount: 2 }],
    });
    expect(far.sagemaker.hosting.variant('iris', 'AllTraffic')).toEqual({
      current: 2,
      desired: 2,
      instanceType: 'ml.m5.large',
    });
  });

  test('AWS maintenance passes', () => {
    const far = simulatedAws();
    far.serving();
    far.sagemaker.harm.systemUpdate('iris', 60_000);
    expect(far.describe().EndpointStatus).toBe('SystemUpdating');
    far.after(60);
    expect(far.describe().EndpointStatus).toBe('InService');
  });

  test('data capture is echoed as it runs', () => {
    const far = simulatedAws();
    const model = far.ship('1.0.0');
    far.call('CreateEndpointConfig', {
      EndpointConfigName: 'captured',
      ProductionVariants: [
        { VariantName: 'A', ModelName: model, InstanceType: 'ml.m5.large', InitialInstanceCount: 1 },
      ],
      DataCaptureConfig: {
        InitialSamplingPercentage: 20,
        DestinationS3Uri: 's3://capture/iris',
        CaptureOptions: [{ CaptureMode: 'Input' }],
      },
    });
    far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'captured' });
    far.after(300);
    expect(far.describe().DataCaptureConfig).toEqual({
      EnableCapture: true,
      CaptureStatus: 'Started',
      CurrentSamplingPercentage: 20,
      DestinationS3Uri: 's3://capture/iris',
      KmsKeyId: '',
    });
  });
});
