import * as z from 'zod/mini';

/** The judge's members of a record and of a journal: a check of the stored objects. Objects are loose, as in `record-schema.ts`. */

/** Milliseconds since the epoch, up to the year 9999: beyond it a date cannot be written. */
export const instant = z.number().check(z.gte(0), z.lte(253_402_300_799_999));
export const count = z.int().check(z.nonnegative());
/** A length of time or a number of requests. */
export const amount = z.number().check(z.nonnegative(), z.lte(1e15));
export const fraction = z.number().check(z.gte(0), z.lte(1));
/** JSON cannot express the logarithm of zero, and writes null for it. */
const figure = z.nullable(z.number());

/** A factor over the baseline's rate. */
const atMost = z.number().check(z.gt(1), z.lte(1e4));
const bet = z.tuple([z.number().check(z.gt(0), z.lte(1)), z.number().check(z.gt(0), z.lte(1))]);
/** More prior than 1 in all would be a proof of nothing. */
const onOne = z.array(bet).check(
  z.maxLength(20),
  z.refine((all) => all.reduce((sum, [, prior]) => sum + prior, 0) <= 1, { error: 'priors above 1 in all' }),
);
const bets = z.looseObject({ excess: onOne, ratio: z.optional(onOne), ratioPart: z.optional(fraction) });

const atLeastOne = z.number().check(z.gte(1), z.lte(1e15));
const dispersion = z.looseObject({ against: atLeastOne, health: atLeastOne, burstSeconds: atLeastOne });

const metric = z.looseObject({
  name: z.string(),
  weight: fraction,
  worseThan: z.number().check(z.gte(1)),
  onlyGross: z.optional(z.boolean()),
  excessBelow: z.optional(fraction),
  atMost: z.optional(atMost),
  bets: z.optional(bets),
  usual: z.optional(z.union([fraction, z.literal('unknown')])),
  dispersion: z.optional(z.union([dispersion, z.enum(['learned', 'learned-by-cell'])])),
  higherAt: z.optional(z.array(z.tuple([count.check(z.lte(23)), fraction])).check(z.maxLength(24))),
  byBucket: z.optional(z.literal(true)),
  warmUpSeconds: z.optional(amount),
  own: z.optional(z.literal(true)),
  good: z.optional(z.literal(true)),
  cells: z.optional(z.array(z.string()).check(z.minLength(1), z.maxLength(500))),
  holds: z.optional(z.literal(true)),
  guarded: z.optional(z.boolean()),
  says: z.string(),
});

const between = z.number().check(z.gt(0), z.lt(1));

/** `Policy` of the judge. */
export const policy = z.looseObject({
  version: z.optional(z.literal(2)),
  convict: z.looseObject({ worseThan: z.number().check(z.gte(1)), falseRollback: between }),
  healthy: z.looseObject({ excessBelow: z.optional(fraction), atMost: z.optional(atMost), confidence: between }).check(
    z.refine((healthy) => healthy.excessBelow !== undefined || healthy.atMost !== undefined, {
      error: 'no limit of health',
    }),
  ),
  metrics: z.array(metric).check(z.minLength(1), z.maxLength(100)),
  burstGuard: z.boolean(),
  maxBlindSeconds: amount,
  coverage: fraction,
  minimumRequests: amount,
  restartSeconds: z.optional(amount),
  healthOfNow: z.optional(z.literal(true)),
  setAside: z.optional(z.literal(true)),
  safetyNet: z.looseObject({
    metric: z.string(),
    above: fraction,
    buckets: amount,
    bucketSeconds: z.optional(amount),
    requests: amount,
    bursts: z.optional(amount),
    whileMoving: z.optional(z.literal(true)),
  }),
  lastStep: z.optional(z.literal(true)),
});

/** `LatencyPlan` of the judge. */
export const latency = z.looseObject({
  rung: z.enum(['cells', 'percentile', 'mean', 'maximum']),
  edges: z.array(z.number()).check(z.maxLength(100)),
  because: z.string(),
});

const series = z.looseObject({
  namespace: z.string(),
  metric: z.string(),
  statistic: z.string(),
  dimensions: z.record(z.string(), z.string()),
});
const sources = z.looseObject({
  events: z.array(series).check(z.minLength(1), z.maxLength(500)),
  of: z.optional(series),
});

/** Where the user's own metrics are read. */
export const own = z
  .array(
    z.looseObject({
      name: z.string(),
      counts: z.enum(['bad', 'good', 'cells']),
      absent: z.enum(['zero', 'unknown']),
      candidate: sources,
      baseline: sources,
    }),
  )
  .check(z.maxLength(100));

/** A judge's settings, frozen in a plan. */
export const judged = z.looseObject({ policy, latency: z.optional(latency), own: z.optional(own) });

const arm = z.looseObject({ requests: amount, bad: amount });

/** `Figures` of a verdict. */
export const figures = z.looseObject({
  t: amount,
  logEvidence: figure,
  threshold: z.number(),
  candidateRequests: amount,
  evidence: z.record(
    z.string(),
    z.looseObject({
      logEvidence: figure,
      logHealth: figure,
      healthThreshold: z.optional(z.number()),
      candidate: arm,
      baseline: arm,
      excess: z.optional(z.number()),
      interval: z.tuple([z.number(), z.number()]),
      cell: z.optional(z.looseObject({ name: z.string(), change: z.enum(['more', 'fewer']) })),
    }),
  ),
});
