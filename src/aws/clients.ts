import { type Clock, seconds } from '../clock.ts';
import { isLoopback } from '../loopback.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { createAnswers } from './answers.ts';
import { type Autoscaling, autoscaling, autoscalingClient } from './autoscaling.ts';
import { type Cloudwatch, cloudwatch, cloudwatchClient } from './cloudwatch.ts';
import { type Codedeploy, codedeploy } from './codedeploy.ts';
import { type AwsConnection, clientSettings } from './connection.ts';
import type { CredentialSource } from './credentials.ts';
import { type Ecr, ecr, ecrClient } from './ecr.ts';
import { type Ecs, ecs } from './ecs.ts';
import { type Eventbridge, eventbridge } from './eventbridge.ts';
import { type Lambda, lambda } from './lambda.ts';
import { mostUnanswered } from './most-unanswered.ts';
import { retrying, unrepeated } from './retry.ts';
import { type Runtime, runtime, runtimeClient } from './runtime.ts';
import { type BucketOwner, type S3, s3, s3Client, type Whole } from './s3.ts';
import { type Sagemaker, sagemaker, sagemakerClient } from './sagemaker.ts';
import { type Sending, sender } from './sender.ts';
import { signedSender, signedService } from './signed.ts';
import { type Sns, sns } from './sns.ts';
import { type Sts, sts, stsClient } from './sts.ts';
import { transport } from './transport.ts';

/** The reads of every service an operation may use. Each method is one AWS call, named as AWS names it. */
export interface AwsReads {
  readonly sagemaker: Sagemaker['reads'];
  readonly cloudwatch: Cloudwatch['reads'];
  readonly autoscaling: Autoscaling['reads'];
  readonly s3: S3['reads'];
  readonly ecr: Ecr['reads'];
  readonly sts: Sts['reads'];
  readonly codedeploy: Codedeploy['reads'];
  readonly lambda: Lambda['reads'];
  readonly ecs: Ecs['reads'];
}

/** The writes. A dry run gets none. */
export interface AwsWrites {
  readonly sagemaker: Sagemaker['writes'];
  readonly cloudwatch: Cloudwatch['writes'];
  readonly autoscaling: Autoscaling['writes'];
  readonly s3: S3['writes'];
  readonly runtime: Runtime['writes'];
  readonly codedeploy: Codedeploy['writes'];
  readonly ecs: Ecs['writes'];
  readonly sns: Sns['writes'];
  readonly eventbridge: Eventbridge['writes'];
}

export interface AwsClientOptions extends AwsConnection {
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** For every call to S3; fetched at the first call. */
  readonly bucketOwner: BucketOwner;
  readonly signal?: AbortSignal;
  /** In [0, 1): jitter of the retries. Without one it is the same every time. */
  readonly random?: () => number;
  /** How long the calls of a turn may wait for AWS in all: `retry.ts`. */
  readonly budgetMs?: number;
  /** Clients of a session, whose turns follow each other: no read is repeated at one instant (`answers.ts`). */
  readonly remembers?: true;
}

export interface AwsClients {
  readonly reads: AwsReads;
  readonly writes: AwsWrites;
  /** The same clients and connections with another signal: for the next turn, or for the one that cleans up after a cancelled one. */
  withSignal(signal: AbortSignal): Pick<AwsClients, 'reads' | 'writes'>;
  /** `World.lookAgain`. */
  forget(ageMs: number): void;
}

/**
 * Clients for every service, each created on its first use. They are still imported statically: a bundler keeps the target of an
 * `import()` whole, and the bundles would be half as big again (1.7 MB instead of 1.1) without a faster start.
 */
export const createAwsClients = (options: AwsClientOptions): AwsClients => {
  const settings = { ...clientSettings(options), credentials: options.credentials.provide };
  // Otherwise bucket names are part of the host, and a loopback address cannot have them.
  const forcePathStyle = options.endpointUrl !== undefined && isLoopback(new URL(options.endpointUrl).hostname);
  const clients = {
    sagemaker: once(() => sagemakerClient(settings)),
    cloudwatch: once(() => cloudwatchClient(settings)),
    autoscaling: once(() => autoscalingClient(settings)),
    s3: once(() => s3Client({ ...settings, forcePathStyle })),
    ecr: once(() => ecrClient(settings)),
    sts: once(() => stsClient(settings)),
    codedeploy: once(() => signedService('codedeploy', options, options.credentials)),
    lambda: once(() => signedService('lambda', options, options.credentials)),
    ecs: once(() => signedService('ecs', options, options.credentials)),
    // Bounded, so that a notification holds no delivery; a local AWS answers in its own time.
    notices: (name: string, region: string) =>
      signedService(name, { ...options, region }, options.credentials, forcePathStyle ? undefined : slowestNoticeMs),
    runtime: once(() =>
      runtimeClient(
        { ...settings, requestHandler: transport(options.proxy, slowestModelMs, mostUnanswered) },
        options.clock,
      ),
    ),
  };
  const retry = retrying({
    clock: options.clock,
    forgetCredentials: options.credentials.forget,
    ...withoutUndefined({ random: options.random, budgetMs: options.budgetMs }),
  });

  /** Apart from `retry`: a notification spends nothing of the time that a turn may wait for its own calls. */
  const retryNotice = retrying({
    clock: options.clock,
    forgetCredentials: options.credentials.forget,
    budgetMs: seconds(2),
  });

  const answers = options.remembers ? createAnswers(options.clock) : undefined;
  const hashed = new Map<string, string>();
  const withSignal = (signal: AbortSignal | undefined): Pick<AwsClients, 'reads' | 'writes'> => {
    const sending: Sending = signal ? { retry, signal } : { retry };
    const sendingNotice: Sending = { ...sending, retry: retryNotice };
    const sendingOnce: Sending = { ...sending, retry: unrepeated(options.credentials.forget) };
    const whole: Whole = (call, read) => retry(call, () => read(signal), signal);
    const calls = {
      sagemaker: once(() => sagemaker(sender(clients.sagemaker(), 'sagemaker', sending))),
      cloudwatch: once(() => cloudwatch(sender(clients.cloudwatch(), 'cloudwatch', sending))),
      autoscaling: once(() => autoscaling(sender(clients.autoscaling(), 'application-autoscaling', sending))),
      s3: once(() =>
        s3(sender(clients.s3(), 's3', sending), options.bucketOwner, {
          ...{ whole, hashed },
          // No signal ends it. The host does, when a cancelled run has no time left.
          sendAtEnd: sender(clients.s3(), 's3', { retry }),
        }),
      ),
      ecr: once(() => ecr(sender(clients.ecr(), 'ecr', sending), options.region)),
      sts: once(() => sts(sender(clients.sts(), 'sts', sending))),
      codedeploy: once(() => codedeploy(signedSender(clients.codedeploy(), sending))),
      lambda: once(() => lambda(signedSender(clients.lambda(), sending))),
      ecs: once(() => ecs(signedSender(clients.ecs(), sending))),
      sns: once(() => sns((region) => [clients.notices('sns', region), sendingNotice])),
      eventbridge: once(() => eventbridge((region) => signedSender(clients.notices('events', region), sendingNotice))),
      runtime: once(() =>
        runtime(sender(clients.runtime(), 'sagemaker', sending), sender(clients.runtime(), 'sagemaker', sendingOnce)),
      ),
    };
    answers?.turn();
    const all: Pick<AwsClients, 'reads' | 'writes'> = {
      reads: {
        get sagemaker() {
          return calls.sagemaker().reads;
        },
        get cloudwatch() {
          return calls.cloudwatch().reads;
        },
        get autoscaling() {
          return calls.autoscaling().reads;
        },
        get s3() {
          return calls.s3().reads;
        },
        get ecr() {
          return calls.ecr().reads;
        },
        get sts() {
          return calls.sts().reads;
        },
        get codedeploy() {
          return calls.codedeploy().reads;
        },
        get lambda() {
          return calls.lambda().reads;
        },
        get ecs() {
          return calls.ecs().reads;
        },
      },
      writes: {
        get sagemaker() {
          return calls.sagemaker().writes;
        },
        get cloudwatch() {
          return calls.cloudwatch().writes;
        },
        get autoscaling() {
          return calls.autoscaling().writes;
        },
        get s3() {
          return calls.s3().writes;
        },
        get runtime() {
          return calls.runtime().writes;
        },
        get codedeploy() {
          return calls.codedeploy().writes;
        },
        get ecs() {
          return calls.ecs().writes;
        },
        get sns() {
          return calls.sns().writes;
        },
        get eventbridge() {
          return calls.eventbridge().writes;
        },
      },
    };
    return answers === undefined ? all : { reads: answers.reads(all.reads), writes: answers.writes(all.writes) };
  };
  return { ...withSignal(options.signal), withSignal, forget: (ageMs) => answers?.forget(ageMs) };
};

/** A container has 60 seconds to answer (AWS: InvokeEndpoint); its failure to do so is AWS's answer. */
const slowestModelMs = 70_000;

/** Longest wait for SNS or EventBridge. */
const slowestNoticeMs = 5_000;

const once = <Value>(make: () => Value): (() => Value) => {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};
