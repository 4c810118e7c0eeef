import { programLines } from '../hosts/program-lines.ts';
import type { Bucket } from '../judge/bucket.ts';
import { beginJudging, type Judging, observeBucket, verdictOf } from '../judge/judge.ts';
import type { Policy } from '../judge/policy.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { JudgePolicy } from '../manifest/manifest.ts';
import { parseYaml, YamlProblem } from '../manifest/yaml.ts';
import { InputError } from '../schema.ts';
import {
  type BucketLine,
  bucketLineOf,
  bucketsAfter,
  bucketsOf,
  type Counting,
  type LinePair,
} from './bucket-lines.ts';
import { policyBy } from './recorded-metrics.ts';

/**
 * The words of `[python, buckets.py]`; undefined for a file.
 * @throws {InputError}
 */
export const programOf = (from: string): readonly string[] | undefined => {
  if (!from.startsWith('[')) return undefined;
  const expected = 'expected a program and its arguments, e.g. [python, buckets.py, --minutes, "60"]';
  try {
    const { value } = parseYaml(from);
    if (!Array.isArray(value) || value.length === 0) throw new InputError(`from: is an empty list; ${expected}`);
    const wrong = value.findIndex((word) => typeof word !== 'string' || word.includes('\0'));
    if (wrong >= 0 || value[0] === '')
      throw new InputError(`from: word ${Math.max(0, wrong) + 1} of the list is no text; ${expected}`);
    return value;
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    throw new InputError(`from: is not a list of words (${error.message}); ${expected}`);
  }
};

/** Verdicts of lines that arrive one by one; the policy is frozen when the first bucket with both arms is closed. */
interface Stream {
  readonly lines: BucketLine[];
  readonly open: Map<number, LinePair>;
  policy?: Policy;
  counting?: Counting;
  judging?: Judging;
  previous?: Bucket;
  leastGap?: number;
  /** A line was about a bucket that was judged already: all are judged again. */
  revised: boolean;
}

/**
 * Judges a program's lines as they come: a bucket is closed when a line of a later one arrives, or the program ends.
 * @throws {InputError} for a line that is no bucket
 * @throws {ProgramFailed}
 */
export const judgeAsTheyCome = async (
  judge: JudgePolicy,
  program: readonly string[],
  say: (verdict: Verdict) => void,
): Promise<void> => {
  const stream: Stream = { lines: [], open: new Map(), revised: false };
  let number = 0;
  let newest = Number.NEGATIVE_INFINITY;
  for await (const text of programLines(program)) {
    number += 1;
    if (text.trim() === '') continue;
    const line = bucketLineOf(text, judge.metrics ?? []);
    if (!('t' in line)) throw new InputError(line.map((problem) => `from:${number}: ${problem}`).join('\n'));
    if (line.t > newest) close(stream, judge, line.t, say);
    newest = Math.max(newest, line.t);
    stream.lines.push(line);
    if (stream.previous !== undefined && line.t <= stream.previous.t) stream.revised = true;
    else stream.open.set(line.t, { ...stream.open.get(line.t), [line.arm]: line });
  }
  if (stream.lines.length === 0)
    throw new InputError('from: the program printed no bucket; expected one JSON object per line');
  close(stream, judge, Number.POSITIVE_INFINITY, say);
};

/** Judges the buckets that began before `until`. */
const close = (stream: Stream, judge: JudgePolicy, until: number, say: (verdict: Verdict) => void): void => {
  const closed = [...stream.open].filter(([t]) => t < until).sort(([a], [b]) => a - b);
  const isBegun = closed.some(([, { candidate, baseline }]) => candidate !== undefined && baseline !== undefined);
  if (stream.policy === undefined) {
    // Before both arms were seen, nothing says which latencies and 4xx are counted.
    if (isBegun || until === Number.POSITIVE_INFINITY) begin(stream, judge, until, say);
    return;
  }
  if (stream.revised) judgeAgain(stream, say);
  for (const [t, pair] of closed) {
    const { previous, counting, judging } = stream;
    if (counting === undefined || judging === undefined) return;
    if (previous !== undefined) stream.leastGap = Math.min(stream.leastGap ?? t - previous.t, t - previous.t);
    observe(stream, bucketsAfter(previous, t, pair, stream.leastGap ?? 60, counting), say);
    stream.open.delete(t);
  }
};

const begin = (stream: Stream, judge: JudgePolicy, until: number, say: (verdict: Verdict) => void): void => {
  const lines = stream.lines.filter(({ t }) => t < until);
  const { worseThan } = judge.convict;
  const own = judge.metrics ?? [];
  const file = bucketsOf(lines, worseThan, own, until);
  stream.policy = policyBy(judge, file).policy;
  stream.counting = { latency: file.latency, worseThan, own };
  stream.judging = beginJudging(stream.policy);
  observe(stream, file.buckets, say);
  for (const { t } of lines) stream.open.delete(t);
};

const observe = (stream: Stream, buckets: readonly Bucket[], say: (verdict: Verdict) => void): void => {
  for (const bucket of buckets) {
    if (stream.judging === undefined) return;
    stream.judging = observeBucket(stream.judging, bucket);
    stream.previous = bucket;
    say(verdictOf(stream.judging));
  }
};

/** With the revisions, by the policy of the beginning; one verdict, that of now. */
const judgeAgain = (stream: Stream, say: (verdict: Verdict) => void): void => {
  const { policy, counting, previous } = stream;
  stream.revised = false;
  if (policy === undefined || counting === undefined || previous === undefined) return;
  const known = stream.lines.filter(({ t }) => t <= previous.t);
  const { buckets } = bucketsOf(known, counting.worseThan, counting.own, Math.min(...stream.open.keys()));
  stream.judging = buckets.reduce(observeBucket, beginJudging(policy));
  say(verdictOf(stream.judging));
};
