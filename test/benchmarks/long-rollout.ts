import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AwsReads, AwsWrites } from '../../src/aws/clients.ts';
import type { GetMetricDataInput, GetMetricDataOutput } from '../../src/aws/cloudwatch.ts';
import { type Instant, minutes } from '../../src/clock.ts';
import { watchedLatency } from '../../src/judge/latency.ts';
import { policyOf } from '../../src/judge/policy.ts';
import { judgeVariants } from '../../src/metrics/judge-fleets.ts';
import { journal } from '../../src/release/journal.ts';
import type { Stepping } from '../../src/release/record.ts';
import type { World } from '../../src/world.ts';
import { judgePolicy, nine, stepping } from '../support/stepping.ts';
import { randomFrom } from './random.ts';

/**
 * The judge's part of the looks of one long step: it reads both variants from a CloudWatch of generated minutes, judges, and keeps the
 * journal. A look every ten minutes up to each of `sizes`, where twenty looks in successive minutes are measured.
 */
export const longRollout = async (sizes: readonly number[]): Promise<void> => {
  const objects = new Map<string, string>();
  let now = nine;
  const uploads = { bytes: 0, writes: 0, lines: 0, asOneObject: 0 };
  const s3 = {
    getObject: async ({ Key }: { readonly Key: string }) => {
      const text = objects.get(Key);
      if (text === undefined) throw Object.assign(new Error('NoSuchKey'), { name: 'NoSuchKey' });
      return { text, etag: `"${text.length}"` };
    },
    putObject: async ({ Key, Body }: { readonly Key: string; readonly Body: string }) => {
      const before = objects.get(Key) ?? '';
      // A copy, as a bucket has one: the text of the session is a rope of all that it was made of.
      objects.set(Key, Buffer.from(Body).toString());
      uploads.bytes += Buffer.byteLength(Body);
      uploads.writes += 1;
      uploads.lines += Buffer.byteLength(Body) - Buffer.byteLength(before);
      uploads.asOneObject += uploads.lines;
      return { ETag: `"${Body.length}"` };
    },
  };
  let points = 0;
  const read = {
    s3,
    cloudwatch: {
      getMetricData: async (input: GetMetricDataInput) => {
        const answer = generated(input);
        points += (answer.MetricDataResults ?? []).reduce((sum, { Values = [] }) => sum + Values.length, 0);
        return answer;
      },
    },
  } as unknown as AwsReads;
  const world = {
    clock: { now: () => now },
    signal: new AbortController().signal,
    session: {},
    read,
    write: { s3 } as unknown as AwsWrites,
  } as unknown as World;
  const keep = journal({
    reads: read,
    writes: { s3 } as unknown as AwsWrites,
    location: { bucket: 'releases', prefix: '' },
    endpoint: 'churn',
    release: 'r1',
    ...(world.session ? { session: world.session } : {}),
  });
  const latency = { rung: 'cells', edges: [20, 50, 200], because: '' } as const;
  const policy = policyOf(judgePolicy, {
    clientErrors: true,
    latency: watchedLatency(latency),
    minimumRequests: 100,
    usual: { errors: 0.001 },
  });
  let steps: Stepping = stepping({ policy, latency, moves: [{ from: nine, until: nine + 30_000, share: 0.5 }] });
  await keep({ entries: [{ at: now, kind: 'plan', stepping: { policy, latency } }] });
  const look = async (): Promise<void> => {
    const { countsRead: _, ...before } = steps;
    const judged = await judgeVariants({ world, endpoint: 'churn' }, steps);
    if (judged === undefined) throw new Error('nothing was judged');
    const { countsRead } = judged.verdict;
    steps = countsRead === undefined ? before : { ...before, countsRead };
    const warning = await keep({ entries: [], evidence: judged.evidence });
    if (warning !== undefined) throw new Error(warning);
  };
  const settled = minutes(2);
  for (const size of sizes) {
    while (now + minutes(10) < nine + minutes(size - 20) + settled) {
      now += minutes(10);
      await look();
    }
    now = nine + minutes(size - 20) + settled;
    const times: number[] = [];
    const heaps: number[] = [];
    const [pointsBefore, writesBefore] = [points, uploads.bytes];
    for (let i = 0; i < 20; i++) {
      now += minutes(1);
      const started = process.cpuUsage();
      const begun = performance.now();
      await look();
      const { user, system } = process.cpuUsage(started);
      times.push(Math.min((user + system) / 1000, performance.now() - begun));
      heaps.push(process.memoryUsage().heapUsed);
    }
    const stored = [...objects.values()].reduce((sum, text) => sum + text.length, 0);
    console.log(
      [
        `  ${size} buckets: ${median(times).toFixed(1)} ms a look (median of 20)`,
        `${Math.round((points - pointsBefore) / 20)} points read a look`,
        `heap ${mega(Math.max(...heaps))} MB at most, ${mega(heapAfterCollection() - stored)} MB after gc without the bucket's ${mega(stored)} MB`,
        `journal ${mega(uploads.bytes)} MB uploaded in ${uploads.writes} writes (as one object: ${mega(uploads.asOneObject)} MB), ${Math.round((uploads.bytes - writesBefore) / 1000)} kB of them in these 20 minutes`,
        `${objects.size} objects`,
      ].join('; '),
    );
  }
};

const mega = (bytes: number): string => (bytes / 1e6).toFixed(1);

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapAfterCollection = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

/** Three hundred requests a minute in either arm, by minute and arm the same at each read. */
const generated = ({ StartTime, EndTime, MetricDataQueries = [] }: GetMetricDataInput): GetMetricDataOutput => {
  const [from, to] = [StartTime?.getTime() ?? 0, EndTime?.getTime() ?? 0];
  const starts = Array.from({ length: Math.ceil((to - from) / minutes(1)) }, (_, index) => from + minutes(index));
  return {
    MetricDataResults: MetricDataQueries.map(({ Id = '', MetricStat }) => {
      const { MetricName = '', Dimensions = [] } = MetricStat?.Metric ?? {};
      const arm = Dimensions.find(({ Name }) => Name === 'VariantName')?.Value ?? '';
      return {
        Id,
        StatusCode: 'Complete' as const,
        Timestamps: starts.map((at) => new Date(at)),
        Values: starts.map((at) => countedIn(minuteOf(arm, at), MetricName, MetricStat?.Stat ?? '')),
      };
    }),
  };
};

interface Generated {
  readonly requests: number;
  readonly errors: number;
  readonly cells: readonly number[];
}
const known = new Map<string, Generated>();

const minuteOf = (arm: string, at: Instant): Generated => {
  const key = `${arm} ${at % minutes(997)}`;
  const found = known.get(key);
  if (found) return found;
  const random = randomFrom(key);
  const requests = 280 + random.binomial(40, 0.5);
  const slow = random.binomial(requests, 0.01);
  const middle = random.binomial(requests - slow, 0.2);
  const made = { requests, errors: random.binomial(requests, 0.001), cells: [requests - slow - middle, middle, slow] };
  known.set(key, made);
  return made;
};

const countedIn = ({ requests, errors, cells }: Generated, metric: string, stat: string): number => {
  if (metric === 'Invocations' || stat === 'SampleCount') return requests;
  if (metric === 'InvocationModelErrors') return errors;
  if (metric === 'Invocation4XXErrors') return 0;
  return cells[stat.startsWith('TC(:') ? 0 : stat.startsWith('TC(20000:') ? 1 : 2] ?? 0;
};
