import * as z from 'zod/mini';
import type { Bucket } from '../judge/bucket.ts';
import type { LatencyPlan } from '../judge/latency.ts';
import type { Policy } from '../judge/policy.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { amount, fraction, judged } from './judged-schema.ts';
import { readJson } from './stored-json.ts';

/** The judge's part of a release's journal, in order of time. */
export interface WitnessedJudge {
  /** Frozen in the plan; absent in the journal of a release without a judge. */
  readonly policy?: Policy;
  readonly latency?: LatencyPlan;
  readonly looks: readonly JudgeLook[];
}

/** One look at the metrics. */
export interface JudgeLook {
  /** ISO 8601. */
  readonly at: string;
  /** Buckets closed since the look before, or revised by CloudWatch meanwhile. */
  readonly buckets: readonly Bucket[];
  /** `t` is absent when the metrics could not be read: there is nothing to replay. */
  readonly verdict: {
    readonly t?: number;
    readonly decision: string;
    readonly reason?: string;
    readonly logEvidence?: number | null;
    readonly because: string;
  };
}

/** A line of the file is not a valid line of a journal. */
export class UnreadableJournal extends Error {
  override readonly name = 'UnreadableJournal';
}

const arm = z.looseObject({
  requests: amount,
  bad: z.record(z.string(), amount),
  trials: z.optional(z.record(z.string(), amount)),
  of: z.optional(z.record(z.string(), amount)),
  cells: z.optional(z.record(z.string(), z.array(amount).check(z.maxLength(500)))),
});
/** Seconds since the epoch, up to the year 9999. */
const second = z.number().check(z.gte(0), z.lte(253_402_300_799));

const lines = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('bucket'),
    t: second,
    seconds: amount.check(z.gt(0)),
    weightMoved: z.optional(z.boolean()),
    provisional: z.optional(z.literal(true)),
    share: z.optional(fraction),
    candidate: z.optional(arm),
    baseline: z.optional(arm),
  }),
  z.looseObject({
    kind: z.literal('verdict'),
    at: z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)))),
    t: z.optional(second),
    decision: z.string(),
    reason: z.optional(z.string()),
    // JSON cannot express the logarithm of zero evidence.
    logEvidence: z.optional(z.nullable(z.number())),
    because: z.string(),
  }),
  z.looseObject({
    kind: z.literal('plan'),
    stepping: z.optional(judged),
    submission: z.optional(z.looseObject({ judged: z.optional(judged) })),
  }),
  z.looseObject({ kind: z.enum(['command', 'observation', 'end', 'sealed']) }),
]);

/** @throws {UnreadableJournal} `12: not a line of a journal: …` */
export const readWitnessed = (text: string): WitnessedJudge => {
  const looks: JudgeLook[] = [];
  let plan: { readonly policy: unknown; readonly latency?: unknown } | undefined;
  let fresh: Bucket[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parsed = lines.safeParse(json(line));
    if (!parsed.success)
      throw new UnreadableJournal(`${index + 1}: not a line of a journal: ${parsed.error.issues[0]?.message ?? ''}`);
    const found = parsed.data;
    if (found.kind === 'plan') plan = found.stepping ?? found.submission?.judged;
    if (found.kind === 'bucket') fresh.push(bucketOf(found));
    if (found.kind !== 'verdict') continue;
    const { kind: _, at, ...verdict } = found;
    looks.push({ at, buckets: fresh, verdict: verdict as JudgeLook['verdict'] });
    fresh = [];
  }
  return {
    looks,
    ...withoutUndefined({
      policy: plan?.policy as Policy | undefined,
      latency: plan?.latency as LatencyPlan | undefined,
    }),
  };
};

const bucketOf = (line: object): Bucket => {
  const { kind: _kind, at: _at, ...bucket } = line as Bucket & { readonly kind: string; readonly at: string };
  return bucket;
};

const json = (line: string): unknown => {
  try {
    return readJson(line);
  } catch {
    return undefined;
  }
};

/** The judge's buckets at the last of `looks`: a later line about the same bucket is a revision. */
export const bucketsAt = (looks: readonly JudgeLook[]): ReadonlyMap<number, Bucket> =>
  new Map(looks.flatMap(({ buckets }) => buckets.map((bucket) => [bucket.t, bucket] as const)));
