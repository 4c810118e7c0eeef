import { describe, expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../../simulator/containers/archive.ts';
import { AwsError, type Settings } from '../../../simulator/contracts.ts';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { durationMember } from '../../../simulator/services/runtime.ts';
import { image, servingRole, simulatedAws } from '../support/simulated-aws.ts';

interface Wanted {
  readonly settings?: Partial<Settings>;
  readonly baseMs?: number;
  readonly variant?: object;
}

/** An endpoint `iris` in service, whose container takes as long for each request, and SageMaker 2 ms more. */
const served = ({
  settings,
  baseMs = 100,
  variant = { InstanceType: 'ml.m5.large', InitialInstanceCount: 1 },
}: Wanted) => {
  const far = simulatedAws(settings);
  const files = new Map(readArchive(irisFixture('1.1.0').artifact));
  const inference: object = JSON.parse(files.get('inference.json')?.toString() ?? '');
  files.set('inference.json', Buffer.from(JSON.stringify({ ...inference, baseMs, spreadMs: 0, failingShare: 0 })));
  far.objects.set('models/iris.tar.gz', writeArchive(files));
  far.call('CreateModel', {
    ModelName: 'iris',
    ExecutionRoleArn: servingRole,
    PrimaryContainer: { Image: image, ModelDataUrl: 's3://models/iris.tar.gz' },
  });
  far.call('CreateEndpointConfig', {
    EndpointConfigName: 'iris',
    ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'iris', ...variant }],
  });
  far.call('CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'iris' });
  far.after(600);
  /** Virtual milliseconds until the answer, or the refusal. */
  const ask = (): number | string => {
    try {
      const answer = far.call('InvokeEndpoint', {
        EndpointName: 'iris',
        ContentType: 'text/csv',
        Body: Buffer.from('5.1,3.5,1.4,0.2'),
      });
      return answer[durationMember];
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return `${error.status} ${error.code} ${error.members['OriginalStatusCode'] ?? ''}`.trim();
    }
  };
  return { far, ask, times: (count: number) => Array.from({ length: count }, ask) };
};

describe('the requests of an instance', () => {
  test('are answered side by side, however many, unless the setting has a number', () => {
    expect(served({}).times(3)).toEqual([102, 102, 102]);
  });

  test('wait for a free place, in the order of their arrival', () => {
    const { far, times } = served({ settings: { requestsPerInstance: 2 } });
    expect(times(5)).toEqual([102, 102, 202, 202, 302]);
    // The fifth begins after 200 ms: two places are free 50 ms later, for one request each.
    far.after(0.25);
    expect(times(3)).toEqual([102, 152, 202]);
    far.after(10);
    expect(times(1)).toEqual([102]);
  });

  test('are refused beyond a number of waiting ones, which is no error of the model', () => {
    const { far, times } = served({ settings: { requestsPerInstance: 1, queuedPerInstance: 2 } });
    expect(times(5)).toEqual([102, 202, 302, '503 ServiceUnavailable', '503 ServiceUnavailable']);
    const errors = far.observations.filter(({ metric }) => metric === 'InvocationModelErrors');
    expect(errors.flatMap(({ values, counts }) => values.map((value, at) => value * (counts[at] ?? 0)))).not.toContain(
      1,
    );
    // The first has its answer, and another one begins.
    far.after(0.101);
    expect(times(2)).toEqual([301, '503 ServiceUnavailable']);
  });

  test('that wait for more than 60 seconds have a time-out of the model, and take no place', () => {
    const { far, ask, times } = served({ settings: { requestsPerInstance: 1 }, baseMs: 25_000 });
    expect(times(3)).toEqual([25_002, 50_002, '424 ModelError 0']);
    // It would begin after 75 seconds, since the third is answered although its caller is gone.
    expect(times(2)).toEqual(['424 ModelError 0', '424 ModelError 0']);
    far.after(75);
    expect(ask()).toBe(25_002);
  });

  test('are shared out by chance, or to the instance with the fewest', () => {
    const variant = { InstanceType: 'ml.m5.large', InitialInstanceCount: 4 };
    const settings = { requestsPerInstance: 1 };
    const least = { RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' } };
    expect(served({ settings, variant: { ...variant, ...least } }).times(8)).toEqual([
      ...Array(4).fill(102),
      ...Array(4).fill(202),
    ]);
    const random = served({ settings, variant }).times(8);
    expect(random).not.toEqual([...Array(4).fill(102), ...Array(4).fill(202)]);
    expect(new Set(random).size).toBeGreaterThan(1);
  });

  test('of a serverless endpoint are as many as its MaxConcurrency; another one is throttled', () => {
    const variant = { ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 3 } };
    const { far, times } = served({ settings: { requestsPerInstance: 1 }, variant });
    expect(times(4)).toEqual([102, 102, 102, '400 ThrottlingException']);
    far.after(0.2);
    expect(times(1)).toEqual([102]);
  });
});
