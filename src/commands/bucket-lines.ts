import { withoutByteOrderMark } from '../json-file.ts';
import type { Arm, Bucket } from '../judge/bucket.ts';
import type { Block } from '../judge/dispersion.ts';
import { type BothLatencies, type Latency, type LatencyPlan, latencyCounts, latencyPlan } from '../judge/latency.ts';
import { clientErrorsMetric, errorsMetric } from '../judge/policy.ts';
import { keysOfLines } from '../manifest/judge-metrics-schema.ts';
import type { OwnMetric } from '../manifest/manifest.ts';
import { suggest } from '../manifest/suggest.ts';
import { InputError } from '../schema.ts';
import { keyOf, quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type OwnLine, ownArm, ownLineOf, ownPastOf } from './own-lines.ts';

/** One line: the counts of one arm in one bucket. */
export interface BucketLine {
  readonly t: number;
  readonly arm: 'candidate' | 'baseline';
  /** Requests, the model's own failures among them (neither 2xx nor 4xx), and the 4xx. */
  readonly n: number;
  readonly err: number;
  readonly err4xx?: number;
  /** Requests by latency: up to the first edge, between edges, above the last. */
  readonly cells?: readonly number[];
  /** Milliseconds. */
  readonly edges?: readonly number[];
  readonly p99?: number;
  readonly sum?: number;
  readonly max?: number;
  readonly seconds?: number;
  /** Intended share of the candidate, 0 to 1. */
  readonly share?: number;
  /** The weights moved inside this bucket. */
  readonly moved?: boolean;
  /** The user's own metrics, by name; what a line does not have is not known. */
  readonly own?: Readonly<Record<string, OwnLine>>;
}

export interface BucketFile {
  /** Before the first line of the candidate or with a share. */
  readonly history: readonly (Block & { readonly seconds: number })[];
  /** From there on, without holes: a bucket without a line is not known. */
  readonly buckets: readonly Bucket[];
  readonly clientErrors: boolean;
  readonly latency: LatencyPlan | undefined;
  /** What the history says about the user's own metrics. */
  readonly own: ReturnType<typeof ownPastOf>;
}

/**
 * @param own the policy's metrics: each has its name as a key of a line
 * @throws {InputError} `path:12: err: 3.5 is not a count; …`, one line per problem
 */
export const readBucketLines = (text: string, path: string, own: readonly OwnMetric[] = []): readonly BucketLine[] => {
  const problems: string[] = [];
  const lines: BucketLine[] = [];
  for (const [index, line] of withoutByteOrderMark(text).split('\n').entries()) {
    if (line.trim() === '') continue;
    const found = bucketLineOf(line, own);
    if ('t' in found) lines.push(found);
    else problems.push(...found.map((problem) => `${path}:${index + 1}: ${problem}`));
  }
  if (problems.length > 0) throw new InputError(problems.slice(0, 10).join('\n'));
  if (lines.length === 0) throw new InputError(`${path}:1: there is no bucket; expected one JSON object per line`);
  return lines;
};

/** The line, or its problems. */
export const bucketLineOf = (text: string, own: readonly OwnMetric[]): BucketLine | readonly string[] => {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return ['not a JSON object; expected e.g. {"t":0,"arm":"candidate","n":300,"err":1}'];
  const line = new Map(Object.entries(value));
  const problems: string[] = [];
  const keys = [...keysOfLines, ...own.map(({ name }) => name)];
  for (const key of line.keys())
    if (!keys.some((name) => name === key)) {
      const nearest = suggest(key, keys);
      problems.push(
        `unknown key ${keyOf(key)}; ${nearest ? `did you mean ${nearest}?` : `there are ${keys.join(', ')}`}`,
      );
    }
  const check = (key: string, required: boolean, what: string, holds: (found: unknown) => boolean): void => {
    const found = line.get(key);
    if (found === undefined ? required : !holds(found))
      problems.push(`${key}: ${found === undefined ? 'is missing' : `${quoted(found)} is not ${what}`}`);
  };
  check('t', true, 'a time; expected seconds since the epoch', isNumber);
  check('arm', true, 'an arm; expected candidate or baseline', (arm) => arm === 'candidate' || arm === 'baseline');
  for (const key of ['n', 'err', 'err4xx'])
    check(key, key !== 'err4xx', 'a count; expected a whole number, 0 or more', isCount);
  check('cells', false, 'a list of two or more counts', (cells) => isList(cells, isCount) && cells.length > 1);
  check('edges', false, 'a list of rising milliseconds', (edges) => isList(edges, isNumber) && rising(edges));
  for (const key of ['p99', 'sum', 'max']) check(key, false, 'a number, 0 or more', (at) => isNumber(at) && at >= 0);
  check('seconds', false, 'a length in seconds, above 0', (at) => isNumber(at) && at > 0);
  check('share', false, 'a share between 0 and 1', (at) => isNumber(at) && at >= 0 && at <= 1);
  check('moved', false, 'a boolean', (moved) => typeof moved === 'boolean');
  if (problems.length > 0) return problems;
  // Every member was checked above.
  const checked = value as BucketLine;
  const { n, err, err4xx = 0, cells, edges } = checked;
  if (err <= n && err4xx <= n && err + err4xx > n)
    return [`err: with err4xx more than the ${n} requests of the bucket; err does not include 4xx`];
  if (err > n || err4xx > n) return [`${err > n ? 'err' : 'err4xx'}: more than the ${n} requests of the bucket`];
  if (cells && edges && cells.length !== edges.length + 1)
    return [`cells: ${cells.length} of them; ${edges.length} edges make ${edges.length + 1}`];
  const counts = own.flatMap((metric) =>
    line.has(metric.name) ? [[metric.name, ownLineOf(metric, line.get(metric.name), n)] as const] : [],
  );
  const wrong = counts.flatMap(([name, found]) => (typeof found === 'string' ? [`${name}: ${found}`] : []));
  if (wrong.length > 0) return wrong;
  const understood = counts.flatMap(([name, found]) => (typeof found === 'string' ? [] : [[name, found] as const]));
  return understood.length > 0 ? { ...checked, own: Object.fromEntries(understood) } : checked;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): value is number => isNumber(value) && Number.isInteger(value) && value >= 0;
const isList = (value: unknown, holds: (item: unknown) => item is number): value is readonly number[] =>
  Array.isArray(value) && value.every(holds);
const rising = (values: readonly number[]): boolean =>
  values.every((value, index) => value > (values[index - 1] ?? Number.NEGATIVE_INFINITY));

/**
 * @param worseThan the margin for latency rungs that compare buckets instead of requests
 * @param own the policy's metrics
 * @param next start of the bucket after these lines, if it is known: the gap before it is a length too
 */
export const bucketsOf = (
  lines: readonly BucketLine[],
  worseThan: number,
  own: readonly OwnMetric[] = [],
  next: number = Number.POSITIVE_INFINITY,
): BucketFile => {
  const byTime = new Map<number, LinePair>();
  // A later line for the same bucket and arm is a revision.
  for (const line of lines) byTime.set(line.t, { ...byTime.get(line.t), [line.arm]: line });
  const pairs = [...byTime].sort(([a], [b]) => a - b);
  const first = pairs.findIndex(
    ([, { candidate, baseline }]) => candidate !== undefined || baseline?.share !== undefined,
  );
  const [past, rollout] = first < 0 ? [pairs, []] : [pairs.slice(0, first), pairs.slice(first)];
  const both = rollout.find(([, { candidate, baseline }]) => candidate && baseline)?.[1];
  const latency = both?.baseline && latencyPlan(latencyOf(both.baseline), edgesOf(both.baseline));
  const usual = usualSeconds([...rollout.map(([t]) => t), ...(Number.isFinite(next) ? [next] : [])]);
  const usualPast = usualSeconds(past.map(([t]) => t));
  const buckets: Bucket[] = [];
  for (const [t, pair] of rollout)
    buckets.push(...bucketsAfter(buckets.at(-1), t, pair, usual, { latency, worseThan, own }));
  return {
    history: past.flatMap(([, { baseline }]) =>
      baseline ? [{ requests: baseline.n, bad: baseline.err, seconds: baseline.seconds ?? usualPast }] : [],
    ),
    buckets,
    clientErrors: both?.candidate?.err4xx !== undefined && both.baseline?.err4xx !== undefined,
    latency,
    own: ownPastOf(
      own,
      past.flatMap(([, { baseline }]) => (baseline ? [{ n: baseline.n, own: baseline.own ?? {} }] : [])),
    ),
  };
};

/** The lines of one bucket. */
export type LinePair = { readonly [Arm in BucketLine['arm']]?: BucketLine };

/** How lines are counted. */
export interface Counting {
  readonly latency: LatencyPlan | undefined;
  readonly worseThan: number;
  readonly own: readonly OwnMetric[];
}

/**
 * The bucket of these lines, and before it those that no line is about.
 * @param usual length of a bucket that does not say its own, in seconds
 */
export const bucketsAfter = (
  previous: Bucket | undefined,
  t: number,
  { candidate, baseline }: LinePair,
  usual: number,
  { latency, worseThan, own }: Counting,
): readonly Bucket[] => {
  const seconds = candidate?.seconds ?? baseline?.seconds ?? usual;
  const share = candidate?.share ?? baseline?.share;
  const slow =
    latency && candidate && baseline
      ? latencyCounts(latency, worseThan, measured(candidate), measured(baseline))
      : undefined;
  return [
    ...(previous ? hole(previous.t + previous.seconds, t, seconds) : []),
    {
      t,
      seconds,
      weightMoved: candidate?.moved ?? baseline?.moved ?? false,
      ...withoutUndefined({
        share,
        candidate: candidate && armOf(candidate, own, slow?.candidate),
        baseline: baseline && armOf(baseline, own, slow?.baseline),
      }),
    },
  ];
};

/** Buckets without a line. */
const hole = (from: number, to: number, seconds: number): readonly Bucket[] =>
  Array.from({ length: Math.min(longestHole, Math.floor((to - from) / seconds + 1e-9)) }, (_, index) => ({
    t: from + index * seconds,
    seconds,
  }));
/** Long enough for any `max-blind`, so that a hole of a month in a file does not become a million buckets. */
const longestHole = 10_000;

const usualSeconds = (times: readonly number[]): number => {
  const gaps = times.slice(1).map((t, index) => t - (times[index] ?? t));
  return gaps.length > 0 ? gaps.reduce((least, gap) => Math.min(least, gap)) : 60;
};

const armOf = (
  { n, err, err4xx, own: counts = {} }: BucketLine,
  own: readonly OwnMetric[],
  slow: BothLatencies['candidate'] | undefined,
): Arm => {
  const { bad, ...more } = ownArm(own, counts);
  return {
    requests: n,
    bad: {
      [errorsMetric]: err,
      ...withoutUndefined({ [clientErrorsMetric]: err4xx }),
      ...slow?.bad,
      ...bad,
    },
    ...withoutUndefined({ trials: slow?.trials }),
    ...more,
  };
};

const measured = (line: BucketLine): Latency & { readonly requests: number } => ({
  requests: line.n,
  ...latencyOf(line),
});
const latencyOf = ({ cells, p99, sum, max }: BucketLine): Latency =>
  withoutUndefined({ cells, percentile: p99, sum, maximum: max });

/** Cells without edges still count, under their number as a name. */
const edgesOf = ({ edges, cells }: BucketLine): readonly number[] =>
  edges ?? (cells ?? []).slice(1).map((_, i) => i + 1);
