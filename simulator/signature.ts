import { isUtf8 } from 'node:buffer';
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { posix } from 'node:path';
import { decodeChunks } from './protocols/aws-chunked.ts';
import type { WireRequest } from './wire.ts';

/**
 * Signature Version 4, computed again from the secret (AWS: IAM user guide, "Create a signed AWS API request"; S3 API reference,
 * "Authenticating Requests"). Both forms are read: the Authorization header, and the query of a presigned URL.
 */
export interface Signature {
  readonly accessKeyId: string;
  /** Of the scope: `20260105`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  readonly headers: readonly string[];
  /** Lower-case hexadecimal. */
  readonly value: string;
  /** `20260105T090000Z`; empty when the request has none. */
  readonly at: string;
  /** How long a presigned URL holds. */
  readonly expiresSeconds?: number;
}

export const algorithm = 'AWS4-HMAC-SHA256';

/** Undefined: the request has no signature of this kind, or one that lacks a part. */
export const signatureIn = ({ headers, presigned }: WireRequest): Signature | undefined => {
  const given = headers['authorization'] ?? '';
  if (presigned === undefined && !given.startsWith(`${algorithm} `)) return undefined;
  const parts = presigned === undefined ? partsOf(given) : Object.fromEntries(presigned);
  const of = (inHeader: string, inQuery: string): string => parts[presigned === undefined ? inHeader : inQuery] ?? '';
  const credential = of('Credential', 'X-Amz-Credential').split('/');
  const [accessKeyId, date, region, service, terminator] = credential;
  const [names, value] = [of('SignedHeaders', 'X-Amz-SignedHeaders'), of('Signature', 'X-Amz-Signature')];
  if (credential.length !== 5 || !accessKeyId || !date || !region || !service || !terminator || !names || !value)
    return undefined;
  const at = presigned?.get('X-Amz-Date') ?? headers['x-amz-date'] ?? compact(headers['date']);
  const expires = presigned?.get('X-Amz-Expires');
  return {
    ...{ accessKeyId, date, region, service, terminator, value, at, headers: names.split(';') },
    ...(expires === undefined || expires === null ? {} : { expiresSeconds: Number(expires) }),
  };
};

const partsOf = (authorization: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    authorization
      .slice(algorithm.length)
      .split(',')
      .map((part) => part.trim().split(/=(.*)/s).slice(0, 2)),
  );

/** The access key of a request, also of one whose signature lacks a part. */
export const accessKeyIn = ({ headers, presigned }: WireRequest): string | undefined =>
  presigned?.get('X-Amz-Credential')?.split('/')[0] ??
  /Credential=([^/,]+)\//.exec(headers['authorization'] ?? '')?.[1];

const compact = (date: string | undefined): string => {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? '' : compactTime(time);
};

/** `20260105T090000Z`. */
export const compactTime = (instant: number): string => new Date(instant).toISOString().replace(/[-:]|\.\d+/g, '');

/** Milliseconds; undefined for any other text. */
export const timeOf = (at: string): number | undefined => {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(at) ?? [];
  if (second === undefined) return undefined;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
};

/** What both sides compute; AWS's S3 shows it to a caller whose signature is another. */
export interface Computed {
  readonly canonicalRequest: string;
  readonly stringToSign: string;
  readonly value: string;
}

export const compute = (request: WireRequest, signature: Signature, secret: string): Computed => {
  const canonicalRequest = canonical(request, signature);
  const stringToSign = [algorithm, signature.at, scopeOf(signature), sha256(canonicalRequest)].join('\n');
  const value = createHmac('sha256', keyOf(signature, secret)).update(stringToSign).digest('hex');
  return { canonicalRequest, stringToSign, value };
};

const scopeOf = ({ date, region, service, terminator }: Signature): string =>
  `${date}/${region}/${service}/${terminator}`;

/** A key serves for a day, a region and a service: thousands of requests, each a seventh of the cost of one whose key is bytes. */
const keys = new Map<string, KeyObject>();

const keyOf = (signature: Signature, secret: string): KeyObject => {
  const { date, region, service, terminator } = signature;
  const name = `${secret}/${scopeOf(signature)}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const bytes = [date, region, service, terminator].reduce(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  const key = createSecretKey(bytes);
  // Temporary credentials come and go; a process may live long.
  if (keys.size > 1000) keys.clear();
  keys.set(name, key);
  return key;
};

const canonical = (request: WireRequest, { headers: names, service }: Signature): string => {
  const { method, path, query, presigned, headers } = request;
  const pairs = [...(presigned ?? query)]
    .filter(([name]) => presigned === undefined || name !== 'X-Amz-Signature')
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return [
    method,
    // S3 encodes a path once and as it is; every other service normalizes it, and encodes it once more than it was sent.
    service === 's3' ? encodedPath(decoded(path)) : encodedPath(posix.normalize(path)),
    pairs.join('&'),
    ...names.map(
      (name) =>
        `${name}:${textOf(headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    names.join(';'),
    payloadHash(request, service),
  ].join('\n');
};

/** What the client signed: Node reads each byte of a header as one character, and some clients send UTF-8. */
const textOf = (header: string): string => {
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : header;
};

/** S3 signs the hash that the header names, and checks the body against it by itself; the others hash the body. */
const payloadHash = (request: WireRequest, service: string): string => {
  const named = request.headers['x-amz-content-sha256'];
  if (service === 's3') return named ?? 'UNSIGNED-PAYLOAD';
  return named === 'UNSIGNED-PAYLOAD' ? named : bodyHash(request);
};

export const bodyHash = ({ body, sentBody = body }: WireRequest): string => sha256(sentBody);

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

/** Everything but `A-Za-z0-9-._~`. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const encodedPath = (path: string): string => path.split('/').map(encoded).join('/');

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/**
 * The signatures of the chunks of a body that is signed as a stream, and of its trailer; each builds on the one before, the first on the
 * request's (AWS: S3 API reference, "Signature calculations for the Authorization header: transferring payload in multiple chunks").
 * @throws AwsError IncompleteBody
 */
export const chunksHold = (request: WireRequest, signature: Signature, secret: string): boolean => {
  if (request.headers['x-amz-content-sha256']?.startsWith(`STREAMING-${algorithm}-PAYLOAD`) !== true) return true;
  const { chunks, trailers } = decodeChunks(request);
  const key = keyOf(signature, secret);
  let before = signature.value;
  const follows = (kind: string, hashes: readonly string[], value: string | undefined): boolean => {
    const text = [`${algorithm}-${kind}`, signature.at, scopeOf(signature), before, ...hashes].join('\n');
    before = createHmac('sha256', key).update(text).digest('hex');
    return before === value;
  };
  const { 'x-amz-trailer-signature': last, ...signed } = trailers;
  return (
    chunks.every(({ data, extension }) =>
      follows('PAYLOAD', [sha256(''), sha256(data)], /^chunk-signature=([0-9a-f]{64})$/.exec(extension)?.[1]),
    ) &&
    (!request.headers['x-amz-content-sha256'].endsWith('-TRAILER') ||
      follows(
        'TRAILER',
        [
          sha256(
            Object.entries(signed)
              .map(([name, value]) => `${name}:${value}\n`)
              .join(''),
          ),
        ],
        last,
      ))
  );
};

/**
 * A request as it is read: a presigned URL carries in its query everything that is a header otherwise (S3 API reference, "Authenticating
 * Requests: Using Query Parameters"). `presigned` keeps the query as it was signed.
 */
export const withoutPresigning = (request: WireRequest): WireRequest => {
  const { query } = request;
  if (!query.has('X-Amz-Signature')) return request;
  const headers: Record<string, string> = { ...request.headers };
  const rest = new URLSearchParams();
  for (const [name, value] of query) {
    const lower = name.toLowerCase();
    if (!lower.startsWith('x-amz-')) rest.append(name, value);
    else if (!parameters.has(lower)) headers[lower] = value;
    else if (lower === 'x-amz-security-token') headers[lower] = value;
  }
  return { ...request, headers, query: rest, presigned: query };
};

const parameters = new Set(
  ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature', 'Security-Token'].map(
    (name) => `x-amz-${name.toLowerCase()}`,
  ),
);
