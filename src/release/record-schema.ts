import * as z from 'zod/mini';
import { reasonCodes } from '../reason-codes.ts';
import { judgesWhys } from '../rollout/event.ts';
import { whys } from '../rollout/state.ts';
import { amount, count, figures, fraction, instant, judged, latency, own, policy } from './judged-schema.ts';
import { upgraded } from './older-record.ts';
import { endpointKinds, type ReleaseRecord } from './record.ts';
import { readJson, UnreadableText } from './stored-json.ts';

/**
 * `record.ts` as a check of the stored record. Objects are loose: a newer version of this suite may add a member within the same
 * schema version, and an older version keeps it when it writes the record back.
 */

const anything = z.record(z.string(), z.unknown());

/** AWS: EntityName, EndpointName, VariantName. */
const entityName = z.string().check(z.regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/));

const configuration = {
  endpointConfig: entityName,
  model: entityName,
  version: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
  packageVersion: z.optional(count),
  imageDigest: z.optional(z.string()),
  imageDigests: z.optional(z.array(z.string())),
  unpinned: z.optional(z.literal(true)),
  contentDigest: z.optional(z.string()),
  instanceType: z.string(),
  instanceCount: count,
  beside: z.optional(z.looseObject({ candidate: entityName, baseline: entityName })),
  kept: z.optional(z.looseObject({ from: z.optional(entityName), settings: z.array(z.string()) })),
};

/** Put back verbatim, so a value that the SDK could not send is not a snapshot. */
const time = z.optional(z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)))));
const scaled = {
  ServiceNamespace: z.literal('sagemaker'),
  ResourceId: z.string(),
  ScalableDimension: z.enum([
    'sagemaker:variant:DesiredInstanceCount',
    'sagemaker:variant:DesiredProvisionedConcurrency',
  ]),
};
const scaling = z.looseObject({
  resourceId: z.string(),
  dimension: z.optional(z.literal('sagemaker:variant:DesiredProvisionedConcurrency')),
  minCapacity: count,
  maxCapacity: count,
  suspended: z.looseObject({ scaleIn: z.boolean(), scaleOut: z.boolean(), scheduled: z.boolean() }),
  policies: z.array(
    z.looseObject({
      ...scaled,
      PolicyName: z.string(),
      PolicyType: z.string(),
      TargetTrackingScalingPolicyConfiguration: z.optional(anything),
      StepScalingPolicyConfiguration: z.optional(anything),
      PredictiveScalingPolicyConfiguration: z.optional(anything),
    }),
  ),
  scheduledActions: z.array(
    z.looseObject({
      ...scaled,
      ScheduledActionName: z.string(),
      Schedule: z.string(),
      Timezone: z.optional(z.string()),
      StartTime: time,
      EndTime: time,
      ScalableTargetAction: z.optional(
        z.looseObject({ MinCapacity: z.optional(count), MaxCapacity: z.optional(count) }),
      ),
    }),
  ),
  arns: z.optional(z.record(z.string(), z.string())),
});

const reason = z.enum(Object.keys(reasonCodes) as [keyof typeof reasonCodes]);

const capacity = z.looseObject({ Type: z.enum(['INSTANCE_COUNT', 'CAPACITY_PERCENT']), Value: count });
/** DeploymentConfig, which is sent verbatim. */
const deployment = z.looseObject({
  BlueGreenUpdatePolicy: z.optional(
    z.looseObject({
      TrafficRoutingConfiguration: z.looseObject({
        Type: z.enum(['ALL_AT_ONCE', 'CANARY', 'LINEAR']),
        WaitIntervalInSeconds: count,
        CanarySize: z.optional(capacity),
        LinearStepSize: z.optional(capacity),
      }),
      TerminationWaitInSeconds: z.optional(count),
      MaximumExecutionTimeoutInSeconds: z.optional(count),
    }),
  ),
  RollingUpdatePolicy: z.optional(
    z.looseObject({
      MaximumBatchSize: capacity,
      WaitIntervalInSeconds: count,
      MaximumExecutionTimeoutInSeconds: z.optional(count),
      RollbackMaximumBatchSize: z.optional(capacity),
    }),
  ),
  AutoRollbackConfiguration: z.optional(
    z.looseObject({ Alarms: z.optional(z.array(z.looseObject({ AlarmName: z.string() }))) }),
  ),
});

const publishedVersion = z.string().check(z.regex(/^[1-9][0-9]{0,17}$/));
/** Of a deployment by CodeDeploy. */
const deployed = {
  mechanism: z.literal('codedeploy'),
  application: z.string(),
  deploymentGroup: z.string(),
  from: publishedVersion,
  config: z.string(),
  routing: z.optional(anything),
  alarms: z.array(z.string()),
  shiftSeconds: amount,
  timeoutSeconds: z.optional(amount),
  expectedSeconds: amount,
};
const hooks = z.looseObject({ beforeAllowTraffic: z.optional(z.string()), afterAllowTraffic: z.optional(z.string()) });
const submitted = { variant: entityName, canonical: z.optional(entityName) };
const exclude = z.array(z.enum(['DesiredInstanceCount', 'DesiredWeight']));

const submission = z.discriminatedUnion('kind', [
  z.discriminatedUnion('mechanism', [
    z.looseObject({
      ...submitted,
      mechanism: z.literal('guardrail'),
      kind: z.literal('update'),
      exclude,
      deployment,
      bakeSeconds: amount,
      finalBakeSeconds: amount,
      timeoutSeconds: amount,
      expectedSeconds: amount,
      minimumRequests: amount,
      endpointKind: z.enum(endpointKinds),
      abortAlarm: z.optional(z.string()),
      judged: z.optional(judged),
    }),
    z.looseObject({
      ...submitted,
      mechanism: z.enum(['replacement', 'variants']),
      kind: z.literal('update'),
      exclude,
      expectedSeconds: amount,
    }),
  ]),
  z.looseObject({
    ...submitted,
    mechanism: z.literal('replacement'),
    kind: z.literal('create'),
    expectedSeconds: amount,
  }),
  z.looseObject({
    ...submitted,
    mechanism: z.enum(['replacement', 'variants']),
    kind: z.literal('none'),
    exclude,
  }),
  z.looseObject({
    ...submitted,
    ...deployed,
    kind: z.literal('deployment'),
    function: z.string(),
    hooks: z.optional(hooks),
    broughtBefore: z.optional(
      z.looseObject({ deployment: z.string(), from: publishedVersion, hooks: z.optional(hooks) }),
    ),
    judged: z.optional(judged),
    to: publishedVersion,
  }),
  z.looseObject({
    ...submitted,
    ...deployed,
    kind: z.literal('service-deployment'),
    cluster: z.string(),
    familyArn: z.string(),
    to: z.optional(publishedVersion),
    properties: anything,
    judged: z.optional(judged),
    measured: z.optional(z.looseObject({ loadBalancer: z.string(), targetGroup: z.string() })),
  }),
]);

const countsRead = z.optional(
  z.array(z.looseObject({ t: amount, digest: z.string(), since: instant })).check(z.maxLength(1000)),
);

const witnessed = z.looseObject({
  countSetAt: z.optional(instant),
  scaledAt: z.optional(instant),
  submittedAt: z.optional(instant),
  modifiedAt: z.optional(instant),
  promised: z.optional(z.record(z.string(), z.string())),
  unansweredAt: z.optional(instant),
  updatingAt: z.optional(instant),
  deployment: z.optional(z.string()),
  shiftingAt: z.optional(instant),
  startedAt: z.optional(instant),
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
        requests: z.optional(amount),
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
      figures: z.optional(figures),
    }),
  ),
  blindSince: z.optional(instant),
  countsRead,
  stageRefused: z.optional(z.literal(true)),
  stagesWritten: z.optional(z.array(z.string())),
});

const why = z.enum(whys);
const marked = z.optional(z.literal(true));
const state = z.discriminatedUnion('is', [
  z.looseObject({ is: z.literal('dark'), held: marked, hurry: marked }),
  z.looseObject({ is: z.literal('raising'), index: count, from: fraction, held: marked }),
  z.looseObject({ is: z.enum(['baking', 'paused']), index: count, since: instant }),
  z.looseObject({ is: z.enum(['returning', 'returned']), why, because: z.string() }),
  z.looseObject({ is: z.literal('retiring'), index: count }),
  z.looseObject({ is: z.literal('promoted') }),
]);

const stepping = z
  .looseObject({
    plan: z.looseObject({
      steps: z.array(fraction).check(z.minLength(1), z.maxLength(100)),
      bakeSeconds: amount,
      maxStepSeconds: amount,
      minimumRequests: amount,
    }),
    state,
    baselineVariant: entityName,
    candidateVariant: entityName,
    startedAt: instant,
    moves: z.array(
      z.looseObject({
        from: instant,
        until: z.optional(instant),
        share: fraction,
        seen: marked,
      }),
    ),
    obeyed: count,
    alarms: z.optional(z.array(z.string())),
    policy,
    latency: z.optional(latency),
    own: z.optional(own),
    grownAt: z.optional(instant),
    blindSince: z.optional(instant),
    countsRead,
    folded: z.optional(z.looseObject({ until: instant, terms: z.string(), digest: z.string() })),
    verdict: z.optional(
      z.looseObject({ at: instant, decision: z.string(), because: z.string(), figures: z.optional(figures) }),
    ),
  })
  .check(z.refine(({ state: { index }, plan }) => typeof index !== 'number' || index < plan.steps.length));

const release = z.looseObject({
  id: z.string(),
  operation: z.enum(['deploy-endpoint', 'shift-traffic', 'rollback']),
  version: z.string(),
  planDigest: z.string(),
  attempt: count.check(z.lte(1e6)),
  phase: z.enum(['preparing', 'stepping', 'submitting', 'supervising', 'settling', 'ended']),
  startedAt: instant,
  endedAt: z.optional(instant),
  lease: z.looseObject({ holder: z.string(), until: instant }),
  run: z.looseObject({ url: z.optional(z.string()), actor: z.optional(z.string()), commit: z.optional(z.string()) }),
  baseline: z.optional(z.looseObject(configuration)),
  candidate: z.looseObject(configuration),
  submission,
  stepping: z.optional(stepping),
  takenBack: z.optional(
    z.looseObject({
      because: z.string(),
      reason: z.optional(z.enum(['dark-checks-failed', ...judgesWhys])),
      figures: z.optional(figures),
    }),
  ),
  smoke: z.optional(
    z.looseObject({
      questions: z.string(),
      of: count,
      answered: count,
      unexpected: count,
      wrong: z.optional(z.array(count)),
      first: z.optional(z.string()),
    }),
  ),
  withdraws: z.optional(z.string()),
  why: z.optional(z.string()),
  rejected: z.optional(z.literal(true)),
  named: z.optional(z.literal(true)),
  leftUntil: z.optional(instant),
  scaling: z.optional(scaling),
  alarms: z.array(z.string()),
  witnessed,
  notified: z.optional(z.array(z.string())),
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
  concludedAt: z.optional(instant),
  serving: z.optional(z.enum(['candidate', 'baseline', 'unknown'])),
});

/** The members that a release needs in its phase: the code that continues it relies on them. */
const live = release.check(
  z.refine(({ phase }) => phase !== 'ended', 'a live release has not ended'),
  z.refine(({ phase, stepping }) => phase !== 'stepping' || stepping !== undefined, 'phase stepping needs its steps'),
  z.refine(
    ({ takenBack, baseline }) => takenBack === undefined || baseline !== undefined,
    'takenBack needs a baseline',
  ),
  z.refine(
    ({ submission, stepping, baseline }) =>
      submission.mechanism !== 'variants' ||
      submission.kind !== 'update' ||
      stepping !== undefined ||
      (baseline !== undefined && submission.canonical !== undefined),
    'a dark candidate needs a baseline and its variant',
  ),
);

const record = z.looseObject({
  schemaVersion: z.literal(2),
  endpoint: entityName,
  account: z.optional(z.string()),
  region: z.optional(z.string()),
  epoch: count.check(z.lte(1e12)),
  live: z.optional(live),
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
  if (typeof version === 'number' && version > 2)
    throw new UnreadableRecord(`was written by a newer version of this suite (schema ${version}, this one knows 2)`);
  const parsed = record.safeParse(upgraded(value));
  if (parsed.success) return parsed.data as unknown as ReleaseRecord;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join('.') ?? '';
  // A list of allowed values, or a foreign key, may be long.
  throw new UnreadableRecord(`is not a release record: ${`${where}: ${issue?.message ?? ''}`.slice(0, 300)}`);
};

const json = (text: string): unknown => {
  try {
    return readJson(text);
  } catch (error) {
    if (error instanceof UnreadableText) throw new UnreadableRecord(error.message);
    throw error;
  }
};
