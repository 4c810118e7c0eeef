import type { AwsError } from './contracts.ts';
import type { Tables } from './validation.ts';

export interface WireRequest {
  readonly method: string;
  /** As sent: still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body before it was unpacked; it is what the caller signed. */
  readonly sentBody?: Buffer;
  /** The whole query of a presigned URL; `query` and `headers` are then as if the signature had been a header. */
  readonly presigned?: URLSearchParams;
}
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface AnswerContext {
  readonly operation: string;
  readonly requestId: string;
  readonly tables: Tables | undefined;
}

/** The protocol of one service. `family` decides which error codes AWS uses for the same refusal. */
export interface Protocol {
  readonly name: 'json' | 'smithy-rpc-v2-cbor' | 'query' | 'rest-json' | 's3';
  readonly family: 'json' | 'query' | 's3';
  answer(output: Readonly<Record<string, unknown>>, context: AnswerContext): WireAnswer;
  refuse(error: AwsError, context: AnswerContext): WireAnswer;
}

export interface Decoded {
  readonly service: string;
  readonly operation: string;
  readonly protocol: Protocol;
  /** Deferred, so that authentication and faults come before a malformed body. @throws AwsError SerializationException */
  readonly input: () => Record<string, unknown>;
}
