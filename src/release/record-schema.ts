import * as z from 'zod/mini';
import { reasonCodes } from '../reason-codes.ts';
import type { ReleaseRecord } from './record.ts';

/**
 * `record.ts` as a check on what lies in S3. Objects are loose: a member that a newer version of this suite added within the same
 * schema version is kept when an older one writes the record back.
 */

const instant = z.number();
const count = z.int().check(z.nonnegative());
const anything = z.record(z.string(), z.unknown());

const configuration = {
  endpointConfig: z.string(),
  model: z.string(),
  version: z.optional(z.string()),
  packageVersion: z.optional(count),
  imageDigest: z.optional(z.string()),
  contentDigest: z.optional(z.string()),
  instanceType: z.string(),
  instanceCount: count,
  beside: z.optional(z.looseObject({ candidate: z.string(), baseline: z.string() })),
};

const scaling = z.looseObject({
  resourceId: z.string(),
  minCapacity: count,
  maxCapacity: count,
  suspended: z.looseObject({ scaleIn: z.boolean(), scaleOut: z.boolean(), scheduled: z.boolean() }),
  policies: z.array(anything),
  scheduledActions: z.array(anything),
});

const reason = z.enum(Object.keys(reasonCodes) as [keyof typeof reasonCodes]);

const submission = z.looseObject({
  kind: z.enum(['create', 'update', 'none']),
  variant: z.string(),
  canonical: z.optional(z.string()),
  exclude: z.array(z.enum(['DesiredInstanceCount', 'DesiredWeight'])),
  deployment: z.optional(anything),
  bakeSeconds: z.number(),
  finalBakeSeconds: z.number(),
  timeoutSeconds: z.number(),
  expectedSeconds: z.number(),
  minimumRequests: z.number(),
  asynchronous: z.optional(z.boolean()),
  abortAlarm: z.optional(z.string()),
  judged: z.optional(z.looseObject({ policy: anything, latency: z.optional(anything) })),
});

const witnessed = z.looseObject({
  countSetAt: z.optional(instant),
  submittedAt: z.optional(instant),
  modifiedAt: z.optional(instant),
  unansweredAt: z.optional(instant),
  updatingAt: z.optional(instant),
  failureReason: z.optional(z.string()),
  staleFailureReason: z.optional(z.string()),
  alarms: z.optional(z.array(z.string())),
  alarmsGone: z.optional(z.array(z.string())),
  bakes: z.optional(
    z.array(
      z.looseObject({
        stage: z.enum(['canary', 'full']),
        startedAt: instant,
        endsAt: instant,
        requests: z.optional(z.number()),
        countedAt: z.optional(instant),
      }),
    ),
  ),
  abort: z.optional(
    z.looseObject({
      at: instant,
      why: reason,
      published: z.boolean(),
      because: z.optional(z.string()),
      figures: z.optional(anything),
    }),
  ),
  blindSince: z.optional(instant),
});

const stepping = z.looseObject({
  plan: z.looseObject({
    steps: z.array(z.number()),
    bakeSeconds: z.number(),
    maxStepSeconds: z.number(),
    minimumRequests: z.number(),
  }),
  state: z.looseObject({
    is: z.enum(['dark', 'raising', 'baking', 'paused', 'returning', 'retiring', 'promoted', 'returned']),
  }),
  baselineVariant: z.string(),
  candidateVariant: z.string(),
  startedAt: instant,
  moves: z.array(
    z.looseObject({ from: instant, until: z.optional(instant), share: z.number(), seen: z.optional(z.literal(true)) }),
  ),
  obeyed: count,
  policy: anything,
  latency: z.optional(anything),
  alarms: z.optional(z.array(z.string())),
  grownAt: z.optional(instant),
  blindSince: z.optional(instant),
  verdict: z.optional(
    z.looseObject({ at: instant, decision: z.string(), because: z.string(), figures: z.optional(anything) }),
  ),
});

const release = z.looseObject({
  id: z.string(),
  operation: z.enum(['deploy-endpoint', 'shift-traffic', 'rollback']),
  version: z.string(),
  planDigest: z.string(),
  attempt: count,
  phase: z.enum(['preparing', 'stepping', 'submitting', 'supervising', 'settling', 'ended']),
  startedAt: instant,
  endedAt: z.optional(instant),
  lease: z.looseObject({ holder: z.string(), until: instant }),
  run: z.looseObject({ url: z.optional(z.string()), actor: z.optional(z.string()), commit: z.optional(z.string()) }),
  baseline: z.optional(z.looseObject(configuration)),
  candidate: z.looseObject(configuration),
  submission,
  stepping: z.optional(stepping),
  takenBack: z.optional(z.looseObject({ because: z.string() })),
  scaling: z.optional(scaling),
  alarms: z.array(z.string()),
  witnessed,
  commands: z.array(
    z.looseObject({
      command: z.enum(['pause', 'resume', 'promote-now', 'abort']),
      by: z.string(),
      why: z.string(),
      at: instant,
      reason: z.optional(reason),
    }),
  ),
  outcome: z.optional(
    z.enum(['succeeded', 'pending', 'rolled-back', 'rejected', 'inconclusive', 'timed-out', 'cancelled', 'failed']),
  ),
  reason: z.optional(reason),
  because: z.optional(z.string()),
});

const record = z.looseObject({
  schemaVersion: z.literal(1),
  endpoint: z.string(),
  epoch: count,
  live: z.optional(release),
  ended: z.array(release),
  history: z.array(
    z.looseObject({
      ...configuration,
      release: z.optional(z.string()),
      from: instant,
      until: z.optional(instant),
      good: z.boolean(),
      ended: z.optional(z.enum(['replaced', 'rolled-back', 'rejected'])),
    }),
  ),
});

/** The text is not a record this version can work with; one sentence saying why. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
}

/** @throws {UnreadableRecord} */
export const parseRecord = (text: string): ReleaseRecord => {
  const value = json(text);
  const version =
    typeof value === 'object' && value !== null && 'schemaVersion' in value ? value.schemaVersion : undefined;
  if (typeof version === 'number' && version > 1)
    throw new UnreadableRecord(`was written by a newer version of this suite (schema ${version}, this one knows 1)`);
  const parsed = record.safeParse(value);
  if (parsed.success) return parsed.data as unknown as ReleaseRecord;
  const issue = parsed.error.issues[0];
  throw new UnreadableRecord(`is not a release record: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableRecord('is not JSON');
  }
};
