import * as z from 'zod/mini';
import type {
  Catch,
  Cell,
  Dataset,
  DistributionDiff,
  Duplicates,
  Latencies,
  LatencyQuantiles,
  Part,
  Planted,
  PredictionDiff,
  RowCounts,
  SelfTest,
} from '../findings/comparison.ts';
import {
  type AlsoJudged,
  type Check,
  type CheckCase,
  type CheckTable,
  type Confusion,
  checkNames,
  type HarmfulChange,
  type Regression,
  type Repeated,
} from '../findings/regression.ts';
import type { Margin, MetricName, Rule } from '../manifest/regression.ts';

/** The findings of a test as JSON: any writer of the bucket may have replaced them, and a report reads every member. */

/** A member that the type gets needs an entry here, else this file does not compile. */
type Shape<Type> = { readonly [Key in keyof Required<Type>]: z.ZodMiniType };
const shaped =
  <Type>() =>
  <const Members extends Shape<Type>>(members: Members) =>
    z.object(members);

const text = z.string().check(z.maxLength(100_000));
const count = z.int().check(z.gte(0));
const number = z.number();
const ruling = z.enum(['pass', 'fail', 'inconclusive']);
const level = z.enum(['fail', 'warn']);
const interval = z.tuple([number, number]);

const margin = shaped<Margin>()({ value: number, of: z.enum(['metric', 'baseline']) });
const criterion = z.union([
  z.object({ is: z.enum(['non-inferior', 'equivalent', 'max-drop', 'must-improve-by']), margin }),
  z.object({ is: z.literal('superior') }),
  z.object({ is: z.enum(['floor', 'ceiling']), value: number }),
]);
const metric = shaped<MetricName>()({
  metric: text,
  class: z.optional(text),
  average: z.optional(z.enum(['macro', 'micro', 'weighted'])),
  beta: z.optional(number),
  k: z.optional(number),
  quantile: z.optional(number),
  pairs: z.optional(z.enum(['one-vs-rest', 'one-vs-one'])),
});
const rule = shaped<Rule>()({
  ...{ metric, criterion, level },
  confidence: number,
  slice: z.optional(text),
  byDefault: z.optional(z.literal(true)),
});

const rows = shaped<RowCounts>()({
  ...{ compared: count, unanswered: count, failedCandidate: count },
  ...{ onlyCandidate: z.optional(count), onlyBaseline: z.optional(count) },
  ...{ failedBaseline: z.optional(count), flipped: z.optional(count) },
});
const cell = shaped<Cell>()({
  metric: text,
  slice: z.optional(text),
  rule,
  better: z.union([z.enum(['higher', 'lower']), z.object({ near: number })]),
  rows: count,
  ...{ clusters: z.optional(count), queries: z.optional(count) },
  candidate: z.nullable(number),
  baseline: z.optional(z.nullable(number)),
  difference: z.nullable(number),
  interval: z.nullable(interval),
  statistic: z.enum(['tango', 'wilson', 'delong', 'bootstrap', 'none']),
  decision: ruling,
  because: z.optional(text),
  ...{ p: z.nullable(number), adjustedP: z.nullable(number), mcnemarP: z.optional(number) },
  ...{ rowsNeeded: z.nullable(number), resolvableMargin: z.nullable(number) },
});
const caught = shaped<Catch>()({
  ...{ metric: text, slice: z.optional(text), rule },
  ...{ drop: number, power: number, smallestDrop: z.nullable(number) },
});
const planted = shaped<Planted>()({
  ...{ metric: text, slice: z.optional(text), rule },
  is: z.enum(['beyond-margin', 'hopeless', 'perfect']),
  ...{ difference: z.nullable(number), decision: ruling, power: z.nullable(number) },
});
const selfTest = shaped<SelfTest>()({
  canFail: z.nullable(z.boolean()),
  because: text,
  ...{ planted: z.array(planted), catches: z.array(caught) },
  mirrored: z.optional(z.boolean()),
});
const part = shaped<Part>()({
  ...{ slice: z.optional(text), rows: count },
  classes: z.optional(z.array(z.object({ name: text, rows: count }))),
});
const duplicates = shaped<Duplicates>()({
  ...{ rows: count, inputs: count, conflicts: count },
  examples: z.array(z.array(text)),
});
const dataset = shaped<Dataset>()({
  ...{ digest: text, rows: count, version: z.optional(text), expires: z.optional(text) },
  ...{ parts: z.optional(z.array(part)), duplicates: z.optional(duplicates) },
});
const distribution = shaped<DistributionDiff>()({
  of: z.enum(['predictions', 'scores']),
  ...{ stabilityIndex: number, byChance: number, jensenShannonBits: number },
});
const diff = shaped<PredictionDiff>()({ flipRate: number, interval, distributions: z.array(distribution) });
const quantiles = shaped<LatencyQuantiles>()({
  ...{ p50: z.nullable(number), p95: z.nullable(number), p99: z.nullable(number) },
});
const latencies = shaped<Latencies>()({ candidate: z.optional(quantiles), baseline: z.optional(quantiles) });

const matrix = z.array(z.array(number));
const confusion = z
  .object({
    ...{ classes: z.array(text), candidate: matrix, baseline: z.optional(matrix) },
  } satisfies Shape<Confusion>)
  .check(
    z.refine(({ classes, candidate, baseline }) =>
      [candidate, baseline ?? candidate].every(
        (one) => one.length === classes.length && one.every((row) => row.length === classes.length + 1),
      ),
    ),
  );
const changed = shaped<HarmfulChange>()({
  id: text,
  // The result of an operation is an output and a log, which hold no row of a dataset (DESIGN §7 rule 16).
  row: z.optional(z.never()),
});
const also = shaped<AlsoJudged>()({ name: text, verdict: ruling, because: text, rows, cells: z.array(cell), dataset });
const repeated = shaped<Repeated>()({ rows: count, candidate: count, baseline: count });

const table = z
  .object({ heads: z.array(text), rows: z.array(z.array(text)) } satisfies Shape<CheckTable>)
  .check(z.refine(({ heads, rows: lines }) => lines.every((line) => line.length === heads.length)));
const checkCase = shaped<CheckCase>()({ name: text, verdict: ruling, because: z.optional(text) });

/** The result of a check. */
export const checkSchema = shaped<Check>()({
  ...{ name: z.enum(checkNames), level, verdict: ruling, because: text },
  ...{ table: z.optional(table), notes: z.optional(z.array(text)), cases: z.array(checkCase) },
});

export const regressionSchema = shaped<Regression>()({
  is: z.literal('regression'),
  ...{ verdict: ruling, because: text, rows, cells: z.array(cell), selfTest, dataset },
  ...{ diff: z.optional(diff), latencies: z.optional(latencies) },
  alone: z.optional(z.object({ notApplicable: z.array(z.object({ metric: text, rule })) })),
  ...{ candidate: text, baseline: z.optional(text), confusion: z.optional(confusion) },
  harmful: z.array(changed).check(z.maxLength(10)),
  ...{ also: z.optional(z.array(also)), repeated: z.optional(repeated), checks: z.optional(z.array(checkSchema)) },
});
