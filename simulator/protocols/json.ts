import { AwsError } from '../contracts.ts';
import type { Protocol, WireAnswer } from '../wire.ts';
import { exceptionOf, queryCodeOf } from './query-codes.ts';

/**
 * AWS JSON 1.0 and 1.1. Timestamps are epoch seconds, blobs base64, empty outputs have an empty body, errors are
 * `{"__type", "message"}`. CloudWatch is "query compatible": its error codes also travel in a header, as its query protocol had them.
 */
export const jsonProtocol = (
  version: '1.0' | '1.1',
  queryCompatible: boolean,
): Protocol & { read(body: Buffer): Record<string, unknown> } => {
  const send = (status: number, requestId: string, text: string, extra: Record<string, string> = {}): WireAnswer => ({
    status,
    headers: { 'x-amzn-requestid': requestId, 'content-type': `application/x-amz-json-${version}`, ...extra },
    body: Buffer.from(text),
  });
  return {
    name: 'json',
    family: 'json',
    read(body) {
      if (body.length === 0) return {};
      let value: unknown;
      try {
        value = JSON.parse(body.toString('utf8'));
      } catch {
        throw new AwsError('SerializationException', 'Could not parse the request body as JSON.');
      }
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new AwsError('SerializationException', 'Unexpected field type');
      }
      return { ...value };
    },
    answer(output, { requestId }) {
      // CloudWatch answers an operation without output with `{}`; SageMaker sends an empty body.
      return send(200, requestId, Object.keys(output).length === 0 && !queryCompatible ? '' : toJson(output));
    },
    refuse(error, { requestId }) {
      const fault = error.status >= 500 ? 'Receiver' : 'Sender';
      const compatible = queryCompatible ? { 'x-amzn-query-error': `${queryCodeOf(error.code)};${fault}` } : {};
      const type = queryCompatible ? exceptionOf(error.code) : error.code;
      const told = queryCompatible && error.message === '' ? {} : { message: error.message };
      const body = { __type: type, ...told, ...error.members };
      return send(error.status, requestId, toJson(body), compatible);
    },
  };
};

/** Dates become epoch seconds, buffers base64; undefined members are left out. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, function (this: unknown, key: string, converted: unknown) {
    // JSON.stringify has already called toJSON on dates and buffers: the holder still has the original.
    const original = (this as Record<string, unknown>)[key];
    if (original instanceof Date) return original.getTime() / 1000;
    if (Buffer.isBuffer(original)) return original.toString('base64');
    return converted;
  });
