import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { Autoscaling } from './manifest.ts';
import { either } from './suggest.ts';
import * as v from './values.ts';

const about = z.describe;

/** Metrics of target tracking: at most one of them. */
const targets = ['invocations-per-instance', 'backlog-per-instance', 'concurrency-utilization'] as const;
const targetsIn = (raw: object): readonly string[] =>
  targets.filter((key) => (raw as Readonly<Record<string, unknown>>)[key] !== undefined);

/** Application Auto Scaling: names of policies and scheduled actions. */
const named = (noun: string) =>
  v.words(`${noun}`).check(z.maxLength(256, { error: `${noun}; expected 1 to 256 characters` }));

const cooldown = () => v.durationWithin(0, 86_400, '0s to 24h');
const capacity = (noun: string) => v.whole(noun, 0);

const band = v
  .mapping({
    from: z.optional(
      v.quantity('a bound').check(about('Lower bound, counted from the threshold of the alarm. Default: none.')),
    ),
    to: z.optional(
      v.quantity('a bound').check(about('Upper bound, counted from the threshold of the alarm. Default: none.')),
    ),
    by: z
      .int({ error: 'an adjustment; expected a whole number, e.g. 1 or -1' })
      .check(about('The adjustment, in the unit of `adjustment`.')),
  })
  .check(
    z.refine(({ from, to }) => from === undefined || to === undefined || from < to, {
      error: 'from is not less than to',
      path: ['from'],
    }),
  );

const step = v
  .mapping({
    name: named('a name of a policy').check(about('Name of the policy.')),
    alarm: v
      .alarmName()
      .check(about('CloudWatch alarm that starts it. It must exist; the delivery adds the policy to its actions.')),
    adjustment: z.optional(
      v
        .choice('an adjustment', ['change', 'percent', 'exact'])
        .check(
          about('`change` (default) adds `by` to the capacity, `percent` adds that share of it, `exact` sets it.'),
        ),
    ),
    steps: v.listOf('a list of steps', band, 1, 20).check(about('The adjustments.')),
    cooldown: z.optional(cooldown().check(about('Pause after it acted; 0s to 24h. Default at AWS: 300s.'))),
    aggregation: z.optional(
      v
        .choice('an aggregation', ['average', 'minimum', 'maximum'])
        .check(about('How data points of the alarm become one. Default at AWS: average.')),
    ),
  })
  .check(about('A step scaling policy, which an alarm starts.'));

const schedule = v
  .mapping({
    name: named('a name of a scheduled action').check(about('Name of the scheduled action.')),
    at: v.scheduleExpression().check(about('`at(…)`, `rate(…)` or `cron(…)`, as Application Auto Scaling reads it.')),
    timezone: z.optional(v.timezone().check(about('Time zone of `at`, e.g. `Europe/Berlin`. Default: UTC.'))),
    min: z.optional(capacity('a capacity').check(about('Least capacity from then on.'))),
    max: z.optional(capacity('a capacity').check(about('Greatest capacity from then on.'))),
  })
  .check(
    z.refine(({ min, max }) => min !== undefined || max !== undefined, { error: 'needs min or max' }),
    z.refine(({ min = 0, max = min }) => min <= max, { error: 'min is greater than max', path: ['min'] }),
    about('A scheduled change of min and max.'),
  );

const distinct = (items: readonly { readonly name: string }[] | undefined): boolean =>
  new Set(items?.map(({ name }) => name)).size === (items?.length ?? 0);

/** `autoscaling` of an endpoint. */
export const autoscaling = z.pipe(
  v
    .mapping({
      min: v.whole('a capacity', 0).check(about('Least capacity; 0 only for an endpoint with `async`.')),
      max: v.whole('a capacity', 1).check(about('Greatest capacity.')),
      'invocations-per-instance': z.optional(
        v.whole('a number of invocations', 1).check(about('Target per instance and minute.')),
      ),
      'backlog-per-instance': z.optional(
        v.whole('a number of requests', 1).check(about('Target of queued requests per instance; with `async`.')),
      ),
      'concurrency-utilization': z.optional(
        v
          .fractionUpTo1('a utilization')
          .check(about('Target share of the provisioned concurrency in use, above 0 and up to 1; with `serverless`.')),
      ),
      'scale-in-cooldown': z.optional(
        cooldown().check(about('Pause after the capacity was lowered; 0s to 24h. Without it the live setting stays.')),
      ),
      'scale-out-cooldown': z.optional(
        cooldown().check(about('Pause after the capacity was raised; 0s to 24h. Without it the live setting stays.')),
      ),
      step: z.optional(v.listOf('a list of step scaling policies', step, 1, 10).check(about('Step scaling policies.'))),
      schedule: z.optional(v.listOf('a list of scheduled actions', schedule, 1, 50).check(about('Scheduled actions.'))),
    })
    .check(
      z.refine(({ min, max }) => min <= max, { error: 'min is greater than max', path: ['min'] }),
      z.refine((raw) => targetsIn(raw).length <= 1, {
        error: ({ input }) => `has more than one target: ${targetsIn(input as object).join(', ')}`,
      }),
      z.refine((raw) => targetsIn(raw).length === 1 || (raw.step ?? raw.schedule) !== undefined, {
        error: `needs ${either([...targets, 'step', 'schedule'])}`,
      }),
      z.refine(
        (raw) =>
          targetsIn(raw).length === 1 ||
          (raw['scale-in-cooldown'] === undefined && raw['scale-out-cooldown'] === undefined),
        { error: `cooldowns belong to a target: add ${either(targets)}`, path: ['scale-in-cooldown'] },
      ),
      z.refine((raw) => distinct(raw.step), { error: 'two entries have one name', path: ['step'] }),
      z.refine((raw) => distinct(raw.schedule), { error: 'two entries have one name', path: ['schedule'] }),
      about('Scaling of the fleet; with it the live capacity wins over `instance.count`.'),
    ),
  z.transform(
    (raw): Autoscaling =>
      withoutUndefined({
        min: raw.min,
        max: raw.max,
        invocationsPerInstance: raw['invocations-per-instance'],
        backlogPerInstance: raw['backlog-per-instance'],
        concurrencyUtilization: raw['concurrency-utilization'],
        scaleInCooldownSeconds: raw['scale-in-cooldown'],
        scaleOutCooldownSeconds: raw['scale-out-cooldown'],
        step: raw.step?.map(({ cooldown: cooldownSeconds, steps, ...rest }) => ({
          ...withoutUndefined({ ...rest, cooldownSeconds }),
          steps: steps.map(withoutUndefined),
        })),
        schedule: raw.schedule?.map(withoutUndefined),
      }) as Autoscaling,
  ),
);

interface Hosting {
  readonly async?: unknown;
  readonly serverless?:
    | { readonly 'provisioned-concurrency'?: number | undefined; readonly 'max-concurrency': number }
    | undefined;
  readonly autoscaling?: Autoscaling | undefined;
}

/** The reason why this kind of endpoint cannot have such scaling; undefined when it can. */
export const unfitScaling = ({ async, serverless, autoscaling: scaling }: Hosting): string | undefined => {
  if (scaling === undefined) return undefined;
  if (serverless !== undefined) {
    if (serverless['provisioned-concurrency'] === undefined)
      return 'of a serverless endpoint scales its provisioned concurrency: set serverless.provisioned-concurrency';
    if (scaling.invocationsPerInstance ?? scaling.backlogPerInstance)
      return 'by instances cannot scale a serverless endpoint: use concurrency-utilization';
    if (scaling.max > serverless['max-concurrency'])
      return `max ${scaling.max} is greater than serverless.max-concurrency ${serverless['max-concurrency']}`;
  } else if (scaling.concurrencyUtilization !== undefined)
    return 'by concurrency-utilization is for serverless endpoints: use invocations-per-instance, or backlog-per-instance with async';
  // Async endpoints publish no InvocationsPerInstance (AWS: "Monitor asynchronous endpoint").
  if (async !== undefined && scaling.invocationsPerInstance !== undefined)
    return 'by invocations cannot scale an async endpoint, because it publishes no invocations: use backlog-per-instance';
  if (async === undefined && scaling.backlogPerInstance !== undefined)
    return 'by backlog-per-instance is for endpoints with async: use invocations-per-instance';
  // AWS: "Autoscale an asynchronous endpoint" goes down to zero; "Scale an endpoint to zero instances": others only with inference
  // components.
  const zero = scaling.min === 0 || scaling.schedule?.some(({ min }) => min === 0);
  if (async === undefined && zero) return 'min: 0 is legal only for an endpoint with async; expected 1 or more';
  return undefined;
};
