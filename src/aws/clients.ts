import { type Clock, seconds } from '../clock.ts';
import { isLoopback } from '../loopback.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { createAnswers } from './answers.ts';
import type { Autoscaling } from './autoscaling.ts';
import type { Cloudwatch } from './cloudwatch.ts';
import { type Codedeploy, codedeploy } from './codedeploy.ts';
import { type AwsConnection, clientSettings } from './connection.ts';
import type { CredentialSource } from './credentials.ts';
import { eachCall } from './each-call.ts';
import type { Ecr } from './ecr.ts';
import { type Ecs, ecs } from './ecs.ts';
import { type Eventbridge, eventbridge } from './eventbridge.ts';
import { type Lambda, lambda } from './lambda.ts';
import { mostUnanswered } from './most-unanswered.ts';
import { retrying, Throttled, unrepeated } from './retry.ts';
import type { Runtime } from './runtime.ts';
import type { BucketOwner, S3, Whole } from './s3.ts';
import type { Sagemaker } from './sagemaker.ts';
import { type Sending, sender } from './sender.ts';
import { signedSender, signedService } from './signed.ts';
import { type Sns, sns } from './sns.ts';
import type { Sts } from './sts.ts';
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
  /** Called for each request that SageMaker has answered: a refusal is an answer too, and counts against the rate. */
  readonly answered?: () => void;
  /** Clients of a session, whose turns follow each other: no read is repeated at one instant (`answers.ts`). */
  readonly remembers?: true;
}

export interface AwsClients {
  readonly reads: AwsReads;
  readonly writes: AwsWrites;
  /** The same clients and connections with another signal: for the next turn, or for the one that cleans up after a cancelled one. */
  withSignal(signal: AbortSignal): Pick<AwsClients, 'reads' | 'writes'>;
  /** `World.lookAgain`. */
  forget(): void;
  /** A turn of the session begins. */
  beginTurn(): void;
  /** `World.loadRest`. */
  loadRest(): void;
}

/**
 * The generated clients, each loaded at the first call of its service: a run uses a few of them. They are modules of this folder, and not the
 * SDK's own: a bundler keeps the target of an `import()` whole, and of these every export is in use.
 */
const modules = {
  sagemaker: () => import('./sagemaker.ts'),
  cloudwatch: () => import('./cloudwatch.ts'),
  autoscaling: () => import('./autoscaling.ts'),
  s3: () => import('./s3.ts'),
  ecr: () => import('./ecr.ts'),
  sts: () => import('./sts.ts'),
  runtime: () => import('./runtime.ts'),
};

/** Clients for every service, each created on its first use. */
export const createAwsClients = (options: AwsClientOptions): AwsClients => {
  const settings = { ...clientSettings(options), credentials: options.credentials.provide };
  // Otherwise bucket names are part of the host, and a loopback address cannot have them.
  const forcePathStyle = options.endpointUrl !== undefined && isLoopback(new URL(options.endpointUrl).hostname);
  const clients = {
    sagemaker: once(async () => (await modules.sagemaker()).sagemakerClient(settings)),
    cloudwatch: once(async () => (await modules.cloudwatch()).cloudwatchClient(settings)),
    autoscaling: once(async () => (await modules.autoscaling()).autoscalingClient(settings)),
    s3: once(async () => (await modules.s3()).s3Client({ ...settings, forcePathStyle })),
    ecr: once(async () => (await modules.ecr()).ecrClient(settings)),
    sts: once(async () => (await modules.sts()).stsClient(settings)),
    codedeploy: once(() => signedService('codedeploy', options, options.credentials)),
    lambda: once(() => signedService('lambda', options, options.credentials)),
    ecs: once(() => signedService('ecs', options, options.credentials)),
    // Bounded, so that a notification holds no delivery; a local AWS answers in its own time.
    notices: (name: string, region: string) =>
      signedService(name, { ...options, region }, options.credentials, forcePathStyle ? undefined : slowestNoticeMs),
    runtime: once(async () =>
      (await modules.runtime()).runtimeClient(
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
      sagemaker: late(async () => {
        const { sagemaker } = await modules.sagemaker();
        return sagemaker(sender(await clients.sagemaker(), 'sagemaker', sending));
      }),
      cloudwatch: late(async () => {
        const { cloudwatch } = await modules.cloudwatch();
        return cloudwatch(sender(await clients.cloudwatch(), 'cloudwatch', sending));
      }),
      autoscaling: late(async () => {
        const { autoscaling } = await modules.autoscaling();
        return autoscaling(sender(await clients.autoscaling(), 'application-autoscaling', sending));
      }),
      s3: late(async () => {
        const { s3 } = await modules.s3();
        return s3(sender(await clients.s3(), 's3', sending), options.bucketOwner, {
          ...{ whole, hashed },
          // No signal ends it. The host does, when a cancelled run has no time left.
          sendAtEnd: sender(await clients.s3(), 's3', { retry }),
        });
      }),
      ecr: late(async () => {
        const { ecr } = await modules.ecr();
        return { ...ecr(sender(await clients.ecr(), 'ecr', sending), options.region), writes: {} };
      }),
      sts: late(async () => {
        const { sts } = await modules.sts();
        return { ...sts(sender(await clients.sts(), 'sts', sending)), writes: {} };
      }),
      codedeploy: once(() => codedeploy(signedSender(clients.codedeploy(), sending))),
      lambda: once(() => lambda(signedSender(clients.lambda(), sending))),
      ecs: once(() => ecs(signedSender(clients.ecs(), sending))),
      sns: once(() => sns((region) => [clients.notices('sns', region), sendingNotice])),
      eventbridge: once(() => eventbridge((region) => signedSender(clients.notices('events', region), sendingNotice))),
      runtime: late(async () => {
        const { runtime } = await modules.runtime();
        const client = await clients.runtime();
        return {
          reads: {},
          ...runtime(sender(client, 'sagemaker', sending), sender(client, 'sagemaker', sendingOnce)),
        };
      }),
    };
    const { codedeploy: deployments, lambda: functions, ecs: services, sns: topics, eventbridge: buses } = calls;
    const all: Pick<AwsClients, 'reads' | 'writes'> = {
      reads: {
        sagemaker: counted(calls.sagemaker.reads, options.answered),
        cloudwatch: calls.cloudwatch.reads,
        autoscaling: calls.autoscaling.reads,
        s3: calls.s3.reads,
        ecr: calls.ecr.reads,
        sts: calls.sts.reads,
        get codedeploy() {
          return deployments().reads;
        },
        get lambda() {
          return functions().reads;
        },
        get ecs() {
          return services().reads;
        },
      },
      writes: {
        sagemaker: counted(calls.sagemaker.writes, options.answered),
        cloudwatch: calls.cloudwatch.writes,
        autoscaling: calls.autoscaling.writes,
        s3: calls.s3.writes,
        runtime: calls.runtime.writes,
        get codedeploy() {
          return deployments().writes;
        },
        get ecs() {
          return services().writes;
        },
        get sns() {
          return topics().writes;
        },
        get eventbridge() {
          return buses().writes;
        },
      },
    };
    return answers === undefined ? all : { reads: answers.reads(all.reads), writes: answers.writes(all.writes) };
  };
  return {
    ...withSignal(options.signal),
    withSignal,
    forget: () => answers?.forget(),
    beginTurn: () => answers?.beginTurn(),
    loadRest: () => {
      // The call of a service reports that its client could not be loaded.
      for (const load of Object.values(modules)) load().catch(() => {});
    },
  };
};

const counted = <Calls extends object>(calls: Calls, answered: (() => void) | undefined): Calls =>
  answered === undefined
    ? calls
    : eachCall(calls, (_, call) => async (...given) => {
        try {
          const answer = await call(...given);
          answered();
          return answer;
        } catch (error) {
          if (!(error instanceof Throttled)) answered();
          throw error;
        }
      });

/** A container has 60 seconds to answer (AWS: InvokeEndpoint); its failure to do so is AWS's answer. */
const slowestModelMs = 70_000;

/** Longest wait for SNS or EventBridge. */
const slowestNoticeMs = 5_000;

const once = <Value>(make: () => Value): (() => Value) => {
  let made: { readonly value: Value } | undefined;
  return () => {
    if (made !== undefined) return made.value;
    const value = make();
    made = { value };
    // The next call tries again.
    if (value instanceof Promise)
      value.catch(() => {
        made = undefined;
      });
    return value;
  };
};

interface Api {
  readonly reads: object;
  readonly writes: object;
}

/** The calls of a service before its client is loaded: the first of them loads it. Each call returns a promise anyway. */
const late = <Calls extends Api>(load: () => Promise<Calls>): Calls => {
  const loaded = once(load);
  const half = (kind: 'reads' | 'writes') =>
    new Proxy(
      {},
      {
        get: (_, name) =>
          // Something that is awaited is asked for its `then`.
          name === 'then'
            ? undefined
            : async (...args: readonly unknown[]) => callOf(await loaded(), kind, name)(...args),
      },
    );
  return { reads: half('reads'), writes: half('writes') } as Calls;
};

type Call = (...args: readonly unknown[]) => unknown;
const callOf = (calls: Api, kind: 'reads' | 'writes', name: string | symbol): Call => {
  const call: unknown = Reflect.get(calls[kind], name);
  if (typeof call !== 'function') throw new TypeError(`${String(name)} is no call of this service`);
  return call as Call;
};
