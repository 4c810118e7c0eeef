import type { AnyCall, Invoked, JsonService, S3Operation, S3Request } from '../aws/any-call.ts';
import type { RawAnswer } from '../aws/signed.ts';
import type { Clock, Instant } from '../clock.ts';
import { duration } from '../clock.ts';
import { type Tag, tagsOf } from './mark.ts';
import { type Span, Undecided } from './observation.ts';
import type { Recorder } from './recorder.ts';
import { isNoAnswer, type Refused, refusalOf } from './refusal.ts';

/** What the user has at hand. */
export interface Given {
  /** ARN of a role that SageMaker assumes, and that reads and writes the bucket. */
  readonly role: string;
  /** Its container serves `modelData`. */
  readonly image: string;
  readonly modelData: string;
  readonly bucket: string;
  /** ARN of a role that CodePipeline assumes; without one no pipeline is asked. */
  readonly pipelineRole?: string;
  /** A request that the model answers. */
  readonly body: string;
  readonly contentType: string;
  readonly instance: string;
}

export type Outcome<Answer> = { readonly answer: Answer } | { readonly refused: Refused };

/** AWS as a question sees it. Every request and answer goes into the recording. */
export interface ProbeWorld {
  readonly given: Given;
  readonly clock: Clock;
  /** Eight hexadecimal digits: the value of the tag. */
  readonly run: string;
  /** Begins with the run's own prefix: no other object of the account has it. */
  name(part: string): string;
  /** Prefix of the run's objects in the bucket. */
  readonly prefix: string;
  /** Of every object that questions make by a call of their own. */
  readonly tags: readonly Tag[];
  call<Answer = object>(service: JsonService, operation: string, input: object): Promise<Answer>;
  /** Sent once; AWS's refusal is the answer, unless it is one of the caller or of a service in trouble: that is thrown. */
  attempt<Answer = object>(service: JsonService, operation: string, input: object): Promise<Outcome<Answer>>;
  /** Creates with the run's tags. */
  make<Answer = object>(operation: string, input: object): Promise<Answer>;
  invoke(endpoint: string, request?: Partial<Invoked>): Promise<Outcome<RawAnswer>>;
  invokeAsync(endpoint: string, input: string): Promise<Outcome<RawAnswer>>;
  s3(operation: S3Operation, request: Omit<S3Request, 'bucket'>): Promise<RawAnswer>;
  /**
   * Looks again and again.
   * @returns what was found, and between which two looks after the call it came
   * @throws {Undecided} when it did not come within `limitMs`
   */
  until<Found>(
    what: string,
    everyMs: number,
    limitMs: number,
    look: () => Promise<Found | undefined>,
  ): Promise<Seen<Found>>;
  sleep(milliseconds: number): Promise<void>;
}
export interface Seen<Found> {
  readonly found: Found;
  readonly after: Span;
  /** The instant of the look that found it. */
  readonly at: Instant;
}

export interface ProbeParts {
  readonly given: Given;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Eight hexadecimal digits. */
  readonly run: string;
  /** When the question is given up. */
  readonly deadline: Instant;
  readonly recorder: Recorder;
  /** Tries again after throttling and lost connections. */
  readonly patient: AnyCall;
  /** Sends once. */
  readonly once: AnyCall;
}

export const namePrefix = 'mdprobe-';
export const objectPrefix = 'model-delivery-probe/';

export const createProbeWorld = (parts: ProbeParts): ProbeWorld => {
  const { given, clock, signal, run, deadline, recorder, patient, once } = parts;
  const outcome = async <Answer>(sent: Promise<Answer>): Promise<Outcome<Answer>> => {
    try {
      return { answer: await sent };
    } catch (error) {
      const refused = refusalOf(error);
      if (refused === undefined || isNoAnswer(error)) throw error;
      return { refused };
    }
  };
  const recorded = <Answer>(operation: string, input: object, sent: Promise<Answer>): Promise<Answer> =>
    recorder.keep(operation, input, sent, refusalOf);
  const sleep = async (milliseconds: number): Promise<void> => {
    await clock.sleepUntil(clock.now() + milliseconds, signal);
    signal.throwIfAborted();
    if (clock.now() >= deadline) throw new Undecided('the time of the question is over');
  };
  const json = <Answer>(by: AnyCall, service: JsonService, operation: string, input: object): Promise<Answer> =>
    recorded(`${service}:${operation}`, input, by.json(service, operation, input)) as Promise<Answer>;
  const runtime = async (operation: 'InvokeEndpoint' | 'InvokeEndpointAsync', endpoint: string, request: Invoked) => {
    signal.throwIfAborted();
    return outcome(
      recorded(
        `sagemaker:${operation}`,
        { endpoint, headers: request.headers, bytes: request.body?.length ?? 0 },
        once.invoke(operation, endpoint, request),
      ),
    );
  };

  return {
    given,
    clock,
    run,
    name: (part) => `${namePrefix}${run}-${part}`,
    prefix: `${objectPrefix}${run}/`,
    tags: tagsOf(run),
    call: (service, operation, input) => json(patient, service, operation, input),
    attempt: async (service, operation, input) => {
      signal.throwIfAborted();
      return outcome(json(once, service, operation, input));
    },
    make: (operation, input) => json(patient, 'sagemaker', operation, { ...input, Tags: tagsOf(run) }),
    invoke: (endpoint, request = {}) =>
      runtime('InvokeEndpoint', endpoint, {
        headers: { 'content-type': given.contentType, ...request.headers },
        body: request.body ?? given.body,
      }),
    invokeAsync: (endpoint, input) =>
      runtime('InvokeEndpointAsync', endpoint, {
        headers: {
          'x-amzn-sagemaker-content-type': given.contentType,
          'x-amzn-sagemaker-inputlocation': `s3://${given.bucket}/${input}`,
        },
      }),
    s3: (operation, request) => {
      const { body, ...shown } = request;
      return recorded(
        `s3:${operation}`,
        { ...shown, ...(body === undefined ? {} : { bytes: body.length }) },
        patient.s3(operation, { bucket: given.bucket, ...request }),
      );
    },
    sleep,
    async until(what, everyMs, limitMs, look) {
      const began = clock.now();
      let before = began;
      for (;;) {
        const found = await look();
        const now = clock.now();
        if (found !== undefined) return { found, after: { from: before - began, to: now - began }, at: now };
        if (now - began >= limitMs) throw new Undecided(`${what} did not come within ${duration(limitMs)}`);
        before = now;
        await sleep(everyMs);
      }
    },
  };
};
