import { startFiles } from '../../containers/model-server.ts';
import { AwsError, type Container, type Images, type Kernel } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { durationMember } from '../runtime.ts';
import { type FunctionState, notFound, type Version } from './model.ts';

export interface InvokeInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
  readonly InvocationType?: string;
  readonly Payload?: Buffer;
}

/** Lambda quotas: of a request that waits for its answer, and of an event. */
const mostBytes = { RequestResponse: 6 * 1024 * 1024, Event: 1024 * 1024 };

/** API: RequestTooLargeException. The words are ours. */
const tooLarge = (most: number): AwsError =>
  new AwsError(
    'RequestTooLargeException',
    `Request must be smaller than ${most} bytes for the InvokeFunction operation`,
    413,
  );

/**
 * Invoke: an event for a function of the driver's, or a request to a version whose image has a model. The payload is the body of the model's
 * request, and its answer the result; an answer that is no 2xx is an error that the function raised.
 */
export const createInvoke = (
  kernel: Kernel,
  {
    images,
    find,
    sendEvent,
    invocations,
  }: {
    readonly images: Pick<Images, 'files'>;
    readonly find: (
      name: string,
      qualifier: string | undefined,
    ) => { readonly state: FunctionState; readonly version: Version };
    readonly sendEvent: (name: string, event: object) => boolean;
    readonly invocations: {
      fails(functionName: string, version: string): boolean;
      byVersion(functionName: string, version: string, failed: boolean): void;
    };
  },
): ((input: InvokeInput) => object) => {
  const containers = new Map<string, Container>();
  const containerOf = ({ arn }: FunctionState, { version, settings }: Version): Container => {
    const key = `${arn}:${version}`;
    const known = containers.get(key);
    if (known !== undefined) return known;
    const repository = settings.imageUri.split('@')[0]?.replace(/:[^:/]+$/, '') ?? '';
    const files = images.files(`${repository}@${settings.digest}`);
    if (files.size === 0) throw notSimulated(`requests to ${key}, whose image has no model`);
    const container = startFiles(files);
    containers.set(key, container);
    return container;
  };

  return ({ FunctionName, Qualifier, InvocationType = 'RequestResponse', Payload = Buffer.alloc(0) }) => {
    if (InvocationType !== 'RequestResponse' && InvocationType !== 'Event')
      throw notSimulated(`the invocation type ${InvocationType}`);
    const most = mostBytes[InvocationType];
    if (Payload.length > most) throw tooLarge(most);
    const payload = parsed(Payload);
    if (InvocationType === 'Event') {
      if (Qualifier !== undefined) throw notSimulated('events for a version or an alias');
      if (!sendEvent(FunctionName, payload))
        throw notFound('Function', kernel.arn('lambda', `function:${FunctionName}`));
      return { StatusCode: 202 };
    }
    const { state, version } = find(FunctionName, Qualifier);
    const container = containerOf(state, version);
    const fails = invocations.fails(state.name, version.version);
    const answer = container.invoke(Payload, 'application/json', 'application/json');
    const failed = fails || answer.status < 200 || answer.status > 299;
    invocations.byVersion(state.name, version.version, failed);
    return {
      StatusCode: 200,
      ExecutedVersion: version.version,
      [durationMember]: answer.latencyMs,
      ...(failed
        ? {
            FunctionError: 'Unhandled',
            Payload: Buffer.from(
              JSON.stringify({ errorType: 'Error', errorMessage: fails ? 'failed' : answer.body.toString() }),
            ),
          }
        : { Payload: answer.body }),
    };
  };
};

/** API: InvalidRequestContentException, "The request body could not be parsed as JSON". */
const parsed = (payload: Buffer): object => {
  try {
    return Object(payload.length === 0 ? {} : JSON.parse(payload.toString('utf8'))) as object;
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
};
