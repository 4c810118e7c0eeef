import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import { holdsNothing, judgeMetrics, notApart, ownMetricsOf } from './judge-metrics-schema.ts';
import { type JudgePolicy, mostNamedAlarms, type Rollout } from './manifest.ts';
import { either } from './suggest.ts';
import * as v from './values.ts';

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

const hasLimit = (healthy: { readonly 'excess-below'?: unknown; readonly 'at-most'?: unknown }): boolean =>
  healthy['excess-below'] !== undefined || healthy['at-most'] !== undefined;

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
          'excess-below': z.optional(
            v
              .share()
              .check(
                about(
                  'The candidate is healthy when its excess over the baseline is below this share of requests, e.g. `0.5%`. Required without `at-most`.',
                ),
              ),
          ),
          'at-most': z.optional(
            v.ratio().check(
              z.refine((value) => value > 1, { error: 'must be above 1x' }),
              about(
                "The candidate is healthy when its rate is below this many times the baseline's, e.g. `1.5x`: for endpoints on which errors are usual. With `excess-below` one of the two proofs is enough.",
              ),
            ),
          ),
          confidence: v.probability().check(about('Required confidence of that proof, e.g. 0.95.')),
        })
        .check(
          z.refine(hasLimit, { error: 'needs excess-below, at-most or both' }),
          about('When to take the next step.'),
        ),
      'burst-guard': z.optional(
        v
          .choice('a choice', ['auto', 'on', 'off'])
          .check(
            about(
              'Limit the evidence of one burst, because bursts may hit one arm alone. Default `auto`: on when the errors of the day before came in bursts. `off`: errors come singly, and no evidence is divided.',
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
      'warm-up': z.optional(
        v
          .mapping({
            errors: z.optional(
              v
                .duration()
                .check(
                  about(
                    'Of errors and 4xx answers. Default: `0s`, none: a candidate that fails at first is convicted. The safety net always watches.',
                  ),
                ),
            ),
            latency: z.optional(
              v.duration().check(about('Of latency. Default: `3m`: a cold candidate is not a slow one.')),
            ),
          })
          .check(about("Time after the candidate's first request in which a metric is no evidence for or against it.")),
      ),
      metrics: z.optional(judgeMetrics),
      'safety-net': z.optional(
        v
          .share()
          .check(
            about(
              "The traffic is taken back when more than this share of the candidate's requests fails in three minutes in a row, and the failing ones are as many as three bursts of the day before, or more. When the old version failed too, and the difference is within chance, the new one is not convicted. Default: `20%`.",
            ),
          ),
      ),
    })
    .check(about('How the judge compares the candidate with the version that serves beside it.')),
  z.transform(
    ({ convict, healthy, metrics, ...rest }, context): JudgePolicy =>
      withoutUndefined({
        metrics:
          metrics &&
          ownMetricsOf(metrics, (message, ...path) =>
            context.issues.push({ code: 'custom', input: metrics, path: ['metrics', ...path], message }),
          ),
        convict: { worseThan: convict['worse-than'], falseRollback: convict['false-rollback'] },
        healthy: {
          ...withoutUndefined({ excessBelow: healthy['excess-below'], atMost: healthy['at-most'] }),
          confidence: healthy.confidence,
        },
        burstGuard: rest['burst-guard'],
        clientErrors: rest['client-errors'],
        maxBlindSeconds: rest['max-blind'],
        warmUp:
          rest['warm-up'] &&
          withoutUndefined({
            errorsSeconds: rest['warm-up'].errors,
            latencySeconds: rest['warm-up'].latency,
          }),
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

const usualSteps: readonly number[] = [0.05, 0.25, 0.5, 0.95, 1];

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
      steps: z.optional(
        v
          .listOf('a list of steps', v.step(), 1, 50)
          .check(
            z.refine(ascending, { error: 'must rise and end with 100, e.g. [5, 25, 50, 95, 100]' }),
            about(
              'Shares of the traffic, rising, the last one 100. Default: `[5, 25, 50, 95, 100]`; at 95 there is still an old version to compare with.',
            ),
          ),
      ),
      bake,
      'max-step': z.optional(v.duration().check(about('Longest a step may wait for proof.'))),
      judge: judgeSchema,
      ...guarded,
    }),
  ],
  { error: `a strategy; expected ${either(['all-at-once', 'canary', 'linear', 'rolling', 'steps'])}` },
);

/** `rollout:` of an environment. */
export const rollout = z.pipe(
  strategies.check(about('How traffic moves to the new version.')),
  z.transform((raw, context): Rollout => {
    for (const [index, metric] of (raw.judge?.metrics ?? []).entries()) {
      const bySteps = raw.strategy === 'steps';
      const message = notApart(metric, bySteps) ?? holdsNothing(metric, bySteps);
      if (message !== undefined)
        context.issues.push({ code: 'custom', input: raw, path: ['judge', 'metrics', index], message });
    }
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
          steps: raw.steps ?? usualSteps,
          bakeSeconds: raw.bake,
          ...longest,
          ...guards,
          judge: raw.judge,
        };
      }
    }
  }),
);
