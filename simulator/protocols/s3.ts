import { AwsError } from '../contracts.ts';
import type { Protocol, WireAnswer, WireRequest } from '../wire.ts';
import { decodeChunks } from './aws-chunked.ts';
import { listOf, textsOf, type Xml, xmlDocument } from './xml.ts';

/** S3 is REST with XML: method, path and query determine the operation (AWS: Amazon S3 API Reference). */
const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

const headerMembers: Readonly<Record<string, string>> = {
  'content-type': 'ContentType',
  'content-encoding': 'ContentEncoding',
  'content-disposition': 'ContentDisposition',
  'content-language': 'ContentLanguage',
  'cache-control': 'CacheControl',
  expires: 'Expires',
  'content-md5': 'ContentMD5',
  range: 'Range',
  'if-match': 'IfMatch',
  'if-none-match': 'IfNoneMatch',
  'if-modified-since': 'IfModifiedSince',
  'if-unmodified-since': 'IfUnmodifiedSince',
  'x-amz-copy-source': 'CopySource',
  'x-amz-copy-source-if-match': 'CopySourceIfMatch',
  'x-amz-copy-source-if-none-match': 'CopySourceIfNoneMatch',
  'x-amz-copy-source-if-modified-since': 'CopySourceIfModifiedSince',
  'x-amz-copy-source-if-unmodified-since': 'CopySourceIfUnmodifiedSince',
  'x-amz-copy-source-range': 'CopySourceRange',
  'x-amz-metadata-directive': 'MetadataDirective',
  'x-amz-tagging': 'Tagging',
  'x-amz-tagging-directive': 'TaggingDirective',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
  'x-amz-server-side-encryption-bucket-key-enabled': 'BucketKeyEnabled',
  'x-amz-storage-class': 'StorageClass',
  'x-amz-website-redirect-location': 'WebsiteRedirectLocation',
  'x-amz-object-attributes': 'ObjectAttributes',
  'x-amz-max-parts': 'MaxParts',
  'x-amz-part-number-marker': 'PartNumberMarker',
  'x-amz-expected-bucket-owner': 'ExpectedBucketOwner',
  'x-amz-source-expected-bucket-owner': 'ExpectedSourceBucketOwner',
  'x-amz-checksum-mode': 'ChecksumMode',
  'x-amz-checksum-algorithm': 'ChecksumAlgorithm',
  'x-amz-checksum-type': 'ChecksumType',
  'x-amz-sdk-checksum-algorithm': 'ChecksumAlgorithm',
};
const queryMembers: Readonly<Record<string, string>> = {
  versionId: 'VersionId',
  prefix: 'Prefix',
  delimiter: 'Delimiter',
  'start-after': 'StartAfter',
  'continuation-token': 'ContinuationToken',
  'encoding-type': 'EncodingType',
  'max-keys': 'MaxKeys',
  marker: 'Marker',
  'key-marker': 'KeyMarker',
  'version-id-marker': 'VersionIdMarker',
  'fetch-owner': 'FetchOwner',
  partNumber: 'PartNumber',
  'response-content-type': 'ResponseContentType',
  'response-content-encoding': 'ResponseContentEncoding',
  'response-content-disposition': 'ResponseContentDisposition',
  'response-content-language': 'ResponseContentLanguage',
  'response-cache-control': 'ResponseCacheControl',
  'response-expires': 'ResponseExpires',
};
/** Parameters of multipart uploads; `uploads` and `uploadId` name the resource. */
const uploadMembers: Readonly<Record<string, string>> = {
  uploads: 'Uploads',
  uploadId: 'UploadId',
  partNumber: 'PartNumber',
  'part-number-marker': 'PartNumberMarker',
  'max-parts': 'MaxParts',
  'upload-id-marker': 'UploadIdMarker',
  'max-uploads': 'MaxUploads',
};
const counts = new Set(['max-keys', 'partNumber', 'part-number-marker', 'max-parts', 'max-uploads']);
/** Parameters that do not make it another operation. */
const neutral = new Set(['x-id', 'list-type', ...Object.keys(queryMembers)]);

export const readS3 = (
  request: WireRequest,
): { operation: string; input: () => Record<string, unknown> } | undefined => {
  const { bucket, key } = addressOf(request);
  if (bucket === '') return undefined;
  return { operation: operationOf(request, key), input: () => inputOf(request, bucket, key) };
};

/** Path style (`/bucket/key`), or virtual-host style when the host is `bucket.localhost`. */
const addressOf = (request: WireRequest): { bucket: string; key: string } => {
  const host = /^(.+)\.localhost(?::\d+)?$/.exec(request.headers['host'] ?? '')?.[1];
  const path = request.path.slice(1);
  const slash = path.indexOf('/');
  const [bucket, key] =
    host !== undefined ? [host, path] : slash < 0 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)];
  return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
};

/** Operations of a bucket's or an object's subresources, by the parameter that names them. */
const bucketOperations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  versioning: { GET: 'GetBucketVersioning', PUT: 'PutBucketVersioning' },
  publicAccessBlock: { GET: 'GetPublicAccessBlock', PUT: 'PutPublicAccessBlock' },
  ownershipControls: { GET: 'GetBucketOwnershipControls', PUT: 'PutBucketOwnershipControls' },
  policy: { GET: 'GetBucketPolicy', PUT: 'PutBucketPolicy' },
  tagging: { GET: 'GetBucketTagging', PUT: 'PutBucketTagging', DELETE: 'DeleteBucketTagging' },
  location: { GET: 'GetBucketLocation' },
  versions: { GET: 'ListObjectVersions' },
  delete: { POST: 'DeleteObjects' },
};
const objectOperations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  tagging: { GET: 'GetObjectTagging', PUT: 'PutObjectTagging', DELETE: 'DeleteObjectTagging' },
  attributes: { GET: 'GetObjectAttributes' },
};

const operationOf = ({ method, query, headers }: WireRequest, key: string): string => {
  const subresources = key === '' ? bucketOperations : objectOperations;
  const [named, ...more] = [...query.keys()].filter((name) => !neutral.has(name));
  if (named !== undefined && more.length === 0 && Object.hasOwn(subresources, named))
    return subresources[named]?.[method] ?? 'NotImplemented';
  if (query.has('uploads') || query.has('uploadId')) return uploadOperation(method, query, headers, key);
  if (named !== undefined) return 'NotImplemented';
  if (key === '') {
    if (method === 'GET') return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
    return { HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' }[method] ?? 'NotImplemented';
  }
  if (method === 'PUT') return headers['x-amz-copy-source'] === undefined ? 'PutObject' : 'CopyObject';
  return { GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method] ?? 'NotImplemented';
};

const uploadOperation = (
  method: string,
  query: WireRequest['query'],
  headers: WireRequest['headers'],
  key: string,
): string => {
  if ([...query.keys()].some((name) => !neutral.has(name) && !Object.hasOwn(uploadMembers, name)))
    return 'NotImplemented';
  if (query.has('uploads'))
    return method === 'POST' && key !== ''
      ? 'CreateMultipartUpload'
      : method === 'GET' && key === ''
        ? 'ListMultipartUploads'
        : 'NotImplemented';
  if (key === '') return 'NotImplemented';
  if (method === 'PUT')
    return !query.has('partNumber')
      ? 'NotImplemented'
      : headers['x-amz-copy-source'] === undefined
        ? 'UploadPart'
        : 'UploadPartCopy';
  return (
    { GET: 'ListParts', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }[method] ?? 'NotImplemented'
  );
};

const inputOf = (request: WireRequest, bucket: string, key: string): Record<string, unknown> => {
  const input: Record<string, unknown> = { Bucket: bucket };
  if (key !== '') input['Key'] = key;
  const { body, trailers } = decodeChunks(request);
  const headers: Readonly<Record<string, string>> = { ...request.headers, ...trailers };
  const Metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const member = headerMembers[name];
    if (member !== undefined) input[member] = value;
    if (name.startsWith('x-amz-meta-')) Metadata[name.slice('x-amz-meta-'.length)] = decodeWords(value);
    const checksum = /^x-amz-checksum-(sha1|sha256|crc32|crc32c|crc64nvme)$/.exec(name);
    if (checksum?.[1] !== undefined) input[`Checksum${checksum[1].toUpperCase()}`] = value;
  }
  for (const [name, value] of request.query) {
    const member = queryMembers[name] ?? uploadMembers[name];
    if (member === undefined || (counts.has(name) && value === '')) continue;
    input[member] = counts.has(name) ? Number(value) : value;
  }
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
      return send(error.status, requestId, Buffer.alloc(0), error.headers);
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

const send = (status: number, requestId: string, body: Buffer, headers: Record<string, string> = {}): WireAnswer => ({
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

export const notImplemented = (): AwsError =>
  new AwsError('NotImplemented', 'A header you provided implies functionality that is not implemented', 501);
