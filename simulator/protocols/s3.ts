import { AwsError } from '../contracts.ts';
import type { S3Operation, S3Operations } from '../members.ts';
import { checkMd5 } from '../services/s3-checksums.ts';
import type { Protocol, WireAnswer, WireRequest } from '../wire.ts';
import { decodeChunks } from './aws-chunked.ts';
import { s3OperationOf } from './s3-operation.ts';
import { listOf, textsOf, type Xml, xmlDocument } from './xml.ts';

/** S3 is REST with XML: method, path and query determine the operation (AWS: Amazon S3 API Reference). */
const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

export const readS3 = (
  request: WireRequest,
  tables: S3Operations,
): { operation: string; input: () => Record<string, unknown> } => {
  const address = addressOf(request);
  if (address === undefined) return { operation: 'unreadable', input: () => unreadable(request) };
  const { bucket, key } = address;
  const operation = s3OperationOf(tables, request, bucket, key);
  return { operation, input: () => inputOf(request, { bucket, key, bound: tables[operation] }) };
};

/** Path style (`/bucket/key`), or virtual-host style when the host is `bucket.localhost`; undefined when it cannot be decoded. */
const addressOf = (request: WireRequest): { bucket: string; key: string } | undefined => {
  const host = /^(.+)\.localhost(?::\d+)?$/.exec(request.headers['host'] ?? '')?.[1];
  const path = request.path.slice(1);
  const slash = path.indexOf('/');
  const [bucket, key] =
    host !== undefined ? [host, path] : slash < 0 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)];
  try {
    return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
  } catch {
    return undefined;
  }
};

/** Larrabee/s3sync#45: a key that is no UTF-8; versity/versitygw#2070: an escape that is none. */
const unreadable = ({ path }: WireRequest): never => {
  const isEscaped = !/%(?![0-9A-Fa-f]{2})/.test(path);
  throw isEscaped
    ? new AwsError('InvalidURI', "Couldn't parse the specified URI.", 400, { URI: path })
    : new AwsError('InvalidURI', 'Invalid URI: isHexDigit');
};

interface Addressed {
  readonly bucket: string;
  readonly key: string;
  readonly bound: S3Operation | undefined;
}

const inputOf = (request: WireRequest, { bucket, key, bound }: Addressed): Record<string, unknown> => {
  const input: Record<string, unknown> = bucket === '' ? {} : { Bucket: bucket };
  if (key !== '') input['Key'] = key;
  const { body, trailers } = decodeChunks(request);
  const headers: Readonly<Record<string, string>> = { ...request.headers, ...trailers };
  // That of an object is compared where the object is kept.
  if (key === '' || bound?.elements !== undefined) checkMd5(headers['content-md5'], body);
  const Metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('x-amz-meta-')) Metadata[name.slice('x-amz-meta-'.length)] = decodeWords(value);
  const give = (member: string, value: string | null | undefined): void => {
    const isNumber = bound?.numbers?.includes(member) === true;
    if (value !== undefined && value !== null && !(isNumber && value === ''))
      input[member] = isNumber ? Number(value) : value;
  };
  for (const [name, member] of Object.entries(bound?.headers ?? {})) give(member, headers[name]);
  for (const [name, member] of Object.entries(bound?.query ?? {})) give(member, request.query.get(name));
  if (request.method === 'POST' && request.query.has('uploadId'))
    input['Parts'] = body.length === 0 ? [] : listOf(body.toString('utf8'), 'Part');
  if (request.method === 'POST' && request.query.has('uploads')) input['Metadata'] = Metadata;
  if (key !== '' && request.method === 'PUT') Object.assign(input, { Body: body, Metadata });
  if (request.query.has('tagging') && request.method === 'PUT') {
    delete input['Body'];
    input['Tags'] = listOf(body.toString('utf8'), 'Tag');
  } else if (request.query.has('delete') && request.method === 'POST') {
    const { Quiet } = documentOf(body);
    Object.assign(input, {
      Objects: listOf(body.toString('utf8'), 'Object'),
      ...(Quiet === undefined ? {} : { Quiet }),
    });
  } else if (
    request.method === 'PUT' &&
    request.query.has('ownershipControls') &&
    listOf(body.toString('utf8'), 'Rule').length > 1
  ) {
    // S3's schema has one rule: of several none counts.
  } else if (key === '' && request.method === 'PUT')
    Object.assign(input, request.query.has('policy') ? { Policy: body.toString('utf8') } : documentOf(body));
  return input;
};

/** The small document that configures a bucket; a request may create a bucket without one. */
const documentOf = (body: Buffer): Readonly<Record<string, string>> =>
  body.length === 0 ? {} : textsOf(body.toString('utf8'));

const outputHeaders: Readonly<Record<string, string>> = {
  ETag: 'etag',
  ContentType: 'content-type',
  ContentEncoding: 'content-encoding',
  ContentDisposition: 'content-disposition',
  ContentLanguage: 'content-language',
  CacheControl: 'cache-control',
  Expires: 'expires',
  StorageClass: 'x-amz-storage-class',
  WebsiteRedirectLocation: 'x-amz-website-redirect-location',
  AcceptRanges: 'accept-ranges',
  TagCount: 'x-amz-tagging-count',
  PartsCount: 'x-amz-mp-parts-count',
  CopySourceVersionId: 'x-amz-copy-source-version-id',
  BucketKeyEnabled: 'x-amz-server-side-encryption-bucket-key-enabled',
  BucketArn: 'x-amz-bucket-arn',
  AccessPointAlias: 'x-amz-access-point-alias',
  ContentRange: 'content-range',
  VersionId: 'x-amz-version-id',
  DeleteMarker: 'x-amz-delete-marker',
  ServerSideEncryption: 'x-amz-server-side-encryption',
  SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
  ChecksumType: 'x-amz-checksum-type',
  ChecksumAlgorithm: 'x-amz-checksum-algorithm',
  Location: 'location',
  BucketRegion: 'x-amz-bucket-region',
};

/** Operations whose answer is one document. */
const documents: Readonly<Record<string, string>> = {
  ListBuckets: 'ListAllMyBucketsResult',
  GetBucketVersioning: 'VersioningConfiguration',
  GetPublicAccessBlock: 'PublicAccessBlockConfiguration',
  GetBucketOwnershipControls: 'OwnershipControls',
  GetBucketTagging: 'Tagging',
  ListObjects: 'ListBucketResult',
  ListObjectsV2: 'ListBucketResult',
  ListObjectVersions: 'ListVersionsResult',
  DeleteObjects: 'DeleteResult',
  ListParts: 'ListPartsResult',
  ListMultipartUploads: 'ListMultipartUploadsResult',
};

/** Operations whose answer is one document beside headers. */
const results: Readonly<Record<string, string>> = {
  CopyObject: 'CopyObjectResult',
  UploadPartCopy: 'CopyPartResult',
  CreateMultipartUpload: 'InitiateMultipartUploadResult',
  CompleteMultipartUpload: 'CompleteMultipartUploadResult',
  GetObjectAttributes: 'GetObjectAttributesResponse',
  GetObjectTagging: 'Tagging',
};

export const s3Protocol: Protocol = {
  name: 's3',
  family: 's3',
  answer(output, { operation, requestId }) {
    if (operation === 'GetBucketPolicy')
      return send(200, requestId, Buffer.from(String(output['Policy'])), { 'content-type': 'application/json' });
    if (operation === 'GetBucketLocation')
      return send(200, requestId, xmlDocument('LocationConstraint', namespace, output['LocationConstraint'] as Xml));
    const document = documents[operation];
    if (document !== undefined) {
      const { BucketRegion, ...rest } = output;
      return send(200, requestId, xmlDocument(document, namespace, rest as Xml), headersOf({ BucketRegion }));
    }
    const result = results[operation];
    if (result !== undefined) {
      const { [result]: inner, ...rest } = output;
      return send(200, requestId, xmlDocument(result, namespace, inner as Xml), headersOf(rest));
    }
    const body = output['Body'];
    const headers = headersOf(output);
    if (Buffer.isBuffer(body)) return send(output['ContentRange'] === undefined ? 200 : 206, requestId, body, headers);
    // HeadObject: the length of a body that is not sent.
    const length = output['ContentLength'];
    const extra: Record<string, string> = length === undefined ? {} : { 'content-length': String(length) };
    const status = /^(Delete|Abort|PutBucketTagging)/.test(operation)
      ? 204
      : output['ContentRange'] === undefined
        ? 200
        : 206;
    const type: Record<string, string> = operation === 'HeadBucket' ? { 'content-type': 'application/xml' } : {};
    return send(status, requestId, Buffer.alloc(0), { ...type, ...headers, ...extra });
  },
  refuse(error, { operation, requestId }) {
    // A HEAD answer has no body, and neither has 304: only the status is left (AWS: HeadObject API reference).
    if (operation.startsWith('Head') || error.status === 304)
      return send(error.status, requestId, Buffer.alloc(0), { ...error.headers, ...refusalHeader(error) });
    const body = {
      Code: error.code,
      Message: error.message,
      ...error.members,
      RequestId: requestId,
      HostId: hostId(requestId),
    };
    return send(error.status, requestId, xmlDocument('Error', undefined, body as Xml), {
      'content-type': 'application/xml',
      ...error.headers,
    });
  },
};

const headersOf = (output: Readonly<Record<string, unknown>>): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [member, value] of Object.entries(output)) {
    const name = outputHeaders[member];
    if (name !== undefined && value !== undefined) headers[name] = String(value);
    if (member.startsWith('Checksum') && member !== 'ChecksumType' && value !== undefined) {
      headers[`x-amz-checksum-${member.slice('Checksum'.length).toLowerCase()}`] = String(value);
    }
    if (member === 'LastModified' && value instanceof Date) headers['last-modified'] = value.toUTCString();
    if (member === 'Metadata') {
      for (const [key, text] of Object.entries(value as object))
        headers[`x-amz-meta-${key}`] = encodeWord(String(text));
    }
  }
  return headers;
};

/** Where the answer has no body, this header has the words of a refusal that is not AWS's. */
const refusalHeader = ({ code, message }: AwsError): Record<string, string> =>
  code === 'NotSimulated' ? { 'x-simulator-refusal': message } : {};
/** Metadata beyond ASCII travels in encoded words (S3 user guide, "Working with object metadata": RFC 2047). */
const decodeWords = (text: string): string =>
  text.replace(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi, (_word, encoding: string, inner: string) =>
    encoding.toUpperCase() === 'B'
      ? Buffer.from(inner, 'base64').toString('utf8')
      : Buffer.from(
          inner
            .replaceAll('_', ' ')
            .replace(/=([0-9A-F]{2})/gi, (_octet, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          'latin1',
        ).toString('utf8'),
  );
const encodeWord = (text: string): string => {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const ascii = [...text].filter((sign) => sign >= ' ' && sign <= '~').length;
  if (2 * ascii <= [...text].length) return `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
  const octets = [...Buffer.from(text)].map((octet) => {
    const sign = String.fromCharCode(octet);
    if (sign === ' ') return '_';
    return /[\x21-\x7e]/.test(sign) && !/[=_?]/.test(sign)
      ? sign
      : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return `=?UTF-8?Q?${octets.join('')}?=`;
};

const hostId = (requestId: string): string => Buffer.from(requestId.repeat(2)).toString('base64').slice(0, 76);

const send = (
  status: number,
  requestId: string,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): WireAnswer => ({
  status,
  headers: {
    'x-amz-request-id': requestId.replaceAll('-', '').slice(0, 16).toUpperCase(),
    'x-amz-id-2': hostId(requestId),
    server: 'AmazonS3',
    ...(body.length > 0 && headers['content-type'] === undefined ? { 'content-type': 'application/xml' } : {}),
    ...headers,
  },
  body,
});
