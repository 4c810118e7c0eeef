import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Throttled } from '../../aws/retry.ts';
import { type Clock, limitAt, seconds } from '../../clock.ts';
import type { Invoke } from '../../scoring/ask.ts';
import { withoutUndefined } from '../../without-undefined.ts';

/** A model that serves by SageMaker's container contract: GET /ping, POST /invocations (AWS: "Use your own inference code with hosting services"). */
export interface OwnModel {
  readonly url: URL;
  readonly clock: Clock;
  /** Ends every request: the run is cancelled, or the model's process has ended. */
  readonly signal: AbortSignal;
}

/** As SageMaker: a container must answer within 60 seconds, with 25 MB at most (AWS: "Amazon SageMaker AI endpoints and quotas"). */
const longestAnswer = seconds(60);
const mostBytes = 25 * 1024 * 1024;
/** A lost connection says nothing about the model. After the last try a row has no answer. */
const pauses = [seconds(1), seconds(2)];

/** Requests to the model's own address, in place of InvokeEndpoint: with its errors, and its retries of lost connections. */
export const invokeOwn =
  ({ url, clock, signal }: OwnModel): Invoke =>
  async ({ Body, ContentType, Accept }) => {
    const headers = { 'content-type': ContentType, ...withoutUndefined({ accept: Accept }) };
    for (const pause of [...pauses, undefined]) {
      const began = clock.now();
      const answer = await exchange({ method: 'POST', url, headers, body: Body }, clock, signal).catch(
        (error: unknown) => {
          signal.throwIfAborted();
          if (isModelError(error)) throw error;
          return { lost: error };
        },
      );
      if ('lost' in answer) {
        if (pause === undefined) throw new Throttled(clock.now(), answer.lost);
        await clock.sleepUntil(clock.now() + pause, signal);
        signal.throwIfAborted();
        continue;
      }
      const { status, contentType, body } = answer;
      if (status < 200 || status >= 300) throw modelError(status);
      return { Body: body, ContentType: contentType, durationMs: clock.now() - began };
    }
    throw new Error('a request ended without an answer and without an error');
  };

/** Whether the model says that it is ready. Never rejects. */
export const isReady = async (url: URL, clock: Clock, signal: AbortSignal): Promise<boolean> => {
  try {
    const { status } = await exchange({ method: 'GET', url, headers: {} }, clock, signal);
    return status === 200;
  } catch {
    return false;
  }
};

/** In the SDK's form. */
const modelError = (status?: number): Error =>
  Object.assign(new Error('the model failed'), {
    name: 'ModelError',
    ...withoutUndefined({ OriginalStatusCode: status }),
  });
const isModelError = (error: unknown): boolean => error instanceof Error && error.name === 'ModelError';

interface Request {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}
interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** @throws a `ModelError` when the answer takes too long, or is too large */
const exchange = async (
  { method, url, headers, body }: Request,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> => {
  const limit = limitAt(clock, clock.now() + longestAnswer, signal);
  try {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return await new Promise<Answer>((resolve, reject) => {
      const outgoing = send(url, { method, headers, signal: limit.signal }, (incoming) =>
        whole(incoming).then(resolve, (error: unknown) => {
          outgoing.destroy();
          reject(error);
        }),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  } catch (error) {
    throw limit.signal.aborted && !signal.aborted ? modelError() : error;
  } finally {
    limit.release();
  }
};

const whole = async (incoming: IncomingMessage): Promise<Answer> => {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of incoming) {
    const bytes = Buffer.from(piece);
    length += bytes.length;
    if (length > mostBytes) throw modelError();
    pieces.push(bytes);
  }
  const { statusCode = 0, headers } = incoming;
  return { status: statusCode, contentType: headers['content-type'] ?? '', body: Buffer.concat(pieces) };
};
