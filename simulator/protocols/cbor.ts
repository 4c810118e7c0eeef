import { decode, encode } from 'cbor2';
import { AwsError } from '../contracts.ts';
import { type Shape, shapeOf, type Tables } from '../validation.ts';
import type { AnswerContext, Protocol, WireAnswer } from '../wire.ts';
import { exceptionOf, queryCodeOf } from './query-codes.ts';

/** Smithy RPC v2 CBOR, which botocore and the AWS CLI speak to CloudWatch (its preferred protocol). */
export const cborProtocol: Protocol = {
  name: 'smithy-rpc-v2-cbor',
  family: 'json',
  answer(output, { operation, requestId, tables }) {
    const name = tables?.operations[operation]?.output;
    const typed = tables === undefined || name === undefined ? {} : withDates(tables, shapeOf(tables, name), output);
    return send(200, requestId, typed);
  },
  refuse(error, { requestId }: AnswerContext) {
    const fault = error.status >= 500 ? 'Receiver' : 'Sender';
    const told = error.message === '' ? {} : { message: error.message };
    const answer = send(error.status, requestId, { __type: exceptionOf(error.code), ...told, ...error.members });
    return { ...answer, headers: { ...answer.headers, 'x-amzn-query-error': `${queryCodeOf(error.code)};${fault}` } };
  },
};

const send = (status: number, requestId: string, value: unknown): WireAnswer => ({
  status,
  headers: { 'x-amzn-requestid': requestId, 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' },
  // Dates become tag 1. Fractions keep eight bytes: not every client reads half floats.
  body: Buffer.from(encode(value, { float64: true })),
});

/** Timestamps must carry tag 1: the shapes say which numbers are timestamps. */
const withDates = (tables: Tables, shape: Shape, value: unknown): unknown => {
  if (value === undefined || value === null) return value;
  const inner = (name: string | undefined, element: unknown) => withDates(tables, shapeOf(tables, name ?? ''), element);
  switch (shape.type) {
    case 'structure': {
      const given = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        Object.entries(shape.members ?? {})
          .filter(([name]) => given[name] !== undefined && given[name] !== null)
          .map(([name, member]) => [name, inner(member, given[name])]),
      );
    }
    case 'list':
      return (value as readonly unknown[]).map((element) => inner(shape.member, element));
    case 'map':
      return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, inner(shape.value, element)]));
    case 'timestamp':
      return value instanceof Date ? value : new Date(Number(value) * 1000);
    default:
      return value;
  }
};

/** Timestamps are the only tagged values of the protocol: tag 1, seconds since 1970. */
const tags = new Map([[1, ({ contents }: { readonly contents: unknown }) => contents]]);

/** @throws AwsError SerializationException */
export const decodeCbor = (bytes: Buffer): Record<string, unknown> => {
  const value = bytes.length === 0 ? {} : parse(bytes);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw unreadable();
};

const parse = (bytes: Buffer): unknown => {
  try {
    return decode(bytes, { tags, ignoreGlobalTags: true, convertUnsafeIntsToFloat: true });
  } catch {
    throw unreadable();
  }
};

const unreadable = (): AwsError => new AwsError('SerializationException', 'Could not parse the request body as CBOR.');
