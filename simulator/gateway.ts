import { refusal } from './authentication.ts';
import { AwsError, type Handler, type Instant, type Kernel, type Service } from './contracts.ts';
import type { FaultQueue, Harm } from './faults.ts';
import { demandsOf } from './iam/demands.ts';
import { loadHonoured, loadS3Operations, refuseUnserved, refuseUnservedS3 } from './members.ts';
import { notSimulated } from './not-simulated.ts';
import { watched } from './observed-reads.ts';
import type { Caller, Principals } from './principals.ts';
import { decode } from './protocols.ts';
import { uuidOf } from './random.ts';
import { isWrite, type RequestLog, resourceOf } from './request-log.ts';
import { participantOfToken } from './services/sts.ts';
import { withoutPresigning } from './signature.ts';
import { type Deserialized, deserialize, loadTables, type Tables } from './validation.ts';
import type { AnswerContext, Decoded, WireAnswer, WireRequest } from './wire.ts';

export interface Gateway {
  /**
   * Undefined when the request is for no AWS service.
   * @param number of a request that is carried out again
   */
  answer(request: WireRequest, number?: number): Promise<WireAnswer | 'lost' | undefined>;
  /** Without HTTP, credentials, faults or log; still validated. @throws AwsError */
  call(place: Place, service: string, operation: string, input: object): Promise<Record<string, unknown>>;
}

/** One account in one region. */
export interface Place {
  readonly kernel: Kernel;
  /** By AWS service id: `sagemaker`, `sagemaker-runtime`, `cloudwatch`, `application-autoscaling`, `s3`, `sts`, `ecr`. */
  readonly byName: Readonly<Record<string, Service>>;
}

export interface GatewayParts {
  readonly seed: number;
  /** The place of callers whose account is not known yet. */
  readonly home: Place;
  placeOf(accountId: string, region: string): Place;
  readonly principals: Principals;
  readonly faults: FaultQueue;
  readonly log: RequestLog;
}

/** Calls of STS whose proof is in their input (STS API reference). */
const unsigned: readonly string[] = ['AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML'];

/** The front door of every service, in AWS's order: who are you, not so fast, may you, is it well-formed, then the operation. */
export const createGateway = ({ seed, home, placeOf, principals, faults, log }: GatewayParts): Gateway => {
  const { kernel } = home;
  const tables = new Map<string, Tables>();
  for (const [service, { operations }] of Object.entries(home.byName)) {
    // S3's own model has almost no constraints; its handlers check the few.
    if (service === 's3') continue;
    const loaded = loadTables(service);
    tables.set(service, loaded);
    const missing = Object.keys(operations).filter((operation) => loaded.operations[operation] === undefined);
    if (missing.length > 0)
      throw new Error(`no constraints for ${service} ${missing.join(', ')}: add them to tools/generate-constraints.py`);
  }
  const recentControlCalls = new Map<Place, Instant[]>();
  let answered = 0;

  const s3 = loadS3Operations();
  const honoured = loadHonoured();

  const readTyped = (service: string, operation: string, input: Record<string, unknown>): Deserialized => {
    const known = tables.get(service);
    return known === undefined ? { input, violation: undefined } : deserialize(service, known, operation, input);
  };

  /** @throws AwsError the violated constraints, then NotSimulated for members without an effect */
  const refuse = (
    service: string,
    operation: string,
    { input, violation }: Deserialized,
    request: WireRequest | undefined,
  ): void => {
    if (violation !== undefined) throw violation;
    const known = tables.get(service);
    if (known !== undefined) refuseUnserved(honoured, { service, operation, tables: known }, input);
    else if (request !== undefined) refuseUnservedS3(honoured, { operation, tables: s3 }, request);
  };

  const watching = (service: string, operation: string, handler: Handler): Handler =>
    watched({ service, operation, tables: tables.get(service) }, handler);

  /** AWS has the operation, or the whole service, and the simulator has not; or AWS has no such operation. */
  const unserved = ({ service, operation, protocol }: Decoded): AwsError => {
    if (service === 's3') {
      const isOperation = Object.hasOwn(s3, operation) || /^(POST|OPTIONS) /.test(operation);
      return isOperation
        ? notSimulated(`s3 ${operation}`)
        : new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
    }
    const known = tables.get(service);
    if (known === undefined || Object.hasOwn(known.unserved, operation))
      return notSimulated(`${service} ${operation}`.trim());
    return unknownOperation(protocol.family, operation);
  };

  /** settings.controlPlaneRate calls in any second of virtual time. */
  const isTooFast = (place: Place, service: string): boolean => {
    const { controlPlaneRate } = kernel.settings;
    if (service !== 'sagemaker' || controlPlaneRate === 0) return false;
    const now = kernel.clock.now();
    const recent = (recentControlCalls.get(place) ?? []).filter((at) => at > now - 1000);
    recentControlCalls.set(place, recent);
    if (recent.length >= controlPlaneRate) return true;
    recent.push(now);
    return false;
  };

  /** This comes before any check: a fault hits every caller, also with a request that would be refused. */
  const participantOf = (decoded: Decoded, request: WireRequest): string | undefined => {
    if (!unsigned.includes(decoded.operation)) return principals.participantOf(request);
    try {
      return participantOfToken(decoded.input()['WebIdentityToken']);
    } catch {
      return undefined;
    }
  };

  const callerOf = (decoded: Decoded, request: WireRequest): Caller => {
    if (!unsigned.includes(decoded.operation)) return principals.authenticate(request, decoded);
    return {
      principal: { accessKeyId: '', arn: '*', accountId: '' },
      participant: participantOf(decoded, request),
      temporary: false,
    };
  };

  const authorize = (
    {
      place,
      principal,
      decoded,
    }: { readonly place: Place; readonly principal: Caller['principal']; readonly decoded: Decoded },
    input: Readonly<Record<string, unknown>>,
  ): void => {
    const { service, operation, protocol } = decoded;
    for (const demand of demandsOf(place.kernel, { service, operation, input }))
      principals.authorize(principal, demand, protocol.family);
  };

  /** A caller without permission to list a bucket gets 403 instead of 404 for an absent object (S3 API reference, GetObject). */
  const conceal = (caller: Caller | undefined, { service }: Decoded, refused: AwsError, resource: string): AwsError => {
    if (service !== 's3' || refused.code !== 'NoSuchKey' || caller === undefined) return refused;
    try {
      const bucket = { action: 's3:ListBucket', resource: resource.split('/')[0] ?? resource, context: () => [] };
      principals.authorize(caller.principal, bucket, 's3');
      return refused;
    } catch (denied) {
      if (denied instanceof AwsError) return denied;
      throw denied;
    }
  };

  const answer = async (sent: WireRequest, number = answered): Promise<WireAnswer | 'lost' | undefined> => {
    answered = number;
    const request = withoutPresigning(sent);
    const decoded = decode(request, { tablesOf: (service) => tables.get(service), s3 });
    if (decoded === undefined) return undefined;
    const { service, operation } = decoded;
    const participant = participantOf(decoded, request);
    const { actions, harm } = faults.take(service, operation, participant, request);
    for (const action of actions) await action();
    if (harm?.kind === 'never-arrived') return 'lost';
    if (harm?.kind === 'late') {
      const { delayMs } = harm;
      kernel.clock.at(
        kernel.clock.now() + delayMs,
        `late ${operation}`,
        () => void carryOut(request, decoded, undefined),
      );
      return 'lost';
    }
    return carryOut(request, decoded, harm);
  };

  const carryOut = async (
    request: WireRequest,
    decoded: Decoded,
    harm: Harm | undefined,
  ): Promise<WireAnswer | 'lost'> => {
    const { service, operation, protocol } = decoded;
    const number = answered++;
    const requestId = uuidOf('request', seed, number);
    const context: AnswerContext = { operation, requestId, tables: tables.get(service) };
    let answeredBy: 'operation' | 'constraint' | 'gate' = 'gate';
    let caller: Caller | undefined;
    let place = home;
    let input: Record<string, unknown> = {};
    let resource = '*';
    let answer: WireAnswer;
    let error: AwsError | undefined;
    try {
      // Before anybody is asked who they are.
      if (operation === 'unreadable') decoded.input();
      caller = callerOf(decoded, request);
      const { accountId } = caller.principal;
      const { region = kernel.region } = caller;
      if (accountId !== '') place = placeOf(accountId, region);
      const handler = handlerOf(place, service, operation);
      if (harm !== undefined && harm.kind !== 'answer-lost') throw harmOf(harm, protocol, service);
      if (isTooFast(place, service)) throw throttled(protocol.family, service);
      answeredBy = 'constraint';
      // A request that cannot be read names no operation.
      if (handler === undefined) decoded.input();
      if (handler === undefined) throw unserved(decoded);
      const typed = readTyped(service, operation, decoded.input());
      ({ input } = typed);
      resource = resourceOf(place.kernel, service, operation, input);
      answeredBy = 'gate';
      const asked = { place, principal: caller.principal, decoded };
      const inParts = service === 's3' && operation === 'DeleteObjects';
      if (!inParts) authorize(asked, input);
      answeredBy = 'constraint';
      refuse(service, operation, typed, request);
      answeredBy = 'operation';
      const { participant, principal } = caller;
      const output = await watching(
        service,
        operation,
        handler,
      )(input, {
        principal,
        region,
        requestId,
        headers: request.headers,
        body: request.body,
        ...(participant === undefined ? {} : { participant }),
        ...(inParts ? { authorize: (part) => authorize(asked, part) } : {}),
      });
      answer = protocol.answer({ ...output }, context);
    } catch (thrown) {
      if (!(thrown instanceof AwsError)) throw thrown;
      error = conceal(caller, decoded, thrown, resource);
      answer = protocol.refuse(error, context);
    }
    const lost = harm?.kind === 'answer-lost';
    const shownError = error?.code ?? (lost ? 'answer-lost' : undefined);
    log.add({
      at: kernel.clock.now(),
      service,
      operation,
      principal: caller?.principal.arn ?? 'unknown',
      resource,
      mutation: isWrite(operation) && error === undefined,
      status: answer.status,
      ...(shownError === undefined ? {} : { error: shownError }),
      ...(caller?.participant === undefined ? {} : { participant: caller.participant }),
      input: withoutBytes(input),
    });
    log.addWire({ number, service, operation, protocol: protocol.name, answeredBy, request, answer });
    return lost ? 'lost' : answer;
  };

  return {
    answer,
    async call(place, service, operation, input) {
      const handler = handlerOf(place, service, operation);
      if (handler === undefined) throw new RangeError(`the simulator does not serve ${service} ${operation}`);
      const principal = {
        accessKeyId: 'driver',
        arn: `arn:aws:iam::${place.kernel.accountId}:root`,
        accountId: place.kernel.accountId,
      };
      const typed = readTyped(service, operation, { ...input });
      refuse(service, operation, typed, undefined);
      const call = { principal, requestId: 'driver', region: place.kernel.region };
      return { ...(await watching(service, operation, handler)(typed.input, call)) };
    },
  };
};

/** Names come from outside: `constructor` is no operation. */
const handlerOf = ({ byName }: Place, service: string, operation: string): Handler | undefined => {
  const operations = Object.hasOwn(byName, service) ? byName[service]?.operations : undefined;
  return operations !== undefined && Object.hasOwn(operations, operation) ? operations[operation] : undefined;
};

const throttled = (family: Decoded['protocol']['family'], service: string): AwsError => {
  if (family === 's3') return new AwsError('SlowDown', 'Please reduce your request rate.', 503);
  // `{"message": null}` (opensearch-project/ml-commons#2429).
  if (service === 'sagemaker-runtime') return new AwsError('ThrottlingException', '');
  return family === 'query' || service === 'cloudwatch'
    ? new AwsError('Throttling', 'Rate exceeded')
    : new AwsError('ThrottlingException', 'Rate exceeded');
};

const harmOf = (harm: Harm, protocol: Decoded['protocol'], service: string): AwsError => {
  const { family } = protocol;
  switch (harm.kind) {
    case 'throttle':
      return throttled(family, service);
    case 'server-error':
      return family === 's3'
        ? new AwsError('InternalError', 'We encountered an internal error. Please try again.', 500)
        : new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.', 500);
    case 'expired-token':
      return refusal('expired', protocol);
    case 'error':
      return new AwsError(harm.code, harm.message, harm.status);
    case 'answer-lost':
    case 'never-arrived':
    case 'late':
      throw new RangeError(`${harm.kind} is no answer`);
  }
};

const unknownOperation = (family: Decoded['protocol']['family'], operation: string): AwsError => {
  if (family === 'query') {
    // aws/aws-cli#37: a version that the service does not have.
    const text = operation.includes(' for version ')
      ? `Could not find operation ${operation}`
      : `The action ${operation} is not valid for this web service.`;
    return new AwsError('InvalidAction', text);
  }
  return new AwsError('UnknownOperationException', '');
};

/** Bodies are foreign data: the log keeps only their length. */
const withoutBytes = (input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, Buffer.isBuffer(value) ? `${value.length} bytes` : value]),
  );
