import { minutes, seconds } from '../../clock.ts';
import { type Span, Undecided } from '../observation.ts';
import { question } from '../question.ts';
import type { Refused } from '../refusal.ts';
import {
  inService,
  makeConfig,
  makeEndpoint,
  makeModel,
  serve,
  served,
  stages,
  variantName,
  variantOf,
} from '../stage.ts';
import type { ProbeWorld } from '../world.ts';

const invoke = 'sagemaker:InvokeEndpoint';
const metrics = 'cloudwatch:GetMetricData';

interface Series {
  readonly Id: string;
  readonly Timestamps?: readonly number[];
  readonly Values?: readonly number[];
}

interface Wanted {
  readonly metric: string;
  readonly stat: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Data points of one metric by minute, over an hour before now. Keys are epoch seconds. */
const pointsOf = async (world: ProbeWorld, wanted: Readonly<Record<string, Wanted>>, since: number) => {
  const { MetricDataResults = [] } = await world.call<{ readonly MetricDataResults?: readonly Series[] }>(
    'cloudwatch',
    'GetMetricData',
    {
      StartTime: Math.floor(since / 60_000) * 60,
      EndTime: Math.ceil(world.clock.now() / 60_000) * 60,
      MetricDataQueries: Object.entries(wanted).map(([Id, { metric, stat, dimensions }]) => ({
        Id,
        MetricStat: {
          Metric: {
            Namespace: 'AWS/SageMaker',
            MetricName: metric,
            Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
          },
          Period: 60,
          Stat: stat,
        },
      })),
    },
  );
  return (id: string): ReadonlyMap<number, number> => {
    const { Timestamps = [], Values = [] } = MetricDataResults.find(({ Id }) => Id === id) ?? {};
    return new Map(Timestamps.map((at, index) => [at, Values[index] ?? Number.NaN]));
  };
};

const sum = (points: ReadonlyMap<number, number>): number => [...points.values()].reduce((all, one) => all + one, 0);

/** Whether SageMaker publishes metrics per configuration, once it has published them per endpoint. */
const perConfig = async (world: ProbeWorld, endpoint: string, config: string, since: number): Promise<boolean> => {
  const dimensions = { EndpointName: endpoint, VariantName: variantName };
  // Asynchronous endpoints publish no Invocations (AWS: "Monitor asynchronous endpoints").
  const all = { metric: 'ModelLatency', stat: 'SampleCount', dimensions };
  const wanted = { all, own: { ...all, dimensions: { ...dimensions, EndpointConfigName: config } } };
  await world.until('the requests in CloudWatch', seconds(15), minutes(20), async () =>
    sum((await pointsOf(world, wanted, since))('all')) > 0 ? true : undefined,
  );
  // Series of one minute need not settle together.
  await world.sleep(minutes(5));
  return sum((await pointsOf(world, wanted, since))('own')) > 0;
};

/** A model's failure has passed SageMaker, and is an answer. */
const refusalBySageMaker = (
  outcome: { readonly answer: object } | { readonly refused: Refused },
): Refused | undefined => ('refused' in outcome && outcome.refused.code !== 'ModelError' ? outcome.refused : undefined);

const knownLimits = [6_291_456, 26_214_400] as const;

export const requests = [
  question({
    id: 'metrics',
    asks: 'When can the metrics of a request be read, do they settle together, and which statistics and dimensions do they have?',
    decides: [
      'metricDelayMs',
      'lateInvocationsMs',
      'latencyTrimmedStatistics',
      'overheadLatencyMs',
      'plainFleetMetrics',
    ],
    source: 'sagemaker.md §3.3, §5.3',
    actions: [...served, invoke, metrics],
    instances: 1,
    minutes: 90,
    async ask(world) {
      const { endpoint, serving } = await serve(world, 'metrics');
      const dimensions = { EndpointName: endpoint, VariantName: variantName };
      const wanted = {
        invocations: { metric: 'Invocations', stat: 'Sum', dimensions },
        latency: { metric: 'ModelLatency', stat: 'SampleCount', dimensions },
      };
      // From the beginning of a minute on, a request every five seconds: whatever part of a minute is late has some.
      await world.sleep(60_000 - (world.clock.now() % 60_000));
      const since = world.clock.now();
      const sent = 36;
      const lastByMinute = new Map<number, number>();
      for (let request = 0; request < sent; request++) {
        await world.invoke(endpoint);
        const now = world.clock.now();
        lastByMinute.set(Math.floor(now / 60_000) * 60, now);
        await world.sleep(seconds(5));
      }
      /** Since when each minute of a series has had its last value. */
      const whole: Record<'invocations' | 'latency', Map<number, Span>> = {
        invocations: new Map(),
        latency: new Map(),
      };
      let lastLook = world.clock.now();
      const perMinute = 12;
      await world.until('all requests in CloudWatch', seconds(10), minutes(30), async () => {
        const points = await pointsOf(world, wanted, since);
        const now = world.clock.now();
        for (const id of ['invocations', 'latency'] as const)
          for (const [minute, value] of points(id))
            if (value >= perMinute && !whole[id].has(minute)) whole[id].set(minute, { from: lastLook, to: now });
        lastLook = now;
        return whole.invocations.size >= sent / perMinute && whole.latency.size >= sent / perMinute ? true : undefined;
      });
      // The newest minute: those before it were whole before the first look.
      const newest = Math.max(...lastByMinute.keys());
      const sentAt = lastByMinute.get(newest) ?? since;
      const [counted, measured] = [whole.invocations.get(newest), whole.latency.get(newest)];
      if (counted === undefined || measured === undefined) throw new Undecided('the newest minute has no data');
      const trimmed = await pointsOf(
        world,
        {
          plain: { metric: 'ModelLatency', stat: 'p50', dimensions },
          trimmed: { metric: 'ModelLatency', stat: 'TM(0%:100%)', dimensions },
          overhead: { metric: 'OverheadLatency', stat: 'Average', dimensions },
        },
        since,
      );
      const overheads = [...trimmed('overhead').values()].map((microseconds) => microseconds / 1000);
      return {
        delay: { from: measured.from - sentAt, to: measured.to - sentAt },
        later: { from: Math.max(0, counted.from - measured.to), to: Math.max(0, counted.to - measured.from) },
        trimmed: trimmed('plain').size === 0 ? null : trimmed('trimmed').size > 0,
        overhead: overheads.length === 0 ? null : { from: Math.min(...overheads), to: Math.max(...overheads) },
        perConfig: await perConfig(world, endpoint, serving, since),
      };
    },
    read: ({ delay, later, trimmed, overhead, perConfig: own }) => ({
      metricDelayMs: delay,
      lateInvocationsMs: later,
      latencyTrimmedStatistics: trimmed ?? undefined,
      overheadLatencyMs: overhead ?? undefined,
      plainFleetMetrics: own,
    }),
  }),

  question({
    id: 'largest-body',
    asks: 'How large may the body of a request be, and how is a larger one refused?',
    decides: ['largestBodyBytes', 'oversizedBody'],
    source: 'sagemaker.md §13.12',
    actions: [...served, invoke],
    instances: 1,
    minutes: 60,
    async ask(world) {
      const { endpoint } = await serve(world, 'body');
      const accepted: number[] = [];
      for (const limit of knownLimits)
        for (const bytes of [limit, limit + 1]) {
          const refused = refusalBySageMaker(await world.invoke(endpoint, { body: 'x'.repeat(bytes) }));
          if (refused !== undefined) return { accepted, refusedAt: bytes, refused };
          accepted.push(bytes);
        }
      return { accepted, refusedAt: null, refused: null };
    },
    read: ({ accepted, refusedAt, refused }) => ({
      largestBodyBytes: accepted.at(-1) === (refusedAt ?? 0) - 1 ? accepted.at(-1) : undefined,
      oversizedBody:
        refused === null ? undefined : refused.code === 'ValidationError' ? 'ValidationError' : String(refused.status),
    }),
  }),

  question({
    id: 'serverless',
    asks: 'Is a cold serverless endpoint refused with ModelNotReadyException, and when is it cold again?',
    decides: ['modelNotReadyMs', 'serverlessIdleMs'],
    source: 'sagemaker.md §7.1',
    actions: [...served, invoke],
    instances: 0,
    minutes: 120,
    async ask(world) {
      const model = await makeModel(world, 'serverless');
      const { InstanceType: _type, InitialInstanceCount: _count, ...variant } = variantOf(world.given, model);
      const ServerlessConfig = { MemorySizeInMB: 2048, MaxConcurrency: 1 };
      const config = await makeConfig(world, 'serverless', [{ ...variant, ServerlessConfig }]);
      const endpoint = await makeEndpoint(world, 'serverless', config);
      await inService(world, endpoint);
      const isCold = async (): Promise<boolean> => {
        const refused = refusalBySageMaker(await world.invoke(endpoint));
        if (refused !== undefined && refused.code !== 'ModelNotReadyException')
          throw new Undecided(`the request was refused: ${refused.code}: ${refused.message}`);
        return refused !== undefined;
      };
      const warm = () =>
        world.until('the answer of a cold endpoint', seconds(1), minutes(15), async () =>
          (await isCold()) ? undefined : true,
        );
      const { after } = await warm();
      if (after.to === 0) return { notReady: after, idle: null };
      // Twice as long each time: from half a minute to half an hour.
      let stillWarm = 0;
      for (let idle = seconds(30); idle <= minutes(32); idle *= 2) {
        await world.sleep(idle);
        if (await isCold()) return { notReady: after, idle: { from: stillWarm, to: idle } };
        stillWarm = idle;
      }
      return { notReady: after, idle: null };
    },
    read: ({ notReady, idle }) => ({ modelNotReadyMs: notReady, serverlessIdleMs: idle ?? undefined }),
  }),

  question({
    id: 'asynchronous',
    asks: 'How soon does an asynchronous endpoint answer, and has it metrics per configuration?',
    decides: ['asyncPickUpMs', 'asyncFleetMetrics'],
    source: 'sagemaker.md §3.3, §4.4, §7.2',
    actions: [...served, ...stages.broken, 'sagemaker:InvokeEndpointAsync', metrics],
    instances: 1,
    minutes: 90,
    async ask(world) {
      const model = await makeModel(world, 'async');
      const output = `${world.prefix}async/`;
      const config = await makeConfig(world, 'async', [variantOf(world.given, model)], {
        AsyncInferenceConfig: {
          OutputConfig: {
            S3OutputPath: `s3://${world.given.bucket}/${output}answers`,
            S3FailurePath: `s3://${world.given.bucket}/${output}failures`,
          },
        },
      });
      const endpoint = await makeEndpoint(world, 'async', config);
      await inService(world, endpoint);
      const input = `${world.prefix}input`;
      await world.s3('PutObject', { key: input, body: world.given.body });
      const since = world.clock.now();
      const spans: Span[] = [];
      for (let request = 1; request <= 3; request++) {
        const sent = await world.invokeAsync(endpoint, input);
        if ('refused' in sent) throw new Undecided(`the request was refused: ${sent.refused.message}`);
        const { after } = await world.until('the answer', 250, minutes(10), async () =>
          (await countBelow(world, output)) >= request ? true : undefined,
        );
        spans.push(after);
      }
      return {
        // With the time of the model, which is the same in all of them.
        answered: {
          from: Math.max(...spans.map(({ from }) => from)) - seconds(1),
          to: Math.max(...spans.map(({ to }) => to)),
        },
        perConfig: await perConfig(world, endpoint, config, since),
      };
    },
    read: ({ answered, perConfig: own }) => ({
      asyncPickUpMs: { from: Math.max(0, answered.from), to: answered.to },
      asyncFleetMetrics: own,
    }),
  }),
];

const countBelow = async (world: ProbeWorld, prefix: string): Promise<number> => {
  const { text } = await world.s3('ListObjectsV2', { query: { 'list-type': '2', prefix } });
  return [...text.matchAll(/<Key>/g)].length;
};
