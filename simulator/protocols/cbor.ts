import { AwsError } from '../contracts.ts';
import { type Shape, shapeOf, type Tables } from '../validation.ts';
import type { AnswerContext, Protocol, WireAnswer } from '../wire.ts';

/**
 * Smithy RPC v2 CBOR, which botocore and the AWS CLI speak to CloudWatch (its preferred protocol). It covers only the parts of
 * RFC 8949 that the protocol uses: integers, floats, text, bytes, arrays, maps (also of indefinite length, which botocore
 * sends), true/false/null, and tag 1.
 */
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
    const answer = send(error.status, requestId, { __type: error.code, message: error.message, ...error.members });
    return { ...answer, headers: { ...answer.headers, 'x-amzn-query-error': `${error.code};${fault}` } };
  },
};

const send = (status: number, requestId: string, value: unknown): WireAnswer => ({
  status,
  headers: { 'x-amzn-requestid': requestId, 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' },
  body: encode(value),
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

const encode = (value: unknown): Buffer => {
  if (value === null || value === undefined) return Buffer.of(0xf6);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'number') return encodeNumber(value);
  if (value instanceof Date) return Buffer.concat([Buffer.of(0xc1), encodeDouble(value.getTime() / 1000)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encode)]);
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, element]) => element !== undefined);
    return Buffer.concat([head(5, entries.length), ...entries.flatMap(([k, v]) => [encode(k), encode(v)])]);
  }
  const text = Buffer.from(String(value));
  return Buffer.concat([head(3, text.length), text]);
};

const encodeNumber = (value: number): Buffer =>
  Number.isInteger(value) && Math.abs(value) <= 0xffffffff
    ? value >= 0
      ? head(0, value)
      : head(1, -1 - value)
    : encodeDouble(value);

const encodeDouble = (value: number): Buffer => {
  const bytes = Buffer.alloc(9, 0xfb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
};

const head = (major: number, count: number): Buffer => {
  const first = major << 5;
  if (count < 24) return Buffer.of(first | count);
  if (count < 0x100) return Buffer.of(first | 24, count);
  const wide = count < 0x10000 ? 2 : 4;
  const bytes = Buffer.alloc(1 + wide, first | (wide === 2 ? 25 : 26));
  bytes.writeUIntBE(count, 1, wide);
  return bytes;
};

/** @throws AwsError SerializationException */
export const decodeCbor = (bytes: Buffer): Record<string, unknown> => {
  if (bytes.length === 0) return {};
  try {
    const value = createReader(bytes)();
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new AwsError('SerializationException', 'Could not parse the request body as CBOR.');
};

const stop = Symbol('break');

const createReader = (bytes: Buffer): (() => unknown) => {
  let at = 0;
  const number = (width: number): number => {
    at += width;
    return width === 8 ? Number(bytes.readBigUInt64BE(at - 8)) : bytes.readUIntBE(at - width, width);
  };
  const slice = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('the bytes end early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  /** `count` items, or, when the length is indefinite, items up to the break. */
  const items = (count: number): unknown[] => {
    const read: unknown[] = [];
    while (read.length < count) {
      const item = next();
      if (item === stop) break;
      read.push(item);
    }
    return read;
  };
  const next = (): unknown => {
    const first = bytes.readUInt8(at++);
    const [major, info] = [first >> 5, first & 31];
    if (major === 7) return simple(info);
    const count = info < 24 ? info : info === 31 ? Number.POSITIVE_INFINITY : number(2 ** (info - 24));
    switch (major) {
      case 0:
        return count;
      case 1:
        return -1 - count;
      case 2:
        return Number.isFinite(count) ? slice(count) : Buffer.concat(items(count) as Buffer[]);
      case 3:
        return Number.isFinite(count) ? slice(count).toString('utf8') : items(count).join('');
      case 4:
        return items(count);
      case 5: {
        const flat = items(count * 2);
        return Object.fromEntries(flat.flatMap((key, i) => (i % 2 === 0 ? [[String(key), flat[i + 1]]] : [])));
      }
      default:
        return next();
    }
  };
  const simple = (info: number): unknown => {
    switch (info) {
      case 20:
      case 21:
        return info === 21;
      case 22:
      case 23:
        return null;
      case 25:
        return halfFloat(number(2));
      case 26:
        return slice(4).readFloatBE();
      case 27:
        return slice(8).readDoubleBE();
      case 31:
        return stop;
      default:
        throw new RangeError(`simple value ${info}`);
    }
  };
  return next;
};

const halfFloat = (bits: number): number => {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};
