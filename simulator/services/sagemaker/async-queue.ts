import {
  AwsError,
  type Hosting,
  type Instant,
  type InvocationAnswer,
  type QueuedAnswer,
  type QueuedInvocation,
  type Timer,
} from '../../contracts.ts';
import { uuidOf } from '../../random.ts';
import { modelError } from '../runtime.ts';
import { assumed, type Context, objectFor, placeAt, present } from './context.ts';
import { type Endpoint, fleetsOf } from './endpoint.ts';
import type { Endpoints } from './endpoints.ts';
import { type Fleet, production } from './fleets.ts';
import type { Models } from './models.ts';
import { endpointNotFound, type Routing } from './routing.ts';

interface Waiting {
  readonly request: QueuedInvocation;
  readonly answer: QueuedAnswer;
  readonly since: Instant;
  readonly readyAt: Instant;
  readonly expiresAt: Instant;
}
interface Queue {
  readonly waiting: Waiting[];
  working: number;
  look?: Timer;
}

/** AWS: InvokeEndpointAsync, Body, RequestTTLSeconds and InvocationTimeoutSeconds. */
const largestInlineBytes = 128_000;
const defaults = { ttlSeconds: 21_600, timeoutSeconds: 900 } as const;
/** How often the simulator looks whether an endpoint without instances has some again. */
const lookMs = 5_000;
/** These have no fleet that will ever take a request. */
const unready: ReadonlySet<Endpoint['status']> = new Set(['Creating', 'Failed', 'Deleting', 'OutOfService']);

/** The Runtime's code; AWS publishes no words for these refusals, so the words are ours. */
const refused = (message: string): AwsError => new AwsError('ValidationError', message);

/**
 * The queues of asynchronous endpoints (reference/sagemaker.md §7.2): requests wait for a free place on an instance, and their answers
 * become objects in S3. Notifications, and the metrics of single requests in the queue, are not simulated.
 */
export const createQueue = (
  context: Context,
  {
    endpoints,
    models,
    invokeQueued,
  }: {
    readonly endpoints: Endpoints;
    readonly models: Models;
    readonly invokeQueued: Routing['invokeQueued'];
  },
): Hosting['enqueue'] => {
  const { clock, settings } = context.kernel;
  const queues = new Map<Endpoint, Queue>();
  let enqueued = 0;

  const activeIn = (fleet: Fleet): number => production(fleet).reduce((total, variant) => total + variant.active, 0);
  const placesOf = (endpoint: Endpoint): number =>
    fleetsOf(endpoint).reduce((places, fleet) => {
      const limit = fleet.config.input.AsyncInferenceConfig?.ClientConfig?.MaxConcurrentInvocationsPerInstance;
      return places + activeIn(fleet) * (limit ?? settings.asyncConcurrencyPerInstance);
    }, 0);

  /**
   * AWS: "Monitor asynchronous endpoint", metrics of the queue, each minute. Its backlog has requests "currently being processed or yet to be
   * processed". Without instances the backlog per instance is the backlog: target tracking starts from zero "only … after the number of
   * backlog requests exceeds the target tracking value" (AWS: "Autoscale an asynchronous endpoint").
   */
  const publish = (endpoint: Endpoint): void => {
    if (endpoint.live.config.input.AsyncInferenceConfig === undefined || unready.has(endpoint.status)) return;
    const { waiting, working } = queues.get(endpoint) ?? { waiting: [], working: 0 };
    const now = clock.now();
    const [oldest] = waiting;
    const backlog = waiting.length + working;
    const instances = fleetsOf(endpoint).reduce((total, fleet) => total + activeIn(fleet), 0);
    const values = {
      ApproximateBacklogSize: backlog,
      ApproximateBacklogSizePerInstance: backlog / Math.max(1, instances),
      HasBacklogWithoutCapacity: waiting.length > 0 && instances === 0 ? 1 : 0,
      ...(oldest === undefined ? {} : { ApproximateAgeOfOldestRequest: (now - oldest.since) / 1000 }),
    };
    for (const [metric, value] of Object.entries(values))
      context.metrics.record('AWS/SageMaker', metric, { EndpointName: endpoint.name }, value, now);
  };
  clock.every(60_000, 'metrics of queues', () => {
    for (const endpoint of endpoints.all()) publish(endpoint);
  });

  const roleOf = ({ live }: Endpoint): string | undefined => {
    const name = production(live)[0]?.settings.ModelName;
    try {
      return name === undefined ? undefined : models.find(name).input.ExecutionRoleArn;
    } catch {
      // A model in use may be deleted (§2.1); then only the bucket's existence decides.
      return undefined;
    }
  };

  /** As the model's role; without permission there is no object. */
  const write = (endpoint: Endpoint, location: string | undefined, body: Buffer): void => {
    const place = location === undefined ? undefined : placeAt(location);
    if (place === undefined) return;
    const role = roleOf(endpoint);
    if (role === undefined || context.objects.mayWrite(assumed(context, role), place.bucket, place.key))
      context.objects.put(place.bucket, place.key, body);
  };

  /** AWS publishes no content of a failure's object; the words of the same failure of InvokeEndpoint stand there [unconfirmed]. */
  const fail = (endpoint: Endpoint, { answer }: Waiting, why: string): void =>
    write(endpoint, answer.FailureLocation, Buffer.from(why));

  const conclude = (endpoint: Endpoint, one: Waiting, given: InvocationAnswer): void => {
    if (given.status >= 200 && given.status <= 299) write(endpoint, one.answer.OutputLocation, given.body);
    else fail(endpoint, one, modelError(context.kernel, endpoint.name, given).message);
  };

  /** The container's answer, or the reason why it was never reached. */
  const invoked = (endpoint: Endpoint, { request }: Waiting): InvocationAnswer | string => {
    const location = request.InputLocation ?? '';
    const body = request.Body ?? objectFor(context, roleOf(endpoint), location)?.body;
    if (body === undefined) return `Could not download the request from ${location}.`;
    try {
      return invokeQueued({
        endpoint: endpoint.name,
        body,
        contentType: request.ContentType ?? 'application/json',
        ...(request.Accept === undefined ? {} : { accept: request.Accept }),
        ...(request.CustomAttributes === undefined ? {} : { customAttributes: request.CustomAttributes }),
        timeoutMs: (request.InvocationTimeoutSeconds ?? defaults.timeoutSeconds) * 1000,
        at: clock.now(),
      });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return error.message;
    }
  };

  const start = (endpoint: Endpoint, queue: Queue, one: Waiting): void => {
    const given = invoked(endpoint, one);
    if (typeof given === 'string') {
      fail(endpoint, one, given);
      return;
    }
    queue.working++;
    clock.at(clock.now() + given.latencyMs, `answer of ${endpoint.name}`, () => {
      queue.working--;
      conclude(endpoint, one, given);
      work(endpoint, queue);
    });
  };

  const lookAgain = (endpoint: Endpoint, queue: Queue, at: Instant): void => {
    queue.look?.cancel();
    queue.look = clock.at(at, `queue of ${endpoint.name}`, () => work(endpoint, queue));
  };

  /** Takes from the queue, in order of arrival, as much as the instances have places for. */
  const work = (endpoint: Endpoint, queue: Queue): void => {
    // With the endpoint its queue is gone [unconfirmed].
    if (endpoints.get(endpoint.name) !== endpoint) queue.waiting.length = 0;
    for (let next = queue.waiting[0]; next !== undefined; next = queue.waiting[0]) {
      const now = clock.now();
      if (next.expiresAt <= now) fail(endpoint, next, 'The request expired in the queue.');
      else if (next.readyAt > now) return;
      else if (queue.working >= placesOf(endpoint)) {
        // An answer will free a place; without any place, only an instance can bring one.
        if (queue.working === 0) lookAgain(endpoint, queue, Math.min(now + lookMs, next.expiresAt));
        return;
      } else start(endpoint, queue, next);
      queue.waiting.shift();
    }
  };

  const refuse = (endpoint: Endpoint, { Body, InputLocation }: QueuedInvocation): void => {
    if (endpoint.live.config.input.AsyncInferenceConfig === undefined)
      throw refused(`Endpoint ${endpoint.name} is not asynchronous: it takes InvokeEndpoint only.`);
    if ((Body === undefined) === (InputLocation === undefined))
      throw refused('Exactly one of Body and InputLocation is required.');
    if (Body !== undefined && Body.length > largestInlineBytes)
      throw refused(`Body has more than ${largestInlineBytes} bytes. Upload it, and give its InputLocation.`);
  };

  const answerTo = ({ live }: Endpoint, request: QueuedInvocation): QueuedAnswer => {
    const { InferenceId = uuidOf('inference', live.config.arn, ++enqueued), S3OutputPathExtension, Filename } = request;
    const { S3OutputPath, S3FailurePath } = live.config.input.AsyncInferenceConfig?.OutputConfig ?? {};
    const below = (path: string | undefined, ...parts: readonly (string | undefined)[]): string | undefined =>
      path === undefined
        ? undefined
        : [path, ...parts].flatMap((part) => part?.replace(/^\/+|\/+$/g, '') || []).join('/');
    return {
      InferenceId,
      ...present({
        // "A filename based on the inference ID" (AWS: InvokeEndpointAsync, Filename).
        OutputLocation: below(S3OutputPath, S3OutputPathExtension, Filename ?? `${InferenceId}.out`),
        // As callers have found it in their buckets; AWS publishes no name.
        FailureLocation: below(S3FailurePath, `${InferenceId}-error.out`),
      }),
    };
  };

  return (request) => {
    const endpoint = endpoints.get(request.EndpointName);
    if (!endpoint || unready.has(endpoint.status)) throw endpointNotFound(context, request.EndpointName);
    refuse(endpoint, request);
    const queue = queues.get(endpoint) ?? { waiting: [], working: 0 };
    queues.set(endpoint, queue);
    const now = clock.now();
    const answer = answerTo(endpoint, request);
    const readyAt = now + settings.asyncPickUpMs;
    queue.waiting.push({
      request,
      answer,
      since: now,
      readyAt,
      expiresAt: now + (request.RequestTTLSeconds ?? defaults.ttlSeconds) * 1000,
    });
    clock.at(readyAt, `queue of ${endpoint.name}`, () => work(endpoint, queue));
    return answer;
  };
};
