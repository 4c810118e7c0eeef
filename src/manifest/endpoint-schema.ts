import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import { autoscaling, unfitScaling } from './autoscaling-schema.ts';
import { type EndpointSpec, type HardwareKey, type Protection, replaceableKinds } from './manifest.ts';
import { either } from './suggest.ts';
import * as v from './values.ts';

const about = z.describe;

/** AWS: "Serverless endpoints", feature exclusions; the timeouts and the volume are those of instances. */
const notServerless = [
  'async',
  'data-capture',
  'vpc',
  'network-isolation',
  'routing',
  'inference-ami-version',
  'managed-instance-scaling',
  'capacity-reservation',
  'volume-size-gb',
  'model-download-timeout',
  'startup-health-check-timeout',
];
const withServerless = (raw: object): readonly string[] =>
  notServerless.filter((key) => ![undefined, false, 'none'].includes((raw as Readonly<Record<string, never>>)[key]));

/** `none` is no value of a setting: the setting is given up. */
const unlessNone = <Value>(value: Value): Exclude<Value, 'none'> | undefined =>
  value === 'none' ? undefined : (value as Exclude<Value, 'none'>);

type Key = Protection | HardwareKey;
const givenUp = (keys: Readonly<Partial<Record<Key, unknown>>>): readonly Key[] =>
  (Object.keys(keys) as Key[]).filter((key) => keys[key] === 'none' || keys[key] === false);

/** `endpoint` of an environment in `delivery.yml`. */
export const endpoint = z.pipe(
  v
    .mapping({
      name: v.resourceName('an endpoint name').check(about('The SageMaker endpoint, created on the first delivery.')),
      'execution-role': z.optional(
        v.role().check(about('Role with which SageMaker runs the container; its name or ARN.')),
      ),
      'replaces-kind': z.optional(
        v
          .choice('a kind of endpoint', replaceableKinds)
          .check(
            about(
              'The kind of endpoint that serves now, when a release may make another kind of it; `several-variants` allows a rollback alone. See [endpoint kinds](endpoint-kinds.md). Default: none.',
            ),
          ),
      ),
      instance: z.optional(
        v
          .mapping({
            type: v.instanceType().check(about('Instance type, e.g. `ml.c5.xlarge`.')),
            count: v.whole('a number of instances', 1).check(about('Instances when nothing scales the endpoint.')),
          })
          .check(about('The instances of the model; this or `serverless`.')),
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
              v.whole('a number of requests', 1, 200).check(about('Number of these that are kept warm.')),
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
            'success-topic': z.optional(
              v.topic().check(about('SNS topic that gets a message for each answer; its ARN.')),
            ),
            'error-topic': z.optional(v.topic().check(about('SNS topic that gets a message for each error; its ARN.'))),
            'include-response-in': z.optional(
              v
                .listOf('a list', v.choice('a kind of message', ['success', 'error']), 1, 2)
                .check(about('Messages that contain the answer itself, up to 128 KB: `success`, `error`.')),
            ),
            'max-concurrent-per-instance': z.optional(
              v.whole('a number of requests', 1, 1000).check(about('Most requests at once on each instance.')),
            ),
          })
          .check(about('Queue requests and write answers to S3; the endpoint then takes no real-time requests.')),
      ),
      autoscaling: z.optional(autoscaling),
      'data-capture': z.optional(
        v
          .orNone(
            v.mapping({
              s3: v.s3Uri(512).check(about('Where requests and answers are written.')),
              'sampling-percent': v.whole('a percentage', 0, 100).check(about('Share of requests that is captured.')),
              'kms-key': z.optional(
                v.kmsKey().check(about('Key that encrypts the captured data; `none` gives it up.')),
              ),
              capture: z.optional(
                v
                  .listOf('a list', v.choice('a side', ['input', 'output']), 1, 2)
                  .check(about('The captured sides: `input`, `output`. Default: those of a live endpoint, or both.')),
              ),
              'csv-content-types': z.optional(
                v
                  .listOf('a list of content types', v.contentType(), 1, 10)
                  .check(about('Content types that are captured as CSV text; others are captured in base64.')),
              ),
              'json-content-types': z.optional(
                v
                  .listOf('a list of content types', v.contentType(), 1, 10)
                  .check(about('Content types that are captured as JSON text; others are captured in base64.')),
              ),
            }),
          )
          .check(about('Keep requests and answers in S3; `none` gives it up.')),
      ),
      'kms-key': z.optional(
        v.kmsKey().check(about("Key that encrypts the instances' storage volumes; `none` gives the encryption up.")),
      ),
      vpc: z.optional(
        v
          .orNone(
            v.mapping({
              subnets: v.listOf('a list of subnets', v.subnet(), 1, 16).check(about('1 to 16 subnets.')),
              'security-groups': v
                .listOf('a list of security groups', v.securityGroup(), 1, 5)
                .check(about('1 to 5 security groups.')),
            }),
          )
          .check(about('Run the container inside a VPC; `none` gives it up.')),
      ),
      'network-isolation': z.optional(
        v
          .truthOrNone()
          .check(about('Give the container no network at all; `none` or `false` gives that up. Default: false.')),
      ),
      routing: z.optional(
        v
          .choice('a routing strategy', ['least-outstanding-requests', 'random'])
          .check(about('How SageMaker chooses an instance: `least-outstanding-requests` or `random`.')),
      ),
      'inference-ami-version': z.optional(
        v
          .amiVersion()
          .check(
            about(
              'Image of the instances with its drivers, e.g. `al2-ami-sagemaker-inference-gpu-2`; `none` gives it up.',
            ),
          ),
      ),
      'managed-instance-scaling': z.optional(
        v
          .orNone(
            v
              .mapping({
                min: v.whole('a number of instances', 0).check(about('Fewest instances.')),
                max: v.whole('a number of instances', 1).check(about('Most instances.')),
              })
              .check(z.refine(({ min, max }) => min <= max, { error: 'min is greater than max', path: ['min'] })),
          )
          .check(
            about(
              'SageMaker adds and removes instances itself; `none` gives it up. AWS allows it for endpoints of inference components.',
            ),
          ),
      ),
      'capacity-reservation': z.optional(
        v.reservation().check(about('ARN of the ML capacity reservation that has all instances; `none` gives it up.')),
      ),
      environment: z.optional(
        v
          .containerEnvironment()
          .check(about('Environment variables of the container. Not for secrets: they are readable in SageMaker.')),
      ),
      'volume-size-gb': z.optional(
        v.wholeOrNone('a size in GB', 1, 512).check(about('Storage volume of each instance; `none` gives it up.')),
      ),
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
      pinning: z.optional(
        v
          .choice('a value', ['none'])
          .check(about('`none`: a version with an unpinned image or artifact may follow a pinned one.')),
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
      z.refine((raw) => unfitScaling(raw) === undefined, {
        error: ({ input }) => unfitScaling(input as Parameters<typeof unfitScaling>[0]) ?? '',
        path: ['autoscaling'],
      }),
      about('The endpoint and its settings.'),
    ),
  z.transform((raw): EndpointSpec => {
    const capture = unlessNone(raw['data-capture']);
    const vpc = unlessNone(raw.vpc);
    const scaling = unlessNone(raw['managed-instance-scaling']);
    const none = givenUp({
      'kms-key': raw['kms-key'],
      vpc: raw.vpc,
      'network-isolation': raw['network-isolation'],
      'data-capture': raw['data-capture'],
      'data-capture.kms-key': capture?.['kms-key'],
      'volume-size-gb': raw['volume-size-gb'],
      'inference-ami-version': raw['inference-ami-version'],
      'managed-instance-scaling': raw['managed-instance-scaling'],
      'capacity-reservation': raw['capacity-reservation'],
    });
    return withoutUndefined({
      name: raw.name,
      executionRole: raw['execution-role'],
      replacesKind: raw['replaces-kind'],
      instance: raw.instance,
      serverless:
        raw.serverless &&
        withoutUndefined({
          memoryMb: raw.serverless.memory,
          maxConcurrency: raw.serverless['max-concurrency'],
          provisionedConcurrency: raw.serverless['provisioned-concurrency'],
        }),
      async:
        raw.async &&
        withoutUndefined({
          output: raw.async.output,
          failure: raw.async.failure,
          maxConcurrentPerInstance: raw.async['max-concurrent-per-instance'],
          successTopic: raw.async['success-topic'],
          errorTopic: raw.async['error-topic'],
          includeResponseIn: raw.async['include-response-in'],
        }),
      autoscaling: raw.autoscaling,
      dataCapture:
        capture &&
        withoutUndefined({
          s3: capture.s3,
          samplingPercent: capture['sampling-percent'],
          kmsKey: unlessNone(capture['kms-key']),
          capture: capture.capture,
          csvContentTypes: capture['csv-content-types'],
          jsonContentTypes: capture['json-content-types'],
        }),
      kmsKey: unlessNone(raw['kms-key']),
      vpc: vpc && { subnets: vpc.subnets, securityGroups: vpc['security-groups'] },
      networkIsolation: raw['network-isolation'] === true,
      givenUp: none.length > 0 ? none : undefined,
      routing: raw.routing,
      inferenceAmiVersion: unlessNone(raw['inference-ami-version']),
      managedInstanceScaling: scaling && { min: scaling.min, max: scaling.max },
      capacityReservation: unlessNone(raw['capacity-reservation']),
      environment: raw.environment ?? {},
      volumeSizeGb: unlessNone(raw['volume-size-gb']),
      modelDownloadTimeoutSeconds: raw['model-download-timeout'],
      startupHealthCheckTimeoutSeconds: raw['startup-health-check-timeout'],
      tags: raw.tags ?? {},
      unpinned: raw.pinning === 'none',
    });
  }),
);
