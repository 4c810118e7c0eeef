import {
  AwsError,
  type FleetMinute,
  type Harm,
  type Instant,
  type Invocation,
  type InvocationAnswer,
} from '../../contracts.ts';
import { createAnswering } from './answering.ts';
import { createCapacity } from './capacity.ts';
import type { Context } from './context.ts';
import { type Endpoint, fleetsOf } from './endpoint.ts';
import type { Endpoints } from './endpoints.ts';
import { type FleetVariant, production } from './fleets.ts';

/** Where a request can go: one variant of one fleet, and how much of the traffic it takes. */
interface Route {
  readonly endpoint: Endpoint;
  readonly config: string;
  readonly asynchronous: boolean;
  readonly variant: FleetVariant;
  /** It gets copies of the variant's requests. */
  readonly shadow?: Route;
  readonly mass: number;
  /** Instances of that variant name taking traffic, over all fleets. */
  readonly activeInstances: number;
}

/** The results of a batch of requests on one route. Latencies as value → count, the form of PutMetricData. */
interface Tally {
  readonly route: Route;
  requests: number;
  clientErrors: number;
  serverErrors: number;
  timeouts: number;
  latencyMsSum: number;
  readonly latencyMicros: Map<number, number>;
}

/** Of a dependency: requests fail in rows, and `left` is the rest of the present row by variant. */
interface Failure {
  readonly rate: number;
  readonly until: Instant;
  readonly inRows: number;
  readonly left: Map<string, number>;
}

/** A variant's own dimensions, and with its fleet. */
interface Dimensions {
  readonly plain: Readonly<Record<string, string>>;
  readonly ofFleet: Readonly<Record<string, string>>;
}

/** AWS: "Invoke a serverless endpoint". */
const largestServerlessBytes = 4 * 1024 ** 2;
const minuteMs = 60_000;
const namespace = 'AWS/SageMaker';

/**
 * "Asynchronous endpoints don't publish Invocations, InvocationsPerInstance or OverheadLatency" (AWS: "Monitor asynchronous
 * endpoint"); InvocationModelErrors is not among their metrics.
 */
const asyncMetrics: ReadonlySet<string> = new Set(['Invocation4XXErrors', 'Invocation5XXErrors', 'ModelLatency']);

/** "Model containers must respond to requests within 60 seconds" (AWS: InvokeEndpoint); 15 minutes by default (InvokeEndpointAsync). */
const longestMs = { realTime: 60_000, asynchronous: 900_000 } as const;
/** aws/sagemaker-python-sdk#1119; the status is 0, for there was no answer. */
const timedOut = {
  status: 0,
  body: Buffer.from(
    'Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in ' +
      'Amazon CloudWatch, resolve the issue, and try again.',
  ),
  contentType: 'text/plain',
};

const dependencyFailed = {
  status: 500,
  body: Buffer.from(JSON.stringify({ error: 'the feature store does not answer' })),
  contentType: 'application/json',
};

/** Words seen in the field (aws/amazon-sagemaker-examples#293); also for an endpoint that is not in service. */
export const endpointNotFound = (context: Context, name: string): AwsError =>
  new AwsError('ValidationError', `Endpoint ${name} of account ${context.kernel.accountId} not found.`);

/** Routes requests, runs the containers, and emits the metrics of reference/sagemaker.md §4.4 under both dimension sets. */
export const createRouting = (context: Context, endpoints: Endpoints) => {
  const random = context.kernel.random('routing');
  const chance = context.kernel.random('dependency failures');
  const copies = context.kernel.random('shadow copies');
  const answering = createAnswering(context);
  const capacity = createCapacity(context.kernel);
  /** By endpoint, and by the variant where it is of one alone. */
  const ill = new Map<string, Failure>();
  const dimensions = new Map<string, Dimensions>();
  const minutes = new Map<string, { -readonly [Key in keyof FleetMinute]: FleetMinute[Key] }>();

  /**
   * Weights share traffic among the variants of a fleet (§4.1), active capacity between fleets that have the variant (§3.2).
   * `TargetVariant` overrides the weights; whether it reaches a variant of weight zero is a setting (§13.8).
   */
  const routesTo = (name: string, targetVariant: string | undefined): readonly Route[] => {
    const endpoint = endpoints.get(name);
    if (!endpoint) throw endpointNotFound(context, name);
    const fleets = fleetsOf(endpoint);
    const activeOf = new Map<string, number>();
    for (const { variants } of fleets)
      for (const variant of variants) activeOf.set(variant.name, (activeOf.get(variant.name) ?? 0) + variant.active);
    const serving = fleets.flatMap((fleet) => {
      const weights = production(fleet).reduce((total, variant) => total + variant.weight, 0);
      const routeTo = (variant: FleetVariant, weight: number): Route => {
        const activeInstances = activeOf.get(variant.name) ?? variant.active;
        return {
          endpoint,
          config: fleet.config.name,
          asynchronous: fleet.config.input.AsyncInferenceConfig !== undefined,
          variant,
          mass: (weight * variant.active) / activeInstances,
          activeInstances,
        };
      };
      const shadow = fleet.variants.find((variant) => variant.shadow && variant.active > 0);
      return production(fleet)
        .filter((variant) => variant.active > 0)
        .map((variant): Route => {
          const route = routeTo(variant, targetVariant === undefined ? variant.weight / weights : 1);
          return shadow ? { ...route, shadow: routeTo(shadow, 1) } : route;
        });
    });
    if (serving.length === 0) throw endpointNotFound(context, name);
    const targeted = serving.filter((route) => targetVariant === undefined || route.variant.name === targetVariant);
    if (targeted.length === 0)
      throw new AwsError('ValidationError', `Variant ${targetVariant} of endpoint ${name} not found.`);
    const dark = targetVariant !== undefined && targeted.every(({ variant }) => variant.weight === 0);
    // All weights zero: AWS's behaviour is [unconfirmed] (§13.8).
    if (
      targeted.every((route) => !(route.mass > 0)) ||
      (dark && context.kernel.settings.zeroWeightTarget === 'refused')
    )
      throw new AwsError('ValidationError', `No variant of endpoint ${name} has a weight above zero.`);
    return targeted;
  };

  const choose = (routes: readonly Route[]): Route => {
    let draw = random() * routes.reduce((total, route) => total + route.mass, 0);
    const found = routes.find((route) => {
      draw -= route.mass;
      return draw < 0;
    });
    // Rounding may leave the draw a hair above the last route.
    const chosen = found ?? routes.findLast((route) => route.mass > 0);
    if (!chosen) throw new Error('no route to choose from');
    return chosen;
  };

  const serve = (route: Route, request: Omit<Invocation, 'endpoint' | 'at'>, tally: Tally): InvocationAnswer => {
    // An asynchronous endpoint has its own queue before this one.
    const place = route.asynchronous ? undefined : capacity.enter(route.variant);
    const computed = answering.byVariant(route.variant, request);
    const limitMs = request.timeoutMs ?? (route.asynchronous ? longestMs.asynchronous : longestMs.realTime);
    const waitMs = place?.waitMs ?? 0;
    const latencyMs = waitMs + computed.latencyMs;
    // A request that is given up before its turn takes no place.
    if (waitMs < limitMs) place?.take(computed.latencyMs);
    const inTime = latencyMs <= limitMs ? { ...computed, latencyMs } : { ...timedOut, latencyMs: limitMs };
    const given = dependencyFails(route) ? { ...inTime, ...dependencyFailed } : inTime;
    tally.requests++;
    if (given.status === 0) tally.timeouts++;
    else if (given.status >= 500) tally.serverErrors++;
    else if (given.status >= 400) tally.clientErrors++;
    const micros = Math.round(given.latencyMs * 1000);
    tally.latencyMsSum += given.latencyMs;
    tally.latencyMicros.set(micros, (tally.latencyMicros.get(micros) ?? 0) + 1);
    return { ...given, variant: route.variant.name };
  };

  /**
   * The share of copies is the shadow's weight over the production variant's (reference/sagemaker.md §4.5, the ratio is [unconfirmed]). The
   * caller never sees the answer.
   */
  const shadowed = ({ variant, shadow }: Route): Route | undefined =>
    shadow !== undefined && copies() < shadow.variant.weight / variant.weight ? shadow : undefined;

  const dependencyFails = ({ endpoint, variant }: Route): boolean =>
    [ill.get(endpoint.name), ill.get(`${endpoint.name}/${variant.name}`)].some(
      (failure) => failure !== undefined && fails(failure, variant.name),
    );

  /** A row begins with a chance of `rate` in requests outside of rows: so its requests are `rate` of all. */
  const fails = ({ rate, until, inRows, left }: Failure, variant: string): boolean => {
    if (context.kernel.clock.now() >= until) return false;
    const rest = left.get(variant) ?? 0;
    if (rest > 0) {
      left.set(variant, rest - 1);
      return true;
    }
    const begins = chance() < rate / (rate + inRows * (1 - rate));
    if (begins) left.set(variant, inRows - 1);
    return begins;
  };

  const newTally = (route: Route): Tally => ({
    route,
    requests: 0,
    clientErrors: 0,
    serverErrors: 0,
    timeouts: 0,
    latencyMsSum: 0,
    latencyMicros: new Map(),
  });

  /** One object for each set, by which CloudWatch knows it again. */
  const dimensionsFor = (fleetKey: string, { endpoint, variant, config }: Route): Dimensions => {
    const plain = { EndpointName: endpoint.name, VariantName: variant.name };
    const found = dimensions.get(fleetKey) ?? { plain, ofFleet: { ...plain, EndpointConfigName: config } };
    dimensions.set(fleetKey, found);
    return found;
  };

  const record = (
    { route, requests, clientErrors, serverErrors, timeouts, latencyMsSum, latencyMicros }: Tally,
    at: Instant,
  ): void => {
    if (requests === 0) return;
    const fleetKey = `${route.endpoint.name}/${route.config}/${route.variant.name}`;
    const { plain, ofFleet } = dimensionsFor(fleetKey, route);
    // 1 for each matching response, else 0, so that Average is the error rate (AWS: "Amazon SageMaker metrics in CloudWatch").
    const zeroOne = (ones: number): readonly [readonly number[], readonly number[]] => [
      [0, 1],
      [requests - ones, ones],
    ];
    const observations: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
      Invocations: [[1], [requests]],
      InvocationsPerInstance: [[1 / route.activeInstances], [requests]],
      Invocation4XXErrors: zeroOne(clientErrors),
      Invocation5XXErrors: zeroOne(serverErrors),
      // "Did not result in 2XX HTTP response": callers' mistakes are among them, and time-outs (AWS, the same page).
      InvocationModelErrors: zeroOne(clientErrors + serverErrors + timeouts),
      ModelLatency: [[...latencyMicros.keys()], [...latencyMicros.values()]],
      OverheadLatency: [[context.kernel.settings.overheadLatencyMs * 1000], [requests]],
    };
    const published = Object.entries(observations).filter(
      ([metric]) => !route.asynchronous || asyncMetrics.has(metric),
    );
    const { settings } = context.kernel;
    const perFleet =
      (!route.asynchronous || settings.asyncFleetMetrics) &&
      (route.endpoint.deploymentConfig !== undefined || settings.plainFleetMetrics);
    for (const set of perFleet ? [plain, ofFleet] : [plain])
      for (const [metric, [values, counts]] of published)
        context.metrics.recordMany(namespace, metric, set, values, counts, at);
    const minute = Math.floor(at / minuteMs) * minuteMs;
    const key = `${fleetKey}/${minute}`;
    const row = minutes.get(key) ?? {
      endpoint: route.endpoint.name,
      endpointConfig: route.config,
      variant: route.variant.name,
      minute,
      requests: 0,
      errors: 0,
      clientErrors: 0,
      latencyMsSum: 0,
    };
    row.requests += requests;
    row.errors += serverErrors + timeouts;
    row.clientErrors += clientErrors;
    row.latencyMsSum += latencyMsSum;
    minutes.set(key, row);
  };

  /** Before any container sees it, and so in no metric. The words for another kind of endpoint are ours. */
  const refuseRequest = ({ endpoint, asynchronous, variant }: Route, request: Invocation): void => {
    if (asynchronous)
      throw new AwsError(
        'ValidationError',
        `Endpoint ${endpoint.name} is asynchronous: it takes InvokeEndpointAsync only.`,
      );
    // aws/sagemaker-python-sdk#4271.
    if (variant.settings.ServerlessConfig !== undefined && request.body.length > largestServerlessBytes)
      throw new AwsError('ValidationError', `Request ${request.requestId} has oversize body.`);
  };

  const answerOn = (route: Route, request: Invocation): InvocationAnswer => {
    const tally = newTally(route);
    const given = serve(route, request, tally);
    record(tally, request.at);
    const shadow = shadowed(route);
    if (shadow) {
      const copy = newTally(shadow);
      serve(shadow, request, copy);
      record(copy, request.at);
    }
    return given;
  };

  /** Many requests at one instant, answers dropped: background traffic. Requests to an endpoint that does not serve are lost. */
  const drive = (endpoint: string, bodies: readonly Buffer[], contentType: string, at: Instant): void => {
    if (!endpoints.get(endpoint)) return;
    let routes: readonly Route[];
    try {
      routes = routesTo(endpoint, undefined);
    } catch (error) {
      if (error instanceof AwsError) return;
      throw error;
    }
    const all = routes.flatMap((route) => (route.shadow ? [route, route.shadow] : [route]));
    const tallies = new Map(all.map((route) => [route, newTally(route)]));
    const send = (route: Route, body: Buffer): void => {
      const tally = tallies.get(route);
      if (tally) serve(route, { body, contentType }, tally);
    };
    for (const body of bodies) {
      const route = choose(routes);
      try {
        send(route, body);
      } catch (error) {
        // Background traffic names no model and no container: an endpoint that needs one refuses it, before any container.
        if (!(error instanceof AwsError)) throw error;
        continue;
      }
      const shadow = shadowed(route);
      if (shadow) send(shadow, body);
    }
    for (const tally of tallies.values()) record(tally, at);
  };

  return {
    invoke: (request: Invocation): InvocationAnswer => {
      const route = choose(routesTo(request.endpoint, request.targetVariant));
      refuseRequest(route, request);
      return answerOn(route, request);
    },
    /** A request that an asynchronous endpoint takes from its queue. */
    invokeQueued: (request: Invocation): InvocationAnswer =>
      answerOn(choose(routesTo(request.endpoint, undefined)), request),
    drive,
    minutes: (): readonly FleetMinute[] => [...minutes.values()].map((row) => ({ ...row })),
    dependencyFailure: (endpoint: string, failure: Parameters<Harm['dependencyFailure']>[1]): void => {
      const { rate, durationMs, variant, inRows = 1 } = failure;
      const until = context.kernel.clock.now() + durationMs;
      ill.set(variant === undefined ? endpoint : `${endpoint}/${variant}`, { rate, until, inRows, left: new Map() });
    },
  };
};
export type Routing = ReturnType<typeof createRouting>;
