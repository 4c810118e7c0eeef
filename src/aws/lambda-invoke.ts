import type { Clock } from '../clock.ts';
import type { Sending } from './sender.ts';
import { type RawAnswer, rawSender, type SignedService } from './signed.ts';
import { durationHeader, type Timed } from './timed.ts';

/** An answer of a function that is asked as a model is: the names are those of InvokeEndpoint. */
export interface FunctionAnswer extends Timed {
  readonly Body: Uint8Array;
  readonly ContentType: string;
}

/** A published version of a function, and the payload, which is JSON. */
export interface FunctionRequest {
  readonly FunctionName: string;
  readonly Qualifier: string;
  readonly Payload: Buffer;
}

/**
 * Invokes a version and waits for its answer. Lambda answers an error of the function with status 200 and a header
 * (API: Invoke, `X-Amz-Function-Error`); it is the model's error here.
 * @throws a `ModelError`
 */
export const invokeFunction = (
  service: SignedService,
  sending: Sending,
  clock: Clock,
): ((request: FunctionRequest) => Promise<FunctionAnswer>) => {
  return ({ FunctionName, Qualifier, Payload }) => {
    let began = clock.now();
    const read = ({ headers, text }: RawAnswer): FunctionAnswer => {
      const simulated = headers[durationHeader];
      const durationMs = simulated === undefined ? clock.now() - began : Number(simulated);
      if (headers['x-amz-function-error'] !== undefined)
        throw Object.assign(new Error('the function failed'), { name: 'ModelError', durationMs });
      return { Body: Buffer.from(text), ContentType: 'application/json', durationMs };
    };
    const retry: Sending['retry'] = (call, attempt, signal) =>
      sending.retry(
        call,
        () => {
          // The pause before a retry is not the function's time.
          began = clock.now();
          return attempt();
        },
        signal,
      );
    return rawSender(
      service,
      { ...sending, retry },
      read,
    )(action, {
      method: 'POST',
      path: pathOf(FunctionName),
      query: { Qualifier },
      headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'RequestResponse' },
      body: Payload.toString('utf8'),
    });
  };
};

/** Gives an event to a function; Lambda invokes it later, at least once. */
export const sendEvent = async (
  service: SignedService,
  sending: Sending,
  FunctionName: string,
  event: object,
): Promise<void> => {
  await rawSender(
    service,
    sending,
    () => undefined,
  )(action, {
    method: 'POST',
    path: pathOf(FunctionName),
    headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
    body: JSON.stringify(event),
  });
};

/** IAM's name of Invoke, by which a denial names the missing permission. */
const action = 'InvokeFunction';

const pathOf = (name: string): string => `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`;
