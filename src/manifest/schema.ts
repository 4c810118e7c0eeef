import * as z from 'zod/mini';
import { isSameName } from '../same-name.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { policyFaults } from './approval-policy.ts';
import { approvalSchema } from './approval-schema.ts';
import { endpoint } from './endpoint-schema.ts';
import { type Environment, type JudgePolicy, type Manifest, mostNamedAlarms, type Rollout } from './manifest.ts';
import { registry } from './registry-schema.ts';
import { regressionSchema } from './regression-schema.ts';
import { risks } from './risk.ts';
import { smokeSchema } from './smoke-schema.ts';
import { either } from './suggest.ts';
import * as v from './values.ts';
import { versionsSchema } from './versions-schema.ts';

/**
 * `delivery.yml`, declared once: the accepted values, their parsed form (`manifest.ts`), and the schema for editors
 * (`delivery.schema.json`). Every title and description below is for the author of the file.
 */
const about = z.describe;

const guarded = {
  timeout: z.optional(
    v
      .duration()
      .check(about('SageMaker rolls back an update that takes longer; 10m to 8h. Default: computed from the plan.')),
  ),
  alarms: z.optional(
    v
      .mapping({
        errors: z.optional(
          v
            .share()
            .check(
              about(
                'Highest error rate of the new version, e.g. `1%`: answers that are neither 2xx nor 4xx. 4xx are mistakes of callers.',
              ),
            ),
        ),
        'latency-p99': z.optional(
          v.latency().check(about('Highest p99 of the model latency of the new version, e.g. `300ms`.')),
        ),
        named: z.optional(
          v
            .listOf('a list of alarms', v.alarmName(), 0, mostNamedAlarms)
            .check(about(`Your own CloudWatch alarms that also roll back; at most ${mostNamedAlarms}.`)),
        ),
      })
      .check(
        about('Limits that take the traffic back automatically. The suite creates and removes the alarms it needs.'),
      ),
  ),
  'minimum-requests': v
    .whole('a number of requests', 0)
    .check(
      about(
        'Requests the new version must see in every bake for the bake to prove anything. 0 is legal and must be written.',
      ),
    ),
};
const bake = v.duration().check(about('How long the alarms watch before traffic moves on.'));
const finalBake = v
  .duration()
  .check(about('How long the alarms watch once all traffic has moved; the old fleet stands by until then.'));

const guard = (raw: z.output<ReturnType<typeof v.mapping<typeof guarded>>>) =>
  withoutUndefined({
    timeoutSeconds: raw.timeout,
    minimumRequests: raw['minimum-requests'],
    alarms: withoutUndefined({
      errors: raw.alarms?.errors,
      latencyP99Milliseconds: raw.alarms?.['latency-p99'],
      named: raw.alarms?.named ?? [],
    }),
  });

export const judgeSchema = z.pipe(
  v
    .mapping({
      convict: v
        .mapping({
          'worse-than': v
            .ratio()
            .check(
              about(
                "The candidate is convicted when its rate is more than this many times the baseline's, e.g. `1.2x`.",
              ),
            ),
          'false-rollback': v
            .probability()
            .check(about('Largest chance of convicting a healthy model over the whole rollout, e.g. 0.01.')),
        })
        .check(about('When to take the traffic back.')),
      healthy: v
        .mapping({
          'excess-below': v
            .share()
            .check(
              about(
                'The candidate is healthy when its excess over the baseline is below this share of requests, e.g. `0.5%`.',
              ),
            ),
          confidence: v.probability().check(about('Required confidence of that proof, e.g. 0.95.')),
        })
        .check(about('When to take the next step.')),
      'burst-guard': z.optional(
        v
          .choice('a choice', ['auto', 'on', 'off'])
          .check(
            about(
              'Cap the evidence of one bucket, because error bursts may hit one arm alone. Default `auto`: on when the errors of the day before came in bursts.',
            ),
          ),
      ),
      'client-errors': z.optional(
        v
          .choice('a choice', ['report', 'judge'])
          .check(
            about(
              'The effect of 4xx answers. Default `report`: they are mistakes of callers, and a figure in the report. `judge`: their rate must be proven healthy too, and a candidate with several times as many is convicted; for a model that must accept all input of its callers.',
            ),
          ),
      ),
      'max-blind': z.optional(
        v
          .duration()
          .check(about('Longest the candidate serves without metrics before the traffic is taken back. Default: 10m.')),
      ),
      'safety-net': z.optional(
        v
          .share()
          .check(
            about(
              "The traffic is taken back when more than this share of the candidate's requests fails in three buckets in a row. When the old version failed too, and the difference is within chance, the new one is not convicted. Default: `20%`.",
            ),
          ),
      ),
    })
    .check(about('How the judge compares the candidate with the version that serves beside it.')),
  z.transform(
    ({ convict, healthy, ...rest }): JudgePolicy =>
      withoutUndefined({
        convict: { worseThan: convict['worse-than'], falseRollback: convict['false-rollback'] },
        healthy: { excessBelow: healthy['excess-below'], confidence: healthy.confidence },
        burstGuard: rest['burst-guard'],
        clientErrors: rest['client-errors'],
        maxBlindSeconds: rest['max-blind'],
        safetyNet: rest['safety-net'],
      }),
  ),
);

const judged = {
  judge: z.optional(
    judgeSchema.check(about('Compares both versions and takes the traffic back when the new one is worse.')),
  ),
};

const ascending = (steps: readonly number[]): boolean =>
  steps.at(-1) === 1 && steps.every((value, index) => value > (steps[index - 1] ?? 0));

const strategy = <const Name extends Rollout['strategy']>(name: Name, description: string) =>
  z.literal(name).check(about(description));

const strategies = z.discriminatedUnion(
  'strategy',
  [
    v.mapping({
      strategy: strategy('all-at-once', 'All traffic at once, with the old fleet standing by for the final bake.'),
      'final-bake': finalBake,
      ...guarded,
      ...judged,
    }),
    v.mapping({
      strategy: strategy('canary', 'A part of the fleet first, then the rest.'),
      size: v.capacity().check(about('The first part: `25%` or `1 instance`.')),
      bake,
      'final-bake': finalBake,
      ...guarded,
      ...judged,
    }),
    v.mapping({
      strategy: strategy('linear', 'In equal steps.'),
      step: v.capacity().check(about('Each step: `20%` or `1 instance`.')),
      bake,
      'final-bake': finalBake,
      ...guarded,
      ...judged,
    }),
    v.mapping({
      strategy: strategy('rolling', 'In batches that replace the old instances, without a second fleet.'),
      batch: v.capacity().check(about('Each batch: `20%` or `1 instance`.')),
      bake,
      'rollback-batch': z.optional(v.capacity().check(about("Each batch of a rollback. Default: SageMaker's own."))),
      ...guarded,
      ...judged,
    }),
    v.mapping({
      strategy: strategy('steps', 'By weights between two variants, under the judge.'),
      steps: v
        .listOf('a list of steps', v.step(), 1, 50)
        .check(
          z.refine(ascending, { error: 'must rise and end with 100, e.g. [5, 25, 50, 100]' }),
          about('Shares of the traffic, rising, the last one 100.'),
        ),
      bake,
      'max-step': z.optional(v.duration().check(about('Longest a step may wait for proof.'))),
      judge: judgeSchema,
      ...guarded,
    }),
  ],
  { error: `a strategy; expected ${either(['all-at-once', 'canary', 'linear', 'rolling', 'steps'])}` },
);

const rollout = z.pipe(
  strategies.check(about('How traffic moves to the new version.')),
  z.transform((raw): Rollout => {
    const guards = { ...guard(raw), ...withoutUndefined({ judge: raw.judge }) };
    switch (raw.strategy) {
      case 'all-at-once':
        return { strategy: raw.strategy, finalBakeSeconds: raw['final-bake'], ...guards };
      case 'canary':
        return {
          strategy: raw.strategy,
          size: raw.size,
          bakeSeconds: raw.bake,
          finalBakeSeconds: raw['final-bake'],
          ...guards,
        };
      case 'linear':
        return {
          strategy: raw.strategy,
          step: raw.step,
          bakeSeconds: raw.bake,
          finalBakeSeconds: raw['final-bake'],
          ...guards,
        };
      case 'rolling': {
        const rollback = withoutUndefined({ rollbackBatch: raw['rollback-batch'] });
        return { strategy: raw.strategy, batch: raw.batch, bakeSeconds: raw.bake, ...rollback, ...guards };
      }
      case 'steps': {
        const longest = withoutUndefined({ maxStepSeconds: raw['max-step'] });
        return {
          strategy: raw.strategy,
          steps: raw.steps,
          bakeSeconds: raw.bake,
          ...longest,
          ...guards,
          judge: raw.judge,
        };
      }
    }
  }),
);

const environment = z.pipe(
  v
    .mapping({
      account: z.optional(
        v
          .accountId()
          .check(about('Twelve digits in quotes; checked against the credentials before anything is written.')),
      ),
      region: z.optional(v.region().check(about('AWS region; default: the one of the run.'))),
      role: z.optional(v.role().check(about('Role that is assumed and refreshed; its name or ARN.'))),
      'rollback-role': z.optional(
        v
          .role()
          .check(
            about(
              'Role that `rollback` assumes instead, its name or ARN: a rollback needs no permission to create a model. Default: `role`.',
            ),
          ),
      ),
      'approver-role': z.optional(
        v
          .role()
          .check(
            about(
              'Role that `approve-gate` assumes instead when its mode decides, its name or ARN: where only it may approve, no deployment approves its own version. With `check` and `wait` it keeps `role`. Default: `role`.',
            ),
          ),
      ),
      releases: z.optional(
        v
          .s3Folder()
          .check(
            about(
              'Where release records and pinned artifacts live; default: `model-delivery-<account>-<region>`, which `model-delivery create-bucket` creates.',
            ),
          ),
      ),
      'bucket-owners': z.optional(
        v
          .bucketOwners()
          .check(about('Owners of buckets in other accounts, by bucket: every call to S3 names the expected owner.')),
      ),
      registry: z.optional(registry()),
      approval: z.optional(approvalSchema()),
      risk: z.optional(
        v
          .choice('a risk', risks)
          .check(
            about(
              '`high` as for all environments. `normal`: nothing more is required here, even if the manifest or the model card has a high risk; for an environment without users.',
            ),
          ),
      ),
      endpoint,
      rollout,
      stage: z.optional(
        v
          .resourceName('a stage of the registry')
          .check(
            about(
              'Stage of this environment in the model registry, e.g. `Production`: deliveries and rollbacks write it, with a status, to `ModelLifeCycle` of the model package. It needs the policy `life-cycle`. Default: nothing is written.',
            ),
          ),
      ),
      'on-rejection': z.optional(
        v
          .choice('a choice', ['take-back', 'finish'])
          .check(
            about(
              'The effect of a rejection in the registry while traffic moves. Default `take-back`: the traffic goes back; `finish`: the rollout goes on. A version that is rejected before any traffic moved is never deployed.',
            ),
          ),
      ),
    })
    .check(about('One place of delivery for the model.')),
  z.transform(
    ({
      'rollback-role': rollbackRole,
      'approver-role': approverRole,
      'bucket-owners': bucketOwners,
      'on-rejection': onRejection,
      ...raw
    }): Environment => withoutUndefined({ ...raw, rollbackRole, approverRole, bucketOwners, onRejection }),
  ),
);

export const manifestSchema = z.pipe(
  v
    .mapping({
      version: z.literal(1, { error: 'a version of this format; expected 1' }).check(about('Version of this format.')),
      model: v
        .resourceName('a model name')
        .check(about('Model package group; also the `<model>` of `<model>_v<version>`.')),
      registry: z.optional(registry()),
      approval: z.optional(approvalSchema()),
      risk: z.optional(
        v
          .choice('a risk', risks)
          .check(
            about(
              '`high`: two people have to approve each version, and a delivery needs a passing regression test and `strategy: steps`. A model card with the risk rating High has the same effect; `normal` does not lower it. Default: the card decides.',
            ),
          ),
      ),
      regression: z.optional(regressionSchema),
      smoke: z.optional(smokeSchema),
      versions: z.optional(versionsSchema),
      environments: v.environments(environment).check(about('Where the model is delivered, by name.')),
    })
    .check((checked) => {
      // A part with a problem of its own is as it was written, and has no meaning yet.
      if (checked.issues.length > 0) return;
      const { model, registry: forAll, approval, risk, regression, environments } = checked.value;
      const tested = regression?.asking.candidate;
      if (tested?.is === 'environment' && !Object.keys(environments).some((name) => name !== tested.environment))
        checked.issues.push({
          code: 'custom',
          input: checked.value,
          path: ['regression', 'candidate', 'environment'],
          message: `${tested.environment} is the only environment: a version would be tested where it serves already; use temporary`,
        });
      for (const [name, one] of Object.entries(environments)) {
        const reviewers = one.approval?.reviewers ?? approval?.reviewers;
        const { of = [] } = reviewers ?? {};
        if ((one.risk ?? risk) === 'high' && of.length === 1 && of[0]?.is === 'person')
          checked.issues.push({
            code: 'custom',
            input: checked.value,
            path: [...(one.approval?.reviewers ? ['environments', name] : []), 'approval', 'reviewers', 'of'],
            message: `has one person, and with \`risk: high\` two different people have to approve in ${name}`,
          });
      }
      for (const [path, spec] of [
        [['registry'], forAll] as const,
        ...Object.entries(environments).map(
          ([name, one]) => [['environments', name, 'registry'], one.registry] as const,
        ),
      ])
        if (spec?.group !== undefined && !isSameName(spec.group, model))
          checked.issues.push({
            code: 'custom',
            input: checked.value,
            path: [...path],
            message: `names the group ${spec.group}, and \`model\` is ${model}: they must be the same`,
          });
      for (const fault of policyFaults(checked.value))
        checked.issues.push({ code: 'custom', input: checked.value, ...fault });
    }),
  z.transform(
    ({ registry: forAll, approval, environments, ...raw }): Manifest =>
      withoutUndefined({
        ...raw,
        environments: Object.fromEntries(
          Object.entries(environments).map(([name, one]) => [
            name,
            withoutUndefined({
              ...one,
              registry: one.registry ?? forAll,
              approval: approval || one.approval ? { ...approval, ...one.approval } : undefined,
            }),
          ]),
        ),
      }),
  ),
);
