import * as z from 'zod/mini';
import type { EndpointSpec, Environment, JudgePolicy, Manifest, Regression, Rollout } from './manifest.ts';
import { either } from './suggest.ts';
import * as v from './values.ts';

/**
 * `delivery.yml`, declared once: what is accepted, what it becomes (`manifest.ts`), and what editors are told
 * (`delivery.schema.json`). Every title and description below is for the person who types the file.
 */
const about = z.describe;

/** The same object without the keys whose value is undefined: what `exactOptionalPropertyTypes` asks for. */
type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
const given = <T extends object>(values: T): Given<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;

const regression = z.pipe(
  v
    .mapping({
      task: v
        .choice('a task', ['binary-classification', 'multiclass-classification', 'regression'])
        .check(about('What the model predicts.')),
      dataset: v.words('a dataset').check(about('Golden rows, as a path in the repository or an S3 location.')),
      metrics: v
        .listOf('a list of metrics', v.words('a metric'), 1, 20)
        .check(about('What is compared, most important first.')),
      slices: z.optional(
        v
          .listOf('a list of slices', v.words('a slice'), 0, 50)
          .check(about('Parts of the data that must not get worse: a column, or a condition.')),
      ),
    })
    .check(about('What the candidate must not be worse at before it is deployed.')),
  z.transform(({ slices, ...rest }): Regression => ({ ...rest, slices: slices ?? [] })),
);

/** AWS: "Serverless endpoints", feature exclusions; the timeouts and the volume are those of instances. */
const notServerless = [
  'async',
  'autoscaling',
  'data-capture',
  'vpc',
  'network-isolation',
  'volume-size-gb',
  'model-download-timeout',
  'startup-health-check-timeout',
];
const withServerless = (raw: object): readonly string[] =>
  notServerless.filter((key) => ![undefined, false].includes((raw as Readonly<Record<string, never>>)[key]));

const endpoint = z.pipe(
  v
    .mapping({
      name: v.resourceName('an endpoint name').check(about('The SageMaker endpoint, created on the first delivery.')),
      'execution-role': z.optional(v.role().check(about('Role SageMaker runs the container with; its name or ARN.'))),
      instance: z.optional(
        v
          .mapping({
            type: v.instanceType().check(about('Instance type, e.g. `ml.c5.xlarge`.')),
            count: v.whole('a number of instances', 1).check(about('Instances when nothing scales the endpoint.')),
          })
          .check(about('What the model runs on; this or `serverless`.')),
      ),
      serverless: z.optional(
        v
          .mapping({
            memory: v.whole('a memory size in MB', 1024, 6144).check(
              z.refine((memory) => memory % 1024 === 0, {
                error: 'a memory size in MB; expected 1024, 2048, 3072, 4096, 5120 or 6144',
              }),
              about('Memory in MB: 1024, 2048, 3072, 4096, 5120 or 6144.'),
            ),
            'max-concurrency': v.whole('a number of requests', 1, 200).check(about('Most requests at once.')),
            'provisioned-concurrency': z.optional(
              v.whole('a number of requests', 1, 200).check(about('Of these, kept warm.')),
            ),
          })
          .check(
            z.refine((raw) => (raw['provisioned-concurrency'] ?? 0) <= raw['max-concurrency'], {
              error: 'provisioned-concurrency is greater than max-concurrency',
              path: ['provisioned-concurrency'],
            }),
            about('Run the model without instances. SageMaker then moves all requests at once and watches no alarm.'),
          ),
      ),
      async: z.optional(
        v
          .mapping({
            output: v.s3Uri(512).check(about('Where answers are written.')),
            failure: z.optional(v.s3Uri(512).check(about('Where errors are written.'))),
            'max-concurrent-per-instance': z.optional(
              v.whole('a number of requests', 1, 1000).check(about('Most requests at once on each instance.')),
            ),
          })
          .check(about('Queue requests and write answers to S3; the endpoint then takes no others.')),
      ),
      autoscaling: z.optional(
        v
          .mapping({
            min: v.whole('a number of instances', 1).check(about('Fewest instances.')),
            max: v.whole('a number of instances', 1).check(about('Most instances.')),
            'invocations-per-instance': v
              .whole('a number of invocations', 1)
              .check(about('Target per instance and minute.')),
          })
          .check(
            z.refine(({ min, max }) => min <= max, { error: 'min is greater than max', path: ['min'] }),
            about('Target tracking; with it the live instance count wins over `instance.count`.'),
          ),
      ),
      'data-capture': z.optional(
        v
          .mapping({
            s3: v.s3Uri(512).check(about('Where requests and answers are written.')),
            'sampling-percent': v.whole('a percentage', 0, 100).check(about('Share of requests that is captured.')),
            'kms-key': z.optional(v.kmsKey().check(about('Key that encrypts what is captured.'))),
          })
          .check(about('Keep requests and answers in S3.')),
      ),
      'kms-key': z.optional(v.kmsKey().check(about("Key that encrypts the instances' storage volumes."))),
      vpc: z.optional(
        v
          .mapping({
            subnets: v.listOf('a list of subnets', v.subnet(), 1, 16).check(about('1 to 16 subnets.')),
            'security-groups': v
              .listOf('a list of security groups', v.securityGroup(), 1, 5)
              .check(about('1 to 5 security groups.')),
          })
          .check(about('Run the container inside a VPC.')),
      ),
      'network-isolation': z.optional(v.truth().check(about('Give the container no network at all. Default: false.'))),
      environment: z.optional(
        v
          .containerEnvironment()
          .check(about('Environment variables of the container. Not for secrets: they are readable in SageMaker.')),
      ),
      'volume-size-gb': z.optional(v.whole('a size in GB', 1, 512).check(about('Storage volume of each instance.'))),
      'model-download-timeout': z.optional(
        v
          .durationWithin(60, 3600, '60s to 1h')
          .check(about('How long an instance may take to download the model; 60s to 1h.')),
      ),
      'startup-health-check-timeout': z.optional(
        v
          .durationWithin(60, 3600, '60s to 1h')
          .check(about('How long the container may take to pass its first health check; 60s to 1h.')),
      ),
      tags: z.optional(v.tags().check(about('Tags on everything that is created.'))),
      unpinned: z.optional(
        v
          .truth()
          .check(
            about(
              'Ship image and artifact as they are named, without pinning them to what was registered. Default: false.',
            ),
          ),
      ),
    })
    .check(
      z.refine((raw) => (raw.instance === undefined) !== (raw.serverless === undefined), {
        error: 'needs either instance or serverless',
      }),
      z.refine((raw) => raw.serverless === undefined || withServerless(raw).length === 0, {
        error: ({ input }) => `serverless endpoints have no ${either(withServerless(input as object))}`,
        path: ['serverless'],
      }),
      // Async endpoints publish no InvocationsPerInstance (AWS: "Monitor asynchronous endpoint").
      z.refine((raw) => raw.async === undefined || raw.autoscaling === undefined, {
        error: 'by invocations cannot scale an async endpoint, which publishes none: scale it by its backlog yourself',
        path: ['autoscaling'],
      }),
      about('What the endpoint looks like.'),
    ),
  z.transform((raw): EndpointSpec => {
    const capture = raw['data-capture'];
    return given({
      name: raw.name,
      executionRole: raw['execution-role'],
      instance: raw.instance,
      serverless:
        raw.serverless &&
        given({
          memoryMb: raw.serverless.memory,
          maxConcurrency: raw.serverless['max-concurrency'],
          provisionedConcurrency: raw.serverless['provisioned-concurrency'],
        }),
      async:
        raw.async &&
        given({
          output: raw.async.output,
          failure: raw.async.failure,
          maxConcurrentPerInstance: raw.async['max-concurrent-per-instance'],
        }),
      autoscaling: raw.autoscaling && {
        min: raw.autoscaling.min,
        max: raw.autoscaling.max,
        invocationsPerInstance: raw.autoscaling['invocations-per-instance'],
      },
      dataCapture:
        capture && given({ s3: capture.s3, samplingPercent: capture['sampling-percent'], kmsKey: capture['kms-key'] }),
      kmsKey: raw['kms-key'],
      vpc: raw.vpc && { subnets: raw.vpc.subnets, securityGroups: raw.vpc['security-groups'] },
      networkIsolation: raw['network-isolation'] ?? false,
      environment: raw.environment ?? {},
      volumeSizeGb: raw['volume-size-gb'],
      modelDownloadTimeoutSeconds: raw['model-download-timeout'],
      startupHealthCheckTimeoutSeconds: raw['startup-health-check-timeout'],
      tags: raw.tags ?? {},
      unpinned: raw.unpinned ?? false,
    });
  }),
);

const guarded = {
  timeout: z.optional(
    v
      .duration()
      .check(about('SageMaker rolls back an update that takes longer; 10m to 8h. Default: computed from the plan.')),
  ),
  alarms: z.optional(
    v
      .mapping({
        errors: z.optional(v.share().check(about('Highest error rate of the new version, e.g. `1%`.'))),
        'latency-p99': z.optional(
          v.latency().check(about('Highest p99 of the model latency of the new version, e.g. `300ms`.')),
        ),
        named: z.optional(
          v
            .listOf('a list of alarms', v.alarmName(), 0, 7)
            .check(about('CloudWatch alarms of yours that roll back as well; at most 7.')),
        ),
      })
      .check(about('What takes the traffic back by itself. The suite makes and removes the alarms it needs.')),
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
  given({
    timeoutSeconds: raw.timeout,
    minimumRequests: raw['minimum-requests'],
    alarms: given({
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
            .check(about("The candidate is guilty when its rate is this many times the baseline's, e.g. `1.2x`.")),
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
          confidence: v.probability().check(about('How sure to be of that, e.g. 0.95.')),
        })
        .check(about('When to go on.')),
      'burst-guard': z.optional(
        v
          .choice('a choice', ['auto', 'on', 'off'])
          .check(
            about(
              'Cap what one bucket can say, because error bursts may hit one arm alone. Default `auto`: on when the errors of the day before came in bursts.',
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
              'The traffic is taken back when more of the requests of the candidate than this fail in three buckets in a row, whatever the baseline does. Default: `20%`.',
            ),
          ),
      ),
    })
    .check(about('How the candidate is compared with what serves beside it.')),
  z.transform(
    ({ convict, healthy, ...rest }): JudgePolicy =>
      given({
        convict: { worseThan: convict['worse-than'], falseRollback: convict['false-rollback'] },
        healthy: { excessBelow: healthy['excess-below'], confidence: healthy.confidence },
        burstGuard: rest['burst-guard'],
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
      'rollback-batch': z.optional(
        v.capacity().check(about('Each batch of a rollback. Default: as SageMaker does it.')),
      ),
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
    const guards = { ...guard(raw), ...given({ judge: raw.judge }) };
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
        const rollback = given({ rollbackBatch: raw['rollback-batch'] });
        return { strategy: raw.strategy, batch: raw.batch, bakeSeconds: raw.bake, ...rollback, ...guards };
      }
      case 'steps': {
        const longest = given({ maxStepSeconds: raw['max-step'] });
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
      releases: z.optional(
        v.s3Folder().check(about("Where release records live; default: the account's SageMaker bucket.")),
      ),
      endpoint,
      rollout,
    })
    .check(about('One place the model is delivered to.')),
  z.transform((raw): Environment => given(raw)),
);

export const manifestSchema = z.pipe(
  v.mapping({
    version: z.literal(1, { error: 'a version of this format; expected 1' }).check(about('Version of this format.')),
    model: v
      .resourceName('a model name')
      .check(about('Model package group; also the `<model>` of `<model>_v<version>`.')),
    regression: z.optional(regression),
    environments: v.environments(environment).check(about('Where the model is delivered, by name.')),
  }),
  z.transform((raw): Manifest => given(raw)),
);
